"""Files that arrive in parts, over a line that breaks; small ones in one, or several of them together (``bundling``).

The row says how many bytes lie safely in the part file. A part is written behind them and forced to the disk before the row
says so; what a dead server wrote beyond is cut off by the next part.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound, Refused
from huying.kernel.files import keep_upload

from .. import rules
from ..access import must_work
from ..models import Upload
from ..reading import Whole
from ..rules import Received
from . import bundling, trying


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
    bundling.must_be_taken(size, media_type)
    if not data or len(data) > rules.MOST_PART or offset < 0 or offset + len(data) > size:
        raise Invalid(_("这一段的位置或长度不对"), code="bad_part", field="offset")
    upload = None
    if len(data) == size:
        taken, _known = bundling.take_whole([Whole(upload_id, media_type, data)], actor=actor, now=now)
        upload = taken.get(upload_id)
    if upload is None:
        upload = _take_on(actor, person_id, upload_id, offset, size, media_type, data, now=now)
    if upload.state != Received.PARTLY:
        trying.wake_for_uploads([upload_id], actors={upload.person_id: actor}, now=now)
    if upload.state == Received.REFUSED:
        problem = upload.problem or {}
        raise Invalid(
            problem.get("title", ""), code=problem.get("code", ""), field="file", hint=problem.get("detail", "")
        )
    return upload


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
            raise bundling.differs()
        if upload.state == Received.PARTLY:
            _append(upload, offset, data, now=now)
            if upload.received == upload.size:
                cleaned = bundling.cleaned(upload, path_of_parts(upload_id).read_bytes())
                upload.file = keep_upload(cleaned, actor=actor, now=now) if cleaned is not None else None
            upload.save(update_fields=["received", "state", "file", "problem", "moved_at"])
    if upload.state != Received.PARTLY:
        path_of_parts(upload_id).unlink(missing_ok=True)
    return upload


def path_of_parts(upload_id: UUID) -> Path:
    """Where the parts of an unfinished upload lie."""
    return Path(settings.HUYING_FILES) / "parts" / upload_id.hex


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
