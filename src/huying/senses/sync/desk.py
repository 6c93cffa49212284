"""Staff pages of the sync: phones of the people one looks after, and what did not come through."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.privacy import reveal

from . import access, actions, queries, words
from .models import Operation
from .rules import State

PAGE = 50
_TABS = (State.REFUSED, State.CONFLICT, State.WAITING)


@staff
@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    """Phones by when they last called, with what stands on each."""
    actor, now = actor_of(request), clock.now()
    access.must_watch(actor)
    found = queries.device_page(actor, today=clock.local_day(now), cursor=request.GET.get("cursor") or None, size=PAGE)
    return render(request, "sync/devices.html", {"page": found, "now": now})


@staff
def revoke(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask why, then shut the phone out."""
    actor, now = actor_of(request), clock.now()
    device = access.watched_device(actor, uid, today=clock.local_day(now))
    error: HuyingError | None = None
    why = request.POST.get("why", "")
    if request.method == "POST":
        try:
            actions.revoke_device(device.pk, actor=actor, now=now, why=why)
        except HuyingError as refused:
            error = refused
        else:
            messages.success(request, _("已停用这部手机。它下次联网时会清除手机上的资料"))
            return redirect("sync-devices")
    crumbs = [(reverse("sync-devices"), _("手机")), ("", _("停用手机"))]
    found = {"device": device, "error": error, "why": why, "crumbs": crumbs}
    return render(request, "sync/revoke.html", found, status=error.status if error else 200)


@staff
@require_GET
def operations(request: HttpRequest) -> HttpResponse:
    """What was refused, stands in conflict or waits, newest first."""
    actor, now = actor_of(request), clock.now()
    access.must_watch(actor)
    state = request.GET.get("state", "")
    state = state if state in _TABS else State.REFUSED
    page = queries.operation_page(
        actor,
        today=clock.local_day(now),
        state=state,
        device=_device(request.GET.get("device", "")),
        cursor=request.GET.get("cursor") or None,
        size=PAGE,
    )
    found = {
        "page": page,
        "rows": [_shown(one) for one in page.rows],
        "tabs": [(one, words.STATES[one], one == state) for one in _TABS],
    }
    return render(request, "sync/operations.html", found)


def _device(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@staff
def operation(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """One operation: where it stands and why, and — for a reason, which is kept — what it says."""
    actor, now = actor_of(request), clock.now()
    row = access.watched_operation(actor, operation_id, today=clock.local_day(now))
    found: dict[str, Any] = {
        **_shown(row),
        "crumbs": [(reverse("sync-operations"), _("没有收下的操作")), ("", words.KINDS.get(row.kind, row.kind))],
    }
    status = 200
    if request.method == "POST":
        found["why_look"] = request.POST.get("why", "")
        try:
            if row.body is None and row.sealed is None:
                raise Invalid(_("内容已清除"), code="cleared")
            subject = f"operation:{row.pk}"
            reveal(actor=actor, now=now, subject=subject, why=found["why_look"], fields=["body"])
            found["content"] = row.content
        except HuyingError as error:
            found["error"], status = error, error.status
    return render(request, "sync/operation.html", found, status=status)


@staff
@require_POST
def mend(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Try it again, or take it away."""
    actor, now = actor_of(request), clock.now()
    row = access.watched_operation(actor, operation_id, today=clock.local_day(now))
    try:
        if request.POST.get("do") == "remove":
            why = request.POST.get("why", "").strip()
            if not why:
                raise Invalid(_("请写明为什么移除"), field="why")
            actions.remove_operation(row.pk, actor=actor, now=now, why=why)
            messages.success(request, _("已移除，后面等着它的会接着处理"))
        else:
            row = actions.retry_operation(row.pk, actor=actor, now=now)
            said = words.why(row.state, row.cause, row.outcome.get("message", ""))
            messages.info(request, _("又试了一次：%(said)s") % {"said": said})
    except HuyingError as error:
        messages.error(request, str(error))
    return redirect("sync-operation", operation_id)


def _shown(row: Operation) -> dict[str, Any]:
    return {
        "row": row,
        "kind": words.KINDS.get(row.kind, row.kind),
        "state": words.STATES[row.state],
        "why": words.why(row.state, row.cause, row.outcome.get("message", "")),
        "standing": row.state in (State.WAITING, State.REFUSED),
    }
