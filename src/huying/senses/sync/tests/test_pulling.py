"""A model of a database with transactions that overlap, and of replicas that pull in pages and are cut off.

Whatever the interleaving, a replica that pulls to the end holds exactly what lies in its scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.senses.sync.pulling import EVERYTHING, Cursor, Left, Page, Place, Row, decode, encode, pull

KINDS = ("task", "person")
MINE = ("a", "b")


@dataclass
class Stored:
    id: int
    kind: str
    uid: str
    area: str
    active: bool
    version: int
    changed: int


@dataclass
class Database:
    """Rows as committed. A transaction takes its number when it begins; what it wrote is seen when it commits."""

    number: int = 1
    running: dict[int, list[tuple[str, str, str, bool]]] = field(default_factory=dict)
    rows: dict[tuple[str, str], Stored] = field(default_factory=dict)
    left: list[tuple[int, int, str, str, str]] = field(default_factory=list)
    ids: int = 0
    marks: dict[str, str] = field(default_factory=dict)
    forgotten: int = 0
    doubt: int = 0
    """By how much the horizon is told lower: transactions of which nobody could say that they were another database's."""

    def forget(self, number: int) -> None:
        """Forget the departures up to this one of those every running transaction has come after."""
        old = sorted({one[0] for one in self.left if one[0] < self.horizon})
        if old:
            self.forgotten = max(self.forgotten, old[number % len(old)])
            self.left = [one for one in self.left if one[0] > self.forgotten]

    def begin(self) -> int:
        self.number += 1
        self.running[self.number] = []
        return self.number

    def commit(self, number: int) -> None:
        for kind, uid, area, active in self.running.pop(number):
            self._write(kind, uid, area, active, number)

    def _write(self, kind: str, uid: str, area: str, active: bool, number: int) -> None:
        row = self.rows.get((kind, uid))
        self.ids += 1
        if row and (area == "" or row.area != area):
            self.left.append((number, self.ids, kind, uid, row.area))
        if area == "":
            self.rows.pop((kind, uid), None)
        elif row:
            row.area, row.active, row.version, row.changed = area, active, row.version + 1, number
        else:
            self.rows[kind, uid] = Stored(self.ids, kind, uid, area, active, 1, number)

    @property
    def horizon(self) -> int:
        return min(self.running, default=self.number + 1)


@dataclass
class Seen:
    """The database as a phone's scope sees it; ``Source`` of ``pulling``."""

    database: Database
    kinds: Sequence[str] = KINDS

    @property
    def marks(self) -> Mapping[str, str]:
        return self.database.marks

    def _mine(self, kind: str) -> list[Stored]:
        rows = [one for one in self.database.rows.values() if one.kind == kind and one.area in MINE]
        return sorted(rows, key=lambda one: (one.changed, one.id))

    def count(self, kind: str, most: int) -> int:
        return min(most + 1, sum(one.active for one in self._mine(kind)))

    def rows(self, kind: str, place: Place, *, below: int, limit: int) -> list[Row]:
        return [
            Row(one.changed, one.id, one.uid, one.active, one.version, {"area": one.area})
            for one in self._mine(kind)
            if (one.changed, one.id) > place[:2] and one.changed < below
            if one.active or one.changed >= place.base or place.changed >= place.base
        ][:limit]

    def moved(self, places: Mapping[str, Place], *, below: int) -> Iterable[str]:
        rows = self.database.rows.values()
        return {one.kind for one in rows if places[one.kind][:2] < (one.changed, one.id) and one.changed < below}

    def departures(self, after: tuple[int, int], *, below: int, limit: int) -> list[Left]:
        found = sorted(one for one in self.database.left if one[:2] > after and one[0] < below and one[4] in MINE)
        return [Left(*one[:4]) for one in found][:limit]

    def present(self, kind: str, uids: Sequence[str]) -> Iterable[str]:
        return [one.uid for one in self._mine(kind) if one.uid in uids]

    def whole(self, kind: str) -> Iterable[tuple[str, int, Mapping[str, Any]]]:
        return [(f"{kind}-{self.database.marks[kind]}", 1, {})]


