"""Files erased for ever: their rows at once, their bytes as soon as that is certain, whatever happens in between."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction

from huying.kernel.clock import now as moment
from huying.kernel.files import StoredFile, erase_files, path_of, thumbnail_of, unlink_erased
from huying.kernel.files.images import small_image
from huying.kernel.files.models import ErasedBytes
from huying.kernel.files.store import put_all
from huying.kernel.tasks import unlink_bytes

from .test_files import a_picture, in_store, own_store, small_of, upload

__all__ = ["own_store"]
pytestmark = pytest.mark.django_db


def test_erasing_takes_the_bytes_unless_somebody_else_needs_them(
    tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = looked_at(a_picture(), subject="case:1"), looked_at(a_picture(), subject="case:2")
    with django_capture_on_commit_callbacks(execute=True):
        assert erase_files("case:1") == 1
    assert path_of(second.sha256).exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert erase_files("case:2") == 1
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
    assert not StoredFile.objects.filter(pk=first.pk).exists()
    assert erase_files("case:3") == 0


def test_bytes_whose_process_died_after_the_rows_went_go_within_the_hour(tmp_path: Path) -> None:
    """Nothing was called after the commit; what was committed names the bytes all the same."""
    looked_at(a_picture(), subject="case:1")
    kept = looked_at(a_picture(size=(320, 200)), subject="case:2")
    assert erase_files("case:1") == 1
    assert len(in_store(tmp_path)) == 4 and ErasedBytes.objects.count() == 1
    unlink_bytes(0)
    assert in_store(tmp_path) == {path_of(kept.sha256), small_of(kept)}
    assert not ErasedBytes.objects.exists() and unlink_erased() == 0


def test_what_is_rolled_back_or_uploaded_anew_keeps_its_bytes(tmp_path: Path) -> None:
    looked_at(a_picture(), subject="case:1")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        erase_files("case:1")
        _ = 1 / 0
    assert not ErasedBytes.objects.exists() and len(in_store(tmp_path)) == 2
    erase_files("case:1")
    looked_at(a_picture())
    assert unlink_erased() == 1 and len(in_store(tmp_path)) == 2 and not ErasedBytes.objects.exists()


def test_bytes_that_cannot_be_deleted_keep_no_others_and_no_erasing_from_being_done(
    tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    stuck, other = looked_at(a_picture(), subject="case:1"), looked_at(a_picture(size=(320, 200)), subject="case:1")
    in_the_way = path_of(stuck.sha256)
    in_the_way.unlink()
    in_the_way.mkdir()  # unlinking a folder fails
    with django_capture_on_commit_callbacks(execute=True):
        assert erase_files("case:1") == 2
    assert not path_of(other.sha256).exists() and len(in_store(tmp_path)) == 0
    assert [one.sha256 for one in ErasedBytes.objects.all()] == [stuck.sha256]
    in_the_way.rmdir()
    in_the_way.write_bytes(b"x")
    assert unlink_erased() == 1 and not in_store(tmp_path) and not ErasedBytes.objects.exists()


def test_an_erasing_is_done_though_the_bytes_could_not_be_looked_for(
    tmp_path: Path, django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    looked_at(a_picture(), subject="case:1")
    with django_capture_on_commit_callbacks(execute=True):
        assert erase_files("case:1") == 1
        settings.HUYING_FILES = None
    assert not StoredFile.objects.exists() and ErasedBytes.objects.count() == 1
    settings.HUYING_FILES = tmp_path
    assert unlink_erased() == 1 and not in_store(tmp_path)


def looked_at(content: bytes, **options: Any) -> StoredFile:
    """An upload whose thumbnail was made."""
    file = upload(content, **options)
    assert thumbnail_of(file)
    return file


def test_bytes_stay_until_it_is_certain_that_they_go_and_uploads_do_not_wait(
    django_capture_on_commit_callbacks: Any,
) -> None:
    file = looked_at(a_picture(), subject="case:1")
    with pytest.raises(RuntimeError), transaction.atomic():
        erase_files("case:1")
        assert locks() == 0, "nobody who uploads waits for the rest of the transaction"
        raise RuntimeError("what follows fails")
    assert StoredFile.objects.filter(pk=file.pk).exists() and path_of(file.sha256).exists()
    with django_capture_on_commit_callbacks(execute=True):
        erase_files("case:1")
        again = looked_at(a_picture(), subject="case:2")  # the same bytes, needed again before they would have gone
    assert path_of(again.sha256).exists()


def locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND pid = pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def test_a_thumbnail_made_while_its_photo_is_erased_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    file = upload(a_picture(), subject="case:1")

    def erased_meanwhile(content: bytes) -> bytes:
        with django_capture_on_commit_callbacks(execute=True):
            erase_files("case:1")
        return small_image(content)

    monkeypatch.setattr("huying.kernel.files.store.small_image", erased_meanwhile)
    assert thumbnail_of(file) is None and not in_store(tmp_path)


def test_a_thumbnail_goes_with_its_photo_whatever_became_of_its_maker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes lie on the disk, and nothing was done after that; or a backup had them and the tables knew nothing."""
    file = upload(a_picture(), subject="case:1")

    def died(contents: Mapping[Path, bytes]) -> None:
        put_all(contents)
        raise SystemExit

    monkeypatch.setattr("huying.kernel.files.store.put_all", died)
    with pytest.raises(SystemExit):
        thumbnail_of(file)
    assert len(in_store(tmp_path)) == 2
    erase_files("case:1")
    assert unlink_erased() == 1 and not in_store(tmp_path)


