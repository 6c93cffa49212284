"""Ladders: whom alarms call, step by step, in plain words; a new version; who would be called now for a device."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.pickers import area_from, area_value
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, HuyingError, Invalid, NotFound
from huying.kernel.numbers import whole_number
from huying.senses.devices import access as devices
from huying.shell.words import moment_words

from .. import access, actions, ladder, ladders, words
from ..ladder import Policy
from ..ladders import Calling, Held
from ..models import LadderPolicy
from . import ladder_form as form
from .shown import LIGHTS, crumbs_of, kind_choices
from .writing import where_words

ANY: Final = "any"
EVERYWHERE: Final = "all"


@dataclass(slots=True)
class Editing:
    """One visit of a ladder's page."""

    held: Held | None
    area: str
    kind: str
    severity: int
    boxes: list[dict[str, Any]]
    source: str = ""
    source_en: str = ""
    valid_from: str = ""
    seen: int = 0
    area_typed: str = ""
    error: HuyingError | None = None
    theirs: LadderPolicy | None = None
    device: str = ""
    calling: list[Calling] = field(default_factory=list)
    device_error: str = ""


def address_of(policy: Policy | LadderPolicy) -> str:
    return reverse("alarms-ladder", args=[policy.area or EVERYWHERE, policy.kind or ANY, policy.severity])


@staff
@require_GET
@never_cache
def ladders_page(request: HttpRequest) -> HttpResponse:
    """The ladders that concern the reader: what places say otherwise by key, and on its first page what holds everywhere."""
    actor, now = actor_of(request), clock.now()
    devices.must_view(actor)
    narrowing, shown, errors = _asked(request)
    cursor, size = request.GET.get("cursor"), ladders.PAGE_SIZE
    page = ladders.of_places(actor, now=now, cursor=cursor, size=size, **narrowing)
    common = ladders.everywhere(actor, now=now, kind=narrowing["kind"]) if page.prev is None else []
    told = {
        "lists": [
            {"id": "places", "words": _("各地另写的"), "rows": [_row(one) for one in page.rows], "page": page},
            {"id": "everywhere", "words": _("各地通用的"), "rows": [_row(one) for one in common], "page": None},
        ],
        "asked": shown,
        "errors": errors,
        "kinds": [(ANY, kind_said("")), *kind_choices()],
        "described": " · ".join(filter(None, (_kind_asked(shown["kind"]), shown["area"]))),
        "may_edit": devices.may_somewhere(actor, access.EDIT),
        "crumbs": crumbs_of(("", _("响应规程"))),
    }
    return render(request, "alarms/ladders.html", told)


def _asked(request: HttpRequest) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
    """What the address narrows to, what stands in the fields, what could not be read."""
    shown = {name: request.GET.get(name, "").strip()[:120].replace("\x00", "\ufffd") for name in ("kind", "area")}
    errors: dict[str, str] = {}
    code = ""
    try:
        if (found := area_from(shown["area"])) is not None:
            shown["area"], code = area_value(found), found.code
    except Invalid as error:
        errors["area"] = str(error)
    kind = None if not shown["kind"] else "" if shown["kind"] == ANY else shown["kind"]
    return {"kind": kind, "area": code}, shown, errors


def _kind_asked(kind: str) -> str:
    return kind_said("" if kind == ANY else kind) if kind else ""


def _english() -> bool:
    return (get_language() or "").startswith("en")


def source_words(policy: Policy | LadderPolicy) -> str:
    return policy.source_en if _english() and policy.source_en else policy.source


def _row(one: Held) -> dict[str, Any]:
    policy = one.policy
    return {
        "url": address_of(policy),
        "kind": kind_said(policy.kind),
        "light": LIGHTS[policy.severity],
        "severity": severity_said(policy.severity),
        "where": where_words(policy.area),
        "steps": [form.rung_words(each) for each in policy.rungs],
        "source": source_words(policy),
        "own": one.row is not None or one.begins,
        "row": one.row,
        "coming": one.coming,
        "begins": one.begins,
    }


def kind_said(kind: str) -> str:
    return words.kind_words(kind) if kind else _("其他各种报警")


def severity_said(severity: int) -> str:
    if severity == 1:
        return _("各级")
    said = words.severity_words(severity)
    return said if severity == 4 else _("%(severity)s及以上") % {"severity": said}


