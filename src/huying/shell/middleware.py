"""Turns the house's errors into kind pages. The REST API answers for itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from huying.kernel.errors import HuyingError
from huying.shell.views import error_page

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class KindErrors:
    """Any HuyingError that leaves a view becomes a page that says what was wrong and what to do."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, HuyingError) or request.path.startswith("/api/"):
            return None
        return error_page(
            request, exception.status, title=exception.message, hint=exception.hint, code=str(exception.code)
        )
