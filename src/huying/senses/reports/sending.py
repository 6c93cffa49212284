"""Tellings go out to phones: each at least once, several at once as one message, never for ever.

A telling is claimed (its tries counted, committed) before it is sent and marked when it was; killed in between, it is
sent once more by a later run. Failures wait longer each time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import translation

from huying.ground.accounts.senders import Sender, SendFailed
from huying.ground.organisation.models import Unit
from huying.kernel.privacy import Unsealable, unseal

from .models import Contact, Telling
from .rules import Told
from .words import message, sentence

log = logging.getLogger("huying.tellings")
MOST_TRIES = 5
STALE_AFTER = timedelta(days=3)
# After so many tries, so long since it was said.
_PATIENCE = {
    0: timedelta(0),
    1: timedelta(minutes=3),
    2: timedelta(minutes=15),
    3: timedelta(hours=1),
    4: timedelta(hours=4),
}
_UNSENT = Q(sent_at__isnull=True, tries__lt=MOST_TRIES)


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did."""

    messages: int
    failed: int
    given_up: int


def send_tellings(*, sender: Sender, now: datetime, most: int = 200) -> Run:
    """Send what waits, oldest first."""
    given_up = _give_up(now)
    claimed = _claim(now, most)
    units = dict(Unit.objects.filter(pk__in=_unit_ids(claimed)).values_list("id", "name"))
    by_report: dict[int, list[Telling]] = {}
    for telling in claimed:
        by_report.setdefault(telling.report_id, []).append(telling)
    sent = failed = 0
    for group in by_report.values():
        if _send(group, units, sender, now):
            sent += 1
        else:
            failed += 1
    return Run(sent, failed, given_up)


def _give_up(now: datetime) -> int:
    """What nobody would be reached by, or what is old news by now, is left to the tracking code."""
    nobody = Q(report__contact__isnull=True) | (
        Q(report__contact__phone_sealed__isnull=True) & Q(report__contact__user__phone_sealed__isnull=True)
    )
    silent = nobody | Q(at__lt=now - STALE_AFTER) | Q(kind=Told.UNMERGED) | Q(report__erased_at__isnull=False)
    ids = list(Telling.objects.filter(_UNSENT).filter(silent).order_by("id").values_list("id", flat=True)[:5_000])
    return Telling.objects.filter(pk__in=ids).update(tries=MOST_TRIES) if ids else 0


@transaction.atomic
def _claim(now: datetime, most: int) -> list[Telling]:
    due = Q(pk__in=[])
    for tries, patience in _PATIENCE.items():
        due |= Q(tries=tries, at__lte=now - patience)
    rows = Telling.objects.select_for_update(skip_locked=True, of=("self",)).filter(_UNSENT).filter(due).order_by("id")
    claimed = list(rows.select_related("report__case", "report__contact__user")[:most])
    if claimed:
        Telling.objects.filter(pk__in=[one.pk for one in claimed]).update(tries=F("tries") + 1)
    return claimed


def _unit_ids(claimed: Iterable[Telling]) -> set[int]:
    return {one.body["unit"] for one in claimed if isinstance(one.body.get("unit"), int)}


def _send(group: list[Telling], units: dict[int, str], sender: Sender, now: datetime) -> bool:
    """One message for everything a reporter has not been told yet."""
    report = group[0].report
    contact = report.contact
    if contact is None:
        return False
    user = contact.user
    with translation.override(user.language if user is not None else "zh-hans"):
        said = [
            text
            for one in group
            if (text := sentence(one.kind, one.body, unit=units.get(one.body.get("unit", 0), ""), now=now))
        ]
        text = message(report.title or report.case.title, said, report.tracking_code)
    try:
        sender.send(_phone(contact), report.tracking_code, text)
    except (SendFailed, Unsealable) as error:
        log.warning("telling of report %s not sent: %s", report.pk, error)
        return False
    Telling.objects.filter(pk__in=[one.pk for one in group]).update(sent_at=now)
    return True


def _phone(contact: Contact) -> str:
    if contact.phone_sealed:
        return unseal(contact.phone_sealed)
    return contact.user.phone if contact.user is not None else ""
