"""Areas are found by what people type: whatever case, in both languages, by sound, with what lies above, and fast."""

from time import process_time

import pytest

from huying.ground.territory import finding, queries
from huying.ground.territory.factories import COUNTY, HETANG, SINCE, TAOYUAN, TODAY, TOWN, a_town, an_area
from huying.ground.territory.models import Area
from huying.ground.territory.snapshot import AreaView, Snapshot
from huying.kernel.sounds import readings


@pytest.fixture
def town(db: None) -> dict[str, Area]:
    return a_town() | {f"{HETANG}005": an_area(f"{HETANG}005", "A区网格", name_en="Block A")}


def found(words: str, most: int = 20) -> list[str]:
    return [area.code for area in queries.search_areas(words, on=TODAY, most=most)]


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("A区", [f"{HETANG}005"]),
        ("a区", [f"{HETANG}005"]),
        ("block a", [f"{HETANG}005"]),
        ("HETANG", [HETANG]),
        ("Taoyuan Community, Liuting", [TAOYUAN]),
        ("grid 1 taoyuan", [f"{TAOYUAN}001"]),
        ("htsq", [HETANG]),
        ("HTSQ", [HETANG]),
        ("liutingjiedao", [TOWN]),
        ("ltjd htsq", [HETANG]),
        ("taoyuan dywg", [f"{TAOYUAN}001"]),
        ("柳汀街道荷塘社区", [HETANG]),
        ("柳汀 第一", [f"{HETANG}001", f"{TAOYUAN}001"]),
        ("荷塘 没有的", []),
        ("zzzz", []),
        (",", []),
        ("", []),
        (COUNTY, [COUNTY, TOWN, HETANG, TAOYUAN]),
    ],
)
def test_what_is_found(town: dict[str, Area], words: str, codes: list[str]) -> None:
    assert found(words, most=4) == codes


def test_what_is_written_comes_before_what_only_sounds_so(town: dict[str, Area]) -> None:
    an_area(f"{TAOYUAN}003", "HT 网格")
    assert found("ht")[:2] == [f"{TAOYUAN}003", HETANG]
    assert found("ht", most=1) == [f"{TAOYUAN}003"]


def test_a_name_changed_is_found_by_its_new_one(town: dict[str, Area]) -> None:
    assert found("htsq") == [HETANG]
    Area.objects.filter(pk=HETANG).update(name="菱角社区")
    assert (found("htsq"), found("ljsq")) == ([], [HETANG])


def test_a_search_of_six_thousand_areas_is_fast() -> None:
    areas = {}
    for number in range(6_000):
        code = f"990101{number // 600 + 1:03}{number // 20 % 30 + 1:03}{number % 20 + 1:03}"
        areas[code] = AreaView(
            code, "grid", "general", f"荷塘{number}号第几网格", f"Grid {number}", None, None, SINCE, None, {}
        )
    snapshot = Snapshot(areas, {}, None)
    assert finding.search(snapshot, "htdj", on=TODAY, most=20) == []
    began = process_time()
    for words in ("djwg", "grid 5999", "荷塘 5999", "zz yy"):
        finding.search(snapshot, words, on=TODAY, most=20)
    assert process_time() - began < 1, "four searches of names whose sounds are known"
    assert [area.name_en for area in finding.search(snapshot, "DJWG 5999", on=TODAY, most=20)] == ["Grid 5999"]


def test_readings_are_initials_and_pinyin_of_every_run_of_signs() -> None:
    assert readings("荷塘社区") == ("htsq", "hetangshequ")
    assert "sguilan" not in readings("单桂兰") and {"sgl", "shanguilan"} <= set(readings("单桂兰"))
    assert readings("A1") == readings("区") == ()
