"""Translations: find msgids in templates and Python, keep each app's `locale/en` up to date, compile `.po` to `.mo`.

python scripts/messages.py update    add newly found msgids, keep every translation, mark those nobody uses
python scripts/messages.py compile   write the .mo files
python scripts/messages.py check     list msgids without an English translation; exit code 1 when there are any
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).parents[1] / "src"
KEYWORDS: dict[str, tuple[int, ...] | tuple[tuple[int, str], int] | tuple[tuple[int, str], int, int] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}

_CALL = re.compile(r"""\b(?:_|n?p?gettext)\((?:[^()'"]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")*\)""")


def apps() -> list[Path]:
    """Every package that is a Django app."""
    return sorted(path.parent for path in SOURCE.rglob("apps.py"))


def owned_files(app: Path) -> Iterator[Path]:
    """The app's Python and templates, without its tests, migrations and the apps inside it."""
    inner = {path for path in apps() if path != app and path.is_relative_to(app)}
    for path in sorted((*app.rglob("*.py"), *app.rglob("*.html"), *app.rglob("*.txt"))):
        parts = path.relative_to(app).parts
        if {"tests", "migrations", "phrasebook", "static", "seed"} & set(parts) or any(
            path.is_relative_to(one) for one in inner
        ):
            continue
        if path.suffix == ".py" or "templates" in parts:
            yield path


def found(app: Path) -> Catalog:
    """All msgids of an app, with the places they stand in."""
    from django.utils.translation.template import templatize

    catalog = Catalog(locale="en")
    for path in owned_files(app):
        text = path.read_text(encoding="utf-8")
        source = text if path.suffix == ".py" else calls_only(templatize(text, origin=str(path)))
        stream = io.BytesIO(source.encode())
        options = {"encoding": "utf-8"}
        for line, message, comments, context in extract("python", stream, KEYWORDS, options=options):
            place = (path.relative_to(app).as_posix(), line)
            catalog.add(message, locations=[place], auto_comments=comments, context=context)
    return catalog


def calls_only(text: str) -> str:
    """Django turns a template into something like Python for another tool; keep the calls, each on its line."""
    lines: list[str] = []
    for call in _CALL.finditer(text):
        line = text.count("\n", 0, call.start())
        lines.extend([""] * (line + 1 - len(lines)))
        lines[line] += call.group().replace("\n", " ") + ";"
    return "\n".join(lines) + "\n"


def po_path(app: Path) -> Path:
    return app / "locale" / "en" / "LC_MESSAGES" / "django.po"


def kept(app: Path) -> Catalog:
    path = po_path(app)
    if not path.exists():
        return Catalog(locale="en")
    with path.open("rb") as stream:
        return read_po(stream, locale="en")


def missing(app: Path) -> list[str]:
    """Msgids of the app without a finished English translation."""
    have = kept(app)
    lacking = []
    for message in found(app):
        if not message.id:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        translated = have.get(key, message.context)
        words = translated.string if translated is not None else ""
        if translated is None or translated.fuzzy or not (all(words) if isinstance(words, tuple) else words):
            lacking.append(key)
    return lacking


def update() -> int:
    """Add what is new; translations stay, msgids no longer found are dropped."""
    for app in apps():
        new = found(app)
        if not len(new) and not po_path(app).exists():
            continue
        catalog = kept(app)
        catalog.update(new, no_fuzzy_matching=True, update_creation_date=False)  # a new date in each is only noise
        po_path(app).parent.mkdir(parents=True, exist_ok=True)
        with po_path(app).open("wb") as stream:
            write_po(
                stream, catalog, width=120, no_location=True, omit_header=False, sort_output=True, ignore_obsolete=True
            )
        print(f"{app.relative_to(SOURCE)}: {len(new)} msgids, {len(missing(app))} without English")
    return compile_all()


def compile_all() -> int:
    count = 0
    for path in sorted(SOURCE.rglob("*.po")):
        with path.open("rb") as stream:
            catalog = read_po(stream, locale=path.parents[1].name)
        with path.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalog)
        count += 1
    print(f"{count} catalogues compiled")
    return 0


def check() -> int:
    lacking = [(app, msgid) for app in apps() for msgid in missing(app)]
    for app, msgid in lacking:
        print(f"{app.relative_to(SOURCE)}: {msgid}")
    return 1 if lacking else 0


def main() -> int:
    actions = {"update": update, "compile": compile_all, "check": check}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        print(__doc__)
        return 2
    return actions[sys.argv[1]]()


if __name__ == "__main__":
    sys.exit(main())
