"""The one door to personal data: opening it leaves a record of who, why, what and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.paging import Page, page
from huying.kernel.privacy.models import AccessEntry
from huying.kernel.privacy.sealing import unseal

MIN_REASON: Final = 2
MAX_REASON: Final = 200


def reveal(
    *,
    actor: Actor,
    now: datetime,
    subject: str,
    why: str,
    fields: Mapping[str, bytes] | Sequence[str],
) -> dict[str, str]:
    """Open sealed values of one subject and log the look.

    ``fields`` maps names to sealed values, which are returned opened; a plain sequence of names only logs (the
    caller shows the values itself). Nothing is opened unless the record is written. Raises Invalid without a reason.
    """
    reason = why.strip()
    if not MIN_REASON <= len(reason) <= MAX_REASON:
        raise Invalid(_("请写明查看事由"), code="reason_needed", field="why", hint=_("2 到 200 个字"))
    if not fields:
        raise Invalid(_("没有指明要查看的内容"), code="nothing_asked", field="fields")
    with transaction.atomic():
        AccessEntry.objects.create(
            at=now,
            actor_ref=actor.ref,
            actor_name=actor.name,
            actor_unit=actor.unit_id,
            subject=subject,
            why=reason,
            what=list(fields),
        )
        if isinstance(fields, Mapping):
            return {name: unseal(sealed) for name, sealed in fields.items()}
        return {}


def who_looked(subject: str, *, cursor: str | None = None, size: int = 50) -> Page[AccessEntry]:
    """Who has looked at this subject, latest first; this is what the person concerned may see."""
    return page(AccessEntry.objects.filter(subject=subject), ("-id",), cursor, size)
