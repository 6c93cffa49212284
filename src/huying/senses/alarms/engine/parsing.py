"""From data (YAML or JSON) to rules; whatever is wrong is said with its place and in both languages. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from huying.casework.catalogue.words import Words

from .grammar import (
    COMPARING,
    DOWNWARD,
    EQUAL,
    LADDERS,
    LASTING,
    MOVING,
    OPERATORS,
    SEVERITIES,
    UPWARD,
    Baseline,
    Clear,
    Guard,
    Rule,
    Source,
    Step,
    Test,
    Times,
    Unless,
    Value,
    Window,
)
from .places import Place, RuleWrong

__all__ = ["Known", "RuleWrong", "parse_rule", "parse_rules"]

Known = Mapping[str, Mapping[str, str]]
"""Fields of the kinds of devices and their types: ``{"smart_breaker": {"leak": "number"}}``."""

DAY: Final = 86_400
MOST_RULES: Final = 60
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CLOCK: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BASELINES: Final = ("all", "hour", "week")
_TAGS: Final = ("A", "B", "C", "D", "K", "P")
_KEYS: Final = {
    "code", "kind", "alarm", "name", "when", "severity", "steps", "for", "in_a_row", "times", "only_while", "unless",
    "schedule", "clear", "urgent", "item", "case_at", "ladder", "quiet", "active", "source",
}  # fmt: skip


def parse_rules(raw: Any, known: Known | None = None) -> list[Rule]:
    """The rules in a list of mappings, in its order. Raises :class:`RuleWrong` for the first thing that is wrong.

    ``known`` makes sure that fields exist and that numbers are compared with numbers.
    """
    place = Place("rules")
    if not isinstance(raw, Sequence) or isinstance(raw, str) or len(raw) > MOST_RULES:
        raise place.wrong(f"要是规则的列表，最多 {MOST_RULES} 条", f"must be a list of at most {MOST_RULES} rules")
    rules: list[Rule] = []
    taken: set[tuple[str, str]] = set()
    for number, one in enumerate(raw):
        rule = parse_rule(one, known, path=f"rules[{number}]")
        if (rule.kind, rule.code) in taken:
            raise Place(f"rules[{number}].code").wrong(f"“{rule.code}”用了两次", f"“{rule.code}” is used twice")
        taken.add((rule.kind, rule.code))
        rules.append(rule)
    return rules


def parse_rule(raw: Any, known: Known | None = None, *, path: str = "rule") -> Rule:
    """One rule from a mapping. Raises :class:`RuleWrong`."""
    place = Place(path)
    place.only(raw, _KEYS)
    fields = _fields_of(raw, known, place)
    test = _test(raw, place, fields)
    clear, leave, margin = _clear(raw.get("clear"), test, place / "clear")
    steps = _steps(raw, test, (leave, margin), place)
    schedule = _schedule(raw.get("schedule"), place / "schedule")
    rule = Rule(
        code=place.match(raw, "code", _CODE),
        kind=place.match(raw, "kind", _CODE),
        alarm=place.match(raw, "alarm", _CODE),
        name=place.words(raw, "name"),
        test=test,
        steps=steps,
        clear=clear,
        times=_times(raw.get("times"), place / "times"),
        only_while=_guards(raw.get("only_while"), place / "only_while", fields),
        unless=_unless(raw.get("unless"), place / "unless", fields),
        schedule=schedule,
        urgent=place.flag(raw, "urgent", False),
        item=place.optional_text(raw, "item"),
        case_at=place.whole(raw, "case_at", low=1, high=4, default=3),
        ladder=place.one_of(raw, "ladder", LADDERS, "normal"),
        quiet=place.whole(raw, "quiet", low=0, high=1440, default=10),
        active=place.flag(raw, "active", True),
        source=_source(raw.get("source"), place / "source"),
    )
    _fits(rule, place)
    return rule


def _fields_of(raw: Mapping[str, Any], known: Known | None, place: Place) -> Mapping[str, str] | None:
    if known is None:
        return None
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in known:
        raise (place / "kind").wrong(f"没有“{kind}”这种设备", f"there is no kind of device “{kind}”")
    return known[kind]


def _test(raw: Mapping[str, Any], place: Place, known: Mapping[str, str] | None) -> Test:
    when, here = raw.get("when"), place / "when"
    here.only(when, {"field", "fields", "within", "percent_of", "baseline", "holds", "counter", *OPERATORS})
    assert isinstance(when, Mapping)
    op = _operator(raw, when, here)
    fields = _named_fields(when, here)
    if not fields and op != "no_data":
        raise here.wrong("要写看哪个量（field）", "needs a field")
    numeric = op not in EQUAL and op not in LASTING
    for name in fields:
        _known_field(name, known, here, numeric=numeric)
    within = here.whole(when, "within", low=1, high=DAY, default=0) if "within" in when else 0
    if (op in ("rises_by", "falls_by")) != bool(within):
        raise here.wrong("升降要写在多少秒内（within），别的不写", "a rise or fall needs within, nothing else has it")
    baseline = _baseline(when["baseline"], op, here / "baseline") if "baseline" in when else None
    if baseline and op not in (*UPWARD, *DOWNWARD):
        raise here.wrong("平时水平只能和大小比较一起用", "a baseline goes with over, at_least, under or at_most only")
    percent_of = _percent_of(when, here, known)
    if percent_of is not None and (op not in (*UPWARD, *DOWNWARD) or baseline):
        raise here.wrong("百分比只能和大小比较一起用", "percent_of goes with a plain comparison only")
    holds, counter = here.flag(when, "holds", op in EQUAL), here.flag(when, "counter", False)
    if (holds and op not in COMPARING) or (counter and op != "unchanged"):
        raise here.wrong("holds 只配比较，counter 只配没变化", "holds goes with a comparison, counter with unchanged")
    if holds and (baseline or percent_of is not None):
        raise here.wrong("holds 不和平时水平、百分比一起用", "holds goes without baseline and percent_of")
    return Test(op, fields, within, percent_of, baseline, holds, counter)


def _operator(raw: Mapping[str, Any], when: Mapping[str, Any], here: Place) -> str:
    """The one operator of the rule, in ``when`` or, with steps, in each of them."""
    found = {op for op in OPERATORS if op in when}
    for step in raw.get("steps") or ():
        if isinstance(step, Mapping):
            found |= {op for op in OPERATORS if op in step}
    if len(found) != 1:
        raise here.wrong("要有一种比较，也只能有一种", f"needs exactly one of {', '.join(OPERATORS)}")
    return found.pop()


def _named_fields(when: Mapping[str, Any], here: Place) -> tuple[str, ...]:
    if "fields" in when:
        names = when["fields"]
        if "field" in when or not isinstance(names, list) or not 1 <= len(names) <= 16:
            raise (here / "fields").wrong("要是 1 到 16 个量的列表", "must be a list of 1 to 16 fields, without field")
    else:
        names = [when["field"]] if when.get("field") else []
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) != len(names):
        raise here.wrong("量的名字不对", "a field's name is wrong")
    return tuple(names)


def _known_field(name: str, known: Mapping[str, str] | None, here: Place, *, numeric: bool) -> None:
    if known is None:
        return
    if name not in known:
        raise here.wrong(f"这种设备没有“{name}”", f"this kind of device has no “{name}”")
    if numeric and known[name] != "number":
        raise here.wrong(f"“{name}”不是数字，不能比大小", f"“{name}” is no number and cannot be compared")


def _percent_of(when: Mapping[str, Any], here: Place, known: Mapping[str, str] | None) -> str | float | None:
    given = when.get("percent_of")
    if given is None:
        return None
    if isinstance(given, str):
        _known_field(given, known, here / "percent_of", numeric=True)
        return given
    return here.number(when, "percent_of", low=1e-6, high=1e9)


def _baseline(raw: Any, op: str, here: Place) -> Baseline:
    here.only(raw, {"learn", "by", "most", "spread", "before"})
    by = here.one_of(raw, "by", _BASELINES, "hour")
    if raw.get("before") == "raw" and op in DOWNWARD:
        raise (here / "before").wrong(
            "低于平时的，没学会之前不能判断", "below the usual, nothing can be said before learning"
        )
    return Baseline(
        learn=here.whole(raw, "learn", low=21 if by == "week" else 3, high=28),
        by=by,
        most=here.number(raw, "most", low=-1e9, high=1e9) if raw.get("most") is not None else None,
        spread=here.number(raw, "spread", low=0, high=20, default=0),
        before=here.one_of(raw, "before", ("quiet", "raw"), "quiet"),
    )


def _steps(
    raw: Mapping[str, Any], test: Test, letting_go: tuple[float | None, float | None], place: Place
) -> tuple[Step, ...]:
    lasting = place.whole(raw, "for", low=0, high=7 * DAY, default=0)
    in_a_row = place.whole(raw, "in_a_row", low=1, high=60, default=1)
    if ("steps" in raw) == ("severity" in raw):
        raise place.wrong("写 severity（一级）或 steps（几级），不能都写", "needs severity or steps, not both")
    single = "severity" in raw
    given = [{**raw["when"], "severity": raw["severity"]}] if single else raw["steps"]
    if not isinstance(given, list) or not 1 <= len(given) <= len(SEVERITIES):
        raise (place / "steps").wrong("要有 1 到 4 级", "must be a list of 1 to 4 steps")
    leave, margin = letting_go
    steps = []
    for number, one in enumerate(given):
        here = place / "when" if single else place / f"steps[{number}]"
        if not single:
            here.only(one, {"severity", "for", "in_a_row", "clear", test.op})
        threshold = _threshold(one, test, here)
        own = here.number(one, "clear", low=-1e12, high=1e12) if not single and "clear" in one else None
        if own is None and leave is not None and number == 0:
            own = leave
        if own is None and margin is not None:
            own = _beyond(test, float(threshold), margin)
        steps.append(
            Step(
                severity=(place if single else here).whole(one, "severity", low=1, high=4),
                threshold=threshold,
                leave=own,
                lasting=lasting if single else here.whole(one, "for", low=0, high=7 * DAY, default=lasting),
                in_a_row=in_a_row if single else here.whole(one, "in_a_row", low=1, high=60, default=in_a_row),
            )
        )
    _ordered(steps, test, place / "steps")
    return tuple(steps)


def _downward(test: Test) -> bool:
    """Whether further out is lower; a distance from the usual always grows upwards."""
    return test.op in DOWNWARD and test.baseline is None


def _beyond(test: Test, threshold: float, margin: float) -> float:
    return threshold + margin if _downward(test) else threshold - margin


def _threshold(one: Mapping[str, Any], test: Test, here: Place) -> Value:
    if test.op not in one:
        raise here.wrong(f"要写 {test.op}", f"needs {test.op}")
    given = one[test.op]
    if test.op in EQUAL:
        if isinstance(given, bool | str) or (isinstance(given, int | float) and math.isfinite(given)):
            return given
        raise (here / test.op).wrong("要是一个值", "must be a value")
    lowest = 1e-9 if test.op in (*MOVING, *LASTING) or test.baseline else -1e12
    highest = 60 * 24 * 31 if test.op in LASTING else 1e12
    return here.number(one, test.op, low=lowest, high=highest)


def _ordered(steps: list[Step], test: Test, here: Place) -> None:
    """Each next step is more severe and further out; it is left on the near side of where it begins."""
    if len({step.severity for step in steps}) != len(steps) or steps != sorted(steps, key=lambda one: one.severity):
        raise here.wrong("各级要从轻到重，不能重复", "must go from the least severe up, each severity once")
    if test.op in EQUAL:
        if len(steps) > 1:
            raise here.wrong("“是”或“不是”只能有一级", "is and is_not have one step only")
        if steps[0].leave is not None:
            raise here.wrong("“是”或“不是”不写解除的数值", "is and is_not are not left by a number")
        return
    sign = -1.0 if _downward(test) else 1.0
    for near, far in pairwise(steps):
        if sign * float(far.threshold) < sign * float(near.threshold):
            raise here.wrong("更重的一级，数值要更远", "a more severe step must have a threshold further out")
    for step in steps:
        if step.leave is not None and sign * step.leave > sign * float(step.threshold):
            raise here.wrong("解除的数值要比报的数值缓和", "a step must be left on the near side of its threshold")


def _clear(raw: Any, test: Test, here: Place) -> tuple[Clear, float | None, float | None]:
    """How to let go; the value at which the first step is left, if given; the margin for the others, if given."""
    if raw is None:
        return Clear(), None, None
    here.only(raw, {"for", "after", "margin", *UPWARD, *DOWNWARD})
    assert isinstance(raw, Mapping)
    leaving = [op for op in COMPARING if op in raw]
    compared = test.op not in (*EQUAL, *LASTING)
    if leaving:
        wanted = "over" if _downward(test) else "under"
        if leaving != [wanted] or "margin" in raw or not compared:
            raise here.wrong(f"解除的数值只能写 {wanted}", f"is left by {wanted} only, without margin")
    if "margin" in raw and not compared:
        raise here.wrong("这种判断没有回差", "this test has no margin")
    if "after" in raw and ("for" in raw or leaving or "margin" in raw or test.op not in EQUAL):
        raise here.wrong("after 单独用，只配“是”", "after stands alone and goes with is only")
    clear = Clear(
        lasting=here.whole(raw, "for", low=0, high=7 * DAY, default=0),
        after=here.whole(raw, "after", low=1, high=DAY) if "after" in raw else None,
    )
    leave = here.number(raw, leaving[0], low=-1e12, high=1e12) if leaving else None
    margin = here.number(raw, "margin", low=0, high=1e12) if "margin" in raw else None
    return clear, leave, margin


def _times(raw: Any, here: Place) -> Times | None:
    if raw is None:
        return None
    here.only(raw, {"n", "within", "onsets"})
    return Times(
        n=here.whole(raw, "n", low=2, high=60),
        within=here.whole(raw, "within", low=1, high=7 * DAY),
        onsets=here.flag(raw, "onsets", False),
    )


def _guards(raw: Any, here: Place, known: Mapping[str, str] | None) -> tuple[Guard, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list) or len(raw) > 4:
        raise here.wrong("要是最多 4 个条件的列表", "must be a list of at most 4 conditions")
    return tuple(_guard(one, here / f"[{number}]", known) for number, one in enumerate(raw))


def _guard(raw: Any, here: Place, known: Mapping[str, str] | None, extra: frozenset[str] = frozenset()) -> Guard:
    here.only(raw, {"field", *COMPARING, *extra})
    assert isinstance(raw, Mapping)
    ops = [op for op in COMPARING if op in raw]
    if len(ops) != 1:
        raise here.wrong("要有一种比较", f"needs exactly one of {', '.join(COMPARING)}")
    name = here.text(raw, "field")
    _known_field(name, known, here, numeric=ops[0] not in EQUAL)
    if ops[0] in EQUAL:
        value = raw[ops[0]]
        if not isinstance(value, bool | str | int | float):
            raise here.wrong("要是一个值", "must be a value")
        return Guard(name, ops[0], value)
    return Guard(name, ops[0], here.number(raw, ops[0], low=-1e12, high=1e12))


def _unless(raw: Any, here: Place, known: Mapping[str, str] | None) -> Unless | None:
    if raw is None:
        return None
    guard = _guard(raw, here, known, frozenset({"within"}))
    return Unless(guard, here.whole(raw, "within", low=1, high=60))


def _schedule(raw: Any, here: Place) -> tuple[Window, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list) or not 1 <= len(raw) <= 14:
        raise here.wrong("要是 1 到 14 段时间的列表", "must be a list of 1 to 14 windows")
    windows = []
    for number, one in enumerate(raw):
        at = here / f"[{number}]"
        at.only(one, {"days", "from", "to"})
        days = one.get("days", list(_DAYS))
        if not isinstance(days, list) or not days or not all(day in _DAYS for day in days):
            raise (at / "days").wrong(f"要是 {' '.join(_DAYS)} 里的", f"must be some of {' '.join(_DAYS)}")
        begins, ends = _minute(one, "from", at), _minute(one, "to", at)
        if begins == ends or begins == 1440:
            raise at.wrong("起止时间不能一样", "from and to must differ")
        windows.append(Window(tuple(sorted(_DAYS.index(day) for day in set(days))), begins, ends))
    return tuple(windows)


def _minute(one: Mapping[str, Any], key: str, here: Place) -> int:
    found = _CLOCK.fullmatch(one[key]) if isinstance(one.get(key), str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found else -1
    if not 0 <= minute <= 1440:
        raise (here / key).wrong('要像 "22:00" 这样写，带引号', 'must be like "22:00", in quotes')
    return minute


def _source(raw: Any, here: Place) -> Source:
    if raw is None:
        return Source("本地自定", "set by the place itself", "P")
    here.only(raw, {"zh", "en", "tag", "law"})
    words: Words = here.words({"source": {"zh": raw.get("zh"), "en": raw.get("en")}}, "source")
    return Source(words.zh, words.en, here.one_of(raw, "tag", _TAGS, "P"), here.optional_text(raw, "law"))


def _fits(rule: Rule, place: Place) -> None:
    """What may not stand together."""
    delayed = any(step.lasting or step.in_a_row > 1 for step in rule.steps) or rule.times or rule.schedule
    if rule.urgent and (delayed or rule.test.op not in EQUAL or len(rule.steps) > 1 or len(rule.test.fields) != 1):
        raise (place / "urgent").wrong(
            "紧急规则只看一个“是”，不能有持续、次数、时段",
            "an urgent rule looks at one is and waits for nothing: no for, in_a_row, times or schedule",
        )
    if rule.unless and not rule.urgent:
        raise (place / "unless").wrong("只有紧急规则能取消", "only an urgent rule can be called off")
    if rule.clear.after is not None and not rule.urgent:
        raise (place / "clear").wrong("after 只配紧急规则", "after goes with an urgent rule only")
    if rule.times and (any(step.lasting or step.in_a_row > 1 for step in rule.steps) or rule.clear != Clear()):
        raise (place / "times").wrong("次数不和持续、连续、解除一起用", "times goes without for, in_a_row and clear")
    if rule.times and (rule.test.op in LASTING or any(step.leave is not None for step in rule.steps)):
        raise (place / "times").wrong("这种判断不数次数", "this test is not counted")
    if rule.test.op in LASTING:
        if any(step.lasting or step.in_a_row > 1 for step in rule.steps) or (
            rule.schedule and rule.test.op == "no_data"
        ):
            raise place.wrong("没数据、没变化本身就是时长", "no_data and unchanged are durations themselves")
        if len(rule.test.fields) > 1 or rule.clear != Clear() or (rule.only_while and rule.test.op == "no_data"):
            raise place.wrong(
                "没数据、没变化只看一个量，来了就解除", "no_data and unchanged look at one field and end with it"
            )
