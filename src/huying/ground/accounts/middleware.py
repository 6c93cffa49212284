"""Two guards for staff sessions: leaving an idle desk signed out, and leading to what safety asks first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from huying.kernel import clock

from . import queries, rules
from .models import SignIn, User
from .places import address_of, agent_of

SEEN = "huying_seen"
KIND = "huying_kind"
TWO_FACTORS = "huying_two_factors"
STAMP_EVERY = 60  # seconds: a session is written at most once a minute for this

Respond = Callable[[HttpRequest], HttpResponse]


class IdleSignOut:
    """Signs staff out after `HUYING_IDLE_LIMIT` without a request (sliding)."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if session.get(KIND) == User.Kind.STAFF and SESSION_KEY in session:
            now = clock.now()
            seen = datetime.fromtimestamp(session.get(SEEN, 0), tz=now.tzinfo)
            if rules.is_idle(now=now, seen_at=seen, limit=settings.HUYING_IDLE_LIMIT):
                return self._out(request, now)
            if (now - seen).total_seconds() >= STAMP_EVERY and not _is_background(request):
                session[SEEN] = now.timestamp()
        return self.get_response(request)

    def _out(self, request: HttpRequest, now: datetime) -> HttpResponse:
        SignIn.objects.create(
            user_id=request.session.get(SESSION_KEY),
            at=now,
            outcome=SignIn.Outcome.IDLE,
            address=address_of(request),
            agent=agent_of(request),
        )
        request.session["huying_quiet_logout"] = True
        logout(request)
        return _lead(
            request, reverse("account_login"), code="signed_out_idle", title=_("离开太久，已自动退出"), idle="1"
        )


class StaffSafety:
    """Leads staff to a new password or to their second factor before anything else."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.get(KIND) == User.Kind.STAFF and not _is_open(request.path):
            user = request.user
            if isinstance(user, User) and user.is_authenticated:
                if _must_change(user):
                    where = reverse("account_change_password")
                    return _lead(request, where, code="password_change_required", title=_("请先更换密码"))
                if not self._has_two_factors(request, user):
                    where = reverse("mfa_activate_totp")
                    return _lead(request, where, code="second_factor_required", title=_("请先绑定双因素验证"))
        return self.get_response(request)

    def _has_two_factors(self, request: HttpRequest, user: User) -> bool:
        if not settings.HUYING_REQUIRE_TOTP or request.session.get(TWO_FACTORS):
            return True
        if queries.has_second_factor(user):
            request.session[TWO_FACTORS] = True
            return True
        return False


def _must_change(user: User) -> bool:
    stale = rules.password_stale(
        now=clock.now(), changed_at=user.password_changed_at, limit=settings.HUYING_PASSWORD_LIFE
    )
    return user.must_change_password or stale


def _is_open(path: str) -> bool:
    return path.startswith(("/accounts/", "/static/", "/shell/", "/language", "/healthz"))


def _is_background(request: HttpRequest) -> bool:
    """Requests a page makes by itself do not count as somebody being there."""
    return request.path == "/live" or "X-Live-Refresh" in request.headers


def _lead(request: HttpRequest, where: str, *, code: str, title: str, **query: str) -> HttpResponse:
    """Send a person to a page; tell a program why."""
    if request.path.startswith("/api/"):
        body = {"type": f"urn:huying:problem:{code}", "title": title, "status": 401, "code": code}
        response = JsonResponse(body, status=401, json_dumps_params={"ensure_ascii": False})
        response["Content-Type"] = "application/problem+json"
        return response
    if request.method == "GET":
        query = {**query, "next": request.get_full_path()}
    target = f"{where}?{urlencode(query)}" if query else where
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)
