"""More time: never more than the limit itself, in its own time; and a clock that waits goes on waiting."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Assignment, Case
from huying.casework.catalogue.limits import Limit
from huying.casework.clocks import actions, factories
from huying.casework.clocks.actions.correcting import _corrected
from huying.casework.clocks.actions.running import extended, paused, resumed
from huying.casework.clocks.almanac import Almanac
from huying.casework.clocks.extensions import too_long
from huying.casework.clocks.history import Step
from huying.casework.clocks.models import Clock
from huying.casework.clocks.rules import CalendarBook, WorkCalendar, after, due, elapsed
from huying.casework.clocks.store import Move
from huying.casework.clocks.tests.oracle import SlowCalendar
from huying.casework.clocks.worktime import DEFAULT_SPANS, SHANGHAI, DayRow
from huying.kernel.errors import Refused

MONDAY = factories.MONDAY
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def who(db: None) -> factories.Cast:
    return factories.cast()


def signed(who: factories.Cast, **limits: str) -> Case:
    if limits:
        who.item = factories.item("0301", **limits)
    case = factories.open_case(who)
    cases.sign_case(case.pk, actor=who.actor("handler"), now=MONDAY)
    case.refresh_from_db()
    return case


def close(case: Case) -> Clock:
    return Clock.objects.get(case=case, kind="close", stopped_at__isnull=True)


def extend(who: factories.Cast, case: Case, until: datetime) -> None:
    cases.ask_extension(case.pk, reason="等料", until=until, actor=who.actor("handler"), now=MONDAY + HOUR)
    cases.grant_extension(case.pk, told="已延期", actor=who.actor("dispatcher"), now=MONDAY + HOUR)
    case.refresh_from_db()


def refused(who: factories.Cast, case: Case, until: datetime) -> None:
    version = case.version
    with pytest.raises(Refused) as caught:
        extend(who, case, until)
    assert caught.value.code == "extension_too_long"
    case.refresh_from_db()
    assert case.version == version and not case.extension_requests.filter(state="asked").exists()


LIMITS = {
    # limit: a first extension, the latest second one, both from the due time before
    "4wh": (datetime(2026, 3, 2, 9, 30, tzinfo=UTC), datetime(2026, 3, 3, 2, 0, tzinfo=UTC)),  # 15:30 → 17:30 → 10:00
    "5wd": (datetime(2026, 3, 11, 1, 30, tzinfo=UTC), datetime(2026, 3, 16, 1, 30, tzinfo=UTC)),
    "6h": (MONDAY + 9 * HOUR, MONDAY + 12 * HOUR),
    "7d": (MONDAY + 10 * DAY, MONDAY + 14 * DAY),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_two_extensions_together_are_never_longer_than_the_limit(who, limit: str) -> None:
    """In the clock's own time: nights, weekends and lunch breaks do not count for limits that do not run in them."""
    first, second = LIMITS[limit]
    case = signed(who, respond="1wh", close=limit)
    assert who.item.max_extensions == 2
    extend(who, case, first)
    assert case.due_at == first
    refused(who, case, second + timedelta(minutes=1))
    extend(who, case, second)
    assert case.due_at == second == Assignment.objects.get(case=case).due_at
    assert case.extensions == 2


@pytest.mark.parametrize("limit", LIMITS)
def test_one_extension_may_not_be_longer_than_the_limit_either(who, limit: str) -> None:
    case = signed(who, respond="1wh", close=limit)
    refused(who, case, LIMITS[limit][1] + timedelta(minutes=1))
    extend(who, case, LIMITS[limit][1])


def test_a_failed_check_gives_no_extensions_back(who) -> None:
    """The clock goes on as a new one that carries a copy of the record: it is counted once."""
    case = signed(who, respond="1wh", close="6h")
    extend(who, case, MONDAY + 9 * HOUR)
    now = MONDAY + 2 * HOUR
    before = close(case)
    actions.stop_clocks([case.pk], at=now, why="feedback", kinds=("close",))
    actions.continue_clocks([Clock.objects.get(pk=before.pk)], at=now, by="person:1", why="check_failed")
    refused(who, case, MONDAY + 12 * HOUR + timedelta(minutes=1))
    extend(who, case, MONDAY + 12 * HOUR)


def test_an_extension_while_waiting_leaves_the_clock_waiting(who) -> None:
    case = signed(who)
    due_at, asked = close(case).due_at, MONDAY + HOUR
    ends = cases.wait_for_reporter(case.pk, reason="要照片", actor=who.actor("handler"), now=asked)
    until = due_at + 2 * DAY
    extend(who, case, until)
    clock = close(case)
    assert (clock.due_at, clock.paused_at, clock.paused_why, clock.resume_by) == (until, asked, "waiting", ends)
    assert clock.next_light_at is None
    cases.end_wait(case.pk, actor=who.actor("handler"), now=MONDAY + 2 * HOUR)
    assert close(case).due_at == until + HOUR
    day_off = actions.CorrectedDay(day=date(2026, 3, 18), working=False, area=factories.COUNTY, source="x")
    actions.correct_calendar([day_off], actor=who.actor("centre_lead"), now=MONDAY + 2 * HOUR)
    assert close(case).due_at == until + HOUR


