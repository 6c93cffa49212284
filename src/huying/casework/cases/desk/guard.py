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
    """Signed out → sign in; nobody of the staff → as if there were no such page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not actor_of(request).is_staff:
            raise NotFound()
        return view(request, *args, **kwargs)

    return guarded


def staff_home(view: View) -> View:
    """As :func:`staff`, but a resident who strays to the desk's front door is shown to the portal."""
    guarded = staff(view)

    @wraps(view)
    def at_the_door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and actor_of(request).is_resident:
            return redirect("/")
        return guarded(request, *args, **kwargs)

    return at_the_door
