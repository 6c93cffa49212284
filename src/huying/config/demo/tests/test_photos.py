"""The drawn photographs: small, whole, repeatable, before unlike after."""

import io

import pytest
from PIL import Image

from huying.config.demo import photos
from huying.config.demo.phrases import items


@pytest.mark.parametrize("kind", photos.KINDS)
def test_a_pair_is_small_and_tells_a_difference(kind: str) -> None:
    before, after = photos.pair(kind, seed=4)
    assert before.content != after.content
    for photo in (before, after):
        assert len(photo.content) <= 40 * 1024
        image = Image.open(io.BytesIO(photo.content))
        assert image.format == "JPEG" and image.size == (800, 600) and not image.getexif()


def test_same_seed_same_picture_and_unknown_kinds_are_generic() -> None:
    assert photos.draw("tree", "before", 1) == photos.draw("tree", "before", 1)
    assert photos.draw("tree", "before", 1) != photos.draw("tree", "before", 2)
    assert photos.draw("elephant", "after", 1) == photos.draw("generic", "after", 1)


def test_every_photo_kind_named_in_the_books_is_drawn() -> None:
    assert {item.photo for item in items().values()} <= {*photos.KINDS, ""}
