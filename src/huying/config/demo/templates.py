"""The small template language of the phrase books.

``{slot}`` is filled from a scene, ``[a|b|c]`` picks one branch, branches nest, an empty branch says nothing.
Templates are compiled once; unknown slots and unbalanced brackets are errors when the book is read, not when a
resident speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Protocol, TypeVar

T = TypeVar("T")


class Scene(Protocol):
    """What a template may ask about: a random source and one value per slot."""

    rng: Random

    def slot(self, name: str) -> str: ...


class PhraseError(ValueError):
    """A phrase book line that cannot be read; the message names the line."""


Node = Callable[[Scene], str]


class Template:
    """One compiled phrase. ``source`` keeps the line as written, ``slots`` the names it asks for."""

    __slots__ = ("_nodes", "fixed", "slots", "source")

    def __init__(self, source: str, known: frozenset[str]) -> None:
        self.source = source
        self.slots: set[str] = set()
        self._nodes, end = self._read(source, 0, known, depth=0)
        if end != len(source):
            raise PhraseError(f"unbalanced brackets: {source}")
        self.fixed = source if not self.slots and "[" not in source else ""

    def say(self, scene: Scene) -> str:
        if self.fixed:
            return self.fixed
        return "".join([node if type(node) is str else node(scene) for node in self._nodes])  # type: ignore[operator]

    def _read(self, text: str, at: int, known: frozenset[str], depth: int) -> tuple[tuple[str | Node, ...], int]:
        nodes: list[str | Node] = []
        plain = at
        while at < len(text):
            mark = text[at]
            if mark in "{[" or (depth and mark in "|]"):
                if at > plain:
                    nodes.append(text[plain:at])
                if mark in "|]":
                    return tuple(nodes), at
                node, at = self._slot(text, at, known) if mark == "{" else self._choice(text, at, known, depth)
                nodes.append(node)
                plain = at
            elif mark in "}]":
                raise PhraseError(f"unbalanced brackets: {text}")
            else:
                at += 1
        if depth:
            raise PhraseError(f"unclosed bracket: {text}")
        if at > plain:
            nodes.append(text[plain:at])
        return tuple(nodes), at

    def _slot(self, text: str, at: int, known: frozenset[str]) -> tuple[Node, int]:
        end = text.find("}", at)
        name = text[at + 1 : end]
        if end < 0 or name not in known:
            raise PhraseError(f"unknown slot {{{name}}}: {text}")
        self.slots.add(name)
        return lambda scene: scene.slot(name), end + 1

    def _choice(self, text: str, at: int, known: frozenset[str], depth: int) -> tuple[Node, int]:
        branches: list[tuple[str | Node, ...]] = []
        while True:
            nodes, at = self._read(text, at + 1, known, depth + 1)
            branches.append(nodes)
            if text[at] == "]":
                return _choose(tuple(branches)), at + 1


def _choose(branches: tuple[tuple[str | Node, ...], ...]) -> Node:
    count = len(branches)
    if all(len(nodes) <= 1 and all(isinstance(node, str) for node in nodes) for nodes in branches):
        words = tuple(str(nodes[0]) if nodes else "" for nodes in branches)
        return lambda scene: words[int(scene.rng.random() * count)]

    def pick(scene: Scene) -> str:
        nodes = branches[int(scene.rng.random() * count)]
        return "".join([node if type(node) is str else node(scene) for node in nodes])  # type: ignore[operator]

    return pick


def pick(rng: Random, options: Sequence[T]) -> T:
    """One of the options, each as likely; a good deal faster than ``Random.choice``."""
    return options[int(rng.random() * len(options))]


def weighted(rng: Random, options: Mapping[str, float]) -> str:
    """One key, by weight."""
    ticket = rng.random() * sum(options.values())
    for key, weight in options.items():
        ticket -= weight
        if ticket < 0:
            return key
    return next(reversed(list(options)))