@dataclass
class Replica:
    """A phone: applies gone first, keeps the cursor together with the page."""

    held: dict[tuple[str, str], int] = field(default_factory=dict)
    cursor: str = ""
    pulls: int = 0

    def ask(self, database: Database, size: int, *, most: int = 10_000, name: str = "db") -> Page:
        self.pulls += 1
        given = decode(self.cursor) or (Cursor("", "") if self.cursor else None)
        return pull(
            given, Seen(database), database=name, scope="s", pull=self.pulls, size=size, most=most,
            horizon=database.horizon - database.doubt, latest=database.number + 1, forgotten=database.forgotten,
        )  # fmt: skip

    def take(self, page: Page) -> None:
        if page.reset:
            self.held.clear()
        for kind, uid in page.gone:
            for held in [one for one in self.held if one[0] == kind and uid in (EVERYTHING, one[1])]:
                del self.held[held]
        self.held |= {(one.kind, one.uid): one.version for one in page.records}
        self.cursor = encode(page.cursor)

    def pull(self, database: Database, size: int, **more: Any) -> list[Page]:
        pages = []
        while True:
            page = self.ask(database, size, **more)
            pages.append(page)
            self.take(page)
            if not page.more:
                return pages


def truth(database: Database) -> dict[tuple[str, str], int]:
    rows = {key: one.version for key, one in database.rows.items() if one.area in MINE and one.active}
    return rows | {(kind, f"{kind}-{mark}"): 1 for kind, mark in database.marks.items()}


WRITES = st.tuples(
    st.sampled_from(KINDS), st.sampled_from("stu"), st.sampled_from(["a", "b", "elsewhere", ""]), st.booleans()
)
MOVES = st.one_of(
    st.tuples(st.just("done"), st.lists(WRITES, min_size=1, max_size=4)),
    st.tuples(st.just("begin"), st.lists(WRITES, max_size=3)),
    st.tuples(st.just("commit"), st.integers(0, 9)),
    st.tuples(st.just("pages"), st.tuples(st.integers(0, 1), st.integers(1, 3), st.integers(1, 3))),
    st.tuples(st.just("lost page"), st.tuples(st.integers(0, 1), st.integers(1, 3))),
    st.tuples(st.just("mark"), st.sampled_from("12")),
    st.tuples(st.just("forget"), st.integers(0, 9)),
    st.tuples(st.just("doubt"), st.integers(0, 4)),
)


@settings(max_examples=400)
@given(st.lists(MOVES, min_size=3, max_size=25), st.integers(1, 3))
def test_every_replica_ends_with_what_the_server_has(moves: list[tuple[str, Any]], size: int) -> None:
    database, replicas = Database(), [Replica(), Replica()]
    for move, what in moves:
        # A row is locked by who writes it: only one running transaction may touch it.
        taken = {one[:2] for writes in database.running.values() for one in writes}
        if move in ("begin", "done"):
            number = database.begin()
            database.running[number] = [one for one in what if one[:2] not in taken]
            if move == "done":
                database.commit(number)
        elif move == "commit" and database.running:
            database.commit(sorted(database.running)[what % len(database.running)])
        elif move == "mark":
            database.marks["form"] = what
        elif move == "forget":
            database.forget(what)
        elif move == "doubt":
            database.doubt = what
        elif move == "pages":
            replica, count, several = what
            for _time in range(several):
                replicas[replica].take(replicas[replica].ask(database, count))
        elif move == "lost page":
            replicas[what[0]].ask(database, what[1])
    for number in list(database.running):
        database.commit(number)
    database.doubt = 0
    for one in replicas:
        one.pull(database, size)
        assert one.held == truth(database)


def filled(count: int) -> Database:
    database = Database()
    for number in range(count):
        transaction = database.begin()
        database.running[transaction].append((KINDS[number % 2], f"r{number}", "a", True))
        database.commit(transaction)
    return database


def test_the_first_sync_says_how_much_there_is_and_comes_in_pages() -> None:
    database, replica = filled(25), Replica()
    pages = replica.pull(database, 10)
    assert [len(page.records) for page in pages] == [10, 10, 5]
    assert {page.cursor.held for page in pages} == {25}
    assert not any(page.cursor.cut or page.reset for page in pages)
    assert [len(page.records) for page in replica.pull(database, 10)] == [0]


