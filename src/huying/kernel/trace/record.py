"""Writing to the trace: many entries in a constant number of queries."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from django.db import IntegrityError, connection, transaction

from huying.kernel.actor import Actor
from huying.kernel.bulk import insert_rows
from huying.kernel.errors import Conflict
from huying.kernel.privacy.sealing import seal_many
from huying.kernel.trace.models import Entry, PrivateValue
from huying.kernel.trace.offline import GENESIS, commitment, entry_hash

RESIDENT_NAME: Final = "居民"
_COLUMNS: Final = (
    *("chain", "seq", "at", "actor_ref", "actor_name", "actor_unit"),
    *("verb", "body", "commitments", "prev", "hash"),
)
_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry to be written.

    ``chain`` names the history, ``"case:123"``. ``body`` is stored and hashed for ever and must hold no personal
    data; ``private`` values enter only as salted commitments and can be erased. ``new`` promises that the chain has
    no entry yet and saves the look-up of its head (a broken promise ends in Conflict, never in a bad chain).
    """

    chain: str
    verb: str
    actor: Actor
    at: datetime
    body: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict)
    new: bool = False


def record(drafts: Sequence[Draft]) -> list[Entry]:
    """``append``, and the entries as written, in order. Those of a large batch carry no id."""
    make: Any = Entry
    return [make(None, *row) for row in append(drafts)]


def append(drafts: Sequence[Draft]) -> list[tuple[Any, ...]]:
    """Append entries to their chains, in the given order, inside the caller's transaction; the rows written.

    At most three queries however many drafts: heads of the chains that are not new, entries, private values.
    A resident's name is never written: the entry says 居民 and the pseudonymous ref. Raises Conflict when another
    transaction has written to one of the chains meanwhile.
    """
    if not drafts:
        return []
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("The trace is written inside the transaction of the thing it records.")
    heads = _heads({draft.chain for draft in drafts if not draft.new})
    rows: list[tuple[Any, ...]] = []
    secrets: list[tuple[str, int, str, bytes, str]] = []
    for draft in drafts:
        seq, prev = heads.get(draft.chain, (0, GENESIS))
        seq += 1
        row = _row(draft, seq, prev, secrets)
        rows.append(row)
        heads[draft.chain] = seq, row[-1]
    try:
        insert_rows(Entry, _COLUMNS, rows)
    except IntegrityError as error:
        raise Conflict() from error
    if secrets:
        sealed = seal_many([value for *_place, value in secrets])
        values = [(*secret[:4], cipher) for secret, cipher in zip(secrets, sealed, strict=True)]
        insert_rows(PrivateValue, ("chain", "seq", "label", "salt", "sealed"), values)
    return rows


def canonical(body: Mapping[str, Any]) -> str:
    """JSON as it is stored and hashed: keys sorted, no spaces, UTF-8, moments in ISO 8601."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=_plain).decode()


def moment_text(at: datetime) -> str:
    """The moment as it is hashed: UTC, microseconds, ``2026-03-01T00:00:00.000000Z``."""
    if at.tzinfo is None:
        raise ValueError("a moment in the trace needs a time zone")
    text = (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")
    return text[:26] + "Z"


def _row(draft: Draft, seq: int, prev: bytes, secrets: list[tuple[str, int, str, bytes, str]]) -> tuple[Any, ...]:
    actor = draft.actor
    name = RESIDENT_NAME if actor.kind == "resident" else actor.name
    body = canonical(draft.body)
    commitments = _commit(draft, seq, secrets) if draft.private else ""
    digest = entry_hash(
        prev, draft.chain, seq, moment_text(draft.at), actor.ref, name, actor.unit_id, draft.verb, body, commitments
    )
    return draft.chain, seq, draft.at, actor.ref, name, actor.unit_id, draft.verb, body, commitments, prev, digest


def _commit(draft: Draft, seq: int, secrets: list[tuple[str, int, str, bytes, str]]) -> str:
    digests: dict[str, str] = {}
    for label, value in draft.private.items():
        salt = os.urandom(_SALT_BYTES)
        digests[label] = commitment(salt, label, value).hex()
        secrets.append((draft.chain, seq, label, salt, value))
    return canonical(digests)


def _heads(chains: set[str]) -> dict[str, tuple[int, bytes]]:
    """Sequence number and hash of the last entry of each chain that has one; one query."""
    if not chains:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT head.chain, head.seq, head.hash FROM unnest(%s::text[]) AS wanted(chain) CROSS JOIN LATERAL ("
            " SELECT e.chain, e.seq, e.hash FROM kernel_entry e"
            ' WHERE e.chain = wanted.chain COLLATE "C" ORDER BY e.seq DESC LIMIT 1) AS head',
            [list(chains)],
        )
        return {chain: (seq, bytes(digest)) for chain, seq, digest in cursor.fetchall()}


def _plain(value: object) -> object:
    """What canonical JSON does with other types: decimals and lazy texts as text, sets sorted."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
