"""Actions: what they write, what they refuse, and that a refusal leaves nothing behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from huying.ground.organisation import actions
from huying.ground.organisation.factories import (
    COMMUNITY,
    GRID,
    NOW,
    STREET,
    TODAY,
    make_appointment,
    make_cast,
    make_person,
    make_post,
    make_unit,
    staff,
)
from huying.ground.organisation.facts import DutiesHandedOver, PersonAppointed, UnitChanged
from huying.ground.organisation.models import Admission, Appointment, Responsibility, Shift, Unit
from huying.kernel.actor import SYSTEM
from huying.kernel.errors import Conflict, Forbidden, Invalid, Refused
from huying.kernel.facts import collected
from huying.kernel.trace import Entry

EDITOR = staff("organisation_editor")


def entries() -> int:
    return Entry.objects.count()


@pytest.mark.django_db
class TestUnits:
    def test_create_writes_path_trace_and_fact(self) -> None:
        cast = make_cast()
        with collected() as facts:
            unit = actions.create_unit(
                actor=EDITOR, now=NOW, code="new", name="新队", kind="team", level="L3", parent=cast.street, area=STREET
            )
        assert unit.path == f"{cast.street.path}{unit.pk}/"
        assert Entry.objects.get(chain="unit:new").verb == "unit_created"
        assert facts == [UnitChanged(unit_id=unit.pk, code="new", what="created", at=NOW)]

    @pytest.mark.parametrize("role", ["handler", "unit_lead", "dispatcher", "supervisor", "discipline"])
    def test_others_may_not(self, role: str) -> None:
        cast, before = make_cast(), entries()
        with pytest.raises(Forbidden):
            actions.create_unit(
                actor=staff(role), now=NOW, code="x", name="x", kind="team", level="L3", parent=cast.street
            )
        assert not Unit.objects.filter(code="x").exists() and entries() == before

    def test_an_editor_of_elsewhere_may_not(self) -> None:
        cast = make_cast()
        with pytest.raises(Forbidden):
            actions.change_unit(actor=staff("organisation_editor", area="1101"), now=NOW, unit=cast.team, name="x")

    def test_a_taken_code_is_a_conflict(self) -> None:
        make_cast()
        with pytest.raises(Conflict):
            actions.create_unit(actor=EDITOR, now=NOW, code="team", name="x", kind="team", level="L3")

    @pytest.mark.parametrize("bad", [{"kind": "club"}, {"level": "L9"}, {"area": "123"}, {"name": " "}, {"code": ""}])
    def test_bad_fields_are_invalid(self, bad: dict[str, str]) -> None:
        good = {"code": "n", "name": "n", "kind": "team", "level": "L3"}
        with pytest.raises(Invalid):
            actions.create_unit(actor=EDITOR, now=NOW, **(good | bad))  # type: ignore[arg-type]
        assert not Unit.objects.exists()

    def test_moving_takes_the_branch_along(self) -> None:
        cast = make_cast()
        other = make_unit("other", parent=cast.centre)
        actions.move_unit(actor=EDITOR, now=NOW, unit=cast.street, parent=other)
        cast.team.refresh_from_db()
        assert cast.team.path == f"{other.path}{cast.street.pk}/{cast.team.pk}/"

    def test_moving_below_itself_is_refused(self) -> None:
        cast = make_cast()
        with pytest.raises(Refused):
            actions.move_unit(actor=EDITOR, now=NOW, unit=cast.street, parent=cast.team)
        cast.street.refresh_from_db()
        assert cast.street.parent_id == cast.centre.pk

    def test_the_database_refuses_a_ring_by_itself(self) -> None:
        cast = make_cast()
        with pytest.raises(IntegrityError), transaction.atomic():
            Unit.objects.filter(pk=cast.centre.pk).update(parent=cast.team)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_closing_ends_appointments_and_needs_no_children(self) -> None:
        cast = make_cast()
        with pytest.raises(Refused):
            actions.close_unit(actor=EDITOR, now=NOW, unit=cast.street, on=TODAY, reason="合并")
        actions.close_unit(actor=EDITOR, now=NOW, unit=cast.team, on=TODAY, reason="合并")
        assert Appointment.objects.get(unit=cast.team).valid_to == TODAY
        with pytest.raises(Refused):
            actions.appoint_person(
                actor=EDITOR, now=NOW, person=cast.worker, unit=cast.team, post=make_post(), valid_from=TODAY
            )


@pytest.mark.django_db
class TestAppointments:
    def test_appoint_publishes_and_overlap_is_a_conflict(self) -> None:
        cast = make_cast()
        person, post = make_person("钱"), make_post()
        with collected() as facts:
            row = actions.appoint_person(actor=EDITOR, now=NOW, person=person, unit=cast.team, post=post)
        assert [type(fact) for fact in facts] == [PersonAppointed] and row.area == STREET
        before = entries()
        with pytest.raises(Conflict):
            actions.appoint_person(actor=EDITOR, now=NOW, person=person, unit=cast.team, post=post)
        assert entries() == before and Appointment.objects.filter(person=person).count() == 1
        actions.end_appointment(actor=EDITOR, now=NOW, appointment=row, on=TODAY + timedelta(days=1))
        actions.appoint_person(
            actor=EDITOR, now=NOW, person=person, unit=cast.team, post=post, valid_from=TODAY + timedelta(days=1)
        )

    def test_only_an_administrator_makes_administrators(self) -> None:
        cast = make_cast()
        with pytest.raises(Forbidden):
            actions.appoint_person(
                actor=EDITOR, now=NOW, person=cast.worker, unit=cast.centre, post=make_post("admin"), role="admin"
            )
        actions.appoint_person(
            actor=staff("admin"), now=NOW, person=cast.worker, unit=cast.centre, post=make_post("admin"), role="admin"
        )

    def test_ending_twice_or_before_the_start_is_refused(self) -> None:
        cast = make_cast()
        row = Appointment.objects.get(person=cast.worker)
        with pytest.raises(Invalid):
            actions.end_appointment(actor=EDITOR, now=NOW, appointment=row, on=date(2020, 1, 1))
        actions.end_appointment(actor=EDITOR, now=NOW, appointment=row, on=TODAY)
        with pytest.raises(Refused):
            actions.end_appointment(actor=EDITOR, now=NOW, appointment=row, on=TODAY)

    def test_handing_over_moves_posts_and_future_shifts(self) -> None:
        cast, taker = make_cast(), make_person("接手")
        soon = NOW + timedelta(days=2)
        for start in (NOW - timedelta(days=1), soon):
            Shift.objects.create(
                unit=cast.team, person=cast.chief, role="unit_lead", starts_at=start, ends_at=start + timedelta(hours=8)
            )
        with collected() as facts:
            made = actions.hand_over(
                actor=EDITOR, now=NOW, unit=cast.team, giver=cast.chief, taker=taker, on=TODAY + timedelta(days=1)
            )
        assert [row.role for row in made] == ["unit_lead"] and isinstance(facts[0], DutiesHandedOver)
        assert Shift.objects.get(starts_at=soon).person_id == taker.pk
        assert Shift.objects.get(starts_at=NOW - timedelta(days=1)).person_id == cast.chief.pk
        with pytest.raises(Refused):
            actions.hand_over(actor=EDITOR, now=NOW, unit=cast.centre, giver=cast.chief, taker=taker, on=TODAY)


@pytest.mark.django_db
class TestRota:
    def book(self, **changes: Any) -> Shift:
        cast = changes.pop("cast")
        given = {"person": cast.chief, "role": "unit_lead", "starts_at": NOW, "ends_at": NOW + timedelta(hours=8)}
        return actions.set_shift(
            **(
                {"actor": staff("unit_lead", unit=cast.team, area=STREET), "now": NOW, "unit": cast.team}
                | given
                | changes
            )
        )

    def test_booking_and_touching_shifts(self) -> None:
        cast = make_cast()
        self.book(cast=cast)
        self.book(cast=cast, starts_at=NOW + timedelta(hours=8), ends_at=NOW + timedelta(hours=16))
        assert Shift.objects.count() == 2

    def test_refusals_write_nothing(self) -> None:
        cast = make_cast()
        self.book(cast=cast)
        before = entries()
        with pytest.raises(Conflict):
            self.book(cast=cast, starts_at=NOW + timedelta(hours=7), ends_at=NOW + timedelta(hours=9))
        with pytest.raises(Invalid):
            self.book(cast=cast, ends_at=NOW)
        with pytest.raises(Invalid):
            self.book(cast=cast, ends_at=NOW + timedelta(days=4))
        with pytest.raises(Refused):
            self.book(cast=cast, person=make_person("外人"))
        with pytest.raises(Forbidden):
            self.book(cast=cast, actor=staff("handler", unit=cast.team, area=STREET))
        with pytest.raises(Forbidden):
            self.book(cast=cast, actor=staff("unit_lead", unit=cast.community, area=COMMUNITY))
        assert Shift.objects.count() == 1 and entries() == before

    def test_swap_and_drop(self) -> None:
        cast, other = make_cast(), make_person("乙")
        make_appointment(other, cast.team)
        later = NOW + timedelta(days=1)
        one = self.book(cast=cast, starts_at=later, ends_at=later + timedelta(hours=8))
        two = self.book(cast=cast, person=other, starts_at=later, ends_at=later + timedelta(hours=8))
        actions.swap_shift(actor=EDITOR, now=NOW, shift=one, other=two)
        one.refresh_from_db()
        assert one.person_id == other.pk
        with pytest.raises(Refused):
            actions.drop_shift(actor=EDITOR, now=later, shift=one)
        actions.drop_shift(actor=EDITOR, now=NOW, shift=one)
        assert Shift.objects.count() == 1


@pytest.mark.django_db
class TestLists:
    def test_a_new_row_ends_the_old_one(self) -> None:
        cast = make_cast()
        give = {"actor": EDITOR, "item_code": "0101", "area": STREET, "legal_basis": "条例"}
        actions.set_responsibility(now=NOW - timedelta(days=9), lead_unit=cast.team, **give)
        actions.set_responsibility(now=NOW, lead_unit=cast.street, assist_units=[cast.team], **give)
        old, new = Responsibility.objects.order_by("valid_from")
        assert (old.valid_to, new.valid_to) == (TODAY, None)
        actions.end_responsibility(actor=EDITOR, now=NOW, responsibility=new, on=TODAY + timedelta(days=1))
        with pytest.raises(Refused):
            actions.end_responsibility(actor=EDITOR, now=NOW, responsibility=new, on=TODAY + timedelta(days=1))

    def test_without_law_or_with_lead_assisting_itself_it_is_invalid(self) -> None:
        cast = make_cast()
        give = {"actor": EDITOR, "now": NOW, "item_code": "0101", "area": "", "lead_unit": cast.team}
        with pytest.raises(Invalid):
            actions.set_responsibility(legal_basis=" ", **give)
        with pytest.raises(Invalid):
            actions.set_responsibility(legal_basis="条例", assist_units=[cast.team], **give)
        with pytest.raises(Forbidden):
            actions.set_responsibility(legal_basis="条例", **(give | {"actor": staff("dispatcher")}))
        assert not Responsibility.objects.exists()

    def test_admission_is_once_and_withdrawn_with_reason(self) -> None:
        make_cast()
        row = actions.admit_item(actor=EDITOR, now=NOW, item_code="0101", area=STREET, basis="清单")
        with pytest.raises(Conflict):
            actions.admit_item(actor=EDITOR, now=NOW, item_code="0101", area=STREET, basis="清单")
        with pytest.raises(Invalid):
            actions.withdraw_item(actor=EDITOR, now=NOW, admission=row, on=TODAY, reason="")
        tomorrow = TODAY + timedelta(days=1)
        actions.withdraw_item(actor=EDITOR, now=NOW, admission=row, on=tomorrow, reason="减负")
        with pytest.raises(Refused):
            actions.withdraw_item(actor=EDITOR, now=NOW, admission=row, on=tomorrow, reason="减负")
        assert Admission.objects.get().valid_to == tomorrow

    @pytest.mark.parametrize("area", [GRID, f"{GRID}01"])
    def test_a_single_grid_is_not_admitted_for(self, area: str) -> None:
        make_cast()
        before = entries()
        with pytest.raises(Invalid) as refused:
            actions.admit_item(actor=EDITOR, now=NOW, item_code="0101", area=area, basis="清单")
        assert refused.value.field == "area" and COMMUNITY in str(refused.value.hint)
        assert (Admission.objects.count(), entries()) == (0, before)
        actions.admit_item(actor=EDITOR, now=NOW, item_code="0101", area=COMMUNITY, basis="清单")


@pytest.mark.django_db(transaction=True)
def test_two_desks_booking_one_person_leave_one_winner() -> None:
    cast = make_cast()
    gate = Barrier(2)

    def book(unit_id: int) -> str:
        gate.wait(10)
        try:
            unit = Unit.objects.get(pk=unit_id)
            actions.set_shift(
                actor=SYSTEM, now=NOW, unit=unit, person=cast.chief, role="unit_lead",
                starts_at=NOW, ends_at=NOW + timedelta(hours=8),
            )  # fmt: skip
            return "booked"
        except Conflict:
            return "conflict"
        finally:
            connections.close_all()

    make_appointment(cast.chief, cast.street, "handler")
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(book, [cast.team.pk, cast.street.pk])) == ["booked", "conflict"]
    assert Shift.objects.count() == 1
