"""One step of one case: locked, decided by the table, saved, traced and told — always in that order.

Lock order: the case row first (lowest id first when there are several), then whatever hangs on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from huying.casework.catalogue.conditions import answer_suffices
from huying.kernel import facts, live, trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, NotFound, Refused

from . import access
from .models import Assignment, Case, Extension, Feedback, Meeting, ReturnCall, Suspension, Transfer
from .rules import Action, Circumstance, Party, Refusal, Rule, State, decide, open_to, rank
from .timekeeping import timekeeper
from .words import refusal


def refuse(code: str) -> Refused:
    """The error for a refusal code, in words."""
    message, hint = refusal(code)
    return Refused(message, code=code, hint=hint)


def lock_case(case_id: int) -> Case:
    """The case row, locked until the transaction ends."""
    return lock_cases([case_id])[case_id]


def lock_cases(case_ids: Iterable[int]) -> dict[int, Case]:
    """Case rows, locked in ascending order until the transaction ends; one query. NotFound unless all are there."""
    wanted = set(case_ids)
    rows = (
        Case.objects.select_for_update(of=("self",))
        .select_related("item", "lead_unit", "lead_person", "first_asked_unit")
        .filter(pk__in=wanted)
        .order_by("pk")
    )
    found = {case.pk: case for case in rows}
    if len(found) < len(wanted):
        raise NotFound(code="case_not_found")
    return found


def circumstance(case: Case, actor: Actor, now: datetime) -> Circumstance:
    """Look up everything the guards of the table may ask about a (locked) case; one query."""
    row = _looked_up(case, actor)
    return Circumstance(
        returns=case.returns,
        urgent=case.urgent,
        locked=case.locked,
        escalated_level=case.escalated_level,
        lead_rank=rank(case.lead_unit.level) if case.lead_unit else 0,
        extensions=case.extensions,
        max_extensions=case.item.max_extensions,
        can_suspend=case.item.can_suspend,
        answer_closes=answer_suffices(case.item.conditions),
        extension_pending=row["extension_pending"],
        suspension_pending=row["suspension_pending"],
        parts_owed=int(row["parts"]),
        meeting_pending=row["meeting"],
        actor_handled=row["handled"],
        called=row["called"],
        unreached_calls=row["unreached"],
        rated=case.rating is not None,
        quiet_days=(now - case.closed_at) // timedelta(days=1) if case.closed_at else 0,
        handed_over=row["handed"],
        receipt=row["receipt"],
        followed_up=row["followed"],
        stages=tuple(row["stages"]),
        waiting=row["waiting"],
        waited=row["waited"],
        target_state=State(row["merged_into__state"]) if row["merged_into__state"] else None,
    )


def calls_of_round() -> QuerySet[ReturnCall]:
    """Of a query of cases: the return calls made since each was closed; a redo begins a new round."""
    return ReturnCall.objects.filter(case=OuterRef("pk"), made_at__gte=OuterRef("closed_at")).order_by()


def _looked_up(case: Case, actor: Actor) -> dict[str, Any]:
    calls = calls_of_round()
    silent = calls.filter(reached=False).values("case").annotate(n=Count("id")).values("n")
    of_case = {"case": OuterRef("pk")}
    parts = Assignment.objects.filter(**of_case, role=Assignment.Role.ASSIST, state__in=Assignment.LIVE)
    whole = case.state == State.TRANSFERRED  # else what is handed over is an emergency, and the case goes on here
    transfers = Transfer.objects.filter(**of_case, whole=whole, taken_back_at__isnull=True)
    row: dict[str, Any] = (
        Case.objects.filter(pk=case.pk)
        .annotate(
            extension_pending=Exists(Extension.objects.filter(**of_case, state=Extension.State.ASKED)),
            suspension_pending=Exists(Suspension.objects.filter(**of_case, state=Suspension.State.ASKED)),
            parts=Exists(parts),
            meeting=Exists(Meeting.objects.filter(**of_case, held_at__isnull=True)),
            called=Exists(calls.filter(reached=True)),
            unreached=Coalesce(Subquery(silent), 0),
            handed=Exists(transfers),
            receipt=Exists(transfers.exclude(receipt="")),
            followed=Exists(transfers.filter(followed_up_at__isnull=False)),
            handled=Exists(_handled_by(actor, of_case)) | Exists(answered_by(actor).filter(**of_case)),
            **timekeeper().known(),
        )
        .values(
            *("extension_pending", "suspension_pending", "parts", "meeting", "called", "handed", "receipt"),
            *("followed", "handled", "unreached", "stages", "waiting", "waited", "merged_into__state"),
        )
        .get()
    )
    return row


def _handled_by(actor: Actor, of_case: Mapping[str, Any]) -> Any:
    """Assignments of the case worked on by the actor's person or unit."""
    worked = Assignment.objects.filter(**of_case, signed_at__isnull=False)
    mine = worked.none()
    if actor.person_id is not None:
        mine = worked.filter(person=actor.person_id)
    if actor.unit_id is not None:
        mine = (
            worked.filter(unit=actor.unit_id) if actor.person_id is None else mine | worked.filter(unit=actor.unit_id)
        )
    return mine


