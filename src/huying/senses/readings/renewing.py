"""What the rules remember of a device, changed by somebody else than the drain.

The drain holds it in memory: who wrote a state last stands in it, and here that is nobody (``NOBODY``), so that a batch which
did not know of the change is taken again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from huying.kernel.stream import READINGS, URGENT, partition_of
from huying.senses.alarms.engine import State, begun_anew, learned, let_go, relearned, unlearned
from huying.senses.devices import access
from huying.senses.devices.kinds import kinds
from huying.senses.devices.models import Device, LastValue, Wearing
from huying.senses.devices.rules import LAID_ASIDE

from . import actions

NOBODY: Final = -2
MARKS: Final = (actions.mark_of(READINGS), actions.mark_of(URGENT))
Change = Callable[[State], State]


def begin_anew(devices: Iterable[int]) -> int:
    """These devices do not count for now: what was in force is not any more, their silence means nothing. How many."""
    return _change(dict.fromkeys(devices, begun_anew), silence=True)


def forget_calls(calls: Iterable[tuple[int, str, str]]) -> int:
    """Calls (device, alarm, rule) that were ended by people, not by the device."""
    changes: dict[int, Change] = {}
    for device, alarm, rule in calls:
        changes[device] = _after(changes.get(device), alarm, rule)
    return _change(changes, silence=False)


@transaction.atomic
def forget_person(devices: Iterable[int]) -> int:
    """These devices watch over somebody else: their last private values are gone, what is usual is learned anew. How many."""
    wanted = list(devices)
    count = _change(dict.fromkeys(wanted, unlearned), silence=False)
    rows = list(LastValue.objects.filter(pk__in=wanted).select_related("device").order_by("pk"))
    for row in rows:
        row.values = access.shown(kinds()[row.device.kind], row.values)
    LastValue.objects.bulk_update(rows, ["values"])
    return count


@transaction.atomic
def lay_aside(handed: Mapping[int, datetime]) -> int:
    """These devices watch over somebody else since then: as :func:`forget_person`, but for a day it can be brought back."""
    left = {
        row.device_id: row
        for row in Wearing.objects.filter(device__in=handed, until__in=set(handed.values()))
        if row.until == handed[row.device_id]
    }
    rows = LastValue.objects.select_for_update(of=("self",)).filter(pk__in=left).select_related("device")
    for last in rows.order_by("pk"):
        private = kinds()[last.device.kind].private_fields
        left[last.pk].kept = {
            "at": last.at.isoformat(),
            "values": {code: value for code, value in last.values.items() if code in private},
            "rules": {
                mark: learned(last.state[mark]["rules"]) for mark in MARKS if last.state.get(mark, {}).get("rules")
            },
        }
    Wearing.objects.bulk_update(left.values(), ["kept"])
    return forget_person(handed)


@transaction.atomic
def bring_back(device: int, resident: UUID, *, now: datetime) -> bool:
    """A device watches over somebody again within a day: what is usual of them is known once more.

    Their last private values stand again where nothing was said in between. Whether anything was laid aside.
    """
    rows = Wearing.objects.filter(device=device, resident_uid=resident, kept__isnull=False, until__gte=now - LAID_ASIDE)
    wearing = rows.order_by("-until").first()
    last = LastValue.objects.select_for_update().filter(pk=device).first()
    if wearing is None or wearing.kept is None or last is None:
        return False
    state = dict(last.state)
    for mark, known in wearing.kept["rules"].items():
        if (mine := state.get(mark)) and mine.get("rules"):
            state[mark] = {**mine, "rules": relearned(mine["rules"], known), "p": NOBODY}
    last.state = state
    if last.at.isoformat() == wearing.kept["at"]:
        last.values = {**wearing.kept["values"], **last.values}
    last.save(update_fields=["state", "values"])
    wearing.kept = None
    wearing.save(update_fields=["kept"])
    return True


@transaction.atomic
def forget_worn(now: datetime) -> int:
    """What was laid aside for a day goes; who had a device goes with the last of its history. How many went.

    Of a kind that is known no more, with the last of the history that is kept longest.
    """
    laid = Wearing.objects.filter(Q(kept__isnull=False) | Q(contacts__isnull=False), until__lt=now - LAID_ASIDE)
    count = laid.update(kept=None, contacts=None)
    known = kinds()
    for kind in known.values():
        past = Wearing.objects.filter(until__lt=now - timedelta(days=kind.keep_days), device__kind=kind.code)
        count += past.delete()[0]
    longest = timedelta(days=max(kind.keep_days for kind in known.values()))
    return count + Wearing.objects.filter(until__lt=now - longest).exclude(device__kind__in=list(known)).delete()[0]


def forget_silent(now: datetime, *, most: int = 5_000) -> int:
    """Devices that said nothing for as long as their kind is kept: their last private values go as their history did.

    How many, at most ``most`` of a kind.
    """
    found: list[int] = []
    for kind in kinds().values():
        private = kind.private_fields
        if not private:
            continue
        rows = LastValue.objects.filter(
            received_at__lt=now - timedelta(days=kind.keep_days),
            device__kind=kind.code,
            values__has_any_keys=list(private),
        )
        found += rows.order_by("pk").values_list("pk", flat=True)[:most]
    return forget_person(found) if found else 0


def _after(before: Change | None, alarm: str, rule: str) -> Change:
    return lambda state: let_go(before(state) if before else state, alarm, rule)


@transaction.atomic
def _change(changes: Mapping[int, Change], *, silence: bool) -> int:
    rows = list(LastValue.objects.select_for_update().filter(pk__in=list(changes)).order_by("pk"))
    for row in rows:
        row.state = _changed(row.state, changes[row.pk], silence=silence)
    LastValue.objects.bulk_update(rows, ["state"])
    return len(rows)


def _changed(state: Mapping[str, Any], change: Change, *, silence: bool) -> dict[str, Any]:
    made = dict(state)
    for mark in MARKS:
        if mine := made.get(mark):
            rules = change(mine["rules"]) if mine.get("rules") else mine.get("rules")
            made[mark] = {**mine, "rules": rules, "p": NOBODY}
    if silence:
        made["s"] = None
    return made


def look_later(devices: Mapping[int, datetime]) -> None:
    """Devices that count again (from when): each is looked at when it has had time to speak."""
    rows = Device.objects.filter(pk__in=list(devices)).values_list("pk", "code", "kind")
    actions.write_due(
        (pk, partition_of(code), _ms(devices[pk] + timedelta(minutes=kinds()[kind].silence_minutes)))
        for pk, code, kind in rows
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
