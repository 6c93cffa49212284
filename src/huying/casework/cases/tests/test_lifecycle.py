"""Each step as it is taken in life: what it changes, what it writes, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from huying.casework.cases import access, actions
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import (
    Assignment,
    Case,
    Extension,
    Meeting,
    Milestone,
    PartnerRating,
    Suspension,
    Transfer,
)
from huying.casework.cases.turns import allowed, chain
from huying.kernel.actor import Actor, system
from huying.kernel.errors import Conflict, Invalid, NotFound, Refused
from huying.kernel.facts import collected
from huying.kernel.trace import Entry

from .conftest import ANSWER, HOUR, Bring, opening, sending

LATER = NOW + 2 * HOUR
REPORTER = Actor("reporter", "report:1", "居民")
STRANGER = Actor("staff", "person:999", "路人")


def entries(case: Case) -> list[str]:
    return list(Entry.objects.filter(chain=chain(case.pk)).order_by("seq").values_list("verb", flat=True))


def untouched(case: Case, call: Callable[[], Any], code: str) -> None:
    """The call is refused with this code, and the case, its assignments and its trace are as before."""
    before = (Case.objects.values().get(pk=case.pk), list(Assignment.objects.values()), entries(case))
    with pytest.raises((Refused, NotFound, Invalid)) as caught:
        call()
    assert caught.value.code == code
    assert (Case.objects.values().get(pk=case.pk), list(Assignment.objects.values()), entries(case)) == before


def test_opening_dispatches_sets_first_asked_and_writes_two_entries(cast: Cast) -> None:
    one = opening(cast, unit="sanitation")
    with collected() as told:
        (case_id,) = actions.open_cases([one], actor=system("portal"), now=NOW)
    case = Case.objects.get(pk=case_id)
    assert case.state == "dispatched"
    assert case.open
    assert case.number == f"20260310-{case_id:07d}"
    assert case.lead_unit == case.first_asked_unit == cast.units["sanitation"]
    assert (case.grid, case.town, case.county) == ("990101001001001", "990101001", "990101")
    assert entries(case) == ["open", "dispatch"]
    assert [type(fact).__name__ for fact in told][:2] == ["CaseOpened", "AssignmentMade"]


def test_bulk_opening_takes_the_same_number_of_queries_for_two_hundred(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    def count(n: int) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            actions.open_cases([opening(cast, unit="sanitation")] * n, actor=system("portal"), now=NOW)
        return len(captured)

    count(1)
    few, many = count(30), count(200)
    assert few == many
    assert Case.objects.count() == 231


def test_sign_puts_the_case_in_hand(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    assert case.lead_person_id == cast.he_sanitation.person_id
    assert case.assignments.get().state == "signed"
    assert entries(case) == ["open", "dispatch", "sign"]


def test_another_unit_cannot_sign_and_a_stranger_finds_nothing(cast: Cast, bring: Bring) -> None:
    case = bring("dispatched")
    untouched(case, lambda: actions.sign_case(case.pk, actor=cast.deng_enforcement, now=LATER), "case_not_found")
    untouched(case, lambda: actions.sign_case(case.pk, actor=cast.li_dispatcher, now=LATER), "not_yours")
    untouched(case, lambda: actions.sign_case(case.pk, actor=STRANGER, now=LATER), "case_not_found")


def test_two_people_who_saw_the_same_version_only_one_acts(cast: Cast, bring: Bring) -> None:
    case = bring("accepted")
    actions.dispatch_case(
        case.pk, sending(cast, "sanitation"), actor=cast.li_dispatcher, now=LATER, expected=case.version
    )
    with pytest.raises(Conflict):
        actions.dispatch_case(
            case.pk, sending(cast, "housing"), actor=cast.zhou_dispatcher, now=LATER, expected=case.version
        )
    assert Case.objects.get(pk=case.pk).lead_unit == cast.units["sanitation"]


def test_accept_decline_and_reconsider(cast: Cast, bring: Bring) -> None:
    case = bring("pending")
    untouched(case, lambda: actions.accept_case(case.pk, actor=cast.he_sanitation, now=NOW), "case_not_found")
    actions.accept_case(case.pk, actor=cast.li_dispatcher, now=NOW)
    untouched(
        case,
        lambda: actions.decline_case(case.pk, channel="", reason="已判决", actor=cast.li_dispatcher, now=NOW),
        "missing_channel",
    )
    actions.decline_case(case.pk, channel="court", reason="已由法院判决", actor=cast.li_dispatcher, now=NOW)
    case.refresh_from_db()
    assert (case.state, case.open, case.due_at) == ("declined", False, None)
    actions.reconsider_case(case.pk, reason="尚未判决", actor=cast.zhao_centre, now=NOW)
    case.refresh_from_db()
    assert (case.state, case.closed_at) == ("pending", None)
    assert entries(case) == ["open", "accept", "decline", "reconsider"]


def test_a_community_is_never_sent_what_is_not_on_its_list(cast: Cast, bring: Bring) -> None:
    case = bring("accepted", item="1605")
    send = sending(cast, "liuan")
    untouched(case, lambda: actions.dispatch_case(case.pk, send, actor=cast.li_dispatcher, now=LATER), "not_admitted")
    listed = bring("accepted", item="0514")
    actions.dispatch_case(listed.pk, send, actor=cast.li_dispatcher, now=LATER)
    assert Case.objects.get(pk=listed.pk).lead_unit == cast.units["liuan"]


def test_two_returns_then_designated_and_locked(cast: Cast, bring: Bring) -> None:
    case = bring("dispatched")
    first_asked = case.first_asked_unit
    for unit, hands in (("sanitation", cast.he_sanitation), ("enforcement", cast.deng_enforcement)):
        if Case.objects.get(pk=case.pk).state == "accepted":
            actions.dispatch_case(case.pk, sending(cast, unit), actor=cast.li_dispatcher, now=LATER)
        actions.object_to_case(case.pk, reason="职责以外", actor=hands, now=LATER)
        untouched(
            case,
            lambda: actions.decide_objection(case.pk, uphold=True, reason="是", actor=cast.sun_checker, now=LATER),
            "not_yours",
        )
        actions.decide_objection(case.pk, uphold=True, reason="确不属实", actor=cast.li_dispatcher, now=LATER)
    case.refresh_from_db()
    assert (case.returns, case.state, case.lead_unit) == (2, "accepted", None)
    assert case.first_asked_unit == first_asked, "first asked stays answerable"
    send = sending(cast, "housing")
    untouched(case, lambda: actions.dispatch_case(case.pk, send, actor=cast.li_dispatcher, now=LATER), "must_designate")
    untouched(
        case,
        lambda: actions.designate_case(case.pk, send, reason="指定", actor=cast.li_dispatcher, now=LATER),
        "not_yours",
    )
    actions.designate_case(case.pk, send, reason="按三定方案", actor=cast.zhao_centre, now=LATER)
    untouched(case, lambda: actions.object_to_case(case.pk, reason="不", actor=cast.xu_housing, now=LATER), "locked")


def test_a_rejected_objection_leaves_it_with_the_unit_for_good(cast: Cast, bring: Bring) -> None:
    case = bring("objected")
    actions.decide_objection(case.pk, uphold=False, reason="属于你队职责", actor=cast.li_dispatcher, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.locked, case.returns) == ("dispatched", True, 0)
    untouched(
        case, lambda: actions.object_to_case(case.pk, reason="再议", actor=cast.he_sanitation, now=LATER), "locked"
    )


def test_escalated_once_never_sent_down_again(cast: Cast, bring: Bring) -> None:
    case = bring("handling", item="0514", unit="liuan", by="ma_liuan")
    up = sending(cast, "enforcement")
    untouched(
        case,
        lambda: actions.escalate_case(case.pk, sending(cast, "qiaodong"), reason="推", actor=cast.ma_liuan, now=LATER),
        "only_upwards",
    )
    actions.escalate_case(case.pk, up, reason="社区无执法权", actor=cast.ma_liuan, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.lead_unit) == ("dispatched", cast.units["enforcement"])
    assert case.first_asked_unit == cast.units["liuan"]
    assert case.assignments.get(unit=cast.units["liuan"]).state == "passed_up"
    actions.recall_case(case.pk, reason="换一家", actor=cast.li_dispatcher, now=LATER)
    untouched(
        case,
        lambda: actions.dispatch_case(case.pk, sending(cast, "liuan"), actor=cast.li_dispatcher, now=LATER),
        "never_back_down",
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(escalated_level=0)


def test_whistle_arrive_deliver_accept_rate(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    calls = [sending(cast, "enforcement", hours=5), sending(cast, "housing", hours=9)]
    untouched(
        case,
        lambda: actions.whistle(
            case.pk, [sending(cast, "sanitation")], reason="联合清理", actor=cast.he_sanitation, now=LATER
        ),
        "lead_cannot_assist",
    )
    actions.whistle(case.pk, calls, reason="联合清理占道料堆", actor=cast.he_sanitation, now=LATER)
    untouched(
        case,
        lambda: actions.whistle(case.pk, calls[:1], reason="再叫", actor=cast.he_sanitation, now=LATER),
        "already_assisting",
    )
    parts = {part.unit.code: part.due_at for part in case.assignments.filter(role="assist")}
    assert parts == {"enforcement": NOW + 5 * HOUR, "housing": NOW + 9 * HOUR}, "each its own limit"

    actions.arrive(case.pk, actor=cast.deng_enforcement, now=LATER + HOUR / 4, lon=120.005, lat=30.0051)
    actions.deliver_part(case.pk, text="已劝离摊贩", actor=cast.deng_enforcement, now=LATER + HOUR)
    untouched(
        case,
        lambda: actions.give_feedback(
            case.pk, text="好了", evidence=ANSWER, actor=cast.he_sanitation, now=LATER + HOUR
        ),
        "parts_owed",
    )
    accept = cast.units["enforcement"].pk
    untouched(
        case,
        lambda: actions.accept_part(case.pk, unit_id=accept, actor=cast.deng_enforcement, now=LATER + HOUR),
        "not_yours",
    )
    actions.refuse_part(case.pk, unit_id=accept, reason="还有一处", actor=cast.he_sanitation, now=LATER + HOUR)
    actions.deliver_part(case.pk, text="第二处也清了", actor=cast.deng_enforcement, now=LATER + 2 * HOUR)
    actions.accept_part(case.pk, unit_id=accept, actor=cast.he_sanitation, now=LATER + 2 * HOUR)
    housing = cast.units["housing"].pk
    untouched(
        case,
        lambda: actions.accept_part(case.pk, unit_id=housing, actor=cast.he_sanitation, now=LATER + 2 * HOUR),
        "part_not_delivered",
    )
    actions.deliver_part(case.pk, text="已加固", actor=cast.xu_housing, now=LATER + 2 * HOUR)
    actions.accept_part(case.pk, unit_id=housing, actor=cast.he_sanitation, now=LATER + 2 * HOUR)
    actions.give_feedback(case.pk, text="清完", evidence=ANSWER, actor=cast.he_sanitation, now=LATER + 3 * HOUR)
    actions.rate_partner(case.pk, unit_id=accept, score=5, note="", actor=cast.he_sanitation, now=LATER + 3 * HOUR)
    lead = cast.units["sanitation"].pk
    actions.rate_partner(case.pk, unit_id=lead, score=4, note="", actor=cast.deng_enforcement, now=LATER + 3 * HOUR)
    rated = PartnerRating.objects.values_list("by_unit__code", "of_unit__code", "score")
    assert set(rated) == {("sanitation", "enforcement", 5), ("enforcement", "sanitation", 4)}


def test_joint_meeting(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    units = [cast.units["housing"].pk, cast.units["water"].pk]
    untouched(
        case,
        lambda: actions.record_meeting(case.pk, decision="定了", actor=cast.he_sanitation, now=LATER),
        "no_meeting_called",
    )
    actions.call_meeting(case.pk, purpose="权属不清", unit_ids=units, actor=cast.he_sanitation, now=LATER)
    actions.record_meeting(case.pk, decision="由住建牵头", actor=cast.he_sanitation, now=LATER + HOUR)
    meeting = Meeting.objects.get()
    assert (meeting.unit_ids, meeting.held_at, meeting.decision) == (units, LATER + HOUR, "由住建牵头")


def test_extension_is_asked_decided_by_another_and_counted(cast: Cast, bring: Bring) -> None:
    case = bring("handling", item="1208")
    due = case.due_at
    assert due is not None
    untouched(
        case,
        lambda: actions.ask_extension(
            case.pk, reason="等料", until=due + 40 * HOUR, actor=cast.he_sanitation, now=LATER
        ),
        "extension_too_long",
    )
    until = due + 10 * HOUR
    actions.ask_extension(case.pk, reason="等备件到货", until=until, actor=cast.he_sanitation, now=LATER)
    untouched(
        case,
        lambda: actions.grant_extension(case.pk, told="好", actor=cast.he_sanitation, now=LATER),
        "not_yours",
    )
    untouched(
        case,
        lambda: actions.grant_extension(case.pk, told="", actor=cast.li_dispatcher, now=LATER),
        "missing_told",
    )
    actions.grant_extension(case.pk, told="备件周五到，最迟周六修好", actor=cast.li_dispatcher, now=LATER)
    case.refresh_from_db()
    assert (case.extensions, Extension.objects.get().state) == (1, "granted")
    untouched(
        case,
        lambda: actions.ask_extension(case.pk, reason="再延", until=until + HOUR, actor=cast.he_sanitation, now=LATER),
        "extensions_used",
    )


def test_a_refused_extension_uses_none_up(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    assert case.due_at is not None
    actions.ask_extension(case.pk, reason="忙", until=case.due_at + HOUR, actor=cast.he_sanitation, now=LATER)
    actions.refuse_extension(case.pk, reason="理由不足", actor=cast.li_dispatcher, now=LATER)
    case.refresh_from_db()
    assert (case.extensions, Extension.objects.get().state) == (0, "refused")


def test_suspension_runs_on_milestones_and_resumes(cast: Cast, bring: Bring) -> None:
    case = bring("suspended")
    assert case.suspended_at is not None
    milestone = Milestone.objects.get()
    actions.reach_milestone(case.pk, milestone.pk, note="图纸完成", actor=cast.he_sanitation, now=LATER)
    milestone.refresh_from_db()
    assert milestone.reached_at == LATER
    actions.resume_case(case.pk, actor=cast.he_sanitation, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.suspended_at, Suspension.objects.get().state) == ("handling", None, "ended")


def test_suspension_needs_the_centre_a_plan_and_an_item_that_allows_it(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    plan = [("设计", NOW.date() + timedelta(days=30))]
    untouched(
        case,
        lambda: actions.ask_suspension(case.pk, reason="大工程", milestones=[], actor=cast.he_sanitation, now=LATER),
        "missing_milestones",
    )
    actions.ask_suspension(case.pk, reason="大工程", milestones=plan, actor=cast.he_sanitation, now=LATER)
    untouched(case, lambda: actions.grant_suspension(case.pk, actor=cast.li_dispatcher, now=LATER), "not_yours")
    dispute = bring("handling", item="0904")
    untouched(
        dispute,
        lambda: actions.ask_suspension(
            dispute.pk, reason="调不动", milestones=plan, actor=cast.he_sanitation, now=LATER
        ),
        "item_not_suspendable",
    )


def test_transfer_out_is_tracked_and_never_closes_itself(cast: Cast, bring: Bring) -> None:
    case = bring("transferred")
    assert case.lead_unit is None
    assert Assignment.objects.get().state == "dropped"
    untouched(case, lambda: actions.finish_transfer(case.pk, actor=cast.li_dispatcher, now=LATER), "no_receipt")
    untouched(
        case,
        lambda: actions.follow_up_transfer(case.pk, outcome="已出警", actor=cast.wang_seat, now=LATER),
        "no_receipt",
    )
    actions.record_receipt(case.pk, receipt="JQ20260310001", actor=cast.wang_seat, now=LATER)
    untouched(case, lambda: actions.finish_transfer(case.pk, actor=cast.li_dispatcher, now=LATER), "not_followed_up")
    actions.follow_up_transfer(case.pk, outcome="双方已调解", actor=cast.wang_seat, now=LATER + 24 * HOUR)
    actions.finish_transfer(case.pk, actor=cast.li_dispatcher, now=LATER + 25 * HOUR)
    assert Case.objects.get(pk=case.pk).state == "closed"


def test_what_the_other_side_refuses_comes_back(cast: Cast, bring: Bring) -> None:
    case = bring("transferred")
    actions.take_back_transfer(case.pk, reason="110 认为不属警情", actor=cast.li_dispatcher, now=LATER)
    case.refresh_from_db()
    assert (case.state, Transfer.objects.get().taken_back_at) == ("accepted", LATER)


def test_an_emergency_call_leaves_the_case_in_hand(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    with pytest.raises(Invalid):
        actions.call_emergency(case.pk, channel="court", actor=cast.he_sanitation, now=LATER)
    actions.call_emergency(case.pk, channel="119", actor=cast.he_sanitation, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.urgent, Transfer.objects.get().whole) == ("handling", True, False)


def test_feedback_needs_what_the_closing_condition_demands(cast: Cast, bring: Bring) -> None:
    case = bring("handling", item="0101")
    with pytest.raises(Invalid) as caught:
        actions.give_feedback(case.pk, text="清了", evidence={}, actor=cast.he_sanitation, now=LATER)
    assert set(caught.value.fields) == {"photos_before", "photos_after"}
    case.refresh_from_db()
    assert case.state == "handling"
    here = {"lon": 120.005, "lat": 30.005}
    far = {"lon": 120.007, "lat": 30.005}
    before = [{"at": NOW.isoformat(), **here}]
    wrong = {"photos_before": before, "photos_after": [{"at": LATER.isoformat(), **far}]}
    with pytest.raises(Invalid):
        actions.give_feedback(case.pk, text="清了", evidence=wrong, actor=cast.he_sanitation, now=LATER)
    right = {"photos_before": before, "photos_after": [{"at": LATER.isoformat(), **here}]}
    actions.give_feedback(case.pk, text="清了", evidence=right, actor=cast.he_sanitation, now=LATER)
    assert Case.objects.get(pk=case.pk).state == "checking"


def test_the_handler_cannot_check_his_own_work(cast: Cast, bring: Bring) -> None:
    case = bring("checking")
    hands = cast.he_sanitation
    both = Actor(
        hands.kind, hands.ref, hands.name, hands.unit_id, hands.person_id, (*hands.duties, *cast.sun_checker.duties)
    )
    untouched(case, lambda: actions.pass_check(case.pk, actor=both, now=LATER), "own_work")
    untouched(case, lambda: actions.pass_check(case.pk, actor=hands, now=LATER), "not_yours")


def test_failed_check_sends_it_back_and_counts(cast: Cast, bring: Bring) -> None:
    case = bring("checking")
    untouched(
        case, lambda: actions.fail_check(case.pk, reason=" ", actor=cast.sun_checker, now=LATER), "missing_reason"
    )
    actions.fail_check(case.pk, reason="照片不是同一处", actor=cast.sun_checker, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.redos, case.assignments.get().state) == ("handling", 1, "signed")


def test_late_is_measured_by_the_feedback(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    assert case.due_at is not None
    late = case.due_at + HOUR
    actions.give_feedback(case.pk, text="晚了", evidence=ANSWER, actor=cast.he_sanitation, now=late)
    actions.pass_check(case.pk, actor=cast.sun_checker, now=late + HOUR)
    assert Case.objects.get(pk=case.pk).closed_late is True


def test_not_solved_brings_it_back_and_rating_keeps_the_worst(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    actions.rate_case(case.pk, score=4, actor=REPORTER, now=LATER, solved=True)
    actions.rate_case(case.pk, score=2, actor=REPORTER, now=LATER, solved=False)
    case.refresh_from_db()
    assert (case.rating, case.solved) == (2, False)
    with pytest.raises(Invalid):
        actions.rate_case(case.pk, score=6, actor=REPORTER, now=LATER)
    actions.order_redo(case.pk, reason="还是臭", actor=REPORTER, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.redos, case.closed_at) == ("handling", 1, None)


def test_archive_waits_until_somebody_was_heard(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    untouched(case, lambda: actions.archive_case(case.pk, actor=cast.wang_seat, now=LATER), "not_called_back")
    untouched(
        case,
        lambda: actions.record_return_call(case.pk, reached=True, actor=cast.he_sanitation, now=LATER),
        "not_yours",
    )
    for hour in range(3):
        actions.record_return_call(case.pk, reached=False, actor=cast.wang_seat, now=LATER + hour * HOUR)
    actions.archive_case(case.pk, actor=cast.wang_seat, now=LATER + 4 * HOUR)
    assert Case.objects.get(pk=case.pk).state == "archived"


def test_an_archived_case_is_closed_to_everybody_even_to_sql(cast: Cast, bring: Bring) -> None:
    case = bring("archived")
    for actor in cast.people.values():
        assert allowed(case, actor, LATER) == []
    untouched(
        case,
        lambda: actions.note_case(case.pk, text="补一句", actor=cast.li_dispatcher, now=LATER),
        "not_in_this_state",
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="handling")
    with pytest.raises(DatabaseError), transaction.atomic():
        Case.objects.filter(pk=case.pk).delete()


def test_merge_and_unmerge(cast: Cast, bring: Bring) -> None:
    main, other = bring("handling"), bring("pending")
    untouched(
        other,
        lambda: actions.merge_case(other.pk, into_id=other.pk, actor=cast.li_dispatcher, now=LATER),
        "same_case",
    )
    actions.merge_case(other.pk, into_id=main.pk, actor=cast.li_dispatcher, now=LATER)
    main.refresh_from_db()
    other.refresh_from_db()
    assert (other.state, other.merged_into_id, main.reports) == ("merged", main.pk, 2)
    assert entries(main)[-1] == "absorb"
    actions.unmerge_case(other.pk, reason="是另一处", actor=cast.li_dispatcher, now=LATER)
    other.refresh_from_db()
    assert (other.state, other.merged_into_id) == ("pending", None)
    closed = bring("closed")
    untouched(
        other,
        lambda: actions.merge_case(other.pk, into_id=closed.pk, actor=cast.li_dispatcher, now=LATER),
        "target_not_open",
    )


def test_discipline_sees_everything_in_scope_and_does_nothing(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    assert access.get_case(cast.ji_discipline, case.pk) == case
    assert allowed(case, cast.ji_discipline, LATER) == []
    untouched(case, lambda: actions.note_case(case.pk, text="看过", actor=cast.ji_discipline, now=LATER), "not_yours")


SEES = {
    "wang_seat": True,
    "li_dispatcher": True,
    "ji_discipline": True,
    "he_sanitation": True,
    "lin_sanitation_head": True,
    "tang_grid": True,
    "bai_street": True,
    "deng_enforcement": False,
    "xu_housing": False,
    "ma_liuan": False,
    "fang_qiaodong": False,
}


@pytest.mark.parametrize(("name", "sees"), SEES.items())
def test_who_sees_a_case_of_the_sanitation_team(cast: Cast, bring: Bring, name: str, sees: bool) -> None:
    case = bring("handling")
    assert access.visible(cast.people[name]).filter(pk=case.pk).exists() is sees
    if not sees:
        with pytest.raises(NotFound):
            access.get_case(cast.people[name], case.pk)
