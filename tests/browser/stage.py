"""What the journeys share: photos as a phone takes them, matters already told, and the steps of a case's page."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from itertools import count

from django.utils import timezone
from PIL import ExifTags, Image
from playwright.sync_api import Page, expect

from huying.casework.cases.factories import IN_GRID_1
from huying.casework.cases.models import Case
from huying.kernel import trace
from huying.kernel.actor import SYSTEM
from huying.senses.reports import actions as reports
from huying.senses.reports.actions import Voice

OpenPage = Callable[..., Page]
Axe = Callable[..., list[str]]
GARBAGE = "柳岸路口的暴露垃圾好几天没人清运了，臭味很大"
PLACE = "望湖街道柳岸社区柳岸一网格"
_number = count(1)


def photo(name: str, at: datetime, colour: str = "olive") -> dict[str, object]:
    """A picture that knows where and when it was taken."""
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = f"{timezone.localtime(at):%Y:%m:%d %H:%M:%S}"
    lon, lat = IN_GRID_1
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: _degrees(lat), 3: "E", 4: _degrees(lon)})
    drawn = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(drawn, "JPEG", exif=exif)
    return {"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": drawn.getvalue()}


def _degrees(value: float) -> tuple[float, float, float]:
    degrees, rest = divmod(value * 60, 60)
    minutes, seconds = divmod(rest * 60, 60)
    return degrees, minutes, round(seconds, 4)


def told(text: str, now: datetime, *, item: str | None = None, hold: bool = False, phone: str = "") -> Case:
    """A matter somebody told at a place that is known, as it stands after intake."""
    lon, lat = IN_GRID_1
    voice = Voice(
        source="portal",
        source_id=f"told-{next(_number)}",
        channel="portal",
        text=text,
        said_at=now,
        phone=phone,
        place_text=PLACE,
        lon=lon,
        lat=lat,
        item_code=item,
        hold=hold,
    )
    taken = reports.take_in([voice], actor=SYSTEM, now=now)[0]
    return Case.objects.get(pk=taken.case_id)


def open_step(page: Page, words: str) -> None:
    """Open one of the steps a case's page offers, beside the first or behind 更多."""
    panel = page.locator("#next")
    step = panel.get_by_role("link", name=words, exact=True).first
    if not step.is_visible():
        panel.locator("summary", has_text="更多").click()
    step.click()
    expect(page.locator("#do-title")).to_have_text(words)


def send_step(page: Page, words: str) -> None:
    """Send the open step's form and see that it was taken."""
    page.locator("#do form").get_by_role("button", name=words, exact=True).click()
    expect(page.get_by_text(f"已办：{words}")).to_be_visible()


def press_step(page: Page, words: str) -> None:
    """Take a step that asks for nothing."""
    page.locator("#next").get_by_role("button", name=words, exact=True).click()
    expect(page.get_by_text(f"已办：{words}")).to_be_visible()


def proven() -> bool:
    """Whether every entry of every chain is as it was written."""
    return trace.verify().ok
