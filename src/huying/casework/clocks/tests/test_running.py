"""Clocks follow the case: they start, stop, stand still and go on with it, and nothing else moves them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from huying.casework.cases import actions as cases
from huying.casework.cases.facts import AssignmentMade, CaseOpened
from huying.casework.cases.models import Assignment, Case
from huying.casework.clocks import actions, factories, handlers, queries
from huying.casework.clocks.models import Clock, ClockChange, Notice
from huying.kernel import facts, trace
from huying.kernel.errors import HuyingError, NotFound, Refused

pytestmark = pytest.mark.django_db
MONDAY = factories.MONDAY
HOUR = timedelta(hours=1)


@pytest.fixture
def who() -> factories.Cast:
    return factories.cast()


def running(case: Case) -> dict[str, Clock]:
    return {clock.kind: clock for clock in Clock.objects.filter(case=case, stopped_at__isnull=True)}


def test_a_waiting_matter_has_a_dispatch_clock_and_the_case_a_due_time(who) -> None:
    case = factories.open_case(who, sent=False)
    (clock,) = running(case).values()
    assert (clock.kind, clock.main, clock.area) == ("dispatch", True, factories.GRID)
    assert clock.due_at == MONDAY + 2 * HOUR == case.due_at
    assert clock.next_light_at == MONDAY + HOUR


def test_dispatch_stops_it_and_starts_the_units_clocks(who) -> None:
    case = factories.open_case(who, sent=False)
    sent = MONDAY + HOUR
    cases.dispatch_case(case.pk, factories.sending(who, sent), actor=who.actor("dispatcher"), now=sent)
    case.refresh_from_db()
    assert set(running(case)) == {"respond", "close"}
    assert Clock.objects.get(case=case, kind="dispatch").stopped_at == sent
    assert case.due_at == running(case)["close"].due_at == datetime(2026, 3, 9, 2, 30, tzinfo=UTC)
    cases.sign_case(case.pk, actor=who.actor("handler"), now=sent + HOUR)
    assert set(running(case)) == {"close"}


def refuse(kind: type[HuyingError], code: str, call: Callable[[], Any]) -> None:
    """Refused with this code, and no clock and no entry is other than before."""
    before = (list(Clock.objects.order_by("pk").values()), trace.models.Entry.objects.count())
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code
    assert (list(Clock.objects.order_by("pk").values()), trace.models.Entry.objects.count()) == before


def test_stages_of_a_limit_have_clocks_of_their_own(who) -> None:
    who.item = factories.item("0301", respond="1wh", close="4wh stop-work; 7wd penalty; 20wd removal")
    case = factories.open_case(who)
    clocks = running(case)
    assert set(clocks) == {"respond", "stage:stop_work", "stage:penalty", "close"}
    assert clocks["stage:stop_work"].due_at == datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
    handler, later = who.actor("handler"), MONDAY + 3 * HOUR
    cases.sign_case(case.pk, actor=handler, now=MONDAY + HOUR)
    cases.reach_stage(case.pk, "stop_work", actor=handler, now=MONDAY + 2 * HOUR, note="已停工")
    assert set(running(case)) == {"stage:penalty", "close"}
    refuse(NotFound, "stage_not_running", lambda: cases.reach_stage(case.pk, "stop_work", actor=handler, now=later))
    stranger = who.actor("supervisor")
    refuse(Refused, "not_yours", lambda: cases.reach_stage(case.pk, "penalty", actor=stranger, now=later))
    refuse(Refused, "missing_stage", lambda: cases.reach_stage(case.pk, " ", actor=handler, now=later))
    assert "stage:penalty" in running(case)


def test_an_extension_moves_case_assignment_and_clock_together(who) -> None:
    case = signed(who)
    until = datetime(2026, 3, 12, 2, 0, tzinfo=UTC)
    handler, decider = who.actor("handler"), who.actor("dispatcher")
    cases.ask_extension(case.pk, reason="等材料", until=until, actor=handler, now=MONDAY + 2 * HOUR)
    cases.grant_extension(case.pk, told="已延期", actor=decider, now=MONDAY + 3 * HOUR)
    case.refresh_from_db()
    clock = running(case)["close"]
    assert case.due_at == clock.due_at == Assignment.objects.get(case=case).due_at == until
    change = ClockChange.objects.get(clock=clock)
    assert (change.kind, change.new_due, change.by) == ("extension", until, decider.ref)


def signed(who: factories.Cast) -> Case:
    case = factories.open_case(who)
    cases.sign_case(case.pk, actor=who.actor("handler"), now=MONDAY + HOUR)
    return case


def test_a_rejected_objection_gives_back_the_time_it_took(who) -> None:
    case = factories.open_case(who)
    before = case.due_at
    cases.object_to_case(case.pk, reason="不是我们的", actor=who.actor("handler"), now=MONDAY + HOUR)
    assert running(case)["close"].paused_at == MONDAY + HOUR
    assert running(case)["objection"].due_at == MONDAY + HOUR + timedelta(days=1)
    later = MONDAY + 2 * HOUR
    cases.decide_objection(case.pk, uphold=False, reason="是你们的", actor=who.actor("dispatcher"), now=later)
    case.refresh_from_db()
    assert case.due_at == before + HOUR == running(case)["close"].due_at
    assert set(running(case)) == {"respond", "close"}


def test_an_upheld_objection_starts_no_new_dispatch_time(who) -> None:
    """The dispatch clock goes on where it stood: recall and return never give the dispatcher a fresh limit."""
    case = factories.open_case(who, sent=False)
    dispatcher = who.actor("dispatcher")
    cases.dispatch_case(case.pk, factories.sending(who, MONDAY + HOUR), actor=dispatcher, now=MONDAY + HOUR)
    cases.recall_case(case.pk, reason="派错了", actor=dispatcher, now=MONDAY + HOUR * 3 / 2)
    clock = running(case)["dispatch"]
    case.refresh_from_db()
    assert set(running(case)) == {"dispatch"}
    assert clock.started_at == MONDAY
    assert clock.due_at == case.due_at == MONDAY + HOUR * 5 / 2
    assert clock.paused_us == 30 * 60 * 1_000_000


def test_suspension_stops_every_clock_and_resuming_moves_the_due_time(who) -> None:
    case = signed(who)
    before = running(case)["close"].due_at
    handler = who.actor("handler")
    plan = [("完成招标", datetime(2026, 4, 1).date())]
    cases.ask_suspension(case.pk, reason="要工程", milestones=plan, actor=handler, now=MONDAY + HOUR)
    cases.grant_suspension(case.pk, actor=who.actor("centre_lead"), now=MONDAY + 2 * HOUR)
    plan_clock = running(case)["milestone:1"]
    unit_clocks = [clock for clock in running(case).values() if clock.pk != plan_clock.pk]
    assert plan_clock.paused_at is None and all(clock.paused_at for clock in unit_clocks)
    assert all(clock.next_light_at is None for clock in unit_clocks)
    cases.resume_case(case.pk, actor=handler, now=MONDAY + 2 * HOUR + timedelta(days=2))
    case.refresh_from_db()
    assert case.due_at == before + timedelta(days=2)
    assert [change.kind for change in ClockChange.objects.order_by("id")] == ["pause", "resume"]


def test_a_failed_check_goes_on_with_the_old_clock_less_the_checkers_time(who) -> None:
    case = signed(who)
    before = running(case)["close"].due_at
    handler = who.actor("handler")
    give = {"reply": "已清运", "answer": "已清运", "notified": "call"}
    answered = MONDAY + 2 * HOUR
    feedback(case, handler, answered, give)
    assert set(running(case)) == {"check"}
    cases.fail_check(case.pk, reason="没清干净", actor=who.actor("checker"), now=answered + HOUR)
    case.refresh_from_db()
    clock = running(case)["close"]
    assert clock.continues is not None and clock.started_at == MONDAY
    assert case.due_at == clock.due_at == before + HOUR / 2  # the checker's hour was half a lunch break
    assert set(running(case)) == {"close"}


def feedback(case: Case, handler, at: datetime, evidence: dict[str, object]) -> None:
    """The cases room's own tests cover evidence; here the fact is what matters."""
    from huying.casework.cases.facts import FeedbackGiven
    from huying.casework.cases.models import Feedback

    with transaction.atomic():
        lead = Assignment.objects.get(case=case, role="lead")
        made = Feedback.objects.create(
            case=case, assignment=lead, text="已处理", evidence=evidence, given_at=at, given_by=handler.ref
        )
        Case.objects.filter(pk=case.pk).update(state="checking")
        lead.state = "delivered"
        lead.save(update_fields=["state"])
        facts.publish(FeedbackGiven(case_id=case.pk, at=at, by=handler.ref, assignment_id=lead.pk, feedback_id=made.pk))


