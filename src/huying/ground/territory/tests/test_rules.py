"""Codes, coordinates and shapes: properties that hold for every input."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box

from huying.ground.territory import codes, coordinates, rules, topology

LON, LAT = st.floats(72.05, 137.8), st.floats(0.85, 55.8)
DIGITS = st.sampled_from("0123456789")
ROAD_ENDS = st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95))


@given(st.sampled_from([2, 4, 6, 9, 12, 15, 17]).flatmap(lambda n: st.text(DIGITS, min_size=n, max_size=n)))
def test_every_code_lies_below_its_ancestors(code: str) -> None:
    if not codes.is_code(code):
        assert code[12:15] == "000" or code[15:] == "00"
        return
    above = codes.ancestors_of(code)
    assert [codes.level_of(one) for one in above] == list(codes.LEVELS[: len(above)])
    assert all(code.startswith(one) for one in above)
    assert codes.parent_of(code) == (above[-1] if above else "")


@pytest.mark.parametrize(
    "text", ["", "1", "123", "99010100100100a", "９９０１０１", "990101001001000", "99010100100100100"]
)
def test_what_is_no_code(text: str) -> None:
    assert not codes.is_code(text)


@given(st.sets(st.integers(1, 999), max_size=60), st.sampled_from(["general", "special", "temporary"]))
def test_free_codes_were_never_used_and_stay_in_their_range(used: set[int], kind: codes.GridKind) -> None:
    parent = "990101001001"
    taken = {f"{parent}{number:03d}" for number in used}
    found = [code for code, _ in zip(codes.free_codes(parent, kind, taken), range(30), strict=False)]
    assert not set(found) & taken and len(set(found)) == len(found)
    assert all(codes.grid_kind(code) == kind for code in found)


def test_a_spent_range_offers_its_gaps_and_then_nothing() -> None:
    parent = "990101001001"
    used = {f"{parent}{number:03d}" for number in range(600, 900) if number != 700}
    assert list(codes.free_codes(parent, "special", used)) == [f"{parent}700"]


@given(st.lists(st.tuples(st.floats(124, 125), st.floats(30, 31)), max_size=30))
def test_numbering_is_a_total_order(centres: list[tuple[float, float]]) -> None:
    order = codes.reading_order(centres)
    assert sorted(order) == list(range(len(centres)))


def test_numbering_goes_west_to_east_then_north_to_south() -> None:
    assert codes.reading_order([(2, 0.1), (1, 1), (2, 1.1), (1, 0)]) == [1, 2, 3, 0]


@given(LON, LAT)
def test_gcj02_comes_back_exactly(lon: float, lat: float) -> None:
    there = coordinates.wgs84_to_gcj02(lon, lat)
    back = coordinates.gcj02_to_wgs84(*there)
    assert abs(back[0] - lon) <= 1e-7 and abs(back[1] - lat) <= 1e-7
    assert max(abs(there[0] - lon), abs(there[1] - lat)) < 0.03


@given(LON, LAT)
def test_bd09_comes_back_exactly(lon: float, lat: float) -> None:
    back = coordinates.bd09_to_wgs84(*coordinates.wgs84_to_bd09(lon, lat))
    assert abs(back[0] - lon) <= 1e-7 and abs(back[1] - lat) <= 1e-7


@given(
    st.floats(-179, 70),
    st.floats(-80, 80),
    st.sampled_from(coordinates.CRS_NAMES),
    st.sampled_from(coordinates.CRS_NAMES),
)
def test_outside_china_all_systems_are_the_same(lon: float, lat: float, a: coordinates.Crs, b: coordinates.Crs) -> None:
    assert coordinates.convert_point(lon, lat, a, b) == (lon, lat)


def test_known_points() -> None:
    """Values that the public converters agree on."""
    assert coordinates.wgs84_to_gcj02(116.404, 39.915) == pytest.approx(
        (116.41024449916938, 39.91640428150164), abs=1e-9
    )
    assert coordinates.gcj02_to_bd09(116.404, 39.915) == pytest.approx(
        (116.41036949371029, 39.92133699351021), abs=1e-9
    )
    assert coordinates.bd09_to_gcj02(116.404, 39.915) == pytest.approx(
        (116.39762729119315, 39.90865673957631), abs=1e-5
    )


def test_arrays_and_names_of_systems() -> None:
    lon, lat = coordinates.convert([116.4, 0.0], [39.9, 0.0], "wgs84", "gcj02")
    assert lon.shape == (2,) and (lon[1], lat[1]) == (0.0, 0.0)
    assert [coordinates.crs_of(name) for name in ("GCJ-02", "EPSG:4490".replace(":", ""), "bd09ll")] == [
        "gcj02",
        "cgcs2000",
        "bd09",
    ]
    with pytest.raises(ValueError, match="unknown"):
        coordinates.crs_of("mercator")


def test_area_agrees_with_the_sphere_of_equal_area() -> None:
    square = box(124.0, 30.0, 124.01, 30.01)
    east, north = topology.metre_scale(30.005)
    assert topology.area_m2(square) == pytest.approx(east * north * 1e-4, rel=1e-6)
    assert topology.areas_m2([square, square])[1] == pytest.approx(topology.area_m2(square))


@given(ROAD_ENDS)
@settings(max_examples=60)
def test_splitting_keeps_the_land_and_merging_undoes_it(ends: tuple[float, float]) -> None:
    whole = box(124.0, 30.0, 124.01, 30.01)
    line = LineString([(124.0 + ends[0] * 0.01, 29.99), (124.0 + ends[1] * 0.01, 30.02)])
    parts = topology.split(whole, line)
    assert len(parts) == 2
    assert sum(map(topology.area_m2, parts)) == pytest.approx(topology.area_m2(whole), rel=1e-9)
    assert topology.check({"a": parts[0], "b": parts[1]}, whole) == []
    assert topology.are_adjacent(*parts)
    assert topology.moved_share(whole, topology.merge(parts)) < 1e-6


@given(st.floats(0.0002, 0.009), st.floats(0.0002, 0.009))
@settings(max_examples=60)
def test_every_overlap_and_gap_is_found_and_measured(width: float, height: float) -> None:
    whole = box(124.0, 30.0, 124.02, 30.01)
    left, right = box(124.0, 30.0, 124.01, 30.01), box(124.01, 30.0, 124.02, 30.01)
    bite = box(124.01, 30.0, 124.01 + width, 30.0 + height)
    (overlap,) = topology.check({"a": left.union(bite), "b": right}, whole)
    assert (overlap.kind, overlap.codes) == ("overlap", ("a", "b"))
    assert overlap.area_m2 == pytest.approx(topology.area_m2(bite), abs=0.2)
    (gap,) = topology.check({"a": left, "b": right.difference(bite)}, whole)
    assert (gap.kind, gap.codes) == ("gap", ("a", "b"))
    assert bite.contains(shapely.Point(gap.lon, gap.lat)) and bite.contains(shapely.Point(overlap.lon, overlap.lat))


def test_rounding_is_no_dispute_and_nonsense_is() -> None:
    whole = box(124.0, 30.0, 124.02, 30.01)
    left, right = box(124.0, 30.0, 124.0100003, 30.01), box(124.01, 30.0, 124.02, 30.01)
    assert topology.check({"a": left, "b": right}, whole) == []
    bowtie = Polygon([(124, 30), (124.01, 30.01), (124.01, 30), (124, 30.01)])
    kinds = [problem.kind for problem in topology.check({"a": bowtie, "b": right, "c": Polygon()}, None)]
    assert kinds == ["invalid", "empty"]
    assert not topology.are_adjacent(box(0, 0, 1, 1), box(1, 1, 2, 2))
    (outside,) = topology.check({"a": left, "b": box(124.01, 30.0, 124.021, 30.01)}, whole)
    assert outside.kind == "outside"


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (LineString([(0, 0), (1, 1)]), "not_polygon"),
        (Polygon(), "empty"),
        (Polygon([(0, 0), (2, 2), (2, 0), (0, 1)]), "invalid"),
        (Polygon([(0, 0), (np.inf, 1), (1, 0)]), "invalid"),
    ],
)
def test_shapes_unfit_to_be_stored(shape: Polygon, reason: str) -> None:
    with pytest.raises(topology.ShapeRefused) as caught:
        topology.clean(shape)
    assert caught.value.reason == reason


def test_who_keeps_a_code() -> None:
    assert rules.keeps_code("grid", 0.05) and not rules.keeps_code("grid", 0.051)
    assert rules.keeps_code("community", 0.5)
