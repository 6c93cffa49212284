"""Time limits of the catalogue: what "4wh stop-work; 7wd penalty; 20wd removal" means, exactly.

Two kinds of time must never be mixed: the 24×7 clock (``m`` minutes, ``h`` hours, ``d`` calendar days) and
working time (``wh`` working hours, ``wd`` working days on the holiday calendar). A limit may have several
steps in order, an outer maximum, a report due on the way, or no end that can be computed in advance ("until
safe"), which is kept as *open* with its reason. Notation and meaning: domain paper §2.3 and §2.4.

Pure: no Django, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from huying.casework.catalogue.stage_names import OPEN_REASONS, stage_words
from huying.casework.catalogue.words import Words

Kind = Literal["24x7", "working_hours", "working_days", "calendar_days", "open"]
Role = Literal["step", "outer", "target", "variant", "report", "follow_up"]

KINDS: tuple[Kind, ...] = ("24x7", "working_hours", "working_days", "calendar_days", "open")
ROLES: tuple[Role, ...] = ("step", "outer", "target", "variant", "report", "follow_up")

#: "Immediate" is a duty, but a clock needs a figure: first contact within five minutes. Kept in the stage as
#: an ordinary amount, so a place that wants another figure edits the item.
IMMEDIATE_MINUTES = 5


class LimitError(ValueError):
    """The text is not a time limit; ``words`` says what was not understood."""

    def __init__(self, text: str) -> None:
        self.words = Words(
            f"看不懂的时限“{text}”。可写：30m、6h、4wh（工作小时）、3wd（工作日）、30d（自然日）、immediate、until safe",
            f"“{text}” is not a time limit. Write for example 30m, 6h, 4wh (working hours), 3wd (working days), "
            "30d (calendar days), immediate, until safe",
        )
        super().__init__(self.words.zh)


@dataclass(frozen=True, slots=True)
class Limit:
    """How long, on which clock.

    ``amount`` is minutes for ``24x7``, hours for ``working_hours``, days for ``working_days`` and
    ``calendar_days`` (0 = by the end of the same day). For ``open`` it is the minutes allowed *after* the event
    named by ``reason`` has been recorded (0 = the event itself ends the limit), and no due time exists before.
    ``label`` is the notation it is written in.
    """

    kind: Kind
    amount: int
    label: str
    reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.kind == "open"

    @property
    def words(self) -> Words:
        """The limit in plain words: 4个工作小时 / 4 working hours."""
        if self.label == "immediate":
            return Words("立即", "at once")
        if self.kind == "open":
            return self._open_words()
        if self.amount == 0:
            return Words("当日", "the same day")
        amount, zh, en = self._in_units()
        return Words(f"{amount}{zh}", f"{amount} {en}{'' if amount == 1 else 's'}")

    def _open_words(self) -> Words:
        words = OPEN_REASONS.get(self.reason, Words(self.reason, self.reason))
        if not self.amount:
            return words
        after = Limit("24x7", self.amount, "").words
        return Words(f"{words.zh}后{after.zh}", f"{after.en} after {words.en}")

    def _in_units(self) -> tuple[int, str, str]:
        if self.kind == "24x7":
            if self.amount % 60 == 0:
                return self.amount // 60, "小时", "hour"
            return self.amount, "分钟", "minute"
        names = {
            "working_hours": ("个工作小时", "working hour"),
            "working_days": ("个工作日", "working day"),
            "calendar_days": ("天", "day"),
        }
        return (self.amount, *names[self.kind])

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "amount": self.amount, "label": self.label, "reason": self.reason}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Limit:
        return cls(value["kind"], int(value["amount"]), value["label"], value.get("reason", ""))


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a limit, with its name in both languages.

    ``role``: ``step`` is binding and in order; ``outer`` is the longest that extensions may reach; ``target`` is
    wished for but not counted; ``variant`` holds only for the named grade (red, yellow) or local rule;
    ``report`` is a report due on the way; ``follow_up`` asks for ``times`` visits after the last step.
    """

    name: str
    limit: Limit
    zh: str
    en: str
    role: Role = "step"
    times: int = 1

    @property
    def words(self) -> Words:
        return Words(self.zh, self.en)

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "limit": self.limit.as_json(), "zh": self.zh, "en": self.en,
                "role": self.role, "times": self.times}  # fmt: skip

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Stage:
        limit = Limit.from_json(value["limit"])
        return cls(value["name"], limit, value["zh"], value["en"], value.get("role", "step"), value.get("times", 1))


