"""Lights: order, monotony, the thresholds of the domain sheet, pauses."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.casework.catalogue.limits import Limit
from huying.casework.clocks import rules
from huying.casework.clocks.lights import RANK, Thresholds
from huying.casework.clocks.worktime import SHANGHAI

CALENDAR = rules.WorkCalendar()
moments = st.datetimes(datetime(2017, 1, 1), datetime(2026, 12, 1)).map(lambda at: at.replace(tzinfo=SHANGHAI))
kinds = st.sampled_from(["24x7", "working_hours", "working_days", "calendar_days"])
thresholds = st.builds(
    Thresholds,
    blue_percent=st.integers(1, 50),
    yellow_percent=st.integers(50, 100),
    yellow_days_left=st.integers(0, 3),
    black_percent=st.integers(1, 200),
    black_days_over=st.integers(1, 10),
)


def limit(kind: str, amount: int) -> Limit:
    return Limit(kind, amount, "")  # type: ignore[arg-type]


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]


def turning(start: datetime, measure: Limit, marks: Thresholds = rules.DEFAULT_THRESHOLDS) -> rules.Turns:
    found = rules.turns(start, rules.due(start, measure, CALENDAR), measure, CALENDAR, marks)
    assert found is not None
    return found


@given(moments, kinds, st.integers(1, 60), thresholds)
def test_lights_turn_in_order(start, kind, amount, marks) -> None:
    found = turning(start, limit(kind, amount), marks)
    assert start <= found.blue <= found.yellow <= found.red <= found.black


@given(moments, kinds, st.integers(1, 40), st.integers(0, 20), thresholds)
def test_a_longer_limit_never_turns_earlier(start, kind, amount, more, marks) -> None:
    short, long = turning(start, limit(kind, amount), marks), turning(start, limit(kind, amount + more), marks)
    assert all(a <= b for (_, a), (_, b) in zip(short.pairs(), long.pairs(), strict=True))


@given(moments, kinds, st.integers(1, 40), st.lists(st.timedeltas(timedelta(0), timedelta(days=90)), min_size=2))
def test_a_light_never_turns_back_while_time_passes(start, kind, amount, steps) -> None:
    found = turning(start, limit(kind, amount))
    ranks = [RANK[rules.light(start + step, found)] for step in sorted(steps)]
    assert ranks == sorted(ranks)


@given(moments, kinds, st.integers(1, 40), st.timedeltas(timedelta(0), timedelta(days=90)))
def test_following_the_next_turn_visits_every_light(start, kind, amount, _step) -> None:
    found = turning(start, limit(kind, amount))
    now: datetime | None = start
    seen: list[str] = []
    while (now := rules.next_turn(now, found)) is not None:
        seen.append(rules.light(now, found))
        assert rules.light(now - timedelta(microseconds=1), found) != seen[-1]
    assert seen[-1] == "black" and "red" in seen
    assert rules.passed("none", found.black, found) == found.pairs()


@given(moments, kinds, st.integers(2, 20), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_a_pause_puts_off_every_light_still_to_come(start, kind, amount, pause) -> None:
    measure = limit(kind, amount)
    due_at = rules.due(start, measure, CALENDAR)
    paused = rules.elapsed(start, start + pause, measure, CALENDAR)
    later = rules.turns(start, rules.moved(due_at, paused, measure, CALENDAR), measure, CALENDAR, paused=paused)
    plain = rules.turns(start, due_at, measure, CALENDAR)
    assert later is not None and plain is not None
    assert rules.elapsed(plain.blue, later.blue, measure, CALENDAR) == paused
    assert later.yellow >= plain.yellow and later.black >= plain.black


@given(moments, kinds, st.integers(1, 40), thresholds)
def test_the_first_turn_is_the_blue_one(start, kind, amount, marks) -> None:
    measure = limit(kind, amount)
    due_at = rules.due(start, measure, CALENDAR)
    assert rules.first_turn(start, due_at, measure, CALENDAR, marks) == turning(start, measure, marks).blue


def test_five_working_days_by_the_sheet() -> None:
    """Blue at half, yellow with one working day left, red when due, black three working days later."""
    found = turning(at(2024, 3, 11, 10, 0), limit("working_days", 5))
    assert found.blue == at(2024, 3, 13, 15, 45)  # two and a half working days of 7 h 30 min
    assert found.yellow == at(2024, 3, 15, 10, 0)
    assert found.red == at(2024, 3, 18, 10, 0)
    assert found.black == at(2024, 3, 21, 10, 0)


def test_thirty_minutes_by_the_sheet() -> None:
    found = turning(at(2024, 3, 9, 23, 50), limit("24x7", 30))
    assert found.blue == at(2024, 3, 10, 0, 5)
    assert found.yellow == at(2024, 3, 10, 0, 14)
    assert found.red == at(2024, 3, 10, 0, 20)
    assert found.black == at(2024, 3, 10, 0, 50)


def test_thirty_days_are_yellow_on_the_eightieth_percent_only_if_that_is_earlier_than_a_day_left() -> None:
    found = turning(at(2024, 3, 1, 9, 0), limit("calendar_days", 30))
    assert found.yellow == at(2024, 3, 25, 9, 0)


def test_an_open_limit_has_no_lights() -> None:
    assert rules.turns(at(2024, 3, 1, 9, 0), None, limit("open", 0), CALENDAR) is None
    assert rules.light(at(2030, 1, 1, 0, 0), None) == "none"
    assert rules.next_turn(at(2030, 1, 1, 0, 0), None) is None
    assert rules.passed("none", at(2030, 1, 1, 0, 0), None) == ()


@pytest.mark.parametrize(
    "marks", [{"blue_percent": 90}, {"yellow_percent": 101}, {"yellow_days_left": -1}, {"black_days_over": 0}]
)
def test_thresholds_out_of_order_are_refused(marks: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        Thresholds(**marks)
