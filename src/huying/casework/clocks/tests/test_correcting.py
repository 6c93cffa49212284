"""A calendar correction moves exactly the due times that rest on it, says so in each case's trace, and can be cut off."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.casework.cases.models import Assignment, Case
from huying.casework.catalogue.limits import Limit
from huying.casework.clocks import actions, factories, queries, rules
from huying.casework.clocks.actions import CorrectedDay, correcting
from huying.casework.clocks.history import Step, replay
from huying.casework.clocks.lights import Thresholds
from huying.casework.clocks.models import CalendarDay, Clock, ClockChange, Edition
from huying.casework.clocks.worktime import SHANGHAI, DayRow
from huying.kernel.actor import Actor, Duty
from huying.kernel.errors import Forbidden, Invalid, NotFound
from huying.kernel.trace.models import Entry

MONDAY = factories.MONDAY
PLAIN = rules.WorkCalendar()
WEDNESDAY = date(2026, 3, 4)
ADMIN = Actor("staff", "person:1", "管理员", 1, 1, (Duty("admin"),))
LATER = MONDAY + timedelta(hours=5)


@pytest.fixture
def who(db: None) -> factories.Cast:
    return factories.cast()


def day_off(**changes: object) -> CorrectedDay:
    values = {"day": WEDNESDAY, "working": False, "area": factories.COUNTY, "source": "区府办〔2026〕8号", **changes}
    return CorrectedDay(**values)  # type: ignore[arg-type]


def test_a_day_off_moves_due_times_and_says_old_and_new(who) -> None:
    case = factories.open_case(who)
    before = case.due_at
    actions.correct_calendar([day_off()], actor=who.actor("centre_lead"), now=LATER)
    case.refresh_from_db()
    clock = Clock.objects.get(case=case, kind="close")
    assert case.due_at == clock.due_at == before + timedelta(days=1) == Assignment.objects.get(case=case).due_at
    change = ClockChange.objects.get(clock=clock)
    assert (change.kind, change.old_due, change.new_due) == ("correction", before, clock.due_at)
    entry = Entry.objects.get(chain=f"case:{case.pk}", verb="correct_due")
    (moved,) = entry.content["clocks"]
    assert moved["clock"] == "close" and moved["old_due"] != moved["new_due"]
    assert entry.actor_name == "吴主任"
    assert Clock.objects.get(case=case, kind="respond").due_at == MONDAY + timedelta(hours=2)
    assert not ClockChange.objects.filter(clock__kind="respond").exists()


def test_the_preview_says_what_will_happen_and_writes_nothing(who) -> None:
    factories.open_many(who, 3)
    change = [DayRow(WEDNESDAY, False, factories.COUNTY)]
    preview = queries.preview_correction(change)
    assert (preview.moved, preview.later, preview.earlier) == (3, 3, 0)
    assert preview.examples[0][1] == preview.examples[0][0].due_at + timedelta(days=1)
    assert not Edition.objects.exists() and not ClockChange.objects.exists()
    actions.correct_calendar([day_off()], actor=who.actor("centre_lead"), now=LATER)
    assert ClockChange.objects.count() == 3
    assert queries.preview_correction(change).moved == 0
    assert queries.preview_correction([], [(WEDNESDAY, factories.COUNTY)]).earlier == 3


def test_withdrawing_brings_everything_back(who) -> None:
    case = factories.open_case(who)
    before = case.due_at
    lead = who.actor("centre_lead")
    actions.correct_calendar([day_off()], actor=lead, now=LATER)
    actions.correct_calendar([day_off(working=None)], actor=lead, now=LATER + timedelta(hours=1))
    case.refresh_from_db()
    assert case.due_at == before
    assert CalendarDay.objects.filter(withdrawn_at__isnull=True).count() == 0
    assert CalendarDay.objects.count() == 1


def test_another_area_is_left_alone(who) -> None:
    case = factories.open_case(who)
    elsewhere = Actor("staff", "person:99", "外区", 1, 99, (Duty("centre_lead", "440300"),))
    actions.correct_calendar([day_off(area="440300")], actor=elsewhere, now=LATER)
    before = case.due_at
    case.refresh_from_db()
    assert case.due_at == before
    assert Clock.objects.filter(edition=Edition.objects.get().number).count() == 2


def test_refused_corrections_leave_no_trace(who) -> None:
    factories.open_case(who)
    entries = Entry.objects.count()
    lead = who.actor("centre_lead")
    with pytest.raises(NotFound):
        actions.correct_calendar([day_off()], actor=who.actor("handler"), now=LATER)
    with pytest.raises(Forbidden):
        actions.correct_calendar([day_off()], actor=who.actor("supervisor"), now=LATER)
    with pytest.raises(Forbidden):
        actions.correct_calendar([day_off(area="44")], actor=lead, now=LATER)
    with pytest.raises(Invalid):
        actions.correct_calendar([day_off(source=" ")], actor=lead, now=LATER)
    with pytest.raises(Invalid):
        actions.correct_calendar([], actor=lead, now=LATER)
    assert not Edition.objects.exists() and not CalendarDay.objects.exists()
    assert Entry.objects.count() == entries


def test_an_extension_is_a_promised_date_and_stays(who) -> None:
    case = factories.open_case(who)
    until = case.due_at + timedelta(days=2)
    actions.extend_clocks(
        Clock.objects.filter(case=case, kind="close"), {case.pk: until}, at=LATER, by="person:1", why="extension"
    )
    actions.correct_calendar([day_off()], actor=who.actor("centre_lead"), now=LATER)
    case.refresh_from_db()
    assert case.due_at == until


def test_a_paused_clock_is_corrected_and_stays_paused(who) -> None:
    case = factories.open_case(who)
    before = case.due_at
    actions.pause_clocks(Clock.objects.filter(case=case), at=LATER, by="person:1", why="suspended")
    actions.correct_calendar([day_off()], actor=who.actor("centre_lead"), now=LATER)
    clock = Clock.objects.get(case=case, kind="close")
    assert clock.due_at == before + timedelta(days=1)
    assert clock.paused_at == LATER and clock.next_light_at is None


def test_a_cut_off_correction_is_finished_by_the_next_sweep(who) -> None:
    factories.open_many(who, 6)
    lead = who.actor("centre_lead")
    edition = correcting._new_edition(lead, LATER, "一半")
    correcting._record_day(day_off(), lead, LATER, edition)
    assert correcting._correct_batch(LATER, 4) == (2, 2)  # four clocks, two cases, then the power went
    assert ClockChange.objects.count() == 2
    actions.turn_lights(now=LATER)
    assert ClockChange.objects.count() == 6
    assert not Clock.objects.exclude(edition=edition.number).exists()
    actions.turn_lights(now=LATER)
    assert ClockChange.objects.count() == 6


def test_thresholds_of_the_whole_platform_are_not_a_districts_to_set(who) -> None:
    case = factories.open_case(who)
    with pytest.raises(Forbidden):
        actions.set_thresholds(
            Thresholds(), valid_from=WEDNESDAY, source="试行", actor=who.actor("centre_lead"), now=LATER
        )
    case.refresh_from_db()
    assert not Edition.objects.exists()


def test_standing_limits_are_data(who) -> None:
    actions.set_standing_limit(
        "dispatch", "30m", valid_from=date(2026, 3, 1), source="中心规定", actor=ADMIN, now=LATER
    )
    assert queries.due_for_dispatch(MONDAY, factories.GRID) == MONDAY + timedelta(minutes=30)
    assert queries.due_for_dispatch(MONDAY - timedelta(days=28), "") == MONDAY - timedelta(days=28) + timedelta(hours=2)
    with pytest.raises(Invalid):
        actions.set_standing_limit("dispatch", "soon", valid_from=WEDNESDAY, source="x", actor=ADMIN, now=LATER)
    with pytest.raises(Invalid):
        actions.set_standing_limit("lunch", "1wd", valid_from=WEDNESDAY, source="x", actor=ADMIN, now=LATER)


def test_local_hours_and_thresholds_reach_running_clocks(who) -> None:
    case = factories.open_case(who)
    marks = Thresholds(blue_percent=10)
    actions.set_thresholds(marks, valid_from=date(2026, 3, 2), source="试行", actor=ADMIN, now=LATER)
    clock = Clock.objects.get(case=case, kind="close")
    assert clock.next_light_at < MONDAY + timedelta(days=1)
    actions.set_working_hours(
        area=factories.COUNTY, valid_from=date(2026, 3, 2), spans=[(540, 1020)], source="夏令", actor=ADMIN, now=LATER
    )
    assert Clock.objects.get(case=case, kind="respond").due_at == MONDAY + timedelta(hours=2)
    assert queries.almanac().calendar(factories.GRID).spans(WEDNESDAY) == ((540, 1020),)


moments = st.datetimes(datetime(2020, 1, 1), datetime(2026, 6, 1)).map(lambda at: at.replace(tzinfo=SHANGHAI))
pauses = st.lists(
    st.tuples(st.timedeltas(timedelta(0), timedelta(days=5)), st.timedeltas(timedelta(0), timedelta(days=9))),
    max_size=3,
)


@given(moments, st.sampled_from(["working_days", "working_hours"]), st.integers(1, 20), pauses)
def test_replaying_pauses_equals_moving_step_by_step(start, kind, amount, rests) -> None:
    calendar, limit = PLAIN, Limit(kind, amount, "")
    due_at, paused, now, steps = rules.due(start, limit, calendar), timedelta(0), start, []
    for wait, rest in rests:
        begin, end = now + wait, now + wait + rest
        span = rules.elapsed(begin, end, limit, calendar)
        due_at, paused = rules.moved(due_at, span, limit, calendar), paused + span
        steps += [Step("pause", begin), Step("resume", end)]
        now = end
    assert replay(start, limit, steps, calendar).due_at == due_at
    assert replay(start, limit, steps, calendar).paused == paused


@settings(max_examples=40)
@given(moments, st.integers(1, 20), st.dates(date(2020, 1, 1), date(2026, 6, 1)))
def test_a_further_day_off_never_makes_anything_due_earlier(start, amount, day) -> None:
    limit = Limit("working_days", amount, "")
    with_rest = rules.CalendarBook([DayRow(day, False)]).calendar("")
    assert replay(start, limit, (), with_rest).due_at >= replay(start, limit, (), PLAIN).due_at


def test_clocks_that_assumed_a_year_are_renewed_once_it_is_published(who) -> None:
    case = factories.open_case(who)
    assert actions.renew_calendar(now=LATER) is None
    Clock.objects.filter(case=case).update(assumed=True)  # as an older calendar would have left them
    edition = actions.renew_calendar(now=LATER)
    assert edition is not None and edition.by == "system:clock"
    assert not Clock.objects.filter(assumed=True).exists()
    assert actions.renew_calendar(now=LATER) is None


def test_month_view(who) -> None:
    actions.correct_calendar([day_off()], actor=who.actor("centre_lead"), now=LATER)
    days = queries.month(date(2026, 3, 1), factories.GRID)
    assert len(days) == 31
    wednesday = days[3]
    assert wednesday.national and not wednesday.working and wednesday.override is not None
    assert queries.month(date(2026, 3, 1), "330000")[3].working
    assert queries.month(date(2031, 12, 1))[0].assumed
    assert Case.objects.count() == 0
