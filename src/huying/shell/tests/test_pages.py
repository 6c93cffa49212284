from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from huying.kernel.errors import Conflict, Refused
from huying.shell.middleware import KindErrors
from huying.shell.views import back_to, error_page

SHELL = Path(__file__).parents[1]


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_switches_never_lead_away(target: str) -> None:
    assert back_to(RequestFactory().post("/shell/elder", {"next": target})) == "/"
    assert back_to(RequestFactory().post("/shell/elder", {"next": "/report?x=1"})) == "/report?x=1"


def test_elder_mode_is_kept_in_a_cookie(client: Client) -> None:
    answer = client.post("/shell/elder", {"elder": "1", "next": "/gallery"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/gallery")
    assert client.cookies["huying_elder"].value == "1"
    client.post("/shell/elder", {"elder": "0"})
    assert client.cookies["huying_elder"].value == ""
    assert client.get("/shell/elder").status_code == 405


def test_the_gallery_is_not_there_in_production(db: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUYING_GALLERY", raising=False)
    assert client.get("/gallery").status_code == 404


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/field/", "/field"),
        ("/desk/dispatch?page=2", "/desk/dispatch/?page=2"),
        ("/report/", "/report"),
        ("/p/%E4%B8%AD/", ""),
        ("/evil.example/", ""),
    ],
)
def test_one_slash_too_few_or_too_many_is_forgiven(db: None, client: Client, typed: str, meant: str) -> None:
    answer = client.get(typed)
    assert (answer.status_code, answer.headers.get("Location", "")) == ((302, meant) if meant else (404, ""))
    assert client.post(typed.split("?")[0]).status_code == 404, "what is sent is never led elsewhere"
    assert client.get("/", PATH_INFO="//evil.example/report").status_code == 404


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500])
def test_every_failure_has_kind_words(status: int) -> None:
    answer = error_page(RequestFactory().get("/desk/"), status)
    assert answer.status_code == status
    page = answer.content.decode()
    assert "系统错误" not in page
    assert "回到首页" in page


def test_a_refusal_becomes_a_page_with_its_own_words() -> None:
    request = RequestFactory().get("/desk/cases/1")
    answer = handled(request, Refused("已经有人签收了", hint="请刷新看看"))
    assert answer is not None
    assert answer.status_code == 409
    assert "已经有人签收了" in answer.content.decode()
    assert "请刷新看看" in answer.content.decode()


def test_htmx_gets_words_for_a_toast_not_a_page() -> None:
    request = RequestFactory().post("/desk/cases/1", headers={"HX-Request": "true"})
    answer = handled(request, Conflict("别人先一步"))
    assert answer is not None
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "%E5%88%AB%E4%BA%BA" in answer.headers["X-Message"]


def test_the_api_answers_for_itself() -> None:
    assert handled(RequestFactory().get("/api/v1/cases"), Refused("不行")) is None
    assert handled(RequestFactory().get("/desk/"), ValueError("x")) is None


def handled(request: HttpRequest, error: Exception) -> HttpResponse | None:
    return KindErrors(lambda _request: HttpResponse()).process_exception(request, error)


@override_settings(HUYING_PLACE_NAME="<澄江>")
def test_the_name_of_the_place_is_escaped() -> None:
    caches["near"].clear()  # a place another test stood in is not ours
    assert "&lt;澄江&gt;" in error_page(RequestFactory().get("/"), 404).content.decode()


def test_templates_hold_no_inline_script_or_style() -> None:
    forbidden = re.compile(r"\sstyle=|<style|\son[a-z]+=|hx-on|x-bind:style|<script(?![^>]*\ssrc=)", re.IGNORECASE)
    found = [
        f"{path.name}: {hit.group()}"
        for path in (SHELL / "templates").rglob("*.html")
        if (hit := forbidden.search(re.sub(r"<c-icon[^>]*>|<c-vars[^>]*>", "", path.read_text("utf-8"))))
    ]
    assert found == []


def test_every_word_is_translated() -> None:
    said = {
        word
        for path in (SHELL / "templates").rglob("*.html")
        for word in re.findall(r'\{%\s*trans "([^"]+)"', path.read_text("utf-8"))
    }
    said |= {
        word
        for path in [*SHELL.glob("*.py"), *(SHELL / "templatetags").glob("*.py")]
        for word in re.findall(r'(?<!\w)(?:_|gettext)\(\s*"([^"]+)"', path.read_text("utf-8"))
    }
    with (SHELL / "locale/en/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file, locale="en")
    assert sorted(word for word in said if not (catalogue.get(word) and catalogue.get(word).string)) == []
