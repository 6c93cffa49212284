from __future__ import annotations

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import SYSTEM, Actor, Duty, system
from huying.kernel.errors import Conflict, Forbidden, HuyingError, Invalid, NotFound, Refused, problem


def test_duties() -> None:
    actor = Actor("staff", "person:3", "王芳", duties=(Duty("checker", "4419"), Duty("seat"), Duty("checker", "43")))
    assert actor.has("seat")
    assert not actor.has("admin")
    assert [duty.area for duty in actor.duties_of("checker")] == ["4419", "43"]
    assert Duty("x", "4419").covers_area("441900001")
    assert not Duty("x", "4419").covers_area("430000")
    assert Duty("x", unit_path="/1/7/").covers_unit("/1/7/31/")
    assert not Duty("x").covers_unit("/1/")


def test_system_actors() -> None:
    assert SYSTEM.is_system
    assert system("clock").ref == "system:clock"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refused(), 409, "refused"),
        (Conflict(), 409, "conflict"),
        (Invalid(), 422, "invalid"),
        (NotFound(), 404, "not_found"),
        (Forbidden(), 403, "forbidden"),
    ],
)
def test_every_error_is_a_problem(error: HuyingError, status: int, code: str) -> None:
    body = problem(error, "/api/v1/cases/1")
    assert (body["status"], body["code"], body["instance"]) == (status, code, "/api/v1/cases/1")
    assert body["type"] == f"urn:huying:problem:{code}"
    assert body["title"]


def test_fields_hint_and_own_code() -> None:
    error = Invalid(_("填写的内容有误"), fields={"phone": "电话不对"}, field="why", hint="改正后再试", code="x")
    body = problem(error)
    assert body["code"] == "x"
    assert body["detail"] == "改正后再试"
    assert body["fields"] == {"phone": "电话不对", "why": "填写的内容有误"}


def test_message_follows_the_language_of_the_reader() -> None:
    error = NotFound()
    with translation.override("zh-hans"):
        assert problem(error)["title"] == "没有找到"


def test_unexpected_errors_reveal_nothing() -> None:
    body = problem(ZeroDivisionError("secret path /srv/x"))
    assert body["status"] == 500
    assert "secret" not in str(body)
