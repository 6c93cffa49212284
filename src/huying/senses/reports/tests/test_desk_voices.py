"""Voices on a case's page: masked, behind a logged door, hidden from the unit; return calls; messages to phones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import actions as cases
from huying.casework.cases import factories
from huying.casework.cases.factories import IN_GRID_1, Cast
from huying.casework.cases.models import Case, ReturnCall
from huying.casework.cases.tests.conftest import ANSWER
from huying.ground.accounts.factories import make_resident
from huying.ground.accounts.senders import SendFailed
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.privacy import AccessEntry
from huying.senses.reports import desk_queries
from huying.senses.reports.actions import Voice, take_in
from huying.senses.reports.models import Report, Telling
from huying.senses.reports.sending import MOST_TRIES, send_tellings

PHONE, NAME = "19900001234", "刘桂芳"
Desk = Callable[..., Client]
Speak = Callable[..., Report]


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


@pytest.fixture
def desk(cast: Cast, settings: Any) -> Desk:
    settings.HUYING_REQUIRE_TOTP = False

    def sign_in(name: str, language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(factories.account_of(cast.people[name]))
        return client

    return sign_in


@pytest.fixture
def speak(cast: Cast) -> Speak:
    """A voice that became a case in the hands of the sanitation team."""

    def make(**more: Any) -> Report:
        lon, lat = IN_GRID_1
        given = {"phone": PHONE, "name": NAME, "text": f"垃圾没人清，电话{PHONE}", "item_code": "0101", **more}
        one = Voice(source="t", source_id=str(Report.objects.count()), channel="portal", lon=lon, lat=lat, **given)
        (taken,) = take_in([one], actor=system("portal"), now=now() - timedelta(hours=6))
        return Report.objects.select_related("case").get(tracking_code=taken.tracking_code)

    return make


def close(report: Report, cast: Cast) -> Case:
    """Bring the case of a voice to its end."""
    at, pk = now() - timedelta(hours=5), report.case_id
    Case.objects.filter(pk=pk).update(item=cast.items["1605"])
    if report.case.state == "pending":
        from huying.casework.dispatch.actions import dispatch_case

        dispatch_case(pk, unit_id=cast.units["sanitation"].pk, actor=cast.li_dispatcher, now=at)
    cases.sign_case(pk, actor=cast.he_sanitation, now=at)
    cases.give_feedback(pk, text="已清运完毕", evidence=ANSWER, actor=cast.he_sanitation, now=at)
    cases.pass_check(pk, actor=cast.sun_checker, now=at)
    return Case.objects.get(pk=pk)


def said(answer: Any) -> str:
    return answer.content.decode()


def page(client: Client, report: Report) -> str:
    return said(client.get(f"/desk/cases/{report.case_id}/"))


# --- the panel and the door ------------------------------------------------------------------------------------


def test_name_and_number_are_masked_until_asked_for_with_a_reason(cast: Cast, desk: Desk, speak: Speak) -> None:
    report, client = speak(), desk("li_dispatcher")
    shown = page(client, report)
    assert "刘*" in shown
    assert "199****1234" in shown
    assert PHONE not in shown
    assert NAME not in shown
    refused = client.post(f"/desk/reports/{report.pk}/contact", {"why": " "})
    assert refused.status_code == 422
    assert PHONE not in said(refused)
    assert not AccessEntry.objects.exists()
    opened = client.post(f"/desk/reports/{report.pk}/contact", {"why": "核实位置"})
    assert PHONE in said(opened)
    assert NAME in said(opened)
    assert opened["Cache-Control"] == "no-store"
    entry = AccessEntry.objects.get()
    assert (entry.actor_name, entry.why, sorted(entry.what)) == ("李分拨", "核实位置", ["name", "phone"])
    assert entry.subject == f"contact:{report.contact_id}"


def test_a_hidden_reporter_is_nowhere_in_the_units_page(cast: Cast, desk: Desk, speak: Speak) -> None:
    report = speak(hide_identity=True, text="垃圾没人清，臭得很")
    for name in ("he_sanitation", "lin_sanitation_head"):
        client = desk(name)
        shown = page(client, report)
        assert "身份保密" in shown
        for secret in ("刘", "1234", NAME, PHONE, f"/desk/reports/{report.pk}/contact"):
            assert secret not in shown
        assert client.post(f"/desk/reports/{report.pk}/contact", {"why": "想知道"}).status_code == 403
    assert not AccessEntry.objects.exists()
    assert "199****1234" in page(desk("sun_checker"), report)


def test_anonymous_stays_anonymous_for_everybody(cast: Cast, desk: Desk, speak: Speak) -> None:
    report = speak(anonymous=True)
    assert "匿名" in page(desk("li_dispatcher"), report)
    assert desk("li_dispatcher").post(f"/desk/reports/{report.pk}/contact", {"why": "核实"}).status_code == 403


def test_those_who_only_watch_and_strangers_open_nothing(cast: Cast, desk: Desk, speak: Speak) -> None:
    report = speak(text="垃圾没人清，臭得很")
    for name, status in (("ji_discipline", 403), ("qian_supervisor", 403), ("fang_qiaodong", 404)):
        assert desk(name).post(f"/desk/reports/{report.pk}/contact", {"why": "看看"}).status_code == status
    assert "199****1234" not in page(desk("ji_discipline"), report)
    assert Client().post(f"/desk/reports/{report.pk}/contact", {"why": "看看"}).status_code == 302
    assert not AccessEntry.objects.exists()


def test_a_signed_in_residents_number_is_behind_the_same_door(cast: Cast, desk: Desk, speak: Speak) -> None:
    resident = make_resident()
    report = speak(user_id=resident.pk, phone="", name="")
    opened = desk("wang_seat").post(f"/desk/reports/{report.pk}/contact", {"why": "回访"})
    assert resident.phone in said(opened)
    assert AccessEntry.objects.count() == 1


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_all_voices_of_a_case(cast: Cast, desk: Desk, speak: Speak, language: str) -> None:
    report = speak()
    for number in range(6):
        speak(case_id=report.case_id, text=f"我也看到了 {number}", phone=f"1990000{number:04d}")
    client = desk("li_dispatcher", language)
    assert f"/desk/reports/cases/{report.case_id}/" in page(client, report)
    shown = said(client.get(f"/desk/reports/cases/{report.case_id}/"))
    assert "我也看到了 5" in shown
    assert desk("fang_qiaodong").get(f"/desk/reports/cases/{report.case_id}/").status_code == 404


def test_voices_cost_two_queries_however_many(cast: Cast, speak: Speak, django_assert_num_queries: Any) -> None:
    report = speak()
    for number in range(4):
        speak(case_id=report.case_id, phone=f"1990000{number:04d}")
    case = Case.objects.select_related("lead_unit").get(pk=report.case_id)
    with django_assert_num_queries(2):
        shown, _page = desk_queries.voices(cast.li_dispatcher, case)
    assert len(shown) == 5


def test_erasing_is_for_the_centre_lead_and_only_after_closing(cast: Cast, desk: Desk, speak: Speak) -> None:
    report, lead = speak(), desk("zhao_centre")
    address = f"/desk/reports/{report.pk}/erase"
    assert lead.post(address, {"reason": "本人申请"}).status_code == 409
    close(report, cast)
    assert desk("li_dispatcher").post(address, {"reason": "本人申请"}).status_code == 403
    lead.post(address, {"reason": " "})
    report.refresh_from_db()
    assert report.text
    lead.post(address, {"reason": "本人书面申请"})
    report.refresh_from_db()
    assert (report.text, report.contact_id) == ("", None)
    assert "已按本人要求删除" in page(lead, report)


# --- return calls ----------------------------------------------------------------------------------------------

HEARD = {"responded": "yes", "solved": "yes", "satisfied": "5"}


def call(client: Client, case: Case, do: str, **typed: str) -> Any:
    return client.post(f"/desk/calls/{case.pk}/act", {"do": do, **typed})


def test_only_those_who_call_have_the_queue(cast: Cast, desk: Desk, speak: Speak) -> None:
    case = close(speak(), cast)
    for name in ("he_sanitation", "li_dispatcher", "ji_discipline"):
        assert desk(name).get("/desk/calls/").status_code == 404
        assert call(desk(name), case, "archive", **HEARD).status_code == 404
    assert not ReturnCall.objects.exists()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_call_page_has_answer_contact_and_questions(cast: Cast, desk: Desk, speak: Speak, language: str) -> None:
    close(speak(hide_identity=True), cast)
    shown = said(desk("wang_seat", language).get("/desk/calls/"))
    assert "已清运完毕" in shown
    assert "199****1234" in shown
    assert PHONE not in shown


def test_three_answers_archive_and_go_on(cast: Cast, desk: Desk, speak: Speak) -> None:
    first, second = close(speak(), cast), close(speak(phone="19900005678"), cast)
    client = desk("wang_seat")
    missing = call(client, first, "archive", responded="yes", satisfied="4")
    assert missing.status_code == 422
    assert not ReturnCall.objects.exists()
    answer = client.post(f"/desk/calls/{first.pk}/act", {"do": "archive", **HEARD}, follow=True)
    first.refresh_from_db()
    assert (first.state, first.rating, first.solved) == ("archived", 5, True)
    assert second.number in said(answer)


def test_not_solved_goes_back_with_a_reason_or_not_at_all(cast: Cast, desk: Desk, speak: Speak) -> None:
    case, client = close(speak(), cast), desk("wang_seat")
    heard = HEARD | {"solved": "no", "satisfied": "1"}
    assert call(client, case, "redo", **heard).status_code == 422
    case.refresh_from_db()
    assert case.state == "closed"
    assert not ReturnCall.objects.exists()
    call(client, case, "redo", note="还堆着一半", **heard)
    case.refresh_from_db()
    assert (case.state, case.redos) == ("handling", 1)


def test_not_reached_counts_and_lets_others_go_first(cast: Cast, desk: Desk, speak: Speak) -> None:
    case, client = close(speak(), cast), desk("wang_seat")
    call(client, case, "missed")
    assert ReturnCall.objects.get().reached is False
    assert "没有等待回访的事件" in said(client.get("/desk/calls/"))
    later = now() + timedelta(hours=5)
    assert [row.tries for row in desk_queries.to_call(cast.wang_seat, later)] == [1]  # type: ignore[attr-defined]
    assert call(client, case, "file").status_code == 409
    for _ in range(2):
        cases.record_return_call(case.pk, reached=False, actor=cast.wang_seat, now=now())
    call(client, case, "file")
    case.refresh_from_db()
    assert case.state == "archived"


def test_what_was_redone_is_called_back_anew(cast: Cast, speak: Speak) -> None:
    case, hands = close(speak(), cast), cast.he_sanitation
    bad = {"reached": True, "solved": False, "satisfied": 1}
    cases.record_return_call(case.pk, **bad, actor=cast.wang_seat, now=now())
    cases.order_redo(case.pk, reason="还堆着一半", actor=cast.wang_seat, now=now())
    later = now() + timedelta(hours=2)
    cases.give_feedback(case.pk, text="又清了一遍", evidence=ANSWER, actor=hands, now=later)
    cases.pass_check(case.pk, actor=cast.sun_checker, now=later)
    assert [(row.pk, row.tries) for row in desk_queries.to_call(cast.wang_seat, later)] == [(case.pk, 0)]  # type: ignore[attr-defined]


def test_anonymous_and_rated_cases_need_no_call(cast: Cast, speak: Speak) -> None:
    close(speak(anonymous=True), cast)
    rated = close(speak(), cast)
    Case.objects.filter(pk=rated.pk).update(rating=4)
    assert not desk_queries.to_call(cast.wang_seat, now()).exists()


def test_nobody_calls_about_their_own_work(cast: Cast, desk: Desk, speak: Speak) -> None:
    case = close(speak(), cast)
    case.assignments.update(person=cast.sun_checker.person_id)
    assert case.number not in said(desk("sun_checker").get("/desk/calls/"))
    assert call(desk("sun_checker"), case, "archive", **HEARD).status_code == 409
    assert not ReturnCall.objects.exists()


# --- messages to phones ----------------------------------------------------------------------------------------


@dataclass
class Post:
    """A sender that keeps what it was given, or fails."""

    fails: bool = False
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    shows: bool = False

    def send(self, phone: str, code: str, text: str) -> None:
        if self.fails:
            raise SendFailed("down")
        self.sent.append((phone, code, text))


def test_a_reporter_hears_once_what_happened(cast: Cast, speak: Speak) -> None:
    report, post = speak(item_code="0101", hold=True), Post()
    close(report, cast)
    assert Telling.objects.filter(report=report, sent_at__isnull=True).count() >= 2
    run = send_tellings(sender=post, now=now())
    assert (run.messages, run.failed) == (1, 0)
    ((phone, code, text),) = post.sent
    assert (phone, code) == (PHONE, report.tracking_code)
    assert "已清运完毕" in text
    assert f"{code[:4]}-{code[4:7]}" in text
    assert send_tellings(sender=post, now=now()).messages == 0
    assert len(post.sent) == 1


def test_a_failure_is_tried_again_later_and_not_for_ever(cast: Cast, speak: Speak) -> None:
    report, post = speak(hold=True), Post(fails=True)
    close(report, cast)
    Telling.objects.update(at=now())
    at = now()
    assert send_tellings(sender=post, now=at).failed == 1
    assert send_tellings(sender=post, now=at + timedelta(minutes=1)).failed == 0
    for hours in range(1, 30, 5):
        send_tellings(sender=post, now=at + timedelta(hours=hours))
    assert set(Telling.objects.values_list("tries", flat=True)) == {MOST_TRIES}
    assert not Telling.objects.filter(sent_at__isnull=False).exists()


def test_nobody_to_reach_and_old_news_are_left_to_the_tracking_code(cast: Cast, speak: Speak) -> None:
    close(speak(anonymous=True, hold=True), cast)
    close(speak(hold=True), cast)
    Telling.objects.filter(report__anonymous=False).update(at=now() - timedelta(days=9))
    post = Post()
    run = send_tellings(sender=post, now=now())
    assert post.sent == []
    assert run.given_up == Telling.objects.count() > 0
    assert send_tellings(sender=post, now=now()).given_up == 0
