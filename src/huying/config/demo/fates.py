"""What becomes of each report: a plan of lifecycle steps with times, in proportions a district would recognise.

Pure plans on plain values; the loader applies them. Steps later than ``end`` are left out, so matters near the end
are open in whatever state they had reached.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from .phrases import ItemVoice, limits, sections
from .plans import DECLINE_TO, STATE_AFTER, TRANSFER_TO, DueOf, FatePlan, Step
from .scene import Setting
from .templates import pick
from .worktime import WorkTime

# where several units may have to come at once
JOINT = frozenset(("01", "02", "03", "04", "05", "06", "07", "10", "11", "12"))


class Planner:
    """Plans fates against one calendar and one idea of due times."""

    def __init__(self, rng: Random, end: datetime, days: int, due_of: DueOf | None = None) -> None:
        self.rng = rng
        self.end = end
        self.time = WorkTime((end - timedelta(days=days + 2)).date(), days + 420)
        self.due_of = due_of or self._usual_due
        self.say = sections("handling.txt")

    def _usual_due(self, code: str, start: datetime) -> datetime | None:
        limit = limits()[code]
        if limit.clock == "w":
            return self.time.after(start, limit.minutes)
        return start + timedelta(minutes=limit.minutes)

    def works(self, code: str) -> bool:
        return limits()[code].clock == "w"

    def merged(self, at: datetime, into: str) -> FatePlan:
        """A further voice on a matter already open: joined to it within the hour."""
        joined = at + timedelta(minutes=self.rng.uniform(1, 45))
        step = Step("merge", joined, "dispatcher", pick(self.rng, self.say["merge"]).source, {"into": into})
        steps = (step,) if joined <= self.end else ()
        return FatePlan(steps, "merged" if steps else "waiting", None, None, frozenset({"merged"}), into)

    def plan(self, item: ItemVoice, scene: Setting, at: datetime, channel: str, want: str = "") -> FatePlan:
        """The fate of one matter; ``want`` forces a matter near the end to stand in that state."""
        life = Life(self, item, scene, at, channel)
        if want:
            life.stand(want)
        else:
            life.run()
        return life.sealed(want)


class Life:
    """Writes the steps of one matter in order; each helper moves ``self.now`` forward."""

    def __init__(self, planner: Planner, item: ItemVoice, scene: Setting, at: datetime, channel: str) -> None:
        self.p, self.rng, self.item, self.scene = planner, planner.rng, item, scene
        self.opened = self.now = at
        self.channel = channel
        self.working = planner.works(item.code)
        self.steps: list[Step] = []
        self.marks: set[str] = set()
        self.due: datetime | None = None
        self.over = False

    # -- small movements ------------------------------------------------------------------------------------------

    def do(self, verb: str, at: datetime, by: str, section: str = "", **extra: object) -> None:
        soonest = self.now + timedelta(seconds=20 + int(220 * self.rng.random()))
        self.now = at if at > soonest else soonest
        if self.over or self.now > self.p.end:
            self.over = True  # later steps are cut: the plan ends here
            return
        words = self.p.say[section] if section else ()
        phrase = pick(self.rng, words) if words else None
        text = (phrase.fixed or phrase.say(self.scene.later(self.now))) if phrase else ""
        self.steps.append(Step(verb, self.now, by, text, extra))

    def minutes(self, low: float, high: float) -> datetime:
        return self.now + timedelta(minutes=self.rng.uniform(low, high))

    def office(self, low: float, high: float) -> datetime:
        """Working minutes later."""
        return self.p.time.after(self.now, self.rng.uniform(low, high))

    def share(self, start: datetime, share: float) -> datetime:
        """A moment between ``start`` and the due time (beyond it for shares above 1)."""
        due = self.due or start + timedelta(days=2)
        if self.working or due - start > timedelta(hours=20):  # offices answer long matters in office hours
            time = self.p.time
            total = time.minutes(due) - time.minutes(start)
            if total > 0:
                return time.after(start, total * share)
        return start + (due - start) * share

    # -- lives ----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        rng, code = self.rng, self.item.code
        if self._turned_away(rng.random(), code):
            return
        self.dispatch()
        draw = rng.random()
        if draw < 0.030 and not self.item.urgent:
            self.object()
        if not self._signed():
            self.sign()
        long = limits()[code].minutes >= 1350
        slow = set(limits()[code].conditions) & {"C9", "C12", "C11"} and code[:2] not in ("15", "16")
        if rng.random() < (0.17 if slow and long else 0.012 if long else 0):
            self.suspend()
            return
        draw = rng.random()
        if draw < 0.03 and not self.item.urgent and self.working and limits()[code].level in ("L1", "L2"):
            self.escalate()
        elif draw > 0.978 and code[:2] in JOINT and "C8" not in limits()[code].conditions and not self.item.urgent:
            self.whistle()
        late = rng.random() < 0.062
        if long and rng.random() < (0.35 if late else 0.07):
            self.extend()
        self.finish(late)

    def _turned_away(self, draw: float, code: str) -> bool:
        """Not accepted with the right channel named, or handed to the emergency line."""
        courts = code[:2] in ("09", "16", "11") or code in ("0302", "0917", "1318", "0719", "0710")
        if not self.item.urgent and self.channel in ("seat", "portal") and draw < (0.075 if courts else 0.012):
            self.do("accept", self.minutes(2, 30), "dispatcher")
            wanted = pick(self.rng, DECLINE_TO.get(code) or DECLINE_TO.get(code[:2]) or DECLINE_TO[""])
            line = next(line.source for line in self.p.say["decline"] if line.source.endswith("|" + wanted))
            text, _, right = line.partition("|")
            self.do("decline", self.minutes(10, 300), "dispatcher")
            self._word(text, channel=right)
            if self.over:
                return True
            self.marks.add("declined")
            return True
        rescue = "C7" in limits()[code].conditions and code[:2] in ("05", "06", "08", "14", "15")
        handed = 0.42 if rescue else 0.01 if code[:2] == "09" else 0.0
        if self.channel in ("seat", "portal") and draw > 1 - handed:
            target = "110" if code in ("1409", "1410", "1515", "0902") else TRANSFER_TO.get(code[:2], "petition")
            line = next(line.source for line in self.p.say["transfer"] if line.source.endswith("|" + target))
            self.do("transfer", self.minutes(0.3, 6), "seat" if self.channel == "seat" else "dispatcher")
            self._word(line.partition("|")[0], to=target, receipt=f"{target}-{self.rng.randint(100000, 999999)}")
            self.do("transfer_receipt", self.minutes(120, 1500), "seat", "transfer.receipt")
            if self.steps:
                self.marks.add("transferred")
            return True
        return False

    def _word(self, text: str, **extra: object) -> None:
        if not self.over:
            last = self.steps[-1]
            self.steps[-1] = Step(last.verb, last.at, last.by, text, extra)

    def _signed(self) -> bool:
        return any(step.verb in ("sign", "designate") for step in self.steps)

    def dispatch(self) -> None:
        rng = self.rng
        auto = rng.random() < (0.9 if self.channel in ("grid", "camera", "device") else 0.7)
        if auto or self.item.urgent:
            at = self.minutes(0.2, 3)
        else:  # a dispatcher decides; at night only what is pressing
            at = self.minutes(6, 95) if 7 <= self.now.hour < 22 else self.minutes(20, 420)
        self.do(
            "dispatch",
            at,
            "system" if auto else "dispatcher",
            "dispatch.auto" if auto else "dispatch.person",
            auto=auto,
        )
        if not self.over:
            self.due = self.p.due_of(self.item.code, self.now)

    def sign(self) -> None:
        start = self.now
        if self.working:
            at = self.office(5, 150)
        else:
            at = start + timedelta(minutes=min(self.rng.expovariate(1 / 14) + 1, 80))
        limit = self.share(start, 0.35)
        self.do("sign", min(at, max(limit, start)), "handler", "sign")

    def object(self) -> None:
        self.marks.add("objected")
        self.do("object", self.office(15, 240), "handler", "objection")
        if self.rng.random() < 0.6:
            self.do("objection_accept", self.office(20, 260), "centre_lead", "objection.accept")
            self.do("redispatch", self.minutes(3, 30), "dispatcher", "redispatch", auto=False)
            if not self.over:
                self.due = self.p.due_of(self.item.code, self.now)
            if self.rng.random() < 0.1:
                self.do("object", self.office(15, 200), "handler", "objection")
                self.do("objection_reject", self.office(20, 200), "centre_lead", "objection.reject")
                self.do("designate", self.minutes(2, 20), "centre_lead", "objection.reject", locked=True)
        else:
            self.do("objection_reject", self.office(20, 260), "centre_lead", "objection.reject")

    def suspend(self) -> None:
        rng = self.rng
        self.marks.add("suspended")
        self.do("suspend", self.share(self.now, rng.uniform(0.1, 0.5)), "centre_lead", "suspension")
        start, names = self.now, list(self.p.say["milestone"])
        planned = [start + timedelta(days=rng.uniform(9, 20) * (index + 1)) for index in range(rng.randint(2, 4))]
        chosen = sorted(rng.sample(range(len(names)), len(planned)))
        stones = [
            {"name": names[index].source, "planned": day.date().isoformat()}
            for index, day in zip(chosen, planned, strict=True)
        ]
        self._word(self.steps[-1].text if self.steps else "", milestones=stones)
        for stone, day in zip(stones, planned, strict=True):
            self.do("milestone", day + timedelta(days=rng.gauss(0, 2)), "handler", name=stone["name"])
            self.do("suspension_review", self.office(30, 900), "supervisor", "suspension.review")
        self.do("resume", self.minutes(30, 900), "centre_lead")
        if self.over:
            return
        self.due = self.p.due_of(self.item.code, self.now)
        self.finish(late=rng.random() < 0.05)

    def escalate(self) -> None:
        self.marks.add("escalated")
        self.do("escalate", self.share(self.now, self.rng.uniform(0.1, 0.4)), "handler", "escalate", to="L3")
        self.sign()

    def whistle(self) -> None:
        self.marks.add("whistled")
        guests = self.rng.randint(2, 4)
        self.do(
            "whistle",
            self.share(self.now, self.rng.uniform(0.05, 0.3)),
            "unit_lead",
            "whistle",
            units=guests,
            minutes=30,
        )
        called = self.now
        for guest in range(guests):
            self.do("arrive", called + timedelta(minutes=self.rng.uniform(8, 42)), "handler", "whistle.co", guest=guest)
        if self.rng.random() < 0.3:
            self.do("meeting", self.office(200, 1200), "centre_lead", "meeting")

    def extend(self) -> None:
        if self.due is None:
            return
        self.marks.add("extended")
        self.do("extension_ask", self.share(self.now, self.rng.uniform(0.55, 0.85)), "handler", "extension")
        self.do(
            "extension_grant", min(self.office(20, 300), self.now + timedelta(days=3)), "unit_lead", "extension.approve"
        )
        if not self.over:
            self.due = self.share(self.opened, self.rng.uniform(1.35, 1.8))
            self._word(self.steps[-1].text, due=self.due.isoformat())

    def finish(self, late: bool) -> None:
        rng = self.rng
        if rng.random() < 0.3:
            self.do("note", self.share(self.now, rng.uniform(0.05, 0.25)), "handler", "note")
        start = self.now
        again = rng.random() < 0.052
        if late and self.due:
            self.marks.add("late")
            moment = self.share(start, 1 + min(max(rng.expovariate(2.6), 0.03), 2.4))
            if rng.random() < 0.45:
                self.do("supervise", self.share(start, 1.02), "supervisor", "supervise")
                self.do("supervise_reply", self.office(20, 240), "unit_lead", "supervise.reply")
        else:
            moment = self.share(start, (rng.random() + rng.random() + rng.random()) / 3.9 * (0.6 if again else 0.97))
        self.answer(moment, thin=again and rng.random() < 0.7)
        if again:
            self.marks.add("redo")
            if rng.random() < 0.65:
                self.do("check_fail", self.office(30, 400), "checker", "check.fail")
            else:
                self.do("check_pass", self.office(20, 300), "checker", "check.pass")
                self.do("return_call", self.office(60, 700), "seat", "call.bad", solved=False)
                self.do("reopen", self.minutes(2, 40), "supervisor", "reopen")
            self.do(
                "feedback",
                self.office(60, 600),
                "handler",
                "redo",
                photo=f"{self.item.photo}-after" if self.item.photo else "",
            )
        self.close()

    def answer(self, moment: datetime, thin: bool = False) -> None:
        photo = f"{self.item.photo}-after" if self.item.photo else ""
        condition = limits()[self.item.code].conditions[0]
        self.do("feedback", moment, "handler", "feedback.thin" if thin else f"feedback.{condition}",
                condition=condition, photo=photo)  # fmt: skip
        if self.item.answers and not thin and not self.over and self.rng.random() < 0.7:
            last = self.steps[-1]
            text = pick(self.rng, self.item.answers).say(self.scene.later(self.now))
            self.steps[-1] = Step(last.verb, last.at, last.by, text, last.extra)

    def close(self) -> None:
        rng = self.rng
        self.do("check_pass", self.office(12, 420), "checker", "check.pass")
        voiced = self.channel in ("seat", "portal")
        if voiced:
            unhappy = rng.random() < (0.16 if self.marks & {"late", "redo"} else 0.045)
            mood = "call.none" if rng.random() < 0.13 else "call.bad" if unhappy else "call.good"
            self.do("return_call", self.office(40, 850), "seat", mood, solved=not unhappy)
            if rng.random() < (0.62 if self.channel == "portal" else 0.3):
                stars = rng.choices((1, 2, 3, 4, 5), (34, 26, 26, 10, 4) if unhappy else (1, 1, 5, 24, 69))[0]
                words = "rate.bad" if stars <= 2 else "rate.ok" if stars == 3 else "rate.good"
                self.do("rate", self.minutes(5, 2200), "resident", words if rng.random() < 0.55 else "", stars=stars)
        self.do("archive", self.now + timedelta(days=rng.uniform(2, 5)), "system")

    # -- matters that must stand somewhere at the end -------------------------------------------------------------

    def recent(self, hours: float = 5.0) -> datetime:
        """A moment shortly before the end, after what already happened."""
        room = (self.p.end - self.now).total_seconds()
        return self.p.end - timedelta(seconds=min(self.rng.uniform(300, hours * 3600), room * 0.6))

    def stand(self, want: str) -> None:
        self.marks.add("standing")
        if want == "waiting":
            return
        self.dispatch()
        if want == "unsigned":
            return
        if want == "objected":
            self.marks.add("objected")
            self.do("object", self.recent(), "handler", "objection")
            return
        self.do("sign", self.minutes(2, 40), "handler", "sign")
        if want == "extension_asked":
            self.do("extension_ask", self.recent(), "handler", "extension")
        elif want == "whistled":
            self.marks.add("whistled")
            self.do("whistle", self.recent(1.0), "unit_lead", "whistle", units=3, minutes=30)
            self.do("arrive", self.minutes(5, 20), "handler", "whistle.co", guest=0)
        elif want in ("checking", "redo", "calling"):
            self.answer(self.recent(9.0), thin=want == "redo")
            if want == "redo":
                self.marks.add("redo")
                self.do("check_fail", self.minutes(5, 25), "checker", "check.fail")
            elif want == "calling":
                self.do("check_pass", self.minutes(5, 25), "checker", "check.pass")
        elif want == "stuck" and self.due and self.due < self.p.end and self.rng.random() < 0.6:
            self.do("supervise", self.share(self.now, 1.03), "supervisor", "supervise")

    def sealed(self, want: str) -> FatePlan:
        steps = tuple(self.steps)
        state = next((STATE_AFTER[s.verb] for s in reversed(steps) if s.verb in STATE_AFTER), "waiting")
        answered = next((step.at for step in steps if step.verb == "feedback"), None)
        on_time = None
        if self.due is not None and not self.marks & {"declined", "transferred"}:
            if answered is not None:
                on_time = answered <= self.due
            elif self.due < self.p.end and state not in ("suspended", "objected"):
                on_time = False
        return FatePlan(steps, state, self.due, on_time, frozenset(self.marks))
