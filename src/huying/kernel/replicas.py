"""What changed since a replica last asked, in an order that misses nothing.

A row carries the number of the transaction that wrote it last. Numbers are given when a transaction begins and seen when it
commits, so a reader takes only rows older than every transaction still running in this database (:func:`moment`): what is
missing below that line can never appear there later. A row that leaves an area, or is deleted, leaves a :class:`Departure`
behind, so that whoever held it under that area learns that it is gone. Departures are forgotten in the end
(:func:`forget_departures`); a replica that stands before the last forgotten one (``Moment.forgotten``) begins anew.

Numbers of transactions belong to one PostgreSQL cluster. A database that was dumped and restored into another one carries
numbers that mean nothing there: :func:`settle` writes every stamp anew, and until then nothing may be read by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django.db import connection, models, transaction
from django.db.migrations.operations import RunSQL
from django.db.models.functions import Now

from huying.kernel.locks import lock_name

_OVERLAP: Final = timedelta(hours=1)  # longer than any reader takes for a page
_BATCH: Final = 20_000


class Replicated(models.Model):
    """A row that replicas hold. ``changed`` is written by a trigger (:class:`StampChanges`), never by a program."""

    uid = models.UUIDField(unique=True, editable=False)
    area = models.CharField(max_length=17, blank=True)
    changed = models.BigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class Departure(models.Model):
    """A row of a table is no longer found under an area. ``at`` is when it left, by the database's clock."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    uid = models.UUIDField()
    area = models.CharField(max_length=17)
    changed = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["changed", "id"], name="kernel_departure_since"),
            models.Index(fields=["at"], name="kernel_departure_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class ReplicaHome(models.Model):
    """The cluster whose transactions the stamps number, and up to which of them departures are forgotten; one row."""

    id = models.SmallIntegerField(primary_key=True)
    cluster = models.BigIntegerField()
    forgotten = models.BigIntegerField(db_default=0)
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="kernel_replicahome_single")]

    def __str__(self) -> str:
        return str(self.cluster)


@dataclass(frozen=True, slots=True)
class Moment:
    """What may be read now. ``horizon``: the oldest transaction that may still run; everything older is seen, whole.

    ``latest`` is the newest that was known; it never goes back, while the horizon may: a transaction of which nobody can
    tell any more that it was another database's is taken for our own.
    ``database`` names this database among all others, ``settled`` says that its stamps are numbers of its own cluster.
    Departures of the transaction ``forgotten`` and of older ones are not there any more.
    """

    horizon: int
    latest: int
    database: str
    settled: bool
    forgotten: int


# Transactions of other databases of the cluster, known by who holds their lock, write nothing here and hold nobody up.
_MOMENT = """
    SELECT least(
               (SELECT min(running::text::bigint) FROM pg_snapshot_xip(pg_current_snapshot()) running
                 WHERE NOT EXISTS (
                       SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                        WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock'
                          AND l.transactionid = running::xid AND a.datid <> d.oid)),
               pg_current_xact_id_if_assigned()::text::bigint,
               pg_snapshot_xmax(pg_current_snapshot())::text::bigint),
           pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
           s.system_identifier, d.oid,
           coalesce((SELECT cluster FROM kernel_replicahome) = s.system_identifier, true),
           coalesce((SELECT forgotten FROM kernel_replicahome), 0)
      FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()"""


def moment() -> Moment:
    """The horizon and where it holds; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_MOMENT)
        horizon, latest, cluster, database, settled, forgotten = cursor.fetchone()
    name = f"{int(cluster) & (2**64 - 1):x}.{int(database):x}"
    return Moment(int(horizon), int(latest), name, bool(settled), int(forgotten))


def horizon() -> int:
    """The oldest transaction that may still be running: everything older is seen, whole, by this one."""
    return moment().horizon


def settle() -> int:
    """After a restore into another cluster, stamp every row with this cluster's numbers; how many tables that were.

    Departures are forgotten, since replicas of the old database begin anew in this one. Costs one query when there is
    nothing to do; a table is rewritten once when there is.
    """
    if moment().settled:
        return 0
    with transaction.atomic():
        lock_name("kernel.replicas")
        if moment().settled:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT t.tgrelid::regclass::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
                " WHERE p.proname = 'kernel_stamp_change' ORDER BY 1"
            )
            tables = [name for (name,) in cursor.fetchall()]
            for name in tables:
                cursor.execute(f"UPDATE {name} SET changed = changed")
            cursor.execute("DELETE FROM kernel_departure")
            cursor.execute(
                "INSERT INTO kernel_replicahome (id, cluster) SELECT 1, system_identifier FROM pg_control_system()"
                " ON CONFLICT (id) DO UPDATE SET cluster = excluded.cluster, forgotten = 0, forgotten_at = NULL"
            )
    return len(tables)


def forget_departures(*, before: datetime, now: datetime) -> int:
    """Forget departures older than a moment; how many went. Meant to run once a day.

    What one run marks as forgotten the next one deletes, at the earliest an hour later: a reader who saw the mark before it
    moved has read its departures by then, so nobody passes over one that was deleted under them.
    """
    here = moment()
    if not here.settled:
        return 0
    gone = 0
    if ReplicaHome.objects.filter(forgotten_at__lte=now - _OVERLAP).exists():
        while some := _delete_departures(here.forgotten):
            gone += some
    with transaction.atomic(), connection.cursor() as cursor:
        lock_name("kernel.replicas")
        cursor.execute(
            "INSERT INTO kernel_replicahome (id, cluster, forgotten, forgotten_at)"
            " SELECT 1, s.system_identifier, d.changed, %(now)s FROM pg_control_system() s,"
            " (SELECT max(changed) AS changed FROM kernel_departure WHERE at < %(before)s AND changed < %(below)s) d"
            " WHERE d.changed IS NOT NULL ON CONFLICT (id) DO UPDATE SET forgotten = excluded.forgotten,"
            " forgotten_at = excluded.forgotten_at WHERE kernel_replicahome.forgotten < excluded.forgotten",
            {"now": now, "before": before, "below": here.horizon},
        )
    return gone


def _delete_departures(forgotten: int) -> int:
    """A batch of those up to the mark, so that no delete holds its locks for long."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM kernel_departure WHERE id IN (SELECT id FROM kernel_departure WHERE changed <= %s"
            " ORDER BY changed, id LIMIT %s)",
            [forgotten, _BATCH],
        )
        return int(cursor.rowcount)


class StampChanges(RunSQL):
    """A migration operation: rows of ``table`` are stamped with their transaction, and depart under the name ``kind``.

    The two indexes serve a reader who goes on from where it was, and one who reads an area from the beginning.
    """

    def __init__(self, table: str, kind: str) -> None:
        self.table, self.kind = table, kind
        super().__init__(
            f"""
            CREATE TRIGGER {table}_stamp BEFORE INSERT OR UPDATE ON {table}
                FOR EACH ROW EXECUTE FUNCTION kernel_stamp_change();
            CREATE TRIGGER {table}_depart AFTER UPDATE OF area OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION kernel_depart('{kind}');
            CREATE INDEX {table}_since ON {table} (changed, id);
            CREATE INDEX {table}_here ON {table} (area text_pattern_ops, changed, id);
            """,
            f"""
            DROP INDEX {table}_since; DROP INDEX {table}_here;
            DROP TRIGGER {table}_stamp ON {table}; DROP TRIGGER {table}_depart ON {table};
            """,
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [], {"table": self.table, "kind": self.kind})
