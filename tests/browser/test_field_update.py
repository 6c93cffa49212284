"""A new version of the phone app is fetched beside the old one and taken when the worker says so, never by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from huying.casework.cases.factories import account_of, make_cast
from huying.senses.field import app, app_words

OpenPage = Callable[..., Page]


def version_of(page: Page) -> str:
    found: str = page.evaluate("JSON.parse(document.getElementById('field-page').textContent).version")
    return found


def shelves(page: Page) -> list[str]:
    names: list[str] = page.evaluate("caches.keys()")
    return names


@pytest.mark.django_db(transaction=True)
def test_a_new_version_waits_until_the_worker_says_now(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    page = open_page("/field", size="phone", user=account_of(make_cast().tang_grid))
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    before = version_of(page)
    page.reload()
    assert shelves(page) == [f"huying-field-{before}"]

    monkeypatch.setattr(app_words, "WORDS", app_words.WORDS[1:])
    after = app.version()
    assert after != before
    page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => undefined)")
    fresh = page.get_by_role("button", name="新版本已备好，点此更新")
    expect(fresh).to_be_visible()
    page.reload()
    assert version_of(page) == before  # still the old one, whole
    with page.expect_navigation():
        fresh.click()
    expect(page.locator("#pin")).to_be_visible()
    assert version_of(page) == after
    assert shelves(page) == [f"huying-field-{after}"]
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("#pin")).to_be_visible()  # it opens without a network
