"""Ladders as they are held: those that come with the program and what places say otherwise, each in versions with a source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db.models import Case, DateTimeField, F, Q, QuerySet, When

from huying.ground.organisation.queries import directory
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.paging import Page, page
from huying.senses.devices import access as devices
from huying.senses.devices.models import Device

from . import ladder
from .ladder import Policy, Rung
from .models import Alarm, LadderPolicy
from .people import Called, rota_for
from .rulebook import Rulebook

Key = tuple[str, str, int]  # area, kind of alarm, severity
ORDER: Final = ("kind", "area", "severity")
PAGE_SIZE: Final = 30
SUGGESTED: Final = {"now": 4, "urgent": 3}  # a rule's own ladder, as the severity whose policy is walked


@dataclass(frozen=True, slots=True)
class Held:
    """One ladder. ``row``: the version of a place that is in force (None: it comes with the program, or none is yet);
    ``coming``: the next version, in force later; ``begins``: none holds yet, the policy is that of the one coming."""

    policy: Policy
    row: LadderPolicy | None = None
    coming: LadderPolicy | None = None
    begins: bool = False

    @property
    def key(self) -> Key:
        return self.policy.area, self.policy.kind, self.policy.severity


def key_of(row: LadderPolicy | Policy) -> Key:
    return row.area, row.kind, row.severity


def policy_of(row: LadderPolicy) -> Policy:
    return Policy(row.area, row.kind, row.severity, ladder.parse_rungs(row.rungs), row.source, row.source_en)


def in_force(now: datetime, areas: Iterable[str]) -> list[Policy]:
    """The ladders in force that alarms of these areas may walk: of rows for the same area, kind and severity the latest, and
    behind them the defaults. One query, over rows of these areas and those they lie in alone."""
    wider = {area[:length] for area in set(areas) for length in range(len(area) + 1)}
    held: dict[Key, Policy] = {key_of(one): one for one in ladder.defaults()}
    held |= {key_of(row): policy_of(row) for row in _holding(LadderPolicy.objects.filter(area__in=wider), now)}
    return list(held.values())


def _holding(rows: QuerySet[LadderPolicy], now: datetime) -> QuerySet[LadderPolicy]:
    """Of each area, kind and severity the version in force."""
    begun = rows.filter(valid_from__lte=now)
    return begun.order_by("area", "kind", "severity", "-valid_from", "-id").distinct("area", "kind", "severity")


def _coming(rows: QuerySet[LadderPolicy], now: datetime) -> QuerySet[LadderPolicy]:
    """Of each the version that comes next."""
    later = rows.filter(valid_from__gt=now)
    return later.order_by("area", "kind", "severity", "valid_from", "id").distinct("area", "kind", "severity")


def ladder_of(alarm: Alarm, policies: Sequence[Policy], book: Rulebook) -> Policy | None:
    """The ladder an alarm (with its device) walks."""
    rule = book.of(alarm.device).rule(alarm.rule)
    severity = max(alarm.peak, SUGGESTED.get(rule.ladder, 1) if rule else 1)
    return ladder.pick(policies, area=alarm.area, kind=alarm.kind, severity=severity)


# --- for those who look after them ------------------------------------------------------------------------------------


def visible(actor: Actor) -> QuerySet[LadderPolicy]:
    """Ladders of places that concern the actor's areas, those of wider areas included."""
    if "" in (areas := devices.areas(actor)):
        return LadderPolicy.objects.all()
    found = Q(pk__in=[])
    for area in areas:
        found |= _around(area)
    return LadderPolicy.objects.filter(found)


def everywhere(actor: Actor, *, now: datetime, kind: str | None = None) -> list[Held]:
    """The ladders that hold everywhere, by kind of alarm: those that come with the program and what is said otherwise for all
    areas. As many as there are kinds and severities. ``kind``: of that kind alone (``""``: those for any). Two queries."""
    found = _held(visible(actor).filter(area=""), now).values()
    return sorted((one for one in found if kind in (None, one.policy.kind)), key=lambda one: one.key)


