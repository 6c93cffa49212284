"""What screens show of a record by default: names, numbers and dates masked, other sealed values only said to be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from huying.kernel.privacy import mask_id_number, mask_name, mask_phone

from .fields import FIELDS, Field
from .models import Facility, Household, Organisation, Premises, Record, Resident

_NAMES: Final = ("name", "keeper_name", "contact_name")


def mask(field: Field, value: Any) -> str:
    """A sealed value as everybody with access to the record may see it; "" when there is none."""
    if value in ("", None):
        return ""
    text = str(value)
    if field.type == "phone":
        return mask_phone(text)
    if field.type == "id_number":
        return mask_id_number(text)
    if field.type == "date":
        return f"{text[:4]}-**-**"
    if field.name in _NAMES:
        return mask_name(text)
    return _("已登记")


def masked(record: Record, opened: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The sealed fields that hold something, masked; those in ``opened`` are left out."""
    secrets = record.secrets
    return {
        name: mask(field, secrets[name])
        for name, field in FIELDS[record.KIND].items()
        if field.private and secrets.get(name) not in ("", None) and name not in (opened or {})
    }


def label(record: Record) -> str:
    """What a record is called on lists: people by their masked name, places by their address."""
    if isinstance(record, Resident):
        return mask_name(str(record.secrets.get("name", ""))) or _("姓名未登记")
    if isinstance(record, Premises):
        return record.address or record.name
    if isinstance(record, Household):
        return _("%(place)s 住户") % {"place": record.premises.address}
    if isinstance(record, Organisation | Facility):
        return record.name
    return str(record.uid)[:8]


def is_named(record: Record, words: str) -> bool:
    """Whether somebody's whole name was among the words typed: it tells whoever knows the name which of many it is, and no other.

    Names of one sign are left out: whoever types a surname knows no name.
    """
    if not isinstance(record, Resident):
        return False
    name = str(record.secrets.get("name", ""))
    return len(name) > 1 and name in words.split()


def said(field: Field, value: Any) -> str:
    """A plain value in words: choices by their label, yes and no, numbers with their unit."""
    if value in ("", None):
        return ""
    if field.type == "choice":
        return str(dict(field.choices).get(value, value))
    if field.usual:
        return str(dict(field.usual).get(value, value))
    if field.type == "boolean":
        return _("是") if value else _("否")
    if field.type == "decimal":
        value = f"{value:g}" if field.unit != "°" else f"{value:.6f}"
    return f"{value} {field.unit}" if field.unit and field.unit != "d" else f"{value}"
