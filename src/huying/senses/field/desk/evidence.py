"""What a supervisor sees before a verdict: pictures, the position against the place on a map, time gaps; and what the
worker says to it. A worker sees the verdicts about their own work here too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from huying.casework.clocks.desk import actor_of, case_link, staff
from huying.ground.organisation import rules as organisation
from huying.kernel import clock
from huying.kernel.errors import HuyingError, NotFound
from huying.kernel.numbers import whole_number
from huying.kernel.privacy import mask_text
from huying.senses.forms.describing import spoken
from huying.shell.words import duration_words

from .. import access, actions, queries_checks, queries_positions, words
from ..models import HOWS, VERDICTS, SpotCheck, Task
from ..queries_checks import Beside, CheckInEvidence, Judged, Picture, TaskEvidence
from ..rules import CheckResult


def span(gap: timedelta) -> str:
    """A length of time in words, to the second below an hour."""
    seconds = round(abs(gap).total_seconds())
    if seconds < 60:
        return _("%(n)d 秒") % {"n": seconds}
    minutes = seconds // 60
    if minutes < 60:
        return _("%(m)d 分 %(s)d 秒") % {"m": minutes, "s": seconds % 60}
    if minutes < 48 * 60:
        return _("%(h)d 小时 %(m)d 分") % {"h": minutes // 60, "m": minutes % 60}
    return duration_words(gap, parts=1)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def check_in(request: HttpRequest, pk: int) -> HttpResponse:
    """One check-in, its signs and everything to judge it by; a verdict with words."""
    actor = actor_of(request)
    access.must_oversee(actor)
    if request.method != "POST":
        return _show_check_in(request, pk, None)
    given = {name: request.POST.get(name, "") for name in ("verdict", "words")}
    error = _refused(partial(actions.judge_check_in, pk, **given, actor=actor, now=clock.now()))
    return _show_check_in(request, pk, error) if error else _done(request, "field-check-in", pk)


def _show_check_in(request: HttpRequest, pk: int, error: HuyingError | None) -> HttpResponse:
    actor = actor_of(request)
    found = queries_checks.check_in_evidence(actor, pk)
    row = found.row
    judged_again = row.answered_at is not None and row.looked_at is not None and row.answered_at > row.looked_at
    shown = {
        "found": found,
        "row": row,
        "signs": [(words.DOUBTS[one], words.WARNS[one]) for one in row.doubts],
        "late": span(found.late) if found.late > timedelta(minutes=2) else "",
        **_beside(found),
        "verdicts": VERDICTS,
        "by": _name_of(row.looked_by),
        "may_judge": row.person_id != actor.person_id and (not row.verdict or judged_again),
        "crumbs": [*_crumbs(), ("", row.checkpoint.name)],
    }
    return _page(request, "field/check_in.html", shown, error)


@staff
@require_GET
def check_in_places(request: HttpRequest, pk: int) -> JsonResponse:
    """The checkpoint, where somebody stood, and where they were before and after, for the map."""
    actor = actor_of(request)
    access.must_oversee(actor)
    found = queries_checks.check_in_evidence(actor, pk)
    row = found.row
    points = [(_("巡查点 %(name)s") % {"name": row.checkpoint.name}, row.checkpoint.lon, row.checkpoint.lat)]
    if row.lon is not None and row.lat is not None:
        points.append((f"{_('打卡位置')} {_time(row.at)}", row.lon, row.lat))
    return _map(points, found.pictures, [found.earlier, found.later])


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def task(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One task: what asked for it, what was seen, everything to judge it by; a verdict with words where one is asked."""
    actor = actor_of(request)
    access.must_oversee(actor)
    if request.method != "POST":
        return _show_task(request, uid, None)
    spot = SpotCheck.objects.filter(task__uid=access.get_task(actor, uid).uid).first()
    if spot is None:
        raise NotFound(code="spot_check_not_found")
    given = {name: request.POST.get(name, "") for name in ("how", "result", "words")}
    error = _refused(partial(actions.record_spot_check, spot.pk, **given, actor=actor, now=clock.now()))
    return _show_task(request, uid, error) if error else _done(request, "field-task", uid)


def _show_task(request: HttpRequest, uid: UUID, error: HuyingError | None) -> HttpResponse:
    actor = actor_of(request)
    found = queries_checks.task_evidence(actor, uid)
    row, spot = found.row, found.spot
    answered = spot is not None and spot.answered_at is not None and spot.checked_at is not None
    again = answered and spot is not None and spot.answered_at > spot.checked_at  # type: ignore[operator]
    shown = {
        "found": found,
        "seen": [(one, mask_text(one.text), away) for one, away in found.sightings],
        "task": row,
        "kind": words.TASK_KINDS[row.kind],
        "state": words.STATES[row.state],
        "asked_by": _asked_by(row),
        **_beside(found),
        "form": spoken(found.submission.version.definition["title"]) if found.submission is not None else "",
        "findings": [(one, words.FINDINGS[one.state]) for one in found.findings],
        "spot": spot,
        "result": words.RESULTS.get(spot.result, "") if spot is not None else "",
        "by": _name_of(spot.checked_by) if spot is not None else "",
        "hows": HOWS,
        "results": [(str(one), words.RESULTS[one]) for one in CheckResult],
        "may_judge": spot is not None and spot.person_id != actor.person_id and (not spot.result or again),
        "may_open": organisation.may_somewhere(actor, "registry.view"),
        "crumbs": [(reverse("field-board"), _("网格工作")), (reverse("field-tasks"), _("任务")), ("", row.title)],
    }
    return _page(request, "field/task.html", shown, error)


