"""One way of writing, words cut once, and texts that come already cut."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.casework.understanding.learning.cutting import LONGEST, is_cut, normalise, words


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ａ３区\t大道  施工", "区 大道 施工"),
        ("A市B7县路灯不亮", "市县路灯不亮"),
        ("家住Ａ座，ＷＩＦＩ断了", "家住a座,wifi断了"),
        ("\n\t\t 楼上漏水\u3000\u3000一周 \r\n", "楼上漏水 一周"),
        ("", ""),
    ],
)
def test_normalise(text, plain):
    assert normalise(text) == plain


@given(st.text())
def test_normalise_is_settled_and_bounded_for_any_text(text):
    plain = normalise(text)
    assert "\n" not in plain
    assert "  " not in plain
    assert plain == plain.strip()


def test_only_the_beginning_of_a_very_long_text_is_read():
    assert len(normalise("路灯" * LONGEST)) == LONGEST


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("小区 门口 道路 破损 积水 严重", True),
        ("小区门口道路破损积水严重", False),
        ("路灯不亮 小区门口的路灯坏了三天，晚上很黑，老人不敢出门，请派人来看看", False),
        ("灯", False),
        ("", False),
        ("street lamp is broken", False),
    ],
)
def test_whether_words_are_already_parted(text, cut):
    assert is_cut(text) is cut


def test_words_of_a_cut_text_are_taken_as_they_are():
    assert words("占 道 施工 没有 人 管理，A3 区 路灯杆") == ["占", "道", "施工", "人", "管理", "区", "路灯杆"]


def test_words_of_a_raw_text_leave_out_what_says_nothing():
    found = words("您好，我们小区的路灯坏了！")
    assert "路灯" in found
    assert "小区" in found
    assert not {"您好", "我们", "的", "，", "！"} & set(found)


def test_threads_may_cut_at_once():
    with ThreadPoolExecutor(4) as pool:
        assert len(set(map(tuple, pool.map(words, ["楼道堆放杂物影响通行"] * 8)))) == 1
