from __future__ import annotations

import json
import threading
from datetime import timedelta, timezone
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from huying.kernel.errors import Conflict
from huying.kernel.factories import LI, MOMENT, a_draft
from huying.kernel.trace import Entry, PrivateValue, record
from huying.kernel.trace.offline import GENESIS, commitment
from huying.kernel.trace.record import moment_text

pytestmark = pytest.mark.django_db


def test_entries_of_one_call_are_chained_in_order() -> None:
    record([a_draft("case:1"), a_draft("case:2"), a_draft("case:1", "case.accepted")])
    first, second = Entry.objects.filter(chain="case:1").order_by("seq")
    assert bytes(first.prev) == GENESIS
    assert bytes(second.prev) == bytes(first.hash)
    assert (first.actor_ref, first.actor_name, first.actor_unit) == ("person:12", "张建国", 7)
    assert first.content == {"item": "0101", "grid": "441900001001001"}
    assert first.body == '{"grid":"441900001001001","item":"0101"}'
    assert Entry.objects.get(chain="case:2").seq == 1


def test_a_chain_goes_on_in_later_calls() -> None:
    for _ in range(3):
        record([a_draft()])
    entries = list(Entry.objects.order_by("seq"))
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert bytes(entries[2].prev) == bytes(entries[1].hash)


def test_the_number_of_queries_is_constant(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        record([a_draft(f"case:{n}", new=True) for n in range(500)])
    with django_assert_num_queries(3):
        returned = record([a_draft(f"case:{n}", private={"phone": "13800138000"}) for n in range(500)])
    assert [entry.seq for entry in returned] == [2] * 500
    assert Entry.objects.count() == 1000
    with django_assert_num_queries(0):
        assert record([]) == []


def test_private_values_enter_only_as_commitments() -> None:
    record([a_draft(private={"phone": "13800138000", "name": "李阿婆"})])
    entry, values = Entry.objects.get(), PrivateValue.objects.order_by("label")
    assert "13800138000" not in str([entry.body, entry.commitments])
    committed = json.loads(entry.commitments)
    for value, plain in zip(values, ("李阿婆", "13800138000"), strict=True):
        assert committed[value.label] == commitment(bytes(value.salt), value.label, plain).hex()
        assert plain.encode() not in bytes(value.sealed)


def test_a_residents_name_is_never_written() -> None:
    record([a_draft(actor=LI)])
    entry = Entry.objects.get()
    assert (entry.actor_ref, entry.actor_name) == ("user:9", "居民")


def test_moments_are_hashed_in_utc() -> None:
    assert moment_text(MOMENT.astimezone(timezone(timedelta(hours=8)))) == "2026-03-02T01:30:00.123456Z"
    with pytest.raises(ValueError, match="time zone"):
        moment_text(MOMENT.replace(tzinfo=None))


def test_a_broken_promise_of_a_new_chain_is_a_conflict() -> None:
    record([a_draft()])
    with pytest.raises(Conflict), transaction.atomic():
        record([a_draft(new=True, verb="case.forged")])
    assert [entry.verb for entry in Entry.objects.all()] == ["case.opened"]


@pytest.mark.parametrize("n", [1, 100])
def test_a_broken_promise_is_a_conflict_by_insert_and_by_copy(n: int) -> None:
    record([a_draft("case:0")])
    with pytest.raises(Conflict), transaction.atomic():
        record([a_draft(f"case:{i}", new=True) for i in range(n)])
    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kernel_entry SET body = '{}'",
        "DELETE FROM kernel_entry",
        "TRUNCATE kernel_entry",
        "UPDATE kernel_accessentry SET why = ''",
        "DELETE FROM kernel_leaf",
        "TRUNCATE kernel_checkpoint CASCADE",
    ],
)
def test_the_database_refuses_to_change_history(sql: str) -> None:
    record([a_draft()])
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL huying.strict = 'on'")
        cursor.execute(sql)
    assert Entry.objects.get().body != "{}"


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_written() -> None:
    with pytest.raises(RuntimeError):
        record([a_draft()])
    assert Entry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_writers_to_one_chain_one_wins_and_the_other_is_told() -> None:
    with transaction.atomic():
        record([a_draft()])
    both_ready = threading.Barrier(2, timeout=20)
    results: list[str] = []

    def write(verb: str) -> None:
        try:
            with transaction.atomic():
                list(Entry.objects.all())
                both_ready.wait()
                record([a_draft(verb=verb)])
                try:
                    both_ready.wait(timeout=0.5)
                except threading.BrokenBarrierError:
                    results.append("first is still open while second waits")
            results.append("written")
        except Conflict:
            results.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(verb,)) for verb in ("case.a", "case.b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    entries = list(Entry.objects.order_by("seq"))
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert results.count("written") == len(entries) - 1
    assert results.count("conflict") == 1
    assert results.count("written") == 1
