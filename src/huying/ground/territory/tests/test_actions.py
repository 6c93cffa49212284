"""Dividing, joining and correcting grids; refused calls leave nothing behind."""

import json
from datetime import timedelta
from threading import Thread

import pytest
import shapely
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError
from shapely.geometry import LineString

from huying.ground.territory import actions, queries
from huying.ground.territory.factories import (
    CLERK,
    EDITOR,
    HETANG,
    HETANG_EDITOR,
    NOW,
    RESIDENT,
    SOUTH,
    STEP,
    TAOYUAN,
    TODAY,
    TOWN,
    WEST,
    a_town,
    an_area,
    cell,
)
from huying.ground.territory.facts import AreasChanged
from huying.ground.territory.models import Area, AreaChange
from huying.kernel.errors import Conflict, Forbidden, HuyingError, Invalid, NotFound, Refused
from huying.kernel.facts import collected
from huying.kernel.trace import Entry

G1, G2, G3, G4 = (f"{HETANG}00{n}" for n in (1, 2, 3, 4))
MIDDLE = LineString([(WEST + STEP / 2, SOUTH - STEP), (WEST + STEP / 2, SOUTH + 3 * STEP)])


def _state() -> tuple[object, ...]:
    areas = tuple(Area.objects.order_by("code").values_list("code", "name", "valid_to", "shape"))
    return tuple((a, b, c, bytes(d or b"")) for a, b, c, d in areas), AreaChange.objects.count(), Entry.objects.count()


@pytest.mark.django_db
def test_split_ends_the_grid_and_numbers_its_parts_west_to_east() -> None:
    a_town()
    with collected() as facts:
        west, east = actions.split_grid(
            actor=EDITOR, now=NOW, code=G1, line=MIDDLE, names=["一格西"], reason="人口增加"
        )
    assert (west.code, west.name, east.code) == (f"{HETANG}005", "一格西", f"{HETANG}006")
    assert west.lon is not None and east.lon is not None and west.lon < east.lon
    old = Area.objects.get(code=G1)
    assert old.valid_to == TODAY
    assert queries.successors_of(G1) == [west.code, east.code]
    assert queries.predecessors_of(east.code) == [G1]
    (fact,) = [fact for fact in facts if isinstance(fact, AreasChanged)]
    assert fact.ended == (G1,) and fact.successors == ((G1, (west.code, east.code)),)
    chains = set(Entry.objects.values_list("chain", "verb"))
    assert chains == {
        (f"area:{G1}", "area.split"),
        (f"area:{west.code}", "area.opened"),
        (f"area:{east.code}", "area.opened"),
    }
    assert all(not result.problems for result in queries.check_report(on=TODAY))


@pytest.mark.django_db
def test_a_point_keeps_its_old_grid_before_the_day_of_the_change() -> None:
    a_town()
    tomorrow = TODAY + timedelta(days=1)
    actions.split_grid(actor=EDITOR, now=NOW, code=G1, line=MIDDLE, on=tomorrow)
    spot = (WEST + STEP * 0.25, SOUTH + STEP * 1.5)
    (before,) = queries.locate_points([spot], on=TODAY)
    (after,) = queries.locate_points([spot], on=tomorrow)
    assert before and before.grid == G1
    assert after and after.grid == f"{HETANG}005"


@pytest.mark.django_db
def test_codes_are_never_used_twice() -> None:
    a_town()
    actions.split_grid(actor=EDITOR, now=NOW, code=G1, line=MIDDLE)
    merged = actions.merge_grids(actor=EDITOR, now=NOW, codes=[f"{HETANG}005", f"{HETANG}006"], name="第一网格")
    assert merged.code == f"{HETANG}007"
    assert queries.successors_of(G1) == [merged.code]
    assert shapely.equals(merged.geometry.normalize(), cell(0, 1).normalize()) or merged.geometry.equals_exact(
        cell(0, 1), 1e-8
    )


