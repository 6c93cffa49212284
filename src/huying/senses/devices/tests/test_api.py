"""The REST interface: the register for staff and keys, readings from devices and gateways onto a real stream, commands."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.test import Client

from huying.casework.cases.factories import GRID_1, GRID_3, NOW, QIAODONG, Cast, account_of
from huying.ground.organisation.actions import issue_key
from huying.kernel import clock
from huying.kernel.actor import SYSTEM, Actor
from huying.kernel.stream import READINGS, URGENT, Message, connect, drain, fullness
from huying.kernel.stream.tests.apart import run_apart
from huying.senses.devices import actions
from huying.senses.devices.factories import make_device
from huying.senses.devices.models import Command, Device, LastValue

API = "/api/v1/devices"


@pytest.fixture(autouse=True)
def _password_is_enough(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def key(*scopes: str, area: str = "") -> Client:
    now = clock.now()
    _row, token = issue_key(
        actor=SYSTEM, now=now, name="设备平台", scopes=scopes, expires_at=now + timedelta(days=1), area=area
    )
    return Client(headers={"authorization": f"Bearer {token}"})


def staff(actor: Actor) -> Client:
    client = Client()
    client.force_login(account_of(actor))
    return client


def basic(code: str, secret: str) -> Client:
    return Client(headers={"authorization": f"Basic {b64encode(f'{code}:{secret}'.encode()).decode()}"})


def own(luo: Actor, device: Device) -> Client:
    return basic(device.code, actions.issue_credential(device.pk, actor=luo, now=NOW))


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.post(f"{API}{path}", data, content_type="application/json", headers=headers)


def stored(stream: str) -> list[Message]:
    """Everything a stream holds."""

    async def look() -> list[Message]:
        connection = await connect(name="reader")
        held = (await fullness(connection, stream)).messages
        found: list[Message] = []
        reading = drain(connection, stream, after=0)
        while len(found) < held:
            found += await anext(reading)
        await reading.aclose()
        await connection.close()
        return found

    return run_apart(look())


# --- the register -----------------------------------------------------------------------------------------------------


def test_registering_reading_changing_and_ending_over_the_interface(cast: Cast) -> None:
    client = key("devices:read", "devices:write")
    given = {"code": "b-1", "kind": "smart_breaker", "area": GRID_1, "name": "3栋配电箱", "contacts": []}
    made = post(client, "", given)
    assert made.status_code == 201 and made.json()["state"] == "active" and made.json()["last"] is None
    assert post(client, "", given).json()["code"] == "code_taken"
    put = client.put(f"{API}/b-1", orjson.dumps({**given, "exempt": True}), content_type="application/json")
    assert put.status_code == 200 and put.json()["exempt"] is True
    secret = post(client, "/b-1/credential", {})
    assert secret.status_code == 201 and len(secret.json()["secret"]) >= 43
    assert client.delete(f"{API}/b-1/credential").status_code == 204
    assert post(client, "/b-1/pause", {"why": "检修"}).json()["state"] == "paused"
    assert post(client, "/b-1/resume", {}).json()["state"] == "active"
    assert post(client, "/b-1/retire", {"why": "拆除"}).json()["state"] == "retired"
    assert client.get(f"{API}?state=retired").json()["items"][0]["code"] == "b-1"


def test_many_at_once_with_secrets_or_none(cast: Cast) -> None:
    client = key("devices:read", "devices:write")
    many = [{"code": f"s-{n}", "kind": "smoke", "area": GRID_1} for n in range(3)]
    wrong = post(client, "/bulk", {"devices": [*many, {"code": "s-9", "kind": "?", "area": GRID_1}]})
    assert wrong.status_code == 422 and wrong.json()["field"] == "devices.3.kind" and not Device.objects.exists()
    made = post(client, "/bulk", {"devices": many, "credentials": True})
    assert made.status_code == 201 and set(made.json()["secrets"]) == {"s-0", "s-1", "s-2"}
    assert post(client, "/bulk", {"devices": []}).status_code == 422


def test_keys_only_with_their_scope_and_in_their_area(luo: Actor) -> None:
    make_device(luo, "b-1")
    given = {"code": "b-2", "kind": "smoke", "area": GRID_1}
    assert key("devices:read").get(f"{API}/b-1").status_code == 200
    assert post(key("devices:read"), "", given).status_code == 403
    assert key("field:read").get(f"{API}/b-1").status_code == 403
    assert key("devices:read", area=QIAODONG).get(f"{API}/b-1").status_code == 404
    assert post(key("devices:write", area=QIAODONG), "", given).json()["code"] == "not_your_area"
    assert Client().get(f"{API}/b-1").status_code == 401
    assert Device.objects.count() == 1


def test_private_values_never_leave_by_this_door(luo: Actor) -> None:
    watch = make_device(luo, "w-1", "wearable")
    LastValue.objects.create(device=watch, at=NOW, received_at=NOW, values={"heart_rate": 99.0, "battery": 50.0})
    last = staff(luo).get(f"{API}/w-1").json()["last"]
    assert last["values"] == {"battery": 50.0} and last["online"] is True


def test_kinds_are_told(luo: Actor) -> None:
    told = {one["code"]: one for one in staff(luo).get(f"{API}/kinds").json()}
    leak = next(field for field in told["smart_breaker"]["fields"] if field["code"] == "leak")
    assert (leak["unit"], leak["name"]["zh"]) == ("mA", "剩余电流") and told["smoke"]["urgent"]


def test_staff_without_the_right_are_strangers(luo: Actor, cast: Cast) -> None:
    make_device(luo, "b-1")
    assert staff(cast.he_sanitation).get(f"{API}/b-1").status_code == 404
    assert staff(cast.he_sanitation).get(f"{API}/kinds").status_code == 404
    assert staff(cast.tang_grid).get(f"{API}/b-1").status_code == 200


def test_lists_are_paged(luo: Actor, django_assert_max_num_queries: Any) -> None:
    for number in range(3):
        make_device(luo, f"b-{number}")
    client = staff(luo)
    first = client.get(f"{API}?size=2").json()
    assert [one["code"] for one in first["items"]] == ["b-0", "b-1"]
    assert [one["code"] for one in client.get(f"{API}?size=2&cursor={first['next']}").json()["items"]] == ["b-2"]
    with django_assert_max_num_queries(5):  # the session, the account, its duties, the page
        client.get(f"{API}?size=2")


# --- readings ---------------------------------------------------------------------------------------------------------


def test_a_device_sends_its_readings(luo: Actor, streams: Any) -> None:
    device = make_device(luo, "b-1")
    body = {"ts": 1773104398000, "seq": 3, "v": {"leak": 12.5, "switch": "on", "colour": 1}}
    answer = post(own(luo, device), "/b-1/readings", body)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 1, "refused": [], "odd": ["switch"], "unknown": 1}
    (message,) = stored(READINGS)
    assert message.subject.endswith(".b-1") and orjson.loads(message.data) == body
    assert stored(URGENT) == []


def test_what_cannot_wait_goes_by_the_urgent_stream(luo: Actor, streams: Any) -> None:
    watch, smoke = make_device(luo, "w-1", "wearable"), make_device(luo, "s-1", "smoke")
    client = own(luo, watch)
    post(client, "/w-1/readings", {"v": {"battery": 70}})
    post(client, "/w-1/readings", [{"v": {"battery": 70}}, {"v": {"sos": True}}])
    post(own(luo, smoke), "/s-1/readings", {"v": {"battery": 90}})
    assert [message.subject for message in stored(URGENT)] == ["u.w-1", "u.s-1"]
    assert len(stored(READINGS)) == 1


def test_a_gateway_sends_for_those_behind_it_and_nobody_else(luo: Actor, streams: Any) -> None:
    gateway = make_device(luo, "gw-1", "gateway")
    make_device(luo, "b-1", gateway="gw-1")
    make_device(luo, "s-1", "smoke", gateway="gw-1")
    make_device(luo, "alone")
    paused = make_device(luo, "b-2", gateway="gw-1")
    actions.pause_device(paused.pk, actor=luo, now=NOW, why="检修")
    parts = [
        {"code": "b-1", "readings": [{"seq": 1, "v": {"leak": 1}}, {"seq": 2, "v": {"leak": 2}}]},
        {"code": "s-1", "readings": [{"v": {"smoke": True}}]},
        {"code": "alone", "readings": [{"v": {"leak": 1}}]},
        {"code": "nobody", "readings": [{"v": {}}]},
        {"code": "b-2", "readings": [{"v": {"leak": 1}}]},
        {"code": "gw-1", "readings": [{"v": {"signal": -70}}]},
        {"code": "b-1", "readings": [7]},
    ]
    client = own(luo, gateway)
    answer = post(client, "/readings", {"gateway": "gw-1", "devices": parts})
    assert answer.status_code == 202 and answer.json()["accepted"] == 4
    assert [(one["code"], one["why"]) for one in answer.json()["refused"]] == [
        ("alone", "device_not_found"),
        ("nobody", "device_not_found"),
        ("b-2", "paused"),
        ("b-1", "unknown_form"),
    ]
    assert sorted(message.subject.rpartition(".")[2] for message in stored(READINGS)) == ["b-1", "gw-1"]
    assert [message.subject for message in stored(URGENT)] == ["u.s-1"]
    assert post(client, "/readings", {"gateway": "gw-2", "devices": []}).status_code == 403
    assert post(client, "/readings", {"v": {}}).json()["code"] == "not_a_batch"


def test_sending_again_with_the_same_key_is_kept_once(luo: Actor, streams: Any) -> None:
    client = own(luo, make_device(luo, "b-1"))
    for _attempt in range(2):
        assert post(client, "/b-1/readings", {"v": {"leak": 1}}, **{"Idempotency-Key": "k-1"}).status_code == 202
    assert len(stored(READINGS)) == 1
    for _attempt in range(2):
        assert post(client, "/b-1/readings", {"v": {"leak": 1}}).status_code == 202
    assert len(stored(READINGS)) == 3, "without a key nobody can tell"


def test_a_key_used_for_something_else_loses_nothing(luo: Actor, streams: Any) -> None:
    client = own(luo, make_device(luo, "b-1"))
    platform, long = key("readings:write", area=GRID_1), "k" * 300
    for leak in (1, 2):  # a device that counts its keys from one again
        post(client, "/b-1/readings", {"v": {"leak": leak}}, **{"Idempotency-Key": "1"})
    post(platform, "/b-1/readings", {"v": {"leak": 1}}, **{"Idempotency-Key": "1"})
    for end in ("a", "b"):
        post(client, "/b-1/readings", {"v": {"leak": 3}}, **{"Idempotency-Key": long + end})
    assert len(stored(READINGS)) == 5


def test_a_batch_sent_again_with_the_same_key_is_kept_once_part_by_part(luo: Actor, streams: Any) -> None:
    gateway = make_device(luo, "gw-1", "gateway")
    make_device(luo, "b-1", gateway="gw-1")
    late = make_device(luo, "b-2", gateway="gw-1")
    make_device(luo, "s-1", "smoke", gateway="gw-1")
    actions.pause_device(late.pk, actor=luo, now=NOW, why="检修")
    parts = [{"code": code, "readings": [{"v": {"battery": 80}}]} for code in ("b-1", "b-2", "s-1", "b-1")]
    client, named = own(luo, gateway), {"Idempotency-Key": "batch-7"}
    first = post(client, "/readings", {"gateway": "gw-1", "devices": parts}, **named)
    assert [one["code"] for one in first.json()["refused"]] == ["b-2"]
    actions.resume_device(late.pk, actor=luo, now=NOW)
    again = post(client, "/readings", {"gateway": "gw-1", "devices": parts}, **named)
    assert (again.json()["accepted"], again.json()["refused"]) == (4, [])
    assert sorted(message.subject.rpartition(".")[2] for message in stored(READINGS)) == ["b-1", "b-1", "b-2"]
    assert [message.subject for message in stored(URGENT)] == ["u.s-1"]


def test_a_platform_sends_for_the_devices_of_its_area(luo: Actor, streams: Any) -> None:
    make_device(luo, "b-1")
    make_device(luo, "far-1", area=GRID_3)
    client = key("readings:write", area=GRID_1)
    assert post(client, "/b-1/readings", {"v": {"leak": 1}}).status_code == 202
    assert post(client, "/far-1/readings", {"v": {"leak": 1}}).status_code == 404
    assert post(key("devices:write"), "/b-1/readings", {"v": {"leak": 1}}).status_code == 403
    assert len(stored(READINGS)) == 1


def test_who_is_not_let_in_and_what_is_no_reading(luo: Actor) -> None:
    device = make_device(luo, "b-1")
    make_device(luo, "b-2")
    client = own(luo, device)
    reading = {"v": {"leak": 1}}
    assert post(client, "/b-2/readings", reading).status_code == 404
    assert post(basic("b-1", "x" * 43), "/b-1/readings", reading).status_code == 401
    assert post(basic("nobody", "x" * 43), "/nobody/readings", reading).status_code == 401
    assert post(Client(headers={"authorization": "Basic ???"}), "/b-1/readings", reading).status_code == 401
    assert post(Client(), "/b-1/readings", reading).status_code == 401
    for body, why in ((b"{", "not_json"), (b"7", "unknown_form"), (b" " * 300_000, "too_long")):
        answer = post(client, "/b-1/readings", body)
        assert answer.status_code == 422 and answer.json()["code"] == why
    actions.pause_device(device.pk, actor=luo, now=NOW, why="检修")
    assert post(client, "/b-1/readings", reading).status_code == 401


def test_a_stream_that_takes_nothing_says_when_to_come_back(luo: Actor, streams: Any) -> None:
    client = own(luo, make_device(luo, "b-1"))
    streams.stop()
    answer = post(client, "/b-1/readings", {"v": {"leak": 1}})
    assert answer.status_code == 503 and answer["Retry-After"] == "5"
    assert answer["Content-Type"] == "application/problem+json" and answer.json()["code"] == "stream_unavailable"
    streams.start()


# --- commands ---------------------------------------------------------------------------------------------------------


def test_commands_by_two_people_and_never_by_a_key(luo: Actor, shen: Actor) -> None:
    make_device(luo, "b-1")
    ask = {"code": "open", "reason": "漏电超限"}
    assert post(key("devices:read", "devices:write"), "/b-1/commands", ask).status_code == 403
    asked = post(staff(luo), "/b-1/commands", ask)
    assert asked.status_code == 202 and asked.json()["state"] == "asked"
    number = asked.json()["id"]
    assert post(staff(luo), f"/commands/{number}/confirm", {}).json()["code"] == "another_person"
    assert post(staff(shen), f"/commands/{number}/confirm", {}).json()["state"] == "confirmed"
    assert post(staff(shen), f"/commands/{number}/refuse", {"why": "算了"}).status_code == 409
    (told,) = staff(luo).get(f"{API}/b-1/commands").json()["items"]
    assert (told["asked_by"], told["confirmed_by"]) == ("罗设备", "沈设备")
    assert Command.objects.get().state == "confirmed"


def test_commands_of_what_one_does_not_see_do_not_exist(luo: Actor, cast: Cast) -> None:
    make_device(luo, "far-1", area=GRID_3)
    number = post(staff(luo), "/far-1/commands", {"code": "open", "reason": "漏电"}).json()["id"]
    stranger = staff(cast.tang_grid)
    assert stranger.get(f"{API}/far-1/commands").status_code == 404
    assert post(stranger, f"/commands/{number}/confirm", {}).status_code == 404
    assert post(stranger, f"/commands/{number}/refuse", {"why": "不"}).status_code == 404
