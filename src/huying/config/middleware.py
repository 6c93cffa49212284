"""Headers that keep a page from being misused."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# The national map service, reached only where a key for it is set.
_MAPS = " https://*.tianditu.gov.cn" if settings.HUYING_TIANDITU_KEY else ""
# No script or style inside a page; maps draw photos from blobs and data.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src 'self' data: blob:{_MAPS}",
        "media-src 'self' blob:",
        "font-src 'self'",
        f"connect-src 'self'{_MAPS}",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class SafeHeaders:
    """Content-Security-Policy and its companions on every response; works in both worlds, sync and async."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        answer = self.get_response(request)
        if inspect.isawaitable(answer):
            return self._later(answer)
        return _with_headers(answer)

    async def _later(self, answer: Awaitable[HttpResponseBase]) -> HttpResponseBase:
        return _with_headers(await answer)


def _with_headers(response: HttpResponseBase) -> HttpResponseBase:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
