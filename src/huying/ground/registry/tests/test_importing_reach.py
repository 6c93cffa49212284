"""A table tells its author nothing about people elsewhere, beyond what registering one person by hand tells."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from huying.ground import registry
from huying.ground.registry.actions import writing
from huying.ground.registry.actions.importing import Imported, import_records, rejects_of
from huying.ground.registry.factories import GRID, OTHER_GRID, a_resident, a_room, editor, kept, say, worker
from huying.ground.registry.models import Change, Premises, Reject, Resident
from huying.ground.registry.reasons import CONSTRAINTS, LONGEST, REASONS, short, why
from huying.kernel.errors import Conflict
from huying.kernel.factories import MOMENT
from huying.kernel.privacy import AccessEntry

pytestmark = pytest.mark.django_db
ID, PHONE, HEAD = "990101195001010029", "13900000001", ["身份证号", "姓名", "电话"]
NARROW = editor(80, area=OTHER_GRID)  # the registry of one grid


def taken(path: Path, kind: str, *rows: Sequence[str], by: object = NARROW, area: str = OTHER_GRID) -> Imported:
    file = path / f"{kind}.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return import_records(file, actor=by, now=MOMENT, kind=kind, area=area)  # type: ignore[arg-type]


def told(done: Imported) -> tuple[object, ...]:
    return (done.born, done.changed, done.same, done.waiting, *rejects_of(done.run_id))


@pytest.mark.parametrize(
    "guess",
    [
        [ID, "王秀英", PHONE],  # right
        [ID, "王秀英", "13900000009"],
        [ID, "李四", PHONE],
        [ID, "", PHONE],
        [ID, "", ""],
    ],
)
def test_a_guess_about_somebody_elsewhere_is_neither_confirmed_nor_denied(tmp_path: Path, guess: list[str]) -> None:
    row = a_resident(id_number=ID, phone=PHONE)
    steps = Change.objects.count()
    assert told(taken(tmp_path, "person", HEAD, guess)) == (0, 0, 0, 0, (2, "", "not_found"))
    assert (Change.objects.count(), kept("person", row.uid).version) == (steps, 1)
    assert not AccessEntry.objects.exists()


def test_nor_by_the_number_of_the_record(tmp_path: Path) -> None:
    row = a_resident(id_number=ID, phone=PHONE)
    for phone in (PHONE, "13900000009"):
        done = taken(tmp_path, "person", ["编号", "姓名", "电话"], [str(row.uid), "王秀英", phone])
        assert told(done) == (0, 0, 0, 0, (2, "", "not_found"))


def test_one_by_one_says_as_much(tmp_path: Path) -> None:
    """That a number is registered somewhere is what somebody who enters a person is told as well; no more."""
    a_resident(id_number=ID, phone=PHONE)
    with pytest.raises(Conflict) as refused:
        say(NARROW, "person", name="王秀英", id_number=ID, phone=PHONE)
    assert (refused.value.code, str(refused.value.hint)) == ("known_already", "登记在别的区域，请联系信息管理员")


def test_the_same_row_said_elsewhere_is_a_new_person_here(tmp_path: Path) -> None:
    """Without an identity number a row is known again by all it says: that must not tell who said it elsewhere."""
    head, row = ["姓名", "电话"], ["王秀英", PHONE]
    assert taken(tmp_path, "person", head, row, by=editor(), area=GRID).born == 1
    assert told(taken(tmp_path, "person", head, row)) == (1, 0, 0, 0)
    assert sorted(Resident.objects.values_list("area", flat=True)) == [GRID, OTHER_GRID]
    assert told(taken(tmp_path, "person", head, row)) == (0, 0, 1, 0)
    assert Resident.objects.count() == 2


def test_who_has_left_elsewhere_may_be_registered_here(tmp_path: Path) -> None:
    table = (HEAD, [ID, "王秀英", PHONE])
    taken(tmp_path, "person", *table, by=editor(), area=GRID)
    gone = Resident.objects.get()
    say(editor(), "person", uid=gone.uid, base=1, ending="moved")
    assert told(taken(tmp_path, "person", *table)) == (1, 0, 0, 0)
    assert told(taken(tmp_path, "person", *table)) == (0, 0, 1, 0)
    assert kept("person", gone.uid).state == "ended"


def test_places_of_one_name_in_two_areas(tmp_path: Path) -> None:
    a_room()
    head = ["类别", "名称", "上级"]
    rows = [["小区（院落）", "丽景园", ""], ["楼栋", "3栋", "丽景园"]]
    assert told(taken(tmp_path, "premises", head, *rows)) == (2, 0, 0, 0)
    assert told(taken(tmp_path, "premises", head, ["楼栋", "5栋", "丽景园"])) == (1, 0, 0, 0)
    assert Premises.objects.filter(area=OTHER_GRID).count() == 3


@pytest.mark.parametrize("there", [True, False])
def test_homes_and_lists_of_people_elsewhere(tmp_path: Path, there: bool) -> None:
    room = a_room()
    here = a_room(worker(72, area=OTHER_GRID), compound="别处小区")
    a_resident(id_number=ID, home=room if there else None)
    homes = ["人员", "房屋场所", "类别", "开始日期"]
    for place in (room, here):
        done = taken(tmp_path, "residence", homes, [ID, place.address, "居住", "2026-03-02"])
        assert told(done) == (0, 0, 0, 0, (2, "", "forbidden"))
    if there:
        say(editor(), "care", resident=str(Resident.objects.get().uid), list="elder_alone", basis="第三十八条",
            since="2026-01-01", until="2027-01-01")  # fmt: skip
    care = ["人员", "名单", "法律依据", "起始日期", "到期日期"]
    done = taken(tmp_path, "care", care, [ID, "elder_alone", "第三十八条", "2026-01-01", "2027-01-01"])
    assert told(done) == (0, 0, 0, 0, (2, "", "forbidden"))


# --- words -------------------------------------------------------------------------------------------------------

_OF_ROWS = ("cleaning", "deriving", "likeness", *(f"actions/{name}" for name in ("importing", "resolving", "standing")))
_OF_CHANGES = tuple(f"actions/{name}" for name in ("changing", "following"))
_NOT_OF_TABLES = {"op_reused"}  # a row carries no operation


def codes_in(name: str) -> Iterator[str]:
    """Every code a module refuses with, as it stands in its source."""
    (home,) = registry.__path__
    for node in ast.walk(ast.parse((Path(home) / f"{name}.py").read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        said = [each.value for each in node.keywords if each.arg == "code"]
        if isinstance(node.func, ast.Name) and node.func.id == "_bad":
            said.append(node.args[2])
        yield from (str(each.value) for each in said if isinstance(each, ast.Constant))


@pytest.mark.parametrize("name", [*_OF_ROWS, *_OF_CHANGES])
def test_whatever_refuses_a_row_has_words(name: str) -> None:
    found = set(codes_in(name)) - _NOT_OF_TABLES
    assert found or name in ("actions/importing",)
    assert found <= set(REASONS)


def test_constraints_are_kept_under_codes_that_have_words() -> None:
    assert set(writing._SAYS) <= set(CONSTRAINTS)
    assert set(CONSTRAINTS.values()) | {"conflict", "forbidden", "not_found"} <= set(REASONS)
    assert max(map(len, REASONS)) <= LONGEST == Reject._meta.get_field("reason").max_length
    assert (short("registry_resident_id_once"), short("bad_phone")) == ("known_already", "bad_phone")
    assert short("registry_unforeseen") == short("") == "conflict"
    assert why("registry_resident_id_onc") == why("known_already")  # as it was kept once
    assert "单独登记" in why("something new")
