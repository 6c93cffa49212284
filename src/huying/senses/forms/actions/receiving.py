"""Taking in what was filled in, once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from huying.ground.registry.models import MODELS
from huying.ground.registry.queries import erased_among
from huying.ground.territory import queries as territory
from huying.kernel import facts, trace
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused
from huying.kernel.files import attach_many
from huying.kernel.locks import lock_names
from huying.kernel.models import StoredFile

from .. import access
from ..checking import Checked, check
from ..facts import SubmissionReceived
from ..models import FormVersion, Submission, SubmissionFile
from ..private import apart
from ..queries import published_definition
from ..vocabulary import SUBJECTS

Subject = tuple[str, UUID | None]
Position = tuple[float, float, float | None]
_KINDS: Final = {"image": "image", "sound": "audio"}
_REUSED: Final = _("这个编号已经用在另一份填报上")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as somebody filled it in. ``op_id`` names it for ever; ``files``: upload id → stored file."""

    op_id: UUID
    form: str
    version: str | int
    answers: Any
    begun_at: datetime
    ended_at: datetime
    subject: Subject | None = None
    task_uid: UUID | None = None
    position: Position | None = None
    files: Mapping[UUID, StoredFile] = field(default_factory=dict)


def receive(*, actor: Actor, now: datetime, **told: Any) -> Submission:
    """Take in one filled form; ``told`` are the fields of :class:`Filled`. See :func:`receive_many`."""
    (made,) = receive_many([Filled(**told)], actor=actor, now=now)
    return made


def receive_many(filled: Sequence[Filled], *, actor: Actor, now: datetime) -> list[Submission]:
    """Take in filled forms of any versions ever published, all of them or none; one submission for each, in order.

    The same operation again gives the submission that is there and changes nothing. Raises Invalid naming each wrong
    answer by its instance path, NotFound for a form or version that never was, Forbidden outside one's own communities,
    Refused (``erased``) for a form about somebody whose personal information was deleted.
    The number of queries does not depend on how many there are.
    """
    with transaction.atomic():
        known = _known(filled, actor)
        fresh = list({one.op_id: one for one in filled if one.op_id not in known}.values())
        if fresh:
            people = {one.subject[1] for one in fresh if one.subject and one.subject[0] == "person" and one.subject[1]}
            _must_be_there(people)
            versions = _versions(fresh)
            checked = [_checked(version, one, now) for one, version in zip(fresh, versions, strict=True)]
            rows = _submissions(fresh, versions, checked, actor, now)
            try:
                with transaction.atomic():
                    Submission.objects.bulk_create(rows)
            except IntegrityError:  # somebody sent the same at the same moment
                if not _known(fresh, actor):
                    raise
                return receive_many(filled, actor=actor, now=now)
            _follow(rows, fresh, checked, actor, now)
            if people:  # whom somebody erased meanwhile; from here on the erasing waits for us, and finds what we wrote
                lock_names(f"registry {uid}" for uid in people)
                _must_be_there(people)
            known |= {row.uid: row for row in rows}
    return [known[one.op_id] for one in filled]


def _must_be_there(people: Collection[UUID]) -> None:
    """Nothing is taken in about somebody who was erased: nobody would look for it again."""
    if people and erased_among(people):
        raise Refused(_("此人的个人信息已按规定删除"), code="erased", field="subject")


def _known(filled: Sequence[Filled], actor: Actor) -> dict[UUID, Submission]:
    found = {row.uid: row for row in Submission.objects.filter(uid__in=[one.op_id for one in filled])}
    if any(row.by != actor.ref for row in found.values()):
        raise Refused(_REUSED, code="id_reused")
    return found


def _submissions(
    filled: Sequence[Filled], versions: Sequence[FormVersion], checked: Sequence[Checked], actor: Actor, now: datetime
) -> list[Submission]:
    """The rows to be written. Forbidden where one of them lies outside of what the actor works in."""
    for one in filled:
        if one.subject is not None and one.subject[0] and one.subject[0] not in SUBJECTS:
            raise Invalid(_("不认识的填报对象"), code="unknown_subject", field="subject")
    rows = []
    for one, version, done, area in zip(filled, versions, checked, _areas(filled, actor, now), strict=True):
        if not access.may_fill(actor, area):
            raise Forbidden(_("这里不在您负责的社区"), code="not_yours")
        kind, uid = one.subject or ("", None)
        row = Submission(
            uid=one.op_id, version=version, form=version.form, subject_kind=kind, subject_uid=uid, task_uid=one.task_uid,
            area=area, by=actor.ref, by_name=actor.name[:80], begun_at=min(one.begun_at, one.ended_at),
            ended_at=one.ended_at, received_at=now,
        )  # fmt: skip
        if one.position is not None:
            row.lon, row.lat, row.accuracy = one.position
        write_answers(row, done, one.files)
        rows.append(row)
    return rows


