"""What the history leaves to the present: orders answered in their time, and something waiting on every screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Case, Meeting, Suspension, Transfer
from huying.casework.cases.rules import State
from huying.casework.clocks.actions import Note, send_notices
from huying.casework.clocks.recipients import People, Subject
from huying.casework.supervision.models import OrderStep, SupervisionOrder
from huying.casework.supervision.rules import LIFECYCLE, Action, Party, refusal
from huying.casework.supervision.rules import State as OrderState
from huying.kernel import trace
from huying.kernel.errors import HuyingError

from .crew import Crew
from .roles import Stage, area_of, concerned, handler, of_centre
from .script import Act

REPLIES: Final = (
    "已约谈经办人，今日内处置到位。", "因人员调配迟延，已增派力量，两小时内完成。", "已到场处置，材料正在补传。",
)  # fmt: skip
ANSWER_AFTER: Final = timedelta(hours=20)
WAITING: Final = 3  # of each kind of request at the end


def answer_orders(crew: Crew, now: datetime) -> None:
    """Units answer the orders of the day before; what is closed leaves the list. As ``supervision.actions`` does, for many."""
    asked = SupervisionOrder.objects.filter(opened_at__lt=now - ANSWER_AFTER, unit__isnull=False).select_related("case")
    open_ = [
        order
        for order in asked.filter(state="open", case__open=True).order_by("pk")
        if order.pk % 9 or order.due_at <= now  # some are late with it
    ]
    done = list(asked.filter(state__in=("open", "answered"), case__open=False).order_by("pk"))
    if not open_ and not done:
        return
    with transaction.atomic():
        people = People(crew.directory)
        for order in open_:
            order.reply, order.replied_at = REPLIES[order.pk % 3], now
        for order in done:
            order.result, order.closed_at = "已办结，跟踪到位。", now
        _step(open_, Action.ANSWER, crew, people, now)
        _step(done, Action.CLOSE, crew, people, now)


def _step(orders: Sequence[SupervisionOrder], action: Action, crew: Crew, people: People, now: datetime) -> None:
    """One step of many orders: allowed by the table, saved, traced, told."""
    closing = action is Action.CLOSE
    drafts: list[trace.Draft] = []
    steps: list[OrderStep] = []
    notes: list[Note] = []
    saved: list[SupervisionOrder] = []
    for order in orders:
        key = str(order.pk)
        actor = crew.of_centre("supervisor", order.area, now, key) if closing else None
        actor = actor or (None if closing else crew.of_unit(order.unit_id or 0, "unit_lead", now, key))
        party = frozenset({Party.SUPERVISOR if closing else Party.UNIT})
        if actor is None or refusal(OrderState(order.state), action, party) is not None:
            continue
        order.state = str(LIFECYCLE[OrderState(order.state), action].to)
        text = order.result if closing else order.reply
        setattr(order, "closed_by" if closing else "replied_by", actor.ref)
        saved.append(order)
        steps.append(OrderStep(order=order, verb=str(action), at=now, by=actor.ref, by_name=actor.name[:80], text=text))
        body = {"order": order.pk, "state": order.state, "grade": order.grade}
        drafts.append(
            trace.Draft(
                chain=f"case:{order.case_id}", verb=f"supervise_{action}", actor=actor, at=now, body=body,
                private={"text": text},
            )
        )  # fmt: skip
        told = (
            [one for one, _role in people.for_light(_subject(order), "yellow", now)]
            if closing
            else people.in_area("supervisor", order.area)
        )
        notes.extend(_notice(order, one, "closed" if closing else "answered") for one in told)
    fields = (
        ["state", "result", "closed_at", "closed_by"] if closing else ["state", "reply", "replied_at", "replied_by"]
    )
    SupervisionOrder.objects.bulk_update(saved, fields, batch_size=500)
    OrderStep.objects.bulk_create(steps)
    trace.record(drafts)
    send_notices(notes, now=now)


def _subject(order: SupervisionOrder) -> Subject:
    return Subject("close", order.area, order.unit_id, order.person_id)


def _notice(order: SupervisionOrder, person_id: int, kind: str) -> Note:
    body = {"title": order.case.title, "cause": order.cause}
    return Note(
        person_id=person_id, kind=kind, case_id=order.case_id, order_id=order.pk, due_at=order.due_at, body=body
    )


def leave_open(stage: Stage, now: datetime) -> None:
    """Requests that rarely wait at any one moment: a few are made at the end, through the same actions as ever."""
    used: set[int] = set()
    for present, ask in (
        (Suspension.objects.filter(state="asked").count(), _ask_suspension),
        (Meeting.objects.filter(held_at__isnull=True).count(), _call_meeting),
        (Transfer.objects.filter(followed_up_at__isnull=True, taken_back_at__isnull=True).count(), _transfer),
    ):
        _until(WAITING - present, ask, stage, now, used)


def _until(missing: int, ask: Callable[[Case, Act, Stage], None], stage: Stage, now: datetime, used: set[int]) -> None:
    open_ = Case.objects.filter(state=State.HANDLING).select_related("item").order_by("-opened_at")
    for place, case in enumerate(one for one in open_[:150] if one.pk not in used):
        if missing <= 0:
            return
        try:
            ask(case, Act(now, f"end{case.pk}", place, "ask", "centre_lead"), stage)
            used.add(case.pk)
            missing -= 1
        except HuyingError as error:
            stage.refuse("ending", error.code)


def _ask_suspension(case: Case, act: Act, stage: Stage) -> None:
    actor = handler(case, act, stage.crew)
    day = act.at.date()
    stones = [("方案设计完成", day + timedelta(days=12)), ("施工单位进场", day + timedelta(days=30)),
              ("竣工验收", day + timedelta(days=55))]  # fmt: skip
    if actor is not None:
        reason = "属工程类事项，需立项、招标、施工，申请挂账管理。"
        cases.ask_suspension(case.pk, reason=reason, milestones=stones, actor=actor, now=act.at)


def _call_meeting(case: Case, act: Act, stage: Stage) -> None:
    actor = of_centre(case, act, stage.crew)
    units = concerned(case, stage.crew)[:4]
    if actor is not None and units:
        planned = act.at + timedelta(days=1)
        purpose = "多家单位职责交叉，请到会商定牵头单位和办理方案。"
        cases.call_meeting(case.pk, purpose=purpose, unit_ids=units, actor=actor, now=act.at, planned_at=planned)


def _transfer(case: Case, act: Act, stage: Stage) -> None:
    actor = stage.crew.of_centre("dispatcher", area_of(case), act.at, act.key)
    if actor is not None:
        receipt = f"XF-{case.pk % 90000 + 10000}" if act.number % 2 else ""
        reason = "经核查涉及信访事项，转信访部门受理，本中心跟踪回访。"
        cases.transfer_out(case.pk, channel="petition", reason=reason, receipt=receipt, actor=actor, now=act.at)
