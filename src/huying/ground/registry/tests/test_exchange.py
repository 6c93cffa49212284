"""Tables in and out: headers people read, rows that are named when they cannot be taken, nothing twice."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from huying.ground.registry import exchange
from huying.ground.registry.actions.importing import import_records, rejects_of
from huying.ground.registry.factories import a_resident, a_room, editor, kept, say, worker
from huying.ground.registry.models import Change, ImportRun, Organisation, Premises, Residence, Resident
from huying.kernel.actor import system
from huying.kernel.errors import Forbidden, Invalid
from huying.kernel.factories import MOMENT
from huying.kernel.privacy import AccessEntry

pytestmark = pytest.mark.django_db
IMPORT = system("import")
GRID = "449001001001001"
NUMBER = "990101195001010029"


def table(path: Path, *rows: list[str]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def taken(path: Path, kind: str, **more: object) -> tuple[int, int, int, int]:
    done = import_records(path, actor=IMPORT, now=MOMENT, kind=kind, area=GRID, **more)  # type: ignore[arg-type]
    return done.born, done.changed, done.same, done.rejected


def test_places_and_people_come_in_once(tmp_path: Path) -> None:
    places = table(
        tmp_path / "places.csv",
        ["编号", "类别", "名称", "上级"],
        ["说明：此行不导入", "必填", "必填", ""],
        ["", "小区（院落）", "丽景园", ""],
        ["", "楼栋", "3栋", "丽景园"],
        ["", "房屋", "502室", "丽景园3栋"],
        ["", "房屋", "503室", "没有的楼"],
        ["", "城堡", "504室", "丽景园3栋"],
    )
    assert taken(places, "premises") == (3, 0, 0, 2)
    run = ImportRun.objects.get()
    assert list(rejects_of(run.pk)) == [(6, "parent", "unknown_record"), (7, "kind", "bad_choice")]
    room = Premises.objects.get(kind="room")
    assert (room.address, room.area) == ("丽景园3栋502室", GRID)
    people = table(
        tmp_path / "people.csv",
        ["姓名", "身份证号", "电话", "现住址", "性别"],
        ["王秀英", NUMBER, "19912348823", "丽景园3栋502室", "女"],
        ["李四", "", "打不通", "", "男"],
        ["王秀英", NUMBER, "19912348823", "丽景园3栋502室", "女"],
    )
    assert taken(people, "person") == (1, 0, 1, 1)
    row = Resident.objects.get()
    assert (row.home_id, Residence.objects.get().premises_id, row.born_year) == (room.uid, room.uid, 1950)
    steps = Change.objects.count()
    assert taken(people, "person") == (0, 0, 2, 1)
    assert taken(places, "premises") == (0, 0, 3, 2)
    assert Change.objects.count() == steps


def test_known_people_are_updated_wherever_they_came_from(tmp_path: Path) -> None:
    row = a_resident(id_number=NUMBER)
    people = table(tmp_path / "people.csv", ["name", "id_number", "学历"], ["王秀英", NUMBER, "初中"])
    assert taken(people, "person", mapping={"education": "学历"}) == (0, 1, 0, 0)
    now = kept("person", row.uid)
    assert (now.value("education"), now.version) == ("初中", 2)


def test_checking_writes_nothing(tmp_path: Path) -> None:
    people = table(tmp_path / "people.csv", ["姓名", "电话"], ["王秀英", "19912348823"], ["", "19912348824"])
    assert taken(people, "person", check=True) == (1, 0, 0, 1)
    assert not Resident.objects.exists()
    assert not ImportRun.objects.exists()


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huying.ground.registry.actions import importing

    monkeypatch.setattr(importing, "_STEP", 2)
    rows = [[f"王{sign}", f"1991111000{number}"] for number, sign in enumerate("一二三四五")]
    people = table(tmp_path / "people.csv", ["姓名", "电话"], *rows)
    run = ImportRun.objects.create(
        kind="person",
        file_sha256=importing._digest(people),
        file_name="people.csv",
        next_row=4,
        born=3,
        started_at=MOMENT,
    )
    done = import_records(people, actor=IMPORT, now=MOMENT, kind="person", area=GRID)
    assert (done.born, done.resumed_at, Resident.objects.count()) == (5, 4, 2)
    assert ImportRun.objects.get(pk=run.pk).finished_at == MOMENT


def test_what_is_no_table_or_lacks_a_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        taken(table(tmp_path / "people.csv", ["电话"], ["19912348823"]), "person")
    with pytest.raises(Invalid):
        taken(table(tmp_path / "people.txt.pdf", ["姓名"]), "person")
    with pytest.raises(Forbidden):
        import_records(
            table(tmp_path / "a.csv", ["姓名"], ["王"]), actor=worker(), now=MOMENT, kind="person", area=GRID
        )
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_goes_out_comes_in_again_unchanged(tmp_path: Path, ending: str) -> None:
    room = a_room()
    row = a_resident(home=room, id_number=NUMBER, phone="19912348823")
    say(worker(), "organisation", kind="company", name="康健大药房", premises=str(room.uid))
    file = tmp_path / f"people.{ending}"
    count = exchange.export_records(
        "person", file, actor=editor(), now=MOMENT, why="年度核对", plain=True
    )  # fmt: skip
    assert count == 1
    entry = AccessEntry.objects.get(subject=f"resident:{row.pk}")
    assert (entry.why, "person.id_number" in entry.what) == ("年度核对", True)
    assert taken(file, "person") == (0, 0, 1, 0)
    shops = tmp_path / f"shops.{ending}"
    exchange.export_records("organisation", shops, actor=editor(), now=MOMENT)
    assert taken(shops, "organisation") == (0, 0, 1, 0)
    assert Organisation.objects.count() == 1


def test_exports_are_masked_marked_and_only_for_who_may(tmp_path: Path) -> None:
    a_resident(phone="19912348823")
    file = tmp_path / "people.csv"
    with pytest.raises(Forbidden):
        exchange.export_records("person", file, actor=worker(), now=MOMENT)
    with pytest.raises(Invalid):
        exchange.export_records("person", file, actor=editor(), now=MOMENT, plain=True)
    assert not file.exists()
    assert exchange.export_records("person", file, actor=editor(), now=MOMENT) == 1
    text = file.read_text(encoding="utf-8-sig")
    assert "王秀英" not in text
    assert "19912348823" not in text
    assert "199****8823" in text
    assert "员工70" in text
    assert exchange.export_records("person", file, actor=editor(area="449002"), now=MOMENT) == 0
