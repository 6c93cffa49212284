"""One chain as one self-contained file that anybody can check offline, and the erasure of private values."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.privacy.sealing import unseal
from huying.kernel.trace.checkpoints import leaf_path
from huying.kernel.trace.models import Checkpoint, Entry, Leaf, PrivateValue
from huying.kernel.trace.offline import EXPORT_FORMAT
from huying.kernel.trace.record import Draft, moment_text, record

ERASED: Final = "private.erased"
Resolver = Callable[[str], str | None]
_resolvers: list[Resolver] = []


def resolve_chain(resolver: Resolver) -> Resolver:
    """Register a function that turns what people write, such as a case number, into the name of a chain."""
    _resolvers.append(resolver)
    return resolver


def chain_named(text: str) -> str:
    """The chain meant by ``text``: a chain name, or anything a registered resolver knows. Raises NotFound."""
    text = text.strip()
    if ":" in text and Entry.objects.filter(chain=text).exists():
        return text
    for resolver in _resolvers:
        chain = resolver(text)
        if chain is not None:
            return chain
    raise NotFound(_("没有这条留痕"), code="no_such_chain", hint=_("请给出链名（如 case:123）或事件编号"))


@transaction.atomic
def export(chain: str, *, disclose: Collection[str] | bool = False) -> dict[str, Any]:
    """The whole chain with its proofs, as a JSON-ready dictionary in the format ``huying-trace-export/1``.

    ``disclose`` chooses which private values are opened: none (False), all (True), or those with these labels. The
    caller has logged the look (``privacy.reveal``) when it discloses any. Raises NotFound for an unknown chain.
    """
    entries = list(Entry.objects.filter(chain=chain).order_by("seq"))
    if not entries:
        raise NotFound(_("没有这条留痕"), code="no_such_chain", field="chain")
    leaves = list(Leaf.objects.filter(chain=chain).order_by("seq"))
    checkpoints = Checkpoint.objects.in_bulk([leaf.checkpoint_id for leaf in leaves])
    return {
        "format": EXPORT_FORMAT,
        "chain": chain,
        "entries": [_entry(entry) for entry in entries],
        "private": _disclosed(chain, disclose),
        "checkpoints": [_proof(leaf, checkpoints[leaf.checkpoint_id]) for leaf in leaves],
    }


def export_text(chain: str, *, disclose: Collection[str] | bool = False) -> str:
    """The exported file as text."""
    return json.dumps(export(chain, disclose=disclose), ensure_ascii=False, indent=1) + "\n"


@transaction.atomic
def erase_private(
    chain: str,
    *,
    actor: Actor,
    now: datetime,
    why: str,
    labels: Collection[str] | None = None,
    places: Collection[tuple[int, str]] | None = None,
) -> int:
    """Erase the private values of a chain for ever; returns how many: all, those with these labels, or those at these
    places, which are the sequence number of an entry and a label.

    The chain stays valid: it only ever held commitments, and without salt and value they say nothing. That, how many
    and why something was erased is itself an entry, which names none of them. ``why`` must hold no personal data.
    Erasing nothing writes nothing.
    """
    if not why.strip():
        raise Invalid(_("请写明删除个人信息的依据"), code="reason_needed", field="why")
    values = PrivateValue.objects.filter(chain=chain)
    if labels is not None:
        values = values.filter(label__in=labels)
    if places is not None:
        wanted = set(places)
        rows = values.filter(seq__in={seq for seq, _label in wanted}).values_list("pk", "seq", "label")
        values = values.filter(pk__in=[pk for pk, seq, label in rows if (seq, label) in wanted])
    count, _per_model = values.delete()
    if count:
        body = {"count": count, "why": why.strip()}
        record([Draft(chain=chain, verb=ERASED, actor=actor, at=now, body=body)])
    return count


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": moment_text(entry.at),
        "actor_ref": entry.actor_ref,
        "actor_name": entry.actor_name,
        "actor_unit": entry.actor_unit,
        "verb": entry.verb,
        "body": entry.body,
        "commitments": entry.commitments,
        "prev": bytes(entry.prev).hex(),
        "hash": bytes(entry.hash).hex(),
    }


def _disclosed(chain: str, disclose: Collection[str] | bool) -> list[dict[str, Any]]:
    if disclose is False:
        return []
    values = PrivateValue.objects.filter(chain=chain).order_by("seq", "label")
    if not isinstance(disclose, bool):
        values = values.filter(label__in=disclose)
    return [
        {"seq": value.seq, "label": value.label, "salt": bytes(value.salt).hex(), "value": unseal(value.sealed)}
        for value in values
    ]


def _proof(leaf: Leaf, checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "statement": checkpoint.statement,
        "signature": base64.b64encode(bytes(checkpoint.signature)).decode(),
        "seq": leaf.seq,
        "position": leaf.position,
        "path": [step.hex() for step in leaf_path(checkpoint, leaf.position)],
    }
