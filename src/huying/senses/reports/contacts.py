"""Who a voice belongs to: one contact a phone number, found by blind index, in two queries for any number of voices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from django.db import connection

from huying.kernel.bulk import allocate_ids, insert_rows
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
    keys = [_key(voice) for voice in voices]
    known = _known({key for key in keys if key is not None})
    new = {key: voice for key, voice in zip(keys, voices, strict=True) if key is not None and key not in known}
    if new:
        ids = allocate_ids(Contact, len(new))
        rows = [
            (
                contact_id,
                seal(voice.phone) if voice.phone else None,
                key[1] if key[0] == "phone" else None,
                seal(voice.name) if voice.name else None,
                voice.user_id,
                now,
            )
            for contact_id, (key, voice) in zip(ids, new.items(), strict=True)
        ]
        columns = ("id", "phone_sealed", "phone_blind", "name_sealed", "user_id", "made_at")
        insert_rows(Contact, columns, rows)
        known.update(zip(new, ids, strict=True))
    return [known[key] if key is not None else None for key in keys]


_Key = tuple[str, bytes | int]


def _key(voice: HasContact) -> _Key | None:
    if voice.anonymous:
        return None
    if voice.user_id is not None:
        return ("user", voice.user_id)
    if voice.phone:
        return ("phone", blind(voice.phone))
    return ("name", blind(voice.name)) if voice.name else None


def _known(keys: set[_Key]) -> dict[_Key, int]:
    phones = [value for kind, value in keys if kind == "phone"]
    users = [int(value) for kind, value in keys if kind == "user" and isinstance(value, int)]
    found: dict[_Key, int] = {}
    if phones:
        with connection.cursor() as cursor:  # asked at every intake: plain SQL costs a third
            cursor.execute(
                f"SELECT id, phone_blind FROM {Contact._meta.db_table} WHERE phone_blind = ANY(%s)", [phones]
            )
            for contact_id, mark in cursor.fetchall():
                found["phone", bytes(mark)] = contact_id
    if users:
        for contact_id, user_id in Contact.objects.filter(user__in=users).values_list("id", "user_id"):
            found["user", user_id] = contact_id
    return found
