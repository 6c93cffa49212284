"""The desk through HTTP: who may open what, what is masked, finding, the record page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.ground.accounts.factories import make_resident
from huying.ground.registry.factories import a_resident, say
from huying.kernel.privacy import AccessEntry

from .desk_cast import PHONE, SECRETS, Desk, text

pytestmark = pytest.mark.django_db
HOME = "/desk/registry/"


def addresses(desk: Desk) -> list[str]:
    room = f"{HOME}premises/{desk.room.uid}/"
    return [
        HOME, f"{HOME}?tab=person", f"{HOME}pick?to=person", f"{HOME}export?tab=person", f"{HOME}log/", f"{HOME}proposals/",
        f"{HOME}duplicates/", f"{HOME}requests/", f"{HOME}new/person/", f"{HOME}new/care/", desk.url, f"{desk.url}edit",
        room, f"{room}code", f"{room}code.png", f"{room}edit",
    ]  # fmt: skip


def test_strangers_sign_in_and_who_has_no_part_in_it_finds_nothing(desk: Desk) -> None:
    resident = Client()
    resident.force_login(make_resident())
    seat = desk.client("seat")
    for address in addresses(desk):
        assert "/accounts/login" in Client().get(address)["Location"], address
        assert resident.get(address).status_code in (302, 404), address
        assert seat.get(address).status_code == 404, address


def test_every_page_opens_for_who_may(desk: Desk) -> None:
    editor = desk.client("editor")
    for address in addresses(desk):
        answer = editor.get(address)
        assert answer.status_code == 200, address
        assert "no-store" in answer["Cache-Control"] or address.endswith(".png")


def test_a_worker_of_another_grid_sees_nothing(desk: Desk) -> None:
    other = desk.client("other")
    for address in (desk.url, f"{desk.url}edit", f"{HOME}premises/{desk.room.uid}/"):
        assert other.get(address).status_code == 404
    assert (
        other.post(f"{desk.url}open", {"fields": "phone", "purpose": "visit", "why": "上门看望老人"}).status_code == 404
    )
    assert other.post(f"{desk.url}emergency").status_code == 404
    assert other.post(f"{desk.url}do", {"do": "confirm"}).status_code == 404
    for words in ("王秀英", PHONE, "丽景园"):
        assert str(desk.resident.uid) not in text(other.get(HOME, {"q": words}))
    assert not AccessEntry.objects.exists()


def test_nothing_personal_stands_on_any_page_unopened(desk: Desk) -> None:
    worker = desk.client("worker")
    pages = [desk.url, f"{desk.url}edit", f"{HOME}?tab=person", f"{HOME}?q=502", f"{HOME}premises/{desk.room.uid}/"]
    for address in pages:
        said = text(worker.get(address))
        assert not [secret for secret in SECRETS if secret in said], address
    assert "王*" in text(worker.get(desk.url)) and "138****8000" in text(worker.get(desk.url))


@pytest.mark.parametrize("words", ["王秀英", "wxy", "wangxiu", "8000", PHONE, "丽景园 502", "120024"])
def test_any_fragment_finds_in_four_queries(desk: Desk, words: str) -> None:
    worker = desk.client("worker")
    worker.get(HOME)
    with CaptureQueriesContext(connection) as asked:
        said = text(worker.get(HOME, {"q": words}))
    assert str(desk.resident.uid) in said
    own = [one["sql"] for one in asked if 'FROM "registry_' in one["sql"] and "registry_proposal" not in one["sql"]]
    assert len(own) <= 4, own


def test_lists_by_kind_narrow_and_page(desk: Desk) -> None:
    worker = desk.client("worker")
    assert desk.room.address in text(worker.get(HOME, {"tab": "premises", "pkind": "room"}))
    assert desk.room.address not in text(worker.get(HOME, {"tab": "premises", "pkind": "shop"}))
    assert "没有这个区域" in text(worker.get(HOME, {"tab": "premises", "area": "不存在镇"}))
    assert worker.get(HOME, {"tab": "premises", "cursor": "xx"}).status_code == 422
    assert "tab=care" in text(worker.get(HOME))


def test_a_list_asks_the_same_however_long_it_is(desk: Desk) -> None:
    worker = desk.client("worker")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert worker.get(HOME, {"tab": "person"}).status_code == 200
        return len([one for one in queries if 'FROM "registry_resident"' in one["sql"]])

    first = asked()
    for number in range(3):
        a_resident(desk.actors["worker"], name=f"住户{number}", home=desk.room)
    assert asked() == first == 1


def test_the_tree_leads_up_and_down(desk: Desk) -> None:
    worker = desk.client("worker")
    said = text(worker.get(f"{HOME}premises/{desk.room.uid}/"))
    assert "丽景园" in said and "3栋" in said and desk.url in said
    building = str(desk.room.parent_id)
    said = text(worker.get(f"{HOME}premises/{building}/"))
    assert f"premises/{desk.room.uid}/" in said and "住 1 人" in said


def test_relations_stays_and_care_lead_to_their_person(desk: Desk) -> None:
    worker = desk.client("worker")
    answer = worker.get(f"{HOME}relation/{desk.daughter.uid}/")
    assert answer["Location"] == desk.url


def test_a_record_page_asks_a_bounded_number_of_queries(desk: Desk) -> None:
    worker = desk.client("worker")
    worker.get(desk.url)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            worker.get(desk.url)
        return len([one for one in queries if '"registry_' in one["sql"]])

    first = asked()
    for rank in (2, 3):
        given = {"contact_name": f"友{rank}", "contact_phone": f"1370013700{rank}"}
        say(
            desk.actors["worker"],
            "relation",
            resident=str(desk.resident.uid),
            kind="friend",
            emergency_rank=rank,
            **given,
        )
    assert asked() == first <= 14


def test_the_code_is_a_picture_and_a_page_to_print(desk: Desk) -> None:
    worker = desk.client("worker")
    picture = worker.get(f"{HOME}premises/{desk.room.uid}/code.png")
    assert picture.content.startswith(b"\x89PNG")
    assert f"/p/{desk.room.code}" in text(worker.get(f"{HOME}premises/{desk.room.uid}/code"))
