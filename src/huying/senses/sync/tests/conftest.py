"""A kind of operation of the tests' own: it writes one entry into the trace, or does as its body tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from huying.casework.cases import factories
from huying.casework.cases.factories import NOW, Cast
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.trace import Entry
from huying.senses.sync import doors
from huying.senses.sync.doors import Incoming, Outcome, Wait
from huying.senses.sync.factories import make_device
from huying.senses.sync.models import Device


@pytest.fixture(autouse=True)
def note_kind() -> Iterator[None]:
    def note(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
        text = {"op": str(op.id), "by": actor.ref, "files": [one.pk for one in op.files.values()]}
        trace.record([trace.Draft(chain=f"note:{op.id}", verb="note", actor=actor, at=now, body=text)])
        if op.body.get("wait") and not Entry.objects.filter(chain=f"note:{op.body['wait']}").exists():
            raise Wait
        if op.body.get("break"):
            raise RuntimeError("this applier is broken")
        if op.body.get("contend"):
            _stand_in_the_way(str(op.id), int(op.body["contend"]))
        if op.body.get("refuse"):
            raise Invalid("不行", code="no", field="text")
        state = "conflict" if op.body.get("conflict") else "applied"
        return Outcome(state, made={"note": str(op.id), "at": op.at})

    doors.applies("note")(note)
    doors.applies("plain", private=False)(note)

    def notes_together(ops: Sequence[Incoming], *, actor: Actor, now: datetime) -> list[Outcome]:
        assert len(ops) == 1 or not any(op.body.get("alone") for op in ops)
        return [note(op, actor=actor, now=now) for op in ops]

    doors.applies_together("many", alone=lambda body: "alone" in body)(notes_together)
    yield
    doors.forget("many")
    doors.forget("note")
    doors.forget("plain")


_met: dict[str, int] = {}


def _stand_in_the_way(op: str, times: int) -> None:
    """PostgreSQL's own answer to a transaction that met another one, this many times."""
    _met[op] = _met.get(op, 0) + 1
    if _met[op] <= times:
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'; END $$")


@pytest.fixture(autouse=True)
def one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


@pytest.fixture
def phone(cast: Cast) -> Device:
    return make_device(cast.tang_grid, now=NOW)[0]


def notes() -> list[str]:
    """Ids of the operations that were done, in order, each as often as it was."""
    return [
        one.partition(":")[2]
        for one in Entry.objects.filter(verb="note").order_by("id").values_list("chain", flat=True)
    ]
