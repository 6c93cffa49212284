"""What follows from a record's own fields and from what it points to: area, address, search tokens, copies for lists."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson
from django.utils.translation import gettext as _

from huying.ground.organisation.models import Person
from huying.ground.territory.queries import locate_points
from huying.kernel.errors import Invalid
from huying.kernel.privacy import blind

from . import tokens
from .fields import FIELDS, Field
from .models import MODELS, Facility, Organisation, Premises, Record, Relation, Resident

_CODE_SIGNS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_LONGEST_ADDRESS: Final = 300
# From which pointer each kind takes its area; the point on the map goes first where there is one.
_AREA_FROM: Final[Mapping[str, str]] = {
    "premises": "parent",
    "person": "home",
    "household": "premises",
    "organisation": "premises",
    "facility": "premises",
    "relation": "resident",
    "residence": "premises",
    "care": "resident",
}
# Where the numbers to call stand; whether there is one is kept beside the sealed values.
PHONES: Final[Mapping[str, tuple[str, ...]]] = {
    "premises": ("keeper_phone",),
    "person": ("phone", "phone2"),
    "organisation": ("contact_phone",),
    "relation": ("contact_phone",),
}
Refs = dict[str, dict[Any, Any]]


def load_refs(kind: str, many: Iterable[Mapping[str, Any]]) -> Refs:
    """Every record the values point to, by kind and uid (staff by number); one query for each kind."""
    wanted: dict[str, set[Any]] = {}
    for values in many:
        for field in FIELDS[kind].values():
            if field.type == "ref" and (value := values.get(field.name)):
                wanted.setdefault(field.to, set()).add(value)
    found: Refs = {}
    for to, keys in wanted.items():
        if to == "staff":
            found[to] = {person.pk: person for person in Person.objects.filter(pk__in=keys)}
        else:
            rows = MODELS[to]._default_manager.filter(uid__in=keys).defer("private", "details")
            found[to] = {str(row.uid): row for row in rows}
    return found


def load_lacking(kind: str, values: Mapping[str, Any], refs: Refs) -> None:
    """Add what the values point to and ``refs`` does not hold yet; no query when there is nothing."""
    known = FIELDS[kind]
    lacking = {
        name: value
        for name, value in values.items()
        if known[name].type == "ref" and value not in refs.get(known[name].to, {})
    }
    if lacking:
        for to, rows in load_refs(kind, [lacking]).items():
            refs.setdefault(to, {}).update(rows)


def check_refs(kind: str, values: Mapping[str, Any], refs: Refs, names: Iterable[str]) -> None:
    """Invalid unless the named fields point to records in force."""
    for name in names:
        field = FIELDS[kind][name]
        if field.type == "ref" and (value := values.get(name)):
            row = refs.get(field.to, {}).get(value)
            if row is None or (isinstance(row, Record) and row.state != "active"):
                raise Invalid(
                    _("“%(label)s”指向的记录不存在或已注销") % {"label": field.label}, code="unknown_record", field=name
                )


def assign(row: Record, values: Mapping[str, Any]) -> None:
    """Put a whole record's values where they are kept."""
    private: dict[str, Any] = {}
    details: dict[str, Any] = {}
    for name, field in FIELDS[row.KIND].items():
        value = values.get(name, field.empty)
        if field.kept == "private":
            private |= {name: value} if value not in (None, "") else {}
        elif field.kept == "details":
            details |= {name: value} if value not in (None, "") else {}
        else:
            _set_column(row, field, value)
    row.details = details
    row.private = orjson.dumps(private).decode() if private else None
    if isinstance(row, Premises | Resident | Organisation | Relation):
        row.reachable = has_phone(row.KIND, private)


def has_phone(kind: str, private: Mapping[str, Any]) -> bool:
    """Whether a number to call is among the private values of a record."""
    return any(private.get(name) for name in PHONES[kind])


def _set_column(row: Record, field: Field, value: Any) -> None:
    if field.type == "ref":
        setattr(row, f"{field.name}_id", UUID(value) if value and field.to != "staff" else value)
    else:
        setattr(row, field.name, date.fromisoformat(value) if field.type == "date" and value else value)


