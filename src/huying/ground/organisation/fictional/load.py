"""Writing a plan in bulk: a district in a few seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from huying.ground.accounts.models import User
from huying.ground.organisation import rules
from huying.ground.organisation.models import (
    Admission,
    Appointment,
    Person,
    Post,
    Responsibility,
    Shift,
    Unit,
)
from huying.kernel import trace
from huying.kernel.actor import Actor

from .logins import DEMO_PASSWORD, DEMO_RESIDENTS
from .plan import POSTS, Plan

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Loaded:
    """How much was written."""

    units: int
    people: int
    appointments: int
    shifts: int
    responsibilities: int
    admissions: int


@transaction.atomic
def load(plan: Plan, *, actor: Actor, now: datetime, password: str = DEMO_PASSWORD) -> Loaded:
    """Write a plan into an empty organisation. Everybody can sign in with one password; logins are in `logins.py`."""
    units = _units(plan)
    people = _people(plan, now, password)
    _residents(now)
    posts = _posts()
    Appointment.objects.bulk_create(
        (
            Appointment(
                person_id=people[row.person],
                unit_id=units[row.unit],
                post_id=posts[row.post],
                role=row.role,
                area=row.area,
                valid_from=plan.since,
            )
            for row in plan.appointments
        ),
        batch_size=BATCH,
    )
    Shift.objects.bulk_create(
        (
            Shift(
                unit_id=units[row.unit],
                person_id=people[row.person],
                role=row.role,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
            )
            for row in plan.shifts
        ),
        batch_size=BATCH,
    )
    _responsibilities(plan, units)
    Admission.objects.bulk_create(
        (
            Admission(area=area, item_code=code, basis=basis, valid_from=plan.since)
            for area, code, basis in plan.admissions
        ),
        batch_size=BATCH,
    )
    _note(plan, actor, now)
    return Loaded(
        len(units),
        len(people),
        len(plan.appointments),
        len(plan.shifts),
        len(plan.responsibilities),
        len(plan.admissions),
    )


def _reserve(table: str, count: int) -> list[int]:
    """Ids taken from a table's sequence beforehand, so that paths can be written in the same statement as rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [row[0] for row in cursor.fetchall()]


def _units(plan: Plan) -> dict[str, int]:
    ids = dict(zip((row.code for row in plan.units), _reserve("organisation_unit", len(plan.units)), strict=True))
    paths: dict[str, str] = {}
    rows = []
    for row in plan.units:
        paths[row.code] = rules.child_path(paths.get(row.parent, ""), ids[row.code])
        rows.append(
            Unit(
                id=ids[row.code],
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                kind=row.kind,
                level=row.level,
                parent_id=ids.get(row.parent),
                path=paths[row.code],
                area=row.area,
                trades=row.trades,
                phone="",
                valid_from=plan.since,
            )
        )
    Unit.objects.bulk_create(rows, batch_size=BATCH)
    return ids


def _people(plan: Plan, now: datetime, password: str) -> dict[str, int]:
    secret = make_password(password)  # one hash for all: this is a demonstration
    users = User.objects.bulk_create(
        (
            User(
                kind="staff",
                username=row.username,
                name=row.name,
                password=secret,
                password_changed_at=now,
                created_at=now,
            )
            for row in plan.people
        ),
        batch_size=BATCH,
    )
    rows = Person.objects.bulk_create(
        (
            Person(
                user_id=user.pk,
                number=row.number,
                name=row.name,
                name_en=row.name_en,
                phone=row.phone,
                employment=row.employment,
                valid_from=plan.since,
            )
            for row, user in zip(plan.people, users, strict=True)
        ),
        batch_size=BATCH,
    )
    return {row.number: row.pk for row in rows}


def _residents(now: datetime) -> None:
    for resident in DEMO_RESIDENTS:
        if not User.objects.with_phone(resident.phone, kind="resident").exists():
            user = User(kind="resident", name=resident.name, elder_mode=resident.elder_mode, created_at=now)
            user.phone = resident.phone
            user.set_unusable_password()
            user.save()


def _posts() -> dict[str, int]:
    Post.objects.bulk_create(
        [Post(code=code, name=zh, name_en=en, role=role, rank=rank) for code, zh, en, role, rank in POSTS],
        ignore_conflicts=True,
    )
    return dict(Post.objects.values_list("code", "id"))


def _responsibilities(plan: Plan, units: dict[str, int]) -> None:
    rows = Responsibility.objects.bulk_create(
        (
            Responsibility(
                item_code=row.item_code,
                area=row.area,
                lead_unit_id=units[row.lead],
                first_asked_unit_id=units.get(row.first_asked),
                legal_basis=row.legal_basis,
                source=row.source,
                valid_from=plan.since,
            )
            for row in plan.responsibilities
        ),
        batch_size=BATCH,
    )
    link = Responsibility.assist_units.through
    link.objects.bulk_create(
        (
            link(responsibility_id=made.pk, unit_id=units[code])
            for made, row in zip(rows, plan.responsibilities, strict=True)
            for code in row.assists
        ),
        batch_size=BATCH,
    )


def _note(plan: Plan, actor: Actor, now: datetime) -> None:
    trace.record(
        [
            trace.Draft(
                chain=f"unit:{row.code}",
                verb="unit_created",
                actor=actor,
                at=now,
                body={"name": row.name, "kind": row.kind, "level": row.level, "area": row.area, "parent": row.parent},
                new=True,
            )
            for row in plan.units
        ]
    )
