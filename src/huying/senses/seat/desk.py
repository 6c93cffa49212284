"""坐席: write while they talk. The caller's past, what is understood so far, what to say, one key for an emergency."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from huying.casework.cases import access as case_access
from huying.casework.cases import actions as cases
from huying.casework.cases.actions.transferring import CHANNELS
from huying.casework.cases.desk.guard import actor_of
from huying.casework.cases.desk.pickers import unit_label
from huying.casework.cases.desk.shown import item_name
from huying.casework.cases.models import Transfer
from huying.casework.cases.rules import State
from huying.casework.cases.words import STATES
from huying.casework.catalogue.conditions import answer_suffices, describe_condition
from huying.casework.catalogue.limits import describe_stages
from huying.casework.catalogue.rules import CHANNELS as CAME_BY
from huying.casework.dispatch import words as dispatch_words
from huying.casework.dispatch.desk.queue import choice_words, english
from huying.casework.dispatch.desk.reading import desk_page, item_from, knowledge, point_from
from huying.casework.dispatch.queries import Matter
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound
from huying.kernel.numbers import whole_number
from huying.kernel.privacy import mask_text
from huying.senses.reports import queries as reports
from huying.senses.reports.models import Report
from huying.senses.reports.rules import spoken_tracking_code

from . import access, queries
from .actions import CHANNELS_TAKEN, Call, look_up, take_call

EMERGENCIES = (("110", "z"), ("119", "x"), ("120", "c"), ("122", "v"))  # letters: browsers keep Alt with digits
GRID_DIGITS = 15
_TEXTS = (
    *("phone", "name", "channel", "text", "place_text", "item", "kind", "spot", "lon", "lat", "receipt", "answer"),
    "key",
)
_TICKS = ("anonymous", "hide_identity")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where it is, as far as the operator has settled it."""

    place_text: str
    lon: float | None = None
    lat: float | None = None


@desk_page(access.must_sit)
@require_http_methods(["GET", "POST"])
def seat(request: HttpRequest) -> HttpResponse:
    """An empty form for the next call; sent, the call is taken down."""
    if request.method == "POST":
        return _take(request)
    return _page(request, {"channel": CHANNELS_TAKEN[0]})


def _page(request: HttpRequest, typed: Mapping[str, str], error: HuyingError | None = None) -> HttpResponse:
    found = {
        "typed": typed,
        "error": error,
        "key": typed.get("key") or uuid.uuid4().hex,
        "channels": [(code, CAME_BY.get(code, code)) for code in CHANNELS_TAKEN],
        "emergencies": [(line, CHANNELS[line], key) for line, key in EMERGENCIES],
        **_past(request, typed),
        **_heard(request, typed),
    }
    return render(request, "seat/seat.html", found, status=error.status if error else 200)


def _typed(request: HttpRequest) -> dict[str, str]:
    typed = {name: request.POST.get(name, "").strip() for name in _TEXTS}
    return typed | {name: "1" for name in _TICKS if request.POST.get(name)}


def _take(request: HttpRequest) -> HttpResponse:
    actor, now, typed = actor_of(request), clock.now(), _typed(request)
    try:
        taken = take_call(_call(request, typed), actor=actor, now=now)
    except HuyingError as error:
        return _page(request, typed, error)
    report = Report.objects.only("pk").get(tracking_code=taken.tracking_code)
    return redirect("seat-taken", report.pk)


def _call(request: HttpRequest, typed: Mapping[str, str]) -> Call:
    emergency, joined = request.POST.get("emergency", ""), request.POST.get("join", "")
    spot = _spot(typed)
    if not typed["key"]:
        raise Invalid(_("页面放得太久了，请再保存一次"), field="key")
    case_id = None
    if joined:
        number = whole_number(joined)
        if number is None:
            raise NotFound(code="case_not_found")
        case_id = case_access.get_case(actor_of(request), number).pk
    return Call(
        key=typed["key"][:64],
        channel=typed["channel"],
        text=typed["text"],
        phone=typed["phone"][:20],
        name=typed["name"][:40],
        anonymous="anonymous" in typed,
        hide_identity="hide_identity" in typed,
        place_text=spot.place_text,
        lon=spot.lon,
        lat=spot.lat,
        item_code=_item_code(typed, strict=not emergency),
        case_id=case_id,
        emergency=emergency,
        receipt=typed["receipt"][:80],
        answer=typed["answer"] if request.POST.get("answered") else None,
    )


