"""Who is told of a warning. Pure: a picture of the organisation and a clock in, people and their roles out.

Domain sheet §3.4: blue → handler; yellow → handler and unit lead; red → unit lead and the supervisors of street and centre,
with an automatic reminder; black → a supervision order and the discipline body. Clocks nobody but the centre can stop
(dispatching, deciding an objection, checking) warn the people who hold that post instead of a unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from huying.ground.organisation.directory import Directory

#: Kinds of clocks that run against a post and not against a unit, and whose it is.
POSTS = {
    "dispatch": "dispatcher",
    "objection": "dispatcher",
    "check": "checker",
    "follow_up": "dispatcher",
    "request:extension": "dispatcher",
    "request:suspension": "centre_lead",
}

_OF_UNIT: dict[str, tuple[str, ...]] = {
    "blue": ("handler",),
    "yellow": ("handler", "unit_lead"),
    "red": ("handler", "unit_lead", "supervisor"),
    "black": ("unit_lead", "supervisor", "discipline"),
}
_OF_POST: dict[str, tuple[str, ...]] = {
    "blue": ("post",),
    "yellow": ("post", "centre_lead"),
    "red": ("post", "centre_lead", "supervisor"),
    "black": ("centre_lead", "supervisor", "discipline"),
}
_EVERY_LEVEL = frozenset({"supervisor"})  # at the street and above; of other posts the nearest are told


def post_of(kind: str) -> str | None:
    """The post a clock runs against, by its kind or the family of kinds it belongs to (``follow_up:<id>``)."""
    return POSTS.get(kind) or POSTS.get(kind.partition(":")[0])


@dataclass(frozen=True, slots=True)
class Subject:
    """What the choice depends on."""

    kind: str
    area: str
    unit_id: int | None = None
    person_id: int | None = None


@lru_cache(maxsize=2)
def _holders_of(directory: Directory) -> dict[str, dict[str, list[int]]]:
    """Who holds each role in each area. A directory never changes, so it is gone through once."""
    found: dict[str, dict[str, list[int]]] = {}
    for unit_id in directory.units:
        for each in directory.appointments_in(unit_id):
            people = found.setdefault(each.role, {}).setdefault(each.area, [])
            if each.person_id not in people:
                people.append(each.person_id)
    return found


@dataclass(slots=True)
class People:
    """Looks people up in one directory; keep one for a whole sweep."""

    directory: Directory
    _by_role: dict[str, dict[str, list[int]]] = field(init=False)
    _memo: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_role = _holders_of(self.directory)

    def for_light(self, subject: Subject, light: str, at: datetime) -> list[tuple[int, str]]:
        """People to tell, each once, with the role they are told in."""
        post = post_of(subject.kind)
        found: dict[int, str] = {}
        for role in (_OF_POST if post else _OF_UNIT)[light]:
            wanted = post if role == "post" and post else role
            for person_id in self._holders(subject, wanted, at):
                found.setdefault(person_id, wanted)
        return list(found.items())

    def in_area(self, role: str, area: str) -> tuple[int, ...]:
        """Holders of a role whose area contains ``area``: of supervisors all levels, of others the nearest."""
        key = (role, area)
        if key not in self._memo:
            self._memo[key] = tuple(self._search(role, area))
        return self._memo[key]

    def anywhere(self, role: str) -> tuple[int, ...]:
        """All holders of a role, whatever their area: for a matter whose place nobody knows."""
        return tuple(dict.fromkeys(one for ids in self._by_role.get(role, {}).values() for one in ids))

    def _search(self, role: str, area: str) -> Sequence[int]:
        matching = {prefix: ids for prefix, ids in self._by_role.get(role, {}).items() if area.startswith(prefix)}
        if not matching:
            return ()
        if role in _EVERY_LEVEL:
            return [person_id for ids in matching.values() for person_id in ids]
        return matching[max(matching, key=len)]

    def _holders(self, subject: Subject, role: str, at: datetime) -> Iterable[int]:
        if role == "handler":
            return self._handler(subject, at)
        if role == "unit_lead":
            if subject.unit_id is None or subject.unit_id not in self.directory.units:
                return ()
            lead = self.directory.lead_of(subject.unit_id)
            return () if lead is None else (lead,)
        return self.in_area(role, subject.area)

    def _handler(self, subject: Subject, at: datetime) -> Iterable[int]:
        if subject.person_id is not None:
            return (subject.person_id,)
        if subject.unit_id is None or subject.unit_id not in self.directory.units:
            return ()
        on_duty = self.directory.on_duty(subject.unit_id, "handler", at)
        return () if on_duty is None else (on_duty,)
