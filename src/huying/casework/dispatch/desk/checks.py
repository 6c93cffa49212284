"""核查: is it done? The result, its proofs, the closing condition; pass or fail, then the next one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases import access as case_access
from huying.casework.cases import actions as cases
from huying.casework.cases.desk.guard import actor_of
from huying.casework.cases.desk.inbox import knowledge
from huying.casework.cases.desk.shown import item_name
from huying.casework.cases.models import Attachment, Case
from huying.casework.cases.queries_desk import Queue, queue_counts
from huying.casework.catalogue.condition_words import NAMES
from huying.casework.catalogue.conditions import describe_condition, fields_for
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound, Refused
from huying.kernel.numbers import whole_number

from .. import check_queries, desk_queries, words_desk
from ..check_queries import ToJudge, taken_at
from .queue import area_name
from .reading import desk_page, version_from

_MOST_SHOWN = 9  # pictures of each side; all of them are on the page of the case's files


def must_check(actor: Actor) -> None:
    """NotFound for everybody who does not check results."""
    if not actor.has("checker"):
        raise NotFound()


@desk_page(must_check)
@require_GET
def checks(request: HttpRequest) -> HttpResponse:
    """The oldest result that waits, or the one asked for."""
    return _page(request)


def _page(request: HttpRequest, *, wanted: int | None = None, error: HuyingError | None = None) -> HttpResponse:
    actor = actor_of(request)
    rows = list(check_queries.to_check(actor)[: check_queries.MOST_LISTED])
    case_id = wanted or whole_number(request.GET.get("case", ""))
    case = next((row for row in rows if row.pk == case_id), None)
    if case is None and case_id is not None:
        case = check_queries.to_check(actor).filter(pk=case_id).first()
    case = case or (rows[0] if rows else None)
    judged = check_queries.to_judge(case) if case else None
    found: dict[str, Any] = {"rows": rows, "more": len(rows) == check_queries.MOST_LISTED, "error": error}
    if judged is not None:
        found |= _words(judged) | {"typed": request.POST if error else None}
    return render(request, "dispatch/checks.html", found, status=error.status if error else 200)


def _words(judged: ToJudge) -> dict[str, Any]:
    case = judged.case
    return {
        "judged": judged,
        "case": case,
        "area": area_name(case),
        "item": item_name(case),
        "condition": describe_condition(case.item.conditions),
        "ticks": [(NAMES[one.code], one.met, one.missing) for one in judged.ticks],
        "evidence": _evidence(judged),
        "before": [_photo(one) for one in judged.before[-_MOST_SHOWN:]],
        "after": [_photo(one) for one in judged.after[-_MOST_SHOWN:]],
        "more_photos": max(len(judged.before), len(judged.after)) > _MOST_SHOWN,
        "late": case.due_at is not None and judged.feedback.given_at > case.due_at,
    }


def _photo(one: Attachment) -> dict[str, Any]:
    return {"url": one.file.url, "thumb": one.file.thumbnail_url, "at": taken_at(one), "caption": one.caption}


def _evidence(judged: ToJudge) -> list[tuple[str, str]]:
    """What was handed in beside the pictures, in words."""
    given = judged.feedback.evidence
    found = []
    for one in fields_for(judged.case.item.conditions):
        value = given.get(one.name)
        if value in (None, "", [], False) or one.kind == "photos":
            continue
        if one.kind == "choice":
            value = {code: str(said) for code, said in one.choices}.get(value, value)
        elif one.kind == "milestones":
            value = "; ".join(f"{row.get('due', '')} {row.get('name', '')}" for row in value)
        elif one.kind == "time":
            value = str(value)[:16].replace("T", " ")
        found.append((str(one.label), _("是") if value is True else str(value)))
    return found


@desk_page(must_check)
@require_POST
def act(request: HttpRequest, case_id: int) -> HttpResponse:
    """Pass or fail; then the next one."""
    actor, now = actor_of(request), clock.now()
    case = case_access.get_case(actor, case_id)
    do, reason = request.POST.get("do", ""), request.POST.get("reason", "").strip()
    if do not in ("pass", "fail"):
        raise Invalid(_("页面没有这项操作"))
    try:
        _judge(case, do, reason, actor, request)
    except NotFound:
        raise
    except HuyingError as error:
        if isinstance(error, Refused) and error.code in ("changed_meanwhile", "not_in_this_state"):
            fresh = case_access.get_case(actor, case_id)
            messages.warning(request, words_desk.faster(desk_queries.last_step(case_id), fresh.state, now))
            return redirect("checks")
        return _page(request, wanted=case_id, error=error)
    messages.success(request, _("核查通过，等待回访。") if do == "pass" else _("已退回原单位重办。"))
    return redirect("checks")


def _judge(case: Case, do: str, reason: str, actor: Actor, request: HttpRequest) -> None:
    now, expected = clock.now(), version_from(request)
    if do == "pass":
        cases.pass_check(case.pk, actor=actor, now=now, note=reason, expected=expected)
    else:
        cases.fail_check(case.pk, reason=reason, actor=actor, now=now, expected=expected)


def count_to_check(request: HttpRequest) -> str | None:
    """How many results wait, for the menu, as the list of cases counts them: one query."""
    number = queue_counts(actor_of(request), [Queue.CHECK], knowledge())[Queue.CHECK]
    return None if number == "0" else number
