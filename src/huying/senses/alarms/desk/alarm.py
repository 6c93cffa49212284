"""One alarm: what happened, who was told, and what can be done: take it in hand, note a call, say why it came."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.kernel.errors import HuyingError
from huying.senses.devices.kinds import kinds

from .. import access, actions, ladder, queries, rules, words
from ..actions.handling import standing
from ..engine import sentence
from ..models import Alarm, Step
from ..rules import OWN, Cause
from .shown import crumbs_of, rows_of

OTHERS: Final = 8
_ICONS: Final = {"app": "bell", "sms": "chat", "voice": "phone"}
_STATES: Final = {"answered": "done", "sent": "done", "made": "done", "waiting": "next", "to_make": "now"}


@staff
@require_GET
@never_cache
def alarm(request: HttpRequest, uid: str) -> HttpResponse:
    return show(request, access.get(actor_of(request), uid))


def show(
    request: HttpRequest, found: Alarm, error: HuyingError | None = None, typed: dict[str, str] | None = None
) -> HttpResponse:
    """The page of an alarm the reader may see."""
    actor, now = actor_of(request), clock.now()
    (row,) = rows_of([found], actor)
    steps = queries.steps_of(found)
    handles = access.may_handle(actor, found)
    may_close = handles and rules.refuse_closing(standing(found), Cause.REAL, "") is None
    shown = {
        "row": row,
        "now": now,
        "error": error,
        "typed": typed or {},
        "wrong": {name: str(text) for name, text in getattr(error, "fields", {}).items()},
        "steps": [_step(one) for one in steps],
        "calls": [_call(one) for one in steps if one.result == "to_make" and one.who in ladder.LINES]
        if handles
        else [],
        "may_acknowledge": handles and rules.refuse_acknowledging(standing(found)) is None,
        "may_close": may_close,
        "may_take_seriously": handles and rules.refuse_taking_seriously(standing(found)) is None,
        "why_not_close": _why_not(found, handles=handles),
        "causes": [
            (str(one), words.CAUSES[one]) for one in Cause if one not in OWN and (one != Cause.TEST or found.test)
        ],
        "others": rows_of([one for one in _others(found) if one.pk != found.pk], actor),
        "topics": "alarms",
        "crumbs": crumbs_of(("", row.what)),
        **_rule(found),
    }
    return render(request, "alarms/alarm.html", shown, status=error.status if error else 200)


def _others(found: Alarm) -> list[Alarm]:
    others = queries.of_device(found.device, size=OTHERS).rows
    for one in others:
        one.device = found.device
    return others


def _why_not(found: Alarm, *, handles: bool) -> str:
    """Why there is nothing to press, in words."""
    if found.closed_at is not None:
        return ""
    if not handles:
        return _("您可以看，不由您处理。")
    no = rules.refuse_closing(standing(found), Cause.REAL, "")
    return str(words.refused(no, found).message) if no is not None else ""


def _rule(found: Alarm) -> dict[str, str]:
    rule = next((one.rule for one in queries.rules_of(found.device) if one.rule.code == found.rule), None)
    if rule is None:
        return {"rule_words": "", "rule_source": ""}
    english = (get_language() or "").startswith("en")
    kind = kinds().get(found.device.kind)
    said = sentence(rule, kind.fields if kind else None)
    source = rule.source.en if english else rule.source.zh
    return {
        "rule_words": said.en if english else said.zh,
        "rule_source": " ".join(filter(None, (source, rule.source.law))),
    }


def _step(one: Step) -> dict[str, Any]:
    """Whom, by which way, what came of it. Contacts of the device are not named here."""
    named = one.person.label if one.person is not None else one.name
    return {
        "title": str(words.WHO[one.who]),
        "who": " · ".join(filter(None, (named, str(words.CHANNELS[one.channel]) if one.who in ladder.PARTS else ""))),
        "words": str(words.RESULTS[one.result]),
        "at": one.answered_at or one.sent_at or one.due_at,
        "icon": _ICONS[one.channel],
        "state": _STATES.get(one.result, "done"),
    }


def _call(one: Step) -> dict[str, str]:
    return {"number": one.who, "words": str(words.WHO[one.who])}


@staff
@require_POST
def close(request: HttpRequest, uid: str) -> HttpResponse:
    """Say why it came."""
    typed = {name: request.POST.get(name, "").strip() for name in ("cause", "words")}
    return _done(
        request, uid, typed,
        lambda actor, now: actions.close_alarm(uid, **typed, actor=actor, now=now),
        _("报警已结束"),
    )  # fmt: skip


@staff
@require_POST
def take_seriously(request: HttpRequest, uid: str) -> HttpResponse:
    """It was held for a test and is none."""
    return _done(
        request, uid, {}, lambda actor, now: actions.take_seriously(uid, actor=actor, now=now), _("已按真的报警通知人")
    )


@staff
@require_POST
def call(request: HttpRequest, uid: str) -> HttpResponse:
    """Somebody called 119 or 120; it is written down."""
    line, said = request.POST.get("line", ""), request.POST.get("words", "").strip()
    return _done(
        request, uid, {"said": said},
        lambda actor, now: actions.note_call(uid, line=line, words=said, actor=actor, now=now),
        _("已记下拨打情况"),
    )  # fmt: skip


def _done(request: HttpRequest, uid: str, typed: dict[str, str], deed: Any, told: str) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    try:
        deed(actor, now)
    except HuyingError as error:
        if error.status == 404:
            raise
        return show(request, access.get(actor, uid), error, typed)
    messages.success(request, told)
    return redirect(reverse("alarms-alarm", args=[uid]))
