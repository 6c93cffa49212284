"""Proving the whole trace: every entry, every link, every signature, every leaf, in flat memory.

Three passes: the checkpoints (signatures, order, trees), then all entries merged with all leaves in chain order,
then the private values that are still kept. Every deviation is named with its chain and sequence number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction

from huying.kernel.privacy.sealing import Unsealable, unseal
from huying.kernel.progress import Progress, Silent
from huying.kernel.trace.checkpoints import leaves_of, tree_over
from huying.kernel.trace.keys import trusted_keys
from huying.kernel.trace.models import Checkpoint
from huying.kernel.trace.offline import commitment, leaf_hash, signature_holds
from huying.kernel.trace.walk import Finding, Proof, Row, Walk

_FETCH: Final = 10_000
_AT = """to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_ENTRIES = (
    f"SELECT chain, seq, prev, hash, {_AT}, actor_ref, actor_name, actor_unit, verb, body, commitments"
    " FROM kernel_entry ORDER BY chain, seq"
)
_LEAVES = "SELECT chain, seq, hash, checkpoint_id FROM kernel_leaf ORDER BY chain, seq"
_PRIVATE = (
    "SELECT p.chain, p.seq, p.label, p.salt, p.sealed, e.commitments FROM kernel_privatevalue p"
    " LEFT JOIN kernel_entry e ON e.chain = p.chain AND e.seq = p.seq ORDER BY p.chain, p.seq, p.label"
)


@transaction.atomic
def verify(
    progress: Progress | None = None,
    *,
    keys: Mapping[str, Ed25519PublicKey] | None = None,
    anchors: Mapping[int, str] | None = None,
) -> Proof:
    """Prove the trace of this database against the public keys (default: the instance's own).

    ``anchors`` are checkpoint statements kept elsewhere, by number: if one of them is missing or different here,
    history was rewritten together with its signatures. Reads one snapshot; writes nothing.
    """
    watcher = progress or Silent()
    proof = Proof()
    with connection.cursor() as cursor:
        if not connection.savepoint_ids and connection.in_atomic_block:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL cursor_tuple_fraction = 1")  # every row is read: plan for the whole
        cursor.execute("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'kernel_entry'::regclass")
        estimate = cursor.fetchone()
    total = _check_checkpoints(proof, trusted_keys() if keys is None else keys, anchors or {})
    watcher.start("verify", int(estimate[0]) if estimate else None)
    _check_entries(proof, watcher)
    watcher.finish()
    if total is not None and total[0] != total[1]:
        proof.add(Finding("checkpoint", f"{total[0]} chains were signed, leaves name {total[1]}"))
    _check_private(proof)
    return proof


def _check_checkpoints(
    proof: Proof, keys: Mapping[str, Ed25519PublicKey], anchors: Mapping[int, str]
) -> tuple[int, int] | None:
    """Check every statement and its tree; return the signed and the counted number of chains."""
    previous, expected, chains = b"", 1, None
    seen: set[int] = set()
    for row in Checkpoint.objects.order_by("number").defer("nodes").iterator(chunk_size=200):
        number = row.number
        seen.add(number)

        def wrong(what: str, number: int = number) -> None:
            proof.add(Finding("checkpoint", what, checkpoint=number))

        for missing in range(expected, number):
            proof.add(Finding("checkpoint", "the checkpoint is missing", checkpoint=missing))
        if not signature_holds(keys, row.statement, bytes(row.signature)):
            wrong("the statement is not signed by a trusted key")
        digest = sha256(row.statement.encode()).digest()
        if digest != bytes(row.hash):
            wrong("the stored hash does not fit the statement")
        if number in anchors and anchors[number] != row.statement:
            wrong("the statement differs from the one kept elsewhere")
        try:
            statement = json.loads(row.statement)
            chains = _check_tree(number, statement, row, previous.hex(), wrong, proof)
        except (ValueError, KeyError, TypeError):
            wrong("the statement cannot be read")
        previous, expected = digest, number + 1
        proof.checkpoints += 1
        proof.last_day = row.day.isoformat()
    for number in sorted(set(anchors) - seen):
        proof.add(Finding("checkpoint", "the checkpoint kept elsewhere is missing here", checkpoint=number))
    return None if chains is None else (chains, _leaf_chains())


def _check_tree(
    number: int, statement: Mapping[str, Any], row: Checkpoint, previous: str, wrong: Any, proof: Proof
) -> int:
    if (statement["number"], statement["day"]) != (number, row.day.isoformat()):
        wrong("the row and the signed statement name different days")
    if statement["previous"] != previous:
        wrong("the statement does not follow the checkpoint before it")
    tree = tree_over(leaf_hash(chain, seq, head) for _position, chain, seq, head in leaves_of(number))
    proof.leaves += tree.size
    if tree.size != statement["leaves"]:
        wrong(f"{statement['leaves']} leaves were signed, {tree.size} are kept")
    elif tree.root.hex() != statement["root"]:
        wrong("the leaves are not the ones that were signed")
    return int(statement["chains"])


def _check_entries(proof: Proof, watcher: Progress) -> None:
    walk = Walk(_stream(_LEAVES), proof)
    count = 0
    for row in _stream(_ENTRIES):
        walk.feed(row)
        count += 1
        if not count % 1000:
            watcher.advance(1000)
    walk.finish()
    watcher.advance(count % 1000)
    proof.entries = count


def _check_private(proof: Proof) -> None:
    """Every private value that is still kept must be the one its entry committed to."""
    for chain, seq, label, salt, sealed, commitments in _stream(_PRIVATE):
        proof.private += 1
        if commitments is None:
            proof.add(Finding("private", f"the value {label!r} belongs to no entry", chain, seq))
            continue
        try:
            committed = json.loads(commitments or "{}").get(label)
            holds = commitment(bytes(salt), label, unseal(sealed)).hex() == committed
        except (Unsealable, ValueError):
            holds = False
        if not holds:
            proof.add(Finding("private", f"the value {label!r} is not the one committed to", chain, seq))


def _leaf_chains() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT chain) FROM kernel_leaf")
        return int(cursor.fetchone()[0])


def _stream(sql: str) -> Iterator[Row]:
    """Rows of a query through a server-side cursor."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(_FETCH):
            yield from rows
