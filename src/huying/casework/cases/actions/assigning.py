"""Who must do it: dispatch, designate, recall, sign, object, escalate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from huying.ground.organisation.directory import Directory
from huying.ground.organisation.models import Unit
from huying.ground.organisation.queries import directory
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, NotFound

from ..access import area_of
from ..facts import (
    AssignmentEnded,
    AssignmentMade,
    AssignmentSigned,
    CaseEscalated,
    CaseUnassigned,
    ObjectionDecided,
    ObjectionRaised,
)
from ..models import Assignment, Case, Objection
from ..rules import MAX_RETURNS, Action, rank, refuse_escalation, refuse_target
from ..turns import Turn, filled, refuse, turning

WORKERS = ("handler", "unit_lead", "grid_worker", "assistant")  # who may have a case in hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One decided dispatch: to whom, by when, why. Due times are worked out by the dispatch room."""

    unit_id: int
    person_id: int | None = None
    first_asked_id: int | None = None
    respond_due: datetime | None = None
    due_at: datetime | None = None
    limits: dict[str, Any] = field(default_factory=dict)
    why: Sequence[Mapping[str, str]] = ()

    def as_body(self) -> dict[str, Any]:
        """The part of a trace entry that says who was asked and by when."""
        return {
            "unit": self.unit_id,
            "person": self.person_id,
            "respond_due": self.respond_due,
            "due": self.due_at,
            "why": list(self.why),
        }

    def as_fact(
        self,
        assignment_id: int,
        case_id: int,
        *,
        area: str,
        at: datetime,
        by: str,
        role: str = "lead",
        opening: bool = False,
    ) -> AssignmentMade:
        return AssignmentMade(
            case_id=case_id,
            at=at,
            by=by,
            assignment_id=assignment_id,
            unit_id=self.unit_id,
            person_id=self.person_id,
            role=role,
            area=area,
            limits=self.limits,
            respond_due=self.respond_due,
            due_at=self.due_at,
            opening=opening,
        )


def unit_for(turn: Turn, unit_id: int) -> Unit:
    """The unit to be asked, or the refusal: ended, below the escalated level, not on the community's admission list."""
    case = turn.case
    unit: Unit | None = Unit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise NotFound(code="unit_not_found")
    known = directory(on=local_day(turn.now))
    if unit.pk not in known.units:
        raise refuse("unit_ended")
    refusal = refuse_target(
        target_rank=rank(unit.level),
        escalated_level=case.escalated_level,
        may_receive=known.may_receive(unit.pk, case.item_code),
    )
    if refusal is not None:
        raise refuse(refusal.code)
    return unit


def may_work(unit_id: int, known: Directory) -> list[int]:
    """The people of a unit a case may be put in the hands of, first appointed first."""
    held = known.appointments_in(unit_id)
    ids = dict.fromkeys(one.person_id for one in held if one.role in WORKERS)
    return [one for one in ids if one in known.people]


def must_work_in(unit_id: int, person_id: int, now: datetime) -> None:
    """Invalid unless the person works in the unit today: whoever is handed a case may read it."""
    if person_id not in may_work(unit_id, directory(on=local_day(now))):
        raise Invalid(_("这个人今天不在该单位承办。"), hint=_("请从该单位的人员中选择。"), field="person")


def assign(turn: Turn, sending: Sending, *, role: str = "lead") -> Assignment:
    """Write the assignment of a turn, and for the lead also who leads the case."""
    case = turn.case
    made = Assignment.objects.create(
        case=case,
        unit_id=sending.unit_id,
        person_id=sending.person_id,
        role=role,
        limits=sending.limits,
        respond_due=sending.respond_due,
        due_at=sending.due_at,
        why=list(sending.why),
        sent_at=turn.now,
    )
    if role == "lead":
        turn.change(lead_unit_id=sending.unit_id, lead_person_id=sending.person_id, due_at=sending.due_at, light="")
        if case.first_asked_unit_id is None:
            turn.change(first_asked_unit_id=sending.first_asked_id or sending.unit_id)
    turn.tell(sending.as_fact(made.pk, case.pk, area=area_of(case), at=turn.now, by=turn.actor.ref, role=role))
    return made


def lead_assignment(case: Case) -> Assignment:
    """The live lead assignment of a locked case."""
    return Assignment.objects.select_for_update().get(case=case, role=Assignment.Role.LEAD, state__in=Assignment.LIVE)


def end_assignment(turn: Turn, assignment: Assignment, state: str) -> None:
    """End an assignment that will not be finished."""
    assignment.state = state
    assignment.ended_at = turn.now
    assignment.save(update_fields=["state", "ended_at"])
    turn.tell(
        AssignmentEnded(case_id=turn.case.pk, at=turn.now, by=turn.actor.ref, assignment_id=assignment.pk, how=state)
    )


def release(turn: Turn) -> None:
    """Nobody leads the case any more."""
    turn.change(lead_unit_id=None, lead_person_id=None, due_at=None, light="")


def dispatch_case(case_id: int, sending: Sending, *, actor: Actor, now: datetime, expected: int | None = None) -> None:
    """一级分拨: straight to the unit (and person) responsible, whatever its level."""
    with turning(case_id, Action.DISPATCH, actor=actor, now=now, given=["unit"], expected=expected) as turn:
        unit_for(turn, sending.unit_id)
        assign(turn, sending)
        turn.write(sending.as_body())


