"""What a phone sends in one go costs as many questions for ten as for two, and a wrong one spoils nothing beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from huying.casework.cases.factories import GRID_1, IN_GRID_1, NOW, Cast, make_cast
from huying.casework.cases.models import Attachment, Case
from huying.casework.cases.turns import chain
from huying.ground.registry.facts import PremisesRated
from huying.ground.registry.models import Organisation
from huying.kernel.facts import publish
from huying.kernel.trace.models import Entry
from huying.senses.field import actions
from huying.senses.field.factories import make_shop
from huying.senses.field.models import Position, Task
from huying.senses.reports.models import Report, ReportPhoto
from huying.senses.sync.actions import take_operations, take_part
from huying.senses.sync.factories import make_device, raw, sent
from huying.senses.sync.models import Device, Upload

FAR = "420106002001001"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def phone(cast: Cast) -> Device:
    return make_device(cast.tang_grid, now=NOW)[0]


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.HUYING_FILES = tmp_path
    yield tmp_path


def upload(cast: Cast, shade: int) -> str:
    drawn = BytesIO()
    Image.new("RGB", (64, 48), (shade, 90, 40)).save(drawn, "JPEG")
    one, content = uuid4(), drawn.getvalue()
    take_part(
        actor=cast.tang_grid, now=NOW, upload_id=one, offset=0, size=len(content), media_type="image/jpeg", data=content
    )
    return str(one)


def send(cast: Cast, phone: Device, *raws: dict[str, Any]) -> tuple[int, list[Any]]:
    """How many questions it cost, and what became of them."""
    with CaptureQueriesContext(connection) as asked:
        found = take_operations(actor=cast.tang_grid, device=phone, now=LATER, operations=sent(*raws))
    return len(asked), found


def walk(minute: int, points: Any = None) -> dict[str, Any]:
    there = [[(NOW + timedelta(minutes=minute + more)).isoformat(), *IN_GRID_1, 5] for more in range(2)]
    return raw("position", at=NOW, body={"points": there if points is None else points})


def seen(text: str, *files: str, **more: Any) -> dict[str, Any]:
    body = {"text": text, "item": "0101", "lon": IN_GRID_1[0], "lat": IN_GRID_1[1]} | more
    return raw("report", at=NOW, body=body, files=list(files))


def test_walks_go_together_and_a_wrong_one_stays_alone(cast: Cast, phone: Device) -> None:
    actions.set_duty(on=True, op=uuid4(), actor=cast.tang_grid, now=NOW, at=NOW)
    few, _found = send(cast, phone, *(walk(minute) for minute in (0, 2)))
    many, found = send(cast, phone, *(walk(minute) for minute in range(4, 24, 2)), walk(-60))
    assert [one.made for one in found] == [{"kept": 2, "dropped": 0}] * 10 + [{"kept": 0, "dropped": 2}]
    assert many == few and Position.objects.count() == 24
    _cost, mixed = send(cast, phone, walk(30), walk(0, points=[[1, 2]]), walk(32), walk(34))
    assert [(one.state, one.code) for one in mixed] == [
        ("applied", ""), ("refused", "invalid"), ("applied", ""), ("applied", ""),
    ]  # fmt: skip
    assert Position.objects.count() == 30


def test_reports_with_photos_go_together(cast: Cast, phone: Device) -> None:
    def brought(number: int) -> list[dict[str, Any]]:
        return [seen(f"门前堆了垃圾 {number}-{one}", upload(cast, 20 * number + one)) for one in range(number)]

    send(cast, phone, *brought(1))  # what is read once
    few, _found = send(cast, phone, *brought(2))
    batch = brought(10)
    many, found = send(cast, phone, *batch)
    assert many == few
    assert [one.state for one in found] == ["applied"] * 10 and len({one.made["case"] for one in found}) == 10
    for one, told in zip(batch, found, strict=True):
        report = Report.objects.get(source_id=one["id"])
        photo = ReportPhoto.objects.get(report=report).attachment
        stored = Upload.objects.get(pk=one["files"][0]).file
        assert (report.case_id, photo.case_id, photo.file) == (told.made["case"], told.made["case"], stored)
        assert stored is not None and stored.subject == chain(report.case_id)
        entry = Entry.objects.get(chain=chain(report.case_id), verb="attach")
        assert (json.loads(entry.body), entry.actor_ref) == (
            {"file": stored.sha256, "stage": "report"},
            cast.tang_grid.ref,
        )
    before = Case.objects.count(), Attachment.objects.count(), Entry.objects.count()
    assert send(cast, phone, *batch)[1] == found
    assert (Case.objects.count(), Attachment.objects.count(), Entry.objects.count()) == before


def test_what_reports_are_about_is_asked_once_for_all(cast: Cast, phone: Device) -> None:
    """Shops, a firm in one of them, one merged into another, one that is gone and somebody else's."""
    shops = [make_shop(f"店 {one}", now=NOW) for one in range(8)]
    merged = make_shop("合并前", now=NOW, state="merged", merged_into=shops[1])
    far = make_shop("别处的店", now=NOW, grid=FAR)
    firm = Organisation.objects.create(
        name="老王餐饮", kind="company", premises=shops[0], area=GRID_1, checked_at=NOW, created_at=NOW
    )

    def about(number: int, kind: str, uid: UUID) -> dict[str, Any]:
        return seen(f"门前堆了垃圾 {number}", about={"kind": kind, "uid": str(uid)})

    some = [("organisation", firm.uid), ("premises", merged.uid)]
    more = [*(("premises", one.uid) for one in shops[2:]), ("premises", far.uid), ("premises", uuid4())]
    send(cast, phone, *(about(number, *one) for number, one in enumerate(some)))  # what is read once
    few, _found = send(cast, phone, *(about(10 + number, *one) for number, one in enumerate(some)))
    many, found = send(cast, phone, *(about(20 + number, *one) for number, one in enumerate([*some, *more])))
    assert many == few
    marks = [Case.objects.get(pk=one.made["case"]).subjects for one in found]
    assert marks == [
        [f"organisation:{firm.uid}", f"premises:{shops[0].uid}"], [f"premises:{shops[1].uid}"],
        *([f"premises:{one.uid}"] for one in shops[2:]), None, None,
    ]  # fmt: skip


def test_what_is_said_about_a_task_is_done_alone_and_a_wrong_one_spoils_nothing(cast: Cast, phone: Device) -> None:
    publish(PremisesRated(uid=make_shop(now=NOW).uid, risk="red", area=GRID_1, at=NOW))
    task = Task.objects.get(kind="warning")
    pictures = [upload(cast, shade) for shade in range(3)]
    batch = [
        seen("路灯不亮", pictures[0]),
        seen("门已锁", pictures[1], task=str(task.uid)),
        seen(""),
        seen("看到了", task="nothing"),
        seen("井盖松动", pictures[2]),
    ]
    _cost, found = send(cast, phone, *batch)
    assert [one.state for one in found] == ["applied", "applied", "refused", "refused", "applied"]
    assert found[1].made == {"task": str(task.uid), "late": False}
    task.refresh_from_db()
    assert (task.state, Case.objects.count(), Report.objects.count()) == ("done", 2, 2)
    kept = Upload.objects.select_related("file").in_bulk([UUID(one) for one in pictures])
    subjects = [file.subject for one in pictures if (file := kept[UUID(one)].file) is not None]
    cases = [chain(found[place].made["case"]) for place in (0, 4)]
    assert subjects == [cases[0], f"task:{task.pk}", cases[1]]
