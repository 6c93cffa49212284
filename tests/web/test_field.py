"""The phone app's own rules, run in Node, and that every word it says is known to the server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from huying.senses.field.app_words import WORDS

from .conftest import Node

SOURCES = Path(__file__).parents[2] / "web/src/field"
SAID = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')


@pytest.mark.parametrize("part", ["sync", "files", "vault", "screens", "own"])
def test_rules_of_the_phone(node: Node, part: str) -> None:
    assert re.search(r"\bpass [1-9]", node(f"field_{part}.test.ts"))


def test_every_word_of_the_app_is_on_the_page() -> None:
    said = {word for path in SOURCES.rglob("*.ts") for word in SAID.findall(path.read_text("utf-8"))}
    assert said == set(WORDS)
