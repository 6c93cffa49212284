"""A rule as a form: which boxes a person fills, and back again. What the boxes do not show stays as it was. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huying.kernel.errors import Invalid
from huying.senses.devices.kinds import Field, Kind

from ..engine.grammar import EQUAL, LADDERS, LASTING, MOVING, Rule, Window

UNITS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
UNIT_WORDS: Final = {
    "s": gettext_lazy("秒"),
    "min": gettext_lazy("分钟"),
    "h": gettext_lazy("小时"),
    "d": gettext_lazy("天"),
}
OPERATORS: Final = {
    "at_least": gettext_lazy("达到或超过"),
    "over": gettext_lazy("超过"),
    "at_most": gettext_lazy("等于或低于"),
    "under": gettext_lazy("低于"),
    "is": gettext_lazy("就是"),
    "is_not": gettext_lazy("不是"),
    "rises_by": gettext_lazy("一段时间里升了"),
    "falls_by": gettext_lazy("一段时间里降了"),
    "changes_by": gettext_lazy("比上一次变了"),
    "no_data": gettext_lazy("这么多分钟没有消息"),
    "unchanged": gettext_lazy("这么多分钟没有变化"),
}
LADDER_WORDS: Final = {
    "now": gettext_lazy("同时通知所有人"),
    "urgent": gettext_lazy("几分钟一级"),
    "normal": gettext_lazy("慢一些，一级一级来"),
}
DAYS: Final = {
    "mon": gettext_lazy("周一"),
    "tue": gettext_lazy("周二"),
    "wed": gettext_lazy("周三"),
    "thu": gettext_lazy("周四"),
    "fri": gettext_lazy("周五"),
    "sat": gettext_lazy("周六"),
    "sun": gettext_lazy("周日"),
}
SEVERITIES: Final = (1, 2, 3, 4)
TEXTS: Final = (
    "code", "name_zh", "name_en", "alarm", "field", "op", "within", "clear_for", "times_n", "times_within",
    "from", "to", "item", "case_at", "ladder", "source_zh", "source_en", "law",
)  # fmt: skip
SPANS: Final = ("within", "clear_for", "times_within")
_YES: Final = {"true", "yes", "1", "是", "有"}
_NO: Final = {"false", "no", "0", "否", "没有", "无"}


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as people write it."""

    number: str
    unit: str

    @classmethod
    def of(cls, seconds: int) -> Span:
        """In the largest unit that divides it; nothing for none."""
        if not seconds:
            return cls("", "min")
        unit = next(one for one in reversed(UNITS) if seconds % UNITS[one] == 0)
        return cls(str(seconds // UNITS[unit]), unit)

    def seconds(self, field: str) -> int:
        if not self.number:
            return 0
        return round(_number(self.number, field) * UNITS.get(self.unit, 1))


def _number(text: str, field: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Invalid(_("请填数字"), field=field) from None


def _plain(value: object) -> str:
    """A threshold as it is typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


# --- a rule as data, the inverse of the engine's parser -----------------------------------------------------------------


def written(rule: Rule) -> dict[str, Any]:
    """A rule in the grammar it is saved in: ``parse_rule(written(rule)) == rule``."""
    raw: dict[str, Any] = {
        "code": rule.code,
        "kind": rule.kind,
        "alarm": rule.alarm,
        "name": {"zh": rule.name.zh, "en": rule.name.en},
        "when": _when(rule),
        "steps": [_step(rule, one) for one in rule.steps],
        "urgent": rule.urgent,
        "ladder": rule.ladder,
        "quiet": rule.quiet,
        "case_at": rule.case_at,
        "active": rule.active,
        "source": {"zh": rule.source.zh, "en": rule.source.en, "tag": rule.source.tag, "law": rule.source.law},
    }
    clear = {"for": rule.clear.lasting} if rule.clear.lasting else {}
    if rule.clear.after is not None:
        clear = {"after": rule.clear.after}
    if clear:
        raw["clear"] = clear
    if rule.times:
        raw["times"] = {"n": rule.times.n, "within": rule.times.within, "onsets": rule.times.onsets}
    if rule.only_while:
        raw["only_while"] = [{"field": one.field, one.op: one.threshold} for one in rule.only_while]
    if rule.unless:
        guard = rule.unless.guard
        raw["unless"] = {"field": guard.field, guard.op: guard.threshold, "within": rule.unless.within}
    if rule.schedule:
        raw["schedule"] = [_window(one) for one in rule.schedule]
    return raw | ({"item": rule.item} if rule.item else {})


def _when(rule: Rule) -> dict[str, Any]:
    test = rule.test
    when: dict[str, Any] = {"holds": test.holds}
    if test.counter:
        when["counter"] = True
    if len(test.fields) == 1:
        when["field"] = test.fields[0]
    elif test.fields:
        when["fields"] = list(test.fields)
    if test.within:
        when["within"] = test.within
    if test.percent_of is not None:
        when["percent_of"] = test.percent_of
    if test.baseline:
        one = test.baseline
        when["baseline"] = {"learn": one.learn, "by": one.by, "spread": one.spread, "before": one.before}
        if one.most is not None:
            when["baseline"]["most"] = one.most
    return when


def _step(rule: Rule, step: Any) -> dict[str, Any]:
    raw = {"severity": step.severity, rule.test.op: step.threshold, "for": step.lasting, "in_a_row": step.in_a_row}
    return raw | ({"clear": step.leave} if step.leave is not None else {})


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _window(one: Window) -> dict[str, Any]:
    names = list(DAYS)
    return {"days": [names[day] for day in one.days], "from": _clock(one.begins), "to": _clock(one.ends)}


# --- into the boxes -----------------------------------------------------------------------------------------------------


def typed_of(rule: Rule | None, kind: Kind) -> dict[str, Any]:
    """What the form shows first: a rule, or an empty one for a kind of device."""
    if rule is None:
        first = next((code for code, one in kind.fields.items() if one.type == "number"), next(iter(kind.fields), ""))
        typed: dict[str, Any] = dict.fromkeys(TEXTS, "") | {
            "field": first,
            "op": "at_least",
            "ladder": "normal",
            "case_at": "3",
        }
        typed |= {f"{name}_unit": "min" for name in SPANS}
        return typed | {"steps": [_box(severity) for severity in SEVERITIES], "days": [], "active": True}
    window = rule.schedule[0] if rule.schedule else None
    spans = {
        "within": Span.of(rule.test.within),
        "clear_for": Span.of(rule.clear.lasting),
        "times_within": Span.of(rule.times.within if rule.times else 0),
    }
    typed = {
        "code": rule.code,
        "name_zh": rule.name.zh,
        "name_en": rule.name.en,
        "alarm": rule.alarm,
        "field": rule.test.fields[0] if rule.test.fields else "",
        "op": rule.test.op,
        "times_n": str(rule.times.n) if rule.times else "",
        "from": _clock(window.begins) if window else "",
        "to": _clock(window.ends) if window else "",
        "days": [list(DAYS)[day] for day in window.days] if window else [],
        "item": rule.item,
        "case_at": str(rule.case_at),
        "ladder": rule.ladder,
        "source_zh": rule.source.zh,
        "source_en": rule.source.en,
        "law": rule.source.law,
        "active": rule.active,
    }
    for name, span in spans.items():
        typed |= {name: span.number, f"{name}_unit": span.unit}
    by_severity = {one.severity: one for one in rule.steps}
    return typed | {"steps": [_box(severity, by_severity.get(severity)) for severity in SEVERITIES]}


def _box(severity: int, step: Any = None) -> dict[str, Any]:
    span = Span.of(step.lasting if step else 0)
    return {
        "severity": severity,
        "threshold": _plain(step.threshold) if step else "",
        "leave": _plain(step.leave) if step and step.leave is not None else "",
        "lasting": span.number,
        "unit": span.unit,
    }


def typed_from(given: Any) -> dict[str, Any]:
    """Everything as it was typed (a ``QueryDict``), so that it stays whatever happens."""
    typed: dict[str, Any] = {name: given.get(name, "").strip()[:300] for name in TEXTS}
    typed |= {f"{name}_unit": given.get(f"{name}_unit", "min") for name in SPANS}
    typed["days"] = [one for one in given.getlist("days") if one in DAYS]
    typed["active"] = bool(given.get("active"))
    names = ("threshold", "leave", "lasting", "unit")
    typed["steps"] = [
        {"severity": severity} | {name: given.get(f"{name}_{severity}", "").strip()[:40] for name in names}
        for severity in SEVERITIES
    ]
    return typed


# --- and back -----------------------------------------------------------------------------------------------------------


def raw_of(typed: Mapping[str, Any], kind: Kind, base: Rule | None = None) -> dict[str, Any]:
    """The rule the boxes say, in the grammar it is saved in. Conditions of ``base`` without a box stay.

    Raises Invalid where a box cannot be read; whether it makes sense is for the engine's parser to say.
    """
    raw = written(base) if base else {"code": typed["code"], "kind": kind.code}
    zh = typed["name_zh"]
    raw["name"] = {"zh": zh, "en": typed["name_en"] or zh}
    raw["alarm"] = typed["alarm"]
    raw["when"] = _when_of(typed, raw.get("when", {}), base)
    raw["steps"] = [_step_of(one, typed, kind, base) for one in typed["steps"] if one["threshold"] != ""]
    _timing_of(typed, raw, base)
    raw["ladder"] = typed["ladder"] if typed["ladder"] in LADDERS else "normal"
    raw["active"] = typed["active"]
    raw["case_at"] = int(typed["case_at"]) if typed["case_at"] in {"1", "2", "3", "4"} else 3
    raw.pop("item", None)
    if typed["item"]:
        raw["item"] = typed["item"]
    own = base is not None and (typed["source_zh"], typed["source_en"]) == (base.source.zh, base.source.en)
    tag = base.source.tag if own and base else "P"
    source = typed["source_zh"] or "本地自定"
    raw["source"] = {"zh": source, "en": typed["source_en"] or source, "tag": tag, "law": typed["law"]}
    return raw


def _when_of(typed: Mapping[str, Any], kept: Mapping[str, Any], base: Rule | None) -> dict[str, Any]:
    same = base is not None and typed["op"] == base.test.op and typed["field"] == (base.test.fields or ("",))[0]
    when = dict(kept) if same else {}
    if not same and typed["field"]:
        when["field"] = typed["field"]
    when.pop("within", None)
    if seconds := Span(typed["within"], typed["within_unit"]).seconds("within"):
        when["within"] = seconds
    return when


def _step_of(one: Mapping[str, Any], typed: Mapping[str, Any], kind: Kind, base: Rule | None) -> dict[str, Any]:
    severity, op = one["severity"], typed["op"]
    before = next((step for step in base.steps if step.severity == severity), None) if base else None
    raw: dict[str, Any] = {
        "severity": severity,
        op: _threshold(one["threshold"], op, kind.fields.get(typed["field"]), f"threshold_{severity}"),
        "for": Span(one["lasting"], one["unit"]).seconds(f"lasting_{severity}"),
        "in_a_row": before.in_a_row if before else 1,
    }
    return raw | ({"clear": _number(one["leave"], f"leave_{severity}")} if one["leave"] else {})


def _threshold(text: str, op: str, field: Field | None, name: str) -> float | bool | str:
    if op not in EQUAL or field is None or field.type == "number":
        return _number(text, name)
    if field.type == "bool":
        if text.casefold() in _YES | _NO:
            return text.casefold() in _YES
        raise Invalid(_("这里写“是”或“否”"), field=name)
    named = {text_of: code for code, words in field.choices.items() for text_of in (code, words.zh, words.en)}
    if field.choices and text not in named:
        raise Invalid(_("没有这一项，可以写：%(choices)s") % {"choices": "、".join(field.choices)}, field=name)
    return named.get(text, text)


def _timing_of(typed: Mapping[str, Any], raw: dict[str, Any], base: Rule | None) -> None:
    after = base.clear.after if base else None
    lasting = Span(typed["clear_for"], typed["clear_for_unit"]).seconds("clear_for")
    raw.pop("clear", None)
    if lasting or after is not None:
        raw["clear"] = {"for": lasting} if lasting else {"after": after}
    raw.pop("times", None)
    if typed["times_n"]:
        within = Span(typed["times_within"], typed["times_within_unit"]).seconds("times_within")
        onsets = bool(base and base.times and base.times.onsets)
        raw["times"] = {"n": int(_number(typed["times_n"], "times_n")), "within": within, "onsets": onsets}
    others = raw.pop("schedule", [])[1:]
    if typed["from"] or typed["to"]:
        window = {"days": typed["days"] or list(DAYS), "from": typed["from"], "to": typed["to"]}
        raw["schedule"] = [window, *others]


def keeps_more(rule: Rule | None) -> bool:
    """Whether a rule has conditions without a box, which stay as they are."""
    if rule is None:
        return False
    several = len(rule.test.fields) > 1 or len(rule.schedule) > 1 or any(one.in_a_row > 1 for one in rule.steps)
    hidden = (rule.only_while, rule.unless, rule.test.baseline, rule.test.percent_of, rule.urgent, rule.clear.after)
    return several or any(hidden)


def operators_for(rule: Rule | None) -> list[tuple[str, Any]]:
    """The comparisons to choose from; an urgent rule keeps its own."""
    if rule is not None and rule.urgent:
        return [(rule.test.op, OPERATORS[rule.test.op])]
    return list(OPERATORS.items())


def says_time(op: str) -> bool:
    """Whether a threshold is itself a time (minutes without a word)."""
    return op in LASTING


def moves(op: str) -> bool:
    return op in MOVING
