"""吹哨报到 and 联席会议: one unit leads, others come, deliver, are accepted and rated; hard cases get a meeting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from huying.casework.catalogue.evidence import Photo
from huying.kernel.actor import Actor

from .. import access
from ..facts import AssignmentSigned, PartDelivered, PartRefused
from ..models import Assignment, Case, Meeting, PartnerRating
from ..rules import Action, Party
from ..turns import Turn, filled, refuse, turning
from .assigning import Sending, assign, lead_assignment, unit_for

_STATES = Assignment.State


def whistle(
    case_id: int,
    sendings: Sequence[Sending],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    expected: int | None = None,
) -> None:
    """吹哨: the leading unit stays answerable and leads; each unit called gets its own limit."""
    given = filled(units=list(sendings), reason=reason)
    with turning(case_id, Action.WHISTLE, actor=actor, now=now, given=given, expected=expected) as turn:
        busy = set(
            Assignment.objects.filter(case=turn.case, state__in=Assignment.LIVE).values_list("unit_id", flat=True)
        )
        for sending in sendings:
            if sending.unit_id == turn.case.lead_unit_id:
                raise refuse("lead_cannot_assist")
            if sending.unit_id in busy:
                raise refuse("already_assisting")
            busy.add(sending.unit_id)
            unit_for(turn, sending.unit_id)
            assign(turn, sending, role=Assignment.Role.ASSIST)
        turn.write({"units": [one.as_body() for one in sendings]}, reason=reason)


def arrive(
    case_id: int,
    *,
    actor: Actor,
    now: datetime,
    unit_id: int | None = None,
    lon: float | None = None,
    lat: float | None = None,
) -> None:
    """到场签到 of a unit that was called. The position is used for the distance only and not kept."""
    with turning(case_id, Action.ARRIVE, actor=actor, now=now) as turn:
        part = _own_part(turn, unit_id, (_STATES.SENT, _STATES.SIGNED))
        part.state = _STATES.ARRIVED
        part.arrived_at = now
        part.signed_at = part.signed_at or now
        part.person_id = part.person_id or actor.person_id
        part.save(update_fields=["state", "arrived_at", "signed_at", "person"])
        turn.write({"unit": part.unit_id, "metres": _metres(turn.case, lon, lat)})
        turn.tell(AssignmentSigned(case_id=case_id, at=now, by=actor.ref, assignment_id=part.pk))


def deliver_part(case_id: int, *, text: str, actor: Actor, now: datetime, unit_id: int | None = None) -> None:
    """A called unit hands in its part; the lead accepts or refuses it."""
    with turning(case_id, Action.DELIVER_PART, actor=actor, now=now, given=filled(text=text)) as turn:
        part = _own_part(turn, unit_id, (_STATES.SENT, _STATES.SIGNED, _STATES.ARRIVED))
        part.state = _STATES.DELIVERED
        part.delivered_at = now
        part.signed_at = part.signed_at or now
        part.result = text
        part.person_id = part.person_id or actor.person_id
        part.save(update_fields=["state", "delivered_at", "signed_at", "result", "person"])
        turn.write({"unit": part.unit_id}, text=text)
        turn.tell(PartDelivered(case_id=case_id, at=now, by=actor.ref, assignment_id=part.pk))


def accept_part(case_id: int, *, unit_id: int, actor: Actor, now: datetime) -> None:
    """联合验收: the lead accepts a part; all parts must be accepted before feedback."""
    with turning(case_id, Action.ACCEPT_PART, actor=actor, now=now, given=filled(unit=unit_id)) as turn:
        part = _delivered_part(turn, unit_id)
        part.state = _STATES.ACCEPTED
        part.accepted_at = part.ended_at = now
        part.save(update_fields=["state", "accepted_at", "ended_at"])
        turn.write({"unit": unit_id})


def refuse_part(case_id: int, *, unit_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """The lead sends a part back; its clock runs on."""
    given = filled(unit=unit_id, reason=reason)
    with turning(case_id, Action.REFUSE_PART, actor=actor, now=now, given=given) as turn:
        part = _delivered_part(turn, unit_id)
        part.state = _STATES.ARRIVED if part.arrived_at else _STATES.SIGNED
        part.delivered_at = None
        part.save(update_fields=["state", "delivered_at"])
        turn.write({"unit": unit_id}, reason=reason)
        turn.tell(PartRefused(case_id=case_id, at=now, by=actor.ref, assignment_id=part.pk))


def rate_partner(case_id: int, *, unit_id: int, score: int, note: str, actor: Actor, now: datetime) -> None:
    """互评: the lead rates a unit that came, a unit that came rates the lead; 1–5, once each way."""
    given = filled(unit=unit_id, score=score)
    with turning(case_id, Action.RATE_PARTNER, actor=actor, now=now, given=given) as turn:
        case = turn.case
        leads = bool(turn.parties & {Party.LEAD, Party.LEAD_HEAD})
        assisting = set(
            Assignment.objects.filter(case=case, role="assist")
            .exclude(state__in=(_STATES.RECALLED, _STATES.DROPPED))
            .values_list("unit_id", flat=True)
        )
        if leads and unit_id in assisting:
            by = case.lead_unit_id
        elif unit_id == case.lead_unit_id and not leads:
            by = next(iter(access.assisting_units(case.pk, access.unit_duties(actor))), None)
        else:
            by = None
        if by is None:
            raise refuse("not_assisting")
        PartnerRating.objects.update_or_create(
            case=case,
            by_unit_id=by,
            of_unit_id=unit_id,
            defaults={"score": score, "note": note, "made_at": now},
        )
        turn.write({"by": by, "of": unit_id, "score": score}, note=note)


def call_meeting(
    case_id: int,
    *,
    purpose: str,
    unit_ids: Sequence[int],
    actor: Actor,
    now: datetime,
    planned_at: datetime | None = None,
) -> None:
    """联席会议 for a hard case: the units that must come, and why."""
    given = filled(purpose=purpose, units=list(unit_ids))
    with turning(case_id, Action.CALL_MEETING, actor=actor, now=now, given=given) as turn:
        if Meeting.objects.filter(case=turn.case, held_at__isnull=True).exists():
            raise refuse("not_in_this_state")
        Meeting.objects.create(
            case=turn.case,
            purpose=purpose,
            unit_ids=list(unit_ids),
            called_at=now,
            called_by=actor.ref,
            planned_at=planned_at,
        )
        turn.write({"units": list(unit_ids), "planned_at": planned_at}, purpose=purpose)


def record_meeting(case_id: int, *, decision: str, actor: Actor, now: datetime) -> None:
    """What the meeting decided; binding on the units that were called."""
    with turning(case_id, Action.RECORD_MEETING, actor=actor, now=now, given=filled(decision=decision)) as turn:
        Meeting.objects.filter(case=turn.case, held_at__isnull=True).update(held_at=now, decision=decision)
        turn.write(decision=decision)


def _own_part(turn: Turn, unit_id: int | None, states: Sequence[str]) -> Assignment:
    """The acting unit's own live part; ``unit_id`` chooses when the actor stands for several."""
    mine = access.assisting_units(turn.case.pk, access.unit_duties(turn.actor))
    wanted = Q(unit_id__in=mine) if unit_id is None else Q(unit_id=unit_id, unit_id__in=mine)
    part = (
        Assignment.objects.select_for_update()
        .filter(wanted, case=turn.case, role="assist", state__in=states)
        .order_by("id")
        .first()
    )
    if part is None:
        raise refuse("not_assisting")
    return part


def _delivered_part(turn: Turn, unit_id: int) -> Assignment:
    lead_assignment(turn.case)
    part = (
        Assignment.objects.select_for_update()
        .filter(case=turn.case, unit_id=unit_id, role="assist", state__in=Assignment.LIVE)
        .first()
    )
    if part is None:
        raise refuse("not_assisting")
    if part.state != _STATES.DELIVERED:
        raise refuse("part_not_delivered")
    return part


def _metres(case: Case, lon: float | None, lat: float | None) -> int | None:
    """How far from the place of the case somebody stood, in metres; None when either is unknown."""
    metres = Photo(lon=lon, lat=lat).metres_to(Photo(lon=case.lon, lat=case.lat))
    return None if metres is None else round(metres)