def _follow(
    rows: Sequence[Submission], filled: Sequence[Filled], checked: Sequence[Checked], actor: Actor, now: datetime
) -> None:
    """What belongs to new submissions: their files, the trace, the fact; in the end the files are theirs."""
    kept = [
        (row, UUID(one), given.files)
        for row, given, done in zip(rows, filled, checked, strict=True)
        for one in done.files
    ]
    SubmissionFile.objects.bulk_create(
        [SubmissionFile(submission=row, upload=upload, file=files[upload]) for row, upload, files in kept]
    )
    drafts, told = [], []
    for row, done in zip(rows, checked, strict=True):
        definition = row.version.definition
        body = {"form": definition["code"], "version": row.version.version}
        body |= {"findings": len(done.findings), "area": row.area}
        drafts.append(draft_of(row, "submit_form", actor, now, body, new=True))
        told.append(SubmissionReceived(**told_of(row, done, actor, now)))
    trace.record(drafts)
    facts.publish(*told)
    # A picture named twice belongs to whoever named it first.
    attach_many({files[upload].pk: f"submission:{row.pk}" for row, upload, files in reversed(kept)}, actor=actor)


def _versions(filled: Sequence[Filled]) -> list[FormVersion]:
    """The published versions phones filled in, by form and the version each names; one query, definitions kept at hand."""
    meant = {(one.form[:40], str(one.version)[:20]) for one in filled}
    wanted = Q()
    for form, version in meant:
        wanted |= Q(form__code=form, version=version)
    rows = FormVersion.objects.select_related("form").defer("source", "definition")
    found = {(row.form.code, row.version): row for row in rows.filter(wanted, published_at__isnull=False)}
    if len(found) < len(meant):
        raise NotFound(_("没有这张表单的这一版"), code="form_not_found", hint=_("请先同步，再重新填写"))
    for row in found.values():
        row.definition = published_definition(row.pk)
    return [found[one.form[:40], str(one.version)[:20]] for one in filled]


def _checked(version: FormVersion, filled: Filled, now: datetime) -> Checked:
    return check_answers(version, filled.answers, min(filled.ended_at, now), filled.files)


def look_over(version: FormVersion, answers: Any, now: datetime, files: Mapping[UUID, StoredFile]) -> Checked:
    """What the answers say, and what is wrong with them, by today's rules."""
    kinds = {str(upload): _KINDS.get(file.kind, "") for upload, file in files.items()}
    return check(version.definition, answers, now=now.isoformat(), files=kinds)


def check_answers(version: FormVersion, answers: Any, now: datetime, files: Mapping[UUID, StoredFile]) -> Checked:
    """The same; Invalid naming each wrong answer."""
    done = look_over(version, answers, now, files)
    if not done.ok:
        raise Invalid(
            _("有 %(n)s 处没有填对") % {"n": len(done.errors)},
            code="answers_wrong",
            fields={path: str(words) for path, words in done.errors.items()},
        )
    return done


def _areas(filled: Sequence[Filled], actor: Actor, now: datetime) -> list[str]:
    """Where each belongs: the area of what it is about, else of the position, else of the author's own duty.

    One query a kind of subject, and one look for all positions.
    """
    about: dict[str, set[UUID]] = {}
    for one in filled:
        if one.subject is not None and one.subject[1] is not None and one.subject[0] in MODELS:
            about.setdefault(one.subject[0], set()).add(one.subject[1])
    known: dict[tuple[str, UUID], str] = {}
    for kind, uids in about.items():
        rows = MODELS[kind]._default_manager.filter(uid__in=uids).values_list("uid", "area")
        known |= {(kind, uid): str(area) for uid, area in rows if area}
    own = max((duty.area for duty in actor.duties_of(*access.FILLERS)), key=len, default="")
    points = [one.position[:2] for one in filled if one.position is not None]
    places = iter(territory.locate_points(points, on=local_day(now)) if points else ())
    areas = []
    for one in filled:
        place = next(places) if one.position is not None else None
        there = str(place.grid or place.community or place.town) if place is not None else own
        kind, uid = one.subject or ("", None)
        areas.append(known.get((kind, uid), there) if uid is not None else there)
    return areas


def write_answers(submission: Submission, done: Checked, files: Mapping[UUID, StoredFile]) -> None:
    """A correction that takes the last personal answer away leaves a sealed nothing: what was sealed before it goes in the
    time of its submission, which is found by that.
    """
    plain, secret = apart(submission.version.definition, done.answers)
    submission.answers = plain
    submission.private = orjson.dumps(secret).decode() if secret or submission.private is not None else None
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


def keep_files(
    submission: Submission,
    done: Checked,
    files: Mapping[UUID, StoredFile],
    held: Mapping[UUID, StoredFile] | None = None,
) -> None:
    new = [UUID(one) for one in done.files if UUID(one) not in (held or {})]
    SubmissionFile.objects.bulk_create(
        [SubmissionFile(submission=submission, upload=upload, file=files[upload]) for upload in new]
    )


def told_of(submission: Submission, done: Checked, actor: Actor, now: datetime) -> dict[str, Any]:
    names = ("task_uid", "subject_kind", "subject_uid", "area", "lon", "lat", "findings")
    fact = {name: getattr(submission, name) for name in names}
    return fact | {
        "submission_id": submission.pk, "op": submission.uid, "form": submission.version.definition["code"],
        "kind": submission.version.definition["kind"], "by": actor.ref, "at": now, "registry": done.registry,
    }  # fmt: skip


def draft_of(
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
