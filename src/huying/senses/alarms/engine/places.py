"""A place in a rule's data, and what is wrong there. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from huying.casework.catalogue.words import Words


class RuleWrong(ValueError):
    """A rule does not say what it must. ``path`` is the place (``rules[2].steps[0].at_least``), ``words`` what is wrong."""

    def __init__(self, path: str, words: Words) -> None:
        super().__init__(f"{path}: {words.en}")
        self.path = path
        self.words = words


class Place:
    """Where in the data we are: reads single values, and refuses them with that place."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __truediv__(self, step: str) -> Place:
        return Place(self.path + step if step.startswith("[") else f"{self.path}.{step}")

    def wrong(self, zh: str, en: str) -> RuleWrong:
        """The error to raise here."""
        return RuleWrong(self.path, Words(zh, en))

    def only(self, raw: Any, known: set[str]) -> None:
        """It must be a mapping without other keys than these."""
        if not isinstance(raw, Mapping):
            raise self.wrong("要是一组键和值", "must be a mapping")
        if strange := sorted(str(key) for key in raw if key not in known):
            raise self.wrong(f"不认识 {'、'.join(strange)}", f"does not know {', '.join(strange)}")

    def text(self, raw: Mapping[str, Any], key: str) -> str:
        """A text of 1 to 200 characters."""
        found = raw.get(key)
        if not isinstance(found, str) or not 0 < len(found) <= 200:
            raise (self / key).wrong("要是文字，200 字以内", "must be a text of at most 200 characters")
        return found

    def optional_text(self, raw: Mapping[str, Any], key: str) -> str:
        """A text, or "" where there is none."""
        return self.text(raw, key) if raw.get(key) not in (None, "") else ""

    def match(self, raw: Mapping[str, Any], key: str, pattern: re.Pattern[str]) -> str:
        """A text of a pattern."""
        found = raw.get(key)
        if not isinstance(found, str) or not pattern.fullmatch(found):
            raise (self / key).wrong("要是小写字母、数字、下划线", "must be small letters, digits and underscores")
        return found

    def words(self, raw: Mapping[str, Any], key: str) -> Words:
        """A text in both languages."""
        found, here = raw.get(key), self / key
        if not isinstance(found, Mapping) or set(found) != {"zh", "en"}:
            raise here.wrong("要有 zh 和 en", "must have zh and en")
        zh, en = found["zh"], found["en"]
        if not all(isinstance(one, str) and 0 < len(one) <= 300 for one in (zh, en)):
            raise here.wrong("中英文都要写，300 字以内", "must have both texts, at most 300 characters each")
        return Words(zh, en)

    def number(
        self, raw: Mapping[str, Any], key: str, *, low: float, high: float, default: float | None = None
    ) -> float:
        """A finite number between two bounds (both included)."""
        found = raw.get(key, default)
        fine = isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)
        if not fine or not low <= found <= high:
            raise (self / key).wrong(f"要是 {low:g} 到 {high:g} 的数", f"must be a number from {low:g} to {high:g}")
        return float(found)

    def whole(self, raw: Mapping[str, Any], key: str, *, low: int, high: int, default: int | None = None) -> int:
        """A whole number between two bounds (both included)."""
        found = self.number(raw, key, low=low, high=high, default=default)
        if found != int(found):
            raise (self / key).wrong("要是整数", "must be a whole number")
        return int(found)

    def flag(self, raw: Mapping[str, Any], key: str, default: bool) -> bool:
        """True or false."""
        found = raw.get(key, default)
        if not isinstance(found, bool):
            raise (self / key).wrong("要是 true 或 false", "must be true or false")
        return found

    def one_of(self, raw: Mapping[str, Any], key: str, choices: Sequence[str], default: str) -> str:
        """One of some words."""
        found = raw.get(key, default)
        if found not in choices:
            raise (self / key).wrong(f"要是 {'、'.join(choices)} 之一", f"must be one of {', '.join(choices)}")
        return str(found)
