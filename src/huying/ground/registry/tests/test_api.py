"""REST: keys read masked within their area and scope; changes merge; proposals are decided by people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from huying.ground.organisation import actions as organisation
from huying.ground.organisation.factories import staff
from huying.ground.registry.factories import GRID, OTHER_GRID, kept
from huying.ground.registry.models import Proposal, Resident
from huying.kernel import clock

from .desk_cast import SECRETS, Desk, make_desk, text

pytestmark = pytest.mark.django_db
BASE = "/api/v1/registry"


@pytest.fixture
def desk(db: None, settings: Any) -> Desk:
    settings.HUYING_REQUIRE_TOTP = False
    return make_desk()


def key(*scopes: str, area: str = GRID) -> Client:
    now = clock.now()
    _key, token = organisation.issue_key(
        actor=staff("admin"), now=now, name="智慧社区", scopes=list(scopes), expires_at=now + timedelta(days=30), unit=None,
        area=area,
    )  # fmt: skip
    return Client(headers={"authorization": f"Bearer {token}", "accept-language": "zh-hans"})


def put(client: Client, uid: object, **body: Any) -> Any:
    return client.put(f"{BASE}/person/{uid}", body, content_type="application/json")


def test_a_key_finds_and_reads_masked_in_its_area_only(desk: Desk) -> None:
    here, elsewhere = key("registry:read"), key("registry:read", area=OTHER_GRID)
    found = here.get(f"{BASE}/find", {"q": "王秀英"}).json()
    assert [one["uid"] for one in found["items"]] == [str(desk.resident.uid)]
    answer = here.get(f"{BASE}/person/{desk.resident.uid}")
    assert answer.json()["values"]["phone"] == "138****8000" and "id_number" in answer.json()["masked"]
    assert not [secret for secret in SECRETS if secret in text(answer)]
    assert elsewhere.get(f"{BASE}/find", {"q": "王秀英"}).json()["items"] == []
    assert elsewhere.get(f"{BASE}/person/{desk.resident.uid}").status_code == 404


def test_without_the_scope_nothing(desk: Desk) -> None:
    assert Client().get(f"{BASE}/find", {"q": "王秀英"}).status_code == 401
    for client in (key("units:read"), key("registry:write")):
        assert client.get(f"{BASE}/person/{desk.resident.uid}").status_code == 403
    reader = key("registry:read")
    assert put(reader, desk.resident.uid, base=1, changes={"language": "粤语"}).status_code == 403
    assert key("registry:read").get(f"{BASE}/care/{uuid4()}").status_code == 404


def test_a_key_says_new_values_once_and_what_matters_waits(desk: Desk) -> None:
    writer, uid, op = key("registry:read", "registry:write"), uuid4(), str(uuid4())
    body = {"base": 0, "op": op, "changes": {"name": "周小兰", "phone": "13300133000", "home": str(desk.room.uid)}}
    for _twice in range(2):
        assert put(writer, uid, **body).json()["state"] == "applied"
    assert Resident.objects.count() == 2
    version = kept("person", uid).version
    answer = put(writer, uid, base=version, changes={"name": "周晓兰"}).json()
    assert answer["state"] == "waiting" and kept("person", uid).value("name") == "周小兰"
    wrong = put(writer, uid, base=version, changes={"nonsense": "1"})
    assert wrong.status_code == 422 and wrong.json()["fields"]
    assert writer.post(f"{BASE}/person/{uid}/confirm").json()["version"] == version


def test_proposals_are_decided_by_people(desk: Desk) -> None:
    writer = key("registry:read", "registry:write")
    version = kept("person", desk.resident.uid).version
    number = put(writer, desk.resident.uid, base=version, changes={"name": "王秀瑛"}).json()["proposal"]
    assert [one["id"] for one in writer.get(f"{BASE}/proposals").json()["items"]] == [number]
    body, kind = {"accept": ["name"]}, "application/json"
    assert writer.post(f"{BASE}/proposals/{number}/decide", body, content_type=kind).status_code in (403, 404)
    editor = desk.client("editor")
    assert editor.post(f"{BASE}/proposals/{number}/decide", body, content_type=kind).json()["state"] == "accepted"
    assert kept("person", desk.resident.uid).value("name") == "王秀瑛"
    assert Proposal.objects.get().decided_by == desk.actors["editor"].ref
