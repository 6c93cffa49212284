"""Writes of the seat: one call becomes one report; an emergency goes to its line, a question is answered, in one step.

Looking at what a caller said before is written down as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from huying.casework.cases import actions as cases
from huying.casework.cases.actions.transferring import CHANNELS, EMERGENCY_CHANNELS
from huying.casework.catalogue.conditions import SHORTEST_ANSWER
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.privacy import reveal
from huying.senses.reports.actions import Taken, Voice, take_in

from .queries import Past, past_of

SOURCE = "seat"
# How somebody came, and so how they hear an answer given on the spot.
NOTICES = {"hotline": "call", "visit": "in_person", "wechat": "app_read"}
CHANNELS_TAKEN = tuple(NOTICES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the operator wrote down. ``key`` is the form's own mark: sent twice, it is taken once.

    ``case_id`` joins an open case; ``emergency`` is the line it goes to at once, with ``receipt`` its number there;
    ``answer`` is what the caller was told on the spot, ``None`` when somebody else has to see to it.
    """

    key: str
    channel: str
    text: str
    phone: str = ""
    name: str = ""
    anonymous: bool = False
    hide_identity: bool = False
    place_text: str = ""
    lon: float | None = None
    lat: float | None = None
    item_code: str | None = None
    case_id: int | None = None
    emergency: str = ""
    receipt: str = ""
    answer: str | None = None


def take_call(call: Call, *, actor: Actor, now: datetime) -> Taken:
    """Take a call down: the report, its case, and the hand-over of an emergency or the answer; all of it or nothing."""
    if call.channel not in CHANNELS_TAKEN:
        raise Invalid(_("没有这个来源渠道"), field="channel")
    if call.emergency and call.emergency not in EMERGENCY_CHANNELS:
        raise Invalid(_("请选择紧急电话"), field="emergency")
    if call.answer is not None and len(call.answer) < SHORTEST_ANSWER:
        raise Invalid(_("请把答复写完整，至少十个字"), field="answer")
    with transaction.atomic():
        (taken,) = take_in([_voice(call)], actor=actor, now=now)
        if taken.repeated:
            return taken
        if call.emergency:
            reason = _("来电紧急，详情见诉求")  # not the caller's own words: those are kept once, masked and erasable
            cases.call_emergency(
                taken.case_id, channel=call.emergency, reason=reason, receipt=call.receipt, actor=actor, now=now
            )
        if call.answer is not None:
            notice = NOTICES[call.channel]
            cases.answer_case(taken.case_id, text=call.answer, notice=notice, actor=actor, now=now)
    return taken


def look_up(phone: str, *, actor: Actor, now: datetime) -> list[Past]:
    """What a number has called about before; that somebody looked stands in the access log of whoever is found."""
    found = past_of(phone, actor)
    for contact_id in sorted({one.report.contact_id for one in found if one.report.contact_id is not None}):
        reveal(actor=actor, now=now, subject=f"contact:{contact_id}", why=_("来电时查看以往诉求"), fields=["reports"])
    return found


def _voice(call: Call) -> Voice:
    text = call.text
    if call.emergency and len(text.strip()) < 2:
        text = _("紧急来电，已转%(line)s") % {"line": CHANNELS[call.emergency]}
    return Voice(
        source=SOURCE,
        source_id=call.key,
        channel=call.channel,
        text=text,
        name=call.name,
        phone=call.phone,
        anonymous=call.anonymous,
        hide_identity=call.hide_identity,
        place_text=call.place_text,
        lon=call.lon,
        lat=call.lat,
        item_code=call.item_code,
        case_id=call.case_id,
        urgent=bool(call.emergency),
        hold=call.answer is not None,
    )
