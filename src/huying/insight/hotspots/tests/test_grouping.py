import random

import pytest

from huying.insight.hotspots.grouping import Groups, grouped
from huying.insight.hotspots.likeness import Rarity, chance, cosine, features, same_name
from huying.insight.hotspots.linkage import linked
from huying.insight.hotspots.pairs import likely_pairs

from .messages import MATTERS, everything, matter, message


def partition(groups):
    return {frozenset(one.id for one in group) for group in groups}


def expected():
    return {frozenset(one.id for one in matter(name)) for name in MATTERS}


def test_same_matter_in_other_words_joins_and_all_else_stays_apart():
    assert partition(grouped(everything())) == expected()


def test_larger_groups_come_first_and_members_in_order_of_time():
    groups = grouped(reversed(everything()))
    assert [len(group) for group in groups] == [4, 3, 2, 2, 1]
    assert all(group == sorted(group, key=lambda one: one.time) for group in groups)


@pytest.mark.parametrize("seed", range(4))
def test_one_by_one_and_consolidated_equals_all_at_once_in_any_order(seed):
    messages = everything()
    random.Random(seed).shuffle(messages)
    groups = Groups()
    for one in messages:
        groups.add(one)
    groups.consolidate()
    assert {frozenset(ids) for ids in groups.groups().values()} == expected()


def test_one_by_one_already_finds_the_matters():
    groups = Groups()
    keys = {one.id: groups.add(one).group for one in everything()}
    assert {frozenset(ids) for ids in groups.groups().values()} == expected()
    assert keys["noise0"] == keys["noise3"] == "noise0"
    assert len(groups) == len(MATTERS)


def test_adding_again_changes_nothing():
    groups = Groups()
    first = groups.add(message("1", "丽景花园停水"))
    assert groups.add(message("1", "丽景花园停水")) == first
    assert groups.members("1") == ("1",)


def test_restored_groups_go_on_as_before():
    kept = Groups()
    *before, last = matter("noise")
    for one in before:
        kept.add(one)
    fresh = Groups()
    for one in before:
        fresh.restore(one.id, kept.features_of(one.id), one.time, kept.group_of(one.id))
    assert fresh.add(last) == kept.add(last)
    assert fresh.groups() == kept.groups()
    with pytest.raises(ValueError, match="already"):
        fresh.restore(last.id, kept.features_of(last.id), last.time, "x")


def test_a_removed_message_leaves_no_trace_and_its_key_lives_on():
    groups = Groups()
    for one in matter("noise"):
        groups.add(one)
    groups.remove("noise0")
    assert groups.members("noise0") == ("noise1", "noise2", "noise3")
    assert groups.add(message("noise0", "枫桥苑停水")).group == "noise0.2"
    for one in ("noise0", "noise1", "noise2", "noise3"):
        groups.remove(one)
    assert len(groups) == 0


def test_consolidating_tells_what_changed_and_keeps_keys():
    groups = Groups()
    for one in matter("noise"):
        groups.restore(one.id, features(one.title, one.text), one.time, "lost" if one.id == "noise3" else "known")
    assert groups.consolidate() == {"known": ("noise0", "noise1", "noise2", "noise3")}
    assert groups.consolidate() == {}


def test_a_message_that_bridges_two_groups_joins_them():
    groups = Groups()
    for one in matter("noise"):
        groups.restore(one.id, features(one.title, one.text), one.time, "a" if one.id < "noise2" else "b")
    placed = groups.add(
        message("bridge", "丽景花园小区夜间施工噪音扰民", "丽景花园旁工地半夜施工打桩，噪音很大睡不着。", 2)
    )
    assert {placed.group, *placed.absorbed} == {"a", "b"}
    assert len(groups) == 1


def test_average_linkage_does_not_chain():
    chain = [(0, 1, 0.9), (1, 2, 0.9), (2, 3, 0.9)]
    assert linked(4, chain, 0.5) == [[0, 1], [2, 3]]
    assert linked(3, [(0, 1, 0.9), (1, 2, 0.9), (0, 2, 0.8)], 0.5) == [[0, 1, 2]]
    assert linked(2, [], 0.5) == [[0], [1]]


def test_blocks_give_the_chances_of_single_pairs():
    messages = everything()
    entries = [features(one.title, one.text) for one in messages]
    days = [one.time.timestamp() / 86400 for one in messages]
    rarity = Rarity()
    for entry in entries:
        rarity.learn(entry.words)
    vectors = [rarity.vector(entry.words) for entry in entries]
    found = {(i, j): value for i, j, value in likely_pairs(entries, days, rarity, lambda _steps: None)}
    assert found
    for (i, j), value in found.items():
        names = same_name(entries[i].names, entries[j].names)
        strangers = entries[i].placed and entries[j].placed
        alone = chance(cosine(vectors[i], vectors[j]), names, strangers=strangers, days=days[i] - days[j])
        assert value == pytest.approx(alone, abs=1e-4)


def test_messages_without_words_or_time_stand_alone():
    groups = Groups()
    for number in range(3):
        groups.add(message(str(number), "", "……"))
    assert len(groups) == 3
    assert len(grouped([message("1", "丽景花园停水"), message("2", "？？")])) == 2
    assert grouped([]) == []
