"""The list as a file: what is filtered, nothing else; personal numbers masked, marked with who took it and when."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.catalogue.rules import CHANNELS
from huying.kernel import clock
from huying.kernel.errors import Invalid
from huying.kernel.privacy import mask_text, reveal
from huying.kernel.spreadsheets import harmless
from huying.shell.sheets import Sheet, as_file, mark_of, moment, must_be_kind

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
    must_be_kind(kind)
    actor, known, now = actor_of(request), knowledge(), clock.now()
    asked = filters.read(request.GET, actor, known)
    if asked.errors:
        raise Invalid(fields=dict(asked.errors), hint=_("请先改正筛选条件再导出。"))
    queue = asked.wish.queue
    cases = reads.wished(actor, asked.wish, known, now).order_by(*reads.order_of(queue))
    must_be_short(cases.values_list("id")[MOST_ROWS : MOST_ROWS + 1].exists(), MOST_ROWS)
    said = f"{QUEUES[queue]}; {filters.described(asked)}"
    reveal(actor=actor, now=now, subject="cases:list", why=_("导出列表：%(what)s") % {"what": said}, fields=["list"])
    mark = mark_of(actor.name, now, said)
    return as_file(Sheet("cases", _("事件"), mark, _columns(), partial(_lines, cases, queue), now), kind)


def must_be_short(longer: bool, most: int) -> None:
    """Invalid, with what to do, for a list ``longer`` than ``most`` rows."""
    if longer:
        raise Invalid(
            _("一次最多导出 %(n)s 件，当前条件下超过了。") % {"n": f"{most:,}"},
            hint=_("请缩小时间、区域或单位范围后再导出。"),
        )


def _columns() -> list[tuple[str, int]]:
    return [
        (_("编号"), 18), (_("标题"), 32), (_("事项编码"), 9), (_("事项"), 16), (_("地点"), 26), (_("区域"), 22),
        (_("来源"), 12), (_("状态"), 10), (_("预警"), 6), (_("紧急"), 6), (_("主办单位"), 22), (_("经办人"), 10),
        (_("登记时间"), 16), (_("到期时间"), 16), (_("办结时间"), 16), (_("反映人次"), 9), (_("退回次数"), 9), (_("重办次数"), 9),
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
    moments = [moment(case.opened_at), moment(row.due), moment(case.closed_at)]
    return [*(harmless(text) for text in texts), *moments, case.reports, case.returns, case.redos]
