"""Accounts of people on strength, opened and closed from the person's page by an administrator and nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from huying.ground.accounts.models import User
from huying.ground.organisation import actions
from huying.ground.organisation.factories import NOW, make_appointment, make_cast, make_person, staff
from huying.ground.organisation.models import Person
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from huying.kernel.trace import Entry

pytestmark = pytest.mark.django_db
ADMIN = staff("admin")
DEEDS: dict[str, Callable[[Actor, Person], object]] = {
    "open": lambda actor, person: actions.open_account(actor=actor, now=NOW, person=person, username="new.name"),
    "renew": lambda actor, person: actions.renew_password(actor=actor, now=NOW, person=person),
    "forget": lambda actor, person: actions.forget_authenticator(actor=actor, now=NOW, person=person),
    "close": lambda actor, person: actions.close_account(actor=actor, now=NOW, person=person, reason="离职"),
    "reopen": lambda actor, person: actions.reopen_account(actor=actor, now=NOW, person=person),
}


@pytest.fixture(autouse=True)
def _no_second_factor(settings) -> None:  # type: ignore[no-untyped-def]
    settings.HUYING_REQUIRE_TOTP = False


def test_an_account_is_opened_with_a_password_that_must_be_changed() -> None:
    person = make_person("新来的")
    user, password = actions.open_account(actor=ADMIN, now=NOW, person=person, username="Xin.Lai")
    person.refresh_from_db()
    assert (person.user, user.username, user.name) == (user, "xin.lai", "新来的")
    assert user.check_password(password) and user.must_change_password
    assert Entry.objects.filter(chain=f"user:{user.pk}").values_list("verb", flat=True)[0] == "account_created"
    assert not Entry.objects.filter(body__icontains=password).exists()


@pytest.mark.parametrize("role", ["organisation_editor", "centre_lead", "handler"])
@pytest.mark.parametrize("name", DEEDS)
def test_only_administrators_touch_accounts(name: str, role: str) -> None:
    person = make_person("某人", username="" if name == "open" else "somebody")
    with pytest.raises(Forbidden):
        DEEDS[name](staff(role), person)


def test_refusals() -> None:
    person = make_person("有号", username="taken")
    with pytest.raises(Refused):
        DEEDS["open"](ADMIN, person)
    with pytest.raises(Conflict):
        actions.open_account(actor=ADMIN, now=NOW, person=make_person("后来"), username="taken")
    with pytest.raises(Invalid):
        actions.open_account(actor=ADMIN, now=NOW, person=make_person("乱填"), username="不行 !")
    with pytest.raises(Refused):
        DEEDS["reopen"](ADMIN, person)
    for name in ("renew", "forget", "close", "reopen"):
        with pytest.raises(NotFound):
            DEEDS[name](ADMIN, make_person(f"没号{name}"))
    assert User.objects.filter(username="taken").count() == 1


def test_from_the_page() -> None:
    cast = make_cast()
    make_appointment(cast.chief, cast.centre, "admin", "")
    client = Client()
    client.force_login(cast.chief.user, backend="huying.ground.accounts.backends.StaffBackend")  # type: ignore[arg-type]
    person = make_person("小新")
    where = f"/desk/organisation/people/{person.pk}/"
    page = client.post(where, {"do": "open", "username": "xiaoxin"})
    found = re.search(r'id="new-password">([^<]+)<', page.content.decode())
    assert found and page["Cache-Control"] == "no-store"
    person.refresh_from_db()
    assert person.user is not None and person.user.check_password(found[1])
    assert found[1] not in client.get(where).content.decode()
    assert client.post(where, {"do": "close", "reason": "调走"}).status_code == 302
    person.user.refresh_from_db()
    assert not person.user.is_active
    assert client.post(where, {"do": "reopen"}).status_code == 302
    assert client.post(where, {"do": "renew"}).status_code == 200
    own = client.post(f"/desk/organisation/people/{cast.chief.pk}/", {"do": "close", "reason": "误点"})
    assert own.status_code == 409


def test_the_page_hides_accounts_from_others() -> None:
    cast = make_cast()
    editor = make_person("组织编辑", username="org-editor")
    make_appointment(editor, cast.centre, "organisation_editor", "")
    client = Client()
    client.force_login(editor.user, backend="huying.ground.accounts.backends.StaffBackend")  # type: ignore[arg-type]
    where = f"/desk/organisation/people/{cast.chief.pk}/"
    assert "person-account" not in client.get(where).content.decode()
    assert client.post(where, {"do": "renew"}).status_code == 403
