"""Corrections that two people gave other values: what waits for a decision, and the two values side by side."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page
from huying.senses.forms import queries as forms
from huying.senses.forms.differing import Difference, differences, with_changes
from huying.senses.forms.merging import differing
from huying.senses.forms.models import Submission

from . import access
from .models import Dispute
from .queries import PAGE_SIZE


def dispute_page(
    actor: Actor, *, state: str = "open", cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Dispute]:
    """Corrections in one state in the areas the actor oversees, the earliest first; one query, what is sealed left out.

    Among those that wait, their own are left out: nobody decides on their own.
    """
    rows = access.overseen_disputes(actor).filter(state=state).defer("change")
    if state == Dispute.State.OPEN:
        rows = rows.exclude(by=actor.ref)
    return page(rows, ("id",), cursor, size)


def submission_of(dispute: Dispute) -> Submission:
    """The form a correction is about, with its questions. One query."""
    return Submission.objects.select_related("version").get(uid=dispute.submission)


def disputes_of(submission: UUID) -> list[Dispute]:
    """Corrections of a submission that a person decides or has decided on, the latest first; one query."""
    return list(Dispute.objects.filter(submission=submission).order_by("-id"))


def in_dispute(row: Dispute) -> dict[str, Any]:
    """What the phone gave where two values stand, by instance path; its other answers were corrected at once. No query."""
    given = _said(row, "changes")
    return {path: value for path, value in given.items() if path in row.paths}


def seen_by_author(row: Dispute) -> dict[str, Any]:
    """What its author saw there before they corrected it, by instance path. No query."""
    return _said(row, "seen")


def _said(row: Dispute, name: str) -> dict[str, Any]:
    said: dict[str, Any] = orjson.loads(row.change or "{}").get(name, {})
    return said


def both_values(row: Dispute, submission: Submission) -> list[Difference]:
    """The question, what stands now, what the phone gave; personal answers are named, never shown."""
    given = in_dispute(row)
    now = forms.whole_answers(submission)
    try:
        wanted = with_changes(now, differing(given, now))
    except ValueError:  # the instance it names was taken away meanwhile
        return []
    return differences(submission.version.definition, now, wanted)
