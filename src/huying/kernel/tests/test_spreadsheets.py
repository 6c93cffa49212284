"""What goes into tables is text, whatever somebody typed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from huying.kernel.spreadsheets import harmless


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@SUM(A1)", "\tx", "\x01=cmd", "\x00@a"])
def test_no_formula_starts(text: str) -> None:
    assert harmless(text).startswith("'")


def test_ordinary_words_stay() -> None:
    assert harmless("柳岸路口 12 号\n第二行") == "柳岸路口 12 号\n第二行"


@given(st.text())
def test_every_text_can_be_written(text: str) -> None:
    plain = harmless(text)
    assert ILLEGAL_CHARACTERS_RE.search(plain) is None
    csv.writer(io.StringIO()).writerow([plain])
    assert harmless(plain) == plain
