"""Regular expressions of forms, matched in time that grows with the text and not beyond.

A form comes from outside, and so does what is typed into it: a pattern with nested repetition can hold an ordinary matcher for
hours. Here a pattern is a small machine that walks all its states at once (Thompson, 1968), so a match costs at most
states x characters. What cannot be done that way (back references, looking ahead) is refused when the form is imported.

The notation is the common part of JavaScript and Python: characters, ``.``, ``[a-z]``, ``\\d \\w \\s \\D \\W \\S``, escapes,
``( )``, ``(?: )``, ``|``, ``* + ? {m} {m,} {m,n}``, ``^`` at the beginning and ``$`` at the end. ``\\d`` and ``\\w`` are ASCII.
The whole text must match. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

MOST_CHARACTERS: Final = 300
MOST_STATES: Final = 1500
MOST_TEXT: Final = 2000
MOST_REPEATS: Final = 200
_DEEPEST: Final = 20
_DIGITS: Final = frozenset("0123456789")
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_SPACE: Final = frozenset(" \t\n\r\f\v\u00a0\u2028\u2029\u3000\ufeff")
_CLASSES: Final = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r"}


class PatternError(ValueError):
    """The pattern is not one we match; ``at`` is the place (from 0)."""

    def __init__(self, at: int) -> None:
        self.at = at
        super().__init__(f"unsupported pattern at {at}")


@dataclass(frozen=True, slots=True)
class Some:
    """One character: of these, or between these ends, or everything but them."""

    characters: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False
    parts: tuple[Some, ...] = ()

    def has(self, one: str) -> bool:
        inside = (
            one in self.characters
            or any(low <= one <= high for low, high in self.ranges)
            or any(part.has(one) for part in self.parts)
        )
        return inside != self.negated


ANY: Final = Some(frozenset("\n\r\u2028\u2029"), negated=True)


@dataclass(frozen=True, slots=True)
class All:
    parts: list[Tree]


@dataclass(frozen=True, slots=True)
class Either:
    ways: list[Tree]


@dataclass(frozen=True, slots=True)
class Repeat:
    part: Tree
    least: int
    most: int | None


Tree = All | Either | Repeat | Some


@dataclass(slots=True)
class _Reader:
    """Reads a pattern into a tree: All(parts), ("either", parts), ("repeat", part, least, most) or a character."""

    text: str
    at: int = 0

    def whole(self) -> Tree:
        if self.text[:1] == "^":
            self.at = 1
        tree = self.either(0)
        if self.at != len(self.text):
            raise PatternError(self.at)
        return tree

    def either(self, depth: int) -> Tree:
        if depth > _DEEPEST:
            raise PatternError(self.at)
        ways = [self.sequence(depth)]
        while self.peek() == "|":
            self.at += 1
            ways.append(self.sequence(depth))
        return ways[0] if len(ways) == 1 else Either(ways)

    def sequence(self, depth: int) -> Tree:
        parts: list[Tree] = []
        while (one := self.peek()) not in ("", "|", ")"):
            if one == "$" and self.at == len(self.text) - 1 and depth == 0:
                self.at += 1
                break
            parts.append(self.repeated(self.single(depth)))
        return All(parts)

    def single(self, depth: int) -> Tree:
        one = self.take()
        if one == "(":
            if self.text[self.at : self.at + 2] == "?:":
                self.at += 2
            inner = self.either(depth + 1)
            if self.take() != ")":
                raise PatternError(self.at - 1)
            return inner
        if one == "[":
            return self.choice()
        if one == "\\":
            return self.escaped()
        if one in "*+?{}^$)]":
            raise PatternError(self.at - 1)
        return ANY if one == "." else Some(frozenset(one))

    def repeated(self, tree: Tree) -> Tree:
        one = self.peek()
        if one == "" or one not in "*+?{":
            return tree
        self.at += 1
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(one) or self.counts()
        if self.peek() == "?":
            self.at += 1  # taking as little as possible changes what is found, not whether the whole matches
        if self.peek() != "" and self.peek() in "*+?{":
            raise PatternError(self.at)
        return Repeat(tree, least, most)

    def counts(self) -> tuple[int, int | None]:
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at : max(end, self.at)].partition(",")
        if end < 0 or not low.isascii() or not low.isdigit() or (high and not (high.isascii() and high.isdigit())):
            raise PatternError(self.at)
        least = int(low[:6])
        most = least if not comma else int(high[:6]) if high else None
        if max(least, most or 0) > MOST_REPEATS or (most is not None and most < least):
            raise PatternError(self.at)
        self.at = end + 1
        return least, most

    def choice(self) -> Some:
        negated = self.peek() == "^"
        self.at += negated
        if self.peek() == "]":
            raise PatternError(self.at)
        characters: set[str] = set()
        ranges: list[tuple[str, str]] = []
        parts: list[Some] = []
        while self.peek() != "]":
            low = self.member(parts)
            if low and self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.member(parts)
                if not high or high < low:
                    raise PatternError(self.at)
                ranges.append((low, high))
            elif low:
                characters.add(low)
        self.at += 1
        return Some(frozenset(characters), tuple(ranges), negated, tuple(parts))

    def member(self, parts: list[Some]) -> str:
        """One member of a choice: the character, or "" after a whole class such as ``\\d`` was put into ``parts``."""
        one = self.take()
        if one == "[":
            raise PatternError(self.at - 1)
        if one != "\\":
            return one
        some = self.escaped()
        if len(some.characters) == 1 and not some.negated:
            return next(iter(some.characters))
        parts.append(some)
        return ""

    def escaped(self) -> Some:
        one = self.take()
        if one.lower() in _CLASSES:
            return Some(_CLASSES[one.lower()], negated=one.isupper())
        if one in _CONTROLS:
            return Some(frozenset(_CONTROLS[one]))
        if one in "\\^$.*+?()[]{}|/-":
            return Some(frozenset(one))
        raise PatternError(self.at - 1)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        one = self.peek()
        if not one:
            raise PatternError(self.at)
        self.at += 1
        return one


@dataclass(slots=True)
class Machine:
    """States: each either takes a character and goes on (``takes``) or goes on by itself to others (``jumps``)."""

    takes: list[Some | None] = field(default_factory=list)
    jumps: list[tuple[int, ...]] = field(default_factory=list)
    start: int = 0

    def matches(self, text: str) -> bool:
        """Whether the whole text matches; texts longer than 2,000 characters never do."""
        if len(text) > MOST_TEXT:
            return False
        here = self.reached({self.start})
        for one in text:
            moved = {
                self.jumps[state][0] for state in here if (some := self.takes[state]) is not None and some.has(one)
            }
            if not moved:
                return False
            here = self.reached(moved)
        return 0 in here

    def reached(self, states: set[int]) -> set[int]:
        seen, waiting = set(states), list(states)
        while waiting:
            state = waiting.pop()
            if self.takes[state] is None:
                fresh = [other for other in self.jumps[state] if other not in seen]
                seen.update(fresh)
                waiting.extend(fresh)
        return seen

    def add(self, some: Some | None, *jumps: int) -> int:
        if len(self.takes) >= MOST_STATES:
            raise PatternError(0)
        self.takes.append(some)
        self.jumps.append(jumps)
        return len(self.takes) - 1

    def build(self, tree: Tree, then: int) -> int:
        """The state from which ``tree`` and then the state ``then`` is reached."""
        if isinstance(tree, Some):
            return self.add(tree, then)
        if isinstance(tree, All):
            for part in reversed(tree.parts):
                then = self.build(part, then)
            return then
        if isinstance(tree, Either):
            return self.add(None, *[self.build(way, then) for way in tree.ways])
        part, least, most = tree.part, tree.least, tree.most
        if most is None:
            loop = self.add(None)
            self.jumps[loop] = (self.build(part, loop), then)
            then = loop
        else:
            end = then
            for _ in range(most - least):
                then = self.add(None, self.build(part, then), end)
        for _ in range(least):
            then = self.build(part, then)
        return then


@lru_cache(maxsize=500)
def machine(pattern: str) -> Machine:
    """The machine of a pattern. Raises :class:`PatternError` for what is longer, deeper or other than we match."""
    if len(pattern) > MOST_CHARACTERS:
        raise PatternError(MOST_CHARACTERS)
    made = Machine()
    made.add(None)
    made.start = made.build(_Reader(pattern).whole(), 0)
    return made
