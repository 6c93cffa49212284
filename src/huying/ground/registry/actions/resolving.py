"""Rows of a table as records: what they point to as people write it, and which record a row is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from huying.ground.organisation.models import Person
from huying.ground.registry import access
from huying.ground.registry.fields import FIELDS
from huying.ground.registry.models import Organisation, Premises, Resident
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.privacy import blind, blind_candidates

Key = tuple[Any, ...]
Pointed = dict[tuple[str, str], str]


def resolved(kind: str, values: Mapping[str, str], pointed: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Pointers as uids. Raises Invalid naming the field that points nowhere."""
    found: dict[str, Any] = dict(values)
    for name, text in values.items():
        field = FIELDS[kind][name]
        if field.type == "ref":
            target = pointed.get((field.to, text)) or (text if is_uid(text) else None)
            if target is None:
                raise Invalid(
                    _("“%(label)s”指向的记录不存在") % {"label": field.label}, code="unknown_record", field=name
                )
            found[name] = target
    return found


def pointed_to(kind: str, rows: Iterable[Mapping[str, str]], actor: Actor) -> Pointed:
    """What rows point to as people write it; a query a kind. Of several at one address the one the actor sees; places
    themselves lie only in such, since that of a table may bear the name of another area's.
    """
    wanted: dict[str, set[str]] = {}
    for values in rows:
        for name, text in values.items():
            field = FIELDS[kind][name]
            if field.type == "ref" and not is_uid(text):
                wanted.setdefault(field.to, set()).add(text)
    found: Pointed = {}
    if places := wanted.get("premises"):
        found |= _places(places, actor, unseen=kind != "premises")
    if codes := wanted.get("organisation"):
        rows_of = Organisation.objects.filter(credit_code__in=codes, state="active")
        found |= {("organisation", code): str(uid) for uid, code in rows_of.values_list("uid", "credit_code")}
    if numbers := wanted.get("staff"):
        people = Person.objects.filter(number__in=numbers).values_list("pk", "number")
        found |= {("staff", number): str(pk) for pk, number in people}
    if people_wanted := wanted.get("person"):
        found |= {("person", number): str(uid) for number, uid in _numbered(people_wanted).items()}
    return found


def _places(texts: set[str], actor: Actor, *, unseen: bool) -> Pointed:
    found: Pointed = {}
    there = Premises.objects.filter(address__in=texts, state="active").order_by("id")
    for uid, address, area in there.values_list("uid", "address", "area"):
        if access.may(actor, access.VIEW, area) or (unseen and ("premises", address) not in found):
            found["premises", address] = str(uid)
    coded = Premises.objects.filter(code__in=[text.lower() for text in texts]).values_list("uid", "code")
    return found | {("premises", code): str(uid) for uid, code in coded}


def _numbered(numbers: Iterable[str]) -> dict[str, UUID]:
    """Residents in force by the identity numbers they were asked for."""
    blinds = {each: number for number in numbers for each in blind_candidates(number)}
    rows = Resident.objects.filter(id_blind__in=list(blinds), state="active").values_list("uid", "id_blind")
    return {blinds[bytes(seen or b"")]: uid for uid, seen in rows}


def known_of(
    kind: str, cleaned: Iterable[Mapping[str, Any]], raw: Iterable[Mapping[str, str]], actor: Actor
) -> dict[Key, UUID]:
    """Records in force by their own key (``key_of``); a query a step.

    Identity numbers and credit codes are unique everywhere, so those of other areas are among them. A place is only known by
    its name to who sees it. Places may lie in one another within a step: theirs are looked for as they are written.
    """
    if kind == "person":
        numbers = {values["id_number"] for values in cleaned if values.get("id_number")}
        return {("id", number): uid for number, uid in _numbered(numbers).items()}
    if kind == "organisation":
        codes = {values["credit_code"] for values in cleaned if values.get("credit_code")}
        found = Organisation.objects.filter(credit_code__in=codes, state="active").values_list("uid", "credit_code")
        return {("code", code): uid for uid, code in found}
    if kind == "premises":
        return _known_places(list(raw), actor)
    return {}


def _known_places(raw: list[Mapping[str, str]], actor: Actor) -> dict[Key, UUID]:
    names = {values.get("name", "") for values in raw}
    parents = {values["parent"] for values in raw if values.get("parent")}
    seen = access.visible(actor, "premises").filter(name__in=names, state="active")
    near = seen.filter(parent__address__in=parents) | seen.filter(parent=None)
    rows = near.values_list("uid", "parent", "name")
    return {("place", str(parent or ""), name): uid for uid, parent, name in rows}


def key_of(kind: str, values: Mapping[str, Any]) -> Key:
    """By what a row is known again: an identity, a place, else everything it says."""
    if kind == "person" and values.get("id_number"):
        return ("id", values["id_number"])
    if kind == "organisation" and values.get("credit_code"):
        return ("code", values["credit_code"])
    if kind == "premises":
        return ("place", values.get("parent") or "", values["name"])
    return ("whole", *sorted((name, str(value)) for name, value in values.items()))


def own_uids(kind: str, key: Key, actor: Actor) -> list[UUID]:
    """The same row always makes the same record; keyed, so that a uid says nothing about an identity number.

    The second is taken where the first lies outside the actor's areas: a row must not tell that somebody elsewhere has said
    the same. For who imports everywhere there is only one.
    """
    said = f"registry import {kind} {key!r}"
    reach = " ".join(access.areas(actor, access.IMPORT))
    return [_uid(text) for text in ([said, f"{said} {reach}"] if reach else [said])]


def _uid(text: str) -> UUID:
    return UUID(bytes=blind(text)[:16], version=4)


def is_uid(text: str) -> bool:
    """Whether a text is a whole uid."""
    try:
        UUID(text)
    except ValueError:
        return False
    return len(text) >= 32
