"""Who may see a case, and what an actor is to it. Views and the API get cases only through here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet

from huying.ground.organisation.models import Unit
from huying.ground.territory.queries import Place
from huying.kernel.actor import Actor, Duty
from huying.kernel.errors import NotFound

from .models import NOT_LEADING, Assignment, Case
from .rules import Action, Party

_AREA_ROLES: dict[str, Party] = {
    "seat": Party.SEAT,
    "dispatcher": Party.DISPATCHER,
    "centre_lead": Party.CENTRE,
    "checker": Party.CHECKER,
    "supervisor": Party.SUPERVISOR,
}
# Roles that see every case of their area; ``discipline`` and ``admin`` see and do nothing.
_AREA_READERS = (*_AREA_ROLES, "discipline", "grid_lead")
_UNIT_ROLES = ("handler", "unit_lead")
# A key for systems reads with one scope and acts with another: as its unit's handler, or, for an area, as its seat.
_KEY_READS, _KEY_ACTS = "scope:cases:read", "scope:cases:act"
_KEY_PARTIES = frozenset({Party.SEAT, Party.DISPATCHER})
_COUNTY_DIGITS = 6
_FIELD_BY_DIGITS = {6: "county", 9: "town", 12: "community", 15: "grid", 17: "grid"}
_ENDED_BEFORE_WORK = (Assignment.State.RECALLED, Assignment.State.DROPPED)


@dataclass(frozen=True, slots=True)
class Standing:
    """What an actor is to a case and may do with it, worked out once for everything one page draws of it."""

    actor: Actor
    parties: frozenset[Party]
    allowed: tuple[Action, ...]


def standing(actor: Actor, case: Case) -> Standing | None:
    """What was already worked out for this actor and this reading of the case."""
    kept: Standing | None = case.standing
    return kept if kept is not None and kept.actor == actor else None


def area_of(placed: Case | Place) -> str:
    """The most exact area code known of a case or a place; "" when there is none."""
    return placed.grid or placed.community or placed.town


def covers(area: str, case: Case) -> bool:
    """Whether an area prefix covers the case. A case of unknown place belongs to the whole county and above."""
    if not area:
        return True
    place = area_of(case) or case.county
    return place.startswith(area) if place else len(area) <= _COUNTY_DIGITS


def area_filter(area: str) -> Q:
    """The same as :func:`covers`, as a condition the indexes serve."""
    if not area:
        return Q()
    field = _FIELD_BY_DIGITS.get(len(area))
    if field is None:
        return Q(county__startswith=area) | Q(county="")
    inside = Q(**{field: area})
    return inside | Q(county="") if len(area) <= _COUNTY_DIGITS else inside


def _unit_filter(duty: Duty) -> Q:
    assisting = _asked(unit__path__startswith=duty.unit_path).filter(case=OuterRef("pk"))
    return (
        Q(lead_unit__path__startswith=duty.unit_path)
        | Q(first_asked_unit__path__startswith=duty.unit_path)
        | Q(Exists(assisting))
    )


def _unit_ways(paths: Sequence[str]) -> list[Q]:
    """The parts of :func:`_unit_filter` for all units of an actor, by their ids: then each is served by one index."""
    below = Q()
    for path in paths:
        below |= Q(path__startswith=path)
    ids = list(Unit.objects.filter(below).order_by("id").values_list("id", flat=True))
    asked = _asked(unit__in=ids).filter(NOT_LEADING).values("case")
    # As an array the few cases are looked up by key; as a subquery they would be merged with the index of all cases.
    few = Func(
        F("pk"), ArraySubquery(asked), template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField()
    )
    return [Q(lead_unit__in=ids), Q(first_asked_unit__in=ids), Q(few)]


def _asked(**units: Any) -> QuerySet[Assignment]:
    return Assignment.objects.filter(**units).exclude(state__in=_ENDED_BEFORE_WORK)


def ways(actor: Actor) -> list[Q]:
    """Conditions whose union is what the actor may read (:func:`visible`), each easy for an index.

    Empty when ``visible`` is as good: for whoever sees a whole county or more, or for one reason only. One query for
    the units of an actor who belongs to some.
    """
    paths: list[str] = []
    found: list[Q] = []
    for duty in actor.duties:
        if duty.role in _AREA_READERS or (duty.role == _KEY_READS and not duty.unit_path):
            if len(duty.area) <= _COUNTY_DIGITS:
                return []
            found.append(area_filter(duty.area))
        elif duty.role in (*_UNIT_ROLES, _KEY_READS) and duty.unit_path:
            paths.append(duty.unit_path)
        elif duty.role == "grid_worker" and len(duty.area) >= 15:
            found.append(Q(grid=duty.area))
    if actor.person_id is not None:
        found.append(Q(lead_person=actor.person_id))
    if paths:
        found.extend(_unit_ways(paths))
    return found if len(found) > 1 else []


def within(actor: Actor, cases: QuerySet[Case]) -> QuerySet[Case]:
    """Those of ``cases`` (already narrowed by filters) that the actor may read; for counting and for maps."""
    found = ways(actor)
    if not found:
        return cases & visible(actor)
    branches = [cases.order_by().filter(way).values("pk") for way in found]
    return Case.objects.filter(pk__in=branches[0].union(*branches[1:], all=True))


def visible(actor: Actor) -> QuerySet[Case]:
    """Every case the actor may read."""
    if actor.kind == "system":
        return Case.objects.all()
    seen = Q(pk__in=[])
    for duty in actor.duties:
        if duty.role in _AREA_READERS or (duty.role == _KEY_READS and not duty.unit_path):
            if not duty.area:
                return Case.objects.all()
            seen |= area_filter(duty.area)
        elif duty.role in (*_UNIT_ROLES, _KEY_READS) and duty.unit_path:
            seen |= _unit_filter(duty)
        elif duty.role == "grid_worker":
            seen |= Q(grid=duty.area) if len(duty.area) >= 15 else Q(pk__in=[])
    if actor.person_id is not None:
        seen |= Q(lead_person=actor.person_id)
    return Case.objects.filter(seen)


def get_case(actor: Actor, case_id: int) -> Case:
    """The case, or :class:`NotFound` for a stranger — the same answer as for a case that does not exist."""
    case = (
        visible(actor)
        .select_related("item", "lead_unit", "lead_person", "first_asked_unit", "merged_into")
        .filter(pk=case_id)
        .first()
    )
    if case is None:
        raise NotFound(code="case_not_found")
    return case


def parties(actor: Actor, case: Case) -> frozenset[Party]:
    """What the actor is to the case. An actor of kind ``reporter`` is made by the senses, which know who said what."""
    if actor.kind == "system":
        return frozenset({Party.SYSTEM})
    if actor.kind == "reporter":
        return frozenset({Party.REPORTER})
    if (kept := standing(actor, case)) is not None:
        return kept.parties
    found = {_AREA_ROLES[duty.role] for duty in actor.duties if duty.role in _AREA_ROLES and covers(duty.area, case)}
    if any(duty.role == _KEY_ACTS and not duty.unit_path and covers(duty.area, case) for duty in actor.duties):
        found |= _KEY_PARTIES
    of_units = unit_duties(actor)
    if case.lead_unit is not None:
        for duty in of_units:
            if case.lead_unit.path.startswith(duty.unit_path):
                found.add(Party.LEAD_HEAD if duty.role == "unit_lead" else Party.LEAD)
    if actor.person_id is not None and actor.person_id == case.lead_person_id:
        found.add(Party.LEAD)
    if of_units and assisting_units(case.pk, of_units):
        found.add(Party.ASSIST)
    return frozenset(found)


def unit_duties(actor: Actor) -> list[Duty]:
    """The duties by which somebody, or a unit's own system, does what its unit is asked to do."""
    return [duty for duty in actor.duties if duty.role in (*_UNIT_ROLES, _KEY_ACTS) and duty.unit_path]


def assisting_units(case_id: int, duties: list[Duty]) -> list[int]:
    """Ids of the assisting units of a case that fall under the given duties."""
    mine = Q(pk__in=[])
    for duty in duties:
        mine |= Q(unit__path__startswith=duty.unit_path)
    return list(
        Assignment.objects.filter(mine, case_id=case_id, role=Assignment.Role.ASSIST)
        .exclude(state__in=_ENDED_BEFORE_WORK)
        .values_list("unit_id", flat=True)
    )


def is_reader_only(actor: Actor) -> bool:
    """Discipline and other readers: they see, they do not act."""
    return bool(actor.duties) and all(duty.role in {"discipline", "admin"} for duty in actor.duties)
