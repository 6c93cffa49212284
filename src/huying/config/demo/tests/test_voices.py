"""Texts of the demo place: distinct, whole, clean, quick and the same for the same seed."""

import re
import time
from collections import Counter
from random import Random

import pytest

from huying.config.demo import make_reports
from huying.config.demo.phrases import SLOTS, hours, items, limits, sections
from huying.config.demo.templates import PhraseError, Template

from .town import END, PLACES

FORBIDDEN = (
    "操你",
    "妈的",
    "傻逼",
    "去死",
    "滚蛋",
    "畜生",
    "狗官",
    "None",
    "nan",
    "身份证号",
)


def test_texts_are_distinct_and_of_readable_length(reports) -> None:
    texts = [report.text for report in reports]
    assert len(texts) == 20_000
    assert len(set(texts)) / len(texts) >= 0.97
    assert all(12 <= len(text) <= 220 for text in texts)
    assert 40 <= sum(map(len, texts)) / len(texts) <= 80
    assert all(2 <= len(report.title) <= 40 for report in reports)


def test_no_slot_is_left_open_and_no_seam_shows(reports) -> None:
    for report in reports:
        words = [report.text, report.title, report.place_text, *(step.text for step in report.fate.steps)]
        for text in words:
            assert not re.search(r"[{}\[\]|]|，。|。。|，，|请请|希望希望", text), text


def test_nobody_real_can_be_reached_or_hurt(reports) -> None:
    number = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|\d{17}[\dXx]")
    for report in reports:
        assert report.phone == "" or re.fullmatch(r"1990000\d{4}", report.phone)
        spoken = [report.text, report.title, report.reporter, *(step.text for step in report.fate.steps)]
        assert not any(number.search(text) for text in spoken)
        assert not any(word in text for text in spoken for word in FORBIDDEN)
        assert not (report.anonymous and report.phone)


def test_items_are_covered_and_classes_believable(reports) -> None:
    codes = Counter(report.item_code for report in reports)
    assert len(items()) == len(limits()) == 320
    assert set(codes) <= set(items())
    assert sum(1 for count in codes.values() if count >= 3) >= 250
    classes = Counter(code[:2] for code in codes.elements())
    assert set(classes) == {f"{number:02d}" for number in range(1, 17)}
    assert all(0.01 < classes[code] / len(reports) < 0.17 for code in classes)
    assert codes.most_common(1)[0][1] / len(reports) < 0.06


def test_every_item_can_speak_in_every_part(reports) -> None:
    for item in items().values():
        assert item.titles and item.facts and item.asks, item.code
        assert all("{place}" in fact.source for fact in item.facts if not fact.source.startswith("[周末")), item.code
        assert item.lean in hours()
        assert item.weights[1] == 0 or item.grid or item.neutral, item.code
    said = sections("handling.txt")
    assert all(said[f"feedback.C{number}"] for number in range(1, 13))
    assert len(said["decline"]) >= 6 and len(said["script"]) >= 6


def test_same_seed_same_reports_other_seed_others() -> None:
    one, again, other = (list(make_reports(Random(seed), PLACES, [], END, count=2_000)) for seed in (7, 7, 8))
    assert one == again
    assert [report.text for report in one] != [report.text for report in other]


def test_voices_of_many_kinds_are_heard(reports) -> None:
    texts = "\n".join(report.text for report in reports)
    for sign in ("辛苦了", "再不管我就", "刚搬来", "接送孩子", "开店", "不留名", "巡查", "来电人", "另外，", "夜班"):
        assert sign in texts, sign
    english = [report for report in reports if re.search(r"[A-Za-z]{4,} [a-z]{2,}", report.text)]
    assert 5 <= len(english) <= 300


def test_quick_enough() -> None:
    list(make_reports(Random(1), PLACES, [], END, count=200))
    begin = time.process_time()
    count = sum(1 for _ in make_reports(Random(2), PLACES, [], END, count=10_000))
    spent = time.process_time() - begin
    assert count == 10_000
    assert count / spent > 2_500  # 5,000/s and more on a free core; half of it is asked where others work too


def test_a_wrong_phrase_is_refused_when_read() -> None:
    for wrong in ("{nobody}", "[a|b", "a]b", "a}b", "{place"):
        with pytest.raises(PhraseError):
            Template(wrong, SLOTS)
