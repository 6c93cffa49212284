"""Staff page of the audit of answers: how those given read, the weakest first. Advice, never a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.exports import MOST_ROWS, must_be_short
from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.pickers import unit_from, unit_value
from huying.casework.cases.desk.shown import item_name
from huying.ground.organisation.directory import Directory
from huying.ground.organisation.models import Unit
from huying.ground.organisation.queries import directory
from huying.kernel import clock
from huying.kernel.errors import Invalid
from huying.kernel.privacy import mask_text, reveal
from huying.kernel.spreadsheets import harmless
from huying.shell.sheets import Sheet, as_file, mark_of, moment, must_be_kind
from huying.shell.words import duration_words

from . import access
from .models import JudgedAnswer
from .queries_answers import SAMPLE, Average, Which, audited, averages, in_full, still_filling, whole
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
    units, typed, wrong = _units(request, directory(on=clock.local_day(now)))
    days = _days(request)
    newest = _newest(request)
    which = _which(units, days, now)
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
        "offered": list(_offered().items()),
        "typed": typed,
        "wrong": wrong,
        "filling": still_filling(),
    }
    return render(request, "understanding/answers.html", shown)


@staff
@require_GET
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The same answers as ``csv`` or ``xlsx``, private numbers masked; too long a list is refused with what to do."""
    must_be_kind(kind)
    actor, now = actor_of(request), clock.now()
    access.must_audit(actor)
    units, typed, wrong = _units(request, directory(on=clock.local_day(now)))
    if wrong:
        raise Invalid(wrong, field="unit", hint=_("请先改正筛选条件再导出。"))
    days = _days(request)
    rows = in_full(actor, _which(units, days, now), weakest=not _newest(request))
    must_be_short(rows.values_list("pk")[MOST_ROWS : MOST_ROWS + 1].exists(), MOST_ROWS)
    said = _("答复抽查") + "; " + "; ".join([_offered()[str(days)], *([typed] if typed else [])])
    reveal(actor=actor, now=now, subject="answers:list", why=_("导出列表：%(what)s") % {"what": said}, fields=["list"])
    return as_file(
        Sheet("answers", _("答复"), mark_of(actor.name, now, said), _columns(), partial(_lines, rows), now), kind
    )


def _columns() -> list[tuple[str, int]]:
    aspects = [(str(said), 7) for said in ASPECTS.values()]
    return [
        (_("编号"), 18), (_("标题"), 32), (_("事项编码"), 9), (_("事项"), 16), (_("答复单位"), 22), (_("答复"), 60), (_("分数"), 7),
        *aspects, (_("用时"), 16), (_("用了时限的百分之几"), 12), (_("超期"), 6), (_("答复时间"), 16),
    ]  # fmt: skip


def _lines(rows: QuerySet[JudgedAnswer]) -> Iterator[list[Any]]:
    for one in rows.iterator(500):
        unit = one.unit.label if one.unit else _("当场答复")
        texts = [one.case.number, mask_text(one.case.title), one.case.item_code, item_name(one.case), unit]
        figures = [one.overall, *(getattr(one, name) for name in ASPECTS)]
        late = _("是") if one.case.closed_late else ""
        answer = harmless(mask_text(one.feedback.text))
        yield [*map(harmless, texts), answer, *figures, _took(one), one.of_limit, late, moment(one.given_at)]


def _newest(request: HttpRequest) -> bool:
    return request.GET.get("order") == "newest"


def _which(units: tuple[int, ...], days: int, now: datetime) -> Which:
    return Which(units, now - timedelta(days=days) if days else None)


def _offered() -> dict[str, str]:
    """The periods one may choose."""
    return {**{str(n): _("近 %(n)s 天") % {"n": n} for n in _OFFERED}, "0": _("所有时间")}


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
