"""Pages, maps and REST: who sees what, what forms say, and that layers are cached by ETag."""

import json
from typing import Any

import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from huying.ground.territory import actions, desk, desk_changes, desk_shapes
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
    WEST,
    a_name,
    a_town,
)
from huying.ground.territory.models import Area
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, HuyingError, NotFound

G1, G3 = f"{HETANG}001", f"{HETANG}003"
LINE = f"{WEST + STEP / 2},{SOUTH - STEP}\n{WEST + STEP / 2},{SOUTH + 3 * STEP}"


def _ask(view: Any, actor: Actor | None, *args: str, data: dict[str, Any] | None = None, query: str = "") -> Any:
    factory = RequestFactory()
    request = factory.post("/x", data) if data is not None else factory.get(f"/x?{query}")
    request.actor = actor  # type: ignore[attr-defined]
    request.session = {}  # type: ignore[assignment]
    request.htmx = False  # type: ignore[attr-defined]
    request._messages = _Messages()  # type: ignore[attr-defined]
    from django.contrib.auth.models import AnonymousUser

    request.user = AnonymousUser()
    return view(request, *args)


class _Messages(list):  # type: ignore[type-arg]
    def add(self, level: int, message: str, extra_tags: str = "") -> None:
        self.append(message)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("view", "args"),
    [
        (desk.overview, ()),
        (desk.check, ()),
        (desk.area, (G1,)),
        (desk_changes.rename, (G1,)),
        (desk_shapes.split, (G1,)),
        (desk_shapes.reshape, (G1,)),
        (desk_changes.merge, (G1,)),
        (desk_changes.draw, (HETANG,)),
        (desk_changes.import_file, ()),
    ],
    ids=lambda value: getattr(value, "__name__", "-".join(value) if isinstance(value, tuple) else None),
)
def test_who_sees_which_page(view: Any, args: tuple[str, ...]) -> None:
    a_town()
    editing = view.__module__.endswith(("desk_changes", "desk_shapes"))
    outcomes: dict[str, type[HuyingError] | int] = {}
    for name, actor in (("editor", EDITOR), ("clerk", CLERK), ("resident", RESIDENT), ("nobody", None)):
        try:
            outcomes[name] = _ask(view, actor, *args).status_code
        except HuyingError as error:
            outcomes[name] = type(error)
    expected = {"editor": 200, "clerk": Forbidden if editing else 200, "resident": NotFound, "nobody": NotFound}
    assert outcomes == expected


@pytest.mark.django_db
def test_an_editor_of_one_community_cannot_open_the_forms_of_another() -> None:
    a_town()
    with pytest.raises(Forbidden):
        _ask(desk_changes.rename, HETANG_EDITOR, f"{TAOYUAN}001")


@pytest.mark.django_db
def test_splitting_is_previewed_then_confirmed() -> None:
    a_town()
    preview = _ask(desk_shapes.split, EDITOR, G1, data={"line": LINE, "crs": "cgcs2000"})
    assert preview.status_code == 200 and "确认拆分" in preview.content.decode()
    assert Area.objects.get(code=G1).valid_to is None
    done = _ask(desk_shapes.split, EDITOR, G1, data={"line": LINE, "crs": "cgcs2000", "confirm": "1"})
    assert (done.status_code, done.url) == (302, reverse("territory-area", args=[HETANG]))
    assert Area.objects.get(code=G1).valid_to is not None


@pytest.mark.django_db
def test_a_drawn_polygon_serves_as_the_line() -> None:
    a_town()
    ring = json.dumps(shapely.geometry.mapping(shapely.box(WEST - 1e-3, SOUTH, WEST + STEP / 2, SOUTH + 3 * STEP)))
    done = _ask(desk_shapes.split, EDITOR, G1, data={"line": ring, "crs": "cgcs2000", "confirm": "1"})
    assert done.status_code == 302


@pytest.mark.django_db
def test_a_bad_line_is_said_beside_its_field_and_what_was_typed_stays() -> None:
    a_town()
    page = _ask(desk_shapes.split, EDITOR, G1, data={"line": "124,29\n125,29", "crs": "cgcs2000"})
    assert page.status_code == 422
    assert "分割线没有穿过这个网格" in page.content.decode() and "125,29" in page.content.decode()


