"""The components, judged in a real browser: accessible, within the policy, light, and doing what they promise."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
BUILT = Path(__file__).parents[2] / "src/huying/shell/static/built"
FRAMES = ("desk", "portal", "dark", "map")


@pytest.fixture(autouse=True)
def gallery(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> None:
    monkeypatch.setenv("HUYING_GALLERY", "1")


@pytest.mark.parametrize("size", ["phone", "desk"])
@pytest.mark.parametrize("frame", FRAMES)
def test_axe_finds_nothing(open_page: OpenPage, axe: Callable[[Page], list[str]], frame: str, size: str) -> None:
    for options in ({}, {"elder": True}, {"language": "en"}):
        page = open_page(f"/gallery/{frame}", size=size, **options)
        page.wait_for_load_state("networkidle")
        assert axe(page) == []
        assert page.problems == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "the page scrolls sideways"


def test_elder_mode_has_large_text_and_targets(open_page: OpenPage) -> None:
    page = open_page("/gallery/portal", size="phone")
    page.get_by_role("button", name="大字版").click()
    expect(page.locator("html")).to_have_attribute("data-mode", "elder")
    small = page.evaluate(
        """[...document.querySelectorAll('main *, header *')].filter(e => e.offsetParent && e.childNodes.length
            && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && !e.closest('.sr-only, kbd'))
            .filter(e => parseFloat(getComputedStyle(e).fontSize) < 18).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == []
    low = page.evaluate(
        """[...document.querySelectorAll('.btn, .switch')]
            .filter(e => e.offsetParent && e.offsetHeight < 60).map(e => e.outerHTML)"""
    )
    assert low == []
    page.get_by_role("button", name="标准版").click()
    expect(page.locator("html")).to_have_attribute("data-mode", "normal")


def test_language_is_switched_in_the_head(open_page: OpenPage) -> None:
    page = open_page("/gallery/portal", size="phone")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_scripts_before_the_first_action_stay_light() -> None:
    manifest = json.loads((BUILT / "manifest.json").read_text())
    entry = manifest["src/main.ts"]
    files = [entry["file"], *(manifest[name]["file"] for name in entry.get("imports", []))]
    weight = sum(len(gzip.compress((BUILT / file).read_bytes())) for file in files)
    assert weight <= 60_000


def test_keys_walk_the_list(open_page: OpenPage) -> None:
    page = open_page("/gallery")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("[data-row].is-current")).to_have_count(1)
    expect(page.locator("[data-row]").first).to_have_class("is-current")
    page.keyboard.press("x")
    expect(page.locator("[data-row]").first.get_by_role("checkbox")).to_be_checked()
    expect(page.locator("[data-bulk]")).to_be_visible()
    page.keyboard.press("Enter")
    assert page.url.endswith("#HY-2026-1001")
    page.keyboard.press("?")
    expect(page.locator("#keyboard-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keyboard-help")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("jj")
    expect(page.locator("[data-row]").first).to_have_class("is-current")


def test_a_form_keeps_what_was_typed(open_page: OpenPage) -> None:
    page = open_page("/gallery")
    page.locator("form[data-draft] textarea").fill("路灯不亮")
    page.reload()
    expect(page.locator("form[data-draft] textarea")).to_have_value("路灯不亮")
    page.get_by_role("button", name="重新写").click()
    expect(page.locator("form[data-draft] textarea")).to_have_value("")


def test_what_cannot_be_undone_asks_once(open_page: OpenPage) -> None:
    page = open_page("/gallery")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.is_navigation_request() else None)
    page.locator("#g-dialogs").get_by_role("button", name="撤回这件事").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("将不再处置")
    dialog.get_by_role("button", name="先不").click()
    expect(dialog).to_have_count(0)
    assert sent == []
    page.locator("#g-dialogs").get_by_role("button", name="撤回这件事").click()
    with page.expect_navigation():
        page.get_by_role("dialog").get_by_role("button", name="撤回", exact=True).click()


def test_photos_are_shown_and_taken_back(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page("/gallery")
    picture = page.locator("#g-wrong input[type=file]")
    picture.set_input_files([{"name": f"{n}.png", "mimeType": "image/png", "buffer": PIXEL} for n in range(2)])
    shown = page.locator("#g-wrong [data-preview] img")
    expect(shown).to_have_count(2)
    page.get_by_role("button", name="去掉照片 1").click()
    expect(shown).to_have_count(1)
    assert picture.evaluate("input => input.files.length") == 1


def test_a_place_is_picked_and_a_boundary_drawn(open_page: OpenPage) -> None:
    page = open_page("/gallery/map")
    expect(page.locator("huying-map.is-ready").first).to_be_attached(timeout=20_000)
    pick = page.locator("#m-pick huying-map")
    pick.scroll_into_view_if_needed()
    expect(pick).to_have_class("is-ready", timeout=20_000)
    expect(pick.locator(".map-hint")).to_contain_text("点地图")
    pick.locator("canvas").click(position={"x": 200, "y": 160})
    expect(page.locator("#id_lon")).to_have_value(re.compile(r"^112\."))
    before = page.locator("#id_lat").input_value()
    pick.locator(".map-pin").focus()
    page.keyboard.press("Shift+ArrowUp")
    assert float(page.locator("#id_lat").input_value()) > float(before)
    draw = page.locator("#m-draw huying-map")
    draw.scroll_into_view_if_needed()
    expect(draw).to_have_class("is-ready", timeout=20_000)
    expect(draw.locator(".map-hint")).to_contain_text("逐点")
    for x, y in ((100, 120), (250, 120), (250, 260)):
        draw.locator("canvas").click(position={"x": x, "y": y})
    draw.get_by_role("button", name="完成").click()
    shape = json.loads(page.locator("#id_shape").input_value())
    assert shape["type"] == "Polygon"
    assert len(shape["coordinates"][0]) == 4


def test_a_lost_connection_loses_nothing(open_page: OpenPage) -> None:
    page = open_page("/gallery")
    page.route("**/gallery", lambda route: route.continue_())  # what is sent is only told of requests on a route
    page.locator("form[data-draft] textarea").fill("没有网络的时候写的")
    page.context.set_offline(True)
    page.locator("form[data-draft]").get_by_role("button", name="送出").click()
    expect(page.locator(".toast").last).to_contain_text("有网络时会自动送出")
    expect(page.locator("form[data-draft] textarea")).to_have_value("")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.context.set_offline(False)
    assert "没有网络的时候写的" in (sent.value.post_data_buffer or b"").decode("utf-8", "replace")
    expect(page.get_by_text("刚才没送出的内容已经送到了")).to_be_visible()


def test_essential_parts_work_without_script(open_page: OpenPage) -> None:
    page = open_page("/gallery/portal", size="phone", java_script_enabled=False)
    expect(page.locator("#g-wrong input[type=file]")).to_be_visible()
    page.locator("#g-dialogs summary").first.click()
    expect(page.get_by_role("link", name="复制编号")).to_be_visible()
    page.get_by_role("button", name="大字版").click()
    expect(page.locator("html")).to_have_attribute("data-mode", "elder")


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63606060f80f0001040100"
    "5fe5c34b0000000049454e44ae426082"
)
