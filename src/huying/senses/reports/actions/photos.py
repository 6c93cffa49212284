"""The photos of a report: those it came with, and those whoever brought it adds later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import actions as cases
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.models import StoredFile
from huying.kernel.trace.record import RESIDENT_NAME

from ..models import Report, ReportPhoto
from ..rules import MOST_PHOTOS
from .owning import hold_report


def must_take_photos(report: Report, number: int, *, actor: Actor) -> None:
    """Nothing where so many photos may still be looked at; asked before any byte is stored.

    Invalid for none or too many at once, Refused where the case takes no files any more.
    """
    if not 1 <= number <= MOST_PHOTOS:
        raise _too_many()
    cases.must_take_files(report.case, stage="report", actor=_bringer(actor))


def add_photos(report_id: int, files: Sequence[StoredFile], *, actor: Actor, now: datetime) -> tuple[int, int]:
    """Add stored photos to a report; how many were new, and how many it has now. One it has already changes nothing.

    Invalid, and none is added, when it would have too many. What is not added is cleared away with other left uploads.
    """
    with transaction.atomic():
        report = hold_report(report_id)
        if report.erased_at is not None:
            raise NotFound(code="report_not_found")
        had = set(ReportPhoto.objects.filter(report=report).values_list("attachment__file__sha256", flat=True))
        fresh = {one.sha256: one for one in files if one.sha256 not in had}
        if len(had) + len(fresh) > MOST_PHOTOS:
            raise _too_many()
        attach_photos([(report.pk, report.case_id, one) for one in fresh.values()], actor=actor, now=now)
        return len(fresh), len(had) + len(fresh)


def attach_photos(brought: Sequence[tuple[int, int, StoredFile]], *, actor: Actor, now: datetime) -> None:
    """Photos (report, case, file) go to the cases; that they came with these reports is kept beside them."""
    if not brought:
        return
    hung = cases.attach_files([one[1:] for one in brought], stage="report", actor=_bringer(actor), now=now)
    of_report = {
        photo.pk: report_id for photo, (report_id, *_rest) in zip(reversed(hung), reversed(brought), strict=True)
    }
    for pk in ReportPhoto.objects.filter(attachment__in=of_report).values_list("attachment", flat=True):
        of_report.pop(pk)
    ReportPhoto.objects.bulk_create(
        [ReportPhoto(attachment_id=pk, report_id=report_id) for pk, report_id in of_report.items()]
    )


def _bringer(actor: Actor) -> Actor:
    """Whoever brings a voice may bring its pictures, also who is no party to the case; the trace names no resident."""
    if actor.is_system:
        return actor
    name = RESIDENT_NAME if actor.is_resident else actor.name
    return Actor("reporter", actor.ref, name, actor.unit_id, actor.person_id)


def _too_many() -> Invalid:
    text = _("一条诉求放 1 到 %(most)d 张照片") % {"most": MOST_PHOTOS}
    return Invalid(text, code="too_many_photos", field="photos")
