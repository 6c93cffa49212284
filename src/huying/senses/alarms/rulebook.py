"""Which rules apply to a device: the defaults of its kind, what its places say otherwise, what is said for it alone.

Later says more: kind < wider area < nearer area < device. A rule of the same code replaces, ``off`` takes away. Held in
memory, one small query finds whether something was saved since; devices under the same rules share one :class:`RuleSet`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Max

from .engine import Rule, RuleWrong, default_rules, parse_rule
from .models import AlarmRule

log = logging.getLogger("huying.alarms")


class Placed(Protocol):
    """What of a device its rules depend on: devices' ``Known`` and ``Device`` both are."""

    @property
    def pk(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def area(self) -> str: ...


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """One rule that applies, and where it comes from: ``level`` kind, area or device; the version of what was saved."""

    rule: Rule
    level: str
    area: str = ""
    version: int = 0
    row_id: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """The rules of some devices. The same object as long as nothing was saved: an engine may be kept for each."""

    rules: tuple[Rule, ...]
    by_code: Mapping[str, Applied]

    def rule(self, code: str) -> Rule | None:
        found = self.by_code.get(code)
        return found.rule if found else None


@dataclass(frozen=True, slots=True)
class _Own:
    """One saved rule in force; ``rule`` is empty where it takes the rule of that code away."""

    code: str
    area: str
    version: int
    row_id: int
    rule: Rule | None


@dataclass(slots=True, eq=False)
class Rulebook:
    """All saved rules as of one moment (``version`` grows with every save)."""

    version: int
    of_area: Mapping[str, Mapping[str, Sequence[_Own]]]  # kind → area → rules
    of_device: Mapping[int, Sequence[_Own]]
    _sets: dict[tuple[object, ...], RuleSet] = field(default_factory=dict)

    def of(self, device: Placed) -> RuleSet:
        """The rules that apply to a device."""
        own = self.of_device.get(device.pk, ()) if self.of_device else ()
        areas = self.of_area.get(device.kind)
        places = tuple(sorted((one for one in areas if device.area.startswith(one)), key=len)) if areas else ()
        key = (device.kind, places, device.pk if own else None)
        found = self._sets.get(key)
        if found is None:
            said = [one for place in places for one in (areas or {})[place]]
            found = self._sets[key] = _resolve(device.kind, said, own)
        return found


def _resolve(kind: str, places: Iterable[_Own], own: Iterable[_Own]) -> RuleSet:
    chosen = {rule.code: Applied(rule, "kind") for rule in default_rules(kind)}
    for level, said in (("area", places), ("device", own)):
        for one in said:
            if one.rule is None:
                chosen.pop(one.code, None)
            else:
                chosen[one.code] = Applied(one.rule, level, one.area, one.version, one.row_id)
    return RuleSet(tuple(one.rule for one in chosen.values() if one.rule.active), chosen)


_held: Rulebook | None = None


def rulebook() -> Rulebook:
    """The rules as saved by now; one query when nothing was saved since."""
    global _held
    version = AlarmRule.objects.aggregate(latest=Max("id"))["latest"] or 0
    held = _held
    if held is None or held.version != version:
        held = _held = _read(version)
    return held


def rules_for(devices: Sequence[Placed]) -> list[RuleSet]:
    """The rules of each device, in their order; one query for any number, none of it about the devices."""
    book = rulebook()
    return [book.of(device) for device in devices]


def _read(version: int) -> Rulebook:
    of_area: dict[str, dict[str, list[_Own]]] = {}
    of_device: dict[int, list[_Own]] = {}
    for row in AlarmRule.objects.filter(current=True).order_by("id"):
        own = _own(row)
        if own is None:
            continue
        if row.device_id is not None:
            of_device.setdefault(row.device_id, []).append(own)
        else:
            of_area.setdefault(row.device_kind, {}).setdefault(row.area, []).append(own)
    return Rulebook(version, of_area, of_device)


def _own(row: AlarmRule) -> _Own | None:
    """What a row says; None, and a line in the log, where an older grammar's words mean nothing any more."""
    try:
        rule = None if row.off else read_body(row.body)
    except RuleWrong as wrong:
        log.error("alarm rule %s (%s) is left out: %s", row.pk, row, wrong)
        return None
    return _Own(row.code, row.area, row.version, row.pk, rule)


def read_body(body: Mapping[str, Any]) -> Rule:
    """A rule from what was saved. Raises RuleWrong."""
    return parse_rule(dict(body))
