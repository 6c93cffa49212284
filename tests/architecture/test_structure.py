"""The plan of the house, held by machine: floors, file roles, sizes, names, lock files."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "huying"
FLOORS = ["kernel", "shell", "ground", "casework", "senses", "insight", "config"]
# Inside a floor a package may refer to those before it.
ORDER = {
    "ground": [{"accounts", "territory"}, {"organisation"}, {"registry"}],
    "casework": [{"catalogue"}, {"cases"}, {"clocks"}, {"understanding"}, {"dispatch"}, {"supervision"}],
    "senses": [
        {"reports"},
        {"sync"},
        {"forms"},
        {"devices"},
        {"alarms"},
        {"portal", "seat", "imports", "field", "readings"},
    ],
    "insight": [{"hotspots"}],
}
LONGEST_FILE = 420
LONGEST_FUNCTION = 60
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "misc", "common", "data", "info"}


def _python() -> list[Path]:
    return [path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts]


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _height(module: str) -> tuple[int, int]:
    """(floor, place inside the floor) of a package like `huying.casework.cases`."""
    parts = module.split(".")
    floor = parts[1]
    inside = ORDER.get(floor, [])
    place = next((index for index, names in enumerate(inside) if len(parts) > 2 and parts[2] in names), 0)
    return FLOORS.index(floor), place


def test_no_foreign_key_points_up() -> None:
    wrong = []
    for model in apps.get_models():
        if not model.__module__.startswith("huying."):
            continue
        for field in model._meta.get_fields(include_hidden=True):
            target = getattr(field, "related_model", None)
            if field.auto_created or not field.is_relation or not hasattr(target, "__module__"):
                continue
            if target.__module__.startswith("huying.") and _height(target.__module__) > _height(model.__module__):
                wrong.append(f"{model.__name__}.{field.name} → {target.__name__}")
    assert not wrong


def test_every_package_of_ours_has_its_place() -> None:
    named = {config.name for config in apps.get_app_configs() if config.name.startswith("huying.")}
    assert named and all(_height(name)[0] >= 0 for name in named)


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("rules.py")), ids=_named)
def test_rules_are_pure(path: Path) -> None:
    """No Django, and nothing that reads the clock, chance or the environment."""
    tree = _tree(path)
    framework = [name for name in _imports(tree) if name.split(".")[0] == "django" and "translation" not in name]
    assert not framework
    text = ast.unparse(tree)
    assert not re.search(
        r"\b(datetime\.now|date\.today|utcnow|timezone\.now|clock\.now|time\.time|random\.|os\.environ)\b", text
    )


@pytest.mark.parametrize("path", sorted((*SOURCE.rglob("models.py"), *SOURCE.rglob("models/*.py"))), ids=_named)
def test_models_do_not_act(path: Path) -> None:
    acting = [
        name for name in _imports(_tree(path)) if re.search(r"\.(actions|tasks|handlers|desk|portal|api)(\.|$)", name)
    ]
    assert not acting


def test_queries_do_not_write() -> None:
    wrong = []
    for path in (*SOURCE.rglob("queries.py"), *SOURCE.rglob("queries/*.py")):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in {
                "bulk_create",
                "bulk_update",
                "get_or_create",
                "update_or_create",
            }:
                wrong.append(f"{_named(path)}:{node.lineno} {node.attr}")
    assert not wrong


def test_files_are_not_long() -> None:
    long = {_named(path): lines for path in _python() if (lines := len(path.read_text().splitlines())) > LONGEST_FILE}
    assert not long


def test_functions_are_not_long() -> None:
    long = []
    for path in _python():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno
                if lines > LONGEST_FUNCTION:
                    long.append(f"{_named(path)}:{node.lineno} {node.name} ({lines})")
    assert not long


def test_names_say_something() -> None:
    vague = [_named(path) for path in _python() if path.stem in VAGUE_NAMES or path.parent.name in VAGUE_NAMES]
    assert not vague


def test_nothing_is_left_unfinished() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError")
    files = (*_python(), *SOURCE.rglob("*.html"), *(ROOT / "web" / "src").rglob("*.ts"))
    assert not [_named(path) for path in files if marks.search(path.read_text(encoding="utf-8"))]


def test_every_package_introduces_itself() -> None:
    lacking = [_named(path.parent) for path in SOURCE.rglob("apps.py") if not (path.parent / "README.md").exists()]
    assert not lacking


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-uv.txt", "web/package-lock.json"]
)
def test_lock_files_hold_no_address(name: str) -> None:
    """Mirrors must work: the package names, versions and hashes are enough."""
    text = (ROOT / name).read_text()
    assert '"resolved"' not in text
    assert not re.search(r"^(--(extra-)?index-url|.* @ )", text, re.MULTILINE)
    if name.endswith(".txt"):
        assert "://" not in text
        assert "--hash=sha256:" in text


def test_every_message_is_translated() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import messages
    finally:
        sys.path.pop(0)
    lacking = {str(app.relative_to(SOURCE)): words for app in messages.apps() if (words := messages.missing(app))}
    assert not lacking


def test_digits_that_are_no_number_are_not_read_as_one() -> None:
    """``"²".isdigit()`` holds and ``int("²")`` does not: what people send is asked with isdecimal, or is ASCII first."""
    said = re.compile(r"\bint\(.*\.isdigit\(\)|\.isdigit\(\).*\bint\(")
    found = [
        f"{_named(path)}:{at}"
        for path in _python()
        for at, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if "isascii()" not in line and (said.search(line) or ("desk" in str(path) and ".isdigit()" in line))
    ]
    assert found == []
