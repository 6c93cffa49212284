"""Kinds of devices, each a file in ``kinds/``: fields with units and plausible ranges, payload mappings, commands.

A new kind is a new file; nothing here names one. The format is described in docs/reference/devices.md. Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

FOLDER: Final = Path(__file__).with_name("kinds")
TYPES: Final = ("number", "bool", "text", "choice")
FORMS: Final = ("tuya", "thing_model")


class KindWrong(ValueError):
    """A kind's file does not say what it must; names the file and the place in it."""


class Words(NamedTuple):
    """A name in both languages."""

    zh: str
    en: str

    def say(self, language: str) -> str:
        """In the language of a code such as ``zh-hans`` or ``en``."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a device reports. ``low`` and ``high`` bound what is plausible (both included), in ``unit``.

    ``private`` values (vitals, position) are seen by appointed carers and consented family only. ``urgent``: true means
    somebody needs help now. ``only_in_alarm``: kept only in a reading in which something urgent is true.
    """

    code: str
    name: Words
    type: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    places: int = 0
    private: bool = False
    urgent: bool = False
    only_in_alarm: bool = False
    choices: Mapping[str, Words] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommandKind:
    """Something a device can be told. ``payload`` is what is sent; ``needs_confirmation``: a second person must agree.

    ``cuts_power``: never for an exempt device (medical equipment hangs on it).
    """

    code: str
    name: Words
    payload: Mapping[str, Any]
    needs_confirmation: bool
    cuts_power: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where a foreign name in a payload goes: numbers become ``value × scale + offset``, ``values`` translates words and flags."""

    to: str
    scale: float = 1.0
    offset: float = 0.0
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of device. ``urgent``: everything it sends goes by the urgent stream (smoke, gas).

    ``silence_minutes``: after this long without a word it counts as offline; ``keep_days``: how long history is kept.
    ``payloads``: form (``tuya``, ``thing_model``) → foreign name → source; our own form needs no mapping. ``gathers``: a
    gateway, which sends for others. ``withheld`` are the fields that are ``only_in_alarm``, ``plan`` says (type, low, high)
    of each field for decoding.
    """

    code: str
    name: Words
    icon: str
    urgent: bool
    fields: Mapping[str, Field]
    payloads: Mapping[str, Mapping[str, Source]]
    silence_minutes: int
    keep_days: int
    commands: Mapping[str, CommandKind]
    gathers: bool = False
    private_fields: frozenset[str] = frozenset()
    urgent_fields: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    plan: Mapping[str, tuple[str, float, float]] = field(default_factory=dict)

    def is_urgent(self, values: Mapping[str, Any]) -> bool:
        """Whether a reading with these values belongs on the urgent stream."""
        return self.urgent or any(values.get(code) is True for code in self.urgent_fields)


def kind(code: str) -> Kind:
    """One kind by its code; KeyError for an unknown one."""
    return kinds()[code]


@cache
def kinds() -> Mapping[str, Kind]:
    """All kinds by code, in the order of their ``order``; files are read once. Raises KindWrong."""
    read = [_read(path) for path in sorted(FOLDER.glob("*.yaml"))]
    return {one.code: one for _order, one in sorted(read, key=lambda pair: (pair[0], pair[1].code))}


def _read(path: Path) -> tuple[int, Kind]:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict) or raw.get("code") != path.stem:
        raise KindWrong(f"{path.name}: code must be {path.stem!r}")
    return int(raw.get("order", 100)), parse_kind(raw, path.name)


def parse_kind(raw: Mapping[str, Any], name: str = "kind") -> Kind:
    """A kind from the mapping its file holds. Raises KindWrong, naming the place."""
    where = _Where(name)
    where.only(raw, {"code", "order", "name", "icon", "urgent", "gathers", "silence_minutes", "keep_days",
                     "fields", "payloads", "commands"})  # fmt: skip
    fields = {code: _field(code, body, where.at("fields", code)) for code, body in where.map(raw, "fields").items()}
    return Kind(
        code=where.text(raw, "code"),
        name=where.words(raw),
        icon=where.text(raw, "icon"),
        urgent=raw.get("urgent") is True,
        gathers=raw.get("gathers") is True,
        private_fields=frozenset(code for code, one in fields.items() if one.private),
        urgent_fields=frozenset(code for code, one in fields.items() if one.urgent),
        withheld=frozenset(code for code, one in fields.items() if one.only_in_alarm),
        plan={code: (one.type, one.low or 0.0, one.high or 0.0) for code, one in fields.items()},
        fields=fields,
        payloads=_payloads(where.map(raw, "payloads"), fields, where),
        silence_minutes=where.count(raw, "silence_minutes"),
        keep_days=where.count(raw, "keep_days"),
        commands={
            code: _command(code, body, where.at("commands", code)) for code, body in where.map(raw, "commands").items()
        },
    )


