"""What stands behind a QR code at a door: which grid this is, who walks it, how to report, when it was last looked at.

Nothing of anybody who lives or works there. The worker's name and work phone are published by their office.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from huying.casework.clocks.desk import actor_of
from huying.ground.accounts.places import address_of
from huying.kernel import clock
from huying.kernel.errors import NotFound
from huying.senses.reports import throttle
from huying.senses.sync.rules import FIELD_ROLES

from . import queries_public


@require_safe
def place(request: HttpRequest, code: str) -> HttpResponse:
    """The public page of premises or of a checkpoint, by its code."""
    now = clock.now()
    throttle.count("look", address_of(request) or "?", now=now)
    found = queries_public.place_of(code, now=now)
    if found is None:
        raise NotFound(code="place_not_found")
    actor = actor_of(request)
    works = actor.is_staff and bool(actor.duties_of(*FIELD_ROLES))
    asked = {"place_text": found.address}
    if found.lon is not None and found.lat is not None:
        asked |= {"lon": f"{found.lon:.6f}", "lat": f"{found.lat:.6f}"}
    if found.about:
        asked["about"] = found.about
    shown = {
        "place": found,
        "report_url": f"{reverse('report')}?{urlencode(asked)}",
        "file_url": f"{reverse('field-app')}#/{found.kind}/{found.uid}" if works else "",
    }
    response = render(request, "field/place.html", shown)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "private, no-store"
    return response
