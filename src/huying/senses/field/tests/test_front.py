"""The way from the desk to the phone: in the menu and above the list, for whoever works in the field."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from huying.casework.cases.factories import Cast, account_of
from huying.kernel.actor import Actor
from huying.senses.field.desk import front

pytestmark = pytest.mark.django_db
CARD, LINK = 'id="way-to-phone"', 'href="/field"'


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def shown_to(actor: Actor, language: str = "zh-hans", path: str = "/desk/") -> str:
    client = Client(headers={"accept-language": language})
    client.force_login(account_of(actor))
    return str(client.get(path).content.decode())


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "打开手机工作页"), ("en", "Open the phone app")])
def test_a_grid_worker_finds_the_phone_app_first(cast: Cast, language: str, words: str) -> None:
    page = shown_to(cast.tang_grid, language)
    assert CARD in page and words in page
    assert page.count(LINK) == 3  # the card, the menu beside the page and the one of narrow screens
    assert LINK in shown_to(cast.tang_grid, language, "/desk/map/")


def test_who_does_not_work_in_the_field_is_shown_no_way_there(cast: Cast) -> None:
    for actor in (cast.wang_seat, cast.qian_supervisor, cast.he_sanitation):
        page = shown_to(actor)
        assert CARD not in page and LINK not in page


def test_the_card_asks_nothing(cast: Cast, rf: Any, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    request = rf.get("/desk/")
    request.actor = cast.tang_grid
    with django_assert_num_queries(0):
        assert CARD in front.way_to_phone(request, None)
