"""Staff pages and the interface for systems: who may open what, what an editor can do, what it costs."""

from __future__ import annotations

import pytest
from django.test import Client

from huying.casework.catalogue import actions, queries
from huying.casework.catalogue.factories import EDITOR, NOW, begin_draft, publish_seed
from huying.casework.catalogue.models import CatalogueVersion, Item
from huying.ground.accounts.factories import make_resident
from huying.ground.organisation.factories import make_appointment, make_person, make_unit

pytestmark = pytest.mark.django_db

READING = ("/desk/catalogue", "/desk/catalogue?q=ljt&level=L2", "/desk/catalogue/items/0301", "/desk/catalogue/versions",
           "/desk/catalogue/versions/1")  # fmt: skip
EDITING = ("/desk/catalogue/draft", "/desk/catalogue/draft?q=井盖", "/desk/catalogue/draft/items/0301",
           "/desk/catalogue/draft/new")  # fmt: skip
STAFF = "huying.ground.accounts.backends.StaffBackend"


@pytest.fixture(autouse=True)
def _no_second_factor(settings) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def signed_in(role: str) -> Client:
    person = make_person("钟编目", username=f"cat-{role}")
    make_appointment(person, make_unit(f"unit-{role}"), role, "")
    client = Client()
    client.force_login(person.user, backend=STAFF)
    return client


def resident() -> Client:
    client = Client()
    client.force_login(make_resident("13800000001"), backend=STAFF)
    return client


@pytest.mark.parametrize("place", READING)
def test_all_staff_read_and_strangers_do_not(place: str) -> None:
    begin_draft()
    assert signed_in("dispatcher").get(place).status_code == 200
    assert signed_in("catalogue_editor").get(place).status_code == 200
    assert resident().get(place).status_code == 404
    assert Client().get(place).status_code == 302


@pytest.mark.parametrize("place", EDITING)
def test_only_editors_open_the_draft(place: str) -> None:
    begin_draft()
    assert signed_in("catalogue_editor").get(place).status_code == 200
    assert signed_in("dispatcher").get(place).status_code == 403
    assert resident().get(place).status_code == 404
    assert Client().get(place).status_code == 302


@pytest.mark.parametrize("deed", ["begin", "publish", "discard"])
def test_a_refused_deed_changes_nothing(deed: str) -> None:
    begin_draft()
    before = list(CatalogueVersion.objects.order_by("id").values_list("id", "state"))
    answer = signed_in("dispatcher").post("/desk/catalogue/draft", {"do": deed, "number": 2})
    assert answer.status_code == 403
    assert list(CatalogueVersion.objects.order_by("id").values_list("id", "state")) == before


def test_an_editor_goes_from_draft_to_publication() -> None:
    publish_seed()
    client = signed_in("catalogue_editor")
    assert client.post("/desk/catalogue/draft", {"do": "begin"}).status_code == 302
    form = client.get("/desk/catalogue/draft/items/0301").context["form"]
    values = {name: value for name, value in form.initial.items() if value not in (None, False)}
    values |= {name: "on" for name, value in form.initial.items() if value is True}
    wrong = client.post("/desk/catalogue/draft/items/0301", values | {"close": "soon", "revision": 0})
    assert wrong.status_code == 422
    assert "看不懂的时限" in wrong.content.decode()
    assert client.post("/desk/catalogue/draft/items/0301", values | {"close": "15wd", "revision": 0}).status_code == 302
    row = Item.objects.get(version__number=2, code="0301")
    assert (row.close[0]["limit"]["label"], row.revision, row.allowed_channels) == ("15wd", 1, [])
    late = client.post("/desk/catalogue/draft/items/0301", values | {"close": "9wd", "revision": 0})
    assert late.status_code == 422
    draft = client.get("/desk/catalogue/draft").content.decode()
    assert "15个工作日" in draft
    day = queries.today().valid_from
    refused = client.post("/desk/catalogue/draft", {"do": "publish", "number": 2, "valid_from": str(day), "note": ""})
    assert refused.status_code == 422
    sent = {"do": "publish", "number": 2, "valid_from": "2099-01-01", "note": "按新规"}
    assert client.post("/desk/catalogue/draft", sent).url == "/desk/catalogue/versions/2"
    assert "15个工作日" in client.get("/desk/catalogue/versions/2").content.decode()


