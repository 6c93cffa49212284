"""The form as the phone shows it, filled in by hand: every type, faults beside their question, findings, repeats, drafts."""

from __future__ import annotations

import gzip
import html
import json
from collections.abc import Callable
from typing import Any

import pytest
import segno
from django.utils import translation
from playwright.sync_api import Locator, Page, expect

from huying.casework.cases.factories import IN_GRID_1
from huying.config.middleware import HEADERS
from huying.senses.forms.checking import check
from huying.senses.forms.renderer_words import renderer_words
from huying.shell.assets import asset_url
from tests.browser.test_gallery import BUILT, PIXEL
from tests.web.all_types import all_types

OpenPage = Callable[..., Page]
PATH = "/form-to-fill"
CAMERA = {"name": "p.png", "mimeType": "image/png", "buffer": PIXEL}
LON, LAT = IN_GRID_1


def _document(language: str, more: str = "") -> str:
    code = "en" if language == "en" else "zh-hans"
    with translation.override(code):
        words = html.escape(json.dumps(renderer_words(), ensure_ascii=False))
    return f"""<!doctype html><html lang="{language}" class="js"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1"><title>{language}</title>
      <link rel="stylesheet" href="{asset_url("main.css")}"></head><body><main class="px-4 py-2">
      <h1>三小场所消防检查</h1>
      <hy-form language="{language}" data-words="{words}" data-definition-url="{PATH}.json"
        data-answers="#answers" data-done="#done"{more}></hy-form>
      <p id="done" hidden>OK</p><pre id="answers" hidden></pre></main>
      <script type="module" src="{asset_url("forms/preview.ts")}"></script></body></html>"""


@pytest.fixture
def fill(open_page: OpenPage, address: str) -> Callable[..., Page]:
    """A page of the program's own look and policy that holds the form with every type and nothing else."""

    def make(*, size: str = "phone", language: str = "zh", definition: dict[str, Any] | None = None) -> Page:
        page = open_page(
            size=size,
            language=language,
            permissions=["geolocation"],
            geolocation={"longitude": LON, "latitude": LAT, "accuracy": 8},
        )
        page.route(
            f"{address}{PATH}",
            lambda route: route.fulfill(body=_document(language), content_type="text/html", headers=HEADERS),
        )
        page.route(f"{address}{PATH}.json", lambda route: route.fulfill(json=definition or all_types()))
        page.goto(PATH)
        expect(page.locator(".fill__title").first).to_be_visible()
        return page

    return make


def _question(page: Page, at: str) -> Locator:
    return page.locator(f'[data-at="{at}"]')


def _answers(page: Page) -> dict[str, Any]:
    page.evaluate("document.querySelector('hy-form').flush()")
    return json.loads(page.locator("#answers").text_content() or "{}")


def _sign(page: Page) -> None:
    paper = page.locator("hy-signature canvas")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 90, steps=4)
    page.mouse.up()


def _fill_place(page: Page) -> None:
    page.get_by_label("场所名称").fill("阿强五金店")
    page.get_by_label("场所码").fill("HY-0001")
    page.get_by_label("面积").fill("80.5")
    page.get_by_label("层数").fill("2")
    expect(_question(page, "place/total").locator("output")).to_have_text("161 m²")
    page.get_by_text("西区").click()
    expect(page.get_by_label("巷子").locator("option")).to_have_text(["请选择", "西一巷"])
    page.get_by_label("巷子").select_option("w1")
    page.get_by_role("button", name="取得现在的位置").click()
    expect(_question(page, "place/spot")).to_contain_text("误差约 8 米")


def _fill_fire(page: Page) -> None:
    exit_ = _question(page, "fire/exit")
    expect(exit_.locator("legend").first).to_contain_text("阿强五金店的疏散通道是否畅通")
    exit_.get_by_text("不合格", exact=True).click()
    finding = exit_.get_by_label("不合格记录：阿强五金店的疏散通道是否畅通？")
    expect(finding).to_be_visible()
    finding.locator("input[type=file]").first.set_input_files(CAMERA)
    expect(finding.locator(".shot img")).to_have_count(1)
    finding.get_by_label("当场整改").check()
    _question(page, "fire/exit#after").locator("input[type=file]").set_input_files(CAMERA)
    expect(finding.locator(".shot img")).to_have_count(2)
    alarm = _question(page, "fire/alarm")
    alarm.get_by_text("不合格", exact=True).click()
    expect(alarm.get_by_text("当场整改")).to_have_count(0)
    _question(page, "fire/alarm#photos").locator("input[type=file]").set_input_files(CAMERA)
    alarm.get_by_label("立即").check()
    alarm.get_by_label("3 天").check()
    alarm.get_by_label("说明").fill("电池没电")
    _question(page, "fire/goods").get_by_label("瓶装液化气").check()
    page.get_by_label("气瓶检验到期日").fill("2020-01-01")
    page.get_by_label("气瓶检验到期日").blur()
    expect(_question(page, "fire/gas_date")).to_contain_text("检验已经过期")
    page.get_by_label("气瓶检验到期日").fill("2099-01-01")
    expect(_question(page, "fire/gas_date")).not_to_contain_text("检验已经过期")
    for at in ("fire/cover", "fire/round"):
        _question(page, at).locator("input[type=file]").set_input_files(CAMERA)
        expect(_question(page, at).locator("img")).to_be_visible()
    _question(page, "fire/tidy").get_by_role("button", name="增大").click()
    _question(page, "fire/tidy").get_by_role("button", name="增大").click()


