"""The account a person signs in with: open it, give a new password or authenticator, close and open the door."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from huying.ground.accounts import actions as accounts
from huying.ground.accounts.models import User
from huying.ground.accounts.passwords import new_password
from huying.ground.organisation.access import require
from huying.ground.organisation.models import Person
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound, Refused

from .saying import said


def open_account(*, actor: Actor, now: datetime, person: Person, username: str) -> tuple[User, str]:
    """An account for somebody on strength. Returns (account, password); the password is shown once and must be changed.

    Refused when the person has one already, Conflict when the user name is taken.
    """
    require(actor, "account.edit")
    password = new_password()
    with said():
        row = Person.objects.select_for_update().get(pk=person.pk)
        if row.user_id is not None:
            raise Refused(_("此人已有账号"), code="account_exists")
        user = accounts.create_staff_account(
            actor=actor, now=now, username=username, password=password, name=row.name, must_change=True
        )
        row.user = user
        row.save(update_fields=["user"])
    return user, password


def renew_password(*, actor: Actor, now: datetime, person: Person) -> str:
    """A new password, shown once and to be changed at the next sign-in; open sessions end."""
    user, password = _account(actor, person), new_password()
    accounts.reset_password(actor=actor, now=now, user=user, password=password)
    return password


def forget_authenticator(*, actor: Actor, now: datetime, person: Person) -> None:
    """For a lost phone: the next sign-in leads to binding a new one."""
    accounts.reset_second_factor(actor=actor, now=now, user=_account(actor, person))


def close_account(*, actor: Actor, now: datetime, person: Person, reason: str) -> None:
    """Close the door at once; what the person did stays in the trace."""
    user = _account(actor, person)
    if actor.person_id == person.pk:
        raise Refused(_("不能停用自己的账号"), code="own_account")
    accounts.disable_account(actor=actor, now=now, user=user, reason=reason)


def reopen_account(*, actor: Actor, now: datetime, person: Person) -> None:
    """Open the door again."""
    accounts.enable_account(actor=actor, now=now, user=_account(actor, person))


def _account(actor: Actor, person: Person) -> User:
    require(actor, "account.edit")
    user: User | None = person.user
    if user is None:
        raise NotFound(_("此人还没有账号"), code="no_account")
    return user
