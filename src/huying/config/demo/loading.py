"""Loads the demonstration: founds the place, then lives through its history stretch by stretch, in order of time.

Each stretch is one transaction: the voices of the stretch are taken in, the acts of the stretch are taken, the mark in
the trace chain ``demo`` says how far the history has come. After it the real sweep turns the lights and, once a day,
the real checkpoint is signed. A load that was cut off goes on with the stretch it had not finished.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any, Final, cast

from django.db import transaction

from huying.casework.catalogue import queries as catalogue
from huying.casework.catalogue.limits import steps
from huying.casework.clocks.actions import turn_lights
from huying.casework.clocks.queries import almanac
from huying.ground.organisation import fictional as people
from huying.ground.territory import fictional as ground
from huying.insight.hotspots.tasks import ask_to_catch_up
from huying.kernel import clock, trace
from huying.kernel.actor import system
from huying.kernel.clock import local_day
from huying.kernel.progress import Progress, Silent
from huying.kernel.trace import make_checkpoint
from huying.senses.reports.models import Report

from .album import Album
from .apply import Bulk
from .crew import Crew
from .ending import answer_orders, leave_open
from .founding import FOUNDER, found
from .intake import SOURCE, Known, take_in_past
from .peopling import equip_place, is_peopled, people_place
from .proof import pictures
from .rhythm import CHINA, VoicedReport, make_reports
from .roles import Stage
from .script import Act, PicturesOf, Playwright

if TYPE_CHECKING:
    from huying.ground.territory.fictional import FictionalPlace, Scale

COUNTS: Final = {"community": 600, "district": 20_000, "city": 60_000}
DAYS: Final = 90
PICTURES: Final = timedelta(days=6)  # cases this young have photographs
CHAIN: Final = "demo"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be loaded; ``end`` is the moment the history ends, given once."""

    scale: str
    seed: int
    count: int
    days: int
    end: datetime

    @property
    def began(self) -> datetime:
        return self.end - timedelta(days=self.days)


def load(
    scale: str,
    seed: int,
    progress: Progress | None = None,
    *,
    now: datetime | None = None,
    count: int | None = None,
    days: int = DAYS,
    people: int | None = None,
) -> None:
    """Load the demonstration of a scale; done once, a second call changes nothing, a cut-off one is continued."""
    watch = progress or Silent()
    if not is_loaded():
        _live_through(scale, seed, watch, now=now, count=count, days=days)
    plan = _begun()
    if plan is None:
        return
    if not is_peopled():
        people_place(plan, watch, people=people)
    equip_place(plan, watch)


def _live_through(
    scale: str, seed: int, watch: Progress, *, now: datetime | None, count: int | None, days: int
) -> None:
    """The place and its history."""
    fresh = Plan(scale, seed, count or COUNTS[scale], days, (now or clock.now()).astimezone(CHINA))
    plan = _begun() or fresh
    watch.start("演示区 the place", 1)
    if _begun() is None:
        _begin(plan)
    watch.advance(1)
    watch.finish()
    history = History(plan, watch)
    history.play()
    leave_open(history.stage, plan.end)
    with transaction.atomic():
        ask_to_catch_up()  # hot issues are grouped by the worker, as soon as it is up
        _note("demo_loaded", {"reports": plan.count}, plan.end)


def logins() -> list[dict[str, str]]:
    """One login for every role, and residents with numbers nobody holds."""
    staff = [
        {"role": one.zh, "role_en": one.en, "username": one.username, "password": people.DEMO_PASSWORD, "at": "/desk/"}
        for one in people.DEMO_LOGINS
    ]
    residents = [
        {"role": "居民", "role_en": "Resident", "username": one.phone, "password": "短信验证码 code by SMS", "at": "/"}
        for one in people.DEMO_RESIDENTS[:2]
    ]
    return [*staff, *residents]


def is_loaded() -> bool:
    return trace.Entry.objects.filter(chain=CHAIN, verb="demo_loaded").exists()


def _begun() -> Plan | None:
    """The plan of a load that has begun, whatever this call asks for."""
    entry = trace.Entry.objects.filter(chain=CHAIN, verb="demo_begun").first()
    if entry is None:
        return None
    body = cast("dict[str, Any]", entry.content)
    return Plan(**{**body, "end": datetime.fromisoformat(body["end"])})


def place_of_demo() -> FictionalPlace:
    """The place that was loaded, made anew from its seed."""
    plan = plan_of_demo()
    return ground.make(cast("Scale", plan.scale), plan.seed)


def plan_of_demo() -> Plan:
    """What was loaded here; LookupError when nothing was."""
    plan = _begun()
    if plan is None:
        raise LookupError("no demonstration has been loaded here")
    return plan


@transaction.atomic
def _begin(plan: Plan) -> None:
    """The place and the mark that a history belongs here, together."""
    found(cast("Scale", plan.scale), plan.seed, began=plan.began, now=plan.end)
    _note("demo_begun", {**asdict(plan), "end": plan.end.isoformat()}, plan.began)


