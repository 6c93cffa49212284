"""What devices said becomes alarms, a whole batch of it at once, inside the readings' own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from huying.kernel import facts, live
from huying.kernel.actor import system
from huying.senses.devices.kinds import kinds

from .. import rules
from ..engine import Event, Rule
from ..facts import AlarmCleared, AlarmFact, AlarmRaised, AlarmStepped
from ..models import Alarm, Drill
from ..rulebook import Rulebook, rulebook
from ..rules import OFFLINE, Row, Said
from . import jobs, storing

ALARMS: Final = system("alarms")
_EARLY: Final = timedelta(minutes=2)  # a device's clock may be that much behind the moment its drill began
_ACTIVE: Final = "active"
Key = tuple[int, str]  # device, alarm kind


class Known(Protocol):
    """A device as ``devices.queries.directory`` knows it."""

    @property
    def pk(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def area(self) -> str: ...
    @property
    def gateway_pk(self) -> int | None: ...
    @property
    def state(self) -> str: ...


class Happened(NamedTuple):
    """One event of the rule engine about one device."""

    device: Known
    event: Event
    test: bool = False  # the reading says itself that its test button was pressed


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch came to. ``uids``: every alarm written, in no order."""

    raised: int = 0
    stepped: int = 0
    cleared: int = 0
    uids: frozenset[UUID] = frozenset()


@dataclass(slots=True)
class _Group:
    """The events of one (device, alarm kind), in order, and what was known of it before."""

    device: Known
    kind: str
    events: list[Said] = field(default_factory=list)
    test: bool = False
    found: Alarm | None = None
    uncovers_at: datetime | None = None
    folded: rules.Folded = field(default_factory=rules.Folded)


