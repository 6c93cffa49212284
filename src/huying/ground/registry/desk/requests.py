"""What residents ask about their own data: to be corrected, erased or copied; the nearest due first."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, NotFound
from huying.kernel.privacy import mask_text

from .. import access, actions
from .. import queries_desk as reads
from ..masking import label
from ..models import RightsRequest
from .frame import actor_of, entered, page


@page(access.DECIDE)
@require_GET
def queue(request: HttpRequest) -> HttpResponseBase:
    """What is asked and not answered; ``?state=answered`` shows what was."""
    actor, now = actor_of(request), clock.now()
    state = "answered" if request.GET.get("state") == "answered" else "open"
    found = reads.requests(actor, state=state, cursor=request.GET.get("cursor"))
    rows = [_words(one) for one in found.rows]
    return render(request, "registry/requests.html", {"page": found, "rows": rows, "state": state, "now": now})


def _words(one: RightsRequest) -> dict[str, Any]:
    return {
        "request": one,
        "kind": one.get_kind_display(),
        "state": one.get_state_display(),
        "who": label(one.resident) if one.resident is not None else _("还没有登记的人"),
        "text": mask_text(one.text or ""),
    }


def _of(actor: Actor, number: int) -> RightsRequest:
    rows = RightsRequest.objects.select_related("resident", "resident__home").filter(pk=number)
    found: RightsRequest | None = rows.filter(access.within(access.areas(actor, access.DECIDE))).first()
    if found is None:
        raise NotFound(_("没有这条申请"))
    return found


@page(access.DECIDE)
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponseBase:
    """One request and its answer. Granting an erasure erases; a correction or a copy is done first, then answered."""
    actor, now = actor_of(request), clock.now()
    found = _of(actor, number)
    error: HuyingError | None = None
    if request.method == "POST":
        try:
            granted = entered(request, "do") == "grant"
            actions.answer_right(
                actor=actor, now=now, request_id=found.pk, grant=granted, answer=entered(request, "answer")
            )
            messages.success(request, _("已答复，本人看得到"))
            return redirect("registry-requests")
        except HuyingError as refused:
            if refused.status == 404:
                raise
            error = refused
    row = _words(found)
    resident = found.resident
    near = resident is not None and access.may(actor, access.VIEW, resident.area)
    shown = {"row": row, "one": found, "near": near, "error": error, "typed": request.POST, "now": now}
    return render(request, "registry/request.html", shown, status=error.status if error else 200)
