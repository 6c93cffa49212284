"""One voice that raises several matters: each of the others gets a case of its own, with the resident's own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import actions as cases
from huying.casework.cases.queries import outlines
from huying.kernel.actor import Actor, system
from huying.kernel.errors import Refused
from huying.kernel.privacy import unseal

from .. import access
from ..models import Contact, Report, Telling
from ..rules import Told, parts_of
from .intake import Taken, Voice, take_in
from .owning import hold_report

SOURCE = "split"


def split_report(report_id: int, *, actor: Actor, now: datetime) -> list[Taken]:
    """Open a case for each other matter a report raises; its own case goes on, and keeps every word of it.

    The reporter is the same and is told the tracking codes. Refused for a voice that raises one matter, was taken apart
    before, or whose case is over.
    """
    with transaction.atomic():
        report = hold_report(report_id)
        others = parts_of(report.text)[1:]
        if not report.case.open:
            raise Refused(_("事件已经结束，不能再拆"), code="case_over")
        if not others:
            raise Refused(_("这段话里只有一件事"), code="one_matter")
        taken = take_in([_voice(report, text, n) for n, text in enumerate(others, 2)], actor=actor, now=now)
        if any(one.repeated for one in taken):
            raise Refused(_("已经拆过了"), code="already_split")
        _tell(report, taken, now)
        _note(report, taken, actor, now)
        return taken


def take_in_apart(voice: Voice, *, actor: Actor, now: datetime) -> list[Taken]:
    """Take in a voice as one for each matter it raises, in its own words; the first keeps the pictures and is told of all.

    A voice of one matter is taken in as it is. A repeated one changes nothing.
    """
    first, *others = parts_of(voice.text)
    voices = [replace(voice, text=first), *(_other(voice, text, n) for n, text in enumerate(others, 2))]
    with transaction.atomic():
        taken = take_in(voices, actor=actor, now=now)
        if others and not taken[0].repeated:
            report = Report.objects.get(tracking_code=taken[0].tracking_code)
            _tell(report, taken[1:], now)
        return taken


def _other(voice: Voice, text: str, number: int) -> Voice:
    return replace(voice, text=text, source_id=f"{voice.source_id}/{number}", item_code=None, hold=False, files=())


def _tell(report: Report, others: list[Taken], now: datetime) -> None:
    codes = [one.tracking_code for one in others]
    Telling.objects.create(report=report, kind=Told.SPLIT, body={"codes": codes}, at=now)


def _note(report: Report, taken: list[Taken], actor: Actor, now: datetime) -> None:
    """The case says which others came from it. A resident's own splitting is written down by the program."""
    numbers = [one.number for one in outlines(one.case_id for one in taken).values()]
    text = _("这段话里的另外几件事单独办理：%(numbers)s") % {"numbers": "、".join(sorted(numbers))}
    writer = actor if access.is_colleague(actor) else system("reports")
    cases.note_case(report.case_id, text=str(text), actor=writer, now=now)


def _voice(report: Report, text: str, number: int) -> Voice:
    contact = report.contact
    return Voice(
        source=SOURCE,
        source_id=f"{report.pk}/{number}",
        channel=report.channel,
        text=text,
        said_at=report.said_at,
        name=_opened(contact, "name_sealed"),
        phone=_opened(contact, "phone_sealed"),
        user_id=contact.user_id if contact is not None else None,
        anonymous=report.anonymous,
        hide_identity=report.hide_identity,
        place_text=report.place_text,
        lon=report.lon,
        lat=report.lat,
    )


def _opened(contact: Contact | None, field: str) -> str:
    sealed = getattr(contact, field) if contact is not None else None
    return unseal(sealed) if sealed else ""
