"""Taking in what was filled in, once, and correcting it with the old state kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from huying.ground.registry.models import MODELS
from huying.ground.territory import queries as territory
from huying.kernel import facts, trace
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused
from huying.kernel.files import attach
from huying.kernel.models import StoredFile

from .. import access
from ..checking import Checked, check
from ..facts import SubmissionAmended, SubmissionReceived
from ..models import FormVersion, Submission, SubmissionFile, SubmissionRevision
from ..private import apart
from ..vocabulary import SUBJECTS

Subject = tuple[str, UUID | None]
Position = tuple[float, float, float | None]
_KINDS: Final = {"image": "image", "sound": "audio"}
_REUSED: Final = _("这个编号已经用在另一份填报上")


def receive(
    *,
    actor: Actor,
    now: datetime,
    op_id: UUID,
    form: str,
    version: str | int,
    answers: Any,
    begun_at: datetime,
    ended_at: datetime,
    subject: Subject | None = None,
    task_uid: UUID | None = None,
    position: Position | None = None,
    files: Mapping[UUID, StoredFile] | None = None,
) -> Submission:
    """Take in a filled form of any version ever published.

    The same operation again gives the submission that is there and changes nothing. Raises Invalid naming each wrong
    answer by its instance path, NotFound for a form or version that never was, Forbidden outside one's own communities.
    """
    with transaction.atomic():
        known = Submission.objects.filter(uid=op_id).first()
        if known is not None:
            return _same(known, actor)
        filled = _version(form, str(version))
        given = files or {}
        done = _checked(filled, answers, min(ended_at, now), given)
        kind, uid = subject or ("", None)
        if kind and kind not in SUBJECTS:
            raise Invalid(_("不认识的填报对象"), code="unknown_subject", field="subject")
        area = _area(kind, uid, position, actor, now)
        if not access.may_fill(actor, area):
            raise Forbidden(_("这里不在您负责的社区"), code="not_yours")
        submission = Submission(
            uid=op_id, version=filled, form=filled.form, subject_kind=kind, subject_uid=uid, task_uid=task_uid, area=area,
            by=actor.ref, by_name=actor.name[:80], begun_at=min(begun_at, ended_at), ended_at=ended_at, received_at=now,
        )  # fmt: skip
        if position is not None:
            submission.lon, submission.lat, submission.accuracy = position
        _write(submission, done, given)
        try:
            with transaction.atomic():
                submission.save(force_insert=True)
        except IntegrityError:
            return _same(Submission.objects.get(uid=op_id), actor)
        _keep_files(submission, done, given)
        body = {"form": form, "version": filled.version, "findings": len(done.findings), "area": area}
        trace.record([_draft(submission, "submit_form", actor, now, body, new=True)])
        facts.publish(SubmissionReceived(**_fact(submission, done, actor, now)))
        attach([given[UUID(one)].pk for one in done.files], f"submission:{submission.pk}", actor=actor)
    return submission


@transaction.atomic
def amend_submission(
    uid: UUID,
    *,
    answers: Any,
    reason: str,
    actor: Actor,
    now: datetime,
    files: Mapping[UUID, StoredFile] | None = None,
) -> Submission:
    """Correct what a submission says. What it said before is kept with who changed it and why."""
    if not reason.strip():
        raise Invalid(_("请写明理由"), field="reason")
    seen = access.get_submission(actor, uid)
    if not access.may_amend(actor, seen):
        raise Forbidden(_("只有填报人和本片负责人可以更正"), code="not_yours")
    submission = Submission.objects.select_for_update(of=("self",)).select_related("version", "form").get(pk=seen.pk)
    held = {one.upload: one.file for one in submission.files.select_related("file")}
    given = {**held, **(files or {})}
    done = _checked(submission.version, answers, submission.ended_at, given)
    SubmissionRevision.objects.create(
        submission=submission, answers=submission.answers, private=submission.private, findings=submission.findings,
        amended_at=now, amended_by=actor.ref, amended_by_name=actor.name[:80], reason=reason.strip(),
    )  # fmt: skip
    _write(submission, done, given)
    submission.state = Submission.State.AMENDED
    submission.save(update_fields=["answers", "private", "findings", "state"])
    _keep_files(submission, done, given, held)
    draft = _draft(submission, "amend_submission", actor, now, {"findings": len(done.findings)}, reason=reason.strip())
    trace.record([draft])
    facts.publish(SubmissionAmended(**_fact(submission, done, actor, now)))
    attach([given[UUID(one)].pk for one in done.files], f"submission:{submission.pk}", actor=actor)
    return submission


def _same(known: Submission, actor: Actor) -> Submission:
    if known.by != actor.ref:
        raise Refused(_REUSED, code="id_reused")
    return known


def _version(form: str, version: str) -> FormVersion:
    """The published version a phone filled in, by the version it names."""
    found: FormVersion | None = (
        FormVersion.objects.select_related("form")
        .defer("source")
        .filter(form__code=form[:40], version=version[:20], published_at__isnull=False)
        .first()
    )
    if found is None:
        raise NotFound(_("没有这张表单的这一版"), code="form_not_found", hint=_("请先同步，再重新填写"))
    return found


def _checked(version: FormVersion, answers: Any, now: datetime, files: Mapping[UUID, StoredFile]) -> Checked:
    kinds = {str(upload): _KINDS.get(file.kind, "") for upload, file in files.items()}
    done = check(version.definition, answers, now=now.isoformat(), files=kinds)
    if not done.ok:
        raise Invalid(
            _("有 %(n)s 处没有填对") % {"n": len(done.errors)},
            code="answers_wrong",
            fields={path: str(words) for path, words in done.errors.items()},
        )
    return done


def _area(kind: str, uid: UUID | None, position: Position | None, actor: Actor, now: datetime) -> str:
    """Where it belongs: the area of what it is about, else of the position, else of the author's own duty."""
    if uid is not None and kind in MODELS:
        found = MODELS[kind]._default_manager.filter(uid=uid).values_list("area", flat=True).first()
        if found:
            return str(found)
    if position is not None:
        (place,) = territory.locate_points([position[:2]], on=local_day(now))
        if place is not None:
            return str(place.grid or place.community or place.town)
    return max((duty.area for duty in actor.duties_of(*access.FILLERS)), key=len, default="")


