"""Pure decisions about alarms: how raises, steps and clears of a device become rows, and what may be done with them.

An alarm has two ends that have nothing to do with each other: the device says that it is normal again (*cleared*), and
people say that they are through with it and why it came (*closed*, with a cause). Acknowledging is neither: somebody
has it in hand, and the ladder stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4

OFFLINE: Final = "offline"  # the kind of alarm that says: nothing is heard of the device
QUIET: Final = timedelta(minutes=10)  # a raise so soon after a clear is the same alarm flapping
OWN_WORDS: Final = 300


class Severity:
    """How grave: 1 提示, 2 预警, 3 报警, 4 紧急."""

    NOTICE, WARNING, ALARM, EMERGENCY = 1, 2, 3, 4


SEVERITIES: Final = (Severity.NOTICE, Severity.WARNING, Severity.ALARM, Severity.EMERGENCY)
CASE_FROM: Final = (
    Severity.ALARM
)  # from here on it needs a cause before it is over, and a case if its rule names an item


class State(StrEnum):
    """Where an alarm stands, worked out from its moments and never stored."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"  # normal again, not closed yet
    CLOSED = "closed"


class Cause(StrEnum):
    """Why it came: the code a case closes with (C10)."""

    REAL = "real"  # 险情属实
    HAZARD = "hazard"  # 隐患，未成险情
    FALSE_DEVICE = "false_device"  # 误报：设备故障
    FALSE_PLACE = "false_place"  # 误报：环境干扰（油烟、水汽、灰尘）
    FALSE_HAND = "false_hand"  # 误报：误触误按
    WORKS = "works"  # 施工检修
    POWER = "power"  # 断电
    NETWORK = "network"  # 网络中断
    BATTERY = "battery"  # 电量耗尽
    GATEWAY = "gateway"  # 网关离线: the device was silent because its gateway was
    TEST = "test"  # 测试
    ITSELF = "itself"  # 自行恢复
    STOPPED = "stopped"  # 设备停用
    OTHER = "other"  # 其他，写明


FALSE: Final = frozenset({Cause.FALSE_DEVICE, Cause.FALSE_PLACE, Cause.FALSE_HAND})
OWN: Final = frozenset({Cause.GATEWAY, Cause.ITSELF, Cause.STOPPED})  # written by the program, not chosen by people


class Cleared(StrEnum):
    """What ended the alarm on the device's side."""

    READING = "reading"  # the device says normal
    STOPPED = "stopped"  # the device was paused or retired
    TESTED = "tested"  # a call that passes by itself had answered a test, and the test is over
    ANEW = "anew"  # closed by people before the device was normal, then raised again: a new alarm goes on


class Refusal(StrEnum):
    """Why something cannot be done with an alarm now."""

    CLOSED = "alarm_closed"
    ACKNOWLEDGED = "alarm_acknowledged"
    CAUSE_UNKNOWN = "cause_unknown"
    WORDS_NEEDED = "words_needed"
    HAS_CASE = "case_open"
    NOT_TEST = "not_test"


@dataclass(frozen=True, slots=True)
class Standing:
    """What of an alarm its lifecycle depends on."""

    acknowledged: bool = False
    cleared: bool = False
    closed: bool = False
    case_open: bool = False
    test: bool = False


def state_of(standing: Standing) -> State:
    """The one word for it; closed beats cleared beats acknowledged."""
    if standing.closed:
        return State.CLOSED
    if standing.cleared:
        return State.CLEARED
    return State.ACKNOWLEDGED if standing.acknowledged else State.ACTIVE


def refuse_acknowledging(standing: Standing) -> Refusal | None:
    """Anything not closed can be acknowledged, once; also what is normal again by now."""
    if standing.closed:
        return Refusal.CLOSED
    return Refusal.ACKNOWLEDGED if standing.acknowledged else None


def refuse_closing(standing: Standing, cause: str, words: str, *, by_case: bool = False) -> Refusal | None:
    """A person closes with a cause; while a case about it is open, only the case's end closes it."""
    if standing.closed:
        return Refusal.CLOSED
    if cause not in set(Cause) or (cause in OWN and not by_case):
        return Refusal.CAUSE_UNKNOWN
    if cause == Cause.OTHER and not words.strip():
        return Refusal.WORDS_NEEDED
    return Refusal.HAS_CASE if standing.case_open and not by_case else None


