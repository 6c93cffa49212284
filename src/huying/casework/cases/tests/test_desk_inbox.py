"""The inbox through HTTP: who sees what, how it is filtered, one step for many, export, pickers, map."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from huying.casework.cases import actions, factories, queries_desk
from huying.casework.cases.desk import inbox
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import Case
from huying.casework.cases.queries_desk import Queue
from huying.ground.accounts.factories import make_resident, make_staff
from huying.kernel import clock
from huying.kernel.privacy import AccessEntry
from huying.kernel.trace import Entry

from .conftest import ANSWER, HOUR, Bring

pytestmark = pytest.mark.django_db
INBOX = "/desk/"


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def signed_in(cast: Cast, name: str, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(factories.account_of(cast.people[name]))
    return client


def text(answer: Any) -> str:
    return answer.content.decode()


def test_a_stranger_must_sign_in_and_a_resident_is_shown_the_portal(cast: Cast) -> None:
    assert "/accounts/login" in Client().get(INBOX)["Location"]
    client = Client()
    client.force_login(make_resident())
    assert client.get(INBOX)["Location"] == "/"


def test_staff_without_duties_see_an_empty_list(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    client = Client()
    client.force_login(make_staff("nobody"))
    answer = client.get(INBOX)
    assert answer.status_code == 200
    assert case.number not in text(answer)
    assert client.get(f"/desk/cases/{case.pk}/").status_code == 404


def test_the_handler_sees_what_is_owed_and_nothing_else(cast: Cast, bring: Bring) -> None:
    owed, checked, other = bring("dispatched"), bring("checking"), bring("dispatched", unit="housing", by="xu_housing")
    said = text(signed_in(cast, "he_sanitation").get(INBOX))
    assert owed.number in said and "待签收" in said
    assert checked.number not in said and other.number not in said


def test_each_duty_opens_its_own_queue(cast: Cast, bring: Bring) -> None:
    checking, closed, objected = bring("checking"), bring("closed"), bring("objected")
    assert checking.number in text(signed_in(cast, "sun_checker").get(INBOX))
    assert closed.number in text(signed_in(cast, "wang_seat").get(INBOX))
    assert objected.number in text(signed_in(cast, "li_dispatcher").get(INBOX))
    everything = text(signed_in(cast, "ji_discipline").get(INBOX))
    assert all(case.number in everything for case in (checking, closed, objected))
    assert "data-bulk" not in everything


def test_units_that_assist_see_their_part(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    part = actions.Sending(unit_id=cast.units["enforcement"].pk, due_at=NOW + 3 * HOUR)
    actions.whistle(case.pk, [part], reason="占道", actor=cast.he_sanitation, now=NOW + 2 * HOUR)
    said = text(signed_in(cast, "deng_enforcement").get(INBOX, {"queue": "assist"}))
    assert case.number in said


def test_filters_stay_in_the_address_and_narrow(cast: Cast, bring: Bring) -> None:
    one, two = bring("dispatched"), bring("handling")
    client = signed_in(cast, "li_dispatcher")
    answer = text(client.get(INBOX, {"queue": "all", "state": "handling", "unit": "sanitation", "area": "柳岸社区"}))
    assert two.number in answer and one.number not in answer
    assert "望湖街道市政环卫队（sanitation）" in answer and "柳岸社区（990101001001）" in answer
    assert one.number in text(client.get(INBOX, {"q": "垃圾"}))
    assert one.number in text(client.get(INBOX, {"q": one.number}, follow=True))
    assert one.number not in text(client.get(INBOX, {"queue": "all", "until": "2026-03-09"}))
    assert "没有这个单位" in text(client.get(INBOX, {"queue": "all", "unit": "不存在局"}))


@pytest.mark.parametrize("query", [{"cursor": "xx"}, {"cursor": "WzEsIi1pZCIsMV0"}])
def test_a_damaged_cursor_is_told_kindly(cast: Cast, query: dict[str, str]) -> None:
    assert signed_in(cast, "li_dispatcher").get(INBOX, query).status_code == 422


OTHER_ROOMS = ("supervision_", "alarms_", "clocks_notice", "reports_", "dispatch_", "cases_returncall")


def test_the_inbox_asks_a_constant_number_of_queries(cast: Cast, bring: Bring) -> None:
    """Who is asking (3) and the inbox itself (6); counts other rooms hang in the menu are theirs."""
    client = signed_in(cast, "he_sanitation")
    bring("dispatched")
    client.get(INBOX)
    for _round in range(2):
        bring("handling")
        with CaptureQueriesContext(connection) as asked:
            client.get(INBOX)
        own = [one["sql"] for one in asked if not any(f'FROM "{name}' in one["sql"] for name in OTHER_ROOMS)]
        assert len(own) == 9, own


def test_counting_stops_where_there_are_very_many(cast: Cast, bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    for _round in range(3):
        bring("dispatched")
    known, actor = inbox.knowledge(), cast.he_sanitation
    cases = queries_desk.in_queue(actor, Queue.MINE, known)
    assert queries_desk.counts(cases) == {"": "3", "dispatched": "3", "light:": "3"}
    assert queries_desk.queue_counts(actor, [Queue.MINE, Queue.ASSIST, Queue.ALL], known) == {
        "mine": "3",
        "assist": "0",
    }
    monkeypatch.setattr(queries_desk, "MOST_COUNTED", 2)
    monkeypatch.setattr(queries_desk, "MOST_WAITING", 2)
    assert queries_desk.counts(cases) == {"": "2+", "dispatched": "2+", "light:": "2+"}
    assert queries_desk.queue_counts(actor, [Queue.MINE], known) == {"mine": "2+"}
    assert queries_desk.counts(Case.objects.none()) == {"": "0"}


def test_many_are_signed_and_the_refused_are_named(cast: Cast, bring: Bring) -> None:
    mine, other = bring("dispatched"), bring("dispatched", unit="housing", by="xu_housing")
    client = signed_in(cast, "he_sanitation")
    answer = client.post(
        "/desk/cases/many", {"do": "sign", "case": [mine.pk, other.pk], "back": "/desk/?queue=mine"}, follow=True
    )
    said = text(answer)
    assert "1 件已办" in said and "没有找到" in said
    assert Case.objects.get(pk=mine.pk).state == "handling"
    assert Case.objects.get(pk=other.pk).state == "dispatched"
    assert answer.redirect_chain[0][0] == "/desk/?queue=mine"


def test_readers_can_do_nothing_to_many(cast: Cast, bring: Bring) -> None:
    case = bring("dispatched")
    entries = Entry.objects.count()
    signed_in(cast, "ji_discipline").post("/desk/cases/many", {"do": "remind", "case": [case.pk]})
    assert Entry.objects.count() == entries


def test_the_way_back_never_leads_outside(cast: Cast, bring: Bring) -> None:
    case = bring("dispatched")
    post = {"do": "sign", "case": [case.pk], "back": "//evil.example/"}
    assert signed_in(cast, "he_sanitation").post("/desk/cases/many", post)["Location"] == "/desk/"


def test_news_counts_what_has_changed_since(cast: Cast, bring: Bring) -> None:
    case = bring("dispatched")
    client = signed_in(cast, "he_sanitation")
    mark = f"{case.pk}.{case.version}"
    assert "更新" not in text(client.get("/desk/cases/news", {"queue": "mine", "seen": mark}))
    actions.note_case(case.pk, text="看过", actor=cast.he_sanitation, now=NOW)
    assert "有 1 件更新" in text(client.get("/desk/cases/news", {"queue": "mine", "seen": mark}))


def test_the_export_holds_what_is_filtered_masked_and_marked(cast: Cast, bring: Bring) -> None:
    one, two = bring("dispatched"), bring("handling")
    Case.objects.filter(pk=two.pk).update(title="=请联系13800138000")
    client = signed_in(cast, "li_dispatcher")
    answer = client.get("/desk/cases/export.csv", {"queue": "all", "state": "handling"})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert "由 李分拨 于" in lines[0] and "状态: 处置中" in lines[0]
    assert len(lines) == 3 and two.number in lines[2] and one.number not in lines[2]
    assert "'=请联系138****8000" in lines[2]
    book = load_workbook(io.BytesIO(b"".join(client.get("/desk/cases/export.xlsx").streaming_content)))
    assert "由 李分拨 于" in book.active["A1"].value
    assert AccessEntry.objects.filter(subject="cases:list").count() == 2


def test_too_long_an_export_is_refused_with_a_hint(cast: Cast, bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    bring("dispatched")
    monkeypatch.setattr("huying.casework.cases.desk.exports.MOST_ROWS", 0)
    answer = signed_in(cast, "li_dispatcher").get("/desk/cases/export.csv", {"queue": "all"})
    assert answer.status_code == 422 and "缩小" in text(answer)


def test_pickers_offer_units_and_areas(cast: Cast) -> None:
    client = signed_in(cast, "he_sanitation")
    assert "望湖街道市政环卫队（sanitation）" in text(client.get("/desk/cases/pick/units", {"q": "环卫"}))
    assert "柳岸一网格" in text(client.get("/desk/cases/pick/areas", {"of": "area", "area": "一网格"}))
    assert text(client.get("/desk/cases/pick/units", {"q": ""})).strip() == ""
    assert Client().get("/desk/cases/pick/units", {"q": "环卫"}).status_code == 302


def test_the_map_counts_areas_and_shows_points(cast: Cast, bring: Bring) -> None:
    case = bring("dispatched")
    client = signed_in(cast, "li_dispatcher")
    page = text(client.get("/desk/map/"))
    assert "望湖街道" in page and case.title in page
    areas = client.get("/desk/map/areas.geojson").json()["features"]
    assert [one["properties"]["name"] for one in areas] == ["望湖街道 1"]
    points = client.get("/desk/map/points.geojson", {"area": "990101001001001"}).json()["features"]
    assert points[0]["properties"]["url"] == f"/desk/cases/{case.pk}/"
    assert signed_in(cast, "fang_qiaodong").get("/desk/map/points.geojson").json()["features"] == []
    assert case.title in text(client.get("/desk/map/", {"area": "990101001001001"}))


def test_english_is_complete(cast: Cast, bring: Bring) -> None:
    bring("dispatched")
    said = text(signed_in(cast, "he_sanitation", "en").get(INBOX))
    assert "待签收" not in said and "To sign" in said


def test_a_light_of_another_limit_is_not_said_of_the_due_time(cast: Cast, bring: Bring) -> None:
    case, client = bring("handling"), signed_in(cast, "he_sanitation")
    at = clock.now()
    for light, hours, said in (("black", 5, True), ("black", -5, False), ("yellow", 5, False)):
        Case.objects.filter(pk=case.pk).update(light=light, due_at=at + timedelta(hours=hours))
        assert ("另有时限已超" in client.get(f"/desk/cases/{case.pk}/").content.decode()) is said
        assert ("另有时限已超" in client.get("/desk/").content.decode()) is said


def test_numbers_of_too_many_digits_are_nothing_anybody_saw(cast: Cast, bring: Bring) -> None:
    case, client, nines = bring("handling"), signed_in(cast, "he_sanitation"), "9" * 5000
    address = f"/desk/cases/{case.pk}/"
    answer = client.post(f"{address}do/give_feedback", {"text": "好了", "expected": nines, **ANSWER})
    assert answer.status_code == 409 and "好了" in text(answer)
    assert client.get(address, {"merged": nines}).status_code == 200
    case.refresh_from_db()
    assert case.state == "handling"