class _Where:
    """A place in a file, for messages."""

    def __init__(self, path: str) -> None:
        self.path = path

    def at(self, *steps: str) -> _Where:
        return _Where(".".join((self.path, *steps)))

    def wrong(self, why: str) -> KindWrong:
        return KindWrong(f"{self.path}: {why}")

    def only(self, raw: Any, known: set[str]) -> None:
        if not isinstance(raw, dict):
            raise self.wrong("must be a mapping")
        if strange := sorted(set(raw) - known):
            raise self.wrong(f"does not know {', '.join(map(str, strange))}")

    def text(self, raw: Mapping[str, Any], key: str) -> str:
        if not isinstance(raw.get(key), str) or not raw[key]:
            raise self.wrong(f"{key} must be a text")
        return str(raw[key])

    def count(self, raw: Mapping[str, Any], key: str) -> int:
        value = raw.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.wrong(f"{key} must be a whole number above 0")
        return value

    def map(self, raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found = raw.get(key) or {}
        if not isinstance(found, dict):
            raise self.wrong(f"{key} must be a mapping")
        return found

    def words(self, raw: Mapping[str, Any], key: str = "name") -> Words:
        found = self.map(raw, key)
        return Words(self.at(key).text(found, "zh"), self.at(key).text(found, "en"))


def _field(code: str, raw: Any, where: _Where) -> Field:
    where.only(raw, {"zh", "en", "type", "unit", "low", "high", "places", "private", "urgent", "only_in_alarm",
                     "choices"})  # fmt: skip
    kind_of = where.text(raw, "type")
    if kind_of not in TYPES:
        raise where.wrong(f"type must be one of {', '.join(TYPES)}")
    low, high = raw.get("low"), raw.get("high")
    if kind_of == "number" and not (_number(low) and _number(high) and low < high):
        raise where.wrong("a number needs low and high, low below high")
    if raw.get("urgent") is True and kind_of != "bool":
        raise where.wrong("only a bool can be urgent")
    choices = {
        str(value): where.at("choices").words({"name": names}) for value, names in where.map(raw, "choices").items()
    }
    if (kind_of == "choice") != bool(choices):
        raise where.wrong("a choice needs choices, and nothing else has them")
    return Field(
        code=code,
        name=Words(where.text(raw, "zh"), where.text(raw, "en")),
        type=kind_of,
        unit=str(raw.get("unit", "")),
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        places=int(raw.get("places", 0)),
        private=raw.get("private") is True,
        urgent=raw.get("urgent") is True,
        only_in_alarm=raw.get("only_in_alarm") is True,
        choices=choices,
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _payloads(raw: Mapping[str, Any], fields: Mapping[str, Field], where: _Where) -> Mapping[str, Mapping[str, Source]]:
    for form in raw:
        if form not in FORMS:
            raise where.at("payloads").wrong(f"form must be one of {', '.join(FORMS)}")
    return {
        form: {name: _source(to, fields, where.at("payloads", form, name)) for name, to in mapping.items()}
        for form, mapping in raw.items()
    }


def _source(raw: Any, fields: Mapping[str, Field], where: _Where) -> Source:
    given = {"to": raw} if isinstance(raw, str) else raw
    where.only(given, {"to", "scale", "offset", "values"})
    to = where.text(given, "to")
    if to not in fields:
        raise where.wrong(f"there is no field {to}")
    if not _number(given.get("scale", 1)) or not _number(given.get("offset", 0)):
        raise where.wrong("scale and offset must be numbers")
    values = {str(one): value for one, value in where.map(given, "values").items()}
    return Source(to, float(given.get("scale", 1)), float(given.get("offset", 0)), values)


def _command(code: str, raw: Any, where: _Where) -> CommandKind:
    where.only(raw, {"zh", "en", "payload", "needs_confirmation", "cuts_power"})
    return CommandKind(
        code=code,
        name=Words(where.text(raw, "zh"), where.text(raw, "en")),
        payload=where.map(raw, "payload"),
        needs_confirmation=raw.get("needs_confirmation") is True,
        cuts_power=raw.get("cuts_power") is True,
    )


def codes() -> Sequence[str]:
    """The codes of all kinds."""
    return tuple(kinds())
