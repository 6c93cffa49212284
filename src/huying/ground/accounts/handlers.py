"""The record of sign-ins, kept from Django's and allauth's own signals."""

from __future__ import annotations

from typing import Any

from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from huying.kernel import clock

from .middleware import KIND, SEEN, TWO_FACTORS
from .models import SignIn, User
from .places import address_of, agent_of


def _write(request: HttpRequest | None, user: User | None, outcome: str, method: str = "") -> None:
    SignIn.objects.create(
        user=user, at=clock.now(), outcome=outcome, method=method, address=address_of(request), agent=agent_of(request)
    )


def _named(credentials: dict[str, Any]) -> User | None:
    name = str(credentials.get("username") or "").strip().lower()
    return User.objects.staff().filter(username=name).first() if name else None


@receiver(user_logged_in)
def note_sign_in(sender: object, request: HttpRequest, user: User, **_more: Any) -> None:
    request.session[KIND] = user.kind
    request.session[SEEN] = clock.now().timestamp()
    request.session.pop(TWO_FACTORS, None)
    _write(request, user, SignIn.Outcome.OK, "password" if user.is_staff else "code")


@receiver(user_logged_out)
def note_sign_out(sender: object, request: HttpRequest | None, user: User | None, **_more: Any) -> None:
    quiet = request is not None and request.session.get("huying_quiet_logout")
    if isinstance(user, User) and not quiet:
        _write(request, user, SignIn.Outcome.OUT)


@receiver(user_login_failed)
def note_refusal(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_more: Any) -> None:
    _write(request, _named(credentials), SignIn.Outcome.REFUSED, "password")


@receiver(user_locked_out)
def note_lock(sender: object, request: HttpRequest | None = None, username: str = "", **_more: Any) -> None:
    _write(request, _named({"username": username}), SignIn.Outcome.LOCKED, "password")


@receiver(authentication_failed)
def note_wrong_code(sender: object, request: HttpRequest, user: User, **_more: Any) -> None:
    _write(request, user, SignIn.Outcome.REFUSED, "totp")


@receiver([authenticator_added, authenticator_removed])
def note_factor_change(sender: object, request: HttpRequest, user: User, **_more: Any) -> None:
    """A bound or removed second factor is looked at again with the next request."""
    request.session.pop(TWO_FACTORS, None)
