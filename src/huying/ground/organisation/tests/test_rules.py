"""Rules: permission table, staffing, rotas, admission."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.ground.organisation import rules
from huying.ground.organisation.rules import Holder, Span
from huying.kernel.actor import SYSTEM, Actor, Duty

T0 = datetime(2025, 3, 12, tzinfo=UTC)


def at(hour: float) -> datetime:
    return T0 + timedelta(hours=hour)


TABLE = {
    "organisation.view": set(rules.ROLES) - {"assistant"},
    "unit.edit": {"organisation_editor", "admin"},
    "person.edit": {"organisation_editor", "admin"},
    "rota.edit": {"unit_lead", "centre_lead", "organisation_editor", "admin"},
    "responsibility.edit": {"centre_lead", "catalogue_editor", "organisation_editor", "admin"},
    "admission.edit": {"centre_lead", "catalogue_editor", "organisation_editor", "admin"},
    "key.edit": {"admin"},
    "account.edit": {"admin"},
    "trace.view": {"discipline", "centre_lead", "organisation_editor", "admin"},
    "registry.view": {"registry_editor", "grid_worker", "grid_lead", "centre_lead", "device_keeper"},
    "registry.propose": {"registry_editor", "grid_worker", "grid_lead"},
    "registry.care": {"registry_editor", "grid_worker", "grid_lead"},
    "registry.decide": {"registry_editor", "grid_lead"},
    "registry.export": {"registry_editor"},
    "registry.import": {"registry_editor"},
    "field.work": {"grid_worker", "grid_lead", "assistant"},
    "field.oversee": {"grid_lead", "centre_lead", "supervisor"},
    "plan.edit": {"grid_lead", "centre_lead"},
    "device.view": {
        *("seat", "dispatcher", "supervisor", "centre_lead", "grid_worker", "grid_lead", "device_keeper"),
    },
    "device.edit": {"device_keeper"},
    "device.command": {"device_keeper", "centre_lead"},
}


def test_the_table_names_every_capability() -> None:
    assert set(TABLE) == rules.ALL_CAPABILITIES
    assert set(rules.CAPABILITIES) == set(rules.ROLES)


@pytest.mark.parametrize("role", rules.ROLES)
@pytest.mark.parametrize("capability", sorted(TABLE))
def test_who_may_what(role: str, capability: str) -> None:
    actor = Actor("staff", "person:1", "某人", duties=(Duty(role, "9901"),))
    assert rules.may(actor, capability, area="990101") is (role in TABLE[capability])
    assert not rules.may(actor, capability, area="1101"), "outside the area"
    assert rules.may(SYSTEM, capability)


def test_scope_is_area_and_branch() -> None:
    actor = Actor("staff", "person:1", "某人", duties=(Duty("unit_lead", "990101", 7, "/1/7/"),))
    assert rules.may(actor, "rota.edit", area="990101001", unit_path="/1/7/9/")
    assert not rules.may(actor, "rota.edit", area="990101001", unit_path="/1/70/")
    assert not rules.may(actor, "rota.edit", area="990102001", unit_path="/1/7/9/")


def test_nearest_prefers_the_longest_prefix() -> None:
    assert rules.nearest({"": 0, "990101": 1, "990101001": 2}, "990101001001") == 2
    assert rules.nearest({"990102": 1}, "990101001001") is None
    assert rules.prefixes("990101") == ("990101", "9901", "99", "")


@pytest.mark.parametrize(
    ("kind", "level", "admitted", "may"),
    [
        ("community", "L2", False, False),
        ("community", "L2", True, True),
        ("team", "L2", False, False),
        ("team", "L3", False, True),
        ("department", "L4", False, True),
    ],
)
def test_admission_guards_communities_only(kind: str, level: str, admitted: bool, may: bool) -> None:
    assert rules.may_receive(unit_kind=kind, unit_level=level, admitted=admitted) is may


def test_staffing_names_what_is_missing() -> None:
    grid, other = "990101001001001", "990101001001002"
    holders = [
        Holder(1, "grid_lead", grid[:12], True),
        Holder(2, "grid_worker", grid, True),
        Holder(3, "assistant", grid, False),
        Holder(4, "grid_worker", other, False),
    ]
    full, short = rules.staffing([grid, other], holders, [(9, "990101001")])
    assert full.complete and full.team_unit_ids == (9,)
    assert short.missing == ("worker",) and short.assistant_ids == (4,)
    nothing = rules.staffing([grid], [], [])[0]
    assert nothing.missing == ("lead", "worker", "team", "assistant")


def test_gaps_and_clashes() -> None:
    spans = [Span(1, at(0), at(8)), Span(2, at(10), at(16))]
    assert [(gap.starts_at, gap.ends_at) for gap in rules.gaps(spans, since=at(0), until=at(24))] == [
        (at(8), at(10)),
        (at(16), at(24)),
    ]
    assert rules.clashes(spans, Span(1, at(7), at(9))) == [spans[0]]
    assert rules.clashes(spans, Span(1, at(8), at(10))) == []
    assert rules.on_duty_at(spans, at(8)) is None
    assert rules.on_duty_at([*spans, Span(3, at(4), at(12))], at(5)) == Span(3, at(4), at(12))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=8))
def test_every_moment_is_either_covered_or_in_a_gap(rows: list[tuple[int, int]]) -> None:
    spans = [Span(number, at(start), at(start + length)) for number, (start, length) in enumerate(rows)]
    found = rules.gaps(spans, since=at(0), until=at(48))
    for half in range(96):
        moment = at(half / 2)
        in_gap = any(gap.starts_at <= moment < gap.ends_at for gap in found)
        assert in_gap is not (rules.on_duty_at(spans, moment) is not None)


@pytest.mark.parametrize(
    ("code", "good"), [("", True), ("99", True), ("990101", True), ("99010", False), ("99010x", False)]
)
def test_area_codes(code: str, good: bool) -> None:
    assert rules.is_area(code) is good


def test_moving_below_itself_makes_a_cycle() -> None:
    assert rules.makes_cycle("/1/7/", "/1/7/9/") and rules.makes_cycle("/1/7/", "/1/7/")
    assert not rules.makes_cycle("/1/7/", "/1/70/")
