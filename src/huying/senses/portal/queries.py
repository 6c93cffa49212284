"""What the portal's pages show: how we understood a matter, what is done in the open, whom to call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.core.cache import caches
from django.db.models import Q, QuerySet
from django.utils.translation import get_language

from huying.casework.cases import access as case_access
from huying.casework.cases.models import Case, Suspension
from huying.casework.cases.rules import State
from huying.casework.cases.turns import chain
from huying.casework.clocks import queries as clocks
from huying.casework.dispatch import queries as dispatch
from huying.casework.dispatch.dry_run import like_decided
from huying.casework.dispatch.queries import Decision, Matter
from huying.ground.accounts.models import User
from huying.ground.organisation.directory import UnitView
from huying.ground.organisation.queries import directory
from huying.ground.territory import queries as territory
from huying.ground.territory.queries import Place
from huying.kernel.clock import local_day
from huying.kernel.errors import NotFound
from huying.kernel.paging import Page, page
from huying.kernel.privacy import blind_candidates
from huying.kernel.trace import Entry
from huying.senses.reports.access import public_cases
from huying.senses.reports.models import Report
from huying.senses.reports.rules import has_rated

from . import rules, words

PAGE_SIZE = 20
MOST_POINTS = 1_000
MOST_SIMILAR = 3
WEEK = timedelta(days=7)
_FIGURES_FOR = 300  # seconds
_LONGEST_CASE = timedelta(days=90)
_EMERGENCY_FROM = 0.25
_WORTH_SHOWING = 0.03
_DONE = (State.CLOSED, State.ARCHIVED)
WITH_DUE = frozenset({State.DISPATCHED, State.HANDLING})
PLANNED = (Suspension.State.RUNNING, Suspension.State.ENDED)


def language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"


# --- how we understood it -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind it may be, who would get it, and by when it would be done."""

    code: str
    label: str
    unit: str
    respond_due: datetime | None
    due: datetime | None
    seen_by: datetime | None  # when nobody is sure: by when somebody on duty has looked at it


@dataclass(frozen=True, slots=True)
class Near:
    """An open matter that may be the same one; without anybody's words."""

    case_id: int
    label: str
    place: str
    metres: int | None
    state: str
    unit: str
    opened_at: datetime
    closed_at: datetime | None
    due: datetime | None
    reports: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """What we made of a matter before it is sent. ``sure`` is false when a resident should choose.

    ``outside``: the point chosen lies beyond the ground served; ``place`` is then what the words name, "" for nothing.
    """

    choices: tuple[Choice, ...]
    sure: bool
    place: str
    seen_by: datetime | None
    emergency: tuple[str, ...]
    near: tuple[Near, ...]
    outside: bool = False

    @property
    def codes(self) -> list[str]:
        return [choice.code for choice in self.choices]


def understand(matter: Matter, *, now: datetime, with_similar: bool = True) -> Understanding:
    """Dry run of a matter and of each kind it may be. Writes nothing; the number of queries is bounded."""
    first = dispatch.explain(matter, now=now)
    proposals = [one for one in first.proposals if one.confidence >= _WORTH_SHOWING or one is first.proposals[0]][:3]
    each = dispatch.decide([replace(matter, item_code=one.item_code) for one in proposals], now=now)
    sure = bool(proposals) and first.waits_for not in ("unsure_item", "close_call", "held")
    likely = [one.item for one, guess in zip(each, proposals, strict=True) if guess.confidence >= _EMERGENCY_FROM]
    lines = {item.emergency_line for item in (likely[:1] if sure else likely)} - {""}
    units = directory(on=local_day(now)).units
    return Understanding(
        choices=tuple(_choice(one, units) for one in each),
        sure=sure,
        place=place_words([_code_of(first.place)]).get(_code_of(first.place), "") if first.place else "",
        seen_by=first.dispatch_due or clocks.due_for_dispatch(now, _code_of(first.place)),
        emergency=tuple(sorted(lines)),
        near=_near(matter, first, now) if with_similar else (),
        outside=first.outside,
    )


def _code_of(place: Place | None) -> str:
    return (place.grid or place.community or place.town) if place else ""


def _choice(decision: Decision, units: Mapping[int, UnitView]) -> Choice:
    sending = decision.sending
    return Choice(
        code=decision.item.code,
        label=decision.item.label,
        unit=words.own_name(units[sending.unit_id]) if sending and sending.unit_id in units else "",
        respond_due=sending.respond_due if sending else None,
        due=sending.due_at if sending else None,
        seen_by=decision.dispatch_due,
    )


