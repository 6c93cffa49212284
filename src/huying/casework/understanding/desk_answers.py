"""Staff page of the audit of answers: how those given read, the weakest first. Advice, never a verdict."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.pickers import unit_from, unit_value
from huying.casework.cases.desk.shown import item_name
from huying.ground.organisation.directory import Directory
from huying.ground.organisation.models import Unit
from huying.ground.organisation.queries import directory
from huying.kernel import clock
from huying.kernel.errors import Invalid
from huying.shell.words import duration_words

from . import access
from .models import JudgedAnswer
from .queries_answers import SAMPLE, Average, Which, audited, averages, still_filling, whole
from .replies.judging import ASPECTS, LOW

_USUAL: Final = 30
_OFFERED: Final = (7, 30, 90, 365)  # days
_LONG_OVER: Final = 250  # hundredths of a limit


@staff
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The answers of closed cases, of a period and of all units or one with those below it."""
    actor, now = actor_of(request), clock.now()
    access.must_audit(actor)
    known = directory(on=clock.local_day(now))
    units, typed, wrong = _units(request, known)
    days = _days(request)
    newest = request.GET.get("order") == "newest"
    which = Which(units, now - timedelta(days=days) if days else None)
    found = audited(actor, which, weakest=not newest, cursor=request.GET.get("cursor"))
    means = averages(actor, which)
    shown = {
        "page": found,
        "rows": [_row(one) for one in found.rows],
        "aspects": [(ASPECTS[key], round(mean)) for key, mean in whole(means).items()],
        "units": _by_unit(means) if len(units) != 1 else [],
        "counted": sum(one.count for one in means),
        "sample": SAMPLE,
        "tabs": [("", _("弱的在前"), not newest), ("newest", _("新的在前"), newest)],
        "days": str(days),
        "offered": [*((str(n), _("近 %(n)s 天") % {"n": n}) for n in _OFFERED), ("0", _("所有时间"))],
        "typed": typed,
        "wrong": wrong,
        "filling": still_filling(),
    }
    return render(request, "understanding/answers.html", shown)


def _units(request: HttpRequest, known: Directory) -> tuple[tuple[int, ...], str, str]:
    """The unit asked for and all below it, what stands in the field, and what is wrong with it."""
    text = request.GET.get("unit", "").strip()[:120]
    try:
        unit_id = unit_from(text, known)
    except Invalid as error:
        return (), text, str(error)
    if unit_id is None:
        return (), "", ""
    unit = known.unit(unit_id)
    below = tuple(one.id for one in known.units.values() if one.path.startswith(unit.path))
    return below, unit_value(unit), ""


def _days(request: HttpRequest) -> int:
    """Of how many days; 0 for all time."""
    asked = request.GET.get("days", "")
    return int(asked) if asked in {"0", *map(str, _OFFERED)} else _USUAL


def _row(one: JudgedAnswer) -> dict[str, Any]:
    return {
        "case": one.case,
        "item": item_name(one.case),
        "unit": one.unit,
        "answer": one.feedback.text,
        "given_at": one.given_at,
        "percent": one.overall,
        "low": [said for name, said in ASPECTS.items() if getattr(one, name) < LOW * 100],
        "took": _took(one),
        "of_limit": _of_limit(one.of_limit),
        "late": one.case.closed_late,
    }


def _took(one: JudgedAnswer) -> str:
    """The time by the clock, in hours where only working time counts."""
    if one.took is None:
        return ""
    if not one.working or one.took < 60:
        return duration_words(timedelta(minutes=one.took))
    hours = round(one.took / 60)
    return ngettext("%(n)d 个工作小时", "%(n)d 个工作小时", hours) % {"n": hours}


def _of_limit(hundredths: int | None) -> str:
    """What part of the limit was used; how many times it where it was long over."""
    if hundredths is None:
        return ""
    if hundredths < _LONG_OVER:
        return _("时限的 %(n)s%%") % {"n": hundredths}
    return _("时限的 %(n)s 倍") % {"n": round(hundredths / 100)}


def _by_unit(means: list[Average]) -> list[dict[str, Any]]:
    """Each unit with how many of the answers are its own and how they read on average, the weakest first."""
    named = Unit.objects.in_bulk([one.unit_id for one in means if one.unit_id is not None])
    return [
        {
            "label": named[one.unit_id].label if one.unit_id else "",
            "code": named[one.unit_id].code if one.unit_id else "",
            "count": one.count,
            "percent": round(one.overall),
        }
        for one in means
    ]
