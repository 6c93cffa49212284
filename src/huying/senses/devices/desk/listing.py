"""The list of devices, by key, with its filters in the address; and the same as a spreadsheet."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.paging import page
from huying.kernel.spreadsheets import harmless

from .. import access, queries
from ..models import Device
from .alarming import alarming
from .frame import Asked, asked_of, filter_choices, shown_rows

ORDER: Final = ("area", "code")
MOST_EXPORTED: Final = 100_000
SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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
def export(request: HttpRequest) -> FileResponse:
    """What is filtered, as XLSX, marked with who took it and when. Says nothing private: no values, no contacts."""
    from openpyxl import Workbook  # slow to import, seldom needed

    actor, now = actor_of(request), clock.now()
    access.must_view(actor)
    asked = asked_of(request.GET)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("设备"))
    mark = _("%(name)s 导出于 %(at)s；%(what)s") % {
        "name": actor.name,
        "at": f"{timezone.localtime(now):%Y-%m-%d %H:%M}",
        "what": asked.described or _("全部"),
    }
    sheet.oddHeader.center.text = sheet.oddFooter.center.text = mark.replace("&", "&&")[:240]
    sheet.append([harmless(mark)])
    sheet.append([_("设备编号"), _("名称"), _("类型"), _("区域"), _("地址"), _("状态"), _("最后上报"), _("当前报警")])
    for line in _lines(wished(actor, asked)):
        sheet.append(line)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"devices-{now:%Y%m%d}.xlsx", content_type=SHEET)


def _lines(rows: QuerySet[Device]) -> Iterator[list[Any]]:
    found = rows.select_related("last").defer("last__state", "last__values").order_by(*ORDER)[:MOST_EXPORTED]
    waiting = found.iterator(chunk_size=2000)
    while some := list(islice(waiting, 2000)):
        for one in shown_rows(some):
            at = f"{timezone.localtime(one.at):%Y-%m-%d %H:%M:%S}" if one.at else ""
            texts = (one.code, one.name, one.kind, one.area, one.address, one.state, at, one.severity)
            yield [harmless(text) for text in texts]
