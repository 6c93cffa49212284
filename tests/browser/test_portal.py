"""A resident's way: say it, see who gets it, follow it, be answered — with script and without, read by axe throughout."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache, caches
from PIL import Image
from playwright.sync_api import Page, Route, expect

from huying.casework.cases import actions as cases
from huying.casework.cases import factories
from huying.casework.cases.factories import Cast
from huying.casework.dispatch.models import DispatchPolicy
from huying.kernel import clock, live
from huying.senses.reports.models import Report

pytestmark = pytest.mark.slow
OpenPage = Callable[..., Page]
Axe = Callable[[Page], list[str]]
GARBAGE = "柳岸路口的暴露垃圾好几天没人清运了，臭味很大"
PLACE = "望湖街道柳岸社区柳岸一网格"
SMALL_TEXT = """[...document.querySelectorAll('main *')].filter(e => e.offsetParent && !e.closest('.sr-only, huying-map')
    && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .filter(e => parseFloat(getComputedStyle(e).fontSize) < 18).map(e => e.outerHTML.slice(0, 90))"""
LOW_TARGETS = """[...document.querySelectorAll('main .btn, main .choice, main .check, main input:not([type=hidden]), main select')]
    .filter(e => e.offsetParent && !e.closest('.sr-only, .choice, .check:not(label), huying-map, .upload__zone') && e.offsetHeight < 60
        && !(e.matches('input') && e.closest('label'))).map(e => e.outerHTML.slice(0, 90))"""


@pytest.fixture
def address(site: str) -> str:
    """The real web server, which also speaks live."""
    return site


@pytest.fixture
def cast(site: str) -> Iterator[Cast]:
    cache.clear()
    caches["near"].clear()
    made = factories.make_cast()
    DispatchPolicy.objects.create(
        area="", min_confidence=0.3, min_margin=0.0, min_place=0.3, valid_from=factories.BEGAN
    )
    yield made
    cache.clear()
    caches["near"].clear()


def photo() -> dict[str, object]:
    drawn = io.BytesIO()
    Image.new("RGB", (800, 600), "olive").save(drawn, "JPEG")
    return {"name": "垃圾.jpg", "mimeType": "image/jpeg", "buffer": drawn.getvalue()}


def say(page: Page, *, with_photo: bool = True) -> str:
    """From home to the page that thanks; its tracking code."""
    page.goto("/")
    page.get_by_role("link", name="我要反映").first.click()
    page.get_by_label("发生了什么").fill(GARBAGE)
    page.get_by_label("在哪里").fill(PLACE)
    if with_photo:
        page.set_input_files("input[name=photos]", [photo()])
    page.get_by_role("button", name="下一步").click()
    expect(page.get_by_role("heading", name="您说的")).to_be_visible()
    expect(page.get_by_role("radio", name="暴露垃圾")).to_be_checked()
    page.get_by_role("button", name="送出", exact=True).click()
    expect(page.get_by_role("heading", name="收到了，谢谢您")).to_be_visible()
    return page.url.split("/")[-2]


def close(report: Report, cast: Cast) -> None:
    now = clock.now()
    factories.prove(report.case_id, actor=cast.he_sanitation, now=now)
    cases.give_feedback(report.case_id, text="已经清运干净。", evidence={}, actor=cast.he_sanitation, now=now)
    cases.pass_check(report.case_id, actor=cast.sun_checker, now=now)


def test_the_way_of_a_resident(open_page: OpenPage, cast: Cast, axe: Axe) -> None:
    page = open_page("", size="phone")
    report = Report.objects.get(tracking_code=say(page))
    assert axe(page) == []
    with page.expect_request(lambda asked: "/live?" in asked.url):
        page.get_by_role("link", name="看进展").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已转给望湖街道市政环卫队")
    cases.sign_case(report.case_id, actor=cast.he_sanitation, now=clock.now())
    _hear(page, report, "望湖街道市政环卫队正在办")
    close(report, cast)
    page.reload()
    assert axe(page) == []
    page.get_by_role("radio", name="满意", exact=False).first.check()
    page.get_by_role("button", name="送出评价").click()
    expect(page.get_by_text("您评了：很满意")).to_be_visible()
    assert page.problems == []


def test_without_script(open_page: OpenPage, cast: Cast) -> None:
    page = open_page("", size="phone", java_script_enabled=False)
    report = Report.objects.get(tracking_code=say(page))
    assert report.case.attachments.count() == 1
    page.get_by_role("link", name="看进展").click()
    page.get_by_text("催一催，或补充两句").click()
    page.get_by_role("button", name="催一催").click()
    expect(page.get_by_text("今天已经催过了，办事的单位收到了提醒")).to_be_visible()
    page.goto("/around")
    page.get_by_role("link", name="我也遇到了").first.click()
    page.get_by_role("button", name="我也遇到了").click()
    expect(page.get_by_text("一共 2 位居民反映了这件事")).to_be_visible()


def test_no_place_is_picked_before_the_map_stands(open_page: OpenPage, cast: Cast) -> None:
    """Until it knows the district the map shows a continent: what is pressed then would be a place far away."""
    page = open_page("", size="phone")
    held: list[Route] = []
    page.route("**/areas/geojson*", lambda route: held.append(route))
    page.goto("/report")
    ground = page.locator("huying-map")
    ground.scroll_into_view_if_needed()
    canvas = ground.locator("canvas")
    for _twice in range(2):
        canvas.click(position={"x": 120, "y": 100})
    expect(page.locator("#id_lon")).to_have_value("")
    expect(ground).not_to_have_class(re.compile("is-ready"))
    for route in held:
        route.continue_()
    expect(ground).to_have_class(re.compile("is-ready"), timeout=20_000)
    canvas.click(position={"x": 120, "y": 100})
    expect(page.locator("#id_lon")).to_have_value(re.compile(r"^120\.0"))


def test_what_was_sent_without_a_network_arrives_later(open_page: OpenPage, cast: Cast) -> None:
    page = open_page("/report", size="phone")
    page.get_by_label("发生了什么").fill(GARBAGE)
    page.set_input_files("input[name=photos]", [photo()])
    page.context.set_offline(True)
    page.get_by_role("button", name="下一步").click()
    expect(page.locator("[data-outbox]")).to_be_visible()
    assert not Report.objects.exists()
    page.context.set_offline(False)
    expect(page.locator("[data-outbox]")).to_be_hidden(timeout=15_000)
    assert Report.objects.get().case.attachments.count() == 1


WAYS = {
    "zh": ("phone", {}),
    "en": ("phone", {"language": "en"}),
    "elder": ("phone", {"elder": True}),
    "desk": ("desk", {}),
}


@pytest.mark.parametrize(("size", "options"), WAYS.values(), ids=WAYS)
def test_every_page_is_for_everybody(
    open_page: OpenPage, cast: Cast, axe: Axe, size: str, options: dict[str, object]
) -> None:
    code = say(open_page("", size="phone"), with_photo=False)
    case_id = Report.objects.get().case_id
    page = open_page("", size=size, **options)
    paths = ["/", "/report", f"/m/{code}", f"/m/{code}/sent", "/mine", "/around", f"/around/{case_id}", "/call"]
    for path in [*paths, "/privacy", "/m/ABCDEFGHJK"]:
        page.goto(path)
        page.wait_for_load_state("load")
        _judge(page, axe, path, elder="elder" in options)
    page.goto("/report")
    page.locator("#id_text").fill(GARBAGE)
    page.locator("#id_place_text").fill(PLACE)
    page.locator("button[value=preview]").click()
    page.wait_for_selector("#near-title")
    _judge(page, axe, "preview", elder="elder" in options)


def _hear(page: Page, report: Report, words: str) -> None:
    """The open page changes by itself. The stream may open a moment after the page, so it is spoken to until it hears."""
    for _ in range(10):
        live.announce(f"track:{report.tracking_code}")
        try:
            expect(page.get_by_role("heading", level=1)).to_have_text(words, timeout=2_500)
            return
        except AssertionError:
            continue
    pytest.fail("the page did not change")


def _judge(page: Page, axe: Axe, path: str, *, elder: bool) -> None:
    assert axe(page) == [], path
    assert page.problems == [], path
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{path} scrolls sideways"
    if elder:
        assert page.evaluate(SMALL_TEXT) == [], path
        assert page.evaluate(LOW_TARGETS) == [], path
