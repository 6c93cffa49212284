"""What of a record stands open to this session, and until when: written after the log line, read by the pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse

from ..models import CareEntry, Record, Relation, Residence

OPEN_FOR: Final = timedelta(minutes=10)
CONTACTS: Final = "contacts"

SESSION: Final = "registry_open"


@dataclass(frozen=True, slots=True)
class Opened:
    """What of a record stands open to this session, until when."""

    fields: tuple[str, ...] = ()
    until: datetime | None = None

    @property
    def contacts(self) -> bool:
        return CONTACTS in self.fields

    def values(self, record: Record) -> dict[str, Any]:
        """The opened values."""
        secrets = record.secrets if self.fields else {}
        return {name: secrets.get(name) for name in self.fields if name != CONTACTS}


def grant(request: HttpRequest, record: Record, fields: Collection[str], now: datetime) -> None:
    """Let this session see these fields of this record for ten minutes; what is past is forgotten."""
    held = {key: value for key, value in request.session.get(SESSION, {}).items() if value[0] > now.timestamp()}
    key = f"{record.KIND}:{record.uid}"
    before: Sequence[str] = held[key][1] if key in held else ()
    held[key] = [(now + OPEN_FOR).timestamp(), sorted({*before, *fields})]
    request.session[SESSION] = held


def opened(request: HttpRequest, record: Record, now: datetime) -> Opened:
    """What stands open now."""
    held = request.session.get(SESSION, {}).get(f"{record.KIND}:{record.uid}")
    if not held or held[0] <= now.timestamp():
        return Opened()
    return Opened(tuple(held[1]), datetime.fromtimestamp(held[0], tz=now.tzinfo))


def record_url(record: Record) -> str:
    """The page of a record; what belongs to a person is shown on that person's."""
    target = record.resident if isinstance(record, Relation | Residence | CareEntry) else record
    return reverse("registry-record", args=[target.KIND, target.uid])
