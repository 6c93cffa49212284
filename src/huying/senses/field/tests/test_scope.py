"""Nobody sees positions, a person's day or evidence outside their own area and unit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from huying.casework.cases.factories import COUNTY, GRID_1, GRID_3, IN_GRID_1, LIUAN, NOW, QIAODONG, Cast
from huying.ground.organisation.models import Appointment, Person
from huying.kernel.actor import Actor, Duty
from huying.kernel.clock import local_day
from huying.kernel.clock import now as clock_now
from huying.kernel.errors import NotFound
from huying.kernel.files import may_see
from huying.kernel.models import StoredFile
from huying.kernel.privacy import AccessEntry
from huying.senses.field import access, actions, queries, queries_checks, queries_positions
from huying.senses.field.models import CheckIn, DutySpell, SpotCheck, Task

from .test_looking import WHY, walk
from .test_pages import Desk, desk
from .test_verdicts import patrol, warned

__all__ = ["desk"]


def lead_of(cast: Cast, name: str, unit: str, area: str) -> Actor:
    """Somebody of the cast as the grid lead of a unit over an area, on duty."""
    person = getattr(cast, name)
    there = cast.units[unit]
    Appointment.objects.filter(person=person.person_id).update(role="grid_lead", area=area, unit=there)
    DutySpell.objects.get_or_create(
        person_id=person.person_id, ended_at=None, defaults={"uid": uuid4(), "began_at": clock_now()}
    )
    duty = Duty("grid_lead", area, there.pk, there.path)
    return Actor("staff", person.ref, person.name, there.pk, person.person_id, (duty,))


OUTSIDE = [("ma_liuan", "qiaodong", QIAODONG), ("bai_street", "sanitation", COUNTY), ("fang_qiaodong", "liuan", GRID_3)]


@pytest.mark.parametrize(("name", "unit", "area"), OUTSIDE)
def test_leads_of_another_area_or_unit_see_nothing(cast: Cast, desk: Desk, name: str, unit: str, area: str) -> None:
    now = clock_now() - timedelta(hours=2)
    walk(cast)
    _first, row = patrol(cast, now)
    task = warned(cast, now)
    lead, worker = lead_of(cast, name, unit, area), Person.objects.get(pk=cast.tang_grid.person_id)
    day = local_day(clock_now())
    assert queries_positions.serving(lead, now=clock_now()) == []
    assert queries_positions.worker_of(lead, worker.pk, day) is None
    for what in ("now", day.isoformat()):
        with pytest.raises(NotFound):
            actions.look_at_positions([worker], what=what, why=WHY, actor=lead, now=clock_now())
    assert queries_positions.done_on(lead, worker.pk, day) == []
    assert not queries.doubted(lead).rows and not queries.spot_checks(lead).rows and queries.answered(lead) == []
    for look, key in ((queries_checks.check_in_evidence, row.pk), (queries_checks.task_evidence, task.uid)):
        with pytest.raises(NotFound):
            look(lead, key)
    pictures = StoredFile.objects.exclude(subject="").filter(subject__regex="^(checkin|task):")
    assert len(pictures) == 2 and not any(may_see(lead, one) for one in pictures)
    with pytest.raises(NotFound):
        actions.judge_check_in(row.pk, verdict="fine", words="", actor=lead, now=clock_now())
    with pytest.raises(NotFound):
        actions.record_spot_check(
            SpotCheck.objects.get().pk, how="phone", result="confirmed", words="", actor=lead, now=clock_now()
        )
    assert not AccessEntry.objects.exists() and CheckIn.objects.filter(verdict="").count() == 2
    client = desk(name)
    for path in (
        f"people/{worker.pk}/", f"checks/{row.pk}/", f"checks/{row.pk}/places", f"tasks/{task.uid}/",
        f"tasks/{task.uid}/places",
    ):  # fmt: skip
        assert client.get(f"/desk/field/{path}").status_code == 404, path
    assert client.post(f"/desk/field/people/{worker.pk}/", {"why": WHY}).status_code == 404


@pytest.mark.parametrize(
    ("name", "unit", "area"), [("gao_liuan_lead", "liuan", LIUAN), ("bai_street", "street", GRID_1)]
)
def test_leads_of_the_worker_see_what_is_theirs(cast: Cast, name: str, unit: str, area: str) -> None:
    now = clock_now() - timedelta(hours=2)
    walk(cast)
    _first, row = patrol(cast, now)
    task = warned(cast, now)
    lead, worker = lead_of(cast, name, unit, area), Person.objects.get(pk=cast.tang_grid.person_id)
    assert [one.person for one in queries_positions.serving(lead, now=clock_now())] == [worker]
    actions.look_at_positions([worker], what="now", why=WHY, actor=lead, now=clock_now())
    assert queries_checks.check_in_evidence(lead, row.pk).row == row
    assert queries_checks.task_evidence(lead, task.uid).row == task
    assert [one.pk for one in queries_positions.done_on(lead, worker.pk, local_day(now))] == [task.pk]
    assert AccessEntry.objects.count() == 1


def test_a_day_somebody_worked_for_others_is_not_shown_to_whom_they_work_for_now(cast: Cast, desk: Desk) -> None:
    walk(cast)
    worker, today = Person.objects.get(pk=cast.tang_grid.person_id), local_day(clock_now())
    held = Appointment.objects.get(person=worker)
    held.valid_to = today - timedelta(days=3)
    held.save()
    new: dict[str, Any] = {"person": worker, "unit": cast.units["qiaodong"], "post": held.post, "role": "grid_worker"}
    Appointment.objects.create(area=GRID_3, valid_from=today - timedelta(days=3), **new)
    old, now_lead = (
        lead_of(cast, "gao_liuan_lead", "liuan", LIUAN),
        lead_of(cast, "fang_qiaodong", "qiaodong", QIAODONG),
    )
    before = (today - timedelta(days=5)).isoformat()
    for lead, seen, hidden in ((now_lead, today.isoformat(), before), (old, before, today.isoformat())):
        actions.look_at_positions([worker], what=seen, why=WHY, actor=lead, now=clock_now())
        with pytest.raises(NotFound):
            actions.look_at_positions([worker], what=hidden, why=WHY, actor=lead, now=clock_now())
    client = desk("fang_qiaodong")
    address = f"/desk/field/people/{worker.pk}/"
    assert client.post(address, {"why": WHY, "day": before}).status_code == 404
    assert client.post(address, {"why": WHY, "day": today.isoformat()}).status_code == 200
    assert AccessEntry.objects.count() == 3


def test_work_is_shown_to_the_unit_it_was_done_for(cast: Cast) -> None:
    """Somebody changes units after their work: the new unit's lead over the same area does not see the old work."""
    _first, row = patrol(cast, NOW)
    task = warned(cast, NOW)
    worker, change = Person.objects.get(pk=cast.tang_grid.person_id), local_day(NOW) + timedelta(days=1)
    held = Appointment.objects.get(person=worker)
    held.valid_to = change
    held.save()
    new: dict[str, Any] = {"person": worker, "unit": cast.units["sanitation"], "post": held.post, "role": "grid_worker"}
    Appointment.objects.create(area=GRID_1, valid_from=change, **new)
    old = lead_of(cast, "gao_liuan_lead", "liuan", LIUAN)
    later = lead_of(cast, "bai_street", "sanitation", COUNTY)
    assert access.get_check_in(old, row.pk) == row and access.get_task(old, task.uid) == task
    assert access.overseen_spot_checks(old).count() == 1 and not access.overseen_spot_checks(later).exists()
    assert not access.overseen_check_ins(later).exists() and not access.overseen_done(later).exists()
    pictures = StoredFile.objects.exclude(subject="").filter(subject__regex="^(checkin|task):")
    assert len(pictures) == 2 and all(may_see(old, one) for one in pictures)
    assert not any(may_see(later, one) for one in pictures)


