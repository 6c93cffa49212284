"""Who may see and do what with alarms. A stranger gets the answer of something that is not there.

Alarms are seen where their devices are (``devices.access``), and besides by everybody the ladder has called for one. What a
private field said (a heart rate, a position) is for appointed carers and consented family, through the devices' door.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huying.ground.registry.access import within
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound
from huying.senses.devices import access as devices
from huying.senses.devices.kinds import kinds

from .models import Alarm, AlarmRule, Step

VIEW: Final = devices.VIEW
EDIT: Final = devices.EDIT
#: Who, of those who see it, may take an alarm in hand and close it; the others watch.
HANDS: Final = (
    *("seat", "dispatcher", "centre_lead", "grid_lead", "grid_worker"),
    *("device_keeper", "handler", "unit_lead"),
)


def visible(actor: Actor) -> QuerySet[Alarm]:
    """Alarms of the actor's areas, and those the actor was called for."""
    areas = devices.areas(actor)
    if "" in areas:
        return Alarm.objects.all()
    return Alarm.objects.filter(within(areas) | _called(actor))


def _called(actor: Actor) -> Q:
    if actor.person_id is None:
        return Q(pk__in=[])
    return Q(Exists(Step.objects.filter(alarm=OuterRef("pk"), person=actor.person_id)))


def must_view(actor: Actor) -> None:
    """NotFound for everybody to whom no alarm is ever shown."""
    if not (devices.may_somewhere(actor) or actor.person_id is not None):
        raise NotFound(_("没有找到这条报警"), code="alarm_not_found")


def get(actor: Actor, uid: UUID | str) -> Alarm:
    """One alarm with its device and case; NotFound for strangers. One query."""
    return _only(visible(actor).select_related("device", "case", "covered_by").filter(uid=_uid(uid)))


def lock(actor: Actor, uid: UUID | str) -> Alarm:
    """One alarm to do something with, locked until the transaction ends. Forbidden for whoever only watches."""
    rows = visible(actor).select_for_update(of=("self",)).select_related("device", "case")
    alarm = _only(rows.filter(uid=_uid(uid)))
    if not may_handle(actor, alarm):
        raise Forbidden(_("您可以查看这条报警，但不由您处理"), code="not_your_alarm")
    return alarm


def may_handle(actor: Actor, alarm: Alarm) -> bool:
    """Whether the actor may take it in hand: one of the roles there, or somebody the ladder called."""
    if may_handle_at(actor, alarm.area):
        return True
    return actor.person_id is not None and alarm.steps.filter(person=actor.person_id).exists()


def may_handle_at(actor: Actor, area: str) -> bool:
    """Whether the actor takes alarms in hand in an area: who sees devices there and is not there to watch only."""
    if actor.is_system:
        return True
    hands = any(area.startswith(duty.area) for duty in actor.duties_of(*HANDS))
    return hands and devices.may(actor, VIEW, area)


def shows_value(alarm: Alarm) -> bool:
    """Whether what the device measured may stand in a list: not what a private field said."""
    kind = kinds().get(alarm.device.kind)
    return kind is None or alarm.field not in kind.private_fields


def visible_rules(actor: Actor) -> QuerySet[AlarmRule]:
    """Saved rules that concern the actor's areas, those of wider areas included."""
    if "" in (areas := devices.areas(actor)):
        return AlarmRule.objects.all()
    found = Q(pk__in=[])
    for area in areas:
        wider = [area[:length] for length in range(len(area))]
        found |= Q(device__isnull=True, area__startswith=area) | Q(device__isnull=True, area__in=wider)
        found |= Q(device__area__startswith=area)
    return AlarmRule.objects.filter(found)


def _uid(uid: UUID | str) -> UUID:
    try:
        return uid if isinstance(uid, UUID) else UUID(str(uid))
    except ValueError:
        raise NotFound(_("没有找到这条报警"), code="alarm_not_found") from None


def _only(rows: QuerySet[Alarm]) -> Alarm:
    found = rows.first()
    if found is None:
        raise NotFound(_("没有找到这条报警"), code="alarm_not_found")
    return found
