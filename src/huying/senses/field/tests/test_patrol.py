"""On duty and off it, rounds of checkpoints, doubtful check-ins, and the work drawn for a second look."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from huying.casework.cases.factories import GRID_1, GRID_2, NOW, Cast
from huying.ground.organisation.models import Person
from huying.kernel.actor import Actor, Duty, system
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from huying.kernel.models import StoredFile
from huying.kernel.trace.models import Entry
from huying.senses.field import access, actions
from huying.senses.field.actions.patrolling import Spot
from huying.senses.field.models import CheckIn, DutySpell, Position, Round, SpotCheck, SpotDay, Task
from huying.senses.field.tests.test_findings import photo

FIELD = system("field")
DOOR, YARD = (120.002, 30.002), (120.004, 30.004)


def go(on: bool, at: object, actor: Actor, now: object = None) -> DutySpell | None:
    return actions.set_duty(on=on, op=uuid4(), actor=actor, now=now or at, at=at)  # type: ignore[arg-type]


def make_round(cast: Cast, **more: object) -> Round:
    spots = [Spot(name="大门", lon=DOOR[0], lat=DOOR[1]), Spot(name="后院", lon=YARD[0], lat=YARD[1], radius=30)]
    values = {"name": "一网格夜巡", "area": GRID_1, "spots": spots, "actor": cast.zhao_centre, "now": NOW}
    return actions.save_round("night-1", **(values | more))  # type: ignore[arg-type]


# --- duty and positions -----------------------------------------------------------------------------------------


def test_on_and_off_duty_twice_is_once(cast: Cast) -> None:
    began = go(True, NOW, cast.tang_grid)
    assert go(True, NOW + timedelta(hours=1), cast.tang_grid) == began
    ended = go(False, NOW + timedelta(hours=8), cast.tang_grid)
    assert ended is not None and ended.ended_at == NOW + timedelta(hours=8)
    assert go(False, NOW + timedelta(hours=9), cast.tang_grid) == ended
    assert go(True, NOW + timedelta(hours=2), cast.tang_grid) == ended  # an old "on" that came late
    assert DutySpell.objects.count() == 1
    with pytest.raises(Refused):
        go(True, NOW - timedelta(hours=3), cast.tang_grid)
    with pytest.raises(Forbidden):
        go(True, NOW, cast.ma_liuan)
    with pytest.raises(IntegrityError), transaction.atomic():
        DutySpell.objects.create(uid=uuid4(), person_id=cast.tang_grid.person_id, began_at=NOW + timedelta(hours=1))


def test_positions_off_duty_are_dropped_and_old_ones_forgotten(cast: Cast) -> None:
    go(True, NOW, cast.tang_grid)
    go(False, NOW + timedelta(hours=2), cast.tang_grid)
    later = NOW + timedelta(hours=5)
    points = [(NOW + timedelta(minutes=m), *DOOR, 8.0) for m in (-30, 10, 60, 119, 121, 240)]
    assert actions.take_positions(points, actor=cast.tang_grid, now=later) == (3, 3)
    assert actions.take_positions(points, actor=cast.tang_grid, now=later) == (3, 3)
    assert actions.take_positions([(NOW, 200.0, 30.0, 1.0)], actor=cast.tang_grid, now=later) == (0, 1)
    assert Position.objects.count() == 3
    with pytest.raises(Invalid):
        actions.take_positions([points[1]] * 2001, actor=cast.tang_grid, now=later)
    assert actions.forget_positions(actor=FIELD, now=NOW + timedelta(days=89)) == 0
    assert actions.forget_positions(actor=FIELD, now=NOW + timedelta(days=91)) == 3


def test_forgotten_duty_ends_by_itself(cast: Cast) -> None:
    go(True, NOW, cast.tang_grid)
    assert actions.close_forgotten_duty(actor=FIELD, now=NOW + timedelta(hours=13)) == 0
    assert actions.close_forgotten_duty(actor=FIELD, now=NOW + timedelta(hours=20)) == 1
    assert DutySpell.objects.get().ended_at == NOW + timedelta(hours=14)


def test_positions_are_for_oneself_and_for_overseers_on_duty(cast: Cast) -> None:
    worker = Person.objects.get(pk=cast.tang_grid.person_id)
    assert access.must_see_positions(cast.tang_grid, worker, NOW.date()) is False
    with pytest.raises(NotFound):
        access.must_see_positions(cast.qian_supervisor, worker, NOW.date())
    DutySpell.objects.create(uid=uuid4(), person_id=cast.qian_supervisor.person_id, began_at=NOW)
    assert access.must_see_positions(cast.qian_supervisor, worker, NOW.date()) is True
    with pytest.raises(NotFound):
        access.must_see_positions(cast.ma_liuan, worker, NOW.date())


# --- rounds -----------------------------------------------------------------------------------------------------


def test_a_round_keeps_its_points_and_retires_those_left_out(cast: Cast) -> None:
    row = make_round(cast)
    door, yard = row.checkpoints.order_by("number")
    assert (door.number, door.area, len(door.code)) == (1, GRID_1, 10)
    spots = [Spot(name="后院", lon=YARD[0], lat=YARD[1], uid=yard.uid), Spot(name="车棚", lon=120.006, lat=30.006)]
    make_round(cast, spots=spots)
    rows = {one.name: (one.number, one.active, one.code) for one in row.checkpoints.all()}
    assert rows["后院"][:2] == (1, True) and rows["后院"][2] == yard.code
    assert rows["车棚"][:2] == (2, True) and rows["大门"][1] is False
    assert Entry.objects.filter(chain="round:night-1").count() == 2
    for wrong in ({"spots": []}, {"area": ""}, {"every_days": 0}, {"spots": [Spot(name="", lon=1, lat=1)]}):
        with pytest.raises((Invalid, Forbidden)):
            make_round(cast, **wrong)
    with pytest.raises(Forbidden):
        make_round(cast, actor=cast.tang_grid)


def test_a_round_is_done_when_every_point_was_passed(cast: Cast) -> None:
    row = make_round(cast)
    assert actions.ask_rounds(actor=FIELD, now=NOW) == 1
    actions.ask_rounds(actor=FIELD, now=NOW)
    task = Task.objects.get()
    assert (task.kind, task.title, task.area) == ("patrol", "一网格夜巡", GRID_1)
    go(True, NOW - timedelta(hours=1), cast.tang_grid)
    for minutes, (one, point) in enumerate(zip(row.checkpoints.order_by("number"), (DOOR, YARD), strict=True)):
        at = NOW + timedelta(minutes=10 * minutes)
        made = actions.check_in(
            one.uid, op=uuid4(), how="position", actor=cast.tang_grid, now=at, at=at, point=point, accuracy=9
        )
        assert made.doubts == []
    task.refresh_from_db()
    assert (task.state, task.done_late) == ("done", False)
    actions.ask_rounds(actor=FIELD, now=NOW + timedelta(days=1))
    actions.ask_rounds(actor=FIELD, now=NOW + timedelta(days=2))
    assert list(Task.objects.order_by("opens_at").values_list("state", "skip")) == [
        ("done", ""),
        ("skipped", "missed"),
        ("open", ""),
    ]


def test_what_looks_odd_is_taken_and_noted_for_a_person(cast: Cast) -> None:
    row = make_round(cast)
    door, yard = row.checkpoints.order_by("number")
    passed = {"actor": cast.tang_grid, "now": NOW, "at": NOW}
    first = StoredFile.objects.get(pk=photo(cast))
    copy = StoredFile.objects.get(pk=first.pk)
    copy.pk = None
    copy.save(force_insert=True)
    odd = actions.check_in(
        door.uid, op=uuid4(), how="qr", code=yard.code, point=(120.02, 30.009), accuracy=5, photos=[first], **passed
    )
    assert odd.doubts == ["far", "wrong_code", "off_duty"]
    op = uuid4()
    second = actions.check_in(
        yard.uid,
        op=op,
        how="qr",
        code=yard.code,
        point=YARD,
        photos=[copy],
        **(passed | {"at": NOW + timedelta(seconds=9)}),
    )
    assert second.doubts == ["fast", "same_photo", "off_duty"]
    assert actions.check_in(yard.uid, op=op, how="qr", **passed) == second
    for wrong, error in (
        ({"how": "guess"}, Invalid),
        ({"how": "position", "point": (200, 0)}, Invalid),
        ({"how": "qr", "at": NOW + timedelta(days=3)}, Refused),
        ({"how": "qr", "actor": cast.ma_liuan}, Forbidden),
    ):
        with pytest.raises(error):
            actions.check_in(door.uid, op=uuid4(), **(passed | wrong))  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        actions.check_in(uuid4(), op=uuid4(), how="qr", **passed)
    assert CheckIn.objects.count() == 2


def test_a_check_in_of_another_grid_is_not_there(cast: Cast) -> None:
    row = make_round(cast)
    other = Actor(
        "staff", "person:1", "外人", person_id=cast.he_sanitation.person_id, duties=(Duty("grid_worker", GRID_2),)
    )
    with pytest.raises(NotFound):
        actions.check_in(row.checkpoints.all()[0].uid, op=uuid4(), how="qr", actor=other, now=NOW, at=NOW)


# --- a second look ----------------------------------------------------------------------------------------------


def pass_door(cast: Cast) -> CheckIn:
    row = make_round(cast)
    door = row.checkpoints.get(number=1)
    return actions.check_in(door.uid, op=uuid4(), how="qr", code="x", actor=cast.tang_grid, now=NOW, at=NOW)


def test_a_person_judges_the_signs_once_and_never_their_own(cast: Cast) -> None:
    one = pass_door(cast)
    judge = {"words": "码贴错了", "actor": cast.qian_supervisor, "now": NOW}
    with pytest.raises(NotFound):
        actions.judge_check_in(one.pk, verdict="fine", **(judge | {"actor": cast.ma_liuan}))  # type: ignore[arg-type]
    for wrong in ({"verdict": "guilty"}, {"verdict": "wrong", "words": ""}):
        with pytest.raises(Invalid):
            actions.judge_check_in(one.pk, **(judge | wrong))  # type: ignore[arg-type]
    myself = Actor("staff", "person:9", "唐", person_id=cast.tang_grid.person_id, duties=(Duty("grid_lead", GRID_1),))
    with pytest.raises(Forbidden):
        actions.judge_check_in(one.pk, verdict="fine", **(judge | {"actor": myself}))  # type: ignore[arg-type]
    actions.judge_check_in(one.pk, verdict="fine", **judge)  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        actions.judge_check_in(one.pk, verdict="wrong", **judge)  # type: ignore[arg-type]
    one.refresh_from_db()
    assert (one.verdict, one.looked_by) == ("fine", cast.qian_supervisor.ref)


def test_finished_work_is_drawn_once_a_day(cast: Cast) -> None:
    pass_door(cast)
    day = NOW.date()
    assert actions.draw_sample(day, actor=FIELD, now=NOW) == 1  # never none when there is any
    assert actions.draw_sample(day, actor=FIELD, now=NOW) == 0
    assert (SpotDay.objects.get().of, SpotCheck.objects.count()) == (1, 1)
    row = SpotCheck.objects.get()
    check = {"how": "phone", "words": "问过了", "actor": cast.qian_supervisor, "now": NOW}
    for wrong in ({"how": "letter", "result": "confirmed"}, {"result": "?"}, {"result": "not_done", "words": ""}):
        with pytest.raises(Invalid):
            actions.record_spot_check(row.pk, **(check | wrong))  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        actions.record_spot_check(row.pk, result="confirmed", **(check | {"actor": cast.tang_grid}))  # type: ignore[arg-type]
    actions.record_spot_check(row.pk, result="confirmed", **check)  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        actions.record_spot_check(row.pk, result="doubtful", **check)  # type: ignore[arg-type]
