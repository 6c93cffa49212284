"""What was read in a message, where people decide: times, other places it may mean, and the same by REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import factories
from huying.casework.cases.factories import Cast
from huying.casework.clocks.models import Notice
from huying.casework.understanding.reading.times_said import TimeSaid
from huying.casework.understanding.words_reading import meaning

from .conftest import Desk, Waiting, said

TEXT = "每天早上7点都有车来倒垃圾，从2019年3月1日开始，一直没人管，电话13912345678。"


def test_the_times_said_stand_beside_the_words(desk: Desk, waiting: Waiting) -> None:
    case = waiting(TEXT)
    for page in (f"/desk/cases/{case.pk}/", f"/desk/dispatch/?case={case.pk}"):
        shown = said(desk("li_dispatcher").get(page))
        for words in ("话里说的时间", "每天 07:00–08:00", "2019年3月1日", "还在持续", "不止一次"):
            assert words in shown, (page, words)
    assert "话里说的时间" not in said(desk("li_dispatcher").get(f"/desk/cases/{waiting('路灯坏了').pk}/"))


def test_a_time_is_told_as_hour_day_or_stretch() -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    at = ZoneInfo("Asia/Shanghai")
    hour = TimeSaid(0, 1, "", datetime(2026, 3, 2, 22, tzinfo=at), datetime(2026, 3, 2, 23, tzinfo=at))
    day = TimeSaid(0, 1, "", datetime(2026, 3, 2, tzinfo=at), datetime(2026, 3, 3, tzinfo=at))
    month = TimeSaid(0, 1, "", datetime(2026, 3, 1, tzinfo=at), datetime(2026, 4, 1, tzinfo=at))
    assert [meaning(one) for one in (hour, day, month)] == [
        "2026年3月2日 22:00",
        "2026年3月2日",
        "2026年3月1日 – 2026年3月31日",
    ]
    assert meaning(TimeSaid(0, 1, "每天", every=True)) == ""


def test_another_place_the_words_may_mean_is_one_press_away(desk: Desk, waiting: Waiting) -> None:
    case = waiting("桥东社区和柳岸社区交界的地方垃圾没人清", lon=None, lat=None)
    client = desk("li_dispatcher")
    page = said(client.get(f"/desk/dispatch/?case={case.pk}"))
    assert "也可能在" in page and "改到这里" in page
    other = page.split('name="do" value="correct"')[1].split('name="area" value="')[1].split('"')[0]
    was = case.community
    client.post(f"/desk/dispatch/cases/{case.pk}/act", {"do": "correct", "version": case.version, "area": other})
    case.refresh_from_db()
    assert case.community != was and other.startswith(case.community)


def test_whoever_is_called_is_told_of_every_danger_the_gravest_first(waiting: Waiting) -> None:
    case = waiting("围墙塌了压住了人，老人晕倒在地上叫不醒，家里还着火了", hold=False)
    told = set(Notice.objects.filter(kind="emergency", case=case).values_list("body__text", flat=True))
    assert told == {"（火情或爆炸 119、坍塌或坠落 119、有人受伤或病危 120）"}


def test_a_matter_taken_out_of_a_list_is_headed_without_its_number(waiting: Waiting) -> None:
    case = waiting("2、路灯不亮，晚上出门害怕。")
    assert (case.title, case.summary) == ("路灯不亮，晚上出门害怕", "2、路灯不亮，晚上出门害怕。")


def test_a_habit_is_told_with_its_hours_and_not_as_a_day(desk: Desk, waiting: Waiting) -> None:
    shown = said(desk("li_dispatcher").get(f"/desk/cases/{waiting('晚上十点以后经常有人放音响').pk}/"))
    assert "不止一天 22:00–23:00" in shown and "每天 22:00" not in shown
    shown = said(desk("li_dispatcher").get(f"/desk/cases/{waiting('一到晚上就臭得睡不着').pk}/"))
    assert "每天 18:00–00:00" in shown
    assert "话里说的时间" not in said(desk("li_dispatcher").get(f"/desk/cases/{waiting('晚上臭得很').pk}/"))


@pytest.fixture
def signed(cast: Cast, settings: Any) -> Client:
    settings.HUYING_REQUIRE_TOTP = False
    client = Client()
    client.force_login(factories.account_of(cast.li_dispatcher))
    return client


def test_reading_by_rest(signed: Client) -> None:
    answer = signed.post("/api/v1/understanding/read", {"texts": [TEXT, ""]}, content_type="application/json")
    first, empty = answer.json()
    assert "13912345678" not in first["masked"] and first["ongoing"] and first["repeated"]
    assert [one["words"] for one in first["times"]][:1] == ["每天早上7点"]
    assert empty["matters"] == [] and empty["times"] == [] and empty["emergencies"] == []
    fire = signed.post(
        "/api/v1/understanding/read", {"texts": ["楼下着火了，有人被困"]}, content_type="application/json"
    ).json()[0]
    assert fire["emergencies"][0]["line"] == "119"


def test_advice_by_rest(signed: Client) -> None:
    given = {"question": "垃圾什么时候清走？", "answer": "您好，您的留言已收悉。"}
    answer = signed.post("/api/v1/understanding/advice", given, content_type="application/json").json()
    assert 0 <= answer["overall"] < 0.6 and {"relevance", "completeness"} <= {one["name"] for one in answer["aspects"]}
    assert Client().post("/api/v1/understanding/advice", given, content_type="application/json").status_code == 401
    empty = {"question": "", "answer": ""}
    assert signed.post("/api/v1/understanding/advice", empty, content_type="application/json").status_code == 422
