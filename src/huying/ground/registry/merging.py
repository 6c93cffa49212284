"""Three-way merging of changes made without knowing of each other. Pure.

A change names the version its author saw (``base``). Fields that nobody else has changed since are taken; a field that somebody
else has set to the same value agrees; a field that somebody else has set to another value is disputed and goes to a person with
both values. Nothing is decided by who came last. Changes of one branch are one author's own line of work: they build on each
other and never dispute among themselves (compare trunk versions and branches of offline edits in ODK Central).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Step:
    """One version in the history of a record: who said it in which branch, seeing which version, and {field: (old, new)}."""

    version: int
    base: int
    branch: UUID | None
    values: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Dispute:
    """One field, and what it held when the author looked, holds now, and should hold."""

    base: Any
    theirs: Any
    mine: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """``taken`` is new and undisputed, ``agreed`` was so already, ``disputed`` waits for a person."""

    taken: dict[str, Any] = field(default_factory=dict)
    agreed: tuple[str, ...] = ()
    disputed: dict[str, Dispute] = field(default_factory=dict)


def seen(history: Iterable[Step], base: int, branch: UUID | None) -> int:
    """The version whose fields the author has really seen.

    When ``base`` is the version that the branch's own earlier change made, the author had not seen what others changed
    before it: the earliest base of the branch counts.
    """
    own = [step for step in history if branch is not None and step.branch == branch]
    return min(step.base for step in own) if any(step.version == base for step in own) else base


def changed_since(history: Iterable[Step], base: int, branch: UUID | None) -> dict[str, Any]:
    """Fields that others have changed after ``base``, each with the value the author saw or made last."""
    steps = sorted(history, key=lambda step: step.version)
    since = seen(steps, base, branch)
    found: dict[str, Any] = {}
    for step in steps:
        if step.version <= since:
            continue
        if branch is not None and step.branch == branch:
            for name, (_old, new) in step.values.items():
                if name in found:
                    found[name] = new
            continue
        for name, (old, _new) in step.values.items():
            found.setdefault(name, old)
    return found


def merge(current: Mapping[str, Any], mine: Mapping[str, Any], since: Mapping[str, Any]) -> Merged:
    """Merge one author's values into the current ones. ``since`` comes from ``changed_since``."""
    taken: dict[str, Any] = {}
    agreed: list[str] = []
    disputed: dict[str, Dispute] = {}
    for name, value in mine.items():
        theirs = current.get(name)
        if theirs == value:
            agreed.append(name)
        elif name in since and since[name] != theirs:
            disputed[name] = Dispute(since[name], theirs, value)
        else:
            taken[name] = value
    return Merged(taken, tuple(agreed), disputed)
