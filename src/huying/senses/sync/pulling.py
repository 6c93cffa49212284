"""One page of what changed since a phone last asked. Pure: what is read comes through a :class:`Source`.

A page is put together in an order that lets every replica converge however often it is cut off:

1. departures older than the horizon, all of them before any record, since a record may have left and come back;
2. small sets that changed, whole;
3. records by (transaction, id), kind after kind, older than the horizon.

What was written before the first page (``base``) is sent only if a phone shall hold it; later changes are always sent, as a
record or as gone.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

EVERYTHING: Final = "*"
_LONGEST: Final = 8_000
_HIGHEST: Final = 2**63 - 1


class Place(NamedTuple):
    """Up to which row a kind was read, and the horizon of its first page."""

    changed: int
    id: int
    base: int


class Row(NamedTuple):
    """A row of an offer. ``kept``: a phone shall hold it."""

    changed: int
    id: int
    uid: str
    kept: bool
    version: int
    body: Mapping[str, Any]


class Left(NamedTuple):
    """A departure."""

    changed: int
    id: int
    kind: str
    uid: str


class Record(NamedTuple):
    """What a phone gets."""

    kind: str
    uid: str
    version: int
    body: Mapping[str, Any]


class Source(Protocol):
    """Where a page is read from. ``kinds`` are in order of importance; ``marks`` are those of the sets sent whole."""

    @property
    def kinds(self) -> Sequence[str]: ...

    @property
    def marks(self) -> Mapping[str, str]: ...

    def count(self, kind: str, most: int) -> int:
        """How many rows of a kind a phone shall hold; counting ends above ``most``."""
        ...

    def rows(self, kind: str, place: Place, *, below: int, limit: int) -> Sequence[Row]:
        """Rows behind ``place`` and below the horizon, in order; before ``place.base`` only kept ones."""
        ...

    def moved(self, places: Mapping[str, Place], *, below: int) -> Iterable[str]:
        """Kinds of which anything at all, in whatever scope, stands behind its place: most have not changed."""
        ...

    def departures(self, after: tuple[int, int], *, below: int, limit: int) -> Sequence[Left]:
        """Departures from the scope, of any kind, in order."""
        ...

    def present(self, kind: str, uids: Sequence[str]) -> Iterable[str]:
        """Which of these still lie in the scope."""
        ...

    def whole(self, kind: str) -> Iterable[tuple[str, int, Mapping[str, Any]]]:
        """All records of a set sent whole."""
        ...


@dataclass(slots=True)
class Cursor:
    """How far a phone has come, in which database and scope. ``pull`` counts its pages, so that a database that was
    set back to an earlier day is noticed."""

    database: str
    scope: str
    pull: int = 0
    left: tuple[int, int] = (0, 0)
    places: dict[str, Place] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    held: int = 0
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered. Whoever applies it takes ``gone`` first."""

    cursor: Cursor
    more: bool
    reset: bool
    records: list[Record]
    gone: list[tuple[str, str]]


