"""What keeps coming back, as a list."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from huying.casework.cases import access as case_access
from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page

from .models import Recurrence

PAGE_SIZE = 30
_NEWEST = ("-case_id", "-id")


def recurrences(
    actor: Actor, *, open_only: bool = False, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Recurrence]:
    """Those whose latest case the actor may see, the latest case first."""
    cases = case_access.visible(actor).filter(pk=OuterRef("case_id"))
    rows = Recurrence.objects.filter(Exists(cases.filter(open=True) if open_only else cases))
    return page(rows.select_related("case__item", "case__lead_unit"), _NEWEST, cursor, size)
