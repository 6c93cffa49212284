"""Who acts in a request: an API key, a member of staff, a resident, or nobody known."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from huying.kernel import clock

from . import access
from .access import BadKey


def bearer_token(request: HttpRequest) -> str:
    """The token of `Authorization: Bearer hy_…`, or ""."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class WhoActs:
    """Sets `request.actor`. Sessions are looked up lazily; a key is checked at once and a bad one answered with 401."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = bearer_token(request)
        if token:
            try:
                request.actor = access.actor_for_key(token, now=clock.now())  # type: ignore[attr-defined]
            except BadKey as error:
                return problem_response(error, request.path)
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # a key is no cookie
        else:
            request.actor = SimpleLazyObject(  # type: ignore[attr-defined]
                lambda: access.actor_for(request.user, now=clock.now())
            )
        return self.get_response(request)


def problem_response(error: BadKey, path: str) -> HttpResponse:
    """RFC 9457, with the challenge RFC 6750 asks for."""
    body = json.dumps(error.problem(path), ensure_ascii=False)
    response = HttpResponse(body, status=error.status, content_type="application/problem+json")
    response["WWW-Authenticate"] = f'Bearer realm="huying", error="invalid_token", error_description="{error.code}"'
    return response
