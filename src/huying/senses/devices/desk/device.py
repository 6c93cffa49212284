"""One device: what it says now, its chart over any period, what it was told, whom to call, what is registered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases.desk.guard import actor_of, staff
from huying.ground.organisation import rules as organisation
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.privacy import mask_name, mask_phone
from huying.shell.panels import render as hung

from .. import access, queries, rules
from ..kinds import Field, Kind, kind
from ..models import Command, Contact, Device
from ..rules import CommandState, DeviceState
from ..words import said
from .frame import crumbs_of, shown_rows, topics_of, unit_words, value_words

PERIODS: Final = {
    "6h": (timedelta(hours=6), gettext_lazy("近 6 小时")),
    "day": (timedelta(days=1), gettext_lazy("近 1 天")),
    "week": (timedelta(days=7), gettext_lazy("近 7 天")),
    "month": (timedelta(days=30), gettext_lazy("近 30 天")),
    "year": (timedelta(days=365), gettext_lazy("近 1 年")),
}
LONGEST: Final = timedelta(days=3660)
NO_PERIOD: Final = {
    "empty": gettext_lazy("结束时间要晚于开始时间"),
    "early": gettext_lazy("2000 年以前没有读数"),
    "late": gettext_lazy("还没有到这个时间，不能选将来"),
    "long": gettext_lazy("一次最多看十年，请缩短时间"),
}
POINTS: Final = 300
SENT: Final = 20
STATE_STEPS: Final = {
    "pause": gettext_lazy("暂停"),
    "resume": gettext_lazy("恢复使用"),
    "retire": gettext_lazy("停用，不再使用"),
}


@dataclass(slots=True)
class Opened:
    """What was opened on this page with a reason, and what was typed and refused."""

    fields: frozenset[str] = frozenset()
    contacts: list[tuple[Contact, str, str]] | None = None
    why: str = ""
    error: HuyingError | None = None
    typed: Mapping[str, str] = field(default_factory=dict)


@staff
@require_GET
@never_cache
def device(request: HttpRequest, code: str) -> HttpResponse:
    return show(request, queries.whole(actor_of(request), code))


@staff
@require_POST
@never_cache
def open_device(request: HttpRequest, code: str) -> HttpResponse:
    """Open what is private, once, with a reason that is written down: readings for carers, or the contacts' numbers."""
    actor, now = actor_of(request), clock.now()
    found = queries.whole(actor, code)
    typed = {"why": request.POST.get("why", "").strip()[:200], "what": request.POST.get("what", "")}
    opened = Opened(why=typed["why"], typed=typed)
    try:
        if not typed["why"]:
            raise Invalid(_("请写明为什么要看"), field="why")
        if typed["what"] == "contacts":
            opened.contacts = access.open_contacts(actor, found, why=typed["why"], now=now)
        else:
            fields = kind(found.kind).fields
            opened.fields = access.open_private(actor, found, fields=fields, why=typed["why"], now=now)
    except HuyingError as error:
        if error.status == 404:
            raise
        opened.error = error
    return show(request, found, opened)


def show(request: HttpRequest, found: Device, opened: Opened | None = None) -> HttpResponse:
    """The page of a device the reader may see."""
    actor, now, opened = actor_of(request), clock.now(), opened or Opened()
    of = kind(found.kind)
    (row,) = shown_rows([found])
    values = found.last.values if hasattr(found, "last") else {}
    wrong = {name: str(text) for name, text in getattr(opened.error, "fields", {}).items()}
    shown = {
        "device": found,
        "shown": row,
        "now": now,
        "gathers": of.gathers,
        "nows": [
            _now(one, values.get(name), name in opened.fields) for name, one in of.fields.items() if name in values
        ],
        "shut": bool(of.private_fields & values.keys()) and not opened.fields,
        "is_carer": bool(of.private_fields) and access.is_carer(actor, found),
        "may_edit": access.may_edit(actor, found.area),
        "state_steps": _state_steps(found),
        "contacts": _contacts(found, opened),
        "contacts_shut": opened.contacts is None and any(one.person is None for one in found.contact_rows),  # type: ignore[attr-defined]
        "error": opened.error,
        "typed": opened.typed,
        "wrong": wrong,
        "topics": topics_of(found.area),
        "live": topics_of(found.area).replace(",", " "),
        "crumbs": crumbs_of(("", found.name)),
        **_links(actor, found),
        **_commands(actor, found, of, now),
        **_charts(request, found, of, opened, now, wrong),
    }
    return render(request, "devices/device.html", shown, status=opened.error.status if opened.error else 200)


