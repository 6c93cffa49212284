"""Reads of a joint case: its plan, how far it is, and what came of it in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Count, Q

from huying.kernel.clock import local_day

from .models import HotIssue, HotMessage, JointPlan, JointStep

_LONGEST: Final = 30  # days before and after that are compared
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Effect:
    """What residents said in so many days before the case was opened and lately; and how many of the issue's cases are closed.

    On its first day ``days`` is 0, and there is nothing to compare yet.
    """

    days: int
    before: int
    after: int
    cases: int
    closed: int

    @property
    def change(self) -> int | None:
        """By how many percent fewer (below 0) or more messages came; None where there were none before."""
        return round((self.after - self.before) * 100 / self.before) if self.before else None

    @property
    def fewer(self) -> int:
        """The same where there were fewer, without its sign."""
        return -(self.change or 0)


@dataclass(frozen=True, slots=True)
class Joint:
    """A joint case as its page shows it. ``late``: numbers of the milestones whose day passed."""

    plan: JointPlan
    steps: Sequence[JointStep]
    late: frozenset[int]
    effect: Effect

    @property
    def done(self) -> int:
        return sum(step.done_at is not None for step in self.steps)


def joint_of(issue: HotIssue, *, now: datetime) -> Joint | None:
    """The joint case of an issue with its milestones and effect, None without one; three queries."""
    if issue.case_id is None:
        return None
    plan = JointPlan.objects.filter(case=issue.case_id).select_related("lead_unit", "case__lead_unit").first()
    if plan is None:
        return None
    steps = list(plan.steps.order_by("number"))
    today = local_day(now)
    return Joint(
        plan, steps, frozenset(step.number for step in steps if _is_late(step, today)), _effect(issue, plan, now)
    )


def _is_late(step: JointStep, today: date) -> bool:
    return step.due < (local_day(step.done_at) if step.done_at else today)


def _effect(issue: HotIssue, plan: JointPlan, now: datetime) -> Effect:
    """The full days since it was opened, at most thirty, the latest; and as many before it was opened."""
    days = max(0, min(_LONGEST, (now - plan.opened_at).days))
    begun, ended = plan.opened_at - days * _DAY, now - days * _DAY
    closed = Q(report__case__state__in=("closed", "archived"))
    found = HotMessage.objects.filter(issue=issue).aggregate(
        before=Count("id", filter=Q(official=False, at__gte=begun, at__lt=plan.opened_at)),
        after=Count("id", filter=Q(official=False, at__gte=ended)),
        cases=Count("report__case", distinct=True),
        closed=Count("report__case", distinct=True, filter=closed),
    )
    return Effect(days, **found)
