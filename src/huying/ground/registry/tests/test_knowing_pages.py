"""How well areas are known, as people and systems see it: their own areas alone, the worst first, never a name."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.ground.organisation import actions as organisation
from huying.ground.organisation.factories import make_appointment, make_person, make_unit
from huying.ground.organisation.factories import staff as a_staff
from huying.ground.registry import fictional
from huying.ground.registry.actions import catch_up
from huying.ground.registry.factories import worker
from huying.ground.registry.fictional import Estate
from huying.ground.registry.knowing import queries
from huying.ground.registry.knowing.actions import count_knowledge
from huying.ground.registry.knowing.points import COLUMNS
from huying.ground.registry.models import Backlog, CareEntry, Knowledge, Organisation, Premises, Relation, Resident
from huying.ground.registry.tasks import catch_up_after_upgrade
from huying.ground.territory.factories import COUNTY, HETANG, TAOYUAN, TOWN, a_town
from huying.kernel import clock
from huying.kernel.actor import SYSTEM
from huying.kernel.clock import local_day
from huying.kernel.privacy import AccessEntry
from huying.kernel.trace.models import Entry

from .desk_cast import text

pytestmark = pytest.mark.django_db
PAGE, API = "/desk/registry/knowledge/", "/api/v1/registry/knowledge"
GRID, OTHER = f"{HETANG}003", f"{TAOYUAN}002"
_PEOPLE = (
    ("worker", "唐网格", "grid_worker", GRID),
    ("other", "邓网格", "grid_worker", OTHER),
    ("lead", "方网格长", "grid_lead", HETANG),
    ("supervisor", "钱督办", "supervisor", TOWN),
    ("centre", "马中心", "centre_lead", COUNTY),
    ("seat", "王坐席", "seat", COUNTY),
)


@dataclass
class Desk:
    clients: dict[str, Client]
    names: list[str]

    def __getitem__(self, who: str) -> Client:
        return self.clients[who]


@pytest.fixture
def desk(db: None, settings: Any) -> Iterator[Desk]:
    settings.HUYING_REQUIRE_TOTP = False
    a_town()
    spots = [
        Estate("静泉花园", 124.002, 30.002),
        Estate("竹林新村", 124.006, 30.006),
        Estate("馨绣花园", 124.01, 30.002),
    ]
    now = clock.now()
    fictional.write(fictional.make(spots, 200, 7, local_day(now)), seed=7, now=now)
    count_knowledge(actor=SYSTEM, now=now)
    unit = make_unit("knowing-unit", kind="community", level="L2", area=HETANG)
    clients = {}
    for key, name, role, area in _PEOPLE:
        person = make_person(name, username=f"knowing-{key}")
        make_appointment(person, unit, role, area)
        assert person.user is not None
        clients[key] = Client(headers={"accept-language": "zh-hans"})
        clients[key].force_login(person.user)
    yield Desk(clients, [row.value("name") for row in Resident.objects.all()])


def test_a_worker_of_one_grid_is_led_to_it_and_from_there_to_what_is_missing(desk: Desk) -> None:
    answer = desk["worker"].get(PAGE)
    assert answer["Location"] == f"{PAGE}{GRID}/"
    said = text(desk["worker"].get(f"{PAGE}{GRID}/"))
    assert "第三网格" in said and "户情" in said and "还差" in said and "刚刚统计" in said
    link = f"/desk/registry/?tab=organisation&amp;area={GRID}&amp;lacks=organisation_reachable"
    assert link in said
    found = queries.of_area(worker(area=GRID), GRID, clock.now())
    assert found is not None
    missing = found.tallies["organisation_reachable"].missing
    listed = text(desk["worker"].get(link.replace("&amp;", "&")))
    assert listed.count("data-row") == missing > 0 and "没掌握：单位" in listed


def test_a_list_of_what_is_missing_needs_a_small_area(desk: Desk) -> None:
    wide = {"tab": "person", "lacks": "person_reachable"}
    for area in ("", TOWN):
        said = text(desk["centre"].get("/desk/registry/", wide | {"area": area}))
        assert "请先选到一个社区或网格" in said and "data-row" not in said, "instead of everybody nobody is listed"
    assert "请先选到" not in text(desk["centre"].get("/desk/registry/", wide | {"area": HETANG}))
    own = text(desk["worker"].get("/desk/registry/", wide))
    assert "请先选到" not in own and own.count("data-row") > 0, "who has one grid need not name it"
    unknown = text(desk["centre"].get("/desk/registry/", wide | {"lacks": "organisation_checked", "area": HETANG}))
    assert unknown.count("data-row") > 0, "a point about other records narrows nothing"


def test_an_export_of_what_is_missing_needs_a_small_area_too(desk: Desk) -> None:
    unit = make_unit("registry-unit", kind="community", level="L2", area=TOWN)
    person = make_person("周信息", username="knowing-editor")
    make_appointment(person, unit, "registry_editor", TOWN)
    assert person.user is not None
    editor = Client(headers={"accept-language": "zh-hans"})
    editor.force_login(person.user)
    wide = "/desk/registry/export?tab=person&lacks=person_reachable"
    refused = editor.post(wide)
    assert refused.status_code == 422 and "请先选到一个社区或网格" in text(refused)
    assert not AccessEntry.objects.exists(), "nothing left, so nothing is written down"
    told = editor.post(f"{wide}&area={HETANG}")
    assert told.status_code == 200 and b"".join(told.streaming_content)[:2] == b"PK"
    assert "没掌握：人情" in AccessEntry.objects.get().why


def test_overseers_see_their_areas_side_by_side_the_worst_first(desk: Desk) -> None:
    grids = text(desk["supervisor"].get(PAGE, {"level": "grid"}))
    assert "没分到网格" not in grids and "第三网格" in grids and "第四网格" in grids and "还没有登记" in grids
    for point in ("", "organisation_reachable"):
        rows = queries.side_by_side(
            worker(area=TOWN, role="supervisor"), "grid", point=point, on=local_day(clock.now())
        )
        shares = [one.tallies[point].share if point else one.share for one in rows]
        known = [one for one in shares if one is not None]
        assert known == sorted(known) and shares[len(known) :] == [None] * (6 - len(known)) and len(known) == 3
        place = [grids.find(f"{PAGE}{one.area}/") for one in rows]
        assert point or place == sorted(place)
    usual = text(desk["supervisor"].get(PAGE))
    assert "荷塘社区" in usual and "桃源社区" in usual and f"?area={HETANG}" in usual
    below = text(desk["supervisor"].get(PAGE, {"area": HETANG}))
    assert "第三网格" in below and f"{PAGE}{OTHER}/" not in below
    whole = text(desk["supervisor"].get(f"{PAGE}{HETANG}/"))
    assert "看下面各区域" in whole and "/desk/registry/?tab=" not in whole, (
        "who may not see records gets no list of them"
    )


def test_strangers_find_nothing(desk: Desk) -> None:
    for address in (PAGE, f"{PAGE}{GRID}/", f"{PAGE}export.csv"):
        assert "/accounts/login" in Client().get(address)["Location"]
        assert desk["seat"].get(address).status_code == 404
    for who, area in (
        ("other", GRID),
        ("worker", HETANG),
        ("lead", OTHER),
        ("supervisor", COUNTY),
        ("centre", "990102"),
    ):
        assert desk[who].get(f"{PAGE}{area}/").status_code == 404, (who, area)
        assert desk[who].get(f"{API}/areas/{area}").status_code == 404, (who, area)
    for wrong in ("abc", "99010", f"{GRID}x", "990101999"):
        assert desk["centre"].get(f"{PAGE}{wrong}/").status_code == 404
        assert desk["centre"].get(PAGE, {"area": wrong}).status_code == 404
        assert desk["centre"].get(f"{PAGE}export.csv", {"area": wrong}).status_code == 404
    assert desk["centre"].get(API, {"area": "990101999"}).status_code == 404
    assert desk["lead"].get(PAGE, {"area": OTHER}).status_code == 404
    assert desk["lead"].get(f"{PAGE}export.pdf").status_code == 404
    own = text(desk["lead"].get(PAGE, {"level": "town"}))
    assert "柳汀街道" not in own and "第三网格" in own, "a street of which one sees a part is not summed"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_page_names_anybody_or_opens_anything(desk: Desk, language: str) -> None:
    client = desk["centre"]
    for address in (
        PAGE,
        f"{PAGE}?level=grid&point=care_contact",
        f"{PAGE}{GRID}/",
        f"{PAGE}{COUNTY}/",
        f"{API}?level=town",
    ):
        said = text(client.get(address, headers={"accept-language": language}))
        assert not [name for name in desk.names if name in said], address
    said = text(client.get(f"{PAGE}{GRID}/", headers={"accept-language": language}))
    english = ["How well it is known", "Households", "Looked at within 180 days", "Grid 3"]
    assert all(
        word in said for word in (english if language == "en" else ["底数掌握", "户情", "180 天内核过", "第三网格"])
    )
    assert not AccessEntry.objects.exists()


def test_pages_ask_the_same_number_of_queries_however_many_areas(desk: Desk) -> None:
    def asked(address: str) -> tuple[int, int]:
        text(desk["centre"].get(address))
        with CaptureQueriesContext(connection) as made:
            answer = desk["centre"].get(address)
            assert answer.status_code == 200 and text(answer)
        figures = [one for one in made if '"registry_' in one["sql"] and "registry_proposal" not in one["sql"]]
        return len(figures), len(made)

    pages = dict.fromkeys((PAGE, f"{PAGE}?level=grid", f"{PAGE}?area={TOWN}", f"{PAGE}{GRID}/", f"{PAGE}{COUNTY}/"), 13)
    others = {f"{PAGE}export.csv?level=grid": 7, f"{API}?level=grid": 7, f"{API}/areas/{GRID}": 8}
    for address, most in (pages | others).items():
        assert asked(address) == (3, most), address


def test_figures_of_very_few_people_are_for_those_who_may_see_their_lists(desk: Desk) -> None:
    gone = CareEntry.objects.filter(area=GRID).order_by("id")[3:].values_list("pk", flat=True)
    CareEntry.objects.filter(pk__in=list(gone)).update(state="ended")
    assert CareEntry.objects.filter(area=GRID, state="active").count() == 3
    count_knowledge(actor=SYSTEM, now=clock.now())
    own = queries.of_area(worker(area=GRID), GRID, clock.now())
    assert own is not None and own.tallies["care_contact"].total == 3
    for who in ("supervisor", "centre"):
        told = desk[who].get(f"{API}/areas/{GRID}").json()["points"]
        assert {one["measure"] for one in told if one["few"]} == {"care_contact", "care_checked"}, who
        assert all(one["total"] is one["known"] is one["missing"] is one["share"] is None for one in told if one["few"])
        said = text(desk[who].get(f"{PAGE}{GRID}/"))
        assert said.count(">不给数<") == 2 * 2 and "不到 5 个" in said
        assert ">不给数<" in text(desk[who].get(PAGE, {"level": "grid", "point": "care_contact"}))
        (line,) = [
            one
            for one in csv.DictReader(text(desk[who].get(f"{PAGE}export.csv?level=grid")).splitlines()[1:])
            if one["区域代码"] == GRID
        ]
        assert [line[f"六掌握 关爱对象联系 {one}"] for one in ("应掌握", "已掌握", "掌握率 %")] == ["不给数", "", ""]
    assert ">不给数<" not in text(desk["worker"].get(f"{PAGE}{GRID}/"))


def test_figures_of_very_few_do_not_come_out_by_subtraction(desk: Desk) -> None:
    """Two people in one grid of three: who takes the grids told from the community learns of no less than five."""
    rows = list(CareEntry.objects.filter(state="active").order_by("pk"))
    sizes = {f"{HETANG}001": 2, f"{HETANG}002": 6, f"{HETANG}003": len(rows) - 8}
    assert sizes[f"{HETANG}003"] > 6
    for grid, size in sizes.items():
        CareEntry.objects.filter(pk__in=[rows.pop().pk for _n in range(size)]).update(area=grid)
    count_knowledge(actor=SYSTEM, now=clock.now())
    for client in (key("registry:read", area=TOWN), desk["supervisor"]):
        whole = _care(client.get(f"{API}/areas/{HETANG}").json())
        side = {one["area"]: _care(one) for one in client.get(API, {"level": "grid", "area": HETANG}).json()["items"]}
        alone = {grid: _care(client.get(f"{API}/areas/{grid}").json()) for grid in sizes}
        assert alone == {grid: side[grid] for grid in sizes}, "one after another as side by side"
        assert whole == sum(sizes.values()) and side == {**side, **sizes, f"{HETANG}001": None, f"{HETANG}002": None}
    page = desk["supervisor"].get(PAGE, {"level": "grid", "area": HETANG})
    assert page.context["whole"].tallies["care_contact"].total == sizes[f"{HETANG}003"], "the head adds up what is told"
    area = desk["supervisor"].get(f"{PAGE}{HETANG}/").context["known"]
    assert area.tallies["care_contact"].total == whole and not area.live
    sheet = list(csv.DictReader(text(desk["supervisor"].get(f"{PAGE}export.csv?level=grid")).splitlines()[1:]))
    said = {one["区域代码"]: one["六掌握 关爱对象联系 应掌握"] for one in sheet}
    assert [said[grid] for grid in sizes] == ["不给数", "不给数", str(sizes[f"{HETANG}003"])]
    own = queries.of_area(worker(area=HETANG), HETANG, clock.now())
    assert own is not None and own.live, "who may see the lists has the figures of this moment"


def _care(told: dict[str, Any]) -> int | None:
    (total,) = [one["total"] for one in told["points"] if one["measure"] == "care_contact"]
    assert total is None or isinstance(total, int)
    return total


def test_records_in_no_grid_do_not_lead_to_the_figures_of_all_grids(desk: Desk) -> None:
    grown = Resident.objects.filter(area__startswith=HETANG, state="active", born_year__lt=2000)
    some = grown.values_list("pk", flat=True)[:9]
    Resident.objects.filter(pk__in=list(some)).update(area=HETANG)
    count_knowledge(actor=SYSTEM, now=clock.now())
    page = desk["supervisor"].get(PAGE, {"level": "grid"})
    (row,) = [one for one in page.context["rows"] if one["undivided"]]
    assert row["known"].area == HETANG and row["known"].tallies["person_reachable"].total == 9 and not row["url"]
    assert "没分到网格" in text(page) and "就归进网格" in text(page) and f'href="{PAGE}{HETANG}/"' not in text(page)
    sheet = csv.DictReader(text(desk["supervisor"].get(f"{PAGE}export.csv?level=grid")).splitlines()[1:])
    assert [one["区域"].endswith("（没分到网格）") for one in sheet if one["区域代码"] == HETANG] == [True]
    told = desk["supervisor"].get(API, {"level": "grid"}).json()["items"]
    assert [one["area"] for one in told if one["undivided"]] == [HETANG]
    assert not desk["supervisor"].get(f"{API}/areas/{HETANG}").json()["undivided"]


def test_the_page_says_whose_table_it_is(desk: Desk, settings: Any, tmp_path: Path) -> None:
    assert "十二项是本平台拟的" in text(desk["centre"].get(PAGE))
    own = tmp_path / "own.csv"
    own.write_text(f"{','.join(COLUMNS)}\n必知,Must know,联系,Calls,household_reachable,\n")
    settings.HUYING_KNOWLEDGE_FILE = str(own)
    said = text(desk["centre"].get(PAGE)) + text(desk["centre"].get(f"{PAGE}{GRID}/"))
    assert "照当地的表" in said and "十二项" not in said


def test_the_sheet_has_every_area_and_point(desk: Desk) -> None:
    lines = list(csv.reader(text(desk["supervisor"].get(f"{PAGE}export.csv", {"level": "grid"})).splitlines()))
    assert "钱督办" in lines[0][0] and len(lines) == 2 + 6
    head, worst = lines[1], dict(zip(lines[1], lines[2], strict=True))
    assert len(head) == 4 + 12 * 3 + 1 and "三知 户情 掌握率 %" in head
    assert int(worst["三知 户情 应掌握"]) >= int(worst["三知 户情 已掌握"]) > 0
    assert b"".join(desk["supervisor"].get(f"{PAGE}export.xlsx").streaming_content)[:2] == b"PK"


def test_nothing_counted_yet_says_so(desk: Desk) -> None:
    Knowledge.objects.all().delete()
    said = text(desk["centre"].get(PAGE, {"level": "grid"}))
    assert said.count("还没有统计过") == 1 + 6 and "还没有登记" not in said, (
        "there are records, nobody has counted them"
    )
    assert "刚刚统计" in text(desk["worker"].get(f"{PAGE}{GRID}/"))
    assert "还没有统计过" in text(desk["centre"].get(f"{PAGE}{GRID}/")), (
        "who may not see all lists has the night's figures"
    )


def key(*scopes: str, area: str) -> Client:
    now = clock.now()
    _key, token = organisation.issue_key(
        actor=a_staff("admin"), now=now, name="智慧社区", scopes=list(scopes), expires_at=now + timedelta(days=30),
        unit=None, area=area,
    )  # fmt: skip
    return Client(headers={"authorization": f"Bearer {token}"})


def test_systems_and_people_read_figures_of_their_areas(desk: Desk) -> None:
    system = key("registry:read", area=TOWN)
    told = system.get(API, {"level": "community"}).json()
    assert {one["area"] for one in told["items"]} == {HETANG, TAOYUAN} and len(told["points"]) == 12
    assert told["points"][0]["name"] == {"zh": "户情", "en": "Households"} and told["left_off"] == 0
    first = system.get(API, {"size": 1}).json()
    assert (len(first["items"]), first["left_off"]) == (1, 5)
    summed = {
        each["measure"]: each["total"] for one in told["items"] for each in one["points"] if one["area"] == HETANG
    }
    live = {each["measure"]: each["total"] for each in system.get(f"{API}/areas/{HETANG}").json()["points"]}
    assert live == summed
    assert system.get(f"{API}/areas/{TOWN}").json()["at"] is not None
    assert desk["supervisor"].get(f"{API}/areas/{GRID}").json()["name"].endswith("第三网格")
    for wrong in ({"level": "county"}, {"level": "street"}, {"area": "x"}, {"point": "nothing"}):
        assert system.get(API, wrong).status_code == 422, wrong
    assert system.get(API, {"area": "990102"}).status_code == 404
    assert Client().get(API).status_code == 401 and desk["seat"].get(API).status_code == 404
    assert key("units:read", area=TOWN).get(API).status_code == 403


def test_after_an_upgrade_points_say_that_they_are_not_counted_until_they_are(desk: Desk) -> None:
    """As an upgrade leaves it: nobody is noted as having a number, and all are still to be looked at."""
    kinds: dict[str, Any] = {
        "person": Resident,
        "premises": Premises,
        "organisation": Organisation,
        "relation": Relation,
    }
    before = {
        kind: set(model.objects.filter(reachable=True).values_list("pk", flat=True)) for kind, model in kinds.items()
    }
    figures = set(Knowledge.objects.values_list("area", "measure", "known", "total"))
    for model in kinds.values():
        model.objects.update(reachable=False)
    import_module("huying.ground.registry.migrations.0007_backlog").lay_aside(apps, None)
    assert set(Backlog.objects.values_list("kind", flat=True)) == set(kinds)
    count_knowledge(actor=SYSTEM, now=clock.now())
    late = {"person_reachable", "rental_kept", "organisation_reachable", "care_contact", "small_kept"}
    for who, address in (("worker", f"{API}/areas/{GRID}"), ("centre", f"{API}/areas/{GRID}"), ("lead", API)):
        told = desk[who].get(address).json()
        for area in told.get("items", [told]):
            assert {one["measure"] for one in area["points"] if one["waits"]} == late, who
            assert {one["total"] for one in area["points"] if one["waits"]} == {None}
    assert text(desk["worker"].get(f"{PAGE}{GRID}/")).count(">还没数<") == len(late)
    assert ">还没数<" in text(desk["lead"].get(PAGE, {"level": "grid", "point": "small_kept"}))
    assert "还没数" in text(desk["lead"].get(f"{PAGE}export.csv"))
    listed = text(desk["worker"].get("/desk/registry/", {"tab": "organisation", "lacks": "organisation_reachable"}))
    assert "这一项还没数" in listed and "data-row" not in listed, "nobody is sent to those whose number is known"
    other = {"tab": "organisation", "lacks": "organisation_checked"}
    assert "这一项还没数" not in text(desk["worker"].get("/desk/registry/", other))
    assert not catch_up(actor=SYSTEM, now=clock.now(), most=1) and Backlog.objects.count() == 3, "a part of it"
    catch_up_after_upgrade(timestamp=0)
    assert not Backlog.objects.exists()
    assert before == {
        kind: set(model.objects.filter(reachable=True).values_list("pk", flat=True)) for kind, model in kinds.items()
    }
    again = set(Knowledge.objects.values_list("area", "measure", "known", "total"))
    assert again == figures and ">还没数<" not in text(desk["worker"].get(f"{PAGE}{GRID}/"))
    entries = Entry.objects.count()
    catch_up_after_upgrade(timestamp=0)
    assert Entry.objects.count() == entries, "nothing waits, nothing is done"
