"""What stands in the menus. Rooms above register their entries; the shell only draws them.

Call ``register`` in ``AppConfig.ready``. An entry is shown to an actor who holds any of its roles; an entry without
roles is shown to every signed-in member of staff (desk) or to everybody (portal). ``starts`` names the roles whose work
begins on the entry's page: there they come in (``first_page``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

Text = str | Promise
DESK, PORTAL, PERSON = "desk", "portal", "person"

log = logging.getLogger("huying.shell")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu. ``place`` is "desk" (left), "portal" (bottom bar, at most five) or "person"."""

    label: Text
    url_name: str
    roles: tuple[str, ...] = ()
    icon: str = "list"
    order: int = 100
    count: Callable[[HttpRequest], int | str | None] | None = None
    group: Text = ""
    place: str = DESK
    starts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as drawn for one request."""

    label: Text
    url: str
    icon: str
    count: int | str | None
    current: bool
    group: Text


@dataclass(frozen=True, slots=True)
class SearchTarget:
    """Where the search field of the desk's head leads."""

    url_name: str
    parameter: str = "q"
    label: Text = ""

    @property
    def url(self) -> str:
        return url_of(self.url_name)


_entries: dict[tuple[str, str], Entry] = {}
_search: list[SearchTarget] = []
_place_name: list[Callable[[HttpRequest], Text]] = []


def register(entry: Entry) -> None:
    """Add an entry; registering the same place and address again replaces it."""
    _entries[entry.place, entry.url_name] = entry


def register_search(target: SearchTarget) -> None:
    """Let the desk's search field lead to ``target``; the last one registered wins."""
    _search[:] = [target]


def register_place_name(provider: Callable[[HttpRequest], Text]) -> None:
    """Name of the place in the head of the portal, asked on each page."""
    _place_name[:] = [provider]


def url_of(url_name: str) -> str:
    """Address of a flat url name, or "" while no room serves it."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def _allowed(entry: Entry, actor: object) -> bool:
    if not entry.roles:
        return True
    has: Callable[[str], bool] | None = getattr(actor, "has", None)
    return has is not None and any(has(role) for role in entry.roles)


def _current(url: str, path: str, others: Iterable[str]) -> bool:
    """The longest registered address that begins the present path is the current one."""
    if path == url:
        return True
    if url == "/" or not path.startswith(url):
        return False
    return not any(path.startswith(other) and len(other) > len(url) for other in others)


def entries(request: HttpRequest, place: str) -> list[Shown]:
    """Entries of a place that the request's actor may use, in order."""
    actor = getattr(request, "actor", None)
    found = sorted((entry for entry in _entries.values() if entry.place == place), key=lambda entry: entry.order)
    allowed = [(entry, url) for entry in found if _allowed(entry, actor) and (url := url_of(entry.url_name))]
    urls = [url for _entry, url in allowed]
    return [
        Shown(
            label=entry.label,
            url=url,
            icon=entry.icon,
            count=entry.count(request) if entry.count else None,
            current=_current(url, request.path, urls),
            group=entry.group,
        )
        for entry, url in allowed
    ]


def first_page(roles: Iterable[str], otherwise: str) -> str:
    """Where somebody who holds these roles begins: the first page in the menu's order that is the start of one of them.

    ``otherwise`` for somebody with no role, and for whoever holds a role that begins nowhere else.
    """
    held = frozenset(roles)
    found = sorted(
        (entry for entry in _entries.values() if entry.place == DESK and held.intersection(entry.starts)),
        key=lambda entry: entry.order,
    )
    begun = {role for entry in found for role in entry.starts}
    if not held or not held <= begun:
        return otherwise
    return next((url for entry in found if (url := url_of(entry.url_name))), otherwise)


def search_target() -> SearchTarget | None:
    """The registered search, if its address is served."""
    return _search[0] if _search and _search[0].url else None


def place_name(request: HttpRequest) -> Text:
    """Registered name of the place, or "" — also when it cannot be looked up, so that an error page always appears."""
    try:
        return _place_name[0](request) if _place_name else ""
    except Exception:
        log.warning("the name of the place cannot be read", exc_info=True)
        return ""
