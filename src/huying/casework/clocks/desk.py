"""Staff pages of time: the working calendar, thresholds, notices, and the clocks on a case's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases.models import Case
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound
from huying.kernel.numbers import whole_number
from huying.shell.navigation import url_of

from . import access, actions, queries, words
from .actions import CorrectedDay
from .almanac import STANDING_DEFAULTS
from .lights import Thresholds
from .models import LightThresholds, Notice, StandingLimit, WorkingHours
from .worktime import DEFAULT_SPANS, DayRow

View = Callable[..., HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def staff(view: View) -> View:
    """Signed out → sign in; nobody of the staff → as if there were no such page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not actor_of(request).is_staff:
            raise NotFound()
        return view(request, *args, **kwargs)

    return guarded


# --- calendar --------------------------------------------------------------------------------------------------


@staff
@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """A month as it counts here, the local days in force, and a form to set days."""
    actor = actor_of(request)
    access.must_read(actor)
    return render(request, "clocks/calendar.html", _calendar_words(request, actor))


@staff
@require_POST
def change_calendar(request: HttpRequest) -> HttpResponse:
    """First say what would move, then do it: nothing is written before the second click."""
    actor, now = actor_of(request), clock.now()
    try:
        days = _days_given(request)
        for one in days:
            access.must_edit(actor, one.area)
        if request.POST.get("do") == "apply":
            before = queries.preview_correction(*_as_rows(days), examples=0)
            actions.correct_calendar(days, actor=actor, now=now, reason=request.POST.get("source", ""))
            messages.success(request, _("已更正日历，%(count)d 个到期时间随之调整") % {"count": before.moved})
            return redirect(f"{reverse('clocks-calendar')}?month={days[0].day:%Y-%m}&area={days[0].area}")
        preview = queries.preview_correction(*_as_rows(days))
    except HuyingError as error:
        found = _calendar_words(request, actor) | {"error": error, "typed": request.POST}
        return render(request, "clocks/calendar.html", found, status=error.status)
    found = _calendar_words(request, actor) | {"preview": preview, "typed": request.POST, "days_given": days}
    return render(request, "clocks/calendar.html", found)


