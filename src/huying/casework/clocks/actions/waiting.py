"""What a handling unit may record about its own clocks: waiting for the reporter, a stage reached."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import access as case_access
from huying.casework.cases.models import Case
from huying.casework.cases.rules import Party, State
from huying.casework.cases.turns import lock_case
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused

from ..almanac import WAITING
from ..models import Clock, ClockChange
from ..queries import almanac
from .running import of_case, pause_clocks, resume_clocks, stop_clocks

_LEAD = frozenset({Party.LEAD, Party.LEAD_HEAD})


def wait_for_reporter(case_id: int, *, reason: str, actor: Actor, now: datetime) -> datetime:
    """等待当事人补充: the close clock stands still until the reporter answers, once, two working days at most.

    Returns when it goes on by itself. Raises Refused when it already waited or the case is not being handled.
    """
    with transaction.atomic():
        case = _own_case(case_id, actor)
        if not reason.strip():
            raise Invalid(_("请写明需要当事人补充什么"), field="reason")
        clocks = of_case([case_id]).filter(kind="close", main=True, stopped_at__isnull=True)
        clock = clocks.first()
        if case.state != State.HANDLING or clock is None or clock.paused_at is not None:
            raise Refused(_("现在不能停表"), code="cannot_wait", hint=_("只有处置中、正在计时的事件可以等待当事人补充"))
        if ClockChange.objects.filter(clock__assignment=clock.assignment_id, kind="pause", why="waiting").exists():
            raise Refused(_("这件事已经等待过一次"), code="waited_already", hint=_("如仍需时间，请申请延期或挂账"))
        until = almanac().standing_due(WAITING, now, clock.area)
        pause_clocks(clocks, at=now, by=actor.ref, why="waiting", resume_by=until)
        _record(case, "wait_for_reporter", actor, now, {"until": until}, reason=reason)
    assert until is not None
    return until


def end_wait(case_id: int, *, actor: Actor, now: datetime) -> None:
    """The reporter has answered: the clock goes on, its due time moved by the time waited."""
    with transaction.atomic():
        case = _own_case(case_id, actor)
        if not resume_clocks(of_case([case_id]).filter(paused_why="waiting"), at=now, by=actor.ref, why="waiting"):
            raise Refused(_("这件事没有在等待"), code="not_waiting")
        _record(case, "end_wait", actor, now, {})


def reach_stage(case_id: int, stage: str, *, actor: Actor, now: datetime, note: str = "") -> None:
    """A stage of a staged limit ("4wh stop work") is reached: its clock stops, on time or late, for good."""
    with transaction.atomic():
        case = _own_case(case_id, actor)
        kind = f"stage:{stage}"
        clock = Clock.objects.filter(case_id=case_id, kind=kind, stopped_at__isnull=True).first()
        if clock is None:
            raise NotFound(code="stage_not_running")
        stop_clocks([case_id], at=now, why="reached", kinds=(kind,))
        late = clock.due_at is not None and now > clock.due_at
        _record(case, "reach_stage", actor, now, {"stage": stage, "due": clock.due_at, "late": late}, note=note)


def _own_case(case_id: int, actor: Actor) -> Case:
    case = lock_case(case_id)
    if not case_access.visible(actor).filter(pk=case_id).exists():
        raise NotFound(code="case_not_found")
    if not case_access.parties(actor, case) & _LEAD:
        raise Forbidden(code="not_yours")
    return case


def _record(case: Case, verb: str, actor: Actor, now: datetime, body: dict[str, object], **private: str) -> None:
    given = {name: text for name, text in private.items() if text}
    trace.record([trace.Draft(chain=f"case:{case.pk}", verb=verb, actor=actor, at=now, body=body, private=given)])
