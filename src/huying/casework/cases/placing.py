"""Where that stands what a case is about: asked of the registry, and of the rooms above for what they keep themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from uuid import UUID

from huying.ground.registry.models import MODELS

from .subjects import REGISTERED, keys

_asked: dict[str, Callable[[Collection[str]], Iterable[str]]] = {}


def register(kind: str, areas: Callable[[Collection[str]], Iterable[str]]) -> None:
    """``areas`` tells the area codes of subjects of a kind, by their keys."""
    _asked[kind] = areas


def areas_of(marks: Collection[str]) -> set[str]:
    """The areas of what these marks name; what is gone or has none is left out. One query a kind."""
    found: set[str] = set()
    for kind in REGISTERED:
        if uids := [uid for key in keys(marks, kind) if (uid := _uid(key)) is not None]:
            found.update(MODELS[kind]._default_manager.filter(uid__in=uids).values_list("area", flat=True))
    for kind, areas in _asked.items():
        if named := keys(marks, kind):
            found.update(areas(named))
    return found - {""}


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
