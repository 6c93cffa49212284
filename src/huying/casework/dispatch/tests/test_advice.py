"""Advice on an answer: while it is written, and on the one that was given."""

from __future__ import annotations

import pytest
from django.test import Client

from huying.casework.cases.models import Case
from huying.casework.cases.tests.conftest import Bring

from .conftest import Desk, Waiting, said

TEXT = "柳岸路口的垃圾好几天没人清运了，臭味很大。什么时候能清走？以后多久清一次？"
EMPTY = "您好，您的留言已收悉。"
WHOLE = (
    "您好！柳岸路口的垃圾今天上午已由街道环卫所清走并冲洗地面。以后每天早晚各清一次，"
    "8月起由环卫所专人巡查。如再有问题，请致电环卫所 0571-12345678。"
)


def answer_of(case: Case) -> str:
    return f"/desk/understanding/cases/{case.pk}/answer"


def advice_on(client: Client, case: Case, text: str) -> str:
    return said(client.post(answer_of(case), {"text": text}, headers={"HX-Request": "true"}))


def test_an_answer_is_looked_at_while_it_is_written_and_nothing_is_stored(desk: Desk, waiting: Waiting) -> None:
    case, client = waiting(TEXT), desk("li_dispatcher")
    version = case.version
    empty, whole = advice_on(client, case, EMPTY), advice_on(client, case, WHOLE)
    assert "没有看到对这一句的回应" in empty and "没有看到对这一句的回应：“什么时候能清走" not in whole
    assert not advice_on(client, case, "  ").strip()
    case.refresh_from_db()
    assert case.version == version and not case.feedbacks.exists()


def test_only_who_may_answer_is_offered_advice_while_writing(desk: Desk, bring: Bring) -> None:
    case = bring("handling")
    page, asks = f"/desk/cases/{case.pk}/?do=give_feedback", f'hx-post="{answer_of(case)}"'
    assert asks in said(desk("he_sanitation").get(page))
    assert asks not in said(desk("ji_discipline").get(page))


@pytest.mark.parametrize(
    ("state", "who", "step"), [("handling", "he_sanitation", "give_feedback"), ("pending", "wang_seat", "answer")]
)
def test_advice_stands_right_below_the_words_it_is_about(
    desk: Desk, bring: Bring, state: str, who: str, step: str
) -> None:
    case = bring(state)
    form = said(desk(who).get(f"/desk/cases/{case.pk}/?do={step}")).split('class="form form--wide"')[1]
    assert form.count("advice-said") == 1
    words, below = form.split('id="advice-said"')
    assert words.count("<textarea") == 1 and 'id="id_text"' in words
    assert all(f'name="{name}"' not in words for name in ("answer", "notice_kind", "notice", "notice_ref"))
    assert 'name="notice' in below


def test_while_writing_advice_is_brief_and_on_what_was_given_it_is_whole(desk: Desk, bring: Bring) -> None:
    case, client = bring("checking"), desk("sun_checker")
    assert "<progress" not in advice_on(client, case, EMPTY)
    assert said(client.get(answer_of(case), headers={"HX-Request": "true"})).count("<progress") == 5


def test_the_answer_given_is_looked_at_by_checkers_and_audits(desk: Desk, bring: Bring) -> None:
    case = bring("checking")
    asks = f'hx-get="{answer_of(case)}"'
    assert asks in said(desk("sun_checker").get("/desk/checks/"))
    auditor = desk("ji_discipline")
    assert asks in said(auditor.get(f"/desk/cases/{case.pk}/"))
    case.feedbacks.update(text=EMPTY)
    assert "满分 100" in said(auditor.get(answer_of(case)))
    case.feedbacks.update(text="")
    assert "还没有答复" in said(auditor.get(answer_of(case)))


def test_a_stranger_gets_404(desk: Desk, waiting: Waiting) -> None:
    case = waiting(TEXT)
    assert desk("li_dispatcher").post("/desk/understanding/cases/999999/answer", {"text": "x"}).status_code == 404
    assert Client().post(answer_of(case), {"text": "x"}).status_code == 302
