"""Shapes changed on the map: what a line or a new outline would make, shown before it is stored, and what is refused."""

import json
from typing import Any

import pytest
import shapely
from shapely.geometry import LineString, box

from huying.ground.territory import actions, desk_shapes, plans, queries, rules, topology
from huying.ground.territory.factories import (
    CLERK,
    EDITOR,
    HETANG,
    NOW,
    SOUTH,
    STEP,
    TAOYUAN,
    TODAY,
    WEST,
    a_town,
    an_area,
    cell,
)
from huying.ground.territory.models import Area
from huying.ground.territory.tests.test_pages import LINE, _ask
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused

G1, G2, G3, G4 = (f"{HETANG}00{n}" for n in (1, 2, 3, 4))
OUTSIDE_TO_INSIDE = f"{WEST + STEP / 2},{SOUTH - STEP}\n{WEST + STEP / 2},{SOUTH + STEP * 1.5}"


def _wider(steps: float) -> shapely.Polygon:
    """The first grid with its eastern edge moved by so many squares."""
    return box(WEST, SOUTH + STEP, round(WEST + STEP * (1 + steps), 7), SOUTH + 2 * STEP)


def _geojson(shape: Any) -> str:
    return json.dumps(shapely.geometry.mapping(shape))


# --- what follows


def test_a_neighbour_gives_what_is_taken_and_gets_what_is_given_up() -> None:
    before, beside = cell(0, 1), {"east": cell(1, 1), "south": cell(0, 0)}
    taken = topology.follow(before, _wider(0.25), beside)
    assert list(taken) == ["east"]
    assert topology.area_m2(taken["east"]) == pytest.approx(0.75 * topology.area_m2(cell(1, 1)), rel=1e-6)
    given = topology.follow(before, _wider(-0.25), beside)
    assert list(given) == ["east"], "the eastern neighbour has the longest edge along the freed strip"
    for moved, after in ((taken, _wider(0.25)), (given, _wider(-0.25))):
        assert topology.check({**beside, **moved, "here": after}, shapely.union_all([before, *beside.values()])) == []


def test_a_neighbour_is_not_swallowed_and_land_nobody_borders_stays_free() -> None:
    with pytest.raises(topology.ShapeRefused, match="swallows_neighbour"):
        topology.follow(cell(0, 1), cell(0, 1, 2, 1), {"east": cell(1, 1)})
    assert topology.follow(cell(0, 1), _wider(-0.25), {"south": cell(5, 5)}) == {}


def test_only_what_gets_worse_is_an_obstacle() -> None:
    old = topology.Problem("gap", ("a", "b"), 40.0, 0, 0)
    same, larger = topology.Problem("gap", ("b",), 40.5, 0, 0), topology.Problem("gap", ("b",), 42.0, 0, 0)
    other = topology.Problem("overlap", ("a", "b"), 3.0, 0, 0)
    assert rules.worsened([old], [same, larger, other]) == [larger, other]


# --- plans


@pytest.mark.django_db
def test_a_plan_of_a_split_names_parts_codes_and_sizes_as_the_split_then_does() -> None:
    a_town()
    line = LineString([(WEST + STEP / 4, SOUTH - STEP), (WEST + STEP / 4, SOUTH + 3 * STEP)])
    planned = plans.plan_split(G1, line, ["西片", ""])
    assert [(part.code, part.name) for part in planned] == [
        (f"{HETANG}005", "西片"),
        (f"{HETANG}006", "第一网格（2）"),
    ]
    assert sum(part.area_m2 for part in planned) == pytest.approx(topology.area_m2(cell(0, 1)))
    done = actions.split_grid(actor=EDITOR, now=NOW, code=G1, line=line, names=["西片", ""])
    assert [(area.code, area.name) for area in done] == [(part.code, part.name) for part in planned]


@pytest.mark.django_db
def test_a_plan_of_a_boundary_says_who_follows_and_what_would_be_wrong() -> None:
    a_town()
    followed = plans.plan_reshape(G1, _wider(0.02), carry=True)
    assert [(one.area.code, one.keeps_code) for one in followed.moved] == [(G1, True), (G2, True)]
    assert followed.problems == ()
    alone = plans.plan_reshape(G1, _wider(0.25), carry=False)
    (problem,) = alone.problems
    assert (problem.kind, problem.codes) == ("overlap", (G1, G2)) and problem.shape is not None
    assert [one.keeps_code for one in alone.moved] == [False]
    gap = plans.plan_reshape(G1, _wider(-0.25), carry=False)
    assert [one.kind for one in gap.problems] == ["gap"]
    assert plans.plan_reshape(G1, cell(0, 1), carry=True).moved == ()


# --- the write


@pytest.mark.django_db
def test_neighbours_follow_in_the_same_step() -> None:
    a_town()
    moved = actions.reshape_area(actor=EDITOR, now=NOW, code=G1, shape=_wider(0.03), carry=True)
    assert sorted(area.code for area in moved) == [G1, G2]
    moved = actions.reshape_area(actor=EDITOR, now=NOW, code=G1, shape=_wider(-0.4), carry=True)
    assert sorted(area.code for area in moved) == [f"{HETANG}005", f"{HETANG}006"]
    assert all(not result.problems for result in queries.check_report(on=TODAY))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("shape", "error", "code"),
    [
        (cell(0, 1), Refused, "unchanged"),
        (cell(0, 1, 2, 1), Invalid, "swallows_neighbour"),
        (box(WEST - STEP / 2, SOUTH + STEP, WEST + STEP, SOUTH + 2 * STEP), Refused, "topology_outside"),
        (
            cell(0, 1).difference(box(WEST, SOUTH + 1.5 * STEP, WEST + STEP / 2, SOUTH + 2 * STEP)),
            Refused,
            "topology_gap",
        ),
        (shapely.Polygon([(124, 30), (124.01, 30.01), (124.01, 30), (124, 30.02)]), Invalid, "invalid"),
    ],
    ids=["nothing", "swallowed", "outside", "gap", "crossing"],
)
def test_what_cannot_be_saved_changes_nothing(shape: Any, error: type[Refused], code: str) -> None:
    a_town()
    before = list(Area.objects.order_by("code").values_list("code", "valid_to", "shape"))
    with pytest.raises(error) as caught:
        actions.reshape_area(actor=EDITOR, now=NOW, code=G1, shape=shape, carry=True)
    assert caught.value.code == code
    assert list(Area.objects.order_by("code").values_list("code", "valid_to", "shape")) == before


