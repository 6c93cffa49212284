"""Files that arrive in parts, over a line that breaks; small ones in one.

The row says how many bytes lie safely in the part file. A part is written behind them and forced to the disk before the row
says so; what a dead server wrote beyond is cut off by the next part.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.bulk import insert_rows
from huying.kernel.errors import Invalid, NotFound, Refused
from huying.kernel.files import Cleaned, clean_upload, keep_upload

from .. import rules
from ..access import must_work
from ..models import Upload
from ..rules import Received
from . import trying

_KINDS: Final = ("image/", "audio/")
_COLUMNS: Final = tuple(one.attname for one in Upload._meta.concrete_fields)


class WrongOffset(Refused):
    """The part does not follow on what was received; ``received`` says where to go on."""

    default_code = "wrong_offset"
    default_message = _("这一段接不上已收到的部分")

    def __init__(self, received: int) -> None:
        super().__init__()
        self.received = received

    def problem(self, instance: str = "") -> dict[str, Any]:
        return {**super().problem(instance), "received": self.received}


def take_part(
    *, actor: Actor, now: datetime, upload_id: UUID, offset: int, size: int, media_type: str, data: bytes
) -> Upload:
    """Take one part of a file; the upload as it then stands. A part that was received before changes nothing.

    The last part makes it a stored file, cleaned as every upload is, and wakes the operations that wait for it. Raises
    WrongOffset, Invalid for a file that is none of ours, NotFound for somebody else's upload.
    """
    person_id = must_work(actor)
    _must_fit(offset, size, media_type, data)
    upload = None
    if len(data) == size:
        upload = _take_whole(actor, person_id, upload_id, media_type, data, now=now)
    if upload is None:
        upload = _take_on(actor, person_id, upload_id, offset, size, media_type, data, now=now)
    if upload.state != Received.PARTLY:
        trying.wake_for_upload(upload_id, actors={upload.person_id: actor}, now=now)
    if upload.state == Received.REFUSED:
        problem = upload.problem or {}
        raise Invalid(
            problem.get("title", ""), code=problem.get("code", ""), field="file", hint=problem.get("detail", "")
        )
    return upload


def _take_whole(
    actor: Actor, person_id: int, upload_id: UUID, media_type: str, data: bytes, *, now: datetime
) -> Upload | None:
    """A file that comes in one piece needs no part file, and nothing is locked while it is cleaned. None: not a new one."""
    if Upload.objects.filter(pk=upload_id).exists():
        return None
    upload = Upload(
        id=upload_id, person_id=person_id, size=len(data), received=len(data), media_type=media_type, begun_at=now,
        moved_at=now,
    )  # fmt: skip
    cleaned = _cleaned(upload, data)
    try:
        with transaction.atomic():
            if cleaned is not None:
                upload.file = keep_upload(cleaned, actor=actor, now=now)
            insert_rows(Upload, _COLUMNS, [[getattr(upload, one) for one in _COLUMNS]])
    except IntegrityError:  # the same came at the same moment
        return None
    return upload


def _cleaned(upload: Upload, content: bytes) -> Cleaned | None:
    """What is kept of the bytes; None for what we do not take, and then the upload says why."""
    try:
        cleaned = clean_upload(content, sounds=upload.media_type.startswith("audio/"))
    except Invalid as error:
        upload.state, upload.problem = Received.REFUSED, error.problem()
        return None
    upload.state = Received.WHOLE
    return cleaned


def _take_on(
    actor: Actor,
    person_id: int,
    upload_id: UUID,
    offset: int,
    size: int,
    media_type: str,
    data: bytes,
    *,
    now: datetime,
) -> Upload:
    """One part of several, behind those that came before."""
    _begin(upload_id, person_id, now=now, size=size, media_type=media_type)
    with transaction.atomic():
        upload = _locked(upload_id, person_id)
        if (upload.size, upload.media_type) != (size, media_type):
            raise Invalid(_("大小或类型与开始上传时不同"), code="upload_differs", field="size")
        if upload.state == Received.PARTLY:
            _append(upload, offset, data, now=now)
            if upload.received == upload.size:
                cleaned = _cleaned(upload, path_of_parts(upload_id).read_bytes())
                upload.file = keep_upload(cleaned, actor=actor, now=now) if cleaned is not None else None
            upload.save(update_fields=["received", "state", "file", "problem", "moved_at"])
    if upload.state != Received.PARTLY:
        path_of_parts(upload_id).unlink(missing_ok=True)
    return upload


def path_of_parts(upload_id: UUID) -> Path:
    """Where the parts of an unfinished upload lie."""
    return Path(settings.HUYING_FILES) / "parts" / upload_id.hex


def _must_fit(offset: int, size: int, media_type: str, data: bytes) -> None:
    if not media_type.startswith(_KINDS) or len(media_type) > 40 or not media_type.isprintable():
        raise Invalid(_("只接收照片和录音"), code="bad_type", field="type")
    most = rules.MOST_SOUND if media_type.startswith("audio/") else rules.MOST_FILE
    if not 0 < size <= most:
        raise Invalid(_("文件太大或是空的"), code="bad_size", field="size")
    if not data or len(data) > rules.MOST_PART or offset < 0 or offset + len(data) > size:
        raise Invalid(_("这一段的位置或长度不对"), code="bad_part", field="offset")


def _begin(upload_id: UUID, person_id: int, *, now: datetime, size: int, media_type: str) -> None:
    if Upload.objects.filter(pk=upload_id).exists():
        return
    if Upload.objects.filter(person_id=person_id, state=Received.PARTLY).count() >= rules.MOST_UNFINISHED:
        raise Refused(_("没传完的文件太多了"), code="too_many_uploads", hint=_("请等前面的照片传完"))
    row = Upload(id=upload_id, person_id=person_id, size=size, media_type=media_type, begun_at=now, moved_at=now)
    Upload.objects.bulk_create([row], ignore_conflicts=True)


def _locked(upload_id: UUID, person_id: int) -> Upload:
    upload = Upload.objects.select_for_update(of=("self",)).filter(pk=upload_id, person_id=person_id).first()
    if upload is None:
        raise NotFound(code="upload_not_found")
    return upload


def _append(upload: Upload, offset: int, data: bytes, *, now: datetime) -> None:
    if offset > upload.received:
        raise WrongOffset(upload.received)
    fresh = data[upload.received - offset :]
    if not fresh:
        return
    path = path_of_parts(upload.pk)
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o640), "r+b") as file:
        length = file.seek(0, os.SEEK_END)
        if length < upload.received:  # the parts were lost: the phone still has them
            upload.received = 0
            upload.moved_at = now
            return
        file.truncate(upload.received)
        file.seek(upload.received)
        file.write(fresh)
        file.flush()
        os.fsync(file.fileno())
    upload.received += len(fresh)
    upload.moved_at = now
