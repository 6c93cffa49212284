"""What became of an operation, written down. What was refused because somebody was erased keeps nothing of what it said."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils.translation import gettext as _

from huying.ground.registry.queries import erased_among
from huying.kernel.errors import HuyingError, Invalid

from ..doors import Outcome
from ..models import Operation, Upload
from ..rules import Cause, Received, State

ERASED: Final = "erased"


def plain(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it is kept: JSON, so that the first answer reads like all later ones."""
    said = {"message": outcome.message, "fields": outcome.fields, "made": outcome.made, "state": outcome.state}
    found: dict[str, Any] = json.loads(json.dumps(said, cls=DjangoJSONEncoder))
    return found


def refused(error: HuyingError) -> dict[str, Any]:
    fields = {name: str(text) for name, text in error.fields.items()} if isinstance(error, Invalid) else {}
    if error.field and error.field not in fields:
        fields[error.field] = str(error.message)
    return {"state": State.REFUSED, "message": str(error), "code": error.code, "fields": fields}


def unreadable(upload: Upload) -> dict[str, Any]:
    problem = upload.problem or {"title": _("这个文件已经不在了"), "code": "file_gone"}
    fields = {"files": str(upload.pk)}
    return {"state": State.REFUSED, "message": problem["title"], "code": problem["code"], "fields": fields}


def settle(row: Operation, outcome: dict[str, Any], *, now: datetime) -> Operation:
    become(row, outcome, now=now)
    row.save(update_fields=["outcome", "state", "cause", "tries", "try_at", "settled_at"])
    if row.state == State.REFUSED and _is_about_somebody_erased(row):
        drop_said([row])
    return row


def about_somebody_erased() -> dict[str, Any]:
    """The outcome of what waited when whom it is about was erased."""
    return {"state": State.REFUSED, "message": _("此人的个人信息已按规定删除"), "code": ERASED}


def _is_about_somebody_erased(row: Operation) -> bool:
    """Whatever it was refused for: nobody may mend it any more."""
    return row.outcome.get("code") == ERASED or (row.subject is not None and bool(erased_among([row.subject])))


def drop_said(rows: Collection[Operation]) -> None:
    """What these said goes, and so do uploads only they came for; their files are then swept as unattached."""
    named = {one for row in rows for one in row.files}
    for row in rows:
        row.body, row.sealed, row.files = None, None, []
    Operation.objects.filter(pk__in=[row.pk for row in rows]).update(body=None, sealed=None, files=[])
    if not named:
        return
    standing = Operation.objects.filter(state__in=[State.WAITING, State.REFUSED], files__overlap=list(named))
    needed = {one for files in standing.values_list("files", flat=True) for one in files}
    whole = Upload.objects.filter(pk__in=named - needed, state=Received.WHOLE)
    mine = whole.filter(person__in={row.person_id for row in rows}).select_for_update(skip_locked=True, of=("self",))
    Upload.objects.filter(pk__in=list(mine.values_list("pk", flat=True))).delete()


def become(row: Operation, outcome: Mapping[str, Any], *, now: datetime) -> None:
    row.outcome = {key: value for key, value in outcome.items() if value and key != "state"}
    row.state, row.cause, row.tries = str(outcome["state"]), str(Cause.NONE), min(row.tries + 1, 30_000)
    row.try_at, row.settled_at = None, now


def write_settled(rows: Sequence[Operation]) -> None:
    """One statement for what became of them all."""
    columns: tuple[list[Any], ...] = (
        [row.pk for row in rows], [row.state for row in rows], [json.dumps(row.outcome) for row in rows],
        [row.tries for row in rows],
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_operation o SET state = said.state, outcome = said.outcome, tries = said.tries, cause = '',"
            " try_at = NULL, settled_at = %s FROM unnest(%s::uuid[], %s::text[], %s::jsonb[], %s::smallint[])"
            " AS said(id, state, outcome, tries) WHERE o.id = said.id",
            [rows[0].settled_at, *columns],
        )