def encode(cursor: Cursor) -> str:
    """The cursor as text: opaque to phones, nothing secret."""
    plain = [
        *(cursor.database, cursor.scope, cursor.pull, cursor.left, cursor.places, cursor.marks),
        *(cursor.sent, cursor.held, int(cursor.cut)),
    ]
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(text: str) -> Cursor | None:
    """The cursor of a text that ``encode`` made; None for anything else."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        plain = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        database, scope, pull, left, places, marks, sent, held, cut = plain
        cursor = Cursor(
            database=str(database),
            scope=str(scope),
            pull=_number(pull),
            left=(_number(left[0]), _number(left[1])),
            places={str(kind): Place(*(_number(one) for one in place)) for kind, place in places.items()},
            marks={str(kind): str(mark) for kind, mark in marks.items()},
            sent=_number(sent),
            held=_number(held),
            cut=bool(cut),
        )
    except (binascii.Error, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None
    return cursor


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _HIGHEST:
        raise ValueError("not a position")
    return value


def pull(
    given: Cursor | None,
    source: Source,
    *,
    database: str,
    scope: str,
    pull: int,
    horizon: int,
    latest: int,
    size: int,
    most: int,
    forgotten: int = 0,
) -> Page:
    """The next page for whoever stands at ``given`` (None: at the beginning), at most ``size`` records and departures.

    ``pull`` numbers this page among all of the device's; a cursor with a higher number, or one that stands beyond the
    ``latest`` transaction, was given out by a database that no longer is. ``most`` caps the first sync: less important
    kinds are then held in part, and ``cut`` says so. Departures up to the transaction ``forgotten`` are not kept any more:
    whoever had not read them begins anew.
    """
    fits = given is not None and (given.database, given.scope) == (database, scope)
    fits = fits and given is not None and given.pull < pull and all(p.base <= latest for p in given.places.values())
    fits = fits and given is not None and given.left[0] > forgotten
    cursor = given if fits and given is not None else Cursor(database, scope, left=(horizon, 0))
    # What was settled once stays settled, though the horizon may be told lower than before.
    horizon = max([horizon, *(place.base for place in cursor.places.values())])
    if not cursor.places:
        cursor.held = sum(source.count(kind, most) for kind in source.kinds)
        cursor.cut = cursor.held > most
        cursor.held = min(cursor.held, most)
    cursor.pull = pull
    page = Page(cursor, False, given is not None and not fits, [], [])
    more = _departures(page, source, horizon, size)
    if not more:
        _wholes(page, source)
        more = _records(page, source, horizon, size, most)
    return Page(cursor, more, page.reset, page.records, page.gone)


def _departures(page: Page, source: Source, horizon: int, size: int) -> bool:
    """Whether there are more departures than this page can say."""
    found = source.departures(page.cursor.left, below=horizon, limit=size + 1)
    by_kind: dict[str, list[str]] = {}
    for one in found[:size]:
        by_kind.setdefault(one.kind, []).append(one.uid)
        page.cursor.left = (one.changed, one.id)
    for kind, uids in by_kind.items():
        still = set(source.present(kind, uids))
        page.gone.extend((kind, uid) for uid in dict.fromkeys(uids) if uid not in still)
    if len(found) > size:
        return True
    # All below the horizon are read: whoever calls now and then never stands before what is forgotten.
    page.cursor.left = max(page.cursor.left, (horizon, 0))
    return False


def _wholes(page: Page, source: Source) -> None:
    known = page.cursor.marks
    for kind, mark in source.marks.items():
        if known.get(kind) == mark:
            continue
        page.gone.append((kind, EVERYTHING))
        page.records.extend(Record(kind, *one) for one in source.whole(kind))
        known[kind] = mark
    page.gone.extend((kind, EVERYTHING) for kind in known.keys() - source.marks.keys())
    page.cursor.marks = dict(source.marks)


def _records(page: Page, source: Source, horizon: int, size: int, most: int) -> bool:
    """Whether there may be more records than this page holds."""
    cursor, room = page.cursor, size
    read = {kind: cursor.places[kind] for kind in source.kinds if kind in cursor.places}
    moved = set(source.moved(read, below=horizon)) if read else set()
    for kind in source.kinds:
        place = cursor.places.setdefault(kind, Place(0, 0, horizon))
        if room <= 0 or (kind in read and kind not in moved and place.changed >= place.base):
            continue
        first = place.changed < place.base
        if first and cursor.sent >= most:
            cursor.places[kind] = place = Place(place.base, 0, place.base)
        found = source.rows(kind, place, below=horizon, limit=room + 1)
        taken = found[:room]
        for row in taken:
            if row.changed < place.base:
                if cursor.sent >= most:
                    cursor.cut = True
                    break
                cursor.sent += 1
            if row.kept:
                page.records.append(Record(kind, row.uid, row.version, row.body))
            else:
                page.gone.append((kind, row.uid))
            cursor.places[kind] = Place(row.changed, row.id, place.base)
            room -= 1
        else:
            if len(found) > len(taken):
                room = 0
            elif cursor.places[kind].changed < place.base:
                cursor.places[kind] = Place(place.base, 0, place.base)
            continue
        # The cap was met in the middle of this kind: what is older than the beginning is left out, the rest goes on.
        cursor.places[kind] = Place(place.base, 0, place.base)
        room = 0
    return room <= 0
