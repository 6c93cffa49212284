"""The board with its map, and one issue: its heat and why, over time, and what was said."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.catalogue.rules import CHANNELS
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.numbers import whole_number
from huying.kernel.paging import Page
from huying.kernel.privacy import mask_text

from .. import access, board_queries, joint_queries, queries, words
from ..asking import asked, tabs
from ..board_queries import Ranked
from ..models import HotIssue, HotMessage
from ..periods import Period
from ..ranking import title_for

_LONGEST_PLACE = 80
_FEW_BEHIND = 50  # reports of the last minute are no news
_ROWS = (10, 30, 100)  # shown at first, when asked for more, and at most


@staff
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The issues of a period, hottest first, and where they are."""
    actor = actor_of(request)
    access.must_read(actor)
    when, place, size = asked(request), _place(request), _rows(request)
    page = board_queries.board(actor, when.period, place=place, size=size)
    found = {
        "when": when,
        "place": place,
        "tabs": tabs(when.period),
        "rows": [(one, _short(one)) for one in page.rows],
        "shown": size,
        "more": next((n for n in _ROWS if n > size), None) if page.next else None,
        "cut": bool(page.next),
        "hottest": max((one.heat for one in page.rows), default=0.0),
        "may_weigh": access.may_weigh(actor),
        **_behind(),
    }
    return render(request, "hotspots/board.html", found, status=when.error.status if when.error else 200)


@staff
@require_GET
def behind(request: HttpRequest) -> HttpResponse:
    """How many reports are still to be grouped; when all are, the board is drawn anew."""
    access.must_read(actor_of(request))
    left = _behind()
    if not left["behind"]:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "hotspots/_behind.html", left)


def _behind() -> dict[str, Any]:
    count = queries.behind(clock.now())
    return {"behind": count if count >= _FEW_BEHIND else 0, "many": count >= queries.MOST_BEHIND}


@staff
@require_GET
def issue(request: HttpRequest, issue_id: int) -> HttpResponse:
    """One issue in a period: heat, time line, messages without what leads to a person, and its joint case."""
    actor, when = actor_of(request), asked(request)
    shown = access.get_issue(actor, issue_id)
    page = queries.messages_of(shown, actor, cursor=request.GET.get("cursor"))
    standing = board_queries.standing(shown, actor, when.period)
    found = {
        "issue": shown,
        "when": when,
        "tabs": tabs(when.period),
        "standing": standing,
        "parts": _parts(standing),
        "line": _line(shown, actor, when.period),
        "messages_page": Page([_message(one) for one in page.rows], page.next, page.prev),
        "joint": joint_queries.joint_of(shown, now=clock.now()),
        "may_open": access.may_open(actor),
        "crumbs": [(f"{reverse('hotspots')}?{when.query}", _("热点")), ("", shown.name)],
    }
    return render(request, "hotspots/issue.html", found, status=when.error.status if when.error else 200)


@staff
@require_GET
def points(request: HttpRequest) -> HttpResponse:
    """What residents said of the hottest issues of a period, or of one issue in it, as points."""
    actor, when, place = actor_of(request), asked(request), _place(request)
    access.must_read(actor)
    wanted = whole_number(request.GET.get("issue", ""))
    shown = access.get_issue(actor, wanted) if wanted is not None else None
    among = board_queries.ids(actor, when.period, place=place) if shown is None else None
    found = queries.points(actor, when.period, issue=shown, among=among)
    answer = HttpResponse(
        orjson.dumps({"type": "FeatureCollection", "features": [_feature(one, when.query) for one in found]}),
        content_type="application/geo+json",
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


def _place(request: HttpRequest) -> str:
    return request.GET.get("place", "").strip()[:_LONGEST_PLACE]


def _rows(request: HttpRequest) -> int:
    wanted = request.GET.get("top", "")
    return next((n for n in _ROWS if str(n) == wanted), _ROWS[0])


def _short(one: Ranked) -> list[tuple[Any, float]]:
    """What the heat is made of, in a word each; what brings nothing is left out."""
    return [(name, one.parts[key]) for key, name in words.SHORT.items() if one.parts[key] >= 0.05]


def _parts(one: Ranked | None) -> list[tuple[Any, Any, float]]:
    """Each part of the heat: name, explanation, points; what brings nothing is left out."""
    points = [(name, how, one.parts[key]) for key, (name, how) in words.PARTS.items()] if one else []
    return [part for part in points if part[2] > 0]


def _line(shown: HotIssue, actor: Actor, period: Period) -> dict[str, Any]:
    """The time line as bars in a box of 100 by 30."""
    parts = queries.time_line(shown, actor, period)
    most = max((one.count for one in parts), default=0)
    width = 100 / max(1, len(parts))
    bars = [
        {"x": number * width, "y": 30 - one.count * 30 / most, "height": one.count * 30 / most, "part": one}
        for number, one in enumerate(parts)
        if one.count
    ]
    named = {"day": _("每天多少条"), "week": _("每周多少条"), "month": _("每月多少条")}[period.step]
    return {"bars": bars, "width": width * 0.8, "most": most, "named": named}


def _message(row: HotMessage) -> dict[str, Any]:
    report = row.report
    title, text = title_for(report.title, report.text), mask_text(report.text)
    return {
        "at": row.at,
        "title": title,
        "text": "" if text.strip(" 。") == title else text,
        "place": mask_text(report.place_text),
        "official": CHANNELS[report.channel] if row.official else "",
        "case": report.case,
    }


def _feature(point: queries.Point, query: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [point.lon, point.lat]},
        "properties": {
            "name": point.name,
            "light": "none",
            "url": f"{reverse('hotspots-issue', args=[point.issue_id])}?{query}",
        },
    }
