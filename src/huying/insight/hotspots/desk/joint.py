"""开一件联办: who leads, the plan and its milestones; later which milestone is reached, and what came of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.pickers import unit_from
from huying.ground.organisation.queries import directory
from huying.kernel import clock
from huying.kernel.errors import Conflict, HuyingError, Invalid, Refused

from .. import access, joint
from ..joint import Plan, Step
from ..models import HotIssue


@staff
@require_http_methods(["GET", "POST"])
def open_joint(request: HttpRequest, issue_id: int) -> HttpResponse:
    """The form that opens the joint case of an issue; what was typed stays when something is wrong."""
    actor = actor_of(request)
    access.must_open(actor)
    shown = access.get_issue(actor, issue_id)
    if shown.case_id is not None:
        messages.error(request, _("这个热点已经开过联办"))
        return redirect("hotspots-issue", issue_id)
    if request.method != "POST":
        return render(request, "hotspots/joint.html", _form(shown, {}))
    try:
        joint.open_joint_case(issue_id, _plan(request), actor=actor, now=clock.now())
    except HuyingError as error:
        return render(request, "hotspots/joint.html", _form(shown, request.POST, error), status=error.status)
    messages.success(request, _("联办已开"))
    return redirect("hotspots-issue", issue_id)


@staff
@require_POST
def reach_step(request: HttpRequest, issue_id: int, number: int) -> HttpResponse:
    """A milestone is reached."""
    try:
        joint.reach_step(issue_id, number, note=request.POST.get("note", ""), actor=actor_of(request), now=clock.now())
    except (Invalid, Conflict) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已登记完成的节点"))
    return redirect(f"{reverse('hotspots-issue', args=[issue_id])}#joint")


@staff
@require_POST
def record_effect(request: HttpRequest, issue_id: int) -> HttpResponse:
    """What came of it."""
    effect = request.POST.get("effect", "")
    try:
        joint.record_effect(issue_id, effect=effect, actor=actor_of(request), now=clock.now())
    except (Invalid, Refused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已记下成效"))
    return redirect(f"{reverse('hotspots-issue', args=[issue_id])}#joint")


def _form(shown: HotIssue, typed: Any, error: HuyingError | None = None) -> dict[str, Any]:
    rows = [
        {"number": n, "what": typed.get(f"what_{n}", ""), "due": typed.get(f"due_{n}", "")}
        for n in range(1, joint.MOST_STEPS + 1)
    ]
    return {
        "issue": shown,
        "typed": typed,
        "error": error,
        "steps": rows[:3],
        "more": rows[3:],
        "more_open": any(row["what"] or row["due"] for row in rows[3:]),
        "today": clock.local_day(clock.now()).isoformat(),
        "crumbs": [
            (reverse("hotspots"), _("热点")),
            (reverse("hotspots-issue", args=[shown.pk]), shown.name),
            ("", _("开联办")),
        ],
    }


def _plan(request: HttpRequest) -> Plan:
    typed = request.POST
    known = directory(on=clock.local_day(clock.now()))
    lead = unit_from(typed.get("lead", ""), known, field="lead")
    pairs = [
        (typed.get(f"what_{n}", "").strip(), typed.get(f"due_{n}", "").strip()) for n in range(1, joint.MOST_STEPS + 1)
    ]
    steps = tuple(Step(what, _day(due)) for what, due in pairs if what or due)
    return Plan(typed.get("goal", ""), typed.get("plan", ""), lead or 0, steps)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(_("每个节点都要有日期"), field="steps") from error
