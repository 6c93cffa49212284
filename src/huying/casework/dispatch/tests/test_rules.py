"""Where a matter goes and why: pure decisions over plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.casework.dispatch.rules import Certainty, Policy, margin, refuse_auto, route, title_of, worker_of
from huying.ground.organisation.directory import (
    AppointmentView,
    PersonView,
    ResponsibilityView,
    Rows,
    ShiftView,
    UnitView,
    build,
)

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
GRID = "990101001001001"
ADMITTED = (("0101", "990101001001"),)


@dataclass(frozen=True)
class Kind:
    id: int = 1
    code: str = "0101"
    level: str = "L2"
    lead_trade: str = "sanitation"
    first_trade: str = "sanitation"
    respond: tuple[()] = ()
    close: tuple[()] = ()
    auto_dispatch: bool = True


def unit(
    pk: int, name: str, *, level: str, path: str, area: str, trades: tuple[str, ...] = (), kind: str = "team"
) -> UnitView:
    parent = int(path.strip("/").split("/")[-2]) if path.count("/") > 2 else None
    return UnitView(pk, name, name, "", kind, level, parent, path, area, trades, "")


UNITS = (
    unit(1, "中心", level="L4", path="/1/", area="990101", kind="centre"),
    unit(2, "街道", level="L3", path="/1/2/", area="990101001", kind="street"),
    unit(3, "环卫队", level="L3", path="/1/2/3/", area="990101001", trades=("sanitation",)),
    unit(4, "社区", level="L2", path="/1/2/4/", area="990101001001", trades=("community",), kind="community"),
    unit(5, "住建局", level="L4", path="/1/5/", area="990101", trades=("housing",), kind="department"),
)


def directory(**more: object):  # type: ignore[no-untyped-def]
    return build(AT.date(), 1, Rows(units=UNITS, **more))  # type: ignore[arg-type]


def test_without_a_row_the_nearest_unit_of_the_trade_gets_it() -> None:
    found = route(Kind(), GRID, directory(), AT)
    assert found is not None
    assert (found.unit_id, found.first_asked_id, [one["why"] for one in found.why]) == (3, 3, ["trade"])


def test_the_responsibility_list_wins_over_the_trade() -> None:
    row = ResponsibilityView(1, "0101", "990101", 5, (), 2, "条例第三条", "2025年版")
    found = route(Kind(), GRID, directory(responsibilities=(row,)), AT)
    assert found is not None
    assert (found.unit_id, found.first_asked_id) == (5, 2)
    assert found.why[0] == {"why": "responsibility", "basis": "条例第三条", "unit": "住建局"}


def test_a_community_is_passed_over_for_what_it_has_not_admitted() -> None:
    kind = Kind(lead_trade="community", first_trade="community")
    found = route(kind, GRID, directory(), AT)
    assert found is not None
    assert found.unit_id == 2
    assert found.why[-1] == {"why": "not_admitted", "community": "社区", "unit": "街道"}
    admitted = route(kind, GRID, directory(admissions=(("0101", "990101001001"),)), AT)
    assert admitted is not None
    assert admitted.unit_id == 4


def test_the_list_asked_is_that_of_the_community_not_of_the_place() -> None:
    neighbour = unit(6, "邻社区", level="L2", path="/1/2/6/", area="990101001002", kind="community")
    row = ResponsibilityView(1, "0101", GRID[:12], 6, (), None, "共管协议", "2025年版")
    lists = {"990101001001": 2, "990101001002": 6}  # whose list has the item → who gets it
    for area, expected in lists.items():
        known = build(
            AT.date(), 1, Rows(units=(*UNITS, neighbour), responsibilities=(row,), admissions=(("0101", area),))
        )
        found = route(Kind(), GRID, known, AT)
        assert found is not None
        assert found.unit_id == expected


def test_nobody_holds_the_trade() -> None:
    assert route(Kind(lead_trade="water"), GRID, directory(), AT) is None


def test_a_first_level_matter_goes_to_the_grids_own_worker() -> None:
    kind = Kind(level="L1", lead_trade="community", first_trade="community")
    people = (PersonView(7, "唐网格", "", None), PersonView(8, "高书记", "", None))
    appointments = (AppointmentView(1, 7, 4, "grid_worker", GRID), AppointmentView(2, 8, 4, "unit_lead", ""))
    known = directory(people=people, appointments=appointments, admissions=(("0101", "990101001001"),))
    found = route(kind, GRID, known, AT)
    assert found is not None
    assert found.person_id == 7
    higher = route(Kind(level="L2", lead_trade="community", first_trade="community"), GRID, known, AT)
    assert higher is not None
    assert higher.person_id == 8


def test_nobody_who_left_the_unit_is_handed_anything() -> None:
    people = (PersonView(7, "何环卫", "", None), PersonView(8, "林队长", "", None))
    shift = ShiftView(7, 3, "handler", AT - timedelta(hours=1), AT + timedelta(hours=1))
    of_unit = (AppointmentView(1, 7, 3, "handler", ""), AppointmentView(2, 8, 3, "unit_lead", ""))
    elsewhere = (AppointmentView(1, 7, 5, "handler", ""), of_unit[1])
    chosen = []
    for appointments, known in ((of_unit, people), (elsewhere, people), (of_unit[1:], people), (of_unit, people[1:])):
        found = route(Kind(), GRID, directory(people=known, appointments=appointments, shifts=(shift,)), AT)
        assert found is not None and found.unit_id == 3
        chosen.append((found.person_id, [one["why"] for one in found.why]))
    assert chosen == [(7, ["trade", "on_duty"]), *[(None, ["trade"])] * 3]
    resting = directory(people=people, appointments=of_unit)
    assert worker_of(3, resting, AT) == 8


def test_a_grid_worker_of_another_unit_is_not_handed_its_matters() -> None:
    kind = Kind(level="L1", lead_trade="community", first_trade="community")
    people = (PersonView(7, "唐网格", "", None), PersonView(8, "高书记", "", None))
    appointments = (AppointmentView(1, 7, 2, "grid_worker", GRID), AppointmentView(2, 8, 4, "unit_lead", ""))
    found = route(kind, GRID, directory(people=people, appointments=appointments, admissions=ADMITTED), AT)
    assert found is not None
    assert (found.unit_id, found.person_id) == (4, 8)


def test_another_trade_may_be_asked_first() -> None:
    found = route(Kind(lead_trade="housing", first_trade="sanitation"), GRID, directory(), AT)
    assert found is not None
    assert (found.unit_id, found.first_asked_id) == (5, 3)


SURE = Certainty(0.9, 0.5, 0.9)


@pytest.mark.parametrize(
    ("kind", "certainty", "expected"),
    [
        (Kind(), SURE, None),
        (Kind(auto_dispatch=False), SURE, "item_needs_person"),
        (Kind(), Certainty(0.59, 0.5, 0.9), "unsure_item"),
        (Kind(), Certainty(0.9, 0.14, 0.9), "close_call"),
        (Kind(), Certainty(0.9, 0.5, 0.59), "unsure_place"),
        (Kind(), Certainty(0.6, 0.15, 0.6), None),
    ],
)
def test_how_sure_is_sure_enough(kind: Kind, certainty: Certainty, expected: str | None) -> None:
    assert refuse_auto(kind, certainty, Policy()) == expected


@given(st.lists(st.floats(0, 1), max_size=5))
def test_the_margin_is_a_share(confidences: list[float]) -> None:
    assert 0 <= margin(sorted(confidences, reverse=True)) <= 1


@given(st.text(max_size=400))
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_of(text)
    assert len(title) <= 41
    assert "\n" not in title


def test_a_title_ends_at_a_mark() -> None:
    assert title_of("路口垃圾没人清。臭得很！") == "路口垃圾没人清"
    assert title_of("一" * 60) == "一" * 40 + "…"
    assert title_of("  多个\n 空白  ") == "多个 空白"