@pytest.mark.django_db(transaction=True)
def test_a_photo_is_not_gone_before_a_thumbnail_that_is_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its maker saw the row; erasing waits for it and takes both."""
    file = upload(a_picture(), subject="case:1")
    saw, go = Event(), Event()

    def slowly(contents: Mapping[Path, bytes]) -> None:
        saw.set()
        assert go.wait(20)
        put_all(contents)

    monkeypatch.setattr("huying.kernel.files.store.put_all", slowly)
    with ThreadPoolExecutor(2) as pool:
        made = pool.submit(in_a_thread, lambda: thumbnail_of(file))
        assert saw.wait(20)
        erased = pool.submit(in_a_thread, lambda: erase_files("case:1"))
        with pytest.raises(TimeoutError):
            erased.result(0.3)
        go.set()
        assert made.result(20) is not None and erased.result(20) == 1
    assert not in_store(tmp_path) and not ErasedBytes.objects.exists()


T = TypeVar("T")


def in_a_thread(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connection.close()


def test_what_was_half_written_a_day_ago_goes_and_nothing_else(tmp_path: Path) -> None:
    kept = looked_at(a_picture())
    begun = tmp_path / "begun"
    old, young = begun / "old", begun / "young"
    for one, age in ((old, 25), (young, 23)):
        one.write_bytes(b"half a photo")
        os.utime(one, ((moment() - timedelta(hours=age)).timestamp(),) * 2)
    os.utime(path_of(kept.sha256), (0, 0))
    unlink_bytes(0)
    assert in_store(tmp_path) == {young, path_of(kept.sha256), small_of(kept)}


def test_thumbnails_named_by_their_own_hash_leave_the_disk_after_an_upgrade(tmp_path: Path) -> None:
    """What migration 0008 writes down of rows as they were before."""
    photo, small = a_digest(tmp_path, b"photo"), a_digest(tmp_path, b"small")
    let_go = import_module("huying.kernel.migrations.0008_thumbnails_beside").let_go
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kernel_storedfile ADD COLUMN thumbnail_sha256 varchar(64) NOT NULL DEFAULT ''")
        for thumbnail in (small, small, ""):
            cursor.execute(
                "INSERT INTO kernel_storedfile (sha256, thumbnail_sha256, kind, media_type, name, bytes, at, actor_ref, subject)"
                " VALUES (%s, %s, 'image', 'image/jpeg', '', 5, now(), 'person:1', 'case:1')",
                [photo, thumbnail],
            )
    with connection.schema_editor(atomic=False) as editor:
        let_go(None, editor)
    assert unlink_erased() == 1 and in_store(tmp_path) == {path_of(photo)}


def a_digest(folder: Path, content: bytes) -> str:
    """Bytes in the store under their hash, which is returned."""
    digest = sha256(content).hexdigest()
    put_all({path_of(digest): content})
    return digest
