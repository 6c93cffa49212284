"""What a resident does from the portal: send a matter, join one, rate, say it is not solved, ask to hurry.

Everything ends in one call of ``reports``; here are only the manners of the portal around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huying.casework.cases.rules import State
from huying.casework.cases.turns import chain
from huying.casework.dispatch.queries import Matter
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Refused
from huying.kernel.models import StoredFile
from huying.senses.reports import actions as reports
from huying.senses.reports.actions import Taken, Voice
from huying.senses.reports.models import Report
from huying.senses.reports.rules import Channel

from . import queries, rules

SOURCE = "portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A matter as somebody wrote it, and how they want to be answered."""

    key: str
    text: str
    place_text: str = ""
    lon: float | None = None
    lat: float | None = None
    chosen: str = ""
    name: str = ""
    phone: str = ""
    user_id: int | None = None
    hide_identity: bool = False
    photos: Sequence[StoredFile] = ()

    def matter(self, now: datetime) -> Matter:
        """As dispatch reads it."""
        return Matter(
            text=self.text,
            channel=Channel.PORTAL,
            at=now,
            place_text=self.place_text,
            lon=self.lon,
            lat=self.lat,
        )


def send_matter(said: Said, *, actor: Actor, now: datetime) -> Taken:
    """Send a matter. Sending the same again changes nothing and gives the same tracking code."""
    item_code, hold = None, False
    if said.chosen:
        seen = queries.understand(said.matter(now), now=now, with_similar=False)
        item_code, hold = rules.resident_choice(said.chosen, seen.codes, sure=seen.sure)
    return _take_in(said, actor, now, item_code=item_code, hold=hold)


def join_matter(case_id: int, said: Said, *, actor: Actor, now: datetime) -> Taken:
    """ "This is it: +1": one more voice for an open public matter. NotFound for any other."""
    queries.public_open(case_id)
    return _take_in(said, actor, now, case_id=case_id)


def _take_in(
    said: Said,
    actor: Actor,
    now: datetime,
    *,
    item_code: str | None = None,
    hold: bool = False,
    case_id: int | None = None,
) -> Taken:
    words = (said.text, said.place_text, said.lon, said.lat, case_id)
    voice = Voice(
        source=SOURCE,
        source_id=rules.source_id(said.key, words),
        channel=Channel.PORTAL,
        text=said.text,
        name=said.name,
        phone=said.phone,
        user_id=said.user_id,
        anonymous=said.user_id is None and not said.phone,
        hide_identity=said.hide_identity,
        place_text=said.place_text,
        lon=said.lon,
        lat=said.lat,
        item_code=item_code,
        hold=hold,
        case_id=case_id,
        files=tuple(said.photos),
    )
    (taken,) = reports.take_in([voice], actor=actor, now=now)
    return taken


def rate(
    report: Report,
    *,
    score: int,
    actor: Actor,
    now: datetime,
    responded: bool | None = None,
    solved: bool | None = None,
    comment: str = "",
) -> None:
    """Rate the result, once it is done. Refused kindly before that, and after it was rated."""
    if report.case.state != State.CLOSED:
        raise Refused(_("办完以后才能评价"), code="not_done_yet", hint=_("办好后，这一页会请您评一评。"))
    if rules.has_rated(report.rated_at, report.case.closed_at):
        raise Refused(_("您已经评过了，谢谢"), code="already_rated")
    reports.rate_report(
        report.pk, score=score, responded=responded, solved=solved, comment=comment, actor=actor, now=now
    )


def say_not_solved(report: Report, *, reason: str, actor: Actor, now: datetime) -> None:
    """Back to the unit. Refused kindly while it is being worked on."""
    if report.case.state != State.CLOSED:
        raise Refused(
            _("这件事现在不用退回"), code="not_done_yet", hint=_("还在办的可以催一催；已经存档的，请重新反映一次。")
        )
    reports.say_not_solved(report.pk, reason=reason, actor=actor, now=now)


def remind(report_id: int, *, text: str, actor: Actor, now: datetime) -> None:
    """催一催, once a day."""
    with transaction.atomic():
        report = Report.objects.select_for_update(of=("self",)).select_related("case").get(pk=report_id)
        if not report.case.open:
            raise Refused(_("这件事已经不在办理中了"), code="not_open")
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        today = trace.Entry.objects.filter(
            chain=chain(report.case_id), verb="remind", actor_ref=f"report:{report.pk}", at__gte=midnight
        )
        if today.exists():
            raise Refused(
                _("今天已经催过了"), code="reminded_today", hint=_("办事的单位已经收到提醒，明天还可以再催。")
            )
        reports.remind(report.pk, text=text, actor=actor, now=now)
