"""An alarm comes to the board by itself and is taken in hand by one key; a device's past is drawn; a rule is tried on last week."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache, caches
from django.db import transaction
from playwright.sync_api import Page, expect

from huying.casework.cases import factories
from huying.casework.cases.factories import Cast, account_of
from huying.ground.organisation.factories import make_appointment
from huying.kernel import clock, live
from huying.senses.alarms.actions.handling import message
from huying.senses.alarms.factories import make_alarm
from huying.senses.alarms.models import Alarm

from .peopled import leaks, make_equipment
from .stage import told

pytestmark = pytest.mark.slow
OpenPage = Callable[..., Page]
Axe = Callable[..., list[str]]


@pytest.fixture
def address(site: str) -> str:
    """The real web server."""
    return site


@pytest.fixture
def cast(site: str) -> Iterator[Cast]:
    cache.clear()
    caches["near"].clear()
    yield factories.make_cast()
    cache.clear()
    caches["near"].clear()


def test_an_alarm_comes_live_and_is_taken_by_a_key(open_page: OpenPage, axe: Axe, cast: Cast) -> None:
    now = clock.now()
    smoke = make_equipment("SMK-1", "smoke", "3 幢 301 烟感", now)
    page = open_page("/desk/alarms/", user=account_of(cast.tang_grid))
    expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    expect(page.get_by_text("现在没有报警").first).to_be_visible()
    page.keyboard.press("m")
    expect(page.locator("[data-sound]")).to_have_attribute("aria-pressed", "false")
    case = told("3 幢 301 烟感报警", now, item="0101")
    with transaction.atomic():
        alarm = make_alarm(smoke, now, climbs_at=now + timedelta(minutes=1), case=case, item="0101")
        live.announce(*message(alarm))
    row = page.locator(f"[id='a-{alarm.uid}']")
    expect(row).to_have_attribute("data-rings", "4")
    expect(page).to_have_title("(1) 设备报警")
    assert axe(page) == []
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(row).not_to_have_attribute("data-rings", "4")
    expect(row.get_by_text("在处理")).to_be_visible()
    held = Alarm.objects.get()
    assert held.climbs_at is None
    assert held.acknowledged_at is not None
    page.keyboard.press("o")
    page.wait_for_url(f"**/desk/cases/{case.pk}/")
    page.goto("/desk/alarms/")
    expect(page.locator("[data-sound]")).to_have_attribute("aria-pressed", "false")
    assert page.problems == []  # type: ignore[attr-defined]


def test_the_past_is_drawn_and_a_rule_is_tried_on_it(open_page: OpenPage, axe: Axe, cast: Cast) -> None:
    user = account_of(cast.tang_grid)
    make_appointment(user.person, cast.units["centre"], "device_keeper", area=factories.COUNTY)
    breaker = make_equipment("BRK-1", "smart_breaker", "柳岸路 12 号总闸", clock.now())
    leaks(breaker, clock.now())
    page = open_page("/desk/devices/BRK-1/?period=week", user=user)
    page.locator("#trend").scroll_into_view_if_needed()
    chart = page.locator(".chart", has_text="剩余电流").first
    drawn = chart.locator("svg")
    expect(drawn).to_be_visible()
    drawn.focus()
    page.keyboard.press("Home")
    expect(chart.locator("output")).to_contain_text("mA")
    chart.locator("summary").click()
    expect(chart.locator("tbody tr").first).to_be_visible()
    assert axe(page, "#trend") == []
    page.goto("/desk/alarms/rules/smart_breaker/leak/")
    page.get_by_role("button", name="先看上周会报几次").click()
    expect(page.locator("#trying")).to_contain_text("这条规则上周会报 7 次警")
    assert axe(page) == []
    assert page.problems == []  # type: ignore[attr-defined]
