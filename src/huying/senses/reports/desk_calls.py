"""回访: were you answered, is it solved, are you satisfied? One case after another, oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases import access as case_access
from huying.casework.cases import actions as cases
from huying.casework.cases import turns
from huying.casework.cases.desk.guard import actor_of
from huying.casework.cases.models import Case
from huying.casework.cases.rules import UNREACHED_CALLS_BEFORE_ARCHIVE, Action
from huying.casework.dispatch import desk_queries as dispatch_queries
from huying.casework.dispatch import words_desk
from huying.casework.dispatch.desk.queue import area_name
from huying.casework.dispatch.desk.reading import desk_page
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound, Refused
from huying.kernel.numbers import whole_number

from . import desk, desk_queries

_DEEDS = ("archive", "save", "redo", "missed", "file")
_YES_NO = {"yes": True, "no": False}
_TOO_LATE = ("changed_meanwhile", "not_in_this_state")


def must_call(actor: Actor) -> None:
    """NotFound for everybody who does not call back."""
    if not actor.duties_of(*desk_queries.CALLERS):
        raise NotFound()


@desk_page(must_call)
@require_GET
def calls(request: HttpRequest) -> HttpResponse:
    """The case that has waited longest for its call, or the one asked for."""
    return _page(request)


def _page(request: HttpRequest, *, wanted: int | None = None, error: HuyingError | None = None) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    rows = list(desk_queries.to_call(actor, now)[: desk_queries.MOST_LISTED])
    case_id = wanted or whole_number(request.GET.get("case", ""))
    case = next((row for row in rows if row.pk == case_id), rows[0] if rows and wanted is None else None)
    if wanted is not None and case is None:
        case = desk_queries.to_call(actor, now).filter(pk=wanted).first()
    found: dict[str, Any] = {"rows": rows, "more": len(rows) == desk_queries.MOST_LISTED, "error": error}
    if case is not None:
        found |= _words(case, actor)
    if error is not None:
        found["typed"] = request.POST
    return render(request, "reports/calls.html", found, status=error.status if error else 200)


def _words(row: Case, actor: Actor) -> dict[str, Any]:
    case = case_access.get_case(actor, row.pk)
    shown, _rest = desk_queries.voices(actor, case)
    return {
        **desk.voice_words(actor, case, [one for one in shown if one.can_open]),
        "answer": desk_queries.answer_of(case.pk),
        "area": area_name(case),
        "may_file": Action.ARCHIVE in turns.allowed(case, actor, clock.now()),
        "tries": row.tries,  # type: ignore[attr-defined]
        "most_tries": UNREACHED_CALLS_BEFORE_ARCHIVE,
        "scores": [(str(score), str(score)) for score in range(1, 6)],
        "yes_no": [("yes", _("是")), ("no", _("否"))],
    }


@desk_page(must_call)
@require_POST
def act(request: HttpRequest, case_id: int) -> HttpResponse:
    """What was heard, and what follows from it; then the next one."""
    actor, now = actor_of(request), clock.now()
    case = case_access.get_case(actor, case_id)
    do = request.POST.get("do", "")
    if do not in _DEEDS:
        raise Invalid(_("页面没有这项操作"))
    try:
        with transaction.atomic():
            said = _take(do, case, request.POST, actor)
    except NotFound:
        raise
    except HuyingError as error:
        if isinstance(error, Refused) and error.code in _TOO_LATE:
            fresh = case_access.get_case(actor, case_id)
            messages.warning(request, words_desk.faster(dispatch_queries.last_step(case_id), fresh.state, now))
            return redirect("calls")
        return _page(request, wanted=case_id, error=error)
    messages.success(request, said)
    return redirect("calls")


def _take(do: str, case: Case, typed: Mapping[str, str], actor: Actor) -> str:
    now, note = clock.now(), typed.get("note", "").strip()
    if do == "file":
        cases.archive_case(case.pk, actor=actor, now=now)
        return _("已归档。")
    if do == "missed":
        cases.record_return_call(case.pk, reached=False, note=note, actor=actor, now=now)
        return _("已登记没有接通，过几个小时再试。")
    heard = _heard(typed)
    cases.record_return_call(case.pk, reached=True, note=note, actor=actor, now=now, **heard)
    if do == "redo":
        if not note:
            raise Invalid(_("请写明要重办什么"), field="note")
        cases.order_redo(case.pk, reason=note, actor=actor, now=now)
        return _("已登记回访，并退回原单位重办。")
    if do == "archive":
        cases.archive_case(case.pk, actor=actor, now=now)
        return _("已登记回访并归档。")
    return _("已登记回访。")


def _heard(typed: Mapping[str, str]) -> dict[str, Any]:
    """The answers to the three questions; each is asked, so each must be there."""
    missing = {name: _("请选择") for name in ("responded", "solved") if typed.get(name, "") not in _YES_NO}
    score = typed.get("satisfied", "")
    if score not in ("1", "2", "3", "4", "5"):
        missing["satisfied"] = _("请选择")
    if missing:
        raise Invalid(_("三个问题都要有回答"), fields=missing)
    return {
        "responded": _YES_NO[typed["responded"]],
        "solved": _YES_NO[typed["solved"]],
        "satisfied": int(score),
    }


def count_to_call(request: HttpRequest) -> int | None:
    """How many wait for a call, for the menu; one query."""
    return desk_queries.to_call(actor_of(request), clock.now()).count() or None
