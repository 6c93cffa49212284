"""Who reads the page and where: elder mode and the name of the place."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from huying.shell import navigation

ELDER_COOKIE = "huying_elder"


def is_elder(request: HttpRequest) -> bool:
    """Whether this device asked for large text, large targets and fewer choices."""
    return request.COOKIES.get(ELDER_COOKIE) == "1"


def name(request: HttpRequest | None) -> str | Promise:
    """Registered name of the place, else the setting HUYING_PLACE_NAME, else the product's name."""
    registered = navigation.place_name(request) if request is not None else ""
    return registered or getattr(settings, "HUYING_PLACE_NAME", "") or _("呼应")
