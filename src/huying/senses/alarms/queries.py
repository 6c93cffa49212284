"""Reads of the alarms: the board, one alarm, a device's alarms, how many there are, how many were false, tests that are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Aggregate, Count, Exists, F, FloatField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Extract

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.paging import Page, page
from huying.senses.devices import access as devices
from huying.senses.devices.kinds import kinds
from huying.senses.devices.models import Device

from . import access, rules
from .engine import Rule, default_rules
from .models import ACTIVE, OPEN, Alarm, AlarmRule, Drill, Step
from .rulebook import Applied, rulebook

BOARD: Final = ("-peak", "-opened_at", "-id")
NEWEST: Final = ("-opened_at", "-id")
STATES: Final = ("open", "active", "acknowledged", "cleared", "closed", "all")
OWN_RULES: Final = ("device_kind", "code", "area", "id")
DRILL_EVERY: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What of the board is wanted. ``state``: open (not closed) unless said otherwise; ``least``: the severity from which on."""

    state: str = "open"
    kind: str = ""
    device_kind: str = ""
    area: str = ""
    least: int = 1
    tests: bool = False
    covered: bool = False


def _narrowed(rows: QuerySet[Alarm], wanted: Narrowing) -> QuerySet[Alarm]:
    if wanted.state not in STATES:
        raise Invalid(code="state_unknown", field="state")
    conditions: Mapping[str, Q] = {
        "open": OPEN,
        "active": OPEN & ACTIVE & Q(acknowledged_at__isnull=True),
        "acknowledged": OPEN & ACTIVE & Q(acknowledged_at__isnull=False),
        "cleared": OPEN & ~ACTIVE,
        "closed": ~OPEN,
        "all": Q(),
    }
    rows = rows.filter(conditions[wanted.state])
    if "\x00" in wanted.kind + wanted.device_kind:
        return rows.none()
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.device_kind:
        rows = rows.filter(device__kind=wanted.device_kind)
    if wanted.area:
        rows = rows.filter(area__startswith=wanted.area)
    if wanted.least > 1:
        rows = rows.filter(peak__gte=wanted.least)
    if not wanted.tests:
        rows = rows.filter(test=False)
    return rows if wanted.covered else rows.filter(covered_by__isnull=True)


def board(actor: Actor, wanted: Narrowing | None = None, *, cursor: str | None = None, size: int = 50) -> Page[Alarm]:
    """Alarms with their devices and cases: open ones gravest first, closed ones newest first. One query."""
    wanted = wanted or Narrowing()
    rows = _narrowed(access.visible(actor), wanted).select_related("device", "case")
    return page(rows, _order(wanted), cursor, size)


def _order(wanted: Narrowing) -> tuple[str, ...]:
    return BOARD if wanted.state in ("open", "active", "acknowledged", "cleared") else NEWEST


def whole_board(actor: Actor, wanted: Narrowing) -> QuerySet[Alarm]:
    """The board without pages, to be read in chunks; ask :func:`more_than` before."""
    return _narrowed(access.visible(actor), wanted).select_related("device", "case").order_by(*_order(wanted))


def more_than(actor: Actor, wanted: Narrowing, most: int) -> bool:
    """Whether the board is longer; one query that looks no further."""
    rows = _narrowed(access.visible(actor), wanted).order_by(*_order(wanted))
    return bool(rows.values_list("pk")[most : most + 1].exists())


@dataclass(frozen=True, slots=True)
class Counts:
    """How many open alarms there are: by state, by severity (peak, 1 to 4), urgent ones nobody has taken in hand."""

    active: int
    acknowledged: int
    cleared: int
    by_severity: Mapping[int, int]
    ringing: int


def counts(actor: Actor, *, area: str = "") -> Counts:
    """One query over the open alarms alone."""
    rows = _narrowed(access.visible(actor), Narrowing(area=area))
    waits = Q(cleared_at__isnull=True, acknowledged_at__isnull=True)
    found = rows.order_by().aggregate(
        active=Count("id", filter=waits),
        acknowledged=Count("id", filter=Q(cleared_at__isnull=True, acknowledged_at__isnull=False)),
        cleared=Count("id", filter=Q(cleared_at__isnull=False)),
        ringing=Count("id", filter=Q(urgent=True, acknowledged_at__isnull=True)),
        **{f"s{one}": Count("id", filter=Q(peak=one)) for one in rules.SEVERITIES},
    )
    return Counts(
        found["active"],
        found["acknowledged"],
        found["cleared"],
        {one: found[f"s{one}"] for one in rules.SEVERITIES},
        found["ringing"],
    )


def of_device(device: Device, *, cursor: str | None = None, size: int = 20) -> Page[Alarm]:
    """Alarms of a device the caller may see, newest first. One query."""
    return page(Alarm.objects.filter(device=device.pk).select_related("case"), NEWEST, cursor, size)


def active_of(device_ids: Sequence[int]) -> dict[int, list[Alarm]]:
    """What is not closed of some devices, the gravest first; one query. For lists and maps."""
    found: dict[int, list[Alarm]] = {}
    rows = Alarm.objects.filter(OPEN, device__in=list(device_ids), test=False).order_by(
        "-severity", "-opened_at", "-id"
    )
    for alarm in rows:
        found.setdefault(alarm.device_id, []).append(alarm)
    return found


def steps_of(alarm: Alarm) -> list[Step]:
    """Whom the ladder told, and what came of it, in order. One query."""
    return list(alarm.steps.select_related("person").order_by("number")[:200])


def covered_by(device_id: int) -> int:
    """How many silent devices this dead gateway explains."""
    return Alarm.objects.filter(covered_by=device_id, cleared_at__isnull=True).count()


# --- false alarms -----------------------------------------------------------------------------------------------------


RATED_BY: Final = {
    "kind": ("kind", "kind"),
    "device_kind": ("device__kind", "device__kind"),
    "device": ("device__code", "device__name"),
}
_WRONG: Final = sorted(str(one) for one in rules.FALSE)
# What is counted and asked stands in the indexes alarm_rated and alarm_false, so that no alarm is read for it.
_OWN: Final = sorted(str(one) for one in rules.OWN)
_JUDGED: Final = Count("kind", filter=~Q(cause__in=_OWN))
_FALSE: Final = Count("kind", filter=Q(cause__in=_WRONG))


@dataclass(frozen=True, slots=True)
class FalseRate:
    """Of the alarms closed in a period: how many had a cause, how many of these were false; percent (None: nobody judged)."""

    key: str
    label: str
    judged: int
    false: int
    share: int | None


def false_rates(
    actor: Actor, *, since: datetime, until: datetime, by: str = "kind", area: str = "", bound: int = 100
) -> list[FalseRate]:
    """By ``kind`` (of alarm), ``device_kind`` or ``device``, the most false ones first; tests count for nothing. One query."""
    if by not in RATED_BY:
        raise Invalid(code="by_unknown", field="by")
    key, label = RATED_BY[by]
    found = (
        _rated(actor, since, until, area)
        .values(key, label)
        .annotate(judged=_JUDGED, false=_FALSE)
        .filter(judged__gt=0)
        .order_by("-false", "-judged", key)[:bound]
    )
    return [_rate(one[key], one[label], one["judged"], one["false"]) for one in found]


@dataclass(frozen=True, slots=True)
class Rates:
    """Of a period: rates by kind of alarm, by kind of device, and of the devices with the most false alarms."""

    kinds: list[FalseRate]
    device_kinds: list[FalseRate]
    devices: list[FalseRate]


def rates(actor: Actor, *, since: datetime, until: datetime, area: str = "", bound: int = 30) -> Rates:
    """The three of them; of devices only those with false alarms, found by these alone. Three queries."""
    rows = _rated(actor, since, until, area)
    judged_rows = rows.exclude(cause__in=_OWN)
    pairs = judged_rows.values_list("kind", "device__kind").annotate(judged=Count("kind"), false=_FALSE)
    by_kind: Counter[tuple[int, str]] = Counter()
    false: Counter[tuple[int, str]] = Counter()
    for *names, judged, wrong in pairs:
        for place, name in enumerate(names):
            by_kind[place, name] += judged
            false[place, name] += wrong
    split = [
        sorted(
            (
                _rate(name, name, count, false[at, name])
                for (at, name), count in by_kind.items()
                if at == place and count
            ),
            key=lambda one: (-one.false, -one.judged, one.key),
        )[:bound]
        for place in (0, 1)
    ]
    return Rates(split[0], split[1], _worst(rows, bound))


def _worst(rows: QuerySet[Alarm], bound: int) -> list[FalseRate]:
    """The devices with the most false alarms, then how many alarms of each of these were judged. Two queries."""
    wrong = (
        rows.filter(cause__in=_WRONG).values_list("device").annotate(false=Count("device")).order_by("-false", "device")
    )
    false = dict(wrong[:bound])
    judged = rows.filter(device__in=list(false)).values_list("device", "device__code", "device__name")
    found = [_rate(code, name, count, false[pk]) for pk, code, name, count in judged.annotate(judged=_JUDGED)]
    return sorted(found, key=lambda one: (-one.false, -one.judged, one.key))


