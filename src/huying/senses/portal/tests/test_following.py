"""My matter: the code is the key; the story in plain words; rate, not solved, remind; nobody else's words come out."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from huying.casework.cases import actions as cases
from huying.casework.cases.factories import IN_GRID_1, Cast, prove
from huying.casework.cases.models import Case, Milestone
from huying.casework.dispatch import actions as dispatch
from huying.ground.accounts.factories import make_resident
from huying.kernel import clock, files
from huying.kernel.actor import Actor
from huying.kernel.trace import Entry
from huying.senses.reports.actions import Voice, take_in
from huying.senses.reports.models import Report

LON, LAT = IN_GRID_1
RESIDENT = Actor("resident", "anonymous", "匿名")
_number = iter(range(10_000))


def say(text: str = "柳岸路口的垃圾没人清运", **more: Any) -> Report:
    voice = Voice(
        source="portal", source_id=f"t{next(_number)}", channel="portal", text=text, lon=LON, lat=LAT,
        **{"item_code": "0101", **more},
    )  # fmt: skip
    (taken,) = take_in([voice], actor=RESIDENT, now=clock.now())
    return Report.objects.get(tracking_code=taken.tracking_code)


def close(report: Report, cast: Cast, answer: str = "已安排车辆清运，并冲洗地面。") -> None:
    now, hands = clock.now(), cast.he_sanitation
    cases.sign_case(report.case_id, actor=hands, now=now)
    prove(report.case_id, actor=hands, now=now)
    cases.give_feedback(report.case_id, text=answer, evidence={}, actor=hands, now=now)
    cases.pass_check(report.case_id, actor=cast.sun_checker, now=now)


def page(client: Client, report: Report) -> str:
    answer = client.get(f"/m/{report.tracking_code}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_strangers_code_opens_nothing(cast: Cast, client: Client) -> None:
    code = say().tracking_code
    wrong = ("2" if code[0] != "2" else "3") + code[1:]
    for path in ("", "/sent", "/code.png", "/photo/1"):
        assert client.get(f"/m/{wrong}{path}").status_code == 404
    for path in ("/rate", "/not-solved", "/remind"):
        assert client.post(f"/m/{wrong}{path}", {"score": 5, "reason": "x"}).status_code == 404
    assert client.get(f"/m/{code[:4].lower()}-{code[4:]}")["Location"] == f"/m/{code}"


def test_the_story_from_dispatch_to_reply(cast: Cast, client: Client) -> None:
    report = say(phone="19900001234", name="刘阿姨")
    shown = page(client, report)
    assert "已转给望湖街道市政环卫队" in shown and "最晚" in shown and "柳岸社区柳岸一网格" in shown
    cases.note_case(report.case_id, text="内部：此人多次来电", actor=cast.wang_seat, now=clock.now())
    close(report, cast)
    shown = page(client, report)
    assert "办完了，请您评一评" in shown and "已安排车辆清运" in shown and 'data-read-aloud="reply"' in shown
    for secret in ("内部", "何环卫", "孙核查", "19900001234", "刘阿姨"):
        assert secret not in shown
    photo = Case.objects.get(pk=report.case_id).attachments.get(stage="after")
    assert client.get(f"/m/{report.tracking_code}/photo/{photo.pk}")["Content-Type"].startswith("image/")
    assert client.get(f"/m/{say().tracking_code}/photo/{photo.pk}").status_code == 404


def test_the_photo_of_the_work_is_not_shown_before_it_was_checked(cast: Cast, client: Client) -> None:
    report = say()
    now = clock.now()
    cases.sign_case(report.case_id, actor=cast.he_sanitation, now=now)
    drawn = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(drawn, "PNG")
    drawn.seek(0)
    file = files.accept_upload(drawn, actor=cast.he_sanitation, now=now)
    photo = cases.attach_file(report.case_id, file, stage="after", actor=cast.he_sanitation, now=now)
    assert client.get(f"/m/{report.tracking_code}/photo/{photo.pk}").status_code == 404


def test_photos_of_the_work_stand_in_the_order_of_the_work(cast: Cast, client: Client) -> None:
    report, now, hands = say(), clock.now(), cast.he_sanitation
    cases.sign_case(report.case_id, actor=hands, now=now)
    for _ in range(2):
        prove(report.case_id, actor=hands, now=now)
    cases.give_feedback(report.case_id, text="已清运", evidence={}, actor=hands, now=now)
    cases.pass_check(report.case_id, actor=cast.sun_checker, now=now)
    captions = re.findall(r'photos__caption">([^<]*)<', page(client, report))
    assert captions == ["办之前", "办之前", "办好后", "办好后"]


def test_objection_extension_suspension_and_transfer_in_plain_words(cast: Cast, client: Client) -> None:
    one = say(item_code="1208", text="河水发黑发臭")
    now = clock.now()
    cases.object_to_case(one.case_id, reason="不归我们管，推给街道", actor=cast_of(cast, one), now=now)
    shown = page(client, one)
    assert "正在核实由哪个单位来办" in shown and "推给街道" not in shown
    cases.decide_objection(one.case_id, uphold=False, reason="职责清单写明", actor=cast.li_dispatcher, now=now)
    cases.sign_case(one.case_id, actor=cast_of(cast, one), now=now)
    until = now + timedelta(days=24)
    cases.ask_extension(one.case_id, reason="内部理由", until=until, actor=cast_of(cast, one), now=now)
    cases.grant_extension(one.case_id, told="要等雨停了才能清淤。", actor=cast.li_dispatcher, now=now)
    shown = page(client, one)
    assert "要等雨停了才能清淤" in shown and "需要多一点时间" in shown
    plan = [("截污", until.date()), ("清淤", until.date() + timedelta(days=30))]
    cases.ask_suspension(one.case_id, reason="工程量大", milestones=plan, actor=cast_of(cast, one), now=now)
    cases.grant_suspension(one.case_id, actor=cast.zhao_centre, now=now)
    cases.reach_milestone(one.case_id, Milestone.objects.first().pk, note="内部备注", actor=cast_of(cast, one), now=now)
    shown = page(client, one)
    assert "正按计划推进" in shown and "截污" in shown and "完成了一步" in shown
    for secret in ("内部", "工程量大", "职责清单写明"):
        assert secret not in shown
    two = say()
    cases.transfer_out(two.case_id, channel="court", reason="内部判断", actor=cast.li_dispatcher, now=now)
    assert "已转给人民法院" in page(client, two)
    three = say(item_code="1605", text="希望多装路灯")
    cases.decline_case(
        three.case_id, channel="请向电力公司反映：95598", reason="属供电设施", actor=cast.li_dispatcher, now=now
    )
    shown = page(client, three)
    assert "95598" in shown and "属供电设施" in shown


def cast_of(cast: Cast, report: Report) -> Actor:
    """A handler of the unit that leads the matter."""
    from huying.kernel.actor import Duty

    unit = Case.objects.get(pk=report.case_id).lead_unit
    return Actor("staff", "person:9999", "某经办", unit.pk, None, (Duty("handler", "", unit.pk, unit.path),))


def test_after_a_merge_the_reporter_follows_the_other_matter(cast: Cast, client: Client) -> None:
    main, other = say("桥头垃圾，说话的人是甲"), say("桥头垃圾，说话的人是乙")
    cases.merge_case(other.case_id, into_id=main.case_id, actor=cast.li_dispatcher, now=clock.now())
    shown = page(client, Report.objects.get(pk=other.pk))
    assert "与您反映的同一件事合并办理" in shown and "说话的人是乙" in shown and "说话的人是甲" not in shown
    close(Report.objects.get(pk=main.pk), cast)
    assert "已安排车辆清运" in page(client, Report.objects.get(pk=other.pk))


def test_a_joined_matter_hides_the_first_reporters_words_and_photos(cast: Cast, client: Client) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(drawn, "PNG")
    drawn.seek(0)
    file = files.accept_upload(drawn, actor=RESIDENT, now=clock.now())
    first = say("说话的人是甲", phone="19900001111", files=(file,))
    second = say("说话的人是乙", case_id=first.case_id)
    photo = Case.objects.get(pk=first.case_id).attachments.get()
    assert client.get(f"/m/{first.tracking_code}/photo/{photo.pk}").status_code == 200
    assert client.get(f"/m/{second.tracking_code}/photo/{photo.pk}").status_code == 404
    shown = page(client, second)
    assert "说话的人是甲" not in shown and "19900001111" not in shown and "/photo/" not in shown


def test_rating_before_it_is_done_is_refused_kindly(cast: Cast, client: Client) -> None:
    report = say()
    entries = Entry.objects.count()
    answer = client.post(f"/m/{report.tracking_code}/rate", {"score": 5})
    assert answer.status_code == 409 and "办完以后才能评价" in answer.content.decode()
    answer = client.post(f"/m/{report.tracking_code}/not-solved", {"reason": "还在"})
    assert answer.status_code == 409
    report.refresh_from_db()
    assert report.score is None and Entry.objects.count() == entries


def test_rate_then_not_solved_then_rate_again(cast: Cast, client: Client) -> None:
    report = say()
    close(report, cast)
    code = report.tracking_code
    empty = client.post(f"/m/{code}/rate", {"comment": "扫得干净"})
    assert empty.status_code == 422 and "扫得干净" in empty.content.decode()
    assert "有人及时联系您吗" in page(client, report)
    odd = client.post(f"/m/{code}/rate", {"score": "4", "responded": "maybe"})
    assert odd.status_code == 422
    said = {"score": "4", "responded": "no", "solved": "yes", "comment": "扫得干净"}
    assert client.post(f"/m/{code}/rate", said).status_code == 302
    report.refresh_from_db()
    assert (report.score, report.responded, report.solved, report.comment) == (4, False, True, "扫得干净")
    assert Entry.objects.get(verb="rate").content["responded"] is False
    assert client.post(f"/m/{code}/rate", {"score": "1"}).status_code == 409
    assert client.post(f"/m/{code}/not-solved", {"reason": ""}).status_code == 422
    assert client.post(f"/m/{code}/not-solved", {"reason": "第二天又满了"}).status_code == 302
    shown = page(client, report)
    assert Case.objects.get(pk=report.case_id).state == "handling" and "您说还没解决" in shown
    assert "第二天又满了" not in page(client, say("别人", case_id=report.case_id))


def test_whether_somebody_got_in_touch_may_be_left_open(cast: Cast, client: Client) -> None:
    report = say()
    close(report, cast)
    assert client.post(f"/m/{report.tracking_code}/rate", {"score": "5"}).status_code == 302
    report.refresh_from_db()
    assert (report.score, report.responded, report.solved) == (5, None, None)


def test_an_answer_on_the_spot_is_the_reply_and_may_be_not_enough(cast: Cast, client: Client) -> None:
    report = say("居住证怎么办", item_code="1605", hold=True)
    told = "带身份证到社区服务站，当天可取。"
    cases.answer_case(report.case_id, text=told, actor=cast.wang_seat, now=clock.now())
    shown = page(client, report)
    assert told in shown and "澄湖区社会治理中心当场答复了您" in shown and "办完了，请您评一评" in shown
    assert "核查" not in shown and "王坐席" not in shown
    code = report.tracking_code
    assert client.post(f"/m/{code}/not-solved", {"reason": "服务站说不归他们"}).status_code == 302
    assert Case.objects.get(pk=report.case_id).state == "accepted"
    shown = page(client, report)
    assert "您说还没解决" in shown and "正在安排由谁来办" in shown


def test_remind_once_a_day(cast: Cast, client: Client) -> None:
    report = say()
    assert client.post(f"/m/{report.tracking_code}/remind", {"text": "味道很大"}).status_code == 302
    again = client.post(f"/m/{report.tracking_code}/remind", {"text": "再催"})
    assert again.status_code == 409 and "今天已经催过" in again.content.decode()
    assert Entry.objects.filter(verb="remind").count() == 1
    shown = page(client, report)
    assert "您催了一次" in shown and "催一催，或补充两句" not in shown


def test_my_matters_by_account_phone_code_and_device(cast: Cast, client: Client) -> None:
    user = make_resident("19900000088")
    mine, by_phone, other = (
        say(user_id=user.pk),
        say("用电话留的", phone="19900000088"),
        say("别人的", phone="19900000099"),
    )
    assert "手机号登录" in client.get("/mine").content.decode()
    client.force_login(user, backend="huying.ground.accounts.backends.ResidentBackend")
    shown = client.get("/mine").content.decode()
    assert mine.tracking_code in shown and by_phone.tracking_code in shown and other.tracking_code not in shown
    found = client.post("/track", {"code": other.tracking_code.lower()})
    assert found["Location"] == f"/m/{other.tracking_code}"
    lost = client.post("/track", {"code": "AAAA-BBB-CCC"})
    assert (
        lost.status_code == 422
        and "没有找到这个查询码" in lost.content.decode()
        and "AAAA-BBB-CCC" in lost.content.decode()
    )


def test_this_device_remembers_and_forgets(cast: Cast, client: Client) -> None:
    answer = client.post("/report", {"step": "send", "text": "垃圾没人清运", "lon": LON, "lat": LAT, "key": "k" * 30})
    code = answer["Location"].split("/")[2]
    assert code in client.get("/mine").content.decode()
    client.post("/mine/forget")
    assert code not in client.get("/mine").content.decode()


def test_near_by_shows_kinds_and_places_only(cast: Cast, client: Client) -> None:
    report = say("我家住三楼，隔壁老王乱丢垃圾", phone="19900001234")
    shown = client.get("/around").content.decode()
    assert "暴露垃圾" in shown and "柳岸一网格" in shown and "老王" not in shown
    (point,) = client.get("/around/points").json()["features"]
    assert point["properties"] == {"name": "暴露垃圾", "url": f"/around/{report.case_id}", "light": "none"}
    Case.objects.filter(pk=report.case_id).update(town="", community="", grid="")
    assert client.get("/around/points").json()["features"] == [], "a point somewhere else moves nobody's map"
    assert '<p class="muted small"> ·' not in client.get("/around").content.decode()
    Case.objects.filter(pk=report.case_id).update(
        town=report.case.town, community=report.case.community, grid=report.case.grid
    )
    assert client.get("/around?area=abc").status_code == 422
    assert "暴露垃圾" not in client.get("/around?area=990101001002").content.decode()
    one = client.get(f"/around/{report.case_id}").content.decode()
    assert "老王" not in one and report.tracking_code not in one
    joined = client.post(f"/around/{report.case_id}", {"key": "k" * 30, "phone": "1"})
    assert joined.status_code == 422 and Report.objects.count() == 1
    assert client.post(f"/around/{report.case_id}", {"key": "k" * 30}).status_code == 302
    assert Case.objects.get().reports == 2
    close(report, cast)
    assert client.get(f"/around/{report.case_id}").status_code == 404
    assert "办好" in client.get("/around?show=done").content.decode()


@pytest.mark.parametrize(("path", "number"), [("/", 8), ("/around", 8), ("/mine", 3), ("/call", 7)])
def test_pages_ask_few_questions(
    cast: Cast, client: Client, path: str, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        say()
    with django_assert_num_queries(number):
        client.get(path)


def test_a_long_story_costs_as_many_queries_as_a_short_one(
    cast: Cast, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    report = say()
    client.get("/privacy")
    with django_assert_num_queries(10):
        page(client, report)
    for number in range(8):
        say(f"第 {number} 个", case_id=report.case_id)
    close(report, cast)
    with django_assert_num_queries(10):
        page(client, report)


def test_a_unit_told_twice_is_named_twice(cast: Cast, client: Client) -> None:
    report = say()
    cases.recall_case(report.case_id, reason="派错了", actor=cast.li_dispatcher, now=clock.now())
    dispatch.dispatch_case(
        report.case_id, unit_id=cast.units["enforcement"].pk, actor=cast.li_dispatcher, now=clock.now()
    )
    shown = page(client, report)
    assert "转给了望湖街道市政环卫队" in shown and "转给了望湖街道综合执法队" in shown and "派错了" not in shown
