"""What the registry's staff pages share: who may open them, and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from huying.ground.organisation import rules as organisation
from huying.ground.organisation.access import ANONYMOUS
from huying.ground.organisation.desk.frame import area_labels, entered
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound

View = Callable[..., HttpResponseBase]

__all__ = ["actor_of", "area_labels", "entered", "page", "private"]


def actor_of(request: HttpRequest) -> Actor:
    """Who is signed in, with duties."""
    return request.actor  # type: ignore[attr-defined, no-any-return]


def page(*capabilities: str) -> Callable[[View], View]:
    """Signed out → sign in; residents and staff without any of the capabilities → 404, as if there were no such page.

    None named: who may see records.
    """
    wanted = capabilities or ("registry.view",)

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor = actor_of(request)
            if actor.ref == ANONYMOUS.ref:
                return redirect_to_login(request.get_full_path())
            if not actor.is_staff or not any(organisation.may_somewhere(actor, one) for one in wanted):
                raise NotFound()
            return private(view(request, *args, **kwargs))

        return guarded

    return wrap


def private(answer: HttpResponseBase) -> HttpResponseBase:
    """Nothing of these pages is kept by the browser or on the way."""
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer
