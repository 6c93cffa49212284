"""Points and texts → grids, against slow oracles and on the fictional district."""

import random
import re
import time
from datetime import date
from typing import Any

import ahocorasick
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box

from huying.ground.territory import actions, queries
from huying.ground.territory.addresses import Gazetteer, NamedPlace, longest
from huying.ground.territory.codes import at_level
from huying.ground.territory.factories import (
    HETANG,
    NOW,
    SOUTH,
    STEP,
    TAOYUAN,
    TODAY,
    TOWN,
    WEST,
    a_name,
    a_road,
    a_town,
    an_area,
    cell,
)
from huying.ground.territory.fictional import FictionalPlace, make
from huying.ground.territory.locating import NEAR_M, PointIndex
from huying.ground.territory.models import Area
from huying.ground.territory.roads import Road, chinese_number, number_after, position_of
from huying.ground.territory.topology import check, in_metres
from huying.kernel.actor import system

HETANG_SHAPES = {f"{HETANG}{n + 1:03d}": box(n % 3, n // 3, n % 3 + 1, n // 3 + 1) for n in range(9)}


@pytest.fixture(scope="module")
def district() -> FictionalPlace:
    return make("district")


def _grids(place: FictionalPlace) -> dict[str, Any]:
    return {area.code: area.shape for area in place.areas if len(area.code) == 15}


@given(st.lists(st.tuples(st.integers(-2, 8), st.integers(-2, 8)), min_size=1, max_size=20))
def test_points_agree_with_asking_every_polygon(spots: list[tuple[int, int]]) -> None:
    index = PointIndex(HETANG_SHAPES, {})
    points = [(x / 2, y / 2) for x, y in spots]
    for point, place in zip(points, index.locate(points), strict=True):
        holding = [code for code, shape in HETANG_SHAPES.items() if shape.intersects(Point(point))]
        assert (place.grid if place else None) == (min(holding) if holding else None)


def test_every_point_of_the_district_agrees_with_brute_force(district: FictionalPlace) -> None:
    grids = _grids(district)
    index, rng = PointIndex(grids, {}), random.Random(4)
    west, south, east, north = district.areas[0].shape.bounds
    points = [(rng.uniform(west, east), rng.uniform(south, north)) for _ in range(100)]
    points += [tuple(shape.exterior.coords[3]) for shape in list(grids.values())[::40]]
    found, away = index.find([x for x, _ in points], [y for _, y in points])
    for (x, y), grid, distance in zip(points, found, away, strict=True):
        holding = [code for code, shape in grids.items() if shape.intersects(Point(x, y))]
        if holding:
            assert (index.codes[grid], distance) == (min(holding), 0)
            continue
        near = min(in_metres(shape, y).distance(in_metres(Point(x, y), y)) for shape in grids.values())
        assert (grid >= 0) == (near <= NEAR_M)


def test_points_beside_the_land_are_less_sure_and_nonsense_is_nowhere() -> None:
    index = PointIndex({f"{HETANG}001": cell(0, 0)}, {})
    metre = 1 / 96_500
    near, far, none, nan, mars = index.locate(
        [(WEST - 15 * metre, SOUTH + STEP / 2), (WEST - 45 * metre, SOUTH), None, (float("nan"), 1.0), (999.0, 1.0)]
    )
    assert near and 0.3 < near.confidence < 0.6
    assert far is none is nan is mars is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12号", 12),
        ("12-3号", 12),
        ("十二号", 12),
        ("二百零三号", 203),
        ("一五号", 15),
        ("边上", None),
        ("3号线", None),
    ],
)
def test_house_numbers(text: str, number: int | None) -> None:
    assert number_after(f"文昌路{text}", 3) == number


def test_chinese_numerals() -> None:
    assert [chinese_number(text) for text in ("十", "二十", "一百", "九", "x", "")] == [10, 20, 100, 9, None, None]


