"""The dispatcher's queue through HTTP: proposals, one key, every other way, two at once, who may."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from huying.casework.cases import actions as cases
from huying.casework.cases import placing
from huying.casework.cases.factories import GRID_1, GRID_2, IN_GRID_2, Cast
from huying.casework.cases.models import Assignment, Case
from huying.casework.dispatch import desk_queries
from huying.casework.dispatch.words_desk import marked, percent
from huying.ground.accounts.factories import make_resident
from huying.ground.registry.deriving import new_code
from huying.ground.registry.models import Premises
from huying.kernel.clock import now
from huying.kernel.trace import Entry

from .conftest import Desk, Waiting, said, state_of

QUEUE = "/desk/dispatch/"


def send(client: Client, case: Case, do: str = "send", **typed: Any) -> Any:
    return client.post(f"{QUEUE}cases/{case.pk}/act", {"do": do, "version": case.version, **typed})


def untouched(case: Case) -> None:
    version, entries = case.version, Entry.objects.filter(chain=f"case:{case.pk}").count()
    assert state_of(case) == "pending"
    assert (case.version, entries) == (version, 1)
    assert not Assignment.objects.filter(case=case).exists()


def test_only_dispatchers_have_a_queue(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case = waiting()
    assert "/accounts/login" in Client().get(QUEUE)["Location"]
    resident = Client()
    resident.force_login(make_resident())
    assert resident.get(QUEUE)["Location"] == "/"
    for name in ("wang_seat", "he_sanitation", "sun_checker", "ji_discipline"):
        assert desk(name).get(QUEUE).status_code == 404
        assert send(desk(name), case, item="0101").status_code == 404
    untouched(case)


def test_a_waiting_case_shows_its_words_reasons_and_proposals(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case = waiting()
    page = said(desk("li_dispatcher").get(QUEUE))
    assert case.number in page
    assert "来源要求人工分拨" in page
    assert "暴露垃圾" in page
    assert "望湖街道市政环卫队" in page
    assert 'data-key="1"' in page
    assert "<mark" in page
    assert "13912345678" not in page


def test_no_proposal_is_called_impossible_or_certain(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    shares = {0.0: "0%", 0.0004: "<1%", 0.01: "1%", 0.5524: "55%", 0.99: "99%", 0.9951: ">99%", 1.0: "100%"}
    assert {share: percent(share) for share in shares} == shares
    case = waiting()
    first, *others = case.proposals
    Case.objects.filter(pk=case.pk).update(proposals=[first, *({**one, "confidence": 0.002} for one in others)])
    page = said(desk("li_dispatcher").get(QUEUE))
    assert others and "&lt;1%" in page and " 0%" not in page


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_speaks_both_languages(cast: Cast, desk: Desk, waiting: Waiting, language: str) -> None:
    waiting()
    page = said(desk("li_dispatcher", language).get(QUEUE))
    assert ("Dispatch desk" if language == "en" else "分拨台") in page


@pytest.mark.parametrize("digits", [18, 19, 5000])
def test_a_unit_of_too_many_digits_is_nobody(cast: Cast, desk: Desk, waiting: Waiting, digits: int) -> None:
    case = waiting()
    answer = send(desk("li_dispatcher"), case, item="0101", unit_id="9" * digits)
    assert answer.status_code in (404, 409, 422)
    untouched(case)


def test_one_key_sends_to_the_unit_shown(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case = waiting()
    answer = send(desk("li_dispatcher"), case, item="0101", unit_id=cast.units["sanitation"].pk)
    assert answer["Location"] == f"{QUEUE}?sent={case.pk}"
    case.refresh_from_db()
    assert (case.state, case.item_code, case.lead_unit) == ("dispatched", "0101", cast.units["sanitation"])
    page = said(desk("li_dispatcher").get(answer["Location"]))
    assert "已派给望湖街道市政环卫队" in page
    assert 'name="do" value="recall"' in page


def test_undo_is_a_recall_and_only_before_signing(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case, client = waiting(), desk("li_dispatcher")
    send(client, case, item="0101")
    assert send(client, case, "recall")["Location"] == f"{QUEUE}?case={case.pk}"
    assert state_of(case) == "accepted"
    assert "分拨后撤回" in said(client.get(f"{QUEUE}?case={case.pk}"))
    send(client, case, item="0101")
    cases.sign_case(case.pk, actor=cast.he_sanitation, now=now())
    again = client.post(f"{QUEUE}cases/{case.pk}/act", {"do": "recall"}, follow=True)
    assert state_of(case) == "handling"
    assert "何环卫" in said(again)


def test_otherwise_item_place_and_unit_are_chosen(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case = waiting("你好，请问一下")
    lon, lat = IN_GRID_2
    housing = cast.units["housing"]
    send(desk("li_dispatcher"), case, item="房屋开裂倾斜（0701）", unit="区住房和建设局", lon=lon, lat=lat)
    case.refresh_from_db()
    assert (case.state, case.item_code, case.grid, case.lead_unit) == ("dispatched", "0701", GRID_2, housing)


BAD = [
    ({"item": "没有这种事项"}, "目录里没有这个事项"),
    ({"item": "0101", "unit": "不存在的单位"}, "没有这个单位"),
    ({"item": "0101", "area": "火星"}, "没有这个区域"),
    ({"item": "0101", "area": "990101"}, "至少要选到街道"),
    ({"item": "0101", "lon": "0", "lat": "0"}, "不在任何网格内"),
    ({"item": "0101", "lon": "abc", "lat": "1"}, "坐标不对"),
    ({"item": "1208", "unit": "柳岸社区居委会"}, "准入清单"),
]


@pytest.mark.parametrize(("typed", "words"), BAD)
def test_a_wrong_choice_is_explained_and_what_was_typed_stays(
    cast: Cast, desk: Desk, waiting: Waiting, typed: dict[str, str], words: str
) -> None:
    case = waiting()
    answer = send(desk("li_dispatcher"), case, **typed)
    assert answer.status_code in (409, 422)
    assert words in said(answer)
    assert typed.get("unit", "") in said(answer)
    untouched(case)


def test_of_two_dispatchers_the_second_hears_who_was_faster_and_gets_the_next(
    cast: Cast, desk: Desk, waiting: Waiting
) -> None:
    case, other = waiting(), waiting("桥东路灯不亮了好几天")
    send(desk("li_dispatcher"), case, item="0101")
    answer = desk("zhou_dispatcher").post(
        f"{QUEUE}cases/{case.pk}/act", {"do": "send", "item": "1208", "version": case.version}, follow=True
    )
    page = said(answer)
    assert "李分拨" in page
    assert other.number in page
    case.refresh_from_db()
    assert case.item_code == "0101"
    assert Assignment.objects.filter(case=case).count() == 1


def test_a_stale_version_changes_nothing(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case = waiting()
    client = desk("li_dispatcher")
    assert send(client, case, "correct", item="1208")["Location"] == f"{QUEUE}?case={case.pk}"
    answer = send(client, case, item="0101")
    assert answer["Location"] == f"{QUEUE}?case={case.pk}"
    case.refresh_from_db()
    assert (case.state, case.item_code) == ("pending", "1208")


def test_declining_needs_a_reason_and_a_place_to_go(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case, client = waiting(), desk("li_dispatcher")
    for typed in ({"channel": "", "reason": "已诉至法院"}, {"channel": "court", "reason": " "}):
        assert send(client, case, "decline", **typed).status_code in (409, 422)
    untouched(case)
    send(client, case, "decline", channel="court", reason="已诉至法院，请依判决执行。")
    assert state_of(case) == "declined"


def test_merging_into_a_similar_open_case(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    main, case, client = waiting(item_code="0101"), waiting(item_code="0101"), desk("li_dispatcher")
    page = said(client.get(f"{QUEUE}?case={case.pk}"))
    assert main.number in page
    assert "相距 0 米" in page
    assert send(client, case, "merge", into="999999").status_code == 422
    send(client, case, "merge", into=main.pk)
    assert state_of(case) == "merged"


def test_what_the_registry_places_does_not_wait_for_its_place(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    shop = make_shop(GRID_2)
    where = {"item_code": "0101", "lon": None, "lat": None, "area": GRID_2, "subjects": (f"premises:{shop.uid}",)}
    case = waiting("检查发现：门前堆放垃圾。地点：柳岸一网格附近", place_text="柳岸一网格附近", **where)
    assert (case.grid, case.lon) == (GRID_2, None)
    page = said(desk("li_dispatcher").get(QUEUE))
    assert "来源要求人工分拨" in page and "位置不够确定" not in page


def make_shop(area: str) -> Premises:
    values = {"code": new_code(), "kind": "shop", "name": "老王粮油", "address": "老王粮油", "area": area}
    return Premises.objects.create(**values, checked_at=now(), created_at=now())


@pytest.mark.parametrize("subject", ["elsewhere", "unplaced", "gone", "unreadable", "device"])
def test_a_place_read_from_words_is_no_surer_for_naming_a_subject(cast: Cast, waiting: Waiting, subject: str) -> None:
    """What it is about stands somewhere else, nowhere, or is not known: the words decide, as they do without it."""
    keys = {"elsewhere": make_shop(GRID_2).uid, "unplaced": make_shop("").uid, "gone": uuid4(), "unreadable": "a"}
    mark = f"premises:{keys[subject]}" if subject in keys else "device:unknown"
    case = waiting(item_code="0101", lon=None, lat=None, place_text="柳岸社区附近", subjects=(mark,))
    plain = waiting(item_code="0101", lon=None, lat=None, place_text="柳岸社区附近")
    Case.objects.filter(pk__in=[case.pk, plain.pk]).update(lon=None, lat=None)
    with_subject, without = (Case.objects.select_related("item").get(pk=one.pk) for one in (case, plain))
    read = desk_queries._read_places(without, now())
    sure = desk_queries._place_certainty(without, read, now())
    assert 0 < sure < 1
    assert desk_queries._place_certainty(with_subject, read, now()) == sure


def test_where_a_device_stands_is_asked_of_the_devices(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setitem(placing._asked, "device", lambda codes: asked.append(list(codes)) or [GRID_2])
    shop = make_shop(GRID_1)
    assert placing.areas_of([f"premises:{shop.uid}", "device:hy-1"]) == {GRID_1, GRID_2}
    assert asked == [["hy-1"]] and placing.areas_of([]) == set()


def test_transferring_out(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case, client = waiting(), desk("li_dispatcher")
    assert send(client, case, "transfer", channel="moon", reason="x").status_code == 422
    untouched(case)
    send(client, case, "transfer", channel="110", reason="正在打架")
    assert state_of(case) == "transferred"


def test_an_unknown_step_is_refused(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case = waiting()
    assert send(desk("li_dispatcher"), case, "explode").status_code == 422
    untouched(case)


def test_the_case_in_focus_alone_and_whether_it_still_waits(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case, client = waiting(), desk("li_dispatcher")
    assert case.title in said(client.get(f"{QUEUE}cases/{case.pk}/"))
    still = f"{QUEUE}cases/{case.pk}/still?version={case.version}"
    assert said(client.get(still)) == ""
    send(desk("zhou_dispatcher"), case, item="0101")
    assert "周分拨" in said(client.get(still))
    assert "周分拨" in said(client.get(f"{QUEUE}cases/{case.pk}/"))


def test_items_are_found_while_typing(cast: Cast, desk: Desk) -> None:
    assert "暴露垃圾（0101）" in said(desk("li_dispatcher").get("/desk/dispatch/items?of=item&item=bllj"))
    assert "<option" not in said(desk("li_dispatcher").get("/desk/dispatch/items"))


def test_the_queue_costs_the_same_for_one_case_and_for_many(
    cast: Cast, desk: Desk, waiting: Waiting, django_assert_num_queries: Any
) -> None:
    case = waiting()
    client = desk("li_dispatcher")
    client.get(QUEUE)
    with django_assert_num_queries(6):
        desk_queries.focus(Case.objects.select_related("item").get(pk=case.pk), cast.li_dispatcher, now())
    with django_assert_num_queries(1):
        list(desk_queries.waiting_page(cast.li_dispatcher).rows)
    with django_assert_num_queries(1):
        assert desk_queries.tab_counts(cast.li_dispatcher)["waiting"] == 1
    for _ in range(4):
        waiting()
    with django_assert_num_queries(6):
        desk_queries.focus(Case.objects.select_related("item").get(pk=case.pk), cast.li_dispatcher, now())


def test_marked_words_cannot_smuggle_markup() -> None:
    assert marked("<b>垃圾</b>", ["垃圾"]).count("<mark") == 1
    assert "<b>" not in marked("<b>垃圾</b>", ["垃圾"])
    assert marked("垃圾桶", []) == "垃圾桶"


def test_a_point_beyond_the_ground_served_is_said_and_can_be_mended(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    far = waiting(item_code="0101", lon=121.0, lat=31.0, hold=False)
    assert (far.state, far.town) == ("pending", "")
    client = desk("li_dispatcher")
    page = said(client.get(QUEUE))
    assert "位置在服务范围以外" in page and "点的位置在服务范围以外" in page
    send(client, far, "correct", area=GRID_2)
    assert "点的位置在服务范围以外" not in said(client.get(f"{QUEUE}?case={far.pk}"))


def test_no_point_is_not_outside(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    waiting("不知道在哪里的一件事", item_code="0101", lon=None, lat=None, hold=False)
    page = said(desk("li_dispatcher").get(QUEUE))
    assert "位置不够确定" in page and "服务范围以外" not in page
