"""Transfer, feedback, check, rating, redo, archive, merge — and who sees what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from huying.casework.cases import access, actions
from huying.casework.cases.actions.answering import archive_quiet
from huying.casework.cases.factories import NOW, Cast, photograph, prove
from huying.casework.cases.facts import CaseMadeUrgent
from huying.casework.cases.models import (
    Assignment,
    Case,
    ReturnCall,
    Transfer,
)
from huying.casework.cases.rules import Action
from huying.casework.cases.turns import allowed
from huying.kernel.actor import Actor, system
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.facts import collected
from huying.kernel.models import StoredFile
from huying.kernel.trace import Entry, PrivateValue

from .conftest import ANSWER, HOUR, Bring, entries, sending, untouched

LATER = NOW + 2 * HOUR
REPORTER = Actor("reporter", "report:1", "居民")
STRANGER = Actor("staff", "person:999", "路人")


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


def test_a_case_is_made_urgent_once_and_its_unit_hears_of_it(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    due = case.due_at
    told: dict[str, Any] = {"reason": "现场说有人被困", "now": LATER}
    untouched(case, lambda: actions.make_urgent(case.pk, actor=cast.he_sanitation, **told), "not_yours")
    untouched(
        case, lambda: actions.make_urgent(case.pk, actor=cast.wang_seat, **(told | {"reason": " "})), "missing_reason"
    )
    with pytest.raises(NotFound):
        actions.make_urgent(case.pk, actor=cast.ma_liuan, **told)
    with collected() as facts:
        actions.make_urgent(case.pk, actor=cast.wang_seat, **told)
    case.refresh_from_db()
    assert (case.urgent, case.state, case.due_at) == (True, "handling", due)
    assert [one.case_id for one in facts if isinstance(one, CaseMadeUrgent)] == [case.pk]
    untouched(case, lambda: actions.make_urgent(case.pk, actor=cast.wang_seat, **told), "already_urgent")


def test_an_emergency_has_its_number_and_what_came_of_it_while_the_case_goes_on(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    told = {"actor": cast.wang_seat, "now": LATER}
    untouched(case, lambda: actions.record_receipt(case.pk, receipt="JQ-1", **told), "not_handed_over")
    actions.call_emergency(case.pk, channel="110", **told)
    actions.call_emergency(case.pk, channel="120", actor=cast.he_sanitation, now=LATER)
    police, ambulance = Transfer.objects.order_by("id")
    untouched(
        case := Case.objects.get(), lambda: actions.record_receipt(case.pk, receipt=" ", **told), "missing_receipt"
    )
    untouched(case, lambda: actions.follow_up_transfer(case.pk, outcome="已到", **told), "no_receipt")
    strange = {"actor": cast.sun_checker, "now": LATER}
    untouched(case, lambda: actions.record_receipt(case.pk, receipt="JQ-1", **strange), "not_yours")
    actions.record_receipt(case.pk, receipt="JQ-1", transfer_id=police.pk, **told)
    untouched(
        case := Case.objects.get(), lambda: actions.follow_up_transfer(case.pk, outcome="已到", **told), "no_receipt"
    )
    actions.follow_up_transfer(case.pk, outcome="已出警", transfer_id=police.pk, **told)
    actions.record_receipt(case.pk, receipt="120-7", actor=cast.he_sanitation, now=LATER)
    for transfer in (police, ambulance):
        transfer.refresh_from_db()
    assert (police.receipt, police.outcome, ambulance.receipt, ambulance.outcome) == ("JQ-1", "已出警", "120-7", "")
    assert entries(case)[-3:] == ["record_receipt", "follow_up", "record_receipt"]
    assert Case.objects.get(pk=case.pk).state == "handling"


def test_a_receipt_of_another_cases_transfer_is_not_written(cast: Cast, bring: Bring) -> None:
    one, other = bring("handling"), bring("handling")
    for case in (one, other):
        actions.call_emergency(case.pk, channel="110", actor=cast.wang_seat, now=LATER)
    theirs = Transfer.objects.get(case=other)
    told = {"actor": cast.wang_seat, "now": LATER, "transfer_id": theirs.pk}
    one.refresh_from_db()
    untouched(one, lambda: actions.record_receipt(one.pk, receipt="JQ-1", **told), "not_handed_over")


TOLD = "可以，凭身份证到社区服务站办理，当天就能办好。"


def test_a_question_is_answered_on_the_spot_and_closed(cast: Cast, bring: Bring) -> None:
    case = bring("pending")
    with collected() as told:
        actions.answer_case(case.pk, text=TOLD, notice="in_person", actor=cast.wang_seat, now=LATER)
    case.refresh_from_db()
    feedback = case.feedbacks.get()
    assert (case.state, case.closed_at, case.closed_late, case.lead_unit) == ("closed", LATER, False, None)
    assert (feedback.text, feedback.assignment, feedback.evidence["notice_kind"]) == (TOLD, None, "in_person")
    assert [type(one).__name__ for one in told] == ["CaseClosed"]
    assert not case.assignments.exists()
    entry = Entry.objects.filter(chain=f"case:{case.pk}").latest("seq")
    assert (entry.verb, TOLD in entry.body, entry.content["unit"]) == ("answer", False, cast.wang_seat.unit_id)
    assert PrivateValue.objects.filter(chain=f"case:{case.pk}", seq=entry.seq, label="text").exists()


@pytest.mark.parametrize("item", ["0101", "0301", "0701", "0904", "1208"])
def test_what_demands_work_is_not_answered_away(cast: Cast, bring: Bring, item: str) -> None:
    case = bring("pending", item=item)
    answer = {"text": TOLD, "actor": cast.wang_seat, "now": LATER}
    untouched(case, lambda: actions.answer_case(case.pk, **answer), "answer_not_enough")
    assert Action.ANSWER not in allowed(case, cast.wang_seat, LATER)


def test_an_answer_is_whole_and_given_by_whoever_takes_in(cast: Cast, bring: Bring) -> None:
    case = bring("pending")
    for text, code in (("", "missing_text"), ("好", "evidence_missing")):
        answer = {"text": text, "actor": cast.wang_seat, "now": LATER}
        untouched(case, lambda answer=answer: actions.answer_case(case.pk, **answer), code)
    pigeon = {"text": TOLD, "notice": "pigeon", "actor": cast.wang_seat, "now": LATER}
    untouched(case, lambda: actions.answer_case(case.pk, **pigeon), "evidence_missing")
    for who in ("sun_checker", "qian_supervisor", "ji_discipline"):
        answer = {"text": TOLD, "actor": cast.people[who], "now": LATER}
        untouched(case, lambda answer=answer: actions.answer_case(case.pk, **answer), "not_yours")
    sent = bring("dispatched")
    answer = {"text": TOLD, "actor": cast.wang_seat, "now": LATER}
    untouched(sent, lambda: actions.answer_case(sent.pk, **answer), "not_in_this_state")


def test_whoever_answered_does_not_call_back_but_a_colleague_does(cast: Cast, bring: Bring) -> None:
    case = bring("pending")
    actions.answer_case(case.pk, text=TOLD, actor=cast.li_dispatcher, now=LATER)
    case.refresh_from_db()
    own = {"reached": True, "actor": cast.li_dispatcher, "now": LATER}
    untouched(case, lambda: actions.record_return_call(case.pk, **own), "own_work")
    actions.record_return_call(case.pk, reached=True, satisfied=5, actor=cast.wang_seat, now=LATER)
    actions.archive_case(case.pk, actor=cast.wang_seat, now=LATER)
    assert Case.objects.get(pk=case.pk).state == "archived"


def test_an_answer_that_did_not_help_goes_to_dispatch(cast: Cast, bring: Bring) -> None:
    case = bring("pending")
    actions.answer_case(case.pk, text=TOLD, actor=cast.wang_seat, now=LATER)
    with collected() as told:
        actions.order_redo(case.pk, reason="去了不给办", actor=REPORTER, now=LATER + HOUR)
    case.refresh_from_db()
    assert (case.state, case.redos, case.closed_at, case.closed_late) == ("accepted", 1, None, None)
    assert [type(one).__name__ for one in told] == ["CaseUnassigned"]
    actions.dispatch_case(case.pk, sending(cast, "enforcement"), actor=cast.li_dispatcher, now=LATER + 2 * HOUR)
    assert Case.objects.get(pk=case.pk).lead_unit == cast.units["enforcement"]


def test_a_return_call_is_what_was_really_given(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    nothing = {"reached": None, "actor": cast.wang_seat, "now": LATER}
    untouched(case, lambda: actions.record_return_call(case.pk, **nothing), "missing_reached")
    assert not ReturnCall.objects.exists()
    answers = {"responded": False, "solved": True, "satisfied": 4}
    actions.record_return_call(case.pk, reached=True, **answers, actor=cast.wang_seat, now=LATER)
    actions.record_return_call(case.pk, reached=False, **answers, actor=cast.wang_seat, now=LATER)
    heard, silent = [one.content for one in Entry.objects.filter(verb="return_call").order_by("seq")]
    assert {name: heard[name] for name in ("reached", *answers)} == {"reached": True, **answers}
    assert {name: silent[name] for name in ("reached", *answers)} == {"reached": False, **dict.fromkeys(answers)}
    assert ReturnCall.objects.latest("id").solved is None


def test_feedback_needs_what_the_closing_condition_demands(cast: Cast, bring: Bring) -> None:
    case = bring("handling", item="0101")
    with pytest.raises(Invalid) as caught:
        actions.give_feedback(case.pk, text="清了", evidence={}, actor=cast.he_sanitation, now=LATER)
    assert set(caught.value.fields) == {"photos_before", "photos_after"}
    case.refresh_from_db()
    assert case.state == "handling"
    hands = {"actor": cast.he_sanitation, "now": LATER}
    photograph(case.pk, "before", taken=NOW, **hands)
    photograph(case.pk, "after", point=(120.007, 30.005), **hands)
    untouched(case, lambda: actions.give_feedback(case.pk, text="清了", evidence={}, **hands), "evidence_missing")
    photograph(case.pk, "after", **hands)
    actions.give_feedback(case.pk, text="清了", evidence={}, **hands)
    assert Case.objects.get(pk=case.pk).state == "checking"


def test_only_pictures_that_hang_on_the_case_prove_anything(cast: Cast, bring: Bring) -> None:
    case, other = bring("handling", item="0101"), bring("handling", item="0101")
    hands = {"actor": cast.he_sanitation, "now": LATER}
    prove(other.pk, **hands)
    file = StoredFile.objects.latest("pk")
    here = {"at": LATER.isoformat(), "lon": 120.005, "lat": 30.005, "ref": file.sha256}
    named = {"photos_before": [here], "photos_after": [here]}
    untouched(case, lambda: actions.give_feedback(case.pk, text="清了", evidence=named, **hands), "evidence_missing")
    prove(case.pk, **hands)
    actions.give_feedback(case.pk, text="清了", evidence={"photos_after": [here] * 9}, **hands)
    kept = case.feedbacks.get().evidence
    assert (len(kept["photos_before"]), len(kept["photos_after"])) == (1, 1)


def test_a_document_put_up_as_a_picture_is_none(cast: Cast, bring: Bring) -> None:
    case = bring("handling", item="0101")
    hands = {"actor": cast.he_sanitation, "now": LATER}
    prove(case.pk, **hands)
    StoredFile.objects.filter(pk=case.attachments.get(stage="after").file_id).update(kind="document")
    untouched(case, lambda: actions.give_feedback(case.pk, text="清了", evidence={}, **hands), "evidence_missing")


@pytest.mark.parametrize("how", ["check", "redo"])
def test_what_was_sent_back_needs_a_new_picture_of_after(cast: Cast, bring: Bring, how: str) -> None:
    case = bring("handling", item="0101")
    prove(case.pk, actor=cast.he_sanitation, now=LATER)
    actions.give_feedback(case.pk, text="清了", evidence={}, actor=cast.he_sanitation, now=LATER)
    if how == "check":
        actions.fail_check(case.pk, reason="还有一堆", actor=cast.sun_checker, now=LATER + HOUR)
    else:
        actions.pass_check(case.pk, actor=cast.sun_checker, now=LATER + HOUR)
        actions.order_redo(case.pk, reason="还有一堆", actor=REPORTER, now=LATER + HOUR)
    again = {"actor": cast.he_sanitation, "now": LATER + 2 * HOUR}
    case.refresh_from_db()
    with pytest.raises(Invalid) as caught:
        actions.give_feedback(case.pk, text="又清了", evidence={}, **again)
    assert set(caught.value.fields) == {"photos_after"}
    photograph(case.pk, "after", taken=LATER, **again)
    untouched(case, lambda: actions.give_feedback(case.pk, text="又清了", evidence={}, **again), "evidence_missing")
    photograph(case.pk, "after", **again)
    actions.give_feedback(case.pk, text="又清了", evidence={}, **again)
    assert Case.objects.get(pk=case.pk).state == "checking"


def test_what_needs_no_picture_needs_none_after_it_was_sent_back(cast: Cast, bring: Bring) -> None:
    case = bring("checking")
    actions.fail_check(case.pk, reason="答复不清楚", actor=cast.sun_checker, now=LATER)
    actions.give_feedback(case.pk, text="重新答复", evidence=ANSWER, actor=cast.he_sanitation, now=LATER)
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
        actions.record_return_call(case.pk, reached=False, actor=cast.wang_seat, now=NOW + (5 + hour) * HOUR)
    actions.archive_case(case.pk, actor=cast.wang_seat, now=NOW + 8 * HOUR)
    assert Case.objects.get(pk=case.pk).state == "archived"


def test_quiet_cases_are_archived_after_a_week(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    week = timedelta(days=7)
    assert case.closed_at is not None
    assert archive_quiet(actor=system("archive"), now=case.closed_at + week - HOUR) == 0
    assert archive_quiet(actor=system("archive"), now=case.closed_at + week + HOUR) == 1
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