def test_an_editor_adds_and_retires() -> None:
    begin_draft()
    client = signed_in("catalogue_editor")
    sent = {
        "class_code": "01", "code": "0121", "name": "流动摊车占位", "level": "L3", "lead_trade": "street_sanitation",
        "respond": "2wh", "close": "1wd", "conditions": "C4", "needs_photo_min": 0, "dup_radius_m": 50,
        "dup_window_h": 24, "max_extensions": 1, "source": "L", "public_visible": "on",
    }  # fmt: skip
    assert client.post("/desk/catalogue/draft/new", sent | {"code": "0101"}).status_code == 422
    assert client.post("/desk/catalogue/draft/new", sent).status_code == 302
    assert client.post("/desk/catalogue/draft/items/0102", {"do": "retire"}).status_code == 302
    assert Item.objects.get(version__number=2, code="0102").retired
    assert Item.objects.get(version__number=2, code="0121").class_zh == "市容环卫"


def test_the_list_costs_a_fixed_number_of_queries(django_assert_max_num_queries) -> None:
    publish_seed()
    client = signed_in("dispatcher")
    client.get("/desk/catalogue")
    with django_assert_max_num_queries(12):
        assert client.get("/desk/catalogue").status_code == 200


def test_english_pages_speak_english() -> None:
    publish_seed()
    client = signed_in("dispatcher")
    client.cookies["django_language"] = "en"
    page = client.get("/desk/catalogue/items/0301", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Illegal structure under construction" in page


def api(client: Client, place: str, **query: object) -> dict[str, object]:
    answer = client.get(f"/api/v1/catalogue/{place}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_systems_and_staff_read_everything_residents_what_is_meant_for_them() -> None:
    publish_seed()
    assert Client().get("/api/v1/catalogue/items").status_code == 401
    staff, citizen = signed_in("dispatcher"), resident()
    assert len(api(staff, "items", size=400)["items"]) == 320
    assert len(api(citizen, "items", size=400)["items"]) == 303
    assert api(staff, "items/1412")["class_name"] == "重点关爱群体"
    assert citizen.get("/api/v1/catalogue/items/1412").status_code == 404
    assert staff.get("/api/v1/catalogue/items/9999").status_code == 404
    assert len(api(citizen, "classes")["classes"]) == 16


def test_items_page_by_code_and_are_found_by_words() -> None:
    publish_seed()
    staff = signed_in("dispatcher")
    first = api(staff, "items", size=200)
    second = api(staff, "items", size=200, after=first["next"])
    assert len(second["items"]) == 120
    assert second["next"] is None
    assert api(staff, "items", q="lddf")["items"][0]["code"] == "0514"
    assert api(staff, "items/0301")["close"] == "4wh stop-work; 7wd penalty; 20wd removal"


def test_texts_are_classified_and_hidden_items_stay_hidden() -> None:
    publish_seed()
    citizen = resident()
    body = {"texts": ["楼道里堆满了杂物", "社区矫正对象脱管"], "k": 3}
    answer = citizen.post("/api/v1/catalogue/classify", body, content_type="application/json").json()
    assert answer["proposals"][0][0]["code"] == "0514"
    assert all(one["code"] != "1412" for one in answer["proposals"][1])
    bad = citizen.post("/api/v1/catalogue/classify", {"texts": []}, content_type="application/json")
    assert bad.status_code == 422


def test_an_item_shows_its_history() -> None:
    begin_draft()
    actions.edit_item(actor=EDITOR, now=NOW, code="0301", close="15wd")
    actions.publish_version(actor=EDITOR, now=NOW, number=2, valid_from=NOW.date(), note="按新规缩短")
    page = signed_in("dispatcher").get("/desk/catalogue/items/0301").content.decode()
    assert "按新规缩短" in page
    assert "4个工作小时内责令停工" in page


@pytest.mark.parametrize("typed", ["9" * 19, "9" * 5000, "abc"])
def test_a_number_nobody_means_changes_nothing(typed: str) -> None:
    begin_draft()
    client = signed_in("catalogue_editor")
    before = list(CatalogueVersion.objects.order_by("id").values_list("id", "state"))
    for deed in ("publish", "discard"):
        given = {"do": deed, "number": typed, "valid_from": "2099-01-01", "note": "按新规"}
        assert client.post("/desk/catalogue/draft", given).status_code in (404, 409, 422)
    assert list(CatalogueVersion.objects.order_by("id").values_list("id", "state")) == before
    answer = client.post("/desk/catalogue/draft/items/0301", {"revision": typed, "close": "soon"})
    assert answer.status_code == 422
