"""What used to be forgotten: milestones, what was handed over, requests. Each has a clock and lights."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Case, Milestone, Transfer
from huying.casework.clocks import actions, factories
from huying.casework.clocks.models import Clock, Notice, Warning, WarningRecipient
from huying.casework.clocks.words import kind_words, notice_words

pytestmark = pytest.mark.django_db
MONDAY = factories.MONDAY
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = [("完成招标", date(2026, 3, 20)), ("进场施工", date(2026, 3, 12))]


@pytest.fixture
def who() -> factories.Cast:
    return factories.cast()


def signed(who: factories.Cast) -> Case:
    case = factories.open_case(who)
    cases.sign_case(case.pk, actor=who.actor("handler"), now=MONDAY)
    return case


def suspended(who: factories.Cast) -> Case:
    case = signed(who)
    cases.ask_suspension(case.pk, reason="要工程", milestones=PLAN, actor=who.actor("handler"), now=MONDAY)
    cases.grant_suspension(case.pk, actor=who.actor("centre_lead"), now=MONDAY + HOUR)
    return case


def running(case: Case) -> dict[str, Clock]:
    return {clock.kind: clock for clock in Clock.objects.filter(case=case, stopped_at__isnull=True)}


def told(case: Case, kind: str, light: str) -> set[str]:
    rows = WarningRecipient.objects.filter(warning__case=case, warning__clock__kind=kind, warning__light=light)
    return set(rows.values_list("person__name", flat=True))


# --- milestones ------------------------------------------------------------------------------------------------


def test_each_milestone_has_a_clock_until_the_end_of_its_day(who) -> None:
    case = suspended(who)
    first, second = running(case)["milestone:1"], running(case)["milestone:2"]
    assert first.due_at == datetime(2026, 3, 12, 16, 0, tzinfo=UTC)  # midnight in Shanghai
    assert second.due_at == datetime(2026, 3, 20, 16, 0, tzinfo=UTC)
    assert (first.limit["label"], second.limit["label"]) == ("进场施工", "完成招标")
    assert not first.main and first.assignment_id == running(case)["close"].assignment_id


def test_a_milestone_warns_the_unit_once(who) -> None:
    case = suspended(who)
    due_at = running(case)["milestone:1"].due_at
    actions.turn_lights(now=due_at)
    case.refresh_from_db()
    assert case.light == "red"
    assert told(case, "milestone:1", "yellow") == {"王处置", "李队长"}
    assert told(case, "milestone:1", "red") == {"王处置", "李队长", "赵督办", "钱督办"}
    notice = Notice.objects.get(person__name="李队长")
    assert "进场施工" in notice_words(notice)
    counts = (Warning.objects.count(), Notice.objects.count())
    assert actions.turn_lights(now=due_at) == actions.Swept()
    assert (Warning.objects.count(), Notice.objects.count()) == counts


def test_reaching_a_milestone_stops_its_clock_only(who) -> None:
    case = suspended(who)
    stone = Milestone.objects.get(name="完成招标")
    cases.reach_milestone(case.pk, stone.pk, note="", actor=who.actor("handler"), now=MONDAY + DAY)
    cases.reach_milestone(case.pk, stone.pk, note="", actor=who.actor("handler"), now=MONDAY + DAY)
    assert set(running(case)) == {"milestone:1", "close"}
    stopped = Clock.objects.get(case=case, kind="milestone:2")
    assert (stopped.stopped_at, stopped.stopped_why) == (MONDAY + DAY, "reached")


def test_resuming_ends_the_plan_and_a_second_one_starts_anew(who) -> None:
    case = suspended(who)
    cases.resume_case(case.pk, actor=who.actor("handler"), now=MONDAY + DAY)
    assert set(running(case)) == {"close"} and running(case)["close"].paused_at is None
    later = MONDAY + 2 * DAY
    cases.ask_suspension(case.pk, reason="又要", milestones=PLAN[:1], actor=who.actor("handler"), now=later)
    cases.grant_suspension(case.pk, actor=who.actor("centre_lead"), now=later)
    assert set(running(case)) == {"milestone:1", "close"}


# --- requests --------------------------------------------------------------------------------------------------


def test_an_undecided_extension_warns_who_must_decide(who) -> None:
    case = signed(who)
    handler, asked = who.actor("handler"), MONDAY + HOUR
    until = datetime(2026, 3, 11, 2, 0, tzinfo=UTC)
    cases.ask_extension(case.pk, reason="等料", until=until, actor=handler, now=asked)
    clock = running(case)["request:extension"]
    assert clock.due_at == asked + DAY and clock.assignment_id is None
    actions.turn_lights(now=clock.due_at)
    assert told(case, "request:extension", "blue") == {"陈分拨"}
    assert told(case, "request:extension", "red") == {"陈分拨", "吴主任", "赵督办", "钱督办"}
    cases.refuse_extension(case.pk, reason="不必", actor=who.actor("dispatcher"), now=clock.due_at + DAY)
    assert set(running(case)) == {"close"}


@pytest.mark.parametrize("grant", [True, False])
def test_a_decision_stops_the_clock_of_the_request(who, grant: bool) -> None:
    case, decider = signed(who), who.actor("centre_lead")
    cases.ask_suspension(case.pk, reason="要工程", milestones=PLAN, actor=who.actor("handler"), now=MONDAY)
    assert running(case)["request:suspension"].due_at == MONDAY + DAY
    actions.turn_lights(now=MONDAY + DAY - HOUR)
    assert told(case, "request:suspension", "blue") == {"吴主任"}
    if grant:
        cases.grant_suspension(case.pk, actor=decider, now=MONDAY + DAY)
    else:
        cases.refuse_suspension(case.pk, reason="不必", actor=decider, now=MONDAY + DAY)
    stopped = Clock.objects.get(case=case, kind="request:suspension")
    assert (stopped.stopped_at, stopped.stopped_why, stopped.paused_at) == (MONDAY + DAY, "decided", None)


def test_how_long_a_request_may_lie_is_data(who) -> None:
    admin = who.actor("centre_lead")
    system = type(admin)("system", "system:test", "测试")
    actions.set_standing_limit(
        "request", "2wh", valid_from=date(2026, 3, 1), source="中心规定", actor=system, now=MONDAY
    )
    case = signed(who)
    cases.ask_suspension(case.pk, reason="要工程", milestones=PLAN, actor=who.actor("handler"), now=MONDAY)
    assert running(case)["request:suspension"].due_at == MONDAY + 2 * HOUR


# --- handed over outside ---------------------------------------------------------------------------------------


def test_a_transfer_is_followed_until_it_is_finished(who) -> None:
    case, dispatcher = factories.open_case(who, sent=False), who.actor("dispatcher")
    cases.transfer_out(case.pk, channel="court", reason="已起诉", receipt="R1", actor=dispatcher, now=MONDAY)
    transfer = Transfer.objects.get()
    kind = f"follow_up:{transfer.pk}"
    assert set(running(case)) == {kind} and running(case)[kind].due_at == transfer.follow_up_due == MONDAY + DAY
    actions.turn_lights(now=MONDAY + DAY)
    case.refresh_from_db()
    assert case.light == "red" and case.due_at is None
    assert told(case, kind, "red") == {"陈分拨", "吴主任", "赵督办", "钱督办"}
    asked = MONDAY + 2 * DAY
    cases.follow_up_transfer(case.pk, outcome="已立案，待开庭", actor=dispatcher, now=asked)
    assert running(case)[kind].due_at == asked + 7 * DAY  # five working days
    cases.finish_transfer(case.pk, actor=dispatcher, now=asked + HOUR)
    assert running(case) == {}


def test_taken_back_is_not_followed_any_more_but_an_emergency_is(who) -> None:
    case, dispatcher = factories.open_case(who, sent=False), who.actor("dispatcher")
    cases.call_emergency(case.pk, channel="119", actor=dispatcher, now=MONDAY)
    emergency = f"follow_up:{Transfer.objects.get().pk}"
    cases.dispatch_case(case.pk, factories.sending(who, MONDAY), actor=dispatcher, now=MONDAY)
    cases.recall_case(case.pk, reason="派错了", actor=dispatcher, now=MONDAY + HOUR)
    assert set(running(case)) == {emergency, "dispatch"}
    cases.record_receipt(case.pk, receipt="119-1", actor=dispatcher, now=MONDAY + HOUR)
    cases.follow_up_transfer(case.pk, outcome="火已灭", actor=dispatcher, now=MONDAY + HOUR)
    assert set(running(case)) == {"dispatch"}
    cases.transfer_out(case.pk, channel="petition", reason="信访事项", actor=dispatcher, now=MONDAY + HOUR)
    assert len(running(case)) == 1 and "dispatch" not in running(case)
    cases.take_back_transfer(case.pk, reason="对方不收", actor=dispatcher, now=MONDAY + 2 * HOUR)
    assert set(running(case)) == {"dispatch"}


def test_an_emergency_goes_on_being_followed_while_the_case_is_suspended(who) -> None:
    case = signed(who)
    cases.call_emergency(case.pk, channel="119", actor=who.actor("handler"), now=MONDAY)
    cases.ask_suspension(case.pk, reason="要工程", milestones=PLAN, actor=who.actor("handler"), now=MONDAY)
    cases.grant_suspension(case.pk, actor=who.actor("centre_lead"), now=MONDAY + HOUR)
    (followed,) = [clock for kind, clock in running(case).items() if kind.startswith("follow_up:")]
    assert followed.paused_at is None and followed.next_light_at is not None


def test_every_clock_has_a_name() -> None:
    assert kind_words("stage:stop_work") == "“责令停工”阶段时限"
    assert kind_words("milestone:2", "完成招标") == "“完成招标”节点时限"
    assert kind_words("milestone:2") == "挂账节点时限"
    assert kind_words("follow_up:17") == "转出跟踪时限"
    assert kind_words("request:suspension") == "挂账申请审批时限"
