"""Addresses: the portal at /, the desk at /desk/, the API at /api/v1/. Each package brings its own list."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from huying.config import health
from huying.config.api import api

Pattern = URLPattern | URLResolver


def _gather(name: str) -> Iterator[Pattern]:
    """The list called `name` of every package's `urls.py`, upper rooms first."""
    for app in reversed(settings.HUYING_APPS):
        if find_spec(f"{app}.urls") is not None:
            yield from getattr(import_module(f"{app}.urls"), name, ())


urlpatterns: list[Pattern] = [
    path("healthz", health.healthz, name="healthz"),
    path("", include("huying.shell.live")),
    path("api/v1/", api.urls),
    path("desk/", include(list(_gather("desk_urlpatterns")))),
    path("", include(list(_gather("portal_urlpatterns")))),
    path("", include(list(_gather("urlpatterns")))),
]
handler400 = "huying.shell.views.bad_request"
handler403 = "huying.shell.views.forbidden"
handler404 = "huying.shell.views.not_found"
handler500 = "huying.shell.views.server_error"