def test_a_redo_after_closing_gets_a_fresh_limit(who) -> None:
    case = signed(who)
    feedback(case, who.actor("handler"), MONDAY + 2 * HOUR, {})
    cases.pass_check(case.pk, actor=who.actor("checker"), now=MONDAY + 3 * HOUR)
    assert running(case) == {}
    again = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
    cases.order_redo(case.pk, reason="又堆了", actor=who.actor("supervisor"), now=again)
    case.refresh_from_db()
    clock = running(case)["close"]
    assert clock.started_at == again and clock.continues is None
    assert case.due_at == clock.due_at == datetime(2026, 3, 11, 2, 0, tzinfo=UTC)
    assert Clock.objects.filter(case=case, kind="close").count() == 2


def test_waiting_for_the_reporter_happens_once_and_ends_by_itself(who) -> None:
    case = signed(who)
    handler, asked = who.actor("handler"), MONDAY + HOUR
    before = running(case)["close"].due_at
    stranger = who.actor("supervisor")
    refuse(Refused, "not_yours", lambda: cases.wait_for_reporter(case.pk, reason="要照片", actor=stranger, now=asked))
    refuse(Refused, "missing_reason", lambda: cases.wait_for_reporter(case.pk, reason="", actor=handler, now=asked))
    refuse(Refused, "not_waiting", lambda: cases.end_wait(case.pk, actor=handler, now=asked))
    until = cases.wait_for_reporter(case.pk, reason="要照片", actor=handler, now=asked)
    assert until == asked + timedelta(days=2)
    actions.turn_lights(now=until - HOUR)
    assert running(case)["close"].paused_at == asked
    actions.turn_lights(now=until)
    clock = running(case)["close"]
    assert clock.paused_at is None and clock.due_at == before + timedelta(days=2)
    later = until + HOUR
    refuse(Refused, "waited_already", lambda: cases.wait_for_reporter(case.pk, reason="再等", actor=handler, now=later))
    refuse(Refused, "not_waiting", lambda: cases.end_wait(case.pk, actor=handler, now=later))


