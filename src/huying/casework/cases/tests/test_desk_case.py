"""The page of a case through HTTP: who may open it, what it says, and every step once allowed and once refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from huying.casework.cases import actions, factories
from huying.casework.cases.actions import Sending
from huying.casework.cases.desk.steps import STEPS
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import Case
from huying.casework.cases.rules import Action
from huying.casework.cases.turns import chain
from huying.ground.accounts.factories import make_resident
from huying.kernel import clock
from huying.kernel.actor import system
from huying.kernel.trace import Entry, erase_private

from .conftest import ANSWER, HOUR, Bring, opening

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def signed_in(cast: Cast, name: str, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(factories.account_of(cast.people[name]))
    return client


def page(case: Case) -> str:
    return f"/desk/cases/{case.pk}/"


def text(answer: Any) -> str:
    return answer.content.decode()


def photo(name: str = "after.jpg") -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 90)).save(content, "JPEG")
    return SimpleUploadedFile(name, content.getvalue(), "image/jpeg")


# --- who may open it ---------------------------------------------------------------------------------------------


def test_strangers_get_404_and_residents_the_portal(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    assert signed_in(cast, "fang_qiaodong").get(page(case)).status_code == 404
    assert signed_in(cast, "fang_qiaodong").get("/desk/cases/999999/").status_code == 404
    assert Client().get(page(case)).status_code == 302
    client = Client()
    client.force_login(make_resident())
    assert client.get(page(case))["Location"] == "/"


def test_a_case_is_found_by_its_number(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    client = signed_in(cast, "he_sanitation")
    assert client.get(f"/desk/cases/{case.number}")["Location"] == page(case)
    assert client.get("/desk/cases/20990101-0000001").status_code == 404


def test_discipline_reads_everything_and_may_do_nothing(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    client = signed_in(cast, "ji_discipline")
    said = text(client.get(page(case)))
    assert case.title in said and f"{page(case)}do/" not in said
    entries = Entry.objects.count()
    assert client.post(f"{page(case)}do/note", {"text": "x"}).status_code == 403
    assert client.post(f"{page(case)}do/attach", {"stage": "after", "photos": photo()}).status_code == 403
    assert Entry.objects.count() == entries


# --- what it says ------------------------------------------------------------------------------------------------


def test_the_page_tells_the_whole_story_in_words(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    said = text(signed_in(cast, "sun_checker").get(page(case)))
    for words in (
        "望湖街道市政环卫队签收，经办：何环卫",
        "反馈办理结果",
        "核查通过，按期结案",
        "已清运并安排每日巡查",
        "依法答复",
    ):
        assert words in said, words


def test_the_words_of_a_reporter_are_masked_and_gone_once_erased(cast: Cast) -> None:
    one = opening(cast, unit="sanitation")
    one = type(one)(
        **{name: getattr(one, name) for name in one.__slots__} | {"words": "请打13800138000", "voice": "V1"}
    )
    (case_id,) = actions.open_cases([one], actor=system("portal"), now=NOW)
    client = signed_in(cast, "he_sanitation")
    said = text(client.get(f"/desk/cases/{case_id}/"))
    assert "138****8000" in said and "13800138000" not in said
    erase_private(chain(case_id), actor=system("portal"), now=NOW, why="本人要求", labels=["words:V1"])
    said = text(client.get(f"/desk/cases/{case_id}/"))
    assert "138****8000" not in said and "已删除" in said


def test_the_page_asks_a_constant_number_of_queries(cast: Cast, bring: Bring) -> None:
    """However long its history; what upper rooms hang on the page counts with it."""
    case = bring("checking")
    client = signed_in(cast, "sun_checker")
    client.get(page(case))
    numbers = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get(page(case))
        numbers.append(len(asked))
        for number in range(5):
            actions.note_case(case.pk, text=f"备注{number}", actor=cast.he_sanitation, now=NOW)
            bring("handling")
    assert numbers[0] == numbers[1] <= 28


def test_a_similar_open_case_can_be_merged_from_here_and_unmerged(cast: Cast) -> None:
    now = clock.now()
    rows = [type(one)(**{n: getattr(one, n) for n in one.__slots__} | {"at": now}) for one in [opening(cast)] * 2]
    first, second = actions.open_cases(rows, actor=system("portal"), now=now)
    client = signed_in(cast, "li_dispatcher")
    number = Case.objects.get(pk=first).number
    assert number in text(client.get(f"/desk/cases/{second}/"))
    answer = client.post(f"/desk/cases/{second}/do/merge", {"into": number}, follow=True)
    assert answer.redirect_chain[-1][0].startswith(f"/desk/cases/{first}/")
    assert "撤销" in text(answer)
    client.post(f"/desk/cases/{second}/do/unmerge", {"reason": "合并有误"})
    assert Case.objects.get(pk=second).state == "pending"


def test_the_trace_is_handed_to_those_who_check_only(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    answer = signed_in(cast, "qian_supervisor").get(f"{page(case)}trace.json")
    assert json.loads(text(answer))["chain"] == chain(case.pk)
    assert json.loads(text(answer))["private"] == []
    assert signed_in(cast, "he_sanitation").get(f"{page(case)}trace.json").status_code == 404


def test_the_file_can_be_printed(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    said = text(signed_in(cast, "sun_checker").get(f"{page(case)}print"))
    assert case.number in said and "由 孙核查 于" in said


def test_the_place_is_drawn_with_its_likes(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    features = signed_in(cast, "he_sanitation").get(f"{page(case)}around.geojson").json()["features"]
    assert features[0]["properties"]["url"] == page(case)
    assert signed_in(cast, "fang_qiaodong").get(f"{page(case)}around.geojson").status_code == 404


def test_a_step_that_may_not_be_taken_says_why(cast: Cast, bring: Bring) -> None:
    """Forms that may be opened are opened where each step is tried, above all in Chinese; here in English."""
    case = bring("handling")
    client = signed_in(cast, "he_sanitation", "en")
    for step in list(STEPS.values())[::4]:
        answer = client.get(page(case), {"do": str(step.action)})
        assert answer.status_code == 200 and 'id="do"' in text(answer), step.action


# --- steps -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Try:
    """One step posted through the page: from where, by whom, with what; then by whom, or with what, it is refused."""

    do: str
    state: str
    who: str
    given: dict[str, Any] = field(default_factory=dict)
    to: str = ""
    stranger: str = "wang_seat"
    before: Callable[[Cast, Case], None] | None = None
    missing: str = ""


def _whistled(cast: Cast, case: Case) -> None:
    part = Sending(unit_id=cast.units["housing"].pk, due_at=NOW + 9 * HOUR)
    actions.whistle(case.pk, [part], reason="结构安全", actor=cast.he_sanitation, now=NOW + 2 * HOUR)


def _delivered(cast: Cast, case: Case) -> None:
    _whistled(cast, case)
    actions.deliver_part(case.pk, text="已看过", actor=cast.xu_housing, now=NOW + 3 * HOUR)


def _extension_asked(cast: Cast, case: Case) -> None:
    until = NOW + 40 * HOUR
    actions.ask_extension(case.pk, reason="等材料", until=until, actor=cast.he_sanitation, now=NOW + 2 * HOUR)


def _suspension_asked(cast: Cast, case: Case) -> None:
    plan = [("完成设计", (NOW + 100 * HOUR).date())]
    actions.ask_suspension(case.pk, reason="立项", milestones=plan, actor=cast.he_sanitation, now=NOW + 2 * HOUR)


def _meeting_called(cast: Cast, case: Case) -> None:
    units = [cast.units["housing"].pk]
    actions.call_meeting(case.pk, purpose="定方案", unit_ids=units, actor=cast.he_sanitation, now=NOW + 2 * HOUR)


def _receipt(cast: Cast, case: Case) -> None:
    actions.record_receipt(case.pk, receipt="JQ-1", actor=cast.li_dispatcher, now=NOW + 2 * HOUR)


def _emergency(cast: Cast, case: Case) -> None:
    actions.call_emergency(case.pk, channel="110", actor=cast.he_sanitation, now=NOW + 2 * HOUR)


def _emergency_received(cast: Cast, case: Case) -> None:
    _emergency(cast, case)
    _receipt(cast, case)


def _followed(cast: Cast, case: Case) -> None:
    _receipt(cast, case)
    actions.follow_up_transfer(case.pk, outcome="已调解", actor=cast.li_dispatcher, now=NOW + 3 * HOUR)


def _declined(cast: Cast, case: Case) -> None:
    actions.decline_case(case.pk, channel="court", reason="诉讼中", actor=cast.li_dispatcher, now=NOW + HOUR)


def _called(cast: Cast, case: Case) -> None:
    actions.record_return_call(case.pk, reached=True, satisfied=5, actor=cast.wang_seat, now=NOW + 5 * HOUR)


def _merged(cast: Cast, case: Case) -> None:
    (other,) = actions.open_cases([opening(cast)], actor=system("portal"), now=NOW)
    actions.merge_case(case.pk, into_id=other, actor=cast.li_dispatcher, now=NOW + HOUR)


_REASON = {"reason": "理由在此"}
_TOLD = {"text": "凭身份证到社区服务站当天就能办。", "notice": "call"}
TRIES = (
    Try("answer", "pending", "wang_seat", _TOLD, "closed", "sun_checker", missing="text"),
    Try("accept", "pending", "li_dispatcher", to="accepted"),
    Try("decline", "pending", "li_dispatcher", {"channel": "court", **_REASON}, "declined", missing="reason"),
    Try("reconsider", "pending", "zhao_centre", _REASON, "pending", before=_declined, missing="reason"),
    Try("recall", "dispatched", "li_dispatcher", _REASON, "accepted", missing="reason"),
    Try("sign", "dispatched", "he_sanitation", {}, "handling"),
    Try("object", "dispatched", "he_sanitation", {**_REASON, "suggested": "housing"}, "objected", missing="reason"),
    Try("uphold_objection", "objected", "li_dispatcher", _REASON, "accepted", missing="reason"),
    Try("reject_objection", "objected", "li_dispatcher", _REASON, "dispatched", missing="reason"),
    Try("arrive", "handling", "xu_housing", before=_whistled),
    Try("deliver_part", "handling", "xu_housing", {"text": "已加固"}, before=_whistled, missing="text"),
    Try("accept_part", "handling", "he_sanitation", {"unit": "HOUSING"}, before=_delivered, missing="unit"),
    Try("refuse_part", "handling", "he_sanitation", {"unit": "HOUSING", **_REASON}, before=_delivered, missing="reason"),
    Try("rate_partner", "handling", "he_sanitation", {"unit": "HOUSING", "score": "4"}, before=_whistled, missing="score"),
    Try("call_meeting", "handling", "he_sanitation", {"purpose": "定方案", "units": ["housing", ""]}, missing="purpose"),
    Try("record_meeting", "handling", "he_sanitation", {"decision": "拆"}, before=_meeting_called, missing="decision"),
    Try("grant_extension", "handling", "li_dispatcher", {"told": "请谅解"}, before=_extension_asked, missing="told"),
    Try("refuse_extension", "handling", "li_dispatcher", _REASON, before=_extension_asked, missing="reason"),
    Try("ask_suspension", "handling", "he_sanitation",
        {**_REASON, "milestone_name": ["设计", ""], "milestone_due": ["2027-01-01", ""]}, missing="reason"),
    Try("grant_suspension", "handling", "zhao_centre", {}, "suspended", before=_suspension_asked),
    Try("refuse_suspension", "handling", "zhao_centre", _REASON, before=_suspension_asked, missing="reason"),
    Try("reach_milestone", "suspended", "he_sanitation", {"milestone": "FIRST"}, missing="milestone"),
    Try("resume", "suspended", "he_sanitation", {}, "handling"),
    Try("wait_for_reporter", "handling", "he_sanitation", _REASON, "handling", missing="reason"),
    Try("transfer_out", "pending", "li_dispatcher", {"channel": "110", **_REASON}, "transferred", "he_sanitation", missing="channel"),
    Try("record_receipt", "transferred", "li_dispatcher", {"receipt": "JQ-9"}, stranger="sun_checker", missing="receipt"),
    Try("follow_up", "transferred", "li_dispatcher", {"outcome": "已办"}, stranger="sun_checker", before=_receipt, missing="outcome"),
    Try("record_receipt", "handling", "he_sanitation", {"receipt": "JQ-9"}, "handling", "sun_checker", _emergency, "receipt"),
    Try("follow_up", "handling", "wang_seat", {"outcome": "已出警"}, "handling", "sun_checker", _emergency_received, "outcome"),
    Try("take_back", "transferred", "li_dispatcher", _REASON, "accepted", missing="reason"),
    Try("finish_transfer", "transferred", "li_dispatcher", {}, "closed", before=_followed),
    Try("call_emergency", "handling", "he_sanitation", {"channel": "119"}, stranger="sun_checker", missing="channel"),
    Try("give_feedback", "handling", "he_sanitation", {"text": "已清运", **ANSWER}, "checking", missing="text"),
    Try("pass_check", "checking", "sun_checker", {"note": "属实"}, "closed"),
    Try("fail_check", "checking", "sun_checker", _REASON, "handling", missing="reason"),
    Try("return_call", "closed", "wang_seat", {"reached": "yes", "satisfied": "5"}, "", "he_sanitation", missing="reached"),
    Try("order_redo", "closed", "wang_seat", _REASON, "handling", "he_sanitation", missing="reason"),
    Try("archive", "closed", "wang_seat", {}, "archived", "he_sanitation", before=_called),
    Try("unmerge", "pending", "li_dispatcher", _REASON, "pending", before=_merged, missing="reason"),
    Try("note", "handling", "he_sanitation", {"text": "看过现场"}, stranger="fang_qiaodong", missing="text"),
    Try("remind", "handling", "wang_seat", {"text": "请抓紧"}, stranger="he_sanitation"),
    Try("make_urgent", "handling", "wang_seat", _REASON, stranger="he_sanitation", missing="reason"),
)  # fmt: skip


def _given(cast: Cast, case: Case, given: dict[str, Any]) -> dict[str, Any]:
    filled = dict(given)
    if filled.get("unit") == "HOUSING":
        filled["unit"] = cast.units["housing"].pk
    if filled.get("milestone") == "FIRST":
        filled["milestone"] = case.suspensions.get().milestones.get().pk
    return filled


@pytest.mark.parametrize("one", TRIES, ids=lambda one: one.do)
def test_a_step_is_taken_refused_to_others_and_keeps_what_was_typed(cast: Cast, bring: Bring, one: Try) -> None:
    case = bring(one.state)
    if one.before:
        one.before(cast, case)
    address, given = f"{page(case)}do/{one.do}", _given(cast, case, one.given)
    entries = Entry.objects.filter(chain=chain(case.pk)).count()
    stranger = signed_in(cast, one.stranger).post(address, given)
    assert stranger.status_code in (403, 404, 409, 422)
    client = signed_in(cast, one.who)
    if one.missing:
        name = one.missing
        lacking = client.post(address, {**given, name: ""})
        assert lacking.status_code in (409, 422), text(lacking)
        assert 'id="do"' in text(lacking)
    assert Entry.objects.filter(chain=chain(case.pk)).count() == entries
    shown = client.get(page(case), {"do": one.do})
    assert f'action="{address}"' in text(shown)
    case.refresh_from_db()
    answer = client.post(address, {**given, "expected": case.version})
    assert answer.status_code == 302, text(answer)
    case.refresh_from_db()
    assert not one.to or case.state == one.to
    assert Entry.objects.filter(chain=chain(case.pk)).count() == entries + 1


def test_an_answer_on_the_spot_stands_with_the_facts_and_in_the_history(cast: Cast, bring: Bring) -> None:
    case = bring("pending")
    actions.answer_case(case.pk, **_TOLD, actor=cast.wang_seat, now=NOW + HOUR)
    shown = text(signed_in(cast, "wang_seat").get(page(case)))
    assert "办理结果" in shown and shown.count(_TOLD["text"]) == 2
    assert "澄湖区社会治理中心当场答复，直接办结" in shown


# Three ask who is signed in and four count for the frame of every page: the case itself takes the rest.
SIGNED_IN_AND_FRAME = 7


@pytest.mark.parametrize(
    ("state", "who", "own"),
    [("pending", "li_dispatcher", 10), ("handling", "he_sanitation", 12), ("closed", "wang_seat", 11)],
)
def test_a_case_takes_at_most_a_dozen_queries(
    cast: Cast, bring: Bring, state: str, who: str, own: int, django_assert_num_queries: Any
) -> None:
    for _number in range(3):
        bring("handling")
    case, client = bring(state), signed_in(cast, who)
    client.get(page(case))
    with django_assert_num_queries(SIGNED_IN_AND_FRAME + own):
        assert client.get(page(case)).status_code == 200


def test_every_step_of_the_page_is_tried() -> None:
    elsewhere = {"ask_extension", "merge", "reach_stage", "end_wait"}  # the last two: with their clocks, above
    assert {one.do for one in TRIES} | elsewhere == {str(action) for action in STEPS}
    above = {Action.CORRECT, Action.DISPATCH, Action.DESIGNATE, Action.ESCALATE, Action.WHISTLE}
    assert set(Action) - set(STEPS) == above | {Action.RATE, Action.JOIN, Action.ATTACH}


def test_more_time_is_asked_with_a_reason_and_a_moment(cast: Cast) -> None:
    now = clock.now()
    one = opening(cast, unit="sanitation")
    assert one.sending is not None
    sent = Sending(unit_id=one.sending.unit_id, due_at=now + timedelta(hours=30))
    one = type(one)(**{n: getattr(one, n) for n in one.__slots__} | {"at": now, "sending": sent})
    (case_id,) = actions.open_cases([one], actor=system("portal"), now=now)
    actions.sign_case(case_id, actor=cast.he_sanitation, now=now)
    client, address = signed_in(cast, "he_sanitation"), f"/desk/cases/{case_id}/do/ask_extension"
    bad = client.post(address, {"reason": "等材料到货", "until": "明天"})
    assert bad.status_code == 422 and "等材料到货" in text(bad) and "请填写日期和时间" in text(bad)
    until = (now + timedelta(hours=40)).strftime("%Y-%m-%dT%H:%M+00:00")
    assert client.post(address, {"reason": "等材料到货", "until": until}).status_code == 302
    assert Case.objects.get(pk=case_id).extension_requests.count() == 1


def test_whoever_was_faster_is_named_and_nothing_typed_is_lost(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    seen = case.version
    actions.note_case(case.pk, text="先看看", actor=cast.lin_sanitation_head, now=NOW)
    answer = signed_in(cast, "he_sanitation").post(
        f"{page(case)}do/give_feedback", {"text": "我写了很多字", "expected": seen, **ANSWER}
    )
    assert answer.status_code == 409
    assert "林队长" in text(answer) and "我写了很多字" in text(answer)
    assert f'name="expected" value="{seen + 1}"' in text(answer)
    case.refresh_from_db()
    assert case.state == "handling"


def test_feedback_names_what_is_missing_and_keeps_the_photos(cast: Cast, bring: Bring) -> None:
    case = bring("handling", item="0101")
    client, address = signed_in(cast, "he_sanitation"), f"{page(case)}do/give_feedback"
    lacking = client.post(address, {"text": "已清运", "photos_before": photo("before.jpg")})
    assert lacking.status_code == 422 and "处置后的照片至少要1张" in text(lacking) and "已清运" in text(lacking)
    assert case.attachments.filter(stage="before").count() == 1
    assert client.post(f"{page(case)}do/attach", {"stage": "after", "photos": photo()}).status_code == 302
    assert client.post(address, {"text": "已清运"}).status_code == 302
    case.refresh_from_db()
    assert case.state == "checking"


def test_a_file_that_is_no_picture_is_refused(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    bad = SimpleUploadedFile("x.jpg", b"<svg onload=alert(1)>", "image/jpeg")
    answer = signed_in(cast, "he_sanitation").post(f"{page(case)}do/attach", {"stage": "after", "photos": bad})
    assert answer.status_code == 422
    assert not case.attachments.exists()
