"""An alarm and its case: opened once, told what the device says meanwhile, and closing the alarm when it closes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from huying.casework.cases.actions import note_case
from huying.casework.cases.models import Case, Feedback
from huying.casework.cases.subjects import marks_of
from huying.casework.catalogue.queries import Catalogue, current
from huying.kernel import facts, live
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Forbidden, HuyingError
from huying.kernel.locks import lock_rows
from huying.senses.reports.actions import Voice, take_in
from huying.senses.reports.models import Report
from huying.senses.reports.rules import Channel

from .. import rules
from ..facts import AlarmClosed
from ..models import Alarm
from ..rules import Cause
from ..words import case_text, kind_words, title_of
from .handling import end, message, write

log = logging.getLogger("huying.alarms")
SOURCE: Final = "device"
MOST: Final = 100


def open_cases(*, actor: Actor, now: datetime, most: int = MOST) -> int:
    """Open the cases that wait to be opened, one an alarm, urgent alarms first; how many were opened.

    Taken in under the alarm's own number, so that a second run, also one at the same moment, opens nothing twice. A voice
    that is refused does not hold up the others; it is tried again by the next run.
    """
    if not actor.is_system:
        raise Forbidden()
    with transaction.atomic():
        alarms = _waiting(most)
        try:
            with transaction.atomic():
                return _open(alarms, actor, now)
        except HuyingError as error:
            log.warning("cases of %s alarms are opened one by one: %s", len(alarms), error)
        return sum(_open_one(alarm, actor, now) for alarm in alarms)


def _waiting(most: int) -> list[Alarm]:
    rows = Alarm.objects.select_for_update(skip_locked=True, of=("self",)).filter(wants_case=True)
    return list(rows.select_related("device").order_by("-urgent", "id")[:most])


def _open_one(alarm: Alarm, actor: Actor, now: datetime) -> int:
    try:
        with transaction.atomic():
            return _open([alarm], actor, now)
    except HuyingError as error:
        log.error("no case for alarm %s: %s", alarm.uid, error)
        return 0


def _open(alarms: Sequence[Alarm], actor: Actor, now: datetime) -> int:
    if not alarms:
        return 0
    known = current(local_day(now))
    taken = take_in([_voice(one, known) for one in alarms], actor=actor, now=now)
    for alarm, one in zip(alarms, taken, strict=True):
        alarm.case_id, alarm.wants_case = one.case_id, False
        alarm.wants_telling = alarm.cleared_at is not None
    Alarm.objects.bulk_update(alarms, ["case", "wants_case", "wants_telling"])
    live.announce_all(message(one) for one in alarms)
    return len(alarms)


def _voice(alarm: Alarm, known: Catalogue) -> Voice:
    device = alarm.device
    return Voice(
        source=SOURCE,
        source_id=str(alarm.uid),
        channel=Channel.DEVICE,
        title=title_of(alarm),
        text=case_text(alarm),
        said_at=alarm.opened_at,
        place_text=device.address[:200],
        lon=device.lon,
        lat=device.lat,
        area=device.area,
        item_code=alarm.item if alarm.item in known else None,
        urgent=alarm.urgent,
        subjects=marks_of(("device", device.code), ("premises", device.premises_uid)),
    )


def tell_cases(*, actor: Actor, now: datetime, most: int = MOST) -> int:
    """Say in the traces of cases that their device is normal again; how many were told."""
    if not actor.is_system:
        raise Forbidden()
    wanted = Alarm.objects.filter(wants_telling=True, case__isnull=False)
    with transaction.atomic():
        case_of = dict(wanted.order_by("id").values_list("pk", "case")[:most])
        lock_rows(Case, case_of.values())  # cases before alarms, as when a case closes
        rows = Alarm.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk__in=list(case_of))
        alarms = [one for one in _with_cases(rows) if one.wants_telling and one.case_id == case_of[one.pk]]
        told = sum(_tell(alarm, actor, now) for alarm in alarms)
        Alarm.objects.filter(pk__in=[one.pk for one in alarms]).update(wants_telling=False)
    return told


def _with_cases(rows: QuerySet[Alarm]) -> list[Alarm]:
    return list(rows.select_related("device", "case").order_by("id"))


def _tell(alarm: Alarm, actor: Actor, now: datetime) -> int:
    """A case that takes no notes any more needs none."""
    if alarm.case_id is None or alarm.case is None or not alarm.case.open:
        return 0
    said = _("设备“%(name)s”的“%(kind)s”已恢复正常，共报警 %(count)s 次。请核实原因后办结。") % {
        "name": alarm.device.name,
        "kind": kind_words(alarm.kind, alarm.device.kind),
        "count": alarm.count,
    }
    try:
        with transaction.atomic():
            note_case(alarm.case_id, text=said, actor=actor, now=now)
    except HuyingError as error:
        log.warning("case %s was not told of alarm %s: %s", alarm.case_id, alarm.uid, error)
        return 0
    return 1


def close_with_cases(closed: Mapping[int, tuple[datetime, str]], *, actor: Actor) -> int:
    """Close the alarms of closed cases (case → moment, who) with the cause handed in with the result (C10); how many.

    What was handed in and is no known code stays as words of *other*. Inside the fact's own transaction.
    """
    alarms = _locked(list(closed), closed_at__isnull=True)
    if not alarms:
        return 0
    causes = _causes([one.case_id for one in alarms if one.case_id is not None])
    told = []
    for alarm in alarms:
        assert alarm.case_id is not None
        at, by = closed[alarm.case_id]
        code = causes.get(alarm.case_id, "")
        cause = rules.cause_of(code)
        words = (code or _("随事件办结，未填原因")) if cause == Cause.OTHER else ""
        end(alarm, cause, words, by=by, name="", now=at)
        write([alarm], "close_with_case", actor, at, by=by, cause=str(cause), case=str(alarm.case_id))
        told.append(
            AlarmClosed(
                uid=alarm.uid, device_id=alarm.device_id, kind=alarm.kind, area=alarm.area, severity=alarm.severity,
                at=at, by=by, cause=str(cause),
            )
        )  # fmt: skip
    facts.publish(*told)
    live.announce_all(message(one) for one in alarms)
    return len(alarms)


def _causes(case_ids: Sequence[int]) -> dict[int, str]:
    """The cause last handed in for each case."""
    rows = Feedback.objects.filter(case__in=case_ids).order_by("id").values_list("case_id", "evidence")
    return {case_id: str(body.get("cause_code") or "") for case_id, body in rows if body.get("cause_code")}


def reopen_with_cases(again: Mapping[int, tuple[datetime, str]], *, actor: Actor) -> int:
    """Cases that are done again (case → moment, who): their alarms are open again, as the case had closed them; how many."""
    alarms = _locked(list(again), closed_at__isnull=False)
    for alarm in alarms:
        assert alarm.case_id is not None
        at, by = again[alarm.case_id]
        write([alarm], "reopen_with_case", actor, at, by=by, was=alarm.cause, case=str(alarm.case_id))
    Alarm.objects.filter(pk__in=[one.pk for one in alarms]).update(
        closed_at=None, closed_by="", closed_name="", cause="", cause_words=""
    )
    live.announce_all((f"alarms:{area}", None) for area in sorted({one.area[:12] for one in alarms}))
    return len(alarms)


def _locked(case_ids: Sequence[int], **narrowed: bool) -> list[Alarm]:
    """Alarms of cases whose rows the caller's transaction holds, locked after them, in ascending order of id."""
    rows = Alarm.objects.select_for_update(of=("self",)).filter(case__in=list(case_ids), **narrowed)
    return list(rows.order_by("id"))


def follow_merges(case_ids: Sequence[int]) -> int:
    """Alarms go where their report went when cases are merged, and back when they are taken apart; how many moved."""
    uids = {str(one.uid): one.pk for one in _locked(case_ids)}
    if not uids:
        return 0
    now_in = dict(Report.objects.filter(source=SOURCE, source_id__in=list(uids)).values_list("source_id", "case_id"))
    moved = [Alarm(pk=uids[uid], case_id=case_id) for uid, case_id in now_in.items()]
    return Alarm.objects.bulk_update(moved, ["case"]) if moved else 0
