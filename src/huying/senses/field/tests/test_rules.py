"""Tasks derived, routes, doubts and figures: what must hold for any plans, places and days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.senses.field.rules import (
    CheckPlace,
    Closed,
    Coverage,
    Doubt,
    Kept,
    Passing,
    PlanRule,
    Policy,
    Stop,
    Subject,
    asked_task,
    count_visits,
    derive,
    doubts,
    due_on,
    is_sampled,
    lateness,
    metres,
    read_policy,
    reconcile,
    route,
    total,
)

TODAY = date(2026, 3, 10)
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SHOP = UUID(int=7)

uids = st.uuids()
days = st.integers(min_value=0, max_value=400)
risks = st.sampled_from(["red", "yellow", "green"])
points = st.tuples(st.floats(min_value=119.9, max_value=120.1), st.floats(min_value=29.9, max_value=30.1))


def plan(**more: object) -> PlanRule:
    values: dict[str, object] = {
        "code": "fire",
        "subject_kind": "premises",
        "every": {"red": 7, "yellow": 30, "green": 90},
        "since": date(2026, 1, 1),
    }
    return PlanRule(**(values | more))  # type: ignore[arg-type]


def shop(uid: UUID = SHOP, risk: str = "red", **more: object) -> Subject:
    values: dict[str, object] = {"kind": "premises", "uid": uid, "area": "990101001001001", "since": date(2020, 1, 1)}
    return Subject(**(values | {"risk": risk} | more))  # type: ignore[arg-type]


# --- deriving ---------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(uids, risks, st.none() | days), max_size=30, unique_by=lambda one: one[0]), days)
def test_the_same_question_has_the_same_answer_and_each_subject_one_task(
    rows: list[tuple[UUID, str, int | None]], horizon: int
) -> None:
    subjects = [shop(uid, risk) for uid, risk, _ago in rows]
    done = {
        ("fire", uid): Closed(asked_task("t", str(uid)), TODAY - timedelta(days=ago))
        for uid, _risk, ago in rows
        if ago is not None
    }
    first = derive([plan()], subjects, done, today=TODAY, horizon_days=horizon)
    again = derive([plan()], list(reversed(subjects)), done, today=TODAY, horizon_days=horizon)
    assert {one.uid: one for one in first} == {one.uid: one for one in again}
    assert len({one.subject.uid for one in first}) == len(first) == len({one.uid for one in first})
    for one in first:
        assert one.opens_on <= one.due_on and one.opens_on <= TODAY + timedelta(days=horizon)


@given(uids, st.integers(min_value=0, max_value=200), st.integers(min_value=1, max_value=60))
def test_nothing_due_is_forgotten(uid: UUID, ago: int, every: int) -> None:
    """Whatever should have been looked at by today is wanted, however late."""
    last = Closed(UUID(int=1), TODAY - timedelta(days=ago))
    wanted = derive([plan(every={"": every})], [shop(uid)], {("fire", uid): last}, today=TODAY, horizon_days=0)
    if last.on + timedelta(days=every) <= TODAY and ago >= 1:
        assert [one.due_on for one in wanted] == [last.on + timedelta(days=every)]


def test_a_raised_risk_moves_the_same_task_forward() -> None:
    last = {("fire", SHOP): Closed(UUID(int=1), date(2026, 3, 1))}
    (green,) = derive([plan(window_days=90)], [shop(risk="green")], last, today=TODAY)
    (red,) = derive([plan(window_days=90)], [shop(risk="red")], last, today=TODAY)
    assert green.uid == red.uid
    assert (green.due_on, red.due_on) == (date(2026, 5, 30), date(2026, 3, 8))


def test_after_each_visit_the_next_task_is_another_one() -> None:
    """Also for two visits on one day: the name follows the task before, not the day."""
    seen = set()
    last = None
    for _turn in range(4):
        (wanted,) = derive([plan(window_days=30)], [shop()], {("fire", SHOP): last} if last else {}, today=TODAY)
        seen.add(wanted.uid)
        last = Closed(wanted.uid, TODAY)
    assert len(seen) == 4


def test_somebody_not_met_is_asked_for_again_soon() -> None:
    met = Closed(UUID(int=1), TODAY)
    closed_shop = Closed(UUID(int=1), TODAY, again_days=3)
    assert due_on(plan(), shop(risk="green"), met) == TODAY + timedelta(days=90)
    assert due_on(plan(), shop(risk="green"), closed_shop) == TODAY + timedelta(days=3)


@given(st.lists(uids, min_size=1, max_size=40, unique=True))
def test_a_new_plan_spreads_its_first_round(found: list[UUID]) -> None:
    fresh = plan(since=TODAY, every={"": 30})
    for uid in found:
        assert TODAY <= due_on(fresh, shop(uid), None) < TODAY + timedelta(days=30)


@pytest.mark.parametrize(
    ("rule", "subject"),
    [
        (plan(active=False), shop()),
        (plan(until=TODAY), shop()),
        (plan(area="990101001002"), shop()),
        (plan(subject_kind="facility"), shop()),
        (plan(every={"red": 7}), shop(risk="green")),
        (plan(wanted={"use": ["workshop"]}), shop(attributes={"use": "dwelling"})),
        (plan(since=TODAY + timedelta(days=60)), shop()),
    ],
)
def test_what_a_plan_is_not_about_it_does_not_ask_for(rule: PlanRule, subject: Subject) -> None:
    assert derive([rule], [subject], {}, today=TODAY) == []


def test_a_subject_of_its_own_rhythm_keeps_it() -> None:
    last = Closed(UUID(int=1), TODAY)
    assert due_on(plan(), shop(every=14), last) == TODAY + timedelta(days=14)


@given(
    st.dictionaries(uids, st.tuples(st.integers(0, 3)), max_size=12),
    st.dictionaries(uids, st.tuples(st.booleans(), st.integers(0, 3)), max_size=12),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_reconciling_makes_exactly_what_is_wanted(
    wanted: dict[UUID, tuple[int]], others: dict[UUID, tuple[bool, int]], overlap: list[bool]
) -> None:
    kept = {uid: Kept(uid, is_open, (value,)) for uid, (is_open, value) in others.items()}
    for take, (uid, values) in zip(overlap, wanted.items(), strict=False):
        if take:
            kept[uid] = Kept(uid, True, values)
    moves = reconcile(wanted, kept.values())
    after = {uid: (one.open, one.written) for uid, one in kept.items()}
    for uid in (*moves.births, *moves.changes):
        after[uid] = (True, wanted[uid])
    for uid in moves.ends:
        after[uid] = (False, after[uid][1])
    assert {uid: written for uid, (is_open, written) in after.items() if is_open} == wanted
    again = reconcile(wanted, [Kept(uid, is_open, written) for uid, (is_open, written) in after.items()])
    assert again == type(again)((), (), ())


def test_the_preview_counts_what_a_month_will_ask() -> None:
    subjects = [shop(UUID(int=n), risk) for n, risk in enumerate(["red", "red", "green"], 1)]
    done = {one.uid: Closed(UUID(int=9), TODAY) for one in subjects}
    assert count_visits(plan(), subjects, done, today=TODAY, days=30) == {"red": 8, "green": 0}


# --- lateness, coverage, policy ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "now", "word"),
    [
        (None, NOW, "waiting"),
        (None, NOW + timedelta(days=2), "open"),
        (None, NOW + timedelta(days=9), "late"),
        (NOW + timedelta(days=5), NOW + timedelta(days=9), "in_time"),
        (NOW + timedelta(days=6), NOW + timedelta(days=9), "done_late"),
    ],
)
def test_lateness(done: datetime | None, now: datetime, word: str) -> None:
    opens, due = NOW + timedelta(days=1), NOW + timedelta(days=5)
    assert lateness(opens_at=opens, due_at=due, done_at=done, now=now).word == word


@given(st.lists(st.builds(Coverage, *[st.integers(0, 50)] * 5), max_size=6))
def test_coverage_adds_up_and_shares_stay_within_bounds(parts: list[Coverage]) -> None:
    whole = total(parts)
    assert whole.due == sum(one.due for one in parts)
    for value in (whole.done_share, whole.in_time_share):
        assert value is None or 0 <= value <= 100
    assert (whole.done_share == 100) == (whole.overdue == 0 and whole.done > 0)


def test_local_limits_stand_above_ours_and_nonsense_is_named() -> None:
    policy = read_policy({"position_days": 30, "slack_metres": 50, "reinspect_days": {"minor": 10}})
    assert (policy.position_days, policy.limits.slack_metres, policy.days_to_reinspect("serious")) == (30, 50, 10)
    assert Policy().days_to_reinspect("at_once") == 1
    for wrong in ({"unknown": 1}, {"position_days": -1}, {"position_days": 0}, {"sample_percent": 101}, {"limits": 3}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            read_policy(wrong)


@given(st.binary(min_size=8, max_size=8))
def test_drawing_everything_or_nothing(key: bytes) -> None:
    assert is_sampled(key, 100) and not is_sampled(key, 0)


# --- routes -----------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.text(max_size=4), st.none() | points, max_size=12), st.none() | points, st.randoms())
def test_a_route_holds_every_stop_once_whatever_order_they_came_in(places: dict, start: object, chance: object) -> None:  # type: ignore[type-arg]
    stops = [Stop(key, point) for key, point in places.items()]
    mixed = list(stops)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    walked = route(stops, start)  # type: ignore[arg-type]
    assert route(mixed, start) == walked  # type: ignore[arg-type]
    assert sorted(stop.key for stop in walked) == sorted(places)
    known = [stop.point is not None for stop in walked]
    assert known == sorted(known, reverse=True)
    if start is not None and walked and walked[0].point is not None:
        assert all(metres(start, walked[0].point) <= metres(start, one.point) for one in stops if one.point)  # type: ignore[arg-type]


def test_metres() -> None:
    assert metres((120.0, 30.0), (120.0, 30.01)) == pytest.approx(1112, abs=1)
    assert metres((120.0, 30.0), (120.0, 30.0)) == 0


# --- doubts -----------------------------------------------------------------------------------------------------

DOOR = CheckPlace((120.005, 30.005), 50, "QR-DOOR")
NORTH = (120.005, 30.015)  # 1.1 km north of the door


def passing(**more: object) -> Passing:
    values: dict[str, object] = {"at": NOW, "point": DOOR.point, "accuracy": 10, "received_at": NOW}
    return Passing(**(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("here", "previous", "signs"),
    [
        (passing(), None, ()),
        (passing(how="qr", code="QR-DOOR", point=None), None, ()),
        (passing(point=NORTH), None, (Doubt.FAR,)),
        (passing(point=NORTH, accuracy=5000), None, (Doubt.FAR,)),
        (passing(), passing(point=NORTH, at=NOW - timedelta(seconds=10)), (Doubt.FAST,)),
        (passing(), passing(point=NORTH, at=NOW - timedelta(minutes=5)), ()),
        (passing(how="qr", code="QR-OTHER"), None, (Doubt.WRONG_CODE,)),
        (passing(point=None), None, (Doubt.NO_POSITION,)),
        (passing(received_at=NOW - timedelta(hours=2)), None, (Doubt.CLOCK,)),
        (passing(received_at=NOW + timedelta(days=2)), None, ()),
        (passing(photos=frozenset({"aa"})), None, (Doubt.SAME_PHOTO,)),
        (passing(on_duty=False), None, (Doubt.OFF_DUTY,)),
    ],
)
def test_doubts(here: Passing, previous: Passing | None, signs: tuple[Doubt, ...]) -> None:
    assert doubts(here, DOOR, previous, known_photos=frozenset({"aa"})) == signs


@given(st.floats(min_value=0, max_value=50), st.floats(min_value=0, max_value=200))
def test_whoever_stands_within_radius_and_error_is_not_doubted(away: float, accuracy: float) -> None:
    point = (120.005, 30.005 + (away + min(accuracy, 200)) / 111_195)
    assert Doubt.FAR not in doubts(passing(point=point, accuracy=accuracy), DOOR)
