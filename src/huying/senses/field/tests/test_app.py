"""The phone app's page, its service worker and its manifest: who gets them, and that they fit together."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.test import Client

from huying.casework.cases.factories import Cast, account_of
from huying.kernel.actor import Actor
from huying.senses.field import app
from huying.senses.field.app_words import WORDS
from huying.shell import assets

pytestmark = pytest.mark.django_db
PAGE, WORKER, MANIFEST = "/field", "/field/worker.js", "/field/manifest.webmanifest"


@pytest.fixture(autouse=True)
def one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def client_of(actor: Actor) -> Client:
    client = Client()
    client.force_login(account_of(actor))
    return client


def page_data(answer: HttpResponse) -> dict[str, object]:
    found = re.search(r'<script id="field-page" type="application/json">(.*?)</script>', answer.content.decode(), re.S)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


def test_whoever_is_signed_out_signs_in_first(client: Client) -> None:
    for address in (PAGE, WORKER):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.url == f"{resolve_url(settings.LOGIN_URL)}?next={address}"  # type: ignore[attr-defined]


def test_an_address_with_a_slash_leads_to_the_app(client: Client) -> None:
    answer = client.get(f"{PAGE}/")
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)


def test_colleagues_without_work_in_the_field_find_nothing(cast: Cast) -> None:
    client = client_of(cast.wang_seat)
    assert [client.get(address).status_code for address in (PAGE, WORKER)] == [404, 404]


def test_the_page_brings_all_it_says_and_nothing_of_anybody(cast: Cast) -> None:
    answer = client_of(cast.tang_grid).get(PAGE)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "worker-src 'self';" in policy and "unsafe" not in policy
    assert "no-cache" in answer.headers["Cache-Control"]
    data = page_data(answer)
    assert (data["root"], data["api"]) == ("/field", "/api/v1/field")
    assert data["words"]["zh"] == {}  # type: ignore[index]
    assert set(data["words"]["en"]) == set(WORDS)  # type: ignore[index]
    assert cast.tang_grid.name not in answer.content.decode()
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))", answer.content.decode())
    assert inline == [] and "style=" not in answer.content.decode()


def test_the_worker_keeps_every_file_the_page_asks_for(cast: Cast) -> None:
    client = client_of(cast.tang_grid)
    answer = client.get(WORKER)
    assert answer.headers["Service-Worker-Allowed"] == "/field"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    head, _rest = answer.content.decode().split(";\n", 1)
    kept = json.loads(head.removeprefix("const HUYING_FIELD = "))
    assert kept["page"] == "/field"
    asked = re.findall(rf'(?:src|href)="({settings.STATIC_URL}built/[^"#]+)', client.get(PAGE).content.decode())
    assert asked and set(asked) <= set(kept["files"])
    assert all((assets.BUILT / file.removeprefix(f"{settings.STATIC_URL}built/")).is_file() for file in kept["files"])
    assert kept["version"] == page_data(client.get(PAGE))["version"]


def test_other_words_are_another_version(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    before = app.version()
    assert app.version() == before
    monkeypatch.setattr("huying.senses.field.app_words.WORDS", WORDS[1:])
    assert app.version() != before


def test_the_manifest_makes_it_installable(client: Client) -> None:
    answer = client.get(MANIFEST)
    said = answer.json()
    assert answer.headers["Content-Type"] == "application/manifest+json"
    assert (said["start_url"], said["scope"], said["display"]) == ("/field", "/field", "standalone")
    assert said["icons"][0]["src"] == assets.asset_url("mark.svg")
    english = client.get(MANIFEST, headers={"accept-language": "en"}).json()
    assert (said["name"], english["name"]) == ("呼应网格", "Huying Field")


def test_only_reading_is_answered(cast: Cast) -> None:
    client = client_of(cast.tang_grid)
    assert [client.post(address).status_code for address in (PAGE, WORKER, MANIFEST)] == [405, 405, 405]
