"""The classifier: right often enough on phrases it has not seen, honest about how sure it is, silent without words."""

from __future__ import annotations

import csv
import random

import numpy as np
import pytest

from huying.casework.catalogue import classifier, phrases
from huying.casework.catalogue.factories import SINCE, publish_seed
from huying.casework.catalogue.learning import Model, fit
from huying.casework.catalogue.queries import current
from huying.casework.catalogue.trades import SEED

VAGUE = (
    "你好",
    "在吗",
    "请尽快处理",
    "反映一个问题",
    "没人管",
    "什么时候能解决",
    "希望有关部门重视",
    "谢谢",
    "我要投诉",
    "x",
)
FLOOR_FIRST, FLOOR_THREE, MOST_OFF = 0.58, 0.78, 0.08


def names() -> dict[str, tuple[str, str]]:
    with (SEED / "items.csv").open(encoding="utf-8-sig", newline="") as file:
        return {line["code"]: (line["name"], line["name_en"]) for line in csv.DictReader(file)}


@pytest.fixture(scope="module")
def held_out() -> tuple[Model, list[tuple[str, str]]]:
    """A model that has not seen every third phrase, and those phrases with their item."""
    known = names()
    lines = [(line, code) for code, said in phrases.shipped().items() for line in said if code in known]
    random.Random(7).shuffle(lines)
    seen: dict[str, list[str]] = {}
    for number, (line, code) in enumerate(lines):
        if number % 3:
            seen.setdefault(code, []).append(line)
    model = fit(tuple((code, (*both, *seen.get(code, ()))) for code, both in known.items()))
    return model, lines[::3]


def test_every_item_has_phrases_and_no_phrase_belongs_to_nobody() -> None:
    said = phrases.shipped()
    assert set(said) == set(names())
    assert min(len(lines) for lines in said.values()) >= 8


def test_unseen_phrases_are_recognised_often_enough(held_out: tuple[Model, list[tuple[str, str]]]) -> None:
    model, lines = held_out
    found = [[code for code, *_ in one] for one in model.propose([line for line, _ in lines], 3)]
    first = np.mean([one[:1] == [code] for one, (_, code) in zip(found, lines, strict=True)])
    three = np.mean([code in one for one, (_, code) in zip(found, lines, strict=True)])
    assert first >= FLOOR_FIRST
    assert three >= FLOOR_THREE


def test_confidence_means_what_it_says(held_out: tuple[Model, list[tuple[str, str]]]) -> None:
    model, lines = held_out
    found = model.propose([line for line, _ in lines], 1)
    sure = np.array([one[0][1] if one else 0.0 for one in found])
    right = np.array([bool(one) and one[0][0] == code for one, (_, code) in zip(found, lines, strict=True)])
    off = 0.0
    for low in np.arange(0, 1, 0.1):
        inside = (sure >= low) & (sure < low + 0.1)
        if inside.any():
            off += inside.mean() * abs(right[inside].mean() - sure[inside].mean())
    assert off <= MOST_OFF
    assert right[sure >= 0.8].mean() >= 0.8


def test_texts_that_say_little_are_never_sure() -> None:
    said = phrases.shipped()
    model = fit(tuple((code, (*both, *said.get(code, ()))) for code, both in names().items()))
    assert max(one[0][1] for one in model.propose(VAGUE, 1) if one) < 0.5
    assert model.propose(["", "。。。", "12345", "zzzz"], 3) == [[], [], [], []]


def test_proposals_fall_and_reasons_stand_in_the_text(held_out: tuple[Model, list[tuple[str, str]]]) -> None:
    model, lines = held_out
    texts = [line for line, _ in lines[:300]]
    for text, found in zip(texts, model.propose(texts, 3), strict=True):
        sure = [one[1] for one in found]
        assert sure == sorted(sure, reverse=True)
        assert all(0 <= one <= 1 for one in sure)
        assert sum(sure) <= 1.0001
        assert all(word in text.lower() for _, _, words in found for word in words if word.isascii() or word in text)
        assert all(len(words) <= 3 for _, _, words in found)


def test_one_text_alone_or_among_thousands_gets_the_same_answer(held_out: tuple[Model, list[tuple[str, str]]]) -> None:
    model, lines = held_out
    texts = [line for line, _ in lines]
    many = model.propose(texts * 3, 3)
    for number in (0, 5, len(texts) + 5, 2 * len(texts) + 1):
        (alone,) = model.propose([texts[number % len(texts)]], 3)
        assert [one[0] for one in many[number]] == [one[0] for one in alone]
        assert many[number][0][1] == pytest.approx(alone[0][1], abs=1e-3)


def test_names_alone_are_enough_to_begin_with() -> None:
    model = fit(tuple((code, both) for code, both in names().items()))
    found = model.propose([zh for zh, _ in names().values()], 1)
    assert np.mean([one[0][0] == code for one, code in zip(found, names(), strict=True)]) > 0.98
    assert fit(()).propose(["垃圾"], 3) == [[]]
    assert fit((("0101", ("暴露垃圾",)),)).propose(["垃圾"], 3)[0][0][0] == "0101"


@pytest.mark.django_db
def test_proposals_are_of_the_catalogue_in_force(django_assert_num_queries) -> None:
    publish_seed()
    catalogue = current(SINCE)
    with django_assert_num_queries(0):
        (found,) = classifier.propose(["楼道里堆满了杂物没人清"], catalogue=catalogue)
    assert found[0].item_code == "0514"
    assert found[0].confidence > 0.6
    assert "楼道" in found[0].reasons
    assert all(one.item_code in catalogue for one in found)
    assert classifier.propose([]) == []
    with django_assert_num_queries(1):
        classifier.propose(["井盖不见了", "路灯不亮"])
