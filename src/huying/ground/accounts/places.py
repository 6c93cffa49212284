"""Where somebody goes after signing in, and the choices their device keeps."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from huying.kernel.actor import Actor
from huying.shell.navigation import first_page
from huying.shell.place import ELDER_COOKIE

from .models import User

YEAR = 365 * 24 * 3600


def after_sign_in(request: HttpRequest) -> str:
    """For staff the page their work begins with, the portal for residents."""
    if not getattr(request.user, "is_staff", False):
        return "/"
    actor: Actor | None = getattr(request, "actor", None)
    return first_page({duty.role for duty in actor.duties} if actor else (), settings.LOGIN_REDIRECT_URL)


def safe_next(request: HttpRequest, fallback: str) -> str:
    """The `next` address if it is one of ours, else the fallback."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else fallback


def remember_choices(response: HttpResponse, user: User) -> HttpResponse:
    """Put the account's language and elder mode on the device."""
    secure = bool(settings.SESSION_COOKIE_SECURE)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, user.language, max_age=YEAR, samesite="Lax", httponly=True, secure=secure
    )
    if user.elder_mode:
        response.set_cookie(ELDER_COOKIE, "1", max_age=YEAR, samesite="Lax", httponly=True, secure=secure)
    return response


def address_of(request: HttpRequest | None) -> str | None:
    """The caller's network address, as the server in front states it."""
    return (request.META.get("REMOTE_ADDR") or None) if request is not None else None


def username_of(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """The user name somebody tries, for axes: what it counts must not depend on letter case."""
    typed = (credentials or {}).get("username") or (request.POST.get("login", "") if request is not None else "")
    return str(typed).strip().lower()


def agent_of(request: HttpRequest | None) -> str:
    return (request.META.get("HTTP_USER_AGENT", "") if request is not None else "")[:200]
