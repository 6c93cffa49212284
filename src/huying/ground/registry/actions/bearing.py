"""Many births at once: imports and demonstrations. The same values, history and facts as one by one, in a few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid4

import orjson

from huying.ground.registry.deriving import Refs, areas_of, assign, derive
from huying.ground.registry.facts import RegistryChanged
from huying.ground.registry.fields import FIELDS
from huying.ground.registry.models import MODELS, Change, Premises, Record
from huying.kernel import trace
from huying.kernel.bulk import copy_rows
from huying.kernel.clock import local_day
from huying.kernel.facts import Fact
from huying.kernel.privacy import seal

from .writing import Author

_STEP: Final = (
    *("kind", "subject", "version", "base", "verb", "fields", "plain", "private"),
    *("author", "author_name", "at", "source"),
)


def bear_many(
    kind: str,
    items: Sequence[tuple[UUID, Mapping[str, Any]]],
    refs: Refs,
    author: Author,
    *,
    chain: str,
    fallback: str = "",
) -> tuple[list[Record], list[Fact]]:
    """COPY records whose values are clean and whole, with their first step of history and one trace entry for all of them.

    A door code may be given with premises; else it is drawn. ``refs`` must hold what they point to; records born here are added
    to it, so that later ones may point to earlier ones.
    """
    if not items:
        return [], []
    today = local_day(author.now)
    pool = refs.setdefault(kind, {})
    rows: list[Record] = []
    wholes = [{name: values.get(name, one.empty) for name, one in FIELDS[kind].items()} for _uid, values in items]
    located = areas_of(kind, wholes, refs, today)
    for (uid, values), whole, area in zip(items, wholes, located, strict=True):
        row = MODELS[kind](uid=uid, created_at=author.now, checked_at=author.now, checked_by=author.actor.ref)
        assign(row, whole)
        if isinstance(row, Premises) and values.get("code"):
            row.code = values["code"]
        derive(row, whole, refs, today=today, fallback=fallback, located=area or _pointed_again(kind, whole, refs))
        pool[str(uid)] = row
        rows.append(row)
    copy_records(rows)
    copy_rows(Change, _STEP, (_step(row, whole, author) for row, whole in zip(rows, wholes, strict=True)))
    body = {"kind": kind, "rows": len(rows), "source": author.source}
    trace.append([trace.Draft(chain=chain, verb="born", actor=author.actor, at=author.now, body=body)])
    return rows, [
        RegistryChanged(kind=kind, uid=row.uid, version=1, area=row.area, by=author.actor.ref, at=author.now)
        for row in rows
    ]


def stays_of(items: Sequence[tuple[UUID, Mapping[str, Any]]], author: Author) -> list[tuple[UUID, dict[str, Any]]]:
    """The residences of people born with a home."""
    since = local_day(author.now).isoformat()
    return [
        (uuid4(), {"resident": str(uid), "premises": values["home"], "kind": "lives", "since": since})
        for uid, values in items
        if values.get("home")
    ]


def copy_records(rows: Sequence[Record]) -> None:
    """COPY records of one kind as they stand in memory, sealing what is private."""
    model = type(rows[0])
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in ("id", "changed")]
    copy_rows(model, names, ([_stored(row, name) for name in names] for row in rows))


def _stored(row: Record, name: str) -> Any:
    value = getattr(row, name)
    return seal(value) if name == "private" and value is not None else value


def _step(row: Record, whole: Mapping[str, Any], author: Author) -> tuple[Any, ...]:
    known = FIELDS[row.KIND]
    given = {name: [known[name].empty, value] for name, value in whole.items() if value not in (None, "")}
    sealed = {name: pair for name, pair in given.items() if known[name].private}
    plain = {name: pair for name, pair in given.items() if not known[name].private}
    private = seal(orjson.dumps(sealed).decode()) if sealed else None
    who = (author.ref or author.actor.ref, author.name or author.actor.name, author.now, author.source)
    return row.KIND, row.uid, 1, 0, Change.Verb.BORN.value, sorted(given), plain, private, *who


def _pointed_again(kind: str, whole: Mapping[str, Any], refs: Refs) -> str:
    """A parent that was born in the same call has its area by now."""
    parent = refs.get("premises", {}).get(whole.get("parent")) if kind == "premises" else None
    return str(parent.area) if parent is not None else ""
