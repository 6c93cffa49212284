"""kill -9 of the web server while phones send a day's work: nothing lost, nothing twice, each branch in its order.

Phones do what real ones do: they keep an operation until they were told what became of it, and send it again until then.
At full size by hand: `HUYING_TEST_PHONES=200 HUYING_TEST_EACH=500 pytest tests/operations/test_killed_sync.py` (half an hour).
"""

from __future__ import annotations

import http.client
import io
import json
import os
import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from PIL import Image

from huying.casework.cases import factories
from huying.ground.organisation.models import Appointment, Person
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.files import StoredFile
from huying.kernel.trace import Entry, verify
from huying.kernel.trace.keys import ensure_private_key
from huying.senses.sync.factories import make_device
from huying.senses.sync.models import Operation, Upload
from tests.conftest import Web
from tests.sessions import session_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PHONES, EACH = (int(os.environ.get(f"HUYING_TEST_{name}", usual)) for name, usual in (("PHONES", 4), ("EACH", 30)))
BATCH = 10 if EACH < 100 else 100
PATIENCE = 90.0 if EACH < 100 else 3600.0


class Phone:
    """An outbox that empties itself over a line that breaks."""

    def __init__(self, web: Web, actor: Actor, number: int) -> None:
        self.web, self.broken = web, 0
        _device, token = make_device(actor, now=clock.now(), name=f"{number}号")
        self.chance = random.Random(number)
        csrf = "c" * 32
        self.headers = {
            "X-Huying-Device": token,
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session_of(factories.account_of(actor))}; {settings.CSRF_COOKIE_NAME}={csrf}",
            "X-CSRFToken": csrf,
            "Host": "127.0.0.1",
        }
        self.pictures = {str(uuid.uuid4()): _picture() for _ in range(6)}
        self.outbox = self._day()

    def _day(self) -> dict[str, dict[str, Any]]:
        branches = [str(uuid.uuid4()) for _ in range(4)]
        last: dict[str, str] = {}
        day = {}
        for seq in range(1, EACH + 1):
            one, branch = str(uuid.uuid4()), self.chance.choice(branches)
            day[one] = {
                "id": one,
                "seq": seq,
                "kind": "probe",
                "branch": branch,
                "after": [last[branch]] if branch in last else [],
                "at": clock.now().isoformat(),
                "body": {"n": seq},
                "files": [self.chance.choice(list(self.pictures))] if seq % 10 == 0 else [],
            }
            last[branch] = one
        return day

    def ask(self, method: str, path: str, body: bytes, kind: str) -> tuple[int, dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            link = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=20)
            try:
                link.request(method, f"/api/v1/field/{path}", body, {**self.headers, "Content-Type": kind})
                answer = link.getresponse()
                return answer.status, json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError):
                self.broken += 1
                time.sleep(0.05)
            finally:
                link.close()
        raise TimeoutError(path)

    def send_picture(self, one: str, content: bytes) -> None:
        """In three parts; after a break, from where the server says it stands."""
        offset, step = 0, len(content) // 3 + 1
        while offset < len(content):
            part = content[offset : offset + step]
            query = f"uploads/{one}?offset={offset}&size={len(content)}&type=image/png"
            status, told = self.ask("PUT", query, part, "application/octet-stream")
            assert status in (200, 409), told
            offset = told["received"]

    def send_bundle(self, pictures: list[tuple[str, bytes]]) -> None:
        """Together; after a break all of them again."""
        head = [{"id": one, "size": len(content), "type": "image/png"} for one, content in pictures]
        body = json.dumps(head).encode() + b"\n" + b"".join(content for _one, content in pictures)
        status, told = self.ask("POST", "uploads", body, "application/octet-stream")
        assert status == 200, told
        assert {one["state"] for one in told["results"]} <= {"taken", "known"}, told

    def work(self) -> None:
        pictures = list(self.pictures.items())
        while self.outbox or pictures:
            chosen = list(self.outbox.values())[: BATCH + 10]
            self.chance.shuffle(chosen)  # nor do they arrive in order
            body = json.dumps({"operations": chosen[:BATCH]}).encode()
            if chosen:
                status, told = self.ask("POST", "operations", body, "application/json")
                assert status == 200, told
                for one in told["results"]:
                    assert one["state"] in ("applied", "waiting"), one
                    if one["state"] == "applied":
                        self.outbox.pop(one["id"], None)
            if len(pictures) > 2:
                self.send_bundle([pictures.pop(), pictures.pop()])
            elif pictures:
                self.send_picture(*pictures.pop())


def _picture() -> bytes:
    drawn = io.BytesIO()
    Image.frombytes("RGB", (40, 40), os.urandom(4800)).save(drawn, "PNG")
    return drawn.getvalue()


@pytest.fixture
def probed(transactional_db: None) -> Iterator[Web]:
    """A server with one more kind of operation, to be killed."""
    own = Web()
    own.settings = "tests.operations.probe.settings"
    own.start()
    try:
        yield own
    finally:
        own.stop()


def _workers() -> list[Actor]:
    cast = factories.make_cast()
    first = Appointment.objects.get(person_id=cast.tang_grid.person_id)
    found = []
    for number in range(PHONES):
        person = Person.objects.create(number=f"W{number}", name=f"网格{number}", valid_from=factories.BEGAN)
        Appointment.objects.create(
            person=person, unit_id=first.unit_id, post_id=first.post_id, role="grid_worker", area=first.area,
            valid_from=factories.BEGAN,
        )  # fmt: skip
        found.append(
            Actor("staff", f"person:{person.pk}", person.name, person_id=person.pk, duties=cast.tang_grid.duties)
        )
    return found


def test_nothing_lost_nothing_twice_in_order(probed: Web) -> None:
    phones = [Phone(probed, actor, number) for number, actor in enumerate(_workers())]
    wanted = {one["id"]: one for phone in phones for one in phone.outbox.values()}
    threads = [threading.Thread(target=phone.work, daemon=True) for phone in phones]
    for thread in threads:
        thread.start()
    for enough in (len(wanted) // 6, len(wanted) // 2):
        deadline = time.monotonic() + PATIENCE
        while Entry.objects.filter(verb="probe").count() < enough and time.monotonic() < deadline:
            assert all(thread.is_alive() for thread in threads)
            time.sleep(0.01)
        probed.kill()
        probed.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)

    assert sum(phone.broken for phone in phones) > 0, "the server was never away while somebody called"
    assert Operation.objects.count() == len(wanted)
    assert set(Operation.objects.values_list("state", flat=True)) == {"applied"}
    done: dict[str, list[int]] = defaultdict(list)
    for chain, body in Entry.objects.filter(verb="probe").order_by("chain", "seq").values_list("chain", "body"):
        done[chain].append(json.loads(body)["seq"])
    ordered: dict[str, list[int]] = defaultdict(list)
    for one in sorted(wanted.values(), key=lambda each: each["seq"]):
        ordered[f"probe:{one['branch']}"].append(one["seq"])
    assert done == ordered, "each once, and in the order of its branch"
    pictures = sum(len(phone.pictures) for phone in phones)
    assert Counter(Upload.objects.values_list("state", flat=True)) == {"whole": pictures}
    assert StoredFile.objects.count() == pictures
    ensure_private_key()
    assert verify().ok
