"""From stored reports to issues: joined as they come, after a restart too; looked at again, and forgotten when erased."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import IN_GRID_3, NOW, Cast
from huying.casework.cases.models import Case
from huying.kernel.locks import lock_name
from huying.senses.reports.models import Report

from .. import actions, indexing, queries
from ..models import HotIssue, HotMessage
from .saying import DUST, LAMP, PHONE, members, say, shown


def test_reports_of_one_matter_become_one_issue_with_a_name(cast: Cast) -> None:
    reports = say([*DUST, LAMP])
    assert actions.take_new(now=NOW) == 4
    issue = shown()
    assert set(issue.members.values_list("report_id", flat=True)) == {one.pk for one in reports[:3]}
    assert "丽景园" in issue.place and "丽景园" in issue.name
    assert (issue.messages, issue.people) == (3, 3)
    assert HotIssue.objects.count() == 2


def test_one_person_who_says_it_twice_counts_once(cast: Cast) -> None:
    say(DUST, phone=PHONE)
    actions.take_new(now=NOW)
    assert (shown().messages, shown().people) == (3, 1)


def test_a_repeated_round_changes_nothing(cast: Cast) -> None:
    say(DUST)
    assert actions.take_new(now=NOW) == 3
    before = list(HotIssue.objects.values())
    assert actions.take_new(now=NOW + timedelta(minutes=1)) == 0
    assert list(HotIssue.objects.values()) == before


def test_after_a_restart_new_messages_join_the_same_issue(cast: Cast) -> None:
    say(DUST[:1])
    actions.take_new(now=NOW)
    indexing.forget()
    say(DUST[1:2], first=10)
    actions.take_new(now=NOW)
    issue = shown()
    indexing.forget()
    say(DUST[2:], first=20)
    actions.take_new(now=NOW)
    assert shown().pk == issue.pk and shown().messages == 3


def test_what_another_process_wrote_is_noticed(cast: Cast) -> None:
    say(DUST[:1])
    actions.take_new(now=NOW)
    ours = dict(indexing._held)
    indexing.forget()
    say(DUST[1:2], first=10)
    actions.take_new(now=NOW)
    indexing._held.update(ours)
    say(DUST[2:], first=20)
    actions.take_new(now=NOW)
    assert shown().messages == 3


def test_a_round_that_fails_leaves_memory_and_rows_alike(cast: Cast, monkeypatch: Any) -> None:
    say(DUST)

    def fail(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patched:
        patched.setattr(actions, "refresh", fail)
        with pytest.raises(RuntimeError):
            actions.take_new(now=NOW)
    assert not HotMessage.objects.exists()
    assert actions.take_new(now=NOW) == 3 and shown().messages == 3


def test_what_is_old_or_from_a_device_is_left_out(cast: Cast) -> None:
    say(DUST[:1], at=NOW - timedelta(days=400))
    say(DUST[1:2], first=10, channel="device")
    say(DUST[2:], first=20)
    assert actions.take_new(now=NOW) == 1


def test_issues_that_turn_out_to_be_one_become_one(cast: Cast) -> None:
    reports = say(DUST)
    actions.take_new(now=NOW)
    joined = shown()
    apart = HotIssue.objects.create(first_at=NOW, last_at=NOW)
    HotMessage.objects.filter(report=reports[2]).update(issue=apart)
    actions.consolidate(now=NOW)
    assert (shown().pk, shown().messages) == (joined.pk, 3)
    assert not HotIssue.objects.filter(pk=apart.pk).exists()


def test_what_was_erased_leaves_its_issue(cast: Cast) -> None:
    reports = say(DUST)
    actions.take_new(now=NOW)
    Report.objects.filter(pk=reports[0].pk).update(text="", title="", erased_at=NOW)
    assert len(queries.messages_of(shown(), cast.zhao_centre).rows) == 2
    assert actions.forget_erased(now=NOW) == 1 and actions.forget_erased(now=NOW) == 0
    assert shown().messages == 2
    assert actions.take_new(now=NOW) == 0


def test_a_round_costs_the_same_for_two_and_for_many(cast: Cast) -> None:
    def count(first: int, times: int) -> int:
        say([(title, f"{text}第{n}次") for n in range(times) for title, text in DUST], first=first)
        with CaptureQueriesContext(connection) as asked:
            actions.take_new(now=NOW)
        return len(asked)

    count(1, 1)
    assert count(100, 1) == count(200, 5)


def test_what_is_old_and_alone_keeps_no_words(cast: Cast) -> None:
    say([*DUST, LAMP])
    actions.take_new(now=NOW)
    assert actions.tidy(now=NOW) == 0
    assert actions.tidy(now=NOW + timedelta(days=366)) == 1
    assert HotMessage.objects.get(features={}).report.title == LAMP[0]
    assert shown().messages == 3


def test_messages_follow_their_case_to_other_ground(cast: Cast) -> None:
    (report, *_rest) = say(DUST)
    actions.take_new(now=NOW)
    Case.objects.filter(pk=report.case_id).update(grid="", community="990101001002")
    assert actions.tidy(now=NOW) == 1
    assert HotMessage.objects.get(report=report).area == "990101001002"


def test_the_same_words_on_other_ground_are_another_matter(cast: Cast) -> None:
    heap = ("楼道里堆满旧家具", "楼道里堆满旧家具和纸箱，过不去人，怕着火，请来清理。")
    say([heap, heap])
    say([heap, heap], point=IN_GRID_3, first=10)
    actions.take_new(now=NOW)
    assert sorted(map(len, members())) == [2, 2]
    indexing.forget()
    actions.consolidate(now=NOW)
    assert sorted(map(len, members())) == [2, 2]


def test_without_a_place_words_alone_decide(cast: Cast) -> None:
    heap = ("楼道里堆满旧家具", "楼道里堆满旧家具和纸箱，过不去人，怕着火，请来清理。")
    say([heap, heap])
    say([heap, heap], point=IN_GRID_3, first=10)
    Case.objects.update(lon=None, lat=None, grid="", community="", town="", county="")
    Report.objects.update(lon=None, lat=None)
    actions.take_new(now=NOW)
    assert sorted(map(len, members())) == [4]


def test_an_issue_that_names_no_place_is_named_by_its_ground(cast: Cast) -> None:
    heap = ("楼道里堆满旧家具", "楼道里堆满旧家具和纸箱，过不去人，怕着火，请来清理。")
    say([heap, heap])
    actions.take_new(now=NOW)
    assert shown().name.startswith("柳岸社区：") and "旧家具" in shown().name


def test_who_joins_the_matter_of_another_seconds_it(cast: Cast) -> None:
    first, second, _third = say(DUST)
    Report.objects.filter(pk=second.pk).update(case=first.case, first_case=first.first_case)
    actions.take_new(now=NOW)
    assert list(HotMessage.objects.filter(seconded=True).values_list("report_id", flat=True)) == [second.pk]


@pytest.mark.django_db(transaction=True)
def test_rounds_wait_for_the_next_minute_while_another_writes(cast: Cast) -> None:
    from django.db import transaction

    from .saying import in_another_connection

    say(DUST)
    with transaction.atomic():
        lock_name(actions.LOCK)
        assert in_another_connection(lambda: actions.take_new(now=NOW)) == 0
        assert in_another_connection(lambda: actions.forget_erased(now=NOW)) == 0
    assert actions.take_new(now=NOW) == 3
