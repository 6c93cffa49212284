"""Reads of the dispatcher's desk: who waits, what is proposed and why, what must be decided, what is out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import CharField, Count, Exists, OuterRef, Prefetch, Q, QuerySet, Value

from huying.casework.cases import placing
from huying.casework.cases.access import area_of
from huying.casework.cases.models import (
    Attachment,
    Case,
    Extension,
    Milestone,
    Objection,
    Suspension,
    Transfer,
)
from huying.casework.cases.rules import UNASSIGNED_STATES, State
from huying.casework.cases.turns import chain
from huying.casework.catalogue import queries as catalogue
from huying.casework.catalogue.queries import Catalogue, ItemView
from huying.casework.clocks import queries as clocks
from huying.casework.clocks.almanac import Almanac
from huying.casework.understanding import queries as understanding
from huying.casework.understanding.emergencies.detecting import Alert, detect
from huying.casework.understanding.queries_similar import Similar, matter_of, similar_open
from huying.casework.understanding.rules import URGENT_FROM
from huying.ground.organisation.directory import Directory, UnitView
from huying.ground.organisation.queries import directory
from huying.ground.territory import queries as territory
from huying.ground.territory.queries import Place
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.paging import Page, page
from huying.kernel.remembering import remembering

from . import access, deadlines
from .deadlines import Times
from .models import DispatchPolicy
from .queries import FALLBACK_ITEM, policy_of, registered_place
from .rules import Certainty, Policy, Reason, margin, refuse_auto, route

PAGE_SIZE = 20
MOST_POLICIES = 200
_MOST_PLACES = 3
_CAME_BACK = ("recall", "uphold_objection", "take_back", "reconsider", "unmerge")


# --- who waits -------------------------------------------------------------------------------------------------


def waiting(actor: Actor) -> QuerySet[Case]:
    """Cases of the actor's areas that nobody has been asked to handle yet."""
    mine = access.covered(actor, *access.DISPATCHERS)
    return Case.objects.filter(mine, open=True, state__in=[str(state) for state in UNASSIGNED_STATES])


