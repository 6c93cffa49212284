"""One form for every kind, built from ``FIELDS``; what was typed is kept whatever happens.

A sealed field is shown only while the record stands open to the reader. Shut, its input is empty: nothing typed changes nothing,
and a tick beside it empties it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from ..fields import FIELDS, Field

ENDINGS: Final = ("ending", "ended_on")
_LONG: Final = 150


@dataclass(frozen=True, slots=True)
class Input:
    """One field as the form shows it."""

    field: Field
    value: str
    error: str
    shut: bool
    mask: str = ""
    chosen: str = ""  # what a reference leads to, in words

    @property
    def widget(self) -> str:
        """The kind of control that fits."""
        kind = self.field.type
        if kind == "text" and (self.field.most or 0) >= _LONG:
            return "long"
        return {"phone": "phone", "choice": "choice", "boolean": "boolean", "date": "date", "ref": "ref"}.get(
            kind, "text"
        )

    @property
    def mode(self) -> str:
        """Which keys a phone shows."""
        return {"integer": "numeric", "decimal": "decimal", "id_number": "text"}.get(self.field.type, "text")

    @property
    def hint(self) -> str:
        """What stands under the label."""
        parts = [str(self.field.hint)] if self.field.hint else []
        if self.field.unit:
            unit = _("天") if self.field.unit == "d" else self.field.unit
            parts.append(_("按%(unit)s填") % {"unit": unit})
        if self.shut and self.mask:
            parts.append(_("现在是 %(mask)s；不改就留空") % {"mask": self.mask})
        return _("。").join(parts)


def offered(kind: str, *, without: Collection[str] = ENDINGS) -> list[Field]:
    """The fields of a kind that its form asks for; the end of a record is a step of its own."""
    return [field for field in FIELDS[kind].values() if field.name not in without]


def inputs(
    kind: str,
    values: Mapping[str, Any],
    *,
    masks: Mapping[str, str] | None = None,
    chosen: Mapping[str, str] | None = None,
    typed: QueryDict | None = None,
    errors: Mapping[str, Any] | None = None,
    without: Collection[str] = ENDINGS,
) -> list[Input]:
    """The form's inputs. ``masks`` names the sealed fields that are shut, with what stands for their value."""
    masks, chosen, errors = masks or {}, chosen or {}, errors or {}
    made = []
    for field in offered(kind, without=without):
        shut = field.name in masks
        value = "" if shut else written(values.get(field.name))
        if typed is not None and field.name in typed:
            value = typed[field.name]
        made.append(
            Input(
                field,
                value,
                str(errors.get(field.name, "")),
                shut,
                masks.get(field.name, ""),
                chosen.get(field.name, ""),
            )
        )
    return made


def written(value: Any) -> str:
    """A value as an input holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def changes(
    kind: str,
    values: Mapping[str, Any],
    typed: QueryDict,
    *,
    shut: Collection[str] = (),
    without: Collection[str] = ENDINGS,
) -> dict[str, Any]:
    """What somebody changed: only fields whose text differs from what the form showed them."""
    found: dict[str, Any] = {}
    for field in offered(kind, without=without):
        if field.name not in typed and f"clear_{field.name}" not in typed:
            continue
        text = typed.get(field.name, "").strip()
        if field.name in shut:
            if text:
                found[field.name] = value_of(field, text)
            elif typed.get(f"clear_{field.name}"):
                found[field.name] = field.empty
        elif text != written(values.get(field.name)):
            found[field.name] = value_of(field, text)
    return found


def value_of(field: Field, text: str) -> Any:
    """The plain value of a typed text. What cannot be read stays text, for the rule to name as wrong."""
    if not text:
        return field.empty
    if field.type == "boolean":
        return {"yes": True, "no": False}.get(text, text)
    if field.type in ("integer", "decimal"):
        try:
            return int(text) if field.type == "integer" else float(text)
        except ValueError:
            return text
    return text
