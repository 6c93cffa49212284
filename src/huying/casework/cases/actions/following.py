"""Cases follow what they are about when two records of one thing become one. The registry's own trace tells of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, F, Func, QuerySet, Value

from ..models import Case

_MARKS = ArrayField(CharField(max_length=80))


def _changed(function: str, mark: str) -> Func:
    return Func(F("subjects"), Value(mark, CharField(max_length=80)), function=function, output_field=_MARKS)


def follow_subject(*, gone: str, kept: str) -> int:
    """Whatever is about ``gone`` is about ``kept`` as well; how many cases. A second time it changes nothing."""
    rows = Case.objects.filter(subjects__contains=[gone]).exclude(subjects__contains=[kept])
    return _held(rows).update(subjects=_changed("array_append", kept))


def part_subject(*, gone: str, kept: str) -> int:
    """The merging was undone: what names both was about ``gone`` alone; how many cases."""
    rows = Case.objects.filter(subjects__contains=[gone, kept])
    return _held(rows).update(subjects=_changed("array_remove", kept))


def _held(rows: QuerySet[Case]) -> QuerySet[Case]:
    """The same rows, locked in ascending order as everybody locks cases."""
    found = rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True)
    return Case.objects.filter(pk__in=list(found))
