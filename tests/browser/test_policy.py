"""The pages work under the policy that forbids script and style inside a page, served by the real web server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", ["/", "/accounts/login/"])
def test_nothing_on_the_page_breaks_the_policy(browser: Browser, site: str, path: str) -> None:
    complaints: list[str] = []
    with browser.new_context(base_url=site) as context:
        page = context.new_page()
        page.on(
            "console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None
        )
        answer = page.goto(path)
        assert answer is not None and answer.status in (200, 404)
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        page.wait_for_load_state("load")
    assert not complaints
