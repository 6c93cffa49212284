"""Whole numbers of an address or a form, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.kernel.numbers import KEY_DIGITS, whole_number


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("007", 7), ("１２", 12), ("9" * 18, 10**18 - 1)])
def test_digits_are_a_number(text: str, value: int) -> None:
    assert whole_number(text) == value


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", " 1", "1_0", "²", "九", "9" * 19, "9" * 5000])
def test_anything_else_is_none(text: str) -> None:
    assert whole_number(text) is None


def test_whoever_asks_says_how_many_digits() -> None:
    assert (whole_number("999", 3), whole_number("1000", 3)) == (999, None)


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    found = whole_number(text)
    assert found is None or 0 <= found < 10**KEY_DIGITS
