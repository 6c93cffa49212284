"""Whistles, meetings, extensions and suspensions as they are taken in life."""

from __future__ import annotations

from datetime import timedelta

from huying.casework.cases import actions
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import (
    Extension,
    Meeting,
    Milestone,
    PartnerRating,
    Suspension,
)
from huying.kernel.actor import Actor, Duty

from .conftest import ANSWER, HOUR, Bring, sending, untouched

LATER = NOW + 2 * HOUR
REPORTER = Actor("reporter", "report:1", "居民")
STRANGER = Actor("staff", "person:999", "路人")


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


def test_a_units_own_system_does_its_part(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    actions.whistle(case.pk, [sending(cast, "enforcement")], reason="联合清理", actor=cast.he_sanitation, now=LATER)
    unit, other = cast.units["enforcement"], cast.units["housing"]
    key, stranger = (
        Actor("key", f"key:{one.pk}", one.name, one.pk, None, (Duty("scope:cases:act", "", one.pk, one.path),))
        for one in (unit, other)
    )
    untouched(case, lambda: actions.arrive(case.pk, actor=stranger, now=LATER), "case_not_found")
    actions.arrive(case.pk, actor=key, now=LATER)
    actions.deliver_part(case.pk, text="已劝离摊贩", actor=key, now=LATER)
    actions.accept_part(case.pk, unit_id=unit.pk, actor=cast.he_sanitation, now=LATER)
    lead = cast.units["sanitation"].pk
    actions.rate_partner(case.pk, unit_id=lead, score=4, note="", actor=key, now=LATER)
    assert PartnerRating.objects.get().by_unit == unit