def test_odd_and_even_numbers_face_each_other() -> None:
    road = Road(LineString([(124.0, 30.0), (124.01, 30.0)]), 1, 101)
    odd, even = position_of(road, 51), position_of(road, 50)
    assert odd[1] > 30.0 > even[1] and abs(odd[0] - 124.005) < 1e-6
    assert not road.has_number(102)


def _gazetteer_town() -> None:
    a_town()
    a_name("翠庭花园", area_id=HETANG, aliases=["翠庭小区"])
    a_name("幸福小区", column=0.5, row=1.5)
    a_name("幸福小区", column=2.5, row=1.5, area_id=TAOYUAN)
    a_road("文昌路", [(0, 1.02), (3, 1.02)], 1, 300, area_id=TOWN)
    a_road("春晓街", [(1.02, 0), (1.02, 2)], 1, 200, area_id=HETANG)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "grid", "low", "high"),
    [
        ("翠庭花园三栋楼下噪音", f"{HETANG}003", 0.8, 0.9),
        ("翠庭小区垃圾没人收", f"{HETANG}003", 0.8, 0.9),
        ("柳汀街道荷塘社区翠 庭 花园停水", f"{HETANG}003", 0.9, 1.0),
        ("桃源社区翠庭花园停水", f"{HETANG}003", 0.5, 0.7),
        ("幸福小区停电了", f"{HETANG}001", 0.4, 0.6),
        ("桃源社区幸福小区停电了", f"{TAOYUAN}001", 0.8, 1.0),
        ("文昌路２８０号门口占道", f"{TAOYUAN}002", 0.8, 0.9),
        ("文昌路与春晓街交叉口红绿灯坏了", f"{HETANG}002", 0.6, 0.9),
        ("荷塘社区第四网格有积水", f"{HETANG}004", 0.9, 1.0),
        ("桃源社区居委会没人", "", 0.4, 0.5),
        ("柳汀街道太吵", "", 0.1, 0.3),
    ],
)
def test_texts(text: str, grid: str, low: float, high: float) -> None:
    _gazetteer_town()
    best = queries.locate_texts([text], on=TODAY)[0][0]
    assert best.grid == grid and low <= best.confidence <= high


@pytest.mark.django_db
def test_ambiguous_and_unknown_texts() -> None:
    _gazetteer_town()
    both, nothing, empty, within = (
        *queries.locate_texts(["幸福小区停电", "请问怎么办居住证", ""], on=TODAY),
        queries.locate_texts(["幸福小区停电"], on=TODAY, within=TAOYUAN)[0],
    )
    assert [place.grid for place in both] == [f"{HETANG}001", f"{TAOYUAN}001"]
    assert both[0].confidence == both[1].confidence
    assert nothing == empty == []
    assert [place.grid for place in within] == [f"{TAOYUAN}001"]
    (road,) = queries.locate_texts(["文昌路坑坑洼洼"], on=TODAY, k=5)
    assert len(road) > 1 and road[0].confidence < 0.5


@pytest.mark.django_db
def test_a_community_without_grids_still_answers() -> None:
    a_town()
    an_area("990101001003", "杏林社区", cell(8, 8), name_en="Xinglin")
    (place,) = queries.locate_points([(WEST + 8.5 * STEP, SOUTH + 8.5 * STEP)], on=TODAY)
    assert place and (place.grid, place.community) == ("", "990101001003")


