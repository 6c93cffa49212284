"""What alarms hang on other pages: on a device's page what is open, the rules that apply, what was, its monthly test."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe

from huying.casework.cases.models import Case
from huying.kernel import clock
from huying.senses.devices import access as devices
from huying.senses.devices.kinds import kinds
from huying.senses.devices.models import Device
from huying.senses.reports.rules import Channel

from .. import access, queries, words
from ..engine.grammar import DOWNWARD, UPWARD
from ..models import Alarm
from ..rulebook import Applied
from .shown import rows_of
from .usual import usual_of
from .writing import sentence_words, source_words, where_words

PAST = 15


def open_alarms(request: HttpRequest, device: Device) -> str:
    """What is not closed; the newest of a device, told apart from its past without another query."""
    rows = _alarms(request, device)
    shown = {"rows": rows_of([one for one in rows if one.closed_at is None], _actor(request)), "now": clock.now()}
    return render_to_string("alarms/_device_open.html", shown, request=request)


def past_alarms(request: HttpRequest, device: Device) -> str:
    rows = rows_of([one for one in _alarms(request, device) if one.closed_at is not None], _actor(request))
    return render_to_string("alarms/_device_past.html", {"rows": rows, "now": clock.now()}, request=request)


def _alarms(request: HttpRequest, device: Device) -> list[Alarm]:
    """One query a page, whatever hangs on it."""
    held: dict[int, list[Alarm]] = request.__dict__.setdefault("_alarms_of", {})
    if device.pk not in held:
        held[device.pk] = queries.of_device(device, size=PAST).rows
        for one in held[device.pk]:
            one.device = device
    return held[device.pk]


def _actor(request: HttpRequest) -> Any:
    return request.actor  # type: ignore[attr-defined]


def _rules(request: HttpRequest, device: Device) -> list[Applied]:
    held: dict[int, list[Applied]] = request.__dict__.setdefault("_rules_of", {})
    if device.pk not in held:
        held[device.pk] = [one for one in queries.rules_of(device) if one.rule.active]
    return held[device.pk]


def rules_panel(request: HttpRequest, device: Device) -> str:
    """The rules that apply, said in plain words, the gravest first."""
    kind = kinds()[device.kind]
    found = sorted(_rules(request, device), key=lambda one: -max(step.severity for step in one.rule.steps))
    usual = usual_of(device, [one.rule for one in found])
    shown = {
        "rules": [
            {
                "alarm": words.kind_words(one.rule.alarm, device.kind),
                "words": sentence_words(one.rule, kind),
                "source": source_words(one.rule),
                "urgent": one.rule.urgent,
                "own": one.level != "kind",
                "usual": usual.get(one.rule.code, []),
                "where": where_words(one.area, device.name if one.level == "device" else ""),
            }
            for one in found
        ],
        "rules_url": f"{reverse('alarms-rules')}?kind={device.kind}",
    }
    return render_to_string("alarms/_device_rules.html", shown, request=request)


def limits(request: HttpRequest, device: Device) -> str:
    """The thresholds drawn into the charts, as JSON by field."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in _rules(request, device):
        test = one.rule.test
        if test.op not in (*UPWARD, *DOWNWARD) or test.baseline is not None or test.percent_of is not None:
            continue
        for step in one.rule.steps:
            mark = {
                "value": step.threshold,
                "severity": step.severity,
                "label": f"{words.severity_words(step.severity)} {step.threshold:g}",
            }
            for field in test.fields:
                found.setdefault(field, []).append(mark)
    return mark_safe(json.dumps(found, ensure_ascii=False))


def test_panel(request: HttpRequest, device: Device) -> str:
    """Its monthly test, for devices that call for help."""
    kind = kinds()[device.kind]
    if not (kind.urgent or kind.urgent_fields):
        return ""
    actor, now = _actor(request), clock.now()
    drills = queries.drills_of(device, bound=12)
    done = next((one for one in drills if one.answered_at is not None), None)
    latest = done.answered_at if done else None
    shown = {
        "code": device.code,
        "now": now,
        "open_drill": next((one for one in drills if one.ended_at is None and one.until >= now), None),
        "answered": done,
        "took": int((done.answered_at - done.asked_at).total_seconds()) if done and done.answered_at else None,
        "unanswered": bool(drills and drills[0].ended_at is not None and drills[0].answered_at is None),
        "overdue": now - (latest or device.created_at) > queries.DRILL_EVERY,
        "may_test": access.may_handle_at(actor, device.area) and device.state == "active",
    }
    return render_to_string("alarms/_device_test.html", shown, request=request)


def on_case(request: HttpRequest, case: Case) -> str:
    """On a case's page: the alarms it is about. Only what a device raised, or what was merged, can have any."""
    if case.channel != Channel.DEVICE and case.reports < 2:
        return ""
    actor = _actor(request)
    if not devices.may_somewhere(actor) and actor.person_id is None:
        return ""
    rows = list(access.visible(actor).filter(case=case.pk).select_related("device", "case").order_by("-opened_at")[:5])
    if not rows:
        return ""
    shown = {"rows": rows_of(rows, actor), "now": clock.now(), "titled": True}
    return render_to_string("alarms/_case.html", shown, request=request)


# --- for the list and the map of devices ----------------------------------------------------------------------------------


def severities(device_ids: Iterable[int]) -> Mapping[int, int]:
    """Device → its gravest open alarm. One query."""
    found = queries.active_of(list(device_ids))
    return {pk: max(one.severity for one in rows) for pk, rows in found.items()}


def alarming_devices(least: int) -> QuerySet[Any, Any]:
    """Devices with an open alarm of at least a severity, as a subquery."""
    return Alarm.objects.filter(
        closed_at__isnull=True, test=False, covered_by__isnull=True, severity__gte=least
    ).values("device")
