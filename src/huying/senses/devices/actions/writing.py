"""What every write about devices shares: its history, and errors in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound

from ..models import Device
from ..words import why


def chain(code: str) -> str:
    """The name of a device's history."""
    return f"equipment:{code}"


def draft_of(device: str, verb: str, /, *, actor: Actor, now: datetime, new: bool = False, **body: Any) -> trace.Draft:
    """One entry in the history of a device, by its code; ``body`` holds nothing personal."""
    return trace.Draft(chain=chain(device), verb=verb, actor=actor, at=now, body=body, new=new)


def note(drafts: Iterable[trace.Draft]) -> None:
    trace.append(list(drafts))


def locked(device_id: int) -> Device:
    """The device, locked against other writers; NotFound when there is none.

    Not against those who only point to it: an alarm being raised meanwhile is waited for elsewhere, never in a circle.
    """
    found = Device.objects.select_for_update(no_key=True, of=("self",)).filter(pk=device_id).first()
    if found is None:
        raise NotFound(code="device_not_found")
    return found


def wrong(field: str, code: str, *, place: str = "") -> Invalid:
    """A problem of a device's registration, in words; ``place`` says which of several."""
    return Invalid(why(code), code=code, field=f"{place}{field}")
