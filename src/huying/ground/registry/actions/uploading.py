"""Files handed in for importing: taken, begun, run in the background, put away. What is done row by row is ``importing``'s."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from huying.ground.organisation.access import actor_for
from huying.ground.registry import access, exchange
from huying.ground.registry.looking import UNBEGUN_KEPT, look, written
from huying.ground.registry.models import Upload
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, HuyingError, Refused
from huying.kernel.privacy import seal_bytes, unseal_bytes

from .importing import import_records
from .writing import known_kind

TASK: Final = "registry.import_upload"
_State = Upload.State
_BEGUN: Final = (_State.WAITING, _State.RUNNING)
log = logging.getLogger("huying.registry")


def take_upload(
    *, actor: Actor, now: datetime, uid: UUID, kind: str, area: str, name: str, content: bytes
) -> Upload:  # fmt: skip
    """Keep a file, sealed, with what was found in it. Handing in the same ``uid`` again changes nothing.

    ``area`` is for records that point nowhere. Raises Invalid for what is no table, Forbidden outside the actor's areas.
    """
    known_kind(kind)
    access.require_over(actor, access.IMPORT, area)
    if actor.person_id is None:
        raise Forbidden(_("表格只能由人来交"), code="people_only")
    known = Upload.objects.filter(uid=uid, person=actor.person_id).defer("content").first()
    if known is not None:
        return known
    found = look(content)
    key = sha256(f"{sha256(content).hexdigest()} {kind} {area} {actor.ref}".encode()).hexdigest()
    with transaction.atomic():
        upload = Upload.objects.create(
            uid=uid, kind=kind, name=name[:200], suffix=found.suffix, bytes=len(content), rows=found.rows,
            header=[list(one) for one in found.header], area=area, run_key=key, content=seal_bytes(content),
            person_id=actor.person_id, at=now,
        )  # fmt: skip
        _note(upload, "upload", actor, now, {"kind": kind, "area": area, "rows": found.rows, "bytes": len(content)})
    return upload


def begin_upload(uid: UUID, *, actor: Actor, now: datetime, mapping: Mapping[str, str] | None = None) -> Upload:
    """Have a file imported in the background; one that was cut off goes on. Raises Invalid while a column is missing."""
    with transaction.atomic():
        upload = _locked(actor, uid)
        if upload.is_under_way:
            return upload
        if not upload.can_begin:
            raise Refused(_("这份表格已经处理过了"), hint=_("要再导一次，请重新交表。"), code="upload_over")
        chosen = dict(mapping) if mapping is not None else upload.mapping
        exchange.columns(upload.kind, upload.titles, chosen)
        upload.mapping, upload.state, upload.begun_at, upload.error = chosen, _State.WAITING, now, ""
        upload.person_id = actor.person_id or upload.person_id
        upload.save(update_fields=["mapping", "state", "begun_at", "error", "person"])
        _note(upload, "begin", actor, now, {})
        app.configure_task(TASK).defer(upload_id=upload.pk)
    return upload


def drop_upload(uid: UUID, *, actor: Actor, now: datetime) -> Upload:
    """Put a file away without importing (the rest of) it."""
    with transaction.atomic():
        upload = _locked(actor, uid)
        if upload.state == _State.DROPPED:
            return upload
        if not upload.can_begin:
            raise Refused(_("正在导入或已经导入的不能放弃"), code="upload_begun")
        _put_away([upload], actor, now)
    return upload


def run_upload(upload_id: int, *, now: datetime) -> None:
    """The job: import a file that was begun, with what its author may do now. Killed and run again, it goes on."""
    upload = Upload.objects.select_related("person__user").filter(pk=upload_id, state__in=_BEGUN).first()
    if upload is None or upload.content is None:
        return
    Upload.objects.filter(pk=upload_id).update(state=_State.RUNNING)
    actor = actor_for(upload.person.user, now=now)
    try:
        with written(unseal_bytes(upload.content), upload.suffix) as file:
            done = import_records(
                file,
                actor=actor,
                now=now,
                kind=upload.kind,
                mapping=upload.mapping,
                area=upload.area,
                key=upload.run_key,
            )
    except HuyingError as error:
        _fail(upload_id, now, error.code)
        return
    except Exception:
        _fail(upload_id, now, "broken")
        raise
    said: dict[str, Any] = asdict(done)
    with transaction.atomic():
        Upload.objects.filter(pk=upload_id).update(
            state=_State.DONE, finished_at=now, said=said, content=None, error=""
        )
        _note(
            upload,
            "finish",
            actor,
            now,
            {name: said[name] for name in ("born", "changed", "same", "waiting", "rejected")},
        )


def clear_uploads(*, actor: Actor, now: datetime) -> int:
    """Put away files nobody began, or whose import nobody went on with, in time; how many."""
    with transaction.atomic():
        late = Upload.objects.select_for_update().defer("content").filter(
            state__in=[_State.LOOKED, _State.FAILED], at__lt=now - UNBEGUN_KEPT
        )  # fmt: skip
        return _put_away(list(late), actor, now)


def _put_away(uploads: list[Upload], actor: Actor, now: datetime) -> int:
    for upload in uploads:
        upload.state, upload.content, upload.finished_at = _State.DROPPED, None, now
        upload.save(update_fields=["state", "content", "finished_at"])
        _note(upload, "drop", actor, now, {})
    return len(uploads)


def _locked(actor: Actor, uid: UUID) -> Upload:
    access.get_upload(actor, uid)
    return Upload.objects.select_for_update().defer("content").get(uid=uid)


def _fail(upload_id: int, now: datetime, why: str) -> None:
    Upload.objects.filter(pk=upload_id).update(state=_State.FAILED, finished_at=now, error=why[:40])


def _note(upload: Upload, verb: str, actor: Actor, now: datetime, body: Mapping[str, Any]) -> None:
    trace.append([trace.Draft(chain=f"registry-upload:{upload.uid}", verb=verb, actor=actor, at=now, body=body)])
