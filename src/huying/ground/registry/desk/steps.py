"""Small steps on a record's page: checked and unchanged, moved out, ended, consent given or withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound
from huying.kernel.numbers import whole_number

from .. import access, actions, consents
from ..models import Consent, Record, Residence, Resident
from . import grants
from .frame import actor_of, entered, page
from .record import Tried, show

Deed = Callable[[HttpRequest, Record, Actor, datetime], str]


@page(access.PROPOSE)
@require_POST
def step(request: HttpRequest, kind: str, uid: str) -> HttpResponseBase:
    """Do what ``do`` names and come back; refused: the page again, with why."""
    actor, now = actor_of(request), clock.now()
    record = access.get(actor, kind, uid)
    name = entered(request, "do")
    deed = _DEEDS.get(name)
    if deed is None:
        raise Invalid(_("页面没有这项操作"))
    home = access.get(actor, "person", record.resident_id) if hasattr(record, "resident_id") else record
    try:
        messages.success(request, deed(request, record, actor, now))
    except HuyingError as error:
        if error.status in (403, 404):
            raise
        return show(request, home, tried=Tried(name, request.POST, error))
    return redirect(grants.record_url(record))


def _confirm(request: HttpRequest, record: Record, actor: Actor, now: datetime) -> str:
    actions.confirm(actor=actor, now=now, kind=record.KIND, uid=record.uid)
    return _("记下了：今天核过，没有变化")


def _end(request: HttpRequest, record: Record, actor: Actor, now: datetime) -> str:
    if not entered(request, "ending"):
        raise Invalid(_("请选择为什么注销"), field="ending")
    changes: dict[str, Any] = {"ending": entered(request, "ending")}
    if entered(request, "ended_on"):
        changes["ended_on"] = entered(request, "ended_on")
    return _change(request, record, changes, actor, now, _("已注销"))


def _leave(request: HttpRequest, record: Record, actor: Actor, now: datetime) -> str:
    if not isinstance(record, Residence):
        raise Invalid(_("页面没有这项操作"))
    today = clock.local_day(now)
    day = max(today, record.since).isoformat() if record.since else today.isoformat()
    return _change(request, record, {"until": day}, actor, now, _("已登记搬走"))


def _change(
    request: HttpRequest, record: Record, changes: dict[str, Any], actor: Actor, now: datetime, done_words: str
) -> str:
    seen = whole_number(entered(request, "base"), 9)
    base = record.version if seen is None else seen
    done = actions.change(
        actor=actor, now=now, kind=record.KIND, uid=record.uid, base=base, changes=changes, source="desk"
    )
    if done.state == "applied":
        return done_words
    if done.state == "conflict":
        return _("别人刚刚改过同一处，两种写法都留着等人判断")
    return _("已提交，等信息管理员审核")


def _consent(request: HttpRequest, record: Record, actor: Actor, now: datetime) -> str:
    if not isinstance(record, Resident):
        raise Invalid(_("页面没有这项操作"))
    purpose = entered(request, "purpose")
    if purpose not in dict(consents.offered()):
        raise Invalid(_("请选择同意的用途"), code="bad_choice", field="purpose")
    if not entered(request, "notice"):
        raise Invalid(_("请写明给本人看的告知书版本"), code="required", field="notice")
    actions.record_consent(
        actor=actor, now=now, resident=record, purpose=purpose, notice=entered(request, "notice"),
        how=entered(request, "how"), guardian=bool(entered(request, "guardian")),
    )  # fmt: skip
    return _("同意已记下，本人在“我的信息”里看得到，随时可以撤回")


def _withdraw(request: HttpRequest, record: Record, actor: Actor, now: datetime) -> str:
    found = Consent.objects.select_related("resident").filter(
        pk=whole_number(entered(request, "consent")) or 0, resident__uid=record.uid
    )
    consent = found.first()
    if consent is None:
        raise NotFound(_("没有这项同意"))
    actions.withdraw_consent(actor=actor, now=now, consent=consent)
    return _("已按本人的意思撤回")


_DEEDS: Mapping[str, Deed] = {
    "confirm": _confirm, "end": _end, "leave": _leave, "consent": _consent, "withdraw": _withdraw,
}  # fmt: skip
