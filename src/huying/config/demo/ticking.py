"""Clocks of held cases: the arithmetic is the clocks room's own, only the writing waits for the end of the stretch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from huying.casework.cases.facts import AssignmentMade
from huying.casework.cases.models import Assignment
from huying.casework.catalogue.limits import Limit
from huying.casework.clocks.actions.running import Start, continued, extended, resumed, timed
from huying.casework.clocks.handlers import unit_starts
from huying.casework.clocks.keeping import longer
from huying.casework.clocks.lights import highest
from huying.casework.clocks.models import Clock, ClockChange
from huying.casework.clocks.queries import almanac
from huying.casework.clocks.store import Move

from .ledger import Held, Ledger


class Ticking:
    """Starts, stops, pauses, resumes, continues and extends clocks in memory."""

    def __init__(self, ledger: Ledger, flush: Callable[[], None]) -> None:
        self.ledger, self._flush = ledger, flush
        self.book = almanac()
        self._moved: set[int] = set()

    def written(self) -> None:
        self._moved.clear()

    def start(self, held: Held, one: Start) -> Clock:
        due_at, fixed, assumed, following = timed(one, self.book)
        clock: Clock = self.ledger.make(
            Clock, case_id=one.case_id, assignment_id=one.assignment_id, kind=one.kind, main=one.main,
            limit=one.limit.as_json(), area=one.area, fixed=fixed, started_at=one.at, due_at=due_at, assumed=assumed,
            edition=self.book.edition, light="none", next_light_at=following,
        )  # fmt: skip
        held.clocks.append(clock)
        return clock

    def start_unit(self, held: Held, fact: AssignmentMade) -> None:
        """The dispatch clock stops; the unit's own start."""
        if fact.role == "lead":
            self.stop(held, held.running("dispatch"), fact.at, "dispatched")
        for one in unit_starts(fact, {}):
            self.start(held, one)

    def start_standing(self, held: Held, kind: str, at: datetime, *, main: bool = False) -> None:
        limit = self.book.standing_limit(kind.partition(":")[0], at)
        self.start(held, Start(case_id=held.case.pk, kind=kind, main=main, limit=limit, at=at, area=held.area))

    def too_long(self, held: Held, until: datetime) -> bool:
        """Whether the main clock may not be given until then."""
        main = next((clock for clock in held.running("close") if clock.main), None)
        if main is None or main.due_at is None:
            return False
        closing = [clock.pk for clock in held.clocks if clock.main and clock.kind == "close"]
        return longer(main, [one for pk in closing for one in held.changes[pk]], until, self.book)

    def stop(self, held: Held, clocks: Iterable[Clock], at: datetime, why: str) -> None:
        lit = False
        for clock in clocks:
            clock.stopped_at, clock.stopped_why = max(at, clock.started_at), why[:16]
            clock.next_light_at = clock.resume_by = None
            lit = lit or clock.light != "none"
            self.ledger.touch(clock)
        if lit:
            self.copy_to_case(held)

    def pause(self, held: Held, clocks: Iterable[Clock], at: datetime, by: str, why: str) -> None:
        for clock in clocks:
            self._change(held, clock, "pause", at, by, why, clock.due_at)
            clock.next_light_at = clock.resume_by = None
            clock.paused_at, clock.paused_why = clock.paused_at or max(at, clock.started_at), why
            self.ledger.touch(clock)

    def resume(self, held: Held, clocks: Iterable[Clock], at: datetime, by: str, why: str) -> None:
        moves = [resumed(clock, at, self.book) for clock in clocks if clock.paused_at is not None]
        self._settle(held, moves, "resume", at, by, why)

    def extend(self, held: Held, until: datetime, at: datetime, by: str, why: str) -> None:
        moves = [
            extended(clock, until, at, self.book)
            for clock in held.running("close")
            if clock.main and clock.due_at is not None and until > clock.due_at
        ]
        self._settle(held, moves, "extension", at, by, why)

    def go_on(self, held: Held, before: Clock, at: datetime, by: str, why: str) -> None:
        """A stopped clock goes on as a new one, with the record of what moved the old."""
        made = continued(before, at, self.book, before.assignment_id)
        made.pk = self.ledger.ids.take(Clock)
        self.ledger.adopt(made)
        held.clocks.append(made)
        for old in held.changes.get(before.pk, ()):
            self._note(held, made, old.kind, old.at, old.by, old.why, old.old_due, old.new_due)
        assert before.stopped_at is not None
        self._note(held, made, "pause", before.stopped_at, by, why, before.due_at, before.due_at)
        self._note(held, made, "resume", at, by, why, before.due_at, made.due_at)
        self._copy_to_assignment(held, made)
        self.copy_to_case(held)

    def copy_to_case(self, held: Held) -> None:
        """The due time of the main clock that runs, and the gravest light."""
        running = held.running()
        top = highest([clock.light for clock in running])
        held.case.light = "" if top == "none" else top
        main = [clock for clock in running if clock.main]
        if main:
            held.case.due_at = main[-1].due_at
        self.ledger.touch(held.case)

    def _settle(self, held: Held, moves: list[Move], kind: str, at: datetime, by: str, why: str) -> None:
        for move in moves:
            clock = move.clock
            if clock.pk in self._moved:  # the guard wants one recorded change for one move of a row
                self._flush()
            self._change(held, clock, kind, at, by, why, move.due_at)
            self._moved.add(clock.pk)
            clock.due_at, clock.paused_us, clock.light = move.due_at, move.paused_us, move.light
            clock.next_light_at, clock.assumed, clock.edition = move.next_light_at, move.assumed, move.edition
            clock.paused_at, clock.paused_why, clock.resume_by = move.paused_at, move.paused_why, move.resume_by
            self.ledger.touch(clock)
            self._copy_to_assignment(held, clock)
        self.copy_to_case(held)

    def _copy_to_assignment(self, held: Held, clock: Clock) -> None:
        column = {"close": "due_at", "respond": "respond_due"}.get(clock.kind)
        for assignment in held.assignments:
            if column and assignment.pk == clock.assignment_id:
                setattr(assignment, column, clock.due_at)
                self.ledger.touch(assignment)

    def _change(
        self, held: Held, clock: Clock, kind: str, at: datetime, by: str, why: str, new_due: datetime | None
    ) -> None:
        self._note(held, clock, kind, at, by, why[:200], clock.due_at, new_due)

    def _note(
        self, held: Held, clock: Clock, kind: str, at: datetime, by: str, why: str, old: datetime | None,
        new: datetime | None,
    ) -> None:  # fmt: skip
        change = self.ledger.make(
            ClockChange, clock_id=clock.pk, kind=kind, at=at, by=by, why=why, old_due=old, new_due=new
        )
        held.changes[clock.pk].append(change)


def again(held: Held, assignment: Assignment, before: Clock, at: datetime) -> Start:
    """The close clock of a matter that must be done again after it was closed."""
    return Start(
        case_id=held.case.pk, assignment_id=assignment.pk, kind="close", main=before.main,
        limit=Limit.from_json(before.limit), at=at, area=before.area,
    )  # fmt: skip
