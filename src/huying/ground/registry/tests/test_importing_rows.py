"""Each row of a table for itself: what stands already is brought up or left, what cannot be taken is named, alone."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.ground.registry.actions import importing
from huying.ground.registry.actions.importing import Imported, import_records, rejects_of
from huying.ground.registry.factories import GRID, a_resident, a_room, editor, kept
from huying.ground.registry.models import CareEntry, Change, Facility, ImportRun, Premises, Residence, Resident
from huying.kernel.factories import MOMENT
from huying.kernel.privacy import is_id_number

pytestmark = pytest.mark.django_db
HOMES = ["人员", "房屋场所", "类别", "开始日期", "结束日期"]
CARE = ["人员", "名单", "法律依据", "起始日期", "到期日期"]
LIST, LAW = "elder_alone", "老年人权益保障法第三十八条"


def number(serial: int) -> str:
    start = f"99010119500101{serial:03d}"
    return next(whole for sign in "0123456789X" if is_id_number(whole := start + sign))


FIRST, SECOND, THIRD = number(2), number(4), number(6)


def taken(path: Path, kind: str, *rows: Sequence[str], more: str = "") -> Imported:
    file = path / f"{kind}{more}.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return import_records(file, actor=editor(), now=MOMENT, kind=kind, area=GRID)


def counts(done: Imported) -> tuple[int, int, int, int]:
    return done.born, done.changed, done.same, done.rejected


def refused(done: Imported) -> list[tuple[int, str, str]]:
    return list(rejects_of(done.run_id))


def homes_of(row: Resident) -> list[tuple[str, date | None, date | None]]:
    stays = Residence.objects.filter(resident=row).order_by("since", "id").select_related("premises")
    return [(stay.premises.name, stay.since, stay.until) for stay in stays]


@pytest.fixture
def rooms() -> tuple[Premises, Premises]:
    return a_room(), a_room(name="301室", building="5栋", compound="滨河苑")


def person(identity: str) -> Resident:
    return next(row for row in Resident.objects.all() if row.value("id_number") == identity)


def test_homes_that_came_with_their_people_stand_in_the_way_of_none(
    tmp_path: Path, rooms: tuple[Premises, Premises]
) -> None:
    here, there = (room.address for room in rooms)
    people = [["姓名", "身份证号", "现住址"], ["王一", FIRST, here], ["王二", SECOND, here], ["王三", THIRD, here]]
    assert counts(taken(tmp_path, "person", *people)) == (3, 0, 0, 0)
    table = [
        HOMES,
        [FIRST, here, "居住", "2019-05-01", ""],  # the same home, lived in for longer than the first table could say
        [SECOND, there, "居住", "2026-03-02", ""],  # moved
        [THIRD, there, "居住", "2018-01-01", ""],  # somewhere else, but before
        [THIRD, there, "居住", "2018-01-01", "2020-01-01"],  # said properly
        [FIRST, there, "工作", "2018-01-01", ""],
    ]
    done = taken(tmp_path, "residence", *table)
    assert counts(done) == (3, 1, 0, 1)
    assert refused(done) == [(4, "since", "newer_home")]
    today = date(2026, 3, 2)
    assert homes_of(person(FIRST)) == [("301室", date(2018, 1, 1), None), ("502室", date(2019, 5, 1), None)]
    assert homes_of(person(SECOND)) == [("502室", today, today), ("301室", today, None)]
    assert homes_of(person(THIRD)) == [("301室", date(2018, 1, 1), date(2020, 1, 1)), ("502室", today, None)]
    assert [person(one).home_id == rooms[0].uid for one in (FIRST, SECOND, THIRD)] == [True, False, True]
    steps = Change.objects.count()
    assert counts(taken(tmp_path, "residence", *table)) == (0, 0, 4, 1)
    assert Change.objects.count() == steps


def test_a_person_twice_in_one_table_of_homes(tmp_path: Path, rooms: tuple[Premises, Premises]) -> None:
    here, there = (room.address for room in rooms)
    a_resident(id_number=FIRST)
    table = [
        HOMES,
        [FIRST, here, "居住", "2019-05-01", ""],
        [FIRST, here, "居住", "2021-05-01", ""],
        [FIRST, there, "居住", "2022-05-01", ""],
        [FIRST, there, "居住", "", ""],
    ]
    done = taken(tmp_path, "residence", *table)
    assert (counts(done), refused(done)) == ((2, 0, 1, 1), [(3, "since", "home_earlier")])
    moved = date(2022, 5, 1)
    assert homes_of(person(FIRST)) == [("502室", date(2019, 5, 1), moved), ("301室", moved, None)]
    assert person(FIRST).home_id == rooms[1].uid
    steps = Change.objects.count()
    again = taken(tmp_path, "residence", *table)
    assert (again.born, again.changed, Change.objects.count()) == (0, 0, steps)


def test_a_care_list_that_is_renewed(tmp_path: Path, rooms: tuple[Premises, Premises]) -> None:
    a_resident(id_number=FIRST, home=rooms[0])
    a_resident(id_number=SECOND, home=rooms[0])
    old = [CARE, [FIRST, LIST, LAW, "2025-01-01", "2026-06-01"]]
    assert counts(taken(tmp_path, "care", *old)) == (1, 0, 0, 0)
    new = [CARE, [FIRST, LIST, LAW, "2026-01-01", "2027-01-01"], [SECOND, LIST, LAW, "2026-01-01", "2027-01-01"]]
    assert counts(taken(tmp_path, "care", *new, more="2")) == (1, 1, 0, 0)
    entry = CareEntry.objects.get(resident__uid=person(FIRST).uid)
    assert (entry.since, entry.until, entry.version) == (date(2026, 1, 1), date(2027, 1, 1), 2)
    late = taken(tmp_path, "care", *old)
    assert (counts(late), refused(late)) == ((0, 0, 0, 1), [(2, "since", "newer_entry")])
    assert kept("care", entry.uid).version == 2
    assert counts(taken(tmp_path, "care", *new, more="2")) == (0, 0, 2, 0)


def test_a_person_twice_in_one_care_list(tmp_path: Path, rooms: tuple[Premises, Premises]) -> None:
    a_resident(id_number=FIRST, home=rooms[0])
    rows = [
        [FIRST, LIST, LAW, "2025-01-01", "2026-06-01"],
        [FIRST, LIST, LAW, "2026-01-01", "2027-01-01"],
        [FIRST, "disabled", LAW, "2026-01-01", "2027-01-01"],
        [FIRST, LIST, LAW, "2024-01-01", "2025-01-01"],
    ]
    done = taken(tmp_path, "care", CARE, *rows)
    assert (counts(done), refused(done)) == ((2, 1, 0, 1), [(5, "since", "newer_entry")])
    assert CareEntry.objects.get(list=LIST).until == date(2027, 1, 1)


def test_a_number_that_is_taken_under_another_uid(tmp_path: Path) -> None:
    row = a_resident(id_number=FIRST)
    other = "0b6a1c9e-3c57-4c3f-9a0b-2f3f6a1f0c11"
    done = taken(tmp_path, "person", ["编号", "姓名", "身份证号"], [other, "王二", FIRST], ["", "王三", SECOND])
    assert (counts(done), refused(done)) == ((1, 0, 0, 1), [(2, "id_number", "known_already")])
    spaced = taken(tmp_path, "person", ["姓名", "身份证号"], ["王秀英", f"{FIRST[:6]} {FIRST[6:]}"], more="2")
    assert counts(spaced) == (0, 0, 1, 0)
    assert kept("person", row.uid).version == 1


def test_a_conflict_between_two_rows_rejects_the_later(tmp_path: Path) -> None:
    row = a_resident(id_number=SECOND)
    head = ["编号", "姓名", "身份证号", "电话"]
    rows = [["", "王一", FIRST, "13900000001"], [str(row.uid), "王秀英", FIRST, ""], ["", "王三", THIRD, "打不通"]]
    done = taken(tmp_path, "person", head, *rows, ["", "王四", number(8), ""])
    assert (done.born, done.rejected) == (2, 2)
    assert refused(done) == [(3, "id_number", "known_already"), (4, "phone", "bad_phone")]
    assert kept("person", row.uid).value("id_number") == SECOND
    assert Resident.objects.count() == 3


def test_what_the_database_alone_refuses_is_one_row(tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registry_facility ADD CONSTRAINT registry_unforeseen CHECK (number <> 'X-1')")
    rows = [["hydrant", f"{at}号栓", f"X-{at}"] for at in range(4)]
    done = taken(tmp_path, "facility", ["kind", "name", "number"], *rows)
    assert (counts(done), refused(done)) == ((3, 0, 0, 1), [(3, "", "conflict")])
    assert sorted(Facility.objects.values_list("number", flat=True)) == ["X-0", "X-2", "X-3"]
    assert (done.born, Change.objects.filter(kind="facility").count()) == (3, 3)
    assert ImportRun.objects.get(pk=done.run_id).finished_at == MOMENT


def test_a_constraint_with_a_name_is_said_in_its_own_word(
    tmp_path: Path, rooms: tuple[Premises, Premises], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_resident(id_number=FIRST, home=rooms[0])
    a_resident(id_number=SECOND)
    monkeypatch.setattr(importing, "standing", lambda _kind, places: dict.fromkeys(places))
    rows = [[one, rooms[1].address, "居住", "2026-03-02", ""] for one in (FIRST, SECOND)]
    done = taken(tmp_path, "residence", HOMES, *rows)
    assert (counts(done), refused(done)) == ((1, 0, 0, 1), [(2, "", "one_home")])
    assert person(FIRST).home_id == rooms[0].uid
    assert person(SECOND).home_id == rooms[1].uid


def test_an_address_that_grows_too_long_is_its_own_rows_fault(tmp_path: Path) -> None:
    names = [sign * 75 for sign in "甲乙丙丁戊"]
    parents = ["", *("".join(names[:at]) for at in range(1, 5))]
    rows = [
        ["小区（院落）" if not parent else "楼栋", name, parent] for name, parent in zip(names, parents, strict=True)
    ]
    done = taken(tmp_path, "premises", ["类别", "名称", "上级"], *rows, ["小区（院落）", "丽景园", ""])
    assert (done.born, refused(done)) == (5, [(6, "name", "too_long")])


def test_blank_lines_count(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("姓名,电话\n王一,13900000001\n\n\n王二,打不通\n\n王三,13900000003\n,\n王四,x\n", encoding="utf-8")
    done = import_records(file, actor=editor(), now=MOMENT, kind="person", area=GRID)
    assert (done.born, refused(done)) == (2, [(5, "phone", "bad_phone"), (9, "phone", "bad_phone")])


def test_blank_lines_do_not_hide_the_end_of_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_STEP", 2)
    steps: list[tuple[int, int]] = []
    original = importing._Reader.take

    def noted(reader: importing._Reader, rows: list[importing._Row], last: int) -> None:
        steps.append((len(rows), last))
        original(reader, rows, last)

    monkeypatch.setattr(importing._Reader, "take", noted)
    file = tmp_path / "people.csv"
    file.write_text("姓名\n王一\n王二\n\n王三\n\n\n王四\n王五\n", encoding="utf-8")
    assert import_records(file, actor=editor(), now=MOMENT, kind="person", area=GRID).born == 5
    assert steps == [(1, 2), (2, 5), (1, 8), (1, 9)]


@pytest.mark.parametrize("kind", ["residence", "care"])
def test_many_rows_ask_no_more_than_few(tmp_path: Path, kind: str, rooms: tuple[Premises, Premises]) -> None:
    room = rooms[0]
    numbers = [number(serial) for serial in range(100, 142)]
    people = [["姓名", "身份证号", "现住址"], *([f"王{at}", one, room.address] for at, one in enumerate(numbers))]
    taken(tmp_path, "person", *people)
    Residence.objects.filter(kind="lives").update(until=date(2026, 3, 2))

    def asked(some: list[str], more: str) -> int:
        rows = [[one, room.address, "居住", "2026-03-02"] for one in some]
        if kind == "care":
            rows = [[one, LIST, LAW, "2026-03-02", "2027-01-01"] for one in some]
        with CaptureQueriesContext(connection) as found:
            done = taken(tmp_path, kind, HOMES[:4] if kind == "residence" else CARE, *rows, more=more)
        assert counts(done) == (len(some), 0, 0, 0)
        return len(found)

    assert asked(numbers[:2], "few") == asked(numbers[2:], "many")