def _near(matter: Matter, decision: Decision, now: datetime) -> tuple[Near, ...]:
    """Open matters like this one near by, whatever they are called; only of kinds everybody may see. One query."""
    community = decision.place.community if decision.place else ""
    found = [
        one
        for one in like_decided(matter, decision, now=now, public=True)
        if one.metres is not None or (community and one.case.community == community)
    ][:MOST_SIMILAR]
    places = place_words(_area(one.case) for one in found)
    return tuple(_as_near(one.case, places, one.metres) for one in found)


def likest(parts: Sequence[Matter], case_id: int, *, now: datetime) -> int:
    """Which of several matters an open public case is about: the likeliest, the first where none is like it."""
    likeness = []
    for part, decision in zip(parts, dispatch.decide(parts, now=now), strict=True):
        found = like_decided(part, decision, now=now, public=True)
        likeness.append(next((one.likeness.score for one in found if one.case.pk == case_id), 0.0))
    return likeness.index(max(likeness))


def _as_near(case: Case, places: Mapping[str, str], metres: int | None = None) -> Near:
    return Near(
        case_id=case.pk,
        label=words.own_name(case.item),
        place=places.get(_area(case), ""),
        metres=metres,
        state=words.short_status(case.state),
        unit=words.own_name(case.lead_unit) if case.lead_unit else "",
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        due=case.due_at if case.open and case.lead_unit else None,
        reports=case.reports,
    )


# --- places ---------------------------------------------------------------------------------------------------------


def _area(case: Case) -> str:
    return case.grid or case.community or case.town


def place_words(codes: Iterable[str]) -> dict[str, str]:
    """Names of places as neighbours say them, from the street down; one query for any number."""
    wanted = {code for code in codes if code}
    if not wanted:
        return {}
    counties = {code[:6] for code in wanted}
    full = territory.labels(wanted | counties, language())
    return {code: _below(full[code], full[code[:6]]) for code in wanted}


def _below(full: str, above: str) -> str:
    """A full name without what is above it: "99省…区" in front in Chinese, ", District…" behind in English."""
    return full.removeprefix(above).removesuffix(f", {above}") if full != above else full


def served(now: datetime) -> tuple[str, str]:
    """Code and name of what this installation serves: the lowest area down to a county that holds everything.

    Kept for five minutes; a few small queries when it is not.
    """
    key = f"portal:served:{language()}"
    known: tuple[str, str] | None = caches["near"].get(key)
    if known is None:
        known = ("", "")
        while len(known[0]) < 6 and len(below := territory.children(known[0], on=local_day(now))) == 1:
            known = (below[0].code, words.own_name(below[0]))
        if known[0]:
            caches["near"].set(key, known, _FIGURES_FOR)
    return known


@dataclass(frozen=True, slots=True)
class Street:
    """A street with its communities, for choosing one and for calling one."""

    name: str
    communities: tuple[tuple[str, str, str], ...]  # code, name, phone


def streets(now: datetime, *, with_phone: bool = False) -> list[Street]:
    """All communities by street, with the phone of each committee; a few small queries."""
    day = local_day(now)
    phones = {
        unit.area: unit.phone for unit in directory(on=day).units.values() if unit.kind == "community" and unit.phone
    }
    found: dict[str, list[tuple[str, str, str]]] = {}
    for one in territory.areas_below("community", "", on=day):
        if not with_phone or one.code in phones:
            found.setdefault(one.code[:9], []).append((one.code, words.own_name(one), phones.get(one.code, "")))
    towns = {one.code: words.own_name(one) for one in territory.areas_below("town", "", on=day)}
    return [Street(towns.get(code, ""), tuple(rows)) for code, rows in sorted(found.items())]


def centre_phone(now: datetime) -> str:
    """The number of the place's centre, "" when it has none."""
    units = directory(on=local_day(now)).units.values()
    centres = sorted((unit.path.count("/"), unit.id, unit.phone) for unit in units if unit.kind == "centre")
    return next((phone for _depth, _id, phone in centres if phone), "")


# --- what is done in the open ---------------------------------------------------------------------------------------


def around(*, now: datetime, area: str = "", done: bool = False, cursor: str | None = None) -> Page[Near]:
    """Open public matters, or those done within a week, newest first: kind and place, nobody's words."""
    rows = public_cases()
    if done:
        rows = _done(rows, now)
    else:
        rows = rows.filter(open=True)
    if area:
        rows = rows.filter(case_access.area_filter(area))
    rows = rows.select_related("item", "lead_unit").defer("terms", "summary", "proposals", "title")
    found = page(rows, ("-id",), cursor, PAGE_SIZE)
    places = place_words(_area(case) for case in found.rows)
    return Page([_as_near(case, places) for case in found.rows], found.next, found.prev)


