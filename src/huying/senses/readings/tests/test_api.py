"""The history by REST: where one sees devices; private values through the door that writes down who looked; who keeps devices
sees what could not be taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases.factories import GRID_3, NOW, account_of
from huying.ground.organisation.actions import issue_key
from huying.kernel import clock
from huying.kernel.actor import SYSTEM
from huying.kernel.privacy.models import AccessEntry
from huying.senses.devices.factories import make_device, make_keeper

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _password_is_enough(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def staff(actor: Any) -> Client:
    client = Client()
    client.force_login(account_of(actor))
    return client


def key(*scopes: str, area: str = "") -> Client:
    now = clock.now()
    _row, token = issue_key(
        actor=SYSTEM, now=now, name="设备平台", scopes=scopes, expires_at=now + timedelta(days=1), area=area
    )
    return Client(headers={"authorization": f"Bearer {token}"})


def asked(client: Client, path: str, **query: Any) -> Any:
    times = {"since": NOW.isoformat(), "until": (NOW + timedelta(hours=1)).isoformat()}
    return client.get(f"/api/v1/devices/{path}", {**times, **query})


def test_a_keeper_sees_the_past_in_stretches(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", [told(60 * n, n, leak=float(n), switch=n % 2 == 0) for n in range(60)], NOW + timedelta(hours=1))
    body = asked(staff(luo), "b-1/history", fields="leak,switch", points=4).json()
    assert body["step_seconds"] == 900.0 and [one["count"] for one in body["buckets"]] == [15] * 4
    assert body["buckets"][0]["values"] == {
        "leak": {"min": 0.0, "avg": 7.0, "max": 14.0, "last": 14.0},
        "switch": {"min": 0.0, "avg": pytest.approx(8 / 15), "max": 1.0, "last": True},
    }
    assert len(asked(staff(luo), "b-1/history/readings").json()) == 60


def test_strangers_and_keys_of_other_places_find_nothing(drain, luo, told):
    make_device(luo, "b-1")
    assert asked(Client(), "b-1/history", fields="leak").status_code == 401
    assert asked(key("devices:read", area=GRID_3), "b-1/history", fields="leak").status_code == 404
    assert asked(key("reports:read"), "b-1/history", fields="leak").status_code == 403
    assert asked(key("devices:read"), "b-1/history", fields="leak").status_code == 200
    assert asked(staff(luo), "b-9/history", fields="leak").status_code == 404


def test_vitals_are_for_appointed_carers_and_every_look_is_written_down(drain, luo, told):
    device = make_device(luo, "b-1", "wearable")
    drain.say("b-1", told(60, 1, heart_rate=70.0, battery=80.0))
    refused = asked(staff(luo), "b-1/history", fields="heart_rate", why="看看")
    assert (refused.status_code, refused.json()["code"]) == (403, "carers_only")
    assert asked(staff(luo), "b-1/history/readings", why="看看").status_code == 403
    assert not AccessEntry.objects.exists()
    (bucket,) = asked(staff(luo), "b-1/history").json()["buckets"]
    assert set(bucket["values"]) == {"battery"}, "without asking for more, what is private is left out"
    (row,) = asked(staff(luo), "b-1/history/readings").json()
    assert row["values"] == {"battery": 80.0}
    device.contacts.create(rank=1, role="guardian", person_id=luo.person_id)
    (bucket,) = asked(staff(luo), "b-1/history", fields="heart_rate", why="回访前看心率").json()["buckets"]
    assert bucket["values"]["heart_rate"]["last"] == 70.0
    look = AccessEntry.objects.get()
    assert (look.actor_ref, look.why) == (luo.ref, "回访前看心率")
    (row,) = asked(staff(luo), "b-1/history/readings", why="核对").json()
    assert row["values"] == {"heart_rate": 70.0, "battery": 80.0} and AccessEntry.objects.count() == 2


def test_questions_that_make_no_sense_are_refused_in_words(drain, luo):
    make_device(luo, "b-1")
    client = staff(luo)
    wrong = asked(client, "b-1/history", fields="nothing")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown_field")
    wrong = asked(client, "b-1/history", fields="leak", until=NOW.isoformat())
    assert (wrong.status_code, wrong.json()["code"]) == (422, "period_empty")
    assert asked(client, "b-1/history", fields="leak", points=100_000).status_code == 422


def test_keepers_see_how_the_drain_fares_and_what_it_could_not_take(drain, luo, cast):
    drain.take(*(drain.message("nobody", {"v": {}}) for _ in range(3)), drain.message("b-1", b"\xff{"))
    status = staff(luo).get("/api/v1/readings/status").json()
    assert [(one["stream"], one["taken"], one["refused"]) for one in status] == [("READINGS", 4, 4), ("URGENT", 0, 0)]
    page = staff(luo).get("/api/v1/readings/rejected", {"size": 1}).json()
    rest = staff(luo).get("/api/v1/readings/rejected", {"cursor": page["next"]}).json()
    found = {(one["code"], one["why"]): (one["count"], one["sample"]) for one in page["items"] + rest["items"]}
    assert found == {("nobody", "unknown"): (3, '{"v":{}}'), ("b-1", "not_json"): (1, "\ufffd{")}
    for path in ("status", "rejected"):
        assert key("devices:read").get(f"/api/v1/readings/{path}").status_code == 404
        assert staff(cast.tang_grid).get(f"/api/v1/readings/{path}").status_code == 404


def test_what_another_place_s_devices_sent_wrong_is_not_shown(drain, luo, cast):
    make_device(luo, "b-1")
    drain.take(drain.message("nobody", {"v": {}}), drain.message("b-1", b"\xff{"))
    far = make_keeper(cast, "远设备", area=GRID_3)
    for keeper, codes in ((luo, {"nobody", "b-1"}), (far, {"nobody"})):
        items = staff(keeper).get("/api/v1/readings/rejected").json()["items"]
        assert {one["code"] for one in items} == codes


def test_moments_no_calendar_of_ours_holds_are_refused(drain, luo):
    make_device(luo, "b-1")
    client = staff(luo)
    for given, code in (
        ({"until": "0001-01-01T00:00:00Z"}, "moment_far"),
        ({"until": "9999-12-31T23:59:59Z"}, "moment_far"),
        ({"since": "2026-01-01T00:00:00"}, "zone_needed"),
    ):
        wrong = asked(client, "b-1/history", fields="leak", **given)
        assert (wrong.status_code, wrong.json()["code"]) == (422, code), given
