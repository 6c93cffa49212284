"""Authentication for ninja routers: `auth=SignedIn()` or `auth=SignedIn("reports:write")`."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja.utils import check_csrf

from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden

from . import access

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class SignedIn:
    """Lets in staff, residents and keys; keys must hold the scope. Returns the Actor, also found as `request.auth`.

    A session travels in a cookie, so writing requests must then carry the CSRF token; keys need none.
    """

    def __init__(self, scope: str = "") -> None:
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Actor | None:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if actor.kind == "key":
            if self.scope:
                access.require_scope(actor, self.scope)
            return actor
        if actor.ref == access.ANONYMOUS.ref:
            return None
        if request.method not in SAFE and check_csrf(request) is not None:
            raise Forbidden(_("页面已过期"), code="csrf", hint=_("请刷新页面后再试；系统对接请使用接口密钥"))
        return actor