def _write(submission: Submission, done: Checked, files: Mapping[UUID, StoredFile]) -> None:
    plain, secret = apart(submission.version.definition, done.answers)
    submission.answers = plain
    submission.private = orjson.dumps(secret).decode() if secret else None
    submission.findings = _findings(done, files)


def _findings(done: Checked, files: Mapping[UUID, StoredFile]) -> list[dict[str, Any]]:
    """As facts tell them: photos are ids of stored files."""
    found = []
    for finding in done.findings:
        told = asdict(finding)
        for name in ("photos", "after_photos"):
            told[name] = [files[UUID(one)].pk for one in told[name]]
        found.append(told)
    return found


def _keep_files(
    submission: Submission,
    done: Checked,
    files: Mapping[UUID, StoredFile],
    held: Mapping[UUID, StoredFile] | None = None,
) -> None:
    new = [UUID(one) for one in done.files if UUID(one) not in (held or {})]
    SubmissionFile.objects.bulk_create(
        [SubmissionFile(submission=submission, upload=upload, file=files[upload]) for upload in new]
    )


def _fact(submission: Submission, done: Checked, actor: Actor, now: datetime) -> dict[str, Any]:
    names = ("task_uid", "subject_kind", "subject_uid", "area", "lon", "lat", "findings")
    fact = {name: getattr(submission, name) for name in names}
    return fact | {
        "submission_id": submission.pk, "op": submission.uid, "form": submission.version.definition["code"],
        "kind": submission.version.definition["kind"], "by": actor.ref, "at": now, "registry": done.registry,
    }  # fmt: skip


def _draft(
    submission: Submission,
    verb: str,
    actor: Actor,
    now: datetime,
    body: dict[str, Any],
    *,
    reason: str = "",
    new: bool = False,
) -> trace.Draft:
    return trace.Draft(
        chain=f"submission:{submission.uid}", verb=verb, actor=actor, at=now, body=body,
        private={"reason": reason} if reason else {}, new=new,
    )  # fmt: skip
