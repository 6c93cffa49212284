"""Staff pages of the hot issues: the board with its map, one issue with its heat explained, and the joint case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.kernel.errors import Conflict, Invalid
from huying.kernel.paging import Page
from huying.kernel.privacy import mask_text

from . import access, actions, queries, words
from .models import HotIssue, HotMessage
from .ranking import title_for

_USUAL = 30


@staff
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The issues of a period, hottest first, and where they are."""
    actor, now = actor_of(request), clock.now()
    days, place = _days(request), request.GET.get("place", "").strip()[:80]
    page = queries.board(actor, since=_since(now, days), until=now, place=place, cursor=request.GET.get("cursor"))
    found = {
        "days": days,
        "place": place,
        "tabs": [(n, _("近 %(n)s 天") % {"n": n}, n == days) for n in queries.WINDOWS],
        "page": page,
        "hottest": max((one.heat for one in page.rows), default=0.0),
    }
    return render(request, "hotspots/board.html", found)


@staff
@require_GET
def issue(request: HttpRequest, issue_id: int) -> HttpResponse:
    """One issue: its heat and why, day by day, its messages without what leads to a person."""
    actor, now = actor_of(request), clock.now()
    shown = access.get_issue(actor, issue_id)
    page = queries.messages_of(shown, actor, cursor=request.GET.get("cursor"))
    daily = queries.daily(shown, since=_since(now, max(queries.WINDOWS)))
    found = {
        "issue": shown,
        "parts": _parts(shown),
        "daily": daily,
        "busiest": max((one.count for one in daily), default=0),
        "messages_page": Page([_message(one) for one in page.rows], page.next, page.prev),
        "may_open": access.may_open(actor) and shown.case_id is None,
        "crumbs": [(reverse("hotspots"), _("热点")), ("", shown.name)],
    }
    return render(request, "hotspots/issue.html", found)


@staff
@require_GET
def points(request: HttpRequest) -> HttpResponse:
    """The messages of the period, or of one issue, as points."""
    actor, now = actor_of(request), clock.now()
    asked = request.GET.get("issue", "")
    shown = access.get_issue(actor, int(asked)) if asked.isdigit() and len(asked) < 19 else None
    days = max(queries.WINDOWS) if shown else _days(request)
    found = queries.points(actor, since=_since(now, days), until=now, issue=shown)
    answer = HttpResponse(
        orjson.dumps({"type": "FeatureCollection", "features": [_feature(one) for one in found]}),
        content_type="application/geo+json",
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


@staff
@require_POST
def open_joint(request: HttpRequest, issue_id: int) -> HttpResponse:
    """开一件联办, and go to it."""
    try:
        opened = actions.open_joint_case(issue_id, actor=actor_of(request), now=clock.now())
    except Conflict as error:
        messages.error(request, str(error))
        return redirect("hotspots-issue", issue_id)
    messages.success(request, _("联办已开，等分拨员定牵头单位"))
    return redirect("cases-case", opened.case_id)


def _days(request: HttpRequest) -> int:
    text = request.GET.get("days", str(_USUAL))
    if not text.isdigit() or len(text) > 3 or int(text) not in queries.WINDOWS:
        raise Invalid(field="days")
    return int(text)


def _since(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def _parts(shown: HotIssue) -> list[tuple[Any, Any, float]]:
    """Each part of the heat: name, explanation, points; what brings nothing is left out."""
    points = [(name, how, float(shown.parts.get(key, 0.0))) for key, (name, how) in words.PARTS.items()]
    return [one for one in points if one[2] > 0]


def _message(row: HotMessage) -> dict[str, Any]:
    report = row.report
    return {
        "at": row.at,
        "title": title_for(report.title, report.text),
        "text": mask_text(report.text),
        "place": mask_text(report.place_text),
        "case": report.case,
    }


def _feature(point: queries.Point) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [point.lon, point.lat]},
        "properties": {
            "name": point.name,
            "light": "none",
            "url": reverse("hotspots-issue", args=[point.issue_id]),
        },
    }
