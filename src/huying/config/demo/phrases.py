"""Reads the phrase books once: what each catalogue item sounds like, who speaks how, and the words of handling."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .templates import PhraseError, Template

BOOKS = Path(__file__).parent / "phrasebook"
_SLOTS = """place short road estate shop num b f n nn n1 nth dur from when night hour date next money fee
    person plate age bus kid old tel q"""
SLOTS = frozenset(_SLOTS.split())
VOICES = ("plain", "angry", "polite", "elderly", "newcomer", "parent", "shopkeeper", "anonymous", "tired")
_URGENT = "0501 0601 0606 0801 0802 0811 0816 0902 1401 1403 1404 1409 1410 1501 1502 1503 1504 1508 1510 1514 1515"
URGENT = frozenset(_URGENT.split())
_SENSITIVE = "0502 0520 0605 0803 0805 0806 0807 0808 0809 0902 0908 0909 0714 1101 1114 1201 1209 1409 1604 0301 0810"
SENSITIVE = frozenset(_SENSITIVE.split())


@dataclass(frozen=True, slots=True)
class ItemVoice:
    """How one catalogue item is spoken of. ``weights`` = resident, grid worker, other channels (relative)."""

    code: str
    name: str
    weights: tuple[float, float, float]
    at: tuple[str, ...]
    photo: str
    lean: str
    weekend: float
    weather: Mapping[str, float]
    titles: tuple[Template, ...]
    facts: tuple[Template, ...]
    neutral: tuple[Template, ...]
    effects: tuple[Template, ...]
    neutral_effects: tuple[Template, ...]
    asks: tuple[Template, ...]
    neutral_asks: tuple[Template, ...]
    grid: tuple[Template, ...]
    machine: tuple[Template, ...]
    english: tuple[Template, ...]
    answers: tuple[Template, ...]
    vague: tuple[Template, ...]

    @property
    def urgent(self) -> bool:
        return self.code in URGENT


@dataclass(frozen=True, slots=True)
class Limit:
    """The closing limit the demo assumes when the caller gives no clock of its own."""

    clock: str  # "c" around the clock, "w" working time (450 minutes a day)
    minutes: int
    conditions: tuple[str, ...]
    level: str


Sections = Mapping[str, tuple[Template, ...]]


def template(source: str) -> Template:
    return Template(source, SLOTS)


@cache
def items() -> Mapping[str, ItemVoice]:
    """All items by code, in catalogue order."""
    vague: dict[str, list[Template]] = {}
    for line in _lines("vague.txt"):
        code, _, phrase = line.partition(" ")
        vague.setdefault(code, []).append(template(phrase))
    found: dict[str, ItemVoice] = {}
    for number in range(1, 17):
        for head, body in _entries(f"{number:02d}.txt"):
            item = _item(head, body, vague)
            found[item.code] = item
    return found


def _entries(file: str) -> Iterator[tuple[str, list[str]]]:
    head, body = "", list[str]()
    for line in _lines(file):
        if line.startswith("@"):
            if head:
                yield head, body
            head, body = line[1:], []
        else:
            body.append(line)
    if head:
        yield head, body


def _item(head: str, body: list[str], vague: Mapping[str, list[Template]]) -> ItemVoice:
    code, name, *options = head.split(" ")
    option = dict(part.split("=", 1) for part in options)
    said: dict[str, list[Template]] = {}
    for line in body:
        key, _, phrase = line.partition(": ")
        if not phrase:
            raise PhraseError(f"{code}: {line}")
        said.setdefault(key, []).append(template(phrase))
    resident, grid, other = (float(part) for part in option["w"].split(","))
    weather = dict(pair.split(":") for pair in option.get("wx", "").split(",") if pair)
    facts, effects, asks = tuple(said.get("f", ())), tuple(said.get("c", ())), tuple(said["q"])
    return ItemVoice(
        code=code, name=name, weights=(resident, grid, other), at=tuple(option["at"].split(",")),
        photo=option.get("pic", ""), lean=option.get("lean", "day"), weekend=float(option.get("wk", "1")),
        weather={key: float(value) for key, value in weather.items()},
        titles=tuple(said["t"]), facts=facts, neutral=tuple(filter(_third_person, facts)),
        effects=effects, neutral_effects=tuple(filter(_third_person, effects)), asks=asks,
        neutral_asks=tuple(filter(_third_person, asks)) or asks,
        grid=tuple(said.get("g", ())), machine=tuple(said.get("d", ())), english=tuple(said.get("e", ())),
        answers=tuple(said.get("fb", ())), vague=tuple(vague.get(code, ())),
    )  # fmt: skip


def _third_person(phrase: Template) -> bool:
    return not any(word in phrase.source for word in ("我", "咱", "你们", "本人", "自己"))


@cache
def sections(file: str) -> Sections:
    """A book of ``[section]`` lists; a lone ``-`` stands for saying nothing."""
    found: dict[str, list[Template]] = {}
    name = ""
    for line in _lines(file):
        if line.startswith("[") and line.endswith("]") and "|" not in line:
            name = line[1:-1]
        else:
            found.setdefault(name, []).append(template("" if line == "-" else line))
    return {key: tuple(value) for key, value in found.items()}


@cache
def words(file: str, section: str) -> tuple[str, ...]:
    """Plain words of one section, separated by blanks or `` | ``."""
    text, inside = list[str](), False
    for line in _lines(file):
        if line.startswith("["):
            inside = line == f"[{section}]"
        elif inside:
            text.append(line)
    joined = " ".join(text)
    return tuple(part.strip() for part in (joined.split(" | ") if " | " in joined else joined.split()))


@cache
def limits() -> Mapping[str, Limit]:
    with (BOOKS / "limits.csv").open(encoding="utf-8", newline="") as rows:
        return {
            row["code"]: Limit(row["clock"], int(row["minutes"]), tuple(row["conditions"].split("/")), row["level"])
            for row in csv.DictReader(rows)
        }


@cache
def hours() -> Mapping[str, tuple[float, ...]]:
    """Hour-of-day curves: 24 relative weights a name."""
    return {parts[0]: tuple(float(part) for part in parts[1:]) for parts in map(str.split, _lines("hours.txt"))}


def _lines(file: str) -> Iterator[str]:
    for line in (BOOKS / file).read_text(encoding="utf-8").splitlines():
        line = line.rstrip("\n")
        if line and not line.startswith("#"):
            yield line
