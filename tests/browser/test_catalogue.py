"""The catalogue's desk in a real browser: accessible, within the policy, and an edit from draft to publication."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from huying.casework.catalogue import actions
from huying.casework.catalogue.factories import publish_seed
from huying.ground.organisation.factories import make_appointment, make_person, make_unit
from huying.kernel.actor import SYSTEM
from huying.kernel.clock import now

OpenPage = Callable[..., Page]
SHOTS = os.environ.get("HUYING_SHOTS", "")
PLACES = (
    "/desk/catalogue",
    "/desk/catalogue?q=ldzw",
    "/desk/catalogue/items/0301",
    "/desk/catalogue/versions",
    "/desk/catalogue/versions/1",
    "/desk/catalogue/draft",
    "/desk/catalogue/draft/items/0301",
    "/desk/catalogue/draft/new",
)


@pytest.fixture
def editor(transactional_db: None, settings: object) -> Iterator[object]:
    settings.HUYING_REQUIRE_TOTP = False  # type: ignore[attr-defined]
    person = make_person("钟编目", username="cat-editor")
    make_appointment(person, make_unit("centre", kind="centre"), "catalogue_editor", "")
    publish_seed()
    actions.draft_from_current(actor=SYSTEM, now=now())
    actions.edit_item(actor=SYSTEM, now=now(), code="0101", close="6wh", phrases="垃圾没人收")
    actions.retire_item(actor=SYSTEM, now=now(), code="0102")
    yield person.user


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", ["phone", "desk"])
def test_axe_finds_nothing_on_the_catalogues_pages(
    open_page: OpenPage, axe: Callable[[Page], list[str]], editor: object, size: str, language: str
) -> None:
    page = open_page(size=size, language=language, user=editor)
    width = {"phone": 390, "desk": 1440}[size]
    for number, place in enumerate(PLACES):
        page.goto(place)
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{number}-{size}-{language}.png")
        assert axe(page) == [], place
        assert page.problems == [], place  # type: ignore[attr-defined]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{place} scrolls sideways"


def test_an_item_is_changed_and_published(open_page: OpenPage, editor: object) -> None:
    page = open_page("/desk/catalogue/draft/items/0301", user=editor)
    page.get_by_label("完结时限").fill("soon")
    page.get_by_role("button", name="保存到草稿").click()
    expect(page.get_by_role("alert")).to_contain_text("看不懂的时限")
    page.get_by_label("完结时限").fill("2wh stop-work; 5wd penalty; 20wd removal")
    page.get_by_role("button", name="保存到草稿").click()
    expect(page.locator("#change-0301")).to_contain_text("2个工作小时内责令停工")
    page.get_by_role("button", name="发布").first.click()
    page.get_by_label("改了什么,依据是什么").or_(page.get_by_label("改了什么，依据是什么")).fill("区治违办新规")
    page.locator("#publish").get_by_role("button", name="发布").click()
    page.get_by_role("dialog").last.get_by_role("button", name="发布").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("第 2 版")
