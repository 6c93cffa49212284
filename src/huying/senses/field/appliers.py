"""What the operations of a phone do here: time on duty, positions, reports, check-ins, records, looks, tasks passed over.

A HuyingError means refused, with its words; everything else is what the operation made. ``op.at`` is when it was done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from huying.casework.cases.subjects import REGISTERED
from huying.ground.registry import access as registry
from huying.ground.registry.actions import change, withdraw_proposal
from huying.ground.registry.models import CareEntry
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.files import StoredFile
from huying.senses.forms.actions import Filled, receive_many
from huying.senses.reports.actions import Taken, Voice, take_in
from huying.senses.reports.rules import MOST_PHOTOS, Channel
from huying.senses.sync.doors import Incoming, Outcome, applies, applies_together

from . import actions, queries
from .models import Checkpoint, Dispute, Finding
from .routes import finite, on_earth

SOURCE = "field"


@applies("duty", private=False)
def go_on_or_off(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
    """``on``: true or false, at the moment of the operation."""
    on = op.body.get("on")
    if not isinstance(on, bool):
        raise Invalid(field="on")
    spell = actions.set_duty(on=on, op=op.id, actor=actor, now=now, at=op.at)
    return Outcome("applied", made={"on_duty": spell is not None and spell.ended_at is None})


@applies_together("position")
def keep_positions(ops: Sequence[Incoming], *, actor: Actor, now: datetime) -> list[Outcome]:
    """``points``: [[moment, longitude, latitude, accuracy], …]; those outside of duty are dropped."""
    counted = actions.take_walks([_points(op.body) for op in ops], actor=actor, now=now)
    return [Outcome("applied", made={"kept": kept, "dropped": dropped}) for kept, dropped in counted]


def _points(body: Mapping[str, Any]) -> list[tuple[datetime, float, float, float]]:
    points = body.get("points")
    if not isinstance(points, list):
        raise Invalid(field="points")
    return [_measured(one) for one in points]


def _measured(point: Any) -> tuple[datetime, float, float, float]:
    try:
        at, lon, lat, accuracy = point
        moment = parse_datetime(at)
        if moment is None or moment.tzinfo is None:
            raise ValueError
        measured = (float(lon), float(lat), float(accuracy or 0))
        if not all(map(isfinite, measured)):
            raise ValueError
        return moment, *measured
    except (TypeError, ValueError, OverflowError):
        raise Invalid(field="points") from None


def _is_on_task(body: Mapping[str, Any]) -> bool:
    """What is said about a task holds its case and is done alone, so that cases are held in one order."""
    return bool(body.get("task"))


@applies_together("report", alone=_is_on_task)
def take_reports(ops: Sequence[Incoming], *, actor: Actor, now: datetime) -> list[Outcome]:
    """Things seen in the street become cases. With ``task`` it is what was seen on a check or after a warning."""
    if len(ops) == 1 and (task := _uuid(ops[0].body, "task")) is not None:
        return [_report_on_task(task, ops[0], actor, now)]
    about = queries.marks_about([_about(op.body) for op in ops], actor)
    made = take_in([_voice(op, one) for op, one in zip(ops, about, strict=True)], actor=actor, now=now)
    sounds = [
        (taken.case_id, one)
        for op, taken in zip(ops, made, strict=True)
        for one in op.files.values()
        if one.kind != StoredFile.Kind.IMAGE
    ]
    actions.keep_with_cases(sounds, actor=actor, now=now)
    return [Outcome("applied", made=_of_case(taken)) for taken in made]


def _report_on_task(task: UUID, op: Incoming, actor: Actor, now: datetime) -> Outcome:
    where: dict[str, Any] = {"point": _point(op.body), "accuracy": _number(op.body, "accuracy") or 0.0}
    brought = list(op.files.values())
    done = actions.report_on_task(
        task, text=_said(op), files=brought, actor=actor, now=now, at=op.at, op=op.id, **where
    )
    return Outcome("applied", made={"task": str(done.uid), "late": bool(done.done_late)})


def _voice(op: Incoming, about: queries.About) -> Voice:
    body, point = op.body, _point(op.body)
    pictures = [one for one in op.files.values() if one.kind == StoredFile.Kind.IMAGE]
    return Voice(
        source=SOURCE,
        source_id=str(op.id),
        channel=Channel.GRID,
        text=_said(op),
        said_at=op.at,
        place_text=_text(body, "place", 200),
        lon=point[0] if point else None,
        lat=point[1] if point else None,
        item_code=_text(body, "item", 16) or None,
        urgent=body.get("urgent") is True,
        files=pictures[:MOST_PHOTOS],
        area=about.area,
        subjects=about.marks,
    )


def _about(body: Mapping[str, Any]) -> tuple[str, UUID] | None:
    """``about`` {kind, uid}: a record the report was written from."""
    said = body.get("about")
    kind, uid = (said.get("kind"), _uuid(said, "uid")) if isinstance(said, dict) else (None, None)
    return (kind, uid) if kind in REGISTERED and uid is not None else None


def _said(op: Incoming) -> str:
    return _text(op.body, "text", 20_000) or (_("语音留言，请听录音") if op.files else "")


def _of_case(taken: Taken) -> dict[str, Any]:
    made = {"case": taken.case_id, "number": taken.case.number, "code": taken.tracking_code}
    return made | ({"outside": True} if taken.outside else {})


@applies_together("submission")
def take_submissions(ops: Sequence[Incoming], *, actor: Actor, now: datetime) -> list[Outcome]:
    """Filled forms of any version. Their tasks, findings and registry values follow from them (``handlers``)."""
    made = receive_many([_filled(op) for op in ops], actor=actor, now=now)
    rows = Finding.objects.filter(submission__in=[op.id for op in ops], case__isnull=False)
    cases: dict[UUID, set[str]] = {}
    for submission, number in rows.values_list("submission", "case__number"):
        cases.setdefault(submission, set()).add(number)
    return [
        Outcome("applied", made={"submission": row.pk, "cases": sorted(cases.get(op.id, ()))})
        for op, row in zip(ops, made, strict=True)
    ]


@applies("amendment")
def amend(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
    """``submission`` (its id), ``changes`` by instance path, ``seen`` what their author saw there, ``reason``.

    An answer somebody else corrected meanwhile to another value goes to a person, with both values; ``corrected`` tells whether others
    were corrected at once.
    """
    uid, changes, seen = _uuid(op.body, "submission") or op.subject, op.body.get("changes"), op.body.get("seen", {})
    if uid is None or not isinstance(changes, dict):
        raise Invalid(field="changes")
    if not isinstance(seen, dict):
        raise Invalid(field="seen")
    reason = _text(op.body, "reason", 500)
    done = actions.merge_correction(
        uid, changes=changes, seen=seen, reason=reason, files=op.files, op=op.id, actor=actor, now=now
    )
    made: dict[str, Any] = {"submission": done.submission.pk}
    if done.dispute is None:
        return Outcome("applied", "" if done.done else str(_("已经是这样了，不用再改")), made=made)
    words = str(_("别人也更正了这一题，两个值都留着，请负责人定"))
    made |= {"dispute": done.dispute.pk, "corrected": done.done}
    return Outcome("conflict", words, fields=dict.fromkeys(done.dispute.paths, words), made=made)


def _filled(op: Incoming) -> Filled:
    body = op.body
    point = _point(body)
    return Filled(
        op_id=op.id,
        form=_text(body, "form", 64),
        version=str(body.get("version", "")),
        answers=body.get("answers"),
        subject=_subject(body),
        task_uid=_uuid(body, "task"),
        begun_at=_moment(body, "begun_at") or op.at,
        ended_at=_moment(body, "ended_at") or op.at,
        position=(*point, _number(body, "accuracy") or 0.0) if point else None,
        files=op.files,
    )


def _subject(body: Mapping[str, Any]) -> tuple[str, UUID] | None:
    """What the form is about. A visit because of a care list is about the person; a round is about nothing registered."""
    said = body.get("subject")
    uid = _uuid(said, "uid") if isinstance(said, dict) else None
    if uid is None or not isinstance(said, dict) or said.get("kind") in ("case", "round", "", None):
        return None
    if said["kind"] == "care":
        resident = CareEntry.objects.filter(uid=uid).values_list("resident", flat=True).first()
        return ("person", resident) if resident is not None else None
    return str(said["kind"]), uid


@applies("record")
def change_record(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
    """New values of a record of the registry. The same field changed by somebody else goes to a person, with both values."""
    kind, changes = op.body.get("kind"), op.body.get("changes")
    if op.subject is None or not isinstance(kind, str) or not isinstance(changes, dict):
        raise Invalid(field="changes")
    done = change(
        actor=actor, now=now, kind=kind, uid=op.subject, base=op.base or 0, changes=changes, source="phone",
        op=op.id, branch=op.branch,
    )  # fmt: skip
    made = {"version": done.version, "uid": str(done.uid), "proposal": done.proposal_id}
    if done.state == "conflict":
        words = str(_("别人也改了这一项，两个值都留着，请信息管理员定"))
        return Outcome("conflict", words, fields=dict.fromkeys(done.conflicts, words), made=made)
    return Outcome("applied", str(_("已提交，等审核")) if done.state == "waiting" else "", made=made)


@applies("give_way", private=False)
def keep_theirs(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
    """``proposal`` or ``dispute``: after a conflict its author lets the other value stand; nobody has to decide any more.

    A dispute somebody has decided meanwhile stays as it was decided, and that is said.
    """
    what = "dispute" if "dispute" in op.body else "proposal"
    number = op.body.get(what)
    if not isinstance(number, int) or isinstance(number, bool):
        raise Invalid(field=what)
    if what == "dispute":
        stood = actions.withdraw_dispute(number, actor=actor, now=now).state == Dispute.State.WITHDRAWN
        return Outcome("applied", "" if stood else str(_("这一处已经有人定了")), made={what: number})
    withdraw_proposal(actor=actor, now=now, proposal_id=number)
    return Outcome("applied", made={what: number})


@applies("check_in")
def pass_checkpoint(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
    """``checkpoint`` (id), ``how`` qr or position, ``code`` as scanned, the position, pictures."""
    checkpoint = _uuid(op.body, "checkpoint") or op.subject
    if checkpoint is None and (code := _text(op.body, "code", 16)):
        checkpoint = Checkpoint.objects.filter(code=code).values_list("uid", flat=True).first()
    if checkpoint is None:
        raise Invalid(field="checkpoint")
    row = actions.check_in(
        checkpoint,
        op=op.id,
        how=_text(op.body, "how", 8),
        code=_text(op.body, "code", 16),
        point=_point(op.body),
        accuracy=_number(op.body, "accuracy") or 0.0,
        photos=list(op.files.values()),
        actor=actor,
        now=now,
        at=op.at,
    )
    return Outcome("applied", made={"check_in": row.pk, "checkpoint": str(checkpoint)})


@applies("answer")
def answer_verdict(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
    """``about`` check_in or spot, ``id`` and ``text``: what somebody says to a verdict about their work.

    ``judged_at``: when the verdict they read was given; another one since is to be read first.
    """
    number = op.body.get("id")
    if not isinstance(number, int) or isinstance(number, bool):
        raise Invalid(field="id")
    text, about = _text(op.body, "text", 500), _text(op.body, "about", 10)
    judged_at = _moment(op.body, "judged_at")
    actions.answer_verdict(about, number, text=text, judged_at=judged_at, actor=actor, now=now)
    return Outcome("applied", made={"about": about, "id": number})


@applies("look")
def log_look(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
    """Personal data that was read on the phone: who, whom, which fields, why, and when by the phone's own time."""
    subject = op.body.get("subject")
    said: Mapping[str, Any] = subject if isinstance(subject, dict) else op.body
    kind, fields = str(said.get("kind") or op.body.get("kind") or ""), op.body.get("fields")
    uid = op.subject or _uuid(said, "uid")
    if uid is None or not isinstance(fields, list):
        raise Invalid(field="subject")
    record = registry.get(actor, kind, uid)
    why = _text(op.body, "why", 200)
    registry.open_door(actor=actor, record=record, why=why, fields=[str(one) for one in fields], now=min(op.at, now))
    return Outcome("applied")


