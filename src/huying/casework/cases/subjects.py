"""What a case is about: premises, organisations, facilities and devices, written down as marks like ``premises:<uid>``.

A mark holds no name and no foreign key upwards: devices are known to the rooms above only. People are never a subject.
Where a record was merged into another, its cases name both; a mark ``via:<uid>:<uid>`` beside them says which one came by that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from .models import Case

REGISTERED: Final = ("premises", "organisation", "facility")
KINDS: Final = (*REGISTERED, "device")
_LONGEST: Final = 80
_VIA: Final = "via"  # no kind: whoever reads subjects passes it over


def mark(kind: str, key: object) -> str:
    """The mark of a subject; ``key`` is the uid of a registered one, the code of a device."""
    return f"{kind}:{key}"


def split(text: str) -> tuple[str, str] | None:
    """Kind and key of a mark; ``None`` for anything else."""
    kind, _colon, key = text.partition(":")
    return (kind, key) if kind in KINDS and key and len(text) <= _LONGEST else None


def marks_of(*named: tuple[str, Any]) -> tuple[str, ...]:
    """The marks of (kind, key) pairs, each once; kinds that are no subject and empty keys are left out."""
    return tuple(dict.fromkeys(mark(kind, key) for kind, key in named if kind in KINDS and key))


def marks(*cases: Case) -> list[str]:
    """All marks of some cases, each once."""
    return list(dict.fromkeys(one for case in cases for one in case.subjects or ()))


def keys(found: Iterable[str], kind: str) -> list[str]:
    """The keys of those marks that are of a kind."""
    return [text.partition(":")[2] for text in found if text.startswith(f"{kind}:")]


def via(gone: str, kept: str) -> str:
    """The mark that says: ``kept`` stands here because the record of ``gone`` was merged into its own."""
    return f"{_VIA}:{_uid(gone)}:{_uid(kept)}"


def brought(found: Iterable[str], kept: str) -> list[str]:
    """The marks that say what brought ``kept``; none where a case is about it by itself."""
    return [one for one in found if one.startswith(f"{_VIA}:") and one.endswith(f":{_uid(kept)}")]


def leading(found: Iterable[str], gone: str) -> list[str]:
    """The marks of what ``gone`` brought."""
    kind, uid = gone.partition(":")[0], _uid(gone)
    ends = [one.rpartition(":")[2] for one in found if one.startswith(f"{_VIA}:{uid}:")]
    return [one for one in found if one.startswith(f"{kind}:") and _uid(one) in ends]


def _uid(text: str) -> str:
    return text.partition(":")[2].replace("-", "")