@pytest.mark.django_db
def test_merging_is_previewed_then_confirmed() -> None:
    a_town()
    data = {"codes": [G3], "name": "合并网格"}
    assert "确认合并" in _ask(desk_changes.merge, EDITOR, G1, data=data).content.decode()
    assert _ask(desk_changes.merge, EDITOR, G1, data={**data, "confirm": "1"}).status_code == 302
    assert Area.objects.get(code=f"{HETANG}005").name == "合并网格"


@pytest.mark.django_db
def test_a_file_is_checked_first_and_stored_only_when_told() -> None:
    a_town()
    feature = {"type": "Feature", "properties": {"code": G1, "name": "新名"}, "geometry": None}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()

    def send(**more: str) -> Any:
        file = SimpleUploadedFile("areas.json", text)
        return _ask(desk_changes.import_file, EDITOR, data={"what": "areas", "crs": "wgs84", "file": file, **more})

    assert "正式导入" in send().content.decode()
    assert Area.objects.get(code=G1).name == "第一网格"
    assert send(store="1").status_code == 302
    assert Area.objects.get(code=G1).name == "新名"


@pytest.mark.django_db
def test_pages_speak_english() -> None:
    a_town()
    with translation.override("en"):
        text = _ask(desk.area, EDITOR, HETANG).content.decode()
    assert "Hetang Community" in text and "Boundaries" not in text


@pytest.mark.django_db
def test_map_layers_are_public_bounded_and_cached(client: Client) -> None:
    a_town()
    url = reverse("areas-geojson") + f"?level=grid&prefix={HETANG}&zoom=13"
    first = client.get(url)
    assert [feature["id"] for feature in first.json()["features"]] == [f"{HETANG}00{n}" for n in (1, 2, 3, 4)]
    again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    actions.rename_area(actor=EDITOR, now=NOW, code=G1, name="新名")
    changed = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200 and "新名" in changed.content.decode()
    assert client.get(reverse("areas-base")).json()["features"] == []
    assert client.get(reverse("areas-geojson") + "?level=planet").status_code == 422


@pytest.mark.django_db
def test_rest(client: Client) -> None:
    a_town()
    a_name("翠庭花园", area_id=HETANG)
    page = client.get("/api/v1/areas?level=grid&limit=4").json()
    assert len(page["items"]) == 4 and page["next"] == f"{HETANG}004"
    rest = client.get(f"/api/v1/areas?level=grid&limit=4&after={page['next']}").json()
    assert [item["code"] for item in rest["items"]] == [f"{TAOYUAN}001", f"{TAOYUAN}002"] and rest["next"] is None
    assert client.get(f"/api/v1/areas/{HETANG}").json()["label"] == "澄湖区柳汀街道荷塘社区"
    spot = f"lon={WEST + STEP / 2}&lat={SOUTH + STEP / 2}"
    (place,) = client.get(f"/api/v1/areas/locate?{spot}").json()
    assert (place["grid"], place["confidence"]) == (G3, 1.0)
    (place,) = client.get("/api/v1/areas/locate?text=翠庭花园的灯坏了").json()
    assert place["grid"] == G3
    assert client.get("/api/v1/areas/locate").status_code == 422
    assert client.get("/api/v1/areas/404404").status_code == 404
    assert len(client.get("/api/v1/areas/geojson?level=community").json()["features"]) == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("view", "args", "queries"),
    [(desk.overview, (), 3), (desk.area, (HETANG,), 9), (desk.area, (G1,), 8), (desk.check, (), 1)],
)
def test_pages_ask_the_territory_a_constant_number_of_times(view: Any, args: tuple[str, ...], queries: int) -> None:
    a_town()
    _ask(view, EDITOR, *args)
    with CaptureQueriesContext(connection) as captured:  # menus of the rooms above may add queries of their own
        _ask(view, EDITOR, *args)
    asked = [one for one in captured if "territory_" in one["sql"] or "huying_stamps" in one["sql"]]
    assert len(asked) == queries


@pytest.mark.django_db
def test_a_warm_map_layer_costs_one_query(client: Client, django_assert_num_queries: Any) -> None:
    a_town()
    client.get("/areas/geojson?level=grid")
    with django_assert_num_queries(1):
        client.get("/areas/geojson?level=grid")
