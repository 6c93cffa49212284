"""The list as a file: what is filtered, nothing else; personal numbers masked, marked with who took it and when."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.catalogue.rules import CHANNELS
from huying.kernel import clock
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.privacy import mask_text, reveal
from huying.kernel.spreadsheets import harmless

from .. import queries_desk as reads
from ..models import Case
from ..queries_desk import Queue
from ..words_desk import QUEUES
from . import filters
from .guard import actor_of, staff
from .inbox import knowledge
from .shown import Row, rows_of

MOST_ROWS: Final = 20_000
_CHUNK: Final = 500
_LIGHTS = {"blue": "●", "yellow": "▲", "red": "■", "black": "◆"}


@staff
@require_GET
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered list as ``csv`` or ``xlsx``; too long a list is refused with what to do."""
    if kind not in ("csv", "xlsx"):
        raise NotFound()
    actor, known, now = actor_of(request), knowledge(), clock.now()
    asked = filters.read(request.GET, actor, known)
    if asked.errors:
        raise Invalid(fields=dict(asked.errors), hint=_("请先改正筛选条件再导出。"))
    queue = asked.wish.queue
    cases = reads.wished(actor, asked.wish, known, now).order_by(*reads.order_of(queue))
    if cases.values_list("id")[MOST_ROWS : MOST_ROWS + 1].exists():
        raise Invalid(
            _("一次最多导出 %(n)s 件，当前条件下超过了。") % {"n": f"{MOST_ROWS:,}"},
            hint=_("请缩小时间、区域或单位范围后再导出。"),
        )
    said = f"{QUEUES[queue]}; {filters.described(asked)}"
    reveal(actor=actor, now=now, subject="cases:list", why=_("导出列表：%(what)s") % {"what": said}, fields=["list"])
    moment = timezone.localtime(now)
    mark = _("由 %(who)s 于 %(at)s 导出。条件：%(what)s。含内部信息，请妥善保管，不得外传。") % {
        "who": actor.name,
        "at": f"{moment:%Y-%m-%d %H:%M}",
        "what": said,
    }
    name = f"cases-{moment:%Y%m%d-%H%M}.{kind}"
    return _csv(cases, queue, mark, name) if kind == "csv" else _xlsx(cases, queue, mark, name)


def _head() -> list[str]:
    return [
        _("编号"), _("标题"), _("事项编码"), _("事项"), _("地点"), _("区域"), _("来源"), _("状态"), _("预警"), _("紧急"),
        _("主办单位"), _("经办人"), _("登记时间"), _("到期时间"), _("办结时间"), _("反映人次"), _("退回次数"), _("重办次数"),
    ]  # fmt: skip


def _lines(cases: QuerySet[Case], queue: Queue) -> Iterator[list[Any]]:
    """Rows in chunks: a constant number of queries for each five hundred."""
    rows = cases.select_related("item", "lead_unit", "lead_person").defer("terms", "proposals", "summary")
    chunk: list[Case] = []
    for case in rows.iterator(_CHUNK):
        chunk.append(case)
        if len(chunk) == _CHUNK:
            yield from map(_line, rows_of(chunk, queue))
            chunk = []
    yield from map(_line, rows_of(chunk, queue))


def _line(row: Row) -> list[Any]:
    case = row.case
    channel: object = CHANNELS.get(case.channel, case.channel)
    texts = [
        case.number, mask_text(case.title), case.item_code, row.item, mask_text(row.place), row.area, str(channel),
        row.state, _LIGHTS.get(row.light, ""), _("是") if case.urgent else "", row.unit, row.person,
    ]  # fmt: skip
    moments = [_moment(case.opened_at), _moment(row.due), _moment(case.closed_at)]
    return [*(harmless(text) for text in texts), *moments, case.reports, case.returns, case.redos]


def _moment(value: datetime | None) -> str:
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if value else ""


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv(cases: QuerySet[Case], queue: Queue, mark: str, name: str) -> StreamingHttpResponse:
    language = translation.get_language()

    def parts() -> Iterator[str]:
        writer = csv.writer(_Echo())
        with translation.override(language):
            yield "\ufeff"
            yield writer.writerow([mark])
            yield writer.writerow(_head())
            for line in _lines(cases, queue):
                yield writer.writerow(line)

    answer = StreamingHttpResponse(parts(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _xlsx(cases: QuerySet[Case], queue: Queue, mark: str, name: str) -> FileResponse:
    from openpyxl import Workbook  # slow to import, seldom needed

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("事件"))
    sheet.freeze_panes = "B3"
    sheet.oddHeader.center.text = sheet.oddFooter.center.text = mark.replace("&", "&&")[:240]
    for column, width in zip(
        "ABCDEFGHIJKLMNOPQR", (18, 32, 9, 16, 26, 22, 12, 10, 6, 6, 22, 10, 16, 16, 16, 9, 9, 9), strict=True
    ):
        sheet.column_dimensions[column].width = width
    sheet.append([_bold(sheet, harmless(mark))])
    sheet.append([_bold(sheet, text) for text in _head()])
    for line in _lines(cases, queue):
        sheet.append(line)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)


def _bold(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, value=text)
    cell.font = Font(bold=True)
    return cell