def test_what_somebody_did_elsewhere_is_not_beside_what_one_may_see(cast: Cast) -> None:
    """A worker of two areas: the lead of one sees neither the tasks nor the check-ins of the other."""
    now = clock_now() - timedelta(hours=2)
    first, second = patrol(cast, now)
    CheckIn.objects.filter(pk=first.pk).update(area=GRID_3)
    task = warned(cast, now)
    elsewhere = Task.objects.get(pk=task.pk)
    elsewhere.pk, elsewhere.uid, elsewhere.area, elsewhere.source_key = None, uuid4(), GRID_3, "elsewhere"
    elsewhere.done_at = now - timedelta(minutes=5)
    elsewhere.save(force_insert=True)
    lead = lead_of(cast, "gao_liuan_lead", "liuan", LIUAN)
    assert queries_checks.check_in_evidence(lead, second.pk).earlier is None
    assert queries_checks.task_evidence(lead, task.uid).earlier is None
    whole = queries_checks.task_evidence(cast.qian_supervisor, task.uid)
    assert whole.earlier is not None and whole.earlier.gap == timedelta(minutes=5)
    assert [one.pk for one in queries_positions.done_on(lead, cast.tang_grid.person_id or 0, local_day(now))] == [
        task.pk
    ]
    assert access.overseen_done(lead).count() == 1 and IN_GRID_1[0] == task.lon
