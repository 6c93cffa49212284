"""For tests and benchmarks: an enrolled phone and what it sends."""

from __future__ import annotations

import uuid
from datetime import datetime
from itertools import count
from typing import Any

from huying.kernel.actor import Actor

from .actions import enrol_device
from .models import Device
from .reading import Damaged, Sent, read_operation

_numbers = count(1)


def make_device(actor: Actor, *, now: datetime, name: str = "测试手机") -> tuple[Device, str]:
    """A phone of somebody's, and its token."""
    return enrol_device(actor=actor, now=now, name=name)


def raw(kind: str = "note", *, at: datetime, **more: Any) -> dict[str, Any]:
    """An operation as it stands in JSON; ``seq`` counts up over all."""
    given = {"id": str(uuid.uuid4()), "seq": next(_numbers), "kind": kind, "at": at.isoformat(), "body": {}, **more}
    return {name: str(value) if isinstance(value, uuid.UUID) else value for name, value in given.items()}


def sent(*raws: dict[str, Any]) -> list[Sent | Damaged]:
    """The same, as the actions take it."""
    return [read_operation(one) for one in raws]
