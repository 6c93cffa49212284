"""The only place that reads the wall clock. Edges call ``now()`` once and pass it on as an argument."""

from datetime import UTC, date, datetime

from django.utils import timezone


def now() -> datetime:
    """This moment, aware, in UTC, to the microsecond."""
    return datetime.now(UTC)


def local_day(moment: datetime) -> date:
    """The calendar day of a moment in the place's own time zone."""
    return timezone.localtime(moment).date()
