"""Plans, and the tasks they ask for: derived in batches, as often as anybody likes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.rules import is_area
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, Refused
from huying.kernel.trace.record import Draft, record

from .. import access, queries, subjects
from ..models import SUBJECTS, Plan, Task
from ..rules import LONGEST_PERIOD, PRIORITIES, RISKS, Closed, Subject, TaskKind, TaskState, derive
from .writing import planned_values, write_moves

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{1,31}")
_FIELDS = (
    *("title", "kind", "form", "subject_kind", "wanted", "every", "window_days", "priority", "roles", "posts", "area"),
    *("valid_from", "valid_to", "active"),
)
PLAN_ROLES = ("grid_worker", "grid_lead", "assistant")
PLAN_KINDS = (TaskKind.INSPECT, TaskKind.VISIT, TaskKind.COLLECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """A plan as somebody wrote it. Codes of roles and posts; ``every``: risk → days."""

    code: str
    title: str
    kind: str
    form: str
    subject_kind: str
    every: Mapping[str, int]
    valid_from: date
    valid_to: date | None = None
    wanted: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    window_days: int = 7
    priority: int = 2
    roles: Sequence[str] = ("grid_worker",)
    posts: Sequence[str] = ()
    area: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class Derived:
    """How many tasks were born, changed (or opened again), ended."""

    born: int = 0
    changed: int = 0
    ended: int = 0

    def __add__(self, other: Derived) -> Derived:
        return Derived(self.born + other.born, self.changed + other.changed, self.ended + other.ended)


def save_plan(draft: PlanDraft, *, actor: Actor, now: datetime, plan: Plan | None = None) -> Plan:
    """Write a new plan, or change ``plan``. Its tasks follow when they are derived next (``tasks.derive_plan``).

    Invalid names the field; Forbidden for an area the actor does not plan for, the plan's old one included.
    """
    access.must_plan_in(actor, draft.area)
    _check(draft)
    with transaction.atomic():
        if plan is None:
            if Plan.objects.filter(code=draft.code).exists():
                raise Refused(_("已有这个代码的计划"), code="plan_exists")
            row = Plan(code=draft.code)
        else:
            row = Plan.objects.select_for_update().get(pk=plan.pk)
            access.must_plan_in(actor, row.area)
        before = {name: _plain(getattr(row, name)) for name in _FIELDS} if plan is not None else {}
        for name in _FIELDS:
            value = getattr(draft, name)
            setattr(row, name, list(value) if isinstance(value, tuple) else value)
        row.changed_at, row.changed_by = now, actor.ref
        row.save()
        changed = {
            name: _plain(getattr(row, name)) for name in _FIELDS if before.get(name) != _plain(getattr(row, name))
        }
        record([Draft(chain=f"plan:{row.code}", verb="save_plan", actor=actor, at=now, body=changed)])
    return row


def check_plan(draft: PlanDraft, *, actor: Actor) -> None:
    """Refuse what saving would refuse, writing nothing."""
    access.must_plan_in(actor, draft.area)
    _check(draft)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, date) else value


def _check(draft: PlanDraft) -> None:
    """Everything that is wrong at once, each with its field."""
    wrong: dict[str, Any] = {}
    if not _CODE.fullmatch(draft.code):
        wrong["code"] = _("代码用小写字母、数字、横线，2 到 32 位")
    if not draft.title.strip():
        wrong["title"] = _("请写计划的名称")
    if draft.kind not in PLAN_KINDS:
        wrong["kind"] = _("请选择任务类型")
    if not queries.knows_form(draft.form):
        wrong["form"] = _("没有这个表单")
    if draft.subject_kind not in dict(SUBJECTS):
        wrong["subject_kind"] = _("请选择对象")
    elif unknown := _unknown_conditions(draft):
        wrong["wanted"] = _("条件里有不认识的内容：%(names)s") % {"names": "、".join(unknown)}
    known = {*RISKS, ""}
    if not draft.every or not all(r in known and 1 <= days <= LONGEST_PERIOD for r, days in draft.every.items()):
        wrong["every"] = _("请至少写一个周期，1 到 3660 天")
    if not 0 <= draft.window_days <= LONGEST_PERIOD:
        wrong["window_days"] = _("请写 0 到 3660 天")
    if draft.priority not in PRIORITIES:
        wrong["priority"] = _("请选择优先级")
    if not draft.roles or not set(draft.roles) <= set(PLAN_ROLES):
        wrong["roles"] = _("请选择由谁来做")
    if not is_area(draft.area):
        wrong["area"] = _("没有这个区域")
    if draft.valid_to is not None and draft.valid_to <= draft.valid_from:
        wrong["valid_to"] = _("结束日期要晚于开始日期")
    if wrong:
        raise Invalid(fields=wrong)


def _unknown_conditions(draft: PlanDraft) -> list[str]:
    known = subjects.conditions(draft.subject_kind)
    bad = []
    for name, values in draft.wanted.items():
        field_ = known.get(name)
        codes = {code for code, _label in field_.choices} if field_ is not None and field_.choices else {True, False}
        if field_ is None or not values or not set(values) <= codes:
            bad.append(name)
    return bad


def derive_tasks(*, actor: Actor, now: datetime, plans: Collection[int] | None = None) -> Derived:
    """Make the open tasks of all plans (or these) what the plans ask for today; run twice, the second changes nothing.

    Subjects are read in batches, each in a transaction of its own: four queries a batch and what there is to write.
    """
    access.must_derive(actor)
    today = local_day(now)
    every_plan = Plan.objects.filter(pk__in=plans) if plans is not None else Plan.objects.all()
    asking = [one for one in every_plan.order_by("code") if queries.asks_on(one, today)]
    silent = every_plan.exclude(pk__in=[one.pk for one in asking])
    over = Task.objects.filter(plan__in=silent.values("pk"), state=TaskState.OPEN)
    done = Derived(ended=over.update(state=TaskState.ENDED, closed_at=now))
    for kind in subjects.KINDS:
        of_kind = [one for one in asking if one.subject_kind == kind]
        if of_kind:
            done += _derive_kind(kind, of_kind, now)
    return done


def _derive_kind(kind: str, plans: Sequence[Plan], now: datetime) -> Derived:
    done, low = Derived(), None
    for batch in subjects.batches(kind):
        high = batch[-1].uid if len(batch) == subjects.BATCH else None
        span = Q() if low is None else Q(subject_uid__gt=low)
        done += _derive(plans, batch, span & Q(subject_uid__lte=high) if high else span, now)
        low = high
    return done


def derive_some(kind: str, uids: Iterable[UUID], *, actor: Actor, now: datetime) -> Derived:
    """The same for some subjects that have just changed, by every plan about their kind. A constant number of queries."""
    access.must_derive(actor)
    today, asked = local_day(now), list(set(uids))
    plans = [one for one in Plan.objects.filter(subject_kind=kind, active=True) if queries.asks_on(one, today)]
    if not plans or not asked:
        return Derived()
    return _derive(plans, subjects.some(kind, asked), Q(subject_uid__in=asked), now)


@transaction.atomic
def _derive(plans: Sequence[Plan], batch: Sequence[Subject], span: Q, now: datetime) -> Derived:
    """One batch. Tasks are locked before it is asked what was done, so that nobody does one of them in between."""
    today = local_day(now)
    by_code = {one.code: one for one in plans}
    about = Task.objects.filter(plan__in=plans)
    held = list(about.filter(span, state=TaskState.OPEN).select_for_update().order_by("uid"))
    done = _closed_last(plans, batch)
    rules = [queries.plan_rule(one) for one in plans]
    wanted = derive(rules, batch, done, today=today, horizon_days=queries.policy_on(today).horizon_days)
    values = {one.uid: planned_values(by_code[one.plan], one) for one in wanted}
    missing = values.keys() - {row.uid for row in held}
    held += Task.objects.filter(uid__in=missing, state=TaskState.ENDED).select_for_update().order_by("uid")
    names = {one.uid: {"plan": by_code[one.plan]} for one in wanted}
    return Derived(*write_moves(values, names, held, now=now))


def _closed_last(plans: Sequence[Plan], batch: Sequence[Subject]) -> dict[tuple[str, UUID], Closed]:
    """(plan, subject) → the task closed last, done or skipped."""
    codes = {one.pk: one.code for one in plans}
    rows = (
        Task.objects.filter(plan__in=plans, subject_uid__in=[one.uid for one in batch])
        .filter(state__in=(TaskState.DONE, TaskState.SKIPPED))
        .order_by("plan", "subject_uid", "-closed_at", "-id")
        .distinct("plan", "subject_uid")
        .values_list("plan", "subject_uid", "uid", "closed_at", "again_days")
    )
    return {
        (codes[plan], subject): Closed(uid, local_day(closed_at), again)
        for plan, subject, uid, closed_at, again in rows
        if closed_at is not None and subject is not None
    }
