"""Importing through HTTP: template, file, columns, progress, what was not taken; nobody but registry editors."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from huying.ground.organisation.factories import make_appointment
from huying.ground.registry import exchange, looking
from huying.ground.registry.actions import uploading
from huying.ground.registry.desk.importing import KINDS
from huying.ground.registry.fields import KINDS as EVERY_KIND
from huying.ground.registry.models import Resident, Upload
from huying.ground.territory.factories import HETANG, TAOYUAN, a_town
from huying.kernel import clock

from .desk_cast import Desk, text
from .test_looking import packed
from .test_uploading import PEOPLE
from .test_uploading import text as csv_of

pytestmark = pytest.mark.django_db
HOME = "/desk/registry/imports/"


def send(client: Client, content: bytes, **more: str) -> Any:
    given = {"kind": "person", "uid": str(uuid4()), "area": "", **more}
    return client.post(HOME, {**given, "file": SimpleUploadedFile("人员.csv", content)})


def test_the_pages_are_for_registry_editors(desk: Desk) -> None:
    assert send(desk.client("editor"), csv_of(*PEOPLE)).status_code == 302
    one = Upload.objects.get()
    page = f"{HOME}{one.uid}/"
    addresses = (
        HOME, page, f"{page}progress", f"{page}rejects.csv", f"{page}rejects.xlsx", f"{HOME}template/person.xlsx"
    )  # fmt: skip
    for who in ("worker", "other", "supervisor", "discipline", "seat"):
        client = desk.client(who)
        assert [client.get(address).status_code for address in addresses] == [404] * len(addresses), who
        assert send(client, csv_of(*PEOPLE)).status_code == 404
        assert client.post(page, {"do": "begin"}).status_code == client.post(page, {"do": "drop"}).status_code == 404
        assert "registry/imports" not in text(client.get("/desk/", follow=True))
    assert [Client().get(address).status_code for address in addresses] == [302] * len(addresses)
    assert (Upload.objects.count(), Upload.objects.get().state) == (1, "looked")
    assert 'href="/desk/registry/imports/"' in text(desk.client("editor").get("/desk/registry/"))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_table_goes_its_way(desk: Desk, language: str) -> None:
    editor = desk.client("editor", language)
    zh = language == "zh-hans"
    page = send(editor, csv_of(["住户", "电话"], *[row[:2] for row in PEOPLE[1:]]))["Location"]
    read = text(editor.get(page))
    assert ("还缺必填的列" if zh else "A required column is missing") in read and 'name="column_0"' in read
    assert "赵大明" not in read and (">姓名</option>" if zh else ">Name</option>") in read
    refused = editor.post(page, {"do": "begin"})
    assert refused.status_code == 422 and Upload.objects.get().state == "looked"
    assert editor.post(page, {"do": "begin", "column_0": "name"})["Location"] == page
    going = text(editor.get(page))
    assert 'hx-trigger="every 2s"' in going and "0 / 3" in going
    assert 'id="progress"' in text(editor.get(f"{page}progress"))
    uploading.run_upload(Upload.objects.get().pk, now=clock.now())
    assert editor.get(f"{page}progress").headers["HX-Refresh"] == "true"
    done = text(editor.get(page))
    assert ("新登记 2" if zh else "2 new") in done and "every 2s" not in done
    assert ("不像电话号码" if zh else "not a phone number") in done
    assert ("1 行没有收下" if zh else "1 row not taken") in text(editor.get(HOME))
    assert Resident.objects.count() == 3


def test_what_was_not_taken_is_a_file_to_take_away(desk: Desk) -> None:
    editor = desk.client("editor")
    page = send(editor, csv_of(*PEOPLE))["Location"]
    editor.post(page, {"do": "begin"})
    uploading.run_upload(Upload.objects.get().pk, now=clock.now())
    assert "人员.csv" not in text(editor.get(page)) + text(editor.get(HOME)) and Upload.objects.get().name == ""
    rows = text(editor.get(f"{page}rejects.csv")).splitlines()
    assert "何信息" in rows[0] and rows[1:] == ["行,哪一项,为什么", "3,电话,不像电话号码"]
    answer = editor.get(f"{page}rejects.xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert [cell.value for cell in sheet[3]] == [3, "电话", "不像电话号码"]
    assert editor.get(f"{page}rejects.pdf").status_code == 404


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"content": b""}, "文件是空的"),
        ({"content": packed("word/document.xml")}, "打不开"),
        ({"content": b"<html>"}, "这是网页"),
        ({"kind": "castle"}, "请选择表里是什么"),
        ({"kind": ""}, "请选择表里是什么"),
        ({"area": "没有这个地方"}, "没有这个区域"),
    ],
)
def test_a_refusal_says_what_to_do_and_leaves_nothing(desk: Desk, given: dict[str, Any], said: str) -> None:
    answer = send(desk.client("editor"), **{"content": csv_of(*PEOPLE), **given})
    assert answer.status_code == 422 and said in text(answer)
    assert not Upload.objects.exists()


def test_a_file_too_large_is_not_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MOST_BYTES", 20)
    monkeypatch.setattr(uploading, "take_upload", None)
    answer = send(desk.client("editor"), csv_of(*PEOPLE))
    assert answer.status_code == 422 and "文件不能超过" in text(answer)
    assert desk.client("editor").post(HOME, {"kind": "person"}).status_code == 422


def test_whoever_keeps_several_areas_says_which(desk: Desk) -> None:
    person = desk.people["editor"]
    person.appointments.update(area=HETANG)
    make_appointment(person, person.appointments.get().unit, "registry_editor", TAOYUAN)
    a_town()
    editor = desk.client("editor")
    assert "您负责几个区域" in text(editor.get(HOME)) and ' required list="area-options"' in text(editor.get(HOME))
    refused = send(editor, csv_of(*PEOPLE))
    assert refused.status_code == 422 and "请写明归到哪一个" in text(refused) and not Upload.objects.exists()
    assert send(editor, csv_of(*PEOPLE), area=TAOYUAN).status_code == 302
    assert Upload.objects.get().area == TAOYUAN


def test_a_form_sent_twice_leads_to_the_same_page(desk: Desk) -> None:
    editor, uid = desk.client("editor"), str(uuid4())
    first = send(editor, csv_of(*PEOPLE), uid=uid)
    assert send(editor, csv_of(*PEOPLE), uid=uid)["Location"] == first["Location"]
    other = send(editor, csv_of(*PEOPLE[:2]), uid=uid)
    assert other.status_code == 409 and "已经交过另一份表" in text(other)
    assert Upload.objects.count() == 1


def test_a_file_is_put_away(desk: Desk) -> None:
    editor = desk.client("editor")
    page = send(editor, csv_of(*PEOPLE))["Location"]
    assert editor.post(page, {"do": "drop"})["Location"] == HOME
    one = Upload.objects.get()
    assert (one.state, one.content) == ("dropped", None)
    assert "文件已经删除" in text(editor.get(page))
    assert editor.post(page, {"do": "begin"}).status_code == 409
    assert Upload.objects.get().state == "dropped"


def test_a_column_chosen_wrongly_is_chosen_anew(desk: Desk) -> None:
    editor = desk.client("editor")
    page = send(editor, csv_of(["住户", "老姓名", "电话"], ["赵大明", "赵小明", "13911110000"]))["Location"]
    twice = editor.post(page, {"do": "begin", "column_0": "name", "column_1": "name"})
    assert twice.status_code == 422 and "两列认成了同一项：住户、老姓名" in text(twice)
    lacking = text(editor.post(page, {"do": "begin", "column_0": "phone2", "column_1": ""}))
    assert '<option value="phone2" selected>' in lacking and "还缺必填的列" in lacking
    assert Upload.objects.get().mapping == {}
    editor.post(page, {"do": "begin", "column_0": "name", "column_1": ""})
    assert Upload.objects.get().mapping == {"name": "住户"}
    uploading.run_upload(Upload.objects.get().pk, now=clock.now())
    assert "赵大明" in {one.value("name") for one in Resident.objects.all()}


def test_a_title_that_is_markup_stays_a_title(desk: Desk) -> None:
    page = send(desk.client("editor"), csv_of(["姓名", "<script>alert(1)</script>"], ["赵大明", "x"]))["Location"]
    read = text(desk.client("editor").get(page))
    assert "<script>alert" not in read and "&lt;script&gt;alert" in read


@pytest.mark.parametrize("kind", KINDS)
def test_templates_say_what_belongs_where_and_are_understood(desk: Desk, kind: str) -> None:
    answer = desk.client("editor").get(f"{HOME}template/{kind}.xlsx")
    content = b"".join(answer.streaming_content)
    rows = [
        [cell or "" for cell in row] for row in load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    ]
    assert rows == [exchange.headers(kind), exchange.explanations(kind)]
    found = looking.look(content, kind)
    titles = [title for title, _filled in found.header]
    assert (found.suffix, len(exchange.columns(kind, titles, {})) - 1) == (".xlsx", len(exchange.FIELDS[kind]))
    assert set(KINDS) == set(EVERY_KIND)
