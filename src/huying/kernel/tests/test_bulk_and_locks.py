from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import isolate_apps

from huying.kernel.bulk import FEW, allocate_ids, copy_rows, insert_rows
from huying.kernel.factories import MOMENT
from huying.kernel.files import StoredFile
from huying.kernel.locks import lock_name, lock_rows, try_lock_name
from huying.kernel.privacy import AccessEntry
from huying.kernel.trace import PrivateValue


class Colour(models.TextChoices):
    RED = "red", "红"


@pytest.fixture
def everything(db: None) -> Iterator[type[models.Model]]:
    """A table with a column of every kind."""
    with isolate_apps("huying.kernel"):

        class Everything(models.Model):
            number = models.IntegerField(null=True)
            text = models.TextField(null=True)
            at = models.DateTimeField(null=True)
            day = models.DateField(null=True)
            tags = ArrayField(models.TextField(), null=True)
            numbers = ArrayField(models.IntegerField(), null=True)
            content = models.JSONField(null=True)
            raw = models.BinaryField(null=True)
            price = models.DecimalField(max_digits=9, decimal_places=2, null=True)
            ratio = models.FloatField(null=True)
            yes = models.BooleanField(null=True)
            key = models.UUIDField(null=True)
            colour = models.TextField(null=True, choices=Colour.choices)

            class Meta:
                app_label = "kernel"
                constraints: ClassVar = [models.UniqueConstraint(fields=["number"], name="everything_number")]

        with connection.schema_editor() as editor:
            editor.create_model(Everything)
        yield Everything


COLUMNS = [
    *("number", "text", "at", "day", "tags", "numbers", "content"),
    *("raw", "price", "ratio", "yes", "key", "colour"),
]
FULL = (
    7,
    '引号" 反斜\\ 制表\t换行\n\\N 中文',
    datetime(2026, 3, 2, 9, 30, 0, 5, tzinfo=timezone(timedelta(hours=8))),
    date(2026, 3, 2),
    ["路灯", 'a"b', "{x,y}", "NULL", ""],
    [1, -2],
    {"键": ["值", None, 1.5, {"a": "\\"}], "at": "x"},
    b"\x00\xff\\x",
    Decimal("12.50"),
    0.1,
    True,
    UUID(int=5),
    Colour.RED,
)
EMPTY = (None,) * len(COLUMNS)


@pytest.mark.parametrize("write", [copy_rows, insert_rows])
def test_every_type_comes_back_as_it_went(everything: Any, write: Any) -> None:
    assert write(everything, COLUMNS, [FULL, EMPTY]) == 2
    full, empty = everything.objects.order_by("id")
    for name, value in zip(COLUMNS, FULL, strict=True):
        stored = getattr(full, name)
        assert (bytes(stored) if name == "raw" else stored) == value, name
    assert full.at.astimezone(UTC).hour == 1
    assert all(getattr(empty, name) is None for name in COLUMNS)


@pytest.mark.parametrize("n", [1, FEW, FEW + 1])
def test_one_statement_whatever_the_number(everything: Any, n: int, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert insert_rows(everything, ["number"], [(i,) for i in range(n)]) == n
    assert everything.objects.count() == n
    with django_assert_num_queries(0):
        assert insert_rows(everything, ["number"], []) == 0


@pytest.mark.parametrize("n", [2, FEW + 2])
def test_errors_are_djangos_and_nothing_is_written(everything: Any, n: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(everything, ["number"], [(1,)] * n)
    assert everything.objects.count() == 0


def test_unknown_columns_are_refused(everything: Any) -> None:
    with pytest.raises(ValueError, match="no column"):
        copy_rows(everything, ["nothing"], [])


def test_copy_takes_a_generator(everything: Any) -> None:
    assert copy_rows(everything, ["number"], ((i,) for i in range(3000))) == 3000


def test_ids_are_taken_from_the_sequence(everything: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        ids = allocate_ids(everything, 5)
    assert ids == sorted(set(ids))
    assert len(ids) == 5
    copy_rows(everything, ["id", "number"], [(id, 100 + id) for id in ids])
    assert everything.objects.create(number=1).pk == ids[-1] + 1
    assert allocate_ids(everything, 0) == []


@pytest.mark.django_db
def test_kernel_tables_too() -> None:
    copy_rows(
        AccessEntry,
        ["at", "actor_ref", "actor_name", "actor_unit", "subject", "why", "what"],
        [(MOMENT, "a", "b", None, "s", "w", ["x", "y"])],
    )
    assert AccessEntry.objects.get().what == ["x", "y"]
    copy_rows(PrivateValue, ["chain", "seq", "label", "salt", "sealed"], [("c", 1, "l", b"\x00", b"\x01")])
    assert bytes(PrivateValue.objects.get().salt) == b"\x00"


def a_file() -> StoredFile:
    return StoredFile.objects.create(
        sha256="0" * 64, kind="image", media_type="image/jpeg", bytes=1, at=MOMENT, actor_ref="x"
    )


@pytest.mark.django_db
def test_rows_are_locked_in_id_order_and_missing_ones_left_out(django_assert_num_queries: Any) -> None:
    first, second = a_file(), a_file()
    with django_assert_num_queries(1):
        locked = lock_rows(StoredFile, [second.pk, first.pk, second.pk, 0])
    assert [row.pk for row in locked] == [first.pk, second.pk]
    with django_assert_num_queries(0):
        assert lock_rows(StoredFile, []) == []


@pytest.mark.django_db(transaction=True)
def test_two_writers_that_lock_in_opposite_order_both_finish() -> None:
    ids = [a_file().pk for _ in range(20)]
    done: list[str] = []
    start = threading.Barrier(2, timeout=20)

    def write(name: str, order: list[int]) -> None:
        try:
            start.wait()
            for _ in range(20):
                with transaction.atomic():
                    lock_rows(StoredFile, order)
            done.append(name)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=a) for a in (("up", ids), ("down", ids[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == ["down", "up"]


@pytest.mark.django_db(transaction=True)
def test_names_are_locked_until_the_transaction_ends() -> None:
    seen: list[bool] = []

    def other() -> None:
        try:
            with transaction.atomic():
                seen.append(try_lock_name("import"))
                seen.append(try_lock_name("another"))
        finally:
            connection.close()

    for _ in range(2):
        with transaction.atomic():
            lock_name("import")
            if not seen:
                thread = threading.Thread(target=other)
                thread.start()
                thread.join(20)
    assert seen == [False, True]
    with pytest.raises(RuntimeError):
        lock_name("import")
