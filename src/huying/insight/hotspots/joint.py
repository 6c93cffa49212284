"""每月一题: one case for many units, opened of what many residents say, with who leads it, the plan, milestones and the effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django_stubs_ext import StrOrPromise

from huying.casework.cases import access as cases
from huying.casework.cases.rules import Party
from huying.casework.catalogue import queries as catalogues
from huying.casework.dispatch.actions import dispatch_case, open_matters
from huying.casework.dispatch.queries import Matter
from huying.ground.organisation.queries import directory
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Invalid, NotFound, Refused
from huying.kernel.locks import lock_rows
from huying.senses.reports.rules import Channel

from . import access
from .models import HotIssue, HotMessage, JointPlan, JointStep

MOST_STEPS: Final = 8
LONGEST_GOAL, LONGEST_PLAN, LONGEST_STEP, LONGEST_NOTE = 200, 2000, 120, 200
_DAY: Final = "%Y-%m-%d"
_LONGEST_TITLE: Final = 80
_DISPATCHES = frozenset({Party.DISPATCHER, Party.CENTRE, Party.SYSTEM})


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone: what is reached, and by which day."""

    what: str
    due: date


@dataclass(frozen=True, slots=True)
class Plan:
    """What a joint case is to reach, who leads it, how, and by which milestones."""

    goal: str
    plan: str
    lead_unit_id: int
    steps: tuple[Step, ...]


def chain_of(case_id: int) -> str:
    """The chain a joint plan is traced on."""
    return f"hotspots:joint:{case_id}"


@transaction.atomic
def open_joint_case(issue_id: int, plan: Plan, *, actor: Actor, now: datetime) -> HotIssue:
    """Open the joint case of an issue with its plan. Whoever may dispatch sends it to the leading unit at once; opened by
    others it is held for a dispatcher, who reads which unit is to lead.

    Its words sum up the messages and quote none. Raises :class:`Conflict` when the issue has a joint case already.
    """
    access.must_open(actor)
    access.get_issue(actor, issue_id)
    _check(plan, now)
    found = lock_rows(HotIssue, [issue_id])
    if not found:
        raise NotFound(code="hotspot_not_found")  # another took it in at this moment
    issue = found[0]
    if issue.case_id is not None:
        raise Conflict(
            gettext_lazy("这个热点已经开过联办"), code="joint_case_open", hint=gettext_lazy("请到联办事件里继续办理")
        )
    (opened,) = open_matters([_matter(issue, plan, actor, now)], actor=actor, now=now)
    issue.case_id = opened.case_id
    issue.save(update_fields=["case"])
    made = JointPlan.objects.create(
        case_id=opened.case_id,
        lead_unit_id=plan.lead_unit_id,
        goal=plan.goal.strip(),
        plan=plan.plan.strip(),
        opened_at=now,
    )
    JointStep.objects.bulk_create(
        JointStep(plan=made, number=number, what=step.what.strip(), due=step.due)
        for number, step in enumerate(sorted(plan.steps, key=lambda one: one.due), 1)
    )
    _record(made, "open_joint", actor, now, {"issue": issue.pk, "lead": plan.lead_unit_id, "steps": len(plan.steps)})
    seen = cases.visible(actor).filter(pk=opened.case_id).first()  # a lead of part of the place may not see all of it
    if seen is not None and cases.parties(actor, seen) & _DISPATCHES:
        dispatch_case(opened.case_id, actor=actor, now=now, unit_id=plan.lead_unit_id)
    return issue


@transaction.atomic
def reach_step(issue_id: int, number: int, *, note: str, actor: Actor, now: datetime) -> JointStep:
    """A milestone is reached; once."""
    plan = _plan(issue_id, actor)
    steps = [one for one in lock_rows(JointStep, plan.steps.values_list("pk", flat=True)) if one.number == number]
    if not steps:
        raise NotFound(code="joint_step_not_found")
    (step,) = steps
    if step.done_at is not None:
        raise Conflict(gettext_lazy("这个节点已经完成"), code="joint_step_done")
    if len(note.strip()) > LONGEST_NOTE:
        raise Invalid(gettext_lazy("至多 200 字"), field="note")
    step.done_at, step.note = now, note.strip()
    step.save(update_fields=["done_at", "note"])
    _record(plan, "reach_step", actor, now, {"number": number, "note": step.note})
    return step


