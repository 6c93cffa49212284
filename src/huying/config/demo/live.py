"""The demonstration goes on: people report, sign, answer, check, call and rate, one act every few seconds.

One round takes in a voice, or lets the right person of the demo place do what is due next on some case, through the
same actions screens use. What is refused is left; a lost database is waited for; a signal ends it between two acts.
Beside it the devices of the place go on sending readings to the stream.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, cast

from django.db import Error, close_old_connections, connection

from huying.casework.cases import turns
from huying.casework.cases.models import Case
from huying.casework.cases.rules import Action, State
from huying.kernel import clock
from huying.kernel.errors import HuyingError
from huying.kernel.stream import StreamRefused
from huying.senses.readings.demo import Living, is_equipped
from huying.senses.readings.demo.living import EVERY
from huying.senses.reports.actions import take_in
from huying.senses.reports.models import Report

from . import loading
from .acting import perform
from .album import Album
from .crew import Crew
from .intake import Known, taker, voice_of
from .rhythm import CHINA, Live, VoicedReport
from .roles import Stage, handler
from .script import Act

log = logging.getLogger(__name__)

SHORTEST: Final = 2.0  # seconds between two acts at the busiest hour: never more than one a second
LONGEST: Final = 12.0
PHRASES: Final = {
    "sign": ("已签收，安排当班人员前往。", "签收。"),
    "feedback": ("已到现场处置完毕，现场恢复正常，已告知反映人。", "经核查情况属实，已整改到位，现场复查合格。"),
    "check_pass": ("现场核查，问题已解决，同意结案。", "佐证材料符合结案条件，通过。"),
    "check_fail": ("现场仍有残留，未达到结案条件。",),
    "return_call": ("已接通，反映人确认问题解决，表示满意。",),
    "dispatch": ("人工研判后分拨。",),
    "reject": ("异议不成立：按属地管理清单，请牵头办理。",),
    "grant_extension": ("理由成立，请于新时限前完成。",),
    "rate": ("处理很快，点赞", "解决了，谢谢", "还行吧"),
    "archive": ("",),
}
# how often each kind of act is tried
CHANCES: Final = {
    "voice": 24, "sign": 20, "feedback": 18, "check_pass": 14, "return_call": 8, "dispatch": 6, "rate": 4,
    "check_fail": 1, "reject": 1, "grant_extension": 1, "archive": 3,
}  # fmt: skip
LEFT: Final = {"dispatch": 12, "sign": 3, "check_pass": 4, "check_fail": 8, "return_call": 6}  # no screen is ever empty


def run(stop: threading.Event) -> None:
    """Live until told to stop."""
    threading.Thread(target=speak_on, args=(stop,), name="devices", daemon=True).start()
    life: Life | None = None
    while not stop.is_set():
        pause = LONGEST
        try:
            close_old_connections()
            if life is None and loading.is_loaded():
                life = Life(clock.now(), Random())
            if life is not None:
                now = clock.now()
                life.act(now)
                pause = pause_at(now, life.rng)
        except HuyingError as error:
            log.info("left out: %s", error.code)
        except Error:
            log.warning("the database did not answer; trying again", exc_info=True)
            connection.close()
        except Exception:
            log.exception("an act failed; going on")
        stop.wait(pause)
    connection.close()


def speak_on(stop: threading.Event) -> None:
    """The devices say what is due, every few seconds; a stream or a database that is away is waited for."""
    living: Living | None = None
    while not stop.wait(EVERY):
        try:
            if living is None and is_equipped():
                living = Living(loading.plan_of_demo().seed, clock.now().timestamp())
                connection.close()
            if living is not None:
                living.speak(clock.now().timestamp())
        except StreamRefused:
            log.info("the stream took nothing: what the devices said meanwhile is not said again")
        except Exception:
            log.exception("the devices fell silent; going on")
            living = None
            connection.close()


def pause_at(now: datetime, rng: Random) -> float:
    """Seconds until the next act: short by day, long at night."""
    hour = now.astimezone(CHINA).hour + now.minute / 60
    busy = max(0.0, math.sin((hour - 6) / 16 * math.pi)) if 6 <= hour <= 22 else 0.0
    return (LONGEST - (LONGEST - SHORTEST) * busy) * rng.uniform(0.7, 1.3)


class Life:
    """Voices to come and people who act."""

    def __init__(self, now: datetime, rng: Random) -> None:
        self.rng = rng
        self.stage = Stage(Crew(now), Album(now))
        place = loading.place_of_demo()
        names = [name for name in place.place_names if name.area]
        self.voices = Live(rng, cast("Any", names), cast("Any", place.areas), now, due_of=loading.Dues(now))
        self._made = 0

    def act(self, now: datetime) -> str:
        """One act; returns what was done, "" when nothing was due."""
        wanted = self.rng.choices(list(CHANCES), list(CHANCES.values()))[0]
        if wanted == "voice":
            return self.report(now)
        order = [wanted, *self.rng.sample(list(_DUE), len(_DUE))]
        for verb in order:
            case_id = self._due(verb, now)
            if case_id is not None:
                return verb if self._do(verb, case_id, now) else ""
        return self.report(now)

    def report(self, now: datetime) -> str:
        """Somebody reports something."""
        told = self.voices.report(now)
        voice = voice_of(told, self.stage.crew, now_held=False)
        take_in([voice], actor=taker(told, self.stage.crew), now=now)
        return "voice"

    def _do(self, verb: str, case_id: int, now: datetime) -> bool:
        case = Case.objects.get(pk=case_id)
        first = Report.objects.filter(case=case).order_by("id").first()
        if first is None:
            return False
        self._made += 1
        key = f"live{self._made}"
        self.stage.known = {key: Known(case_id, first.pk, _told(case, key, now))}
        score = self.rng.choices((5, 4, 3, 2), (60, 25, 10, 5))[0]
        extra = {"reached": True, "solved": score > 2, "satisfied": score, "stars": score}
        by = {"reject": "centre_lead", "sign": "handler", "feedback": "handler"}.get(verb, verb)
        act = Act(now, key, 0, verb, by, self.rng.choice(PHRASES[verb]), extra)
        if verb == "feedback":
            actor = handler(case, act, self.stage.crew)
            if actor is None or Action.GIVE_FEEDBACK not in turns.allowed(case, actor, now):
                return False  # something else comes first, and pictures would pile up until then
            self._photograph(case, key, now)
        return perform(act, self.stage)

    def _photograph(self, case: Case, key: str, now: datetime) -> None:
        """The pictures an answer rests on are put up just before it."""
        needed = loading.pictures_at(now)(case.item_code)
        shown = [("before", "处置前", 9), *([("after", "处置后", 2)] * needed)] if needed else []
        for number, (stage, caption, minutes) in enumerate(shown):
            at = now - timedelta(minutes=minutes)
            perform(Act(at, key, number, "attach", "handler", caption, {"stage": stage, "kind": "generic"}), self.stage)

    def _due(self, verb: str, now: datetime) -> int | None:
        """A case for which this is the next thing to do: the most pressing, or one of the first few."""
        rows = _DUE[verb](now).values_list("pk", flat=True)[:24]
        ids: list[int] = list(rows)
        if len(ids) <= LEFT.get(verb, 0):
            return None
        return self.rng.choice(ids[: max(3, len(ids) // 2)])


def _told(case: Case, key: str, now: datetime) -> VoicedReport:
    """What acts look up about a voice, for a case that is already there."""
    from .plans import FatePlan

    return VoicedReport(
        key, now, "seat", case.item_code, case.title, "", "", case.grid or case.community or case.town or case.county,
        None, None, "", "", False, False, "", "", FatePlan((), "", None, None),
    )  # fmt: skip


def _since(state: State, order: str = "due_at") -> Any:
    return Case.objects.filter(state=state).order_by(order, "pk")


_DUE: Final[dict[str, Callable[[datetime], Any]]] = {
    "sign": lambda now: _since(State.DISPATCHED).filter(opened_at__lt=now - timedelta(minutes=4)),
    "feedback": lambda now: _since(State.HANDLING).filter(
        opened_at__lt=now - timedelta(minutes=30), due_at__lt=now + timedelta(hours=30)
    ),
    "check_pass": lambda now: _since(State.CHECKING, "pk"),
    "check_fail": lambda now: _since(State.CHECKING, "pk"),
    "return_call": lambda now: _since(State.CLOSED, "closed_at").filter(
        rating__isnull=True, channel__in=("hotline", "portal")
    ),
    "dispatch": lambda now: _since(State.PENDING, "opened_at").filter(opened_at__lt=now - timedelta(hours=1)),
    "rate": lambda now: _since(State.CLOSED, "closed_at").filter(channel="portal", rating__isnull=True),
    "reject": lambda now: _since(State.OBJECTED, "pk").filter(opened_at__lt=now - timedelta(hours=20)),
    "grant_extension": lambda now: Case.objects.filter(
        state=State.HANDLING,
        extension_requests__state="asked",
        extension_requests__asked_at__lt=now - timedelta(hours=8),
    ).order_by("pk"),
    "archive": lambda now: _since(State.CLOSED, "closed_at").filter(closed_at__lt=now - timedelta(days=7)),
}
