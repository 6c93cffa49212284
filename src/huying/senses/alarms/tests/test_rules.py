"""The lifecycle as a table: every way an event can meet an alarm, and every step people may take or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.senses.alarms import rules
from huying.senses.alarms.rules import Cause, Cleared, Refusal, Row, Said, Standing, State

T0 = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def after(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def said(what: str, minutes: float = 0, severity: int = 3, **more: object) -> Said:
    return Said(what, "leak", severity, after(minutes), **more)  # type: ignore[arg-type]


def row(**fields: object) -> Row:
    usual = Row(pk=7, uid=UUID(int=7), rule="leak", severity=3, peak=3, opened_at=T0, last_at=T0)
    return replace(usual, **fields)  # type: ignore[arg-type]


def fold(found: Row | None, *events: Said, test: bool = False) -> rules.Folded:
    numbers = count(100)
    return rules.fold(found, events, test=test, new_uid=lambda: UUID(int=next(numbers)))


NEW = UUID(int=100)
OLD = UUID(int=7)


# --- events and rows --------------------------------------------------------------------------------------------------


def test_a_raise_makes_one_alarm_and_a_clear_ends_it() -> None:
    begun = fold(None, said("raise", severity=2))
    (made,) = begun.rows
    assert (made.pk, made.severity, made.count, made.cleared_at) == (None, 2, 1, None)
    assert begun.raised == {made.uid}
    ended = fold(replace(made, pk=7), said("clear", 5, 2))
    assert ended.rows[0].cleared_at == after(5)
    assert ended.cleared == {made.uid}
    assert not ended.raised


def test_a_raise_while_active_makes_nothing_new() -> None:
    again = fold(row(), said("raise", 4))
    assert [(one.pk, one.count, one.last_at) for one in again.rows] == [(7, 1, after(4))]
    assert not again.raised


def test_steps_move_the_severity_and_keep_the_peak() -> None:
    up = fold(row(severity=2, peak=2), said("severity", 1, 4))
    assert (up.rows[0].severity, up.rows[0].peak) == (4, 4)
    down = fold(up.rows[0], said("severity", 2, 2))
    assert (down.rows[0].severity, down.rows[0].peak) == (2, 4)
    assert up.stepped == down.stepped == {OLD}


def test_graver_than_what_was_acknowledged_rings_again() -> None:
    held = row(severity=2, peak=3, acknowledged=True)
    assert fold(held, said("severity", 1, 3)).rows[0].acknowledged
    assert not fold(held, said("severity", 1, 4)).rows[0].acknowledged


@pytest.mark.parametrize(("minutes", "same"), [(5, True), (10, True), (11, False)])
def test_flapping_is_one_alarm_with_a_count(minutes: float, same: bool) -> None:
    calm = row(cleared_at=T0, cleared_by=Cleared.READING, acknowledged=True)
    folded = fold(calm, said("raise", minutes))
    made = folded.rows[-1]
    assert (made.uid == OLD) is same
    assert made.count == (2 if same else 1)
    assert made.cleared_at is None
    assert folded.raised == {made.uid}


def test_what_closed_itself_is_open_again_when_it_flaps() -> None:
    calm = row(severity=2, peak=2, cleared_at=T0, cleared_by=Cleared.READING, closed=True, cause=Cause.ITSELF)
    assert (fold(calm, said("raise", 1, 2)).rows[0].closed, fold(calm, said("raise", 1, 2)).rows[0].cause) == (
        False,
        "",
    )


def test_what_people_closed_is_not_opened_again_a_new_alarm_begins() -> None:
    over = row(cleared_at=T0, cleared_by=Cleared.READING, closed=True, cause=Cause.REAL)
    folded = fold(over, said("raise", 1))
    assert [one.uid for one in folded.rows] == [NEW]


def test_closed_before_it_was_normal_and_raised_again_begins_anew() -> None:
    over = row(closed=True, cause=Cause.REAL)
    folded = fold(over, said("raise", 3))
    assert [(one.uid, one.cleared_by) for one in folded.rows] == [(OLD, Cleared.ANEW), (NEW, "")]
    assert (folded.raised, folded.cleared) == ({NEW}, set())


def test_a_severity_counts_for_a_closed_alarm_only_when_graver() -> None:
    over = row(closed=True, cause=Cause.REAL)
    assert [one.uid for one in fold(over, said("severity", 1, 2)).rows] == [OLD]
    assert [one.uid for one in fold(over, said("severity", 1, 4)).rows] == [OLD, NEW]
    calm = row(cleared_at=T0, cleared_by=Cleared.READING)
    assert fold(calm, said("severity", 1, 3)).rows == ()
    assert fold(calm, said("severity", 1, 4)).rows[0].count == 2


def test_a_clear_of_nothing_changes_nothing() -> None:
    assert fold(None, said("clear")) == rules.Folded()
    assert fold(row(cleared_at=T0, cleared_by=Cleared.READING), said("clear", 9)) == rules.Folded()


def test_small_things_are_over_when_normal_grave_ones_want_a_cause() -> None:
    def clear(**fields: object) -> Row:
        return fold(row(**fields), said("clear", 1)).rows[0]

    assert (clear(severity=2, peak=2).closed, clear(severity=2, peak=2).cause) == (True, Cause.ITSELF)
    assert not clear(severity=2, peak=3).closed
    assert not clear(severity=2, peak=2, urgent=True).closed
    assert not clear(severity=2, peak=2, has_case=True).closed
    assert clear(severity=3, peak=3, covered=True).closed


def test_raised_cleared_and_raised_again_in_one_batch() -> None:
    folded = fold(None, said("raise"), said("clear", 1), said("raise", 2), said("clear", 3), said("raise", 60))
    assert [(one.count, one.cleared_at) for one in folded.rows] == [(2, after(3)), (1, None)]
    assert folded.rows[1].opened_at == after(60)


def test_every_finished_alarm_of_a_batch_is_kept() -> None:
    folded = fold(None, said("raise"), said("clear", 1), said("raise", 60))
    assert [one.cleared_at for one in folded.rows] == [after(1), None]
    assert len(folded.raised) == 2


def test_a_drill_is_answered_by_the_first_alarm_only() -> None:
    folded = fold(None, said("raise"), said("clear", 1), said("raise", 60), test=True)
    assert [one.test for one in folded.rows] == [True, False]
    assert fold(row(), said("raise", 1), test=True).rows[0].test is False


def test_a_case_is_wanted_for_what_is_grave_enough_and_no_test() -> None:
    def wants(severity: int, **more: object) -> bool:
        return rules.wants_case(fold(None, said("raise", 0, severity, **({"item": "0517"} | more))).rows[0])

    assert wants(3)
    assert wants(1, urgent=True)
    assert not wants(2)
    assert not wants(3, item="")
    assert not wants(3, case_from=4)
    made = fold(None, said("raise", 0, 2, item="0517")).rows[0]
    assert rules.wants_case(fold(made, said("severity", 1, 3, item="0517")).rows[0])
    assert not rules.wants_case(fold(row(wants_case=False, item="0517"), said("clear", 1)).rows[0])
    for no in ({"test": True}, {"covered": True}, {"has_case": True}, {"closed": True}):
        assert not rules.wants_case(row(wants_case=True, item="0517", **no))


def test_people_are_called_for_more_than_hints() -> None:
    assert rules.rings(row(severity=2, peak=2))
    for quiet in ({"severity": 1, "peak": 1}, {"test": True}, {"covered": True}, {"closed": True}):
        assert not rules.rings(row(**quiet))


_EVENTS = st.lists(
    st.builds(
        said,
        st.sampled_from(["raise", "severity", "clear"]),
        st.integers(0, 200),
        st.integers(1, 4),
        urgent=st.booleans(),
    ),
    max_size=30,
)


@given(
    _EVENTS,
    st.sampled_from([None, row(), row(closed=True, cause=Cause.REAL), row(cleared_at=T0, cleared_by="reading")]),
)
def test_at_most_one_is_active_and_every_row_could_stand_in_the_table(events: list[Said], found: Row | None) -> None:
    folded = fold(found, *sorted(events, key=lambda one: one.at))
    assert sum(one.cleared_at is None for one in folded.rows) <= 1
    assert all(one.cleared_at is not None for one in folded.rows[:-1])
    assert len({one.uid for one in folded.rows}) == len(folded.rows)
    for one in folded.rows:
        assert 1 <= one.severity <= one.peak <= 4
        assert one.last_at >= one.opened_at
        assert one.cleared_at is None or one.cleared_at >= one.opened_at
        assert (one.cleared_at is None) == (one.cleared_by == "")
        assert one.closed == (one.cause != "")
    assert folded.raised | folded.stepped | folded.cleared <= {one.uid for one in folded.rows}


@given(_EVENTS, st.integers(0, 30))
def test_batches_cut_anywhere_end_the_same(events: list[Said], cut: int) -> None:
    events = sorted(events, key=lambda one: one.at)
    whole = fold(None, *events)
    first = fold(None, *events[:cut])
    held = first.rows[-1] if first.rows else None
    second = fold(replace(held, pk=1) if held else None, *events[cut:])
    last = second.rows[-1] if second.rows else held
    if whole.rows:
        assert last is not None
        same = replace(whole.rows[-1], uid=last.uid, pk=last.pk)
        assert last == same
    else:
        assert last is None


# --- what people may do -----------------------------------------------------------------------------------------------

ACTIVE, HELD = Standing(), Standing(acknowledged=True)
CALM, OVER = Standing(cleared=True), Standing(closed=True)


def test_the_one_word_for_where_it_stands() -> None:
    assert [rules.state_of(one) for one in (ACTIVE, HELD, CALM, OVER)] == list(State)
    assert rules.state_of(Standing(acknowledged=True, cleared=True)) == State.CLEARED
    assert rules.state_of(Standing(acknowledged=True, cleared=True, closed=True)) == State.CLOSED


@pytest.mark.parametrize(
    ("standing", "refusal"), [(ACTIVE, None), (CALM, None), (HELD, Refusal.ACKNOWLEDGED), (OVER, Refusal.CLOSED)]
)
def test_acknowledging(standing: Standing, refusal: Refusal | None) -> None:
    assert rules.refuse_acknowledging(standing) == refusal


@pytest.mark.parametrize("standing", [ACTIVE, HELD, CALM])
@pytest.mark.parametrize("cause", sorted(set(Cause) - rules.OWN))
def test_closing_with_any_cause_people_may_give(standing: Standing, cause: Cause) -> None:
    assert rules.refuse_closing(standing, cause, "查过") is None


@pytest.mark.parametrize(
    ("standing", "cause", "words", "refusal"),
    [
        (OVER, Cause.REAL, "", Refusal.CLOSED),
        (ACTIVE, "nonsense", "", Refusal.CAUSE_UNKNOWN),
        (ACTIVE, "", "", Refusal.CAUSE_UNKNOWN),
        (ACTIVE, Cause.ITSELF, "", Refusal.CAUSE_UNKNOWN),
        (ACTIVE, Cause.GATEWAY, "", Refusal.CAUSE_UNKNOWN),
        (ACTIVE, Cause.STOPPED, "", Refusal.CAUSE_UNKNOWN),
        (ACTIVE, Cause.OTHER, "  ", Refusal.WORDS_NEEDED),
        (Standing(case_open=True), Cause.REAL, "", Refusal.HAS_CASE),
    ],
)
def test_closing_refused(standing: Standing, cause: str, words: str, refusal: Refusal) -> None:
    assert rules.refuse_closing(standing, cause, words) == refusal


def test_the_end_of_the_case_closes_what_people_may_not() -> None:
    assert rules.refuse_closing(Standing(case_open=True), Cause.REAL, "", by_case=True) is None


def test_only_an_open_test_can_turn_out_to_be_none() -> None:
    assert rules.refuse_taking_seriously(Standing(test=True)) is None
    assert rules.refuse_taking_seriously(ACTIVE) == Refusal.NOT_TEST
    assert rules.refuse_taking_seriously(Standing(test=True, closed=True)) == Refusal.CLOSED


@pytest.mark.parametrize(
    ("code", "cause"),
    [("real", Cause.REAL), ("false_hand", Cause.FALSE_HAND), ("itself", Cause.OTHER), ("油烟", Cause.OTHER)],
)
def test_the_cause_a_case_closes_with(code: str, cause: Cause) -> None:
    assert rules.cause_of(code) == cause


def test_shares_and_dates() -> None:
    assert [rules.false_share(*one) for one in ((0, 0), (0, 4), (1, 3), (3, 3))] == [None, 0, 33, 100]
    month = timedelta(days=31)
    assert not rules.drill_overdue(None, T0, T0 + month, month)
    assert rules.drill_overdue(None, T0, T0 + month + MINUTE, month)
    assert not rules.drill_overdue(T0 + MINUTE, T0, T0 + month + MINUTE, month)
