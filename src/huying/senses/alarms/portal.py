"""Devices at home, for those they watch over and for family the elder agreed may see them: what they say, plainly."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from huying.ground.accounts.models import User
from huying.ground.organisation.models import Unit
from huying.ground.registry.models import Consent, Resident
from huying.ground.registry.portal import BOUND, look_rows
from huying.ground.registry.queries import residents_of_phone
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound
from huying.kernel.privacy import mask_name, who_looked
from huying.senses.devices import access as devices
from huying.senses.devices.desk.frame import unit_words, value_words
from huying.senses.devices.kinds import Kind, kind
from huying.senses.devices.models import Device
from huying.senses.devices.queries import worn as worn_times
from huying.senses.devices.words import said

from . import queries, words
from .actions.handling import standing
from .models import Alarm
from .rules import State, state_of

BACK: Final = timedelta(days=30)
MOST: Final = 12  # devices on the page
LOOKS: Final = 5


@never_cache
@require_safe
def my_devices(request: HttpRequest) -> HttpResponse:
    """One card a device. Each view of private readings is written into the log the elder reads."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), reverse("resident-sign-in"))
    user = request.user
    if not isinstance(user, User) or user.kind != User.Kind.RESIDENT:
        raise NotFound()
    now = clock.now()
    me, unsure = _myself(request, user)
    cards = _own_cards(request, me, now) if me else []
    taken = {card["code"] for card in cards}
    cards += [card for card in _family_cards(request, user.phone, now) if card["code"] not in taken]
    shown = {"cares": cards[:MOST], "now": now, "shared": _shared(me), "unsure": unsure and not cards}
    return render(request, "alarms/mine.html", shown)


def _myself(request: HttpRequest, user: User) -> tuple[Resident | None, bool]:
    """Who is signed in, as far as they were told apart on their own page; and whether that is still to be done."""
    found = residents_of_phone(user.phone)
    if len(found) == 1 and not found[0].secrets.get("id_number"):
        return found[0], False
    told = request.session.get(BOUND)
    me = next((one for one in found if str(one.uid) == told), None)
    return me, bool(found) and me is None


def _own_cards(request: HttpRequest, me: Resident, now: datetime) -> list[dict[str, Any]]:
    rows = list(devices.own_devices(me.uid).select_related("last", "unit").order_by("kind", "code")[:MOST])
    cards = []
    for one in rows:
        allowed = devices.open_own(_actor(request), one, resident=me.uid, now=now)
        cards.append(_card(one, allowed, now, whose="", resident=me))
    return cards


def _family_cards(request: HttpRequest, phone: str, now: datetime) -> list[dict[str, Any]]:
    rows = list(
        devices.family_devices(phone).select_related("last", "unit").order_by("resident_uid", "kind", "code")[:MOST]
    )
    elders = {one.uid: one for one in Resident.objects.filter(uid__in={one.resident_uid for one in rows})}
    cards = []
    for one in rows:
        elder = elders.get(one.resident_uid) if one.resident_uid else None
        allowed = devices.open_family(_actor(request), one, phone=phone, why=devices.FAMILY_WHY, now=now)
        name = mask_name(str(elder.secrets.get("name") or "")) if elder else ""
        cards.append(_card(one, allowed, now, whose=name, resident=elder))
    return cards


def _card(
    device: Device, allowed: Iterable[str], now: datetime, *, whose: str, resident: Resident | None
) -> dict[str, Any]:
    """A device as a family reads it: how it is, what it says, what happened this month, whom to ring, who looked."""
    of = kind(device.kind)
    last = getattr(device, "last", None)
    found = queries.of_device(device, size=20).rows
    for one in found:
        one.device = device
    (worn,) = worn_times([device]).values()
    recent = [one for one in found if one.opened_at >= now - BACK and worn.holds(one.opened_at) and not one.test]
    loud = [one for one in recent if one.cleared_at is None and one.closed_at is None]
    return {
        "code": device.code,
        "whose": whose,
        "kind": said(of.name),
        "values": _values(of, devices.shown(of, last.values, allowed)) if last else [],
        "at": last.at if last else None,
        "alarms": [
            (words.kind_words(one.kind, device.kind), one.opened_at, str(words.CAUSES[one.cause]) if one.cause else "")
            for one in recent[:5]
        ],
        "phone": _phone(device),
        "looks": _looks(resident) if resident else [],
        **_state(device, loud, last),
    }


def _state(device: Device, loud: list[Alarm], last: Any) -> dict[str, str]:
    """The one sentence: alarms first, then whether it is heard of."""
    if loud:
        worst = max(loud, key=lambda one: one.severity)
        handled = state_of(standing(worst)) == State.ACKNOWLEDGED
        what = words.kind_words(worst.kind, device.kind)
        about = _("社区已经有人在处理。") if handled else _("社区已经收到，正在找人处理。")
        return {"light": "red", "icon": "warning", "state": _("正在报警：%(what)s") % {"what": what}, "about": about}
    if last is None:
        return {"light": "blue", "icon": "clock", "state": _("还没有开始用"), "about": ""}
    if not last.online:
        about = _("可能没电、没戴或没有信号，请看一看设备。")
        return {"light": "blue", "icon": "wifi-off", "state": _("好一阵没有消息"), "about": about}
    return {"light": "none", "icon": "check-circle", "state": _("一切正常"), "about": ""}


def _values(of: Kind, values: dict[str, object]) -> list[tuple[str, str, str]]:
    """What was said last, without what is only of use to technicians or says where somebody is."""
    kept = []
    for name, one in of.fields.items():
        if name not in values or name == "signal" or one.only_in_alarm or one.urgent:
            continue
        kept.append(
            (said(one.name), value_words(one, values[name]), unit_words(one.unit) if one.type == "number" else "")
        )
    return kept


def _phone(device: Device) -> str:
    """The community's own number, else that of the unit that looks after the device."""
    if device.unit is not None and device.unit.phone:
        return str(device.unit.phone)
    unit = Unit.objects.filter(kind="community", area=device.area[:12]).exclude(phone="").order_by("id").first()
    return str(unit.phone) if unit else ""


def _looks(resident: Resident) -> list[dict[str, Any]]:
    return look_rows(who_looked(f"resident:{resident.pk}", size=LOOKS).rows, resident)


def _shared(me: Resident | None) -> list[tuple[str, datetime]]:
    """To what the reader has agreed, with the way back."""
    if me is None:
        return []
    rows = Consent.objects.filter(resident=me, purpose=devices.FAMILY_PURPOSE, withdrawn_at__isnull=True)
    return [(_("家属，看设备读数和报警"), one.given_at) for one in rows]


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]
