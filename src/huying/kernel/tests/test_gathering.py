"""Small writes that wait for one another mean the same as writes that do not."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from huying.kernel.bulk import FEW, insert_rows
from huying.kernel.gathering import ask_together, gathering, later, often
from huying.kernel.trace import PrivateValue

COLUMNS = ("chain", "seq", "label", "salt", "sealed")


def keep(*seqs: int) -> None:
    insert_rows(PrivateValue, COLUMNS, [("case:1", seq, "words:%s", b"salt", b"%s;") for seq in seqs])


def kept() -> list[int]:
    return list(PrivateValue.objects.order_by("seq").values_list("seq", flat=True))


@pytest.mark.django_db
def test_writes_go_in_one_trip_and_keep_their_order() -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        with gathering():
            keep(1)
            keep(2, 3)
            later("UPDATE kernel_privatevalue SET seq = seq + %s WHERE chain = %s", [10, "case:1"])
            keep(4)
            assert len(asked) == 0
        assert len(asked) == 1
    assert kept() == [4, 11, 12, 13]
    assert PrivateValue.objects.filter(label="words:%s", salt=b"salt", sealed=b"%s;").count() == 4


@pytest.mark.django_db
def test_whatever_is_asked_sees_what_was_kept() -> None:
    with transaction.atomic(), gathering():
        keep(1)
        assert kept() == [1]
        keep(2)
        with gathering():  # the outermost block decides
            keep(3)
        assert PrivateValue.objects.filter(chain="case:1").update(label="words") == 3
        keep(*range(10, 11 + FEW))  # so many are copied, behind those that waited
        keep(4)
    assert kept() == [1, 2, 3, 4, *range(10, 11 + FEW)]


@pytest.mark.django_db
def test_a_broken_rule_shows_where_the_writes_are_sent() -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), gathering():
        keep(1)
        keep(1)
    assert kept() == []
    with transaction.atomic(), gathering():
        keep(5)
    assert kept() == [5]


@pytest.mark.django_db
def test_a_failed_block_leaves_nothing_for_the_next() -> None:
    with pytest.raises(KeyError), transaction.atomic(), gathering():
        keep(1)
        raise KeyError
    with transaction.atomic(), gathering():
        keep(2)
    assert kept() == [2]


@pytest.mark.django_db
def test_what_was_written_in_an_inner_part_that_failed_is_gone_and_the_rest_stays() -> None:
    with transaction.atomic(), gathering():
        keep(1)
        with pytest.raises(KeyError), transaction.atomic():
            keep(2)
            raise KeyError
        keep(3)
    assert kept() == [1, 3]


@pytest.mark.django_db
def test_without_a_block_each_is_sent_at_once() -> None:
    with CaptureQueriesContext(connection) as asked:
        keep(1)
        keep(2)
    assert len(asked) == 2


@pytest.mark.django_db
def test_questions_asked_together_are_answered_in_order() -> None:
    with CaptureQueriesContext(connection) as asked:
        one, none, many = ask_together(
            ("SELECT %s::text, 'a%%b'", ["100 %; DROP"]),
            ("SELECT 1 WHERE false", ()),
            ("SELECT n FROM generate_series(1, %s) AS n", [3]),
        )
    assert (one, none, many) == ([("100 %; DROP", "a%b")], [], [(1,), (2,), (3,)])
    assert len(asked) == 1
    assert ask_together() == []


@pytest.mark.django_db
def test_what_waits_goes_along_with_questions() -> None:
    with transaction.atomic(), gathering(), CaptureQueriesContext(connection) as asked:
        keep(1)
        later("SELECT pg_notify('nobody', %s)", ["x"])
        keep(2)
        assert ask_together(("SELECT count(*) FROM kernel_privatevalue", ()), ("SELECT 7", ())) == [[(2,)], [(7,)]]
        assert len(asked) == 1


@pytest.mark.django_db(transaction=True)
def test_a_connection_the_server_ended_is_known_without_asking() -> None:
    other = connection.copy()
    other.ensure_connection()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ((number,),) = cursor.fetchall()
    with CaptureQueriesContext(other) as asked:
        assert other.is_usable()
    assert len(asked) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
    assert not other.is_usable()
    other.close()
    assert not other.is_usable()


_SUMS = often("tested_sums", "SELECT $1::int + $2::int, $3::text[]")


def planned() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = 'huying_tested_sums'")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_often_is_planned_once_a_connection() -> None:
    connection.close()
    with CaptureQueriesContext(connection) as asked:
        assert ask_together((_SUMS, (1, 2, ["%s", "'"]))) == [[(3, ["%s", "'"])]]
        assert len(asked) == 1
    with pytest.raises(IntegrityError), transaction.atomic(), gathering():  # what is planned outlives what fails
        keep(1)
        keep(1)
        ask_together((_SUMS, (1, 2, [])))
    assert ask_together((_SUMS, (3, 4, [])), (_SUMS, (5, 6, None))) == [[(7, [])], [(11, None)]]
    assert planned() == 1
    connection.close()
    assert planned() == 0
    assert ask_together((_SUMS, (1, 1, [])))[0][0][0] == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_often_is_planned_where_a_transaction_fails_at_once() -> None:
    connection.close()
    with pytest.raises(IntegrityError), transaction.atomic(), gathering():
        keep(1)
        keep(1)
        ask_together((_SUMS, (1, 2, [])))
    assert ask_together((_SUMS, (1, 2, []))) == [[(3, [])]]
