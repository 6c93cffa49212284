"""The directory: routing answers, caching by version, speed of look-ups."""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter

import pytest
from django.db import transaction

from huying.ground.organisation import queries
from huying.ground.organisation.factories import (
    COMMUNITY,
    COUNTY,
    GRID,
    NOW,
    STREET,
    TODAY,
    make_admission,
    make_appointment,
    make_cast,
    make_person,
    make_responsibility,
    make_unit,
)
from huying.ground.organisation.models import Shift, Unit

pytestmark = pytest.mark.django_db


def test_a_trade_goes_to_the_unit_with_the_nearest_area() -> None:
    cast = make_cast()
    district = make_unit("urban", trades=["street_enforcement"])
    found = queries.directory(on=TODAY)
    assert found.unit_for_trade("street_enforcement", GRID) == found.unit(cast.team.pk)
    assert found.unit_for_trade("street_enforcement", f"{COUNTY}002001001") == found.unit(district.pk)
    assert found.unit_for_trade("street_enforcement", "110101") is None
    assert found.unit_for_trade("nobody", GRID) is None


def test_responsibility_prefers_the_longest_area() -> None:
    cast = make_cast()
    make_responsibility("0101", cast.centre, "")
    make_responsibility("0101", cast.team, STREET, cast.community, first_asked_unit=cast.community)
    found = queries.directory(on=TODAY)
    here, elsewhere = found.responsibility("0101", GRID), found.responsibility("0101", "990101002001001")
    assert here is not None and here.lead_unit_id == cast.team.pk and here.assist_unit_ids == (cast.community.pk,)
    assert here.first_asked_unit_id == cast.community.pk
    assert elsewhere is not None and elsewhere.lead_unit_id == cast.centre.pk
    assert found.responsibility("9999", GRID) is None


def test_unlisted_work_may_not_reach_a_community() -> None:
    cast = make_cast()
    make_admission("0101", STREET)
    found = queries.directory(on=TODAY)
    assert found.admitted("0101", GRID) and not found.admitted("0102", GRID)
    assert not found.admitted("0101", "990101002001")
    assert found.may_receive(cast.community.pk, "0101")
    assert not found.may_receive(cast.community.pk, "0102")
    assert found.may_receive(cast.team.pk, "0102")


def test_on_duty_is_the_shift_then_the_lead_then_nobody() -> None:
    cast = make_cast()
    guard = make_person("赵值班")
    make_appointment(guard, cast.team)
    Shift.objects.create(unit=cast.team, person=guard, role="handler", starts_at=NOW, ends_at=NOW + timedelta(hours=8))
    found = queries.directory(on=TODAY)
    assert found.on_duty(cast.team.pk, "handler", NOW) == guard.pk
    assert found.on_shift(cast.team.pk, "handler", NOW) == (guard.pk,)
    assert found.on_shift(cast.team.pk, "unit_lead", NOW) == ()
    assert found.on_duty(cast.team.pk, "handler", NOW + timedelta(hours=8)) == cast.chief.pk
    assert found.on_duty(cast.community.pk, "handler", NOW) is None


def test_grid_worker_falls_back_to_the_community_but_no_further() -> None:
    cast = make_cast()
    found = queries.directory(on=TODAY)
    assert found.grid_worker(GRID, NOW) == cast.worker.pk
    assert found.grid_worker(GRID + "01", NOW) == cast.worker.pk
    assert found.grid_worker(f"{COMMUNITY}002", NOW) is None
    make_appointment(make_person("全社区"), cast.community, "grid_worker", COMMUNITY)
    assert queries.directory(on=TODAY).grid_worker(f"{COMMUNITY}002", NOW) is not None


def test_validity_decides_what_a_day_knows() -> None:
    make_unit("old", trades=["parks"], valid_to=TODAY)
    assert queries.directory(on=TODAY - timedelta(days=1)).unit_by_code("old") is not None
    assert queries.directory(on=TODAY).unit_by_code("old") is None


def test_unchanged_costs_one_query_and_a_change_is_seen(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    make_cast()
    first = queries.directory(on=TODAY)
    with django_assert_num_queries(1):
        assert queries.directory(on=TODAY) is first
    make_unit("new-one")
    with django_assert_num_queries(8):
        assert queries.directory(on=TODAY).unit_by_code("new-one") is not None


def test_a_rolled_back_change_never_stays_in_the_cache() -> None:
    make_cast()
    with pytest.raises(RuntimeError), transaction.atomic():
        make_unit("ghost")
        assert queries.directory(on=TODAY).unit_by_code("ghost") is not None
        raise RuntimeError
    Unit.objects.filter(code="team").update(phone="12345")
    assert queries.directory(on=TODAY).unit_by_code("ghost") is None


def test_look_ups_are_fast_enough_for_bulk_routing() -> None:
    make_cast()
    found = queries.directory(on=TODAY)
    grids = [f"{COMMUNITY}{number:03d}" for number in range(1, 101)]
    started = perf_counter()
    for _ in range(200):
        for grid in grids:
            found.unit_for_trade("street_enforcement", grid)
    assert 20_000 / (perf_counter() - started) > 100_000
