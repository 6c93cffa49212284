"""What the history leaves to the present: orders answered in their time, and something waiting on every screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Case, Meeting, Suspension, Transfer
from huying.casework.cases.rules import State
from huying.casework.supervision import actions as supervision
from huying.casework.supervision.models import SupervisionOrder
from huying.kernel.errors import HuyingError

from .acting import Stage, area_of, concerned, handler, of_centre
from .crew import Crew
from .script import Act

REPLIES: Final = (
    "已约谈经办人，今日内处置到位。", "因人员调配迟延，已增派力量，两小时内完成。", "已到场处置，材料正在补传。",
)  # fmt: skip
ANSWER_AFTER: Final = timedelta(hours=20)
WAITING: Final = 3  # of each kind of request at the end


def answer_orders(crew: Crew, now: datetime) -> None:
    """Units answer the orders of the day before; what was answered and is closed leaves the list."""
    open_ = SupervisionOrder.objects.filter(state="open", opened_at__lt=now - ANSWER_AFTER, unit__isnull=False)
    for order in open_.filter(case__open=True).order_by("pk"):
        if order.pk % 9 == 0 and order.due_at > now:
            continue  # some are late with it
        actor = crew.of_unit(order.unit_id or 0, "unit_lead", now, str(order.pk))
        if actor is not None:
            with suppress(HuyingError):
                supervision.answer_order(order.pk, reply=REPLIES[order.pk % 3], actor=actor, now=now)
    done = SupervisionOrder.objects.filter(
        state__in=("open", "answered"), opened_at__lt=now - ANSWER_AFTER, case__open=False
    )
    for order in done.order_by("pk"):
        actor = crew.of_centre("supervisor", order.area, now, str(order.pk))
        if actor is not None:
            with suppress(HuyingError):
                supervision.close_order(order.pk, result="已办结，跟踪到位。", actor=actor, now=now)


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
