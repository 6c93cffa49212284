"""Every read of cases a screen or the API needs. Lists page by key; nothing here counts a million rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from huying.ground.organisation.models import Unit
from huying.kernel import terms, trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.gathering import ask_together, often
from huying.kernel.paging import Page, cursor_after, page
from huying.kernel.privacy import unseal

from . import access
from .models import Assignment, Case
from .rules import State
from .turns import chain

NEWEST = ("-id",)
BY_DUE = ("due_at", "id")
OVERDUE = "overdue"  # as a light: red or black, whichever of the case's limits it is
_NEWEST_OPENED = ("-opened_at", "-id")
PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
# Long columns that no list shows.
_NOT_LISTED = (
    *("terms", "proposals", "summary"),
    *(f"item__{name}" for name in ("phrases", "respond", "close", "conditions", "law_basis", "source", "source_note")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list is narrowed to; every field is optional and all must hold. Stays in the address of the page."""

    q: str = ""
    state: str = ""
    open: bool | None = None
    light: str = ""
    item: str = ""
    class_code: str = ""
    area: str = ""
    unit: int | None = None
    first_asked: int | None = None
    person: int | None = None
    channel: str = ""
    urgent: bool | None = None
    returned: bool | None = None
    late: bool | None = None
    opened_from: datetime | None = None
    opened_to: datetime | None = None
    subject: str = ""

    def is_empty(self) -> bool:
        return all(getattr(self, field.name) in ("", None) for field in fields(self))


def narrowed(cases: QuerySet[Case], filters: Filters) -> QuerySet[Case]:
    """Apply the filters."""
    wanted: dict[str, Any] = {
        "state": filters.state,
        "light": filters.light if filters.light != OVERDUE else "",
        "item_code": filters.item,
        "class_code": filters.class_code,
        "lead_unit": filters.unit,
        "first_asked_unit": filters.first_asked,
        "lead_person": filters.person,
        "channel": filters.channel,
        "open": filters.open,
        "urgent": filters.urgent,
        "closed_late": filters.late,
        "opened_at__gte": filters.opened_from,
        "opened_at__lt": filters.opened_to,
    }
    cases = cases.filter(**{name: value for name, value in wanted.items() if value not in ("", None)})
    if filters.light == OVERDUE:
        cases = cases.filter(light__in=("red", "black"))
    if filters.area:
        cases = cases.filter(access.area_filter(filters.area))
    if filters.returned is not None:
        cases = cases.filter(returns__gt=0) if filters.returned else cases.filter(returns=0)
    if filters.subject:
        cases = cases.filter(about(filters.subject))
    if filters.q.strip():
        cases = cases.filter(_search(filters.q))
    return cases


_ABOUT = (
    f"WITH RECURSIVE named AS (SELECT id, merged_into_id FROM {Case._meta.db_table}"
    " WHERE subjects @> ARRAY[%s]::varchar[] UNION SELECT c.id, c.merged_into_id"
    f" FROM {Case._meta.db_table} c JOIN named ON c.id = named.merged_into_id)"
    " SELECT id FROM named WHERE merged_into_id IS NULL"
)


def about(mark: str) -> Q:
    """The condition that a case is about a subject; where it was merged into another, the other stands for it."""
    return Q(pk__in=RawSQL(_ABOUT, [mark]))


def about_subject(actor: Actor, mark: str, *, most: int) -> list[Case]:
    """What there is about a subject and the actor may see, open ones first, newest first; up to ``most``.

    One query, one more for an actor who belongs to a unit.
    """
    rows = access.within(actor, Case.objects.filter(about(mark))).select_related("item").defer(*_NOT_LISTED)
    return list(rows.order_by("-open", "-id")[:most])


def _search(text: str) -> Q:
    """By number when it looks like one, else by the words of title, place and beginning of the text."""
    text = text.strip()
    if text.replace("-", "").isdecimal() and len(text) >= 8:
        return Q(number__startswith=text)
    query = terms.query(text)
    if not query:
        return Q(pk__in=[])
    return Q(terms=SearchQuery(query, search_type="raw", config="simple"))


