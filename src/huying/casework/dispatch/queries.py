"""Reads of the dispatch room: where a matter would go and why — used by intake, by the dry run and by screens alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from huying.casework.cases.access import area_of
from huying.casework.cases.actions import Sending
from huying.casework.cases.models import Case
from huying.casework.catalogue import classifier
from huying.casework.catalogue import queries as catalogue
from huying.casework.catalogue.queries import ItemView
from huying.casework.clocks import queries as clocks
from huying.casework.clocks.almanac import DISPATCH, EMERGENCY, Almanac
from huying.casework.understanding import queries as understanding
from huying.casework.understanding.emergencies.detecting import Alert, detect
from huying.casework.understanding.rules import URGENT_FROM, needed_confidence
from huying.ground.organisation.directory import Directory
from huying.ground.organisation.queries import directory
from huying.ground.territory import queries as territory
from huying.ground.territory.queries import Place
from huying.kernel.clock import local_day
from huying.kernel.errors import Refused
from huying.kernel.privacy import mask_text
from huying.kernel.remembering import stamp, watch

from . import deadlines, words
from .models import DispatchPolicy
from .rules import Certainty, Policy, Reason, Route, margin, rank_of, refuse_auto, route, title_of, worker_of

FALLBACK_ITEM = "1605"  # 意见建议: what a matter is called until a dispatcher knows better
_SURE = 1.0
_MOST_DANGERS = 3  # named to whoever is called
_RATHER_SURE = 0.5
_HEARD_BY_STAFF = frozenset({"hotline", "visit", "grid", "department"})  # channels where staff name the kind
_NEVER = 1.0  # no guess is quite so sure, only a kind that was named
_policies_kept: dict[str, tuple[Any, list[DispatchPolicy]]] = {}
watch("policies", f"SELECT sum(hashtextextended(p::text, 0)) FROM {DispatchPolicy._meta.db_table} p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What somebody raised, as far as it is known. ``item_code`` when a person or device already named the kind."""

    text: str
    channel: str
    at: datetime
    title: str = ""
    item_code: str | None = None
    place_text: str = ""
    lon: float | None = None
    lat: float | None = None
    area: str = ""  # where the registry has what it is about: certain, whatever the words and the phone say
    urgent: bool = False
    hold: bool = False  # never dispatch by itself
    voice: str = ""  # mark of the report it came with
    subjects: Sequence[str] = ()  # marks of what it is about (cases.subjects)


