"""Staff pages of supervision: the board, the lists behind its numbers, orders, and the order panel of a case."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases.models import Case
from huying.casework.cases.queries import OVERDUE
from huying.casework.cases.queries_desk import Queue
from huying.casework.clocks import words as clock_words
from huying.casework.clocks.desk import actor_of, case_link, staff
from huying.ground.organisation.models import Person, Unit
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.numbers import whole_number

from . import access, actions, queries, words
from .rules import LIFECYCLE, Action, Cause, Grade, State, refusal, refuse_grade


@staff
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """What is overdue, bounced, badly answered — and who sits on it."""
    actor, now = actor_of(request), clock.now()
    access.must_watch(actor)
    found = {
        "counts": queries.counts(actor, now=now),
        "units": queries.by_unit(actor, now=now),
        "people": queries.by_person(actor),
        "orders": _order_rows(queries.order_page(actor, queries.OrderFilters(state="answered"), now=now, size=8).rows),
        "late_orders": _order_rows(queries.order_page(actor, queries.OrderFilters(late=True), now=now, size=8).rows),
        "now": now,
    }
    return render(request, "supervision/board.html", found)


@staff
@require_GET
def matters(request: HttpRequest) -> HttpResponse:
    """The list behind a number of the board; the filters stay in the address."""
    actor, now = actor_of(request), clock.now()
    access.must_watch(actor)
    narrowing = _narrowing(request)
    cursor = request.GET.get("cursor")
    found: dict[str, Any] = {
        "narrowing": narrowing,
        "title": words.WHAT[narrowing.what],
        "tabs": [(what, words.WHAT[what], what == narrowing.what) for what in queries.WHATS],
        "whom": _whom(narrowing),
        "crumbs": [(reverse("supervision-board"), _("督办")), ("", words.WHAT[narrowing.what])],
        "may_remind": bool(actor.duties_of(*access.ACTORS)),
    }
    if narrowing.what in ("overdue", "black"):
        found["page"] = page = queries.overdue_page(actor, narrowing, cursor=cursor)
        found["cases_behind"] = queries.cases_behind(actor, narrowing)
        found["cases_list"] = _cases_list(actor, narrowing)
        found["clocks"] = [(one, clock_words.kind_words(one.kind), case_link(one.case_id)) for one in page.rows]
    else:
        found["page"] = case_page = queries.troubled_page(actor, narrowing, now=now, cursor=cursor)
        found["cases"] = [(one, case_link(one.pk)) for one in case_page.rows]
    return render(request, "supervision/matters.html", found)


def _cases_list(actor: Actor, narrowing: queries.Narrowing) -> str:
    """The list of cases behind the limits, where the list of cases can be narrowed in the same way."""
    if narrowing.unit is not None or narrowing.person is not None or narrowing.post:
        return ""
    light = "black" if narrowing.what == "black" else OVERDUE
    return f"{reverse('cases-inbox')}?{urlencode({'queue': str(Queue.ALL), 'light': light})}"


def _narrowing(request: HttpRequest) -> queries.Narrowing:
    def number(name: str) -> int | None:
        text = request.GET.get(name, "")
        if not text:
            return None
        found = whole_number(text)
        if found is None:
            raise Invalid(field=name)
        return found

    return queries.Narrowing(
        what=request.GET.get("what", "overdue"),
        unit=number("unit"),
        person=number("person"),
        post=request.GET.get("post", ""),
    )


def _whom(narrowing: queries.Narrowing) -> str:
    """The name of the unit or person a list is narrowed to."""
    names = []
    if narrowing.unit:
        unit = Unit.objects.filter(pk=narrowing.unit).first()
        names.append(unit.label if unit else "")
    elif narrowing.unit == 0:
        names.append(_("中心（未分拨、待审核或待核查）"))
    if narrowing.person:
        person = Person.objects.filter(pk=narrowing.person).first()
        names.append(person.label if person else "")
    return " · ".join(name for name in names if name)


@staff
@require_GET
def orders(request: HttpRequest) -> HttpResponse:
    """Supervision orders the reader may see."""
    actor, now = actor_of(request), clock.now()
    state = request.GET.get("state") or _first_state(actor)
    filters = queries.OrderFilters(
        state=state if state in list(State) else "",
        cause=request.GET.get("cause", ""),
        grade=request.GET.get("grade", ""),
        late=request.GET.get("late") == "1",
    )
    page = queries.order_page(actor, filters, now=now, cursor=request.GET.get("cursor"))
    found = {
        "page": page,
        "rows": _order_rows(page.rows),
        "filters": filters,
        "tabs": [*((str(one), words.STATES[one], state == one) for one in State), ("all", _("全部"), state == "all")],
        "state": state,
        "kept": {"state": state},  # the next page goes on in what was chosen for this one
        "causes": [(str(one), words.CAUSES[one]) for one in Cause],
        "grades": [(str(one), words.GRADES[one]) for one in Grade],
        "now": now,
    }
    return render(request, "supervision/orders.html", found)


def _first_state(actor: Actor) -> str:
    """What is shown first is what the menu counts: orders to judge for those who watch, while there are any; else open ones."""
    watches = bool(actor.duties_of(*access.READERS))
    return str(State.ANSWERED if watches and queries.count_to_answer(actor) else State.OPEN)


def _order_rows(rows: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "order": order,
            "cause": words.CAUSES[order.cause],
            "grade": words.GRADES[order.grade],
            "state": words.STATES[order.state],
        }
        for order in rows
    ]


@staff
@require_GET
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    return render(request, "supervision/order.html", _order_words(request, order_id))


def _order_words(request: HttpRequest, order_id: int) -> dict[str, Any]:
    actor, now = actor_of(request), clock.now()
    one = access.get_order(actor, order_id)
    mine = access.parties(actor, one)
    allowed = {
        str(action): refusal(State(one.state), action, mine) is None
        for state, action in LIFECYCLE
        if state == one.state
    }
    return {
        "order": one,
        "case_url": case_link(one.case_id),
        "cause": words.CAUSES[one.cause],
        "grade": words.GRADES[one.grade],
        "state": words.STATES[one.state],
        "steps": [(step, words.STEPS.get(step.verb, step.verb)) for step in one.steps.all()],
        "allowed": allowed,
        "grades": [
            (str(grade), words.GRADES[grade]) for grade in Grade if refuse_grade(Grade(one.grade), grade, mine) is None
        ],
        "read_only": not any(allowed.values()),
        "late": one.state == State.OPEN and one.due_at < now,
        "crumbs": [(reverse("supervision-orders"), _("督办单")), ("", f"#{one.pk}")],
    }


@staff
@require_POST
def act(request: HttpRequest, order_id: int) -> HttpResponse:
    """One step of one order; what was typed stays when it is refused."""
    actor, now = actor_of(request), clock.now()
    text = request.POST.get("text", "")
    do = request.POST.get("do", "")
    try:
        if do == Action.ANSWER:
            actions.answer_order(order_id, reply=text, actor=actor, now=now)
        elif do == Action.SEND_BACK:
            actions.send_back_order(order_id, reason=text, actor=actor, now=now)
        elif do == Action.CLOSE:
            actions.close_order(order_id, result=text, actor=actor, now=now)
        elif do == Action.ESCALATE:
            actions.escalate_grade(order_id, grade=_grade(request), reason=text, actor=actor, now=now)
        else:
            raise Invalid(_("页面没有这项操作"))
    except HuyingError as error:
        found = _order_words(request, order_id) | {"error": error, "typed": text, "did": do}
        return render(request, "supervision/order.html", found, status=error.status)
    messages.success(request, _("已记录"))
    return redirect("supervision-order", order_id)


def _grade(request: HttpRequest) -> Grade:
    try:
        return Grade(request.POST.get("grade", ""))
    except ValueError as error:
        raise Invalid(_("请选择级别"), field="grade") from error


@staff
@require_POST
def raise_for_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """人工督办 from a case's page."""
    actor, now = actor_of(request), clock.now()
    grade = _grade(request) if request.POST.get("grade") else Grade.ROUTINE
    reason = request.POST.get("reason", "")
    order_id = actions.raise_order(case_id, reason=reason, actor=actor, now=now, grade=grade)
    messages.success(request, _("已发出督办"))
    return redirect("supervision-order", order_id)


@staff
@require_POST
def remind_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """催办."""
    actions.remind(case_id, actor=actor_of(request), now=clock.now(), text=request.POST.get("text", ""))
    messages.success(request, _("已催办"))
    return redirect(
        request.POST.get("back", "") if request.POST.get("back", "").startswith("/desk/") else "supervision-board"
    )


def count_of_orders(request: HttpRequest) -> int | None:
    """Orders that wait for the reader, for the menu."""
    return queries.count_to_answer(actor_of(request)) or None


def orders_panel(request: HttpRequest, case: Case) -> str:
    """Orders of the case, and for those who watch its area a form to raise one."""
    actor = actor_of(request)
    rows = _order_rows(queries.orders_of(case.pk, actor))
    may_raise = bool(access.parties_in(actor, access.area_of(case))) and bool(case.open)
    if not rows and not may_raise:
        return ""
    found = {
        "rows": rows,
        "may_raise": may_raise,
        "case": case,
        "grades": [(str(g), words.GRADES[g]) for g in Grade][:2],
    }
    return render_to_string("supervision/panel.html", found, request=request)
