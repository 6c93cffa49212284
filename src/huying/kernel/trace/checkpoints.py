"""Daily checkpoints: one signed statement over every chain that changed since the last one.

Which entries are new is decided by transaction ids, not by time or id: the horizon of a checkpoint is the oldest
transaction still running when it was made, and the next one starts there. An entry whose transaction began early
and committed late is therefore never skipped. When the database has moved to another cluster (restore, upgrade) ids
mean nothing, so every chain is compared with its last leaf once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Final

from django.db import connection, transaction

from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Forbidden
from huying.kernel.locks import lock_name
from huying.kernel.trace.keys import ensure_private_key
from huying.kernel.trace.models import Checkpoint
from huying.kernel.trace.offline import (
    CHECKPOINT_FORMAT,
    key_id,
    leaf_hash,
    path_of,
    root_of,
)
from huying.kernel.trace.record import moment_text

NODE_LEVEL: Final = 10
BLOCK: Final = 1 << NODE_LEVEL
_FETCH: Final = 5000

_HORIZON = (
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, system_identifier::text FROM pg_control_system()"
)
_NEW_HEADS = """
INSERT INTO kernel_leaf (checkpoint_id, position, chain, seq, hash)
SELECT %(number)s, row_number() OVER (ORDER BY changed.chain) - 1, changed.chain, head.seq, head.hash
  FROM (SELECT DISTINCT chain FROM kernel_entry
         WHERE xid >= %(since)s::text::xid8 AND xid < %(until)s::text::xid8) AS changed
 CROSS JOIN LATERAL (
       SELECT e.seq, e.hash FROM kernel_entry e
        WHERE e.chain = changed.chain AND e.xid < %(until)s::text::xid8
        ORDER BY e.seq DESC LIMIT 1) AS head
 WHERE head.seq > coalesce(
       (SELECT max(l.seq) FROM kernel_leaf l WHERE l.chain = changed.chain), 0)
"""
_FIRST_LEAVES = """
SELECT count(*) FROM kernel_leaf l WHERE l.checkpoint_id = %s
   AND NOT EXISTS (SELECT 1 FROM kernel_leaf o WHERE o.chain = l.chain AND o.seq < l.seq)
"""


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree over the leaves of one checkpoint: how many, the root, and the hashes at level 10."""

    size: int
    root: bytes
    nodes: bytes


@transaction.atomic
def make_checkpoint(*, actor: Actor, now: datetime) -> Checkpoint:
    """Sign a statement over all chains; a second call on the same local day returns the first one's result.

    Only the system and administrators may do this.
    """
    if not (actor.is_system or actor.has("admin")):
        raise Forbidden()
    lock_name("trace.checkpoint")
    day = local_day(now)
    existing = Checkpoint.objects.filter(day=day).first()
    if existing is not None:
        return existing
    last = Checkpoint.objects.order_by("-number").first()
    if last is not None and last.day > day:
        return last
    number = last.number + 1 if last else 1
    horizon, cluster, chains = _add_leaves(number, last)
    tree = tree_over(leaf_hash(chain, seq, head) for _position, chain, seq, head in leaves_of(number))
    key = ensure_private_key()
    statement = statement_text(
        number=number,
        day=day,
        now=now,
        previous=bytes(last.hash) if last else b"",
        chains=chains,
        tree=tree,
        key=key_id(key.public_key()),
    )
    return Checkpoint.objects.create(
        number=number,
        day=day,
        at=now,
        statement=statement,
        signature=key.sign(statement.encode()),
        hash=sha256(statement.encode()).digest(),
        horizon=horizon,
        cluster=cluster,
        nodes=tree.nodes,
    )


def statement_text(*, number: int, day: date, now: datetime, previous: bytes, chains: int, tree: Tree, key: str) -> str:
    """The exact text that is signed: JSON with sorted keys and no spaces."""
    return json.dumps(
        {
            "chains": chains,
            "day": day.isoformat(),
            "format": CHECKPOINT_FORMAT,
            "key": key,
            "leaves": tree.size,
            "number": number,
            "previous": previous.hex(),
            "root": tree.root.hex(),
            "time": moment_text(now.astimezone(UTC)),
        },
        sort_keys=True,
        separators=(",", ":"),
    )


def tree_over(hashes: Iterator[bytes]) -> Tree:
    """Fold leaf hashes block by block, so that memory stays flat whatever their number."""
    nodes: list[bytes] = []
    block: list[bytes] = []
    size = 0
    for digest in hashes:
        block.append(digest)
        size += 1
        if len(block) == BLOCK:
            nodes.append(root_of(block))
            block = []
    if block:
        nodes.append(root_of(block))
    return Tree(size, root_of(nodes), b"".join(nodes))


def leaf_path(checkpoint: Checkpoint, position: int) -> list[bytes]:
    """The neighbours from one leaf up to the root; reads one block of leaves and the stored nodes."""
    start = position - position % BLOCK
    block = [leaf_hash(chain, seq, head) for _p, chain, seq, head in leaves_of(checkpoint.number, start, BLOCK)]
    stored = bytes(checkpoint.nodes)
    nodes = [stored[i : i + 32] for i in range(0, len(stored), 32)]
    return path_of(block, position - start) + path_of(nodes, position // BLOCK)


def leaves_of(number: int, start: int = 0, limit: int | None = None) -> Iterator[tuple[int, str, int, bytes]]:
    """Position, chain, sequence number and head hash of the leaves of a checkpoint, in the order of the tree."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT position, chain, seq, hash FROM kernel_leaf WHERE checkpoint_id = %s AND position >= %s"
            " ORDER BY position LIMIT %s",
            [number, start, limit],
        )
        while rows := cursor.fetchmany(_FETCH):
            for position, chain, seq, digest in rows:
                yield position, chain, seq, bytes(digest)


def _add_leaves(number: int, last: Checkpoint | None) -> tuple[int, str, int]:
    """Write the leaves of the new checkpoint; return its horizon, the cluster and the number of all chains so far."""
    with connection.cursor() as cursor:
        cursor.execute(_HORIZON)
        horizon, cluster = _one(cursor)
        moved = last is None or last.cluster != cluster or last.horizon > horizon
        since = 0 if moved or last is None else last.horizon
        cursor.execute(_NEW_HEADS, {"number": number, "since": since, "until": horizon})
        cursor.execute(_FIRST_LEAVES, [number])
        fresh = _one(cursor)[0]
    before = int(json.loads(last.statement)["chains"]) if last else 0
    return horizon, cluster, before + fresh


def _one(cursor: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] = cursor.fetchone()
    return row
