from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import Http404, HttpRequest
from django.test import RequestFactory
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.factories import LI, MOMENT, ZHANG
from huying.kernel.files import (
    StoredFile,
    accept_upload,
    allow_files,
    attach,
    clear_unattached,
    path_of,
    store,
    thumbnail_of,
)
from huying.kernel.files.images import MAX_BYTES
from huying.kernel.files.views import serve_file

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.HUYING_FILES = tmp_path
    before = dict(store._access)
    yield
    store._access.clear()
    store._access.update(before)


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), **options: Any) -> bytes:
    mode = options.pop("mode", "RGB")
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def upload(content: bytes, **options: Any) -> StoredFile:
    return accept_upload(io.BytesIO(content), actor=LI, now=MOMENT, **options)


def exif(orientation: int = 1) -> Image.Exif:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = "SecretPhone 9"
    data.get_ifd(0x8769)[0x9003] = "2026:03:02 09:30:00"
    gps = data.get_ifd(0x8825)
    gps[1], gps[2] = "N", (IFDRational(23), IFDRational(1), IFDRational(1234, 100))
    gps[3], gps[4] = "E", (IFDRational(113), IFDRational(45), IFDRational(0))
    return data


@pytest.mark.parametrize(("kind", "media"), [("JPEG", "image/jpeg"), ("PNG", "image/jpeg"), ("WEBP", "image/jpeg")])
def test_photos_are_encoded_anew(kind: str, media: str) -> None:
    original = a_picture(kind) + b"what stands behind the picture"
    file = upload(original, name="C:\\pics\\../路灯.jpg\x00")
    stored = path_of(file.sha256).read_bytes()
    assert stored != original and b"behind" not in stored
    assert (file.kind, file.media_type, file.width, file.height) == ("image", media, 640, 480)
    assert file.bytes == len(stored)
    assert file.name == "路灯.jpg"
    with Image.open(small_of(file)) as small:
        assert max(small.size) == 480 and small.format == "JPEG"


def small_of(file: StoredFile) -> Path:
    found = thumbnail_of(file)
    assert found is not None
    return found


def in_store(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["JPEG", "MPO"])
def test_no_word_of_a_photo_is_kept_in_either_size(kind: str) -> None:
    data = exif()
    data[0x010E] = "by the blue door"
    words: dict[str, Any] = {"exif": data, "comment": b"by the blue door"} if kind == "JPEG" else {"exif": data}
    file = upload(a_picture(kind, **words))
    for path in (path_of(file.sha256), small_of(file)):
        content = path.read_bytes()
        assert not any(word in content for word in (b"blue door", b"SecretPhone", b"Exif", b"\xff\xfe", b"\xff\xe1"))


@pytest.mark.parametrize(("came", "kept"), [(40, 40), (62, 62), (85, 85), (95, 85)])
def test_a_photo_is_kept_as_good_as_it_came_and_no_bigger(came: int, kept: int) -> None:
    """A step of its own tables more or less would lose what came or keep what never was there."""
    original = a_picture(quality=came)
    stored = path_of(upload(original).sha256).read_bytes()
    with Image.open(io.BytesIO(stored)) as image, Image.open(io.BytesIO(a_picture(quality=kept))) as like:
        assert image.quantization == like.quantization  # type: ignore[attr-defined]
    assert len(stored) <= len(original)


def test_steps_no_encoder_would_choose_are_not_kept() -> None:
    """The tables of a JPEG are 128 numbers of its maker's choice: none of them may come through."""
    odd = [list(range(1, 65)), list(range(64, 0, -1))]
    stored = path_of(upload(a_picture(qtables=odd)).sha256).read_bytes()
    assert bytes(range(1, 30)) not in stored
    with Image.open(io.BytesIO(stored)) as image:
        assert image.quantization[0] != odd[0]  # type: ignore[attr-defined]


def test_transparency_is_kept_as_webp() -> None:
    assert upload(a_picture("PNG", mode="LA")).media_type == "image/webp"


def test_position_and_time_move_into_columns_and_leave_the_file() -> None:
    file = upload(a_picture(exif=exif(orientation=6)))
    assert file.captured_lat == pytest.approx(23 + 1 / 60 + 12.34 / 3600, abs=1e-6)
    assert file.captured_lon == pytest.approx(113.75)
    assert file.captured_at == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    assert (file.width, file.height) == (480, 640)
    content = path_of(file.sha256).read_bytes()
    assert b"SecretPhone" not in content
    assert b"Exif" not in content
    with Image.open(io.BytesIO(content)) as stored:
        assert dict(stored.getexif()) == {}


