"""The documents speak true: links lead somewhere, commands and settings exist, every word of the house is in the glossary."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from django.apps import apps
from django.conf import settings

from huying.casework.cases.models import Assignment
from huying.casework.cases.rules import Action, State
from huying.casework.catalogue.condition_words import FIELDS
from huying.casework.catalogue.limits import parse_limit
from huying.casework.clocks.rules import due
from huying.casework.clocks.worktime import SHANGHAI, WorkCalendar
from huying.casework.supervision import rules as supervision
from huying.config import commands as own_commands
from huying.config.api import api
from huying.ground.organisation.rules import ROLES, SCOPES
from huying.senses.reports.rules import Channel

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
READMES = [ROOT / "README.md", ROOT / "README.en.md"]
PAGES = [*READMES, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
LONGEST = 300
_ENVIRONMENT = re.compile(r"""(?:environ(?:\.get\(|\[)|_flag\(|_list\(|_number\()["'](HUYING_[A-Z_]+)""")


def _named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _ticked(text: str) -> set[str]:
    """Everything written in backticks on one line."""
    return set(re.findall(r"`([^`\n]+)`", text))


def _links(text: str) -> Iterator[str]:
    plain = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
    yield from re.findall(r"\]\(([^)\s]+)\)", plain)
    yield from re.findall(r'<img src="([^"]+)"', plain)


def _commands() -> dict[str, click.Command]:
    """Every command by its whole name: `trace export`."""
    found: list[click.Command] = list(own_commands.commands)
    for package in [*settings.HUYING_APPS, "huying.config.demo", "huying.config.founding"]:
        if find_spec(f"{package}.commands") is not None:
            found += import_module(f"{package}.commands").commands
    return dict(pair for command in found for pair in _flat(command, ""))


def _flat(command: click.Command, above: str) -> Iterator[tuple[str, click.Command]]:
    name = f"{above} {command.name}".strip()
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from _flat(below, name)
    else:
        yield name, command


def _options(command: click.Command) -> set[str]:
    return {name for one in command.params if isinstance(one, click.Option) for name in one.opts}


def _command_lines(text: str) -> Iterator[str]:
    """What is typed after `huying`, in blocks and in running text."""
    for block in re.findall(r"```.*?```", text, flags=re.S):
        for line in block.splitlines():
            if (call := re.match(r"\s*(?:[^\s=]*/)?huying +(.*)", line)) is not None:
                yield call[1]
            elif (called := re.search(r"&& (?:\S*/)?huying +(.*)", line)) is not None:
                yield called[1]
    for word in _ticked(re.sub(r"```.*?```", "", text, flags=re.S)):
        if (call := re.match(r"(?:\S*/)?huying +(.*)", word)) is not None:
            yield call[1]


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_links_lead_somewhere(page: Path) -> None:
    wrong = []
    for link in _links(page.read_text(encoding="utf-8")):
        target = link.partition("#")[0]
        if target and not target.startswith(("https://", "http://", "mailto:")):
            wrong += [] if (page.parent / target).exists() else [link]
    assert not wrong, f"{_named(page)} points to what is not there: {wrong}"


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_pages_stay_readable(page: Path) -> None:
    longest = 2 * LONGEST if page.name == "glossary.md" else LONGEST  # words are looked up, not read from end to end
    assert len(page.read_text(encoding="utf-8").splitlines()) < longest


@pytest.mark.parametrize("page", READMES, ids=_named)
def test_first_screen_shows_a_picture_and_the_two_commands(page: Path) -> None:
    first = "\n".join(page.read_text(encoding="utf-8").splitlines()[:16])
    assert "<img src=" in first
    assert "\nmake demo" in first
    assert "\nmake test" in first


def test_every_page_is_in_the_list_of_documents() -> None:
    listed = set(_links(_text("docs/README.md")))
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md") if page.parent.name != "adr"}
    assert not sorted(pages - listed - {"README.md"})


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_commands_spoken_of_exist(page: Path) -> None:
    known, wrong = _commands(), []
    groups = {name.split()[0] for name in known if " " in name}
    for line in _command_lines(page.read_text(encoding="utf-8")):
        words = re.split(r"\s*[|><;]|\s&&", line)[0].split()
        plain = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
        if not plain or words[0] != plain[0]:
            continue
        if plain[0] in groups and len(plain) == 1:
            continue
        name = " ".join(plain[:2]) if plain[0] in groups else plain[0]
        command = known.get(name)
        used = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
        if command is None or used - _options(command) - {"-h", "--help"}:
            wrong.append(line)
    assert not wrong, f"{_named(page)}: no such command or option: {wrong}"


def test_command_line_page_names_every_command_and_option() -> None:
    page = _text("docs/reference/command-line.md")
    sections = {
        re.sub(r"( [A-Z]+)+$", "", part.splitlines()[0]): part for part in page.split("\n## huying ") if "\n" in part
    }
    missing = []
    for name, command in _commands().items():
        said = _ticked(sections.get(name, ""))
        missing += [f"{name} {option}" for option in _options(command) if option not in said]
    assert not missing


def test_settings_page_names_every_variable() -> None:
    read = {
        name
        for source in (ROOT / "src" / "huying").rglob("*.py")
        if "tests" not in source.parts
        for name in _ENVIRONMENT.findall(source.read_text(encoding="utf-8"))
    }
    said = _ticked(_text("docs/reference/settings.md"))
    assert not sorted(read - said)
    assert "DATABASE_URL" in said


def test_glossary_has_every_word_of_the_code() -> None:
    said = _ticked(_text("docs/glossary.md"))
    models = {model.__name__ for model in apps.get_models() if model.__module__.startswith("huying.")}
    states = {str(one) for one in (*State, *Action, *Assignment.State, *supervision.State)}
    assert not sorted((models | states | set(ROLES)) - said)


def test_glossary_explains_channels_and_causes() -> None:
    text = _text("docs/glossary.md")
    words = [*Channel, *supervision.Cause, *supervision.Grade, "none", "blue", "yellow", "red", "black"]
    assert not [str(word) for word in words if not re.search(rf"\b{word}\b", text)]


def test_lifecycle_page_is_current() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        lifecycle_doc = import_module("lifecycle_doc")
    finally:
        sys.path.remove(str(ROOT / "scripts"))
    assert _text("docs/reference/lifecycle.md") == lifecycle_doc.page(), "run: python scripts/lifecycle_doc.py --write"


def test_roles_and_scopes_are_described() -> None:
    assert not set(ROLES) - _ticked(_text("docs/reference/roles.md"))
    assert not set(SCOPES) - _ticked(_text("docs/reference/rest.md"))


def test_closing_conditions_name_every_code_and_input() -> None:
    page = _text("docs/reference/closing-conditions.md")
    rows = {code: line for line in page.splitlines() if (code := line.partition("|")[2].partition("|")[0].strip())}
    missing = [f"{code} {one.name}" for code, inputs in FIELDS.items() for one in inputs if one.name not in rows[code]]
    assert not missing


def test_rest_pages_name_every_address() -> None:
    text = _text("docs/reference/rest.md") + _text("docs/how-to/connect-a-system.md")
    paths: Mapping[str, object] = api.get_openapi_schema()["paths"]
    ends = {path: [part for part in path.split("/") if not part.startswith("{")][-1] for path in paths}
    assert not sorted(
        path for path, end in ends.items() if not re.search(rf"(?<![\w-]){re.escape(end)}(?![\w-])", text)
    )


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2026-03-13 20:00", "1wd", "2026-03-17 08:30"),
        ("2026-03-13 17:00", "2wh", "2026-03-16 09:30"),
        ("2026-03-13 17:00", "1wd", "2026-03-16 17:00"),
    ],
)
def test_examples_of_the_clocks_page_hold(start: str, limit: str, end: str) -> None:
    (stage,) = parse_limit(limit)
    found = due(datetime.fromisoformat(start).replace(tzinfo=SHANGHAI), stage.limit, WorkCalendar())
    assert found == datetime.fromisoformat(end).replace(tzinfo=SHANGHAI)
