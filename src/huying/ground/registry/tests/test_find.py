"""Found by any fragment, in scope, page by page, in a bounded number of queries."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from huying.ground.registry import queries, tokens
from huying.ground.registry.actions import renew_search
from huying.ground.registry.factories import OTHER_GRID, a_resident, a_room, editor, kept, say, worker
from huying.ground.registry.models import Premises, Resident
from huying.kernel.actor import system
from huying.kernel.errors import Invalid
from huying.kernel.factories import MOMENT
from huying.kernel.models import Entry

FRAGMENTS = (
    *("王秀英", "秀英", "英", "wxy", "xy", "wangxiuying", "xiuying", "wangxiu", "8823", "19912348823", "2348"),
    *("丽景园3栋 502", "3栋 王", "丽景园3幢502房", "3号楼 502室", "丽景 wxy", "liJingYuan 502", "ljy 王", "2026"),
)
MISSES = ("李", "王秀兰", "4栋", "8824", "xiaoying", "丽景园3栋 503", "栋", "、。")


def test_every_fragment_is_among_the_tokens() -> None:
    known = set(tokens.of_person("王秀英", ["19912348823"], "990101195001012026", "1950-01-01", "丽景园3栋502室"))
    assert [words for words in FRAGMENTS if not all(set(each) <= known for each in tokens.asked(words))] == []
    assert [words for words in MISSES if any(set(each) <= known for each in tokens.asked(words))] == []


@pytest.mark.parametrize(
    ("name", "said"), [("单雄", "shanxiong"), ("曾伟", "zw"), ("仇英", "qiuying"), ("欧阳春", "oyc")]
)
def test_surnames_are_found_by_their_own_reading(name: str, said: str) -> None:
    assert set(tokens.asked(said)[0]) <= set(tokens.of_person(name, [], "", "", ""))


def test_tokens_say_nothing_without_the_secret(settings: object) -> None:
    mine = tokens.of_person("王秀英", [], "", "", "")
    settings.HUYING_SECRET = "another-secret-of-the-same-length-0123456789"  # type: ignore[attr-defined]
    assert not set(mine) & set(tokens.of_person("王秀英", [], "", "", ""))


@pytest.mark.django_db
def test_people_come_masked_before_places(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    room = a_room()
    row = a_resident(home=room, phone="19912348823")
    with django_assert_max_num_queries(4):
        page = queries.find(worker(), "丽景园 502")
    assert [(one.kind, one.uid) for one in page.rows] == [("person", row.uid), ("premises", room.uid)]
    assert (page.rows[0].title, page.rows[0].line) == ("王*", "丽景园3栋502室 · 199****8823")
    assert [one.uid for one in queries.find(worker(), "8823").rows] == [row.uid]
    assert queries.find(worker(90, area=OTHER_GRID), "王秀英").rows == []
    assert queries.find(worker(91, role="handler"), "王秀英").rows == []
    assert queries.find(worker(), "  ").rows == []


@pytest.mark.django_db
def test_pages_go_on_from_people_to_places_and_miss_nothing() -> None:
    room = a_room()
    for number in range(5):
        a_resident(name=f"王{'一二三四五'[number]}", home=room)
    seen, cursor = [], None
    for _round in range(10):
        page = queries.find(worker(), "502", size=2, cursor=cursor)
        seen += [one.uid for one in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 6
    with pytest.raises(Invalid):
        queries.find(worker(), "502", cursor="nonsense")
    with pytest.raises(Invalid):
        queries.find(worker(), "502", kinds=["castle"])


@pytest.mark.django_db
def test_a_resident_is_found_where_they_live_now() -> None:
    room, other = a_room(), a_room(name="301室", building="5栋", compound="滨河苑")
    row = a_resident(home=room)
    say(worker(), "person", uid=row.uid, base=1, home=str(other.uid))
    assert [one.kind for one in queries.find(worker(), "滨河苑 王").rows] == ["person"]
    assert queries.find(worker(), "丽景园 王").rows == []
    top = Premises.objects.get(name="滨河苑")
    say(editor(), "premises", uid=top.uid, base=1, name="和园")
    assert [one.uid for one in queries.find(worker(), "和园 王秀英").rows] == [row.uid]
    assert queries.find(worker(), "滨河苑 王").rows == []


@pytest.mark.django_db
def test_organisations_and_facilities_are_found() -> None:
    room = a_room()
    shop = say(worker(), "organisation", kind="company", name="康健大药房", credit_code="91440000MA0000009X",
               premises=str(room.uid)).uid  # fmt: skip
    say(worker(), "facility", kind="hydrant", name="东门消火栓", number="XHS-07", premises=str(room.uid))
    assert [one.uid for one in queries.find(worker(), "大药房 502").rows] == [shop]
    assert [one.uid for one in queries.find(worker(), "91440000MA0000009X").rows] == [shop]
    assert [one.title for one in queries.find(worker(), "消火栓", kinds=["facility"]).rows] == ["东门消火栓"]


@pytest.mark.django_db
def test_places_are_found_by_parts_of_their_spoken_names_and_by_whom_to_call() -> None:
    room = a_room()
    whom = {"contact_name": "赵建国", "contact_phone": "13812345678"}
    named = "澄湖市华联超市有限公司湖滨分店"
    market = say(worker(), "organisation", kind="company", name=named, premises=str(room.uid), **whom).uid
    keeper = {"keeper_name": "钱多多", "keeper_phone": "13987654321"}
    shop = say(worker(), "premises", kind="shop", name="柳岸副食店", parent=str(room.parent_id), **keeper).uid

    def uids(words: str) -> list[object]:
        return [one.uid for one in queries.find(worker(), words).rows]

    for words in ("hlcs", "hualian", "hbfd", "华联 湖滨", "赵建国", "zjg", "5678", "13812345678", "hlcs 502"):
        assert uids(words) == [market], words
    for words in ("lafs", "fushidian", "fsd 3栋", "多多", "7654", "13987654321"):
        assert uids(words) == [shop], words
    for words in ("hlyx", "赵国", "钱", "5679", "lfs"):
        assert uids(words) == [], words
    top = Premises.objects.get(name="丽景园")
    say(editor(), "premises", uid=top.uid, base=1, name="和园")
    assert uids("和园 7654") == [shop] and uids("和园 5678 hlcs") == [market] and uids("丽景园 7654") == []
    say(worker(), "premises", uid=shop, base=kept("premises", shop).version, keeper_phone="13700000001")
    assert uids("7654") == [] and uids("0001") == [shop]
    assert "13700000001" not in str(Premises.objects.filter(uid=shop).values("find", "details", "name", "address"))


@pytest.mark.django_db
def test_what_is_found_is_worked_out_anew_and_only_what_differs_is_written() -> None:
    room = a_room()
    row = a_resident(home=room, phone="19912348823")
    shop = say(
        worker(), "premises", kind="shop", name="柳岸副食店", parent=str(room.parent_id), keeper_phone="13987654321"
    )
    before = dict(Premises.objects.values_list("uid", "find"))
    Premises.objects.filter(uid=shop.uid).update(find=[1])
    Resident.objects.update(find=[])
    assert queries.find(worker(), "8823").rows == [] == queries.find(worker(), "lafs").rows
    assert renew_search(actor=system("test"), now=MOMENT) == 2
    assert dict(Premises.objects.values_list("uid", "find")) == before
    assert [one.uid for one in queries.find(worker(), "8823 502").rows] == [row.uid]
    assert renew_search(actor=system("test"), now=MOMENT) == 0
    said = Entry.objects.filter(chain="registry-search").order_by("seq").values_list("body", flat=True)
    assert list(said) == ['{"changed":2}', '{"changed":0}']


@pytest.mark.django_db
def test_a_signed_in_phone_is_recognised_exactly() -> None:
    row = a_resident(phone="19912348823")
    a_resident(name="李四", phone="19923488231")
    assert [one.pk for one in queries.residents_of_phone("19912348823")] == [row.pk]
    assert queries.residents_of_phone("8823") == []
    assert kept("person", row.uid).value("phone") == "19912348823"
    assert queries.copy_of(row)["person"]["电话"] == "19912348823"
    assert queries.find(worker(), str(uuid4())[:8]).rows == []


def test_what_premises_lie_in_from_near_to_far(django_assert_num_queries: DjangoAssertNumQueries, db: None) -> None:
    room = a_room()
    parents = []
    above = room.parent
    while above is not None:
        parents.append(str(above.uid))
        above = above.parent
    with django_assert_num_queries(1):
        found = queries.enclosing({str(room.uid), str(uuid4()), "no uid"})
    assert parents and found == {str(room.uid): frozenset(parents)}
