"""The database is the last guard: what no program may write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from huying.ground.registry.factories import a_resident, a_room, say, worker
from huying.ground.registry.models import CareEntry, Change, Premises, Proposal, Residence, Resident
from huying.kernel.factories import MOMENT
from huying.kernel.replicas import Departure

pytestmark = pytest.mark.django_db


def refused(write: Callable[[], Any], constraint: str) -> None:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        write()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert getattr(error.value.__cause__, "diag").constraint_name == constraint  # noqa: B009


def test_versions_grow_uids_stay_history_is_final() -> None:
    row = a_resident()
    people = Resident.objects.filter(pk=row.pk)
    people.update(version=5)
    refused(lambda: people.update(version=4), "registry_version_grows")
    refused(lambda: people.update(uid=uuid4()), "registry_uid_fixed")
    steps = Change.objects.filter(subject=row.uid)
    refused(lambda: steps.update(author="person:1"), "registry_history_final")
    refused(steps.delete, "registry_history_final")
    assert steps.update(private=None, plain={}) == 1


def test_states_and_identities() -> None:
    row, other = a_resident(), a_resident(name="李四")
    people = Resident.objects.filter(pk=row.pk)
    refused(lambda: people.update(state="merged"), "registry_resident_merged")
    refused(lambda: people.update(state="lost"), "registry_resident_state")
    refused(lambda: people.update(area="44x"), "registry_resident_area")
    refused(lambda: people.update(state="merged", merged_into=row.uid), "registry_resident_merged")
    Resident.objects.filter(pk=row.pk).update(id_blind=b"same")
    refused(lambda: Resident.objects.filter(pk=other.pk).update(id_blind=b"same"), "registry_resident_id_once")


def test_places_homes_lists_and_proposals() -> None:
    room = a_room()
    row = a_resident(home=room)
    places = Premises.objects.filter(pk=room.pk)
    refused(lambda: places.update(small_kind="leisure", floor_area=201), "registry_premises_small_limits")
    refused(lambda: places.update(lon=181.0, lat=1.0), "registry_premises_point")
    refused(lambda: places.update(lon=1.0), "registry_premises_point")
    top = Premises.objects.filter(kind="compound")
    refused(lambda: top.update(parent=room.uid), "registry_premises_no_cycle")
    stay = Residence.objects.get(resident=row)
    stay.pk, stay.uid = None, uuid4()
    refused(stay.save, "registry_residence_one_home")
    entry = {
        "uid": uuid4(), "resident": row, "list": "elder_alone", "since": date(2026, 3, 1), "checked_at": MOMENT,
        "created_at": MOMENT,
    }  # fmt: skip
    refused(lambda: CareEntry.objects.create(**entry, until=date(2027, 3, 1), basis=""), "registry_careentry_has_basis")
    refused(
        lambda: CareEntry.objects.create(**entry, until=date(2026, 3, 1), basis="老年人权益保障法"),
        "registry_careentry_expires_later",
    )
    say(worker(), "person", uid=row.uid, base=1, name="王秀瑛")
    proposal = Proposal.objects.get()
    own = Proposal.objects.filter(pk=proposal.pk)
    refused(
        lambda: own.update(state="accepted", decided_by=proposal.author, decided_at=MOMENT),
        "registry_proposal_two_people",
    )
    refused(lambda: own.update(state="accepted"), "registry_proposal_decided")


def test_a_record_that_leaves_an_area_leaves_a_departure() -> None:
    row = a_resident()
    before = Resident.objects.get(pk=row.pk).changed
    Resident.objects.filter(pk=row.pk).update(area="449001001002")
    left = Departure.objects.get()
    assert (left.kind, left.uid, left.area) == ("person", row.uid, row.area)
    assert Resident.objects.get(pk=row.pk).changed >= before > 0