def _note(verb: str, body: dict[str, Any], at: datetime) -> None:
    trace.record([trace.Draft(chain=CHAIN, verb=verb, actor=FOUNDER, at=at, body=body)])


def _lived_until() -> datetime | None:
    """The end of the last stretch that was finished."""
    entry = trace.Entry.objects.filter(chain=CHAIN, verb="demo_lived").order_by("-seq").first()
    return None if entry is None else datetime.fromisoformat(str(entry.content["until"]))


def pictures_at(now: datetime) -> PicturesOf:
    """How many pictures of after an answer to a matter of each kind needs, by the catalogue of that day."""
    items = catalogue.current(local_day(now)).items
    return {item.code: pictures(item.conditions, item.needs_photo_min) for item in items}.__getitem__


class History:
    """The history of one plan, made anew from its seed and lived through from where it stands."""

    def __init__(self, plan: Plan, watch: Progress) -> None:
        self.plan, self.watch = plan, watch
        self.stage = Stage(Crew(plan.end), Album(plan.began))
        self.bulk = Bulk(self.stage)

    def play(self) -> None:
        """Live through every stretch that has not been lived yet."""
        reports = self.written()
        acts = self.script(reports)
        since = _lived_until()
        if since is not None:
            self._remember(reports)
        self.watch.start("往事 the history", len(reports))
        voice = act = 0
        for start, end in pairwise([self.plan.began - timedelta(days=1), *stretches(self.plan)]):
            last = end >= self.plan.end
            voices_here = _taken(reports, voice, end, last)
            acts_here = _taken(acts, act, end, last)
            voice, act = voice + len(voices_here), act + len(acts_here)
            if since is None or end > since:
                self._live(voices_here, acts_here, start, end)
            self.watch.advance(len(voices_here))
        self.watch.finish()

    def written(self) -> list[VoicedReport]:
        """Every voice of the history with its fate, due times by the platform's own limits and calendar."""
        plan = self.plan
        place = ground.make(cast("Scale", plan.scale), plan.seed)
        names = [name for name in place.place_names if name.area]
        rng = Random(f"{plan.scale}-{plan.seed}")
        due_of = Dues(plan.end)
        return list(
            make_reports(
                rng,
                cast("Any", names),
                cast("Any", place.areas),
                plan.end,
                days=plan.days,
                count=plan.count,
                due_of=due_of,
            )
        )

    def script(self, reports: Sequence[VoicedReport]) -> list[Act]:
        """Every act of every matter, in order of time."""
        plan = self.plan
        lot = Random(f"acts-{plan.seed}")
        writer = Playwright(
            lot, plan.began, plan.end, plan.end - PICTURES, Dues(plan.end, respond=True), pictures_at(plan.end)
        )
        acts = [act for told in reports for act in writer.acts(told)]
        acts.sort(key=lambda act: act.at)
        return acts

    def _live(self, voices: Sequence[VoicedReport], acts: Sequence[Act], start: datetime, end: datetime) -> None:
        with transaction.atomic():
            known = take_in_past(voices, self.stage.crew, now=end)
            self.stage.known.update((one.told.source_id, one) for one in known)
            self.bulk.play(acts)
            _note("demo_lived", {"until": end.isoformat()}, end)
        turn_lights(now=end)
        answer_orders(self.stage.crew, end)
        if local_day(start) < local_day(end):
            make_checkpoint(actor=system("trace"), now=end - timedelta(seconds=1))

    def _remember(self, reports: Sequence[VoicedReport]) -> None:
        """Where the voices of the stretches already lived are."""
        told = {one.source_id: one for one in reports}
        rows = Report.objects.filter(source=SOURCE).values_list("source_id", "first_case_id", "pk")
        self.stage.known.update(
            (source_id, Known(case_id, pk, told[source_id])) for source_id, case_id, pk in rows if source_id in told
        )


def stretches(plan: Plan) -> Iterator[datetime]:
    """Where the stretches end: days, then mornings and afternoons, then hours, the finer the nearer the end."""
    midnight = plan.began.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight
    while at < plan.end:
        left = plan.end - at
        at += timedelta(hours=24 if left > timedelta(days=12) else 6 if left > timedelta(days=1) else 2)
        yield min(at, plan.end)


def _taken(things: Sequence[Any], place: int, end: datetime, last: bool) -> Sequence[Any]:
    """The things from a place on that happened before the end of a stretch."""
    stop = place
    while stop < len(things) and (last or things[stop].at < end):
        stop += 1
    return things[place:stop]


class Dues:
    """By when an item started at a moment is due: the catalogue's limit on the platform's calendar."""

    def __init__(self, now: datetime, *, respond: bool = False) -> None:
        current = catalogue.current(local_day(now))
        self._book = almanac()
        self._limits = {
            item.code: counted[-1].limit
            for item in current.items
            if (counted := steps(item.respond if respond else item.close))
        }

    def __call__(self, code: str, start: datetime) -> datetime | None:
        limit = self._limits.get(code)
        return None if limit is None else self._book.due(start, limit)