def refuse_taking_seriously(standing: Standing) -> Refusal | None:
    """A test that turns out to be none, while it is not closed."""
    if standing.closed:
        return Refusal.CLOSED
    return None if standing.test else Refusal.NOT_TEST


def cause_of(code: str) -> Cause:
    """The cause a case was closed with; what is no known code becomes *other*."""
    return Cause(code) if code in set(Cause) and code not in OWN else Cause.OTHER


# --- events become rows -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """One event of the rule engine about one (device, alarm kind). ``what``: raise, severity or clear."""

    what: str
    rule: str
    severity: int
    at: datetime
    value: float | bool | str | None = None
    field: str = ""
    words: tuple[str, str] = ("", "")  # zh, en
    urgent: bool = False
    item: str = ""  # the catalogue item a case is opened with
    case_from: int = CASE_FROM  # the severity from which on
    quiet: timedelta = QUIET


@dataclass(frozen=True, slots=True)
class Row:
    """An alarm as the folding sees it. ``pk`` is empty while it is new."""

    pk: int | None
    uid: UUID
    rule: str
    severity: int
    peak: int
    opened_at: datetime
    last_at: datetime
    count: int = 1
    value: float | bool | str | None = None
    field: str = ""
    words: tuple[str, str] = ("", "")  # zh, en
    item: str = ""
    urgent: bool = False
    test: bool = False
    covered: bool = False
    has_case: bool = False
    wants_case: bool = False
    acknowledged: bool = False
    cleared_at: datetime | None = None
    cleared_by: str = ""
    closed: bool = False
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Folded:
    """What a run of events makes of the alarms of one (device, kind).

    ``rows``: those written, old ones first; ``raised``, ``stepped``, ``cleared``: uids of those that began (or came
    again), changed severity, became normal, each at most once and only where the end differs from the beginning.
    """

    rows: tuple[Row, ...] = ()
    raised: frozenset[UUID] = frozenset()
    stepped: frozenset[UUID] = frozenset()
    cleared: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class _Begins:
    """How a new alarm begins."""

    new_uid: Callable[[], UUID]
    test: bool

    def __call__(self, event: Said) -> Row:
        return Row(
            pk=None,
            uid=self.new_uid(),
            rule=event.rule,
            severity=event.severity,
            peak=event.severity,
            opened_at=event.at,
            last_at=event.at,
            value=event.value,
            field=event.field,
            words=event.words,
            item=event.item,
            urgent=event.urgent,
            test=self.test,
            wants_case=_wants_case(event, event.severity),
        )


def fold(
    found: Row | None, events: Iterable[Said], *, test: bool = False, new_uid: Callable[[], UUID] = uuid4
) -> Folded:
    """What the events, in their order, make of the alarm last known of this (device, kind), active or long over.

    ``test``: the first raise answers a drill, or is the same test again; without it a raise after a test is meant.
    A raise while active changes nothing but its moment; within the quiet time after a clear it is the same alarm again
    (``count``), unless people have closed it since; a severity without an alarm raises one only where it is graver than
    what was closed.
    """
    done: list[Row] = []
    row, touched = found, False
    raised: set[UUID] = set()
    for event in events:
        before = row
        row, ended = _step(row, event, _Begins(new_uid, test))
        if row is not before:
            touched = True
        begins_anew = before is not None and row is not None and row.uid != before.uid
        if ended is not None:
            done.append(ended)
        elif begins_anew and before is not None and before != found:
            done.append(before)  # it came and went within this very batch
        if row is not None and (before is None or row.uid != before.uid or row.count > before.count):
            raised.add(row.uid)
            test = test and before is not None and row.uid == before.uid  # the next one is no test
    if touched and row is not None:
        done.append(row)
    old = {found.uid: found} if found else {}
    return Folded(tuple(done), frozenset(raised), _stepped(done, old, raised), _cleared(done, old))


def _stepped(rows: Sequence[Row], old: dict[UUID, Row], raised: set[UUID]) -> frozenset[UUID]:
    return frozenset(
        row.uid for row in rows if row.uid in old and row.uid not in raised and row.severity != old[row.uid].severity
    )


