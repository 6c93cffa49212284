"""Several matters of one text, sent apart: what the resident chose still counts, and so does a matter they join."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import factories
from huying.casework.cases.factories import IN_GRID_1, Cast
from huying.casework.cases.models import Case
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.trace import Entry
from huying.senses.portal import forms, rules
from huying.senses.portal.actions import Said, send_matter
from huying.senses.reports.actions import Voice, take_in
from huying.senses.reports.models import Report, Telling
from huying.senses.reports.rules import spoken_tracking_code

TEXT = (
    "我想反映以下几个问题：1、柳岸路口垃圾好几天没人清运，臭味很大。2、小区门口路灯不亮，晚上出门害怕。"
    "3、楼上装修噪音太吵，影响孩子睡觉。"
)

GARBAGE = "柳岸路口的垃圾好几天没人清运了，臭味很大，苍蝇到处飞。"
LAST = (
    "我想反映以下几个问题：1、小区门口路灯不亮，晚上出门害怕。2、楼上装修噪音太吵，影响孩子睡觉。"
    "3、柳岸路口垃圾好几天没人清运，臭味很大。"
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


# --- one of several matters is known already -----------------------------------------------------------------------


@pytest.fixture
def known(cast: Cast) -> Report:
    """An open matter of somebody else near by."""
    lon, lat = IN_GRID_1
    said = Voice(source="t", source_id="1", channel="portal", text=GARBAGE, lon=lon, lat=lat, item_code="0101")
    (taken,) = take_in([said], actor=system("portal"), now=now())
    return Report.objects.get(tracking_code=taken.tracking_code)


def typed(text: str = TEXT, **more: Any) -> dict[str, Any]:
    lon, lat = IN_GRID_1
    return {"key": forms.new_key(), "text": text, "lon": str(lon), "lat": str(lat), "chosen": "", **more}


def mine(known: Report) -> list[Report]:
    return list(Report.objects.exclude(pk=known.pk).select_related("case").order_by("pk"))


def test_the_wish_stands_before_the_matter_to_join_and_says_what_becomes_of_the_rest(
    known: Report, client: Client
) -> None:
    page = client.post("/report", typed(step="preview")).content.decode()
    assert page.index('name="split"') < page.index(f'name="join" value="{known.case_id}"')
    assert "只有那一件加入，其余的照样单独办" in page
    alone = client.post("/report", typed("桥头路面塌了一块", step="preview")).content.decode()
    assert 'name="split"' not in alone


@pytest.mark.parametrize(("text", "joins"), [(TEXT, 0), (LAST, 2)])
def test_only_the_matter_that_is_like_it_joins(known: Report, client: Client, text: str, joins: int) -> None:
    given = typed(text, join=known.case_id, split="on", phone="19900001234")
    sent = client.post("/report", given)
    assert sent.status_code == 302, sent.content.decode()
    parts = mine(known)
    assert [one.case_id == known.case_id for one in parts] == [n == joins for n in range(3)]
    assert len({one.case_id for one in parts}) == 3
    assert "垃圾" in parts[joins].text and all("垃圾" not in one.text for one in parts if one is not parts[joins])
    assert "".join(one.text for one in parts) == text, "no word is lost"
    assert Case.objects.get(pk=known.case_id).reports == 2
    first, *others = parts
    assert Telling.objects.get(kind="split").report == first and {one.part_of_id for one in others} == {first.pk}
    assert len({one.contact_id for one in parts}) == 1
    for address in (sent["Location"], f"/m/{first.tracking_code}"):
        shown = client.get(address).content.decode()
        assert all(spoken_tracking_code(one.tracking_code) in shown and one.text[:8] in shown for one in others)
    entries = Entry.objects.count()
    assert client.post("/report", given)["Location"] == sent["Location"]
    assert (len(mine(known)), Entry.objects.count()) == (3, entries)


def test_without_the_wish_it_joins_as_one(known: Report, client: Client) -> None:
    assert client.post("/report", typed(join=known.case_id)).status_code == 302
    (one,) = mine(known)
    assert (one.case_id, one.text) == (known.case_id, TEXT)


def test_sent_whole_first_and_then_apart_the_rest_gets_cases_of_its_own(known: Report, client: Client) -> None:
    given = typed(join=known.case_id)
    client.post("/report", given)
    client.post("/report", given | {"split": "on"})
    assert [one.case_id == known.case_id for one in mine(known)] == [True, False, False]


@pytest.mark.parametrize("gone", ["closed", "unknown"])
def test_a_matter_that_is_gone_takes_nothing_and_the_wish_stays(known: Report, client: Client, gone: str) -> None:
    Case.objects.filter(pk=known.case_id).update(state="closed", closed_at=now())
    case_id = known.case_id if gone == "closed" else 999_999
    before = (Report.objects.count(), Entry.objects.count())
    answer = client.post("/report", typed(LAST, join=case_id, split="on"))
    assert answer.status_code == 409
    assert re.search(r'<input type="checkbox" name="split"[^>]* checked', answer.content.decode())
    assert (Report.objects.count(), Entry.objects.count()) == before


def test_going_back_to_change_keeps_the_wish(cast: Cast, client: Client) -> None:
    page = client.post("/report", typed(step="edit", split="on")).content.decode()
    assert '<input type="hidden" name="split" value="1">' in page
    assert 'name="split"' not in client.post("/report", typed(step="edit")).content.decode()
