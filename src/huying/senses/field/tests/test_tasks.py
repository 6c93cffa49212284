"""Tasks: derived from plans as often as anybody likes, done late or in time, passed over, never touched once done."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from huying.casework.cases.factories import GRID_2, NOW, Cast
from huying.kernel.actor import system
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused
from huying.kernel.facts import collected
from huying.kernel.trace.models import Entry
from huying.senses.field import actions
from huying.senses.field.actions.planning import Derived, PlanDraft
from huying.senses.field.actions.writing import day_begins
from huying.senses.field.factories import make_form, make_plan, make_shop
from huying.senses.field.facts import TaskClosed
from huying.senses.field.models import Plan, Task
from huying.senses.field.rules import Ask, TaskKind

FIELD = system("field")
TODAY = date(2026, 3, 10)


def derive(**more: object) -> Derived:
    return actions.derive_tasks(actor=FIELD, now=NOW, **more)  # type: ignore[arg-type]


def test_deriving_twice_makes_nothing_twice(cast: Cast, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    plan = make_plan(now=NOW)
    shops = [make_shop(f"店{n}", now=NOW) for n in range(3)]
    make_shop("住家", now=NOW, kind="room")
    assert derive() == Derived(born=3)
    first = {one.subject_uid: (one.uid, one.due_at) for one in Task.objects.all()}
    assert set(first) == {shop.uid for shop in shops}
    with django_assert_num_queries(8):
        assert derive() == Derived()
    assert {one.subject_uid: (one.uid, one.due_at) for one in Task.objects.all()} == first
    one = Task.objects.get(subject_uid=shops[0].uid)
    assert (one.plan, one.title, one.area, one.state) == (plan, "三小场所消防检查 · 店0", shops[0].area, "open")
    assert one.due_at == day_begins(one.due_at.astimezone(NOW.tzinfo).date()) and one.due_at > one.opens_at


def test_many_cost_as_few_queries_as_few(cast: Cast, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    make_plan(now=NOW)
    shops = [make_shop(f"店{n}", now=NOW) for n in range(12)]
    with django_assert_num_queries(9):
        actions.derive_some("premises", [shop.uid for shop in shops], actor=FIELD, now=NOW)
    with django_assert_num_queries(1):
        actions.derive_some("facility", [shops[0].uid], actor=FIELD, now=NOW)
    assert Task.objects.count() == 12


def test_a_changed_plan_ends_what_it_no_longer_asks_for_but_nothing_done(cast: Cast) -> None:
    plan = make_plan(now=NOW)
    shop, workshop = make_shop("店", now=NOW), make_shop("作坊", now=NOW, kind="workshop")
    derive()
    done = Task.objects.get(subject_uid=workshop.uid)
    actions.complete_task(task_uid=done.uid, actor=cast.tang_grid, now=NOW, at=NOW)
    plan.wanted = {"kind": ["leisure"]}
    plan.save()
    assert derive() == Derived(ended=1)
    assert dict(Task.objects.values_list("subject_uid", "state")) == {shop.uid: "ended", workshop.uid: "done"}
    plan.wanted = {"kind": ["shop", "workshop"]}
    plan.save()
    assert derive() == Derived(born=1, changed=1)  # the shop's task opens again, the workshop's next turn is born
    assert Task.objects.get(subject_uid=shop.uid).state == "open"
    plan.active = False
    plan.save()
    assert derive() == Derived(ended=2)
    assert Task.objects.get(pk=done.pk).state == "done"


def test_a_shop_that_closes_or_turns_red_changes_its_task(cast: Cast) -> None:
    make_plan(now=NOW)
    shop = make_shop(now=NOW, risk="yellow", created_at=NOW - timedelta(days=400))
    derive()
    before = Task.objects.get()
    actions.complete_task(task_uid=before.uid, actor=cast.tang_grid, now=NOW, at=NOW)
    derive()
    follow = Task.objects.get(state="open")
    assert follow.due_at == day_begins(TODAY + timedelta(days=31))
    shop.risk = "red"
    shop.save()
    actions.derive_some("premises", [shop.uid], actor=FIELD, now=NOW)
    follow.refresh_from_db()
    assert follow.due_at == day_begins(TODAY + timedelta(days=8))
    shop.state = "ended"
    shop.save()
    actions.derive_some("premises", [shop.uid], actor=FIELD, now=NOW)
    follow.refresh_from_db()
    assert (follow.state, Task.objects.filter(state="done").count()) == ("ended", 1)


def test_late_work_is_taken_and_marked(cast: Cast) -> None:
    make_plan(now=NOW)
    shop = make_shop(now=NOW, created_at=NOW - timedelta(days=400))
    derive()
    task = Task.objects.get()
    late = task.due_at + timedelta(minutes=1)
    submission = uuid4()
    with collected() as told:
        done = actions.complete_task(
            form="fire-small",
            subject_uid=shop.uid,
            actor=cast.tang_grid,
            now=late + timedelta(hours=5),
            at=late,
            submission=submission,
        )
    assert done is not None
    task.refresh_from_db()
    assert (task.state, task.done_late, task.done_at, task.done_by_id) == ("done", True, late, cast.tang_grid.person_id)
    assert [(one.state, one.late) for one in told if isinstance(one, TaskClosed)] == [("done", True)]
    again = actions.complete_task(task_uid=task.uid, actor=cast.tang_grid, now=late, at=NOW, submission=uuid4())
    assert again is not None and (again.submission, again.done_at) == (submission, late)


def test_looking_in_without_a_task_does_the_one_whose_window_is_open(cast: Cast) -> None:
    make_plan(now=NOW)
    shop = make_shop(now=NOW, created_at=NOW - timedelta(days=400))
    derive()
    early = Task.objects.get().opens_at - timedelta(days=1)
    ask = {"form": "fire-small", "subject_uid": shop.uid, "actor": cast.tang_grid, "now": NOW}
    assert actions.complete_task(at=early, **ask) is None  # type: ignore[arg-type]
    assert actions.complete_task(at=NOW, **(ask | {"form": "visit"})) is None  # type: ignore[arg-type]
    assert actions.complete_task(at=NOW, **ask) is not None  # type: ignore[arg-type]


def test_skipping_needs_a_reason_and_is_asked_again_soon(cast: Cast) -> None:
    make_plan(now=NOW)
    make_shop(now=NOW, created_at=NOW - timedelta(days=400))
    derive()
    task = Task.objects.get()
    skip = {"actor": cast.tang_grid, "now": NOW, "at": NOW}
    for wrong in ({"why": "lazy"}, {"why": "other", "words": " "}):
        with pytest.raises(Invalid):
            actions.skip_task(task.uid, **wrong, **skip)  # type: ignore[arg-type]
    for stranger in (cast.ma_liuan, cast.qian_supervisor):
        with pytest.raises(NotFound):
            actions.skip_task(task.uid, why="closed", **(skip | {"actor": stranger}))  # type: ignore[arg-type]
    task.refresh_from_db()
    assert task.state == "open"
    actions.skip_task(task.uid, why="closed", **skip)  # type: ignore[arg-type]
    actions.skip_task(task.uid, why="closed", **skip)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        actions.skip_task(task.uid, why="refused", **skip)  # type: ignore[arg-type]
    derive()
    assert Task.objects.get(state="open").due_at == day_begins(TODAY + timedelta(days=4))
    # Work that was done after all counts.
    actions.complete_task(task_uid=task.uid, actor=cast.tang_grid, now=NOW, at=NOW)
    task.refresh_from_db()
    assert (task.state, task.skip) == ("done", "")


def test_nobody_does_tasks_of_another_grid(cast: Cast) -> None:
    make_plan(now=NOW)
    make_shop(now=NOW, grid=GRID_2)
    derive()
    with pytest.raises(NotFound):
        actions.complete_task(task_uid=Task.objects.get().uid, actor=cast.tang_grid, now=NOW, at=NOW)
    assert Task.objects.get().state == "open"


def test_the_database_lets_no_second_open_task_in(cast: Cast) -> None:
    plan, shop = make_plan(now=NOW), make_shop(now=NOW)
    derive()
    with pytest.raises(IntegrityError, match="task_one_open"), transaction.atomic():
        Task.objects.create(
            uid=uuid4(), plan=plan, kind="inspect", title="x", subject_uid=shop.uid, opens_at=NOW,
            due_at=NOW + timedelta(days=1),
        )  # fmt: skip


# --- wanted once ------------------------------------------------------------------------------------------------


def test_tasks_wanted_once(cast: Cast) -> None:
    ask = Ask(
        source="weather", key="7", kind=TaskKind.WARNING, title="看看河堤", area=GRID_2, opens_on=TODAY, due_on=TODAY
    )
    (uid,) = actions.ask_tasks([ask], actor=FIELD, now=NOW)
    actions.ask_tasks([ask], actor=FIELD, now=NOW)
    assert Task.objects.count() == 1
    assert actions.withdraw("weather", ["7"], actor=FIELD, now=NOW) == 1
    assert Task.objects.get(uid=uid).state == "ended"
    with pytest.raises(Forbidden):
        actions.ask_tasks([ask], actor=cast.zhao_centre, now=NOW)


# --- plans ------------------------------------------------------------------------------------------------------


def draft(**more: object) -> PlanDraft:
    values: dict[str, object] = {
        "code": "fire-small",
        "title": "三小场所消防检查",
        "kind": "inspect",
        "form": "fire-small",
        "subject_kind": "premises",
        "every": {"red": 7},
        "valid_from": TODAY,
        "area": "990101",
    }
    return PlanDraft(**(values | more))  # type: ignore[arg-type]


def test_a_plan_is_written_and_traced(cast: Cast) -> None:
    make_form(now=NOW)
    plan = actions.save_plan(draft(wanted={"kind": ("shop",)}), actor=cast.zhao_centre, now=NOW)
    changed = actions.save_plan(draft(every={"red": 5}), actor=cast.zhao_centre, now=NOW, plan=plan)
    assert (changed.pk, changed.every, Plan.objects.count()) == (plan.pk, {"red": 5}, 1)
    assert Entry.objects.filter(chain="plan:fire-small").count() == 2
    with pytest.raises(Refused):
        actions.save_plan(draft(), actor=cast.zhao_centre, now=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "消防"},
        {"title": " "},
        {"kind": "patrol"},
        {"form": "nothing"},
        {"subject_kind": "person"},
        {"wanted": {"keeper_name": ["王"]}},
        {"wanted": {"kind": ["castle"]}},
        {"every": {}},
        {"every": {"red": 0}},
        {"every": {"purple": 7}},
        {"roles": ["admin"]},
        {"priority": 9},
        {"valid_to": TODAY},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_by_field(cast: Cast, wrong: dict[str, object]) -> None:
    make_form(now=NOW)
    with pytest.raises(Invalid) as error:
        actions.save_plan(draft(**wrong), actor=cast.zhao_centre, now=NOW)
    assert set(error.value.fields) == set(wrong)
    assert not Plan.objects.exists()


def test_only_who_plans_an_area_writes_its_plans(cast: Cast) -> None:
    for stranger, area in (
        (cast.tang_grid, "990101001001001"),
        (cast.qian_supervisor, "990101"),
        (cast.zhao_centre, ""),
    ):
        with pytest.raises(Forbidden):
            actions.save_plan(draft(area=area), actor=stranger, now=NOW)
    assert not Plan.objects.exists() and not Entry.objects.filter(chain__startswith="plan:").exists()