def derive(
    row: Record, values: Mapping[str, Any], refs: Refs, *, today: date, fallback: str = "", located: str | None = None
) -> None:
    """Set what follows. ``fallback`` is the area of a record that points nowhere and never had one; ``located`` is the area
    when the caller has found it for many at once.
    """
    found = area_of(row.KIND, values, refs, today) if located is None else located
    row.area = found or row.area or fallback
    if row.state != "merged":
        row.state = "ended" if values.get("ending") else "active"
    if isinstance(row, Premises):
        parent = refs.get("premises", {}).get(values.get("parent"))
        row.code = row.code or new_code()
        row.address = f"{parent.address if parent else ''}{row.name}"
        if len(row.address) > _LONGEST_ADDRESS:
            raise Invalid(_("地址全称太长"), code="too_long", field="name")
        row.find = search_tokens(row, row.address)
    elif isinstance(row, Resident):
        _derive_resident(row, values, refs)
    elif isinstance(row, Organisation | Facility):
        row.find = search_tokens(row, _address_of(values.get("premises"), refs))


def _derive_resident(row: Resident, values: Mapping[str, Any], refs: Refs) -> None:
    number, birth = values.get("id_number") or "", values.get("birth_date") or ""
    row.id_blind = blind(number) if number else None
    row.born_year = int(birth[:4]) if birth else None
    row.find = search_tokens(row, _address_of(values.get("home"), refs))


def search_tokens(row: Resident | Premises | Organisation | Facility, address: str) -> list[int]:
    """What a record is found by, as it stands. ``address``: of the home or the premises it lies in, of premises their own."""
    secrets = row.secrets
    if isinstance(row, Premises):
        keeper, phone = secrets.get("keeper_name", ""), secrets.get("keeper_phone", "")
        return tokens.of_place(address, row.code, name=row.name, keeper=keeper, phone=phone)
    if isinstance(row, Organisation):
        keeper, phone = secrets.get("contact_name", ""), secrets.get("contact_phone", "")
        return tokens.of_organisation(row.name, row.credit_code, address, keeper=keeper, phone=phone)
    if isinstance(row, Facility):
        return tokens.of_place(f"{address}{row.name}", number=row.number, name=row.name)
    phones = [phone for name in ("phone", "phone2") if (phone := secrets.get(name))]
    return tokens.of_person(
        secrets.get("name") or "", phones, secrets.get("id_number") or "", secrets.get("birth_date") or "", address
    )


def completed(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """At birth: what an 18-sign identity number says about birth date and sex, where nothing was said."""
    number = values.get("id_number") or ""
    if kind != "person" or len(number) != 18 or not number[:17].isdigit():
        return values
    born = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    filled = {"birth_date": born, "sex": "male" if int(number[16]) % 2 else "female"}
    return values | {name: value for name, value in filled.items() if not values.get(name)}


def new_code() -> str:
    """A public code for a door: eight signs without those that look alike; says nothing about the place."""
    return "".join(secrets.choice(_CODE_SIGNS) for _number in range(8))


def area_of(kind: str, values: Mapping[str, Any], refs: Refs, today: date) -> str:
    """Where a record with these values lies: by its point on the map, else by what it points to; "" when unknown."""
    return areas_of(kind, [values], refs, today)[0]


def areas_of(kind: str, many: Sequence[Mapping[str, Any]], refs: Refs, today: date) -> list[str]:
    """``area_of`` for many, with one look at the map."""
    points = [(one["lon"], one["lat"]) if one.get("lon") is not None else None for one in many]
    places = locate_points(points, on=today) if any(points) else [None] * len(points)
    return [
        (place.grid or place.community) if place is not None else _pointed(kind, one, refs)
        for one, place in zip(many, places, strict=True)
    ]


def _pointed(kind: str, values: Mapping[str, Any], refs: Refs) -> str:
    pointer = _AREA_FROM[kind]
    found = refs.get(FIELDS[kind][pointer].to, {}).get(values.get(pointer))
    return str(found.area) if found is not None else ""


def _address_of(uid: Any, refs: Refs) -> str:
    found = refs.get("premises", {}).get(uid)
    return str(found.address) if found is not None else ""
