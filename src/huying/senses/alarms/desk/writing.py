"""Rules: what holds for a kind of device and where it comes from, and a form to write one's own, tried before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.pickers import area_from, area_value
from huying.casework.catalogue import queries as catalogue
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.errors import Conflict, HuyingError, Invalid, NotFound
from huying.kernel.numbers import whole_number
from huying.senses.devices import access as devices
from huying.senses.devices.desk.frame import TOWN, place_words
from huying.senses.devices.kinds import Kind, kinds
from huying.senses.devices.words import said

from .. import access, actions, queries, words
from ..actions.ruling import check_rule
from ..engine import Rule, explain, sentence
from ..models import AlarmRule
from ..rulebook import read_body
from . import rule_form as form
from . import trying
from .shown import LIGHTS, crumbs_of


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a rule is to hold: everywhere, an area (a code), or one device."""

    kind: str = "area"
    area: str = ""
    device: str = ""

    @property
    def query(self) -> str:
        return f"{self.kind}:{self.device or self.area}"

    @classmethod
    def read(cls, text: str) -> Scope | None:
        kind, mark, value = text.partition(":")
        if not mark or kind not in ("all", "area", "device"):
            return None
        return cls(kind, device=value) if kind == "device" else cls(kind, area=value if value.isdecimal() else "")


@staff
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """Rules of a kind of device: those that come with it, and what places say otherwise."""
    actor = actor_of(request)
    devices.must_view(actor)
    kind = _kind(request.GET.get("kind", next(iter(kinds()))))
    own = queries.own_rules(actor, device_kind=kind.code, cursor=request.GET.get("cursor"))
    common = [_default(one, kind) for one in queries.defaults_of(kind.code)] if own.prev is None else []
    shown = {
        "kind": kind.code,
        "tabs": [(code, said(one.name), code == kind.code) for code, one in kinds().items()],
        "rules": [*common, *(_own(one, kind) for one in own.rows)],
        "page": own,
        "may_edit": devices.may_somewhere(actor, access.EDIT),
        "crumbs": crumbs_of(("", _("规则"))),
    }
    return render(request, "alarms/rules.html", shown)


def _kind(code: str) -> Kind:
    if code not in kinds():
        raise NotFound(_("没有这种设备类型"), code="kind_unknown")
    return kinds()[code]


def _english() -> bool:
    return (get_language() or "").startswith("en")


def sentence_words(rule: Rule, kind: Kind) -> str:
    """A rule in one line of the reader's language."""
    found = sentence(rule, kind.fields)
    return found.en if _english() else found.zh


def explained(rule: Rule, kind: Kind) -> list[str]:
    return [one.en if _english() else one.zh for one in explain(rule, kind.fields)]


def source_words(rule: Rule) -> str:
    source = rule.source.en if _english() else rule.source.zh
    return " ".join(filter(None, (source, rule.source.law)))


def _default(rule: Rule, kind: Kind) -> dict[str, Any]:
    return {
        "code": rule.code,
        "alarm": rule.name.en if _english() else rule.name.zh,
        "words": sentence_words(rule, kind),
        "where": _("各地（自带）"),
        "source": source_words(rule),
        "urgent": rule.urgent,
        "active": rule.active,
        "own": False,
        "scope": "",
    }


def _own(row: AlarmRule, kind: Kind) -> dict[str, Any]:
    rule = None if row.off else read_body(row.body)
    scope = Scope("device", device=row.device.code) if row.device else Scope("area" if row.area else "all", row.area)
    return {
        "code": row.code,
        "alarm": (rule.name.en if _english() else rule.name.zh) if rule else row.code,
        "words": sentence_words(rule, kind) if rule else _("这里不用这条规则"),
        "where": where_words(row.area, row.device.name if row.device else ""),
        "source": source_words(rule) if rule else row.reason,
        "urgent": bool(rule and rule.urgent),
        "active": bool(rule and rule.active),
        "own": True,
        "by": row.by_name,
        "since": row.valid_from,
        "scope": scope.query,
    }


def where_words(area: str, device: str = "") -> str:
    if device:
        return device
    if len(area) >= TOWN:
        return place_words([area])[area]
    return territory.labels([area], get_language() or "").get(area, area) if area else _("全部区域")


# --- one rule -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Editing:
    """One visit of the form: what stood there, what was typed, what came of it."""

    kind: Kind
    held: Rule | None
    row: AlarmRule | None
    scope: Scope
    typed: dict[str, Any]
    reason: str = ""
    error: HuyingError | None = None
    tried: Rule | None = None
    trial: trying.Trial | None = None
    seen: int = 0  # the version in ``seen_in`` that the editor has before them
    seen_in: str = ""
    theirs: AlarmRule | None = None  # what somebody else has saved meanwhile


