"""Which period a page was asked for, and how it is written in the addresses of its links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from huying.kernel import clock
from huying.kernel.errors import Invalid

from . import words
from .periods import OFFERED, USUAL, NoPeriod, Period, between, last_days


@dataclass(frozen=True, slots=True)
class Asked:
    """A period with what was typed of it; ``error`` when that was none, and the period is the usual one."""

    period: Period
    first: str = ""
    last: str = ""
    error: Invalid | None = None

    @property
    def query(self) -> str:
        """As it stands in an address."""
        if self.period.days is not None:
            return urlencode({"days": self.period.days})
        return urlencode({"from": self.period.first.isoformat(), "to": self.period.last.isoformat()})


def asked(request: HttpRequest) -> Asked:
    """``?days=30``, or ``?from=2026-03-01&to=2026-03-31``, the usual without either."""
    first, last = request.GET.get("from", "").strip()[:10], request.GET.get("to", "").strip()[:10]
    try:
        return Asked(period_of(request.GET.get("days", ""), first, last), first, last)
    except Invalid as error:
        return Asked(period_of(str(USUAL), "", ""), first, last, error)


def period_of(days: str, first: str, last: str) -> Period:
    """The period of these words; Invalid when they tell none."""
    zone: Any = timezone.get_default_timezone()
    today = clock.local_day(clock.now())
    try:
        if first or last:
            return between(_day(first, "from"), _day(last, "to"), today, zone)
        return last_days(int(days) if days.isdecimal() and len(days) < 6 else USUAL if not days else 0, today, zone)
    except NoPeriod as wrong:
        raise Invalid(words.WRONG_PERIODS[wrong.code], field=wrong.field, code="no_period") from wrong


def tabs(period: Period) -> list[tuple[int, str, bool]]:
    """The periods offered: days, words, whether it is this one."""
    return [(n, _("一年内") if n == 365 else _("%(n)s 天内") % {"n": n}, n == period.days) for n in OFFERED]


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NoPeriod(field, "unreadable") from error
