"""Who a voice belongs to: one contact a phone number, found by blind index, in two trips for any number of voices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from huying.kernel.bulk import insert_rows, new_ids
from huying.kernel.gathering import Question, Rows, ask_together, often
from huying.kernel.privacy import blind, seal

from .models import Contact


class HasContact(Protocol):
    """What is known of the person behind a voice."""

    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def user_id(self) -> int | None: ...
    @property
    def anonymous(self) -> bool: ...


def contacts_for(voices: Sequence[HasContact], now: datetime) -> list[int | None]:
    """The contact id of each voice, made when new; ``None`` for the anonymous and for those who left nothing."""
    return kept(voices, ask_together(*questions(voices)), now)


def questions(voices: Sequence[HasContact]) -> tuple[Question, Question]:
    """Who of them is known, and ids for all who might not be (an id left over is lost, as with any sequence)."""
    keys = {key for voice in voices if (key := _key(voice)) is not None}
    phones = [value for kind, value in keys if kind == "phone"]
    users = [value for kind, value in keys if kind == "user"]
    return (_KNOWN, (phones, users)), new_ids(Contact, len(keys))


def kept(voices: Sequence[HasContact], answers: Sequence[Rows], now: datetime) -> list[int | None]:
    """The contact ids of voices by the answers to ``questions`` about them or more; those who are new are written."""
    rows, ids = answers
    keys = [_key(voice) for voice in voices]
    known: dict[_Key, int] = {}
    for contact_id, phone, user_id in rows:
        known["user", user_id] = contact_id
        if phone is not None:
            known["phone", bytes(phone)] = contact_id
    new = {key: voice for key, voice in zip(keys, voices, strict=True) if key is not None and key not in known}
    made = dict(
        zip(sorted(new, key=_order), (value for (value,) in ids), strict=False)
    )  # so batches never wait in a circle
    insert_rows(Contact, _COLUMNS, [_row(pk, key, new[key], now) for key, pk in made.items()])
    known.update(made)
    return [known[key] if key is not None else None for key in keys]


_COLUMNS = ("id", "phone_sealed", "phone_blind", "name_sealed", "user_id", "made_at")
_KNOWN = often(
    "known_contacts",
    f"SELECT id, phone_blind, user_id FROM {Contact._meta.db_table}"
    " WHERE phone_blind = ANY($1::bytea[]) OR user_id = ANY($2::bigint[])",
)


def _row(pk: int, key: _Key, voice: HasContact, now: datetime) -> tuple[Any, ...]:
    kind, value = key
    phone = seal(voice.phone) if voice.phone else None
    return pk, phone, value if kind == "phone" else None, seal(voice.name) if voice.name else None, voice.user_id, now


_Key = tuple[str, bytes | int]


def _key(voice: HasContact) -> _Key | None:
    if voice.anonymous:
        return None
    if voice.user_id is not None:
        return ("user", voice.user_id)
    if voice.phone:
        return ("phone", blind(voice.phone))
    return ("name", blind(voice.name)) if voice.name else None


def _order(key: _Key) -> tuple[str, bytes]:
    kind, value = key
    return kind, value if isinstance(value, bytes) else value.to_bytes(8)