def test_broken_metadata_is_no_reason_to_refuse_a_photo() -> None:
    data = exif()
    data.get_ifd(0x8769)[0x9003] = "yesterday"
    data.get_ifd(0x8825)[2] = (IFDRational(1, 0), IFDRational(0), IFDRational(0))
    file = upload(a_picture(exif=data))
    assert (file.captured_at, file.captured_lon) == (None, None)


def test_large_photos_are_made_smaller() -> None:
    file = upload(a_picture(size=(5200, 2600), quality=30))
    assert (file.width, file.height) == (2560, 1280)


def test_the_same_bytes_are_stored_once(tmp_path: Path) -> None:
    first, second = upload(a_picture()), upload(a_picture())
    assert small_of(first) == small_of(second)
    assert first.sha256 == second.sha256
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def a_bomb() -> bytes:
    """A PNG of 30,000 × 30,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def a_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.html", "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!DOCTYPE html><html></html>",
        b"GIF89a" + bytes(40),
        a_picture()[:400],
        a_picture() + a_zip(),
        a_picture(comment=b"<script>alert(1)</script>"),
        b"\xff\xd8\xff\xe0<html><script>1</script>" + a_picture(),
        a_zip(),
        PDF,
        a_bomb(),
        bytes(MAX_BYTES + 1),
    ],
    ids=["empty", "text", "svg", "html", "gif", "cut", "zip-tail", "comment", "html-head", "zip", "pdf", "bomb", "big"],
)
def test_everything_else_is_refused_and_leaves_nothing(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        upload(content)
    assert refused.value.field == "file"
    assert StoredFile.objects.count() == 0
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_documents_only_where_asked_for_and_kept_as_they_are() -> None:
    file = upload(PDF, documents=True, name="证明.pdf")
    assert (file.kind, file.media_type, file.thumbnail_url) == ("document", "application/pdf", "")
    assert path_of(file.sha256).read_bytes() == PDF


@pytest.mark.parametrize(
    "content",
    [
        PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
        PDF.replace(b"/Catalog", b"/Catalog /AA << /S /#4AavaScript >>"),
        PDF.replace(b"%%EOF", b""),
        b"%PDF-9" + PDF,
    ],
)
def test_active_or_broken_documents_are_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        upload(content, documents=True)
    assert StoredFile.objects.count() == 0


def ask(file: StoredFile, actor: Actor | None, **options: Any) -> Any:
    request: HttpRequest = RequestFactory().get("/", headers=options.pop("headers", {}))
    request.actor = actor  # type: ignore[attr-defined]
    answer = serve_file(request, file.pk, file.sha256[:16], **options)
    if answer.streaming:
        answer.content_read = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        answer.file_to_stream.close()  # type: ignore[attr-defined]
    return answer


def test_strangers_get_404_until_the_subject_allows_them() -> None:
    file = upload(a_picture())
    assert ask(file, LI).status_code == 200
    for actor in (ZHANG, None):
        with pytest.raises(Http404):
            ask(file, actor)
    assert attach([file.pk], "case:1", actor=ZHANG) == 0
    assert attach([file.pk], "case:1", actor=LI) == 1
    file.refresh_from_db()
    with pytest.raises(Http404):
        ask(file, LI)

    @allow_files("case")
    def staff_only(actor: Actor, file: StoredFile) -> bool:
        return actor.is_staff and file.subject == "case:1"

    assert ask(file, ZHANG).status_code == 200
    with pytest.raises(Http404):
        ask(file, LI)


def test_answers_are_private_immutable_and_cannot_run_anything() -> None:
    file = upload(a_picture())
    answer = ask(file, LI)
    content = answer.content_read
    assert content == path_of(file.sha256).read_bytes()
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    again = ask(file, LI, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    small = ask(file, LI, thumbnail=True)
    assert len(small.content_read) < len(content)


def test_documents_are_downloads() -> None:
    answer = ask(upload(PDF, documents=True, name="证明.pdf"), LI)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with pytest.raises(Http404):
        ask(StoredFile.objects.get(), LI, thumbnail=True)


def test_a_guessed_number_is_not_enough() -> None:
    file = upload(a_picture())
    request = RequestFactory().get("/")
    request.actor = LI  # type: ignore[attr-defined]
    with pytest.raises(Http404):
        serve_file(request, file.pk, "0" * 16)
    with pytest.raises(Http404):
        serve_file(request, file.pk, file.sha256[0])


def test_uploads_nobody_attached_within_a_day_are_cleared_and_no_others(
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    forgotten, kept = upload(a_picture(size=(80, 60))), upload(a_picture(size=(90, 60)))
    attached = upload(a_picture(), subject="case:1")
    shared = upload(a_picture())  # the same bytes as what is attached
    assert small_of(forgotten) != small_of(attached)
    young = accept_upload(io.BytesIO(a_picture()), actor=LI, now=MOMENT + timedelta(hours=2))
    day = MOMENT + timedelta(hours=24)
    assert clear_unattached(now=day - timedelta(seconds=1)) == 0
    attach([kept.pk], "case:2", actor=LI)
    with django_capture_on_commit_callbacks(execute=True):
        assert clear_unattached(now=day) == 2
    assert set(StoredFile.objects.all()) == {kept, attached, young}
    assert path_of(shared.sha256).exists()
    assert in_store(tmp_path) == {path_of(one.sha256) for one in (kept, attached)} | {small_of(attached)}
    assert clear_unattached(now=day) == 0


def test_addresses() -> None:
    file = upload(a_picture())
    assert file.url.endswith(f"/files/{file.pk}/{file.sha256[:16]}")
    assert file.thumbnail_url == f"{file.url}/small"


SOUNDS = {
    "audio/webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + bytes(600),
    "audio/ogg": b"OggS" + bytes(600),
    "audio/mp4": b"\x00\x00\x00\x1cftypM4A " + bytes(600),
    "audio/wav": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(600),
    "audio/mpeg": b"ID3\x04" + bytes(600),
    "audio/aac": b"\xff\xf1" + bytes(600),
}


@pytest.mark.parametrize(("media_type", "content"), SOUNDS.items())
def test_a_voice_note_is_kept_as_it_is_where_sounds_are_taken(media_type: str, content: bytes) -> None:
    row = upload(content, sounds=True, name="留言.mp3")
    assert (row.kind, row.media_type, row.thumbnail_url) == (StoredFile.Kind.SOUND, media_type, "")
    assert path_of(row.sha256).read_bytes() == content
    with pytest.raises(Invalid):
        upload(content)
    assert StoredFile.objects.count() == 1


@pytest.mark.parametrize(
    "content",
    [
        b"OggS<script>alert(1)</script>" + bytes(600),
        b"\x1aE\xdf\xa3matroska" + bytes(600),
        b"\x00\x00\x00\x1cftypqt  " + bytes(600),
        b"RIFF\x24\x00\x00\x00AVI " + bytes(600),
        b"OggS" + bytes(10 * 1024 * 1024),
    ],
)
def test_no_voice_note_is_refused_and_not_kept(content: bytes) -> None:
    with pytest.raises(Invalid):
        upload(content, sounds=True)
    assert StoredFile.objects.count() == 0


@pytest.mark.parametrize(
    ("asked", "status", "stretch"),
    [
        ("bytes=0-3", 206, (0, 4)),
        ("bytes=4-", 206, (4, None)),
        ("bytes=-5", 206, (-5, None)),
        ("bytes=10-999999", 206, (10, None)),
        ("bytes=0-1,4-5", 200, (0, None)),
        ("bytes=5-2", 200, (0, None)),
        ("bytes=-", 200, (0, None)),
        ("bytes=999999-", 416, (0, 0)),
    ],
)
def test_a_player_goes_to_any_place_of_a_voice_note(asked: str, status: int, stretch: tuple[int, int | None]) -> None:
    content = b"OggS" + bytes(range(256)) * 3
    file = upload(content, sounds=True)
    answer = ask(file, LI, headers={"Range": asked})
    found = answer.content_read if answer.streaming else answer.content
    assert (answer.status_code, found) == (status, content[slice(*stretch)])
    assert answer.headers["Accept-Ranges"] == "bytes" and "sandbox" in answer.headers["Content-Security-Policy"]
    if status == 206:
        first = stretch[0] % len(content)
        assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(found) - 1}/{len(content)}"
    other = ask(file, LI, headers={"Range": asked, "If-Range": '"another"'})
    assert other.status_code == 200
    with pytest.raises(Http404):
        ask(file, ZHANG, headers={"Range": asked})
