"""The alarms over REST: by key with a scope, by people with a role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases.factories import COUNTY, NOW, Cast, account_of
from huying.ground.organisation.actions import issue_key
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.senses.alarms.factories import make_alarm
from huying.senses.alarms.models import Alarm
from huying.senses.devices.models import Device

from .conftest import make_device
from .test_rulebook import battery

API = "/api/v1/alarms"


@pytest.fixture
def alarm(device: Device) -> Alarm:
    return make_alarm(device, NOW, climbs_at=NOW)


def keyed(*scopes: str, area: str = "") -> dict[str, str]:
    _row, secret = issue_key(
        name="平台",
        scopes=list(scopes),
        area=area,
        expires_at=now() + timedelta(days=1),
        actor=system("test"),
        now=now(),
    )
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def signed_in(actor: Any) -> Client:
    client = Client()
    client.force_login(account_of(actor))
    return client


@pytest.fixture(autouse=True)
def one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def test_a_key_reads_what_its_area_holds(alarm: Alarm, client: Client) -> None:
    make_alarm(make_device("WB-1", kind="wearable"), NOW, kind="heart_rate", field="heart_rate", value=140, severity=2)
    far = keyed("devices:read", area="120000")
    near = keyed("devices:read", area=COUNTY)
    assert client.get(API, **far).json()["items"] == []
    page = client.get(API, {"size": 1}, **near).json()
    (first,) = page["items"]
    assert (first["uid"], first["state"], first["device"]) == (str(alarm.uid), "active", "SM-1")
    (second,) = client.get(API, {"cursor": page["next"]}, **near).json()["items"]
    assert (second["kind"], second["value"], second["said"]) == ("heart_rate", None, "")
    assert client.get(f"{API}/{alarm.uid}", **near).json()["steps"] == []
    assert client.get(f"{API}/{alarm.uid}", **far).status_code == 404
    assert client.get(f"{API}/counts", **near).json()["active"] == 2
    assert client.get(f"{API}/rules", {"device": "SM-1"}, **near).json()["items"]
    assert client.get(f"{API}/false", **near).json() == {"items": []}
    assert client.get(f"{API}/untested", **near).status_code == 200
    assert client.post(f"{API}/{alarm.uid}/acknowledge", **near).status_code == 403


def test_without_the_scope_nothing(alarm: Alarm, client: Client) -> None:
    assert client.get(API).status_code == 401
    assert client.get(API, **keyed("cases:read")).status_code == 403
    body = {"body": battery(25), "reason": "试点"}
    send = {"data": body, "content_type": "application/json"}
    assert client.post(f"{API}/rules", **send, **keyed("devices:read")).status_code == 403
    saved = client.post(f"{API}/rules", **send, **keyed("devices:write"))
    assert (saved.status_code, saved.json()["version"]) == (200, 1)
    assert len(client.get(f"{API}/rules/own", **keyed("devices:read")).json()["items"]) == 1


def test_people_take_it_in_hand_and_close_it(alarm: Alarm, cast: Cast) -> None:
    client = signed_in(cast.tang_grid)
    one = f"{API}/{alarm.uid}"
    first = client.post(f"{one}/acknowledge")
    assert first.json().get("acknowledged_by") == "唐网格", first.content.decode()
    again = signed_in(cast.wang_seat).post(f"{one}/acknowledge")
    assert (again.status_code, again.json()["code"]) == (409, "alarm_acknowledged")
    call = client.post(f"{one}/call", {"line": "119"}, content_type="application/json")
    assert [step["result"] for step in call.json()["steps"]] == ["made"]
    wrong = client.post(f"{one}/close", {"cause": "itself"}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "cause")
    done = client.post(f"{one}/close", {"cause": "works"}, content_type="application/json")
    assert (done.json()["state"], done.json()["cause"]) == ("closed", "works")
    assert (
        signed_in(cast.he_sanitation)
        .post(f"{one}/close", {"cause": "real"}, content_type="application/json")
        .status_code
        == 404
    )


def test_a_test_is_begun_and_found_to_be_none(device: Device, cast: Cast) -> None:
    client = signed_in(cast.tang_grid)
    assert client.post(f"{API}/drills/{device.code}").json()["answered_at"] is None
    assert client.post(f"{API}/drills/{device.code}").status_code == 409
    alarm = make_alarm(device, NOW, test=True)
    assert client.post(f"{API}/{alarm.uid}/real").json()["test"] is False
    assert client.post(f"{API}/{alarm.uid}/real").status_code == 409
