"""By when, as a resident was first told, on the page of a matter and in their list: nothing is put off silently."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from huying.casework.cases import actions as cases
from huying.casework.cases.factories import Cast, prove
from huying.casework.cases.models import Assignment, Case
from huying.casework.dispatch import actions as dispatch
from huying.kernel import clock
from huying.senses.portal import queries
from huying.senses.portal.queries_story import matter_of
from huying.senses.reports.models import Report

from .test_following import say

pytestmark = pytest.mark.django_db


def due_of(report: Report) -> datetime | None:
    """What the page of the matter says, which is what the list says too."""
    fresh = Report.objects.select_related("case__item", "case__lead_unit").get(pk=report.pk)
    due = matter_of(fresh, place="", now=clock.now()).due
    (listed,) = queries.by_codes([report.tracking_code], now=clock.now())
    assert listed.due == due
    return due


def sent_again_later(report: Report, cast: Cast, days: int = 4) -> None:
    """Recalled, and sent to the same unit days later: the unit gets its whole limit, the resident was told less."""
    unit, now = Case.objects.get(pk=report.case_id).lead_unit, clock.now()
    cases.recall_case(report.case_id, reason="核对一下", actor=cast.li_dispatcher, now=now)
    later = now + timedelta(days=days)
    dispatch.dispatch_case(report.case_id, actor=cast.li_dispatcher, now=later, unit_id=unit.pk)


def test_recalled_and_sent_again_keeps_the_earliest_promise(cast: Cast) -> None:
    report = say()
    first = due_of(report)
    assert first is not None
    sent_again_later(report, cast)
    case = Case.objects.get(pk=report.case_id)
    lead = Assignment.objects.get(case=case, role="lead", state="sent")
    assert case.due_at == lead.due_at and case.due_at > first  # the unit is not asked for the centre's days
    assert due_of(report) == first


def test_more_time_that_was_told_is_the_promise(cast: Cast) -> None:
    report = say()
    unit = Case.objects.get(pk=report.case_id).lead_unit
    now = clock.now()
    cases.recall_case(report.case_id, reason="核对一下", actor=cast.li_dispatcher, now=now)
    dispatch.dispatch_case(report.case_id, actor=cast.li_dispatcher, now=now, unit_id=unit.pk)
    cases.sign_case(report.case_id, actor=cast.he_sanitation, now=now)
    due = Case.objects.get(pk=report.case_id).due_at
    assert due is not None
    until = due + timedelta(minutes=30)
    cases.ask_extension(report.case_id, reason="车在路上", until=until, actor=cast.he_sanitation, now=now)
    cases.grant_extension(report.case_id, told="稍晚半小时", actor=cast.li_dispatcher, now=now)
    assert due_of(report) == until


def test_a_matter_nobody_has_yet_or_that_is_checked_promises_nothing(cast: Cast) -> None:
    report = say()
    cases.recall_case(report.case_id, reason="核对一下", actor=cast.li_dispatcher, now=clock.now())
    assert due_of(report) is None
    other, now, hands = say(), clock.now(), cast.he_sanitation
    cases.sign_case(other.case_id, actor=hands, now=now)
    assert due_of(other) is not None
    prove(other.case_id, actor=hands, now=now)
    cases.give_feedback(other.case_id, text="已清运", evidence={}, actor=hands, now=now)
    assert due_of(other) is None


def test_what_is_done_again_begins_anew_in_both(cast: Cast) -> None:
    report = say()
    sent_again_later(report, cast)
    first = due_of(report)
    street = cast.units["street"]
    now = clock.now() + timedelta(days=4)
    cases.sign_case(report.case_id, actor=cast.he_sanitation, now=now)
    dispatch.escalate_case(
        report.case_id, reason="力量不够", actor=cast.lin_sanitation_head, now=now, unit_id=cast.units["centre"].pk
    )
    case = Case.objects.get(pk=report.case_id)
    assert street.pk != case.lead_unit_id and due_of(report) == case.due_at != first


def test_list_and_page_say_late_in_the_same_words(cast: Cast, client: Client) -> None:
    report = say()
    said = "垃圾还在"
    on_time = say(said)
    session = client.session
    session["huying_codes"] = [report.tracking_code, on_time.tracking_code]
    session.save()
    assert client.get("/mine").content.decode().count("最晚") == 2
    Case.objects.filter(pk=report.case_id).update(due_at=clock.now() - timedelta(hours=1))
    listed = client.get("/mine").content.decode()
    assert listed.count("最晚") == 1 and listed.count("还没办完") == 1
    page = client.get(f"/m/{report.tracking_code}").content.decode()
    assert "本该" in page and "还没办完" in page


def test_a_list_costs_as_many_queries_as_one_matter(
    cast: Cast, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    codes = [say().tracking_code for _ in range(6)]
    for code in codes[:3]:
        sent_again_later(Report.objects.get(tracking_code=code), cast)
    queries.by_codes(codes, now=clock.now())
    for asked in (codes[:1], codes):
        with django_assert_num_queries(4):
            assert len(queries.by_codes(asked, now=clock.now())) == len(asked)
