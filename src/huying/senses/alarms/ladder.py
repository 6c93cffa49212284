"""The ladder: who is told of an alarm, by which way, and who next if nobody takes it in hand. Pure; no clock, no Django.

Policies are data: ``ladder.yaml`` says what holds everywhere, rows of a place say otherwise. 110, 119 and 120 are
never dialled by the program: a rung shows them as a call to make, and whoever made it notes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

CHANNELS: Final = ("app", "sms", "voice")
PARTS: Final = ("guardian", "keeper", "family", "grid_worker", "duty", "unit_lead", "centre")
LINES: Final = ("110", "119", "120", "122", "96777")  # 96777: gas repair; local numbers differ, the policy says which
WHO: Final = (*PARTS, *LINES)
RESULTS: Final = ("waiting", "sent", "failed", "answered", "nobody", "no_consent", "to_make", "made", "stopped")
MOST_TRIES: Final = 3
LONGEST: Final = 86_400  # seconds until the last rung
MOST_RUNGS: Final = 8
FILE: Final = Path(__file__).with_name("ladder.yaml")


class LadderWrong(ValueError):
    """A policy that cannot be walked; ``path`` says where, ``why`` is a code."""

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")


@dataclass(frozen=True, slots=True)
class Rung:
    """After so many seconds without anybody: who is told, by which ways, and which line is shown as a call to make."""

    after: int
    who: tuple[str, ...]
    by: tuple[str, ...]
    call: str = ""

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"after": self.after, "who": list(self.who), "by": list(self.by)}
        return body | {"call": self.call} if self.call else body


@dataclass(frozen=True, slots=True)
class Policy:
    """A ladder for alarms of a kind ("" any) and severity (and above) in an area ("" everywhere)."""

    area: str
    kind: str
    severity: int
    rungs: tuple[Rung, ...]
    source: str = ""
    source_en: str = ""

    def due_after(self, rung: int, climbed: datetime) -> datetime | None:
        """When the rung after the first ``rung`` ones is due, the last of them climbed just then; None at the top."""
        if rung >= len(self.rungs):
            return None
        before = self.rungs[rung - 1].after if rung else 0
        return climbed + timedelta(seconds=self.rungs[rung].after - before)


def parse_rungs(raw: Any) -> tuple[Rung, ...]:
    """Rungs from plain values. Raises :class:`LadderWrong` with the place and the reason."""
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not 1 <= len(raw) <= MOST_RUNGS:
        raise LadderWrong("rungs", "count")
    found: list[Rung] = []
    for number, one in enumerate(raw):
        rung = _rung(one, f"rungs[{number}]")
        if found and rung.after <= found[-1].after:
            raise LadderWrong(f"rungs[{number}].after", "order")
        found.append(rung)
    return tuple(found)


def _rung(raw: Any, path: str) -> Rung:
    if not isinstance(raw, Mapping):
        raise LadderWrong(path, "shape")
    if unknown := set(raw) - {"after", "who", "by", "call"}:
        raise LadderWrong(f"{path}.{min(map(str, unknown))}", "unknown")
    after = raw.get("after")
    if not isinstance(after, int) or isinstance(after, bool) or not 0 <= after <= LONGEST:
        raise LadderWrong(f"{path}.after", "seconds")
    call = str(raw.get("call", "") or "")
    if call and call not in LINES:
        raise LadderWrong(f"{path}.call", "unknown")
    return Rung(after, _words(raw, "who", PARTS, path), _words(raw, "by", CHANNELS, path), call)


def _words(raw: Mapping[str, Any], name: str, known: Sequence[str], path: str) -> tuple[str, ...]:
    value = raw.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str) or not value or any(one not in known for one in value):
        raise LadderWrong(f"{path}.{name}", "unknown")
    return tuple(dict.fromkeys(value))


@cache
def defaults() -> tuple[Policy, ...]:
    """The policies of ``ladder.yaml``, for everywhere."""
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(
        Policy("", kind, int(one["severity"]), parse_rungs(one["rungs"]), one["source"]["zh"], one["source"]["en"])
        for one in raw
        for kind in one.get("kinds") or [""]
    )


def pick(policies: Iterable[Policy], *, area: str, kind: str, severity: int) -> Policy | None:
    """The policy of an alarm: for its own kind before any kind, then of the nearest area, then of the highest severity."""
    fitting = [
        one for one in policies if area.startswith(one.area) and one.kind in ("", kind) and one.severity <= severity
    ]
    return max(fitting, key=lambda one: (one.kind == kind, len(one.area), one.severity), default=None)


def stops(*, acknowledged: bool, closed: bool, cleared: bool, urgent: bool, test: bool, covered: bool) -> bool:
    """Whether nobody more is called: somebody has it in hand, or it is over; what was urgent wants a person anyway."""
    return acknowledged or closed or test or covered or (cleared and not urgent)
