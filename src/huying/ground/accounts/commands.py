"""Command line of accounts: `huying users add|password|totp-reset|disable`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.console import Console, instance_command
from huying.kernel.errors import HuyingError

from . import actions
from .models import User
from .passwords import new_password


@contextmanager
def spoken() -> Iterator[None]:
    """The house's errors as words on the command line."""
    try:
        yield
    except HuyingError as error:
        raise click.ClickException(str(error)) from error


def _staff(username: str) -> User:
    user = User.objects.staff().filter(username=username.strip().lower()).first()
    if user is None:
        raise click.ClickException(f"There is no member of staff called {username}. `huying users add` makes one.")
    return user


def _chosen(ask: bool) -> tuple[str, bool]:
    """A typed password, or a made one that is printed once."""
    if ask:
        return click.prompt("Password", hide_input=True, confirmation_prompt=True), False
    return new_password(), True


@click.group("users")
def users() -> None:
    """Staff accounts: open, give a new password, reset the second factor, disable."""


@instance_command("add")
@click.argument("username")
@click.option("--name", default="", help="Name shown to others.")
@click.option("--ask", is_flag=True, help="Type the password instead of having one made.")
def add(console: Console, username: str, name: str, ask: bool) -> None:
    """Open an account. What it may do comes from appointments, made on the organisation pages."""
    password, made = _chosen(ask)
    with spoken():
        user = actions.create_staff_account(
            actor=system("command-line"), now=now(), username=username, password=password, name=name
        )
    shown = f", password {password} (to be changed at the first sign-in)" if made else ""
    console.done(f"Account {user.username} opened{shown}", username=user.username, password=password if made else None)


@instance_command("password")
@click.argument("username")
@click.option("--ask", is_flag=True, help="Type the password instead of having one made.")
def password(console: Console, username: str, ask: bool) -> None:
    """Give a new password; the account's sessions end."""
    user = _staff(username)
    secret, made = _chosen(ask)
    with spoken():
        actions.reset_password(actor=system("command-line"), now=now(), user=user, password=secret)
    shown = f": {secret} (to be changed at the next sign-in)" if made else ""
    console.done(f"New password for {user.username}{shown}", username=user.username, password=secret if made else None)


@instance_command("totp-reset")
@click.argument("username")
def totp_reset(console: Console, username: str) -> None:
    """Forget authenticator and recovery codes; the next sign-in leads to binding anew."""
    user = _staff(username)
    count = actions.reset_second_factor(actor=system("command-line"), now=now(), user=user)
    console.done(f"Second factor of {user.username} reset ({count} removed)", username=user.username, removed=count)


@instance_command("disable")
@click.argument("username")
@click.option("--reason", required=True)
def disable(console: Console, username: str, reason: str) -> None:
    """Close an account at once."""
    user = _staff(username)
    with spoken():
        actions.disable_account(actor=system("command-line"), now=now(), user=user, reason=reason)
    console.done(f"Account {user.username} disabled", username=user.username)


for _command in (add, password, totp_reset, disable):
    users.add_command(_command)
commands = [users]
