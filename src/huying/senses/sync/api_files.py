"""REST for what phones photograph and record: in parts, or several small ones at once."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from huying.kernel import clock
from huying.kernel.errors import HuyingError

from . import access, actions, rules
from .calling import LEAVING, FieldWorker, actor_of, body_of, count
from .models import Upload
from .reading import read_bundle

router = Router()


class UploadOut(Schema):
    """``received`` of ``size`` bytes are safe; ``file`` is the stored file's address once all are."""

    received: int
    size: int
    file: str | None


class TakenOut(Schema):
    """``state``: taken, known (it was here), partly (``received`` bytes are here: go on in parts) or refused (says why)."""

    id: UUID
    state: str
    received: int
    code: str
    message: str


class Bundle(Schema):
    results: list[TakenOut]


class PartQuery(Schema):
    offset: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=1)]
    type: Annotated[str, Field(max_length=40)]


@router.post(
    "/field/uploads",
    response=Bundle,
    auth=FieldWorker(rules.MOST_BUNDLE, leaving=True),
    summary="Send up to 16 small files at once",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
def post_uploads(request: HttpRequest) -> HttpResponse:
    """A line of JSON, ``[{"id", "size", "type"}, …]``, then their bytes; at most 512 KB a file and 2 MB in all. Each is
    answered by itself, in the order sent. Sending one again changes nothing.
    """
    actor = actor_of(request)
    try:
        files = read_bundle(body_of(request, rules.MOST_BUNDLE))
    except HuyingError:
        count("parts", actor)
        raise
    count("parts", actor, len(files))
    found = actions.take_bundle(actor=actor, now=clock.now(), files=files)
    answer = HttpResponse(orjson.dumps({"results": found}), content_type="application/json")
    answer["Cache-Control"] = "no-store"
    return answer


@router.put(
    "/field/uploads/{upload_id}",
    response=UploadOut,
    auth=FieldWorker(rules.MOST_PART, leaving=True),
    summary="Send a part of a file",
)
def put_upload(request: HttpRequest, upload_id: UUID, asked: Query[PartQuery]) -> dict[str, Any]:
    """Raw bytes, at most 512 KB a part, 25 MB a photo, 10 MB a sound. 409 ``wrong_offset`` says where to go on."""
    actor = actor_of(request)
    count("parts", actor)
    upload = actions.take_part(
        actor=actor,
        now=clock.now(),
        upload_id=upload_id,
        offset=asked.offset,
        size=asked.size,
        media_type=asked.type,
        data=body_of(request, rules.MOST_PART),
    )
    return _upload_out(upload)


@router.get("/field/uploads/{upload_id}", response=UploadOut, auth=LEAVING, summary="How far a file has come")
def get_upload(request: HttpRequest, upload_id: UUID) -> dict[str, Any]:
    return _upload_out(access.own_upload(actor_of(request), upload_id))


def _upload_out(upload: Upload) -> dict[str, Any]:
    return {"received": upload.received, "size": upload.size, "file": upload.file.url if upload.file else None}
