"""Answer on the spot, feedback with evidence, check by somebody else, return call, rating, redo, archive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from huying.casework.catalogue.evidence import Evidence
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound, Refused

from ..access import area_of
from ..facts import CaseArchived, CaseClosed, CaseRated, CaseSentBack, CaseUnassigned, FeedbackGiven
from ..models import Assignment, Check, Feedback, ReturnCall
from ..queries import waiting_for_archive
from ..rules import QUIET_DAYS_BEFORE_ARCHIVE, Action, Party, State
from ..turns import Turn, filled, turning
from ..voices import labelled
from ..words import refusal
from .assigning import lead_assignment
from .evidence import evidence_of, must_suffice

_STATES = Assignment.State


def give_feedback(
    case_id: int,
    *,
    text: str,
    evidence: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    expected: int | None = None,
) -> None:
    """反馈: what was done, with all the item's closing condition demands; else refused, naming what is missing."""
    given = ["evidence", *filled(text=text)]
    with turning(case_id, Action.GIVE_FEEDBACK, actor=actor, now=now, given=given, expected=expected) as turn:
        case = turn.case
        try:
            whole = evidence_of(case, evidence)
        except (ValueError, TypeError) as error:
            raise Invalid(refusal("evidence_missing")[0], field="evidence") from error
        must_suffice(case, whole)
        lead = lead_assignment(case)
        feedback = Feedback.objects.create(
            case=case,
            assignment=lead,
            text=text,
            evidence=whole.as_json(),
            given_at=now,
            given_by=actor.ref,
            person_id=actor.person_id,
        )
        lead.state, lead.delivered_at, lead.result = _STATES.DELIVERED, now, text
        lead.save(update_fields=["state", "delivered_at", "result"])
        turn.write({"unit": lead.unit_id, "evidence": sorted(whole.as_json())}, text=text)
        turn.tell(FeedbackGiven(case_id=case_id, at=now, by=actor.ref, assignment_id=lead.pk, feedback_id=feedback.pk))


def answer_case(
    case_id: int, *, text: str, actor: Actor, now: datetime, notice: str = "call", expected: int | None = None
) -> None:
    """当场答复: whoever takes a question or advice in answers it at once, and it is closed; no unit is asked.

    ``notice`` says how the reporter was told. Refused for what an answer alone does not close. Nobody checks it:
    the return call is made by somebody else, and a reporter for whom it is not solved brings it to a unit.
    """
    with turning(case_id, Action.ANSWER, actor=actor, now=now, given=filled(text=text), expected=expected) as turn:
        case = turn.case
        evidence = Evidence(answer=text, notice_kind=notice, notice_at=now)
        must_suffice(case, evidence, answer="text", notice_kind="notice")
        Feedback.objects.create(
            case=case,
            text=text,
            evidence=evidence.as_json(),
            given_at=now,
            given_by=actor.ref,
            person_id=actor.person_id,
        )
        late = case.due_at is not None and now > case.due_at
        turn.write({"unit": actor.unit_id, "notice": notice, "late": late}, text=text)
        close(turn, late=late)


def pass_check(case_id: int, *, actor: Actor, now: datetime, note: str = "", expected: int | None = None) -> None:
    """核查通过: closed. Late is decided by when the feedback came, not by when it was checked."""
    with turning(case_id, Action.PASS_CHECK, actor=actor, now=now, expected=expected) as turn:
        case = turn.case
        feedback = _check(turn, passed=True, note=note)
        lead = lead_assignment(case)
        lead.state, lead.accepted_at, lead.ended_at = _STATES.ACCEPTED, now, now
        lead.save(update_fields=["state", "accepted_at", "ended_at"])
        late = case.due_at is not None and feedback.given_at > case.due_at
        turn.write({"late": late}, note=note)
        close(turn, late=late)


def fail_check(case_id: int, *, reason: str, actor: Actor, now: datetime, expected: int | None = None) -> None:
    """核查不通过: the same unit does it again."""
    given = filled(reason=reason)
    with turning(case_id, Action.FAIL_CHECK, actor=actor, now=now, given=given, expected=expected) as turn:
        _check(turn, passed=False, note=reason)
        lead = lead_assignment(turn.case)
        _send_back(turn, lead, why="check")
        turn.write(reason=reason)


def _check(turn: Turn, *, passed: bool, note: str) -> Feedback:
    feedback = Feedback.objects.filter(case=turn.case).order_by("-id").first()
    if feedback is None:
        raise NotFound(code="feedback_not_found")
    Check.objects.create(
        case=turn.case,
        feedback=feedback,
        person_id=turn.actor.person_id,
        passed=passed,
        note=note,
        made_at=turn.now,
        made_by=turn.actor.ref,
    )
    return feedback


def _begin_again(turn: Turn) -> None:
    """Another round: what was said of the last one stays in its own rows. Once closed late is late for good."""
    case = turn.case
    late = True if case.closed_late else None
    turn.change(redos=case.redos + 1, closed_at=None, closed_late=late, rating=None, solved=None)


