"""The lifecycle table: every pair of state and action, allowed and refused; and what no path may ever reach."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.casework.cases import rules
from huying.casework.cases.rules import (
    ENDED_STATES,
    LIFECYCLE,
    OPEN_STATES,
    Action,
    Circumstance,
    Party,
    Refusal,
    Rule,
    State,
    decide,
)
from huying.casework.cases.words import ACTIONS, STATES, refusal

PAIRS = [(state, action) for state in State for action in Action]
EVERYBODY = frozenset(Party)

# For each guard a circumstance that satisfies it together with all others of the same rule.
FINE: dict[Action, Circumstance] = {
    Action.DESIGNATE: Circumstance(returns=2),
    Action.GRANT_EXTENSION: Circumstance(extension_pending=True),
    Action.REFUSE_EXTENSION: Circumstance(extension_pending=True),
    Action.GRANT_SUSPENSION: Circumstance(suspension_pending=True),
    Action.REFUSE_SUSPENSION: Circumstance(suspension_pending=True),
    Action.RECORD_MEETING: Circumstance(meeting_pending=True),
    Action.REACH_STAGE: Circumstance(stages=("stop_work",)),
    Action.END_WAIT: Circumstance(waiting=True),
    Action.RECORD_RECEIPT: Circumstance(handed_over=True),
    Action.FOLLOW_UP: Circumstance(handed_over=True, receipt=True),
    Action.FINISH_TRANSFER: Circumstance(receipt=True, followed_up=True),
    Action.ARCHIVE: Circumstance(called=True),
}


def fine(action: Action) -> Circumstance:
    return FINE.get(action, Circumstance())


@pytest.mark.parametrize(("state", "action"), PAIRS)
def test_every_pair_is_allowed_exactly_when_the_table_has_it(state: State, action: Action) -> None:
    rule = LIFECYCLE.get((state, action))
    answer = decide(state, action, EVERYBODY, fine(action), rule.needs if rule else ())
    if rule is None:
        assert answer == Refusal("not_in_this_state")
    else:
        assert answer is rule


@pytest.mark.parametrize(("state", "action"), sorted(LIFECYCLE))
def test_every_step_is_refused_to_everybody_it_is_not_for(state: State, action: Action) -> None:
    rule = LIFECYCLE[state, action]
    others = EVERYBODY - rule.parties
    assert decide(state, action, others, fine(action), rule.needs) == Refusal("not_yours")
    assert decide(state, action, (), fine(action), rule.needs) == Refusal("not_yours")
    for party in rule.parties:
        assert decide(state, action, {party}, fine(action), rule.needs) is rule


@pytest.mark.parametrize(("state", "action"), [pair for pair in sorted(LIFECYCLE) if LIFECYCLE[pair].needs])
def test_every_needed_input_is_demanded(state: State, action: Action) -> None:
    rule = LIFECYCLE[state, action]
    for left_out in rule.needs:
        given_inputs = [name for name in rule.needs if name != left_out]
        assert decide(state, action, EVERYBODY, fine(action), given_inputs) == Refusal(f"missing_{left_out}")


GUARDED = [
    (State.DISPATCHED, Action.OBJECT, Circumstance(returns=2), "too_many_returns"),
    (State.DISPATCHED, Action.OBJECT, Circumstance(locked=True), "locked"),
    (State.ACCEPTED, Action.DISPATCH, Circumstance(returns=2), "must_designate"),
    (State.ACCEPTED, Action.DESIGNATE, Circumstance(returns=1), "not_yet_designated"),
    (State.HANDLING, Action.ASK_EXTENSION, Circumstance(extensions=2), "extensions_used"),
    (State.HANDLING, Action.ASK_EXTENSION, Circumstance(extensions=1, max_extensions=1), "extensions_used"),
    (State.HANDLING, Action.ASK_EXTENSION, Circumstance(extension_pending=True), "extension_pending"),
    (State.HANDLING, Action.GRANT_EXTENSION, Circumstance(), "no_extension_asked"),
    (State.HANDLING, Action.REFUSE_EXTENSION, Circumstance(), "no_extension_asked"),
    (State.HANDLING, Action.ASK_SUSPENSION, Circumstance(can_suspend=False), "item_not_suspendable"),
    (State.HANDLING, Action.ASK_SUSPENSION, Circumstance(suspension_pending=True), "suspension_pending"),
    (State.HANDLING, Action.GRANT_SUSPENSION, Circumstance(), "no_suspension_asked"),
    (State.HANDLING, Action.GIVE_FEEDBACK, Circumstance(parts_owed=1), "parts_owed"),
    (State.HANDLING, Action.GIVE_FEEDBACK, Circumstance(extension_pending=True), "request_pending"),
    (State.HANDLING, Action.ESCALATE, Circumstance(lead_rank=4), "already_at_top"),
    (State.HANDLING, Action.RECORD_MEETING, Circumstance(), "no_meeting_called"),
    (State.HANDLING, Action.TRANSFER_OUT, Circumstance(extension_pending=True), "request_pending"),
    (State.HANDLING, Action.TRANSFER_OUT, Circumstance(suspension_pending=True), "request_pending"),
    (State.HANDLING, Action.REACH_STAGE, Circumstance(), "no_stage_left"),
    (State.HANDLING, Action.WAIT_FOR_REPORTER, Circumstance(waiting=True, waited=True), "already_waiting"),
    (State.HANDLING, Action.WAIT_FOR_REPORTER, Circumstance(waited=True), "waited_already"),
    (State.HANDLING, Action.END_WAIT, Circumstance(), "not_waiting"),
    (State.CHECKING, Action.PASS_CHECK, Circumstance(actor_handled=True), "own_work"),
    (State.CHECKING, Action.FAIL_CHECK, Circumstance(actor_handled=True), "own_work"),
    (State.CLOSED, Action.RETURN_CALL, Circumstance(actor_handled=True), "own_work"),
    (State.CLOSED, Action.ARCHIVE, Circumstance(unreached_calls=2, quiet_days=6), "not_called_back"),
    (State.PENDING, Action.ANSWER, Circumstance(answer_closes=False), "answer_not_enough"),
    (State.ACCEPTED, Action.ANSWER, Circumstance(answer_closes=False), "answer_not_enough"),
    (State.HANDLING, Action.RECORD_RECEIPT, Circumstance(), "not_handed_over"),
    (State.HANDLING, Action.FOLLOW_UP, Circumstance(), "not_handed_over"),
    (State.HANDLING, Action.FOLLOW_UP, Circumstance(handed_over=True), "no_receipt"),
    (State.TRANSFERRED, Action.FINISH_TRANSFER, Circumstance(), "no_receipt"),
    (State.TRANSFERRED, Action.FINISH_TRANSFER, Circumstance(receipt=True), "not_followed_up"),
]


@pytest.mark.parametrize(("state", "action", "circumstance", "code"), GUARDED)
def test_guards_refuse_with_their_own_reason(
    state: State, action: Action, circumstance: Circumstance, code: str
) -> None:
    answer = decide(state, action, EVERYBODY, circumstance, LIFECYCLE[state, action].needs)
    assert answer == Refusal(code)
    what, hint = refusal(code)
    assert str(what) and str(hint)


@pytest.mark.parametrize(
    "heard",
    [Circumstance(called=True), Circumstance(rated=True), Circumstance(unreached_calls=3), Circumstance(quiet_days=7)],
)
def test_a_case_is_archived_once_somebody_was_heard_or_could_not_be(heard: Circumstance) -> None:
    assert isinstance(decide(State.CLOSED, Action.ARCHIVE, EVERYBODY, heard), Rule)


def test_an_archived_case_can_never_be_touched_again() -> None:
    assert not [action for state, action in LIFECYCLE if state is State.ARCHIVED]


def test_nobody_closes_a_case_but_through_a_check_a_followed_up_transfer_or_an_answer_at_intake() -> None:
    closing = {pair for pair, rule in LIFECYCLE.items() if rule.to is State.CLOSED}
    assert closing == {
        (State.CHECKING, Action.PASS_CHECK),
        (State.TRANSFERRED, Action.FINISH_TRANSFER),
        (State.PENDING, Action.ANSWER),
        (State.ACCEPTED, Action.ANSWER),
    }


def test_the_system_never_answers_by_itself() -> None:
    assert not LIFECYCLE[State.PENDING, Action.ANSWER].parties & {Party.SYSTEM, Party.LEAD, Party.REPORTER}


def test_everything_has_words() -> None:
    assert set(STATES) == set(State)
    assert set(ACTIONS) == set(Action)


def test_escalation_only_goes_up_and_never_comes_back_down() -> None:
    assert rules.refuse_escalation(from_rank=1, to_rank=2) is None
    assert rules.refuse_escalation(from_rank=2, to_rank=2) == Refusal("only_upwards")
    assert rules.refuse_target(target_rank=1, escalated_level=2, may_receive=True) == Refusal("never_back_down")
    assert rules.refuse_target(target_rank=2, escalated_level=2, may_receive=True) is None
    assert rules.refuse_target(target_rank=1, escalated_level=0, may_receive=False) == Refusal("not_admitted")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(list(Action)),
        st.frozensets(st.sampled_from(list(Party)), max_size=3),
        st.booleans(),
        st.booleans(),
        st.integers(0, 3),
    ),
    max_size=40,
)


@settings(max_examples=400)
@given(STEPS)
def test_no_walk_reaches_a_forbidden_state(
    steps: list[tuple[Action, frozenset[Party], bool, bool, int]],
) -> None:
    """Any sequence of attempts: a dead end stays dead, and nothing closes without check, receipt or a full answer."""
    state, returns, checked = State.PENDING, 0, False
    for action, parties, handled, pending, number in steps:
        circumstance = Circumstance(
            returns=returns,
            actor_handled=handled,
            extension_pending=pending,
            suspension_pending=pending,
            extensions=number,
            answer_closes=handled,
            handed_over=pending,
            receipt=pending,
            followed_up=pending,
            called=handled,
        )
        rule = LIFECYCLE.get((state, action))
        answer = decide(state, action, parties, circumstance, rule.needs if rule else ())
        if isinstance(answer, Refusal):
            continue
        assert state is not State.ARCHIVED
        if answer.to is State.CLOSED:
            assert (
                (action is Action.PASS_CHECK and not handled)
                or (action is Action.FINISH_TRANSFER and pending)
                or (action is Action.ANSWER and handled)
            )
            checked = True
        if answer.to is State.ARCHIVED:
            assert checked
        if action is Action.UPHOLD_OBJECTION:
            returns = min(returns + 1, rules.MAX_RETURNS)
        if action is Action.DISPATCH:
            assert returns < rules.MAX_RETURNS
        state = answer.to or state


@given(st.sampled_from(list(State)), st.frozensets(st.sampled_from(list(Party))), st.booleans())
def test_what_is_offered_is_what_is_allowed(state: State, parties: frozenset[Party], pending: bool) -> None:
    circumstance = replace(Circumstance(), extension_pending=pending)
    offered = rules.open_to(state, parties, circumstance)
    for action in Action:
        rule = LIFECYCLE.get((state, action))
        allowed = isinstance(decide(state, action, parties, circumstance, rule.needs if rule else ()), Rule)
        assert allowed == (action in offered)


def test_open_and_ended_states_do_not_overlap() -> None:
    assert not OPEN_STATES & ENDED_STATES
    assert {State.CLOSED, State.TRANSFERRED} == set(State) - OPEN_STATES - ENDED_STATES
