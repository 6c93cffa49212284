"""Who may open a desk page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound

View = Callable[..., HttpResponseBase]


def actor_of(request: HttpRequest) -> Actor:
    """Who is signed in, with duties."""
    return request.actor  # type: ignore[attr-defined, no-any-return]


def staff(view: View) -> View:
    """Signed out → sign in; residents → their portal; what a member of staff may not see is 404, as everywhere."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        actor = actor_of(request)
        if actor.is_resident:
            return redirect("/")
        if not actor.is_staff:
            raise NotFound()
        return view(request, *args, **kwargs)

    return guarded