@dataclass(frozen=True, slots=True)
class Waited:
    """Of the alarms of a kind that were taken in hand: how many, and how long half and nine tenths of them waited at most."""

    kind: str
    count: int
    half: timedelta
    most: timedelta


def waited(actor: Actor, *, since: datetime, until: datetime, area: str = "", bound: int = 30) -> list[Waited]:
    """By kind of alarm, those closed in the period, the slowest first; from the beginning until somebody had it. One query."""
    taken = _rated(actor, since, until, area).filter(acknowledged_at__gte=F("opened_at"))
    seconds = Extract(F("acknowledged_at") - F("opened_at"), "epoch")
    rows = taken.values("kind").annotate(
        count=Count("kind"), half=Nth(seconds, fraction=0.5), most=Nth(seconds, fraction=0.9)
    )
    return [
        Waited(one["kind"], one["count"], timedelta(seconds=one["half"]), timedelta(seconds=one["most"]))
        for one in rows.order_by("-most", "kind")[:bound]
    ]


class Nth(Aggregate):
    """The value below which a fraction of all lies, one that occurs."""

    function = "percentile_disc"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, *, fraction: float) -> None:
        super().__init__(expression, fraction=fraction)


def _rated(actor: Actor, since: datetime, until: datetime, area: str) -> QuerySet[Alarm]:
    rows = access.visible(actor).filter(closed_at__gte=since, closed_at__lt=until, test=False).order_by()
    return rows.filter(area__startswith=area) if area else rows


def _rate(key: str, label: str, judged: int, false: int) -> FalseRate:
    return FalseRate(key, label, judged, false, rules.false_share(false, judged))


# --- rules ------------------------------------------------------------------------------------------------------------


def rules_of(device: Device) -> list[Applied]:
    """The rules that apply to a device and where each comes from, switched-off offers included. One query."""
    return list(rulebook().of(device).by_code.values())


def defaults_of(device_kind: str) -> list[Any]:
    """What holds everywhere for a kind of device, unless a place says otherwise."""
    if device_kind not in kinds():
        raise Invalid(code="kind_unknown", field="device_kind")
    return list(default_rules(device_kind))


def default_of(device_kind: str, code: str) -> Rule | None:
    """The rule of a code that comes with a kind of device."""
    return next((one for one in default_rules(device_kind) if one.code == code), None)


def own_rules(actor: Actor, *, device_kind: str = "", cursor: str | None = None, size: int = 50) -> Page[AlarmRule]:
    """What places say otherwise, in force now, by kind of device and code, a wide area before those in it. One query."""
    rows = access.visible_rules(actor).filter(current=True).select_related("device")
    if device_kind:
        rows = rows.filter(device_kind=device_kind) if device_kind in kinds() else rows.none()
    return page(rows, OWN_RULES, cursor, size)


def versions(row: AlarmRule, *, bound: int = 50) -> list[AlarmRule]:
    """All versions of one saved rule, the newest first. One query."""
    same = {"code": row.code, "device_kind": row.device_kind, "device": row.device_id, "area": row.area}
    return list(AlarmRule.objects.filter(**same).order_by("-version")[:bound])


# --- tests ------------------------------------------------------------------------------------------------------------


def drills_overdue(
    actor: Actor, *, now: datetime, area: str = "", cursor: str | None = None, size: int = 50
) -> Page[Device]:
    """Devices that call for help and were not tested for a month (``last_drill`` empty: never), by code. One query."""
    urgent = [one.code for one in kinds().values() if one.urgent or one.urgent_fields]
    last = Drill.objects.filter(device=OuterRef("pk"), answered_at__isnull=False).order_by().values("device")
    since = now - DRILL_EVERY
    rows = devices.visible(actor).filter(kind__in=urgent, state="active", created_at__lt=since)
    if area:
        rows = rows.filter(area__startswith=area)
    tested = Drill.objects.filter(device=OuterRef("pk"), answered_at__gte=since)
    rows = rows.filter(~Exists(tested)).annotate(last_drill=Subquery(last.annotate(at=Max("answered_at")).values("at")))
    return page(rows, ("code",), cursor, size)


def drills_of(device: Device, *, bound: int = 24) -> list[Drill]:
    """Tests of a device, the newest first. One query."""
    return list(Drill.objects.filter(device=device.pk).select_related("alarm").order_by("-id")[:bound])


def open_drill(device: Device, *, now: datetime) -> Drill | None:
    """The test that waits for the device's button just now."""
    return Drill.objects.filter(device=device.pk, ended_at__isnull=True, until__gte=now).first()
