"""A reporter wants what they said to be gone: erased from the trace and from every copy a case keeps of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.privacy.sealing import unseal
from huying.kernel.terms import terms
from huying.kernel.trace import Entry, PrivateValue

from ..models import Transfer
from ..rules import Action
from ..turns import announce, chain, lock_case

_HANDED_OVER = (Action.CALL_EMERGENCY, Action.TRANSFER_OUT)
Place = tuple[int, str]


def erase_voice(
    case_id: int, *, voice: str, opened_by_it: bool, last: bool, actor: Actor, now: datetime, why: str
) -> None:
    """Erase all that was said with one voice, for this case and every case it was ever merged into.

    ``opened_by_it``: title, summary and place are this voice's words; ``last``: no other voice is left. Either way the
    case is named by its item from then on, and found by that name only. ``why`` must hold no personal data. Erasing
    twice changes nothing.
    """
    with transaction.atomic():
        for one in sorted(_ways_of(case_id)):
            _erase_in(one, voice, actor, now, why)
        if opened_by_it or last:
            case = lock_case(case_id)
            case.title, case.summary, case.place_text = case.item.name[:80], "", ""
            case.terms = terms(case.title, "", "")
            case.save(update_fields=["title", "summary", "place_text", "terms"])
            announce(case)


def _ways_of(case_id: int) -> set[int]:
    """The case, and the cases it was merged into, also where that was undone: its voices may have spoken there."""
    found, layer = {case_id}, {case_id}
    while layer:
        merged = Entry.objects.filter(chain__in=[chain(one) for one in layer], verb=Action.MERGE)
        layer = {int(str(entry.content["into"])) for entry in merged} - found
        found |= layer
    return found


def _erase_in(case_id: int, voice: str, actor: Actor, now: datetime, why: str) -> None:
    lock_case(case_id)
    kept = PrivateValue.objects.filter(chain=chain(case_id))
    mine = list(kept.filter(label__endswith=f":{voice}").values_list("seq", "label", "sealed"))
    said = [unseal(sealed).strip() for _seq, _label, sealed in mine]
    places: list[Place] = [(seq, label) for seq, label, _sealed in mine]
    places.extend(_copies(case_id, said))
    trace.erase_private(chain(case_id), actor=actor, now=now, why=why, places=places)
    for transfer in Transfer.objects.filter(case=case_id).exclude(reason=""):
        if _copied(transfer.reason, said):
            transfer.reason = ""
            transfer.save(update_fields=["reason"])


def _copies(case_id: int, said: Iterable[str]) -> list[Place]:
    """Where the caller's own words went along with a hand-over, as its reason."""
    handed = Entry.objects.filter(chain=chain(case_id), verb__in=_HANDED_OVER).values("seq")
    reasons = PrivateValue.objects.filter(chain=chain(case_id), label="reason", seq__in=handed)
    rows = reasons.values_list("seq", "label", "sealed")
    return [(seq, label) for seq, label, sealed in rows if _copied(unseal(sealed), said)]


def _copied(reason: str, said: Iterable[str]) -> bool:
    """Whether a reason is what was said, or its beginning."""
    return any(text.startswith(reason.strip()) for text in said)