def of_places(
    actor: Actor, *, now: datetime, kind: str | None = None, area: str = "", cursor: str | None = None, size: int = PAGE_SIZE,
) -> Page[Held]:  # fmt: skip
    """What places say otherwise and concerns the actor, by kind of alarm, a wide area before those in it.

    ``area``: what concerns an area, that is its own, those of wider and of narrower ones. Two queries.
    """
    rows = visible(actor).exclude(area="")
    if kind is not None:
        rows = rows.none() if "\x00" in kind else rows.filter(kind=kind)
    if area:
        rows = rows.filter(_around(area))
    found = page(LadderPolicy.objects.filter(pk__in=_leading(rows, now).values("pk")), ORDER, cursor, size)
    keys = {key_of(row) for row in found.rows}
    areas, kinds = {key[0] for key in keys}, {key[1] for key in keys}
    coming = {key_of(row): row for row in _coming(rows.filter(area__in=areas, kind__in=kinds), now)} if keys else {}
    return Page([_shown(row, coming.get(key_of(row)), now) for row in found.rows], found.next, found.prev)


def _around(area: str) -> Q:
    """Of an area, of those in it and of those it lies in."""
    return Q(area__startswith=area) | Q(area__in=[area[:length] for length in range(len(area))])


def _leading(rows: QuerySet[LadderPolicy], now: datetime) -> QuerySet[LadderPolicy]:
    """Of each area, kind and severity the version in force; where none is yet, the next one."""
    begun = Case(When(valid_from__lte=now, then="valid_from"), output_field=DateTimeField())
    order = (F("begun").desc(nulls_last=True), "valid_from", "id")
    return rows.annotate(begun=begun).order_by("area", "kind", "severity", *order).distinct("area", "kind", "severity")


def _shown(row: LadderPolicy, coming: LadderPolicy | None, now: datetime) -> Held:
    if row.valid_from > now:
        return Held(policy_of(row), None, row, begins=True)
    return Held(policy_of(row), row, coming)


def one(actor: Actor, key: Key, *, now: datetime) -> Held | None:
    """One of them. Two queries."""
    return _held(_of(actor, key), now).get(key)


def _held(rows: QuerySet[LadderPolicy], now: datetime) -> dict[Key, Held]:
    """Of some rows, and of all that comes with the program, the ladders."""
    found: dict[Key, Held] = {key_of(one): Held(one) for one in ladder.defaults()}
    found |= {key_of(row): Held(policy_of(row), row) for row in _holding(rows, now)}
    for row in _coming(rows, now):
        before = found.get(key_of(row))
        found[key_of(row)] = replace(before, coming=row) if before else Held(policy_of(row), None, row, begins=True)
    return found


def _of(actor: Actor, key: Key) -> QuerySet[LadderPolicy]:
    area, kind, severity = key
    rows = visible(actor)
    return rows.none() if "\x00" in area + kind else rows.filter(area=area, kind=kind, severity=severity)


def versions(actor: Actor, key: Key, *, bound: int = 50) -> list[LadderPolicy]:
    """All versions of one ladder of a place, the newest first. One query."""
    return list(_of(actor, key).order_by("-valid_from", "-id")[:bound])


@dataclass(frozen=True, slots=True)
class Calling:
    """Whom a rung would call: people as they are found now, and parts for which nobody is."""

    rung: Rung
    called: tuple[Called, ...]
    nobody: tuple[str, ...]


def would_call(device: Device, policy: Policy, *, now: datetime) -> list[Calling]:
    """Who would be called if an alarm of this device walked this ladder now. Nothing is written, nobody is told."""
    alarm = Alarm(device=device, area=device.area, kind=policy.kind, severity=policy.severity, peak=policy.severity)
    rota = rota_for([alarm], directory(on=local_day(now)), now)
    found = []
    for rung in policy.rungs:
        called: dict[tuple[int | None, int | None], Called] = {}
        nobody = []
        for who in rung.who:
            people = rota.of(alarm, who)
            if not people:
                nobody.append(who)
            for each in people:
                called.setdefault((each.person_id, each.contact_rank), each)
        found.append(Calling(rung, tuple(called.values()), tuple(nobody)))
    return found
