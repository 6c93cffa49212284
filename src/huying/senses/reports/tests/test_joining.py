""" "This is it: +1" is for cases one may see: nobody gets into another by its number."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from huying.casework.cases import factories
from huying.casework.cases.factories import IN_GRID_1, QIAODONG, TOWN, Cast, account_of
from huying.casework.cases.models import Case
from huying.ground.accounts.factories import make_resident
from huying.ground.organisation.actions import issue_key
from huying.kernel import clock
from huying.kernel.actor import SYSTEM, Actor, system
from huying.kernel.errors import NotFound, Refused
from huying.kernel.trace import Entry
from huying.senses.reports.actions import Voice, take_in
from huying.senses.reports.factories import publish
from huying.senses.reports.models import Contact, Report

RESIDENT = Actor("resident", "user:1", "刘")
TEXT = "柳岸路口的垃圾好几天没人清运了"


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


def voice(number: int = 1, **more: Any) -> Voice:
    lon, lat = IN_GRID_1
    given = {"text": TEXT, "item_code": "0101", **more}
    return Voice(source="t", source_id=f"t-{number}", channel="portal", lon=lon, lat=lat, **given)


def opened(**more: Any) -> Case:
    (taken,) = take_in([voice(**more)], actor=system("portal"), now=clock.now())
    return Case.objects.get(pk=taken.case_id)


def left() -> tuple[int, ...]:
    """What a refusal must not change."""
    cases = Case.objects.order_by("pk").values_list("reports", "urgent", "version")
    return (Report.objects.count(), Contact.objects.count(), Entry.objects.count(), *(hash(one) for one in cases))


def key(scopes: list[str], area: str) -> Client:
    given = {"unit": None, "area": area, "expires_at": clock.now() + timedelta(days=30)}
    _row, token = issue_key(name="平台", scopes=scopes, actor=SYSTEM, now=clock.now(), **given)
    return Client(headers={"Authorization": f"Bearer {token}"})


def signed_in(user: Any, backend: str | None = None) -> Client:
    client = Client()
    client.force_login(user, backend=backend)
    return client


def resident() -> Client:
    return signed_in(make_resident(), "huying.ground.accounts.backends.ResidentBackend")


def post(client: Client, path: str = "/reports", **more: Any) -> Any:
    body = {"text": TEXT, "source_id": "S-1", **more}
    return client.post(f"/api/v1{path}", body, content_type="application/json")


def test_residents_join_open_cases_of_public_kinds_only(cast: Cast) -> None:
    case = opened()
    publish("0701", sensitive=True)
    hidden = opened(number=2, item_code="0701")
    assert take_in([voice(3, case_id=case.pk)], actor=RESIDENT, now=clock.now())[0].case_id == case.pk
    Case.objects.filter(pk=case.pk).update(state="closed", closed_at=clock.now())
    before = left()
    for pk in (hidden.pk, case.pk, 999_999):
        with pytest.raises(NotFound):
            take_in([voice(4, case_id=pk, phone="19900001234")], actor=RESIDENT, now=clock.now())
    assert left() == before


def test_one_case_too_many_takes_in_nothing(cast: Cast) -> None:
    case = opened()
    before = left()
    with pytest.raises(NotFound):
        take_in([voice(2), voice(3, case_id=case.pk), voice(4, case_id=999)], actor=RESIDENT, now=clock.now())
    assert left() == before


def test_a_resident_a_stranger_and_a_far_key_find_no_such_case_through_the_interface(cast: Cast, settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    publish("0701", sensitive=True)
    case = opened(item_code="0701")
    callers = [
        resident(),
        signed_in(account_of(cast.fang_qiaodong)),
        key(["reports:write", "cases:read"], QIAODONG),
        key(["reports:write"], TOWN),
    ]
    before = left()
    for number, client in enumerate(callers):
        answer = post(client, case_id=case.pk, source_id=str(number))
        assert (answer.status_code, answer.json()["code"]) == (404, "case_not_found"), number
    assert left() == before


def test_a_key_and_staff_join_what_they_see(cast: Cast, settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    case = opened()
    near = key(["reports:write", "cases:read"], TOWN)
    assert post(near, case_id=case.pk, source_id="a", urgent=True).status_code == 201
    assert post(near, case_id=case.pk, source_id="a").status_code == 200
    assert post(signed_in(account_of(cast.wang_seat)), case_id=case.pk, source_id="b").status_code == 201
    case.refresh_from_db()
    assert (case.reports, case.urgent) == (3, True)
    Case.objects.filter(pk=case.pk).update(state="closed", closed_at=clock.now())
    with pytest.raises(Refused):
        take_in([voice(9, case_id=case.pk)], actor=cast.wang_seat, now=clock.now())


@pytest.mark.parametrize("more", [{"channel": "hotline"}, {"item": "0701"}, {"hold": True}, {"urgent": True}])
def test_residents_do_not_say_how_a_matter_is_to_be_taken(cast: Cast, more: dict[str, Any]) -> None:
    before = left()
    answer = post(resident(), **more)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_for_residents")
    assert left() == before


def test_residents_send_one_by_one_and_not_without_end(cast: Cast) -> None:
    before, client = left(), resident()
    bulk = client.post(
        "/api/v1/reports/bulk",
        {"reports": [{"text": TEXT, "source_id": "1"}]},
        content_type="application/json",
    )
    assert (bulk.status_code, left()) == (403, before)
    with override_settings(HUYING_PORTAL_LIMITS={"send": (1, 3600)}):
        assert post(client, source_id="1").status_code == 201
        assert post(client, source_id="2").status_code == 429
    assert Report.objects.count() == 1


def test_a_voice_that_joins_nothing_asks_nothing_more(cast: Cast) -> None:
    opened()
    with CaptureQueriesContext(connection) as captured:
        take_in([voice(2)], actor=RESIDENT, now=clock.now())
    assert not [one for one in captured if "public_visible" in one["sql"] and "SELECT COUNT" in one["sql"]]


def test_what_no_page_may_hold_is_left_out(cast: Cast) -> None:
    said = {"text": "垃圾\x00成堆\r\n第二行\t了\x1b", "title": "垃\x07圾", "place_text": "桥\x00头", "name": "刘\x00"}
    case = opened(**said)
    report = Report.objects.get()
    assert (report.text, report.title, report.place_text) == ("垃圾成堆\n第二行\t了", "垃圾", "桥头")
    assert "\x07" not in case.title
    (again,) = take_in([replace(voice(), source_id="t\x00-1")], actor=RESIDENT, now=clock.now())
    assert again.repeated
