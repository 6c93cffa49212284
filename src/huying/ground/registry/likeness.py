"""Records that may be the same thing: refused when an identity is registered already, noted for a person otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict
from huying.kernel.privacy import blind_candidates, mask_name

from . import access, tokens
from .models import Likeness, Organisation, Premises, Record, Resident

_MOST_ALIKE: Final = 20
"""A record like more others than this is a placeholder (无名氏, a shared phone); the rest is left to people."""


def refuse_known(actor: Actor, kind: str, values: Mapping[str, Any], but: UUID | None = None) -> None:
    """Conflict when the identity number or credit code is registered already; named to whoever may see the existing one."""
    found: Record | None = None
    if kind == "person" and values.get("id_number"):
        same = Resident.objects.filter(id_blind__in=blind_candidates(values["id_number"]), state="active")
        found = same.exclude(uid=but).first()
        words = _("这个身份证号已经登记过了")
    elif kind == "organisation" and values.get("credit_code"):
        same_code = Organisation.objects.filter(credit_code=values["credit_code"], state="active")
        found = same_code.exclude(uid=but).first()
        words = _("这个统一社会信用代码已经登记过了")
    if found is None:
        return
    field = "id_number" if kind == "person" else "credit_code"
    if access.may(actor, access.VIEW, found.area):
        name = mask_name(found.value("name")) if kind == "person" else found.value("name")
        hint = _("已登记的是 %(name)s（%(uid)s），请在那一条上更新") % {"name": name, "uid": found.uid}
    else:
        hint = _("登记在别的区域，请联系信息管理员")
    raise Conflict(words, code="known_already", hint=hint, field=field)


def note_likenesses(rows: Sequence[Record], now: datetime) -> int:
    """Find what is like these records and note each pair once; how many pairs are new. Two queries a kind."""
    pairs: dict[tuple[str, UUID, UUID], tuple[str, set[str]]] = {}
    _gather(pairs, _like_residents([row for row in rows if isinstance(row, Resident)]))
    _gather(pairs, _like_premises([row for row in rows if isinstance(row, Premises)]))
    _gather(pairs, _like_organisations([row for row in rows if isinstance(row, Organisation)]))
    found = [
        Likeness(kind=kind, one=one, other=other, area=area, reasons=sorted(reasons), found_at=now)
        for (kind, one, other), (area, reasons) in pairs.items()
    ]
    if not found:
        return 0
    named = Likeness.objects.filter(one__in={pair.one for pair in found}).values_list("kind", "one", "other")
    before = set(named)
    new = [pair for pair in found if (pair.kind, pair.one, pair.other) not in before]
    Likeness.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


Alike = dict[UUID, list[tuple[str, Record, Record]]]


def _gather(pairs: dict[tuple[str, UUID, UUID], tuple[str, set[str]]], alike: Alike) -> None:
    for found in alike.values():
        if len(found) > _MOST_ALIKE:
            continue
        for reason, row, other in found:
            one, two = sorted((row.uid, other.uid))
            pairs.setdefault((row.KIND, one, two), (_shared(row.area, other.area), set()))[1].add(reason)


def _like_residents(rows: Sequence[Resident]) -> Alike:
    """By name and birth date, and by surname and phone, through the tokens that both keep."""
    wanted: dict[int, list[tuple[str, Resident]]] = {}
    for row in rows:
        secrets = row.secrets
        phones = [secrets[name] for name in ("phone", "phone2") if secrets.get(name)]
        for key in tokens.likeness_keys(secrets.get("name", ""), phones, secrets.get("birth_date", "")):
            reason = "same_birth" if "-" in key else "same_phone"
            wanted.setdefault(tokens.keyed([key])[0], []).append((reason, row))
    alike: Alike = {}
    for token, other in _bearers(list(wanted)):
        _note_pairs(alike, wanted[token], other)
    return alike


# One look into the index for each token. Asked for all at once the planner takes them for a large part of the town and
# reads the town; so it would for the first few of one token (LIMIT), which it therefore finds first and counts then.
_BEARERS: Final = """
SELECT wanted.token, other.uid, other.area FROM unnest(%s::bigint[]) AS wanted(token) CROSS JOIN LATERAL (
  WITH found AS MATERIALIZED (
    SELECT uid, area FROM registry_resident WHERE find @> ARRAY[wanted.token] AND state = 'active'
  )
  SELECT uid, area FROM found LIMIT %s
) AS other
"""


def _bearers(keys: Sequence[int]) -> Iterator[tuple[int, Resident]]:
    """Every token with the residents (uid and area) who bear it, as far as they tell a placeholder from a double."""
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(_BEARERS, [list(keys), _MOST_ALIKE + 2])
            for token, uid, area in cursor.fetchall():
                yield token, Resident(uid=uid, area=area)


def _like_premises(rows: Sequence[Premises]) -> Alike:
    """By name and kind in the same place above."""
    wanted: dict[Any, list[tuple[str, Premises]]] = {}
    for row in rows:
        if row.parent_id is not None:
            wanted.setdefault((row.parent_id, row.name, row.kind), []).append(("same_place", row))
    alike: Alike = {}
    if wanted:
        parents, names, _kinds = (set(part) for part in zip(*wanted, strict=True))
        others = Premises.objects.filter(parent__in=parents, name__in=names, state="active")
        for other in others.only("uid", "area", "state", "parent", "name", "kind"):
            _note_pairs(alike, wanted.get((other.parent_id, other.name, other.kind), []), other)
    return alike


def _like_organisations(rows: Sequence[Organisation]) -> Alike:
    """By name at the same address."""
    wanted: dict[Any, list[tuple[str, Organisation]]] = {}
    for row in rows:
        if row.premises_id is not None:
            wanted.setdefault((row.premises_id, row.name), []).append(("same_name", row))
    alike: Alike = {}
    if wanted:
        places, names = (set(part) for part in zip(*wanted, strict=True))
        others = Organisation.objects.filter(premises__in=places, name__in=names, state="active")
        for other in others.only("uid", "area", "state", "premises", "name"):
            _note_pairs(alike, wanted.get((other.premises_id, other.name), []), other)
    return alike


def _note_pairs(alike: Alike, rows: Sequence[tuple[str, Record]], other: Record) -> None:
    for reason, row in rows:
        if row.uid != other.uid:
            alike.setdefault(row.uid, []).append((reason, row, other))


def _shared(one: str, other: str) -> str:
    """The smallest area holding both: who may decide about the pair."""
    if one == other:
        return one
    for length in (15, 12, 9, 6, 4, 2):
        if one[:length] == other[:length] and len(one) >= length and len(other) >= length:
            return one[:length]
    return ""


def find_likenesses(*, since: datetime, now: datetime) -> int:
    """Look for doubles of everything seen or written since a moment; how many new pairs. In steps of 500 records."""
    count = 0
    for model in (Resident, Premises, Organisation):
        waiting: list[Record] = []
        for row in model._default_manager.filter(state="active", checked_at__gte=since).order_by("id").iterator(500):
            waiting.append(row)
            if len(waiting) == 500:
                count += note_likenesses(waiting, now)
                waiting = []
        count += note_likenesses(waiting, now)
    return count
