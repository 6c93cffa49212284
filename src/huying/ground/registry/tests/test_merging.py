"""Merging loses nothing, whoever says what, seeing what, in which order."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from huying.ground.registry.merging import Dispute, Step, changed_since, merge, seen

BRANCH = UUID(int=1)
FIELDS = ("phone", "name", "note")
values = st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 3), min_size=1)


class World:
    """A record kept by merging only, as the action keeps it."""

    def __init__(self) -> None:
        self.current: dict[str, Any] = {}
        self.version = 0
        self.history: list[Step] = []

    def say(self, mine: dict[str, Any], base: int, branch: UUID | None = None) -> dict[str, Dispute]:
        merged = merge(self.current, mine, changed_since(self.history, base, branch))
        assert set(merged.taken) | set(merged.agreed) | set(merged.disputed) == set(mine)
        if merged.taken:
            self.version += 1
            pairs = {name: (self.current.get(name), value) for name, value in merged.taken.items()}
            self.history.append(Step(self.version, base, branch, pairs))
            self.current |= merged.taken
        return merged.disputed

    def heard(self, name: str, value: Any) -> bool:
        return any(step.values.get(name, (None, None))[1] == value for step in self.history)


@settings(max_examples=300)
@given(st.lists(st.tuples(values, st.integers(0, 8), st.sampled_from((None, BRANCH, UUID(int=2)))), max_size=12))
def test_any_interleaving_loses_nothing(said: list[tuple[dict[str, int], int, UUID | None]]) -> None:
    world = World()
    for mine, behind, branch in said:
        base = max(0, world.version - behind)
        disputed = world.say(mine, base, branch)
        for name, value in mine.items():
            assert name in disputed or world.current[name] == value
            assert name not in disputed or (disputed[name].mine, disputed[name].theirs) == (value, world.current[name])
            assert name in disputed or world.heard(name, value) or value is None


@settings(max_examples=300)
@given(st.lists(st.tuples(values, st.integers(0, 8)), min_size=1, max_size=10))
def test_nobody_overwrites_unseen_what_somebody_else_said(said: list[tuple[dict[str, int], int]]) -> None:
    """Whatever is replaced had been seen by who replaced it, or was what they had seen before."""
    world = World()
    for mine, behind in said:
        base = max(0, world.version - behind)
        at_base: dict[str, Any] = {}
        for step in world.history:
            if step.version <= base:
                at_base |= {name: new for name, (_old, new) in step.values.items()}
        before = dict(world.current)
        world.say(mine, base)
        for name in mine:
            if world.current.get(name) != before.get(name):
                assert before.get(name) == at_base.get(name)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True))
def test_changes_to_different_fields_converge_in_any_order(numbers: list[int]) -> None:
    changes = [({f"field{number}": number}, UUID(int=number + 1)) for number in numbers]
    ends = set()
    for order in permutations(changes):
        world = World()
        world.say({"name": 9}, 0)
        assert not any(world.say(mine, 1, branch) for mine, branch in order)
        ends.add(tuple(sorted(world.current.items())))
    assert len(ends) == 1


def test_one_branch_builds_on_itself() -> None:
    world = World()
    world.say({"phone": 1}, 0)
    assert not world.say({"phone": 2}, 1, BRANCH)
    assert not world.say({"phone": 3}, 1, BRANCH)
    assert world.current == {"phone": 3}


def test_a_branch_does_not_overwrite_what_came_in_between() -> None:
    """Its base is the version its own earlier change made; what others said before that it has not seen."""
    world = World()
    world.say({"phone": 1, "note": 1}, 0)
    world.say({"note": 2}, 1)
    world.say({"phone": 5}, 1, BRANCH)
    assert seen(world.history, 3, BRANCH) == 1
    assert world.say({"note": 3}, 3, BRANCH) == {"note": Dispute(1, 2, 3)}


def test_said_and_taken_back_is_no_dispute() -> None:
    world = World()
    world.say({"phone": 1}, 0)
    world.say({"phone": 2}, 1)
    world.say({"phone": 1}, 2)
    assert not world.say({"phone": 7}, 1)


def test_the_same_value_agrees() -> None:
    assert merge({"phone": 2}, {"phone": 2}, {"phone": 1}).agreed == ("phone",)
