"""The board as a file: what is filtered, nothing else; private values left out, marked with who took it and when, and logged."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.privacy import mask_text, reveal
from huying.kernel.spreadsheets import harmless
from huying.shell.sheets import Sheet, as_file, mark_of, moment, must_be_kind

from .. import access, queries
from ..models import Alarm
from .board import SHOWS, asked_of
from .shown import Row, rows_of

MOST_ROWS: Final = 20_000
_CHUNK: Final = 500


@staff
@require_GET
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered list as ``csv`` or ``xlsx``; too long a list is refused with what to do."""
    must_be_kind(kind)
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
    sheet = Sheet(
        "alarms", _("设备报警"), mark_of(actor.name, now, said), _columns(), partial(_lines, actor, asked.wanted), now
    )
    return as_file(sheet, kind)


def _columns() -> list[tuple[str, int]]:
    return [
        (_("设备编号"), 12), (_("设备"), 20), (_("报警类型"), 16), (_("地点"), 28), (_("读数"), 26), (_("报警级别"), 10),
        (_("状态"), 10), (_("次数"), 10), (_("开始时间"), 17), (_("确认时间"), 17), (_("恢复时间"), 17), (_("谁在处理"), 14),
        (_("办结时间"), 17), (_("报警原因"), 20), (_("说明"), 30), (_("所属事件"), 18),
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
    moments = [moment(one) for one in (row.since, row.acknowledged_at, row.cleared_at)]
    end = [row.acknowledged_by, moment(row.closed_at), row.cause, mask_text(row.closed_words), row.case_number]
    return [*(harmless(text) for text in texts), row.count, *moments, *(harmless(text) for text in end)]
