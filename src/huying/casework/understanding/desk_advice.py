"""The case page's advice on an answer: on one being written, and on the one that was given. Advice, never a block."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from huying.casework.cases import access as case_access
from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.models import Case
from huying.kernel.errors import NotFound

from .replies import ASPECTS, LOW, Advice, judge

LONGEST = 5_000


def advice_panel(request: HttpRequest, case: Case) -> str:
    """For an open case a place to try an answer; for a closed one the answer it got, to be looked at in an audit."""
    return render_to_string("understanding/advice.html", {"case": case}, request=request)


@staff
@require_POST
def try_answer(request: HttpRequest, case_id: int) -> HttpResponse:
    """Advice on the answer typed; nothing is stored."""
    case = case_access.visible(actor_of(request)).filter(pk=case_id).first()
    if case is None:
        raise NotFound(code="case_not_found")
    typed = request.POST.get("answer", "")[:LONGEST] or ("" if case.open else _answer(case))
    found = {"advice": _shown(_judged(case, typed)) if typed.strip() else None}
    return render(request, "understanding/_advice.html", found)


def _answer(case: Case) -> str:
    """What the leading unit wrote when it had done."""
    rows = case.assignments.filter(role="lead").exclude(result="").order_by("-id")
    return rows.values_list("result", flat=True).first() or ""


def _judged(case: Case, answer: str) -> Advice:
    return judge(case.summary, answer, title=case.title)


def _shown(advice: Advice) -> dict[str, Any]:
    """The advice as the page shows it: every aspect, with what to do where it is low."""
    aspects = [
        {
            "name": ASPECTS[name],
            "percent": round(aspect.score * 100),
            "low": aspect.score < LOW,
            "reasons": aspect.reasons,
            "suggestions": aspect.suggestions if aspect.score < 1 else (),
        }
        for name, aspect in advice.aspects.items()
    ]
    return {"overall": round(advice.overall * 100), "aspects": aspects}