@pytest.mark.django_db
def test_micro_grids_move_with_the_part_they_lie_in() -> None:
    a_town()
    an_area(f"{G1}01", "一栋", shapely.box(WEST + 0.0005, SOUTH + STEP + 0.001, WEST + 0.001, SOUTH + STEP + 0.002))
    actions.split_grid(actor=EDITOR, now=NOW, code=G1, line=MIDDLE)
    assert Area.objects.get(code=f"{G1}01").valid_to == TODAY
    assert queries.successors_of(f"{G1}01") == [f"{HETANG}00501"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("points", "code"),
    [
        ([(-1, 1.5), (0.5, 1.5)], "line_ends_inside"),
        ([(-1, -1), (3, -1)], "line_misses"),
        ([(-1, 1.0001), (3, 1.0001)], "part_too_small"),
    ],
)
def test_a_line_that_does_not_divide_is_refused(points: list[tuple[float, float]], code: str) -> None:
    a_town()
    before = _state()
    line = LineString([(WEST + x * STEP, SOUTH + y * STEP) for x, y in points])
    with pytest.raises(Invalid) as caught:
        actions.split_grid(actor=EDITOR, now=NOW, code=G1, line=line)
    assert caught.value.code == code
    assert _state() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("codes", "error"),
    [
        ([G1], Invalid),
        ([G1, G4], Invalid),  # only a corner in common
        ([G2, f"{TAOYUAN}001"], Invalid),  # another community
        ([G1, f"{HETANG}009"], NotFound),
    ],
)
def test_merges_that_make_no_sense_are_refused(codes: list[str], error: type[HuyingError]) -> None:
    a_town()
    before = _state()
    with pytest.raises(error):
        actions.merge_grids(actor=EDITOR, now=NOW, codes=codes)
    assert _state() == before


@pytest.mark.django_db
def test_a_small_correction_keeps_the_code_and_a_large_one_does_not() -> None:
    a_town()
    border = WEST + STEP * 1.03
    west = shapely.box(WEST, SOUTH + STEP, border, SOUTH + 2 * STEP)
    east = shapely.box(border, SOUTH + STEP, WEST + 2 * STEP, SOUTH + 2 * STEP)
    kept = actions.reshape_area(actor=EDITOR, now=NOW, code=G1, shape=west, neighbours={G2: east})
    assert [area.code for area in kept] == [G1, G2]
    border = WEST + STEP * 1.4
    west = shapely.box(WEST, SOUTH + STEP, border, SOUTH + 2 * STEP)
    east = shapely.box(border, SOUTH + STEP, WEST + 2 * STEP, SOUTH + 2 * STEP)
    fresh = actions.reshape_area(actor=EDITOR, now=NOW, code=G1, shape=west, neighbours={G2: east})
    assert [area.code for area in fresh] == [f"{HETANG}005", f"{HETANG}006"]
    assert all(not result.problems for result in queries.check_report(on=TODAY))


@pytest.mark.django_db
def test_a_new_boundary_may_not_overlap_leave_a_gap_or_leave_the_community() -> None:
    a_town()
    before = _state()
    for shape, code in (
        (cell(0, 1, 2, 1), "topology_overlap"),
        (shapely.box(WEST, SOUTH + STEP, WEST + STEP * 0.9, SOUTH + 2 * STEP), "topology_gap"),
        (shapely.box(WEST - STEP / 2, SOUTH + STEP, WEST + STEP, SOUTH + 2 * STEP), "topology_outside"),
    ):
        with pytest.raises(Refused) as caught:
            actions.reshape_area(actor=EDITOR, now=NOW, code=G1, shape=shape)
        assert caught.value.code == code
    assert _state() == before


@pytest.mark.django_db
def test_temporary_grids_may_lie_over_others_and_be_retired() -> None:
    a_town()
    area = actions.draw_area(
        actor=EDITOR, now=NOW, parent=HETANG, shape=cell(0, 0, 2, 1), name="防汛专班", kind="temporary"
    )
    assert area.code == f"{HETANG}900"
    actions.retire_area(actor=EDITOR, now=NOW, code=area.code)
    with pytest.raises(Refused):
        actions.retire_area(actor=EDITOR, now=NOW, code=G1)
    with pytest.raises(Refused):
        actions.draw_area(actor=EDITOR, now=NOW, parent=HETANG, shape=cell(0, 0), name="重叠")


@pytest.mark.django_db
def test_rename_keeps_the_old_name_in_the_history() -> None:
    a_town()
    actions.rename_area(actor=EDITOR, now=NOW, code=G1, name="荷风网格", name_en="Hefeng Grid")
    (change,) = queries.history(G1)
    assert change.details == {"before": "第一网格", "after": "荷风网格"}
    assert queries.label(G1) == "澄湖区柳汀街道荷塘社区荷风网格"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("actor", "error"),
    [(EDITOR, None), (HETANG_EDITOR, None), (CLERK, Forbidden), (RESIDENT, NotFound)],
    ids=["editor", "community-editor", "clerk", "resident"],
)
def test_who_may_change(actor: object, error: type[HuyingError] | None) -> None:
    a_town()
    before = _state()
    calls = (
        lambda: actions.rename_area(actor=actor, now=NOW, code=G1, name="新名"),
        lambda: actions.split_grid(actor=actor, now=NOW, code=G1, line=MIDDLE),
        lambda: actions.merge_grids(actor=actor, now=NOW, codes=[G3, G4]),
        lambda: actions.draw_area(actor=actor, now=NOW, parent=HETANG, shape=cell(0, 0), name="临时", kind="temporary"),
        lambda: actions.import_areas(actor=actor, now=NOW, content=_features([(G2, "第二格", cell(1, 1))])),
    )
    for call in calls:
        if error is None:
            call()
        else:
            with pytest.raises(error):
                call()
            assert _state() == before
    with pytest.raises((Forbidden, NotFound)):
        actions.rename_area(actor=HETANG_EDITOR, now=NOW, code=f"{TAOYUAN}001", name="别人的")


