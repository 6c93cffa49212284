"""How much one address may send in an hour: enough for any neighbour, too little for a machine.

``HUYING_PORTAL_LIMITS = {"send": (30, 3600), …}``: name → (times, seconds). Kept in the cache all web processes share.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.cache import caches
from django.utils.translation import gettext_lazy as _

from huying.kernel.errors import HuyingError

DEFAULT: Final = {"send": (30, 3600), "photo": (120, 3600), "look": (60, 600)}


class TooMany(HuyingError):
    """Too often from one address; it works again a little later."""

    status = 429
    default_code = "too_many"
    default_message = _("刚才从这里送出的次数有点多")


def count(name: str, who: str, *, now: datetime, times: int = 1, usual: tuple[int, int] | None = None) -> None:
    """Count ``times`` more for somebody. Raises :class:`TooMany` once the limit of this stretch of time is used up.

    ``usual`` is the limit (times, seconds) of a name that belongs to a caller in another room.
    """
    limits = {**DEFAULT, **({name: usual} if usual else {}), **getattr(settings, "HUYING_PORTAL_LIMITS", {})}
    most, seconds = limits[name]
    stretch = int(now.timestamp()) // seconds
    key = f"portal:{name}:{stretch}:{hashlib.sha256(who.encode()).hexdigest()[:24]}"
    if caches["default"].count(key, times, seconds) > most:
        raise TooMany(hint=_("请过一会儿再试。着急的事可以直接打 12345，有人接听。"))
