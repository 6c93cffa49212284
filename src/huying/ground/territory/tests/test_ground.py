"""The ground under the map: what the fictional place has of it, and how it is served."""

import gzip
import json

import pytest
import shapely
from django.test import Client

from huying.ground.territory import actions
from huying.ground.territory.factories import COUNTY, SOUTH, STEP, WEST, cell
from huying.ground.territory.fictional import make
from huying.ground.territory.records import LayerRecord


def _ground() -> None:
    actions.replace_base_layers(
        [
            LayerRecord("water", "荷溪", "Hexi Creek", COUNTY, cell(0, 0), 1),
            LayerRecord("road", "文昌路", "Wenchang Road", COUNTY, cell(1, 0).exterior, 3),
            LayerRecord("building", "", "", COUNTY, shapely.MultiPolygon([cell(8, 8)]), 4),
        ]
    )


@pytest.mark.parametrize("scale", ["community", "district"])
def test_a_fictional_place_has_water_green_roads_and_buildings_that_stay_dry(scale: str) -> None:
    place = make(scale)  # type: ignore[arg-type]
    kinds = {
        kind: [row.shape for row in place.layers if row.kind == kind] for kind in ("water", "park", "road", "building")
    }
    assert all(kinds.values())
    assert all(row.shape.is_valid for row in place.layers)
    shapely.prepare(wet := shapely.union_all(kinds["water"]))
    assert not any(shapely.intersects(wet, kinds["building"]))
    assert [row.shape.wkb for row in make(scale).layers] == [row.shape.wkb for row in place.layers]  # type: ignore[arg-type]


@pytest.mark.django_db
def test_fine_things_are_asked_for_by_place(client: Client) -> None:
    _ground()
    coarse = client.get("/areas/base?rank=2").json()["features"]
    assert [row["properties"]["name_en"] for row in coarse] == ["Hexi Creek"]
    here = client.get(f"/areas/base?from=3&rank=9&bbox={WEST},{SOUTH},{WEST + STEP},{SOUTH + STEP}").json()["features"]
    assert [row["properties"]["kind"] for row in here] == ["road"], (
        "the building stands in the next hundredth of a degree"
    )
    there = client.get(f"/areas/base?from=3&rank=9&bbox={WEST},{SOUTH},{WEST + 9 * STEP},{SOUTH + 9 * STEP}").json()
    assert {row["properties"]["kind"] for row in there["features"]} == {"road", "building"}
    for bad in ("1,2,3", "a,b,c,d", "3,0,1,0", "nan,0,1,1", "0,0,999,1"):
        assert client.get(f"/areas/base?bbox={bad}").status_code == 422


@pytest.mark.django_db
def test_layers_travel_packed_and_are_kept_by_etag(client: Client) -> None:
    _ground()
    plain = client.get("/areas/base")
    packed = client.get("/areas/base", headers={"Accept-Encoding": "gzip, br"})
    assert packed["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed["Vary"]
    assert json.loads(gzip.decompress(packed.content)) == plain.json()
    again = client.get("/areas/base", headers={"Accept-Encoding": "gzip", "If-None-Match": packed["ETag"]})
    assert (again.status_code, again.content) == (304, b"") and "Content-Encoding" not in again
