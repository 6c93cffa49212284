"""What the registry does when the ground is divided anew."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from huying.ground.territory.facts import AreasChanged
from huying.ground.territory.queries import locate_points
from huying.kernel.facts import subscribe

from .actions.following import spread
from .models import Facility, Premises

_STEP = 500


@subscribe(AreasChanged)
def move_to_new_grids(facts: Sequence[AreasChanged]) -> None:
    """Premises and facilities of ended grids lie in their successors from now on, and everything in them with them."""
    for fact in facts:
        ends = dict(fact.successors)
        for code in fact.ended:
            heirs = ends.get(code, ())
            for model in (Premises, Facility):
                _relocate(model, code, heirs[0] if len(heirs) == 1 else "", fact)


def _relocate(model: type[Premises] | type[Facility], code: str, heir: str, fact: AreasChanged) -> None:
    """By their point; those without one follow a single successor, or stay in the community."""
    rows = list(model._default_manager.filter(area=code).defer("private"))
    for start in range(0, len(rows), _STEP):
        part = rows[start : start + _STEP]
        points = [(row.lon, row.lat) if row.lon is not None and row.lat is not None else None for row in part]
        for row, place in zip(part, locate_points(points, on=fact.on), strict=True):
            row.area = (place.grid or place.community) if place is not None else heir or code[:12]
        with transaction.atomic():
            model._default_manager.bulk_update(part, ["area"])
    tops = [row for row in rows if isinstance(row, Premises)]
    if tops:
        spread(tops)