def test_what_is_too_much_is_cut_from_the_end_and_news_still_come() -> None:
    database, replica = filled(25), Replica()
    pages = replica.pull(database, 10, most=15)
    assert all(page.cursor.cut for page in pages)
    assert pages[-1].cursor.held == len(replica.held) == 15
    assert sum(kind == "task" for kind, _uid in replica.held) == 13, "the more important kind is whole"
    transaction = database.begin()
    database.running[transaction].append(("person", "r99", "a", True))
    database.commit(transaction)
    replica.pull(database, 10, most=15)
    assert ("person", "r99") in replica.held


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_cap_met_exactly_cuts_nothing(size: int) -> None:
    database, replica = filled(10), Replica()
    pages = replica.pull(database, size, most=10)
    assert len(replica.held) == 10
    assert not pages[-1].cursor.cut


def test_another_database_or_scope_begins_anew() -> None:
    database, replica = filled(5), Replica()
    replica.pull(database, 10)
    page = replica.ask(database, 10, name="restored elsewhere")
    assert page.reset
    assert len(page.records) == 5
    assert replica.ask(database, 10).reset is False


def test_a_database_set_back_to_yesterday_is_noticed() -> None:
    database, replica = filled(5), Replica()
    replica.pull(database, 10)
    replica.pulls = 0  # the device's row is yesterday's as well
    assert replica.ask(database, 10).reset


@pytest.mark.parametrize("text", ["", "x", "e30", "bnVsbA", "W10", "[" * 9_000, "WzEsMl0", "5L2g"])
def test_a_damaged_cursor_is_none(text: str) -> None:
    assert decode(text) is None


def test_a_cursor_survives_the_way_to_the_phone_and_back() -> None:
    cursor = Cursor("1f.5", "abc", 7, (3, 4), {"task": Place(1, 2, 3)}, {"form": "格"}, 5, 6, True)
    assert decode(encode(cursor)) == cursor


def move(database: Database, area: str, *names: tuple[str, str]) -> None:
    number = database.begin()
    database.running[number] = [(kind, uid, area, True) for kind, uid in names]
    database.commit(number)


def test_more_departures_than_a_page_holds_come_before_any_record() -> None:
    database, replica = filled(20), Replica()
    replica.pull(database, 7)
    names = sorted(replica.held)
    move(database, "elsewhere", *names[:12])
    move(database, "b", names[0], names[13])  # one comes back, one moves inside the scope
    pages = replica.pull(database, 5)
    assert [(len(page.gone), len(page.records)) for page in pages] == [(4, 0), (5, 0), (2, 2)]
    assert replica.held == truth(database)


def test_whoever_was_away_too_long_begins_anew_and_misses_nothing() -> None:
    database, often, away = filled(6), Replica(), Replica()
    for one in (often, away):
        one.pull(database, 10)
    for name in sorted(often.held)[:4]:
        move(database, "elsewhere", name)
        assert not any(page.reset for page in often.pull(database, 10))
    database.forget(3)
    assert database.left == []
    assert not any(page.reset for page in often.pull(database, 10)), "whoever calls now and then goes on"
    first, *_rest = away.pull(database, 10)
    assert first.reset and away.held == often.held == truth(database)
    assert not any(page.reset for page in away.pull(database, 10))


@pytest.mark.parametrize("size", [1, 2, 10])
def test_a_horizon_told_lower_than_before_begins_nothing_anew(size: int) -> None:
    database, replica = filled(6), Replica()
    replica.take(replica.ask(database, size))
    database.doubt = 4
    pages = replica.pull(database, size)
    assert replica.held == truth(database) and not any(page.reset for page in pages)
    move(database, "a", ("task", "new"))
    assert not any(page.reset for page in replica.pull(database, size))
    database.doubt = 0
    replica.pull(database, size)
    assert replica.held == truth(database)


def test_what_a_running_transaction_wrote_comes_once_it_is_over() -> None:
    database, replica = filled(2), Replica()
    slow = database.begin()
    database.running[slow].append(("task", "slow", "a", True))
    move(database, "a", ("task", "quick"))
    replica.pull(database, 5)
    assert replica.held.keys() == {("task", "r0"), ("person", "r1")}, "later ones wait for the earlier one"
    database.commit(slow)
    replica.pull(database, 5)
    assert replica.held == truth(database)
