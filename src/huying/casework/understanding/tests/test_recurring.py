"""What keeps coming back is raised, told once, shown to those who may see the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.casework.cases import actions, factories
from huying.casework.cases.factories import GRID_2, NOW, Cast
from huying.casework.cases.models import Case
from huying.casework.cases.tests.conftest import ANSWER, HOUR, PLACE, Bring, bring, cast, sending
from huying.casework.clocks.models import Notice
from huying.casework.understanding.actions_recurring import raise_recurring, settle_recurring
from huying.casework.understanding.models import LookAgain, LookedAt, Recurrence
from huying.casework.understanding.queries_recurring import recurrences
from huying.kernel.actor import Actor, Duty

__all__ = ["bring", "cast"]
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ELSEWHERE = replace(PLACE, grid=GRID_2)
Closed = Callable[..., Case]


@pytest.fixture
def closed(bring: Bring) -> Closed:
    """A case closed so many days before now."""
    return lambda days, **how: bring("closed", at=NOW - days * DAY - 4 * HOUR, **how)


def came_back(closed: Closed, bring: Bring, *days: float) -> Case:
    for one in days:
        closed(one)
    return bring("handling")


def test_closed_three_times_and_here_again_is_raised_and_told_once(cast: Cast, closed: Closed, bring: Bring) -> None:
    case = came_back(closed, bring, 90, 40, 5)
    assert raise_recurring(now=NOW) == 1
    row = Recurrence.objects.get()
    assert (row.case_id, row.grid, row.item_code) == (case.pk, case.grid, case.item_code)
    assert row.closings == sorted(row.closings) and len(row.closings) == 3
    told = dict(Notice.objects.filter(kind="recurring").values_list("person_id", "case_id"))
    assert set(told) == {cast.zhao_centre.person_id, cast.qian_supervisor.person_id}
    assert raise_recurring(now=NOW) is None
    assert Notice.objects.filter(kind="recurring").count() == len(told)


@pytest.mark.parametrize(
    "days",
    [
        (90, 5),  # twice only
        (200, 190, 5),  # two of them too long ago
        (40, 5, 5.1),  # closed together: one matter
    ],
)
def test_what_came_back_too_seldom_is_not_raised(closed: Closed, bring: Bring, days: tuple[float, ...]) -> None:
    came_back(closed, bring, *days)
    assert raise_recurring(now=NOW) == 0
    assert not Recurrence.objects.exists()


@pytest.mark.parametrize("other", [{"place": ELSEWHERE}, {"item": "0101"}])
def test_another_place_and_another_kind_do_not_count(closed: Closed, bring: Bring, other: dict[str, Any]) -> None:
    for days in (90, 40, 5):
        closed(days)
    bring("handling", **other)
    assert raise_recurring(now=NOW) == 0


def test_what_was_merged_or_declined_was_never_closed(cast: Cast, closed: Closed, bring: Bring) -> None:
    closed(90)
    closed(40)
    twin, declined = bring("pending", at=NOW - 5 * DAY), bring("pending", at=NOW - 5 * DAY)
    whole = bring("handling", at=NOW - 5 * DAY)
    actions.merge_case(twin.pk, into_id=whole.pk, actor=cast.li_dispatcher, now=NOW - 4 * DAY)
    actions.decline_case(declined.pk, channel="12345", reason="不归这里", actor=cast.li_dispatcher, now=NOW - 4 * DAY)
    bring("handling")
    assert raise_recurring(now=NOW) == 0


def test_once_more_moves_the_row_and_tells_again_only_after_a_month(closed: Closed, bring: Bring) -> None:
    came_back(closed, bring, 90, 40, 5)
    raise_recurring(now=NOW)
    told = Notice.objects.filter(kind="recurring").count()
    again = bring("handling")
    assert raise_recurring(now=NOW + DAY) == 1
    assert Recurrence.objects.get().case_id == again.pk
    assert Notice.objects.filter(kind="recurring").count() == told
    later = NOW + 40 * DAY
    bring("handling", at=later)
    assert raise_recurring(now=later) == 1
    assert Notice.objects.filter(kind="recurring").count() == 2 * told


def test_an_old_history_is_looked_at_in_rounds_and_calls_nobody(closed: Closed, bring: Bring) -> None:
    for days in (90, 40, 30):
        closed(days)
    case = bring("handling", at=NOW - 20 * DAY)
    rounds = 0
    while raise_recurring(now=NOW, limit=1) is not None:
        rounds += 1
    assert rounds == Case.objects.count() and LookedAt.objects.get().number == case.pk
    assert Recurrence.objects.get().case_id == case.pk
    assert not Notice.objects.filter(kind="recurring").exists()


def test_any_number_costs_the_same_queries(closed: Closed, bring: Bring) -> None:
    came_back(closed, bring, 90, 40, 5)
    counts = []
    for more in (1, 4):
        for _one in range(more):
            bring("handling")
        with CaptureQueriesContext(connection) as asked:
            raise_recurring(now=NOW)
        counts.append(len(asked))
    assert counts[0] >= counts[1]


def signed_in(cast: Cast, name: str, settings: Any, language: str = "zh-hans") -> Client:
    settings.HUYING_REQUIRE_TOTP = False
    client = Client(headers={"accept-language": language})
    client.force_login(factories.account_of(cast.people[name]))
    return client


def test_the_list_and_the_case_say_so(cast: Cast, closed: Closed, bring: Bring, settings: Any) -> None:
    case = came_back(closed, bring, 90, 40, 5)
    raise_recurring(now=NOW)
    centre = signed_in(cast, "zhao_centre", settings)
    listed = centre.get("/desk/understanding/recurring").content.decode()
    assert case.title in listed and "3 次" in listed
    assert "反复发生：180 天里这里同一事项办结过 3 次" in centre.get(f"/desk/cases/{case.pk}/").content.decode()
    assert "反复发生：" in centre.get("/desk/notices").content.decode()
    english = signed_in(cast, "zhao_centre", settings, "en")
    assert "3 times" in english.get("/desk/understanding/recurring").content.decode()


def test_strangers_see_none(cast: Cast, closed: Closed, bring: Bring, settings: Any) -> None:
    came_back(closed, bring, 90, 40, 5)
    raise_recurring(now=NOW)
    assert signed_in(cast, "he_sanitation", settings).get("/desk/understanding/recurring").status_code == 404
    stranger = Actor("staff", "staff:9", "", duties=(Duty("centre_lead", "999999"),))
    assert recurrences(stranger).rows == []
    assert len(recurrences(cast.zhao_centre).rows) == 1


def test_what_is_archived_meanwhile_stays_as_it_is(closed: Closed, bring: Bring) -> None:
    for days in (90, 40, 30):
        closed(days)
    case = bring("archived", at=NOW - 20 * DAY)
    assert raise_recurring(now=NOW) == 1
    case.refresh_from_db()
    assert case.recurs == 0 and Recurrence.objects.get().case_id == case.pk


def times_said(case: Case) -> int:
    return Case.objects.values_list("recurs", flat=True).get(pk=case.pk)


def again_in_queue(cast: Cast, case: Case, at: datetime) -> None:
    """A closed case is opened once more, objected to and back with the dispatcher, who may now correct it."""
    actions.order_redo(case.pk, reason="没解决", actor=cast.wang_seat, now=at)
    actions.transfer_out(case.pk, channel="110", reason="不归这里", actor=cast.li_dispatcher, now=at)
    actions.take_back_transfer(case.pk, reason="还是归这里", actor=cast.li_dispatcher, now=at)


def close(cast: Cast, case: Case, at: datetime) -> None:
    actions.dispatch_case(case.pk, sending(cast, "sanitation"), actor=cast.li_dispatcher, now=at)
    actions.sign_case(case.pk, actor=cast.he_sanitation, now=at)
    actions.give_feedback(case.pk, text="已清运", evidence=ANSWER, actor=cast.he_sanitation, now=at)
    actions.pass_check(case.pk, actor=cast.sun_checker, now=at)


@pytest.mark.parametrize("kept", [2, 3])
def test_a_case_corrected_after_closing_leaves_what_it_was_counted_in(
    cast: Cast, closed: Closed, bring: Bring, kept: int
) -> None:
    others = [closed(days) for days in (120, 90, 60)[:kept]]
    wrong = closed(5)
    case = bring("handling")
    raise_recurring(now=NOW)
    assert (times_said(case), Recurrence.objects.get().counted) == (kept + 1, [one.pk for one in (*others, wrong)])
    again_in_queue(cast, wrong, NOW + HOUR)
    actions.correct_case(wrong.pk, place=ELSEWHERE, actor=cast.li_dispatcher, now=NOW + HOUR)
    close(cast, wrong, NOW + 2 * HOUR)
    assert settle_recurring(now=NOW + DAY) > 0
    assert times_said(case) == (kept if kept >= 3 else 0)
    assert [row.counted for row in Recurrence.objects.all()] == ([[one.pk for one in others]] if kept >= 3 else [])
    assert settle_recurring(now=NOW + DAY) == 0


def test_one_that_is_reopened_does_not_count_while_it_is_open(cast: Cast, closed: Closed, bring: Bring) -> None:
    closed(90)
    closed(40)
    last, case = closed(5), bring("handling")
    raise_recurring(now=NOW)
    actions.order_redo(last.pk, reason="没解决", actor=cast.wang_seat, now=NOW + HOUR)
    settle_recurring(now=NOW + DAY)
    assert not Recurrence.objects.exists() and times_said(case) == 0


def test_when_the_latest_case_is_merged_or_corrected_the_one_before_stands_for_it(
    cast: Cast, closed: Closed, bring: Bring
) -> None:
    before = came_back(closed, bring, 90, 40, 5)
    raise_recurring(now=NOW)
    raised_at = Recurrence.objects.get().raised_at
    merged, corrected = bring("pending", at=NOW + HOUR), bring("pending", at=NOW + 2 * HOUR)
    raise_recurring(now=NOW + DAY)
    told = Notice.objects.filter(kind="recurring").count()
    assert Recurrence.objects.get().case_id == corrected.pk
    actions.correct_case(corrected.pk, item=cast.items["0101"], actor=cast.li_dispatcher, now=NOW + DAY)
    settle_recurring(now=NOW + DAY)
    assert Recurrence.objects.get().case_id == merged.pk and times_said(corrected) == 0
    actions.merge_case(merged.pk, into_id=before.pk, actor=cast.li_dispatcher, now=NOW + DAY)
    settle_recurring(now=NOW + DAY)
    row = Recurrence.objects.get()
    assert (row.case_id, row.raised_at >= raised_at, times_said(before)) == (before.pk, True, 3)
    actions.unmerge_case(merged.pk, reason="不是一回事", actor=cast.li_dispatcher, now=NOW + DAY)
    settle_recurring(now=NOW + DAY)
    assert Recurrence.objects.get().case_id == merged.pk
    assert Notice.objects.filter(kind="recurring").count() == told


def test_a_case_corrected_to_where_the_like_came_back_is_raised_and_told(
    cast: Cast, closed: Closed, bring: Bring
) -> None:
    for days in (90, 40, 5):
        closed(days)
    case = bring("pending", item="0101", place=ELSEWHERE)
    assert raise_recurring(now=NOW) == 0 and settle_recurring(now=NOW) == 0
    actions.correct_case(case.pk, item=cast.items["1605"], place=PLACE, actor=cast.li_dispatcher, now=NOW)
    settle_recurring(now=NOW)
    assert (Recurrence.objects.get().case_id, times_said(case)) == (case.pk, 3)
    assert Notice.objects.filter(kind="recurring", case=case).exists()
    assert not LookAgain.objects.exists()


def test_what_still_holds_is_left_alone(closed: Closed, bring: Bring) -> None:
    came_back(closed, bring, 90, 40, 5)
    raise_recurring(now=NOW)
    row = Recurrence.objects.values().get()
    assert settle_recurring(now=NOW + DAY) == 0
    assert Recurrence.objects.values().get() == row


def test_what_was_raised_before_its_cases_were_kept_is_settled_once(closed: Closed, bring: Bring) -> None:
    came_back(closed, bring, 90, 40, 5)
    raise_recurring(now=NOW)
    row = Recurrence.objects.values().get()
    Recurrence.objects.update(counted=[])
    assert (settle_recurring(now=NOW), settle_recurring(now=NOW)) == (1, 0)
    assert Recurrence.objects.values().get() == row


def test_settling_many_costs_the_same_queries(cast: Cast, closed: Closed, bring: Bring) -> None:
    counts = []
    for places in ((PLACE,), (ELSEWHERE, replace(PLACE, grid=f"{GRID_2[:-1]}9"))):
        for place in places:
            cases = [closed(days, place=place) for days in (90, 40, 5)]
            bring("handling", place=place)
            raise_recurring(now=NOW)
            actions.order_redo(cases[-1].pk, reason="没解决", actor=cast.wang_seat, now=NOW)
        with CaptureQueriesContext(connection) as asked:
            assert settle_recurring(now=NOW) == len(places)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12
