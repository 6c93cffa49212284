"""What processes share: one query a call, atomic between connections, nothing believed that was not signed here."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction

from huying.kernel import clock
from huying.kernel.sharing import TABLE, SharedCache, forget_what_ended


@pytest.fixture(autouse=True)
def nothing_held(request: pytest.FixtureRequest) -> None:
    """Tries that other tests counted are in the table as well."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue(
            "transactional_db" if request.node.get_closest_marker("django_db").kwargs.get("transaction") else "db"
        )
        cache.clear()


def table(sql: str, *given: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(table=TABLE), given)
        return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]


def over(name: str) -> None:
    """Let what is kept under a name have ended a while ago."""
    ended = table("UPDATE {table} SET ends = %s WHERE name = %s", clock.now() - timedelta(minutes=6), f":1:{name}")
    assert ended == [(1,)]


@pytest.mark.django_db
@pytest.mark.parametrize("value", [0, 7, -3, 1 << 80, True, None, "y", [1.5, 2.5], {"a": {3: timedelta(days=1)}}])
def test_what_is_set_is_read_again_until_it_ends(value: object) -> None:
    cache.set("note", value, 60)
    assert cache.get("note", "missing") == value and type(cache.get("note")) is type(value)
    over("note")
    assert cache.get("note", "missing") == "missing"
    assert cache.add("note", value, 60) and not cache.add("note", "another", 60)
    assert cache.get("note", "missing") == value
    assert cache.delete("note") and not cache.delete("note")
    cache.set("note", value, None)  # for ever
    assert "note" in cache and forget_what_ended() == 0


@pytest.mark.django_db
def test_each_call_is_one_query(django_assert_num_queries: Any) -> None:
    counts = SharedCache("", {})
    calls = [
        lambda: cache.set("a", 1, 60),
        lambda: cache.add("a", 2, 60),
        lambda: cache.incr("a", 2),
        lambda: cache.touch("a", 60),
        lambda: counts.count("a", 2, 60),
        lambda: cache.get_many(["a", "b", "c"]),
        lambda: cache.delete("a"),
        lambda: cache.clear(),
    ]
    for call in calls:
        with django_assert_num_queries(1):
            call()


@pytest.mark.django_db
def test_only_living_numbers_are_counted_up() -> None:
    with pytest.raises(ValueError):
        cache.incr("n")
    cache.set("n", "word", 60)
    with pytest.raises(ValueError):
        cache.incr("n")
    cache.set("n", 1, 60)
    assert (cache.incr("n", 4), cache.decr("n", 2)) == (5, 3)
    over("n")
    with pytest.raises(ValueError):
        cache.incr("n")
    assert not cache.touch("n", 60) and forget_what_ended() == 1 and table("SELECT count(*) FROM {table}") == [(0,)]


@pytest.mark.django_db
def test_counting_begins_anew_once_its_time_is_over_and_not_before() -> None:
    counts = SharedCache("", {})
    assert [counts.count("n", 1, 60), counts.count("n", 3, 600)] == [1, 4]
    ((ends,),) = table("SELECT ends FROM {table}")
    assert ends <= clock.now() + timedelta(seconds=60), "going on counting makes it last no longer"
    over("n")
    assert (counts.count("n", 2, 60), counts.get("n")) == (2, 2)
    counts.set("n", "word", 60)
    assert (counts.count("n", 5, 60), counts.get("n")) == (5, 5)


@pytest.mark.django_db
def test_long_names_are_kept_apart() -> None:
    first, second = "x" * 400 + "1", "x" * 400 + "2"
    cache.set(first, 1)
    cache.set(second, 2)
    assert cache.get_many([first, second]) == {first: 1, second: 2}


@pytest.mark.django_db
def test_a_value_nobody_here_signed_is_not_there() -> None:
    cache.set("note", ["mine"], 60)
    table("UPDATE {table} SET value = %s", b"\0" * 32 + pickle.dumps(["planted"]))
    assert cache.get("note", "missing") == "missing"
    cache.set("note", ["mine"], 60)
    cache.set("other", ["other"], 60)
    table("UPDATE {table} SET value = (SELECT value FROM {table} WHERE name = ':1:other') WHERE name = ':1:note'")
    assert cache.get("note", "missing") == "missing"


@pytest.mark.django_db
def test_a_note_is_a_number_or_a_value() -> None:
    for number, value in ((None, None), (1, b"x")):
        with pytest.raises(IntegrityError), transaction.atomic():
            table("INSERT INTO {table} VALUES ('bad', %s, %s, NULL)", number, value)


@pytest.mark.django_db
def test_some_keys_are_kept_at_least_so_long() -> None:
    kept = SharedCache("", {"OPTIONS": {"LEAST": {"code?": 90}}})
    kept.add("code?1", "y", 30)
    kept.add("else", "y", 30)
    ends = {name: (ends - clock.now()).total_seconds() for name, ends in table("SELECT name, ends FROM {table}")}
    assert 80 < ends[":1:code?1"] <= 90 and 20 < ends[":1:else"] <= 30


@pytest.mark.django_db(transaction=True)
def test_of_many_processes_one_adds_and_none_is_left_uncounted() -> None:
    many, start = 6, Barrier(6)

    def one(_index: int) -> tuple[bool, int, int]:
        try:
            start.wait()
            won = cache.add("once", "y", 60)
            cache.add("count", 0, 60)
            return won, cache.incr("count"), SharedCache("", {}).count("at once", 1, 60)
        finally:
            connection.close()

    with ThreadPoolExecutor(many) as pool:
        found = list(pool.map(one, range(many)))
    assert sum(won for won, *_rest in found) == 1
    for place in (1, 2):
        assert sorted(one[place] for one in found) == list(range(1, many + 1))
