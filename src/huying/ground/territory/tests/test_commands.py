"""The command line: a round trip through a file in another coordinate system, and a check that names what is wrong."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from huying.ground.territory import queries
from huying.ground.territory.commands import areas, places
from huying.ground.territory.factories import HETANG, TODAY, a_town, an_area, cell


@pytest.mark.django_db
@pytest.mark.parametrize("crs", ["cgcs2000", "gcj02", "bd09"])
def test_what_was_exported_can_be_imported_and_changes_nothing(tmp_path: Path, crs: str) -> None:
    a_town()
    file = tmp_path / "areas.geojson"
    assert CliRunner().invoke(areas, ["export", str(file), "--crs", crs]).exit_code == 0
    result = CliRunner().invoke(areas, ["import", str(file), "--crs", crs, "--json"])
    answer = json.loads(result.stdout)
    assert (answer["total"], answer["unchanged"], answer["problems"]) == (10, 10, [])


@pytest.mark.django_db
def test_check_names_the_overlap() -> None:
    a_town()
    assert CliRunner().invoke(areas, ["check"]).exit_code == 0
    an_area(f"{HETANG}600", "学校专属网格", cell(0, 0))
    result = CliRunner().invoke(areas, ["check", "--json"])
    assert result.exit_code == 1
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["kind"], problem["codes"]) == ("overlap", [f"{HETANG}003", f"{HETANG}600"])


@pytest.mark.django_db
def test_place_names_come_from_a_table_all_or_none(tmp_path: Path) -> None:
    a_town()
    file = tmp_path / "names.csv"
    file.write_text(
        f"名称,类别,所属区域,经度,纬度,别名\n翠庭花园,estate,{HETANG},124.002,30.002,翠庭小区\n坏,x,,,,\n", "utf-8"
    )
    refused = CliRunner().invoke(places, ["import", str(file), "--json"])
    assert refused.exit_code == 1 and json.loads(refused.stdout)["problems"][0]["row"] == 2
    assert queries.locate_texts(["翠庭小区"], on=TODAY) == [[]]
    file.write_text(file.read_text("utf-8").replace("坏,x,,,,\n", ""), "utf-8")
    assert CliRunner().invoke(places, ["import", str(file)]).exit_code == 0
    assert queries.locate_texts(["翠庭小区"], on=TODAY)[0][0].grid == f"{HETANG}003"
    again = CliRunner().invoke(places, ["import", str(file), "--json"])
    assert json.loads(again.stdout)["unchanged"] == 1