def _cleared(rows: Sequence[Row], old: dict[UUID, Row]) -> frozenset[UUID]:
    return frozenset(
        row.uid
        for row in rows
        if row.cleared_at is not None
        and row.cleared_by != Cleared.ANEW
        and (row.uid not in old or old[row.uid].cleared_at != row.cleared_at)
    )


def _step(row: Row | None, event: Said, begins: _Begins) -> tuple[Row | None, Row | None]:
    """The row after an event, and the one it took the place of if that has changed."""
    active = row is not None and row.cleared_at is None
    if event.what == "clear":
        return (_clear(row, event) if row is not None and active else row), None
    if row is None:
        return begins(event), None
    meant = row.test and not begins.test and event.what == "raise"  # it answered a test, and this is none
    if active and not row.closed and not meant:
        return _touch(row, event), None
    if active:  # closed by people, and the device never became normal
        if event.what == "severity" and event.severity <= row.peak:
            return _touch(row, event), None
        ended = replace(row, cleared_at=max(event.at, row.opened_at), cleared_by=Cleared.ANEW)
        return begins(event), ended
    return _again(row, event, begins)


def _again(row: Row, event: Said, begins: _Begins) -> tuple[Row | None, Row | None]:
    """An event after the device had become normal."""
    assert row.cleared_at is not None
    if event.what == "severity" and event.severity <= row.severity:
        return row, None
    by_people = row.closed and row.cause not in OWN
    same = row.test == begins.test and not row.covered
    if not by_people and same and event.at - row.cleared_at <= event.quiet:
        again = _touch(row, event)
        return replace(again, count=row.count + 1, cleared_at=None, cleared_by="", closed=False, cause=""), None
    return begins(event), None


def _touch(row: Row, event: Said) -> Row:
    """Graver than ever before: what was acknowledged was less, so it rings again."""
    graver = event.severity > row.peak
    return replace(
        row,
        rule=event.rule,
        severity=event.severity,
        peak=max(row.peak, event.severity),
        last_at=max(row.last_at, event.at),
        value=event.value,
        field=event.field,
        words=event.words,
        item=event.item or row.item,
        urgent=row.urgent or event.urgent,
        acknowledged=row.acknowledged and not graver,
        wants_case=row.wants_case or _wants_case(event, max(row.peak, event.severity)),
    )


def _wants_case(event: Said, peak: int) -> bool:
    return bool(event.item) and (event.urgent or peak >= event.case_from)


def _clear(row: Row, event: Said) -> Row:
    """Normal again. What never was grave and has no case is over without anybody's doing."""
    at = max(event.at, row.opened_at)
    by_itself = not row.closed and closes_itself(row)
    return replace(
        row,
        last_at=max(row.last_at, at),
        cleared_at=at,
        cleared_by=Cleared.READING,
        closed=row.closed or by_itself,
        cause=(Cause.GATEWAY if row.covered else Cause.ITSELF) if by_itself else row.cause,
    )


def rings(row: Row) -> bool:
    """Whether somebody is called: hints for the list alone call nobody."""
    return not (row.test or row.covered or row.closed) and (row.urgent or row.peak >= Severity.WARNING)


def uncovered(row: Row) -> Row:
    """The same alarm where nothing explains it any more."""
    return replace(row, covered=False)


def closes_itself(row: Row) -> bool:
    """Whether nobody has to give a cause once it is normal again."""
    return not row.has_case and not row.urgent and (row.peak < CASE_FROM or row.covered)


def wants_case(row: Row) -> bool:
    """Whether a case is to be opened about it now: its rule names an item and it is grave enough for it, and no test."""
    return row.wants_case and bool(row.item) and not (row.has_case or row.test or row.covered or row.closed)


# --- rates ------------------------------------------------------------------------------------------------------------


def false_share(false: int, judged: int) -> int | None:
    """Percent of the alarms with a cause that were false, rounded; ``None`` where nobody has judged any."""
    return round(100 * false / judged) if judged else None


def drill_overdue(last: datetime | None, since: datetime, now: datetime, every: timedelta) -> bool:
    """Whether a device's test is overdue: none within ``every``, counted from its registration (``since``) at first."""
    return now - max(last or since, since) > every
