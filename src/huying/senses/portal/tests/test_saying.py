"""Say a matter, without script: two steps, once, with photos; joined, refused, kept."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from PIL import Image

from huying.casework.cases.factories import GRID_1, IN_GRID_1, Cast
from huying.casework.cases.models import Attachment, Case
from huying.ground.accounts.factories import make_resident
from huying.ground.registry.deriving import new_code
from huying.ground.registry.models import Premises
from huying.kernel.clock import now
from huying.kernel.models import StoredFile
from huying.senses.portal import forms
from huying.senses.portal.actions import Said
from huying.senses.reports.factories import publish
from huying.senses.reports.models import Contact, Report

GARBAGE = "柳岸路口的垃圾好几天没人清运了，臭味很大，苍蝇到处飞，请尽快派人来清理暴露垃圾。"
LON, LAT = IN_GRID_1


def picture(name: str = "垃圾.jpg", colour: str = "olive") -> SimpleUploadedFile:
    drawn = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(drawn, "JPEG")
    return SimpleUploadedFile(name, drawn.getvalue(), content_type="image/jpeg")


def size_of(client: Client, path: str) -> tuple[int, int]:
    answer: Any = client.get(path)
    with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as image:
        return image.size


def typed(**more: object) -> dict[str, object]:
    base = {"key": forms.new_key(), "text": GARBAGE, "lon": str(LON), "lat": str(LAT), "place_text": "柳岸路口"}
    return {**base, "step": "preview", **more}


def hidden(page: str, name: str) -> list[str]:
    return re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)


def send(client: Client, **more: object) -> str:
    answer = client.post("/report", typed(step="send", **more))
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def code_of(address: str) -> str:
    return address.split("/")[2]


def test_the_whole_way_with_a_photo(cast: Cast, client: Client) -> None:
    page = client.get("/report").content.decode()
    assert 'name="text"' in page and 'enctype="multipart/form-data"' in page
    seen = client.post("/report", typed(photos=[picture()]))
    shown = seen.content.decode()
    assert seen.status_code == 200
    assert "暴露垃圾" in shown and "望湖街道市政环卫队" in shown and "办好" in shown
    assert not Report.objects.exists(), "a look sends nothing"
    (token,) = hidden(shown, "photo")
    assert size_of(client, f"/report/photo/{token}") == (480, 360)
    (key,) = hidden(shown, "key")
    answer = client.post("/report", typed(step="send", key=key, photo=token, phone="199 0000 1234", name="刘阿姨"))
    report = Report.objects.get()
    assert answer["Location"] == f"/m/{report.tracking_code}/sent"
    assert (report.channel, report.anonymous) == ("portal", False)
    case = report.case
    assert (case.state, case.item_code, case.lead_unit) == ("dispatched", "0101", cast.units["sanitation"])
    photo = Attachment.objects.get(case=case)
    assert photo.file.subject == f"case:{case.pk}"
    path = f"/m/{report.tracking_code}/photo/{photo.pk}"
    assert (size_of(client, path), size_of(client, f"{path}/small")) == ((640, 480), (480, 360))
    thanks = client.get(answer["Location"]).content.decode()
    assert f"{report.tracking_code[:4]}-" in thanks and "望湖街道市政环卫队" in thanks
    assert client.get(f"/m/{report.tracking_code}/code.png")["Content-Type"] == "image/png"


def test_what_comes_from_the_sign_at_a_door_is_about_that_place(cast: Cast, client: Client) -> None:
    building = make_premises("building", "柳岸小区3栋")
    room = make_premises("room", "501室", parent=building)
    started = client.get(f"/report?about={building.code}&place_text=3").content.decode()
    assert hidden(started, "about") == [building.code]
    shown = client.post("/report", typed(about=building.code)).content.decode()
    assert hidden(shown, "about") == [building.code]
    for about, marks in (
        (building.code, [f"premises:{building.uid}"]), (room.code, None), ("NOTHING99", None), ("'; --", None), ("", None)
    ):  # fmt: skip
        send(client, about=about)
        assert Report.objects.latest("id").case.subjects == marks
    assert "about" not in client.get("/report").content.decode().partition("<main")[2].partition("</main")[0]


def test_what_comes_from_the_sign_at_a_door_is_where_the_registry_has_that_place(cast: Cast, client: Client) -> None:
    building = make_premises("building", "柳岸小区3栋")
    nowhere = {"place_text": "没有这个地方", "lon": "", "lat": ""}
    said = Said(key="k", text="楼道口垃圾没人清", place_text="没有这个地方", about=building.code)
    assert said.matter(now()).area == GRID_1 and replace(said, about="").matter(now()).area == ""
    send(client, about=building.code, **nowhere)
    case = Report.objects.get().case
    assert (case.grid, case.lon) == (GRID_1, None)
    send(client, text="垃圾桶满了没人清运", **nowhere)
    assert Report.objects.latest("id").case.grid == ""


def make_premises(kind: str, name: str, parent: Premises | None = None) -> Premises:
    values = {"code": new_code(), "kind": kind, "name": name, "address": name, "parent": parent, "area": GRID_1}
    return Premises.objects.create(**values, checked_at=now(), created_at=now())


def test_a_second_press_changes_nothing_and_other_words_are_heard(cast: Cast, client: Client) -> None:
    key = forms.new_key()
    first = send(client, key=key)
    assert send(client, key=key) == first
    assert (Report.objects.count(), Case.objects.count()) == (1, 1)
    assert send(client, key=key, text="另外，楼道里也堆满了杂物，走都走不过去") != first
    assert Report.objects.count() == 2


def test_anonymous_phone_and_signed_in(cast: Cast, client: Client) -> None:
    send(client)
    assert Report.objects.get().contact is None
    send(client, phone="19900005678", hide_identity="1")
    with_phone = Report.objects.latest("id")
    assert with_phone.hide_identity and with_phone.contact is not None
    user = make_resident("19900000077", name="周先生")
    client.force_login(user, backend="huying.ground.accounts.backends.ResidentBackend")
    page = client.post("/report", typed()).content.decode()
    assert "199****0077" in page and 'name="phone"' not in page
    send(client)
    assert Report.objects.latest("id").contact.user == user
    send(client, text="楼道堆满了杂物，这次不留名", anonymous="1")
    assert Report.objects.latest("id").contact is None
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("step", ["preview", "send"])
def test_mistakes_keep_what_was_typed(cast: Cast, client: Client, step: str) -> None:
    page = client.post("/report", typed(step=step, text=" ", place_text="3 栋楼下", photos=[picture()]))
    shown = page.content.decode()
    assert page.status_code == 422
    assert "一两句话就行" in shown and 'value="3 栋楼下"' in shown
    assert shown.count("/report/photo/") == 1, "the photo stays"
    assert not Report.objects.exists()


def test_a_wrong_phone_is_said_beside_it(cast: Cast, client: Client) -> None:
    page = client.post("/report", typed(step="send", phone="12345", name="刘阿姨"))
    shown = page.content.decode()
    assert page.status_code == 422 and "11 位数字" in shown and 'value="刘阿姨"' in shown and 'value="12345"' in shown
    assert not Report.objects.exists()


def test_what_is_no_photo_is_refused_and_the_text_stays(cast: Cast, client: Client) -> None:
    page = client.post("/report", typed(photos=[SimpleUploadedFile("a.jpg", b"<html>no photo</html>")]))
    assert page.status_code == 422 and GARBAGE in page.content.decode() and not StoredFile.objects.exists()
    many = client.post("/report", typed(photos=[picture() for _ in range(7)]))
    assert many.status_code == 422 and "最多放 6 张" in many.content.decode() and not StoredFile.objects.exists()


def test_going_back_to_change_keeps_text_place_and_photo(cast: Cast, client: Client) -> None:
    key = forms.new_key()
    shown = client.post("/report", typed(key=key, photos=[picture()])).content.decode()
    (token,) = hidden(shown, "photo")
    back = client.post("/report", typed(key=key, photo=token, step="edit", phone="19900001234")).content.decode()
    assert GARBAGE in back and token in back and 'name="phone" value="19900001234"' in back


def test_a_photo_of_another_form_cannot_be_taken_over(cast: Cast, client: Client) -> None:
    shown = client.post("/report", typed(photos=[picture()])).content.decode()
    (token,) = hidden(shown, "photo")
    send(client, photo=token)
    assert not Attachment.objects.exists()
    assert client.get("/report/photo/forged").status_code == 404


def test_unsure_is_a_choice_and_waits_for_a_person(cast: Cast, client: Client) -> None:
    shown = client.post("/report", typed(text="你好，请问一下", place_text="")).content.decode()
    assert "值班人员" in shown
    send(client, chosen="unsure")
    assert Case.objects.get().state == "pending"


def test_another_kind_is_chosen_among_the_proposals_only(cast: Cast, client: Client) -> None:
    send(client, chosen="0701")
    assert Case.objects.get().item_code == "0101"


def test_joining_an_open_matter_and_one_that_is_gone(cast: Cast, client: Client) -> None:
    send(client)
    first = Report.objects.get()
    shown = client.post("/report", typed(text="路口这堆垃圾还没有清运，暴露垃圾很臭")).content.decode()
    assert "就是这件" in shown and f'name="join" value="{first.case_id}"' in shown
    assert GARBAGE not in shown, "nobody reads what another one said"
    pressed = typed(text="路口这堆垃圾还没有清运", join=first.case_id)
    del pressed["step"]
    assert client.post("/report", pressed).status_code == 302
    assert Report.objects.filter(case=first.case).count() == 2
    gone = client.post("/report", pressed | {"text": "又是它", "join": first.case_id + 1000})
    assert gone.status_code == 409 and "又是它" in gone.content.decode()
    assert Report.objects.count() == 2


@pytest.mark.parametrize("digits", [18, 19, 5000])
def test_a_matter_of_too_many_digits_is_one_that_is_gone(cast: Cast, client: Client, digits: int) -> None:
    pressed = typed(text="路口这堆垃圾还没有清运", join="9" * digits)
    del pressed["step"]
    gone = client.post("/report", pressed)
    assert gone.status_code == 409 and "还没有清运" in gone.content.decode()
    assert not Report.objects.exists()


def test_a_kind_that_is_not_public_is_never_offered(cast: Cast, client: Client) -> None:
    publish("0101", sensitive=True)
    send(client)
    case = Case.objects.get()
    assert "就是这件" not in client.post("/report", typed(text="暴露垃圾没人清运")).content.decode()
    assert client.post("/report", typed(join=case.pk, text="我也")).status_code == 409
    assert client.get(f"/around/{case.pk}").status_code == 404
    assert Report.objects.count() == 1


def test_danger_is_told_to_call_now(cast: Cast, client: Client) -> None:
    publish("0701", emergency_line="119")
    shown = client.post("/report", typed(text="我们楼房墙体开裂倾斜，房屋开裂很大，怕要倒")).content.decode()
    assert 'href="tel:119"' in shown and "请现在就拨打 119" in shown


def test_a_machine_is_kept_away_and_people_are_asked_to_wait(cast: Cast, client: Client) -> None:
    refused = client.post("/report", typed(step="send", website="http://spam"))
    assert refused.status_code == 422
    with override_settings(HUYING_PORTAL_LIMITS={"send": (2, 3600)}):
        send(client)
        send(client, text="第二件事，路灯不亮")
        third = client.post("/report", typed(step="send", text="第三件事，井盖坏了"))
    assert third.status_code == 429 and "第三件事" in third.content.decode() and "12345" in third.content.decode()
    assert Report.objects.count() == 2


def test_a_letter_kept_on_the_device_is_sent_without_a_second_look(cast: Cast, client: Client) -> None:
    answer = client.post(
        "/report", typed(photos=[picture(), SimpleUploadedFile("b.jpg", b"x")]), headers={"X-Outbox": "kept"}
    )
    assert answer.status_code == 302 and Report.objects.count() == 1


def test_english(cast: Cast, client: Client) -> None:
    client.cookies["huying_language"] = "en"
    for path in ("/", "/report", "/mine", "/around", "/call", "/privacy"):
        page = client.get(path)
        main = re.sub(r"<[^>]+>", " ", page.content.decode().split("<main", 1)[1].split("</main>")[0])
        left = set(re.findall(r"[\u4e00-\u9fff]+", main)) - {"望湖街道", "柳岸社区", "桥东社区", "澄湖区"}
        assert page.status_code == 200 and not left, path
    assert "We received" not in client.post("/report", typed()).content.decode()


def test_a_point_beyond_the_place_is_said_and_may_be_moved(cast: Cast, client: Client) -> None:
    far = {"lon": "121.0", "lat": "31.0"}
    assert "选的位置不在" not in client.post("/report", typed()).content.decode()
    seen = client.post("/report", typed(**far, place_text="")).content.decode()
    assert "您在地图上选的位置不在澄湖区" in seen and "照样可以送出：值班人员会看" in seen and "挪一下位置" in seen
    assert hidden(seen, "lon") == ["121.0"]
    named = client.post("/report", typed(**far, place_text="望湖街道柳岸社区")).content.decode()
    assert "您在地图上选的位置不在澄湖区" in named and "会按您写的地点（" in named
    english = client.post("/report", typed(**far, place_text=""), headers={"accept-language": "en"}).content.decode()
    assert "is not in" in english
    assert not Report.objects.exists()
    moving = client.post("/report", typed(**far, step="edit")).content.decode()
    assert 'name="lon" id="id_lon" value="121.0"' in moving
    send(client, **far, place_text="")
    report = Report.objects.get()
    assert (report.lon, report.case.state, report.case.town) == (121.0, "pending", "")
