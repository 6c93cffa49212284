"""Several small files in one request: each answered by itself, once, in as many queries as one; hostile ones leave nothing."""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from huying.casework.cases.factories import NOW, Cast, account_of
from huying.ground.organisation.models import Appointment
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden
from huying.kernel.files import StoredFile, path_of
from huying.kernel.files import store as files_store
from huying.senses.sync import actions, rules
from huying.senses.sync.actions import bundling
from huying.senses.sync.factories import make_device, raw, sent
from huying.senses.sync.models import Device, Operation, Upload
from huying.senses.sync.reading import Whole, read_bundle

from .conftest import notes

WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + bytes(3000)
File = tuple[uuid.UUID, str, bytes]


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.HUYING_FILES = tmp_path
    yield tmp_path


def photo(size: tuple[int, int] = (64, 48)) -> bytes:
    drawn = io.BytesIO()
    Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3)).save(drawn, "JPEG")
    return drawn.getvalue()


def some(count: int) -> list[File]:
    return [(uuid.uuid4(), "image/jpeg", photo()) for _one in range(count)]


def bundle(files: list[File], **changed: Any) -> bytes:
    """As a phone puts it together; ``changed`` lies about every file."""
    head = [{"id": str(one), "size": len(data), "type": kind, **changed} for one, kind, data in files]
    return json.dumps(head).encode() + b"\n" + b"".join(data for _one, _kind, data in files)


class Phone:
    """A signed-in worker's phone."""

    def __init__(self, actor: Actor) -> None:
        self.device, token = make_device(actor, now=clock.now())
        self.client = Client()
        self.client.force_login(account_of(actor))
        self.headers = {"X-Huying-Device": token}

    def post(self, content: bytes) -> Any:
        path, kind = "/api/v1/field/uploads", "application/octet-stream"
        return self.client.post(path, content, content_type=kind, headers=self.headers)

    def send(self, files: list[File]) -> list[dict[str, Any]]:
        answer = self.post(bundle(files))
        assert answer.status_code == 200, answer.content
        results: list[dict[str, Any]] = answer.json()["results"]
        assert [one["id"] for one in results] == [str(one) for one, _kind, _data in files]
        return results


@pytest.fixture
def worker(cast: Cast) -> Phone:
    return Phone(cast.tang_grid)


def kept(place: Path) -> tuple[int, int, list[Path]]:
    """Everything an upload could leave behind."""
    return Upload.objects.count(), StoredFile.objects.count(), sorted(place.rglob("*"))


def test_a_bundle_is_taken_once_and_cleaned(cast: Cast, worker: Phone, own_files: Path) -> None:
    files = some(3)
    assert [(one["state"], one["received"]) for one in worker.send(files)] == [
        ("taken", len(data)) for _one, _kind, data in files
    ]
    for one, _kind, data in files:
        row = Upload.objects.select_related("file").get(pk=one)
        assert row.file is not None and (row.state, row.person_id) == ("whole", cast.tang_grid.person_id)
        assert (row.file.actor_ref, row.file.kind) == (cast.tang_grid.ref, "image")
        stored = path_of(row.file.sha256).read_bytes()
        assert stored != data and len(stored) == row.file.bytes, "encoded anew"
        assert path_of(row.file.sha256).stat().st_mode & 0o777 == 0o640
    before = kept(own_files)
    assert {one["state"] for one in worker.send(files)} == {"known"}
    assert {one["state"] for one in worker.send([*reversed(files)])} == {"known"}
    assert kept(own_files) == before and not list(own_files.rglob(".new-*"))


