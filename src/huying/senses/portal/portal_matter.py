"""My matter: where is it? The tracking code is the key; a wrong one opens nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from huying.casework.cases.voices import reporter
from huying.kernel import clock
from huying.kernel.errors import HuyingError
from huying.senses.reports import access, actions
from huying.senses.reports.models import Report
from huying.senses.reports.rules import spoken_tracking_code

from . import forms, queries, queries_story, words
from .portal import HOTLINE
from .portal_report import picture

Deed = Callable[[datetime], str]


def matter(request: HttpRequest, code: str) -> HttpResponse:
    """The page of one matter."""
    report = access.tracked_report(code)
    if code != report.tracking_code:
        return redirect("matter", code=report.tracking_code)
    return _show(request, report)


def _show(request: HttpRequest, report: Report, *, status: int = 200, **more: Any) -> HttpResponse:
    now = clock.now()
    area = report.case.grid or report.case.community or report.case.town
    place = queries.place_words([area]).get(area, "")
    shown = {
        "matter": queries_story.matter_of(report, place=place, now=now),
        "code": report.tracking_code,
        "spoken": spoken_tracking_code(report.tracking_code),
        "scores": words.SCORES,
        "contacted": (("yes", gettext("联系了")), ("no", gettext("没联系"))),
        "yes_no": (("yes", gettext("解决了")), ("no", gettext("没解决"))),
        "hotline": HOTLINE,
        **more,
    }
    answer = render(request, "portal/matter.html", shown, status=status)
    answer["Cache-Control"] = "private, no-cache"
    return answer


def sent(request: HttpRequest, code: str) -> HttpResponse:
    """It arrived: the code, large; who has it; how to follow it."""
    report = access.tracked_report(code)
    now = clock.now()
    shown = {
        "matter": queries_story.matter_of(report, place="", now=now),
        "code": report.tracking_code,
        "spoken": spoken_tracking_code(report.tracking_code),
        "address": _address(request, report),
        "hotline": HOTLINE,
    }
    return render(request, "portal/sent.html", shown)


def _address(request: HttpRequest, report: Report) -> str:
    return request.build_absolute_uri(reverse("matter", args=[report.tracking_code]))


def code_picture(request: HttpRequest, code: str) -> HttpResponse:
    """The address of the matter as a QR code, to be kept as a picture or shown at a counter."""
    report = access.tracked_report(code)
    drawn = io.BytesIO()
    segno.make(_address(request, report), error="m", micro=False).save(drawn, kind="png", scale=8, border=3)
    answer = HttpResponse(drawn.getvalue(), content_type="image/png")
    answer["Cache-Control"] = "private, max-age=86400"
    return answer


def matter_photo(request: HttpRequest, code: str, photo: int, small: bool = False) -> HttpResponseBase:
    """A photo of the matter that the holder of its code may see; 404 for every other."""
    file = queries_story.picture(access.tracked_report(code), photo)
    if file is None:
        raise Http404
    return picture(file, small=small)


def rate(request: HttpRequest, code: str) -> HttpResponse:
    """How was it?"""
    report = access.tracked_report(code)
    form = forms.RatingForm(request.POST)
    if not form.is_valid():
        return _show(request, report, status=422, rating=form)
    given = form.cleaned_data

    def deed(now: datetime) -> str:
        actions.rate_report(report.pk, **given, actor=reporter(report.pk), now=now)
        return gettext("谢谢您的评价，我们会认真看")

    return _do(request, report, deed, rating=form)


def not_solved(request: HttpRequest, code: str) -> HttpResponse:
    """It is not solved: back to whoever did it, with a reason."""
    report = access.tracked_report(code)
    reason = request.POST.get("reason", "").strip()[:500]
    if not reason:
        return _show(request, report, status=422, reason_error=gettext("请说说还有什么没解决"))

    def deed(now: datetime) -> str:
        actions.say_not_solved(report.pk, reason=reason, actor=reporter(report.pk), now=now)
        return gettext("已经退回去重新办，办好再告诉您")

    return _do(request, report, deed, reason=reason)


def remind(request: HttpRequest, code: str) -> HttpResponse:
    """Ask to hurry."""
    report = access.tracked_report(code)
    text = request.POST.get("text", "").strip()[:300]

    def deed(now: datetime) -> str:
        actions.remind(report.pk, text=text, actor=reporter(report.pk), now=now)
        return gettext("已经替您催了")

    return _do(request, report, deed, remind_text=text)


def _do(request: HttpRequest, report: Report, deed: Deed, **typed: Any) -> HttpResponse:
    """Do it and come back; or show the page again with what was wrong and what was typed."""
    try:
        said = deed(clock.now())
    except HuyingError as error:
        return _show(request, access.tracked_report(report.tracking_code), status=error.status, error=error, **typed)
    messages.success(request, said)
    return redirect("matter", code=report.tracking_code)
