"""Reads about accounts."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max

from .models import SignIn, User


def has_second_factor(user: User) -> bool:
    """True when an authenticator app is bound. One query."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists())


def is_binding_first(user: User, *, now: datetime) -> bool:
    """True while somebody who signed in a moment ago binds a first authenticator and reads its recovery codes."""
    since = user.last_login
    if not user.is_staff or since is None or (now - since).total_seconds() > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        return False
    return not Authenticator.objects.filter(user_id=user.pk, created_at__lt=since).exists()


def sign_ins(user: User, *, bound: int = 10) -> list[SignIn]:
    """The latest sign-ins and refusals, newest first. One query."""
    return list(SignIn.objects.filter(user=user).order_by("-at")[:bound])


def locked_until(username: str) -> datetime | None:
    """Until when a user name stays locked after wrong passwords, as axes counts; None when it never failed."""
    latest = AccessAttempt.objects.filter(username=username).aggregate(latest=Max("attempt_time"))["latest"]
    return latest + settings.AXES_COOLOFF_TIME if latest else None
