"""Adding and changing records with one form; who was faster never costs anybody what they typed."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound

from .. import access, actions
from .. import queries_desk as reads
from ..fields import FIELDS, KIND_LABELS
from ..masking import label, masked
from ..models import Record, State
from . import forms, grants
from .frame import actor_of, entered, page
from .record import Tried
from .search import picked

ADDABLE = ("person", "premises", "household", "organisation", "facility", "relation", "residence", "care")
SOURCE = "desk"


@page(access.PROPOSE)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponseBase:
    """A record that is not there yet. References may come filled in from the address: ``?resident=…``."""
    actor = actor_of(request)
    if kind not in ADDABLE or (kind == "care" and not access.areas(actor, access.CARE)):
        raise NotFound()
    given = {name: request.GET.get(name, "") for name in FIELDS[kind] if request.GET.get(name)}
    if request.method != "POST" or "look" in request.POST:
        return _form(request, kind, None, given)
    uid = _uid(entered(request, "uid"))
    try:
        changes = forms.changes(kind, {}, request.POST)
        done = actions.change(
            actor=actor, now=clock.now(), kind=kind, uid=uid, base=0, changes=changes, source=SOURCE, op=uid
        )
    except NotFound:
        raise
    except HuyingError as error:
        return _form(request, kind, None, given, Tried("new", request.POST, error))
    if done.state == "applied":
        messages.success(request, _("已登记"))
        return redirect(_place_of(actor, kind, uid, changes))
    messages.success(request, _("已提交，等信息管理员审核。"))
    return redirect(_home_of(kind, changes))


def _uid(text: str) -> UUID:
    """The uid made when the form was shown: pressing twice does not add twice."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _place_of(actor: Actor, kind: str, uid: UUID, changes: dict[str, Any]) -> str:
    if kind in ("relation", "residence", "care"):
        return _home_of(kind, changes)
    try:
        access.get(actor, kind, uid)
    except NotFound:  # it lies, as written, outside the author's own area
        return reverse("registry-home")
    return reverse("registry-record", args=[kind, uid])


def _home_of(kind: str, changes: dict[str, Any]) -> str:
    resident = changes.get("resident")
    if resident:
        return reverse("registry-record", args=["person", resident])
    return f"{reverse('registry-home')}?tab={kind}"


@page(access.PROPOSE)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, kind: str, uid: str) -> HttpResponseBase:
    """Change a record. The version that was seen goes along; what somebody else changed meanwhile is shown beside."""
    actor, now = actor_of(request), clock.now()
    record = access.get(actor, kind, uid)
    if record.state != State.ACTIVE or not access.may(actor, access.PROPOSE, record.area):
        raise NotFound()
    if request.method != "POST" or "look" in request.POST:
        return _form(request, kind, record, record.values())
    try:
        base = int(entered(request, "base") or 0)
        shut = _shut(request, record)
        changes = forms.changes(kind, _seen(record), request.POST, shut=shut)
        if not changes:
            messages.info(request, _("没有改动"))
            return redirect(grants.record_url(record))
        done = actions.change(
            actor=actor, now=now, kind=kind, uid=record.uid, base=base, changes=changes, source=SOURCE
        )
    except ValueError:
        return _form(request, kind, record, record.values(), Tried("edit", request.POST, Invalid(_("页面已过期"))))
    except HuyingError as error:
        return _form(request, kind, record, record.values(), Tried("edit", request.POST, error))
    if done.state == "conflict":
        messages.warning(request, _("别人刚刚改过同一处。其余的已保存；这几处两种写法都留着，请看哪个对。"))
        return redirect(reverse("registry-proposal", args=[done.proposal_id]))
    said = _("已保存") if done.state == "applied" else _("已提交；需要审核的几项等信息管理员决定。")
    messages.success(request, said)
    return redirect(grants.record_url(record))


def _seen(record: Record) -> dict[str, Any]:
    return record.values()


def _shut(request: HttpRequest, record: Record) -> set[str]:
    """The sealed fields that are not open to this session, and so were empty in the form."""
    open_now = grants.opened(request, record, clock.now()).fields
    return {name for name, field in FIELDS[record.KIND].items() if field.private and name not in open_now}


def _form(
    request: HttpRequest, kind: str, record: Record | None, values: dict[str, Any], tried: Tried | None = None
) -> HttpResponse:
    """The form; ``look`` in what was sent means: keep everything and show what a reference may lead to."""
    actor = actor_of(request)
    look = request.POST.get("look", "")
    typed = request.POST if request.method == "POST" else None
    masks: dict[str, str] = {}
    if record is not None:
        shut = _shut(request, record)
        held = masked(record)
        masks = {name: held.get(name, "") for name in shut}
    refs: dict[str, list[Any]] = {}
    for name, field in FIELDS[kind].items():
        value = (typed.get(name) if typed is not None else None) or values.get(name)
        if field.type == "ref" and value:
            refs.setdefault(field.to, []).append(value)
    said = reads.labels_of(_visible(actor, refs))
    chosen = {}
    for name, field in FIELDS[kind].items():
        if field.type == "ref":
            value = (typed.get(name) if typed is not None else None) or values.get(name) or ""
            chosen[name] = said.get(str(value), "")
    found = picked(actor, FIELDS[kind][look].to, request.POST.get(f"look_{look}", "")) if look in FIELDS[kind] else []
    shown = {
        "kind": kind,
        "kind_label": KIND_LABELS[kind],
        "record": record,
        "label": label(record) if record is not None else "",
        "back": grants.record_url(record) if record is not None else reverse("registry-home"),
        "inputs": forms.inputs(
            kind, values, masks=masks, chosen=chosen, typed=typed, errors=tried.errors if tried else {}
        ),
        "base": (typed or {}).get("base") or (record.version if record is not None else 0),
        "uid": (typed or {}).get("uid") or str(uuid4()),
        "tried": tried,
        "look": look,
        "found_refs": found,
    }
    answer = render(request, "registry/form.html", shown, status=tried.error.status if tried else 200)
    answer["Cache-Control"] = "no-store"
    return answer


def _visible(actor: Actor, refs: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """References in an address may be anybody's: only those the actor may see are said in words."""
    kept: dict[str, list[Any]] = {}
    for to, uids in refs.items():
        if to == "staff":
            kept[to] = uids
            continue
        known = [uid for uid in uids if _is_uid(uid)]
        kept[to] = list(access.visible(actor, to).filter(uid__in=known).values_list("uid", flat=True))
    return kept


def _is_uid(text: Any) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True
