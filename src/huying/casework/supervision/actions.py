"""Every write of supervision. Orders are raised in bulk and once for each case and cause; every step is in the case's trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import access as case_access
from huying.casework.cases import actions as cases
from huying.casework.cases.models import Case
from huying.casework.cases.turns import lock_case
from huying.casework.clocks import queries as clocks
from huying.casework.clocks.actions import Note, send_notices
from huying.casework.clocks.almanac import ORDER_REPLY
from huying.casework.clocks.recipients import People, Subject
from huying.ground.organisation.directory import Directory
from huying.ground.organisation.queries import directory
from huying.kernel import facts, live, trace
from huying.kernel.actor import Actor, system
from huying.kernel.bulk import insert_rows
from huying.kernel.clock import local_day
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused

from . import access
from .facts import OrderAnswered, OrderClosed, OrderGradeRaised, OrderRaised
from .models import OrderStep, SupervisionOrder
from .rules import LIFECYCLE, Action, Cause, Grade, State, refusal, refuse_grade
from .words import REFUSALS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SUPERVISION = system("supervision")
REASON_NEEDED = _("请写明理由")


@dataclass(frozen=True, slots=True, kw_only=True)
class Raising:
    """An order to be raised. Without a unit, the governance centre of the area is asked."""

    case_id: int
    cause: Cause
    area: str
    unit_id: int | None = None
    person_id: int | None = None
    clock_id: int | None = None
    reason: str = ""


def raise_order(case_id: int, *, reason: str, actor: Actor, now: datetime, grade: Grade = Grade.ROUTINE) -> int:
    """人工督办. The same person asking again while an order is open gets the open one. Returns the order's id."""
    if not reason.strip():
        raise Invalid(REASON_NEEDED, field="reason")
    with transaction.atomic():
        case = lock_case(case_id)
        if not case_access.visible(actor).filter(pk=case_id).exists():
            raise NotFound(code="case_not_found")
        access.must_act_on(actor, case)
        area = access.area_of(case)
        if grade is not Grade.ROUTINE:
            _refuse(refuse_grade(Grade.ROUTINE, grade, access.parties_in(actor, area)))
        raising = Raising(
            case_id=case_id,
            cause=Cause.MANUAL,
            area=area,
            unit_id=case.lead_unit_id,
            person_id=case.lead_person_id,
            reason=reason.strip(),
        )
        raise_orders([raising], actor=actor, now=now, grade=grade)
        return SupervisionOrder.objects.filter(case=case_id, cause=Cause.MANUAL).exclude(state="closed").get().pk


def raise_orders(
    raisings: Sequence[Raising], *, actor: Actor, now: datetime, grade: Grade = Grade.ROUTINE
) -> list[int]:
    """Raise orders in the caller's transaction, constant number of queries; a live one of the same cause is left alone.

    Returns the ids of those that are new.
    """
    wanted = {(one.case_id, one.cause): one for one in raisings}
    if not wanted:
        return []
    book = clocks.almanac()
    picture = directory(on=local_day(now))
    asked = [(one, one.unit_id or _centre(picture, one.area)) for one in wanted.values()]
    new = _insert(
        [(one, unit, book.standing_due(ORDER_REPLY, now, one.area)) for one, unit in asked], actor, now, grade
    )
    if not new:
        return []
    insert_rows(
        OrderStep,
        ("order_id", "verb", "at", "by", "by_name", "text"),
        [(order_id, "raise", now, actor.ref, actor.name, one.reason) for order_id, one, _unit, _due in new],
    )
    titles = dict(Case.objects.filter(pk__in=[one.case_id for _, one, _, _ in new]).values_list("pk", "title"))
    people = People(picture)
    send_notices([note for row in new for note in _notes(row, people, titles, now)], now=now)
    trace.record(
        [
            trace.Draft(
                chain=f"case:{one.case_id}",
                verb="supervise",
                actor=actor,
                at=now,
                body={"order": order_id, "cause": str(one.cause), "grade": str(grade), "unit": unit, "due": due_at},
                private={"reason": one.reason} if one.reason else {},
            )
            for order_id, one, unit, due_at in new
        ]
    )
    facts.publish(
        *(
            OrderRaised(
                order_id=order_id,
                case_id=one.case_id,
                at=now,
                by=actor.ref,
                cause=str(one.cause),
                grade=str(grade),
                unit_id=unit,
            )
            for order_id, one, unit, _due in new
        )
    )
    live.announce("orders", {"raised": len(new)})
    return [order_id for order_id, *_ in new]