def test_one_bad_photo_holds_up_no_other(worker: Phone) -> None:
    page = (uuid.uuid4(), "image/jpeg", b"<script>alert(1)</script>")
    polyglot = (uuid.uuid4(), "image/jpeg", photo()[:20] + b"<svg onload=x>" + photo())
    cut = (uuid.uuid4(), "image/jpeg", photo()[:-400])
    archive = (uuid.uuid4(), "image/png", photo() + b"PK\x01\x02" + b"PK\x05\x06" + bytes(18))
    text = (uuid.uuid4(), "text/html", photo())
    odd = (uuid.uuid4(), "image/\x00" + "j" * 9, photo())
    good = some(2)
    files = [good[0], page, polyglot, cut, archive, text, odd, good[1]]
    for states in ("taken", "known"):
        found = worker.send(files)
        assert [one["state"] for one in found] == [states, *["refused"] * 6, states]
        assert [one["code"] for one in found[1:7]] == [*["bad_file"] * 4, "bad_type", "bad_type"]
        assert all(one["message"] for one in found[1:7])
    assert StoredFile.objects.count() == 2
    assert Upload.objects.filter(state="refused").count() == 4 and Upload.objects.count() == 6


def test_sounds_go_with_photos_and_whoever_has_left_lately_hands_in(cast: Cast, worker: Phone) -> None:
    ended = clock.local_day(clock.now()) - timedelta(days=1)
    Appointment.objects.filter(person_id=cast.tang_grid.person_id).update(valid_to=ended)
    sound = (uuid.uuid4(), "audio/webm", WEBM)
    assert [one["state"] for one in worker.send([*some(1), sound])] == ["taken", "taken"]
    row = Upload.objects.select_related("file").get(pk=sound[0])
    assert row.file is not None and path_of(row.file.sha256).read_bytes() == WEBM
    ended -= timedelta(days=rules.HAND_OVER_DAYS)
    Appointment.objects.filter(person_id=cast.tang_grid.person_id).update(valid_to=ended)
    answer = worker.post(bundle(some(2)))
    assert (answer.status_code, answer.json()["code"]) == (403, "off_duty_ended") and Upload.objects.count() == 2


def test_a_bundle_of_ten_asks_as_little_as_one_of_two(worker: Phone, django_assert_num_queries: Any) -> None:
    worker.send(some(1))
    # session, account, what they serve, phone, count, known before, lock with the files' rows, uploads, waited for; two
    # for the transaction
    for count in (1, 2, 10, 16):
        files = some(count)
        with django_assert_num_queries(11):
            assert {one["state"] for one in worker.send(files)} == {"taken"}
    again = some(10)
    worker.send(again)
    for files in (again, again[:2]):
        with django_assert_num_queries(7):
            assert {one["state"] for one in worker.send(files)} == {"known"}


