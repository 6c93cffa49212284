"""Advice on an answer: while it is written in the feedback form, and on the one that was given. Advice, never a block."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huying.casework.cases import access as case_access
from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.models import Case
from huying.casework.cases.vocabulary import State
from huying.kernel.errors import NotFound

from .replies.judging import ASPECTS, LOW, WEIGHTS, Advice, judge

LONGEST = 5_000
_OPEN, _FIRST = 2, 4  # questions left open and suggestions that are told while somebody writes
ANSWERED = {State.CHECKING, State.CLOSED, State.ARCHIVED}


def while_writing(request: HttpRequest, case: Case) -> str:
    """Right below the field where somebody writes an answer: what could be better, as it is typed."""
    return render_to_string("understanding/writing.html", {"case": case}, request=request)


def once_given(request: HttpRequest, case: Case) -> str:
    """For a checker or an audit: the answer that was given, looked at when asked for."""
    if case.state not in ANSWERED:
        return ""
    return render_to_string("understanding/given.html", {"case": case}, request=request)


@staff
@require_http_methods(["GET", "POST"])
def advise(request: HttpRequest, case_id: int) -> HttpResponse:
    """Advice on the text typed, or by GET on the answer given; nothing is stored."""
    case = case_access.visible(actor_of(request)).filter(pk=case_id).first()
    if case is None:
        raise NotFound(code="case_not_found")
    answer = request.POST.get("text", "")[:LONGEST] if request.method == "POST" else _answer(case)
    found: dict[str, Any] = {
        "advice": _shown(_judged(case, answer)) if answer.strip() else None,
        "given": request.method == "GET",
        "brief": request.method == "POST",  # beside the text that is being written
    }
    part = request.headers.get("HX-Request") == "true"
    found["crumbs"] = [(reverse("cases-case", args=[case.pk]), case.title), ("", _("答复写得怎样"))]
    return render(request, "understanding/_advice.html" if part else "understanding/advice.html", found)


def _answer(case: Case) -> str:
    """What the reporters were answered last."""
    return case.feedbacks.order_by("-id").values_list("text", flat=True).first() or ""


def _judged(case: Case, answer: str) -> Advice:
    return judge(case.summary, answer, title=case.title)


def _shown(advice: Advice) -> dict[str, Any]:
    """The advice as the page shows it: every aspect, with what to do where it is low; in brief what to do first."""
    aspects = [
        {
            "name": ASPECTS[name],
            "percent": round(aspect.score * 100),
            "points": advice.points[name],
            "most": round(WEIGHTS[name] * 100),
            "low": aspect.score < LOW,
            "reasons": aspect.reasons,
            "suggestions": aspect.suggestions if aspect.score < 1 else (),
        }
        for name, aspect in advice.aspects.items()
    ]
    return {
        "overall": round(advice.overall * 100),
        "sum": sum(advice.points.values()),
        "held_back": advice.held_back,
        "aspects": aspects,
        "open": advice.completeness.reasons[: min(len(advice.unanswered), _OPEN)],  # these stand first there
        "first": advice.suggestions[:_FIRST],
    }
