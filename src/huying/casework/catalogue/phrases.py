"""The ways people say a matter, shipped with the program: ``seed/phrases/NN.txt``, one file a class.

A line ``# 0101`` names the item, every following line is one phrase. They are the first schooling of the
classifier and what search understands besides names; staff add their own in the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_PLACE = Path(__file__).parent / "seed" / "phrases"
_HEAD = re.compile(r"#\s*([0-9A-Za-z]{2,8})\b")


@cache
def shipped() -> Mapping[str, tuple[str, ...]]:
    """Item code → its phrases, in the order they are written, each once."""
    return read(_PLACE)


def read(place: Path) -> Mapping[str, tuple[str, ...]]:
    """The phrases of every file in a folder; a folder that does not exist has none."""
    found: dict[str, dict[str, None]] = {}
    for path in sorted(place.glob("*.txt")):
        code = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            line = line.strip()
            if match := _HEAD.match(line):
                code = match[1]
            elif line and code:
                found.setdefault(code, {})[line] = None
    return MappingProxyType({code: tuple(lines) for code, lines in found.items()})
