"""What is done with a device: pausing and retiring, its credential, commands that a second person agrees to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.kernel.errors import HuyingError, Invalid

from .. import access, actions, queries
from ..kinds import kind
from ..models import Credential, Device
from .device import Opened, show
from .frame import crumbs_of

_STATES = {"pause": actions.pause_device, "resume": actions.resume_device, "retire": actions.retire_device}


def _refused(request: HttpRequest, code: str, error: HuyingError, typed: dict[str, str]) -> HttpResponse:
    """The device's page with what was typed and why it was refused. What is not there stays not there."""
    if error.status == 404:
        raise error
    return show(request, queries.whole(actor_of(request), code), Opened(error=error, typed=typed))


@staff
@require_POST
def change_state(request: HttpRequest, code: str) -> HttpResponse:
    """Pause, resume or retire."""
    actor, now = actor_of(request), clock.now()
    found = access.get(actor, code)
    typed = {"do": request.POST.get("do", ""), "why": request.POST.get("why", "").strip()}
    try:
        if typed["do"] not in _STATES:
            raise Invalid(_("请选择怎么办"), field="do")
        _STATES[typed["do"]](found.pk, actor=actor, now=now, why=typed["why"])
    except HuyingError as error:
        return _refused(request, code, error, typed)
    messages.success(request, _("已照办"))
    return redirect("devices-device", code)


@staff
@require_POST
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a command; it is sent at once, or waits for a second person."""
    actor, now = actor_of(request), clock.now()
    found = access.get(actor, code)
    typed = {"command": request.POST.get("command", ""), "reason": request.POST.get("reason", "").strip()}
    try:
        asked = actions.ask_command(found.pk, actor=actor, now=now, code=typed["command"], reason=typed["reason"])
    except HuyingError as error:
        return _refused(request, code, error, typed)
    waits = kind(found.kind).commands[asked.code].needs_confirmation
    messages.success(request, _("已提出，等另一个人同意") if waits else _("命令已发出，设备回复后会写在这里"))
    return redirect("devices-device", code)


@staff
@require_POST
def decide(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """A second person agrees, or somebody says no."""
    actor, now = actor_of(request), clock.now()
    command = access.get_command(actor, pk)
    try:
        if request.POST.get("do") == "confirm":
            actions.confirm_command(command.pk, actor=actor, now=now)
            messages.success(request, _("命令已发出，设备回复后会写在这里"))
        else:
            actions.refuse_command(command.pk, actor=actor, now=now)
            messages.success(request, _("命令没有发出"))
    except HuyingError as error:
        return _refused(request, command.device.code, error, {})
    return redirect("devices-device", command.device.code)


@staff
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def credential(request: HttpRequest, code: str) -> HttpResponse:
    """Issue a secret, shown once, or revoke it."""
    actor, now = actor_of(request), clock.now()
    found = access.get(actor, code)
    access.require_over(actor, access.EDIT, found.area)
    secret, error = "", None
    if request.method == "POST":
        try:
            if request.POST.get("do") == "revoke":
                actions.revoke_credential(found.pk, actor=actor, now=now)
                messages.success(request, _("密钥已收回"))
                return redirect("devices-credential", code)
            secret = actions.issue_credential(found.pk, actor=actor, now=now)
        except HuyingError as refused:
            error = refused
    return render(
        request, "devices/credential.html", _credential_words(request, found, secret, error),
        status=error.status if error else 200,
    )  # fmt: skip


def _credential_words(request: HttpRequest, found: Device, secret: str, error: HuyingError | None) -> dict[str, object]:
    held = Credential.objects.filter(device=found).first()
    last = getattr(found, "last", None)
    return {
        "device": found,
        "secret": secret,
        "error": error,
        "made_at": held.made_at if held and held.revoked_at is None else None,
        "revoked_at": held.revoked_at if held else None,
        "last_at": last.received_at if last else None,
        "push_url": request.build_absolute_uri(f"/api/v1/devices/{found.code}/readings"),
        "crumbs": crumbs_of((reverse("devices-device", args=[found.code]), found.name), ("", _("接入密钥"))),
    }
