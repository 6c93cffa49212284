"""What a rule would have done last week: read device by device, a little at each look, so that the page never waits.

A trial is kept in the cache for half an hour under a key of its own, and belongs to whoever began it. Devices are looked at
in an order that has nothing to do with where they are; when there are very many, those left out are said.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any, Final

from django.core.cache import cache
from django.db.models.functions import MD5
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound
from huying.senses.devices import access as devices
from huying.senses.devices.desk.frame import unit_words, value_words
from huying.senses.devices.kinds import kinds
from huying.senses.devices.models import Device

from .. import words
from ..engine import Rule, parse_rule, replay
from ..engine.replaying import Past
from . import history
from .shown import LIGHTS

BACK: Final = timedelta(days=7)
MOST: Final = 500  # devices
AT_ONCE: Final = 1.5  # seconds of work a look
KEPT: Final = 1800  # seconds
FIRST: Final = 10
FEWEST: Final = 5  # devices, for a rule about what is private


@dataclass(slots=True)
class Trial:
    """How far a replay is. ``old`` is the rule in force now, to compare with; plain values, so that a cache can hold it."""

    key: str
    by: str
    rule: dict[str, Any]
    old: dict[str, Any] | None
    waiting: list[int]
    since: datetime
    until: datetime
    left_out: int = 0
    private: bool = False  # whose alarms they would be is not told
    done: int = 0
    readings: int = 0
    alarms: int = 0
    now_alarms: int | None = None
    by_device: Counter[int] = field(default_factory=Counter)
    severities: Counter[int] = field(default_factory=Counter)
    first: list[tuple[int, datetime, int, Any, str]] = field(default_factory=list)

    @property
    def devices(self) -> int:
        return self.done + len(self.waiting)


def begin(
    actor: Actor, rule: dict[str, Any], old: dict[str, Any] | None, *, area: str, device: str, now: datetime
) -> Trial:
    """A trial of a checked rule over the devices it would be for, as far as the actor sees them; the first part is done.

    Of what is private (a heart rate), only numbers over many people are told: Invalid for one device or a few.
    """
    rows = devices.visible(actor).filter(kind=rule["kind"], state="active")
    rows = rows.filter(code=device) if device else rows.filter(area__startswith=area)
    chosen = list(rows.order_by(MD5("code")).values_list("pk", flat=True)[:MOST])
    more = rows.count() - len(chosen) if len(chosen) == MOST else 0
    private = reads_private(rule)
    if private and len(chosen) < FEWEST:
        raise Invalid(
            _("这条规则看的是私人读数，%(n)s 台以下不试算，免得从次数看出是谁") % {"n": FEWEST},
            code="too_few_to_try", hint=_("可以直接保存；读数只给负责照护的人和本人同意的家属看。"),
        )  # fmt: skip
    trial = Trial(token_urlsafe(12), actor.ref, rule, old, chosen, now - BACK, now, left_out=more, private=private)
    trial.now_alarms = 0 if old else None
    go_on(trial)
    return trial


def reads_private(rule: Mapping[str, Any]) -> bool:
    """Whether a rule looks at what is private, also only as a condition."""
    found = parse_rule(dict(rule))
    read = {*found.test.fields, *(one.field for one in found.only_while)}
    if isinstance(found.test.percent_of, str):
        read.add(found.test.percent_of)
    if found.unless is not None:
        read.add(found.unless.guard.field)
    return bool(read & kinds()[found.kind].private_fields)


def go_on(trial: Trial) -> None:
    """Look at as many devices as fit into one look, and keep what was found."""
    ends = time.monotonic() + AT_ONCE
    rule = parse_rule(trial.rule)
    old = parse_rule(trial.old) if trial.old else None
    while trial.waiting:
        pk = trial.waiting.pop(0)
        found = Device.objects.select_related("gateway").filter(pk=pk).first()
        if found is not None:
            _look(trial, found, rule, old)
        trial.done += 1
        if time.monotonic() >= ends:
            break
    cache.set(_name(trial.key), asdict(trial), KEPT)


def _look(trial: Trial, device: Device, rule: Rule, old: Rule | None) -> None:
    past = [
        Past(device.code, round(at.timestamp() * 1000), values)
        for at, values in history.readings(device, trial.since, trial.until)
    ]
    if not past:
        return
    names = kinds()[device.kind].fields
    found = replay([rule], past, until=trial.until, names=names)
    trial.readings += found.readings
    trial.alarms += found.raised
    if found.raised:
        trial.by_device[device.pk] += found.raised
    for one in found.first:
        trial.severities[one.event.severity] += 1
        event = one.event
        trial.first.append((device.pk, event.at, event.severity, event.value, event.field))
    trial.first = sorted(trial.first, key=lambda each: each[1])[:FIRST]
    if old is not None and trial.now_alarms is not None:
        trial.now_alarms += replay([old], past, until=trial.until, names=names).raised


def _name(key: str) -> str:
    return f"alarms-trial:{key[:40]}"


def _found(actor: Actor, key: str) -> Trial:
    held = cache.get(_name(key))
    if held is None or held["by"] != actor.ref:
        raise NotFound(_("这次试算已经过期，请再试一次"), code="trial_gone")
    held["by_device"], held["severities"] = Counter(held["by_device"]), Counter(held["severities"])
    return Trial(**held)


@staff
@require_GET
def trying(request: HttpRequest, key: str) -> HttpResponse:
    """The next part of a trial; asked for by the page itself until all devices were looked at."""
    trial = _found(actor_of(request), key)
    go_on(trial)
    return render(request, "alarms/_trying.html", {"trying": said(trial)})


def said(trial: Trial) -> Mapping[str, Any]:
    """A trial as the page says it; one query."""
    most = [] if trial.private else trial.by_device.most_common(8)
    first = [] if trial.private else trial.first
    rows = Device.objects.in_bulk({pk for pk, _n in most} | {one[0] for one in first})
    return {
        "key": trial.key,
        "goes_on": bool(trial.waiting),
        "done": trial.done,
        "devices": trial.devices,
        "left_out": trial.left_out,
        "readings": trial.readings,
        "alarms": trial.alarms,
        "alarming": len(trial.by_device),
        "now_alarms": trial.now_alarms,
        "severities": [
            (LIGHTS[severity], words.severity_words(severity), trial.severities[severity])
            for severity in sorted(trial.severities, reverse=True)
        ],
        "private": trial.private,
        "first": [_first(rows[one[0]], *one[1:]) for one in trial.first if one[0] in rows],
        "most": [{"code": rows[pk].code, "device": rows[pk].name, "number": n} for pk, n in most if pk in rows],
    }


def _first(device: Device, at: datetime, severity: int, value: Any, name: str) -> dict[str, Any]:
    one = kinds()[device.kind].fields.get(name)
    shows = one is not None and value is not None and not one.private and not isinstance(value, bool)
    around = timedelta(hours=2)
    return {
        "code": device.code,
        "device": device.name,
        "at": at,
        "value": f"{value_words(one, value)} {unit_words(one.unit)}".strip() if shows and one else "",
        "light": LIGHTS[severity],
        "since": f"{at - around:%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{at + around:%Y-%m-%dT%H:%M:%SZ}",
    }
