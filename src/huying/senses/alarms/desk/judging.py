"""How good the alarms are: tests that are due, and how many alarms were false."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.senses.devices import access as devices
from huying.senses.devices.desk.frame import place_words
from huying.senses.devices.kinds import kinds
from huying.senses.devices.words import said
from huying.shell.words import duration_words

from .. import actions, queries, words
from .shown import crumbs_of

PERIODS: Final = (30, 90, 365)


@staff
@require_GET
def rates(request: HttpRequest) -> HttpResponse:
    """Of the alarms closed in a period, how many were false: by kind of alarm, kind of device, and device."""
    actor, now = actor_of(request), clock.now()
    devices.must_view(actor)
    text = request.GET.get("days", "")
    days = int(text) if text in {str(one) for one in PERIODS} else PERIODS[0]
    period = {"since": now - timedelta(days=days), "until": now}
    found = queries.rates(actor, **period)
    shown = {
        "tabs": [(n, _("近 %(n)s 天") % {"n": n}, n == days) for n in PERIODS],
        "kinds": [(one, words.kind_words(one.label)) for one in found.kinds],
        "device_kinds": [(one, _device_kind(one.label)) for one in found.device_kinds],
        "devices": [(one, one.label) for one in found.devices],
        "waited": [
            (words.kind_words(one.kind), one, _to_the_second(one.half), _to_the_second(one.most))
            for one in queries.waited(actor, **period)
        ],
        "crumbs": crumbs_of(("", _("误报率"))),
    }
    return render(request, "alarms/rates.html", shown)


def _to_the_second(span: timedelta) -> str:
    """A waiting time; seconds count below an hour, since a call for help is to be answered within one minute."""
    seconds = round(span.total_seconds())
    if seconds < 60:
        return _("%(n)d 秒") % {"n": seconds}
    if seconds < 3600:
        return _("%(m)d 分 %(s)d 秒") % {"m": seconds // 60, "s": seconds % 60}
    return duration_words(span)


def _device_kind(code: str) -> str:
    return said(kinds()[code].name) if code in kinds() else code


@staff
@require_GET
def drills(request: HttpRequest) -> HttpResponse:
    """Devices that call for help and were not tested for a month."""
    actor, now = actor_of(request), clock.now()
    devices.must_view(actor)
    page = queries.drills_overdue(actor, now=now, cursor=request.GET.get("cursor"))
    places = place_words(one.area for one in page.rows) if page.rows else {}
    rows = []
    for one in page.rows:
        last = one.last_drill  # type: ignore[attr-defined]
        rows.append(
            {
                "code": one.code,
                "name": one.name,
                "kind": _device_kind(one.kind),
                "place": " · ".join(filter(None, (places[one.area], one.address))),
                "last": last,
                "days_over": (now - (last or one.created_at) - queries.DRILL_EVERY).days,
            }
        )
    shown = {
        "rows": rows,
        "page": page,
        "every": queries.DRILL_EVERY.days,
        "now": now,
        "crumbs": crumbs_of(("", _("每月测试"))),
    }
    return render(request, "alarms/drills.html", shown)


@staff
@require_POST
def drill(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a test of one device: its next call for help within minutes is the answer."""
    begun = actions.start_drill(code, actor=actor_of(request), now=clock.now())
    minutes = int((begun.until - begun.asked_at).total_seconds() // 60)
    messages.success(request, _("现在去按设备的测试键，%(n)s 分钟内有效") % {"n": minutes})
    return redirect("devices-device", code)
