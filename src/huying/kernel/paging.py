"""Paging by key: a list continues after the last row seen, so page 10,000 costs what page 1 costs.

An order is a tuple of terms: ``"name"``, ``"-due_at"``, ``"-due_at nulls last"``, ``"unit__code"``. Without a
suffix, nulls stand where PostgreSQL puts them (last ascending, first descending), so plain indexes serve.
The primary key is added as last term when the order does not already end in something unique.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import orjson
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Field, Func, Model, Q, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext_lazy as _

from huying.kernel.errors import Invalid

MAX_SIZE: Final = 1000
_TERM: Final = re.compile(r"(-?)([A-Za-z]\w*)(?: nulls (first|last))?")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One page. ``next`` and ``prev`` are cursors, or None where there is nothing more."""

    rows: list[R]
    next: str | None
    prev: str | None


@dataclass(frozen=True, slots=True)
class _Term:
    name: str
    descending: bool
    nulls_first: bool
    nullable: bool
    field: Field[Any, Any]

    def reversed(self) -> _Term:
        return replace(self, descending=not self.descending, nulls_first=not self.nulls_first)

    @property
    def ordering(self) -> OrderBy:
        natural = self.nulls_first == self.descending
        place = {} if natural or not self.nullable else {"nulls_first" if self.nulls_first else "nulls_last": True}
        return F(self.name).desc(**place) if self.descending else F(self.name).asc(**place)

    def equal(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def after(self, value: Any) -> Q | None:
        """Rows that this term alone puts behind ``value``; None if there can be none."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if self.nulls_first else None
        behind = Q(**{f"{self.name}__{'lt' if self.descending else 'gt'}": value})
        if self.nullable and not self.nulls_first:
            behind |= Q(**{f"{self.name}__isnull": True})
        return behind

    def not_before(self, value: Any) -> Q:
        """A single bound on the first column that lets the index start near the right place."""
        if value is None or (self.nullable and not self.nulls_first):
            return Q()
        return Q(**{f"{self.name}__{'lte' if self.descending else 'gte'}": value})


class _Beyond(Func):
    """``(a, b) > (x, y)``: the comparison of rows that a B-tree index answers by starting at exactly that row."""

    output_field = BooleanField()

    def __init__(self, terms: Sequence[_Term], values: Sequence[Any]) -> None:
        self.sign = "<" if terms[0].descending else ">"
        typed = [Value(value, output_field=term.field) for term, value in zip(terms, values, strict=True)]
        super().__init__(*(F(term.name) for term in terms), *typed)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts: list[str] = []
        params: list[Any] = []
        for expression in self.get_source_expressions():
            text, more = compiler.compile(expression)
            parts.append(text)
            params.extend(more)
        half = len(parts) // 2
        return f"({', '.join(parts[:half])}) {self.sign} ({', '.join(parts[half:])})", params


def page(qs: QuerySet[Any, R], order: Sequence[str], cursor: str | None, size: int, ways: Sequence[Q] = ()) -> Page[R]:
    """The page of ``qs`` that starts at ``cursor`` (None: the first), at most ``size`` rows.

    One query; a second one where a page runs from the values of a nullable first term into its nulls, since no index
    answers both at once.

    ``ways`` are conditions of which at least one must hold. Each is read in order by its own index and only as far as
    the page reaches, which an OR of them would not be.

    Rows may be model instances or dictionaries (``values()``) that hold every term of the order. Raises Invalid
    when the cursor is damaged or belongs to another order, or the size is not between 1 and 1000.
    """
    if not 1 <= size <= MAX_SIZE:
        raise Invalid(_("每页条数要在 1 到 1000 之间"), code="bad_page_size", field="size")
    terms = _terms(qs, order)
    forward, values = _decode(cursor, terms) if cursor else (True, None)
    direction = terms if forward else [term.reversed() for term in terms]
    ordered = qs.order_by(*(term.ordering for term in direction))
    rows: list[R] = []
    for part in [Q()] if values is None else _parts(direction, values):
        if len(rows) <= size:
            rows.extend(_reached(ordered, ordered.filter(part), ways, size + 1 - len(rows)))
    more = len(rows) > size
    rows = rows[:size]
    if not forward:
        rows.reverse()
    has_next = more if forward else True
    has_prev = more if not forward else values is not None
    return Page(
        rows,
        next=_encode(True, terms, rows[-1]) if rows and has_next else None,
        prev=_encode(False, terms, rows[0]) if rows and has_prev else None,
    )


def _reached(ordered: QuerySet[Any, R], beyond: QuerySet[Any, R], ways: Sequence[Q], count: int) -> QuerySet[Any, R]:
    """The first ``count`` rows of ``beyond`` for which one of the ways holds."""
    if not ways:
        return beyond[:count]
    keys = [beyond.filter(way).values("pk")[:count] for way in ways]
    return ordered.filter(pk__in=keys[0].union(*keys[1:], all=True))[:count]


def cursor_after(qs: QuerySet[Any, Any], order: Sequence[str], row: Any) -> str:
    """The cursor of the page of ``qs`` that begins behind a row."""
    return _encode(True, _terms(qs, order), row)


def beyond(qs: QuerySet[Any, Any], order: Sequence[str], values: Sequence[Any]) -> Q:
    """The condition of rows strictly behind these key values, which an index over the order starts at."""
    return _behind(_terms(qs, order), values)


def _parts(terms: Sequence[_Term], values: Sequence[Any]) -> list[Q]:
    """What lies behind these key values, in one or two stretches that an index can each read in order."""
    first, value = terms[0], values[0]
    if not first.nullable:
        return [_behind(terms, values)]
    nulls = Q(**{f"{first.name}__isnull": True})
    if value is None:
        rest = nulls & _behind(terms[1:], values[1:])
        return [rest, ~nulls] if first.nulls_first else [rest]
    present = _behind([replace(first, nullable=False), *terms[1:]], values)
    return [present] if first.nulls_first else [present, nulls]


def _behind(terms: Sequence[_Term], values: Sequence[Any]) -> Q:
    """The condition "strictly after these key values": a row comparison, or an OR over the first term that differs."""
    if not any(term.nullable for term in terms) and len({term.descending for term in terms}) == 1:
        return Q(_Beyond(terms, values))
    condition = Q(pk__in=[])
    same = Q()
    for term, value in zip(terms, values, strict=True):
        after = term.after(value)
        if after is not None:
            condition |= same & after
        same &= term.equal(value)
    return terms[0].not_before(values[0]) & condition


def _terms(qs: QuerySet[Any, Any], order: Sequence[str]) -> list[_Term]:
    terms: list[_Term] = []
    for text in order:
        match = _TERM.fullmatch(text)
        if match is None:
            raise ValueError(f"not an order term: {text!r}")
        minus, name, nulls = match.groups()
        descending = minus == "-"
        nulls_first = nulls == "first" if nulls else descending
        field = _field_of(qs, name)
        terms.append(_Term(name, descending, nulls_first, field.null, field))
    if not terms or not (terms[-1].field.unique and "__" not in terms[-1].name):
        key = qs.model._meta.pk
        descending = bool(terms) and terms[-1].descending
        terms.append(_Term(key.name, descending, descending, False, key))
    return terms


def _field_of(qs: QuerySet[Any, Any], name: str) -> Field[Any, Any]:
    annotation = qs.query.annotations.get(name)
    if annotation is not None:
        field: Field[Any, Any] = annotation.output_field.clone()
        field.null = True
        return field
    model: type[Model] = qs.model
    parts = name.split("__")
    optional = False
    for part in parts[:-1]:
        link = model._meta.get_field(part)
        optional = optional or bool(getattr(link, "null", False))
        if link.related_model is None or isinstance(link.related_model, str):
            raise FieldDoesNotExist(f"{name!r} does not lead to a field")
        model = link.related_model
    last = model._meta.pk if parts[-1] == "pk" else model._meta.get_field(parts[-1])
    if not isinstance(last, Field):
        raise FieldDoesNotExist(f"{name!r} is not a column")
    if optional and not last.null:
        last = last.clone()
        last.null = True
    return last


def _signature(terms: Sequence[_Term]) -> str:
    return ",".join(f"{'-' if t.descending else ''}{t.name}{'^' if t.nulls_first else '_'}" for t in terms)


def _encode(forward: bool, terms: Sequence[_Term], row: Any) -> str:
    values = [_value(row, term.name) for term in terms]
    content = orjson.dumps([int(forward), _signature(terms), *map(_plain, values)])
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _value(row: Any, name: str) -> Any:
    if isinstance(row, Mapping):
        return row[name]
    for part in name.split("__"):
        row = None if row is None else getattr(row, part)
    return row.pk if isinstance(row, Model) else row


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"cannot page by a {type(value).__name__}")


def _decode(cursor: str, terms: Sequence[_Term]) -> tuple[bool, list[Any]]:
    damaged = Invalid(_("翻页标记无效"), code="bad_cursor", field="cursor", hint=_("请回到第一页重新开始"))
    if len(cursor) > 4000:
        raise damaged
    try:
        content = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise damaged from error
    if not isinstance(content, list) or len(content) != len(terms) + 2:
        raise damaged
    forward, signature, *values = content
    if forward not in (0, 1) or signature != _signature(terms):
        raise damaged
    try:
        return bool(forward), [_typed(term.field, value) for term, value in zip(terms, values, strict=True)]
    except (ValidationError, TypeError, ValueError, OverflowError) as error:
        raise damaged from error


def _typed(field: Field[Any, Any], value: Any) -> Any:
    """A value from a cursor in the field's own type; raises when it could not stand in that column."""
    if value is None:
        if not field.null:
            raise ValueError("null in a column without nulls")
        return None
    if isinstance(value, list | dict) or (isinstance(value, str) and "\x00" in value):
        raise ValueError("not a key value")
    target = getattr(field, "target_field", field)
    typed = target.to_python(value)
    if not target.choices:
        target.run_validators(typed)
    if isinstance(typed, datetime) and typed.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return typed
