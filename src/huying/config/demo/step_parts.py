"""What every step on held rows needs: leaving out, the lead, the one who acts."""

from __future__ import annotations

from huying.casework.cases.models import Assignment
from huying.casework.supervision.actions import Raising
from huying.casework.supervision.rules import Cause
from huying.kernel.actor import Actor

from .ledger import Held


class Left(Exception):
    """The act is left out: the table refuses it, or nobody could take it."""


def raising(held: Held, cause: Cause, lead: Assignment) -> Raising:
    return Raising(case_id=held.case.pk, cause=cause, area=held.area, unit_id=lead.unit_id, person_id=lead.person_id)


def lead_of(held: Held) -> Assignment:
    lead = held.lead
    if lead is None:
        raise Left("assignment_not_found")
    return lead


def sure(actor: Actor | None) -> Actor:
    assert actor is not None, "a decided step has somebody who takes it"
    return actor
