"""A migration that runs without a transaction may be cut off anywhere: whatever it left, running it again finishes it."""

from __future__ import annotations

import pytest
from django.contrib.postgres.operations import ValidateConstraint
from django.db import OperationalError, connection
from django.db.migrations import Migration, RunPython
from django.db.migrations.loader import MigrationLoader

from huying.kernel.indexes import BuildIndex, DropIndex

REPEATABLE = (BuildIndex, DropIndex, ValidateConstraint, RunPython)  # the last by its own test, in batches


def _unguarded() -> list[Migration]:
    """The migrations of the house that run without a transaction."""
    disk = MigrationLoader(None).disk_migrations.values()
    return sorted((one for one in disk if not one.atomic and one.__module__.startswith("huying.")), key=str)


BUILDING = [one for one in _unguarded() if any(isinstance(step, BuildIndex) for step in one.operations)]


def _run(migration: Migration) -> None:
    state = MigrationLoader(connection).project_state((migration.app_label, migration.name), at_end=False)
    with connection.schema_editor(atomic=False) as editor:
        migration.apply(state, editor)


def _indexes(names: list[str]) -> dict[str, tuple[bool, str]]:
    """Of each index whether it is valid, and how it is defined."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, i.indisvalid, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE c.relname = ANY(%s)",
            [names],
        )
        return {name: (valid, said) for name, valid, said in cursor.fetchall()}


def _cut_off(table: str, name: str) -> None:
    """A build, of another shape, that gives up waiting for somebody who writes: what it began stays, and is not valid."""
    writer = connection.copy()
    with connection.cursor() as cursor, writer.cursor() as writing:
        cursor.execute(f"DROP INDEX {name}")
        writing.execute("BEGIN")
        writing.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
        cursor.execute("SET lock_timeout = '50ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            cursor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} ((1))")
        cursor.execute("RESET lock_timeout")
        writing.execute("ROLLBACK")
    writer.close()


def test_without_a_transaction_stands_only_what_can_be_repeated() -> None:
    found = _unguarded()
    assert {str(one) for one in found} >= {"alarms.0004_rated", "registry.0005_forgetting", "sync.0003_says_of"}
    wrong = [f"{one}: {step.describe()}" for one in found for step in one.operations if type(step) not in REPEATABLE]
    assert not wrong, "a plain change belongs into a migration of its own, with a transaction"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("migration", BUILDING, ids=str)
def test_what_a_cut_off_build_left_stops_nothing(migration: Migration) -> None:
    steps = [step for step in migration.operations if isinstance(step, BuildIndex)]
    names = [step.index.name for step in steps]
    as_built = _indexes(names)
    assert sorted(as_built) == sorted(names)
    _run(migration)  # everything was there, and valid: cut off after the last step
    assert _indexes(names) == as_built
    _cut_off(f"{migration.app_label}_{steps[-1].model_name.lower()}", names[-1])
    assert not _indexes(names)[names[-1]][0]
    _run(migration)
    assert _indexes(names) == as_built
