"""REST: forms, their definitions, and submissions in the caller's area. Personal answers never leave here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from huying.ground.organisation.auth import SignedIn
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound

from . import access, queries
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
    request: HttpRequest, form: str = "", failing: bool = False, cursor: str | None = None, size: int = 50
) -> SubmissionPage:
    """Submissions the caller may see, the newest first."""
    actor = _actor(request)
    access.must_read_forms(actor)
    page = queries.submissions(actor, form=form, failing=failing, cursor=cursor, size=size)
    return SubmissionPage(items=[_out(one) for one in page.rows], next=page.next)


def _out(one: Submission) -> SubmissionOut:
    names = (
        "uid", "subject_kind", "subject_uid", "task_uid", "area", "by", "begun_at", "ended_at", "received_at", "lon", "lat",
        "state", "answers", "findings",
    )  # fmt: skip
    told = {name: getattr(one, name) for name in names}
    return SubmissionOut(form=one.form.code, version=one.version.version, **told)
