"""Files handed in for importing: taken, begun, run in the background, put away. What is done row by row is ``importing``'s."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from huying.ground.organisation.access import actor_for
from huying.ground.registry import access, exchange
from huying.ground.registry.looking import ENDED_KEPT, UNBEGUN_KEPT, look, written
from huying.ground.registry.models import ImportRun, Reject, Upload
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, HuyingError, Refused
from huying.kernel.privacy import seal_bytes, unseal_bytes

from .importing import Imported, import_records
from .writing import known_kind

TASK: Final = "registry.import_upload"
_State = Upload.State
_BEGUN: Final = (_State.WAITING, _State.RUNNING)
_OVER: Final = (_State.DONE, _State.DROPPED)
_GONE: Final[dict[str, Any]] = {"content": None, "name": "", "header": [], "mapping": {}}
AWAY: Final = (OperationalError, InterfaceError)  # the database went away, or two got into each other's way: try again


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
    known = Upload.objects.filter(uid=uid).defer("content").first()
    if known is None:
        found = look(content, kind)
        whole = {
            "kind": kind, "name": name[:200], "suffix": found.suffix, "bytes": len(content), "rows": found.rows,
            "header": [list(one) for one in found.header], "area": area, "content": seal_bytes(content),
            "person_id": actor.person_id, "at": now,
        }  # fmt: skip
        with transaction.atomic():
            known, new = Upload.objects.get_or_create(uid=uid, defaults=whole)
            if new:
                body = {"kind": kind, "area": area, "rows": found.rows, "bytes": len(content)}
                _note(known, "upload", actor, now, body)
    if (known.person_id, known.kind, known.area, known.bytes) != (actor.person_id, kind, area, len(content)):
        raise Refused(_("这一页已经交过另一份表"), hint=_("请重新打开这一页再交。"), code="handed_in")
    return known


def begin_upload(uid: UUID, *, actor: Actor, now: datetime, mapping: Mapping[str, str] | None = None) -> Upload:
    """Have a file imported in the background; one that was cut off goes on, with another mapping it begins from its first row.

    Raises Invalid while a column is missing.
    """
    if actor.person_id is None:
        raise Forbidden(_("表格只能由人来导入"), code="people_only")
    with transaction.atomic():
        upload = _locked(actor, uid)
        if upload.is_under_way:
            return upload
        if not upload.can_begin:
            raise Refused(_("这份表格已经处理过了"), hint=_("要再导一次，请重新交表。"), code="upload_over")
        chosen = dict(mapping) if mapping is not None else upload.mapping
        exchange.columns(upload.kind, upload.titles, chosen)
        if not upload.run_key or chosen != upload.mapping:
            upload.run_key = _run_key(uid, chosen, now)
        upload.mapping, upload.state, upload.begun_at, upload.error = chosen, _State.WAITING, now, ""
        upload.begun_by_id, upload.finished_at = actor.person_id, None
        upload.save(
            update_fields=["mapping", "run_key", "state", "begun_at", "begun_by", "finished_at", "error"]
        )  # fmt: skip
        _note(upload, "begin", actor, now, {})
        app.configure_task(TASK).defer(upload_id=upload.pk)
    return upload


def _run_key(uid: UUID, mapping: Mapping[str, str], now: datetime) -> str:
    """A run of its own for each mapping; the time is in it, for whoever goes back to an earlier one begins anew too."""
    return sha256(f"{uid} {json.dumps(mapping, sort_keys=True)} {now.isoformat()}".encode()).hexdigest()


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
    """The job: import a file that was begun, with what whoever began it may do now. Killed and run again, it goes on.

    Raises what is in ``AWAY`` with the upload still under way, for the job is tried again then.
    """
    try:
        _run(upload_id, now)
    except HuyingError as error:
        _fail(upload_id, now, error.code)
    except AWAY:
        close_old_connections()
        raise
    except Exception:
        close_old_connections()
        _fail(upload_id, now, "broken")
        raise


def _run(upload_id: int, now: datetime) -> None:
    upload = Upload.objects.select_related("begun_by__user").filter(pk=upload_id, state__in=_BEGUN).first()
    if upload is None or upload.content is None or upload.begun_by is None:
        return
    Upload.objects.filter(pk=upload_id).update(state=_State.RUNNING)
    actor = actor_for(upload.begun_by.user, now=now)
    said: dict[str, Any] = asdict(_finished(upload) or _imported(upload, actor, now))
    body = {name: said[name] for name in ("born", "changed", "same", "waiting", "rejected")}
    with transaction.atomic():
        Upload.objects.filter(pk=upload_id).update(state=_State.DONE, finished_at=now, said=said, error="", **_GONE)
        _note(upload, "finish", actor, now, body)


def _finished(upload: Upload) -> Imported | None:
    """What the import came to, when all that is missing is to say so: its process was killed between the two."""
    run = ImportRun.objects.filter(kind=upload.kind, file_sha256=upload.run_key, finished_at__isnull=False).first()
    if run is None:
        return None
    return Imported(run.pk, run.born, run.changed_rows, run.same, run.waiting, run.rejected, resumed_at=0)


def _imported(upload: Upload, actor: Actor, now: datetime) -> Imported:
    with written(unseal_bytes(upload.content or b""), upload.suffix) as file:
        return import_records(
            file, actor=actor, now=now, kind=upload.kind, mapping=upload.mapping, area=upload.area, key=upload.run_key
        )  # fmt: skip


def clear_uploads(*, actor: Actor, now: datetime) -> int:
    """Put away files nobody began, or whose import nobody went on with, in time; how many.

    An import that is under way without a job has stopped, so that somebody can go on with it. What ended long ago is deleted.
    """
    _stop_stranded(now)
    with transaction.atomic():
        late = (
            Upload.objects.select_for_update()
            .defer("content")
            .alias(since=Coalesce("finished_at", "at"))
            .filter(state__in=[_State.LOOKED, _State.FAILED], since__lt=now - UNBEGUN_KEPT)
        )
        put_away = _put_away(list(late), actor, now)
        _delete_ended(now)
    return put_away


def _stop_stranded(now: datetime) -> None:
    """Locked first, looked for jobs then: an upload is begun together with its job, and ended before the job is."""
    with transaction.atomic():
        begun = list(Upload.objects.select_for_update().filter(state__in=_BEGUN).values_list("pk", flat=True))
        live = ProcrastinateJob.objects.filter(task_name=TASK, status__in=["todo", "doing"])
        working = {args["upload_id"] for args in live.values_list("args", flat=True)} if begun else set()
        for upload_id in set(begun) - working:
            _fail(upload_id, now, "broken")


def _delete_ended(now: datetime) -> None:
    ended = Upload.objects.filter(state__in=_OVER, finished_at__lt=now - ENDED_KEPT)
    Reject.objects.filter(run__file_sha256__in=[key for key in ended.values_list("run_key", flat=True) if key]).delete()
    ended.delete()


def _put_away(uploads: list[Upload], actor: Actor, now: datetime) -> int:
    for upload in uploads:
        Upload.objects.filter(pk=upload.pk).update(state=_State.DROPPED, finished_at=now, **_GONE)
        upload.refresh_from_db()
        _note(upload, "drop", actor, now, {})
    return len(uploads)


def _locked(actor: Actor, uid: UUID) -> Upload:
    access.get_upload(actor, uid)
    return Upload.objects.select_for_update().defer("content").get(uid=uid)


def _fail(upload_id: int, now: datetime, why: str) -> None:
    Upload.objects.filter(pk=upload_id).update(state=_State.FAILED, finished_at=now, error=why[:40])


def _note(upload: Upload, verb: str, actor: Actor, now: datetime, body: Mapping[str, Any]) -> None:
    trace.append([trace.Draft(chain=f"registry-upload:{upload.uid}", verb=verb, actor=actor, at=now, body=body)])
