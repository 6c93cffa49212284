"""What is known beside the words: ground, distance, kind, and the place that was filled in apart."""

import random

import pytest

from huying.insight.hotspots.grouping import Message, grouped
from huying.insight.hotspots.likeness import Rarity, alike_chance, cosine, features
from huying.insight.hotspots.pairs import likely_pairs
from huying.insight.hotspots.places import names_given, place_in
from huying.insight.hotspots.where import NOWHERE, Grounds, Where, are_apart, are_close, metres

from .messages import _FIRST

HOME, NEXT, FAR = (120.0, 30.0), (120.001, 30.0), (120.03, 30.0)  # 96 m, 2.9 km
HERE, THERE = "990101001001001", "990101001002001"
TEXT = ("楼道堆满杂物没人清", "楼道里堆满旧家具和纸箱，过不去人，怕着火，请来清理。")


def at(area="", point=None, kind=""):
    return Where(area, *(point or (None, None)), kind)


@pytest.mark.parametrize(
    ("one", "other", "apart", "close"),
    [
        (at(HERE, HOME), at(HERE, HOME), False, True),
        (at(HERE, HOME), at(HERE[:-1] + "2", NEXT), False, True),
        (at(HERE, HOME), at(THERE, NEXT), False, True),
        (at(HERE, HOME), at(THERE, FAR), True, False),
        (at(HERE, HOME), at(HERE[:-1] + "2", FAR), False, False),
        (at(HERE), at(THERE), True, False),
        (at(HERE), at(THERE, HOME), True, False),
        (at("", HOME), at("", FAR), True, False),
        (at(HERE), NOWHERE, False, False),
        (at("990101001"), at("990101002"), False, False),
        (NOWHERE, NOWHERE, False, False),
    ],
)
def test_what_ground_says_of_two(one, other, apart, close):
    assert (are_apart(one, other), are_close(one, other)) == (apart, close)
    assert (are_apart(other, one), are_close(other, one)) == (apart, close)


def test_distance():
    assert metres(at("", HOME), at("", FAR)) == pytest.approx(2892, abs=5)
    assert metres(at("", HOME), NOWHERE) is None


def split(*wheres, texts=None, **more):
    given = [Message(str(n), *(texts or [TEXT] * 9)[n], _FIRST, where=one, **more) for n, one in enumerate(wheres)]
    return sorted(len(group) for group in grouped(given))


def test_wording_alone_never_joins_two_places():
    assert split(at(HERE, HOME), at(THERE, FAR)) == [1, 1]
    assert split(at(HERE), at(THERE)) == [1, 1]
    assert split(at("", HOME), at("", (120.012, 30.0))) == [1, 1]  # 1.2 km in one community or none
    assert split(at(HERE, HOME), at(HERE, NEXT)) == [2]
    assert split(NOWHERE, NOWHERE) == [2]
    assert split(at(HERE, HOME), NOWHERE) == [2]


def test_a_surely_named_place_may_reach_over_a_border():
    text = [("明川实验小学门口乱停车", TEXT[1]), ("明川实验小学门口乱停车严重", TEXT[1])]
    assert split(at(HERE, HOME), at(THERE, FAR), texts=text) == [2]


def test_another_kind_of_matter_stays_apart_at_one_place():
    texts = [("丽景园小区垃圾没人清", "垃圾堆了三天。"), ("丽景园小区路灯不亮没人修", "路灯坏了三天。")]
    same = [at(HERE, HOME, "0101")] * 2
    other = [at(HERE, HOME, "0101"), at(HERE, HOME, "0401")]
    rarity, entries = Rarity(), [features(*text) for text in texts]
    words = cosine(*(rarity.vector(entry.words) for entry in entries))

    def chance(wheres):
        both = [features(*text, where) for text, where in zip(texts, wheres, strict=True)]
        return alike_chance(*both, words, 0.0)

    assert chance(other) < chance([NOWHERE] * 2) <= chance(same)
    assert chance([at(HERE, HOME, "0101"), at(HERE, HOME, "0102")]) > chance(other)


def test_blocks_judge_ground_as_single_pairs_do():
    chance_of = random.Random(5)
    areas, points, kinds = (
        ["", HERE, HERE[:-1] + "2", THERE, HERE[:12]],
        [None, HOME, NEXT, FAR],
        ["", "0101", "0102", "0401"],
    )
    places = ["", "竹塘新村2栋", "云山名邸", "云山名邸后门"]
    entries = [
        features(
            *TEXT,
            at(chance_of.choice(areas), chance_of.choice(points), chance_of.choice(kinds)),
            chance_of.choice(places),
        )
        for _ in range(40)
    ]
    rarity = Rarity()
    for entry in entries:
        rarity.learn(entry.words)
    vectors = [rarity.vector(entry.words) for entry in entries]
    found = {(i, j): value for i, j, value in likely_pairs(entries, [1.0] * 40, rarity, lambda _steps: None)}
    for i in range(40):
        for j in range(i + 1, 40):
            alone = alike_chance(entries[i], entries[j], cosine(vectors[i], vectors[j]), 0.0)
            assert found.get((i, j), 0.0) == pytest.approx(
                alone if alone > 0.03 else 0.0, abs=0.031 if alone < 0.04 else 1e-4
            )
    assert not Grounds([NOWHERE]).known


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("竹塘新村一巷2号", "竹塘新村"),
        ("云山名邸14栋1单元", "云山名邸"),
        ("兰涌地铁站B出口", "兰涌地铁站"),
        ("望庭幼儿园东门外", "望庭幼儿园"),
        ("澄江市澄湖区霞华路72号门口", "霞华路"),
        ("供电大院儿童乐园旁", "供电大院"),
    ],
)
def test_the_place_of_what_was_filled_in(given, place):
    names = [name.text for name in names_given(given)]
    assert names[0].endswith(place)


def test_a_corner_is_no_place():
    assert names_given("楼下") == () and names_given("") == () and place_in("") == ""


def test_given_places_keep_stock_phrases_apart():
    texts = [("租客信息未申报", "楼上新搬来几个人，没见登记。")] * 3
    given = [
        Message(str(n), *texts[n], _FIRST, place=place, where=at(HERE, point))
        for n, (place, point) in enumerate([("竹塘新村2号", HOME), ("竹塘新村", HOME), ("云山名邸14栋", NEXT)])
    ]
    assert sorted(len(group) for group in grouped(given)) == [1, 2]
