"""Reads of the check queue: which results wait for somebody who did not do the work, and what they are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery

from huying.casework.cases.models import Attachment, Case, Check, Feedback
from huying.casework.cases.queries_desk import own_work
from huying.casework.cases.rules import State
from huying.casework.catalogue.conditions import Missing, Node, is_met, parse_condition, unmet
from huying.casework.catalogue.evidence import Evidence, Photo
from huying.kernel.actor import Actor

from . import access

MOST_LISTED = 30


def to_check(actor: Actor) -> QuerySet[Case]:
    """Cases with a result in the checker's areas, without those the checker or their unit worked on; oldest result first."""
    given = Feedback.objects.filter(case=OuterRef("pk")).order_by("-id").values("given_at")[:1]
    mine = Case.objects.filter(access.covered(actor, "checker"), open=True, state=State.CHECKING)
    rows = mine.exclude(own_work(actor)).annotate(given=Subquery(given))
    return rows.select_related("item", "lead_unit", "lead_person").defer("terms", "proposals").order_by("given", "id")


@dataclass(frozen=True, slots=True)
class Tick:
    """One closing condition: met, or what is missing."""

    code: str
    met: bool
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class ToJudge:
    """A result with everything it is judged by. ``metres`` and ``between`` compare the pictures before and after."""

    case: Case
    feedback: Feedback
    evidence: Evidence
    ticks: tuple[Tick, ...]
    met: bool
    before: tuple[Attachment, ...]
    after: tuple[Attachment, ...]
    metres: int | None
    between: timedelta | None
    earlier: tuple[Check, ...]


def to_judge(case: Case) -> ToJudge | None:
    """The last result of a case; four queries."""
    feedback = Feedback.objects.filter(case=case).select_related("person", "assignment__unit").order_by("-id").first()
    if feedback is None:
        return None
    evidence = Evidence.from_json(feedback.evidence)
    photos = list(case.attachments.filter(file__kind="image").select_related("file").order_by("id"))
    before = tuple(one for one in photos if one.stage in ("report", "before"))
    after = tuple(one for one in photos if one.stage == "after")
    least = case.item.needs_photo_min
    return ToJudge(
        case=case,
        feedback=feedback,
        evidence=evidence,
        ticks=tuple(_tick(code, evidence, least) for code in parse_condition(case.item.conditions).codes()),
        met=is_met(case.item.conditions, evidence, photos_min=least),
        before=before,
        after=after,
        metres=_nearest(before, after),
        between=_between(before, after),
        earlier=tuple(Check.objects.filter(case=case).select_related("person").order_by("-id")[:5]),
    )


def _tick(code: str, evidence: Evidence, least: int) -> Tick:
    missing = tuple(unmet(Node("", code=code), evidence, photos_min=least))
    return Tick(code, not missing, missing)


def taken_at(one: Attachment) -> datetime:
    """When a picture was taken, as far as it tells; else when it was handed in."""
    return one.file.captured_at or one.made_at


def _nearest(before: tuple[Attachment, ...], after: tuple[Attachment, ...]) -> int | None:
    """The least distance between a picture before and one after, in metres; None when positions are not known."""
    found = [metres for one in before for other in after if (metres := _spot(one).metres_to(_spot(other))) is not None]
    return round(min(found)) if found else None


def _spot(one: Attachment) -> Photo:
    return Photo(lon=one.file.captured_lon, lat=one.file.captured_lat)


def _between(before: tuple[Attachment, ...], after: tuple[Attachment, ...]) -> timedelta | None:
    if not before or not after:
        return None
    return min(map(taken_at, after)) - max(map(taken_at, before))
