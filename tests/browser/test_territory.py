"""Grids changed on the map in a real browser: a line drawn across one divides it, its corners are dragged."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from huying.ground.organisation.factories import make_appointment, make_person, make_unit
from huying.ground.territory.factories import COUNTY, HETANG, SOUTH, STEP, WEST, a_town, cell
from huying.ground.territory.models import Area

OpenPage = Callable[..., Page]
G1, G2 = f"{HETANG}001", f"{HETANG}002"
SPLIT, RESHAPE = f"/desk/areas/{G1}/split", f"/desk/areas/{G1}/reshape"


@pytest.fixture
def editor(transactional_db: None, settings: object) -> object:
    settings.HUYING_REQUIRE_TOTP = False  # type: ignore[attr-defined]
    a_town()
    person = make_person("林网格", username="grid-editor")
    make_appointment(person, make_unit("centre", kind="centre"), "territory_editor", COUNTY)
    return person.user


def _opened(page: Page, path: str) -> Locator:
    """The canvas of the map of a page, once it shows what it is about and stands still."""
    page.add_init_script("document.addEventListener('huying:map', event => { window.drawn = event.detail.map })")
    page.goto(path)
    host = page.locator("huying-map")
    host.scroll_into_view_if_needed()
    expect(host).to_have_class("is-ready", timeout=20_000)
    page.wait_for_function("() => drawn.getZoom() > 13 && drawn.loaded() && !drawn.isMoving()")
    return host.locator("canvas")


def _pan(page: Page, key: str, times: int) -> None:
    for _ in range(times):
        before = page.evaluate("() => drawn.getCenter().lat")
        page.keyboard.press(key)
        page.wait_for_function("before => drawn.getCenter().lat !== before && !drawn.isMoving()", arg=before)


def _size(canvas: Locator) -> tuple[float, float]:
    box = canvas.bounding_box()
    assert box is not None
    return box["width"], box["height"]


def test_a_line_drawn_with_the_mouse_divides_a_grid(open_page: OpenPage, editor: object) -> None:
    page = open_page(user=editor)
    canvas = _opened(page, SPLIT)
    width, height = _size(canvas)
    canvas.click(position={"x": width / 2, "y": 20})
    canvas.click(position={"x": width / 2, "y": height / 2})
    expect(page.locator("#plan").get_by_role("alert")).to_contain_text("线的一端停在了网格里面")
    expect(page.get_by_role("button", name="确认拆分")).to_have_count(0)
    page.get_by_role("button", name="退一步").click()
    expect(page.locator("#plan")).to_contain_text("画一条线")
    canvas.click(position={"x": width / 2, "y": height - 20})
    expect(page.locator("#plan")).to_contain_text("将分成 2 个网格")
    expect(page.locator("#plan")).to_contain_text(f"新编码 {HETANG}005")
    page.get_by_label("第 2 块的名称").fill("荷风网格")
    assert Area.objects.get(code=G1).valid_to is None
    page.get_by_role("button", name="确认拆分").click()
    expect(page.get_by_text(f"已拆分为 {HETANG}005、{HETANG}006")).to_be_visible()
    assert Area.objects.get(code=f"{HETANG}006").name == "荷风网格"
    assert page.problems == []  # type: ignore[attr-defined]


def test_a_line_is_drawn_by_touch_and_by_keys(open_page: OpenPage, editor: object) -> None:
    phone = open_page(size="phone", user=editor)
    canvas = _opened(phone, SPLIT)
    width, height = _size(canvas)
    for y in (90, height - 90):
        canvas.tap(position={"x": width / 2, "y": y})
    expect(phone.locator("#plan")).to_contain_text("将分成 2 个网格")
    desk = open_page(user=editor)
    canvas = _opened(desk, SPLIT)
    canvas.focus()
    _pan(desk, "ArrowUp", 4)
    desk.keyboard.press("Enter")
    _pan(desk, "ArrowDown", 8)
    desk.keyboard.press("Enter")
    expect(desk.locator("#plan")).to_contain_text("将分成 2 个网格")
    desk.locator(".map-corner").last.focus()
    desk.keyboard.press("Shift+ArrowRight")
    expect(desk.locator("#plan")).to_contain_text("将分成 2 个网格")
    assert phone.problems == desk.problems == []  # type: ignore[attr-defined]


def _drag(page: Page, corner: Locator, x: float, y: float) -> None:
    box = corner.bounding_box()
    assert box is not None
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] + x / 2, at[1] + y / 2, steps=3)
    page.mouse.move(at[0] + x, at[1] + y, steps=3)
    page.mouse.up()


def test_corners_are_dragged_taken_back_and_saved(open_page: OpenPage, editor: object) -> None:
    page = open_page(user=editor)
    _opened(page, RESHAPE)
    before = json.loads(page.locator("#id_shape").input_value())
    corners = page.locator(".map-corner")
    expect(corners).to_have_count(4)
    spots = [corner.bounding_box() or {"x": 0, "y": 0} for corner in corners.all()]
    east = corners.nth(max(range(4), key=lambda at: spots[at]["x"] - spots[at]["y"]))  # the north-eastern corner
    _drag(page, east, -12, 0)
    expect(page.locator("#plan")).to_contain_text("没有重叠，没有空隙，没有越界")
    expect(page.locator("#plan")).to_contain_text("第二网格")
    page.get_by_label("相邻网格跟着调整").uncheck()
    expect(page.locator("#plan").get_by_role("alert")).to_contain_text("这样不能保存")
    expect(page.get_by_role("button", name="保存边界")).to_have_count(0)
    page.get_by_role("button", name="退一步").click()
    expect(page.locator("#plan")).to_contain_text("边界还没有改动")
    assert json.loads(page.locator("#id_shape").input_value()) == before
    page.get_by_label("相邻网格跟着调整").check()
    _drag(page, east, -40, 30)
    page.get_by_role("button", name="还原").click()
    expect(page.locator("#plan")).to_contain_text("边界还没有改动")
    _drag(page, east, -12, 0)
    page.get_by_role("button", name="保存边界").click()
    expect(page.get_by_text("边界已调整，编码不变")).to_be_visible()
    moved = Area.objects.get(code=G1).geometry
    assert 0.95 < moved.area / cell(0, 1).area < 1
    assert page.problems == []  # type: ignore[attr-defined]


def test_without_script_a_typed_line_divides(open_page: OpenPage, editor: object) -> None:
    page = open_page(SPLIT, user=editor, java_script_enabled=False)
    page.locator("details summary", has_text="坐标输入").click()
    page.get_by_role("textbox", name="分割线").fill(
        f"{WEST + STEP / 2},{SOUTH - STEP}\n{WEST + STEP / 2},{SOUTH + 3 * STEP}"
    )
    page.get_by_role("button", name="预览").click()
    expect(page.locator("#plan")).to_contain_text("将分成 2 个网格")
    page.get_by_role("button", name="确认拆分").click()
    expect(page.get_by_text("已拆分为")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", ["phone", "desk"])
def test_axe_finds_nothing_on_the_maps_pages(
    open_page: OpenPage, axe: Callable[[Page], list[str]], editor: object, size: str, language: str
) -> None:
    page = open_page(size=size, language=language, user=editor)
    for place in (SPLIT, RESHAPE, "/desk/areas", f"/desk/areas/{HETANG}/draw"):
        _opened(page, place)
        assert axe(page) == [], place
        assert page.problems == [], place  # type: ignore[attr-defined]
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{place} scrolls sideways"
