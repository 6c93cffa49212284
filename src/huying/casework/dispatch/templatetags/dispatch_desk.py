"""Template filters of the dispatch pages."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def value(given: Mapping[str, object] | None, name: str) -> object:
    """What stands under a name that is only known while the page is drawn; "" where nothing does."""
    return given.get(name, "") if given else ""
