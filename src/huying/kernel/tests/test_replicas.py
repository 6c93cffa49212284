"""Nothing that changed is missed, whatever order transactions commit in; who leaves says goodbye. Real connections."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection, models, transaction
from django.test.utils import isolate_apps

from huying.kernel.replicas import Departure, Replicated, StampChanges, horizon, moment, settle

TABLE = "kernel_leaf_held"


@pytest.fixture
def held(transactional_db: None) -> Iterator[type[models.Model]]:
    """A table that replicas hold."""
    with isolate_apps("huying.kernel"):

        class Held(Replicated):
            name = models.TextField(default="")

            class Meta:
                app_label = "kernel"
                db_table = TABLE

        with connection.schema_editor() as editor:
            editor.create_model(Held)
            stamp = StampChanges(TABLE, "held")
            for statement in (stamp.sql,):
                editor.execute(str(statement))
        try:
            yield Held
        finally:
            with connection.schema_editor() as editor:
                editor.delete_model(Held)
            Departure.objects.all().delete()


@contextmanager
def elsewhere() -> Iterator[psycopg.Connection]:
    """Another connection to the same database, in a transaction of its own."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        yield other


def put(other: psycopg.Connection, area: str = "11") -> UUID:
    uid = uuid4()
    other.execute(f"INSERT INTO {TABLE} (uid, area, changed, name) VALUES (%s, %s, 0, '')", [uid, area])
    return uid


def since(model: type[models.Model], cursor: int) -> tuple[set[UUID], int]:
    """What a replica does: everything from its cursor on below the horizon, which is its next cursor."""
    line = horizon()
    rows = model._default_manager.filter(changed__gte=cursor, changed__lt=line).values_list("uid", flat=True)
    return set(rows), line


def test_commits_out_of_order_are_not_missed(held: type[models.Model]) -> None:
    _nothing, cursor = since(held, 0)
    with elsewhere() as slow, elsewhere() as quick:
        early = put(slow)  # the smaller number, committed last
        late = put(quick)
        quick.commit()
        seen, cursor = since(held, cursor)
        assert seen == set(), "the later transaction must wait for the earlier one that still runs"
        slow.commit()
    seen, cursor = since(held, cursor)
    assert seen == {early, late}
    assert since(held, cursor)[0] == set()


def test_another_database_holds_nobody_up(held: type[models.Model]) -> None:
    params = {**connection.get_connection_params(), "dbname": "postgres"}
    with psycopg.connect(**params) as stranger, elsewhere() as own:
        stranger.execute("SELECT pg_current_xact_id()")
        uid = put(own)
        own.commit()
        assert uid in since(held, 0)[0]


def test_what_is_rolled_back_blocks_nobody(held: type[models.Model]) -> None:
    _nothing, cursor = since(held, 0)
    with elsewhere() as lost, elsewhere() as quick:
        put(lost)
        kept = put(quick)
        quick.commit()
        lost.rollback()
    assert since(held, cursor)[0] == {kept}


def test_a_row_changed_again_comes_again_and_once(held: type[models.Model]) -> None:
    with elsewhere() as other:
        uid = put(other)
        other.commit()
        _seen, cursor = since(held, 0)
        other.execute(f"UPDATE {TABLE} SET name = 'a' WHERE uid = %s", [uid])
        other.execute(
            f"UPDATE {TABLE} SET name = 'b', changed = 1 WHERE uid = %s", [uid]
        )  # nobody sets the stamp by hand
        other.commit()
    assert since(held, cursor)[0] == {uid}


def test_many_writers_and_a_reader_that_asks_all_the_time(held: type[models.Model]) -> None:
    written: list[UUID] = []
    lock = threading.Lock()

    def write(number: int) -> None:
        with elsewhere() as other:
            for round_number in range(25):
                uids = [put(other) for _row in range(1 + (number + round_number) % 3)]
                if (number * round_number) % 7 == 5:
                    other.rollback()
                    continue
                other.commit()
                with lock:
                    written.extend(uids)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    seen: list[UUID] = []
    cursor = 0
    while any(thread.is_alive() for thread in threads):
        found, cursor = since(held, cursor)
        seen += found
    found, cursor = since(held, cursor)
    seen += found
    assert set(seen) == set(written)
    assert len(seen) == len(written), "each row once: a cursor never goes back"


def test_leaving_an_area_and_being_deleted_leaves_a_departure(held: type[models.Model]) -> None:
    with elsewhere() as other:
        uid, staying = put(other, "11"), put(other, "11")
        other.commit()
        other.execute(f"UPDATE {TABLE} SET area = '11' WHERE uid = %s", [staying])
        other.execute(f"UPDATE {TABLE} SET area = '12' WHERE uid = %s", [uid])
        other.commit()
        assert list(Departure.objects.values_list("kind", "uid", "area")) == [("held", uid, "11")]
        line = Departure.objects.get().changed
        assert line == held._default_manager.get(uid=uid).changed  # type: ignore[attr-defined]
        other.execute(f"DELETE FROM {TABLE} WHERE uid = %s", [uid])
        other.commit()
    assert list(Departure.objects.order_by("id").values_list("uid", "area")) == [(uid, "11"), (uid, "12")]
    assert Departure.objects.order_by("-id")[0].changed > line


def test_the_horizon_waits_for_the_oldest_writer_only(held: type[models.Model]) -> None:
    with elsewhere() as reader, elsewhere() as writer:
        reader.execute("SELECT 1")
        before = horizon()
        put(writer)
        (own,) = writer.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        with transaction.atomic():
            held._default_manager.create(uid=uuid4(), area="11")
        assert before <= horizon() <= own
        writer.commit()
        assert horizon() > before


@pytest.mark.django_db
def test_the_moment_knows_its_database_and_settles_once() -> None:
    now = moment()
    assert now.settled
    assert "." in now.database
    assert settle() == 0
