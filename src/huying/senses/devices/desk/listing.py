"""The list of devices, by key, with its filters in the address; and the same as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.paging import page
from huying.kernel.spreadsheets import harmless
from huying.shell.sheets import Sheet, as_file, mark_of

from .. import access, queries
from ..models import Device
from .alarming import alarming
from .frame import Asked, asked_of, filter_choices, shown_rows

ORDER: Final = ("area", "code")
MOST_EXPORTED: Final = 100_000


def wished(actor: Actor, asked: Asked) -> QuerySet[Device]:
    """The devices the address asks for, as far as the actor may see them."""
    rows = queries.wished(actor, asked.filters)
    hung = alarming()
    return rows.filter(pk__in=hung.devices(asked.alarm)) if hung and asked.alarm else rows


@staff
@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    access.must_view(actor)
    asked = asked_of(request.GET)
    rows = wished(actor, asked).select_related("last").defer("last__state", "last__values")
    found = page(rows, ORDER, request.GET.get("cursor"), queries.PAGE_SIZE)
    shown = {
        "asked": asked,
        "page": found,
        "rows": shown_rows(found.rows),
        "now": clock.now(),
        "may_edit": access.may_somewhere(actor, access.EDIT),
        **filter_choices(),
    }
    return render(request, "devices/list.html", shown)


@staff
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """What is filtered, as XLSX, marked with who took it and when. Says nothing private: no values, no contacts."""
    actor, now = actor_of(request), clock.now()
    access.must_view(actor)
    asked = asked_of(request.GET)
    mark = mark_of(actor.name, now, asked.described or _("全部"))
    return as_file(Sheet("devices", _("设备"), mark, _columns(), partial(_lines, wished(actor, asked)), now), "xlsx")


def _columns() -> list[tuple[str, int]]:
    return [
        (_("设备编号"), 16), (_("名称"), 24), (_("类型"), 14), (_("区域"), 24), (_("地址"), 28), (_("状态"), 10), (_("最后上报"), 20),
        (_("当前报警"), 12),
    ]  # fmt: skip


def _lines(rows: QuerySet[Device]) -> Iterator[list[Any]]:
    found = rows.select_related("last").defer("last__state", "last__values").order_by(*ORDER)[:MOST_EXPORTED]
    waiting = found.iterator(chunk_size=2000)
    while some := list(islice(waiting, 2000)):
        for one in shown_rows(some):
            at = f"{timezone.localtime(one.at):%Y-%m-%d %H:%M:%S}" if one.at else ""
            texts = (one.code, one.name, one.kind, one.area, one.address, one.state, at, one.severity)
            yield [harmless(text) for text in texts]