def _fill_rooms(page: Page) -> None:
    for place in range(2):
        page.get_by_role("button", name="添加房间").click()
        expect(_question(page, f"rooms/{place}/use").locator("input")).to_be_focused()
    _question(page, "rooms/0/use").locator("input").fill("仓库")
    _question(page, "rooms/1/use").locator("input").fill("卧室")
    _question(page, "rooms/1/beds").locator("input").fill("3")
    _question(page, "rooms/1/made").get_by_label("彩钢板").check()
    _question(page, "rooms/1/made#photos").locator("input[type=file]").set_input_files(CAMERA)
    _question(page, "rooms/1/made#how").get_by_label("转办").check()
    page.get_by_role("button", name="删去房间 1").click()  # the finding goes along with its room
    expect(_question(page, "rooms/0/use").locator("input")).to_have_value("卧室")
    expect(_question(page, "rooms/0/made#photos").locator("img")).to_have_count(1)


def test_a_whole_inspection_on_the_phone(fill: Callable[..., Page], axe: Callable[[Page], list[str]]) -> None:
    page = fill()
    following, done = page.get_by_role("button", name="下一页"), page.get_by_role("button", name="填好了")
    assert axe(page) == []
    _fill_place(page)
    following.click()
    expect(page.get_by_role("heading", name="消防", exact=True)).to_be_focused()
    _fill_fire(page)
    assert axe(page) == []
    following.click()
    _fill_rooms(page)
    assert axe(page) == []
    following.click()
    done.click()
    expect(page.locator("#done")).to_be_hidden()
    expect(page.get_by_role("checkbox", name="已当面告知检查结果")).to_be_focused()
    expect(_question(page, "end/sign")).to_contain_text("这一题还没填")
    assert axe(page) == []
    page.get_by_role("checkbox", name="已当面告知检查结果").check()
    _sign(page)
    expect(page.get_by_role("img", name="已签名")).to_be_visible()
    expect(_question(page, "end/sign")).not_to_contain_text("这一题还没填")
    done.click()
    expect(page.locator("#done")).to_be_visible()
    answers = _answers(page)
    assert page.problems == []  # type: ignore[attr-defined]
    assert answers["place"]["area"] == 80.5 and answers["place"]["volume"] == 161
    assert answers["place"]["spot"] == [LON, LAT, 8]
    assert answers["fire"]["tidy"] == 1 and answers["beds_all"] == 3
    assert answers["_findings"]["rooms/0/made"]["how"] == "case"
    assert answers["_findings"]["fire/alarm"] | {"photos": []} == {
        "photos": [],
        "severity": "at_once",
        "days": 3,
        "note": "电池没电",
    }
    _server_agrees(answers)


def _server_agrees(answers: dict[str, Any]) -> None:
    """The server finds nothing wrong and finds the same."""
    files = {answers["fire"]["cover"]: "image", answers["fire"]["round"]: "image", answers["end"]["sign"]: "image"}
    for one in answers["_findings"].values():
        files |= dict.fromkeys([*one.get("photos", []), *one.get("after", [])], "image")
    checked = check(all_types(), answers, now="2026-11-22T09:00:00+08:00", files=files)
    assert checked.errors == {}
    assert {(one.path, one.solved, one.severity, one.days) for one in checked.findings} == {
        ("fire/exit", True, "serious", 7),
        ("fire/alarm", False, "at_once", 3),
        ("rooms/0/made", False, "minor", 15),
    }
    assert {**checked.answers, "_findings": 0} == {**answers, "_findings": 0}