def _item_code(typed: Mapping[str, str], *, strict: bool) -> str | None:
    """The kind the operator settled: the one searched for, else the proposal picked; None leaves it to the rules."""
    try:
        item = item_from(typed.get("item", "")) or item_from(typed.get("kind", ""))
    except Invalid:
        if strict:
            raise
        return None
    return item.code if item else None


def _spot(typed: Mapping[str, str]) -> Spot:
    """The place the operator settled: the point on the map, else the alternative picked, else the words."""
    words = typed.get("place_text", "")
    point = point_from(typed.get("lon", ""), typed.get("lat", ""))
    picked = typed.get("spot", "")
    if point is None and (area := territory.find_area(picked.removeprefix("area:"))) is not None:
        if len(area.code) < GRID_DIGITS or area.lon is None or area.lat is None:
            return Spot(f"{territory.label(area.code)} {words}".strip())
        return Spot(words, area.lon, area.lat)  # a grid is small: its centre stands for it until somebody goes there
    if point is None and picked.startswith("point:"):
        point = point_from(*picked.removeprefix("point:").split(",", 1)) if "," in picked else None
    return Spot(words, *point) if point is not None else Spot(words)


# --- while they talk -------------------------------------------------------------------------------------------


@desk_page(access.must_sit)
@require_POST
def caller(request: HttpRequest) -> HttpResponse:
    """The caller's past matters. The number is posted, so that it stays out of addresses and logs."""
    return render(request, "seat/_past.html", _past(request, _typed(request)))


def _past(request: HttpRequest, typed: Mapping[str, str]) -> dict[str, Any]:
    past = look_up(typed.get("phone", ""), actor=actor_of(request), now=clock.now())
    return {
        "past": [(one, STATES[State(one.report.case.state)], item_name(one.report.case)) for one in past],
        "phone": typed.get("phone", ""),
    }


@desk_page(access.must_sit)
@require_POST
def hear(request: HttpRequest) -> HttpResponse:
    """What is understood so far; the whole page where there is no script."""
    typed = _typed(request)
    if request.headers.get("HX-Request") == "true":
        return render(request, "seat/_heard.html", _heard(request, typed) | {"typed": typed})
    return _page(request, typed)


def _heard(request: HttpRequest, typed: Mapping[str, str]) -> dict[str, Any]:
    """Proposals, place, similar cases and what to say, of what was typed so far; nothing of nothing."""
    text, code = typed.get("text", ""), _item_code(typed, strict=False)
    if len(text) < 2 and code is None:
        return {"understood": None}
    try:
        spot = _spot(typed)
    except Invalid:
        spot = Spot(typed.get("place_text", ""))
    now = clock.now()
    matter = Matter(
        text=text, channel="hotline", at=now, item_code=code, place_text=spot.place_text, lon=spot.lon, lat=spot.lat
    )
    found = queries.understand(matter, actor=actor_of(request), now=now)
    asked = Matter(text=text, channel="hotline", at=now, place_text=typed.get("place_text", ""))
    return {"understood": found, **_script(found), **_options(found, asked, code, typed)}


def _options(found: queries.Understood, asked: Matter, code: str | None, typed: Mapping[str, str]) -> dict[str, Any]:
    """The kinds and places to choose from; what was chosen stays chosen."""
    kinds = found.run.choices
    if code is not None and len(asked.text) >= 2:
        kinds = queries.kinds_of(asked, now=asked.at)
    words = asked.place_text or asked.text[:200]
    places = territory.locate_texts([words], on=clock.local_day(asked.at), k=4)[0] if words.strip() else []
    return {
        "kinds": [(choice_words(one, ""), one.item.code == code) for one in kinds],
        "spots": [
            (f"point:{one.lon},{one.lat}" if one.lon is not None else f"area:{_code(one)}", one.matched, _where(one))
            for one in places
        ],
        "picked": typed.get("spot", ""),
    }