@staff
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ladder_page(request: HttpRequest, area: str, kind: str, severity: int) -> HttpResponse:
    """One ladder as it holds; whoever keeps devices there saves the next version."""
    actor, now = actor_of(request), clock.now()
    devices.must_view(actor)
    key = ("" if area == EVERYWHERE else area, "" if kind == ANY else kind, severity)
    held = ladders.one(actor, key, now=now)
    if held is None:
        raise NotFound(_("没有这个响应规程"), code="ladder_not_found")
    one = Editing(held, *key, form.boxes_of(held.policy.rungs), held.policy.source, held.policy.source_en)
    one.seen = max((row.pk for row in ladders.versions(actor, key)), default=0)
    return _visit(request, actor, one, now)


@staff
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_ladder(request: HttpRequest) -> HttpResponse:
    """A ladder of a place for a kind of alarm."""
    actor, now = actor_of(request), clock.now()
    if not devices.may_somewhere(actor, access.EDIT):
        raise NotFound(_("没有这个响应规程"), code="ladder_not_found")
    areas = sorted(devices.areas(actor, access.EDIT), key=len)
    one = Editing(None, areas[0] if areas else "", "", 3, form.boxes_of(()))
    _begin_from(request, actor, one, now)
    return _visit(request, actor, one, now)


def _begin_from(request: HttpRequest, actor: Actor, one: Editing, now: datetime) -> None:
    """``?from=all/sos/1``: what another ladder says, to be said otherwise for a place."""
    area, _mark, rest = request.GET.get("from", "").partition("/")
    kind, _mark, severity = rest.partition("/")
    if severity not in {"1", "2", "3", "4"}:
        return
    key = ("" if area == EVERYWHERE else area, "" if kind == ANY else kind, int(severity))
    if found := ladders.one(actor, key, now=now):
        one.kind, one.severity, one.boxes = key[1], key[2], form.boxes_of(found.policy.rungs)


def _visit(request: HttpRequest, actor: Actor, one: Editing, now: datetime) -> HttpResponse:
    if request.method != "POST":
        one.device = request.GET.get("device", "").strip()[:64]
        if one.held is not None and one.device:
            _preview(actor, one, None if one.held.begins else one.held.policy, now)
        return _show(request, actor, one, now)
    if not devices.may_somewhere(actor, access.EDIT):
        raise NotFound(_("没有这个响应规程"), code="ladder_not_found")
    _read(request, one)
    try:
        if one.held is None:
            _read_place(request, one)
        if request.POST.get("do") == "preview":
            rungs = _parsed(one)
            _preview(actor, one, Policy(one.area, one.kind, one.severity, rungs), now)
            return _show(request, actor, one, now)
        row = actions.save_ladder(
            form.raw_of(one.boxes), area=one.area, kind=one.kind, severity=one.severity, source=one.source,
            source_en=one.source_en, valid_from=_moment(one.valid_from), actor=actor, now=now, seen=one.seen,
        )  # fmt: skip
    except HuyingError as error:
        if error.status == 404:
            raise
        one.error = error
        if isinstance(error, Conflict):
            one.theirs = max(
                ladders.versions(actor, (one.area, one.kind, one.severity)), key=lambda row: row.pk, default=None
            )
            one.seen = one.theirs.pk if one.theirs else 0
        return _show(request, actor, one, now)
    messages.success(request, _("已保存，到时间就按新的通知人"))
    return redirect(address_of(row))


def _read(request: HttpRequest, one: Editing) -> None:
    given = request.POST
    one.boxes = form.typed_from(given)
    one.source, one.source_en = given.get("source", "").strip(), given.get("source_en", "").strip()
    one.valid_from, one.device = given.get("valid_from", "").strip()[:40], given.get("device", "").strip()[:64]
    one.seen = whole_number(given.get("seen", ""), 15) or 0


def _read_place(request: HttpRequest, one: Editing) -> None:
    """Where a new ladder is to hold, and for what."""
    given = request.POST
    one.area_typed = given.get("area", "").strip()[:120]
    one.kind = given.get("kind", "")[:32]
    one.severity = int(given.get("severity", "")) if given.get("severity", "") in {"1", "2", "3", "4"} else 0
    found = area_from(one.area_typed)
    one.area = found.code if found else ""


