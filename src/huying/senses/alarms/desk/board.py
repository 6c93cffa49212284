"""The board: what rings, what is being handled, what is normal again and waits for its cause. Gravest first, live."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.pickers import area_from, area_value
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid
from huying.senses.devices import access as devices
from huying.senses.devices.kinds import kinds
from huying.senses.devices.words import said

from .. import access, actions, queries, words
from .shown import LIGHTS, kind_choices, nexts_of, rows_of, severity_choices

SHOWS: Final = {
    "open": (gettext_lazy("没有结束的"), gettext_lazy("现在没有报警")),
    "active": (gettext_lazy("等人处理"), gettext_lazy("没有等人处理的报警")),
    "acknowledged": (gettext_lazy("有人在处理"), gettext_lazy("没有正在处理的报警")),
    "cleared": (gettext_lazy("已恢复，等写原因"), gettext_lazy("没有等写原因的报警")),
    "closed": (gettext_lazy("已结束"), gettext_lazy("还没有结束的报警")),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    show: str
    wanted: queries.Narrowing
    shown: Mapping[str, str]
    errors: Mapping[str, str]

    @property
    def narrowed(self) -> bool:
        return any(self.shown.values())

    @property
    def described(self) -> str:
        said_by = {
            "severity": dict(severity_choices()),
            "kind": dict(kind_choices()),
            "device_kind": dict(device_kinds()),
        }
        return " · ".join(said_by.get(name, {}).get(value, value) for name, value in self.shown.items() if value)


def device_kinds() -> list[tuple[str, str]]:
    return [(code, said(one.name)) for code, one in kinds().items()]


def asked_of(given: Mapping[str, str]) -> Asked:
    """Read the address; what cannot be read narrows nothing and is named."""
    show = given.get("show", "open")
    show = show if show in SHOWS else "open"
    names = ("severity", "kind", "device_kind", "area")
    shown = {name: given.get(name, "").strip()[:120].replace("\x00", "\ufffd") for name in names}  # no row holds a NUL
    errors: dict[str, str] = {}
    code = ""
    try:
        area = area_from(shown["area"])
        if area is not None:
            shown["area"], code = area_value(area), area.code
    except Invalid as error:
        errors["area"] = str(error)
    least = int(shown["severity"]) if shown["severity"] in {"1", "2", "3", "4"} else 1
    device_kind = shown["device_kind"] if shown["device_kind"] in kinds() else ""
    narrowing = queries.Narrowing(
        state=show, kind=shown["kind"], device_kind=device_kind, area=code, least=least, tests=show == "open"
    )
    return Asked(show, narrowing, shown, errors)


def _words(request: HttpRequest) -> dict[str, Any]:
    """The rows and the numbers above them. Three queries; one more while ladders climb."""
    actor, now = actor_of(request), clock.now()
    asked = asked_of(request.GET)
    page = queries.board(actor, asked.wanted, cursor=request.GET.get("cursor"))
    numbers = queries.counts(actor, area=asked.wanted.area)
    return {
        "asked": asked,
        "page": page,
        "rows": rows_of(page.rows, actor, nexts=nexts_of(page.rows)),
        "numbers": numbers,
        "counts": [
            {
                "severity": severity,
                "light": LIGHTS[severity],
                "words": words.severity_words(severity),
                "number": numbers.by_severity[severity],
                "current": asked.shown["severity"] == str(severity),
            }
            for severity in sorted(LIGHTS, reverse=True)
            if numbers.by_severity[severity]
        ],
        "empty": SHOWS[asked.show][1],
        "now": now,
    }


@staff
@require_GET
@never_cache
def board(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    access.must_view(actor)
    shown = _words(request)
    numbers: queries.Counts = shown["numbers"]
    counted = {
        "open": numbers.active + numbers.acknowledged + numbers.cleared,
        "active": numbers.active,
        "acknowledged": numbers.acknowledged,
        "cleared": numbers.cleared,
        "closed": None,
    }
    shown |= {
        "tabs": [
            {"code": code, "words": label, "current": code == shown["asked"].show, "count": counted[code]}
            for code, (label, _empty) in SHOWS.items()
        ],
        "topics": "alarms",
        "severities": severity_choices(),
        "kinds": kind_choices(),
        "device_kinds": device_kinds(),
        "may_rule": devices.may_somewhere(actor),
    }
    return render(request, "alarms/board.html", shown)


@staff
@require_GET
@never_cache
def rows(request: HttpRequest) -> HttpResponse:
    """The rows alone: what a live refresh brings."""
    access.must_view(actor_of(request))
    return render(request, "alarms/_rows.html", _words(request))


@staff
@require_POST
def acknowledge(request: HttpRequest, uid: str) -> HttpResponse:
    """Take an alarm in hand. From the board by htmx the rows come back; else the page it was pressed on."""
    actor = actor_of(request)
    told, failed = _("已记下：由您处理"), None
    try:
        actions.acknowledge_alarm(uid, actor=actor, now=clock.now())
    except HuyingError as error:
        if error.status == 404:
            raise
        failed = error
        told = str(error.message)
    if request.headers.get("HX-Request"):
        answer = render(request, "alarms/_rows.html", _words(request))
        answer["HX-Trigger"] = json.dumps({"toast": {"text": told}})
        return answer
    if failed is not None:
        raise failed
    return redirect(_back(request, uid))


def _back(request: HttpRequest, uid: str) -> str:
    back = request.POST.get("back", "")
    if back == "alarm":
        return reverse("alarms-alarm", args=[uid])
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith(reverse("alarms-board"))
    return back if safe else reverse("alarms-board")


def count_of_ringing(request: HttpRequest) -> int | None:
    """How many alarms wait for somebody, for the menu; one query."""
    actor: Actor = actor_of(request)
    return queries.counts(actor).active or None
