"""Cases follow what they are about when two records of one thing become one. The registry's own trace tells of it."""

from __future__ import annotations

from collections.abc import Callable

from ..models import Case
from ..subjects import brought, leading, via


def follow_subject(*, gone: str, kept: str) -> int:
    """Whatever is about ``gone`` is about ``kept`` as well; how many cases. A second time it changes nothing."""
    return _change([gone], lambda marks: _followed(marks, gone, kept))


def part_subject(*, gone: str, kept: str) -> int:
    """The merging was undone: what it brought leaves again, what a case named by itself stays; how many cases."""
    return _change([via(gone, kept)], lambda marks: _parted(marks, gone, kept))


def _followed(marks: list[str], gone: str, kept: str) -> list[str]:
    """A case that names both by itself is left as it is."""
    if kept in marks and not brought(marks, kept):
        return marks
    return list(dict.fromkeys([*marks, kept, via(gone, kept)]))


def _parted(marks: list[str], gone: str, kept: str) -> list[str]:
    """``kept`` stays while something else brought it; with it goes what it had brought in its turn."""
    rest = [one for one in marks if one != via(gone, kept)]
    if brought(rest, kept):
        return rest
    further = leading(rest, kept)
    rest = [one for one in rest if one != kept]
    for one in further:
        rest = _parted(rest, kept, one)
    return rest


def _change(named: list[str], changed: Callable[[list[str]], list[str]]) -> int:
    """The cases that bear these marks, locked in ascending order as everybody locks cases."""
    rows = list(
        Case.objects.filter(subjects__contains=named).select_for_update(no_key=True).order_by("pk").only("subjects")
    )
    moved = []
    for case in rows:
        marks = changed(list(case.subjects or ()))
        if marks != case.subjects:
            case.subjects = marks
            moved.append(case)
    Case.objects.bulk_update(moved, ["subjects"], batch_size=1000)
    return len(moved)