@staff
@require_GET
def task_places(request: HttpRequest, uid: UUID) -> JsonResponse:
    """The place of a task, where somebody stood, and where they were before and after, for the map."""
    actor = actor_of(request)
    access.must_oversee(actor)
    found = queries_checks.task_evidence(actor, uid)
    row = found.row
    points = [(row.address or row.title, row.lon, row.lat)] if row.lon is not None and row.lat is not None else []
    where = [(one.lon, one.lat, one.at) for one, _away in found.sightings]
    if found.submission is not None:
        where.append((found.submission.lon, found.submission.lat, found.submission.ended_at))
    points += [
        (f"{_('做的时候')} {_time(at)}", lon, lat) for lon, lat, at in where if lon is not None and lat is not None
    ]
    return _map(points, found.pictures, [found.earlier, found.later])


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """What my own work was judged, by whom and why; I may say something to each."""
    actor, error = actor_of(request), None
    access.must_work(actor)
    if request.method == "POST":
        pk = whole_number(request.POST.get("id", "")) or 0
        about, text = request.POST.get("about", ""), request.POST.get("text", "")
        error = _refused(partial(actions.answer_verdict, about, pk, text=text, actor=actor, now=clock.now()))
        if error is None:
            messages.success(request, _("已交给核实的人看"))
            return redirect("field-own")
    rows = [(one, verdict_words(one)) for one in queries_checks.own_judged(actor)]
    return _page(request, "field/own.html", {"rows": rows}, error)


def _refused(act: Callable[[], object]) -> HuyingError | None:
    """Do it; why it was refused, None when it was done. What is not there stays not there."""
    try:
        act()
    except HuyingError as refused:
        if refused.status == 404:
            raise
        return refused
    return None


def _done(request: HttpRequest, page: str, key: int | UUID) -> HttpResponse:
    messages.success(request, _("已记录，本人看得到"))
    return redirect(page, key)


def _page(request: HttpRequest, template: str, shown: dict[str, Any], error: HuyingError | None) -> HttpResponse:
    """The page, with what was typed where it was refused."""
    shown |= {"error": error, "typed": request.POST}
    return render(request, template, shown, status=error.status if error is not None else 200)


def _beside(found: CheckInEvidence | TaskEvidence) -> dict[str, Any]:
    """What every verdict is given by: pictures, and how far in time and way the places before and after are."""
    return {"pictures": _pictures(found.pictures), "gaps": _gaps(found.earlier, found.later)}


def verdict_words(one: Judged) -> str:
    """The verdict in words, of a check-in or of verified work."""
    return str(dict(VERDICTS).get(one.verdict) or words.RESULTS.get(one.verdict, one.verdict))


def _crumbs() -> list[tuple[str, str]]:
    return [(reverse("field-board"), _("网格工作")), (reverse("field-checks"), _("抽查和存疑"))]


def _asked_by(row: Task) -> tuple[str, str]:
    """(what asked for it, address of its page or "")."""
    if row.plan is not None:
        return row.plan.title, reverse("field-plan", args=[row.plan.code])
    if row.source == "case":
        number = row.source_key.partition("/")[0]
        return _("办结后的现场核查"), case_link(int(number)) if number.isdecimal() else ""
    names = {"warning": _("风险升为红色的预警"), "finding": _("事件办结后的复查"), "round": _("巡查路线")}
    return names.get(row.source, _("预警")), ""


def _pictures(pictures: Sequence[Picture]) -> list[dict[str, str]]:
    told = []
    for one in pictures:
        parts = []
        if one.before is not None:
            parts.append(
                (_("%(gap)s前拍的") if one.before >= timedelta() else _("%(gap)s后拍的")) % {"gap": span(one.before)}
            )
        if one.away is not None:
            parts.append(_("离这里 %(m)d 米") % {"m": one.away})
        caption = " · ".join(parts) or _("照片里没有时间和位置")
        told.append(
            {
                "url": one.file.url,
                "thumb": one.file.thumbnail_url or one.file.url,
                "alt": _("现场照片"),
                "caption": caption,
            }
        )
    return told


def _gaps(earlier: Beside | None, later: Beside | None) -> list[dict[str, Any]]:
    said = []
    for label, one in ((_("上一处"), earlier), (_("下一处"), later)):
        if one is not None:
            speed = round(one.away / one.gap.total_seconds() * 3.6) if one.away and one.gap else None
            said.append({"label": label, "one": one, "gap": span(one.gap), "speed": speed})
    return said


def _name_of(ref: str) -> str:
    empty = Judged("", 0, "", clock.now(), "", "", ref, clock.now(), "", False)
    return queries_checks.named([empty])[0].by if ref else ""


def _map(
    points: Iterable[tuple[str, float, float]], pictures: Sequence[Picture], beside: Sequence[Beside | None]
) -> JsonResponse:
    named = list(points)
    for one in pictures:
        file = one.file
        if file.captured_lon is not None and file.captured_lat is not None:
            named.append((_("照片拍摄处"), file.captured_lon, file.captured_lat))
    named += [
        (f"{one.what} {_time(one.at)}", *one.point) for one in beside if one is not None and one.point is not None
    ]
    answer = JsonResponse(queries_positions.points_geojson(named))
    answer["Cache-Control"] = "no-store"
    return answer


def _time(at: Any) -> str:
    return f"{timezone.localtime(at):%H:%M:%S}"
