"""The REST interface of phones: who is let in, what hostile bodies get, and one whole conversation."""

from __future__ import annotations

import gzip
import io
import json
import os
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from PIL import Image

from huying.casework.cases.factories import GRID_1, Cast, account_of
from huying.ground.organisation.models import Appointment, Person
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.files import StoredFile
from huying.senses.sync import actions, doors, rules
from huying.senses.sync.doors import Incoming, Outcome
from huying.senses.sync.factories import make_device, raw
from huying.senses.sync.models import Device, Operation, Upload

from .conftest import notes


class Caller:
    """A signed-in browser with the token of its phone."""

    def __init__(self, actor: Actor, token: str = "") -> None:
        self.client = Client()
        self.client.force_login(account_of(actor))
        self.headers = {"X-Huying-Device": token} if token else {}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1/field/{path}", headers={**self.headers, **headers})

    def post(self, path: str, body: Any) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"/api/v1/field/{path}", content, content_type="application/json", headers=self.headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1/field/{path}", headers=self.headers)

    def put(self, path: str, content: bytes) -> Any:
        return self.client.put(
            f"/api/v1/field/{path}", content, content_type="application/octet-stream", headers=self.headers
        )


@pytest.fixture
def worker(cast: Cast) -> Caller:
    _device, token = make_device(cast.tang_grid, now=clock.now())
    return Caller(cast.tang_grid, token)


def now_raw(**more: Any) -> dict[str, Any]:
    return raw(at=clock.now(), **more)