def test_a_wait_ends_when_the_reporter_has_answered(who) -> None:
    case, handler = signed(who), who.actor("handler")
    before = running(case)["close"].due_at
    cases.wait_for_reporter(case.pk, reason="要照片", actor=handler, now=MONDAY + HOUR)
    again = lambda: cases.wait_for_reporter(case.pk, reason="还要", actor=handler, now=MONDAY + HOUR)  # noqa: E731
    refuse(Refused, "already_waiting", again)
    cases.end_wait(case.pk, actor=handler, now=MONDAY + 2 * HOUR)
    assert running(case)["close"].due_at == before + HOUR


def test_the_database_refuses_to_move_a_due_time_without_a_record(who) -> None:
    case = factories.open_case(who)
    clock = running(case)["close"]
    later = clock.due_at + HOUR
    for change in (
        {"due_at": later},
        {"started_at": MONDAY + HOUR},
        {"limit": {"kind": "open", "amount": 0, "label": ""}},
        {"kind": "respond2"},
        {"paused_us": 5},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Clock.objects.filter(pk=clock.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Clock.objects.filter(pk=clock.pk).delete()
    ClockChange.objects.create(
        clock=clock, kind="extension", at=MONDAY, by="person:1", old_due=clock.due_at, new_due=later
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Clock.objects.filter(pk=clock.pk).update(due_at=later + HOUR)
    Clock.objects.filter(pk=clock.pk).update(due_at=later)
    with pytest.raises(IntegrityError), transaction.atomic():
        ClockChange.objects.update(new_due=MONDAY)
    actions.stop_clocks([case.pk], at=MONDAY + HOUR, why="test")
    with pytest.raises(IntegrityError), transaction.atomic():
        Clock.objects.filter(pk=clock.pk).update(stopped_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Clock.objects.filter(pk=clock.pk).update(stopped_at=MONDAY)


def test_one_clock_of_a_kind_runs_for_an_assignment(who) -> None:
    case = factories.open_case(who, sent=False)
    clock = running(case)["dispatch"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Clock.objects.create(case=case, kind="dispatch", limit=clock.limit, started_at=MONDAY, due_at=MONDAY + HOUR)


@pytest.mark.parametrize("count", [1, 300])
@pytest.mark.parametrize("opening", [True, False])
def test_intake_costs_the_same_queries_for_one_and_for_many(who, count, opening, django_assert_max_num_queries) -> None:
    """Handlers alone: read the edition, write the clocks; later also stop dispatch clocks, look for earlier ones."""
    made = factories.open_many(who, count, sent=False)
    limits = {"respond": who.item.respond, "close": who.item.close}
    rows = [Assignment(case=case, unit=who.team, role="lead", limits=limits, sent_at=MONDAY) for case in made]
    Assignment.objects.bulk_create(rows)
    told = [
        AssignmentMade(
            case_id=row.case_id,
            at=MONDAY,
            by="system:test",
            assignment_id=row.pk,
            unit_id=who.team.pk,
            person_id=None,
            role="lead",
            area=factories.GRID,
            limits=limits,
            respond_due=None,
            due_at=None,
            opening=opening,
        )
        for row in rows
    ]
    with transaction.atomic(), django_assert_max_num_queries(2 if opening else 4):
        handlers.start_unit_clocks(told)
    assert Clock.objects.filter(kind="close").count() == count


def test_opening_many_unassigned_costs_a_constant_number_of_queries(who, django_assert_max_num_queries) -> None:
    made = factories.open_many(who, 1, sent=False)
    actions.stop_clocks([made[0].pk], at=MONDAY, why="test")
    told = [
        CaseOpened(
            case_id=made[0].pk,
            at=MONDAY,
            by="system:test",
            number="1",
            item_code="0103",
            area=factories.GRID,
            assigned=False,
            due_at=MONDAY + 2 * HOUR,
        )
    ]
    with transaction.atomic(), django_assert_max_num_queries(2):
        handlers.start_dispatch_clocks(told)


def test_a_reminder_reaches_handler_and_unit_lead(who) -> None:
    case = signed(who)
    cases.remind_case(case.pk, actor=who.actor("supervisor"), now=MONDAY + HOUR)
    told = set(Notice.objects.filter(kind="remind").values_list("person__name", flat=True))
    assert told == {"王处置", "李队长"}
    notice = Notice.objects.filter(kind="remind").first()
    assert queries.unread_count(notice.person_id) == 1
    assert "催办" in queries.unread_groups(notice.person_id)[0].words


def test_that_it_is_urgent_now_reaches_them_and_stands_first(who) -> None:
    case = signed(who)
    cases.remind_case(case.pk, actor=who.actor("supervisor"), now=MONDAY + HOUR)
    cases.make_urgent(case.pk, reason="有人被困", actor=who.actor("supervisor"), now=MONDAY + HOUR)
    assert set(Notice.objects.filter(kind="urgent").values_list("person__name", flat=True)) == {"王处置", "李队长"}
    groups = queries.unread_groups(Notice.objects.filter(kind="urgent").first().person_id)
    assert [one.kind for one in groups] == ["urgent", "remind"] and "已列为紧急" in groups[0].words


def test_notices_are_read_by_their_own_person_only(who) -> None:
    case = signed(who)
    cases.remind_case(case.pk, actor=who.actor("supervisor"), now=MONDAY + HOUR)
    notice = Notice.objects.get(person=who.people["handler"])
    assert actions.read_notices(actor=who.actor("unit_lead"), now=MONDAY + 2 * HOUR, ids=[notice.pk]) == 0
    assert actions.read_notices(actor=who.actor("handler"), now=MONDAY + 2 * HOUR, ids=[notice.pk]) == 1
    assert actions.read_notices(actor=who.actor("handler"), now=MONDAY + 3 * HOUR) == 0


def test_the_sweep_asks_its_index(who) -> None:
    """The plan of the sweep's question starts from the moments that have come, not from all clocks."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT case_id FROM clocks_clock WHERE next_light_at <= now() ORDER BY next_light_at LIMIT 9"
        )
        assert "clock_next_light" in "\n".join(row[0] for row in cursor.fetchall())


def test_trace_chains_hold_after_warnings(who) -> None:
    case = factories.open_case(who)
    actions.turn_lights(now=MONDAY + timedelta(days=30))
    verbs = list(
        trace.models.Entry.objects.filter(chain=f"case:{case.pk}").order_by("seq").values_list("verb", flat=True)
    )
    assert "warn" in verbs
