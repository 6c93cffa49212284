"""By when, as a resident was first told: what the office does about it afterwards puts nothing off silently."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from huying.casework.cases import actions as cases
from huying.casework.cases.factories import Cast
from huying.casework.cases.models import Assignment, Case
from huying.casework.dispatch import actions as dispatch
from huying.kernel import clock
from huying.senses.portal.queries_story import matter_of
from huying.senses.reports.models import Report

from .test_following import say

pytestmark = pytest.mark.django_db


def due_of(report: Report) -> datetime | None:
    fresh = Report.objects.select_related("case__item", "case__lead_unit").get(pk=report.pk)
    return matter_of(fresh, place="", now=clock.now()).due


def test_recalled_and_sent_again_keeps_the_earliest_promise(cast: Cast) -> None:
    report = say()
    first = due_of(report)
    assert first is not None
    unit = Case.objects.get(pk=report.case_id).lead_unit
    now = clock.now()
    cases.recall_case(report.case_id, reason="核对一下", actor=cast.li_dispatcher, now=now)
    later = now + timedelta(days=4)
    dispatch.dispatch_case(report.case_id, actor=cast.li_dispatcher, now=later, unit_id=unit.pk)
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
