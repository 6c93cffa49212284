"""Orders are raised by themselves and once, answered by the unit, judged by those who watch, and seen by nobody else."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override

from huying.casework.cases import access as case_access
from huying.casework.cases import actions as cases
from huying.casework.cases.facts import CaseMerged, CaseSentBack, ObjectionDecided
from huying.casework.cases.models import Assignment, Case
from huying.casework.cases.queries import OVERDUE, Filters, narrowed
from huying.casework.clocks import actions as clocks
from huying.casework.clocks import factories
from huying.casework.clocks.models import Notice
from huying.casework.supervision import access, actions, queries, rules
from huying.casework.supervision.models import OrderStep, SupervisionOrder
from huying.casework.supervision.rules import Action, Cause, Grade, Party, State
from huying.ground.organisation.models import Person
from huying.kernel import facts
from huying.kernel.actor import Actor, Duty
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused
from huying.kernel.trace.models import Entry

MONDAY = factories.MONDAY
HOUR = timedelta(hours=1)
BLACK = datetime(2026, 3, 12, 1, 30, tzinfo=UTC)


@pytest.fixture
def who(db: None) -> factories.Cast:
    return factories.cast()


@pytest.fixture
def case(who: factories.Cast) -> Case:
    made = factories.open_case(who)
    cases.sign_case(made.pk, actor=who.actor("handler"), now=MONDAY + HOUR)
    return made


def raised(who: factories.Cast, case: Case) -> SupervisionOrder:
    actions.raise_order(case.pk, reason="拖了很久", actor=who.actor("supervisor"), now=MONDAY + 2 * HOUR)
    return SupervisionOrder.objects.get(case=case)


def test_a_black_light_raises_one_order_to_the_unit(who, case) -> None:
    clocks.turn_lights(now=BLACK)
    order = SupervisionOrder.objects.get()
    assert (order.cause, order.grade, order.state) == ("overdue", "routine", "open")
    assert (order.unit, order.person, order.case) == (who.team, who.people["handler"], case)
    assert order.due_at == datetime(2026, 3, 17, 1, 30, tzinfo=UTC)  # three working days
    assert set(Notice.objects.filter(kind="order").values_list("person__name", flat=True)) == {"王处置", "李队长"}
    assert Entry.objects.filter(chain=f"case:{case.pk}", verb="supervise").count() == 1
    clocks.turn_lights(now=BLACK + timedelta(days=9))
    assert SupervisionOrder.objects.count() == 1


def test_a_unit_that_never_signs_refuses(who) -> None:
    factories.open_case(who)
    clocks.turn_lights(now=MONDAY + timedelta(days=1))
    assert SupervisionOrder.objects.get().cause == "refusal"


def test_a_matter_nobody_dispatched_is_the_centres(who) -> None:
    factories.open_case(who, sent=False)
    clocks.turn_lights(now=MONDAY + timedelta(days=1))
    order = SupervisionOrder.objects.get()
    assert order.unit == who.centre and order.clock.kind == "dispatch"


def test_the_second_return_and_the_second_redo_raise_orders(who, case) -> None:
    owed = Assignment.objects.get(case=case)
    told = {"case_id": case.pk, "at": MONDAY, "by": "person:1", "assignment_id": owed.pk}
    with transaction.atomic():
        facts.publish(ObjectionDecided(**told, upheld=True, returns=1), CaseSentBack(**told, redos=1, why="check"))
        assert not SupervisionOrder.objects.exists()
        facts.publish(ObjectionDecided(**told, upheld=True, returns=2))
        facts.publish(CaseSentBack(**told, redos=2, why="check"), CaseSentBack(**told, redos=3, why="check"))
    causes = sorted(SupervisionOrder.objects.values_list("cause", flat=True))
    assert causes == ["repeated_redo", "repeated_returns"]
    assert set(SupervisionOrder.objects.values_list("unit", flat=True)) == {who.team.pk}


@pytest.mark.parametrize("count", [1, 30])
def test_raising_many_costs_a_constant_number_of_queries(who, count, django_assert_max_num_queries) -> None:
    made = factories.open_many(who, count)
    raisings = [
        actions.Raising(case_id=one.pk, cause=Cause.OVERDUE, area=factories.GRID, unit_id=who.team.pk) for one in made
    ]
    with transaction.atomic(), django_assert_max_num_queries(18):
        assert len(actions.raise_orders(raisings, actor=actions.SUPERVISION, now=MONDAY)) == count
    with transaction.atomic(), django_assert_max_num_queries(6):
        assert actions.raise_orders(raisings, actor=actions.SUPERVISION, now=MONDAY) == []


def test_raising_by_hand_is_idempotent_and_needs_a_reason(who, case) -> None:
    supervisor = who.actor("supervisor")
    with pytest.raises(Invalid):
        actions.raise_order(case.pk, reason=" ", actor=supervisor, now=MONDAY)
    first = actions.raise_order(case.pk, reason="拖了很久", actor=supervisor, now=MONDAY)
    assert actions.raise_order(case.pk, reason="再次", actor=supervisor, now=MONDAY + HOUR) == first
    assert OrderStep.objects.count() == 1


def test_who_may_not_raise(who, case) -> None:
    stranger = Actor("staff", "person:77", "外人", 1, 77, (Duty("supervisor", "110101"),))
    for role, error in (("handler", Forbidden), ("discipline", Forbidden), ("dispatcher", Forbidden)):
        with pytest.raises(error):
            actions.raise_order(case.pk, reason="x", actor=who.actor(role), now=MONDAY)
    with pytest.raises(NotFound):
        actions.raise_order(case.pk, reason="x", actor=stranger, now=MONDAY)
    with pytest.raises(Forbidden):
        actions.raise_order(case.pk, reason="x", actor=who.actor("supervisor"), now=MONDAY, grade=Grade.INTERVIEW)
    assert not SupervisionOrder.objects.exists() and not Entry.objects.filter(verb="supervise").exists()


def test_answer_send_back_answer_close(who, case) -> None:
    order, lead, supervisor = raised(who, case), who.actor("unit_lead"), who.actor("supervisor")
    actions.answer_order(order.pk, reply="明天办完", actor=lead, now=MONDAY + 3 * HOUR)
    assert set(Notice.objects.filter(kind="answered").values_list("person__name", flat=True)) == {"赵督办", "钱督办"}
    actions.send_back_order(order.pk, reason="说清楚原因", actor=supervisor, now=MONDAY + 24 * HOUR)
    actions.answer_order(order.pk, reply="车坏了，已换车", actor=lead, now=MONDAY + 25 * HOUR)
    actions.close_order(order.pk, result="属实，已整改", actor=supervisor, now=MONDAY + 26 * HOUR)
    order.refresh_from_db()
    assert (order.state, order.reply, order.result) == ("closed", "车坏了，已换车", "属实，已整改")
    assert [step.verb for step in order.steps.all()] == ["raise", "answer", "send_back", "answer", "close"]
    verbs = Entry.objects.filter(chain=f"case:{case.pk}", verb__startswith="supervise").order_by("seq")
    assert [entry.verb for entry in verbs] == [
        "supervise",
        "supervise_answer",
        "supervise_send_back",
        "supervise_answer",
        "supervise_close",
    ]


def test_refused_steps_change_nothing(who, case) -> None:
    order = raised(who, case)
    entries = Entry.objects.count()
    supervisor, discipline = who.actor("supervisor"), who.actor("discipline")
    tries = [
        (lambda: actions.answer_order(order.pk, reply="x", actor=supervisor, now=MONDAY), Forbidden),
        (lambda: actions.close_order(order.pk, result="x", actor=who.actor("unit_lead"), now=MONDAY), Forbidden),
        (lambda: actions.close_order(order.pk, result="x", actor=discipline, now=MONDAY), Forbidden),
        (lambda: actions.send_back_order(order.pk, reason="x", actor=supervisor, now=MONDAY), Refused),
        (lambda: actions.close_order(order.pk, result="x", actor=who.actor("checker"), now=MONDAY), NotFound),
        (lambda: actions.answer_order(order.pk, reply=" ", actor=who.actor("unit_lead"), now=MONDAY), Invalid),
        (
            lambda: actions.escalate_grade(order.pk, grade=Grade.INTERVIEW, reason="x", actor=supervisor, now=MONDAY),
            Forbidden,
        ),
        (
            lambda: actions.escalate_grade(order.pk, grade=Grade.ROUTINE, reason="x", actor=supervisor, now=MONDAY),
            Refused,
        ),
    ]
    for attempt, error in tries:
        with pytest.raises(error):
            attempt()
    order.refresh_from_db()
    assert (order.state, order.grade, order.steps.count()) == ("open", "routine", 1)
    assert Entry.objects.count() == entries


def test_grades_only_rise(who, case) -> None:
    order, supervisor, centre = raised(who, case), who.actor("supervisor"), who.actor("centre_lead")
    actions.escalate_grade(order.pk, grade=Grade.LISTED, reason="影响大", actor=supervisor, now=MONDAY + 3 * HOUR)
    actions.escalate_grade(order.pk, grade=Grade.INTERVIEW, reason="仍不办", actor=centre, now=MONDAY + 4 * HOUR)
    with pytest.raises(Refused):
        actions.escalate_grade(order.pk, grade=Grade.LISTED, reason="x", actor=centre, now=MONDAY + 5 * HOUR)
    order.refresh_from_db()
    assert order.grade == "interview"


def test_every_pair_of_the_table() -> None:
    for state in State:
        for action in Action:
            for party in Party:
                rule = rules.LIFECYCLE.get((state, action))
                expected = "not_in_this_state" if rule is None else None if party in rule.parties else "not_yours"
                assert rules.refusal(state, action, frozenset({party})) == expected
    assert not [pair for pair in rules.LIFECYCLE if pair[0] is State.CLOSED]


def test_who_sees_an_order(who, case) -> None:
    order = raised(who, case)
    for role in ("supervisor", "street_supervisor", "discipline", "centre_lead", "handler", "unit_lead"):
        assert access.get_order(who.actor(role), order.pk) == order
    other = Actor(
        "staff",
        "person:88",
        "别队",
        who.other_team.pk,
        88,
        (Duty("handler", "", who.other_team.pk, who.other_team.path),),
    )
    elsewhere = Actor("staff", "person:89", "外区督办", 1, 89, (Duty("supervisor", "110101"),))
    for stranger in (other, elsewhere, who.actor("checker")):
        with pytest.raises(NotFound):
            access.get_order(stranger, order.pk)


def test_unanswered_orders_are_chased_once(who, case) -> None:
    order = raised(who, case)
    assert actions.chase_orders(now=order.due_at) == 0
    assert actions.chase_orders(now=order.due_at + HOUR) == 1
    assert actions.chase_orders(now=order.due_at + 2 * HOUR) == 0
    assert order.steps.filter(verb="chase").count() == 1


def test_a_merged_case_has_nothing_left_to_supervise(who, case) -> None:
    order = raised(who, case)
    with transaction.atomic():
        facts.publish(CaseMerged(case_id=case.pk, at=BLACK, by="person:1", into_id=case.pk))
    order.refresh_from_db()
    assert order.state == "closed"


def test_history_of_an_order_is_append_only(who, case) -> None:
    raised(who, case)
    for change in (lambda: OrderStep.objects.update(text="x"), lambda: OrderStep.objects.all()._raw_delete("default")):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_the_board_counts_what_its_lists_hold(who, case) -> None:
    factories.open_many(who, 3)
    factories.open_case(who, sent=False)
    clocks.turn_lights(now=BLACK)
    Case.objects.filter(pk=case.pk).update(returns=1, redos=1)
    supervisor = who.actor("supervisor")
    counts = queries.counts(supervisor, now=BLACK)
    assert counts.overdue == len(queries.overdue_page(supervisor, queries.Narrowing()).rows) == 1 + 6 + 1
    assert (counts.bounced, counts.bad) == (1, 1)
    assert counts.orders_open == SupervisionOrder.objects.count()
    units = {row.unit_id: row for row in queries.by_unit(supervisor, now=BLACK)}
    assert units[who.team.pk].overdue == 7 and units[0].overdue == 1
    for unit_id, row in units.items():
        narrowing = queries.Narrowing(what="overdue", unit=unit_id)
        assert len(queries.overdue_page(supervisor, narrowing).rows) == row.overdue
    (person,) = queries.by_person(supervisor)
    assert (person.name, person.overdue) == ("王处置", 7)
    Person.objects.filter(pk=person.person_id).update(name_en="Wang Chuzhi")
    with override("en"):
        (person,) = queries.by_person(supervisor)
    assert (person.name, person.unit) == ("Wang Chuzhi", who.team.name)
    assert queries.counts(who.actor("discipline"), now=BLACK) == counts
    elsewhere = Actor("staff", "person:89", "外区督办", 1, 89, (Duty("supervisor", "110101"),))
    assert queries.counts(elsewhere, now=BLACK).overdue == 0


@pytest.mark.parametrize(("what", "light"), [("overdue", OVERDUE), ("black", "black")])
def test_the_limits_are_of_the_cases_the_list_of_cases_shows(who, case, what, light) -> None:
    factories.open_many(who, 3)
    clocks.turn_lights(now=BLACK)
    supervisor = who.actor("supervisor")
    counts = queries.counts(supervisor, now=BLACK)
    of_limits, of_cases = getattr(counts, what), getattr(counts, f"{what}_cases")
    limits = queries.overdue_page(supervisor, queries.Narrowing(what=what)).rows
    listed = narrowed(case_access.visible(supervisor), Filters(light=light))
    assert of_limits == len(limits) == 7
    assert of_cases == queries.cases_behind(supervisor, queries.Narrowing(what=what)) == 4
    assert {one.case_id for one in limits} == set(listed.values_list("pk", flat=True))


def test_the_list_pages_by_key(who) -> None:
    factories.open_many(who, 5)
    clocks.turn_lights(now=BLACK)
    supervisor, seen, cursor = who.actor("supervisor"), [], None
    while True:
        page = queries.overdue_page(supervisor, queries.Narrowing(), cursor=cursor, size=3)
        seen += [clock.pk for clock in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 10


@pytest.mark.parametrize("count", [1, 12])
def test_board_queries_are_constant(who, count, django_assert_num_queries) -> None:
    factories.open_many(who, count)
    clocks.turn_lights(now=BLACK)
    supervisor = who.actor("supervisor")
    with django_assert_num_queries(4):
        queries.counts(supervisor, now=BLACK)
    with django_assert_num_queries(3):
        queries.by_unit(supervisor, now=BLACK)
    with django_assert_num_queries(1):
        queries.by_person(supervisor)
    with django_assert_num_queries(1):
        queries.order_page(supervisor, queries.OrderFilters(state="open"), now=BLACK)


def test_two_supervisors_at_once_leave_one_order(transactional_db: None) -> None:
    who = factories.cast()
    case = factories.open_case(who)
    supervisor, found, start = who.actor("supervisor"), [], threading.Barrier(2)

    def go() -> None:
        start.wait()
        found.append(actions.raise_order(case.pk, reason="快办", actor=supervisor, now=MONDAY))
        connection.close()

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2 and len(set(found)) == 1
    assert SupervisionOrder.objects.count() == 1
