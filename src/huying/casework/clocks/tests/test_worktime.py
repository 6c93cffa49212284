"""Working time against a slow oracle over ten years of published calendars, and the properties it must never lose."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from huying.casework.catalogue.limits import Limit
from huying.casework.clocks import rules
from huying.casework.clocks.tests.oracle import SlowCalendar
from huying.casework.clocks.worktime import DEFAULT_SPANS, SHANGHAI

TEN_YEARS = (datetime(2016, 12, 20), datetime(2026, 12, 20))
PLAIN = rules.WorkCalendar()

moments = st.datetimes(*TEN_YEARS).map(lambda at: at.replace(second=0, microsecond=0))
exact_moments = st.datetimes(*TEN_YEARS).map(lambda at: at.replace(tzinfo=SHANGHAI))
days_off_and_on = st.dictionaries(st.dates(date(2016, 12, 1), date(2027, 2, 1)), st.booleans(), max_size=12)
span_choices = st.sampled_from([DEFAULT_SPANS, ((0, 1440),), ((540, 1020),), ((480, 690), (810, 1050), (1140, 1260))])
versions = st.lists(st.tuples(st.dates(date(2017, 1, 1), date(2026, 12, 1)), span_choices), max_size=2)
kinds = st.sampled_from(["24x7", "working_hours", "working_days", "calendar_days"])


def limit(kind: str, amount: int) -> Limit:
    return Limit(kind, amount, "")  # type: ignore[arg-type]


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]


def both(overrides: dict[date, bool], hours: list[tuple[date, rules.Hours]]) -> tuple[rules.WorkCalendar, SlowCalendar]:
    known = dict(hours)
    ordered = sorted(known.items())
    fast = rules.WorkCalendar(overrides, [rules.Hours(since, spans) for since, spans in ordered])
    return fast, SlowCalendar(overrides, [(date(2000, 1, 1), DEFAULT_SPANS), *ordered])


@settings(max_examples=60)
@given(moments, st.integers(0, 12), days_off_and_on, versions)
@example(datetime(2024, 2, 9, 17, 0), 3, {}, [])  # the eve of the Spring Festival of 2024
@example(datetime(2023, 9, 28, 20, 0), 1, {}, [])  # 中秋国庆 2023, then a working Saturday
def test_working_days_agree_with_the_oracle(start, amount, overrides, hours) -> None:
    fast, slow = both(overrides, hours)
    got = rules.due(start.replace(tzinfo=SHANGHAI), limit("working_days", amount), fast)
    assert got == slow.add_days(start, amount).replace(tzinfo=SHANGHAI)


@settings(max_examples=60)
@given(moments, st.integers(1, 40), days_off_and_on, versions)
def test_working_hours_agree_with_the_oracle(start, amount, overrides, hours) -> None:
    fast, slow = both(overrides, hours)
    got = rules.due(start.replace(tzinfo=SHANGHAI), limit("working_hours", amount), fast)
    assert got == slow.add_minutes(start, amount * 60).replace(tzinfo=SHANGHAI)


@settings(max_examples=40)
@given(moments, st.integers(0, 20 * 1440), days_off_and_on, versions)
def test_work_between_agrees_with_the_oracle(start, minutes, overrides, hours) -> None:
    fast, slow = both(overrides, hours)
    end = start + timedelta(minutes=minutes)
    got = fast.work_between(start.replace(tzinfo=SHANGHAI), end.replace(tzinfo=SHANGHAI))
    assert got == timedelta(minutes=slow.minutes_between(start, end))


@given(exact_moments, st.timedeltas(timedelta(0), timedelta(days=30)), kinds, st.integers(0, 60))
def test_a_later_start_is_never_due_earlier(start, later, kind, amount) -> None:
    assert rules.due(start, limit(kind, amount), PLAIN) <= rules.due(start + later, limit(kind, amount), PLAIN)


@given(exact_moments, kinds, st.integers(0, 60), st.integers(0, 60))
def test_a_longer_limit_is_never_due_earlier(start, kind, amount, more) -> None:
    assert rules.due(start, limit(kind, amount), PLAIN) <= rules.due(start, limit(kind, amount + more), PLAIN)


@given(exact_moments, kinds, st.integers(1, 60), st.lists(st.timedeltas(timedelta(0), timedelta(days=60)), min_size=2))
def test_the_share_only_grows_and_is_whole_when_due(start, kind, amount, steps) -> None:
    measure = limit(kind, amount)
    due_at = rules.due(start, measure, PLAIN)
    shares = [rules.share(start, due_at, start + step, measure, PLAIN) for step in sorted(steps)]
    assert shares == sorted(shares)
    assert rules.share(start, due_at, start, measure, PLAIN) == 0.0
    assert rules.share(start, due_at, due_at, measure, PLAIN) == 1.0


@given(exact_moments, st.timedeltas(timedelta(seconds=1), timedelta(days=90)))
def test_adding_work_is_the_inverse_of_measuring_it(start, span) -> None:
    end = PLAIN.add_work(start, span)
    assert PLAIN.work_between(start, end) == span
    assert PLAIN.work_between(start, end - timedelta(microseconds=1)) < span


@given(exact_moments, kinds, st.integers(1, 30), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_a_pause_moves_the_due_time_by_the_paused_time_of_the_limit(start, kind, amount, pause) -> None:
    measure = limit(kind, amount)
    due_at = rules.due(start, measure, PLAIN)
    paused = rules.elapsed(start, start + pause, measure, PLAIN)
    later = rules.moved(due_at, paused, measure, PLAIN)
    assert rules.elapsed(due_at, later, measure, PLAIN) == paused
    assert rules.elapsed(start, later, measure, PLAIN) - paused == rules.elapsed(start, due_at, measure, PLAIN)


def test_known_days() -> None:
    """Friday evening, a working Sunday before the Spring Festival, the holiday itself."""
    one_day, five = limit("working_days", 1), limit("working_days", 5)
    assert rules.due(at(2024, 3, 15, 20, 0), one_day, PLAIN) == at(2024, 3, 19, 8, 30)
    assert PLAIN.is_working_day(date(2024, 2, 4)) and not PLAIN.is_working_day(date(2024, 2, 12))
    assert rules.due(at(2024, 2, 8, 10, 0), five, PLAIN) == at(2024, 2, 21, 10, 0)
    assert rules.due(at(2024, 3, 15, 17, 0), limit("working_hours", 4), PLAIN) == at(2024, 3, 18, 11, 30)
    assert rules.due(at(2024, 3, 15, 12, 0), one_day, PLAIN) == at(2024, 3, 18, 14, 0)


def test_kinds_that_ignore_the_calendar() -> None:
    start = at(2024, 2, 10, 3, 7)
    assert rules.due(start, limit("24x7", 30), PLAIN) == start + timedelta(minutes=30)
    assert rules.due(start, limit("calendar_days", 7), PLAIN) == start + timedelta(days=7)
    assert rules.due(start, limit("calendar_days", 0), PLAIN) == at(2024, 2, 11, 0, 0)
    assert rules.due(start, limit("open", 0), PLAIN) is None
    with pytest.raises(ValueError, match="unknown kind"):
        rules.due(start, limit("lunar", 1), PLAIN)


def test_years_without_a_published_calendar_are_monday_to_friday_and_say_so() -> None:
    last = rules.national_years()[1]
    before, after = at(last, 6, 1, 9, 0), at(last + 1, 6, 1, 9, 0)
    assert not PLAIN.assumed(before, at(last, 12, 31, 18, 0))
    assert PLAIN.assumed(before, after)
    assert PLAIN.is_working_day(date(last + 2, 1, 1)) == (date(last + 2, 1, 1).weekday() < 5)


def test_outside_the_table_is_an_error_that_names_the_years() -> None:
    with pytest.raises(rules.OutsideCalendar, match="2000"):
        rules.due(at(1999, 12, 31, 12, 0), limit("working_days", 1), PLAIN)
    with pytest.raises(rules.OutsideCalendar, match="2079"):
        rules.due(at(2079, 12, 1, 12, 0), limit("working_days", 400), PLAIN)


def test_bad_hours_are_refused() -> None:
    for spans in [(), ((600, 500),), ((500, 700), (700, 800)), ((0, 1441),)]:
        with pytest.raises(ValueError, match="spans"):
            rules.Hours(date(2024, 1, 1), spans)


def test_the_nearest_area_has_the_last_word() -> None:
    day = date(2024, 9, 10)
    book = rules.CalendarBook(
        [rules.DayRow(day, False), rules.DayRow(day, True, "4419"), rules.DayRow(day, False, "441900")],
        [rules.HoursRow("4419", rules.Hours(date(2024, 1, 1), ((540, 1020),)))],
    )
    assert not book.calendar("330000").is_working_day(day)
    assert book.calendar("441901001").is_working_day(day)
    assert not book.calendar("441900123456").is_working_day(day)
    assert book.calendar("441901").spans(day) == ((540, 1020),)
    assert book.calendar("441901").spans(date(2023, 9, 12)) == DEFAULT_SPANS
    assert book.calendar("441901") is book.calendar("441902")
    assert book.with_days([rules.DayRow(day, True)]).calendar("33").is_working_day(day)
    assert book.without([(day, "")]).calendar("33").is_working_day(day)


def test_fifty_thousand_due_times_a_second() -> None:
    """The figure is for one modern core; the test leaves a factor of four for a busy machine."""
    starts = [at(2024, 1, 1, 0, 0) + timedelta(minutes=37 * n) for n in range(10_000)]
    five = limit("working_days", 5)
    began = time.process_time()
    for start in starts:
        rules.due(start, five, PLAIN)
    assert len(starts) / (time.process_time() - began) > 12_500
