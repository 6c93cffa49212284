"""What a corrected form tells the registry: proposals made from it are withdrawn, values it wrote are said anew.

Everything goes through the registry's one door, with the version the form's own values made as base: what somebody else
said meanwhile is never written over but goes to a person with both values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import orjson
from django.db import transaction

from huying.ground.registry.actions import change, withdraw_proposal
from huying.ground.registry.models import MODELS, Change, Proposal
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import HuyingError
from huying.senses.forms.facts import SubmissionAmended

from .. import access
from .following import belongs, by_kind, record_of


@dataclass(frozen=True, slots=True)
class _Said:
    """What the form said of one record until now: pairs [before, said] that were written, and proposals that wait."""

    uid: UUID
    written: Mapping[str, Sequence[Any]]
    version: int
    waiting: Sequence[Proposal]


def relearn(fact: SubmissionAmended, *, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Bring the registry to what the form says now; what became of each kind of record."""
    before, after = by_kind(fact.registry_before), by_kind(fact.registry)
    effects: list[dict[str, Any]] = []
    for kind in sorted(before.keys() | after.keys()):
        old, new = before.get(kind, {}), after.get(kind, {})
        if old != new:
            effects += _relearn(kind, old, new, fact, _speaker(fact, actor), now)
    return effects


def _speaker(fact: SubmissionAmended, actor: Actor) -> Actor:
    """Who corrected it speaks, with no less reach than whoever filled it in."""
    author = access.worker(fact.author, local_day(fact.ended_at))
    return replace(actor, duties=tuple(dict.fromkeys((*actor.duties, *author.duties))))


def _relearn(
    kind: str, old: Mapping[str, Any], new: Mapping[str, Any], fact: SubmissionAmended, speaker: Actor, now: datetime
) -> list[dict[str, Any]]:
    said = _said(kind, fact)
    effects = []
    if said.waiting:
        _withdraw(said.waiting, now)
        effects.append(_effect("registry_withdrawn", kind, [name for one in said.waiting for name in one.fields]))
    waited = {name for one in said.waiting for name in one.fields}
    wanted = {name: value for name, value in new.items() if old.get(name) != value or name in waited}
    gone = [name for name in old if name not in new and name in said.written]
    standing = MODELS[kind]._default_manager.filter(uid=said.uid).values_list("version", flat=True).first() or 0
    born = kind != fact.subject_kind and said.version > 0
    if born and not new:
        return [*effects, _effect("registry_kept", kind, gone)]
    if not born:
        wanted |= {name: said.written[name][0] for name in gone}
    if not standing and new:
        wanted = dict(new) | belongs(kind, fact, new)
    if not wanted:
        return effects
    op = uuid5(fact.op, f"registry/{kind}/{fact.number}")
    try:
        with transaction.atomic():
            done = change(
                actor=speaker, now=now, kind=kind, uid=said.uid, base=said.version or standing, changes=wanted,
                source="form", op=op,
            )  # fmt: skip
    except HuyingError:
        return [*effects, _effect("registry_refused", kind, wanted)]
    return [*effects, _effect(f"registry_{done.state}", kind, wanted)]


def _effect(what: str, kind: str, fields: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    """Names of fields only: values are read in the registry, through its door."""
    return {"what": what, "kind": kind, "fields": sorted(set(fields))}


def _said(kind: str, fact: SubmissionAmended) -> _Said:
    uid, _base = record_of(kind, fact)
    ops = [uuid5(fact.op, f"registry/{kind}")]
    ops += [uuid5(fact.op, f"registry/{kind}/{number}") for number in range(1, fact.number)]
    written: dict[str, Sequence[Any]] = {}
    version = 0
    for one in Change.objects.filter(kind=kind, subject=uid, op__in=ops).order_by("version"):
        values = {**one.plain, **(orjson.loads(one.private) if one.private else {})}
        for name in one.fields:
            if name in values:
                first = written.get(name, values[name])[0]
                written[name] = (first, values[name][1])
        version = one.version
    waiting = Proposal.objects.filter(kind=kind, subject=uid, op__in=ops, decided_at__isnull=True)
    return _Said(uid, written, version, list(waiting.order_by("id")))


def _withdraw(rows: Sequence[Proposal], now: datetime) -> None:
    for row in rows:
        proposer = Actor("staff", row.author, row.author_name)
        withdraw_proposal(actor=proposer, now=now, proposal_id=row.pk)
