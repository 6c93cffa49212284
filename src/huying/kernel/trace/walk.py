"""Walking all entries next to all leaves, both in chain order, and naming what does not fit. No database here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from huying.kernel.trace.offline import GENESIS, entry_hash

MAX_FINDINGS: Final = 1000
_MAX_BROKEN: Final = 64
# chain, seq, prev, hash, at, actor_ref, actor_name, actor_unit, verb, body, commitments
Row = tuple[Any, ...]
# chain, seq, hash, checkpoint number
LeafRow = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One deviation. ``kind``: altered, removed, reordered, unlinked, checkpoint, leaf, private."""

    kind: str
    what: str
    chain: str = ""
    seq: int | None = None
    checkpoint: int | None = None


@dataclass(slots=True)
class Proof:
    """What was proved. ``unsigned`` entries are linked but written after the last checkpoint of their chain."""

    entries: int = 0
    chains: int = 0
    checkpoints: int = 0
    leaves: int = 0
    private: int = 0
    unsigned: int = 0
    last_day: str = ""
    findings: list[Finding] = field(default_factory=list)
    more_findings: int = 0

    @property
    def ok(self) -> bool:
        return not self.findings

    def add(self, finding: Finding) -> None:
        """Note a deviation; after the first thousand they are only counted."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        else:
            self.more_findings += 1


class Walk:
    """Feed entries ordered by chain and sequence number, then finish; deviations go to the proof."""

    def __init__(self, leaves: Iterator[LeafRow], proof: Proof) -> None:
        self._leaves = leaves
        self._leaf = next(leaves, None)
        self._proof = proof
        self._name = ""
        self._last = 0
        self._prev = GENESIS
        self._signed = 0
        self._broken: list[Row] = []

    def feed(self, row: Row) -> None:
        """Check one entry: its place, its hash, its link, and the leaf that stands for it."""
        name, seq, prev, stored, at, ref, actor_name, unit, verb, body, commitments = row
        if name != self._name:
            self._end_chain()
            self._begin_chain(name)
        gap = seq != self._last + 1
        if gap:
            self._removed(self._last + 1, seq - 1, "missing")
        digest = entry_hash(prev, name, seq, at, ref, actor_name, unit, verb, body, commitments)
        if digest != stored:
            self._note_broken(row)
        elif prev != self._prev and not gap:
            if seq == 1:
                self._add("unlinked", "the first entry claims to follow another one", 1)
            elif not (self._broken and self._broken[-1][1] == seq - 1):
                self._add("altered", f"the entry was replaced: entry {seq} follows a different one", seq - 1)
        if self._leaf is not None and self._leaf[0] == name:
            self._meet_leaf(seq, digest)
        self._last = seq
        self._prev = stored

    def finish(self) -> None:
        """Close the last chain and report chains that have leaves but no entries."""
        self._end_chain()
        while self._leaf is not None:
            self._lost_chain()

    def _begin_chain(self, name: str) -> None:
        while self._leaf is not None and self._leaf[0] < name:
            self._lost_chain()
        self._name, self._last, self._prev, self._signed, self._broken = name, 0, GENESIS, 0, []
        self._proof.chains += 1

    def _end_chain(self) -> None:
        if not self._name:
            return
        for row in self._broken:
            self._explain(row)
        beyond: LeafRow | None = None
        while self._leaf is not None and self._leaf[0] == self._name:
            beyond = self._leaf
            self._leaf = next(self._leaves, None)
        if beyond is not None:
            self._removed(self._last + 1, beyond[1], f"missing; checkpoint {beyond[3]} signed them", beyond[3])
        self._proof.unsigned += self._last - self._signed
        self._name = ""

    def _lost_chain(self) -> None:
        leaf = self._leaf
        last = leaf
        while self._leaf is not None and leaf is not None and self._leaf[0] == leaf[0]:
            last = self._leaf
            self._leaf = next(self._leaves, None)
        if last is not None:
            what = f"the whole chain is missing; checkpoint {last[3]} signed it up to entry {last[1]}"
            self._proof.add(Finding("removed", what, last[0], None, last[3]))

    def _meet_leaf(self, seq: int, digest: bytes) -> None:
        while self._leaf is not None and self._leaf[0] == self._name and self._leaf[1] <= seq:
            _chain, at, signed, number = self._leaf
            if at == seq:
                self._signed = seq
                if digest != signed and not (self._broken and self._broken[-1][1] == seq):
                    self._add("altered", f"the entry is not the one that checkpoint {number} signed", seq, number)
            self._leaf = next(self._leaves, None)

    def _note_broken(self, row: Row) -> None:
        if len(self._broken) < _MAX_BROKEN:
            self._broken.append(row)
        else:
            self._add("altered", "the content does not fit the hash", row[1])

    def _explain(self, row: Row) -> None:
        """An entry that fits its hash under another number was moved; else its content was changed."""
        seq = row[1]
        candidates = {other[1] for other in self._broken} | set(range(max(1, seq - 3), seq + 4))
        for other in sorted(candidates - {seq}):
            if entry_hash(row[2], row[0], other, *row[4:]) == row[3]:
                self._add("reordered", f"the entry was written as number {other}", seq)
                return
        self._add("altered", "the content does not fit the hash", seq)

    def _removed(self, first: int, last: int, why: str, checkpoint: int | None = None) -> None:
        which = f"entry {first} is" if first >= last else f"entries {first} to {last} are"
        self._proof.add(Finding("removed", f"{which} {why}", self._name, first, checkpoint))

    def _add(self, kind: str, what: str, seq: int, checkpoint: int | None = None) -> None:
        self._proof.add(Finding(kind, what, self._name, seq, checkpoint))