def test_a_draft_comes_back_as_it_was(fill: Callable[..., Page]) -> None:
    page = fill()
    page.get_by_label("场所名称").fill("阿强五金店")
    page.get_by_label("面积").fill("八十")
    page.get_by_label("层数").fill("１２")
    page.get_by_label("层数").blur()
    expect(_question(page, "place/area")).to_contain_text("请填数字")
    expect(_question(page, "place/name")).not_to_contain_text("这一题还没填")
    page.evaluate(
        "() => { const form = document.querySelector('hy-form'); form.definition = structuredClone(form.definition); }"
    )
    expect(page.get_by_label("场所名称")).to_have_value("阿强五金店")  # the same form read again takes nothing away
    draft = _answers(page)
    assert draft == {
        "place": {"name": "阿强五金店", "area": "八十", "floors": 12},
        "beds_all": 0,
        "end": {"source": "phone"},
    }
    page.reload()
    page.evaluate("draft => { document.querySelector('hy-form').answers = draft; }", draft)
    expect(page.get_by_label("面积")).to_have_value("八十")
    expect(page.get_by_label("层数")).to_have_value("12")
    assert page.evaluate("document.querySelector('hy-form').check()") is False
    expect(page.get_by_label("面积")).to_be_focused()
    assert page.evaluate("Object.keys(document.querySelector('hy-form').errors())") == [
        "place/area", "place/spot", "fire/exit", "fire/alarm", "fire/cover", "rooms", "end/told", "end/sign",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_wide_screen_shows_the_whole_list(
    fill: Callable[..., Page], axe: Callable[[Page], list[str]], language: str
) -> None:
    page = fill(size="desk", language=language)
    finish = {"zh": "填好了", "en": "Done"}[language]
    expect(page.locator(".fill__page")).to_have_count(4)
    page.get_by_role("button", name=finish).click()
    expect(page.locator(".fill__page input").first).to_be_focused()
    expect(_question(page, "place/name").locator(".field__error")).to_be_visible()
    expect(page.get_by_role("navigation")).to_contain_text({"zh": "还差 4", "en": "4 to go"}[language])
    assert axe(page) == []
    assert page.problems == []  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


DEVICES = """
// A microphone that hums and a camera that looks at one picture, as streams of the browser's own.
navigator.mediaDevices.getUserMedia = async ({ audio }) => {
  if (audio) {
    const sound = new AudioContext();
    const tone = sound.createOscillator();
    const out = sound.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    return out.stream;
  }
  const picture = new Image();
  picture.src = SEEN;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [640, 640];
  const pen = canvas.getContext("2d");
  const draw = () => { pen.drawImage(picture, 0, 0, 640, 640); requestAnimationFrame(draw); };
  draw();
  return canvas.captureStream(10);
};
"""


def test_a_code_is_scanned_and_a_voice_recorded(fill: Callable[..., Page]) -> None:
    page = fill()
    seen = segno.make("HY-PREMISES-0042", micro=False).png_data_uri(scale=12, border=4)
    page.evaluate(f"() => {{ {DEVICES.replace('SEEN', json.dumps(seen))} }}")
    page.get_by_role("button", name="扫码").click()
    expect(page.get_by_label("场所码")).to_have_value("HY-PREMISES-0042")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="第 1 页").click()
    page.get_by_role("button", name="确认").click()
    page.get_by_role("button", name="开始录音").click()
    page.get_by_role("button", name="停止录音 0:01").click()
    expect(_question(page, "end/voice").locator("audio")).to_be_visible()
    page.get_by_role("button", name="删去录音").click()
    expect(page.get_by_role("button", name="开始录音")).to_be_focused()
    assert page.problems == []  # type: ignore[attr-defined]


def test_without_camera_and_microphone_it_says_what_to_do(fill: Callable[..., Page]) -> None:
    page = fill(size="desk")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )
    page.get_by_role("button", name="扫码").click()
    expect(_question(page, "place/code").get_by_role("alert")).to_have_text("打不开相机，请手工输入")
    page.get_by_role("button", name="开始录音").click()
    expect(_question(page, "end/voice").get_by_role("alert")).to_contain_text("没有得到使用麦克风的许可")


def test_the_form_stays_light() -> None:
    """All scripts of the renderer before anything is scanned: at most 60 KB compressed."""
    manifest = json.loads((BUILT / "manifest.json").read_text("utf-8"))
    files: set[str] = set()

    def take(name: str) -> None:
        if manifest[name]["file"] not in files:
            files.add(manifest[name]["file"])
            for other in manifest[name].get("imports", []):
                take(other)

    take("src/forms/preview.ts")
    assert sum(len(gzip.compress((BUILT / file).read_bytes())) for file in files) <= 60_000