@transaction.atomic
def record_effect(issue_id: int, *, effect: str, actor: Actor, now: datetime) -> JointPlan:
    """What came of it; may be written anew, the trace keeps what stood before. Refused while no milestone is reached."""
    plan = _plan(issue_id, actor)
    lock_rows(JointPlan, [plan.pk])
    if not 2 <= len(effect.strip()) <= LONGEST_PLAN:
        raise Invalid(gettext_lazy("请写 2 到 2000 字"), field="effect")
    if not plan.steps.filter(done_at__isnull=False).exists():
        raise Refused(
            gettext_lazy("还没有完成任何节点，谈不上成效"),
            hint=gettext_lazy("先登记完成的节点。"),
            code="joint_nothing_done",
        )
    plan.effect, plan.effect_at = effect.strip(), now
    plan.save(update_fields=["effect", "effect_at"])
    _record(plan, "record_effect", actor, now, {"effect": plan.effect})
    return plan


def _plan(issue_id: int, actor: Actor) -> JointPlan:
    access.must_open(actor)
    issue = access.get_issue(actor, issue_id)
    plan = JointPlan.objects.filter(case=issue.case_id).first() if issue.case_id else None
    if plan is None:
        raise NotFound(code="joint_plan_not_found")
    return plan


def _record(plan: JointPlan, verb: str, actor: Actor, now: datetime, body: dict[str, object]) -> None:
    trace.record([trace.Draft(chain=chain_of(plan.case_id), verb=verb, actor=actor, at=now, body=body)])


def _check(plan: Plan, now: datetime) -> None:
    today = local_day(now)
    wrong: dict[str, StrOrPromise] = {}
    if not 2 <= len(plan.goal.strip()) <= LONGEST_GOAL:
        wrong["goal"] = gettext_lazy("请写 2 到 200 字")
    if not 2 <= len(plan.plan.strip()) <= LONGEST_PLAN:
        wrong["plan"] = gettext_lazy("请写 2 到 2000 字")
    if plan.lead_unit_id not in directory(on=today).units:
        wrong["lead"] = gettext_lazy("请选择牵头单位")
    if not 1 <= len(plan.steps) <= MOST_STEPS:
        wrong["steps"] = gettext_lazy("请列 1 到 8 个节点")
    elif any(not 2 <= len(step.what.strip()) <= LONGEST_STEP for step in plan.steps):
        wrong["steps"] = gettext_lazy("每个节点写 2 到 120 字")
    elif any(step.due < today for step in plan.steps):
        wrong["steps"] = gettext_lazy("节点的日期不能早于今天")
    if wrong:
        raise Invalid(fields=wrong, code="joint_plan_wrong")


def _matter(issue: HotIssue, plan: Plan, actor: Actor, now: datetime) -> Matter:
    lon, lat = _point(issue, actor)
    return Matter(
        text=_summary(issue, plan, now),
        title=issue.name[:_LONGEST_TITLE],
        channel=Channel.DEPARTMENT,
        at=now,
        item_code=_item_code(issue, now),
        place_text=issue.place,
        lon=lon,
        lat=lat,
        hold=True,
    )


def _summary(issue: HotIssue, plan: Plan, now: datetime) -> str:
    """How many speak of it, where and since when, who is to lead and what is to be reached; in the language of the place."""
    with override(settings.LANGUAGE_CODE):
        return _(
            "各方集中反映“%(name)s”：%(first)s 至 %(last)s 共 %(messages)s 条、%(people)s 人，地点 %(place)s。"
            "请由%(lead)s牵头，会同有关单位联合办理（每月一题）。目标：%(goal)s"
        ) % {
            "name": issue.name,
            "first": localtime(issue.first_at).strftime(_DAY),
            "last": localtime(issue.last_at).strftime(_DAY),
            "messages": issue.said,
            "people": issue.people,
            "place": issue.place or _("见各件"),
            "lead": directory(on=local_day(now)).units[plan.lead_unit_id].name,
            "goal": plan.goal.strip(),
        }


def _item_code(issue: HotIssue, now: datetime) -> str | None:
    """The kind most of its cases have, of those the catalogue still knows."""
    catalogue = catalogues.current(local_day(now))
    found = (
        HotMessage.objects.filter(issue=issue)
        .values("report__case__item_code")
        .annotate(cases=Count("id"))
        .order_by("-cases", "report__case__item_code")
        .values_list("report__case__item_code", flat=True)
    )
    return next((code for code in found if catalogue.get(code) is not None), None)


def _point(issue: HotIssue, actor: Actor) -> tuple[float | None, float | None]:
    """Where the latest message was that has a point and counts for the actor."""
    placed = access.messages(actor).filter(issue=issue, report__case__lon__isnull=False).order_by("-at", "-id")
    return placed.values_list("report__case__lon", "report__case__lat").first() or (None, None)
