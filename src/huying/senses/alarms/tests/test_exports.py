"""The board as a file: what is filtered and seen, marked and logged; private values never."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from huying.casework.cases.factories import GRID_3, NOW, Cast
from huying.kernel.privacy.models import AccessEntry
from huying.senses.alarms import queries
from huying.senses.alarms.desk import exports
from huying.senses.alarms.factories import make_alarm

from .conftest import make_device
from .test_pages import Desk, desk

__all__ = ["desk"]
CSV = "/desk/alarms/export.csv"


def rows(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_what_is_filtered_and_seen_is_in_it_and_it_is_logged(desk: Desk, cast: Cast) -> None:
    make_alarm(make_device("SM-1", name="=cmd()"), NOW, severity=4)
    make_alarm(make_device("SM-2"), NOW, severity=2, kind="fault", rule="fault", urgent=False)
    make_alarm(make_device("SM-3", area=GRID_3), NOW)
    band = make_device("WB-1", kind="wearable")
    make_alarm(band, NOW, kind="heart_rate", field="heart_rate", value=140, severity=3, urgent=False)
    mark, head, *lines = rows(desk().get(CSV, {"severity": "3"}))
    assert "唐网格" in mark[0] and "导出" in mark[0]
    assert sorted(one[0] for one in lines) == ["SM-1", "WB-1"]
    assert all("140" not in cell for one in lines for cell in one)
    assert next(one for one in lines if one[0] == "SM-1")[1] == "'=cmd()"
    assert len(head) == len(lines[0]) == len(exports._columns())
    look = AccessEntry.objects.get(subject="alarms:list")
    assert look.actor_ref == cast.tang_grid.ref


def test_a_workbook_says_the_same(desk: Desk, cast: Cast) -> None:
    make_alarm(make_device("SM-1"), NOW)
    answer = desk().get("/desk/alarms/export.xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert sheet is not None
    assert [one[0] for one in sheet.iter_rows(min_row=3, values_only=True)] == ["SM-1"]


def test_too_long_a_list_is_refused_and_nothing_is_logged(
    desk: Desk, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_alarm(make_device("SM-1"), NOW)
    make_alarm(make_device("SM-2"), NOW)
    monkeypatch.setattr(exports, "MOST_ROWS", 1)
    assert desk().get(CSV).status_code == 422
    assert desk().get(CSV, {"area": "没有这个地方"}).status_code == 422
    assert desk().get("/desk/alarms/export.pdf").status_code == 404
    assert desk("he_sanitation").get(CSV).status_code in (200, 404)
    assert not AccessEntry.objects.filter(actor_ref=cast.tang_grid.ref).exists()


def test_as_many_queries_for_many_rows(cast: Cast) -> None:
    asked = []
    list(exports._lines(cast.tang_grid, queries.Narrowing()))  # what is held in memory is there afterwards
    make_alarm(make_device(), NOW)
    list(exports._lines(cast.tang_grid, queries.Narrowing()))
    for many in (2, 40):
        for number in range(many):
            make_alarm(make_device(f"E{many}-{number}"), NOW)
        with CaptureQueriesContext(connection) as seen:
            assert len(list(exports._lines(cast.tang_grid, queries.Narrowing()))) >= many
        asked.append(len(seen.captured_queries))
    assert asked[0] == asked[1]
