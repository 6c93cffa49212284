"""What the registry's screens read: lists within filters, one record with what belongs to it, who looked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import BigIntegerField, Count, Exists, F, Func, Max, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast

from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page
from huying.kernel.privacy import AccessEntry

from . import access
from .knowing.measures import lacking
from .knowing.points import point_of
from .masking import is_named, label
from .models import (
    CareEntry,
    Change,
    Consent,
    Facility,
    Household,
    Organisation,
    Premises,
    Proposal,
    Record,
    Relation,
    Residence,
    Resident,
    RightsRequest,
    State,
)
from .models.keeping import Likeness
from .queries import matching
from .words import EMERGENCY

PAGE_SIZE: Final = 50
MOST_BELOW: Final = 200  # rooms and people shown under one premises
FOUND_KINDS: Final = ("person", "premises", "organisation", "facility")
FEW: Final = 8
LOOKED_FOR_NAME: Final = 100  # of the people a word finds: whose whole name it is stands before those it is a part of
MOST_COUNTED: Final = 100
LOOKS_JUDGED: Final = 5_000  # of the latest looks, for who looks much
_FRESH: Final = {"fresh": (0, 90), "half": (182, None), "year": (365, None)}
_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "person": ("home",),
    "household": ("premises", "head"),
    "organisation": ("premises",),
    "facility": ("premises", "keeper"),
    "care": ("resident", "resident__home", "responsible"),
    "relation": ("resident", "other"),
    "residence": ("resident", "premises"),
    "premises": (),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed by; empty values narrow nothing."""

    words: str = ""
    area: str = ""
    premises_kind: str = ""
    risk: str = ""
    fresh: str = ""
    list: str = ""
    lacks: str = ""
    ended: bool = False


def wished(actor: Actor, kind: str, filters: Filters, now: datetime) -> QuerySet[Any]:
    """The records of a kind that the actor may see and the filters let through, with what their row shows."""
    rows = access.visible(actor, kind, filters.area).select_related(*_BESIDE[kind])
    if not filters.ended:
        rows = rows.filter(state=State.ACTIVE)
    if filters.fresh in _FRESH:
        least, most = _FRESH[filters.fresh]
        rows = rows.filter(checked_at__lte=now - timedelta(days=least))
        if most is not None:
            rows = rows.filter(checked_at__gt=now - timedelta(days=most))
    if kind == "premises":
        narrow = {"kind": filters.premises_kind, "risk": filters.risk}
        rows = rows.filter(**{name: value for name, value in narrow.items() if value})
    if kind == "care" and filters.list:
        rows = rows.filter(list=filters.list)
    if filters.lacks and (point := point_of(filters.lacks)) is not None and point.how.kind == kind:
        rows = rows.filter(lacking(point.measure, point.days, now))
    return rows.filter(matching(kind, filters.words)) if filters.words else rows


def listed(actor: Actor, kind: str, filters: Filters, now: datetime, cursor: str | None) -> Page[Any]:
    """One page, by area. One query, which first takes the keys of the page and joins what its rows show to these alone."""
    return page(wished(actor, kind, filters, now), ("area", "id"), cursor, PAGE_SIZE, ways=(Q(),))


def found(actor: Actor, filters: Filters, now: datetime) -> list[tuple[str, list[Record], bool]]:
    """The first few of every kind that is searched by words, whoever is called so first, and whether there are more. One query
    a kind.
    """
    groups = []
    for kind in FOUND_KINDS:
        most = LOOKED_FOR_NAME if kind == "person" else FEW + 1
        rows = list(wished(actor, kind, filters, now).order_by("area", "id")[:most])
        if rows:
            rows.sort(key=lambda row: not is_named(row, filters.words))
            groups.append((kind, rows[:FEW], len(rows) > FEW))
    return groups


# --- one record ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Beside:
    """What belongs to one record."""

    above: list[Premises] = field(default_factory=list)
    below: list[Premises] = field(default_factory=list)
    people: list[Residence] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)
    facilities: list[Facility] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    residences: list[Residence] = field(default_factory=list)
    care: list[CareEntry] = field(default_factory=list)


def above(premises: Premises | None) -> list[Premises]:
    """The premises this one lies in, from the top down. One query."""
    if premises is None:
        return []
    table = Premises._meta.db_table
    rows = Premises.objects.raw(
        f"WITH RECURSIVE up AS (SELECT p.*, 0 AS depth FROM {table} p WHERE p.uid = %s"
        f" UNION ALL SELECT p.*, up.depth + 1 FROM {table} p JOIN up ON p.uid = up.parent_id WHERE up.depth < 12)"
        " SELECT * FROM up ORDER BY depth DESC",
        [premises.uid],
    )
    return list(rows)


