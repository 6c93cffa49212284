"""Where staff come in: each role on the page of its work, which answers; what was asked for comes first."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from huying.ground.accounts.factories import PASSWORD
from huying.ground.organisation.factories import make_appointment, make_person, make_unit
from huying.ground.organisation.rules import ROLES

pytestmark = pytest.mark.django_db
COUNTY = "449001"
CASES = "/desk/"
BEGINS = {
    "seat": "/desk/seat/",
    "dispatcher": "/desk/dispatch/",
    "checker": "/desk/checks/",
    "supervisor": "/desk/supervision",
    "grid_lead": "/desk/field/",
    "device_keeper": "/desk/devices/",
    "registry_editor": "/desk/registry/",
    "territory_editor": "/desk/areas",
    "catalogue_editor": "/desk/catalogue",
    "organisation_editor": "/desk/organisation/",
    "admin": "/desk/organisation/",
}


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    cache.clear()


def somebody(*roles: str) -> str:
    unit = make_unit("starts", kind="centre", level="L5", area=COUNTY)
    person = make_person("某人", username="somebody")
    assert person.user is not None
    person.user.set_password(PASSWORD)
    person.user.save()
    for role in roles:
        make_appointment(person, unit, role, COUNTY)
    return "somebody"


def enter(username: str, **more: str) -> tuple[Client, str]:
    client = Client()
    answer = client.post("/accounts/login/", {"login": username, "password": PASSWORD, **more})
    assert answer.status_code == 302
    return client, answer["Location"]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_comes_in_on_the_page_of_its_work(role: str) -> None:
    client, address = enter(somebody(role))
    assert address == BEGINS.get(role, CASES)
    page = client.get(address)
    assert page.status_code == 200
    assert f'class="desk__name" href="{address}"' in page.content.decode()


def test_who_also_works_on_cases_comes_in_on_the_list_of_cases() -> None:
    assert enter(somebody("catalogue_editor", "handler"))[1] == CASES


def test_what_somebody_was_on_the_way_to_comes_first() -> None:
    assert enter(somebody("checker"), next="/desk/map/")[1] == "/desk/map/"
