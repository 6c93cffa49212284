from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.insight.hotspots.periods import NoPeriod, between, last_days

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2031, 3, 10)


def test_the_last_days_end_with_today():
    period = last_days(7, TODAY, ZONE)
    assert (period.first, period.last, period.length, period.days) == (date(2031, 3, 4), TODAY, 7, 7)
    assert period.until == datetime(2031, 3, 10, 16, tzinfo=UTC)


def test_an_end_ahead_or_missing_is_today():
    assert between(date(2031, 3, 1), None, TODAY, ZONE) == between(date(2031, 3, 1), date(2032, 1, 1), TODAY, ZONE)
    assert between(TODAY, TODAY, TODAY, ZONE).length == 1


@pytest.mark.parametrize(
    ("first", "last", "field", "code"),
    [
        (None, TODAY, "from", "missing"),
        (date(2031, 3, 11), None, "from", "backwards"),
        (date(2031, 3, 9), date(2031, 3, 8), "from", "backwards"),
        (date(2001, 3, 9), None, "from", "too_long"),
    ],
)
def test_what_is_no_period_is_refused(first, last, field, code):
    with pytest.raises(NoPeriod) as refused:
        between(first, last, TODAY, ZONE)
    assert (refused.value.field, refused.value.code) == (field, code)


@pytest.mark.parametrize("days", [0, -1, 3661])
def test_days_out_of_bounds_are_refused(days):
    with pytest.raises(NoPeriod):
        last_days(days, TODAY, ZONE)


@given(st.integers(1, 3660))
def test_a_time_line_begins_every_part_once_and_holds_every_day(days):
    period = last_days(days, TODAY, ZONE)
    begins = period.begins()
    assert begins == sorted(set(begins)) and begins[0] <= period.first and begins[-1] <= period.last
    assert len(begins) <= 130
    assert {"day": 1, "week": 7, "month": 31}[period.step] >= max(
        ((b - a).days for a, b in pairwise(begins)), default=1
    )