_UNITS: dict[str, tuple[Kind, int]] = {
    "m": ("24x7", 1), "h": ("24x7", 60), "d": ("calendar_days", 1), "wh": ("working_hours", 1),
    "wd": ("working_days", 1),
    "分钟": ("24x7", 1), "小时": ("24x7", 60), "天": ("calendar_days", 1), "日": ("calendar_days", 1),
    "工作小时": ("working_hours", 1), "工作时": ("working_hours", 1), "工作日": ("working_days", 1),
}  # fmt: skip
_LATIN = {"分钟": "m", "小时": "h", "天": "d", "日": "d", "工作小时": "wh", "工作时": "wh", "工作日": "wd"}
_AMOUNT = re.compile(r"(?<![\d-])(\d{1,4})\s*个?\s*(wh|wd|m|h|d|分钟|工作小时|工作时|工作日|小时|天|日)(?![a-z])")
_STEP_NAME = re.compile(r"(?=.*[^\W\d_])\w[\w %'’-]*$")
_RANGE = re.compile(r"(\d+)-(\d+)(wd|wh|d|h|m)$")
_TIMES = re.compile(r"(\d+) follow-ups?$")
_AFTER_EVENT = re.compile(r"([a-z][a-z-]*)\+(\d+)(m|h)$")
_OPEN_TEXTS = {words.en: code for code, words in OPEN_REASONS.items()} | {
    words.zh: code for code, words in OPEN_REASONS.items()
}


def parse_limit(text: str) -> tuple[Stage, ...]:
    """Read the notation into stages in order. Raises LimitError on anything not understood.

    >>> [s.name for s in parse_limit("4wh stop-work; 7wd penalty; 20wd removal")]
    ['stop_work', 'penalty', 'removal']
    """
    stages: list[Stage] = []
    for part in re.split(r"[;；]|[,，]\s*", text.strip()):
        stages += _parse_part(part.strip(), text)
    if not stages:
        raise LimitError(text)
    return tuple(stages)


def _parse_part(part: str, whole: str) -> list[Stage]:
    if part in ("tracked", "持续跟踪"):
        return [_stage("tracked", Limit("open", 0, "tracked", "tracked"), "follow_up")]
    if match := re.match(r"then (.+)$", part):
        return [_stage(match[1], Limit("open", 0, part, "next_remedy"), "follow_up")]
    if match := _TIMES.match(part):
        limit = Limit("open", 0, part, "follow_up")
        return [_stage("follow-ups", limit, "follow_up", int(match[1]))]
    if match := _RANGE.match(part):
        low, high, unit = match[1], match[2], match[3]
        return [_stage("target", _amount(low, unit), "target"), _stage("", _amount(high, unit))]
    if " / " in part:
        return [stage for variant in part.split(" / ") for stage in _variant(variant, whole)]
    if match := re.match(r"(?P<main>[^()（）]+?)\s*[(（](?P<note>[^()（）]+)[)）]$", part):
        return _with_note(match["main"].strip(), match["note"].strip(), whole)
    return [_single(part, whole)]


def _variant(text: str, whole: str) -> list[Stage]:
    match = re.match(r"(?P<limit>\S+) \((?P<grade>[\w-]+)\)$", text.strip())
    if not match:
        raise LimitError(whole)
    return [_stage(match["grade"], _plain(match["limit"], whole), "variant")]


def _with_note(main: str, note: str, whole: str) -> list[Stage]:
    """A bracket after a limit: an outer maximum, an interim step, a local variant or the next remedy."""
    first = _single(main, whole)
    if match := re.match(r"(?:max|std up to|最长)\s*(\S+)$", note):
        return [first, _stage("max", _plain(match[1], whole), "outer")]
    if match := re.match(r"interim (\S+)$", note):
        return [_stage("interim", _plain(match[1], whole)), first]
    if match := re.match(r"(\S+) in (.+) rule$", note):
        return [first, _stage(f"{match[2]} rule", _plain(match[1], whole), "variant")]
    if note.startswith("then "):
        return [first, *_parse_part(note, whole)]
    if not _STEP_NAME.match(note) or note in ("max", "最长", "target", "report"):
        raise LimitError(whole)
    return [_stage(note, _plain(main, whole), "variant")]


def _single(part: str, whole: str) -> Stage:
    """A limit and the name of its step, in either order: "24h barrier", "plan 3wd", "route within 15d"."""
    found = _AMOUNT.search(part)
    prefix_open = next((p for p in ("immediate", "same day", "立即", "当日") if part.startswith(p)), "")
    if prefix_open:
        return _named(part[len(prefix_open) :], _plain(prefix_open, whole), whole)
    if _AFTER_EVENT.match(part) or found is None or part in _OPEN_TEXTS:
        return _stage("", _plain(part, whole))
    if found.start() == 0 or found.end() == len(part):
        name = part[: found.start()] + part[found.end() :]
        return _named(name, _amount(found[1], found[2]), whole)
    raise LimitError(whole)


