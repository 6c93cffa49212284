"""The way from the desk to the phone: whoever works in the field finds it above their list."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from huying.kernel.actor import Actor
from huying.senses.sync.rules import FIELD_ROLES


def way_to_phone(request: HttpRequest, _subject: Any) -> str:
    """A card that leads to the phone app, for those who may use it; no query."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.is_staff or not actor.duties_of(*FIELD_ROLES):
        return ""
    return render_to_string("field/_way_to_phone.html", request=request)
