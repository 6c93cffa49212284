"""A rule, and what happened by it, in plain sentences of both languages. Pure; the reader's language is chosen later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from huying.casework.catalogue.words import Words

from .grammar import EQUAL, MOVING, SEVERITIES, Guard, Rule, Step, Test, Window


class NameLike(Protocol):
    """A name in both languages."""

    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...


class FieldLike(Protocol):
    """What a field is called, and its unit (fields of a kind of device)."""

    @property
    def name(self) -> NameLike: ...
    @property
    def unit(self) -> str: ...


Names = Mapping[str, FieldLike]

_ZH = {
    "over": "超过", "at_least": "达到", "under": "低于", "at_most": "不高于", "rises_by": "升高", "falls_by": "下降",
    "changes_by": "一下变了",
}  # fmt: skip
_EN = {
    "over": "above", "at_least": "at least", "under": "below", "at_most": "at most", "rises_by": "up by",
    "falls_by": "down by", "changes_by": "changed at once by",
}  # fmt: skip
_UNITS_EN = {
    "次/分": "/min", "人次": "people", "人": "people", "步": "steps", "分钟": "minutes", "小时": "hours", "次": "times", "台": "devices",
}  # fmt: skip
_DAYS_ZH = "一二三四五六日"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def sentence(rule: Rule, names: Names | None = None) -> Words:
    """The whole rule in one line: ``漏电达到 15 mA 持续 10 秒 → 预警；达到 30 mA → 报警``."""
    names = names or {}
    what = _subject(rule.test, names)
    steps = [_step(rule, step, names) for step in rule.steps]
    joined = Words("；".join(one.zh for one in steps), "; ".join(one.en for one in steps))
    extra = [one for one in (_guards(rule, names), _schedule(rule.schedule)) if one is not None]
    zh = f"{what.zh} {joined.zh}".strip().replace(" ：", "：") + "".join(f"（{one.zh}）" for one in extra)
    en = f"{what.en} {joined.en}".strip().replace(" : ", ": ") + "".join(f" ({one.en})" for one in extra)
    return Words(zh, en)


def explain(rule: Rule, names: Names | None = None) -> list[Words]:
    """The rule part by part: when it is raised, when it ends, what is learned, when it counts, where the numbers are from."""
    names = names or {}
    parts = [sentence(rule, names), _ending(rule, names), _habit(rule.test), _calling_off(rule, names)]
    if rule.urgent:
        parts.append(Words("紧急：不等，马上报", "Urgent: told at once, no delay counts"))
    if rule.source.zh:
        law = f"（{rule.source.law}）" if rule.source.law else ""
        parts.append(
            Words(f"依据：{rule.source.zh}{law}", f"Source: {rule.source.en}{f' ({rule.source.law})' if law else ''}")
        )
    return [one for one in parts if one is not None]


def told(rule: Rule | None, what: str, severity: int, value: object, field: str, names: Names) -> Words:
    """What to tell people of an event: ``漏电报警：32.5 mA``; at its end ``漏电解除：3.1 mA``."""
    if rule is None:
        return Words("规则已停用，报警解除", "The rule is no longer in force, the alarm is over")
    seen = _seen(value, field, names)
    tail = Words(f"：{seen.zh}" if seen else "", f": {seen.en}" if seen else "")
    if what == "clear":
        return Words(f"{rule.name.zh}已解除{tail.zh}", f"{rule.name.en} is over{tail.en}")
    grade = SEVERITIES[severity]
    if what == "severity":
        return Words(f"{rule.name.zh}转为{grade.zh}{tail.zh}", f"{rule.name.en} is now: {grade.en}{tail.en}")
    return Words(f"{rule.name.zh}，{grade.zh}{tail.zh}", f"{rule.name.en}, {grade.en}{tail.en}")


def duration(seconds: float) -> Words:
    """A length of time in the largest unit that is whole."""
    for size, zh, en in ((86_400, "天", "day"), (3_600, "小时", "hour"), (60, "分钟", "minute")):
        if seconds >= size and seconds % size == 0:
            return _amount(seconds / size, zh, en)
    return _amount(seconds, "秒", "second")


def _amount(number: float, zh: str, en: str) -> Words:
    return Words(f"{number:g} {zh}", f"{number:g} {en}{'' if number == 1 else 's'}")


def _seen(value: object, field: str, names: Names) -> Words | None:
    if value is None or isinstance(value, bool):
        return None
    return _with_unit(value, field, names)


def _name(field: str, names: Names) -> Words:
    found = names.get(field)
    return Words(found.name.zh, found.name.en) if found else Words(field, field)


def _with_unit(value: object, field: str, names: Names) -> Words:
    unit = names[field].unit if field in names else ""
    other = _UNITS_EN.get(unit, unit)
    text = f"{value:.10g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    space, gap = ("" if one in ("%", "", "/min") else " " for one in (unit, other))
    return Words(f"{text}{space}{unit}", f"{text}{gap}{other}")


def _subject(test: Test, names: Names) -> Words:
    if test.op == "no_data" and not test.fields:
        return Words("", "")
    found = [_name(field, names) for field in test.fields]
    zh = "、".join(one.zh for one in found) + ("任一" if len(found) > 1 else "")
    en = " or ".join(one.en for one in found)
    if isinstance(test.percent_of, str):
        whole = _name(test.percent_of, names)
        return Words(f"{zh}占{whole.zh}", f"{en} as a share of {whole.en}")
    if test.percent_of is not None:
        number = _with_unit(test.percent_of, test.fields[0], names)
        return Words(f"{zh}占 {number.zh} ", f"{en} as a share of {number.en}")
    return Words(zh, en)


def _step(rule: Rule, step: Step, names: Names) -> Words:
    met = _met(rule, step, names)
    wait = [one for one in (_lasting(step), _times(rule)) if one is not None]
    grade = SEVERITIES[step.severity]
    zh = met.zh + "".join(f"，{one.zh}" for one in wait) + f" → {grade.zh}"
    return Words(zh, met.en + "".join(f" {one.en}" for one in wait) + f" → {grade.en}")


def _met(rule: Rule, step: Step, names: Names) -> Words:
    test = rule.test
    if test.op in EQUAL:
        return _equals(test.op, step.threshold)
    if test.op in ("no_data", "unchanged"):
        time = duration(float(step.threshold) * 60)
        if test.op == "no_data":
            return Words(f"{time.zh}没有数据", f"no data for {time.en}")
        return Words(f"连续 {time.zh}没有变化", f"unchanged for {time.en}")
    if test.percent_of is not None:
        amount = Words(f"{step.threshold:g}%", f"{step.threshold:g}%")
    else:
        amount = _with_unit(step.threshold, test.fields[0], names)
    if test.baseline is not None:
        higher = test.op in ("over", "at_least")
        return Words(
            f"比平时{'高' if higher else '低'} {amount.zh}以上",
            f"{amount.en} or more {'above' if higher else 'below'} what is usual for this device",
        )
    zh, en = f"{_ZH[test.op]} {amount.zh}", f"{_EN[test.op]} {amount.en}"
    if test.within:
        time = duration(test.within)
        return Words(f"{time.zh}内{zh}", f"{en} within {time.en}")
    return Words(zh, en)


def _equals(op: str, threshold: object) -> Words:
    yes = op == "is"
    if isinstance(threshold, bool):
        return Words("：是", ": yes") if threshold == yes else Words("：否", ": no")
    return Words(f"{'是' if yes else '不是'}“{threshold}”", f"is {'' if yes else 'not '}“{threshold}”")


def _lasting(step: Step) -> Words | None:
    parts = []
    if step.lasting:
        time = duration(step.lasting)
        parts.append(Words(f"持续 {time.zh}", f"for {time.en}"))
    if step.in_a_row > 1:
        parts.append(Words(f"连续 {step.in_a_row} 次读数", f"in {step.in_a_row} readings in a row"))
    if not parts:
        return None
    return Words("、".join(one.zh for one in parts), " and ".join(one.en for one in parts))


def _times(rule: Rule) -> Words | None:
    if rule.times is None:
        return None
    time = duration(rule.times.within)
    return Words(f"{time.zh}内 {rule.times.n} 次", f"{rule.times.n} times within {time.en}")


def _condition(guard: Guard, names: Names) -> Words:
    name = _name(guard.field, names)
    if guard.op in EQUAL:
        met = _equals(guard.op, guard.threshold)
        return Words(f"{name.zh}{met.zh}", f"{name.en}{met.en}" if met.en.startswith(":") else f"{name.en} {met.en}")
    amount = _with_unit(guard.threshold, guard.field, names)
    return Words(f"{name.zh}{_ZH[guard.op]} {amount.zh}", f"{name.en} {_EN[guard.op]} {amount.en}")


def _guards(rule: Rule, names: Names) -> Words | None:
    if not rule.only_while:
        return None
    found = [_condition(guard, names) for guard in rule.only_while]
    return Words(f"只在{'、'.join(one.zh for one in found)}时", f"only while {' and '.join(one.en for one in found)}")


def _schedule(windows: tuple[Window, ...]) -> Words | None:
    if not windows:
        return None
    said = []
    for window in windows:
        clock = f"{_clock(window.begins)}–{_clock(window.ends)}"
        if len(window.days) == 7:
            said.append(Words(f"每天 {clock}", f"every day {clock}"))
        else:
            days = "、".join(_DAYS_ZH[day] for day in window.days)
            said.append(Words(f"周{days} {clock}", f"{', '.join(_DAYS_EN[day] for day in window.days)} {clock}"))
    return Words("，".join(one.zh for one in said), "; ".join(one.en for one in said))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _ending(rule: Rule, names: Names) -> Words | None:
    if rule.clear.after is not None:
        time = duration(rule.clear.after)
        return Words(f"最后一次之后 {time.zh}没有再来，按钮复位", f"{time.en} after the last one it may come anew")
    if rule.times is not None:
        time = duration(rule.times.within)
        return Words(f"{time.zh}内一次也没有，解除", f"Over when none came for {time.en}")
    leave = rule.steps[0].leave
    wait = duration(rule.clear.lasting) if rule.clear.lasting else None
    zh, en = "不再满足", "it is no longer met"
    if leave is not None:
        down = rule.test.op in ("under", "at_most") and rule.test.baseline is None
        percent = rule.test.percent_of is not None
        amount = Words(f"{leave:g}%", f"{leave:g}%") if percent else _with_unit(leave, rule.test.fields[0], names)
        zh, en = f"回到 {amount.zh} {'以上' if down else '以下'}", f"back {'above' if down else 'below'} {amount.en}"
        if rule.test.baseline is not None:
            zh, en = f"与平时相差不到 {amount.zh}", f"less than {amount.en} from the usual"
        elif rule.test.op in MOVING:
            zh, en = f"变化不到 {amount.zh}", f"moving by less than {amount.en}"
    if wait is not None:
        zh, en = f"{zh}，持续 {wait.zh}", f"{en} for {wait.en}"
    return Words(f"{zh}，解除", f"Over when {en}")


def _habit(test: Test) -> Words | None:
    if test.baseline is None:
        return None
    by = {
        "all": Words("全部时间", "all hours"), "hour": Words("每天同一小时", "the same hour of the day"),
        "week": Words("每周同一小时", "the same hour of the week"),
    }[test.baseline.by]  # fmt: skip
    zh = f"平时水平：最近 {test.baseline.learn} 天里{by.zh}的中位数，只从没有报警的读数学"
    en = f"Usual: the median of {by.en} over {test.baseline.learn} days, learned from quiet readings only"
    if test.baseline.most is not None:
        zh, en = f"{zh}，最高按 {test.baseline.most:g} 算", f"{en}, counted as {test.baseline.most:g} at most"
    if test.baseline.before == "raw":
        return Words(f"{zh}；学会之前按原值判断", f"{en}; before that the value itself counts")
    return Words(f"{zh}；学会之前不报", f"{en}; before that nothing is raised")


def _calling_off(rule: Rule, names: Names) -> Words | None:
    if rule.unless is None:
        return None
    time, condition = duration(rule.unless.within), _condition(rule.unless.guard, names)
    return Words(f"{time.zh}内“{condition.zh}”就不报", f"Not raised when “{condition.en}” comes within {time.en}")


__all__ = ["FieldLike", "Names", "duration", "explain", "sentence", "told"]
