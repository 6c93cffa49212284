"""Answers that were given are judged once, beside the pages, and the figures are kept for audits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from huying.casework.cases.models import Feedback
from huying.casework.catalogue.limits import Limit
from huying.casework.clocks.almanac import DISPATCH, Almanac
from huying.casework.clocks.measures import ALWAYS, elapsed, share
from huying.casework.clocks.models import Clock
from huying.casework.clocks.queries import almanac
from huying.kernel.locks import lock_name

from .models import JudgedAnswer, LookedAt
from .queries_answers import PURPOSE
from .replies.judging import judge

AT_ONCE: Final = 500
_LATE: Final = 2_000  # numbers below the last one looked at that may have been written after it
_KEPT: Final = ("feedback", "unit", "given_at", "overall", "relevance", "completeness", "basis", "tone", "plainness")
_COUNTED: Final = ("took", "working", "of_limit")


class Taken(NamedTuple):
    """The time an answer took by the clock of its limit: minutes, whether of working time, hundredths of the limit."""

    minutes: int | None = None
    working: bool = False
    of_limit: int | None = None


@transaction.atomic
def judge_answers(*, limit: int = AT_ONCE) -> int | None:
    """Judge answers nobody has looked at yet, the newest first; of a case answered again the last counts.

    Returns how many were judged, ``None`` when there was nothing to judge. A repeated call changes nothing.
    """
    lock_name(PURPOSE)
    floor = LookedAt.objects.filter(purpose=PURPOSE).values_list("number", flat=True).first() or 0
    newest = Feedback.objects.aggregate(to=Max("pk"))["to"] or 0
    rows = list(_unjudged(floor)[:limit])
    latest: dict[int, Feedback] = {}
    for row in rows:
        latest.setdefault(row.case_id, row)
    taken = _taken([*latest.values()])
    JudgedAnswer.objects.bulk_create(
        [_judged(row, taken.get(row.pk, Taken())) for row in reversed(latest.values())],
        update_conflicts=True,
        unique_fields=["case"],
        update_fields=[*_KEPT, *_COUNTED],
    )
    if len(rows) < limit and newest > floor:
        LookedAt.objects.update_or_create(purpose=PURPOSE, defaults={"number": newest})
    return len(latest) if rows else None


def _unjudged(floor: int) -> QuerySet[Feedback]:
    seen = JudgedAnswer.objects.filter(case=OuterRef("case"), feedback__gte=OuterRef("pk"))
    rows = Feedback.objects.filter(~Exists(seen), pk__gt=floor - _LATE).exclude(text="")
    return rows.select_related("case", "assignment").order_by("-pk")


def _judged(row: Feedback, taken: Taken) -> JudgedAnswer:
    advice = judge(row.case.summary, row.text, title=row.case.title)
    return JudgedAnswer(
        case_id=row.case_id,
        feedback_id=row.pk,
        unit_id=row.assignment.unit_id if row.assignment else None,
        given_at=row.given_at,
        overall=round(advice.overall * 100),
        took=taken.minutes,
        working=taken.working,
        of_limit=taken.of_limit,
        **{name: round(aspect.score * 100) for name, aspect in advice.aspects.items()},
    )


def _taken(rows: Sequence[Feedback]) -> dict[int, Taken]:
    """By the clock that stopped when the answer was given: the unit's for closing, on the spot that for dispatching."""
    units = {row.assignment_id: row for row in rows if row.assignment_id is not None}
    spots = {row.case_id: row for row in rows if row.assignment_id is None}
    asked = Q(assignment__in=units, kind="close") | Q(case__in=spots, assignment=None, kind=DISPATCH)
    book, found = almanac(), dict[int, Taken]()
    for clock in Clock.objects.filter(asked, stopped_at__isnull=False):
        row = spots[clock.case_id] if clock.assignment_id is None else units[clock.assignment_id]
        if clock.stopped_at == row.given_at:
            found[row.pk] = _counted(clock, book)
    return found


def _counted(clock: Clock, book: Almanac) -> Taken:
    limit, calendar = Limit.from_json(clock.limit), book.calendar(clock.area)
    end, paused = clock.paused_at or clock.stopped_at or clock.started_at, timedelta(microseconds=clock.paused_us)
    gone = elapsed(clock.started_at, end, limit, calendar) - paused
    part = None
    if clock.due_at is not None:
        part = round(share(clock.started_at, clock.due_at, end, limit, calendar, paused) * 100)
    return Taken(max(0, gone // timedelta(minutes=1)), limit.kind not in ALWAYS and not limit.is_open, part)
