"""Every read of forms and submissions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from .models import Form, FormVersion, Submission
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


def submissions(
    actor: Actor, *, form: str = "", failing: bool = False, cursor: str | None = None, size: int = 30
) -> Page[Submission]:
    """Submissions the actor may see, the newest first; personal answers stay sealed. Two queries."""
    rows = listed(actor, form=form, failing=failing)
    return page(rows, _ORDER, cursor, size)


def listed(actor: Actor, *, form: str = "", failing: bool = False) -> QuerySet[Submission]:
    """The same as rows to go on with: each with its form and version, without source and sealed answers."""
    rows = access.visible(actor).select_related("form", "version")
    rows = rows.defer("private", "version__source", "version__definition")
    if form:
        rows = rows.filter(form__code=form)
    return rows.exclude(findings=[]) if failing else rows


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
