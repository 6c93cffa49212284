"""Corrections made at the same time: only what was given two values is in dispute."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from huying.senses.forms.differing import with_changes
from huying.senses.forms.merging import differing, disputed, unseen, value_at

FIRST: dict[str, Any] = {
    "clear": "no",
    "use": "shop",
    "rooms": [{"area": 1}, {"area": 2}],
    "_findings": {"clear": {"days": 3}},
}


def corrected(**changes: Any) -> list[dict[str, Any]]:
    """The states after somebody else's correction."""
    return [FIRST, with_changes(FIRST, changes)]


def test_where_an_answer_stands() -> None:
    assert value_at(FIRST, "rooms/1/area") == 2 and value_at(FIRST, "_findings/clear") == {"days": 3}
    assert [value_at(FIRST, path) for path in ("rooms/7/area", "rooms/x", "use/more", "none")] == [None] * 4


def test_only_the_same_answer_given_two_values_is_in_dispute() -> None:
    states = corrected(use="mixed")
    assert disputed({"clear": "yes"}, {"clear": "no"}, states) == set()
    assert disputed({"use": "home"}, {"use": "shop"}, states) == {"use"}
    assert disputed({"use": "mixed"}, {"use": "shop"}, states) == set(), "both say the same"
    assert disputed({"use": "home"}, {"use": "mixed"}, states) == set(), "the correction had been seen"
    assert disputed({"use": "home"}, {}, states) == {"use"}, "nobody knows what was seen"
    assert disputed({"clear": "yes"}, {}, states) == set(), "nobody else touched it"


def test_a_question_and_what_was_decided_on_it_are_one() -> None:
    states = corrected(**{"_findings/clear": {"days": 9}})
    both = {"clear": "yes", "_findings/clear": None, "use": "home"}
    seen = {"clear": "no", "_findings/clear": {"days": 3}, "use": "shop"}
    assert disputed(both, seen, states) == {"clear", "_findings/clear"}


def test_instances_of_a_repeat_are_answers_of_their_own_unless_their_number_changes() -> None:
    states = corrected(**{"rooms/0/area": 5})
    assert disputed({"rooms/1/area": 7}, {"rooms/1/area": 2}, states) == set()
    assert disputed({"rooms": [{"area": 1}]}, {"rooms": FIRST["rooms"]}, states) == {"rooms"}


def test_a_list_sent_whole_must_not_lose_personal_answers_its_author_never_saw() -> None:
    sealed = {"rooms/0/phone": "1", "rooms/1/phone": "2", "who/phone": "3"}
    rooms, blind = [{"area": 1, "phone": "1"}, {"area": 2, "phone": "2"}], [{"area": 1}, {"area": 2}]
    assert unseen({"rooms": [*blind, {"area": 3}]}, {"rooms": blind}, sealed) == {"rooms"}
    assert unseen({"rooms": None}, {}, sealed) == {"rooms"}, "what was seen is not said"
    assert unseen({"rooms": []}, {"rooms": [rooms[0], {"area": 2}]}, sealed) == {"rooms"}
    assert unseen({"rooms": rooms[:1]}, {"rooms": rooms}, sealed) == set(), "the phone had it all"
    assert (
        unseen({"rooms/1/area": 9, "who/phone": "4", "who": {"phone": "5"}}, {"who": {"phone": "3"}}, sealed) == set()
    )
    assert unseen({"who": {"name": "x"}}, {"who": {"name": "y"}}, sealed) == {"who"}
    assert unseen({"rooms": []}, {"rooms": blind}, {}) == set()


PATHS = st.sampled_from(["a", "b", "c", "g/d"])
VALUES = st.one_of(st.none(), st.sampled_from(["x", "y", "z"]))
CHANGES = st.dictionaries(PATHS, VALUES, min_size=1)


@given(first=CHANGES, theirs=st.lists(CHANGES, max_size=3), mine=CHANGES)
def test_nothing_of_anybody_is_lost(first: dict[str, Any], theirs: list[dict[str, Any]], mine: dict[str, Any]) -> None:
    """What I change goes in, or was there, or is in dispute; what others changed and I did not see is never overwritten."""
    begun = with_changes({}, first)
    states = [begun]
    for one in theirs:
        states.append(with_changes(states[-1], one))
    seen = {path: value_at(begun, path) for path in mine}
    paths = disputed(mine, seen, states)
    rest = differing({path: value for path, value in mine.items() if path not in paths}, states[-1])
    before = copy.deepcopy(states[-1])
    after = with_changes(states[-1], rest)
    for path, value in mine.items():
        assert value_at(after, path) == value or path in paths
        if value_at(before, path) != seen[path] and value_at(before, path) != value:
            assert value_at(after, path) == value_at(before, path)
