"""What workers read about their own filled forms: how each stands, what became of its findings, what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce, JSONObject

from huying.kernel.actor import Actor
from huying.kernel.privacy import mask_text
from huying.senses.forms.models import Submission, SubmissionRevision
from huying.senses.forms.queries import published_definition, sealed_answers

from . import access
from .models import Dispute, Finding

MOST_FILLED: Final = 50


@dataclass(frozen=True, slots=True)
class Filled:
    """One of somebody's filled forms. ``corrections``: how many there were, ``last`` the latest {by, by_name, at, reason}.

    ``found``: its findings {label, state, number of the case or None}; ``dispute``: {id, state, words} of the latest
    correction a person had to decide on, or None. ``title`` in the languages of the form.
    """

    uid: UUID
    form: str
    version: str
    title: dict[str, str]
    subject: tuple[str, UUID] | None
    ended_at: datetime
    received_at: datetime
    corrections: int
    last: dict[str, Any] | None
    found: list[dict[str, Any]]
    dispute: dict[str, Any] | None


def own_filled(person_id: int) -> list[Filled]:
    """The latest :data:`MOST_FILLED` somebody sent, the newest first. One query, and one for each form not read before."""
    kept = SubmissionRevision.objects.filter(submission=OuterRef("pk")).order_by()
    said = JSONObject(by="amended_by", name="amended_by_name", at="amended_at", reason="reason")
    found = Finding.objects.filter(submission=OuterRef("uid")).order_by("id")
    told = JSONObject(label=F("label"), state=F("state"), number=F("case__number"))
    decided = Dispute.objects.filter(submission=OuterRef("uid"), by=OuterRef("by")).order_by("-id")
    counted = kept.values("submission").annotate(n=Count("pk")).values("n")
    rows = Submission.objects.filter(by=f"person:{person_id}").order_by("-id")
    rows = rows.annotate(
        code=F("form__code"), edition=F("version__version"),
        corrections=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        last=Subquery(kept.order_by("-id").values(said=said)[:1]),
        found=ArraySubquery(found.values(said=told)),
        dispute=Subquery(decided.values(said=JSONObject(id="id", state="state", words="words"))[:1]),
    )  # fmt: skip
    names = (
        "uid", "code", "edition", "version_id", "subject_kind", "subject_uid", "ended_at", "received_at", "corrections",
        "last", "found", "dispute",
    )  # fmt: skip
    return [_filled(one) for one in rows.values(*names)[:MOST_FILLED]]


def _filled(row: dict[str, Any]) -> Filled:
    subject = (row["subject_kind"], row["subject_uid"]) if row["subject_uid"] is not None else None
    title = published_definition(row["version_id"])["title"]
    return Filled(
        row["uid"], row["code"], row["edition"], title, subject, row["ended_at"], row["received_at"], row["corrections"],
        _corrected(row["last"]), row["found"], _decided(row["dispute"]),
    )  # fmt: skip


def _corrected(last: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if last is None else last | {"reason": mask_text(last["reason"])}


def _decided(dispute: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if dispute is None else dispute | {"words": mask_text(dispute["words"])}


@dataclass(frozen=True, slots=True)
class Answered:
    """What one's own filled form says now. Personal answers stay sealed, ``hidden`` are their paths.

    ``pictures``: upload → address of a picture or recording; ``definition`` is the form's version it was filled in with.
    """

    corrections: int
    answers: dict[str, Any]
    hidden: list[str]
    pictures: dict[str, str]
    definition: dict[str, Any]
    ended_at: datetime


def own_answers(actor: Actor, uid: UUID) -> Answered:
    """What the actor's own filled form says, to correct it; four queries. NotFound for anybody else's."""
    row = access.own_submission(actor, uid)
    files = row.files.select_related("file")
    return Answered(
        corrections=row.revisions.count(),
        answers=row.answers,
        hidden=sorted(sealed_answers(row)),
        pictures={str(one.upload): one.file.thumbnail_url or one.file.url for one in files},
        definition=row.version.definition,
        ended_at=min(row.ended_at, row.received_at),
    )