def close(turn: Turn, *, late: bool) -> None:
    """Closed now; ``late`` says whether this round was, the case is when any of its rounds was."""
    turn.change(closed_at=turn.now, closed_late=late or bool(turn.case.closed_late))
    turn.tell(CaseClosed(case_id=turn.case.pk, at=turn.now, by=turn.actor.ref, late=late))


def _send_back(turn: Turn, lead: Assignment, *, why: str) -> None:
    lead.state, lead.delivered_at, lead.ended_at = _STATES.SIGNED, None, None
    lead.save(update_fields=["state", "delivered_at", "ended_at"])
    _begin_again(turn)
    turn.write({"unit": lead.unit_id, "redos": turn.case.redos, "why": why})
    turn.tell(
        CaseSentBack(
            case_id=turn.case.pk,
            at=turn.now,
            by=turn.actor.ref,
            assignment_id=lead.pk,
            redos=turn.case.redos,
            why=why,
        )
    )


def record_return_call(
    case_id: int,
    *,
    reached: bool | None,
    actor: Actor,
    now: datetime,
    responded: bool | None = None,
    solved: bool | None = None,
    satisfied: int | None = None,
    note: str = "",
) -> None:
    """登记回访: the three questions — contacted in time, solved, satisfied 1–5 — or that nobody answered.

    Of a call that nobody answered no answers are kept, whatever was given.
    """
    if satisfied is not None and not 1 <= satisfied <= 5:
        raise Invalid(field="satisfied")
    if not reached:
        responded = solved = satisfied = None
    with turning(case_id, Action.RETURN_CALL, actor=actor, now=now, given=filled(reached=reached)) as turn:
        heard = {"reached": bool(reached), "responded": responded, "solved": solved, "satisfied": satisfied}
        ReturnCall.objects.create(case=turn.case, **heard, note=note, made_at=now, made_by=actor.ref)
        if solved is not None:
            turn.change(solved=solved)
        if satisfied is not None:
            turn.change(rating=satisfied)
            turn.tell(CaseRated(case_id=case_id, at=now, by=actor.ref, score=satisfied))
        turn.write(heard, note=note)


def rate_case(
    case_id: int,
    *,
    score: int,
    actor: Actor,
    now: datetime,
    responded: bool | None = None,
    solved: bool | None = None,
    comment: str = "",
    voice: str = "",
) -> None:
    """评价 by a reporter: 1–5, of several reporters the lowest counts; whether contacted in time, whether solved.

    ``voice`` is the mark of their report, here and in every step a reporter takes: what they say is erased by it.
    """
    if not 1 <= score <= 5:
        raise Invalid(field="score")
    with turning(case_id, Action.RATE, actor=actor, now=now, given=filled(score=score)) as turn:
        case = turn.case
        turn.change(rating=score if case.rating is None else min(case.rating, score))
        if solved is not None:
            turn.change(solved=solved if case.solved is None else case.solved and solved)
        turn.write({"score": score, "responded": responded, "solved": solved}, **{labelled("comment", voice): comment})
        turn.tell(CaseRated(case_id=case_id, at=now, by=actor.ref, score=score))


def order_redo(case_id: int, *, reason: str, actor: Actor, now: datetime, voice: str = "") -> None:
    """退回重办 after closing: a reporter says it is not solved, or the return call found so.

    It goes back to the unit that did it; where none did (answered on the spot, handled elsewhere), to dispatch.
    """
    with turning(case_id, Action.ORDER_REDO, actor=actor, now=now, given=filled(reason=reason)) as turn:
        why = "reporter" if Party.REPORTER in turn.parties else "call"
        if turn.parties == {Party.SUPERVISOR}:
            why = "supervisor"
        lead = (
            Assignment.objects.select_for_update()
            .filter(case=turn.case, role="lead", state=_STATES.ACCEPTED)
            .order_by("-id")
            .first()
        )
        if lead is None:
            _to_dispatch(turn, why=why)
        else:
            _send_back(turn, lead, why=why)
        turn.write({}, **{labelled("reason", voice): reason})


def _to_dispatch(turn: Turn, *, why: str) -> None:
    case = turn.case
    turn.lead_to(State.ACCEPTED)
    _begin_again(turn)
    turn.write({"redos": case.redos, "why": why})
    turn.tell(CaseUnassigned(case_id=case.pk, at=turn.now, by=turn.actor.ref, area=area_of(case)))


def archive_case(case_id: int, *, actor: Actor, now: datetime) -> None:
    """归档: heard back, or nobody to hear; from here on nothing may happen to the case."""
    with turning(case_id, Action.ARCHIVE, actor=actor, now=now) as turn:
        turn.change(archived_at=now)
        turn.tell(CaseArchived(case_id=case_id, at=now, by=actor.ref))


def archive_quiet(*, actor: Actor, now: datetime, limit: int = 500) -> int:
    """Archive closed cases nobody has said anything about for so many days; each in its own transaction; how many."""
    done = 0
    for case_id in waiting_for_archive(now, QUIET_DAYS_BEFORE_ARCHIVE, limit=limit):
        try:
            archive_case(case_id, actor=actor, now=now)
        except Refused:
            continue  # somebody has just reopened it
        done += 1
    return done
