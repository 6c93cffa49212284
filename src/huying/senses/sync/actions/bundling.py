"""Small files that come whole, several at once: each is cleaned by itself, all are written in one transaction.

Nothing is locked and no transaction is open while they are cleaned. One that is no photo says so and holds up no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.bulk import insert_rows
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.files import Cleaned, clean_upload, keep_uploads

from .. import rules
from ..access import must_work
from ..models import Upload
from ..reading import Whole
from ..rules import Received
from . import trying

_KINDS: Final = ("image/", "audio/")
_COLUMNS: Final = tuple(one.attname for one in Upload._meta.concrete_fields)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file: ``taken``, ``known`` (it was here), ``partly`` (it goes on in parts) or ``refused``, and why."""

    id: UUID
    state: str
    received: int = 0
    code: str = ""
    message: str = ""


def take_bundle(*, actor: Actor, now: datetime, files: Sequence[Whole]) -> list[Taken]:
    """Take several whole files, each under an id of its own; one answer for each, in the order given.

    As many queries as for one. The same again changes nothing. Operations that wait for one of them are woken.
    """
    person_id = must_work(actor)
    told = {one.id: _refused(one.id, error.problem()) for one in files if (error := _out_of_place(one))}
    rest = {one.id: one for one in files if one.id not in told}
    fresh, known = take_whole(list(rest.values()), actor=actor, now=now)
    told |= {pk: _told(upload, "taken") for pk, upload in fresh.items()}
    told |= {pk: _known_before(upload, rest[pk], person_id) for pk, upload in known.items()}
    if rest:
        trying.wake_for_uploads(list(rest), actors={person_id: actor}, now=now)
    return [told[one.id] for one in files]


def take_whole(files: Sequence[Whole], *, actor: Actor, now: datetime) -> tuple[dict[UUID, Upload], dict[UUID, Upload]]:
    """Clean and keep those that are not known: (taken now, known before). A file that comes whole needs no part file."""
    known = _known([one.id for one in files])
    person_id = must_work(actor)
    fresh = [(upload := _begun(one, person_id, now), cleaned(upload, one.data)) for one in files if one.id not in known]
    while fresh:
        try:
            _keep(fresh, actor=actor, now=now)
            break
        except IntegrityError:  # one of them came at the same moment
            came = _known([upload.pk for upload, _cleaned in fresh])
            if not came:
                raise
            known |= came
            fresh = [one for one in fresh if one[0].pk not in came]
    return {upload.pk: upload for upload, _cleaned in fresh}, known


def cleaned(upload: Upload, content: bytes) -> Cleaned | None:
    """What is kept of the bytes; None for what we do not take, and then the upload says why."""
    try:
        found = clean_upload(content, sounds=upload.media_type.startswith("audio/"))
    except Invalid as error:
        upload.state, upload.problem = Received.REFUSED, error.problem()
        return None
    upload.state = Received.WHOLE
    return found


def must_be_taken(size: int, media_type: str) -> None:
    """Invalid for what is neither photo nor sound, and for one that is too big."""
    if not media_type.startswith(_KINDS) or len(media_type) > 40 or not media_type.isprintable():
        raise Invalid(_("只接收照片和录音"), code="bad_type", field="type")
    most = rules.MOST_SOUND if media_type.startswith("audio/") else rules.MOST_FILE
    if not 0 < size <= most:
        raise Invalid(_("文件太大或是空的"), code="bad_size", field="size")


def _out_of_place(one: Whole) -> Invalid | None:
    try:
        must_be_taken(len(one.data), one.media_type)
    except Invalid as error:
        return error
    return None


def _known(ids: Sequence[UUID]) -> dict[UUID, Upload]:
    return Upload.objects.in_bulk(ids) if ids else {}


def _begun(one: Whole, person_id: int, now: datetime) -> Upload:
    size = len(one.data)
    return Upload(
        id=one.id, person_id=person_id, size=size, received=size, media_type=one.media_type, begun_at=now,
        moved_at=now,
    )  # fmt: skip


@transaction.atomic
def _keep(fresh: Sequence[tuple[Upload, Cleaned | None]], *, actor: Actor, now: datetime) -> None:
    whole = [(upload, found) for upload, found in fresh if found is not None]
    for (upload, _found), row in zip(
        whole, keep_uploads([found for _upload, found in whole], actor=actor, now=now), strict=True
    ):
        upload.file = row
    # In the order of their ids, so that two bundles with the same files wait for one another and never deadlock.
    rows = sorted((upload for upload, _found in fresh), key=lambda one: one.pk)
    insert_rows(Upload, _COLUMNS, [[getattr(one, name) for name in _COLUMNS] for one in rows])


def _known_before(upload: Upload, sent: Whole, person_id: int) -> Taken:
    if upload.person_id != person_id:
        return _refused(upload.pk, NotFound(code="upload_not_found").problem())
    if (upload.size, upload.media_type) != (len(sent.data), sent.media_type):
        return _refused(upload.pk, differs().problem())
    return _told(upload, "known")


def differs() -> Invalid:
    """The refusal of a file that is said to be another one than it was begun as."""
    return Invalid(_("大小或类型与开始上传时不同"), code="upload_differs", field="size")


def _told(upload: Upload, state: str) -> Taken:
    if upload.state == Received.REFUSED:
        return _refused(upload.pk, upload.problem or {})
    return Taken(upload.pk, "partly" if upload.state == Received.PARTLY else state, upload.received)


def _refused(pk: UUID, problem: Mapping[str, Any]) -> Taken:
    """Why, in the words the phone shows of a problem."""
    words = problem.get("detail") or problem.get("title", "")
    return Taken(pk, "refused", code=problem.get("code", ""), message=words)
