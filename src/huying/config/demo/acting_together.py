"""The rarer acts, always one at a time: units called together, meetings, matters handed to others, orders."""

from __future__ import annotations

from datetime import timedelta

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Assignment, Case, Transfer
from huying.casework.dispatch import actions as dispatch
from huying.casework.dispatch.actions import Call
from huying.casework.supervision import actions as supervision
from huying.casework.supervision.models import SupervisionOrder

from .intake import Known
from .roles import Stage, Taken, concerned, handler, head, of_centre
from .script import Act


def whistle(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := head(case, act, stage.crew)) is None:
        return False
    wanted = act.get("units", 3)
    units = [unit for unit in concerned(case, stage.crew) if unit != case.lead_unit_id]
    calls = [Call(unit, limit="1wd", task="到场联合处置") for unit in units[: int(str(wanted))]]
    dispatch.whistle(case.pk, calls, reason=act.text, actor=actor, now=act.at)
    return None


def arrive(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    parts = list(case.assignments.filter(role="assist", state__in=("sent", "signed")).order_by("id"))
    if not parts:
        return False
    actor = stage.crew.of_unit(parts[0].unit_id, "handler", act.at, act.key)
    if actor is None:
        return False
    lon, lat = (case.lon + 0.0003, case.lat) if case.lon is not None and case.lat is not None else (None, None)
    cases.arrive(case.pk, actor=actor, now=act.at, unit_id=parts[0].unit_id, lon=lon, lat=lat)
    return None


def deliver_parts(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    for place, part in enumerate(_parts(case, ("sent", "signed", "arrived"))):
        actor = stage.crew.of_unit(part.unit_id, "handler", act.at, act.key)
        if actor is not None:
            at = act.at + timedelta(minutes=2 * place)
            cases.deliver_part(case.pk, text=act.text, actor=actor, now=at, unit_id=part.unit_id)
    return None


def accept_parts(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := handler(case, act, stage.crew)) is None:
        return False
    for place, part in enumerate(_parts(case, ("delivered",))):
        at = act.at + timedelta(minutes=2 * place)
        cases.accept_part(case.pk, unit_id=part.unit_id, actor=actor, now=at)
        cases.rate_partner(case.pk, unit_id=part.unit_id, score=4 + part.pk % 2, note=act.text, actor=actor, now=at)
    return None


def _parts(case: Case, states: tuple[str, ...]) -> list[Assignment]:
    return list(case.assignments.filter(role="assist", state__in=states).order_by("id"))


def call_meeting(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "centre_lead")) is None:
        return False
    units = concerned(case, stage.crew)[:4]
    planned = (act.at + timedelta(days=1)).replace(hour=1, minute=30, second=0, microsecond=0)
    cases.call_meeting(case.pk, purpose=act.text, unit_ids=units, actor=actor, now=act.at, planned_at=planned)
    return None


def record_meeting(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "centre_lead")) is None:
        return False
    cases.record_meeting(case.pk, decision=act.text, actor=actor, now=act.at)
    return None


def transfer(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, act.by if act.by == "seat" else "dispatcher")) is None:
        return False
    channel, receipt = str(act.get("channel")), str(act.get("receipt"))
    cases.transfer_out(case.pk, channel=channel, reason=act.text, receipt=receipt, actor=actor, now=act.at)
    return None


def receipt(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    actor = of_centre(case, act, stage.crew, "seat")
    if actor is None or Transfer.objects.filter(case=case, taken_back_at__isnull=True).exclude(receipt="").exists():
        return False
    cases.record_receipt(case.pk, receipt=str(act.get("receipt")), actor=actor, now=act.at)
    return None


def follow_up(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "seat")) is None:
        return False
    cases.follow_up_transfer(case.pk, outcome=act.text, actor=actor, now=act.at)
    return None


def finish_transfer(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "dispatcher")) is None:
        return False
    cases.finish_transfer(case.pk, actor=actor, now=act.at)
    return None


def supervise(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "supervisor")) is None:
        return False
    supervision.raise_order(case.pk, reason=act.text, actor=actor, now=act.at)
    return None


def answer_order(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    orders = SupervisionOrder.objects.filter(case=case, state="open", unit__isnull=False).order_by("id")
    for order in orders:
        actor = stage.crew.of_unit(order.unit_id or 0, "unit_lead", act.at, act.key)
        if actor is not None:
            supervision.answer_order(order.pk, reply=act.text, actor=actor, now=act.at)
    return None


def close_order(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "supervisor")) is None:
        return False
    for order in SupervisionOrder.objects.filter(case=case, state="answered").order_by("id"):
        supervision.close_order(order.pk, result=act.text, actor=actor, now=act.at)
    return None
