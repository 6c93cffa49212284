"""Thumbnails: made when they are first looked at, kept beside their photo."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.http import Http404
from PIL import Image

from huying.kernel.factories import LI
from huying.kernel.files import path_of

from .test_files import a_picture, ask, in_store, own_store, small_of, upload

__all__ = ["own_store"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((40, 30), (40, 30)),
        ((512, 300), (512, 300)),
        ((1024, 768), (512, 384)),
        ((2560, 1920), (480, 360)),
        ((9, 1800), (3, 450)),
        ((1, 600), (1, 480)),
    ],
)
def test_a_thumbnail_is_made_when_it_is_first_looked_at(
    size: tuple[int, int], small: tuple[int, int], tmp_path: Path
) -> None:
    file = upload(a_picture(size=size))
    assert in_store(tmp_path) == {path_of(file.sha256)}
    first = ask(file, LI, thumbnail=True)
    with Image.open(io.BytesIO(first.content_read)) as image:
        assert image.size == small
    made = small_of(file).stat()
    assert ask(file, LI, thumbnail=True).content_read == first.content_read
    assert small_of(file).stat().st_mtime_ns == made.st_mtime_ns
    assert ask(file, LI, thumbnail=True, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert ask(file, LI).headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("spoilt", [b"", b"\xff\xd8\xff", None])
def test_a_thumbnail_that_got_lost_is_made_again_and_one_of_a_lost_photo_is_not(spoilt: bytes | None) -> None:
    file = upload(a_picture())
    small_of(file).unlink()
    assert ask(file, LI, thumbnail=True).status_code == 200
    small_of(file).unlink()
    path_of(file.sha256).unlink()
    if spoilt is not None:
        path_of(file.sha256).write_bytes(spoilt)
    with pytest.raises(Http404):
        ask(file, LI, thumbnail=True)


def test_a_see_through_picture_keeps_it_when_small() -> None:
    glass = io.BytesIO()
    Image.new("RGBA", (640, 480), (10, 20, 30, 90)).save(glass, "PNG")
    file = upload(glass.getvalue())
    assert file.media_type == "image/webp"
    with Image.open(small_of(file)) as small:
        assert (small.format, small.mode) == ("WEBP", "RGBA")
