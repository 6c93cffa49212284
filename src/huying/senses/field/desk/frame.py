"""What the pages share: who reads, which period, which area."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from huying.ground.organisation.rules import is_area
from huying.ground.territory import queries as territory
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid
from huying.kernel.numbers import whole_number

from .. import access
from ..actions.writing import day_begins

OFFERED: Final = (7, 30, 90)
LONGEST: Final = 400
MOST_CHOICES: Final = 400
MOST_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both included; what falls due on the last day counts."""

    first: date
    last: date
    days: int | None

    @property
    def since(self) -> datetime:
        return day_begins(self.first)

    @property
    def until(self) -> datetime:
        return day_begins(self.last + timedelta(days=1))

    @property
    def query(self) -> str:
        return f"days={self.days}" if self.days else f"from={self.first}&to={self.last}"


def period_of(request: HttpRequest, now: datetime) -> Period:
    """``days=7`` back from today, or ``from`` and ``to``. Invalid for what is no period."""
    today = local_day(now)
    if request.GET.get("from") or request.GET.get("to"):
        first, last = _day(request, "from"), _day(request, "to")
        if not first <= last <= first + timedelta(days=LONGEST):
            raise Invalid(_("请选择先后合理、不超过一年的日期"), field="to")
        return Period(first, last, None)
    days = whole_number(request.GET.get("days", "7"))
    if days is None or days not in OFFERED:
        raise Invalid(field="days")
    return Period(today - timedelta(days=days - 1), today, days)


def _day(request: HttpRequest, name: str) -> date:
    try:
        found = parse_date(request.GET.get(name, ""))
    except ValueError:
        found = None
    if found is None:
        raise Invalid(_("请选择日期"), field=name)
    return found


def area_of(request: HttpRequest) -> str:
    area = request.GET.get("area", "")
    if not is_area(area):
        raise Invalid(_("没有这个区域"), field="area")
    return area


def area_words(codes: Iterable[str]) -> dict[str, str]:
    """What areas are called with what is above them; everywhere for none."""
    return {**territory.labels_here(set(codes)), "": _("全部区域")}


def area_choices(actor: Actor, chosen: str, today: date) -> list[tuple[str, str]]:
    """Areas somebody plans for, to choose from: their own, then what lies inside, as deep as the list stays readable."""
    own = [area for area in access.areas_of(actor, *access.PLANNERS) if area]
    codes = dict.fromkeys((chosen, *own) if chosen else own)
    for level in ("town", "community", "grid"):
        below = [one.code for area in own for one in territory.areas_below(level, area, on=today)]
        if len(codes) + len(below) > MOST_CHOICES:
            break
        codes |= dict.fromkeys(below)
    return sorted(territory.labels_here(codes).items())


def number_of(request: HttpRequest, name: str) -> int | None:
    return whole_number(request.GET.get(name, ""))
