"""The store: bytes named by their own SHA-256 below HUYING_FILES, two levels deep, written once."""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import SET_NULL, Case, Exists, F, ForeignObjectRel, Model, OuterRef, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.bulk import insertion
from huying.kernel.errors import Invalid
from huying.kernel.files.images import MAX_BYTES, check_pdf, clean_image, small_image, unreadable
from huying.kernel.files.models import ErasedBytes, StoredFile
from huying.kernel.files.sounds import check_sound, sound_type
from huying.kernel.gathering import ask_together
from huying.kernel.locks import lock_name, locking

log = logging.getLogger("huying.files")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_CHUNK: Final = 64 * 1024
_AT_ONCE: Final = 500
_LOCK: Final = "kernel.files"
_COLUMNS: Final = tuple(one.attname for one in StoredFile._meta.concrete_fields if not one.primary_key)
UNATTACHED_KEPT: Final = timedelta(hours=24)
Access = Callable[[Actor, StoredFile], bool]
_access: dict[str, Access] = {}


def accept_upload(
    stream: IO[bytes],
    *,
    actor: Actor,
    now: datetime,
    name: str = "",
    subject: str = "",
    documents: bool = False,
    sounds: bool = False,
) -> StoredFile:
    """Clean an upload, store it and return its row. The kind is found from the bytes, never from name or header.

    Photos are re-encoded without metadata, at most 2560 px; position and time of capture move into columns.
    ``documents=True`` also takes passive PDF files, ``sounds=True`` also voice notes up to 10 MB; both are kept as they
    are. Raises Invalid on all else.
    """
    cleaned = clean_upload(_read(stream), documents=documents, sounds=sounds)
    return keep_upload(cleaned, actor=actor, now=now, name=name, subject=subject)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What may be stored of an upload: its bytes, and what is known of it (columns)."""

    content: bytes
    known: Mapping[str, Any]


def clean_upload(content: bytes, *, documents: bool = False, sounds: bool = False) -> Cleaned:
    """The work on the bytes that ``accept_upload`` does, with nothing stored and no database touched. Raises Invalid."""
    if content.startswith(b"%PDF-"):
        if not documents:
            raise unreadable()
        check_pdf(content)
        return Cleaned(content, {"kind": StoredFile.Kind.DOCUMENT, "media_type": "application/pdf"})
    if sounds and sound_type(content):
        return Cleaned(content, {"kind": StoredFile.Kind.SOUND, "media_type": check_sound(content)})
    image = clean_image(content)
    known = {
        "kind": StoredFile.Kind.IMAGE,
        "media_type": image.media_type,
        "width": image.width,
        "height": image.height,
    }
    taken = {"captured_lon": image.lon, "captured_lat": image.lat, "captured_at": image.captured_at}
    return Cleaned(image.content, known | taken)


def keep_upload(cleaned: Cleaned, *, actor: Actor, now: datetime, name: str = "", subject: str = "") -> StoredFile:
    """Write row and bytes under a lock that erasing waits for, so that erasing equal bytes cannot take ours."""
    (row,) = keep_uploads([cleaned], actor=actor, now=now, name=name, subject=subject)
    return row


@transaction.atomic(savepoint=False)
def keep_uploads(
    cleaned: Sequence[Cleaned], *, actor: Actor, now: datetime, name: str = "", subject: str = ""
) -> list[StoredFile]:
    """The same for several, in the order given: one trip to the database, and the disk is waited for once all is written."""
    rows = [_row(one, actor=actor, now=now, name=clean_name(name), subject=subject) for one in cleaned]
    if not rows:
        return []
    sql, values = insertion(StoredFile, _COLUMNS, [[getattr(row, one) for one in _COLUMNS] for row in rows])
    _locked, numbers = ask_together(locking(_LOCK, shared=True), (f"{sql} RETURNING id", values))
    for row, (number,) in zip(rows, numbers, strict=True):
        row.pk = number
        row._state.adding, row._state.db = False, connection.alias
    put_all({path_of(row.sha256): one.content for row, one in zip(rows, cleaned, strict=True)})
    return rows


def thumbnail_of(file: StoredFile) -> Path | None:
    """Where an image's thumbnail lies. It is made when it is first looked at, for most never are; None where there is none.

    It lies beside the photo, under the same name, and goes from the disk together with it.
    """
    if file.kind != StoredFile.Kind.IMAGE:
        return None
    photo = path_of(file.sha256)
    small = _beside(photo)
    if small.is_file():
        return small
    try:
        content = small_image(photo.read_bytes())
    except (OSError, ValueError) as error:  # erased meanwhile, or spoilt on the disk
        log.warning("no thumbnail of file %s: %s", file.pk, error)
        return None
    with transaction.atomic():
        lock_name(_LOCK, shared=True)
        if not StoredFile.objects.filter(pk=file.pk).exists():
            return None
        put_all({small: content})
    return small


def _row(cleaned: Cleaned, *, actor: Actor, now: datetime, name: str, subject: str) -> StoredFile:
    row = StoredFile(name=name, at=now, actor_ref=actor.ref, subject=subject, **cleaned.known)
    row.sha256, row.bytes = sha256(cleaned.content).hexdigest(), len(cleaned.content)
    return row


def attach(files: list[int], subject: str, *, actor: Actor) -> int:
    """Give unattached uploads of this actor to a subject; returns how many. Others' files cannot be taken over."""
    return StoredFile.objects.filter(pk__in=files, subject="", actor_ref=actor.ref).update(subject=subject)


