"""The list as a workbook: what is filtered, masked, marked with who took it and when; unmasked only for a purpose."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound
from huying.kernel.privacy import reveal
from huying.kernel.spreadsheets import harmless

from .. import access
from .. import queries_desk as reads
from ..fields import FIELDS
from ..masking import label, mask, said
from ..models import CareEntry, Record
from ..words import PURPOSES
from . import filters
from .frame import actor_of, page
from .opening import why_of

MOST_ROWS: Final = 20_000
MOST_UNMASKED: Final = 500
_CHUNK: Final = 500


@page(access.EXPORT)
@require_http_methods(["GET", "POST"])
def export(request: HttpRequest) -> HttpResponseBase:
    """GET asks what is wanted; POST hands out the file. The look is written down before the first row is read."""
    actor, now = actor_of(request), clock.now()
    asked = filters.read(request.GET, actor)
    if not asked.tab:
        raise NotFound()
    rows = reads.wished(actor, asked.tab, asked.filters, now)
    rows = rows.filter(access.within(access.areas(actor, access.EXPORT)))
    error: HuyingError | None = None
    if request.method == "POST":
        try:
            return _file(request, actor, asked, rows.order_by("area", "id"), now)
        except HuyingError as refused:
            error = refused
    shown = {
        "asked": asked,
        "purposes": PURPOSES,
        "error": error,
        "errors": {name: str(text) for name, text in error.fields.items()} if isinstance(error, Invalid) else {},
        "typed": request.POST,
        "most": f"{MOST_UNMASKED:,}",
        "has_private": any(field.private for field in FIELDS[asked.tab].values()),
    }
    return render(request, "registry/export.html", shown, status=error.status if error else 200)


def _file(request: HttpRequest, actor: Actor, asked: filters.Asked, rows: Any, now: datetime) -> FileResponse:
    if asked.untold:
        raise Invalid(asked.errors["area"], field="area")
    unmasked = request.POST.get("unmasked") == "1"
    most = MOST_UNMASKED if unmasked else MOST_ROWS
    if rows.values_list("id")[most : most + 1].exists():
        raise Invalid(
            _("一次最多导出 %(n)s 条，当前条件下超过了。") % {"n": f"{most:,}"},
            hint=_("请缩小区域或加上条件后再导出。"),
        )
    if unmasked:
        why = why_of(request)
        rows = list(rows)
        _log_each(actor, asked.tab, rows, why, now)
    else:
        why = _("导出列表：%(what)s") % {"what": asked.said}
        reveal(actor=actor, now=now, subject="registry:list", why=why[:200], fields=["list"])
    moment = timezone.localtime(now)
    mark = _("由 %(who)s 于 %(at)s 导出。条件：%(what)s。含个人信息，请妥善保管，不得外传。") % {
        "who": actor.name,
        "at": f"{moment:%Y-%m-%d %H:%M}",
        "what": asked.said,
    }
    return _workbook(asked.tab, rows, mark, f"registry-{asked.tab}-{moment:%Y%m%d-%H%M}.xlsx", unmasked)


def _log_each(actor: Actor, kind: str, records: list[Record], why: str, now: datetime) -> None:
    """Everybody whose sealed values leave in a file learns of it."""
    names = [name for name, field in FIELDS[kind].items() if field.private]
    labels = names if kind == "person" else [f"{kind}.{name}" for name in names]
    with transaction.atomic():
        for record in records:
            reveal(actor=actor, now=now, subject=access.subject_of(record), why=why, fields=labels)


def _lines(kind: str, rows: Iterable[Record], unmasked: bool) -> Iterator[list[str]]:
    fields = [field for field in FIELDS[kind].values() if field.type != "ref" and field.name not in ("lon", "lat")]
    for record in rows.iterator(_CHUNK) if isinstance(rows, QuerySet) else rows:
        values = record.values()
        place = record.resident if isinstance(record, CareEntry) else record
        home = getattr(place, "home", None) or getattr(place, "premises", None)
        line = [label(place), home.address if home is not None else "", record.area]
        for field in fields:
            value = values[field.name]
            shut = field.private and not unmasked
            line.append(mask(field, value) if shut else said(field, value))
        yield [harmless(text) for text in line]


def _workbook(kind: str, rows: Any, mark: str, name: str, unmasked: bool) -> FileResponse:
    from openpyxl import Workbook  # slow to import, seldom needed

    book = Workbook(write_only=True)
    sheet = book.create_sheet(kind)
    sheet.freeze_panes = "B3"
    sheet.oddHeader.center.text = sheet.oddFooter.center.text = mark.replace("&", "&&")[:240]
    fields = [field for field in FIELDS[kind].values() if field.type != "ref" and field.name not in ("lon", "lat")]
    sheet.append([harmless(mark)])
    sheet.append([_("名称"), _("地址"), _("区域代码"), *(str(field.label) for field in fields)])
    for line in _lines(kind, rows, unmasked):
        sheet.append(line)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    kind_of = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind_of)