def beside(actor: Actor, record: Record) -> Beside:
    """Everything around a record that its page shows, a bounded number of queries whatever its size."""
    active = {"state": State.ACTIVE}
    if isinstance(record, Resident):
        return Beside(
            above=above(record.home),
            relations=list(
                Relation.objects.filter(resident=record, **active)
                .select_related("other")
                .order_by(F("emergency_rank").asc(nulls_last=True), "id")[:MOST_BELOW]
            ),
            residences=list(
                Residence.objects.filter(resident=record, **active)
                .select_related("premises", "household")
                .order_by(F("until").desc(nulls_first=True), "-since", "id")[:MOST_BELOW]
            ),
            care=list(
                access.visible(actor, "care").filter(resident=record).select_related("responsible").order_by("-since")
            ),
        )
    if isinstance(record, Premises):
        return Beside(
            above=above(record)[:-1],
            below=_below(record),
            people=_people(actor, Q(premises=record, until=None)),
            households=list(Household.objects.filter(premises=record, **active).select_related("head")[:MOST_BELOW]),
            organisations=list(Organisation.objects.filter(premises=record, **active).order_by("name")[:MOST_BELOW]),
            facilities=list(Facility.objects.filter(premises=record, **active).order_by("name")[:MOST_BELOW]),
        )
    if isinstance(record, Household):
        return Beside(above=above(record.premises), people=_people(actor, Q(household=record, until=None)))
    if isinstance(record, Organisation):
        keeps = Facility.objects.filter(keeper=record, **active).order_by("name")[:MOST_BELOW]
        return Beside(above=above(record.premises), facilities=list(keeps))
    return Beside(above=above(getattr(record, "premises", None)))


def _below(premises: Premises) -> list[Premises]:
    lives = Count(
        "residences", filter=Q(residences__state=State.ACTIVE, residences__kind="lives", residences__until=None)
    )
    rows = Premises.objects.filter(parent=premises, state=State.ACTIVE).annotate(people=lives)
    return sorted(rows.defer("find")[: MOST_BELOW * 5], key=lambda one: _natural(one.name))


def _natural(name: str) -> list[tuple[int, int, str]]:
    """2栋 before 10栋."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]


def _people(actor: Actor, where: Q) -> list[Residence]:
    near = access.within(access.areas(actor), "resident__area")
    rows = Residence.objects.filter(where, near, state=State.ACTIVE, resident__state=State.ACTIVE)
    return list(rows.select_related("resident").order_by("kind", "id")[:MOST_BELOW])


def history(record: Record, *, cursor: str | None, size: int = 20) -> Page[Change]:
    """Who changed what when, latest first. One query."""
    return page(Change.objects.filter(kind=record.KIND, subject=record.uid), ("-version",), cursor, size)


def open_proposals(record: Record) -> list[Proposal]:
    """What waits about this record."""
    rows = Proposal.objects.filter(kind=record.KIND, subject=record.uid, state__in=("waiting", "conflict"))
    return list(rows.order_by("id")[:20])


def likenesses_of(record: Record) -> list[Likeness]:
    """With which records this one may be the same."""
    rows = Likeness.objects.filter(Q(one=record.uid) | Q(other=record.uid), kind=record.KIND, state="open")
    return list(rows.order_by("id")[:10])


def likeness_of(kind: str, one: UUID, other: UUID) -> Likeness | None:
    """The open pair of two records, if they were found alike."""
    low, high = sorted((one, other))
    return Likeness.objects.filter(kind=kind, one=low, other=high, state="open").first()


# --- queues --------------------------------------------------------------------------------------------------------


def proposals(actor: Actor, *, state: str, mine: bool, subject: str = "", cursor: str | None) -> Page[Proposal]:
    """What waits for a decision of this actor, who decides on nothing of their own; or what they themselves proposed. One query."""
    rows = Proposal.objects.all()
    if mine:
        rows = rows.filter(author=actor.ref)
        return page(rows, ("-id",), cursor, PAGE_SIZE)
    rows = rows.filter(access.within(access.areas(actor, access.DECIDE)))
    if _is_uid(subject):
        rows = rows.filter(subject=subject)
    wanted = (state,) if state in ("waiting", "conflict") else ("waiting", "conflict")
    return page(rows.filter(state__in=wanted).exclude(author=actor.ref), ("id",), cursor, PAGE_SIZE)


def _is_uid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def count_of_proposals(actor: Actor) -> int:
    """How many wait, counted as far as ``MOST_COUNTED``. One query."""
    rows = Proposal.objects.filter(
        access.within(access.areas(actor, access.DECIDE)), state__in=("waiting", "conflict")
    ).exclude(author=actor.ref)
    return rows[:MOST_COUNTED].count()


def likenesses(actor: Actor, *, cursor: str | None) -> Page[Likeness]:
    """Pairs that may be the same, within what the actor may merge. One query."""
    rows = Likeness.objects.filter(access.within(access.areas(actor, access.DECIDE)), state="open")
    return page(rows, ("id",), cursor, 20)


def records_of(kind_uids: Sequence[tuple[str, Any]]) -> dict[tuple[str, str], Record]:
    """Many records by kind and uid, one query a kind."""
    from .models import MODELS

    found_: dict[tuple[str, str], Record] = {}
    for kind in {kind for kind, _uid in kind_uids}:
        uids = [uid for one, uid in kind_uids if one == kind]
        for record in MODELS[kind]._default_manager.filter(uid__in=uids).select_related(*_BESIDE[kind]):
            found_[kind, str(record.uid)] = record
    return found_


def labels_of(refs: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """uid (or staff number) → words, for references to records; one query for each kind referred to."""
    from huying.ground.organisation.models import Person

    said: dict[str, str] = {}
    for to, uids in refs.items():
        wanted = [str(one) for one in uids if one]
        if not wanted:
            continue
        if to == "staff":
            said.update({one.number: one.label for one in Person.objects.filter(number__in=wanted)})
        else:
            said.update({uid: label(one) for (_k, uid), one in records_of([(to, uid) for uid in wanted]).items()})
    return said


def consents(resident: Resident) -> list[Consent]:
    """What somebody has agreed to, latest first, withdrawn ones among them. One query."""
    return list(Consent.objects.filter(resident=resident).order_by("-given_at", "-id")[:50])


def requests(actor: Actor, *, state: str, cursor: str | None) -> Page[RightsRequest]:
    """What residents ask about their own data, the nearest due first (answered ones latest first). One query."""
    rows = RightsRequest.objects.filter(access.within(access.areas(actor, access.DECIDE))).select_related("resident")
    if state == "answered":
        return page(rows.exclude(state="open"), ("-id",), cursor, PAGE_SIZE)
    return page(rows.filter(state="open"), ("due_at", "id"), cursor, PAGE_SIZE)


# --- who looked ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody among the latest looks: how often, at how many people."""

    ref: str
    name: str
    looks: int
    people: int
    last: datetime
    most_a_day: int

    @property
    def heavy(self) -> bool:
        """More people in a day than anybody can visit."""
        return self.most_a_day > HEAVY_A_DAY