@staff
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A rule of one's own."""
    kind = _kind(request.GET.get("kind", ""))
    if not devices.may_somewhere(actor_of(request), access.EDIT):
        raise NotFound(code="rule_not_found")
    return _edit(request, Editing(kind, None, None, _first_scope(request), form.typed_of(None, kind)))


@staff
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """A rule as it holds somewhere: read by whoever sees devices, changed by whoever keeps them there."""
    actor, of = actor_of(request), _kind(kind)
    devices.must_view(actor)
    scope = Scope.read(request.GET.get("scope", ""))
    row = _row(actor, of, code, scope) if scope else None
    held = read_body(row.body) if row is not None and not row.off else None
    held = held or queries.default_of(of.code, code)
    if held is None:
        raise NotFound(_("没有这条规则"), code="rule_not_found")
    scope = scope or _first_scope(request)
    seen = row if row is not None else _row(actor, of, code, scope)
    one = Editing(of, held, row, scope, form.typed_of(held, of), seen=seen.version if seen else 0, seen_in=scope.query)
    return _edit(request, one)


def _row(actor: Any, kind: Kind, code: str, scope: Scope) -> AlarmRule | None:
    rows = access.visible_rules(actor).select_related("device").filter(device_kind=kind.code, code=code, current=True)
    narrow = {"device__code": scope.device} if scope.kind == "device" else {"device": None, "area": scope.area}
    return rows.filter(**narrow).first()


def _first_scope(request: HttpRequest) -> Scope:
    """Where a new rule of one's own is first offered to hold: as wide as the reader keeps devices."""
    if code := request.GET.get("device", ""):
        return Scope("device", device=code[:64])
    areas = sorted(devices.areas(actor_of(request), access.EDIT), key=len)
    return Scope("all") if not areas or not areas[0] else Scope("area", areas[0])


def _edit(request: HttpRequest, one: Editing) -> HttpResponse:
    if request.method != "POST":
        return _show(request, one)
    if not devices.may_somewhere(actor_of(request), access.EDIT):
        raise NotFound(code="rule_not_found")
    one.typed, one.reason = form.typed_from(request.POST), request.POST.get("reason", "").strip()
    one.seen = whole_number(request.POST.get("seen", ""), 8) or 0
    one.seen_in = request.POST.get("seen_in", "")[:90]
    if one.held is not None:
        one.typed["code"] = one.held.code
    try:
        one.scope = _scope_typed(request)
        saved = _do(request, one)
    except HuyingError as error:
        if error.status == 404:
            raise
        one.error = error
        if isinstance(error, Conflict):
            _meet(actor_of(request), one)
        return _show(request, one)
    return redirect(f"{reverse('alarms-rules')}?kind={one.kind.code}") if saved else _show(request, one)


def _meet(actor: Any, one: Editing) -> None:
    """Somebody else has saved meanwhile: both versions are shown, and saving again is a decision that knows of theirs."""
    one.theirs = _row(actor, one.kind, one.typed["code"], one.scope)
    if one.theirs is not None:
        one.seen, one.seen_in = one.theirs.version, one.scope.query


def _scope_typed(request: HttpRequest) -> Scope:
    kind = request.POST.get("scope", "")
    if kind == "device":
        if code := request.POST.get("device", "").strip():
            return Scope("device", device=code[:64])
        raise Invalid(_("请写设备编号"), field="device")
    if kind == "area":
        if area := area_from(request.POST.get("area", "")):
            return Scope("area", area=area.code)
        raise Invalid(_("请选择区域"), field="area")
    return Scope("all")


def _do(request: HttpRequest, one: Editing) -> bool:
    """Try, save or withdraw; whether something was saved."""
    actor, now = actor_of(request), clock.now()
    do, area, device = request.POST.get("do", ""), one.scope.area, one.scope.device
    place: Any = {"area": area, "device": device, "reason": one.reason, "actor": actor, "now": now}
    place["seen"] = one.seen if one.scope.query == one.seen_in else 0
    if do == "withdraw" and one.row is not None:
        default = queries.default_of(one.kind.code, one.row.code)
        if default is not None:
            actions.save_rule(form.written(default), **place)
        else:
            actions.drop_rule(one.kind.code, one.row.code, **place)
        messages.success(request, _("已改回自带的规则"))
        return True
    raw = form.raw_of(one.typed, one.kind, one.held)
    one.tried = check_rule(raw)
    if do == "save":
        actions.save_rule(raw, **place)
        messages.success(request, _("已保存，马上按新的报警"))
        return True
    old = form.written(one.held) if one.held is not None else None
    one.trial = trying.begin(actor, raw, old, area=area, device=device, now=now)
    return False


