"""The steps that send a case to somebody, on the case's own page: designate, escalate, whistle, correct."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_stubs_ext import StrPromise

from huying.casework.cases import access, turns
from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.pickers import unit_value
from huying.casework.cases.models import Case
from huying.casework.cases.rules import Action
from huying.casework.cases.words import ACTIONS
from huying.casework.catalogue.limits import LimitError, parse_limit
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, Forbidden, HuyingError, Invalid, NotFound

from .. import actions, queries
from ..access import DISPATCHERS
from ..actions import Call
from .reading import item_from, knowledge, place_from, unit_id_from, version_from

WHISTLE_ROWS = ("1", "2", "3", "4")
# The catalogue's notation; empty: as long as the case itself has.
WHISTLE_LIMITS: tuple[tuple[str, StrPromise], ...] = (
    ("", gettext_lazy("与主办同期")),
    ("2wh", gettext_lazy("2 个工作小时")),
    ("4wh", gettext_lazy("4 个工作小时")),
    ("1wd", gettext_lazy("1 个工作日")),
    ("2wd", gettext_lazy("2 个工作日")),
    ("3wd", gettext_lazy("3 个工作日")),
    ("5wd", gettext_lazy("5 个工作日")),
)
Take = Callable[[HttpRequest, Case, Actor, datetime], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its icon, what it does in a sentence, and how it is taken."""

    action: Action
    icon: str
    says: StrPromise
    take: Take

    @property
    def words(self) -> StrPromise:
        return ACTIONS[self.action]


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()


def _designate(request: HttpRequest, case: Case, actor: Actor, now: datetime) -> None:
    unit = unit_id_from(request)
    if unit is None:
        raise Invalid(_("请选择单位"), field="unit")
    actions.designate_case(
        case.pk, unit_id=unit, reason=_reason(request), actor=actor, now=now, expected=version_from(request)
    )


def _escalate(request: HttpRequest, case: Case, actor: Actor, now: datetime) -> None:
    unit, expected = unit_id_from(request), version_from(request)
    actions.escalate_case(case.pk, unit_id=unit, reason=_reason(request), actor=actor, now=now, expected=expected)


def _whistle(request: HttpRequest, case: Case, actor: Actor, now: datetime) -> None:
    calls = []
    for row in WHISTLE_ROWS:
        unit = unit_id_from(request, f"unit_{row}")
        limit = request.POST.get(f"limit_{row}", "")
        if unit is None:
            continue
        try:
            if limit:
                parse_limit(limit)
        except LimitError as error:
            raise Invalid(str(error.words), field=f"limit_{row}") from error
        calls.append(Call(unit, limit, request.POST.get(f"task_{row}", "").strip()[:200]))
    if not calls:
        raise Invalid(_("至少选择一个单位"), field="unit_1")
    actions.whistle(case.pk, calls, reason=_reason(request), actor=actor, now=now, expected=version_from(request))


def _correct(request: HttpRequest, case: Case, actor: Actor, now: datetime) -> None:
    item, place = item_from(request.POST.get("item", "")), place_from(request)
    if item is None and place is None:
        raise Invalid(_("请选择事项或位置"), field="item")
    code = item.code if item and item.code != case.item_code else None
    actions.correct_matter(case.pk, item_code=code, place=place, actor=actor, now=now, expected=version_from(request))


STEPS: Mapping[str, Step] = {
    str(step.action): step
    for step in (
        Step(Action.DESIGNATE, "flag", gettext_lazy("退回两次后由中心指定单位承办，指定后不得再退。"), _designate),
        Step(Action.ESCALATE, "up", gettext_lazy("交给上一级单位办结，不再往下派；首问单位不变。"), _escalate),
        Step(
            Action.WHISTLE,
            "whistle",
            gettext_lazy("请其他单位来协办，每家各有任务和时限；主办单位仍负总责。"),
            _whistle,
        ),
        Step(Action.CORRECT, "edit", gettext_lazy("更正事项或位置，再按更正后的重新建议单位。"), _correct),
    )
}


def steps_panel(request: HttpRequest, case: Case) -> str:
    """The buttons of the steps that may be taken now, and the form of the one asked for with ``?do=``."""
    actor, now = actor_of(request), clock.now()
    allowed = turns.allowed(case, actor, now)
    offered = [STEPS[action] for action in allowed if action in STEPS]
    may_send = Action.DISPATCH in allowed and bool(actor.duties_of(*DISPATCHERS))
    if not offered and not may_send:
        return ""
    opened = next((step for step in offered if step.action == request.GET.get("do")), None)
    found: dict[str, Any] = {"case": case, "offered": offered, "may_send": may_send}
    if opened is not None:
        found |= _form(opened, case, now)
    return render_to_string("dispatch/steps.html", found, request=request)


def _form(step: Step, case: Case, now: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {"step": step, "did": str(step.action), "limits": WHISTLE_LIMITS, "rows": WHISTLE_ROWS}
    if step.action is Action.ESCALATE:
        above, known = queries.unit_above(case, now=now), knowledge()
        unit = known.units.get(above or 0)
        found["proposed"] = unit_value(unit) if unit else ""
    return found


@staff
@require_POST
def act(request: HttpRequest, case_id: int, do: str) -> HttpResponse:
    """Take one step. Refused: its form again on a page of its own, with what was typed and why it may not be."""
    actor, now = actor_of(request), clock.now()
    case = access.get_case(actor, case_id)
    if do not in STEPS:
        raise NotFound()
    if access.is_reader_only(actor):
        raise Forbidden()
    step = STEPS[do]
    try:
        step.take(request, case, actor, now)
    except (NotFound, Forbidden):
        raise
    except HuyingError as error:
        case = access.get_case(actor, case_id)
        found = {**_form(step, case, now), "case": case, "error": error, "typed": request.POST}
        found["crumbs"] = [(reverse("cases-case", args=[case_id]), case.title), ("", step.words)]
        if isinstance(error, Conflict):
            found["again"] = True
        return render(request, "dispatch/step.html", found, status=error.status)
    messages.success(request, _("已办：%(step)s") % {"step": step.words})
    return redirect("cases-case", case_id)
