"""The order of operations, what holds one back, clocks and limits; and a model of phones and a server that cannot be trusted.

In the model requests and answers are lost, doubled and reordered, and the server dies between an operation and its answer.
Whatever happens, each operation is done at most once, and once everything has come through, all have been done in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from huying.senses.sync.rules import (
    MOST_DEPTH,
    PASSED,
    RELEASE,
    Cause,
    Ground,
    Received,
    State,
    Step,
    clock_offset,
    depth,
    holding_back,
    in_order,
    is_released,
    next_try,
    true_time,
)

NOW = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
A, B, C, D = (UUID(int=number) for number in range(1, 5))


def step(one: UUID, seq: int, *, after: tuple[UUID, ...] = (), branch: UUID | None = None, **more: object) -> Step:
    return Step(one, int(more.get("device", 1)), seq, branch, after, tuple(more.get("files", ())))  # type: ignore[arg-type]


def nothing(**states: State) -> Ground:
    return Ground({UUID(name): state for name, state in states.items()}, {}, {})


def test_the_order_is_by_number_but_what_comes_before_goes_before() -> None:
    found = in_order([step(A, 3), step(B, 1, after=(A,)), step(C, 2)])
    assert [one.id for one in found] == [C, A, B]


def test_a_circle_does_not_stop_the_others() -> None:
    found = in_order([step(A, 1, after=(B,)), step(B, 2, after=(A,)), step(C, 3), step(D, 4, after=(D,))])
    assert [one.id for one in found] == [C, A, B, D]


def test_what_holds_an_operation_back() -> None:
    ground = Ground({A: State.WAITING, B: State.REFUSED, C: State.APPLIED}, {(1, D): {2}}, {A: Received.WHOLE})
    assert holding_back(step(D, 5), ground, released=False) is Cause.NONE
    assert holding_back(step(D, 5, after=(C,)), ground, released=False) is Cause.NONE
    for missing in (A, B, D):
        assert holding_back(step(D, 5, after=(C, missing)), ground, released=False) is Cause.AFTER
        assert holding_back(step(D, 5, after=(missing,)), ground, released=True) is Cause.NONE
    assert holding_back(step(A, 3, branch=D), ground, released=False) is Cause.BRANCH
    assert holding_back(step(A, 3, branch=D, device=2), ground, released=False) is Cause.NONE
    assert holding_back(step(A, 2, branch=D), ground, released=False) is Cause.NONE
    assert holding_back(step(D, 5, files=(A,)), ground, released=False) is Cause.NONE
    assert holding_back(step(D, 5, files=(A, B)), ground, released=True) is Cause.UPLOAD


def test_waiting_is_looked_at_ever_more_rarely_and_let_go_after_a_week() -> None:
    pauses = [next_try(Cause.AFTER, tries, received_at=NOW, now=NOW) - NOW for tries in range(12)]
    assert pauses[0] == timedelta(minutes=1)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=6)
    late = NOW + RELEASE - timedelta(minutes=1)
    assert next_try(Cause.AFTER, 9, received_at=NOW, now=late) == NOW + RELEASE
    assert not is_released(NOW, late)
    assert is_released(NOW, NOW + RELEASE)


def test_clocks_are_put_right_but_nothing_was_done_after_it_came() -> None:
    hour = timedelta(hours=1)
    behind = clock_offset(NOW - hour, NOW)
    assert behind == hour
    assert true_time(NOW - 3 * hour, behind, NOW) == NOW - 2 * hour
    assert true_time(NOW, behind, NOW) == NOW
    assert clock_offset(NOW + hour, NOW) == -hour
    assert clock_offset(NOW - timedelta(seconds=20), NOW) == timedelta()
    assert clock_offset(None, NOW) == timedelta()
    assert true_time(datetime.max.replace(tzinfo=UTC), hour, NOW) == NOW


def test_depth_counts_no_further_than_it_must() -> None:
    assert depth({}) == 0 or depth({}) == 1
    assert depth({"a": [1, {"b": 2}]}) < depth({"a": [1, {"b": [[3]]}]})
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    assert depth(deep) == MOST_DEPTH + 1


# --- the model ---------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """Does what ``actions`` does: writes down, tries in order, wakes; all in steps that a crash cannot split."""

    rows: dict[UUID, tuple[Step, State]] = field(default_factory=dict)
    uploads: dict[UUID, Received] = field(default_factory=dict)
    done: list[UUID] = field(default_factory=list)

    def take(self, steps: list[Step], dies_after: int) -> dict[UUID, State] | None:
        """The answer, or None when the server died after so many operations."""
        for one in steps:
            self.rows.setdefault(one.id, (one, State.WAITING))
        wave = [one for one in steps if self.rows[one.id][1] is State.WAITING]
        tried = 0
        while wave:
            passed = []
            for one in in_order(wave):
                if tried == dies_after:
                    return None
                tried += 1
                if self._try(one):
                    passed.append(one)
            wave = [one for one, state in self.rows.values() if state is State.WAITING and self._follows(one, passed)]
        return {one.id: self.rows[one.id][1] for one in steps}

    def _follows(self, one: Step, passed: list[Step]) -> bool:
        return any(before.id in one.after or (before.branch and before.branch == one.branch) for before in passed)

    def _try(self, one: Step) -> bool:
        if self.rows[one.id][1] is not State.WAITING:
            return False
        branches: dict[tuple[int, UUID], set[int]] = {}
        for other, state in self.rows.values():
            if other.branch and state not in PASSED:
                branches.setdefault((other.device_id, other.branch), set()).add(other.seq)
        ground = Ground({pk: state for pk, (_step, state) in self.rows.items()}, branches, self.uploads)
        if holding_back(one, ground, released=False) is not Cause.NONE:
            return False
        self.done.append(one.id)
        self.rows[one.id] = (one, State.CONFLICT if one.id.int % 7 == 0 else State.APPLIED)
        return True


@dataclass
class Phone:
    """Keeps an operation until it was told what became of it."""

    number: int
    outbox: dict[UUID, Step] = field(default_factory=dict)
    files: set[UUID] = field(default_factory=set)

    def hear(self, answer: dict[UUID, State]) -> None:
        for one, state in answer.items():
            if state is not State.WAITING:
                self.outbox.pop(one, None)


@st.composite
def fleets(draw: st.DrawFn) -> list[Phone]:
    phones = []
    for number in range(draw(st.integers(1, 3))):
        phone = Phone(number)
        last: dict[UUID, UUID] = {}
        for seq in range(1, draw(st.integers(1, 7)) + 1):
            one = UUID(int=(number + 1) * 1000 + seq)
            branch = draw(st.sampled_from([None, UUID(int=number * 10 + 1), UUID(int=number * 10 + 2)]))
            before = (last[branch],) if branch in last else ()
            files = (UUID(int=10**9 + one.int),) if draw(st.booleans()) else ()
            phone.files |= set(files)
            phone.outbox[one] = Step(one, number, seq, branch, before, files)
            if branch:
                last[branch] = one
        phones.append(phone)
    return phones


@settings(max_examples=150)
@given(st.data())
def test_nothing_is_lost_and_nothing_is_done_twice(data: st.DataObject) -> None:
    phones, server = data.draw(fleets()), Server()
    all_steps = {one.id: one for phone in phones for one in phone.outbox.values()}
    late: list[tuple[Phone, list[Step]]] = []
    for _round in range(data.draw(st.integers(0, 12))):
        phone = data.draw(st.sampled_from(phones))
        what = data.draw(st.sampled_from(["send", "lose", "delay", "again", "file", "no answer", "die"]))
        chosen = [one for one in phone.outbox.values() if data.draw(st.booleans())]
        data.draw(st.randoms()).shuffle(chosen)
        if what == "file" and phone.files:
            server.uploads[phone.files.pop()] = Received.WHOLE
        elif what == "delay":
            late.append((phone, chosen))
        elif what == "again" and late:
            sender, old = data.draw(st.sampled_from(late))
            server.take(old, 10**6)
            assert sender.number >= 0
        elif what == "die":
            server.take(chosen, data.draw(st.integers(0, 5)))
        elif what in ("send", "no answer"):
            answer = server.take(chosen, 10**6)
            assert answer is not None
            if what == "send":
                phone.hear(answer)
    for phone in phones:  # at last everything comes through
        server.uploads |= dict.fromkeys(phone.files, Received.WHOLE)
        answer = server.take(list(phone.outbox.values()), 10**6)
        assert answer is not None
        phone.hear(answer)
        assert not phone.outbox
    assert sorted(server.done) == sorted(all_steps), "each once, and all of them"
    place = {one: index for index, one in enumerate(server.done)}
    for one in all_steps.values():
        assert all(place[before] < place[one.id] for before in one.after), "in the order of its branch"
