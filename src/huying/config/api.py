"""The REST interface `/api/v1`: one router a package, errors after RFC 9457."""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from huying.kernel.errors import Forbidden, HuyingError, NotFound, problem

log = logging.getLogger("huying.api")

api = NinjaAPI(
    title="呼应 Huying",
    version="1",
    urls_namespace="api",
    description="Report → Case → Assignment → Trace. Errors follow RFC 9457; lists page by key; times are ISO 8601.",
    docs_url=None,
)


def _problem(request: HttpRequest, status: int, body: dict[str, Any]) -> HttpResponse:
    response: HttpResponse = api.create_response(request, body, status=status)
    response["Content-Type"] = "application/problem+json"
    return response


def _plain(code: str, status: int, title: str, request: HttpRequest, **more: Any) -> dict[str, Any]:
    return {
        "type": f"urn:huying:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "instance": request.path,
        **more,
    }


@api.exception_handler(HuyingError)
def speaking(request: HttpRequest, error: HuyingError) -> HttpResponse:
    return _problem(request, error.status, problem(error, request.path))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = {".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][-1]): one["msg"] for one in error.errors}
    return _problem(request, 422, _plain("invalid", 422, _("填写的内容有误"), request, fields=fields))


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    title = _("请先登录，或带上接口密钥")
    response = _problem(request, 401, _plain("signed_out", 401, title, request))
    response["WWW-Authenticate"] = 'Bearer realm="huying"'
    return response


@api.exception_handler(Throttled)
def throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    response = _problem(request, 429, _plain("too_many", 429, _("请求太频繁，请稍后再试"), request))
    if error.wait:
        response["Retry-After"] = str(int(error.wait))
    return response


@api.exception_handler(HttpError)
def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 403:
        return speaking(request, Forbidden())
    return _problem(request, error.status_code, _plain("error", error.status_code, str(error), request))


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return speaking(request, NotFound())


@api.exception_handler(Exception)
def broken(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("%s %s failed", request.method, request.path, exc_info=error)
    return _problem(request, 500, problem(error, request.path))


def _mount() -> None:
    """Every package's `api.py` with a `router`; the package says its own paths, beginning with its noun.

    Upper rooms first: an address is looked for in this order, and what is called all day lies there.
    """
    for app in reversed(settings.HUYING_APPS):
        if find_spec(f"{app}.api") is not None:
            module = import_module(f"{app}.api")
            api.add_router("", module.router, tags=[app.rpartition(".")[2]])


_mount()