def _parsed(one: Editing) -> tuple[ladder.Rung, ...]:
    try:
        return ladder.parse_rungs(form.raw_of(one.boxes))
    except ladder.LadderWrong as wrong:
        raise Invalid(_("这一步写得不对"), code=f"ladder_{wrong.why}", field=wrong.path) from wrong


def _moment(text: str) -> datetime | None:
    """From when; nothing: from now."""
    if not text:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2200:
        raise Invalid(_("请选择时间"), field="valid_from")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _preview(actor: Actor, one: Editing, policy: Policy | None, now: datetime) -> None:
    """Who would be called now, by this ladder or (None) by the one in force; a device out of sight is said to be none."""
    try:
        if not one.device:
            raise Invalid(_("请写设备编号"), field="device")
        device = devices.get(actor, one.device)
        if policy is None:
            held = ladders.in_force(now, [device.area])
            policy = ladder.pick(held, area=device.area, kind=one.kind, severity=one.severity)
        one.calling = ladders.would_call(device, policy, now=now) if policy else []
    except HuyingError as error:
        one.device_error = str(error.message)


def _called(one: Calling) -> dict[str, Any]:
    """People of the staff by name; contacts of the device by their part alone."""
    people = []
    for each in one.called:
        part = str(words.WHO[each.who])
        name = each.name or _("登记的联系人")
        note = "" if each.consented else _("本人未同意告知，不通知")
        if not note and each.person_id is not None and not each.phone and set(one.rung.by) != {"app"}:
            note = _("没有登记电话，只发站内通知")
        people.append((part, name, note))
    return {
        "when": form.after_words(one.rung.after),
        "by": _("、").join(str(words.CHANNELS[each]) for each in one.rung.by),
        "people": people,
        "nobody": [str(words.WHO[each]) for each in one.nobody],
        "call": str(words.WHO[one.rung.call]) if one.rung.call else "",
    }


def _show(request: HttpRequest, actor: Actor, one: Editing, now: datetime) -> HttpResponse:
    fields = getattr(one.error, "fields", {})
    wrong = {name: str(text) for name, text in fields.items()}
    key = (one.area, one.kind, one.severity)
    title = f"{kind_said(one.kind)} · {severity_said(one.severity)}" if one.held else _("新的响应规程")
    area = territory.find_area(one.area) if one.area else None
    may_edit = devices.may(actor, access.EDIT, one.area) if one.held else True
    shown = {
        "title": title,
        "held": one.held,
        "where": where_words(one.area) if one.held else "",
        "steps": [form.rung_words(each) for each in one.held.policy.rungs] if one.held else [],
        "source": source_words(one.held.policy) if one.held else "",
        "row": one.held.row if one.held else None,
        "coming": one.held.coming if one.held else None,
        "begins": moment_words(one.held.coming.valid_from, now)
        if one.held and one.held.begins and one.held.coming
        else "",
        "boxes": [
            box | {"n": n, "error": form.wrong_places(one.boxes, fields).get(n, "")} for n, box in enumerate(one.boxes)
        ],
        "typed": one,
        "area_value": one.area_typed or (area_value(area) if area else ""),
        "wrong": wrong,
        "error": one.error,
        "theirs": _version(one.theirs) if one.theirs else None,
        "may_edit": may_edit,
        "versions": [_version(each) for each in ladders.versions(actor, key)] if one.held else [],
        "now": now,
        "calling": [_called(each) for each in one.calling],
        "kinds": kind_choices(),
        "severities": [(n, severity_said(n)) for n in LIGHTS],
        "copy_url": f"{reverse('alarms-ladder-new')}?{urlencode({'from': _from(one)})}",
        "crumbs": crumbs_of((reverse("alarms-ladders"), _("响应规程")), ("", title)),
        **form.choices(),
    }
    return render(request, "alarms/ladder.html", shown, status=one.error.status if one.error else 200)


def _from(one: Editing) -> str:
    return f"{one.area or EVERYWHERE}/{one.kind or ANY}/{one.severity}"


def _version(row: LadderPolicy) -> dict[str, Any]:
    return {
        "steps": [form.rung_words(each) for each in ladder.parse_rungs(row.rungs)],
        "source": source_words(row),
        "from": row.valid_from,
        "by": row.by_name or row.by,
        "saved_at": row.saved_at,
    }
