"""Every read of forms and submissions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import orjson
from django.db import connection
from django.db.models import QuerySet
from django.db.models.fields.json import KeyTransform

from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page

from . import access
from .describing import spoken
from .differing import Difference, differences
from .models import Form, FormVersion, Submission, SubmissionRevision
from .private import together
from .vocabulary import POSTS

_ORDER: Final = ("-id",)


@dataclass(frozen=True, slots=True)
class Listed:
    """A form in a list, without its questions."""

    code: str
    post: str
    kind: str
    subject: str
    title: str
    version: str
    number: int
    retired: bool
    published: bool


def forms(actor: Actor) -> list[Listed]:
    """All forms the actor may know of, by post, then code. One query; no definition is read."""
    access.must_read_forms(actor)
    rows = Form.objects.annotate(
        title=KeyTransform("title", "current__definition"), first_title=KeyTransform("title", "versions__definition")
    )
    if not access.may_edit(actor):
        rows = rows.filter(current__isnull=False)
    names = (
        "code",
        "post",
        "kind",
        "subject",
        "title",
        "first_title",
        "current__version",
        "current__number",
        "retired_at",
    )
    found: dict[str, Listed] = {}
    for code, post, kind, subject, title, first, version, number, retired in rows.values_list(*names):
        found[code] = Listed(
            code, post, kind, subject, spoken(title or first) or code, version or "", number or 0, retired is not None,
            version is not None,
        )  # fmt: skip
    order = list(POSTS)
    return sorted(found.values(), key=lambda one: (order.index(one.post), one.code))


def form_titles() -> dict[str, str]:
    """Code → title in the reader's language, of the forms that are filled in now. One query."""
    rows = _filled().annotate(title=KeyTransform("title", "current__definition")).values_list("code", "title")
    return {code: spoken(title) for code, title in rows}


def definitions() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """(code, number of the version, definition) of every form that is filled in now. One query."""
    rows = _filled().order_by("code").values_list("code", "current__number", "current__definition")
    yield from rows.iterator()


def mark() -> str:
    """A short text that changes whenever another set of versions is filled in. One small query."""
    rows = _filled().order_by("code").values_list("code", "current__number")
    return sha256(repr(list(rows)).encode()).hexdigest()[:16]


def _filled() -> QuerySet[Form]:
    return Form.objects.filter(current__isnull=False, retired_at__isnull=True)


def published_definition(version_id: int) -> dict[str, Any]:
    """The definition of a published version. It never changes, so each process reads it once; nobody may change the answer."""
    return _published(connection.settings_dict["NAME"], version_id)


@lru_cache(maxsize=64)
def _published(database: str, version_id: int) -> dict[str, Any]:
    rows = FormVersion.objects.filter(pk=version_id, published_at__isnull=False)
    found: dict[str, Any] = rows.values_list("definition", flat=True).get()
    return found


def versions(form: Form) -> list[FormVersion]:
    """All versions of a form, the newest first, without definitions and files."""
    return list(form.versions.defer("definition", "source").order_by("-number"))


def version_before(version: FormVersion) -> FormVersion | None:
    """The version with the next lower number."""
    earlier = FormVersion.objects.filter(form=version.form_id, number__lt=version.number)
    return earlier.defer("source").order_by("-number").first()


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Which submissions a list shows. ``by``: part of the author's name; ``since`` and ``until`` bound when they came."""

    form: str = ""
    failing: bool = False
    amended: bool = False
    by: str = ""
    area: str = ""
    since: datetime | None = None
    until: datetime | None = None


def submissions(
    actor: Actor, narrowing: Narrowing | None = None, *, cursor: str | None = None, size: int = 30
) -> Page[Submission]:
    """Submissions the actor may see, the newest first; personal answers stay sealed. One query."""
    return page(listed(actor, narrowing or Narrowing()), _ORDER, cursor, size)


def listed(actor: Actor, narrowing: Narrowing) -> QuerySet[Submission]:
    """The same as rows to go on with: each with its form and version, without source and sealed answers."""
    rows = access.visible(actor).select_related("form", "version")
    rows = rows.defer("private", "version__source", "version__definition")
    if narrowing.form:
        rows = rows.filter(form__code=narrowing.form)
    if narrowing.amended:
        rows = rows.filter(state=Submission.State.AMENDED)
    if narrowing.by:
        rows = rows.filter(by_name__contains=narrowing.by)
    if narrowing.area:
        rows = rows.filter(area__startswith=narrowing.area)
    if narrowing.since is not None:
        rows = rows.filter(received_at__gte=narrowing.since)
    if narrowing.until is not None:
        rows = rows.filter(received_at__lt=narrowing.until)
    return rows.exclude(findings=[]) if narrowing.failing else rows


@dataclass(frozen=True, slots=True)
class Version:
    """What a submission said for a while. Number 0 is the original; of each later one, who corrected it, when and why."""

    number: int
    at: datetime
    by: str
    by_name: str
    reason: str
    changed: tuple[Difference, ...]


def versions_of(submission: Submission) -> list[Version]:
    """Every version of a submission in order, each with what it changed. One query, none for one never corrected.

    Personal answers are compared and never shown.
    """
    first = Version(0, submission.received_at, submission.by, submission.by_name, "", ())
    if submission.state != Submission.State.AMENDED:
        return [first]
    kept = list(submission.revisions.order_by("id"))
    states = _states(submission, kept)
    found = [first]
    for number, one in enumerate(kept, 1):
        changed = differences(submission.version.definition, states[number - 1], states[number])
        found.append(Version(number, one.amended_at, one.amended_by, one.amended_by_name, one.reason, tuple(changed)))
    return found


def whole_answers(submission: Submission) -> dict[str, Any]:
    """All answers, personal ones among them, as they were sent. Callers who show them log the look first."""
    return together(submission.answers, sealed_answers(submission))


def states_of(submission: Submission) -> list[dict[str, Any]]:
    """All answers as they came, after each correction, and last as they are. Two queries. For the program's own comparing."""
    return _states(submission, list(submission.revisions.order_by("id")))


def _states(submission: Submission, kept: Sequence[SubmissionRevision]) -> list[dict[str, Any]]:
    return [_whole(one.answers, one.private) for one in kept] + [whole_answers(submission)]


def _whole(answers: dict[str, Any], private: str | None) -> dict[str, Any]:
    return together(answers, orjson.loads(private) if private else {})


def titles(rows: Sequence[Submission]) -> dict[int, str]:
    """Version → title of the form, for a list of submissions. One query."""
    wanted = {row.version_id for row in rows}
    found = FormVersion.objects.filter(pk__in=wanted).annotate(title=KeyTransform("title", "definition"))
    return {pk: spoken(title) for pk, title in found.values_list("pk", "title")}


def sealed_answers(submission: Submission) -> dict[str, Any]:
    """The personal answers by instance path. Callers log the look first (``kernel.privacy.reveal``)."""
    raw = Submission.objects.filter(pk=submission.pk).values_list("private", flat=True).first()
    if raw is None:
        return {}
    found: dict[str, Any] = orjson.loads(raw)
    return found