def answered_by(actor: Actor) -> QuerySet[Feedback]:
    """What this actor has answered on the spot; their colleagues may call back about it, they themselves may not."""
    return Feedback.objects.filter(assignment__isnull=True, given_by=actor.ref)


def allowed(case: Case, actor: Actor, now: datetime) -> list[Action]:
    """The actions a screen may offer this actor for this case now."""
    if access.is_reader_only(actor):
        return []
    if (kept := access.standing(actor, case)) is not None:
        return list(kept.allowed)
    return open_to(State(case.state), access.parties(actor, case), circumstance(case, actor, now))


class Turn:
    """What an action fills in while it holds the case."""

    def __init__(
        self, case: Case, action: Action, rule: Rule, parties: frozenset[Party], actor: Actor, now: datetime
    ) -> None:
        self.case = case
        self.action = action
        self.rule = rule
        self.parties = parties
        self.actor = actor
        self.now = now
        self.body: dict[str, Any] = {}
        self.private: dict[str, str] = {}
        self._changed: set[str] = {"version"}
        self._facts: list[facts.Fact] = []
        self._to: State | None = rule.to

    def change(self, **values: Any) -> None:
        """Set columns of the case; they are saved once, at the end."""
        for name, value in values.items():
            setattr(self.case, name, value)
            self._changed.add(name.removesuffix("_id"))

    def lead_to(self, state: State) -> None:
        """Leave the case in another state than the table's, where the action itself decides (redo after a call)."""
        self._to = state

    def write(self, body: Mapping[str, Any] | None = None, **private: str) -> None:
        """Add to the trace entry: ``body`` as it is, keyword texts as erasable commitments (empty ones left out)."""
        self.body.update(body or {})
        self.private.update({name: text for name, text in private.items() if text})

    def tell(self, *told: facts.Fact) -> None:
        """Facts to publish when everything is saved."""
        self._facts.extend(told)

    def finish(self) -> None:
        """Save, trace, publish, wake the screens."""
        before = self.case.state
        if self._to is not None:
            self.change(state=self._to)
        self.case.version += 1
        self.case.save(update_fields=sorted(self._changed))
        body = {"from": before, "to": str(self.case.state), **self.body}
        trace.record(
            [
                trace.Draft(
                    chain=chain(self.case.pk),
                    verb=str(self.action),
                    actor=self.actor,
                    at=self.now,
                    body=body,
                    private=self.private,
                )
            ]
        )
        facts.publish(*self._facts)
        announce(self.case)


def chain(case_id: int) -> str:
    """Name of a case's trace chain."""
    return f"case:{case_id}"


def announce(*cases: Case) -> None:
    """Wake the screens that show these cases."""
    live.announce_all(
        ("cases", {"case": one.pk, "state": str(one.state), "unit": one.lead_unit_id, "town": one.town})
        for one in cases
    )


@contextmanager
def turning(
    case_id: int,
    action: Action,
    *,
    actor: Actor,
    now: datetime,
    given: Iterable[str] = (),
    expected: int | None = None,
) -> Iterator[Turn]:
    """Hold a case for one step. Raises NotFound, Conflict or Refused before anything is written.

    ``given`` names the filled-in inputs; ``expected`` is the case version the person saw, when a screen sent it.
    """
    with transaction.atomic():
        case = lock_case(case_id)
        mine = access.parties(actor, case)
        if not mine and not access.visible(actor).filter(pk=case_id).exists():
            raise NotFound(code="case_not_found")
        if expected is not None and expected != case.version:
            message, hint = refusal("changed_meanwhile")
            raise Conflict(message, code="changed_meanwhile", hint=hint)
        rule = decide(State(case.state), action, mine, circumstance(case, actor, now), given)
        if isinstance(rule, Refusal):
            raise refuse(rule.code)
        turn = Turn(case, action, rule, mine, actor, now)
        yield turn
        turn.finish()


def filled(**inputs: Any) -> list[str]:
    """Names of the inputs that were really given (not empty, not blank)."""
    return [name for name, value in inputs.items() if value not in (None, "", [], {}, ()) and str(value).strip()]
