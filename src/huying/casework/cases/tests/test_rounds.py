"""A redo begins a new round: it is judged and called back anew, and what was late once stays late."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db.models import Exists

from huying.casework.cases import actions
from huying.casework.cases.actions.answering import archive_quiet
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import Case, ReturnCall
from huying.casework.cases.rules import Action
from huying.casework.cases.turns import allowed, calls_of_round
from huying.casework.cases.voices import reporter
from huying.kernel.actor import system
from huying.kernel.trace import Entry

from .conftest import ANSWER, HOUR, Bring, untouched

REPORTER = reporter(1)
FIRST = NOW + 5 * HOUR  # after the first closing
SECOND = NOW + 10 * HOUR


def again(cast: Cast, case: Case, *, at: datetime = SECOND) -> Case:
    """The case once more fed back, checked and closed."""
    actions.give_feedback(case.pk, text="又做了一遍", evidence=ANSWER, actor=cast.he_sanitation, now=at)
    actions.pass_check(case.pk, actor=cast.sun_checker, now=at)
    return Case.objects.get(pk=case.pk)


@pytest.fixture
def redone(cast: Cast, bring: Bring) -> Case:
    """Called back, found bad, redone and closed again."""
    case = bring("closed")
    call = {"solved": False, "satisfied": 1, "actor": cast.wang_seat, "now": FIRST}
    actions.record_return_call(case.pk, reached=True, **call)
    actions.order_redo(case.pk, reason="回访说没解决", actor=cast.wang_seat, now=FIRST)
    return again(cast, case)


def test_the_old_verdict_is_gone_from_the_case_and_kept_in_its_row(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    actions.rate_case(case.pk, score=1, solved=False, actor=REPORTER, now=FIRST)
    call = {"solved": False, "satisfied": 2, "actor": cast.wang_seat, "now": FIRST}
    actions.record_return_call(case.pk, reached=True, **call)
    actions.order_redo(case.pk, reason="还是臭", actor=REPORTER, now=FIRST)
    case.refresh_from_db()
    assert (case.rating, case.solved) == (None, None)
    assert ReturnCall.objects.get().satisfied == 2
    assert Entry.objects.get(verb="rate").content["score"] == 1
    again(cast, case)
    actions.rate_case(case.pk, score=5, solved=True, actor=REPORTER, now=SECOND)
    case.refresh_from_db()
    assert (case.rating, case.solved) == (5, True), "a redo can make it good"


def test_a_failed_check_keeps_nothing_either(cast: Cast, redone: Case) -> None:
    actions.order_redo(redone.pk, reason="还有", actor=REPORTER, now=SECOND)
    actions.give_feedback(redone.pk, text="再做", evidence=ANSWER, actor=cast.he_sanitation, now=SECOND)
    actions.fail_check(redone.pk, reason="没做", actor=cast.sun_checker, now=SECOND)
    redone.refresh_from_db()
    assert (redone.rating, redone.solved, redone.redos) == (None, None, 3)


def test_what_was_redone_is_called_back_before_it_is_archived(cast: Cast, redone: Case) -> None:
    assert Action.ARCHIVE not in allowed(redone, cast.wang_seat, SECOND)
    archive = {"actor": cast.wang_seat, "now": SECOND + HOUR}
    untouched(redone, lambda: actions.archive_case(redone.pk, **archive), "not_called_back")
    actions.record_return_call(redone.pk, reached=True, satisfied=5, actor=cast.wang_seat, now=SECOND)
    actions.archive_case(redone.pk, **archive)
    assert Case.objects.get(pk=redone.pk).rating == 5


def test_calls_nobody_answered_count_for_their_round_only(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    silent = {"reached": False, "actor": cast.wang_seat}
    for hour in (0, 1):
        actions.record_return_call(case.pk, now=FIRST + hour * HOUR, **silent)
    actions.order_redo(case.pk, reason="还是臭", actor=REPORTER, now=FIRST + HOUR)
    again(cast, case)
    actions.record_return_call(case.pk, now=SECOND, **silent)
    archive = {"actor": cast.wang_seat, "now": SECOND + 2 * HOUR}
    untouched(case := Case.objects.get(), lambda: actions.archive_case(case.pk, **archive), "not_called_back")
    for hour in (0, 1):
        actions.record_return_call(case.pk, now=SECOND + hour * HOUR, **silent)
    actions.archive_case(case.pk, **archive)


def test_seven_quiet_days_count_from_the_last_closing(cast: Cast, redone: Case) -> None:
    assert archive_quiet(actor=system("archive"), now=FIRST + timedelta(days=7)) == 0
    assert archive_quiet(actor=system("archive"), now=SECOND + timedelta(days=7)) == 1


def test_only_calls_since_the_closing_are_of_the_round(cast: Cast, redone: Case) -> None:
    called = Case.objects.filter(Exists(calls_of_round()))
    assert not called.exists()
    actions.record_return_call(redone.pk, reached=False, actor=cast.wang_seat, now=SECOND)
    assert called.get() == redone


def test_closed_late_once_is_late_for_good(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    assert case.due_at is not None
    late = case.due_at + HOUR
    again(cast, case, at=late)
    actions.order_redo(case.pk, reason="还是臭", actor=REPORTER, now=late)
    case.refresh_from_db()
    assert (case.closed_at, case.closed_late) == (None, True)
    Case.objects.filter(pk=case.pk).update(due_at=late + 9 * HOUR)
    assert again(cast, case, at=late + HOUR).closed_late is True
    rounds = Entry.objects.filter(verb="pass_check").order_by("seq")
    assert [entry.content["late"] for entry in rounds] == [True, False], "each round tells the truth of itself"


def test_late_once_is_late_also_where_it_ends_elsewhere(cast: Cast, bring: Bring) -> None:
    case = bring("pending")
    assert case.due_at is not None
    late = {"actor": cast.wang_seat, "now": case.due_at + HOUR}
    actions.answer_case(case.pk, text="可以，凭身份证到社区服务站办理。", **late)
    actions.order_redo(case.pk, reason="去了不给办", actor=REPORTER, now=late["now"])
    out = {"actor": cast.li_dispatcher, "now": late["now"] + HOUR}
    actions.transfer_out(case.pk, channel="court", reason="须起诉", receipt="R-1", **out)
    actions.follow_up_transfer(case.pk, outcome="已立案", **out)
    actions.finish_transfer(case.pk, **out)
    assert Case.objects.get(pk=case.pk).closed_late is True


def test_in_time_twice_is_in_time(cast: Cast, redone: Case) -> None:
    assert redone.closed_late is False
