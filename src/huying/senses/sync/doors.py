"""What the rooms above hang into the sync: how an operation of a kind is applied, and which records a phone holds.

Sync itself knows no business. A room registers, in its ``AppConfig.ready`` or a module imported there:

* ``@applies("report")`` a function that does what an operation says, ``@applies_together`` one for several at once;
* ``@offers("premises")`` a function that says which rows of a kind lie in somebody's scope;
* ``@tells("on_duty")`` a function that adds one value to the session a phone asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, Final, Literal
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from huying.kernel.actor import Actor
from huying.kernel.files import StoredFile

Shape = Callable[[Any], Mapping[str, Any]]
MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Incoming:
    """One operation as an applier sees it. ``at`` is the device's time, put right by how far its clock is off.

    ``base`` is the version of ``subject`` its author saw; inside a ``branch`` (a chain of changes made on one device
    while it was away) the version that the author's own previous change would have made. ``files`` holds the stored
    file of each upload it names, in the order named.
    """

    id: UUID
    device_id: int
    seq: int
    kind: str
    subject: UUID | None
    base: int | None
    branch: UUID | None
    at: datetime
    body: dict[str, Any]
    files: Mapping[UUID, StoredFile]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation. ``fields`` maps field names to messages, ``made`` names what came of it."""

    state: Literal["applied", "conflict", "refused"]
    message: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)


class Wait(Exception):
    """What the operation builds on has not come yet; it is tried again when something of its subject or branch comes."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one phone holds: the records of these areas (prefixes of area codes), at most ``most`` of them.

    ``posts`` are codes of the posts somebody holds in the field today. When anything but the day changes, phones begin anew.
    """

    person_id: int
    areas: tuple[str, ...]
    roles: frozenset[str]
    most: int
    today: date
    posts: frozenset[str] = frozenset()

    def within(self, column: str = "area") -> Q:
        """The condition that a row lies in the scope; nothing does when there are no areas."""
        if not self.areas:
            return Q(pk__in=[])
        if "" in self.areas:
            return Q()
        return reduce(or_, (Q(**{f"{column}__startswith": area}) for area in self.areas))


@dataclass(frozen=True, slots=True)
class Offer:
    """Rows of a :class:`~huying.kernel.replicas.Replicated` table that lie in the scope, and what a phone gets of each.

    ``queryset`` holds every row of the scope whatever its state, so that a phone learns when one ends. ``keep`` says
    which of them a phone shall hold; one that no longer fits is reported as gone. Rows may leave ``queryset`` only by
    a change of ``area`` or by being deleted. ``shape`` is called for each row: select what it needs beforehand.
    """

    queryset: QuerySet[Any]
    shape: Shape
    keep: Q | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A small set that is sent whole whenever ``mark`` changes: lists, definitions, outlines.

    ``records`` yields (id, version, body); ids are texts of any form, such as codes.
    """

    mark: str
    records: Callable[[], Iterable[tuple[str, int, Mapping[str, Any]]]]


Applier = Callable[..., Outcome]
ManyApplier = Callable[..., Sequence[Outcome]]
Offering = Callable[[Scope], "Offer | Whole"]
Telling = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Applies:
    """An applier, whether bodies of its kind are sealed at rest, whether several are done at once and which never are."""

    apply_many: ManyApplier
    private: bool
    together: bool = False
    alone: Callable[[Mapping[str, Any]], bool] = lambda _body: False


_appliers: dict[str, Applies] = {}
_offers: dict[str, tuple[int, Offering]] = {}
_tellings: dict[str, Telling] = {}


def applies(kind: str, *, private: bool = True) -> Callable[[Applier], Applier]:
    """Register ``fn(op: Incoming, *, actor: Actor, now: datetime) -> Outcome``; it runs in a savepoint of its own.

    A HuyingError means refused, :class:`Wait` later, anything else a fault that is tried again. The operation's id is
    its own retry key: the function is called again only if its savepoint was rolled back.
    """

    def register(apply: Applier) -> Applier:
        def each(ops: Sequence[Incoming], *, actor: Actor, now: datetime) -> list[Outcome]:
            return [apply(op, actor=actor, now=now) for op in ops]

        _appliers[kind] = Applies(each, private)
        return apply

    return register


def applies_together(
    kind: str, *, private: bool = True, alone: Callable[[Mapping[str, Any]], bool] = lambda _body: False
) -> Callable[[ManyApplier], ManyApplier]:
    """Register ``fn(ops: Sequence[Incoming], *, actor, now) -> Sequence[Outcome]``, one outcome for each, in order.

    The operations are of one device and build on nothing; one whose body is ``alone`` always comes by itself. Anything
    raised takes back all of them; they are then tried in halves, down to each alone, so that the fault stays with the
    operation it belongs to.
    """

    def register(apply: ManyApplier) -> ManyApplier:
        _appliers[kind] = Applies(apply, private, together=True, alone=alone)
        return apply

    return register


def offers(kind: str, *, order: int = 100) -> Callable[[Offering], Offering]:
    """Register ``fn(scope) -> Offer | Whole``. Kinds of low order come first and are cut last."""

    def register(offering: Offering) -> Offering:
        _offers[kind] = (order, offering)
        return offering

    return register


def tells(name: str) -> Callable[[Telling], Telling]:
    """Register ``fn(*, actor: Actor, now: datetime) -> Any``: one more value of a phone's session."""

    def register(telling: Telling) -> Telling:
        _tellings[name] = telling
        return telling

    return register


def applier_of(kind: str) -> Applies | None:
    """Who applies operations of this kind."""
    return _appliers.get(kind)


def offered(scope: Scope) -> dict[str, Offer | Whole]:
    """What each kind offers to a scope, in the order in which phones get them."""
    found = sorted((order, kind, offering) for kind, (order, offering) in _offers.items())
    return {kind: offering(scope) for _order, kind, offering in found}


def told(*, actor: Actor, now: datetime) -> dict[str, Any]:
    """The values that rooms above add to a session."""
    return {name: telling(actor=actor, now=now) for name, telling in _tellings.items()}


def forget(kind: str) -> None:
    """Take a kind out again (for tests and for a shell)."""
    _appliers.pop(kind, None)
    _offers.pop(kind, None)


def version_of(row: Model) -> int:
    """The version a phone is told of a row: its own, or the transaction that wrote it last."""
    return int(getattr(row, "version", None) or getattr(row, "changed", 0))