def test_photos_are_cleaned_outside_any_transaction(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[int] = []
    clean = bundling.clean_upload

    def watched(content: bytes, **more: bool) -> Any:
        inside.append(len(connection.savepoint_ids))
        return clean(content, **more)

    monkeypatch.setattr(bundling, "clean_upload", watched)
    outside = len(connection.savepoint_ids)
    wholes = [Whole(*one) for one in some(3)]
    with CaptureQueriesContext(connection) as asked:
        actions.take_bundle(actor=cast.tang_grid, now=NOW, files=wholes)
    assert inside == [outside] * 3
    assert "SAVEPOINT" in asked[1]["sql"], "it begins after the photos were cleaned"


def test_what_waited_for_any_of_them_is_done(cast: Cast, phone: Device) -> None:
    files = some(3)
    waiting = [raw(at=NOW, files=[str(one)]) for one, _kind, _data in files[1:]]
    both = raw(at=NOW, files=[str(files[0][0]), str(uuid.uuid4())])
    actions.take_operations(actor=cast.tang_grid, device=phone, now=NOW, operations=sent(*waiting, both))
    actions.take_bundle(actor=cast.tang_grid, now=NOW, files=[Whole(*one) for one in files])
    assert sorted(notes()) == sorted(one["id"] for one in waiting)
    assert Operation.objects.get(pk=both["id"]).state == "waiting"


def test_begun_in_parts_somebody_elses_and_another_one(cast: Cast, worker: Phone, own_files: Path) -> None:
    begun, foreign, other, good = some(4)
    path = f"/api/v1/field/uploads/{begun[0]}?offset=0&size={len(begun[2])}&type=image/jpeg"
    kind = "application/octet-stream"
    assert worker.client.put(path, begun[2][:10], content_type=kind, headers=worker.headers).status_code == 200
    assert worker.send([foreign, other])[0]["state"] == "taken"
    Upload.objects.filter(pk=foreign[0]).update(person_id=cast.ma_liuan.person_id)
    before = kept(own_files)
    changed = (other[0], "image/jpeg", other[2] + b"x")
    found = worker.send([begun, foreign, changed])
    assert [(one["state"], one["received"], one["code"]) for one in found] == [
        ("partly", 10, ""), ("refused", 0, "upload_not_found"), ("refused", 0, "upload_differs"),
    ]  # fmt: skip
    assert kept(own_files) == before
    assert [one["state"] for one in worker.send([begun, good])] == ["partly", "taken"]


def test_the_same_at_the_same_moment_is_kept_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [Whole(*one) for one in some(3)]
    keep, met = bundling._keep, []

    def slowly(*given: Any, **more: Any) -> None:
        """Between looking and writing the same bundle comes once more, in part."""
        if not met:
            met.append(1)
            found = actions.take_bundle(actor=cast.tang_grid, now=NOW, files=files[:2])
            assert [one.state for one in found] == ["taken"] * 2
        keep(*given, **more)

    monkeypatch.setattr(bundling, "_keep", slowly)
    found = actions.take_bundle(actor=cast.tang_grid, now=NOW, files=files)
    assert [one.state for one in found] == ["known", "known", "taken"]
    assert (Upload.objects.count(), StoredFile.objects.count()) == (3, 3)


def test_when_the_disk_is_full_nothing_is_kept(cast: Cast, own_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, forced = [Whole(*one) for one in some(3)], []

    def fail(handle: int) -> None:
        forced.append(handle)
        if len(forced) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(files_store.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        actions.take_bundle(actor=cast.tang_grid, now=NOW, files=files)
    assert (Upload.objects.count(), StoredFile.objects.count()) == (0, 0)
    assert not list(own_files.rglob(".new-*"))
    monkeypatch.undo()
    assert {one.state for one in actions.take_bundle(actor=cast.tang_grid, now=NOW, files=files)} == {"taken"}


def _hostile() -> dict[str, tuple[bytes, int]]:
    files, one = some(2), some(1)
    good = bundle(files)
    line, _end, data = good.partition(b"\n")
    big = (uuid.uuid4(), "image/jpeg", bytes(rules.MOST_PART + 1))
    return {
        "empty": (b"", 422),
        "no line": (b"[]", 422),
        "no list": (b"{}\n", 422),
        "no files": (b"[]\n", 422),
        "no bytes": (line + b"\n", 422),
        "truncated": (good[:-1], 422),
        "cut in the line": (line[:40], 422),
        "more than said": (good + b"x", 422),
        "an empty line before": (b"\n" + good, 422),
        "same id twice": (bundle([one[0], one[0]]), 422),
        "same id in capitals": (_twice(one[0]), 422),
        "size too small": (bundle(one, size=10), 422),
        "size too big": (bundle(one, size=10**6), 422),
        "size negative": (bundle(one, size=-5), 422),
        "size a truth": (bundle([(uuid.uuid4(), "image/jpeg", b"x")], size=True), 422),
        "size a text": (bundle(one, size="12"), 422),
        "size without end": (bundle(one, size=10**40), 422),
        "sizes that make up for one another": (_swapped(files), 422),
        "type no text": (bundle(one, type=["image/jpeg"]), 422),
        "id no id": (bundle(one, id="../../etc/passwd"), 422),
        "entries no objects": (b"[1]\n1", 422),
        "nested": (b"[" * 4000 + b"\n", 422),
        "not text": (b"\xff\xfe\n" + data, 422),
        "a line without end": (b" " * 20_000 + good, 422),
        "too many": (bundle([(uuid.uuid4(), "image/jpeg", b"x") for _one in range(17)]), 422),
        "one too big": (bundle([big]), 422),
        "too big": (bundle([(uuid.uuid4(), "image/jpeg", bytes(rules.MOST_PART)) for _one in range(4)]), 413),
        "more than anything may be": (bytes(13 * 1024 * 1024), 413),
    }


def _twice(file: File) -> bytes:
    one, kind, data = file
    head = [{"id": text, "size": len(data), "type": kind} for text in (str(one), str(one).upper())]
    return json.dumps(head).encode() + b"\n" + data + data


def _swapped(files: list[File]) -> bytes:
    """Lengths whose sum is true and each of which lies by more than there is."""
    length = sum(len(data) for _one, _kind, data in files)
    head = [
        {"id": str(one), "size": size, "type": kind}
        for (one, kind, _data), size in zip(files, (length + 9, -9), strict=True)
    ]
    return json.dumps(head).encode() + b"\n" + b"".join(data for _one, _kind, data in files)


def test_hostile_bundles_are_refused_whole_and_leave_nothing(worker: Phone, own_files: Path) -> None:
    for name, (content, status) in _hostile().items():
        answer = worker.post(content)
        assert answer.status_code == status, name
        assert answer["Content-Type"] == "application/problem+json", name
        assert answer.json()["code"] == ("too_big" if status == 413 else "bad_bundle"), name
        assert kept(own_files) == (0, 0, []), name


def test_lengths_that_lie_within_the_sum_only_spoil_the_photos_they_lie_about(worker: Phone) -> None:
    files = some(3)
    moved = [
        (files[0][0], files[0][2] + files[1][2][:300]),
        (files[1][0], files[1][2][300:]),
        (files[2][0], files[2][2]),
    ]
    found = worker.send([(one, "image/jpeg", data) for one, data in moved])
    assert [one["state"] for one in found][1:] == ["refused", "taken"]
    row = Upload.objects.select_related("file").get(pk=files[0][0])
    assert row.file is not None
    assert path_of(row.file.sha256).read_bytes().count(b"\xff\xd8\xff") == 1, "what hung behind it is gone"


def test_a_revoked_phone_a_stranger_and_whoever_has_left_are_shut_out(
    cast: Cast, worker: Phone, own_files: Path
) -> None:
    content = bundle(some(2))
    assert Client().post("/api/v1/field/uploads", content, content_type="application/octet-stream").status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(account_of(cast.tang_grid))
    answer = strict.post(
        "/api/v1/field/uploads", content, content_type="application/octet-stream", headers=worker.headers
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
    worker.headers = {"X-Huying-Device": "hyd_" + "0" * 32 + "_x"}
    answer = worker.post(content)
    assert (answer.status_code, answer.json()["code"]) == (404, "device_not_found")
    with pytest.raises(Forbidden):
        actions.take_bundle(actor=cast.ma_liuan, now=NOW, files=read_bundle(content))
    assert kept(own_files) == (0, 0, [])


def test_of_a_revoked_phone_nothing_is_kept(cast: Cast, worker: Phone, own_files: Path) -> None:
    Device.objects.update(revoked_at=clock.now(), revoked_by=cast.gao_liuan_lead.ref)
    answer = worker.post(bundle(some(2)))
    assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked")
    assert kept(own_files) == (0, 0, [])


def test_files_and_broken_bundles_are_counted(worker: Phone, settings: Any, own_files: Path) -> None:
    settings.HUYING_PORTAL_LIMITS = {"field-parts": (5, 600)}
    worker.send(some(3))
    assert worker.post(b"nothing").status_code == 422
    before = kept(own_files)
    answer = worker.post(bundle(some(2)))
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
    assert kept(own_files) == before
