"""The seat through HTTP: understood while typing, saved once, joined, handed to an emergency line, read out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import factories
from huying.casework.cases.factories import GRID_1, IN_GRID_1, Cast
from huying.casework.cases.models import Case, Transfer
from huying.casework.dispatch.models import DispatchPolicy
from huying.casework.dispatch.queries import Matter
from huying.ground.accounts.factories import make_resident
from huying.ground.organisation.models import Unit
from huying.ground.territory.models import Area
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.privacy import AccessEntry
from huying.kernel.trace import Entry
from huying.senses.reports.actions import Voice, take_in
from huying.senses.reports.models import Report
from huying.senses.reports.rules import spoken_tracking_code
from huying.senses.seat import queries

SEAT = "/desk/seat/"
GARBAGE = "柳岸路口的垃圾好几天没人清运了，臭味很大"
LON, LAT = IN_GRID_1
Desk = Callable[..., Client]


@pytest.fixture
def cast(db: None) -> Cast:
    made = factories.make_cast()
    DispatchPolicy.objects.create(min_confidence=0.3, min_margin=0, min_place=0.3, valid_from=factories.BEGAN)
    return made


@pytest.fixture
def desk(cast: Cast, settings: Any) -> Desk:
    settings.HUYING_REQUIRE_TOTP = False

    def sign_in(name: str = "wang_seat", language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(factories.account_of(cast.people[name]))
        return client

    return sign_in


def typed(**more: Any) -> dict[str, Any]:
    return {"key": "k1", "channel": "hotline", "text": GARBAGE, "lon": LON, "lat": LAT, "phone": "19900001234", **more}


def said(answer: Any) -> str:
    return answer.content.decode()


def earlier(**more: Any) -> Case:
    """A matter the caller (or somebody else) raised before."""
    given = {"phone": "19900001234", "text": "楼下垃圾没人清，电话19900001234", "item_code": "0101", **more}
    one = Voice(source="t", source_id=str(Report.objects.count()), channel="portal", lon=LON, lat=LAT, **given)
    (taken,) = take_in([one], actor=system("portal"), now=now() - timedelta(hours=2))
    return Case.objects.get(pk=taken.case_id)


def test_the_seat_is_for_its_operators(cast: Cast, desk: Desk) -> None:
    assert "/accounts/login" in Client().get(SEAT)["Location"]
    for name in ("li_dispatcher", "he_sanitation", "ji_discipline"):
        client = desk(name)
        assert client.get(SEAT).status_code == 404
        for address in (SEAT, f"{SEAT}caller", f"{SEAT}hear"):
            assert client.post(address, typed()).status_code == 404
    assert not Report.objects.exists()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_empty_form_with_its_own_key(cast: Cast, desk: Desk, language: str) -> None:
    client = desk("wang_seat", language)
    first, second = said(client.get(SEAT)), said(client.get(SEAT))
    assert 'accesskey="z"' in first
    assert ("Take a call" if language == "en" else "接听来电") in first
    keys = [page.split('name="key" value="')[1][:32] for page in (first, second)]
    assert len(set(keys)) == 2


def test_enter_saves_and_never_calls_an_emergency_line(cast: Cast, desk: Desk) -> None:
    """A browser presses the first submit button of a form on Enter."""
    form = said(desk().get(SEAT)).split('id="call"')[1]
    assert form.index('name="save"') < form.index('name="emergency"')


def test_a_call_is_saved_once_and_its_code_read_out(cast: Cast, desk: Desk) -> None:
    client = desk()
    answer = client.post(SEAT, typed())
    report = Report.objects.select_related("case").get()
    assert answer["Location"] == f"{SEAT}taken/{report.pk}/"
    assert (report.channel, report.taken_by) == ("hotline", cast.wang_seat.ref)
    assert (report.case.state, report.case.item_code) == ("dispatched", "0101")
    page = said(client.get(answer["Location"]))
    assert spoken_tracking_code(report.tracking_code) in page
    assert "望湖街道市政环卫队" in page
    assert client.post(SEAT, typed(text="又按了一次"))["Location"] == answer["Location"]
    assert Report.objects.count() == 1


def test_the_kind_that_was_picked_or_searched_holds(cast: Cast, desk: Desk) -> None:
    client = desk()
    client.post(SEAT, typed(kind="1208"))
    client.post(SEAT, typed(key="k2", kind="1208", item="房屋开裂倾斜（0701）"))
    assert list(Report.objects.order_by("id").values_list("case__item_code", flat=True)) == ["1208", "0701"]


BAD = [
    ({"text": " "}, "请说说是什么事"),
    ({"item": "没有这种事项"}, "目录里没有这个事项"),
    ({"channel": "pigeon"}, "没有这个来源渠道"),
    ({"lon": "x"}, "坐标不对"),
    ({"emergency": "911", "text": "着火"}, "请选择紧急电话"),
    ({"key": ""}, "再保存一次"),
]


@pytest.mark.parametrize(("wrong", "words"), BAD)
def test_wrong_input_is_explained_and_stays(cast: Cast, desk: Desk, wrong: dict[str, str], words: str) -> None:
    answer = desk().post(SEAT, typed(name="刘阿姨", **wrong))
    assert answer.status_code == 422
    assert words in said(answer)
    assert 'value="刘阿姨"' in said(answer)
    assert not Report.objects.exists()
    assert not Case.objects.exists()


def test_the_callers_past_is_shown_masked(cast: Cast, desk: Desk) -> None:
    case = earlier()
    page = said(desk().post(f"{SEAT}caller", {"phone": "199 0000 1234"}))
    assert f"/desk/cases/{case.pk}/" in page
    assert "19900001234" not in page
    assert "199****1234" in page
    assert "以前没有反映过" in said(desk().post(f"{SEAT}caller", {"phone": "19900009999"}))
    assert said(desk().post(f"{SEAT}caller", {"phone": "1990"})).strip() == ""


def test_looking_at_a_callers_past_is_written_down(cast: Cast, desk: Desk) -> None:
    earlier()
    desk().post(f"{SEAT}caller", {"phone": "1990"})
    desk().post(f"{SEAT}caller", {"phone": "19900009999"})
    assert desk("li_dispatcher").post(f"{SEAT}caller", {"phone": "19900001234"}).status_code == 404
    assert not AccessEntry.objects.exists()
    desk().post(f"{SEAT}caller", {"phone": "19900001234"})
    entry = AccessEntry.objects.get()
    assert entry.subject == f"contact:{Report.objects.get().contact_id}"
    assert (entry.actor_ref, entry.what, entry.why) == (cast.wang_seat.ref, ["reports"], "来电时查看以往诉求")


def test_what_a_caller_said_while_signed_in_is_found_by_their_number(cast: Cast, desk: Desk) -> None:
    resident = make_resident("19900001234")
    mine, called = earlier(user_id=resident.pk, phone="", text="网上报的垃圾"), earlier(text="电话报的垃圾")
    make_resident("19900005678")
    earlier(phone="19900005678", text="别人的")
    page = said(desk().post(f"{SEAT}caller", {"phone": "199 0000 1234"}))
    assert f"/desk/cases/{mine.pk}/" in page and f"/desk/cases/{called.pk}/" in page
    assert "别人的" not in page
    assert AccessEntry.objects.count() == 2  # the account's contact and the number's


def test_what_is_understood_while_typing(cast: Cast, desk: Desk) -> None:
    case = earlier(phone="19900005678")
    entries = Entry.objects.count()
    page = said(desk().post(f"{SEAT}hear", typed(), headers={"HX-Request": "true"}))
    for words in (
        "暴露垃圾",
        "柳岸一网格",
        "望湖街道市政环卫队",
        "相距 0 米",
        f'name="join" value="{case.pk}"',
        "4个工作小时",
    ):
        assert words in page
    assert "<html" not in page
    assert (Report.objects.count(), Entry.objects.count()) == (1, entries)
    assert "边听边写" in said(desk().post(f"{SEAT}hear", {"text": ""}, headers={"HX-Request": "true"}))


def test_without_script_the_whole_page_comes_back_with_everything_typed(cast: Cast, desk: Desk) -> None:
    page = said(desk().post(f"{SEAT}hear", typed(name="刘阿姨", hide_identity="1")))
    assert "<html" in page
    assert GARBAGE in page
    assert 'value="刘阿姨"' in page
    assert "暴露垃圾" in page


def test_half_typed_things_never_break_the_listening(cast: Cast, desk: Desk) -> None:
    for wrong in ({"item": "房"}, {"lon": "x"}, {"spot": "point:abc"}, {"spot": "point:1,2"}, {"spot": "area:zz"}):
        answer = desk().post(f"{SEAT}hear", typed(**wrong), headers={"HX-Request": "true"})
        assert answer.status_code == 200, wrong


def test_a_place_is_picked_among_alternatives(cast: Cast, desk: Desk) -> None:
    desk().post(SEAT, typed(lon="", lat="", place_text="楼下", spot="area:990101001002001"))
    assert Report.objects.select_related("case").get().case.grid == "990101001002001"


def test_this_is_it_plus_one(cast: Cast, desk: Desk) -> None:
    case = earlier(phone="19900005678")
    answer = desk().post(SEAT, typed(join=case.pk), follow=True)
    assert "已加到正在办理的这件事里" in said(answer)
    case.refresh_from_db()
    assert (case.reports, Case.objects.count()) == (2, 1)
    assert desk().post(SEAT, typed(key="k3", join="999999")).status_code == 404
    assert Report.objects.count() == 2


def test_an_emergency_goes_to_its_line_in_the_same_step(cast: Cast, desk: Desk) -> None:
    client = desk()
    answer = client.post(SEAT, typed(text="", emergency="119", receipt="X-9"), follow=True)
    case = Case.objects.get()
    transfer = Transfer.objects.get()
    assert (case.urgent, transfer.channel, transfer.whole, transfer.receipt) == (True, "119", False, "X-9")
    assert transfer.reason == "来电紧急，详情见诉求"
    assert "已转119" in said(answer)
    client.post(SEAT, typed(text="", emergency="119", receipt="X-9"))
    assert (Transfer.objects.count(), Report.objects.count()) == (1, 1)
    report = Report.objects.get()
    client.post(f"{SEAT}taken/{report.pk}/note", {"text": "消防已出动"})
    assert Entry.objects.filter(chain=f"case:{case.pk}", verb="note").count() == 1


def test_the_emergency_lines_number_and_what_it_did_are_written_down_afterwards(cast: Cast, desk: Desk) -> None:
    client = desk()
    page = client.post(SEAT, typed(emergency="110"), follow=True)
    assert 'name="receipt"' in said(page) and 'name="outcome"' not in said(page)
    address = f"{SEAT}taken/{Report.objects.get().pk}/note"
    entries = Entry.objects.count()
    empty = client.post(address, {"receipt": " "})
    assert empty.status_code == 409 and "回执编号" in said(empty)
    early = client.post(address, {"outcome": "已到场"})
    assert early.status_code == 409
    assert (Entry.objects.count(), Transfer.objects.get().receipt) == (entries, "")
    assert "JQ-77" in said(client.post(address, {"receipt": "JQ-77"}, follow=True))
    shown = said(client.post(address, {"outcome": "民警已到场劝开"}, follow=True))
    assert "民警已到场劝开" in shown and 'name="outcome"' not in shown
    transfer = Transfer.objects.get()
    assert (transfer.receipt, transfer.outcome) == ("JQ-77", "民警已到场劝开")
    assert [*Entry.objects.order_by("id").values_list("verb", flat=True)][-2:] == ["record_receipt", "follow_up"]


TOLD = "带身份证到社区服务站，当天可取。"


def test_a_question_is_answered_on_the_spot(cast: Cast, desk: Desk) -> None:
    client = desk()
    assert 'accesskey="a"' in said(client.get(SEAT))
    given = typed(text="居住证怎么办", item="意见建议（1605）", answer=TOLD, answered="1", channel="visit")
    answer = client.post(SEAT, given, follow=True)
    report = Report.objects.select_related("case").get()
    assert (report.case.state, report.case.lead_unit) == ("closed", None)
    feedback = report.case.feedbacks.get()
    assert (feedback.text, feedback.evidence["notice_kind"]) == (TOLD, "in_person")
    assert "已当场答复并办结" in said(answer) and spoken_tracking_code(report.tracking_code) in said(answer)
    client.post(SEAT, given)
    assert (Report.objects.count(), Entry.objects.filter(verb="answer").count()) == (1, 1)


def test_an_answer_typed_and_not_sent_as_such_goes_the_ordinary_way(cast: Cast, desk: Desk) -> None:
    desk().post(SEAT, typed(answer=TOLD, save="1"))
    assert Case.objects.get().state == "dispatched"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"answer": ""}, "请把答复写完整"),
        ({"answer": "好的"}, "请把答复写完整"),
        ({"item": "", "answer": TOLD}, "要有办理材料"),
    ],
)
def test_what_cannot_be_answered_on_the_spot_saves_nothing(
    cast: Cast, desk: Desk, wrong: dict[str, str], words: str
) -> None:
    answer = desk().post(SEAT, typed(**{"item": "意见建议（1605）", "answered": "1", "name": "刘阿姨", **wrong}))
    assert answer.status_code in (409, 422)
    assert words in said(answer) and 'value="刘阿姨"' in said(answer)
    assert not Report.objects.exists() and not Case.objects.exists()


def test_while_typing_it_is_said_which_kinds_may_be_answered(cast: Cast, desk: Desk) -> None:
    hear = {"headers": {"HX-Request": "true"}}
    assert "可以当场答复办结" in said(desk().post(f"{SEAT}hear", typed(kind="1605"), **hear))
    assert "可以当场答复办结" not in said(desk().post(f"{SEAT}hear", typed(kind="0101"), **hear))


def test_an_english_operator_reads_unit_and_place_in_english(cast: Cast, desk: Desk) -> None:
    Unit.objects.filter(pk=cast.units["sanitation"].pk).update(name_en="Sanitation Team")
    Area.objects.filter(code=GRID_1).update(name_en="Liuan Grid 1")
    asked = {"path": f"{SEAT}hear", "data": typed(kind="0101"), "headers": {"HX-Request": "true"}}
    shown = said(desk(language="en").post(**asked))
    assert "Sanitation Team" in shown and "Liuan Grid 1" in shown
    assert "市政环卫队" not in shown and "柳岸一网格" not in shown
    assert "市政环卫队" in said(desk().post(**asked))


def test_an_emergency_that_cannot_be_handed_over_saves_nothing(cast: Cast, desk: Desk) -> None:
    case = earlier()
    Case.objects.filter(pk=case.pk).update(state="checking")
    answer = desk().post(SEAT, typed(emergency="110", join=case.pk))
    assert answer.status_code == 409
    assert GARBAGE in said(answer)
    assert (Report.objects.count(), Transfer.objects.count()) == (1, 0)


def test_another_operators_call_is_not_shown(cast: Cast, desk: Desk) -> None:
    earlier()
    assert desk().get(f"{SEAT}taken/{Report.objects.get().pk}/").status_code == 404
    assert desk().post(f"{SEAT}taken/{Report.objects.get().pk}/note", {"text": "x"}).status_code == 404


def test_listening_costs_a_constant_number_of_queries(cast: Cast, django_assert_num_queries: Any) -> None:
    matter = Matter(text=GARBAGE, channel="hotline", at=now(), lon=LON, lat=LAT)
    queries.understand(matter, actor=cast.wang_seat, now=now())
    with django_assert_num_queries(3):
        queries.understand(matter, actor=cast.wang_seat, now=now())
    earlier()
    with django_assert_num_queries(2):
        assert len(queries.past_of("19900001234", cast.wang_seat)) == 1
