"""The dry run and the dispatch policy through HTTP: everything explained, nothing written; each rule traced."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from huying.casework.cases.factories import IN_GRID_1, TOWN, Cast
from huying.casework.cases.models import Case
from huying.casework.dispatch import desk_queries
from huying.casework.dispatch.dry_run import dry_run
from huying.casework.dispatch.models import DispatchPolicy
from huying.casework.dispatch.policies import CHAIN
from huying.casework.dispatch.queries import Matter
from huying.ground.organisation.models import Responsibility, Unit
from huying.kernel.clock import local_day, now
from huying.kernel.trace import Entry

from .conftest import GARBAGE, Desk, said

TRY, POLICIES = "/desk/dispatch/try/", "/desk/dispatch/policies/"


def test_a_dry_run_explains_every_step_and_writes_nothing(cast: Cast, desk: Desk) -> None:
    DispatchPolicy.objects.create(min_confidence=0.1, min_margin=0, min_place=0.3, valid_from=local_day(now()))
    lon, lat = IN_GRID_1
    entries = Entry.objects.count()
    page = said(desk("li_dispatcher").post(TRY, {"text": GARBAGE, "lon": lon, "lat": lat}))
    for words in (
        "会直接派给望湖街道市政环卫队",
        "暴露垃圾",
        "按坐标落在网格里",
        "没有登记，按职能和辖区找",
        "4个工作小时",
    ):
        assert words in page
    assert not Case.objects.exists()
    assert Entry.objects.count() == entries


def test_the_responsibility_list_is_named_with_its_basis(cast: Cast, desk: Desk) -> None:
    Responsibility.objects.create(
        item_code="0101", area=TOWN, lead_unit=cast.units["enforcement"], legal_basis="市容条例第九条", source="2025年版",
        valid_from=local_day(now()) - timedelta(days=9),
    )  # fmt: skip
    page = said(desk("li_dispatcher").post(TRY, {"text": GARBAGE, "item": "0101", "place_text": "柳岸社区一网格"}))
    assert "市容条例第九条" in page
    assert "望湖街道综合执法队" in page


def test_in_english_the_reasons_name_units_in_english(cast: Cast, desk: Desk) -> None:
    Unit.objects.filter(pk=cast.units["sanitation"].pk).update(name_en="Wanghu Sanitation Team")
    typed = {"text": GARBAGE, "item": "0101", "place_text": "柳岸社区一网格"}
    page = said(desk("li_dispatcher", "en").post(TRY, typed))
    assert "By trade and area: Wanghu Sanitation Team is nearest" in page
    assert "按职能和辖区：望湖街道市政环卫队最近" in said(desk("li_dispatcher").post(TRY, typed))


def test_an_unknown_place_waits_and_says_why(cast: Cast, desk: Desk) -> None:
    page = said(desk("li_dispatcher", "en").post(TRY, {"text": GARBAGE}))
    assert "Would wait for a dispatcher" in page
    assert "No place was found" in page


def test_wrong_input_stays(cast: Cast, desk: Desk) -> None:
    answer = desk("li_dispatcher").post(TRY, {"text": GARBAGE, "item": "没有这种事项"})
    assert answer.status_code == 422
    assert "苍蝇" in said(answer)


def test_who_may_try(cast: Cast, desk: Desk) -> None:
    assert desk("wang_seat").get(TRY).status_code == 200
    assert desk("he_sanitation").get(TRY).status_code == 404


def test_a_dry_run_costs_a_constant_number_of_queries(cast: Cast, django_assert_num_queries: Any) -> None:
    lon, lat = IN_GRID_1
    dry_run(Matter(text=GARBAGE, channel="portal", at=now(), lon=lon, lat=lat), now=now())
    with django_assert_num_queries(3):
        dry_run(Matter(text=GARBAGE, channel="portal", at=now(), lon=lon, lat=lat), now=now())


def rule(**more: Any) -> dict[str, Any]:
    day = local_day(now()).isoformat()
    return {
        "min_confidence": "70",
        "min_margin": "20",
        "min_place": "50",
        "valid_from": day,
        "source": "会议纪要3号",
        **more,
    }


def test_a_policy_is_added_for_the_own_area_and_traced(cast: Cast, desk: Desk) -> None:
    client = desk("zhao_centre")
    assert client.post(POLICIES, rule())["Location"] == POLICIES
    row = DispatchPolicy.objects.get()
    assert (row.area, row.min_confidence, row.source) == ("990101", 0.7, "会议纪要3号")
    entry = Entry.objects.get(chain=CHAIN)
    assert (entry.verb, entry.actor_name, entry.content["confidence"]) == ("add_policy", "赵主任", 0.7)
    assert "会议纪要3号" in said(client.get(POLICIES))
    policy, found = desk_queries.policy_at(f"{TOWN}001001", now())
    assert (policy.min_confidence, found) == (0.7, row)


def test_a_later_policy_ends_the_one_before(cast: Cast, desk: Desk) -> None:
    client = desk("zhao_centre")
    client.post(POLICIES, rule())
    later = (local_day(now()) + timedelta(days=10)).isoformat()
    client.post(POLICIES, rule(valid_from=later, min_confidence="80"))
    first, second = DispatchPolicy.objects.order_by("valid_from")
    assert first.valid_to == second.valid_from
    assert second.valid_to is None
    again = client.post(POLICIES, rule(valid_from=later))
    assert again.status_code == 409
    assert DispatchPolicy.objects.count() == 2


BAD = [
    {"min_confidence": "101"},
    {"min_margin": "-1"},
    {"min_place": "viel"},
    {"min_place": "nan"},
    {"valid_from": "2020-01-01"},
    {"valid_from": "gestern"},
    {"source": " "},
    {"area": "火星"},
]


@pytest.mark.parametrize("wrong", BAD)
def test_a_wrong_policy_is_refused_and_what_was_typed_stays(cast: Cast, desk: Desk, wrong: dict[str, str]) -> None:
    answer = desk("zhao_centre").post(POLICIES, rule(**wrong))
    assert answer.status_code == 422
    assert 'value="70"' in said(answer) or "min_confidence" in wrong
    assert not DispatchPolicy.objects.exists()
    assert not Entry.objects.filter(chain=CHAIN).exists()


def test_who_may_read_and_who_may_set_policies(cast: Cast, desk: Desk) -> None:
    assert desk("he_sanitation").get(POLICIES).status_code == 404
    assert desk("he_sanitation").post(POLICIES, rule()).status_code == 404
    reader = desk("li_dispatcher")
    assert "登记新的规则" not in said(reader.get(POLICIES))
    assert reader.post(POLICIES, rule()).status_code == 403
    assert desk("zhao_centre").post(POLICIES, rule(area="湖东省")).status_code == 403
    assert not DispatchPolicy.objects.exists()