HEAVY_A_DAY: Final = 60


def _looks(areas: Sequence[str]) -> QuerySet[AccessEntry]:
    """Looks at residents who live within the areas."""
    number = Cast(
        Func(F("subject"), Value(r"^resident:(\d{1,18})$"), function="substring"), output_field=BigIntegerField()
    )
    rows = AccessEntry.objects.filter(subject__startswith="resident:")
    if "" in areas:
        return rows
    where = access.within(areas)
    return rows.annotate(number=number).filter(Exists(Resident.objects.filter(where, pk=OuterRef("number"))))


def looks(
    areas: Sequence[str], *, who: str = "", why: str = "", resident: int | None = None, since: datetime | None = None,
    emergency: bool = False, cursor: str | None = None,
) -> Page[AccessEntry]:  # fmt: skip
    """Who looked at whom, latest first. One query."""
    rows = _looks(areas)
    if who:
        rows = rows.filter(Q(actor_name__icontains=who) | Q(actor_ref=who))
    if why:
        rows = rows.filter(why__icontains=why)
    if resident is not None:
        rows = rows.filter(subject=f"resident:{resident}")
    if since is not None:
        rows = rows.filter(at__gte=since)
    if emergency:
        rows = rows.filter(why__startswith=EMERGENCY)
    return page(rows, ("-id",), cursor, PAGE_SIZE)


def readers(areas: Sequence[str], now: datetime) -> list[Reader]:
    """Who looked most in the last week, judged over a bounded number of the latest looks. One query."""
    latest = _looks(areas).filter(at__gte=now - timedelta(days=7)).order_by("-id").values("pk")[:LOOKS_JUDGED]
    rows = (
        AccessEntry.objects.filter(pk__in=latest)
        .values("actor_ref", "at__date")
        .annotate(name=Max("actor_name"), looks=Count("id"), people=Count("subject", distinct=True), last=Max("at"))
    )
    by_ref: dict[str, list[Any]] = {}
    for row in rows:
        by_ref.setdefault(row["actor_ref"], []).append(row)
    made = [
        Reader(
            ref,
            days[0]["name"],
            sum(day["looks"] for day in days),
            max(day["people"] for day in days),
            max(day["last"] for day in days),
            max(day["people"] for day in days),
        )
        for ref, days in by_ref.items()
    ]
    return sorted(made, key=lambda one: -one.looks)[:10]


def residents_named(entries: Sequence[AccessEntry]) -> dict[str, Resident]:
    """subject → resident, for the log. One query."""
    numbers = [int(one.subject.partition(":")[2]) for one in entries if one.subject[9:].isdecimal()]
    return {f"resident:{one.pk}": one for one in Resident.objects.filter(pk__in=numbers)} if numbers else {}
