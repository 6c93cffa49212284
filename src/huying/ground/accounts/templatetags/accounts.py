"""What the sign-in pages show in a demonstration."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.utils.translation import get_language

from huying.ground.accounts import demo

register = template.Library()


@register.simple_tag
def demo_logins() -> dict[str, Any] | None:
    """Logins to show on the page; None outside a demonstration."""
    if not settings.HUYING_DEMO:
        return None
    english = (get_language() or "").startswith("en")
    rows = [{"username": name, "label": en if english else zh} for name, zh, en in demo.LOGINS]
    return {"password": demo.PASSWORD, "rows": rows, "require_totp": settings.HUYING_REQUIRE_TOTP}


@register.simple_tag
def demo_residents() -> list[dict[str, str]]:
    """Residents to show on the page; empty outside a demonstration."""
    return [{"phone": phone, "name": name} for phone, name, _elder in demo.RESIDENTS] if settings.HUYING_DEMO else []
