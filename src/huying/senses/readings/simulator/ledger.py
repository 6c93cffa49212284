"""What was sent and what became of it, by kind and by fault: the other half of a proof that nothing was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from .play import Message


@dataclass(slots=True)
class Line:
    """One device: readings the other side said it has (each counted once), and their first and last number and moment."""

    kind: str
    readings: int = 0
    urgent: int = 0
    first_seq: int = 0
    last_seq: int = 0
    first_at: float = 0.0
    last_at: float = 0.0


@dataclass(slots=True)
class Ledger:
    """``expected`` readings must be found at the other end, each exactly once; nothing else may be."""

    lines: dict[str, Line] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, messages: Sequence[Message], taken: Sequence[bool]) -> None:
        """What the other side said to messages: taken, or not after every attempt."""
        for message, ok in zip(messages, taken, strict=True):
            self.counts["messages"] += 1
            self.counts["bytes"] += len(message.body)
            if not ok:
                self.counts["not_taken"] += 1
            elif message.again:
                self.counts["again"] += 1
            elif message.readings:
                self._count(message)
            else:
                self.counts["garbage"] += 1

    def _count(self, message: Message) -> None:
        line = self.lines.setdefault(message.code, Line(message.kind, first_seq=message.seq, first_at=message.at))
        line.readings += message.readings
        line.urgent += message.urgent
        line.first_seq, line.last_seq = min(line.first_seq, message.seq), max(line.last_seq, message.seq)
        line.first_at, line.last_at = min(line.first_at, message.at), max(line.last_at, message.at)
        self.kinds[message.kind] += message.readings
        self.counts["expected"] += message.readings
        self.counts["urgent"] += message.urgent

    def told(self, faults: Mapping[str, int], seconds: float) -> dict[str, Any]:
        """As one object: totals, by kind, by fault, readings a second."""
        expected = self.counts["expected"]
        names = ("messages", "bytes", "urgent", "again", "garbage", "not_taken")
        return {
            "expected": expected,
            "devices": len(self.lines),
            **{name: self.counts[name] for name in names},
            "kinds": dict(sorted(self.kinds.items())),
            "faults": {name: count for name, count in sorted(faults.items()) if count},
            "seconds": round(seconds, 3),
            "readings_a_second": round(expected / seconds, 1) if seconds > 0 else 0.0,
        }

    def write(self, path: Path) -> None:
        """One line of JSON a device."""
        with path.open("wb") as stream:
            for code, line in sorted(self.lines.items()):
                told = {"code": code, **{name: getattr(line, name) for name in Line.__slots__}}
                stream.write(orjson.dumps(told) + b"\n")