def apply_events(batch: Sequence[Happened], *, now: datetime) -> Applied:
    """Write what the rule engine found, in the order given, in the caller's transaction.

    The number of queries does not depend on the size of the batch. Devices that are paused or retired raise nothing.
    Who has to be called and cases to be
    opened are left to jobs that start when the transaction commits.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Alarms are raised in the transaction of the readings that raised them.")
    groups = _grouped(batch, rulebook()) if batch else {}
    if not groups:
        return Applied()
    gateways = {one.device.gateway_pk for one in groups.values() if one.device.gateway_pk is not None}
    dark, back = _find(groups, gateways)
    drills = _drills(groups, now)
    _fold(groups, dark, drills, _waiting(groups, back, now))
    written = storing.write([_change(one, now) for one in groups.values() if one.folded.rows])
    _answer_drills(groups, drills, written.ids, now)
    covered = storing.cover([pk for pk, group in _silent(groups) if group.folded.raised])
    return _tell(groups, written, covered)


def _grouped(batch: Iterable[Happened], book: Rulebook) -> dict[Key, _Group]:
    groups: dict[Key, _Group] = {}
    for device, event, test in batch:
        if device.state != _ACTIVE and event.what != "clear":
            continue
        key = (device.pk, event.alarm)
        group = groups.get(key)
        if group is None:
            group = groups[key] = _Group(device, event.alarm)
        group.test = group.test or test
        group.events.append(_said(event, book.of(device).rule(event.rule)))
    return groups


def _said(event: Event, rule: Rule | None) -> Said:
    """The event with what its rule says of urgency, cases and flapping; a rule dropped meanwhile says nothing."""
    said = Said(
        what=event.what,
        rule=event.rule,
        severity=event.severity,
        at=event.at,
        value=event.value,
        field=event.field,
        words=(event.words.zh[:200], event.words.en[:200]),
    )
    if rule is None:
        return said
    quiet = timedelta(minutes=rule.quiet)
    return replace(said, urgent=rule.urgent, item=rule.item, case_from=rule.case_at, quiet=quiet)


def _find(groups: Mapping[Key, _Group], gateways: set[int]) -> tuple[set[int], dict[int, datetime]]:
    """The last alarm of every group, locked by ascending id; the gateways that are dark, and when others came back. One query."""
    asked = [*groups, *((pk, OFFLINE) for pk in gateways if (pk, OFFLINE) not in groups)]
    dark: set[int] = set()
    back: dict[int, datetime] = {}
    for alarm in storing.lock_last(asked, [pk for pk, _group in _silent(groups)]):
        group = groups.get((alarm.device_id, alarm.kind))
        if group is not None:
            group.found = alarm
        if alarm.kind == OFFLINE and alarm.device_id in gateways:
            if alarm.cleared_at is None:
                dark.add(alarm.device_id)
            else:
                back[alarm.device_id] = alarm.cleared_at
    return dark, back


def _waiting(groups: Mapping[Key, _Group], back: Mapping[int, datetime], now: datetime) -> dict[int, datetime]:
    """Devices whose gateway is back only just: until when each has time to speak, which is its own time of silence."""
    found = {}
    for pk, kind in groups:
        device = groups[pk, kind].device
        since = back.get(device.gateway_pk or 0)
        if kind == OFFLINE and since is not None:
            until = since + timedelta(minutes=kinds()[device.kind].silence_minutes)
            if until > now:
                found[pk] = until
    return found


def _drills(groups: Mapping[Key, _Group], now: datetime) -> dict[int, Drill]:
    """Drills of devices that ask for help in this batch: those that wait, and those their last alarm has answered."""
    calling = {pk: one for (pk, _k), one in groups.items() if any(e.urgent and e.what == "raise" for e in one.events)}
    if not calling:
        return {}
    tests = [one.found.pk for one in groups.values() if one.found is not None and one.found.test]
    waits = Q(device__in=list(calling), ended_at__isnull=True, until__gte=now)
    rows = Drill.objects.filter(waits | Q(alarm__in=tests) if tests else waits).order_by("id")
    return {row.device_id: row for row in rows}


def _fold(
    groups: Mapping[Key, _Group], dark: set[int], drills: Mapping[int, Drill], waiting: Mapping[int, datetime]
) -> None:
    """Gateways first, so that what they carry finds them dark; a drill is answered by the first alarm of its device."""
    used: set[int] = set()
    behind = {one.device.gateway_pk for one in groups.values()}
    for (pk, kind), group in sorted(groups.items(), key=lambda pair: (pair[0][0] not in behind, pair[1].events[0].at)):
        test = group.test or (pk not in used and _is_test(group, drills.get(pk)))
        folded = rules.fold(storing.row_of(group.found), group.events, test=test)
        if test and any(row.test and row.pk is None for row in folded.rows):
            used.add(pk)
        if kind == OFFLINE:
            group.uncovers_at = waiting.get(pk)
            folded = _covered(folded, group, dark)
            _darken(folded, pk, dark)
        group.folded = folded


def _is_test(group: _Group, drill: Drill | None) -> bool:
    """Whether the first call answers the drill, or is the call again that has answered it, while its time runs."""
    first = next((one for one in group.events if one.what != "clear"), None)
    if drill is None or first is None or not first.urgent:
        return False
    again = group.found is not None and group.found.pk == drill.alarm_id and group.found.closed_at is None
    return (drill.alarm_id is None or again) and drill.asked_at - _EARLY <= first.at <= drill.until


def _covered(folded: rules.Folded, group: _Group, dark: set[int]) -> rules.Folded:
    """A silence its gateway explains rings nobody, nor one whose gateway is back only just."""
    device = group.device
    if device.gateway_pk not in dark:
        began = group.found is None or any(row.pk is None for row in folded.rows)
        if group.uncovers_at is None or not began:
            return folded
    else:
        group.uncovers_at = None
    rows = tuple(replace(row, covered=True) if row.cleared_at is None else row for row in folded.rows)
    return replace(folded, rows=rows)


def _darken(folded: rules.Folded, pk: int, dark: set[int]) -> None:
    if folded.rows:
        if folded.rows[-1].cleared_at is None:
            dark.add(pk)
        else:
            dark.discard(pk)


def _change(group: _Group, now: datetime) -> storing.Change:
    return storing.Change(group.device, group.kind, group.found, group.folded, now, group.uncovers_at)


def _answer_drills(
    groups: Mapping[Key, _Group], drills: Mapping[int, Drill], ids: Mapping[UUID, int], now: datetime
) -> None:
    answered: list[Drill] = []
    for (pk, _kind), group in groups.items():
        for row in group.folded.rows:
            if row.test and row.pk is None and pk in drills and drills[pk].alarm_id is None and row.uid in ids:
                drill = drills[pk]
                drill.alarm_id, drill.answered_at, drill.ended_at = ids[row.uid], now, now
                answered.append(drill)
    if answered:
        Drill.objects.bulk_update(answered, ["alarm", "answered_at", "ended_at"])


def _silent(groups: Mapping[Key, _Group]) -> list[tuple[int, _Group]]:
    """Devices that just fell silent: what they carry, if anything, is covered by them."""
    return [
        (pk, one)
        for (pk, kind), one in groups.items()
        if kind == OFFLINE and any(event.what == "raise" for event in one.events)
    ]


def _tell(groups: Mapping[Key, _Group], written: storing.Written, moved: Sequence[str]) -> Applied:
    """Facts for the rooms above, screens, and the jobs."""
    told: list[AlarmFact] = []
    areas: dict[str, dict[str, int | bool]] = {area: {} for area in moved}
    stepped = cleared = 0
    for group in groups.values():
        folded = group.folded
        for row in folded.rows:
            area = areas.setdefault(group.device.area[:12], {})
            if row.uid in folded.raised and row.uid not in written.lost:
                area["raised"] = max(int(area.get("raised", 0)), row.severity)
                area["urgent"] = bool(area.get("urgent")) or row.urgent
            stepped += row.uid in folded.stepped
            cleared += row.uid in folded.cleared
            told.extend(_facts(group, row, written.lost))
    live.announce_all((f"alarms:{area}", body) for area, body in areas.items())
    facts.publish(*told)
    if written.follow:
        jobs.follow_soon(urgent=written.urgent)
    raised = sum(isinstance(one, AlarmRaised) for one in told)
    return Applied(raised, stepped, cleared, frozenset(written.ids))


def _facts(group: _Group, row: Row, lost: frozenset[UUID]) -> list[AlarmFact]:
    if row.test or row.covered:
        return []
    device, found, folded = group.device, group.found, group.folded
    same: dict[str, Any] = {"uid": row.uid, "device_id": device.pk, "kind": group.kind}
    same |= {"area": found.area if found and found.uid == row.uid else device.area, "severity": row.severity}
    out: list[AlarmFact] = []
    if row.uid in folded.raised and row.uid not in lost:
        out.append(AlarmRaised(**same, at=row.last_at, urgent=row.urgent, count=row.count))
    if row.uid in folded.stepped and found is not None:
        out.append(AlarmStepped(**same, at=group.events[-1].at, was=found.severity))
    if row.uid in folded.cleared and row.cleared_at is not None:
        out.append(AlarmCleared(**same, at=row.cleared_at, count=row.count))
    return out