def public_points(*, area: str = "") -> list[tuple[float, float, str, int]]:
    """Points of the newest open public matters, moved to about fifty metres: lon, lat, kind, case id; one query."""
    rows = public_cases().filter(open=True, lon__isnull=False).exclude(town="")  # elsewhere is not around here
    if area:
        rows = rows.filter(case_access.area_filter(area))
    rows = rows.select_related("item").only("lon", "lat", "item__name", "item__name_en").order_by("-id")
    return [
        (*rules.public_point(case.lon or 0.0, case.lat or 0.0), words.own_name(case.item), case.pk)
        for case in rows[:MOST_POINTS]
    ]


def public_open(case_id: int) -> Near:
    """One open public matter. NotFound for every other."""
    case = public_cases().filter(pk=case_id, open=True).select_related("item", "lead_unit").first()
    if case is None:
        raise NotFound(code="case_not_found")
    return _as_near(case, place_words([_area(case)]))


@dataclass(frozen=True, slots=True)
class Week:
    """Public matters of the last seven days, and the latest that were done."""

    came: int
    done: int
    open: int
    latest: tuple[Near, ...]


def week(now: datetime) -> Week:
    """Counted at most once in five minutes a process and language; five queries when it is."""
    key = f"portal:week:{language()}"
    known: Week | None = caches["near"].get(key)
    if known is None:
        public = public_cases()
        known = Week(
            came=public.filter(opened_at__gte=now - WEEK).exclude(state=State.MERGED).count(),
            done=_done(public, now).count(),
            open=public.filter(open=True).count(),
            latest=_latest_done(public, now),
        )
        caches["near"].set(key, known, _FIGURES_FOR)
    return known


def _done(rows: QuerySet[Case], now: datetime) -> QuerySet[Case]:
    """Done within a week. Bounded by when they were opened, which an index answers."""
    return rows.filter(state__in=_DONE, closed_at__gte=now - WEEK, opened_at__gte=now - _LONGEST_CASE)


def _latest_done(public: QuerySet[Case], now: datetime) -> tuple[Near, ...]:
    rows = list(_done(public, now).select_related("item", "lead_unit").order_by("-closed_at")[:MOST_SIMILAR])
    places = place_words(_area(case) for case in rows)
    return tuple(_as_near(case, places) for case in rows)


# --- a resident's own -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mine:
    """One of a resident's own matters in a list."""

    code: str
    label: str
    text: str
    place: str
    state: str
    open: bool
    to_rate: bool
    said_at: datetime
    due: datetime | None
    late: bool


def mine(user: User, *, now: datetime, cursor: str | None = None) -> Page[Mine]:
    """What somebody said while signed in, or from the phone number they signed in with; newest first, at most four queries."""
    own = Q(contact__user_id=user.pk)
    if user.phone_sealed:
        own |= Q(contact__phone_blind__in=blind_candidates(user.phone))
    rows = Report.objects.filter(own, erased_at__isnull=True).select_related("case__item")
    found = page(rows, ("-id",), cursor, PAGE_SIZE)
    return Page(_as_mine(found.rows, now), found.next, found.prev)


def by_codes(codes: Sequence[str], *, now: datetime) -> list[Mine]:
    """The matters of these tracking codes, newest first."""
    rows = Report.objects.filter(tracking_code__in=codes, erased_at__isnull=True).select_related("case__item")
    return _as_mine(list(rows.order_by("-id")), now) if codes else []


def _as_mine(reports: Sequence[Report], now: datetime) -> list[Mine]:
    places = place_words(_area(report.case) for report in reports)
    dues = promises([report.case for report in reports])
    return [
        Mine(
            code=report.tracking_code,
            label=words.own_name(report.case.item),
            text=report.text,
            place=places.get(_area(report.case), ""),
            state=words.short_status(report.case.state),
            open=report.case.open,
            to_rate=report.case.state == State.CLOSED and not has_rated(report.rated_at, report.case.closed_at),
            said_at=report.said_at,
            due=(due := dues.get(report.case_id)),
            late=due is not None and due < now,
        )
        for report in reports
    ]


def promises(cases: Sequence[Case]) -> dict[int, datetime]:
    """By when each matter in hand was promised to be done, as its own page says; two queries for any number, or none."""
    dues = {case.pk: case.due_at for case in cases if case.state in WITH_DUE and case.due_at is not None}
    moved = {case.pk for case in cases if case.extensions}
    if dues.keys() - moved:
        moved.update(Suspension.objects.filter(case__in=dues, state__in=PLANNED).values_list("case_id", flat=True))
    still = {chain(pk): pk for pk in dues if pk not in moved}
    steps: dict[int, list[tuple[str, object]]] = {pk: [] for pk in still.values()}
    if still:
        entries = Entry.objects.filter(chain__in=still, verb__in=rules.PROMISING).only("chain", "verb", "body")
        for entry in entries.order_by("chain", "seq"):
            steps[still[entry.chain]].append((entry.verb, entry.content.get("due")))
    return dues | {pk: rules.promised(dues[pk], said) for pk, said in steps.items()}
