"""Tables of devices as people keep them: what is taken, what is not and why, and that reading one again changes nothing."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from huying.casework.cases.factories import GRID_1, GRID_3, LIUAN, NOW, Cast
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound
from huying.senses.devices import actions, exchange
from huying.senses.devices.actions import Imported
from huying.senses.devices.actions.importing import STEP
from huying.senses.devices.drafts import ContactDraft
from huying.senses.devices.factories import make_device, make_keeper
from huying.senses.devices.logins import device_let_in
from huying.senses.devices.models import Credential, Device

HEADER = [
    "设备编号",
    "设备类型",
    "设备名称",
    "网格编码",
    "安装地址",
    "经度",
    "纬度",
    "所属网关",
    "不得断电",
    "联系人",
    "联系电话",
]


def table(path: Path, *rows: list[Any], header: list[str] | None = None) -> Path:
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in (header or HEADER, *rows):
            book.active.append(row)
        book.save(path)
        return path
    with path.open("w", encoding="gb18030", newline="") as stream:
        csv.writer(stream).writerows([header or HEADER, *rows])
    return path


def take(file: Path, actor: Actor, **more: Any) -> Imported:
    return actions.import_devices(file, actor=actor, now=NOW, **more)


def row(code: str, kind: str = "烟感", **more: Any) -> list[Any]:
    cells = {"设备编号": code, "设备类型": kind, "网格编码": GRID_1} | more
    return [cells.get(title, "") for title in HEADER]


@pytest.mark.parametrize("name", ["devices.xlsx", "devices.csv"])
def test_a_table_with_chinese_headers(tmp_path: Path, luo: Actor, name: str) -> None:
    file = table(
        tmp_path / name,
        row(
            "s-1",
            安装地址="3栋2单元",
            经度=120.005,
            纬度=30.005,
            所属网关="gw-1",
            联系人="张三",
            联系电话="13800138000",
        ),
        row("gw-1", "网关"),
        row("b-1", "smart_breaker", 不得断电="是", 设备名称="3栋配电箱"),
    )
    done = take(file, luo)
    assert (done.rows, done.born, done.changed, done.same, done.rejected) == (3, 3, 0, 0, [])
    smoke = Device.objects.select_related("gateway").get(code="s-1")
    assert (smoke.kind, smoke.address, smoke.lon) == ("smoke", "3栋2单元", 120.005)
    assert smoke.gateway is not None and smoke.gateway.code == "gw-1"
    assert [one.name for one in smoke.contacts.all()] == ["张三"]
    assert Device.objects.get(code="b-1").exempt


def test_reading_it_again_changes_nothing_and_what_is_different_is_put_right(tmp_path: Path, luo: Actor) -> None:
    rows = [row("s-1", 联系人="张三", 联系电话="13800138000"), row("s-2")]
    take(table(tmp_path / "a.csv", *rows), luo)
    again = take(table(tmp_path / "a.csv", *rows), luo)
    assert (again.born, again.changed, again.same) == (0, 0, 2)
    third = take(table(tmp_path / "a.csv", row("s-1", 安装地址="5栋"), row("s-2")), luo)
    assert (third.born, third.changed, third.same) == (0, 1, 1)
    moved = Device.objects.get(code="s-1")
    assert moved.address == "5栋" and moved.contacts.count() == 1


def test_rows_that_cannot_be_taken_are_named_and_do_not_stop_the_rest(tmp_path: Path, luo: Actor, cast: Cast) -> None:
    make_device(luo, "far-1", "smoke", area=GRID_3)
    retired = make_device(luo, "old-1", "smoke")
    actions.retire_device(retired.pk, actor=luo, now=NOW, why="拆除")
    liuan = make_keeper(cast, "柳岸设备", area=LIUAN)
    file = table(
        tmp_path / "devices.xlsx",
        row("s-1"),
        row("s 2"),
        row("", "烟感"),
        row("s-3", "电饭煲"),
        row("s-1"),
        row("s-4", 网格编码=GRID_3),
        row("s-5", 经度="东经一百二十度", 纬度="30"),
        row("s-6", 不得断电="也许"),
        row("s-7", 所属网关="s-1"),
        row("far-1"),
        row("old-1"),
        row("s-8", 联系人="张三"),
        row("gw bad", "网关"),
        row("s-9", 所属网关="gw bad"),
    )
    done = take(file, liuan)
    assert done.born == 1
    assert [(one.row, one.field, one.code) for one in done.rejected] == [
        (6, "code", "repeated"),
        (8, "lon", "bad_point"),
        (9, "exempt", "bad_yes_no"),
        (3, "code", "bad_code"),
        (4, "code", "required"),
        (5, "kind", "unknown_kind"),
        (7, "area", "not_your_area"),
        (10, "gateway", "unknown_gateway"),
        (11, "code", "code_taken"),
        (12, "code", "retired"),
        (13, "contacts", "bad_contact"),
        (14, "code", "bad_code"),
        (15, "gateway", "unknown_gateway"),
    ]
    rejects = tmp_path / "rejects.csv"
    actions.write_rejects(done.rejected, rejects)
    lines = rejects.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "行,设备编号,列,原因" and "同一个编号出现了两次" in lines[1]
    assert set(Device.objects.values_list("code", flat=True)) == {"far-1", "old-1", "s-1"}


def test_a_check_writes_nothing(tmp_path: Path, luo: Actor) -> None:
    done = take(table(tmp_path / "a.xlsx", row("s-1"), row("s-2", "?")), luo, check=True, credentials=True)
    assert (done.born, len(done.rejected), done.secrets) == (1, 1, {})
    assert not Device.objects.exists()


def test_secrets_for_new_devices_are_written_once(tmp_path: Path, luo: Actor) -> None:
    file = table(tmp_path / "a.csv", row("s-1"), row("s-2"))
    done = take(file, luo, credentials=True)
    assert set(done.secrets) == {"s-1", "s-2"}
    assert device_let_in("s-1", done.secrets["s-1"]) and not device_let_in("s-2", done.secrets["s-1"])
    target = tmp_path / "secrets.csv"
    actions.write_secrets(done.secrets, target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert take(file, luo, credentials=True).secrets == {} and Credential.objects.count() == 2


def test_columns_can_be_named(tmp_path: Path, luo: Actor) -> None:
    file = table(tmp_path / "a.csv", ["8620001", "智能断路器", GRID_1], header=["卡号", "种类", "格"])
    with pytest.raises(Invalid) as wrong:
        take(file, luo)
    assert wrong.value.code == "no_column" and "设备编号" in str(wrong.value)
    done = take(file, luo, mapping={"code": "卡号", "kind": "种类", "area": "格"})
    assert done.born == 1
    with pytest.raises(Invalid):
        take(file, luo, mapping={"code": "没有这列"})


def test_who_registers_nowhere_is_a_stranger(tmp_path: Path, cast: Cast) -> None:
    with pytest.raises(NotFound):
        take(table(tmp_path / "a.csv", row("s-1")), cast.he_sanitation)


def test_thousands_cost_a_few_queries_a_step(tmp_path: Path, luo: Actor, django_assert_max_num_queries: Any) -> None:
    file = table(tmp_path / "many.csv", *(row(f"s-{number}") for number in range(STEP)))
    with django_assert_max_num_queries(14):
        assert take(file, luo, credentials=True).born == STEP
    with django_assert_max_num_queries(10):
        assert take(file, luo).same == STEP


def test_headers_are_told_apart() -> None:
    found = exchange.columns(["IMEI", " 类型 ", "所在网格", "备注", "说明"], {})
    assert found == {"code": "IMEI", "kind": " 类型 ", "area": "所在网格", "note": "备注"}


def test_a_row_as_a_draft() -> None:
    draft = exchange.draft_of_row(
        {"code": "a", "kind": "门磁", "person": "T001", "role": "监护人", "lon": "", "exempt": "否"}
    )
    assert (draft.kind, draft.lon, draft.exempt) == ("door", None, False)
    assert draft.contacts == (ContactDraft(role="guardian", person="T001"),)


def test_blank_lines_count(tmp_path: Path, luo: Actor) -> None:
    file = table(tmp_path / "devices.csv", [], row("s-1"), [], [], row("s 2"))
    assert [(one.row, one.code) for one in take(file, luo).rejected] == [(6, "bad_code")]