_Row = tuple[int, Raising, int | None, datetime | None]


def _insert(
    rows: Sequence[tuple[Raising, int | None, datetime | None]], actor: Actor, now: datetime, grade: Grade
) -> list[_Row]:
    columns: list[list[Any]] = [
        [one.case_id for one, _, _ in rows],
        [str(one.cause) for one, _, _ in rows],
        [unit for _, unit, _ in rows],
        [one.person_id for one, _, _ in rows],
        [one.area for one, _, _ in rows],
        [one.clock_id for one, _, _ in rows],
        [one.reason for one, _, _ in rows],
        [due_at for _, _, due_at in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO supervision_supervisionorder (case_id, cause, grade, state, unit_id, person_id, area, clock_id,"
            " reason, opened_at, opened_by, opened_by_name, due_at, reply, replied_by, result, closed_by)"
            " SELECT v.case_id, v.cause, %s, 'open', v.unit_id, v.person_id, v.area, v.clock_id, v.reason, %s, %s, %s,"
            " v.due_at, '', '', '', '' FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::text[],"
            " %s::bigint[], %s::text[], %s::timestamptz[]) AS v(case_id, cause, unit_id, person_id, area, clock_id,"
            " reason, due_at) ON CONFLICT (case_id, cause) WHERE state IN ('open', 'answered') DO NOTHING"
            " RETURNING id, case_id, cause",
            [str(grade), now, actor.ref, actor.name[:80], *columns],
        )
        made = {(case_id, cause): order_id for order_id, case_id, cause in cursor.fetchall()}
    return [
        (made[one.case_id, str(one.cause)], one, unit, due_at)
        for one, unit, due_at in rows
        if (one.case_id, str(one.cause)) in made
    ]


def _centre(picture: Directory, area: str) -> int | None:
    """The governance centre nearest above an area: who answers for what nobody was asked."""
    centres = [unit for unit in picture.units.values() if unit.kind == "centre" and area.startswith(unit.area)]
    return max(centres, key=lambda unit: len(unit.area)).id if centres else None


def _notes(row: _Row, people: People, titles: dict[int, str], now: datetime) -> Iterable[Note]:
    order_id, one, unit, due_at = row
    subject = Subject("close", one.area, unit, one.person_id)
    for person_id, _role in people.for_light(subject, "yellow", now):
        yield Note(
            person_id=person_id,
            kind="order",
            case_id=one.case_id,
            order_id=order_id,
            due_at=due_at,
            body={"title": titles.get(one.case_id, ""), "cause": str(one.cause)},
        )


@transaction.atomic
def answer_order(order_id: int, *, reply: str, actor: Actor, now: datetime) -> None:
    """The unit says why, and what it does about it."""
    if not reply.strip():
        raise Invalid(REASON_NEEDED, field="reply")
    with _step(order_id, Action.ANSWER, actor, now, reply) as (order, told):
        order.reply, order.replied_at, order.replied_by = reply.strip(), now, actor.ref
        late = now > order.due_at
        told.append(OrderAnswered(order_id=order_id, case_id=order.case_id, at=now, by=actor.ref, late=late))
    _tell_watchers(order, "answered", now)


@transaction.atomic
def send_back_order(order_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """The answer does not answer: again, with a new reply limit."""
    if not reason.strip():
        raise Invalid(REASON_NEEDED, field="reason")
    with _step(order_id, Action.SEND_BACK, actor, now, reason) as (order, _told):
        order.due_at = clocks.almanac().standing_due(ORDER_REPLY, now, order.area) or now
        order.chased_at = None
    _tell_unit(order, "order", now)


@transaction.atomic
def close_order(order_id: int, *, result: str, actor: Actor, now: datetime) -> None:
    """What came of it."""
    if not result.strip():
        raise Invalid(REASON_NEEDED, field="result")
    with _step(order_id, Action.CLOSE, actor, now, result) as (order, told):
        order.result, order.closed_at, order.closed_by = result.strip(), now, actor.ref
        told.append(OrderClosed(order_id=order_id, case_id=order.case_id, at=now, by=actor.ref))
    _tell_unit(order, "closed", now)


@transaction.atomic
def escalate_grade(order_id: int, *, grade: Grade, reason: str, actor: Actor, now: datetime) -> None:
    """挂牌 or 约谈: grades only rise."""
    if not reason.strip():
        raise Invalid(REASON_NEEDED, field="reason")
    with _step(order_id, Action.ESCALATE, actor, now, reason, {"grade": str(grade)}) as (order, told):
        _refuse(refuse_grade(Grade(order.grade), grade, access.parties(actor, order)))
        order.grade = str(grade)
        told.append(OrderGradeRaised(order_id=order_id, case_id=order.case_id, at=now, by=actor.ref, grade=str(grade)))
    _tell_unit(order, "order", now)


def remind(case_id: int, *, actor: Actor, now: datetime, text: str = "") -> None:
    """催办 of a case: the cases room writes it, whoever has the case in hand is told."""
    cases.remind_case(case_id, actor=actor, now=now, text=text)


def chase_orders(*, now: datetime, batch: int = 200) -> int:
    """Orders not answered in time: the unit and those who watch are told, once. Returns how many."""
    told = 0
    while True:
        with transaction.atomic():
            late = SupervisionOrder.objects.select_for_update(skip_locked=True, of=("self",)).select_related("case")
            rows = list(late.filter(state="open", chased_at__isnull=True, due_at__lt=now).order_by("due_at")[:batch])
            if not rows:
                return told
            SupervisionOrder.objects.filter(pk__in=[order.pk for order in rows]).update(chased_at=now)
            OrderStep.objects.bulk_create([_made_step(order, "chase", SUPERVISION, now, "") for order in rows])
            for order in rows:
                _tell_unit(order, "order", now)
                _tell_watchers(order, "order", now)
        told += len(rows)


def close_with_case(case_ids: Sequence[int], *, result: str, actor: Actor, now: datetime) -> None:
    """The matter is declined or merged away: nothing is left to supervise."""
    live_orders = SupervisionOrder.objects.filter(case__in=case_ids, state__in=("open", "answered"))
    rows = list(live_orders.select_for_update(of=("self",)).order_by("pk"))
    if not rows:
        return
    live_orders.update(state="closed", closed_at=now, closed_by=actor.ref, result=result)
    OrderStep.objects.bulk_create([_made_step(order, "close", actor, now, result) for order in rows])


@contextmanager
def _step(
    order_id: int, action: Action, actor: Actor, now: datetime, text: str, body: dict[str, object] | None = None
) -> Iterator[tuple[SupervisionOrder, list[facts.Fact]]]:
    """One step of one order: case and order locked, decided by the table, saved, traced."""
    with transaction.atomic():
        seen = access.get_order(actor, order_id)
        lock_case(seen.case_id)
        order = SupervisionOrder.objects.select_for_update(of=("self",)).select_related("case", "unit").get(pk=order_id)
        _refuse(refusal(State(order.state), action, access.parties(actor, order)))
        told: list[facts.Fact] = []
        yield order, told
        to = LIFECYCLE[State(order.state), action].to
        order.state = str(to) if to else order.state
        order.save()
        _made_step(order, str(action), actor, now, text).save()
        trace.record(
            [
                trace.Draft(
                    chain=f"case:{order.case_id}",
                    verb=f"supervise_{action}",
                    actor=actor,
                    at=now,
                    body={"order": order.pk, "state": order.state, "grade": order.grade, **(body or {})},
                    private={"text": text.strip()} if text.strip() else {},
                )
            ]
        )
        facts.publish(*told)
        live.announce("orders", {"order": order.pk, "state": order.state})


def _made_step(order: SupervisionOrder, verb: str, actor: Actor, now: datetime, text: str) -> OrderStep:
    return OrderStep(order=order, verb=verb, at=now, by=actor.ref, by_name=actor.name[:80], text=text.strip())


def _refuse(code: str | None) -> None:
    if code is None:
        return
    message, hint = REFUSALS[code]
    error = Forbidden if code == "not_yours" else Refused
    raise error(cast("StrOrPromise", message), code=code, hint=cast("StrOrPromise", hint))


def _tell_unit(order: SupervisionOrder, kind: str, now: datetime) -> None:
    people = People(directory(on=local_day(now)))
    told = people.for_light(Subject("close", order.area, order.unit_id, order.person_id), "yellow", now)
    send_notices([_note(order, person_id, kind) for person_id, _role in told], now=now)


def _tell_watchers(order: SupervisionOrder, kind: str, now: datetime) -> None:
    people = People(directory(on=local_day(now)))
    send_notices([_note(order, person_id, kind) for person_id in people.in_area("supervisor", order.area)], now=now)


def _note(order: SupervisionOrder, person_id: int, kind: str) -> Note:
    return Note(
        person_id=person_id,
        kind=kind,
        case_id=order.case_id,
        order_id=order.pk,
        due_at=order.due_at,
        body={"title": order.case.title, "cause": order.cause},
    )
