"""What changed since a replica last asked, in an order that misses nothing.

A row carries the number of the transaction that wrote it last. Numbers are given when a transaction begins and seen when it
commits, so a reader takes only rows older than every transaction still running (:func:`horizon`): what is missing below that
line can never appear there later. A row that leaves an area, or is deleted, leaves a :class:`Departure` behind, so that whoever
held it under that area learns that it is gone.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import connection, models
from django.db.migrations.operations import RunSQL


class Replicated(models.Model):
    """A row that replicas hold. ``changed`` is written by a trigger (:class:`StampChanges`), never by a program."""

    uid = models.UUIDField(unique=True, editable=False)
    area = models.CharField(max_length=17, blank=True)
    changed = models.BigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class Departure(models.Model):
    """A row of a table is no longer found under an area."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    uid = models.UUIDField()
    area = models.CharField(max_length=17)
    changed = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["kind", "changed", "id"], name="kernel_departure_since"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


def horizon() -> int:
    """The oldest transaction that may still be running: everything older is seen, whole, by this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


class StampChanges(RunSQL):
    """A migration operation: rows of ``table`` are stamped with their transaction, and depart under the name ``kind``."""

    def __init__(self, table: str, kind: str) -> None:
        self.table, self.kind = table, kind
        super().__init__(
            f"""
            CREATE TRIGGER {table}_stamp BEFORE INSERT OR UPDATE ON {table}
                FOR EACH ROW EXECUTE FUNCTION kernel_stamp_change();
            CREATE TRIGGER {table}_depart AFTER UPDATE OF area OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION kernel_depart('{kind}');
            """,
            f"DROP TRIGGER {table}_stamp ON {table}; DROP TRIGGER {table}_depart ON {table};",
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [], {"table": self.table, "kind": self.kind})