def _calendar_words(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    given = request.POST if request.method == "POST" else request.GET
    first = _month_given(given.get("month", ""))
    area = given.get("area", "") or _own_area(actor)
    before = (first - timedelta(days=1)).replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    days = queries.month(first, area)
    return {
        "first": first,
        "before": before,
        "after": after,
        "area": area,
        "weeks": _weeks(days),
        "assumed": any(day.assumed for day in days),
        "local": [day for day in days if day.override is not None],
        "overrides": queries.overrides(cursor=request.GET.get("cursor")),
        "may_edit": access.may_edit(actor, area),
        "crumbs": [("", _("工作日历"))],
    }


def _weeks(days: list[queries.DayView]) -> list[list[queries.DayView | None]]:
    """Rows of seven from Monday, empty cells before the first and after the last day."""
    cells: list[queries.DayView | None] = [None] * days[0].day.weekday()
    cells += days
    cells += [None] * (-len(cells) % 7)
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


def _own_area(actor: Actor) -> str:
    areas = [duty.area for duty in actor.duties_of(*access.READERS)]
    return min(areas, key=len, default="")


def _month_given(text: str) -> date:
    found = parse_date(f"{text}-01") if text else None
    return found or clock.local_day(clock.now()).replace(day=1)


def _days_given(request: HttpRequest) -> list[CorrectedDay]:
    """From–to and what holds: ``working`` is yes, no, or national (withdraw the local rule)."""
    since, until = (_day(request.POST.get(name, "")) for name in ("since", "until"))
    if since is None:
        raise Invalid(_("请填写日期"), field="since")
    until = until or since
    if until < since or (until - since).days > 60:
        raise Invalid(_("结束日期要在开始日期之后，且不超过 60 天"), field="until")
    choice = request.POST.get("working", "")
    if choice not in {"yes", "no", "national"}:
        raise Invalid(_("请选择这几天怎样计算"), field="working")
    working = None if choice == "national" else choice == "yes"
    area, source = request.POST.get("area", "").strip(), request.POST.get("source", "").strip()
    return [
        CorrectedDay(day=since + timedelta(days=number), working=working, area=area, source=source)
        for number in range((until - since).days + 1)
    ]


def _day(text: str) -> date | None:
    try:
        return parse_date(text.strip())
    except ValueError as error:
        raise Invalid(_("没有这一天"), field="since") from error


def _as_rows(days: list[CorrectedDay]) -> tuple[list[DayRow], list[tuple[date, str]]]:
    set_days = [DayRow(one.day, one.working, one.area) for one in days if one.working is not None]
    return set_days, [(one.day, one.area) for one in days if one.working is None]


# --- thresholds, hours, standing limits ------------------------------------------------------------------------


@staff
def thresholds(request: HttpRequest) -> HttpResponse:
    """Warning thresholds, working hours and standing limits: what holds now, what held, a form for each."""
    actor = actor_of(request)
    access.must_read(actor)
    if request.method != "POST":
        return render(request, "clocks/thresholds.html", _threshold_words(actor))
    deeds = {"thresholds": _set_thresholds, "hours": _set_hours, "limit": _set_limit}
    try:
        deed = deeds.get(request.POST.get("do", ""))
        if deed is None:
            raise Invalid(_("页面没有这项操作"))
        deed(request, actor)
    except HuyingError as error:
        found = _threshold_words(actor) | {"error": error, "typed": request.POST, "did": request.POST.get("do")}
        return render(request, "clocks/thresholds.html", found, status=error.status)
    messages.success(request, _("已保存，正在计时的事件已按新规定重算"))
    return redirect("clocks-thresholds")


def _threshold_words(actor: Actor) -> dict[str, Any]:
    book, now = queries.almanac(), clock.now()
    standing = [(kind, words.KINDS[kind], book.standing_limit(kind, now)) for kind in STANDING_DEFAULTS]
    return {
        "now": book.thresholds_on(now),
        "rows": list(LightThresholds.objects.order_by("-valid_from")[:20]),
        "hours": [(row, spans_text(row.spans)) for row in WorkingHours.objects.order_by("area", "-valid_from")[:50]],
        "default_hours": spans_text(DEFAULT_SPANS),
        "standing": standing,
        "standing_rows": list(StandingLimit.objects.order_by("kind", "-valid_from")[:50]),
        "kinds": [(kind, label) for kind, label, _limit in standing],
        "today": clock.local_day(now).isoformat(),
        "area": _own_area(actor),
        "may_edit": access.may_edit(actor, ""),
        "may_edit_hours": access.may_edit(actor, _own_area(actor)),
        "crumbs": [(reverse("clocks-calendar"), _("工作日历")), ("", _("预警与时限"))],
    }


def spans_text(spans: Any) -> str:
    """``08:30-12:00 14:00-18:00``."""
    return " ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans)


def _spans_given(text: str) -> list[tuple[int, int]]:
    try:
        return [
            (int(a[:2]) * 60 + int(a[3:]), int(b[:2]) * 60 + int(b[3:]))
            for a, _, b in (part.partition("-") for part in text.split())
        ]
    except ValueError as error:
        raise Invalid(_("工作时段这样写：08:30-12:00 14:00-18:00"), field="spans") from error


def _number(request: HttpRequest, name: str) -> int:
    found = whole_number(request.POST.get(name, "").strip(), 6)
    if found is None:
        raise Invalid(_("请填写整数"), field=name)
    return found


def _since(request: HttpRequest) -> date:
    found = _day(request.POST.get("valid_from", ""))
    if found is None:
        raise Invalid(_("请填写生效日期"), field="valid_from")
    return found


def _set_thresholds(request: HttpRequest, actor: Actor) -> None:
    try:
        marks = Thresholds(
            _number(request, "blue_percent"),
            _number(request, "yellow_percent"),
            _number(request, "yellow_days_left"),
            _number(request, "black_percent"),
            _number(request, "black_days_over"),
        )
    except ValueError as error:
        raise Invalid(_("蓝色要早于黄色，黄色不晚于到期，其余为正数"), field="blue_percent") from error
    source = request.POST.get("source", "")
    actions.set_thresholds(marks, valid_from=_since(request), source=source, actor=actor, now=clock.now())


def _set_hours(request: HttpRequest, actor: Actor) -> None:
    actions.set_working_hours(
        area=request.POST.get("area", "").strip(),
        valid_from=_since(request),
        spans=_spans_given(request.POST.get("spans", "")),
        source=request.POST.get("source", ""),
        actor=actor,
        now=clock.now(),
    )


def _set_limit(request: HttpRequest, actor: Actor) -> None:
    actions.set_standing_limit(
        request.POST.get("kind", ""),
        request.POST.get("limit", ""),
        valid_from=_since(request),
        source=request.POST.get("source", ""),
        actor=actor,
        now=clock.now(),
    )


# --- notices ---------------------------------------------------------------------------------------------------


def count_of_notices(request: HttpRequest) -> int | None:
    """Unread notices, for the menu; None when there are none."""
    person_id = actor_of(request).person_id
    return (queries.unread_count(person_id) or None) if person_id is not None else None


@staff
def notices(request: HttpRequest) -> HttpResponse:
    """The bell: what is new, grouped; below it everything, newest first."""
    actor = actor_of(request)
    if actor.person_id is None:
        raise NotFound()
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        actions.read_notices(actor=actor, now=clock.now(), kind=kind)
        return redirect("clocks-notices")
    kind = request.GET.get("kind", "")
    page = queries.notices(actor.person_id, kind=kind, cursor=request.GET.get("cursor"))
    found = {
        "groups": queries.unread_groups(actor.person_id),
        "rows": [(notice, words.notice_words(notice), link_of(notice)) for notice in page.rows],
        "page": page,
        "kind": kind,
        "words": words,
    }
    return render(request, "clocks/notices.html", found)


def link_of(notice: Notice) -> str:
    """Where a notice leads: its order if it has one, else its case."""
    if notice.order_id is not None and url_of("supervision-board"):
        return reverse("supervision-order", args=[notice.order_id])
    if notice.case_id is not None:
        return case_link(notice.case_id)
    alarm = str(notice.body.get("alarm", ""))
    return reverse("alarms-alarm", args=[alarm]) if alarm and url_of("alarms-board") else ""


def case_link(case_id: int) -> str:
    """The case's page on the desk."""
    return reverse("cases-case", args=[case_id])


# --- on a case's page ------------------------------------------------------------------------------------------


def clocks_panel(request: HttpRequest, case: Case) -> str:
    """Every clock of the case: what it measures, when it is due, what moved it."""
    clocks = queries.clocks_of(case.pk)
    if not clocks:
        return ""
    rows = [
        {
            "clock": one,
            "name": words.kind_words(one.kind, one.limit.get("label", "")),
            "limit": "" if one.kind.startswith("milestone:") else words.limit_words(one.limit),
            "changes": [(change, words.CHANGES[change.kind]) for change in (one.changes.all() if one.changed else ())],
            "paused": words.PAUSES.get(one.paused_why, one.paused_why),
        }
        for one in clocks
    ]
    return render_to_string("clocks/panel.html", {"rows": rows}, request=request)
