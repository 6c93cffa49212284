"""Files in parts: resumed after a break and a crash, cleaned when whole, nobody else's; operations wait for them."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from huying.casework.cases.factories import NOW, Cast
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, Invalid, NotFound
from huying.kernel.files import StoredFile
from huying.senses.sync import actions, rules
from huying.senses.sync.actions import WrongOffset
from huying.senses.sync.actions.uploading import path_of_parts
from huying.senses.sync.factories import raw, sent
from huying.senses.sync.models import Device, Operation, Upload

from .conftest import notes

WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + bytes(3000)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.HUYING_FILES = tmp_path
    yield tmp_path


def photo() -> bytes:
    drawn = io.BytesIO()
    Image.frombytes("RGB", (64, 48), os.urandom(64 * 48 * 3)).save(drawn, "JPEG")
    return drawn.getvalue()


def part(actor: Actor, one: uuid.UUID, whole: bytes, start: int, end: int, kind: str = "image/jpeg") -> Upload:
    return actions.take_part(
        actor=actor, now=NOW, upload_id=one, offset=start, size=len(whole), media_type=kind, data=whole[start:end]
    )


def test_a_photo_in_parts_resumed_and_repeated_is_one_file(cast: Cast) -> None:
    one, whole = uuid.uuid4(), photo()
    assert part(cast.tang_grid, one, whole, 0, 1000).received == 1000
    assert part(cast.tang_grid, one, whole, 0, 1000).received == 1000, "a repeated part changes nothing"
    with pytest.raises(WrongOffset) as refused:
        part(cast.tang_grid, one, whole, 2000, 3000)
    assert refused.value.problem()["received"] == 1000
    with path_of_parts(one).open("ab") as file:
        file.write(b"what a dying server wrote without saying so")
    assert part(cast.tang_grid, one, whole, 500, 1500).received == 1500
    done = part(cast.tang_grid, one, whole, 1500, len(whole))
    assert done.file is not None
    assert (done.file.kind, done.file.actor_ref) == ("image", cast.tang_grid.ref)
    assert not path_of_parts(one).exists()
    assert part(cast.tang_grid, one, whole, 1500, len(whole)).file == done.file
    assert StoredFile.objects.count() == 1


def test_lost_parts_are_asked_for_again(cast: Cast) -> None:
    one, whole = uuid.uuid4(), photo()
    part(cast.tang_grid, one, whole, 0, 1000)
    path_of_parts(one).unlink()
    assert part(cast.tang_grid, one, whole, 1000, 2000).received == 0
    assert part(cast.tang_grid, one, whole, 0, len(whole)).file is not None


def test_a_sound_is_kept_and_something_else_is_refused(cast: Cast, phone: Device) -> None:
    sound = part(cast.tang_grid, uuid.uuid4(), WEBM, 0, len(WEBM), "audio/webm")
    assert sound.file is not None
    assert (sound.file.kind, sound.file.media_type) == ("sound", "audio/webm")
    bad, page = uuid.uuid4(), b"<script>alert(1)</script>"
    waiting = raw(at=NOW, files=[str(bad)])
    actions.take_operations(actor=cast.tang_grid, device=phone, now=NOW, operations=sent(waiting))
    for _time in range(2):
        with pytest.raises(Invalid) as refused:
            part(cast.tang_grid, bad, page, 0, len(page))
        assert refused.value.code == "bad_file"
    row = Operation.objects.get(pk=waiting["id"])
    assert (row.state, row.outcome["code"], row.outcome["fields"]) == ("refused", "bad_file", {"files": str(bad)})
    with pytest.raises(Invalid):
        part(cast.tang_grid, uuid.uuid4(), WEBM, 0, len(WEBM), "image/jpeg")


def test_an_operation_waits_for_its_photos_and_never_for_somebody_elses(cast: Cast, phone: Device) -> None:
    mine, lost = uuid.uuid4(), uuid.uuid4()
    one = raw(at=NOW, files=[str(mine)])
    two = raw(at=NOW, files=[str(lost)])
    found = actions.take_operations(actor=cast.tang_grid, device=phone, now=NOW, operations=sent(one, two))
    assert [(each.state, each.code) for each in found] == [("waiting", "upload")] * 2
    whole = photo()
    part(cast.tang_grid, mine, whole, 0, len(whole))
    assert notes() == [one["id"]]
    Upload.objects.filter(pk=mine).update(id=lost, person_id=cast.ma_liuan.person_id)
    actions.retry_waiting(now=NOW + rules.RELEASE)
    assert Operation.objects.get(pk=two["id"]).state == "waiting", "nothing makes up for a missing photo"


def test_strangers_and_nonsense_are_refused_and_leave_nothing(cast: Cast, own_files: Path) -> None:
    one, whole = uuid.uuid4(), photo()
    part(cast.tang_grid, one, whole, 0, 10)
    other = Actor("staff", cast.ma_liuan.ref, "马", person_id=cast.ma_liuan.person_id, duties=cast.tang_grid.duties)
    with pytest.raises(NotFound):
        part(other, one, whole, 10, 20)
    with pytest.raises(Forbidden):
        part(cast.ma_liuan, uuid.uuid4(), whole, 0, 10)
    for size, kind, offset, data in (
        (10, "text/html", 0, b"x"),
        (rules.MOST_FILE + 1, "image/png", 0, b"x"),
        (rules.MOST_SOUND + 1, "audio/ogg", 0, b"x"),
        (10, "image/png", 5, b"123456"),
        (10, "image/png", 0, b""),
        (2 * rules.MOST_PART, "image/png", 0, bytes(rules.MOST_PART + 1)),
    ):
        with pytest.raises(Invalid):
            actions.take_part(
                actor=cast.tang_grid, now=NOW, upload_id=uuid.uuid4(), offset=offset, size=size, media_type=kind,
                data=data,
            )  # fmt: skip
    with pytest.raises(Invalid):  # another size than it began with
        part(cast.tang_grid, one, whole + b"x", 10, 20)
    assert Upload.objects.count() == 1
    assert len(list((own_files / "parts").iterdir())) == 1


def test_old_uploads_are_forgotten_unless_something_waits_for_them(cast: Cast, phone: Device) -> None:
    kept, dropped, whole = uuid.uuid4(), uuid.uuid4(), photo()
    for one in (kept, dropped):
        part(cast.tang_grid, one, whole, 0, 10)
    actions.take_operations(
        actor=cast.tang_grid, device=phone, now=NOW, operations=sent(raw(at=NOW, files=[str(kept)]))
    )
    assert actions.clear_old(now=NOW + timedelta(days=31)) == (0, 1)
    assert list(Upload.objects.values_list("pk", flat=True)) == [kept]
    assert path_of_parts(kept).exists()
    assert not path_of_parts(dropped).exists()
