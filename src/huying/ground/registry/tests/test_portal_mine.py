"""A resident's own page: recognised by phone, told apart by the identity number, who looked, what may be asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from huying.ground.accounts.factories import make_resident
from huying.ground.registry.actions import record_consent
from huying.ground.registry.factories import a_resident
from huying.ground.registry.models import Consent, RightsRequest
from huying.kernel import clock
from huying.kernel.privacy import AccessEntry

from .desk_cast import ID_NUMBER, NAME, PHONE, SECRETS, Desk, make_desk, text

pytestmark = pytest.mark.django_db
MINE = "/my-information"


@pytest.fixture
def desk(db: None, settings: Any) -> Desk:
    settings.HUYING_REQUIRE_TOTP = False
    return make_desk()


def signed_in(phone: str = PHONE, *, ending: str = "") -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(make_resident(phone))
    if ending:
        assert client.post(MINE, {"ending": ending}).status_code == 302
    return client


def told() -> Client:
    """Signed in, and told by the identity number."""
    return signed_in(ending=ID_NUMBER[-6:])


def test_strangers_sign_in_by_phone_and_staff_have_no_such_page(desk: Desk) -> None:
    assert "/accounts/resident" in Client().get(MINE)["Location"]
    assert desk.client("worker").get(MINE).status_code == 404


def test_an_unknown_phone_is_told_kindly(desk: Desk) -> None:
    said = text(signed_in("13500135000").get(MINE))
    assert "没有用这个手机号登记的信息" in said and "王" not in said


def test_a_phone_alone_opens_nobody(desk: Desk, settings: Any) -> None:
    me = signed_in()  # perhaps the next owner of a number that was given up
    said = text(me.get(MINE))
    assert "身份证号后六位" in said and desk.room.address not in said and "后六位可以写" not in said
    assert text(me.post(f"{MINE}/open")).count("身份证号后六位") and not AccessEntry.objects.exists()
    settings.HUYING_DEMO = True
    assert f"后六位可以写 {ID_NUMBER[-6:]}" in text(me.get(MINE))


def test_i_see_what_is_kept_masked_and_opening_it_is_written_as_myself(desk: Desk) -> None:
    me = told()
    said = text(me.get(MINE))
    assert "王*" in said and "138****8000" in said and desk.room.address in said
    assert not [secret for secret in SECRETS if secret in said]
    opened = text(me.post(f"{MINE}/open"))
    assert NAME in opened and ID_NUMBER in opened
    entry = AccessEntry.objects.get()
    assert (entry.subject, entry.why) == (f"resident:{desk.resident.pk}", "本人查看")
    assert NAME not in text(me.get(MINE)) and "您本人" in text(me.get(MINE))


def test_i_see_who_looked_when_why_and_at_what(desk: Desk) -> None:
    why = {"purpose": "visit", "why": "上门看望独居老人"}
    desk.client("worker").post(f"{desk.url}open", {"fields": ["phone"], **why})
    said = text(told().get(f"{MINE}/who-looked"))
    assert "上门走访：上门看望独居老人" in said and "电话" in said
    assert "唐*" in said and "唐网格" not in said and "网格员" in said and "registry-unit" in said


def test_several_who_share_a_phone_are_told_apart_and_guessing_is_limited(desk: Desk) -> None:
    a_resident(desk.actors["worker"], name="李建国", phone=PHONE)
    me = signed_in()
    assert "身份证号后六位" in text(me.get(MINE)) and "王" not in text(me.get(MINE)).replace("王坐席", "")
    assert me.get(f"{MINE}/who-looked").status_code == 200 and "看了" not in text(me.get(f"{MINE}/who-looked"))
    for wrong in ("000000", "12002", "", "00000X"):
        answer = me.post(MINE, {"ending": wrong})
        assert answer.status_code == 422 and "对不上" in text(answer)
    assert me.post(MINE, {"ending": ID_NUMBER[-6:].lower()}).status_code == 302
    assert "138****8000" in text(me.get(MINE))
    guesser = signed_in("13500135000")
    assert "没有用这个手机号登记的信息" in text(guesser.get(MINE))


def test_after_five_wrong_tries_even_the_right_one_waits_until_tomorrow(desk: Desk) -> None:
    a_resident(desk.actors["worker"], name="李建国", phone=PHONE)
    me = signed_in()
    for _try in range(5):
        me.post(MINE, {"ending": "000000"})
    answer = me.post(MINE, {"ending": ID_NUMBER[-6:]})
    assert answer.status_code == 429 and "明天再试" in text(answer)
    assert AccessEntry.objects.filter(subject="registry:binding").count() == 5
    assert "身份证号后六位" in text(me.get(MINE))


def test_i_ask_and_read_the_answer(desk: Desk) -> None:
    me = told()
    assert me.post(f"{MINE}/ask", {"kind": "nonsense", "text": "电话错了"}).status_code == 422
    refused = me.post(f"{MINE}/ask", {"kind": "correction", "text": "x"})
    assert refused.status_code == 422 and not RightsRequest.objects.exists()
    assert "答复您" in text(me.post(f"{MINE}/ask", {"kind": "correction", "text": "电话换成新的了"}, follow=True))
    asked = RightsRequest.objects.get()
    assert asked.resident == desk.resident
    desk.client("editor").post(f"/desk/registry/requests/{asked.pk}/", {"do": "refuse", "answer": "请带身份证来核对"})
    assert "请带身份证来核对" in text(me.get(MINE))


def test_a_consent_is_withdrawn_with_one_tap_and_only_my_own(desk: Desk) -> None:
    consent = record_consent(
        actor=desk.actors["worker"],
        now=clock.now(),
        resident=desk.resident,
        purpose="智能手环守护",
        notice="1",
        how="paper",
    )
    a_resident(desk.actors["worker"], name="李建国", phone="13500135000")
    assert signed_in("13500135000").post(f"{MINE}/consents/{consent.pk}/withdraw").status_code == 404
    assert Consent.objects.get().withdrawn_at is None
    me = told()
    assert "智能手环守护" in text(me.get(MINE))
    assert "已撤回" in text(me.post(f"{MINE}/consents/{consent.pk}/withdraw", follow=True))
    assert Consent.objects.get().withdrawn_at is not None