def attach_many(subjects: Mapping[int, str], *, actor: Actor) -> int:
    """The same for many files, each to its own subject (file → subject), in one statement."""
    rows = StoredFile.objects.filter(pk__in=subjects, subject="", actor_ref=actor.ref)
    if len(set(subjects.values())) < 2:
        return rows.update(subject=next(iter(subjects.values()))) if subjects else 0
    meant = [When(pk=pk, then=Value(subject)) for pk, subject in subjects.items()]
    return rows.update(subject=Case(*meant, default=F("subject")))


def erase_files(subject: str, *, keep: Collection[int] = ()) -> int:
    """Delete the files of a subject for ever but those in ``keep``, bytes included unless another row needs them; how many.

    The bytes go when the transaction around it has been committed, if it is, at the latest within the hour. The caller
    says in its trace that and why it did so.
    """
    return _delete(StoredFile.objects.filter(subject=subject).exclude(pk__in=keep))


def erase_unnamed(subject: str, files: Collection[int]) -> int:
    """Delete those of these files of a subject for ever that nothing needs, as ``erase_files`` does; how many.

    What points to them and lets go by itself (SET_NULL), as an upload that was passed on, needs none of them.
    """
    return _delete(_unnamed(StoredFile.objects.filter(subject=subject, pk__in=files), firmly=True))


def clear_unattached(*, now: datetime, most: int = 500) -> int:
    """Delete uploads that nobody attached to anything within 24 hours; returns how many.

    A file with a subject stays, and so does one that any table points to. The trace names no other: an upload enters
    it together with the row that attaches it.
    """
    left = _unnamed(StoredFile.objects.filter(subject="", at__lte=now - UNATTACHED_KEPT))
    return _delete(left.order_by("pk").select_for_update(skip_locked=True, of=("self",))[:most])


def _unnamed(files: QuerySet[StoredFile], *, firmly: bool = False) -> QuerySet[StoredFile]:
    """Those no table points to; ``firmly``: none but those that let go when the file is deleted."""
    for model, column, lets_go in _pointers():
        if firmly and lets_go:
            continue
        files = files.exclude(Exists(model._default_manager.filter(**{column: OuterRef("pk")})))
    return files


def _pointers() -> Iterator[tuple[type[Model], str, bool]]:
    """Every table and column that refers to a stored file, and whether it lets go when the file is deleted."""
    for one in StoredFile._meta.get_fields(include_hidden=True):
        if isinstance(one, ForeignObjectRel):
            yield one.related_model, one.field.name, one.on_delete is SET_NULL


def _delete(files: QuerySet[StoredFile]) -> int:
    """The rows go now, their bytes once that is certain: what is rolled back has its bytes still.

    Which bytes that are is committed with it, so that a process killed in between leaves none behind for good.
    """
    with transaction.atomic():
        rows = list(files)
        StoredFile.objects.filter(pk__in=[row.pk for row in rows]).delete()
        digests = sorted({row.sha256 for row in rows})
        noted = ErasedBytes.objects.bulk_create(ErasedBytes(sha256=digest) for digest in digests)

        def unlink_noted() -> None:
            _unlink([one.pk for one in noted])

        if noted:
            transaction.on_commit(unlink_noted, robust=True)
    return len(rows)