def list_page(
    actor: Actor,
    filters: Filters,
    *,
    order: Sequence[str] = NEWEST,
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[Case]:
    """One page of the cases the actor may see: one query with item, unit and person joined, two by due time.

    One more for an actor who belongs to a unit.
    """
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise Invalid(field="size")
    ways = access.ways(actor)
    cases = narrowed(Case.objects.all() if ways else access.visible(actor), filters)
    if tuple(order) == BY_DUE:
        cases = cases.filter(open=True)
    rows = cases.select_related("item", "lead_unit", "lead_person").defer(*_NOT_LISTED)
    return page(rows, _order(order, filters), cursor, size, ways)


def cursor_at(filters: Filters, case: Case) -> str:
    """The cursor of the page that begins behind a case, newest first."""
    return cursor_after(Case.objects.all(), _order(NEWEST, filters), case)


def _order(order: Sequence[str], filters: Filters) -> tuple[str, ...]:
    """Newest first within a stretch of days is read along those days: what is newer is not walked through."""
    between = filters.opened_from is not None or filters.opened_to is not None
    return _NEWEST_OPENED if between and tuple(order) == NEWEST else tuple(order)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a case's history; ``texts`` are the erasable words by label, gone once erased."""

    seq: int
    at: datetime
    verb: str
    actor_ref: str
    actor_name: str
    unit_id: int | None
    body: dict[str, Any]
    texts: dict[str, str]


def timeline(case_id: int, *, limit: int = 500) -> list[TimelineEntry]:
    """The whole history of a case from its trace; two queries."""
    name = chain(case_id)
    texts: dict[int, dict[str, str]] = {}
    for seq, label, sealed in trace.PrivateValue.objects.filter(chain=name).values_list("seq", "label", "sealed"):
        texts.setdefault(seq, {})[label] = unseal(sealed)
    rows = trace.Entry.objects.filter(chain=name).order_by("seq")[:limit]
    return [
        TimelineEntry(
            row.seq,
            row.at,
            row.verb,
            row.actor_ref,
            row.actor_name,
            row.actor_unit,
            row.content,
            texts.get(row.seq, {}),
        )
        for row in rows
    ]


def _seen(rows: QuerySet[Case], actor: Actor | None, most: int) -> list[Case]:
    """The first rows, less those the actor may not see; access is looked at for these few only."""
    if actor is None:
        return list(rows[:most])
    mine = Exists(access.visible(actor).filter(pk=OuterRef("pk")))
    return [one for one in rows.annotate(seen=mine)[:most] if one.seen]


def history_of_place(case: Case, *, limit: int = 8, actor: Actor | None = None) -> list[Case]:
    """Earlier cases of the same grid, newest first; with ``actor`` those of them they may see. One query."""
    if not case.grid:
        return []
    rows = Case.objects.filter(grid=case.grid, id__lt=case.pk).select_related("item").order_by("-id")
    return _seen(rows, actor, limit)


class Outline(NamedTuple):
    """What whoever raised a matter is told at once."""

    id: int
    number: str
    state: str
    due_at: datetime | None
    unit_name: str | None


_OUTLINES = often(
    "outlines",
    f"SELECT c.id, c.number, c.state, c.due_at, u.name FROM {Case._meta.db_table} c"
    f" LEFT JOIN {Unit._meta.db_table} u ON u.id = c.lead_unit_id WHERE c.id = ANY($1::bigint[])",
)


def outlines(case_ids: Iterable[int]) -> dict[int, Outline]:
    """The outline of each case; one query, which takes what waits along (``gathering``)."""
    (rows,) = ask_together((_OUTLINES, [list(case_ids)]))
    return {row[0]: Outline(*row) for row in rows}


def assignments_of(case_id: int) -> list[Assignment]:
    """All assignments of a case, first one first."""
    return list(Assignment.objects.filter(case_id=case_id).select_related("unit", "person").order_by("id"))


def assisting(unit_ids: Iterable[int], *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page[Assignment]:
    """What units owe to other units' cases, most urgent first."""
    rows = Assignment.objects.filter(unit_id__in=list(unit_ids), role="assist", state__in=Assignment.LIVE)
    return page(rows.select_related("case__item", "unit", "person"), ("due_at", "id"), cursor, size)


def points(
    actor: Actor, filters: Filters, *, box: tuple[float, float, float, float], limit: int = 4_000
) -> list[tuple[int, float, float, str, str, str]]:
    """Open cases inside a map window (west, south, east, north): id, lon, lat, state, light, title."""
    west, south, east, north = box
    inside = narrowed(Case.objects.filter(open=True, lon__isnull=False), filters)
    inside = inside.extra(  # the GiST index is on the point expression
        where=["point(lon, lat) <@ box(point(%s, %s), point(%s, %s))"], params=[west, south, east, north]
    )
    rows = access.within(actor, inside).order_by().values_list("id", "lon", "lat", "state", "light", "title")[:limit]
    return [(pk, lon or 0.0, lat or 0.0, state, light, title) for pk, lon, lat, state, light, title in rows]


def waiting_for_archive(now: datetime, quiet_days: int, *, limit: int = 500) -> list[int]:
    """Closed cases nobody has said anything about for so many days."""
    until = now - timedelta(days=quiet_days)
    rows = Case.objects.filter(state=State.CLOSED, closed_at__lte=until).order_by(F("closed_at"))
    return list(rows.values_list("id", flat=True)[:limit])
