"""Every read of plans, tasks and findings a screen, a rule or the API needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Prefetch, Q, QuerySet

from huying.casework.cases.subjects import marks_of
from huying.ground.registry import access as registry
from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page
from huying.senses.forms.queries import form_titles

from . import access, subjects
from .models import (
    CheckIn,
    Consequence,
    DutySpell,
    FieldPolicy,
    Finding,
    Plan,
    Position,
    Round,
    SpotCheck,
    Task,
)
from .rules import SKIPS, Closed, PlanRule, Policy, SkipReason, TaskState, count_visits, read_policy

PAGE_SIZE = 50
LONGEST_LOOK_BACK = 30  # days
WHATS = ("due", "done", "in_time", "late", "overdue", "skipped", "waiting")


def own_spells(actor: Actor, *, since: datetime) -> list[DutySpell]:
    """The actor's own times on duty that ended after a moment or still run, the newest first, each with its positions.

    Two queries. Forbidden for whoever does not work in the field; nobody else's are ever among them.
    """
    person_id = access.must_work(actor)
    rows = DutySpell.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=since), person=person_id)
    return list(rows.order_by("-began_at").prefetch_related(Prefetch("positions", Position.objects.order_by("at"))))


def policy_on(day: date) -> Policy:
    """The local limits in force on a day; ours where a place has set none. One query."""
    row = FieldPolicy.objects.filter(valid_from__lte=day).order_by("-valid_from").values_list("values", flat=True)
    return read_policy(row.first() or {})


def positions_kept(day: date) -> timedelta:
    """How long positions are kept by what is in force on a day."""
    return timedelta(days=policy_on(day).position_days)


def skip_reasons() -> dict[str, SkipReason]:
    """Every reason a task was ever passed over for, as it was said last; one query."""
    found = dict(SKIPS)
    for values in FieldPolicy.objects.order_by("valid_from").values_list("values", flat=True):
        found |= read_policy(values).skips
    return found


def policies() -> list[FieldPolicy]:
    """Every version of the local limits, the latest first; one query."""
    return list(FieldPolicy.objects.order_by("-valid_from"))


def knows_form(code: str) -> bool:
    """Whether there is a form of this code to fill in."""
    return code in form_titles()


def asks_on(plan: Plan, day: date) -> bool:
    """Whether a plan asks for anything on a day or will: it is active and not over."""
    return plan.active and (plan.valid_to is None or day < plan.valid_to)


def plan_rule(plan: Plan) -> PlanRule:
    """The plan as the rules see it."""
    return PlanRule(
        code=plan.code,
        subject_kind=plan.subject_kind,
        every={risk: int(days) for risk, days in plan.every.items()},
        since=plan.valid_from,
        until=plan.valid_to,
        window_days=plan.window_days,
        priority=plan.priority,
        area=plan.area,
        wanted=plan.wanted,
        active=plan.active,
    )


def preview(rule: PlanRule, *, today: date, days: int = 30, plan_id: int | None = None) -> dict[str, int]:
    """How many visits a plan would ask for in the next days, by risk. Nothing is written; two queries a batch."""
    counted: dict[str, int] = {}
    for batch in subjects.batches(rule.subject_kind, area=rule.area):
        done = _last_of(plan_id, [one.uid for one in batch]) if plan_id is not None else {}
        for risk, visits in count_visits(rule, batch, done, today=today, days=days).items():
            counted[risk] = counted.get(risk, 0) + visits
    return counted


def _last_of(plan_id: int, uids: Sequence[UUID]) -> dict[UUID, Closed]:
    rows = Task.objects.filter(plan=plan_id, subject_uid__in=uids, closed_at__isnull=False)
    rows = rows.exclude(state=TaskState.ENDED).order_by("subject_uid", "-closed_at", "-id").distinct("subject_uid")
    return {
        one.subject_uid: Closed(one.uid, one.closed_at.date(), one.again_days)
        for one in rows
        if one.subject_uid is not None and one.closed_at is not None
    }


def asks_about(subjects: Sequence[UUID]) -> set[tuple[str, UUID | None]]:
    """(form, subject) of every open task about these; one query, none for none."""
    if not subjects:
        return set()
    rows = Task.objects.filter(subject_uid__in=subjects, state=TaskState.OPEN).exclude(form="")
    return set(rows.values_list("form", "subject_uid"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Which tasks a list shows. ``since`` and ``until`` bound the due time (half-open)."""

    what: str = "due"
    since: datetime
    until: datetime
    area: str = ""
    person: int | None = None
    kind: str = ""
    plan: str = ""


def behind(what: str, *, now: datetime) -> Q:
    """The condition a number of the board stands for."""
    missed = Q(skip="missed")
    return {
        "due": ~Q(state=TaskState.ENDED),
        "done": Q(state=TaskState.DONE),
        "in_time": Q(state=TaskState.DONE, done_late=False),
        "late": Q(state=TaskState.DONE, done_late=True),
        "overdue": Q(state=TaskState.OPEN, due_at__lt=now) | missed,
        "skipped": Q(state=TaskState.SKIPPED) & ~missed,
        "waiting": Q(state=TaskState.OPEN, due_at__gte=now),
    }[what]


