"""Two phones with the same places at the same moment: they wait for each other and never deadlock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from huying.casework.cases.actions import note_case
from huying.casework.cases.factories import GRID_1, IN_GRID_1, NOW, Cast, make_cast
from huying.casework.cases.facts import CaseClosed, FeedbackGiven
from huying.casework.cases.models import Case
from huying.casework.cases.turns import lock_case
from huying.ground.registry.actions import change, erase_resident
from huying.ground.registry.models import Premises, Resident
from huying.kernel.actor import Actor, system
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Refused
from huying.kernel.facts import publish
from huying.kernel.locks import lock_name
from huying.senses.field import actions
from huying.senses.field.factories import make_plan, make_shop
from huying.senses.field.handlers import check_on_the_spot
from huying.senses.field.models import Dispute, Finding, Task
from huying.senses.field.rules import Ask, TaskKind
from huying.senses.field.tests.test_correcting import ROWS
from huying.senses.field.tests.test_phone import send
from huying.senses.forms import actions as forms
from huying.senses.forms import factories
from huying.senses.forms.models import Submission

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60.0  # seconds


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    made = make_cast()
    factories.published(ROWS, now=NOW)
    return made


def waiting() -> int:
    """How many connections of this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees only the connections it saw first
        cursor.execute(
            "SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
            " WHERE NOT l.granted AND a.datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def let_meet(hold: Callable[[], Any], calls: Sequence[Callable[[], Any]]) -> list[BaseException | None]:
    """Hold what the calls need in between, run them on connections of their own, let go once all of them wait."""
    errors: list[BaseException | None] = [None] * len(calls)

    def run(place: int) -> None:
        try:
            calls[place]()
        except Exception as error:
            errors[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    with ExitStack() as held:
        held.enter_context(transaction.atomic())
        hold()
        for thread in threads:
            thread.start()
        end = time.monotonic() + PATIENCE
        while waiting() < len(calls) and time.monotonic() < end:
            time.sleep(0.02)  # the calls need the processor too
        assert waiting() == len(calls), errors
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    return errors


def day(shops: Sequence[Premises], use: str) -> list[forms.Filled]:
    """A form about each of these, in this order, that fails and tells the registry something."""
    begun = NOW - timedelta(minutes=9)
    return [
        forms.Filled(
            op_id=uuid4(), form="small", version="1", answers={"clear": "yes", "use": use}, begun_at=begun, ended_at=NOW,
            subject=("premises", one.uid), position=(*IN_GRID_1, 5.0),
        )
        for one in shops
    ]  # fmt: skip


def test_batches_with_the_same_places_in_opposite_order(cast: Cast) -> None:
    make_plan(now=NOW, form="small")
    north, south, first, second = (
        make_shop(name, now=NOW, created_at=NOW - timedelta(days=400)) for name in ("北店", "南店", "甲店", "乙店")
    )
    actions.derive_tasks(actor=system("field"), now=NOW)
    mate = Actor("staff", "person:900", "同事", person_id=cast.tang_grid.person_id, duties=cast.tang_grid.duties)

    def hold() -> None:
        for one in (first, second):
            lock_name(f"registry {one.uid}")

    calls: list[Callable[[], Any]] = [
        lambda: forms.receive_many(day([north, first, south], "business"), actor=cast.tang_grid, now=NOW),
        lambda: forms.receive_many(day([south, second, north], "empty"), actor=mate, now=NOW),
    ]
    assert let_meet(hold, calls) == [None, None]
    assert Submission.objects.count() == 6
    assert not Task.objects.filter(state="open", subject_uid__in=[north.uid, south.uid], due_at__lte=NOW).exists()


def test_a_form_and_the_closing_of_its_places_case(cast: Cast) -> None:
    shop = make_shop(now=NOW)
    files = factories.pictures(1, actor=cast.tang_grid, now=NOW)
    decided = {"_findings": {"clear": factories.failing([*files])}}
    told: dict[str, Any] = {"form": "small", "version": "1", "begun_at": NOW, "ended_at": NOW, "files": files}
    about: dict[str, Any] = {"subject": ("premises", shop.uid), "position": (*IN_GRID_1, 5.0)}
    forms.receive(actor=cast.tang_grid, now=NOW, op_id=uuid4(), answers={"clear": "no"} | decided, **told, **about)
    made, finding = Submission.objects.get(), Finding.objects.get()
    case_id = finding.case_id or 0

    def close() -> None:
        with transaction.atomic():
            lock_case(case_id)
            publish(CaseClosed(case_id=case_id, at=NOW, by="x", late=False))

    def correct() -> None:
        actions.correct_answers(
            made.uid, changes={"clear": "yes", "_findings/clear": None}, reason="复核", actor=cast.tang_grid, now=NOW
        )

    def hold() -> None:
        note_case(case_id, text="先等一下", actor=system("test"), now=NOW)

    assert let_meet(hold, [close, correct]) == [None, None]
    finding.refresh_from_db()
    assert finding.state == "withdrawn" and not Task.objects.filter(state="open").exists()


def test_a_check_on_the_spot_and_the_closing_of_its_case(cast: Cast) -> None:
    told = {"text": "门前堆了垃圾", "item": "0101", "lon": IN_GRID_1[0], "lat": IN_GRID_1[1]}
    send("report", told, cast.tang_grid)
    case = Case.objects.get()
    with transaction.atomic():
        check_on_the_spot([FeedbackGiven(feedback_id=5, case_id=case.pk, at=NOW, by="x", assignment_id=1)])
    task = Task.objects.get()

    def close() -> None:
        with transaction.atomic():
            lock_case(case.pk)
            publish(CaseClosed(case_id=case.pk, at=NOW, by="x", late=False))

    def check() -> None:
        with transaction.atomic():
            actions.report_on_task(
                task.uid, text="已经清走", files=[], actor=cast.tang_grid, now=NOW, at=NOW, op=uuid4()
            )

    assert let_meet(lambda: lock_case(case.pk), [close, check]) == [None, None]
    task.refresh_from_db()
    assert task.state in ("done", "ended")


@pytest.mark.parametrize("first", ["correct", "erase"])
def test_a_correction_and_the_erasing_of_who_it_is_about(cast: Cast, first: str) -> None:
    phone = {"type": "text", "name": "phone", "label": "电话", "huying_registry": "person.phone"}
    factories.published([*factories.EXITS, phone], now=NOW, version="2", huying_subject="person", huying_kind="走访")
    who = uuid4()
    change(actor=cast.tang_grid, now=NOW, kind="person", uid=who, base=0, changes={"name": "王秀英"}, source="test")
    Resident.objects.filter(uid=who).update(area=GRID_1)
    made = forms.receive(
        actor=cast.tang_grid, now=NOW, op_id=uuid4(), form="small", version="2", begun_at=NOW, ended_at=NOW,
        answers={"clear": "yes", "phone": "13811112222"}, subject=("person", who), position=(*IN_GRID_1, 5.0),
    )  # fmt: skip
    day = local_day(NOW)
    ask = Ask(
        source="test", key="1", kind=TaskKind.VISIT, title="走访", area=GRID_1, opens_on=day,
        due_on=day + timedelta(days=3), subject_kind="person", subject_uid=who,
    )  # fmt: skip
    actions.ask_tasks([ask], actor=system("field"), now=NOW)

    def turn(name: str) -> None:
        """The second comes once the first holds what it takes before the tasks."""
        end = time.monotonic() + PATIENCE
        while name != first and not waiting() and time.monotonic() < end:
            time.sleep(0.02)

    def correct() -> None:
        turn("correct")
        actions.correct_answers(
            made.uid, changes={"phone": "13811113333"}, reason="复核", actor=cast.tang_grid, now=NOW
        )

    def erase() -> None:
        turn("erase")
        erase_resident(actor=system("test"), now=NOW, resident=Resident.objects.get(uid=who), why="本人申请")

    def hold() -> None:
        list(Task.objects.select_for_update().filter(subject_uid=who))

    corrected, erased = let_meet(hold, [correct, erase])
    assert erased is None and (corrected is None if first == "correct" else isinstance(corrected, Refused))
    made.refresh_from_db()
    assert (made.state, Task.objects.get().state) == ("erased", "ended")
    assert Resident.objects.get(uid=who).private is None


def test_giving_way_and_the_erasing_of_who_it_is_about(cast: Cast) -> None:
    who = uuid4()
    change(actor=cast.tang_grid, now=NOW, kind="person", uid=who, base=0, changes={"name": "王秀英"}, source="test")
    made = forms.receive(
        actor=cast.tang_grid, now=NOW, op_id=uuid4(), form="small", version="1", begun_at=NOW, ended_at=NOW,
        answers={"clear": "yes"}, subject=("person", who), position=(*IN_GRID_1, 5.0),
    )  # fmt: skip
    dispute = Dispute.objects.create(
        op=uuid4(), submission=made.uid, area=made.area, by=cast.tang_grid.ref, by_name="唐", reason="看错了", at=NOW,
        change="{}", paths=["use"],
    )  # fmt: skip

    def erase() -> None:
        erase_resident(actor=system("test"), now=NOW, resident=Resident.objects.get(uid=who), why="本人申请")

    def give_way() -> None:
        end = time.monotonic() + PATIENCE
        while not waiting() and time.monotonic() < end:  # the erasing holds the form and waits for the record
            time.sleep(0.02)
        actions.withdraw_dispute(dispute.pk, actor=cast.tang_grid, now=NOW)

    erased, given = let_meet(lambda: lock_name(f"registry {who}"), [erase, give_way])
    assert erased is None and (given is None or isinstance(given, Conflict))
    made.refresh_from_db(), dispute.refresh_from_db()
    assert (made.state, dispute.state, dispute.reason) == ("erased", "left", "")
