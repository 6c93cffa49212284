"""What a rule is: plain values, read by ``parsing``, judged by ``running``, said in sentences by ``words``. Pure.

A rule looks at one thing a device reports (its *test*), has one or more *steps* of severity, each with its own threshold,
and says when it lets go (*clear*). Times are whole seconds; thresholds are in the unit of the field.
The grammar for authors is docs/reference/alarm-rules.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from huying.casework.catalogue.words import Words

NOTICE, WARNING, ALARM, EMERGENCY = 1, 2, 3, 4
SEVERITIES: Final[Mapping[int, Words]] = {
    NOTICE: Words("提示", "notice"),
    WARNING: Words("预警", "warning"),
    ALARM: Words("报警", "alarm"),
    EMERGENCY: Words("紧急", "emergency"),
}
LADDERS: Final = ("now", "urgent", "normal")
"""Profiles of the call ladder a rule may suggest: everybody at once, minutes, or the next working hour."""

UPWARD: Final = ("over", "at_least")
DOWNWARD: Final = ("under", "at_most")
EQUAL: Final = ("is", "is_not")
COMPARING: Final = (*UPWARD, *DOWNWARD, *EQUAL)
MOVING: Final = ("rises_by", "falls_by", "changes_by")
LASTING: Final = ("no_data", "unchanged")
OPERATORS: Final = (*COMPARING, *MOVING, *LASTING)
"""What stands in ``when`` or in a step before the threshold. All but over, under and is_not include the threshold."""

LATE_FOR: Final = 15 * 60
"""Seconds for which readings older than the newest are late and count for nothing; after that the clock was set back."""

Value = float | bool | str
State = dict[str, Any]
"""Plain JSON, some hundred bytes; the meaning is the engine's own. None and {} mean: nothing known yet."""


class ReadingLike(Protocol):
    """What the engine needs of a reading: the device's own time (aware) and its values."""

    @property
    def at(self) -> datetime: ...
    @property
    def values(self) -> Mapping[str, Value]: ...


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual for this device, learned from its quiet hours; thresholds are then above (below) the usual.

    ``learn`` days are remembered; ``by`` is ``all``, ``hour`` (of the day) or ``week`` (hour of the week); ``most`` caps the
    usual, so that a slowly growing fault is not learned; ``spread`` widens the threshold to that many robust standard
    deviations; ``before`` it has learned enough the rule is ``quiet`` or judges the ``raw`` value.
    """

    learn: int
    by: str = "hour"
    most: float | None = None
    spread: float = 0.0
    before: str = "quiet"


@dataclass(frozen=True, slots=True)
class Test:
    """What is compared with the thresholds.

    ``fields``: any of them (each is judged on its own); empty for ``no_data`` of the whole device. ``op`` is one of
    OPERATORS. ``within``: the seconds a rise or fall is measured over. ``percent_of``: another field of the same reading, or
    a number, the value is a percentage of. ``holds``: the last value counts as lasting until another comes (a door, a
    switch), so that time alone may ripen it; otherwise only readings do. ``counter``: for ``unchanged``, only growth is a
    change (a count of steps goes back to zero at midnight).
    """

    op: str
    fields: tuple[str, ...] = ()
    within: int = 0
    percent_of: str | float | None = None
    baseline: Baseline | None = None
    holds: bool = False
    counter: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One severity and where it begins. ``leave``: where it ends (None: as soon as the threshold is no longer met).

    It begins after the threshold was met for ``lasting`` seconds and by ``in_a_row`` readings one after another.
    """

    severity: int
    threshold: Value
    leave: float | None = None
    lasting: int = 0
    in_a_row: int = 1


@dataclass(frozen=True, slots=True)
class Times:
    """The threshold must be met ``n`` times within ``within`` seconds; ``onsets``: only from not met to met counts."""

    n: int
    within: int
    onsets: bool = False


@dataclass(frozen=True, slots=True)
class Clear:
    """When a step lets go: after ``lasting`` seconds of being left, or, with ``after``, that long after the last hit."""

    lasting: int = 0
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """A further condition on the same reading; a reading that does not carry the field fulfils it."""

    field: str
    op: str
    threshold: Value


@dataclass(frozen=True, slots=True)
class Unless:
    """Within ``within`` seconds after the hit, a reading that fulfils ``guard`` calls it off (the elder pressed cancel)."""

    guard: Guard
    within: int


@dataclass(frozen=True, slots=True)
class Window:
    """Wall time in Asia/Shanghai: on ``days`` (0 Monday … 6 Sunday) from minute ``begins`` up to minute ``ends`` of the day.

    ``ends`` at or before ``begins`` goes on into the next morning.
    """

    days: tuple[int, ...]
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where the numbers come from: words, the evidence tag of domain.md (A B C D K P), and the law or standard."""

    zh: str
    en: str
    tag: str
    law: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for one kind of device.

    Several rules may raise the same ``alarm`` (an alarm kind's code): there is one alarm with the highest severity among
    them. ``item``: the catalogue item of the case it opens ("" opens none) once its severity is ``case_at``; ``ladder``:
    whom to tell how fast; ``quiet``: minutes within which a new raise is the same alarm flapping. ``active`` False: offered
    to places, not in force.
    """

    code: str
    kind: str
    alarm: str
    name: Words
    test: Test
    steps: tuple[Step, ...]
    clear: Clear = Clear()
    times: Times | None = None
    only_while: tuple[Guard, ...] = ()
    unless: Unless | None = None
    schedule: tuple[Window, ...] = ()
    urgent: bool = False
    item: str = ""
    case_at: int = ALARM
    ladder: str = "normal"
    quiet: int = 10
    active: bool = True
    source: Source = field(default_factory=lambda: Source("", "", "P"))


class Event(NamedTuple):
    """Something happened to an alarm of a device. ``what``: raise, severity (up or down) or clear.

    ``severity`` is the new one (at clear: the one it had); ``rule`` the rule that moved it; ``field`` and ``value`` what it
    saw (None for silence and for time alone); ``at`` the device's time; ``words`` what to tell people.
    """

    what: str
    rule: str
    alarm: str
    severity: int
    at: datetime
    value: Value | None
    field: str
    words: Words
