"""The board as a file: what is filtered, nothing else; private values left out, marked with who took it and when, and logged."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.privacy import mask_text, reveal
from huying.kernel.spreadsheets import harmless

from .. import access, queries
from ..models import Alarm
from .board import SHOWS, asked_of
from .shown import Row, rows_of

MOST_ROWS: Final = 20_000
_CHUNK: Final = 500
_WIDTHS: Final = (12, 20, 16, 28, 26, 10, 10, 10, 17, 17, 17, 14, 17, 20, 30, 18)


@staff
@require_GET
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered list as ``csv`` or ``xlsx``; too long a list is refused with what to do."""
    if kind not in ("csv", "xlsx"):
        raise NotFound()
    actor, now = actor_of(request), clock.now()
    access.must_view(actor)
    asked = asked_of(request.GET)
    if asked.errors:
        raise Invalid(fields=dict(asked.errors), hint=_("请先改正筛选条件再导出。"))
    if queries.more_than(actor, asked.wanted, MOST_ROWS):
        raise Invalid(
            _("一次最多导出 %(n)s 条报警，当前条件下超过了。") % {"n": f"{MOST_ROWS:,}"},
            hint=_("请缩小区域、级别或类型后再导出。"),
        )
    said = "; ".join(filter(None, (str(SHOWS[asked.show][0]), asked.described)))
    reveal(
        actor=actor, now=now, subject="alarms:list", why=_("导出报警列表：%(what)s") % {"what": said}, fields=["list"]
    )
    moment = timezone.localtime(now)
    mark = _("由 %(who)s 于 %(at)s 导出。条件：%(what)s。含内部信息，请妥善保管，不得外传。") % {
        "who": actor.name,
        "at": f"{moment:%Y-%m-%d %H:%M}",
        "what": said,
    }
    name = f"alarms-{moment:%Y%m%d-%H%M}.{kind}"
    lines = _lines(actor, asked.wanted)
    return _csv(lines, mark, name) if kind == "csv" else _xlsx(lines, mark, name)


def _head() -> list[str]:
    return [
        _("设备编号"), _("设备"), _("报警类型"), _("地点"), _("读数"), _("报警级别"), _("状态"), _("次数"), _("开始时间"),
        _("确认时间"), _("恢复时间"), _("谁在处理"), _("办结时间"), _("报警原因"), _("说明"), _("所属事件"),
    ]  # fmt: skip


def _lines(actor: Actor, wanted: queries.Narrowing) -> Iterator[list[Any]]:
    """Rows in chunks: a constant number of queries for each five hundred."""
    chunk: list[Alarm] = []
    for alarm in queries.whole_board(actor, wanted).iterator(_CHUNK):
        chunk.append(alarm)
        if len(chunk) == _CHUNK:
            yield from map(_line, rows_of(chunk, actor))
            chunk = []
    yield from map(_line, rows_of(chunk, actor))


def _line(row: Row) -> list[Any]:
    texts = [row.code, mask_text(row.device), row.what, mask_text(row.place), row.value, row.severity_words]
    texts.append(f"{row.state} {_('测试')}" if row.test else row.state)
    moments = [_moment(one) for one in (row.since, row.acknowledged_at, row.cleared_at)]
    end = [row.acknowledged_by, _moment(row.closed_at), row.cause, mask_text(row.closed_words), row.case_number]
    return [*(harmless(text) for text in texts), row.count, *moments, *(harmless(text) for text in end)]


def _moment(value: datetime | None) -> str:
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if value else ""


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv(lines: Iterator[list[Any]], mark: str, name: str) -> StreamingHttpResponse:
    language = translation.get_language()

    def parts() -> Iterator[str]:
        writer = csv.writer(_Echo())
        with translation.override(language):
            yield "\ufeff"
            yield writer.writerow([mark])
            yield writer.writerow(_head())
            for line in lines:
                yield writer.writerow(line)

    answer = StreamingHttpResponse(parts(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _xlsx(lines: Iterator[list[Any]], mark: str, name: str) -> FileResponse:
    from openpyxl import Workbook  # slow to import, seldom needed
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("设备报警"))
    sheet.freeze_panes = "B3"
    sheet.oddHeader.center.text = sheet.oddFooter.center.text = mark.replace("&", "&&")[:240]
    for number, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([harmless(mark)])
    sheet.append(_head())
    for line in lines:
        sheet.append(line)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)
