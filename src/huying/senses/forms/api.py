"""REST: forms, their definitions, and submissions in the caller's area. Personal answers never leave here."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema

from huying.ground.organisation.auth import SignedIn
from huying.ground.organisation.rules import is_area
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.privacy import mask_text

from . import access, queries
from .differing import Difference
from .models import Submission

router = Router()


def _actor(request: HttpRequest) -> Actor:
    return request.auth  # type: ignore[attr-defined, no-any-return]


class FormOut(Schema):
    code: str
    post: str
    kind: str
    subject: str
    title: str
    version: str
    retired: bool


class SubmissionOut(Schema):
    uid: UUID
    form: str
    version: str
    subject_kind: str
    subject_uid: UUID | None
    task_uid: UUID | None
    area: str
    by: str
    begun_at: datetime
    ended_at: datetime
    received_at: datetime
    lon: float | None
    lat: float | None
    state: str
    answers: dict[str, Any]
    findings: list[dict[str, Any]]


class ChangedOut(Schema):
    """One answer that was corrected, in words. ``hidden``: a personal one, what it says is not told."""

    path: str
    label: str
    before: str
    after: str
    hidden: bool


class VersionOut(Schema):
    """``number`` 0 is the original."""

    number: int
    at: datetime
    by: str
    reason: str
    changed: list[ChangedOut]


class SubmissionWhole(SubmissionOut):
    versions: list[VersionOut]


class SubmissionPage(Schema):
    items: list[SubmissionOut]
    next: str | None


@router.get("/forms", response=list[FormOut], auth=SignedIn("field:read"))
def forms(request: HttpRequest) -> list[queries.Listed]:
    """All forms that are or were filled in."""
    return [one for one in queries.forms(_actor(request)) if one.published]


@router.get("/forms/{code}/definition", auth=SignedIn("field:read"))
def definition(request: HttpRequest, code: str, version: str = "") -> dict[str, Any]:
    """The definition of the version that is filled in now, or of a published one by its version."""
    form = access.get_form(_actor(request), code)
    found = form.versions.filter(version=version, published_at__isnull=False).first() if version else form.current
    if found is None:
        raise NotFound(code="form_not_found")
    told: dict[str, Any] = found.definition
    return told


@router.get("/submissions", response=SubmissionPage, auth=SignedIn("field:read"))
def submissions(
    request: HttpRequest,
    form: str = "",
    failing: bool = False,
    amended: bool = False,
    area: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    size: int = 50,
) -> SubmissionPage:
    """Submissions the caller may see, the newest first; ``since`` and ``until`` bound when they came."""
    actor = _actor(request)
    access.must_read_forms(actor)
    if not is_area(area):
        raise Invalid(field="area")
    narrowing = queries.Narrowing(
        form=form, failing=failing, amended=amended, area=area, since=aware(since, "since"), until=aware(until, "until")
    )
    page = queries.submissions(actor, narrowing, cursor=cursor, size=size)
    return SubmissionPage(items=[SubmissionOut(**_told(one)) for one in page.rows], next=page.next)


@router.get("/submissions/{uid}", response=SubmissionWhole, auth=SignedIn("field:read"))
def submission(request: HttpRequest, uid: UUID) -> SubmissionWhole:
    """One submission with every version of it: who corrected what, when and why."""
    actor = _actor(request)
    access.must_read_forms(actor)
    return told_whole(access.get_submission(actor, uid))


def told_whole(one: Submission) -> SubmissionWhole:
    """A submission with its versions, without personal answers."""
    versions = [
        VersionOut(
            number=each.number,
            at=each.at,
            by=each.by,
            reason=mask_text(each.reason),
            changed=[ChangedOut(**_changed(change)) for change in each.changed],
        )
        for each in queries.versions_of(one)
    ]
    return SubmissionWhole(versions=versions, **_told(one))


def aware(moment: datetime | None, field: str) -> datetime | None:
    """The moment; Invalid for one that does not say its offset."""
    if moment is not None and moment.tzinfo is None:
        raise Invalid(_("时间要写明时区"), field=field)
    return moment


def _changed(change: Difference) -> dict[str, Any]:
    told = asdict(change)
    return told | {name: mask_text(told[name]) for name in ("before", "after")}


def _told(one: Submission) -> dict[str, Any]:
    names = (
        "uid", "subject_kind", "subject_uid", "task_uid", "area", "by", "begun_at", "ended_at", "received_at", "lon", "lat",
        "state", "answers", "findings",
    )  # fmt: skip
    told = {name: getattr(one, name) for name in names}
    return told | {"form": one.form.code, "version": one.version.version}
