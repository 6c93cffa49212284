"""When grids are divided anew, records follow; two phones at once; the roles and what they carry."""

from __future__ import annotations

import threading
from datetime import date
from uuid import uuid4

import pytest
from django.db import connections, transaction

from huying.ground.organisation.rules import CAPABILITIES
from huying.ground.registry import access
from huying.ground.registry.actions import Changed
from huying.ground.registry.factories import GRID, a_resident, a_room, kept, say, worker
from huying.ground.registry.models import Change, Premises, Resident
from huying.ground.registry.tasks import end_expired_care, look_for_likenesses
from huying.ground.territory.facts import AreasChanged
from huying.kernel.facts import publish

REGISTRY = ("registry.view", "registry.propose", "registry.decide", "registry.care", "registry.export")
HOLDERS = {
    "registry_editor": REGISTRY,
    "grid_lead": ("registry.view", "registry.propose", "registry.decide", "registry.care"),
    "grid_worker": ("registry.view", "registry.propose", "registry.care"),
    "centre_lead": ("registry.view",),
    "device_keeper": ("registry.view",),
}


@pytest.mark.parametrize("role", sorted(CAPABILITIES))
def test_every_role_carries_what_it_should_and_only_in_its_area(role: str) -> None:
    actor = worker(1, area="449001001", role=role)
    held = tuple(one for one in REGISTRY if access.may(actor, one, GRID))
    assert held == HOLDERS.get(role, ())
    assert not any(access.may(actor, one, "449001002001001") for one in REGISTRY)
    assert access.areas(actor) == (("449001001",) if "registry.view" in held else ())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("heirs", "lands"),
    [(("449001001001007",), "449001001001007"), (("449001001001007", "449001001001008"), "449001001001")],
)
def test_records_of_an_ended_grid_follow(heirs: tuple[str, ...], lands: str) -> None:
    room = a_room()
    row = a_resident(home=room)
    with transaction.atomic():
        publish(AreasChanged(on=date(2026, 3, 3), ended=(GRID,), successors=((GRID, heirs),)))
    assert set(Premises.objects.values_list("area", flat=True)) == {lands}
    assert kept("person", row.uid).area == lands
    assert kept("person", row.uid).version == 1


@pytest.mark.django_db
def test_the_daily_jobs_run_on_an_empty_registry() -> None:
    end_expired_care(timestamp=0)
    look_for_likenesses(timestamp=0)
    assert not Resident.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_phones_at_once_lose_nothing() -> None:
    """Real connections: the same record, different fields and one same field, and one operation sent twice."""
    row = a_resident()
    op, answers, barrier = uuid4(), list[Changed](), threading.Barrier(6)

    def send(number: int) -> None:
        try:
            barrier.wait(timeout=10)
            given = (
                {"education": "初中"}
                if number < 2
                else {"health": f"第{number}种"}
                if number < 4
                else {"language": "粤语"}
            )
            more = {"op": op} if number < 2 else {}
            answers.append(say(worker(70 + number), "person", uid=row.uid, base=1, **given, **more))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = kept("person", row.uid)
    assert (now.value("education"), now.value("language"), now.version) == ("初中", "粤语", 4)
    assert sorted(one.state for one in answers) == ["applied"] * 5 + ["conflict"]
    assert [step.version for step in Change.objects.filter(subject=row.uid).order_by("version")] == [1, 2, 3, 4]
