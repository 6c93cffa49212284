"""What must be decided and what is out: objections, extensions and suspensions asked for, transfers to follow up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from django_stubs_ext import StrPromise

from huying.casework.cases import access as case_access
from huying.casework.cases import actions as cases
from huying.casework.cases.actions.transferring import CHANNELS
from huying.casework.cases.desk.guard import actor_of
from huying.casework.cases.desk.shown import item_name
from huying.casework.cases.models import Case
from huying.casework.cases.rules import Party
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound

from .. import access, desk_queries
from .queue import area_name, tabs
from .reading import desk_page

Typed = dict[str, str]
Step = Callable[[Case, Typed, Actor, datetime], None]


def _objection(*, uphold: bool) -> Step:
    def take(case: Case, typed: Typed, actor: Actor, now: datetime) -> None:
        cases.decide_objection(case.pk, uphold=uphold, reason=typed["reason"], actor=actor, now=now)

    return take


def _with(take: Callable[..., None], name: str) -> Step:
    """A step that needs one text, which the action calls ``name``."""

    def step(case: Case, typed: Typed, actor: Actor, now: datetime) -> None:
        take(case.pk, actor=actor, now=now, **{name: typed["reason"]})

    return step


def _finish(case: Case, typed: Typed, actor: Actor, now: datetime) -> None:
    cases.finish_transfer(case.pk, actor=actor, now=now)


STEPS: dict[str, tuple[str, Step, StrPromise]] = {
    "uphold": ("dispatch-objections", _objection(uphold=True), gettext_lazy("异议成立，事件回到待分拨。")),
    "reject": ("dispatch-objections", _objection(uphold=False), gettext_lazy("异议不成立，由原单位承办，不得再退。")),
    "grant_extension": (
        "dispatch-requests",
        _with(cases.grant_extension, "told"),
        gettext_lazy("已批准延期，并告知反映人。"),
    ),
    "refuse_extension": (
        "dispatch-requests",
        _with(cases.refuse_extension, "reason"),
        gettext_lazy("未批准延期，时限不变。"),
    ),
    "grant_suspension": (
        "dispatch-requests",
        _with(cases.grant_suspension, "note"),
        gettext_lazy("已批准挂账，按节点办理。"),
    ),
    "refuse_suspension": (
        "dispatch-requests",
        _with(cases.refuse_suspension, "reason"),
        gettext_lazy("未批准挂账，时限不变。"),
    ),
    "receipt": ("dispatch-transfers", _with(cases.record_receipt, "receipt"), gettext_lazy("已登记回执。")),
    "follow_up": ("dispatch-transfers", _with(cases.follow_up_transfer, "outcome"), gettext_lazy("已登记跟踪结果。")),
    "take_back": (
        "dispatch-transfers",
        _with(cases.take_back_transfer, "reason"),
        gettext_lazy("已收回，回到待分拨。"),
    ),
    "finish": ("dispatch-transfers", _finish, gettext_lazy("转办完结，等待回访。")),
}


@desk_page(access.must_dispatch)
@require_GET
def objections(request: HttpRequest) -> HttpResponse:
    """Units that say a case is not their duty."""
    return _objections(request, {})


def _objections(request: HttpRequest, more: dict[str, Any], status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    page = desk_queries.objections_page(actor, cursor=request.GET.get("cursor"))
    rows = [(one, one.case, area_name(one.case), item_name(one.case)) for one in page.rows]
    return _tab(request, "objections", {"page": page, "rows": rows, **more}, status)


@desk_page(access.must_dispatch)
@require_GET
def requests(request: HttpRequest) -> HttpResponse:
    """Units that ask for more time, or for no clock at all for a while."""
    return _requests(request, {})


def _requests(request: HttpRequest, more: dict[str, Any], status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    page = desk_queries.requests_page(actor, cursor=request.GET.get("cursor"))
    rows = []
    for case in page.rows:
        parties = case_access.parties(actor, case)
        for one in case.asked_extension:  # type: ignore[attr-defined]
            rows.append(
                {"kind": "extension", "asked": one, "case": case, "own": one.asked_by == actor.ref, "may": True}
            )
        for one in case.asked_suspension:  # type: ignore[attr-defined]
            may = Party.CENTRE in parties
            rows.append(
                {"kind": "suspension", "asked": one, "case": case, "own": one.asked_by == actor.ref, "may": may}
            )
    return _tab(request, "requests", {"page": page, "rows": rows, **more}, status)


@desk_page(access.must_dispatch)
@require_GET
def transfers(request: HttpRequest) -> HttpResponse:
    """Cases that are out: is there a receipt, what has the other side done."""
    return _transfers(request, {})


def _transfers(request: HttpRequest, more: dict[str, Any], status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    page = desk_queries.transfers_page(actor, cursor=request.GET.get("cursor"))
    rows = [(one, one.case, CHANNELS.get(one.channel, one.channel)) for one in page.rows]
    return _tab(request, "transfers", {"page": page, "rows": rows, **more}, status)


_PAGES = {"dispatch-objections": _objections, "dispatch-requests": _requests, "dispatch-transfers": _transfers}


def _tab(request: HttpRequest, name: str, found: dict[str, Any], status: int) -> HttpResponse:
    counts = desk_queries.tab_counts(actor_of(request))
    request.dispatch_waiting = counts["waiting"]  # type: ignore[attr-defined]
    found |= {"tabs": tabs(counts, name), "now": clock.now()}
    return render(request, f"dispatch/{name}.html", found, status=status)


@desk_page(access.must_dispatch)
@require_POST
def decide(request: HttpRequest, case_id: int) -> HttpResponse:
    """One decision. Refused: the list again, with what was typed and why it may not be."""
    actor, now = actor_of(request), clock.now()
    case = case_access.get_case(actor, case_id)
    name = request.POST.get("do", "")
    if name not in STEPS:
        raise Invalid(_("页面没有这项操作"))
    url, take, said = STEPS[name]
    typed = {"reason": request.POST.get("reason", "").strip()}
    try:
        take(case, typed, actor, now)
    except NotFound:
        raise
    except HuyingError as error:
        more = {"error": error, "typed": typed, "did": name, "did_case": case.pk}
        return _PAGES[url](request, more, error.status)
    messages.success(request, said)
    return redirect(reverse(url))