@pytest.mark.django_db
def test_a_temporary_grid_moves_over_others() -> None:
    a_town()
    an_area(f"{HETANG}900", "防汛专班", cell(0, 0))
    (area,) = actions.reshape_area(actor=EDITOR, now=NOW, code=f"{HETANG}900", shape=cell(0, 0, 2, 1), carry=True)
    assert area.kind == "temporary" and area.geometry.equals(cell(0, 0, 2, 1))
    assert Area.objects.get(code=G3).valid_to is None


# --- pages


@pytest.mark.django_db
def test_the_page_asks_for_the_parts_while_one_draws() -> None:
    a_town()
    said = _ask(desk_shapes.split_plan, EDITOR, G1, data={"line": LINE, "crs": "cgcs2000", "names": ["西片", "东片"]})
    text = said.content.decode()
    assert said.status_code == 200 and "确认拆分" in text and f"新编码 {HETANG}005" in text
    assert 'value="西片"' in text and 'value="东片"' in text and "&quot;role&quot;:&quot;part&quot;" in text
    waiting = _ask(desk_shapes.split_plan, EDITOR, G1, data={"line": "", "crs": "cgcs2000"}).content.decode()
    assert "画一条线" in waiting and "确认拆分" not in waiting


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "words"),
    [
        (OUTSIDE_TO_INSIDE, "线的一端停在了网格里面"),
        ("124,29\n125,29", "请从网格外面一侧点起"),
        ("124", "第 1 行应写成"),
    ],
)
def test_a_line_that_does_not_divide_is_refused_kindly_beside_the_map(line: str, words: str) -> None:
    a_town()
    said = _ask(desk_shapes.split_plan, EDITOR, G1, data={"line": line, "crs": "cgcs2000"}).content.decode()
    assert words in said and 'role="alert"' in said and "确认拆分" not in said
    page = _ask(desk_shapes.split, EDITOR, G1, data={"line": line, "crs": "cgcs2000", "confirm": "1"})
    assert page.status_code == 422 and words in page.content.decode()
    assert Area.objects.get(code=G1).valid_to is None


@pytest.mark.django_db
def test_each_part_gets_the_name_in_its_field_and_an_empty_one_the_usual_name() -> None:
    a_town()
    data = {"line": LINE, "crs": "cgcs2000", "names": ["", "东片"], "confirm": "1"}
    assert _ask(desk_shapes.split, EDITOR, G1, data=data).status_code == 302
    named = dict(Area.objects.filter(code__in=[f"{HETANG}005", f"{HETANG}006"]).values_list("code", "name"))
    assert named == {f"{HETANG}005": "第一网格（1）", f"{HETANG}006": "东片"}


@pytest.mark.django_db
def test_a_boundary_is_shown_first_and_saved_when_told() -> None:
    a_town()
    data = {"shape": _geojson(_wider(0.02)), "crs": "cgcs2000", "carry": "on"}
    empty = _ask(desk_shapes.reshape, EDITOR, G1).content.decode()
    assert "data-original" in empty and "边界还没有改动" in empty and "保存边界" not in empty
    shown = _ask(desk_shapes.reshape, EDITOR, G1, data=data).content.decode()
    assert "保存边界" in shown and "第二网格" in shown and "编码不变" in shown
    assert Area.objects.get(code=G1).geometry.equals(cell(0, 1))
    done = _ask(desk_shapes.reshape, EDITOR, G1, data={**data, "confirm": "1"})
    assert (done.status_code, done.url) == (302, f"/desk/areas/{G1}")
    assert Area.objects.get(code=G1).geometry.area == pytest.approx(1.02 * STEP * STEP)


@pytest.mark.django_db
def test_overlaps_and_gaps_are_shown_and_refused() -> None:
    a_town()
    for steps, words in ((0.25, "重叠"), (-0.25, "没有网格")):
        data = {"shape": _geojson(_wider(steps)), "crs": "cgcs2000"}
        shown = _ask(desk_shapes.reshape_plan, EDITOR, G1, data=data).content.decode()
        assert words in shown and "这样不能保存" in shown and "保存边界" not in shown
        refused = _ask(desk_shapes.reshape, EDITOR, G1, data={**data, "confirm": "1"})
        assert refused.status_code == 422 and words in refused.content.decode()
    assert Area.objects.get(code=G1).geometry.equals(cell(0, 1))


@pytest.mark.django_db
def test_plans_are_for_editors_and_for_grids() -> None:
    a_town()
    for view in (desk_shapes.split_plan, desk_shapes.reshape_plan):
        with pytest.raises(Forbidden):
            _ask(view, CLERK, G1, data={"line": LINE})
        with pytest.raises(NotFound):
            _ask(view, EDITOR, TAOYUAN, data={"line": LINE})
