"""REST: supervision orders."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema, Status

from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid

from . import access, actions, queries
from .models import SupervisionOrder
from .rules import Grade

router = Router()


def _actor(request: HttpRequest) -> Actor:
    return request.auth  # type: ignore[attr-defined, no-any-return]


class OrderOut(Schema):
    id: int
    case_id: int
    number: str
    cause: str
    grade: str
    state: str
    unit_id: int | None
    reason: str
    opened_at: datetime
    due_at: datetime
    reply: str
    replied_at: datetime | None
    result: str
    closed_at: datetime | None


class OrderPage(Schema):
    items: list[OrderOut]
    next: str | None


class RaiseIn(Schema):
    reason: str
    grade: str = "routine"


class TextIn(Schema):
    text: str


class GradeIn(Schema):
    grade: str
    text: str


class CountsOut(Schema):
    overdue: int
    black: int
    bounced: int
    bad: int
    orders_open: int
    orders_answered: int
    orders_late: int


def _out(order: SupervisionOrder) -> OrderOut:
    return OrderOut(
        id=order.pk,
        case_id=order.case_id,
        number=order.case.number,
        cause=order.cause,
        grade=order.grade,
        state=order.state,
        unit_id=order.unit_id,
        reason=order.reason,
        opened_at=order.opened_at,
        due_at=order.due_at,
        reply=order.reply,
        replied_at=order.replied_at,
        result=order.result,
        closed_at=order.closed_at,
    )


@router.get("/supervision/counts", response=CountsOut, auth=SignedIn("cases:read"))
def counts(request: HttpRequest) -> queries.Counts:
    """What is overdue, bounced, badly answered in the caller's scope."""
    access.must_watch(_actor(request))
    return queries.counts(_actor(request), now=clock.now())


@router.get("/supervision/orders", response=OrderPage, auth=SignedIn("cases:read"))
def orders(
    request: HttpRequest,
    state: str = "",
    cause: str = "",
    grade: str = "",
    unit: int | None = None,
    case: int | None = None,
    late: bool = False,
    cursor: str | None = None,
    size: int = 50,
) -> OrderPage:
    """Orders the caller may see."""
    filters = queries.OrderFilters(state=state, cause=cause, grade=grade, unit=unit, case=case, late=late)
    page = queries.order_page(_actor(request), filters, now=clock.now(), cursor=cursor, size=size)
    return OrderPage(items=[_out(order) for order in page.rows], next=page.next)


@router.get("/supervision/orders/{order_id}", response=OrderOut, auth=SignedIn("cases:read"))
def order(request: HttpRequest, order_id: int) -> OrderOut:
    return _out(access.get_order(_actor(request), order_id))


@router.post("/cases/{case_id}/orders", response={201: OrderOut}, auth=SignedIn("cases:act"))
def raise_order(request: HttpRequest, case_id: int, body: RaiseIn) -> Status[OrderOut]:
    """人工督办; asking again while one is open returns the open one."""
    actor = _actor(request)
    made = actions.raise_order(case_id, reason=body.reason, actor=actor, now=clock.now(), grade=_grade(body.grade))
    return Status(201, _out(access.get_order(actor, made)))


@router.post("/supervision/orders/{order_id}/answer", response=OrderOut, auth=SignedIn("cases:act"))
def answer(request: HttpRequest, order_id: int, body: TextIn) -> OrderOut:
    actions.answer_order(order_id, reply=body.text, actor=_actor(request), now=clock.now())
    return _out(access.get_order(_actor(request), order_id))


@router.post("/supervision/orders/{order_id}/send-back", response=OrderOut, auth=SignedIn("cases:act"))
def send_back(request: HttpRequest, order_id: int, body: TextIn) -> OrderOut:
    actions.send_back_order(order_id, reason=body.text, actor=_actor(request), now=clock.now())
    return _out(access.get_order(_actor(request), order_id))


@router.post("/supervision/orders/{order_id}/close", response=OrderOut, auth=SignedIn("cases:act"))
def close(request: HttpRequest, order_id: int, body: TextIn) -> OrderOut:
    actions.close_order(order_id, result=body.text, actor=_actor(request), now=clock.now())
    return _out(access.get_order(_actor(request), order_id))


@router.post("/supervision/orders/{order_id}/grade", response=OrderOut, auth=SignedIn("cases:act"))
def grade_up(request: HttpRequest, order_id: int, body: GradeIn) -> OrderOut:
    actions.escalate_grade(order_id, grade=_grade(body.grade), reason=body.text, actor=_actor(request), now=clock.now())
    return _out(access.get_order(_actor(request), order_id))


def _grade(text: str) -> Grade:
    try:
        return Grade(text)
    except ValueError as error:
        raise Invalid(field="grade") from error