def unlink_erased() -> int:
    """Take bytes of erased files off the disk that are still there, in steps of 500; how many were settled.

    Bytes another row needs stay. What cannot be deleted is logged, stays written down and keeps no other from going.
    """
    count, last = 0, 0
    waiting = ErasedBytes.objects.order_by("pk").values_list("pk", flat=True)
    while step := list(waiting.filter(pk__gt=last)[:_AT_ONCE]):
        count += _unlink(step)
        last = step[-1]
    return count


@transaction.atomic
def _unlink(noted: Collection[int]) -> int:
    """Bytes no row needs. Uploads wait as long as this takes, and no longer."""
    lock_name(_LOCK)
    digests = dict(ErasedBytes.objects.filter(pk__in=noted).values_list("pk", "sha256"))
    named = set(digests.values())
    kept = set(StoredFile.objects.filter(sha256__in=named).values_list("sha256", flat=True))
    left = {digest for digest in sorted(named - kept) if not _gone(digest)}
    settled, _each = ErasedBytes.objects.filter(pk__in=[pk for pk, one in digests.items() if one not in left]).delete()
    return settled


def _gone(digest: str) -> bool:
    photo = path_of(digest)
    try:
        _beside(photo).unlink(missing_ok=True)
        photo.unlink(missing_ok=True)
    except OSError:
        log.exception("bytes %s of an erased file could not be deleted, the next hour tries again", digest)
        return False
    return True


def put_all(contents: Mapping[Path, bytes]) -> None:
    """Store bytes where they belong (path → bytes). What is there already stays as it is.

    All are written before the first is forced to the disk, which then has little left to do for the others.
    """
    written: list[tuple[int, str, Path]] = []
    try:
        for target, content in contents.items():
            if not target.exists():
                written.append((*_write_new(content), target))
        for handle, temporary, target in written:
            os.fsync(handle)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(temporary, target)
    except BaseException:
        for _handle, temporary, _target in written:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
        raise
    finally:
        for handle, _temporary, _target in written:
            os.close(handle)


def _write_new(content: bytes) -> tuple[int, str]:
    """The open handle and the name of a new file that holds the bytes, not yet on the disk for sure nor in its place."""
    folder = _begun()
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(content)
        os.fchmod(handle, 0o640)
    except BaseException:
        os.close(handle)
        os.unlink(temporary)
        raise
    return handle, temporary


def clear_begun(*, now: datetime) -> int:
    """Delete what a process that was killed had begun to write a day ago and more; how many files."""
    count, before = 0, (now - UNATTACHED_KEPT).timestamp()
    for one in _begun().glob("*"):
        with suppress(FileNotFoundError):  # it came to its place meanwhile
            if one.stat().st_mtime < before:
                one.unlink()
                count += 1
    return count


def _begun() -> Path:
    return Path(settings.HUYING_FILES) / "begun"


def _beside(photo: Path) -> Path:
    """Where the thumbnail of these bytes lies."""
    return photo.with_suffix(".small")


def path_of(digest: str) -> Path:
    """Where the bytes with this SHA-256 lie."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError("not a SHA-256 digest")
    return Path(settings.HUYING_FILES) / digest[:2] / digest[2:4] / digest


def allow_files(kind: str) -> Callable[[Access], Access]:
    """Register who may see files of subjects ``"kind:…"``; without such a callback nobody but the uploader may."""

    def register(callback: Access) -> Access:
        _access[kind] = callback
        return callback

    return register


def may_see(actor: Actor, file: StoredFile) -> bool:
    """Whether the actor may see the file: its uploader while it is unattached, then whoever the subject allows."""
    if not file.subject:
        return file.actor_ref == actor.ref
    callback = _access.get(file.subject.partition(":")[0])
    return callback is not None and callback(actor, file)


def clean_name(name: str) -> str:
    """The last part of a file name without control signs, at most 120 signs."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[:120]


def _read(stream: IO[bytes]) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise Invalid(_("文件太大"), code="too_large", field="file", hint=_("单个文件不超过 25 MB"))
        parts.append(chunk)
    if not size:
        raise Invalid(_("文件是空的"), code="empty_file", field="file")
    return b"".join(parts)