def _features(rows: list[tuple[str, str, object]]) -> bytes:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"code": code, "name": name},
                    "geometry": shapely.geometry.mapping(shape) if shape is not None else None,
                }
                for code, name, shape in rows
            ],
        }
    ).encode()


@pytest.mark.django_db
def test_the_same_file_twice_changes_nothing() -> None:
    content = _features(
        [("990102", "望屿区", None), ("990102001", "石埠街道", None), ("990102001001", "石桥社区", None)]
        + [(f"99010200100100{n + 1}", f"第{n + 1}网格", cell(10 + n, 0)) for n in range(3)]
    )
    actor = EDITOR.__class__("system", "system:test", "系统")
    dry = actions.import_areas(actor=actor, now=NOW, content=content, dry_run=True)
    assert (dry.added, dry.done, Area.objects.count()) == (6, False, 0)
    first = actions.import_areas(actor=actor, now=NOW, content=content)
    assert (first.added, first.problems) == (6, [])
    assert Area.objects.get(code="990102").geometry.area == pytest.approx(3 * STEP * STEP)
    state = _state()
    again = actions.import_areas(actor=actor, now=NOW, content=content)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 6)
    assert _state() == state


@pytest.mark.django_db
def test_an_import_names_each_bad_feature_and_stores_nothing() -> None:
    a_town()
    before = _state()
    bowtie = shapely.Polygon([(124, 30), (124.01, 30.01), (124.01, 30), (124, 30.01)])
    report = actions.import_areas(
        actor=EDITOR,
        now=NOW,
        content=_features(
            [
                (f"{HETANG}01", "码错", cell(5, 5)),
                (f"{HETANG}005", "", cell(5, 5)),
                (f"{HETANG}006", "蝴蝶结", bowtie),
                (f"{HETANG}007", "压住别人", cell(0, 0)),
                ("990101009009001", "没有上级", cell(6, 6)),
                (G2, "大挪移", cell(1, 1, 1, 3)),
                (f"{HETANG}007", "重复", cell(7, 7)),
            ]
        ),
    )
    assert not report.done and _state() == before
    assert [(problem.row, problem.field) for problem in report.problems] == [
        (1, "code"),
        (2, "name"),
        (3, "geometry"),
        (6, "geometry"),
        (7, "code"),
        (5, "code"),
        (4, "geometry"),
    ]
    assert "重叠" in str(report.problems[-1].reason)


@pytest.mark.django_db
def test_imports_convert_coordinates() -> None:
    from huying.ground.territory.coordinates import convert

    a_town()
    moved = shapely.transform(
        cell(0, 0), lambda xy: __import__("numpy").column_stack(convert(xy[:, 0], xy[:, 1], "wgs84", "gcj02"))
    )
    report = actions.import_areas(actor=EDITOR, now=NOW, content=_features([(G3, "第三网格", moved)]), crs="gcj02")
    assert (report.problems, report.unchanged) == ([], 1)


@pytest.mark.django_db
def test_the_database_guards_itself() -> None:
    a_town()
    for sql in (
        f"UPDATE territory_area SET code = '{HETANG}099' WHERE code = '{G1}'",
        f"UPDATE territory_area SET level = 'town' WHERE code = '{G1}'",
        f"UPDATE territory_area SET kind = 'special' WHERE code = '{G1}'",
        f"UPDATE territory_area SET parent_id = '{TAOYUAN}' WHERE code = '{G1}'",
        f"UPDATE territory_area SET valid_to = '1999-01-01' WHERE code = '{G1}'",
        f"DELETE FROM territory_area WHERE code = '{TOWN}'",
    ):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db(transaction=True)
def test_two_editors_at_once_leave_one_winner_and_no_code_twice() -> None:
    a_town()
    outcomes: list[object] = []

    def divide(code: str, line: LineString) -> None:
        try:
            outcomes.append([area.code for area in actions.split_grid(actor=EDITOR, now=NOW, code=code, line=line)])
        except Conflict as conflict:
            outcomes.append(conflict.code)
        finally:
            connection.close()

    threads = [Thread(target=divide, args=(code, MIDDLE)) for code in (G1, G1, G3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    codes = [code for outcome in outcomes if isinstance(outcome, list) for code in outcome]
    assert outcomes.count("area_ended") == 1
    assert len(codes) == 4 == len(set(codes))
    assert Area.objects.filter(parent_id=HETANG, valid_to__isnull=True).count() == 6
