"""What the registry tells the rooms above. Nothing personal: who wants more comes through the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryChanged(Fact):
    """A record was born, changed, ended or came back. ``fields`` names what is different."""

    kind: str
    uid: UUID
    version: int
    area: str
    by: str
    at: datetime
    state: str = "active"
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CareBegan(Fact):
    """A resident stands on a care list from now on."""

    uid: UUID
    resident: UUID
    list: str
    area: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CareEnded(Fact):
    """A resident stands on a care list no longer. ``why``: done, expired or mistake."""

    uid: UUID
    resident: UUID
    list: str
    area: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PremisesRated(Fact):
    """The risk of premises is another: "", green, yellow or red."""

    uid: UUID
    risk: str
    area: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsMerged(Fact):
    """``other`` turned out to be ``kept``; whoever points to it should point to ``kept``."""

    kind: str
    kept: UUID
    other: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsSplit(Fact):
    """A merging was undone: ``other`` is a record of its own again."""

    kind: str
    kept: UUID
    other: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureBegun(Fact):
    """Residents are about to be erased and nothing of theirs is locked yet: whoever will delete what is about these uids
    locks it now, so that it is done in the one order of the house (``kernel.locks``). Nothing is changed by it."""

    uids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentErased(Fact):
    """Everything personal about a resident was deleted; whoever keeps some of it deletes it too.

    ``also``: their relations, stays and care entries, and records that had been merged into theirs.
    """

    uid: UUID
    at: datetime
    also: tuple[UUID, ...] = ()

    @property
    def uids(self) -> tuple[UUID, ...]:
        """Everything that was about this person."""
        return (self.uid, *self.also)
