"""Staff pages: who may open them, what they do, how many queries they cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from huying.ground.accounts.factories import make_resident
from huying.ground.organisation.factories import (
    COMMUNITY,
    GRID,
    SINCE,
    make_admission,
    make_appointment,
    make_cast,
    make_person,
    make_post,
    make_responsibility,
)
from huying.ground.organisation.models import Admission, ApiKey, Appointment, Person, Responsibility, Shift, Unit
from huying.kernel import clock

pytestmark = pytest.mark.django_db

PAGES = (
    "/desk/organisation/",
    "/desk/organisation/?q=team",
    "/desk/organisation/units/team/",
    "/desk/organisation/people/",
    "/desk/organisation/rota/?unit=team",
    "/desk/organisation/responsibilities/",
    "/desk/organisation/admissions/",
    "/desk/organisation/staffing/",
)


@pytest.fixture(autouse=True)
def _no_second_factor(settings) -> None:  # type: ignore[no-untyped-def]
    settings.HUYING_REQUIRE_TOTP = False


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person.user, backend="huying.ground.accounts.backends.StaffBackend")  # type: ignore[arg-type]
    return client


def editor() -> Client:
    person = make_person("组织编辑", username="org-editor")
    make_appointment(person, Unit.objects.get(code="centre"), "organisation_editor", "")
    return signed_in(person)


@pytest.mark.parametrize("address", PAGES)
def test_pages_open_for_staff_in_both_languages(address: str) -> None:
    cast = make_cast()
    make_responsibility("0101", cast.team, "", cast.community)
    make_admission("0101")
    client = signed_in(cast.chief)
    for language in ("zh-hans", "en"):
        client.cookies["huying_language"] = language
        assert client.get(address).status_code == 200, (address, language)


@pytest.mark.parametrize("address", (*PAGES, "/desk/organisation/keys/"))
def test_strangers_are_led_to_sign_in_and_residents_see_nothing(address: str) -> None:
    make_cast()
    assert Client().get(address)["Location"].startswith("/accounts/login/")
    resident = Client()
    resident.force_login(make_resident(), backend="huying.ground.accounts.backends.ResidentBackend")
    assert resident.get(address).status_code == 404


def test_keys_page_is_for_administrators() -> None:
    cast = make_cast()
    assert signed_in(cast.chief).get("/desk/organisation/keys/").status_code == 404
    make_appointment(cast.chief, cast.centre, "admin", "")
    client = signed_in(cast.chief)
    page = client.post(
        "/desk/organisation/keys/", {"do": "issue", "name": "12345 热线", "scopes": ["reports:write"], "days": "90"}
    )
    key = ApiKey.objects.get()
    assert (
        page.status_code == 200 and f"hy_{key.prefix}_" in page.content.decode() and page["Cache-Control"] == "no-store"
    )
    assert f"hy_{key.prefix}_…" in client.get("/desk/organisation/keys/").content.decode()
    renewed = client.post("/desk/organisation/keys/", {"do": "renew", "key": key.pk})
    fresh = ApiKey.objects.get(renews=key)
    assert f"hy_{fresh.prefix}_" in renewed.content.decode() and renewed["Cache-Control"] == "no-store"
    for wrong in ("x", "²", "9" * 30):
        assert client.post("/desk/organisation/keys/", {"do": "renew", "key": wrong}).status_code == 422
        body = {"do": "issue", "name": "x", "scopes": ["reports:write"], "days": wrong}
        assert client.post("/desk/organisation/keys/", body).status_code == 422
    body = {"do": "issue", "name": "x", "scopes": ["reports:write"], "days": "9" * 15}
    assert client.post("/desk/organisation/keys/", body).status_code == 422
    assert client.post("/desk/organisation/keys/", {"do": "revoke", "key": key.pk}).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_an_editor_changes_a_unit_and_others_do_not() -> None:
    cast = make_cast()
    body = {"do": "change", "name": "新名字", "area": cast.team.area, "phone": "8100", "trades": "street_enforcement"}
    assert signed_in(cast.worker).post("/desk/organisation/units/team/", body).status_code == 403
    cast.team.refresh_from_db()
    assert cast.team.name == "team"
    assert editor().post("/desk/organisation/units/team/", body).status_code == 302
    cast.team.refresh_from_db()
    assert (cast.team.name, cast.team.phone) == ("新名字", "8100")


def test_unit_page_creates_hires_appoints_moves_and_closes() -> None:
    cast, client = make_cast(), editor()
    address = "/desk/organisation/units/street/"
    created = client.post(address, {"do": "create", "code": "new", "name": "新队", "kind": "team", "level": "L3"})
    assert created["Location"] == "/desk/organisation/units/new/"
    page = "/desk/organisation/units/new/"
    assert client.post(page, {"do": "hire", "number": "A1", "name": "孙新人"}).status_code == 302
    make_post("handler")
    assert client.post(page, {"do": "appoint", "number": "A1", "post": "post-handler"}).status_code == 302
    assert Appointment.objects.filter(unit__code="new", person__number="A1").exists()
    assert client.post(page, {"do": "appoint", "number": "nobody", "post": "post-handler"}).status_code == 422
    assert client.post(page, {"do": "move", "parent": "centre"}).status_code == 302
    assert Unit.objects.get(code="new").parent_id == cast.centre.pk
    assert client.post(page, {"do": "close", "on": "2099-01-01", "reason": "合并"}).status_code == 302
    assert client.post(page, {"do": "close", "on": "", "reason": "合并"}).status_code == 422
    assert Unit.objects.get(code="new").valid_to is not None


def test_rota_page_books_swaps_and_drops() -> None:
    cast = make_cast()
    client = signed_in(cast.chief)
    other = make_person("替班")
    make_appointment(other, cast.team)
    day = clock.local_day(clock.now()) + timedelta(days=3)
    address = f"/desk/organisation/rota/?unit=team&week={day}"
    for number, hours in ((cast.chief.number, ("08:00", "16:00")), (other.number, ("16:00", "23:59"))):
        body = {
            "do": "book",
            "number": number,
            "role": "handler",
            "starts": f"{day}T{hours[0]}",
            "ends": f"{day}T{hours[1]}",
        }
        assert client.post(address, body).status_code == 302
        assert client.post(address, body).status_code == 409
    first, second = Shift.objects.order_by("starts_at")
    assert client.get(address).status_code == 200
    assert client.post(address, {"do": "swap", "shift": first.pk, "other": second.pk}).status_code == 302
    first.refresh_from_db()
    assert first.person_id == other.pk
    assert client.post(address, {"do": "drop", "shift": first.pk}).status_code == 302
    assert Shift.objects.count() == 1


def test_person_page_ends_and_hands_over() -> None:
    cast, client = make_cast(), editor()
    taker = make_person("接手")
    address = f"/desk/organisation/people/{cast.worker.pk}/"
    assert "一人一档" in client.get(address).content.decode()
    body = {"do": "hand_over", "unit": "community", "taker": taker.number, "on": "2025-06-01"}
    assert client.post(address, body).status_code == 302
    assert Appointment.objects.get(person=taker).role == "grid_worker"
    row = Appointment.objects.get(person=taker)
    assert (
        client.post(
            f"/desk/organisation/people/{taker.pk}/", {"do": "end", "appointment": row.pk, "on": "2099-01-01"}
        ).status_code
        == 302
    )


def test_lists_are_edited_with_basis_only() -> None:
    cast, client = make_cast(), editor()
    address = "/desk/organisation/responsibilities/"
    body = {"do": "put", "item_code": "0101", "area": "", "lead": "team", "assist": "community", "legal_basis": ""}
    refused = client.post(address, body)
    assert refused.status_code == 422 and 'value="0101"' in refused.content.decode()
    assert client.post(address, body | {"legal_basis": "条例第十条"}).status_code == 302
    row = Responsibility.objects.get()
    assert row.lead_unit_id == cast.team.pk
    assert (
        client.post("/desk/organisation/admissions/", {"do": "admit", "item_code": "0101", "basis": "清单"}).status_code
        == 302
    )
    one_grid = {"do": "admit", "item_code": "0102", "basis": "清单", "area": GRID}
    refused = client.post("/desk/organisation/admissions/", one_grid)
    assert refused.status_code == 422 and COMMUNITY in refused.content.decode()
    admission = Admission.objects.get()
    Admission.objects.update(valid_from=SINCE)
    done = client.post("/desk/organisation/admissions/", {"do": "withdraw", "row": admission.pk, "reason": "调整"})
    assert done.status_code == 302
    admission.refresh_from_db()
    assert admission.valid_to is not None


def test_pages_cost_a_constant_number_of_queries(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    cast = make_cast()
    for number in range(30):
        make_appointment(make_person(f"人{number}"), cast.team)
        make_responsibility(f"02{number:02d}", cast.team, "", cast.community)
    client = signed_in(cast.chief)
    client.get("/desk/organisation/units/team/")
    for address in PAGES:
        with django_assert_max_num_queries(20):
            client.get(address)
