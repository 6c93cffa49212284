"""Which resident of the registry a signed-in phone belongs to.

The phone was proven by a code, but a number may have had another owner, and families share one: the last six signs of the
identity number tell whose it is. Wrong tries are written into the access log, which also counts them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.privacy import AccessEntry, reveal

from .models import Resident

MOST_TRIES: Final = 5
TRIES_FOR: Final = timedelta(hours=24)
SUBJECT: Final = "registry:binding"


class TooManyTries(HuyingError):
    """Somebody has guessed too often; it works again the next day."""

    status = 429
    default_code = "too_many_tries"
    default_message = _("今天试得太多了")


def tell_by_id(candidates: list[Resident], ending: str, *, actor: Actor, now: datetime) -> Resident:
    """The one whose identity number ends so. Invalid when none or several do; TooManyTries after five in a day."""
    tried = AccessEntry.objects.filter(actor_ref=actor.ref, subject=SUBJECT, at__gt=now - TRIES_FOR)
    if tried[:MOST_TRIES].count() >= MOST_TRIES:
        raise TooManyTries(hint=_("请明天再试，或者带身份证到社区办理"))
    wanted = ending.strip().upper()
    found = [one for one in candidates if len(wanted) == 6 and str(one.secrets.get("id_number") or "").endswith(wanted)]
    if len(found) != 1:
        reveal(actor=actor, now=now, subject=SUBJECT, why="证件号后六位不符", fields=["id_number"])
        raise Invalid(_("和登记的对不上，请再看看身份证"), field="ending", code="no_match")
    return found[0]
