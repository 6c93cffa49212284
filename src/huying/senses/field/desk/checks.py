"""Work drawn for a second look, and check-ins with signs a person has to judge."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from huying.casework.clocks.desk import actor_of, staff
from huying.ground.organisation import rules as organisation
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError
from huying.kernel.paging import Page
from huying.kernel.privacy import mask_text

from .. import access, actions, queries, words
from ..models import HOWS, VERDICTS, CheckIn, SpotCheck
from ..queries_disputes import dispute_page
from ..routes import metres
from ..rules import CheckResult

_SPOTS: Final = "spots."


@staff
@require_GET
def checks(request: HttpRequest) -> HttpResponse:
    return _show(request)


def _show(request: HttpRequest, error: HuyingError | None = None) -> HttpResponse:
    """What waits for a person, what workers have answered, and what was judged; what was refused is said above."""
    actor = actor_of(request)
    access.must_oversee(actor)
    which = request.GET.get("show", "")
    which = which if which in ("spots", "answered", "done", "disputes") else "doubts"
    ins, spots, page = _listed(actor, which, request.GET.get("cursor"))
    disputes = page.rows if page is not None and which == "disputes" else []
    shown = {
        "error": error,
        "tabs": [
            ("doubts", _("存疑打卡"), which == "doubts"), ("spots", _("待核实的工作"), which == "spots"),
            ("answered", _("本人有说明"), which == "answered"),
            ("disputes", _("两边不一样的更正"), which == "disputes"), ("done", _("已有结论"), which == "done"),
        ],
        "which": which,
        "disputes": [(row, mask_text(row.reason)) for row in disputes],
        "page": page,
        "doubts": [(row, [words.DOUBTS[one] for one in row.doubts], _away(row)) for row in ins],
        "spots": [(row, words.RESULTS.get(row.result, "")) for row in spots],
        "verdicts": VERDICTS,
        "results": [(str(one), words.RESULTS[one]) for one in CheckResult],
        "hows": HOWS,
        "may_open": organisation.may_somewhere(actor, "registry.view"),
        "crumbs": [(reverse("field-board"), _("网格工作")), ("", _("抽查和存疑"))],
    }  # fmt: skip
    return render(request, "field/checks.html", shown, status=error.status if error is not None else 200)


def _listed(actor: Actor, which: str, cursor: str | None) -> tuple[list[CheckIn], list[SpotCheck], Page[Any] | None]:
    if which == "disputes":
        return [], [], dispute_page(actor, cursor=cursor)
    if which == "answered":
        rows = queries.answered(actor)
        ins = [row for row in rows if isinstance(row, CheckIn)]
        return ins, [row for row in rows if isinstance(row, SpotCheck)], None
    if which == "spots":
        drawn = queries.spot_checks(actor, cursor=cursor)
        return [], list(drawn.rows), drawn
    if which == "done":
        return _done(actor, cursor)
    found = queries.doubted(actor, cursor=cursor)
    return list(found.rows), [], found


def _done(actor: Actor, cursor: str | None) -> tuple[list[CheckIn], list[SpotCheck], Page[Any]]:
    """All that was judged: the check-ins, and behind the last of them the verified work."""
    ins: list[CheckIn] = []
    before = None
    if cursor is None or not cursor.startswith(_SPOTS):
        passed = queries.doubted(actor, judged=True, cursor=cursor)
        ins, before = list(passed.rows), passed.prev
        if passed.next is not None:
            return ins, [], passed
        cursor = _SPOTS
    spots = queries.spot_checks(actor, waiting=False, cursor=cursor.removeprefix(_SPOTS) or None)
    back = before if ins or spots.prev is None else f"{_SPOTS}{spots.prev}"
    return ins, list(spots.rows), Page([], spots.next and f"{_SPOTS}{spots.next}", back)


def _away(row: CheckIn) -> int | None:
    """How far from the checkpoint somebody stood, in metres; None where no position came along."""
    if row.lon is None or row.lat is None:
        return None
    return round(metres((row.lon, row.lat), (row.checkpoint.lon, row.checkpoint.lat)))


@staff
@require_POST
def judge(request: HttpRequest, pk: int) -> HttpResponse:
    """What a person found of a doubtful check-in."""
    actor, now = actor_of(request), clock.now()
    given = {"verdict": request.POST.get("verdict", ""), "words": request.POST.get("words", "")}
    try:
        actions.judge_check_in(pk, **given, actor=actor, now=now)
    except HuyingError as error:
        if error.status == 404:
            raise
        return _show(request, error)
    messages.success(request, _("已记录，本人看得到"))
    return redirect("field-checks")


@staff
@require_POST
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """What verifying finished work found."""
    actor, now = actor_of(request), clock.now()
    given = {name: request.POST.get(name, "") for name in ("how", "result", "words")}
    try:
        actions.record_spot_check(pk, **given, actor=actor, now=now)
    except HuyingError as error:
        if error.status == 404:
            raise
        return _show(request, error)
    messages.success(request, _("已记录，本人看得到"))
    return redirect(f"{reverse('field-checks')}?show=spots")