# --- any interleaving ------------------------------------------------------------------------------------------

START = datetime(2026, 3, 2, 9, 30)
MINUTES = st.integers(1, 4 * 1440)
DEEDS = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "extend", "correct"]), MINUTES, st.integers(1, 12)), max_size=9
)


@settings(max_examples=60)
@given(st.sampled_from(["working_days", "working_hours", "24x7"]), st.integers(1, 10), DEEDS)
def test_any_interleaving_equals_the_oracle(kind: str, amount: int, deeds: list[tuple[str, int, int]]) -> None:
    limit = Limit(kind, amount * 60 if kind == "24x7" else amount, "")  # type: ignore[arg-type]
    days: dict[date, bool] = {}
    book = book_of(days)
    begun = START.replace(tzinfo=SHANGHAI)
    clock = Clock(
        limit=limit.as_json(), kind="close", main=True, started_at=begun, due_at=due(begun, limit, plain(book))
    )
    now, steps = begun, []
    for deed, wait, number in deeds:
        now += timedelta(minutes=wait)
        if deed == "correct":
            days[date(2026, 3, 1) + timedelta(days=2 * number)] = number % 2 == 0
            book = book_of(days)
            stand(clock, _corrected(clock, steps, now, book))
        elif deed == "pause" and clock.paused_at is None:
            stand(clock, paused(clock, now, "waiting", now + DAY))
            steps.append(Step("pause", now))
        elif deed == "resume" and clock.paused_at is not None:
            stand(clock, resumed(clock, now, book))
            steps.append(Step("resume", now))
        elif deed == "extend" and clock.due_at is not None:
            until = clock.due_at + timedelta(hours=number)
            held = (clock.paused_at, clock.paused_why, clock.resume_by)
            stand(clock, extended(clock, until, now, book))
            assert (clock.paused_at, clock.paused_why, clock.resume_by) == held
            steps.append(Step("extension", now, until))
        assert clock.paused_at is None or clock.next_light_at is None
    assert clock.due_at == slowly(limit, steps, SlowCalendar(days, [(date(2000, 1, 1), DEFAULT_SPANS)]))


def book_of(days: dict[date, bool]) -> Almanac:
    return Almanac(book=CalendarBook([DayRow(day, working) for day, working in days.items()]))


def plain(book: Almanac) -> WorkCalendar:
    return book.calendar("")


def stand(clock: Clock, move: Move) -> None:
    """What ``write_moves`` does to the row."""
    for name in ("due_at", "paused_us", "light", "next_light_at", "paused_at", "paused_why", "resume_by"):
        setattr(clock, name, getattr(move, name))


def slowly(limit: Limit, steps: list[Step], calendar: SlowCalendar) -> datetime:
    """The due time minute by minute, from the record alone."""
    if limit.kind == "working_days":
        at = calendar.add_days(START, limit.amount)
    elif limit.kind == "working_hours":
        at = calendar.add_minutes(START, limit.amount * 60)
    else:
        at = START + timedelta(minutes=limit.amount)
    since: datetime | None = None
    for step in steps:
        moment = step.at.replace(tzinfo=None)
        if step.kind == "pause":
            since = moment
        elif step.kind == "extension" and step.until is not None:
            at = step.until.replace(tzinfo=None)
        elif since is not None:
            at, since = _later(at, since, moment, limit, calendar), None
    return at.replace(tzinfo=SHANGHAI)


def _later(at: datetime, since: datetime, until: datetime, limit: Limit, calendar: SlowCalendar) -> datetime:
    if limit.kind == "24x7":
        return at + (until - since)
    minutes = calendar.minutes_between(since, until)
    later = calendar.add_minutes(at, minutes)
    return calendar.opening(later) if minutes and limit.kind == "working_days" else later


SPANS = st.lists(st.timedeltas(timedelta(minutes=1), timedelta(days=3)), min_size=1, max_size=4)


@given(st.sampled_from(["working_days", "working_hours", "24x7", "calendar_days"]), st.integers(1, 9), SPANS)
def test_what_is_granted_never_adds_up_to_more_than_the_limit(kind: str, amount: int, spans: list[Any]) -> None:
    calendar, limit = WorkCalendar(), Limit(kind, amount, "")  # type: ignore[arg-type]
    start = START.replace(tzinfo=SHANGHAI)
    first = now_due = due(start, limit, calendar)
    assert first is not None and now_due is not None
    granted: list[tuple[datetime, datetime]] = []
    for span in spans:
        asked = (now_due, now_due + span)
        if not too_long(start, first, granted, asked, limit, calendar):
            granted.append(asked)
            now_due = asked[1]
    whole = elapsed(start, first, limit, calendar)
    assert sum((elapsed(*one, limit, calendar) for one in granted), timedelta(0)) <= whole
    assert elapsed(start, now_due, limit, calendar) <= 2 * whole
    fullest = after(first, whole, limit, calendar)
    assert not too_long(start, first, (), (first, fullest), limit, calendar)
    assert too_long(start, first, (), (first, fullest + timedelta(days=4)), limit, calendar)
