"""Paging agrees with sorting in Python, whatever the order, the nulls and the page size."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from huying.kernel.errors import Invalid
from huying.kernel.factories import MOMENT
from huying.kernel.files import StoredFile
from huying.kernel.paging import page

Spec = tuple[int, float | None, int | None, str]


def store(specs: list[Spec]) -> None:
    StoredFile.objects.bulk_create(
        StoredFile(
            sha256="0" * 64,
            kind="image",
            media_type="image/jpeg",
            bytes=1 + number,
            actor_ref="x",
            name=name,
            at=MOMENT,
            captured_lon=lon,
            captured_at=None if hours is None else datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours),
        )
        for number, lon, hours, name in specs
    )


def walk(qs: QuerySet[StoredFile], order: tuple[str, ...], size: int) -> list[int]:
    """Every id, going forward to the end and checking that going back gives the same pages."""
    pages: list[list[int]] = []
    cursor: str | None = None
    backward: str | None = None
    while True:
        one = page(qs, order, cursor, size)
        pages.append([row.pk for row in one.rows])
        assert (one.prev is None) == (cursor is None or not one.rows)
        backward, cursor = one.prev, one.next
        if cursor is None:
            break
    back: list[list[int]] = []
    while backward is not None:
        one = page(qs, order, backward, size)
        back.insert(0, [row.pk for row in one.rows])
        backward = one.prev
    assert [pk for part in back for pk in part] == [pk for part in pages[:-1] for pk in part]
    return [pk for part in pages for pk in part]


def sorted_ids(order: tuple[str, ...]) -> list[int]:
    rows = list(StoredFile.objects.all())
    for text in reversed((*order, "-id" if order[-1].startswith("-") else "id")):
        name, _, nulls = text.lstrip("-").partition(" nulls ")
        down = text.startswith("-")
        first = nulls == "first" if nulls else down
        present = sorted(
            (r for r in rows if getattr(r, name) is not None), key=lambda r: getattr(r, name), reverse=down
        )
        if down:
            present = stable_reverse(rows, name)
        absent = [r for r in rows if getattr(r, name) is None]
        rows = absent + present if first else present + absent
    return [row.pk for row in rows]


def stable_reverse(rows: list[StoredFile], name: str) -> list[StoredFile]:
    values = sorted({getattr(r, name) for r in rows if getattr(r, name) is not None}, reverse=True)
    return [r for value in values for r in rows if getattr(r, name) == value]


terms = st.sampled_from(["bytes", "captured_lon", "captured_at", "captured_at nulls first", "captured_lon nulls last"])
orders = st.lists(
    st.tuples(st.sampled_from(["", "-"]), terms), min_size=1, max_size=3, unique_by=lambda t: t[1].split()[0]
)
specs = st.tuples(
    st.integers(0, 2), st.none() | st.sampled_from([0.5, 113.75, -1e-9]), st.none() | st.integers(0, 2), st.just("x")
)


class AgainstSorting(TestCase):
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(st.lists(specs, max_size=14), orders, st.integers(1, 5))
    def test_pages_are_the_sorted_list(self, rows: list[Spec], order: list[tuple[str, str]], size: int) -> None:
        store(rows)
        texts = tuple(minus + term for minus, term in order)
        assert walk(StoredFile.objects.all(), texts, size) == sorted_ids(texts)


@pytest.fixture
def five(db: None) -> None:
    store([(1, None, 0, "甲"), (2, 1.0, None, "乙"), (2, 2.0, 1, "丙"), (3, None, 2, "丁"), (0, 3.0, 3, "戊")])


@pytest.mark.usefixtures("five")
def test_new_rows_at_the_front_do_not_shift_the_next_page() -> None:
    first = page(StoredFile.objects.all(), ("-id",), None, 2)
    store([(9, None, None, "新")])
    second = page(StoredFile.objects.all(), ("-id",), first.next, 2)
    assert [row.name for row in first.rows + second.rows] == ["戊", "丁", "丙", "乙"]


@pytest.mark.usefixtures("five")
def test_annotations_dictionaries_and_a_constant_number_of_queries(django_assert_num_queries: Any) -> None:
    qs = StoredFile.objects.annotate(size=Coalesce(F("captured_lon"), 0.0)).values("id", "name", "size")
    with django_assert_num_queries(1):
        first = page(qs, ("-size",), None, 2)
    with django_assert_num_queries(1):
        second = page(qs, ("-size",), first.next, 2)
    assert [row["name"] for row in first.rows + second.rows] == ["戊", "丙", "乙", "丁"]


@pytest.mark.usefixtures("five")
def test_an_index_answers_a_deep_page_from_exactly_its_start() -> None:
    first = page(StoredFile.objects.all(), ("-at", "-id"), None, 2)
    with CaptureQueriesContext(connection) as queries:
        page(StoredFile.objects.all(), ("-at", "-id"), first.next, 2)
    assert '("kernel_storedfile"."at", "kernel_storedfile"."id") < (' in queries.captured_queries[0]["sql"]


@pytest.mark.usefixtures("five")
def test_only_the_page_that_runs_into_the_nulls_needs_a_second_query(django_assert_num_queries: Any) -> None:
    qs = StoredFile.objects.all()
    first = page(qs, ("captured_at", "id"), None, 1)
    with django_assert_num_queries(1):
        second = page(qs, ("captured_at", "id"), first.next, 1)
    with django_assert_num_queries(2):
        last = page(qs, ("captured_at", "id"), second.next, 5)
    assert [row.name for row in first.rows + second.rows + last.rows] == ["甲", "丙", "丁", "戊", "乙"]


def encoded(content: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cursor",
    [
        "x", "%%%", "🙂", "A" * 5000,
        encoded({}), encoded([]), encoded([1, "-name-,-id-", "x", 1]), encoded([7, "name_,id_", "x", 1]),
        encoded([1, "name_,id_", "x"]), encoded([1, "name_,id_", "x", "no"]), encoded([1, "name_,id_", "x", 2**63]),
        encoded([1, "name_,id_", None, 1]), encoded([1, "name_,id_", "\x00", 1]), encoded([1, "name_,id_", ["x"], 1]),
    ],
)  # fmt: skip
def test_damaged_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        page(StoredFile.objects.all(), ("name",), cursor, 10)
    assert refused.value.code == "bad_cursor"


@given(st.text(max_size=60))
def test_no_text_breaks_the_decoder(cursor: str) -> None:
    from huying.kernel.paging import _decode, _terms

    with pytest.raises(Invalid):
        _decode(cursor, _terms(StoredFile.objects.all(), ("name",)))


@pytest.mark.django_db
@pytest.mark.parametrize("size", [0, -1, 1001])
def test_sizes_are_bounded(size: int) -> None:
    with pytest.raises(Invalid):
        page(StoredFile.objects.all(), ("name",), None, size)


def test_a_wrong_order_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(ValueError, match="order term"):
        page(StoredFile.objects.all(), ("name; drop",), None, 1)