@dataclass(frozen=True, slots=True)
class Proposed:
    """One kind it might be: how sure, which words say so, who would get it."""

    item_code: str
    item_name: str
    confidence: float
    words: tuple[str, ...]
    unit_id: int | None
    unit_name: str

    def as_json(self) -> dict[str, Any]:
        return {
            "item_code": self.item_code,
            "item_name": self.item_name,
            "confidence": round(self.confidence, 4),
            "words": list(self.words),
            "unit_id": self.unit_id,
            "unit_name": self.unit_name,
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a matter goes. ``sending`` is ``None`` when it waits for a dispatcher, ``waits_for`` says why."""

    item: ItemView
    title: str
    summary: str
    place: Place | None
    lon: float | None
    lat: float | None
    certainty: Certainty
    proposals: tuple[Proposed, ...]
    sending: Sending | None
    waits_for: str
    dispatch_due: datetime | None
    alerts: tuple[Alert, ...] = ()
    danger: str = (
        ""  # what somebody must be told of at once, and whom to call; "" where staff heard it or there is none
    )
    urgent: bool = False
    outside: bool = False  # the point given lies beyond the ground served


def decide(matters: Sequence[Matter], *, now: datetime) -> list[Decision]:
    """Classify, locate and route many matters at once; a constant number of queries, nothing written."""
    known = directory(on=local_day(now))
    current = catalogue.current(local_day(now))
    book = clocks.almanac()
    policies = _policies(now)
    places = _places(matters, now)
    beyond = _beyond(matters, places, now)
    guesses = _guesses(matters, current)
    hurries = understanding.urgencies([_whole(matter) for matter in matters])
    roads = _Roads(known, book)
    decisions = []
    for matter, place, outside, guess, hurry in zip(matters, places, beyond, guesses, hurries, strict=True):
        area = area_of(place) if place else ""
        policy = _nearest(policies, area)
        decision = _decide(matter, place, guess, hurry, area, policy, current, roads)
        decisions.append(_as_outside(decision) if outside else decision)
    return decisions


def _as_outside(decision: Decision) -> Decision:
    """Its point lies elsewhere: it goes by its words where they name a place well enough, else a person looks at it."""
    unsure = decision.waits_for == "unsure_place"
    return replace(decision, outside=True, waits_for="outside" if unsure else decision.waits_for)


@dataclass(frozen=True, slots=True)
class _Roads:
    """What many matters of one moment have in common: where an item goes from a place, and by when, worked out once."""

    known: Directory
    book: Almanac
    _routes: dict[tuple[str, str, datetime], Route | None] = field(default_factory=dict)
    _times: dict[tuple[str, int, datetime], deadlines.Times] = field(default_factory=dict)

    def route(self, item: ItemView, area: str, at: datetime) -> Route | None:
        key = (item.code, area, at)
        if key not in self._routes:
            self._routes[key] = route(item, area, self.known, at) if area else None
        return self._routes[key]

    def times(self, item: ItemView, area: str, at: datetime) -> deadlines.Times:
        key = (item.code, id(self.book.calendar(area)), at)  # areas under the same overrides share one calendar
        if key not in self._times:
            self._times[key] = deadlines.of_item(item, area, at, self.book)
        return self._times[key]


def _decide(
    matter: Matter,
    place: Place | None,
    guess: Sequence[classifier.Proposal],
    hurry: float,
    area: str,
    policy: Policy,
    current: catalogue.Catalogue,
    roads: _Roads,
) -> Decision:
    items = [(current.item(one.item_code), one.confidence, one.reasons) for one in guess]
    chosen = current.item(guess[0].item_code) if guess else _fallback(current)
    certainty = Certainty(
        guess[0].confidence if guess else 0.0,
        margin([one.confidence for one in guess]),
        place.confidence if place else 0.0,
    )
    routes = [roads.route(item, area, matter.at) for item, _, _ in items]
    found = routes[0] if routes else None
    heard = matter.item_code is not None and matter.channel in _HEARD_BY_STAFF
    known = bool(matter.item_code and chosen.emergency_line)  # named as the emergency it is: it goes at once
    alerts = () if heard or known else tuple(detect(f"{matter.title}。{matter.text}"))
    waits = "emergency" if alerts else "held" if matter.hold else refuse_auto(chosen, certainty, policy)
    if waits is None and found is None:
        waits = "no_unit"
    sending = None
    if waits is None and found is not None:
        sending = _sending(found, roads.times(chosen, area, matter.at))
    summary = mask_text(matter.text)
    return Decision(
        item=chosen,
        title=mask_text(matter.title) if matter.title else title_of(summary),
        summary=summary,
        place=place,
        lon=matter.lon if matter.lon is not None else (place.lon if place else None),
        lat=matter.lat if matter.lat is not None else (place.lat if place else None),
        certainty=certainty,
        proposals=tuple(
            _proposed(item, confidence, reasons, one, roads.known)
            for (item, confidence, reasons), one in zip(items, routes, strict=True)
        ),
        sending=sending,
        waits_for=waits or "",
        dispatch_due=None if sending else roads.book.standing_due(_limit(alerts), matter.at, area),
        alerts=alerts,
        danger="" if heard else _danger(alerts, chosen, certainty.item),
        urgent=matter.urgent or bool(chosen.emergency_line) or bool(alerts) or hurry >= URGENT_FROM,
    )


def _danger(alerts: Sequence[Alert], chosen: ItemView, sure: float) -> str:
    if alerts:
        return gettext("、").join(f"{one.name} {one.line}" for one in alerts[:_MOST_DANGERS])
    return f"{chosen.name} {chosen.emergency_line}" if chosen.emergency_line and sure >= _RATHER_SURE else ""


def _whole(matter: Matter) -> str:
    return f"{matter.title}\n{matter.text}" if matter.title else matter.text


def _limit(alerts: Sequence[Alert]) -> str:
    """Which standing limit a matter waits under for a person."""
    return EMERGENCY if alerts else DISPATCH


def _fallback(current: catalogue.Catalogue) -> ItemView:
    """What a matter is called of which nothing is understood. Refused while the place has no catalogue at all."""
    item = current.get(FALLBACK_ITEM) or next(iter(current.items), None)
    if item is None:
        message, hint = words.NO_CATALOGUE
        raise Refused(message, code="no_catalogue", hint=hint)
    return item


def _sending(found: Route, times: deadlines.Times) -> Sending:
    return Sending(
        unit_id=found.unit_id,
        person_id=found.person_id,
        first_asked_id=found.first_asked_id,
        respond_due=times.respond,
        due_at=times.close,
        limits=times.limits,
        why=found.why,
    )


def _proposed(
    item: ItemView, confidence: float, reasons: Sequence[str], found: Route | None, known: Directory
) -> Proposed:
    unit = known.unit(found.unit_id) if found else None
    return Proposed(
        item.code, item.name, confidence, tuple(reasons), unit.id if unit else None, unit.name if unit else ""
    )


def _guesses(matters: Sequence[Matter], current: catalogue.Catalogue) -> list[Sequence[classifier.Proposal]]:
    """The classifier's proposals; a kind named by a person or device is taken as certain."""
    asked = [i for i, matter in enumerate(matters) if matter.item_code is None]
    texts = [_whole(matters[i]) for i in asked]
    answers = dict(zip(asked, understanding.propose(texts, catalogue=current), strict=True)) if asked else {}
    return [
        answers[i] if matter.item_code is None else (classifier.Proposal(matter.item_code, _SURE, ()),)
        for i, matter in enumerate(matters)
    ]


def _places(matters: Sequence[Matter], now: datetime) -> list[Place | None]:
    """Where each matter is: in the grid the registry names, else by its point, else in the area the registry names.

    What is known of neither is sought by the place given, then by a place named in its words.
    """
    on = local_day(now)
    registered = [registered_place(matter.area, on) for matter in matters]
    points = [
        (matter.lon, matter.lat) if matter.lon is not None and matter.lat is not None else None for matter in matters
    ]
    places = [
        known if known is not None and (known.grid or by_point is None) else by_point
        for known, by_point in zip(registered, territory.locate_points(points, on=on), strict=True)
    ]
    for said in (_place_words, _own_words):
        lost = [i for i, place in enumerate(places) if place is None and said(matters[i])]
        if lost:
            found = territory.locate_texts([said(matters[i]) for i in lost], on=on, k=1)
            for i, guesses in zip(lost, found, strict=True):
                places[i] = guesses[0] if guesses else None
    return places


def _beyond(matters: Sequence[Matter], places: Sequence[Place | None], now: datetime) -> list[bool]:
    """Whose point lies beyond the ground served; what a point has found, or the registry knows, is not asked for."""
    points = [
        (matter.lon, matter.lat)
        if matter.lon is not None
        and matter.lat is not None
        and not matter.area
        and (place is None or (place.lon, place.lat) != (matter.lon, matter.lat))
        else None
        for matter, place in zip(matters, places, strict=True)
    ]
    return territory.outside(points, on=local_day(now)) if any(points) else [False] * len(points)


def _place_words(matter: Matter) -> str:
    return matter.place_text


def _own_words(matter: Matter) -> str:
    return f"{matter.title} {matter.text[:200]}"


def _policies(now: datetime) -> dict[str, Policy]:
    day = local_day(now)
    rows = [row for row in _policy_rows() if row.valid_from <= day and (row.valid_to is None or row.valid_to > day)]
    return {row.area: policy_of(row) for row in rows}


def policy_of(row: DispatchPolicy) -> Policy:
    """What was set; where a precision is demanded and a learned model speaks, with the confidence that takes.

    A model that never was so precise sends nothing by itself.
    """
    card = understanding.card_speaking() if row.precision is not None else {}
    if row.precision is None or not card.get("curve"):
        return Policy(row.min_confidence, row.min_margin, row.min_place, row.precision)
    found = needed_confidence(card, row.precision)
    return Policy(found[0] if found else _NEVER, 0.0, row.min_place, row.precision)


def _policy_rows() -> list[DispatchPolicy]:
    """All of them, the oldest first; read again when one has changed."""
    mark, name = stamp("policies"), str(connection.settings_dict["NAME"])
    held = _policies_kept.get(name)
    if held is None or held[0] != mark:
        held = _policies_kept[name] = (mark, list(DispatchPolicy.objects.order_by("valid_from", "id")))
    return held[1]


def _nearest(policies: dict[str, Policy], area: str) -> Policy:
    for length in range(len(area), -1, -1):
        if area[:length] in policies:
            return policies[area[:length]]
    return Policy()


def explain(matter: Matter, *, now: datetime) -> Decision:
    """Dry run: where any text and place would go and why. Writes nothing."""
    return decide([matter], now=now)[0]


def route_to(item: ItemView, area: str, now: datetime, unit_id: int | None) -> Route | None:
    """The route of a known item; with ``unit_id`` the dispatcher's own choice, keeping who was first asked."""
    known = directory(on=local_day(now))
    found = route(item, area, known, now) if area else None
    if unit_id is None or (found is not None and found.unit_id == unit_id):
        return found
    person = worker_of(unit_id, known, now) if unit_id in known.units else None
    chosen: Reason = {"why": "chosen"}
    return Route(unit_id, person, unit_id, (chosen,))


def unit_above(case: Case, *, now: datetime) -> int | None:
    """The nearest higher unit a case may be escalated to: up the unit tree, else the item's trade one area up."""
    known = directory(on=local_day(now))
    if case.lead_unit_id is None or case.lead_unit_id not in known.units:
        return None
    area = area_of(case)
    below = rank_of(known.unit(case.lead_unit_id).level)
    for above in reversed(known.ancestors(case.lead_unit_id)[:-1]):
        if rank_of(above.level) > below and known.may_receive(above.id, case.item_code):
            return above.id
    for length in (9, 6):
        unit = known.unit_for_trade(case.item.lead_trade, area[:length])
        if unit is not None and rank_of(unit.level) > below:
            return unit.id
    return None


def registered_place(area: str, on: date) -> Place | None:
    """The place of what the registry keeps under an area, as certain as a point in it; ``None`` for ended areas."""
    found = territory.find_area(area) if area else None
    return place_of(area) if found is not None and found.valid_on(on) else None


def place_of(area: str) -> Place | None:
    """A place known by its area code only: a dispatcher picked it from the map or the list."""
    found = territory.find_area(area)
    if found is None or len(area) < 9:
        return None
    grid = area if len(area) >= 15 else ""
    label = territory.label(area)
    return Place(grid, area[:12] if len(area) >= 12 else "", area[:9], None, None, 1.0, "", label)
