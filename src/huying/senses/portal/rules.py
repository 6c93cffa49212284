"""Pure decisions of the portal: keys of forms, what the public may see of a place, by when something was promised."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime

LONGEST_TEXT = 2_000
UNSURE = "unsure"
_KEY = re.compile(r"[A-Za-z0-9_-]{22,64}")
_PUBLIC_STEP = 0.0005  # degrees: about fifty metres, so that a point on the public map is no doorstep

_SENT = frozenset({"dispatch", "designate"})
_UNSENT = frozenset({"recall", "unmerge"})
_ANEW = frozenset({"escalate", "order_redo", "uphold_objection", "reconsider", "take_back"})
PROMISING = _SENT | _UNSENT | _ANEW  # steps of a case by which something is promised, or begins anew


def is_form_key(text: str) -> bool:
    """Whether this can be a form's one-time key: too long to be guessed, so nobody finds another's matter by it."""
    return _KEY.fullmatch(text) is not None


def source_id(key: str, said: Iterable[object]) -> str:
    """The same form with the same words is the same voice; the same form with other words is another one.

    A second press, or a letter sent again after the network came back, so changes nothing; and somebody who goes
    back, writes something else and sends it is heard.
    """
    words = "\x1f".join(str(one) for one in said)
    return f"{key[:64]}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def promised(due: datetime, steps: Iterable[tuple[str, object]]) -> datetime:
    """By when, as it was first said: taking it back and sending it out again is the office's affair, not the resident's.

    ``due`` is what holds for the unit now; ``steps`` are those of ``PROMISING`` in their order, each with the due time it
    set (ISO 8601). What begins anew (done again, passed up) holds as it is.
    """
    said, last = [due], None
    for verb, then in steps:
        if verb in _SENT:
            last = then
        elif verb in _UNSENT and last:
            said.append(datetime.fromisoformat(str(last)))
        elif verb in _ANEW:
            said, last = [due], None
    return min(said)


def public_point(lon: float, lat: float) -> tuple[float, float]:
    """A point as everybody may see it, moved to the nearest crossing of a grid of about fifty metres."""
    return round(round(lon / _PUBLIC_STEP) * _PUBLIC_STEP, 4), round(round(lat / _PUBLIC_STEP) * _PUBLIC_STEP, 4)


def resident_choice(chosen: str, proposed: list[str], *, sure: bool) -> tuple[str | None, bool]:
    """What a resident's choice among the proposals means: (kind named by the resident, keep for a dispatcher).

    Leaving a sure first proposal as it is says nothing new; one that is not among the proposals is not listened to.
    """
    if chosen == UNSURE:
        return None, True
    if chosen in proposed and not (sure and chosen == proposed[0]):
        return chosen, False
    return None, False
