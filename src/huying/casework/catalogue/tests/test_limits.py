"""Every time limit of the shipped catalogue, read and written again."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.casework.catalogue.limits import (
    LimitError,
    binding_limit,
    describe_stages,
    format_stages,
    outer_limit,
    parse_limit,
    stages_as_json,
    stages_from_json,
)
from huying.casework.catalogue.tests.expected_limits import EXPECTED
from huying.casework.catalogue.trades import SEED


def _written() -> set[str]:
    with (SEED / "items.csv").open(encoding="utf-8-sig", newline="") as file:
        return {line[name] for line in csv.DictReader(file) for name in ("respond", "close")}


def _short(text: str) -> list[tuple[str, str, str, int]]:
    return [(one.name, one.role, one.limit.kind, one.limit.amount) for one in parse_limit(text)]


@pytest.mark.parametrize("text", sorted(EXPECTED))
def test_a_limit_of_the_catalogue_means_exactly_this(text: str) -> None:
    assert _short(text) == EXPECTED[text]


def test_no_limit_of_the_catalogue_is_left_out_of_the_table() -> None:
    assert _written() == set(EXPECTED)


@pytest.mark.parametrize("text", sorted(EXPECTED))
def test_what_is_written_is_read_back_the_same(text: str) -> None:
    stages = parse_limit(text)
    assert parse_limit(format_stages(stages)) == stages
    assert stages_from_json(stages_as_json(stages)) == stages


@pytest.mark.parametrize("text", sorted(EXPECTED))
def test_every_limit_can_be_said_in_both_languages(text: str) -> None:
    words = describe_stages(parse_limit(text))
    assert words.zh
    assert words.en
    assert not any("㐀" <= char <= "鿿" for char in words.en)


@pytest.mark.parametrize(
    "text", ["", "soon", "4", "4 w", "h4x", "-3d", "3wd/", "until doomsday", "99999d", "4wh (max)"]
)
def test_what_is_not_a_limit_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(LimitError) as refused:
        parse_limit(text)
    assert refused.value.words.zh
    assert refused.value.words.en


@given(st.integers(0, 9999), st.sampled_from(["m", "h", "wh", "d", "wd"]))
def test_any_amount_on_any_clock_survives_writing(amount: int, unit: str) -> None:
    stages = parse_limit(f"{amount}{unit}")
    assert parse_limit(format_stages(stages)) == stages
    assert binding_limit(stages).amount == amount * (60 if unit == "h" else 1)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_but_never_breaks(text: str) -> None:
    try:
        stages = parse_limit(text)
    except LimitError:
        return
    assert stages


def test_the_last_step_binds_and_the_outer_limit_stands_apart() -> None:
    stages = parse_limit("4wh stop-work; 7wd penalty; 20wd removal")
    assert [one.name for one in stages] == ["stop_work", "penalty", "removal"]
    assert (binding_limit(stages).kind, binding_limit(stages).amount) == ("working_days", 20)
    assert outer_limit(stages) is None
