"""A real browser against a real server: ``page`` is ready to use, ``open_page`` makes others.

Chromium is the system's, or the one named by HUYING_CHROMIUM, or Playwright's own. Nothing but loopback is reached.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.sessions import session_of

# Playwright keeps an event loop in the main thread; the ORM may be used there all the same.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
SHOTS = ROOT / "test-results"
SIZES = {"phone": (390, 844), "desk": (1440, 900)}
LANGUAGES = {"zh": ("zh-hans", "zh-CN"), "en": ("en", "en-US")}
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # without a window is lighter
QUIET = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
]
# What the browser or htmx says of a request that was under way when the page was left.
BY_LEAVING = re.compile(r"Failed to load resource|htmx:(sendError|sendAbort|afterRequest)\b")
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


def _chromium() -> str | None:
    named = os.environ.get("HUYING_CHROMIUM")
    found = (shutil.which(name) for name in CHROMIUMS)
    return named or next((path for path in found if path), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_chromium(), args=QUIET)
        yield chromium
        chromium.close()


def _watch(page: Page) -> list[str]:
    problems: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not BY_LEAVING.match(message.text):
            problems.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: problems.append(str(error)))
    return problems


def sign_in(context: BrowserContext, user: AbstractBaseUser, url: str) -> None:
    """Give the browser a session of the user, as if they had signed in."""
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": url}])


@pytest.fixture
def address(live_server: Any) -> str:
    """Where pages come from: Django's own test server. Journeys name the real one instead."""
    return str(live_server.url)


@pytest.fixture
def calm(transactional_db: None) -> Iterator[None]:
    """What the server still does when the last page is closed ends before the tables are emptied under it."""
    yield
    deadline = time.monotonic() + 20
    while _at_work() and time.monotonic() < deadline:
        time.sleep(0.05)


def _at_work() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND (state <> 'idle'))"
        )
        return bool(cursor.fetchone()[0])


@pytest.fixture
def open_page(browser: Browser, calm: None, address: str) -> Iterator[OpenPage]:
    """``open_page("/desk/", size="phone", language="en", elder=True, user=seat)`` → a page with ``problems``.

    ``page.problems`` lists script errors and everything the content security policy refused.
    """
    contexts: list[BrowserContext] = []

    def make(
        path: str = "",
        *,
        size: str = "desk",
        language: str = "zh",
        elder: bool = False,
        user: AbstractBaseUser | None = None,
        **options: Any,
    ) -> Page:
        width, height = SIZES[size]
        code, locale = LANGUAGES[language]
        phone = size == "phone"
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            timezone_id="Asia/Shanghai",
            is_mobile=phone,
            has_touch=phone,
            base_url=address,
            **options,
        )
        contexts.append(context)
        cookies = {settings.LANGUAGE_COOKIE_NAME: code} | ({"huying_elder": "1"} if elder else {})
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
        if user is not None:
            sign_in(context, user, address)
        page = context.new_page()
        page.problems = _watch(page)  # type: ignore[attr-defined]
        if path:
            page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page at desk size, in Chinese."""
    return open_page()


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """``assert axe(page) == []``: each violation with its first element. The page's own policy stays in force.

    ``axe(page, "#next")`` looks at a part of it.
    """
    source = AXE.read_text("utf-8")

    def judge(page: Page, part: str = "html") -> list[str]:
        page.evaluate(source)
        page.evaluate("scrollTo(0, 0)")  # else the head that stays on top counts as covering what is scrolled under it
        asked = {"runOnly": AXE_TAGS, "resultTypes": ["violations"]}
        found = page.evaluate("([part, asked]) => axe.run(part, asked)", [part, asked])
        return [f"{one['id']} ×{len(one['nodes'])}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]

    return judge


@pytest.fixture(scope="session")
def shoot() -> Callable[..., Path]:
    """``shoot(page, "inbox-phone-zh")`` → test-results/inbox-phone-zh.png, the whole page unless ``full=False``."""

    def take(page: Page, name: str, *, full: bool = True) -> Path:
        SHOTS.mkdir(exist_ok=True)
        path = SHOTS / f"{name}.png"
        page.screenshot(path=path, full_page=full)
        return path

    return take