FIELDS: Final = {
    "name": "name_zh",
    "when": "op",
    "source": "source_zh",
    "clear": "clear_for",
    "times": "times_n",
    "schedule": "from",
}


def _wrong(error: HuyingError | None, typed: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by the box it stands in: the parser names places such as ``steps[0].at_least``."""
    boxes = [str(one["severity"]) for one in typed["steps"] if one["threshold"] != ""]
    wrong: dict[str, str] = {}
    for path, text in getattr(error, "fields", {}).items():
        first = path.partition(".")[0].partition("[")[0]
        if first == "steps" and "[" in path:
            at = int(path.partition("[")[2].partition("]")[0])
            wrong[f"threshold_{boxes[at]}" if at < len(boxes) else "threshold_1"] = str(text)
        elif first == "steps":
            wrong["threshold_1"] = str(text)
        else:
            wrong[FIELDS.get(first, first)] = str(text)
    return wrong


def _show(request: HttpRequest, one: Editing) -> HttpResponse:
    actor = actor_of(request)
    wrong = _wrong(one.error, one.typed)
    rule_said = one.tried or one.held
    boxes = [
        box
        | {
            "light": LIGHTS[box["severity"]],
            "words": words.severity_words(box["severity"]),
            "error": _box_error(wrong, box["severity"]),
        }
        for box in one.typed["steps"]
    ]
    area = territory.find_area(one.scope.area) if one.scope.area else None
    title = (one.held.name.en if _english() else one.held.name.zh) if one.held else _("新规则")
    shown = {
        "title": title,
        "held": one.held,
        "kind": one.kind.code,
        "typed": one.typed | {"steps": boxes},
        "wrong": wrong,
        "error": one.error,
        "reason": one.reason,
        "words": explained(rule_said, one.kind) if rule_said else [],
        "tried": one.tried is not None,
        "now_where": "" if one.tried else _where_now(one),
        "trying": trying.said(one.trial) if one.trial else None,
        "may_edit": devices.may_somewhere(actor, access.EDIT),
        "own_row": one.row,
        "seen": one.seen,
        "seen_in": one.seen_in,
        "theirs": _version(one.theirs, one.kind) if one.theirs else None,
        "keeps_more": form.keeps_more(one.held),
        "scope": {
            "kind": one.scope.kind,
            "area": area_value(area) if area else request.POST.get("area", ""),
            "device": one.scope.device,
        },
        "versions": [_version(each, one.kind) for each in queries.versions(one.row)] if one.row else [],
        "crumbs": crumbs_of((f"{reverse('alarms-rules')}?kind={one.kind.code}", _("规则")), ("", title)),
        **_choices(actor, one),
    }
    return render(request, "alarms/rule.html", shown, status=one.error.status if one.error else 200)


def _box_error(wrong: Mapping[str, str], severity: int) -> str:
    names = (f"{name}_{severity}" for name in ("threshold", "lasting", "leave"))
    return next((wrong[name] for name in names if name in wrong), "")


def _where_now(one: Editing) -> str:
    """Where the rule that is shown comes from; nothing for a new one."""
    if one.row is not None:
        return where_words(one.row.area, one.row.device.name if one.row.device else "")
    return _("各地（自带）") if one.held else ""


def _version(row: AlarmRule, kind: Kind) -> dict[str, Any]:
    text = _("这里不用这条规则") if row.off else sentence_words(read_body(row.body), kind)
    return {"words": text, "at": row.valid_from, "by": row.by_name, "reason": row.reason}


def _choices(actor: Any, one: Editing) -> dict[str, Any]:
    scopes = [("area", _("一个区域"), ""), ("device", _("一台设备"), "")]
    if "" in devices.areas(actor, access.EDIT):
        scopes.insert(0, ("all", _("全部区域"), ""))
    alarms = {each.alarm: words.kind_words(each.alarm, one.kind.code) for each in queries.defaults_of(one.kind.code)}
    if one.held:
        alarms.setdefault(one.held.alarm, words.kind_words(one.held.alarm, one.kind.code))
    return {
        "scopes": scopes,
        "alarms": list(alarms.items()),
        "fields": [(code, said(each.name)) for code, each in one.kind.fields.items()],
        "operators": form.operators_for(one.held),
        "units": list(form.UNIT_WORDS.items()),
        "ladders": list(form.LADDER_WORDS.items()),
        "days": [(code, label, code in one.typed["days"]) for code, label in form.DAYS.items()],
        "case_levels": [(str(severity), words.severity_words(severity)) for severity in LIGHTS],
        "items": [
            (item.code, f"{item.code} {item.label}") for each in catalogue.today().classes for item in each.items
        ],
    }