def _code(place: territory.Place) -> str:
    return place.grid or place.community or place.town


def _where(place: territory.Place | None) -> str:
    """A place in the reader's language; "" for none."""
    return territory.label(_code(place), "en" if english() else "zh") if place is not None else ""


def _script(found: queries.Understood) -> dict[str, Any]:
    """Who will get it, by when, when it counts as done, and what to tell the caller."""
    decision, item = found.run.decision, found.run.item
    sending, known = decision.sending, knowledge()
    first = found.run.choices[0] if found.run.choices else None
    unit = known.units.get(sending.unit_id) if sending else None
    return {
        "item": item,
        "place": _where(decision.place),
        "unit": unit_label(unit) if unit else "",
        "likely": unit_label(first.unit) if first and first.unit else "",
        "due": sending.due_at if sending else None,
        "dispatch_due": decision.dispatch_due,
        "waits": dispatch_words.WAITS_FOR.get(decision.waits_for, ""),
        "respond": str(describe_stages(item.respond)),
        "close": str(describe_stages(item.close)),
        "condition": str(describe_condition(item.conditions)),
        "line": CHANNELS.get(item.emergency_line, ""),
        "answerable": answer_suffices(item.conditions),
    }


# --- after it was taken ----------------------------------------------------------------------------------------


@desk_page(access.must_sit)
@require_GET
def taken(request: HttpRequest, report_id: int) -> HttpResponse:
    """The tracking code to read out, who has it, and the way to the next call."""
    return _taken(request, report_id)


def _taken(request: HttpRequest, report_id: int, error: HuyingError | None = None) -> HttpResponse:
    actor = actor_of(request)
    report = access.taken_report(actor, report_id)
    case = case_access.get_case(actor, report.case_id)
    handed = _handed(actor, case.pk)
    found = {
        "report": report,
        "case": case,
        "code": spoken_tracking_code(report.tracking_code),
        "joined": report.first_case_id == case.pk and case.reports > 1,
        "state": STATES[State(case.state)],
        "handed": handed,
        "line": CHANNELS.get(handed.channel, "") if handed else "",
        "answered": case.state == State.CLOSED,
        "others": [mask_text(text) for text in reports.others_of(report)],
        "typed": request.POST,
        "error": error,
    }
    return render(request, "seat/taken.html", found, status=error.status if error else 200)


def _handed(actor: Actor, case_id: int) -> Transfer | None:
    """The last hand-over this operator made of the case."""
    return Transfer.objects.filter(case=case_id, made_by=actor.ref).order_by("-id").first()


@desk_page(access.must_sit)
@require_POST
def note(request: HttpRequest, report_id: int) -> HttpResponse:
    """Something more about a call just taken: the emergency line's number, what it did, a word for colleagues."""
    actor = actor_of(request)
    report = access.taken_report(actor, report_id)
    written = {name: request.POST.get(name, "").strip() for name in ("receipt", "outcome", "text")}
    given: dict[str, Any] = {"actor": actor, "now": clock.now()}
    handed = _handed(actor, report.case_id)
    to = {"transfer_id": handed.pk if handed else None}
    try:
        if "receipt" in request.POST:
            cases.record_receipt(report.case_id, receipt=written["receipt"][:80], **to, **given)
        elif "outcome" in request.POST:
            cases.follow_up_transfer(report.case_id, outcome=written["outcome"], **to, **given)
        else:
            cases.note_case(report.case_id, text=written["text"], **given)
    except HuyingError as error:
        return _taken(request, report_id, error)
    messages.success(request, _("已补记。"))
    return redirect("seat-taken", report.pk)