def narrowed(actor: Actor, narrowing: Narrowing, *, now: datetime) -> QuerySet[Task]:
    """The tasks behind a number, as far as the actor oversees them."""
    rows = access.overseen_tasks(actor).filter(due_at__gt=narrowing.since, due_at__lte=narrowing.until)
    rows = rows.filter(behind(narrowing.what, now=now))
    if narrowing.area:
        rows = rows.filter(area__startswith=narrowing.area)
    if narrowing.person is not None:
        rows = rows.filter(done_by=narrowing.person)
    if narrowing.kind:
        rows = rows.filter(kind=narrowing.kind)
    if narrowing.plan:
        rows = rows.filter(plan__code=narrowing.plan)
    return rows


def task_page(
    actor: Actor, narrowing: Narrowing, *, now: datetime, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Task]:
    """Tasks by due time; one query."""
    rows = narrowed(actor, narrowing, now=now).select_related("plan", "done_by")
    return page(rows, ("due_at", "id"), cursor, size)


def plan_page(actor: Actor, *, cursor: str | None = None) -> Page[Plan]:
    """Plans somebody may see, by code; one query."""
    return page(access.visible_plans(actor), ("code",), cursor, PAGE_SIZE)


def round_page(actor: Actor, *, cursor: str | None = None) -> Page[Round]:
    """Rounds with their checkpoints, by code; two queries."""
    return page(access.visible_rounds(actor).prefetch_related("checkpoints"), ("code",), cursor, PAGE_SIZE)


def doubted(actor: Actor, *, judged: bool = False, cursor: str | None = None) -> Page[CheckIn]:
    """Check-ins with signs nobody has looked at, or that somebody has, the newest first; one query."""
    rows = access.overseen_check_ins(actor).exclude(doubts=[])
    rows = rows.exclude(verdict="") if judged else rows.filter(verdict="")
    return page(rows.select_related("person", "checkpoint__round"), ("-at", "id"), cursor, PAGE_SIZE)


def answered(actor: Actor) -> list[CheckIn | SpotCheck]:
    """Verdicts the worker has answered since, for a second look, at most :data:`PAGE_SIZE`, the earliest first; two queries."""
    ins = access.overseen_check_ins(actor).filter(answered_at__gt=F("looked_at"))
    spots = access.overseen_spot_checks(actor).filter(answered_at__gt=F("checked_at"))
    found: list[CheckIn | SpotCheck] = [
        *ins.select_related("person", "checkpoint__round").order_by("answered_at")[:PAGE_SIZE],
        *spots.select_related("person", "task", "check_in__checkpoint").order_by("answered_at")[:PAGE_SIZE],
    ]
    return sorted(found, key=lambda row: (row.answered_at is None, row.answered_at))[:PAGE_SIZE]


def spot_checks(actor: Actor, *, waiting: bool = True, cursor: str | None = None) -> Page[SpotCheck]:
    """Finished work to verify, the newest day first; one query."""
    rows = access.overseen_spot_checks(actor)
    rows = rows.filter(result="") if waiting else rows.exclude(result="")
    rows = rows.select_related("person", "task", "check_in__checkpoint")
    return page(rows, ("-drawn_on", "-id"), cursor, PAGE_SIZE)


def finding_page(
    actor: Actor, *, since: datetime, until: datetime, area: str = "", cursor: str | None = None
) -> Page[Finding]:
    """Findings of a period, the newest first; one query."""
    rows = access.overseen_findings(actor).filter(found_at__gte=since, found_at__lt=until)
    if area:
        rows = rows.filter(area__startswith=area)
    return page(rows.select_related("case", "found_by", "task"), ("-found_at", "-id"), cursor, PAGE_SIZE)


def consequences_of(submission: UUID) -> list[Consequence]:
    """What followed from each correction of a submission, the latest first; one query. Callers may see the submission."""
    return list(Consequence.objects.filter(submission=submission).order_by("-number"))


class About(NamedTuple):
    """What a report is about: the marks its case carries, and the area the registry has it in."""

    marks: tuple[str, ...] = ()
    area: str = ""


def marks_about(named: Sequence[tuple[str, UUID] | None], actor: Actor) -> list[About]:
    """For each registered record (kind, uid) the marks a case about it carries, with the premises it stands in, and its area.

    What was merged is what it was merged into. None for one the actor may not see, and for one that is gone: a report is never
    lost for it. One query a kind, one more where some were merged.
    """
    found: dict[tuple[str, UUID], About] = {}
    for kind in {one[0] for one in named if one is not None}:
        rows = registry.visible(actor, kind).defer("private")
        told = rows.in_bulk({one[1] for one in named if one is not None and one[0] == kind}, field_name="uid")
        into = {row.merged_into_id for row in told.values()} - {None} - set(told)
        known = {**told, **(rows.in_bulk(into, field_name="uid") if into else {})}
        for uid, row in told.items():
            if (kept := known.get(row.merged_into_id or uid)) is not None:
                stands = ("premises", None if kind == "premises" else kept.premises_id)
                found[kind, uid] = About(marks_of((kind, kept.uid), stands), kept.area)
    return [found.get(one, About()) if one is not None else About() for one in named]
