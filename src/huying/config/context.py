"""What every page may know about the instance it is shown by."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def instance(request: HttpRequest) -> dict[str, object]:
    """`demo` (this is a demonstration) and `actor` (who is looking)."""
    return {"demo": settings.HUYING_DEMO, "actor": getattr(request, "actor", None)}