def _named(name: str, limit: Limit, whole: str) -> Stage:
    name = re.sub(r"\bwithin\b|内", "", name).strip()
    if name and not _STEP_NAME.match(name):
        raise LimitError(whole)
    for prefix, role in (("max", "outer"), ("target", "target"), ("report", "report")):
        if name == prefix:
            return _stage(prefix, limit, role)  # type: ignore[arg-type]
    return _stage(name, limit)


def _plain(text: str, whole: str) -> Limit:
    if text in ("immediate", "立即"):
        return Limit("24x7", IMMEDIATE_MINUTES, "immediate")
    if text in ("same day", "当日"):
        return Limit("calendar_days", 0, "same day")
    if text in _OPEN_TEXTS:
        code = _OPEN_TEXTS[text]
        return Limit("open", 0, OPEN_REASONS[code].en, code)
    if match := _AFTER_EVENT.match(text):
        code = match[1].replace("-", "_")
        if code in OPEN_REASONS:
            return Limit("open", _amount(match[2], match[3]).amount, text, code)
    if match := _AMOUNT.fullmatch(text):
        return _amount(match[1], match[2])
    raise LimitError(whole)


def _amount(number: str, unit: str) -> Limit:
    kind, factor = _UNITS[unit]
    return Limit(kind, int(number) * factor, f"{int(number)}{_LATIN.get(unit, unit)}")


def _stage(name: str, limit: Limit, role: Role = "step", times: int = 1) -> Stage:
    code, words = stage_words(name)
    return Stage(code, limit, words.zh, words.en, role, times)


def format_stages(stages: Sequence[Stage]) -> str:
    """Write stages in the notation again; ``parse_limit(format_stages(s)) == s`` for everything it can read."""
    return "; ".join(_format(stage) for stage in stages)


def _format(stage: Stage) -> str:
    label = stage.limit.label
    if stage.role == "follow_up":
        return label
    if stage.role == "variant":
        return f"{label} ({stage.en})"
    if stage.name == "due":
        return label
    return f"{label} {stage.en}"


def steps(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """The binding stages, in order; when a limit has variants only, the first (strictest) of them."""
    stages = tuple(stages)
    found = tuple(s for s in stages if s.role in ("step", "report"))
    return found or tuple(s for s in stages if s.role == "variant")[:1]


def binding_limit(stages: Iterable[Stage], *, grade: str = "") -> Limit:
    """The limit that ends the whole: the last step, or the variant of ``grade`` where there is one."""
    stages = tuple(stages)
    for stage in stages:
        if grade and stage.role == "variant" and stage.name == grade:
            return stage.limit
    binding = [s for s in stages if s.role == "step"] or steps(stages)
    return binding[-1].limit


def outer_limit(stages: Iterable[Stage]) -> Limit | None:
    """The longest an extension may reach, where the catalogue says so."""
    return next((s.limit for s in stages if s.role == "outer"), None)


def stages_from_json(value: Iterable[Mapping[str, Any]]) -> tuple[Stage, ...]:
    return tuple(Stage.from_json(stage) for stage in value)


def stages_as_json(stages: Iterable[Stage]) -> list[dict[str, Any]]:
    return [stage.as_json() for stage in stages]


def describe_stages(stages: Iterable[Stage]) -> Words:
    """All stages in plain words for a screen: "4个工作小时内停工;7个工作日内处罚"."""
    zh, en = zip(*(_describe(stage) for stage in stages), strict=True)
    return Words("；".join(zh), "; ".join(en))


def _describe(stage: Stage) -> tuple[str, str]:
    limit = stage.limit.words
    if stage.role == "follow_up":
        times = Words(f"{stage.times}次", f"{stage.times} ") if stage.limit.reason == "follow_up" else Words("", "")
        return f"其后{times.zh}{stage.zh}", f"then {times.en}{stage.en}"
    if stage.role == "variant":
        return f"{stage.zh}：{limit.zh}", f"{stage.en}: {limit.en}"
    if stage.name == "due":
        return limit.zh, limit.en
    if stage.role in ("outer", "target"):
        return f"{stage.zh}{limit.zh}", f"{stage.en} {limit.en}"
    joint = "" if stage.limit.is_open or stage.limit.label in ("immediate", "same day") else "内"
    return f"{limit.zh}{joint}{stage.zh}", f"{stage.en}: {limit.en}"
