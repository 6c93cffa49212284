"""Panels: an upper room hangs a piece of page on a lower room's page without the lower room knowing it.

The lower page leaves a slot, ``{% panels "case" "main" case %}``; the upper room registers a function in
``AppConfig.ready``. The function returns safe HTML, or "" to show nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

Render = Callable[[HttpRequest, Any], str]

_panels: defaultdict[tuple[str, str], list[tuple[int, str, Render]]] = defaultdict(list)


def register(page: str, slot: str, render: Render, order: int = 100) -> None:
    """Hang ``render`` in a slot of a page. Registering the same function again changes its order only."""
    name = f"{render.__module__}.{render.__qualname__}"
    kept = [panel for panel in _panels[page, slot] if panel[1] != name]
    _panels[page, slot] = sorted([*kept, (order, name, render)], key=lambda panel: panel[:2])


def render(request: HttpRequest, page: str, slot: str, subject: Any) -> SafeString:
    """All panels of a slot in order. A plain string is escaped as any other text would be."""
    pieces = [
        conditional_escape(piece) for _order, _name, make in _panels[page, slot] if (piece := make(request, subject))
    ]
    return mark_safe("\n".join(pieces))
