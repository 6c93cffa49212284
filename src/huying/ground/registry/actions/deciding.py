"""Proposals are accepted or declined, field by field, by somebody else than who made them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import orjson
from django.utils.translation import gettext_lazy as _

from huying.ground.registry import access
from huying.ground.registry.models import Proposal
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused
from huying.kernel.facts import Fact, publish
from huying.kernel.locks import lock_name

from .changing import birth, write
from .writing import Author, locked, said


def decide_proposal(
    *, actor: Actor, now: datetime, proposal_id: int, accept: Collection[str] | None, reason: str = ""
) -> Proposal:
    """Take the named fields of a proposal (None: all; empty: decline it). What is not named is declined.

    NotFound outside the actor's areas, Forbidden for who proposed it, Refused when it is decided already. Declining asks for a
    reason, which the proposer reads. A birth is taken as a whole or not at all.
    """
    with said():
        row: Proposal | None = Proposal.objects.select_for_update().filter(pk=proposal_id).first()
        if row is None or not access.may(actor, access.DECIDE, row.area):
            raise NotFound(_("没有这条待审核的变更"))
        if row.decided_at is not None:
            raise Refused(_("这条变更已经审核过了"), code="decided_already")
        if row.author == actor.ref:
            raise Forbidden(_("自己提的变更要由别人审核"), code="own_proposal")
        taken = _taken(row, accept, reason)
        facts: list[Fact] = []
        if taken:
            _carry_out(row, taken, actor, now, facts)
        row.state = Proposal.State.ACCEPTED if taken else Proposal.State.DECLINED
        row.taken, row.reason = sorted(taken), reason.strip()
        row.decided_by, row.decided_name, row.decided_at = actor.ref, actor.name, now
        row.save()
        publish(*facts)
    return row


def withdraw_proposal(*, actor: Actor, now: datetime, proposal_id: int) -> Proposal:
    """Who proposed it lets it be: the record stays as it is. Twice is nothing; Refused when somebody decided before."""
    with said():
        row: Proposal | None = Proposal.objects.select_for_update().filter(pk=proposal_id, author=actor.ref).first()
        if row is None:
            raise NotFound(_("没有这条待审核的变更"))
        if row.decided_at is not None:
            if row.state == Proposal.State.DECLINED and not row.decided_by:
                return row
            raise Refused(_("这条变更已经审核过了"), code="decided_already")
        # Nobody decides their own: it is declined by no one, with the author's word for it.
        row.state, row.reason, row.decided_at = Proposal.State.DECLINED, str(_("提交人自己撤回")), now
        row.decided_name = actor.name
        row.save()
    return row


def _taken(row: Proposal, accept: Collection[str] | None, reason: str) -> list[str]:
    taken = list(row.fields) if accept is None else [name for name in row.fields if name in accept]
    if accept and not set(accept) <= set(row.fields):
        raise Invalid(_("这条变更里没有这一项"), code="unknown_field", field="accept")
    if not taken and not reason.strip():
        raise Invalid(_("请写明不采纳的理由"), code="reason_needed", field="reason")
    if len(reason) > 200:
        raise Invalid(_("理由最多 200 个字"), code="too_long", field="reason")
    return taken


def _carry_out(row: Proposal, taken: list[str], actor: Actor, now: datetime, facts: list[Fact]) -> None:
    wished = orjson.loads(row.values or "{}")
    values = {name: wished[name]["mine"] for name in taken}
    author = Author(
        actor=actor, now=now, source=row.source, base=row.base, ref=row.author, name=row.author_name
    )  # fmt: skip
    lock_name(f"registry {row.subject}")
    record = locked(row.kind, row.subject)
    if record is not None:
        if record.state == "merged" or record.ending == "erased":
            raise Refused(_("这条信息已合并或删除"), code="gone")
        write(record, values, author, facts)
        return
    if len(taken) < len(row.fields):
        raise Invalid(_("新登记的信息要整条采纳"), code="whole_birth", field="accept")
    birth(row.kind, row.subject, values, author, facts, row.area)