def waiting_page(actor: Actor, *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page[Case]:
    """Most urgent first: by when it must have been dispatched. One query."""
    rows = waiting(actor).select_related("item").defer("terms", "summary")
    return page(rows, ("due_at", "id"), cursor, size)


def tab_counts(actor: Actor) -> dict[str, int]:
    """How many wait under each tab; one query."""
    sets: dict[str, QuerySet[Case] | QuerySet[Transfer]] = {
        "waiting": waiting(actor),
        "objections": _cases(actor).filter(open=True, state=State.OBJECTED),
        "requests": asked_for(actor),
        "transfers": transfers_out(actor),
    }
    parts = [
        rows.order_by()
        .values(tab=Value(name, output_field=CharField()))
        .annotate(n=Count("pk"))
        .values_list("tab", "n")
        for name, rows in sets.items()
    ]
    first, *rest = parts
    found: dict[str, int] = dict.fromkeys(sets, 0)
    found.update(first.union(*rest, all=True))
    return found


def _cases(actor: Actor) -> QuerySet[Case]:
    return Case.objects.filter(access.covered(actor, *access.DISPATCHERS))


# --- one case in focus -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to send a case: as what, to whom, by when, and why."""

    item: ItemView
    confidence: float | None
    words: tuple[str, ...]
    unit: UnitView | None
    person: str
    why: tuple[Reason, ...]
    times: Times

    @property
    def sure(self) -> str:
        """How sure, in one word: ``named`` (by a person or device), ``high``, ``middle`` or ``low``."""
        if self.confidence is None:
            return "named"
        return "high" if self.confidence >= 0.75 else "middle" if self.confidence >= 0.4 else "low"


@dataclass(frozen=True, slots=True)
class Focus:
    """Everything a dispatcher needs to decide about one case."""

    case: Case
    choices: tuple[Choice, ...]
    waits_for: str
    returned_by: trace.Entry | None
    similar: tuple[Similar, ...] = ()
    hurry: float = 0.0  # how sure what the place learned calls it urgent, 0 below what counts
    elsewhere: tuple[Place, ...] = ()  # what its words might have meant besides
    outside: bool = False  # its point lies beyond the ground served
    usual: tuple[UnitView, float] | None = None  # who closed most of the like, where no choice names it
    photos: tuple[Attachment, ...] = field(default_factory=tuple)


def focus(case: Case, actor: Actor, now: datetime) -> Focus:
    """A waiting case with its proposals worked out anew for its present place. A constant number of queries."""
    with remembering():
        return _focus(case, actor, now)


def _focus(case: Case, actor: Actor, now: datetime) -> Focus:
    known = directory(on=local_day(now))
    current = catalogue.current(local_day(now))
    book = clocks.almanac()
    choices = tuple(_choices(case, current, known, book, now))
    read = _read_places(case, now)
    outside = _is_outside(case, now)
    back = trace.Entry.objects.filter(chain=chain(case.pk), verb__in=_CAME_BACK).order_by("-seq").first()
    return Focus(
        case=case,
        choices=choices,
        waits_for=_waits_for(case, choices, read, outside, now),
        outside=outside,
        returned_by=back,
        similar=tuple(similar_to(case, actor, now)),
        hurry=_hurry(case),
        usual=_usual(case, choices, known),
        elsewhere=_elsewhere(case, read),
        photos=tuple(
            case.attachments.filter(stage="report", file__kind="image").select_related("file").order_by("id")[:9]
        ),
    )


def _hurry(case: Case) -> float:
    sure = understanding.urgencies([understanding.text_of(case.title, case.summary)])[0] if case.urgent else 0.0
    return sure if sure >= URGENT_FROM else 0.0


def _usual(case: Case, choices: Sequence[Choice], known: Directory) -> tuple[UnitView, float] | None:
    """What the place learned about who handles the like; only what the choices do not say."""
    found = understanding.usual_unit(understanding.text_of(case.title, case.summary), case.town)
    unit = next((one for one in known.units.values() if one.code == found[0]), None) if found else None
    if found is None or unit is None or any(one.unit is not None and one.unit.id == unit.id for one in choices):
        return None
    return unit, found[1]


def _choices(case: Case, current: Catalogue, known: Directory, book: Almanac, now: datetime) -> list[Choice]:
    """The present item first where a person named or corrected it, then what the classifier proposed."""
    proposed = [
        (item, float(one["confidence"]), tuple(one.get("words", ())))
        for one in case.proposals
        if (item := current.get(one["item_code"])) is not None
    ]
    rows: list[tuple[ItemView, float | None, tuple[str, ...]]] = list(proposed)
    named = case.confidence is None or case.item_code not in {item.code for item, _, _ in proposed}
    if named and (proposed or case.item_code != FALLBACK_ITEM) and (item := current.get(case.item_code)) is not None:
        rows = [(item, None, ()), *(row for row in rows if row[0].code != item.code)]
    return [choice_of(item, sure, words, area_of(case), known, book, now) for item, sure, words in rows[:3]]


def choice_of(
    item: ItemView,
    confidence: float | None,
    words: tuple[str, ...],
    area: str,
    known: Directory,
    book: Almanac,
    now: datetime,
) -> Choice:
    """Where an item goes from a place, and by when, if it is sent now."""
    found = route(item, area, known, now) if area else None
    unit = known.units.get(found.unit_id) if found else None
    person = known.people.get(found.person_id or 0) if found else None
    times = deadlines.of_item(item, area, now, book)
    return Choice(item, confidence, words, unit, person.name if person else "", found.why if found else (), times)


def _is_outside(case: Case, now: datetime) -> bool:
    """Whether its point lies beyond the ground served, and nobody has said since where it belongs."""
    if case.lon is None or case.lat is None or area_of(case):
        return False
    return territory.outside([(case.lon, case.lat)], on=local_day(now))[0]


def _waits_for(case: Case, choices: Sequence[Choice], read: Sequence[Place], outside: bool, now: datetime) -> str:
    """Why it did not go by itself: the same questions intake asked, answered for the case as it is now."""
    if case.urgent and case.confidence is not None and alerts_of(case):
        return "emergency"
    if not choices:
        return "unsure_item"
    first, area = choices[0], area_of(case)
    sure = [1.0 if one.confidence is None else one.confidence for one in choices]
    certainty = Certainty(sure[0], 1.0 if first.confidence is None else margin(sure), _place_certainty(case, read, now))
    policy, _row = policy_at(area, now)
    found = refuse_auto(first.item, certainty, policy)
    if found is None and first.unit is None:
        found = "no_unit"
    if found == "unsure_place" and outside:
        found = "outside"
    return found or "held"


def alerts_of(case: Case) -> list[Alert]:
    """The dangers its words speak of."""
    return detect(f"{case.title}。{case.summary}")


def _read_places(case: Case, now: datetime) -> Sequence[Place]:
    """Where its words may mean, likeliest first: the place given, else one named in the text."""
    spoken = [text for text in (case.place_text, f"{case.title} {case.summary[:200]}") if text.strip()]
    guesses = territory.locate_texts(spoken, on=local_day(now), k=_MOST_PLACES) if spoken else []
    return next((found for found in guesses if found), ())


def _place_certainty(case: Case, read: Sequence[Place], now: datetime) -> float:
    """How sure the place is, 0..1. A point the case got from its words is as sure as the words were.

    What is registered stands where the registry says, whatever the words say.
    """
    if not area_of(case):
        return 0.0
    if case.lon is None and case.subjects and _is_registered_there(case, now):
        return 1.0
    first = read[0] if read else None
    if case.lon is None or (first is not None and (first.lon, first.lat) == (case.lon, case.lat)):
        return first.confidence if first is not None else 1.0
    return 1.0


def _is_registered_there(case: Case, now: datetime) -> bool:
    """Whether something it is about is kept under the very area the case is in. One query a kind of subject."""
    places = (registered_place(area, local_day(now)) for area in placing.areas_of(case.subjects or ()))
    return any(place is not None and area_of(place) == area_of(case) for place in places)


def _elsewhere(case: Case, read: Sequence[Place]) -> tuple[Place, ...]:
    """The other places its words may mean; nothing where a point was given that no words led to."""
    by_words = not read or case.lon is None or (read[0].lon, read[0].lat) == (case.lon, case.lat)
    return tuple(one for one in read if by_words and area_of(one) != area_of(case))


def similar_to(case: Case, actor: Actor, now: datetime) -> list[Similar]:
    """Open cases that may be the same matter as this one, of those the actor may see; one query."""
    return similar_open(matter_of(case), case.item, now=now, community=case.community, exclude=case.pk, actor=actor)


def last_step(case_id: int) -> trace.Entry | None:
    """The latest entry of a case's history: who was faster, and what they did."""
    return trace.Entry.objects.filter(chain=chain(case_id)).order_by("-seq").first()


# --- what must be decided, what is out -------------------------------------------------------------------------


def objections_page(actor: Actor, *, cursor: str | None = None) -> Page[Objection]:
    """Objections nobody has decided, longest waiting first."""
    rows = Objection.objects.filter(state=Objection.State.ASKED, case__in=_cases(actor)).select_related(
        "case__item", "assignment__unit", "suggested_unit"
    )
    return page(rows, ("asked_at", "id"), cursor, PAGE_SIZE)


def asked_for(actor: Actor) -> QuerySet[Case]:
    """Cases in hand with an extension or a suspension asked for."""
    asked = {"case": OuterRef("pk"), "state": "asked"}
    return _cases(actor).filter(
        Q(Exists(Extension.objects.filter(**asked))) | Q(Exists(Suspension.objects.filter(**asked))),
        open=True,
        state=State.HANDLING,
    )


def requests_page(actor: Actor, *, cursor: str | None = None) -> Page[Case]:
    """Cases that wait for an answer to a request, soonest due first, with the request; three or four queries."""
    rows = (
        asked_for(actor)
        .select_related("item", "lead_unit")
        .defer("terms", "proposals")
        .prefetch_related(
            Prefetch("extension_requests", queryset=Extension.objects.filter(state="asked"), to_attr="asked_extension"),
            Prefetch(
                "suspensions",
                queryset=Suspension.objects.filter(state="asked").prefetch_related(
                    Prefetch("milestones", queryset=Milestone.objects.order_by("due_on", "id"))
                ),
                to_attr="asked_suspension",
            ),
        )
    )
    return page(rows, ("due_at", "id"), cursor, PAGE_SIZE)


def transfers_out(actor: Actor) -> QuerySet[Transfer]:
    """Cases that are out with another channel."""
    return Transfer.objects.filter(
        whole=True, taken_back_at__isnull=True, case__in=_cases(actor).filter(state=State.TRANSFERRED)
    )


def transfers_page(actor: Actor, *, cursor: str | None = None) -> Page[Transfer]:
    """What must be followed up, soonest first."""
    rows = transfers_out(actor).select_related("case__item")
    return page(rows, ("follow_up_due", "id"), cursor, PAGE_SIZE)


# --- policies --------------------------------------------------------------------------------------------------


def policy_at(area: str, now: datetime) -> tuple[Policy, DispatchPolicy | None]:
    """The policy in force for an area, and the row it comes from (None: nobody has set one)."""
    day = local_day(now)
    rows = DispatchPolicy.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=day),
        valid_from__lte=day,
        area__in=[area[:length] for length in range(len(area) + 1)],
    )
    row = max(rows, key=lambda one: (len(one.area), one.valid_from), default=None)
    return (policy_of(row), row) if row else (Policy(), None)


def policies() -> list[DispatchPolicy]:
    """Every policy ever set, by area, newest first."""
    return list(DispatchPolicy.objects.order_by("area", "-valid_from")[:MOST_POLICIES])