def _now(one: Field, value: object, is_open: bool) -> dict[str, Any]:
    shut = one.private and not is_open
    unit = unit_words(one.unit) if one.type == "number" else ""
    return {"label": said(one.name), "value": "" if shut else value_words(one, value), "unit": unit, "shut": shut}


def _state_steps(found: Device) -> list[tuple[str, Any]]:
    return [(verb, words) for verb, words in STATE_STEPS.items() if rules.device_after(found.state, verb)]


def _contacts(found: Device, opened: Opened) -> list[dict[str, str]]:
    """Staff with their work numbers; everybody else masked until opened."""
    plain = {row.pk: (name, phone) for row, name, phone in opened.contacts or ()}
    rows = []
    for row in found.contact_rows:  # type: ignore[attr-defined]
        is_open = row.person is not None or row.pk in plain
        name, phone = plain.get(row.pk) or (
            (row.person.label, row.person.phone) if row.person else (row.name or "", row.phone or "")
        )
        rows.append(
            {
                "name": name if is_open else mask_name(name),
                "role": row.get_role_display(),
                "phone": phone if is_open else "",
                "shown": phone if is_open else mask_phone(phone),
            }
        )
    return rows


def _links(actor: Actor, found: Device) -> dict[str, str]:
    may = organisation.may(actor, "registry.view", area=found.area)
    address = {name: getattr(found, f"{name}_uid") for name in ("premises", "resident")}
    kinds = {"premises": "premises", "resident": "person"}
    return {
        f"{name}_url": reverse("registry-record", args=[kinds[name], uid]) if may and uid else ""
        for name, uid in address.items()
    }


# --- commands -----------------------------------------------------------------------------------------------------------


def _commands(actor: Actor, found: Device, of: Kind, now: datetime) -> dict[str, Any]:
    """What it may be told, what waits for a second person, what was told before."""
    if not of.commands:
        return {"commands": [], "waiting": [], "sent": []}
    may = access.may(actor, access.COMMAND, found.area) and found.state == DeviceState.ACTIVE
    rows = queries.command_page(found, size=SENT).rows
    asked = [one for one in rows if one.state == CommandState.ASKED and _waits(one, of, now)]
    offered = [
        {
            "code": code,
            "said": said(one.name),
            "two": one.needs_confirmation,
            "why": _("接有医疗设备，不得断电") if one.cuts_power and found.exempt else "",
        }
        for code, one in of.commands.items()
    ]
    return {
        "commands": offered if may else [],
        "waiting": [_waiting(one, of, actor, may=may) for one in asked],
        "sent": [_told(one, of) for one in rows if one not in asked],
    }


def _waits(one: Command, of: Kind, now: datetime) -> bool:
    told = of.commands.get(one.code)
    until = rules.command_expires_at(one.state, asked_at=one.asked_at, sent_at=one.sent_at)
    return told is not None and told.needs_confirmation and now < until


def _waiting(one: Command, of: Kind, actor: Actor, *, may: bool) -> dict[str, Any]:
    other = rules.may_confirm(asked_by=one.asked_by, confirming=actor.ref)
    why = "" if may and other else _("等另一个人同意") if may else _("等有权的人同意")
    words = said(of.commands[one.code].name)
    ask = _("同意后设备马上“%(what)s”。先确认现场没有人因此受影响。") % {"what": words}
    return {
        **_told(one, of),
        "pk": one.pk,
        "may_confirm": may and other,
        "may_take_back": may and not other,
        "why": why,
        "ask": ask,
    }


