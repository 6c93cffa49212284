"""Who looked at whose personal data: for those who watch over it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import wraps
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from huying.ground.organisation.access import ANONYMOUS
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound
from huying.kernel.numbers import whole_number
from huying.kernel.privacy import AccessEntry

from .. import access
from .. import queries_desk as reads
from ..masking import label
from ..words import EMERGENCY, fields_words
from .frame import actor_of, private

READERS: Final = ("discipline", "registry_editor", "supervisor")


def watched(actor: Actor) -> tuple[str, ...]:
    """The areas whose residents' log somebody may read."""
    held = {duty.area for duty in actor.duties_of(*READERS)}
    return tuple(sorted(one for one in held if not any(one != up and one.startswith(up) for up in held)))


def _page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        actor = actor_of(request)
        if actor.ref == ANONYMOUS.ref:
            return redirect_to_login(request.get_full_path())
        if not actor.is_staff or not watched(actor):
            raise NotFound()
        return private(view(request))

    return guarded


@_page
@require_GET
def log(request: HttpRequest) -> HttpResponse:
    """The latest looks within filters, and who looked most this week."""
    actor, now = actor_of(request), clock.now()
    given = {name: request.GET.get(name, "").strip()[:60] for name in ("who", "why", "since")}
    given["emergency"] = "1" if request.GET.get("emergency") else ""
    areas = watched(actor)
    found = reads.looks(
        areas,
        who=given["who"],
        why=given["why"],
        resident=whole_number(request.GET.get("resident", "")),
        since=_midnight(given["since"]),
        emergency=bool(given["emergency"]),
        cursor=request.GET.get("cursor"),
    )
    shown: dict[str, Any] = {
        "page": found,
        "given": given,
        "rows": _rows(actor, found.rows),
        "readers": reads.readers(areas, now),
        "heavy_from": reads.HEAVY_A_DAY,
        "urgent": reads.looks(areas, emergency=True, since=now - timedelta(days=7)).rows if not request.GET else [],
    }
    return render(request, "registry/log.html", shown)


def _rows(actor: Actor, entries: list[AccessEntry]) -> list[dict[str, Any]]:
    known = reads.residents_named(entries)
    rows = []
    for entry in entries:
        resident = known.get(entry.subject)
        near = resident is not None and access.may(actor, access.VIEW, resident.area)
        rows.append(
            {
                "entry": entry,
                "whom": label(resident) if resident is not None else entry.subject,
                "number": entry.subject.partition(":")[2],
                "uid": resident.uid if resident is not None and near else None,
                "fields": fields_words(entry.what),
                "urgent": entry.why.startswith(EMERGENCY),
            }
        )
    return rows


def _midnight(text: str) -> datetime | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return timezone.make_aware(datetime.combine(day, time())) if day else None