def designate_case(
    case_id: int,
    sending: Sending,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    expected: int | None = None,
) -> None:
    """指定办理: after two returns the centre names the unit, and the case can no longer be returned."""
    given = ["unit", *filled(reason=reason)]
    with turning(case_id, Action.DESIGNATE, actor=actor, now=now, given=given, expected=expected) as turn:
        unit_for(turn, sending.unit_id)
        turn.change(locked=True)
        assign(turn, sending)
        turn.write(sending.as_body(), reason=reason)


def recall_case(case_id: int, *, reason: str, actor: Actor, now: datetime, expected: int | None = None) -> None:
    """撤回分拨: the dispatcher takes a case back before it is signed; the dispatch clock runs on from the opening."""
    given = filled(reason=reason)
    with turning(case_id, Action.RECALL, actor=actor, now=now, given=given, expected=expected) as turn:
        case = turn.case
        assignment = lead_assignment(case)
        if case.returns == 0 and case.escalated_level == 0:
            turn.change(first_asked_unit_id=None)
        end_assignment(turn, assignment, Assignment.State.RECALLED)
        release(turn)
        turn.write({"unit": assignment.unit_id}, reason=reason)
        turn.tell(_unassigned(turn))


def sign_case(
    case_id: int, *, actor: Actor, now: datetime, person_id: int | None = None, expected: int | None = None
) -> None:
    """签收: the unit has it in hand; ``person_id`` is who will do the work (default: whoever signs)."""
    with turning(case_id, Action.SIGN, actor=actor, now=now, expected=expected) as turn:
        assignment = lead_assignment(turn.case)
        if person_id is not None and person_id != actor.person_id:
            must_work_in(assignment.unit_id, person_id, now)
        assignment.state = Assignment.State.SIGNED
        assignment.signed_at = now
        assignment.person_id = person_id or actor.person_id or assignment.person_id
        assignment.save(update_fields=["state", "signed_at", "person"])
        turn.change(lead_person_id=assignment.person_id)
        turn.write({"unit": assignment.unit_id, "person": assignment.person_id})
        turn.tell(AssignmentSigned(case_id=case_id, at=now, by=actor.ref, assignment_id=assignment.pk))


def object_to_case(
    case_id: int,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    suggested_unit_id: int | None = None,
    expected: int | None = None,
) -> None:
    """派单异议: clearly not this unit's duty; somebody at the centre decides."""
    given = filled(reason=reason)
    with turning(case_id, Action.OBJECT, actor=actor, now=now, given=given, expected=expected) as turn:
        assignment = lead_assignment(turn.case)
        Objection.objects.create(
            case=turn.case,
            assignment=assignment,
            suggested_unit_id=suggested_unit_id,
            reason=reason,
            asked_at=now,
            asked_by=actor.ref,
        )
        turn.write({"unit": assignment.unit_id, "suggested": suggested_unit_id}, reason=reason)
        turn.tell(ObjectionRaised(case_id=case_id, at=now, by=actor.ref, assignment_id=assignment.pk))


def decide_objection(
    case_id: int,
    *,
    uphold: bool,
    reason: str,
    actor: Actor,
    now: datetime,
    expected: int | None = None,
) -> None:
    """Uphold: the case returns to the dispatcher, one return used. Reject: the unit keeps it for good."""
    action = Action.UPHOLD_OBJECTION if uphold else Action.REJECT_OBJECTION
    with turning(case_id, action, actor=actor, now=now, given=filled(reason=reason), expected=expected) as turn:
        case = turn.case
        assignment = lead_assignment(case)
        Objection.objects.filter(case=case, state=Objection.State.ASKED).update(
            state=Objection.State.UPHELD if uphold else Objection.State.REJECTED,
            decided_at=now,
            decided_by=actor.ref,
            decision=reason,
        )
        if uphold:
            turn.change(returns=min(case.returns + 1, MAX_RETURNS))
            end_assignment(turn, assignment, Assignment.State.RETURNED)
            release(turn)
            turn.tell(_unassigned(turn))
        else:
            turn.change(locked=True)
        turn.write({"unit": assignment.unit_id, "returns": case.returns}, reason=reason)
        turn.tell(
            ObjectionDecided(
                case_id=case_id,
                at=now,
                by=actor.ref,
                assignment_id=assignment.pk,
                upheld=uphold,
                returns=case.returns,
            )
        )


def escalate_case(
    case_id: int,
    sending: Sending,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    expected: int | None = None,
) -> None:
    """单向升级: up to a higher unit, which must finish it; never back down. The first-asked unit stays named."""
    given = ["unit", *filled(reason=reason)]
    with turning(case_id, Action.ESCALATE, actor=actor, now=now, given=given, expected=expected) as turn:
        case = turn.case
        target = unit_for(turn, sending.unit_id)
        below = lead_assignment(case)
        refusal = refuse_escalation(from_rank=rank(below.unit.level), to_rank=rank(target.level))
        if refusal is not None:
            raise refuse(refusal.code)
        end_assignment(turn, below, Assignment.State.PASSED_UP)
        turn.change(escalated_level=rank(target.level))
        assign(turn, sending)
        turn.write({**sending.as_body(), "from_unit": below.unit_id}, reason=reason)
        turn.tell(
            CaseEscalated(case_id=case_id, at=now, by=actor.ref, from_unit_id=below.unit_id, to_unit_id=target.pk)
        )


def _unassigned(turn: Turn) -> CaseUnassigned:
    case = turn.case
    return CaseUnassigned(case_id=case.pk, at=turn.now, by=turn.actor.ref, area=area_of(case))