@pytest.mark.django_db
def test_one_query_a_batch_and_none_is_stale(django_assert_num_queries: Any) -> None:
    _gazetteer_town()
    queries.locate_texts(["翠庭花园"], on=TODAY)
    with django_assert_num_queries(1):
        queries.locate_texts(["翠庭花园", "幸福小区"] * 500, on=TODAY)
    with django_assert_num_queries(1):
        queries.locate_points([(WEST, SOUTH)] * 5000, on=TODAY)
    a_name("新来花园", column=2.5, row=0.5)
    assert queries.locate_texts(["新来花园"], on=TODAY)[0][0].grid == f"{TAOYUAN}002"
    Area.objects.filter(code=f"{TAOYUAN}002").update(valid_to=TODAY)
    (gone,) = queries.locate_points([(WEST + 2.5 * STEP, SOUTH + STEP / 2)], on=TODAY)
    (then,) = queries.locate_points([(WEST + 2.5 * STEP, SOUTH + STEP / 2)], on=date(2024, 1, 1))
    assert gone is None and then and then.grid == f"{TAOYUAN}002"


WORDS = st.lists(st.text("荷塘柳园路", min_size=2, max_size=4), min_size=1, max_size=12, unique=True)


@given(WORDS, st.text("荷塘柳园路坏", max_size=30))
@example(["柳柳", "园柳柳园"], "园柳柳")  # a shorter name inside a longer one the text breaks off
@settings(max_examples=200)
def test_names_are_found_leftmost_longest(names: list[str], text: str) -> None:
    automaton = ahocorasick.Automaton()
    for name in names:
        automaton.add_word(name, (name,))
    automaton.make_automaton()
    slow = re.findall("|".join(sorted(map(re.escape, names), key=len, reverse=True)), text)
    assert [name for _end, (name,) in longest(automaton, text)] == slow


def test_names_of_the_district_lead_to_their_own_grids(district: FictionalPlace) -> None:
    points = PointIndex(_grids(district), {area.code: area.name for area in district.areas})
    areas = {area.code: [area.name] for area in district.areas if len(area.code) in (9, 12)}
    rows = [row for row in district.place_names if row.lon is not None and row.kind != "road"]
    places = [NamedPlace(row.name, row.kind, row.area, row.lon, row.lat, row.aliases) for row in rows]
    gazetteer = Gazetteer(points, areas, places, {area.code: area.name for area in district.areas})
    towns = {area.code: area.name for area in district.areas}
    texts = [f"{towns[at_level(row.area, 'community')]}{row.name}旁边的路灯坏了一个星期没有人修" for row in rows]
    found = gazetteer.locate(texts)
    right = sum(bool(best) and best[0].community == row.area for best, row in zip(found, rows, strict=True))
    assert right / len(rows) > 0.99
    started = time.perf_counter()
    gazetteer.locate(texts * 4)
    assert 4 * len(texts) / (time.perf_counter() - started) > 1000  # far below what an idle core does


def test_the_district_is_whole_and_the_same_every_time(district: FictionalPlace) -> None:
    again = make("district")
    assert district.place_names == again.place_names
    assert [area.shape.wkb for area in district.areas] == [area.shape.wkb for area in again.areas]
    sizes = {length: sum(len(area.code) == length for area in district.areas) for length in (6, 9, 12, 15)}
    assert sizes == {6: 1, 9: 6, 12: 50, 15: 1000}
    shapes = {area.code: area.shape for area in district.areas}
    assert all(shape.is_valid for shape in shapes.values())
    for length in (12, 9, 6):
        for code in [code for code in shapes if len(code) == length]:
            below = {one: shape for one, shape in shapes.items() if len(one) > length and one[:length] == code}
            parts = {one: shape for one, shape in below.items() if len(one) == min(map(len, below))}
            assert check(parts, shapes[code]) == []
    assert 2500 <= len(district.place_names) <= 3500
    assert {layer.kind for layer in district.layers} == {"water", "park", "road", "building"}


@pytest.mark.django_db
def test_loading_the_place_twice_changes_nothing() -> None:
    place = make("community")
    first = actions.load_place(actor=system("demo"), now=NOW, place=place)
    assert first.added == len(place.areas)
    again = actions.load_place(actor=system("demo"), now=NOW, place=place)
    assert (again.added, again.changed, again.unchanged) == (0, 0, len(place.areas))
    assert all(not result.problems for result in queries.check_report(on=TODAY))
