"""A resident sends a matter from the portal, or joins one.

Everything ends in one call of ``reports``; here are only the manners of the portal around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from huying.casework.dispatch.queries import Matter
from huying.kernel.actor import Actor
from huying.kernel.models import StoredFile
from huying.senses.reports import actions as reports
from huying.senses.reports.actions import Taken, Voice
from huying.senses.reports.rules import Channel, parts_of

from . import queries, rules
from .signs import sign_of

SOURCE = "portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A matter as somebody wrote it, and how they want to be answered."""

    key: str
    text: str
    place_text: str = ""
    lon: float | None = None
    lat: float | None = None
    about: str = ""  # the public code of premises
    chosen: str = ""
    name: str = ""
    phone: str = ""
    user_id: int | None = None
    hide_identity: bool = False
    split: bool = False  # the other matters of the text get cases of their own
    photos: Sequence[StoredFile] = ()

    def matter(self, now: datetime) -> Matter:
        """As dispatch reads it. At most one query: where the registry has what it is about."""
        return Matter(
            text=self.text,
            channel=Channel.PORTAL,
            at=now,
            place_text=self.place_text,
            lon=self.lon,
            lat=self.lat,
            area=sign_of(self.about).area,
        )


def send_matter(said: Said, *, actor: Actor, now: datetime) -> list[Taken]:
    """Send a matter, or where it was asked for each matter of the text by itself.

    Sending the same again changes nothing and gives the same tracking codes.
    """
    voice = _as_chosen(_voice(said), said, now)
    if said.split:
        return reports.take_in_apart(voice, actor=actor, now=now)
    return reports.take_in([voice], actor=actor, now=now)


def join_matter(case_id: int, said: Said, *, actor: Actor, now: datetime) -> list[Taken]:
    """ "This is it: +1": one more voice for an open public matter. NotFound for any other.

    Where it was asked for each matter by itself, only the one that is like that matter joins it; the others are sent as
    if there were no other.
    """
    voice = _voice(said, case_id)
    if not said.split:
        return reports.take_in([voice], actor=actor, now=now)
    whole = said.matter(now)
    parts = [replace(whole, text=text) for text in parts_of(said.text)]
    joining = queries.likest(parts, case_id, now=now)
    return reports.take_in_apart(_as_chosen(voice, said, now), joining=joining, actor=actor, now=now)


def _as_chosen(voice: Voice, said: Said, now: datetime) -> Voice:
    """A voice with what the resident chose for it; of several matters it is the first that is meant."""
    if not said.chosen:
        return voice
    seen = queries.understand(said.matter(now), now=now, with_similar=False)
    item_code, hold = rules.resident_choice(said.chosen, seen.codes, sure=seen.sure)
    if said.split and seen.codes[:1] == [item_code]:
        item_code = None  # it was only proposed, for the text as a whole
    return replace(voice, item_code=item_code, hold=hold)


def _voice(said: Said, case_id: int | None = None) -> Voice:
    words = (said.text, said.place_text, said.lon, said.lat, case_id)
    sign = sign_of(said.about)
    return Voice(
        source=SOURCE,
        source_id=rules.source_id(said.key, words),
        channel=Channel.PORTAL,
        text=said.text,
        name=said.name,
        phone=said.phone,
        user_id=said.user_id,
        anonymous=said.user_id is None and not said.phone,
        hide_identity=said.hide_identity,
        place_text=said.place_text,
        lon=said.lon,
        lat=said.lat,
        case_id=case_id,
        files=tuple(said.photos),
        area=sign.area,
        subjects=sign.subjects,
    )
