"""Several matters of one text, sent apart: what the resident chose still counts."""

from __future__ import annotations

import pytest

from huying.casework.cases import factories
from huying.casework.cases.factories import IN_GRID_1, Cast
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.senses.portal import rules
from huying.senses.portal.actions import Said, send_matter
from huying.senses.reports.models import Report

TEXT = (
    "我想反映以下几个问题：1、柳岸路口垃圾好几天没人清运，臭味很大。2、小区门口路灯不亮，晚上出门害怕。"
    "3、楼上装修噪音太吵，影响孩子睡觉。"
)


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


@pytest.mark.parametrize(("chosen", "first", "held"), [("0904", "0904", False), ("unsure", None, True)])
def test_what_the_resident_chose_holds_for_the_first(cast: Cast, chosen: str, first: str | None, held: bool) -> None:
    lon, lat = IN_GRID_1
    given = rules.UNSURE if chosen == "unsure" else chosen
    said = Said(key="k" * 24, text=TEXT, lon=lon, lat=lat, chosen=given, split=True)
    taken = send_matter(said, actor=system("portal"), now=now())
    states = [Report.objects.select_related("case").get(tracking_code=one.tracking_code).case for one in taken]
    assert len(states) == 3
    if first:
        assert states[0].item_code == first
    if held:
        assert {one.state for one in states} == {"pending"}