@applies("skip", private=False)
def pass_over(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
    """``task`` and ``why``, a code of the list; ``words`` where the code says too little."""
    uid = _uuid(op.body, "task") or op.subject
    if uid is None:
        raise Invalid(field="task")
    words = _text(op.body, "words", 300) or _text(op.body, "note", 300)
    task = actions.skip_task(uid, why=_text(op.body, "why", 16), words=words, actor=actor, now=now, at=op.at)
    return Outcome("applied", made={"task": str(task.uid)})


# --- reading bodies -----------------------------------------------------------------------------------------------


def _text(body: Mapping[str, Any], name: str, most: int) -> str:
    value = body.get(name)
    return value.strip()[:most] if isinstance(value, str) else ""


def _number(body: Mapping[str, Any], name: str) -> float | None:
    value = body.get(name)
    return finite(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _moment(body: Mapping[str, Any], name: str) -> datetime | None:
    try:
        found = parse_datetime(_text(body, name, 40))
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _point(body: Mapping[str, Any]) -> tuple[float, float] | None:
    lon, lat = _number(body, "lon"), _number(body, "lat")
    return on_earth((lon, lat)) if lon is not None and lat is not None else None


def _uuid(body: Mapping[str, Any], name: str) -> UUID | None:
    value = body.get(name)
    if not value:
        return None
    try:
        return UUID(str(value))
    except ValueError:
        raise Invalid(field=name) from None
