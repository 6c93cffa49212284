"""What the page of imports reads: files handed in, how their columns are understood, how far one has come, what was refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page

from . import access, exchange
from .fields import FIELDS, Field
from .models import ImportRun, Reject, Upload

PAGE_SIZE: Final = 20
SHOWN_REJECTS: Final = 50


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file: its title, how many cells are filled, the field it was taken for ("": not understood)."""

    title: str
    filled: int
    field: str
    label: str
    required: bool


@dataclass(frozen=True, slots=True)
class Understood:
    """How a file's columns are read. ``free`` are fields no column was taken for, ``lacking`` those that have to be there."""

    columns: tuple[Column, ...]
    lacking: tuple[Field, ...]
    free: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Stand:
    """How far an import has come: rows done of all, and what they came to."""

    done: int
    born: int = 0
    changed: int = 0
    same: int = 0
    waiting: int = 0
    rejected: int = 0


def upload_page(actor: Actor, *, cursor: str | None = None) -> Page[Upload]:
    """Files handed in, the latest first. One query."""
    return page(access.uploads(actor).select_related("person"), ("-id",), cursor, PAGE_SIZE)


def understood(upload: Upload, mapping: Mapping[str, str]) -> Understood:
    """How the columns are read with a mapping somebody chose; no query. Raises Invalid for a mapping to what is not there."""
    found = exchange.understood(upload.kind, upload.titles, mapping)
    fields = {title: name for name, title in found.items()}
    known = FIELDS[upload.kind]
    columns = [_column(title, filled, fields.get(title, ""), known) for title, filled in upload.header]
    free = [(name, str(field.label)) for name, field in known.items() if name not in found]
    return Understood(tuple(columns), tuple(exchange.lacking_in(upload.kind, found)), tuple(free))


def _column(title: str, filled: int, name: str, known: Mapping[str, Field]) -> Column:
    field = known.get(name)
    label = str(field.label) if field else _("编号") if name == "uid" else ""
    return Column(title, filled, name, label, bool(field and field.required))


def stand(upload: Upload) -> Stand:
    """How far it has come; one query once it was begun, none before and when it is done."""
    if upload.state == Upload.State.DONE:
        names = ("born", "changed", "same", "waiting", "rejected")
        return Stand(upload.rows, **{name: int(upload.said.get(name, 0)) for name in names})
    run = _run(upload)
    if run is None:
        return Stand(0)
    done = min(max(run.next_row - 1, 0), upload.rows)
    return Stand(done, run.born, run.changed_rows, run.same, run.waiting, run.rejected)


def _run(upload: Upload) -> ImportRun | None:
    if not upload.run_key:
        return None
    found: ImportRun | None = ImportRun.objects.filter(kind=upload.kind, file_sha256=upload.run_key).first()
    return found


def rejects(upload: Upload) -> Iterator[tuple[int, str, str]]:
    """(row, field, reason) of what this upload's run did not take, in order. One query, none before it was begun."""
    yield from _rejects(upload).values_list("row", "field", "reason").iterator(2_000)


def first_rejects(upload: Upload) -> list[tuple[int, str, str]]:
    """The first of them. One query, none before it was begun."""
    return list(_rejects(upload).values_list("row", "field", "reason")[:SHOWN_REJECTS])


def _rejects(upload: Upload) -> QuerySet[Reject]:
    if not upload.run_key:
        return Reject.objects.none()
    return Reject.objects.filter(run__kind=upload.kind, run__file_sha256=upload.run_key).order_by("row")
