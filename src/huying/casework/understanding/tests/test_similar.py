"""Open cases that may be the same matter: across wording, kind and channel, by place and by rare words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.casework.cases import actions, factories
from huying.casework.cases.actions import Opening
from huying.casework.cases.factories import GRID_1, IN_GRID_1, NOW, Cast
from huying.casework.cases.models import Case
from huying.casework.cases.tests.conftest import opening
from huying.casework.understanding.queries_similar import matter_of, similar_open
from huying.casework.understanding.repeats.likeness import Matter, likeness
from huying.ground.registry.models import Premises
from huying.kernel import clock
from huying.kernel.actor import Actor, Duty, system

pytestmark = pytest.mark.django_db

LON, LAT = IN_GRID_1
LEAK = "3号楼地下车库进水，电表箱下面在滴水，怕漏电，物业一直没人来看。"
LEAK_AGAIN = "地库漏水好几天了，3号楼电表箱那里滴水，担心漏电出事。"


@pytest.fixture
def cast() -> Cast:
    return factories.make_cast()


def case_of(cast: Cast, text: str, item: str = "0101", **changes: Any) -> Case:
    given: dict[str, Any] = {"lon": LON, "lat": LAT, **changes}
    one: Opening = replace(opening(cast, item), title=text[:18], summary=text, words=text, **given)
    (pk,) = actions.open_cases([one], actor=system("portal"), now=one.at)
    return Case.objects.select_related("item").get(pk=pk)


def asked(text: str, item: str = "0701", **changes: Any) -> Matter:
    return Matter(**{"text": text, "item": item, "group": item[:2], "lon": LON, "lat": LAT, "at": NOW, **changes})


def found(cast: Cast, matter: Matter, **how: Any) -> list[Case]:
    rows = similar_open(matter, cast.items[matter.item], now=NOW, **how)
    return [one.case for one in rows]


def test_other_words_and_another_kind_near_by_are_the_same_matter(cast: Cast) -> None:
    leak = case_of(cast, LEAK, "0101", channel="hotline")
    case_of(cast, "广场舞音响太吵，晚上九点还在放。", "0904")
    (one,) = similar_open(asked(LEAK_AGAIN), cast.items["0701"], now=NOW)
    assert one.case == leak and one.metres == 0
    told = "".join(one.likeness.reasons)
    assert "滴水" in told or "漏电" in told
    assert one.kind == leak.item.name


def test_rare_words_find_it_where_no_point_is_known(cast: Cast) -> None:
    leak = case_of(cast, LEAK, "0101", lon=None, lat=None)
    for number in range(30):
        case_of(cast, f"第{number}棵树挡住路灯，晚上看不见路。", "0101", lon=None, lat=None)
    again = "3号楼地下车库电表箱那里滴水，担心漏电出事。"
    assert found(cast, asked(again, lon=None, lat=None)) == [leak]


def test_the_same_words_far_away_are_another_matter(cast: Cast) -> None:
    case_of(cast, LEAK, "0101", lon=LON + 0.2)
    assert found(cast, asked(LEAK)) == []


def test_the_items_own_rule_offers_whatever_the_words(cast: Cast) -> None:
    near = case_of(cast, "垃圾没人清，臭得很。", "0101")
    item = cast.items["0101"]
    reach = timedelta(hours=item.dup_window_h)
    words = "桶满了。"
    assert found(cast, asked(words, "0101")) == [near]
    assert [one.case for one in similar_open(asked(words, "0101"), item, now=NOW + reach * 1.1)] == []
    assert found(cast, asked(words, "0101", lon=None, lat=None), community=near.community) == [near]


def test_what_is_closed_excluded_or_not_theirs_is_not_offered(cast: Cast) -> None:
    leak = case_of(cast, LEAK)
    again = matter_of(leak)
    stranger = Actor("staff", "staff:9", "", duties=(Duty("dispatcher", "999999"),))
    assert found(cast, again, exclude=leak.pk) == []
    assert found(cast, again, actor=stranger) == []
    assert found(cast, again, actor=cast.li_dispatcher) == [leak]
    actions.decline_case(leak.pk, reason="已经办结", channel="12345", actor=cast.li_dispatcher, now=NOW)
    assert found(cast, again) == []


@pytest.mark.parametrize("text", ["", "。", "啊", "'; DROP TABLE x; --", "%s %(a)s \\ ' & | ! <-> :*", "漏" * 30_000])
def test_hostile_texts_ask_one_harmless_query(cast: Cast, text: str) -> None:
    leak = case_of(cast, LEAK)
    with CaptureQueriesContext(connection) as asked_:
        found(cast, asked(text))
    assert len(asked_) == 1
    assert Case.objects.filter(pk=leak.pk).exists()


@pytest.fixture
def desk(cast: Cast, settings: Any) -> Client:
    settings.HUYING_REQUIRE_TOTP = False
    client = Client()
    client.force_login(factories.account_of(cast.li_dispatcher))
    return client


def compared(asked: CaptureQueriesContext) -> int:
    """How often the alike were looked for."""
    return sum("UNION" in one["sql"] and "terms @@" in one["sql"] for one in asked)


def test_the_page_of_a_case_compares_once_and_its_map_asks_for_what_was_found(cast: Cast, desk: Client) -> None:
    leak, again = case_of(cast, LEAK, at=clock.now()), case_of(cast, LEAK_AGAIN, "0701", at=clock.now())
    page = f"/desk/cases/{again.pk}/"
    desk.get(page)
    with CaptureQueriesContext(connection) as asked_:
        shown = desk.get(page).content.decode()
    assert compared(asked_) == 1
    layer = f"/desk/understanding/cases/{again.pk}/similar?cases={leak.pk}"
    assert layer in shown and f'href="/desk/cases/{leak.pk}/"' in shown
    with CaptureQueriesContext(connection) as asked_:
        found = desk.get(layer).json()["features"]
    assert (len(found), compared(asked_)) == (1, 0)


def test_a_case_without_any_alike_has_no_such_layer(cast: Cast, desk: Client) -> None:
    alone = case_of(cast, LEAK, at=clock.now())
    assert "/similar?" not in desk.get(f"/desk/cases/{alone.pk}/").content.decode()


@pytest.mark.parametrize("named", ["", "x", "-1", "99999999999999999999", "1,2,3,4,5,6", "1;drop"])
def test_a_layer_asked_for_oddly_is_empty(cast: Cast, desk: Client, named: str) -> None:
    case = case_of(cast, LEAK)
    answer = desk.get(f"/desk/understanding/cases/{case.pk}/similar", {"cases": named})
    assert answer.status_code == 200 and answer.json()["features"] == []


def test_points_are_shown_of_open_cases_one_may_see(cast: Cast, desk: Client) -> None:
    here, closed = case_of(cast, LEAK), case_of(cast, LEAK_AGAIN)
    actions.decline_case(closed.pk, reason="已经办结", channel="12345", actor=cast.li_dispatcher, now=NOW)
    asked_ = {"cases": f"{here.pk},{closed.pk}"}
    address = f"/desk/understanding/cases/{here.pk}/similar"
    assert len(desk.get(address, asked_).json()["features"]) == 1
    stranger = Client()
    stranger.force_login(factories.account_of(cast.fang_qiaodong))
    assert stranger.get(address, asked_).status_code == 404


def test_stock_words_are_no_reason_to_call_two_matters_alike(cast: Cast) -> None:
    case_of(cast, f"您好，{LEAK}希望尽快解决")
    (one,) = similar_open(asked(f"您好，{LEAK_AGAIN}希望尽快解决"), cast.items["0701"], now=NOW)
    assert one.likeness.words and not {"您好", "希望", "尽快", "解决"} & set(one.likeness.words)


EXIT = "检查发现：安全出口被堵。地点：望湖街道柳岸社区湖滨路1号楼"


def a_place(kind: str, parent: Premises | None = None) -> Premises:
    uid = uuid4()
    return Premises.objects.create(
        uid=uid, code=uid.hex[:12], kind=kind, name=kind, address=f"湖滨路1号{kind}{uid.hex[:4]}", parent=parent, area=GRID_1,
        checked_at=NOW, created_at=NOW,
    )  # fmt: skip


def about(*places: Premises) -> dict[str, Any]:
    return {"subjects": [f"premises:{one.uid}" for one in places]}


def test_the_same_words_of_two_registered_places_are_two_matters(cast: Cast) -> None:
    house = a_place("building")
    one, other = a_place("shop", house), a_place("shop", house)
    mine, theirs = (case_of(cast, EXIT, "0514", **about(place)) for place in (one, other))
    bare = case_of(cast, EXIT, "0514")
    whole = case_of(cast, EXIT, "0514", **about(house))
    again = case_of(cast, EXIT, "0514", **about(one))
    with CaptureQueriesContext(connection) as asked_:
        rows = similar_open(matter_of(mine), mine.item, now=NOW, exclude=mine.pk)
    assert len(asked_) == 2
    assert rows[0].case in (again, whole) and {row.case for row in rows} == {again, whole, bare}
    told = {row.case: row.likeness.reasons for row in rows}
    assert "同一处登记的场所" in told[again] and "同一处登记的场所" not in told[bare]
    assert theirs not in told


def test_without_registered_places_that_differ_one_query_is_enough(cast: Cast) -> None:
    place = a_place("shop")
    mine, again = (case_of(cast, EXIT, "0514", **about(place)) for _turn in range(2))
    with CaptureQueriesContext(connection) as asked_:
        (row,) = similar_open(matter_of(mine), mine.item, now=NOW, exclude=mine.pk)
    assert (row.case, len(asked_)) == (again, 1)


def test_places_registered_apart_are_said_to_be(cast: Cast) -> None:
    one, other = (Matter(text=EXIT, premises=frozenset({key})) for key in "ab")
    assert likeness(one, other).circumstances == ["是登记在册的两处不同场所"]
    assert not likeness(one, other).likely and likeness(one, replace(one)).likely
    inside = replace(other, around=frozenset("a"))
    assert likeness(one, inside).same_premises is True and likeness(inside, one).same_premises is True
    assert likeness(one, replace(other, premises=frozenset())).same_premises is None
