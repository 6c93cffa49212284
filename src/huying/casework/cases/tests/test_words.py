"""The words of cases read well in both languages, and every one of them reaches the translators."""

from __future__ import annotations

import ast
import importlib.util
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from django.template import Context, Template
from django.utils.translation import override

from huying.casework.cases.factories import NOW
from huying.casework.cases.queries_desk import Happened
from huying.casework.cases.timeline_words import lines
from huying.ground.organisation.directory import Rows, build

ROOT = Path(__file__).parents[5]
DISPATCHED = {"to": "dispatched", "unit": 1, "due": (NOW + timedelta(days=1, hours=1)).isoformat()}
SAID = {
    "zh-hans": ("最晚 明天 10:00 办好", "明天 10:00前办结"),
    "en": ("done by tomorrow 10:00 at the latest", "to be closed by tomorrow 10:00"),
}


@pytest.mark.parametrize("language", SAID)
def test_a_moment_inside_a_sentence_reads_as_part_of_it(language: str) -> None:
    in_template, in_timeline = SAID[language]
    text = "{% load i18n shell %}{% blocktrans with due=due|when:now %}最晚 {{ due }} 办好{% endblocktrans %}"
    with override(language):
        due = NOW + timedelta(days=1, hours=1)
        shown = Template(text).render(Context({"due": due, "now": NOW}))
        entry = Happened(1, NOW, "dispatch", "person:1", "李分拨", None, DISPATCHED, {})
        (line,) = lines([entry], build(NOW.date(), 1, Rows()), now=NOW)
    assert in_template in _without_tags(shown)
    assert in_timeline in line.title


def _without_tags(text: str) -> str:
    return "".join(part.partition(">")[2] or part for part in text.split("<"))


def _messages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "scripts" / "messages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_translations_are_called_by_names_the_extraction_knows() -> None:
    """``gettext as _now`` would leave a text Chinese for everybody, and nobody would notice."""
    known = set(_messages().KEYWORDS)
    unseen = [
        f"{path.relative_to(ROOT)}: {one.name} as {one.asname}"
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for one in node.names
        if "gettext" in one.name and (one.asname or one.name) not in known
    ]
    assert not unseen