def test_a_phone_enrols_works_and_is_revoked(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = Caller(cast.tang_grid)
    monkeypatch.setattr(doors, "_tellings", {})
    doors.tells("on_duty")(lambda *, actor, now: True)
    before = caller.get("session").json()
    assert (before["device"], before["areas"]) == (None, [{"code": GRID_1, "name": before["areas"][0]["name"]}])
    assert before["on_duty"] is True
    enrolled = caller.post("devices", {"name": "红米", "app": "1.0"})
    assert enrolled.status_code == 201
    caller.headers = {"X-Huying-Device": enrolled.json()["token"]}
    session = caller.get("session").json()
    assert (session["device"]["id"], session["device"]["next_seq"]) == (enrolled.json()["id"], 1)
    assert session["csrf"]

    good, bad = now_raw(), now_raw(body={"refuse": 1})
    sent = caller.post("operations", {"operations": [good, bad], "sent_at": clock.now().isoformat()})
    assert [one["state"] for one in sent.json()["results"]] == ["applied", "refused"]
    asked = caller.get(f"operations?ids={bad['id']},{uuid.uuid4()}").json()["results"]
    assert [(one["id"], one["code"]) for one in asked] == [(bad["id"], "no")]
    assert caller.delete(f"operations/{bad['id']}").json()["state"] == "gone"
    assert caller.delete(f"operations/{good['id']}").status_code == 409

    assert [one["name"] for one in caller.get("devices").json()] == ["红米"]
    assert caller.post(f"devices/{enrolled.json()['id']}/revoke", {"why": "换手机"}).status_code == 200
    for answer in (caller.get("session"), caller.get("changes"), caller.post("operations", {"operations": [good]})):
        assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked")


def test_a_lost_phone_is_signed_out_and_hears_it_without_a_sign_in(cast: Cast) -> None:
    caller, other = Caller(cast.tang_grid), Caller(cast.tang_grid)
    phones = {}
    for one, name in ((caller, "丢的"), (other, "自己的")):
        phones[name] = one.post("devices", {"name": name, "app": ""}).json()
        one.headers = {"X-Huying-Device": phones[name]["token"]}
        assert one.get("session").status_code == 200
    lost, path = phones["丢的"]["id"], f"devices/{phones['丢的']['id']}/standing"
    assert Client().get(f"/api/v1/field/{path}").json() == {"revoked": False, "ended": False}
    assert other.post(f"devices/{lost}/revoke", {"why": "丢了"}).status_code == 200
    assert not Session.objects.filter(pk=caller.client.session.session_key).exists()
    assert caller.client.get("/desk/").status_code == 302  # whoever found it is no longer signed in anywhere
    for answer in (
        caller.get("session"),
        caller.get("changes"),
        caller.put(f"uploads/{lost}?offset=0&size=1&type=x", b"1"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked")
    assert Client().get(f"/api/v1/field/{path}").json() == {"revoked": True, "ended": False}
    assert other.get("session").status_code == 200
    assert Client().get(f"/api/v1/field/devices/{uuid.uuid4()}/standing").status_code == 404
    wrong = caller.headers["X-Huying-Device"][:-1] + "~"
    answer = Client().get("/api/v1/field/session", headers={"X-Huying-Device": wrong})
    assert (answer.status_code, answer.json().get("code")) != (403, "device_revoked")
    end_duty(cast.tang_grid, days_ago=0)
    assert Client().get(f"/api/v1/field/{path}").json() == {"revoked": True, "ended": True}


def test_one_sign_in_enrols_one_phone(cast: Cast) -> None:
    """Whoever erases a locked phone and sets a PIN of their own holds nothing until they have signed in."""
    caller = Caller(cast.tang_grid)
    first = caller.post("devices", {"name": "红米"}).json()
    again = caller.post("devices", {"name": "红米"})
    assert (again.status_code, again.json()["code"]) == (401, "sign_in_again")
    assert Device.objects.count() == 1
    for answer in (caller.get("session"), caller.client.get("/desk/"), caller.post("devices", {"name": "红米"})):
        assert answer.status_code in (302, 401)
    caller.client.force_login(account_of(cast.tang_grid))
    assert caller.post("devices", {"name": "红米"}).json()["id"] != first["id"]


def test_a_photo_costs_eleven_questions_and_of_a_revoked_phone_nothing_is_kept(
    cast: Cast, worker: Caller, settings: Any, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    settings.HUYING_FILES = tmp_path

    def send() -> Any:
        drawn = io.BytesIO()
        Image.frombytes("RGB", (64, 48), os.urandom(64 * 48 * 3)).save(drawn, "JPEG")
        content = drawn.getvalue()
        return worker.put(f"uploads/{uuid.uuid4()}?offset=0&size={len(content)}&type=image/jpeg", content)

    assert send().status_code == 200
    # session, account, what they serve, phone, count, known before, lock with the file's row, upload, waited for; two
    # for the transaction
    with django_assert_num_queries(11):
        assert send().json()["file"]
    assert (Upload.objects.count(), StoredFile.objects.count()) == (2, 2)
    Device.objects.update(revoked_at=clock.now(), revoked_by=cast.gao_liuan_lead.ref)
    kept = sorted(tmp_path.rglob("*"))
    answer = send()
    assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked")
    assert (Upload.objects.count(), StoredFile.objects.count(), sorted(tmp_path.rglob("*"))) == (2, 2, kept)


def test_who_is_not_let_in(cast: Cast, worker: Caller) -> None:
    assert Client().get("/api/v1/field/session").status_code == 401
    other = Caller(cast.ma_liuan, worker.headers["X-Huying-Device"])
    assert (other.get("session").status_code, other.get("session").json()["code"]) == (404, "device_not_found")
    assert Caller(cast.ma_liuan).get("session").json()["code"] == "off_duty_ended"
    for token in ("", "hyd_", "hyd_x_y", "hyd_" + "0" * 32 + "_x", "hyd_" + "é" * 32 + "_x"):
        answer = Caller(cast.tang_grid, token).get("changes")
        assert (answer.status_code, answer.json()["code"]) == (404, "device_not_found")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(account_of(cast.tang_grid))
    refused = strict.post("/api/v1/field/operations", "{}", content_type="application/json", headers=worker.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")


def test_when_the_appointment_ends_the_phone_is_told(cast: Cast, worker: Caller) -> None:
    end_duty(cast.tang_grid, days_ago=rules.HAND_OVER_DAYS)
    upload = f"uploads/{uuid.uuid4()}"
    for answer in (
        worker.get("session"),
        worker.get("changes"),
        worker.post("operations", {"operations": [now_raw()]}),
        worker.put(f"{upload}?offset=0&size=3&type=image/png", b"123"),
        worker.post("devices", {"name": "又一部"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "off_duty_ended")
    assert Operation.objects.count() == Upload.objects.count() == 0 and Device.objects.count() == 1


def end_duty(actor: Actor, *, days_ago: int) -> None:
    """Their last day in the field was the day before so many days ago."""
    ended = clock.local_day(clock.now()) - timedelta(days=days_ago)
    Appointment.objects.filter(person_id=actor.person_id).update(valid_to=ended)


def test_what_was_done_until_the_last_day_is_still_taken_and_nothing_is_given(cast: Cast, worker: Caller) -> None:
    end_duty(cast.tang_grid, days_ago=1)
    duties: list[tuple[str, ...]] = []

    def keep(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
        duties.append(tuple(duty.area for duty in actor.duties_of(*rules.FIELD_ROLES)))
        return Outcome("applied")

    doors.applies("kept")(keep)
    session = worker.get("session").json()
    assert (session["ended"], session["areas"], session["roles"]) == (True, [], [])
    upload, now = uuid.uuid4(), clock.now()
    before, after = (raw("kept", at=now - timedelta(days=days)) for days in (3, 0))
    photo = raw("kept", at=now - timedelta(days=3), files=[str(upload)])
    sent = worker.post("operations", {"operations": [before, after, photo], "sent_at": now.isoformat()})
    assert [one["state"] for one in sent.json()["results"]] == ["applied", "applied", "waiting"]
    assert duties == [(GRID_1,), ()]  # what came after the last day has nobody's duties, and its room decides
    drawn = io.BytesIO()
    Image.new("RGB", (32, 24), "red").save(drawn, "PNG")
    content = drawn.getvalue()
    assert worker.put(f"uploads/{upload}?offset=0&size={len(content)}&type=image/png", content).json()["file"]
    actions.retry_waiting(now=clock.now() + timedelta(hours=7))
    assert duties[2:] == [(GRID_1,)]
    assert worker.get(f"operations?ids={photo['id']}").json()["results"][0]["state"] == "applied"
    for answer in (worker.get("changes"), worker.get("devices"), worker.post("devices", {"name": "又一部"})):
        assert (answer.status_code, answer.json()["code"]) == (403, "off_duty_ended")
    doors.forget("kept")


def test_a_revoked_phone_hands_in_nothing_after_the_last_day_either(cast: Cast, worker: Caller) -> None:
    end_duty(cast.tang_grid, days_ago=1)
    Device.objects.update(revoked_at=clock.now(), revoked_by="person:1", revoked_why="丢了")
    answer = worker.post("operations", {"operations": [now_raw()]})
    assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked") and not Operation.objects.exists()


def test_other_peoples_things_are_not_there(cast: Cast, worker: Caller) -> None:
    person = Person.objects.get(pk=cast.ma_liuan.person_id)
    Appointment.objects.filter(person=person).update(role="grid_worker")
    actor = Actor("staff", cast.ma_liuan.ref, "马", person_id=person.pk, duties=cast.tang_grid.duties)
    device, token = make_device(actor, now=clock.now())
    other = Caller(actor, token)
    mine = now_raw(body={"refuse": 1})
    other.post("operations", {"operations": [mine]})
    upload = uuid.uuid4()
    other.put(f"uploads/{upload}?offset=0&size=9&type=image/png", b"123")
    assert other.get(f"uploads/{upload}").json() == {"received": 3, "size": 9, "file": None}
    assert worker.get(f"operations?ids={mine['id']}").json()["results"] == []
    for answer in (
        worker.delete(f"operations/{mine['id']}"),
        worker.post(f"devices/{device.uid}/revoke", {"why": "恶意"}),
        worker.get(f"uploads/{upload}"),
        worker.put(f"uploads/{upload}?offset=3&size=9&type=image/png", b"456"),
    ):
        assert answer.status_code == 404
    assert Operation.objects.get(pk=mine["id"]).state == "refused"
    assert Device.objects.get(pk=device.pk).revoked_at is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b"{", 422),
        (b'{"operations": {}}', 422),
        (b'{"operations": []}', 422),
        (b"[" * 100_000, 422),
        (b'{"operations": [' + b"1," * 200 + b"1]}", 422),
        (b'{"operations": [' + b"1," * 1_000_000 + b"1]}", 422),
        (b'{"operations": ["' + b"x" * (10 * 1024 * 1024) + b'"]}', 413),
        (b'{"operations": ["' + b"x" * (13 * 1024 * 1024) + b'"]}', 413),
        (b"\xff\xfe", 422),
    ],
)
def test_hostile_bodies_are_refused_whole(worker: Caller, body: bytes, status: int) -> None:
    answer = worker.post("operations", body)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert Operation.objects.count() == 0


def test_hostile_entries_are_refused_one_by_one(worker: Caller) -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    some = str(uuid.uuid4())
    entries = [
        *(None, [], "x", 5, {}, {"id": [1]}, now_raw(seq=True), now_raw(seq=2**70), now_raw(seq=-1), now_raw(seq="1")),
        *(
            now_raw(kind=""),
            now_raw(kind="k" * 99),
            now_raw(kind=["note"]),
            now_raw(body=[]),
            now_raw(body={"d": deep}),
        ),
        *(
            now_raw(body={"t": "x" * rules.MOST_BODY}),
            now_raw(after=some),
            now_raw(after=[some] * 100),
            now_raw(files=[7]),
        ),
        *(now_raw(base=1.5), now_raw(branch="zz"), now_raw(subject="' OR 1=1"), now_raw(body={"t": "\x00"})),
        *(
            {**now_raw(), "at": one}
            for one in ("yesterday", 5, "2026-03-10T09:00:00", "9999-12-31T23:59:59Z", "x" * 99)
        ),
    ]
    good = now_raw()
    answer = worker.post("operations", {"operations": [*entries, good]})
    assert answer.status_code == 200, answer.content
    found = [one["state"] for one in answer.json()["results"]]
    assert found == ["refused"] * len(entries) + ["applied"]
    assert Operation.objects.count() == 1
    assert notes() == [good["id"]]


@pytest.mark.parametrize("path", ["?cursor=%00", "?cursor=" + "x" * 9_000, "?size=0", "?size=5000", "?size=x"])
def test_hostile_questions_are_refused_or_begin_anew(worker: Caller, path: str) -> None:
    answer = worker.get(f"changes{path}")
    assert answer.status_code == 422 or (answer.status_code == 200 and answer.json()["reset"])


@pytest.mark.parametrize("ids", ["", "x", "1,2", ",".join([str(uuid.UUID(int=1))] * 201), "0" * 1_000_000])
def test_asking_for_nonsense(worker: Caller, ids: str) -> None:
    assert worker.get(f"operations?ids={ids}").status_code == 422


def test_a_part_that_is_too_big_is_refused_unread(worker: Caller) -> None:
    answer = worker.put(f"uploads/{uuid.uuid4()}?offset=0&size=999999&type=image/png", bytes(rules.MOST_PART + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_big")


def test_changes_are_compressed_and_hold_no_secret(worker: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "_offers", {})
    doors.offers("catalogue")(lambda _scope: doors.Whole("1", lambda: [("0101", 1, {"name": "垃圾" * 500})]))
    answer = worker.get("changes", **{"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    body = json.loads(gzip.decompress(answer.content))
    assert ("catalogue", "0101") in [(one["k"], one["id"]) for one in body["records"]]
    assert (body["more"], body["reset"]) == (False, False)
    assert worker.headers["X-Huying-Device"].rpartition("_")[2] not in json.dumps(body)
    assert "csrf" not in json.dumps(body)


def test_five_phones_are_enough(cast: Cast) -> None:
    names = [*(f"第{number}部" for number in range(6)), "  "]
    codes = [Caller(cast.tang_grid).post("devices", {"name": name}).status_code for name in names]
    assert codes == [201] * 5 + [409, 422]


def test_too_often_is_told_so(worker: Caller, settings: Any) -> None:
    settings.HUYING_PORTAL_LIMITS = {"field-operations": (2, 3600)}
    codes = [worker.post("operations", {"operations": [now_raw()]}).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert len(notes()) == 2
