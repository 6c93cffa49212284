"""Takes the acts of a stretch of history many cases at a time.

Every step is decided by the lifecycle table (``cases.rules.decide``) exactly as for a single action, clocks are worked
out by the clocks room; only the writing is gathered. What is rare goes through the real actions one at a time. The same
rows come out either way: ``tests/test_loading_rows.py`` takes the same acts both ways and compares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from huying.casework.cases import access
from huying.casework.cases.rules import Action, Circumstance, Party, Refusal, Rule, State, decide, rank
from huying.casework.cases.turns import chain
from huying.casework.supervision.actions import SUPERVISION, close_with_case, raise_orders
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.senses.reports.models import Report, Telling
from huying.senses.reports.rules import Told

from .acting import perform
from .ledger import Held, Ledger
from .roles import Stage
from .script import Act
from .step_parts import Left
from .steps import STEPS
from .ticking import Ticking


class Bulk:
    """Takes acts in order of time; what they change is written by ``flush``."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.ledger = Ledger()
        self.ticking = Ticking(self.ledger, self.flush)
        self.drafts: list[trace.Draft] = []
        self.rated: dict[int, Report] = {}
        self._emptied: list[tuple[int, str, datetime]] = []

    def play(self, acts: Sequence[Act]) -> None:
        """Take acts in the caller's transaction. A matter with a rare act among them goes the single way as a whole."""
        known = self.stage.known
        acts = [act for act in acts if act.source_id in known]
        single = {self._root(act) for act in acts if act.verb not in STEPS}
        single |= {known[act.source_id].case_id for act in acts if self._root(act) in single}
        many = [act for act in acts if not {known[act.source_id].case_id, self._root(act)} & single]
        taken = {id(act) for act in many}
        self.ledger.hold({known[act.source_id].case_id for act in many} | {self._root(act) for act in many})
        self.rated = Report.objects.in_bulk({known[act.source_id].report_id for act in many if act.verb == "rate"})
        for act in many:
            self.take(act)
        self.flush()
        self.ledger.forget()
        for act in acts:
            if id(act) not in taken:
                perform(act, self.stage)

    def take(self, act: Act) -> None:
        held = self.ledger[self.stage.known[act.source_id].case_id]
        try:
            STEPS[act.verb](self, held, act)
        except Left as left:
            self.stage.refuse(act.verb, str(left))

    def flush(self) -> None:
        """Write rows, trace and what supervision has to do with it."""
        self.ledger.write()
        self.ticking.written()
        trace.record(self.drafts)
        self.drafts.clear()
        for case_id, result, at in self._emptied:
            close_with_case([case_id], result=result, actor=SUPERVISION, now=at)
        self._emptied.clear()

    def _root(self, act: Act) -> int:
        """The case whose fate decides how the act is taken: for a merge the one merged into."""
        known = self.stage.known
        here = known[act.source_id]
        into = known.get(here.told.fate.into) if act.verb == "merge" else None
        return into.case_id if into is not None else here.case_id

    # --- what steps need -----------------------------------------------------------------------------------------

    def decided(self, held: Held, action: Action, actor: Actor | None, act: Act, *given: str) -> Rule:
        """The rule of the table for this step, or ``Left``."""
        if actor is None:
            raise Left("nobody")
        case = held.case
        found = decide(State(case.state), action, parties(actor, held), circumstance(held, actor, act.at), given)
        if isinstance(found, Refusal):
            raise Left(found.code)
        return found

    def finish(
        self, held: Held, action: Action, rule: Rule, actor: Actor, at: datetime, body: dict[str, Any] | None = None,
        **private: str,
    ) -> None:  # fmt: skip
        """State, version and trace entry of a step, as ``cases.turns.Turn.finish`` leaves them."""
        case = held.case
        before = case.state
        if rule.to is not None:
            case.state = rule.to
        case.version += 1
        self.ledger.touch(case)
        self.write(
            case.pk, str(action), actor, at, {"from": before, "to": str(case.state), **(body or {})},
            {name: text for name, text in private.items() if text},
        )  # fmt: skip

    def write(
        self, case_id: int, verb: str, actor: Actor, at: datetime, body: dict[str, Any],
        private: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.drafts.append(
            trace.Draft(chain=chain(case_id), verb=verb, actor=actor, at=at, body=body, private=private or {})
        )

    def tell(self, held: Held, kind: Told, at: datetime, body: dict[str, Any] | None = None) -> None:
        """What every reporter of the case is told."""
        for report_id in held.reports:
            self.ledger.make(Telling, report_id=report_id, kind=kind, body=body or {}, at=at)

    def move_reports(self, held: Held, root: Held) -> None:
        """The voices follow their matter into another."""
        Report.objects.filter(pk__in=held.reports).update(case_id=root.case.pk)
        root.reports.extend(held.reports)
        held.reports = []

    def emptied(self, held: Held, result: str, at: datetime) -> None:
        """Nothing is left to supervise."""
        self._emptied.append((held.case.pk, result, at))

    def supervise(self, raising: Any, at: datetime) -> None:
        """An order that is raised by itself; what came before is written first."""
        self.flush()
        raise_orders([raising], actor=SUPERVISION, now=at)


def parties(actor: Actor, held: Held) -> frozenset[Party]:
    """What an actor is to a held case; ``cases.access.parties`` with its one query answered from memory."""
    case = held.case
    if actor.kind in ("system", "reporter"):
        return access.parties(actor, case)
    over_areas = Actor(actor.kind, actor.ref, actor.name, duties=tuple(d for d in actor.duties if not d.unit_path))
    found = set(access.parties(over_areas, case))
    for duty in actor.duties_of("handler", "unit_lead"):
        if case.lead_unit is not None and duty.covers_unit(case.lead_unit.path):
            found.add(Party.LEAD_HEAD if duty.role == "unit_lead" else Party.LEAD)
    if actor.person_id is not None and actor.person_id == case.lead_person_id:
        found.add(Party.LEAD)
    return frozenset(found)


def circumstance(held: Held, actor: Actor, at: datetime) -> Circumstance:
    """What the guards ask about; as ``cases.turns.circumstance`` reads it."""
    case = held.case
    worked = [one for one in held.assignments if one.signed_at is not None]
    return Circumstance(
        returns=case.returns,
        locked=case.locked,
        escalated_level=case.escalated_level,
        lead_rank=rank(case.lead_unit.level) if case.lead_unit else 0,
        extensions=case.extensions,
        max_extensions=case.item.max_extensions,
        can_suspend=case.item.can_suspend,
        extension_pending=held.extension is not None,
        suspension_pending=held.suspension is not None and held.suspension.state == "asked",
        parts_owed=int(any(one.role == "assist" for one in held.live)),
        actor_handled=any(_of(actor, one.person_id, one.unit_id) for one in worked),
        called=held.called,
        unreached_calls=held.unreached if case.closed_at else 0,
        rated=case.rating is not None,
        quiet_days=(at - case.closed_at) // timedelta(days=1) if case.closed_at else 0,
    )


def _of(actor: Actor, person_id: int | None, unit_id: int) -> bool:
    mine = actor.person_id is not None and actor.person_id == person_id
    return mine or (actor.unit_id is not None and actor.unit_id == unit_id)