def _told(one: Command, of: Kind) -> dict[str, Any]:
    told = of.commands.get(one.code)
    kinds = {CommandState.DONE: "brand", CommandState.FAILED: "error", CommandState.EXPIRED: "warn"}
    return {
        "said": said(told.name) if told else one.code,
        "state": one.get_state_display(),
        "state_kind": kinds.get(CommandState(one.state), "outline"),
        "by": one.asked_name,
        "confirmed_by": one.confirmed_name,
        "at": one.asked_at,
        "reason": one.reason,
        "answer": one.answer,
    }


# --- charts -------------------------------------------------------------------------------------------------------------


def _charts(
    request: HttpRequest, found: Device, of: Kind, opened: Opened, now: datetime, wrong: dict[str, str]
) -> dict[str, Any]:
    """Which values are drawn over which period, and where the script asks for them."""
    since, until, period = _period(request, now, wrong)
    drawn = {
        name: one
        for name, one in of.fields.items()
        if one.type in ("number", "bool") and not one.only_in_alarm and (not one.private or name in opened.fields)
    }
    url = ""
    if drawn:
        asked = {"fields": ",".join(drawn), "since": _stamp(since), "until": _stamp(until), "points": POINTS}
        asked |= {"why": opened.why} if opened.fields & of.private_fields else {}
        url = f"/api/v1/devices/{found.code}/history?{urlencode(asked)}"
    marks = json.loads(str(hung(request, "device", "limits", found) or "{}"))
    spec = {"fields": [_chart(name, one, marks.get(name, [])) for name, one in drawn.items()], "words": _chart_words()}
    return {
        "charts_url": url,
        "charts_spec": json.dumps(spec, ensure_ascii=False),
        "periods": [(code, words, code == period) for code, (_span, words) in PERIODS.items()],
        "own_period": period == "",
        "since": timezone.localtime(since),
        "until": timezone.localtime(until),
    }


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _period(request: HttpRequest, now: datetime, wrong: dict[str, str]) -> tuple[datetime, datetime, str]:
    """``period=week`` back from now, or ``from`` and ``to``; what cannot be read is named and a day is shown."""
    if request.GET.get("from") or request.GET.get("to"):
        since, until = _moment(request, "from", wrong), _moment(request, "to", wrong)
        if since and until:
            no = rules.refuse_period(since, until, now=now, longest=LONGEST)
            if no is None:
                return since, until, ""
            wrong["from" if no == "early" else "to"] = str(NO_PERIOD[no])
    period = request.GET.get("period", "day")
    period = period if period in PERIODS else "day"
    return now - PERIODS[period][0], now, period


def _moment(request: HttpRequest, name: str, wrong: dict[str, str]) -> datetime | None:
    try:
        found = parse_datetime(request.GET.get(name, ""))
    except ValueError:
        found = None
    if found is None:
        wrong[name] = _("请选择时间")
        return None
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _chart(name: str, one: Field, marks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "label": said(one.name),
        "unit": unit_words(one.unit) if one.type == "number" else "",
        "type": one.type,
        "places": one.places,
        "marks": marks,
    }


def _chart_words() -> dict[str, str]:
    return {
        "empty": _("这段时间没有读数。"),
        "silent": _("这段时间没有读数的：{names}"),
        "and": _("、"),
        "failed": _("走势没有取到，请稍后刷新。"),
        "summary": _("{name}：最低 {least}，最高 {most}，最后 {last}"),
        "table": _("看数字"),
        "time": _("时间"),
        "least": _("最低"),
        "mean": _("平均"),
        "most": _("最高"),
        "yes": _("是"),
        "no": _("否"),
    }
