"""The sweep: each light once, to the right people, with the gravest told on the case, whoever sweeps and how often."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from huying.casework.cases.models import Case
from huying.casework.clocks import actions, factories
from huying.casework.clocks.facts import LightTurned
from huying.casework.clocks.models import Clock, Notice, Warning, WarningRecipient
from huying.kernel import facts
from huying.kernel.trace.models import Entry

MONDAY = factories.MONDAY
BLUE = datetime(2026, 3, 4, 7, 15, tzinfo=UTC)  # half of five working days from Monday 09:30
YELLOW = datetime(2026, 3, 6, 1, 30, tzinfo=UTC)
RED = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)
BLACK = datetime(2026, 3, 12, 1, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def told(case: Case, light: str, kind: str = "close") -> set[str]:
    rows = WarningRecipient.objects.filter(warning__case=case, warning__light=light, warning__clock__kind=kind)
    return set(rows.values_list("person__name", flat=True))


@pytest.fixture
def who(db: None) -> factories.Cast:
    return factories.cast()


@pytest.fixture
def signed(who: factories.Cast) -> Case:
    case = factories.open_case(who)
    actions.stop_clocks([case.pk], at=MONDAY, why="signed", kinds=("respond",))
    return case


def test_each_light_comes_at_its_moment_and_not_before(signed) -> None:
    for moment, light in ((BLUE, "blue"), (YELLOW, "yellow"), (RED, "red"), (BLACK, "black")):
        before = Case.objects.get(pk=signed.pk).light
        assert actions.turn_lights(now=moment - SECOND).warnings == 0
        assert Case.objects.get(pk=signed.pk).light == before
        assert actions.turn_lights(now=moment).warnings == 1
        assert Case.objects.get(pk=signed.pk).light == light == Clock.objects.get(case=signed, kind="close").light
    assert Clock.objects.get(case=signed, kind="close").next_light_at is None
    assert list(Warning.objects.order_by("id").values_list("light", flat=True)) == ["blue", "yellow", "red", "black"]


def test_the_right_people_are_told(signed) -> None:
    for moment in (BLUE, YELLOW, RED, BLACK):
        actions.turn_lights(now=moment)
    assert told(signed, "blue") == {"王处置"}
    assert told(signed, "yellow") == {"王处置", "李队长"}
    assert told(signed, "red") == {"王处置", "李队长", "赵督办", "钱督办"}
    assert told(signed, "black") == {"李队长", "赵督办", "钱督办", "孙纪检"}
    handler = Notice.objects.filter(person__name="王处置").exclude(kind="order").order_by("id")
    assert list(handler.values_list("kind", flat=True)) == ["blue", "yellow", "remind"]
    assert set(handler.values_list("due_at", flat=True)) == {RED}


def test_unassigned_matters_warn_dispatchers_and_the_centre(who) -> None:
    case = factories.open_case(who, sent=False)
    actions.turn_lights(now=MONDAY + timedelta(hours=9))
    assert told(case, "blue", "dispatch") == {"陈分拨"}
    assert told(case, "red", "dispatch") == {"陈分拨", "吴主任", "赵督办", "钱督办"}
    assert Case.objects.get(pk=case.pk).light == "black"


def test_a_late_sweep_raises_every_light_but_tells_each_person_once(signed) -> None:
    swept = actions.turn_lights(now=BLACK + timedelta(days=3))
    assert swept.warnings == 4
    notices = Notice.objects.filter(case=signed).exclude(kind="order")
    assert notices.count() == notices.values("person").distinct().count()
    assert notices.get(person__name="李队长").kind == "black"
    assert Entry.objects.filter(chain=f"case:{signed.pk}", verb="warn").count() == 1


def test_sweeping_again_changes_nothing(signed) -> None:
    actions.turn_lights(now=BLACK)
    counts = (Warning.objects.count(), Notice.objects.count(), Entry.objects.count())
    assert actions.turn_lights(now=BLACK) == actions.Swept()
    assert actions.turn_lights(now=BLACK + timedelta(days=300)) == actions.Swept()
    assert (Warning.objects.count(), Notice.objects.count(), Entry.objects.count()) == counts


def test_a_fact_is_published_for_each_light_once(signed) -> None:
    with facts.collected() as seen:
        actions.turn_lights(now=RED)
        actions.turn_lights(now=RED)
    turned = [fact for fact in seen if isinstance(fact, LightTurned)]
    assert [fact.light for fact in turned] == ["blue", "yellow", "red"]
    assert {fact.unit_id for fact in turned} == {Clock.objects.get(case=signed, kind="close").assignment.unit_id}


def test_the_gravest_running_clock_colours_the_case(who) -> None:
    case = factories.open_case(who)
    actions.turn_lights(now=MONDAY + timedelta(hours=3))  # respond: two working hours
    assert Case.objects.get(pk=case.pk).light == "red"
    actions.stop_clocks([case.pk], at=MONDAY + timedelta(hours=4), why="signed", kinds=("respond",))
    assert Case.objects.get(pk=case.pk).light == ""


def test_a_stopped_clock_is_never_swept(signed) -> None:
    actions.stop_clocks([signed.pk], at=MONDAY + SECOND, why="closed")
    assert actions.turn_lights(now=BLACK) == actions.Swept()
    assert Warning.objects.count() == 0


@pytest.mark.parametrize("count", [2, 60])
def test_a_batch_costs_a_constant_number_of_queries(who, count, django_assert_max_num_queries) -> None:
    factories.open_many(who, count)
    actions.turn_lights(now=MONDAY)  # fill caches
    with django_assert_max_num_queries(44):
        assert actions.turn_lights(now=BLUE).cases == count


def test_two_sweepers_at_once_raise_each_warning_once(transactional_db: None) -> None:
    who = factories.cast()
    factories.open_many(who, 40)
    failures: list[BaseException] = []
    start = threading.Barrier(3)

    def sweep() -> None:
        try:
            start.wait()
            actions.turn_lights(now=BLACK, batch=7)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    actions.turn_lights(now=BLACK)
    assert Warning.objects.count() == 40 * 2 * 4
    assert Warning.objects.values("clock", "light").distinct().count() == 40 * 2 * 4
    assert Entry.objects.filter(verb="warn").count() == 40
    assert set(Case.objects.values_list("light", flat=True)) == {"black"}


def test_a_sweep_passes_over_a_case_somebody_holds(transactional_db: None) -> None:
    who = factories.cast()
    held, free = factories.open_many(who, 2)
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Case.objects.select_for_update().get(pk=held.pk)
            holding.set()
            done.wait(timeout=30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(timeout=30)
    swept = actions.turn_lights(now=BLUE)
    done.set()
    thread.join()
    assert swept.cases == 1
    assert Case.objects.get(pk=free.pk).light != "" and Case.objects.get(pk=held.pk).light == ""
    assert actions.turn_lights(now=BLUE).cases == 1
