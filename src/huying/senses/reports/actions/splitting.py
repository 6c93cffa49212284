"""One voice that raises several matters: each of the others gets a case of its own, with the resident's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import actions as cases
from huying.casework.cases.access import area_of
from huying.casework.cases.models import Case
from huying.ground.territory import queries as territory
from huying.kernel.actor import Actor, system
from huying.kernel.clock import local_day
from huying.kernel.errors import Refused
from huying.kernel.privacy import unseal

from .. import access
from ..models import Contact, Report, Telling
from ..queries import others_of
from ..rules import Told, parts_of
from .intake import Taken, Voice, take_in
from .owning import hold_report

SOURCE = "split"
_READ = 200  # characters in which a part may name its place


def split_report(report_id: int, *, actor: Actor, now: datetime) -> list[Taken]:
    """Open a case for each other matter a report raises; its own case goes on, and keeps every word of it.

    They are about what it is about: it was said of the same place. The reporter is the same and is told the tracking codes.
    Refused for a voice that raises one matter, was taken apart before, or whose case is over.
    """
    with transaction.atomic():
        report = hold_report(report_id)
        others = parts_of(report.text)[1:]
        if not report.case.open:
            raise Refused(_("事件已经结束，不能再拆"), code="case_over")
        if not others:
            raise Refused(_("这段话里只有一件事"), code="one_matter")
        voices = [replace(_voice(report), text=text, source_id=f"{report.pk}/{n}") for n, text in enumerate(others, 2)]
        taken = take_in(_placed(voices, report.case, now), actor=actor, now=now)
        if any(one.repeated for one in taken):
            raise Refused(_("已经拆过了"), code="already_split")
        _bind(report, taken, now)
        _note(report, taken, actor, now)
        return taken


def take_in_apart(voice: Voice, *, actor: Actor, now: datetime, joining: int = 0) -> list[Taken]:
    """Take in a voice as one for each matter it raises, in its own words; the first keeps the pictures and is told of all.

    Where the voice joins a case, only the matter ``joining`` does (counted from 0), each other one gets a case of its own.
    A voice of one matter is taken in as it is. Repeated it changes nothing; if it had been taken in whole before, its other
    matters now get cases of their own.
    """
    first, *others = parts_of(voice.text)
    into = [voice.case_id if n == joining else None for n in range(len(others) + 1)]
    with transaction.atomic():
        (taken,) = take_in([replace(voice, text=first, case_id=into[0])], actor=actor, now=now)
        if not others:
            return [taken]
        report = Report.objects.select_related("case").get(tracking_code=taken.tracking_code)
        if taken.repeated:
            return [taken, *split_report(report.pk, actor=actor, now=now)] if others_of(report) else [taken]
        voices = [
            replace(voice, text=text, source_id=f"{voice.source_id}/{n}", item_code=None, files=(), case_id=into[n - 1])
            for n, text in enumerate(others, 2)
        ]
        more = take_in(_placed(voices, report.case, now), actor=actor, now=now)
        _bind(report, more, now)
        _note(report, more, actor, now)
        return [taken, *more]


def _placed(voices: Sequence[Voice], case: Case, now: datetime) -> list[Voice]:
    """What names no place of its own and came without one is where the first matter is."""
    if not voices or voices[0].lon is not None or voices[0].place_text:
        return list(voices)
    area = area_of(case)
    named = territory.locate_texts([one.text[:_READ] for one in voices], on=local_day(now), k=1)
    there = case.place_text or (territory.label(area) if area else "")
    return [
        one if found else replace(one, lon=case.lon, lat=case.lat, place_text=there)
        for one, found in zip(voices, named, strict=True)
    ]


def _bind(report: Report, others: list[Taken], now: datetime) -> None:
    """They are one message with it, whatever becomes of their cases; its reporter is told how to follow them."""
    codes = [one.tracking_code for one in others]
    Report.objects.filter(tracking_code__in=codes).update(part_of_id=report.part_of_id or report.pk)
    Telling.objects.create(report=report, kind=Told.SPLIT, body={"codes": codes}, at=now)


def _note(report: Report, taken: list[Taken], actor: Actor, now: datetime) -> None:
    """The case says which others came from it. A resident's own splitting is written down by the program."""
    numbers = {one.case.number for one in taken}
    text = _("这段话里的另外几件事单独办理：%(numbers)s") % {"numbers": "、".join(sorted(numbers))}
    writer = actor if access.is_colleague(actor) else system("reports")
    cases.note_case(report.case_id, text=str(text), actor=writer, now=now)


def _voice(report: Report) -> Voice:
    """The voice of a report once more."""
    contact = report.contact
    return Voice(
        source=SOURCE,
        source_id=str(report.pk),
        channel=report.channel,
        text=report.text,
        said_at=report.said_at,
        name=_opened(contact, "name_sealed"),
        phone=_opened(contact, "phone_sealed"),
        user_id=contact.user_id if contact is not None else None,
        anonymous=report.anonymous,
        hide_identity=report.hide_identity,
        place_text=report.place_text,
        lon=report.lon,
        lat=report.lat,
        subjects=tuple(report.case.subjects or ()),  # with what says how it came by them: undoing a merge reaches all
    )


def _opened(contact: Contact | None, field: str) -> str:
    sealed = getattr(contact, field) if contact is not None else None
    return unseal(sealed) if sealed else ""
