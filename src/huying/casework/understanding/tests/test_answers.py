"""Answers that were given are judged once, kept with the time they took, and listed for audits."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from huying.casework.cases import actions, factories
from huying.casework.cases.actions import Sending
from huying.casework.cases.factories import GRID_3, NOW, QIAODONG, Cast
from huying.casework.cases.models import Case, Feedback
from huying.casework.cases.tests.conftest import ANSWER, HOUR, PLACE, Bring, bring, cast, opening
from huying.casework.catalogue.limits import parse_limit, stages_as_json
from huying.casework.clocks.models import Clock
from huying.casework.understanding.actions_answers import judge_answers
from huying.casework.understanding.models import JudgedAnswer, LookedAt
from huying.casework.understanding.queries_answers import Which, audited, averages, still_filling
from huying.kernel.actor import Actor, Duty, system
from huying.kernel.privacy.models import AccessEntry

__all__ = ["bring", "cast"]
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PAGE = "/desk/understanding/answers"
ASKED = "柳岸路口的垃圾好几天没人清运了，臭味很大。什么时候能清走？以后多久清一次？"
WEAK = "您好，您的留言已收悉。"
GOOD = (
    "您好！柳岸路口的垃圾今天上午已由街道环卫所清走并冲洗地面。以后每天早晚各清一次，"
    "8月起由环卫所专人巡查。如再有问题，请致电环卫所 0571-12345678。"
)
Answered = Callable[..., Case]


@pytest.fixture
def answered(bring: Bring) -> Answered:
    """A case answered with these words."""

    def make(text: str, state: str = "closed", **how: Any) -> Case:
        case = bring(state, **how)
        Case.objects.filter(pk=case.pk).update(summary=ASKED)
        case.feedbacks.update(text=text)
        return case

    return make


def judged(case: Case) -> JudgedAnswer:
    return JudgedAnswer.objects.get(case=case)


def test_every_answer_is_judged_once_and_a_weak_one_is_found_weak(answered: Answered) -> None:
    weak, good, empty = answered(WEAK), answered(GOOD), answered("")
    assert (judge_answers(), judge_answers()) == (2, None)
    assert judged(weak).overall < 35 < 70 < judged(good).overall
    assert judged(weak).completeness < 50 <= judged(good).completeness
    assert judged(weak).unit == weak.lead_unit and judged(weak).given_at == NOW + 3 * HOUR
    assert not JudgedAnswer.objects.filter(case=empty).exists()


def test_of_a_case_answered_again_the_last_counts(cast: Cast, answered: Answered) -> None:
    case = answered(WEAK)
    judge_answers()
    actions.order_redo(case.pk, reason="没解决", actor=cast.wang_seat, now=NOW + DAY)
    actions.give_feedback(case.pk, text=GOOD, evidence=ANSWER, actor=cast.he_sanitation, now=NOW + DAY + HOUR)
    before = judged(case).overall
    assert (judge_answers(), judge_answers()) == (1, None)
    row = judged(case)
    assert (row.given_at, row.feedback.text, row.took) == (NOW + DAY + HOUR, GOOD, 60)
    assert row.overall > before


def test_what_was_answered_before_is_judged_in_batches_the_newest_first(answered: Answered) -> None:
    cases = [answered(WEAK) for _number in range(3)]
    assert still_filling()
    assert judge_answers(limit=2) == 2
    assert {row.case_id for row in JudgedAnswer.objects.all()} == {cases[1].pk, cases[2].pk}
    assert still_filling() and not LookedAt.objects.exists()
    assert judge_answers(limit=2) == 1
    assert not still_filling() and LookedAt.objects.get().number == Feedback.objects.order_by("-pk").first().pk
    later = answered(GOOD)
    assert judge_answers(limit=2) == 1 and judged(later).overall > 70


def test_where_nothing_was_ever_answered_nothing_is_being_filled() -> None:
    assert judge_answers() is None and not still_filling()


def test_the_time_is_the_clocks_own(cast: Cast) -> None:
    """Asked on Tuesday, answered on Thursday: nights and the time it waited for the reporter do not count."""
    one = opening(cast)
    limits = {"respond": stages_as_json(parse_limit("1wh")), "close": stages_as_json(parse_limit("16wh"))}
    sent = Sending(unit_id=cast.units["sanitation"].pk, limits=limits, due_at=NOW + 2 * DAY)
    (pk,) = actions.open_cases([replace(one, sending=sent)], actor=system("portal"), now=NOW)
    hands = cast.he_sanitation
    actions.sign_case(pk, actor=hands, now=NOW)
    actions.wait_for_reporter(pk, reason="缺门牌号", actor=hands, now=NOW + 2 * HOUR)
    actions.end_wait(pk, actor=hands, now=NOW + 26 * HOUR)
    actions.give_feedback(pk, text=GOOD, evidence=ANSWER, actor=hands, now=NOW + 27 * HOUR)
    judge_answers()
    row = JudgedAnswer.objects.get()
    clock = Clock.objects.get(case=pk, kind="close")
    assert clock.limit["kind"] == "working_hours" and clock.paused_us > 0
    assert (row.took, row.working) == (180, True)
    assert row.of_limit is not None and 0 < row.of_limit < 100


def test_an_answer_on_the_spot_is_timed_by_the_clock_for_dispatching(cast: Cast, bring: Bring) -> None:
    case = bring("pending")
    actions.answer_case(case.pk, text=GOOD, actor=cast.wang_seat, now=NOW + HOUR)
    judge_answers()
    row = judged(case)
    assert (row.unit, row.took, row.working, row.of_limit) == (None, 60, True, 50)


def test_without_a_clock_the_time_is_unknown(answered: Answered) -> None:
    case = answered(WEAK)
    case.feedbacks.update(given_at=NOW + DAY)
    judge_answers()
    assert (judged(case).took, judged(case).of_limit) == (None, None)


def test_pages_are_weakest_or_newest_first_and_hold_every_answer_once(cast: Cast, answered: Answered) -> None:
    made = [answered(text, at=NOW + number * DAY) for number, text in enumerate((GOOD, WEAK, GOOD, WEAK))]
    judge_answers()
    actor = cast.ji_discipline
    for weakest, wanted in ((True, [1, 3, 0, 2]), (False, [3, 2, 1, 0])):
        found, cursor = [], None
        while True:
            page = audited(actor, Which(), weakest=weakest, cursor=cursor, size=1)
            found += [row.case for row in page.rows]
            cursor = page.next
            if cursor is None:
                break
        if weakest:
            assert {one.pk for one in found[:2]} == {made[1].pk, made[3].pk}
        else:
            assert found == [made[at] for at in wanted]
        assert len(found) == len({one.pk for one in found}) == 4


def test_a_unit_a_period_and_what_one_may_see_narrow_it(cast: Cast, answered: Answered) -> None:
    elsewhere = replace(PLACE, grid=GRID_3, community=QIAODONG)
    old = answered(WEAK, at=NOW - 60 * DAY)
    mine = answered(WEAK)
    other = answered(GOOD, unit="enforcement", by="deng_enforcement", place=elsewhere)
    answered(WEAK, state="checking")
    judge_answers()
    actor = cast.qian_supervisor

    def found(which: Which, by: Actor = actor) -> set[int]:
        return {row.case_id for row in audited(by, which).rows}

    assert found(Which()) == {old.pk, mine.pk, other.pk}
    assert found(Which(units=(cast.units["enforcement"].pk,))) == {other.pk}
    assert found(Which(since=NOW)) == {mine.pk, other.pk}
    assert found(Which(units=(cast.units["sanitation"].pk,), since=NOW)) == {mine.pk}
    near = Actor("staff", "staff:8", "", duties=(Duty("checker", QIAODONG),))
    assert found(Which(), near) == {other.pk}
    stranger = Actor("staff", "staff:9", "", duties=(Duty("supervisor", "999999"),))
    assert found(Which(), stranger) == set() and averages(stranger, Which()) == []
    means = averages(actor, Which(since=NOW))
    assert [(one.unit_id, one.count) for one in means] == [(mine.lead_unit_id, 1), (other.lead_unit_id, 1)]
    assert means[0].overall == judged(mine).overall and means[1].aspects["tone"] == judged(other).tone


def test_any_number_of_answers_costs_the_same_queries(
    cast: Cast, answered: Answered, django_assert_num_queries: Any
) -> None:
    counts = []
    for more in (1, 5):
        for _number in range(more):
            answered(WEAK)
        with CaptureQueriesContext(connection) as asked:
            assert judge_answers() == more
        counts.append(len(asked))
        with django_assert_num_queries(1):
            assert audited(cast.ji_discipline, Which(since=NOW)).rows
        with django_assert_num_queries(1):
            assert averages(cast.ji_discipline, Which(since=NOW))
    assert counts[1] <= counts[0] <= 15


@pytest.fixture
def desk(cast: Cast, settings: Any) -> Callable[..., Client]:
    settings.HUYING_REQUIRE_TOTP = False

    def signed_in(name: str, language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(factories.account_of(cast.people[name]))
        return client

    return signed_in


def shown(client: Client, **asked: str) -> str:
    return client.get(PAGE, {"days": "0", **asked}).content.decode()


def test_the_page_lists_them_with_what_is_weak_and_how_long_it_took(
    desk: Callable[..., Client], answered: Answered
) -> None:
    weak = answered(WEAK)
    answered(GOOD, unit="enforcement", by="deng_enforcement")
    judge_answers()
    page = shown(desk("ji_discipline"))
    assert page.count("#advice") == 2 and page.index(WEAK) < page.index("清走并冲洗地面")
    for words in ("3 小时", "时限的 10%", "完整", "望湖街道市政环卫队", "?days=0&amp;unit=sanitation"):
        assert words in page, words
    newest = shown(desk("ji_discipline"), order="newest")
    assert newest.index("清走并冲洗地面") < newest.index(WEAK)
    mine = shown(desk("ji_discipline"), unit="sanitation")
    assert mine.count("#advice") == 1 and weak.title in mine
    assert shown(desk("ji_discipline"), unit="street").count("#advice") == 2  # and all below it
    assert shown(desk("ji_discipline"), days="30").count("#advice") == 0
    english = shown(desk("ji_discipline", "en"))
    assert "3 h" in english and "10% of the limit" in english


def test_what_was_typed_wrong_is_said_and_strangers_see_no_page(
    desk: Callable[..., Client], answered: Answered
) -> None:
    answered(WEAK)
    page = shown(desk("sun_checker"), unit="没有的单位", days="x", order="x")
    assert "没有这个单位" in page and "正在一批批地看" in page
    assert desk("sun_checker").get(PAGE, {"cursor": "x"}).status_code == 422
    assert desk("he_sanitation").get(PAGE).status_code == 404


def test_the_page_costs_a_constant_number_of_queries(
    desk: Callable[..., Client], answered: Answered, django_assert_max_num_queries: Any
) -> None:
    client = desk("ji_discipline")
    for more in (1, 6):
        for _number in range(more):
            answered(WEAK)
        judge_answers()
        shown(client)
        with django_assert_max_num_queries(14):
            assert shown(client).count("#advice") >= more


def test_what_is_shown_can_be_taken_away_masked_and_marked(
    desk: Callable[..., Client], answered: Answered, django_assert_max_num_queries: Any
) -> None:
    answered(WEAK + "有事打 13812345678。")
    answered(GOOD, unit="enforcement", by="deng_enforcement")
    judge_answers()
    client = desk("ji_discipline")
    page = shown(client, unit="sanitation")
    assert "answers.csv?days=0&amp;unit=sanitation" in page
    with django_assert_max_num_queries(12):
        answer = client.get("/desk/understanding/answers.csv", {"days": "0", "unit": "sanitation"})
        lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert "所有时间" in lines[0][0] and lines[1][:2] == ["编号", "标题"] and len(lines) == 3
    assert "138****5678" in lines[2][5] and lines[2][4] == "望湖街道市政环卫队" and lines[2][-3] == "10"
    assert AccessEntry.objects.filter(subject="answers:list").count() == 1
    content = client.get("/desk/understanding/answers.xlsx", {"days": "0"}).streaming_content
    sheet = load_workbook(io.BytesIO(b"".join(content))).active
    assert sheet is not None and [row[6].value for row in sheet.iter_rows(min_row=3)] == sorted(
        JudgedAnswer.objects.values_list("overall", flat=True)
    )


def test_nothing_leaves_where_it_may_not(
    desk: Callable[..., Client], answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(WEAK)
    judge_answers()
    client, address = desk("ji_discipline"), "/desk/understanding/answers.csv"
    assert desk("he_sanitation").get(address).status_code == 404
    assert client.get("/desk/understanding/answers.pdf").status_code == 404
    assert client.get(address, {"unit": "没有的单位"}).status_code == 422
    monkeypatch.setattr("huying.casework.understanding.desk_answers.MOST_ROWS", 0)
    assert client.get(address, {"days": "0"}).status_code == 422
    assert not AccessEntry.objects.exists()
