"""Pages of signing in: residents by code, the lock page, my account. Staff pages are allauth's with our templates."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from huying.kernel import clock, privacy
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError

from . import actions, queries, senders
from .models import User
from .places import address_of, after_sign_in, remember_choices, safe_next, username_of

PENDING = "huying_phone"  # the sealed number waiting for its code
RESIDENT_BACKEND = "huying.ground.accounts.backends.ResidentBackend"


def locked_out(request: HttpRequest, response: Any = None, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """Said by axes after too many wrong passwords: kindly, and until when."""
    until = queries.locked_until(username_of(request, credentials))
    words = {"until": timezone.localtime(until) if until else None, "limit": settings.AXES_FAILURE_LIMIT}
    page = render(request, "accounts/locked.html", words, status=429)
    if until is not None:
        page["Retry-After"] = str(max(1, int((until - clock.now()).total_seconds())))
    return page


@never_cache
@require_http_methods(["GET", "POST"])
def resident_sign_in(request: HttpRequest) -> HttpResponse:
    """Step one: the phone number."""
    if request.user.is_authenticated and request.method == "GET":
        return redirect(safe_next(request, after_sign_in(request)))
    words: dict[str, Any] = {"next": safe_next(request, ""), "phone": ""}
    if request.method == "POST":
        phone = request.POST.get("phone", "")
        try:
            _send(request, phone)
        except HuyingError as error:
            words |= {"phone": phone, "error": error}
            return render(request, "accounts/resident_phone.html", words, status=error.status)
        return _to_code(request)
    return render(request, "accounts/resident_phone.html", words)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def resident_code(request: HttpRequest) -> HttpResponse:
    """Step two: the code from the message, or another one."""
    phone = _pending(request)
    if not phone:
        return redirect("resident-sign-in")
    words: dict[str, Any] = {
        "phone": privacy.mask_phone(phone),
        "shown": request.session.get("huying_shown_code", ""),
        "minutes": int(settings.HUYING_CODE_LIFE.total_seconds() // 60),
        "next": safe_next(request, ""),
    }
    if request.method == "GET":
        return render(request, "accounts/resident_code.html", words)
    try:
        if "again" in request.POST:
            _send(request, phone)
            return _to_code(request)
        user = actions.sign_in_by_code(phone=phone, code=request.POST.get("code", ""), now=clock.now())
    except HuyingError as error:
        return render(request, "accounts/resident_code.html", words | {"error": error}, status=error.status)
    return _enter(request, user)


def _send(request: HttpRequest, phone: str) -> None:
    sent = actions.send_code(phone=phone, address=address_of(request), now=clock.now(), sender=senders.from_settings())
    request.session[PENDING] = privacy.seal(sent.phone).hex()
    request.session["huying_shown_code"] = sent.shown


def _pending(request: HttpRequest) -> str:
    sealed = request.session.get(PENDING, "")
    try:
        return privacy.unseal(bytes.fromhex(sealed)) if sealed else ""
    except (ValueError, privacy.Unsealable):
        return ""


def _to_code(request: HttpRequest) -> HttpResponse:
    target = safe_next(request, "")
    return HttpResponseRedirect(reverse("resident-code") + (f"?next={target}" if target else ""))


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    for name in (PENDING, "huying_shown_code"):
        request.session.pop(name, None)
    login(request, user, backend=RESIDENT_BACKEND)  # gives the session a new key
    request.session.set_expiry(settings.HUYING_RESIDENT_SESSION)
    return remember_choices(redirect(safe_next(request, "/")), user)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def my_account(request: HttpRequest) -> HttpResponse:
    """Language, elder mode, security and the latest sign-ins."""
    user = request.user
    assert isinstance(user, User)
    if request.method == "POST":
        actions.change_preferences(
            actor=_self(request, user),
            now=clock.now(),
            user=user,
            language=request.POST.get("language", ""),
            elder_mode=request.POST.get("elder_mode") == "1",
            name=request.POST.get("name", ""),
        )
        return remember_choices(redirect("my-account"), user)
    factors = (
        set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True)) if user.is_staff else set()
    )
    words = {
        "account": user,
        "has_totp": Authenticator.Type.TOTP in factors,
        "sign_ins": queries.sign_ins(user),
        "require_totp": settings.HUYING_REQUIRE_TOTP,
        "idle_minutes": int(settings.HUYING_IDLE_LIMIT.total_seconds() // 60),
        "languages": [("zh-hans", "简体中文"), ("en", "English")],
    }
    return render(request, "accounts/my_account.html", words)


def _self(request: HttpRequest, user: User) -> Actor:
    actor = getattr(request, "actor", None)
    return actor if isinstance(actor, Actor) else Actor(user.kind, f"user:{user.pk}", str(user))


@require_GET
def inactive(request: HttpRequest) -> HttpResponse:
    """Where allauth leads a disabled account."""
    return render(request, "accounts/inactive.html", status=403)
