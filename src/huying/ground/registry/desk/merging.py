"""Possible duplicates: two records side by side, which value to keep field by field, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound

from .. import access, actions
from .. import queries_desk as reads
from ..fields import FIELDS, KIND_LABELS
from ..masking import label, mask, said
from ..models import Record, State
from . import grants
from .frame import actor_of, entered, page

REASONS = {
    "same_birth": gettext_lazy("姓名和出生日期相同"),
    "same_phone": gettext_lazy("姓和电话相同"),
    "same_place": gettext_lazy("地址相同"),
    "same_name": gettext_lazy("名称相同"),
}


@page(access.DECIDE)
@require_GET
def duplicates(request: HttpRequest) -> HttpResponseBase:
    """Pairs that may be the same, oldest first."""
    actor = actor_of(request)
    found = reads.likenesses(actor, cursor=request.GET.get("cursor"))
    records = reads.records_of([(one.kind, uid) for one in found.rows for uid in (one.one, one.other)])
    rows = []
    for pair in found.rows:
        one, other = (records.get((pair.kind, str(uid))) for uid in (pair.one, pair.other))
        if one is None or other is None or not all(access.may(actor, access.VIEW, each.area) for each in (one, other)):
            continue
        rows.append(
            {
                "pair": pair,
                "kind_label": KIND_LABELS[pair.kind],
                "one": label(one),
                "other": label(other),
                "notes": [_note(one), _note(other)],
                "reasons": [REASONS.get(code, code) for code in pair.reasons],
                "url": reverse("registry-merge", args=[pair.kind, pair.one, pair.other]),
            }
        )
    return render(request, "registry/duplicates.html", {"page": found, "rows": rows})


def _note(record: Record) -> str:
    home = getattr(record, "home", None) or getattr(record, "premises", None)
    return home.address if home is not None else ""


def _pair(request: HttpRequest, kind: str, one: UUID, other: UUID) -> tuple[Record, Record]:
    actor = actor_of(request)
    found = access.get(actor, kind, one), access.get(actor, kind, other)
    if one == other or not all(access.may(actor, access.DECIDE, each.area) for each in found):
        raise NotFound()
    return found


@page(access.DECIDE)
@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, kind: str, one: UUID, other: UUID) -> HttpResponseBase:
    """Two records side by side: merge them, or say that they are different."""
    actor, now = actor_of(request), clock.now()
    left, right = _pair(request, kind, one, other)
    error: HuyingError | None = None
    if request.method == "POST":
        try:
            if entered(request, "do") == "different":
                pair = reads.likeness_of(kind, left.uid, right.uid)
                if pair is None:
                    raise Invalid(_("这一对没有被提示过，不用标记"))
                actions.tell_apart(actor=actor, now=now, likeness_id=pair.pk)
                messages.success(request, _("记下了：不是同一个，不再提示"))
                return redirect("registry-duplicates")
            if entered(request, "do") != "merge":
                raise Invalid(_("页面没有这项操作"))
            keep, gone = (right, left) if entered(request, "keep") == "other" else (left, right)
            take = [name for name in FIELDS[kind] if _from(request, name) == str(gone.uid)]
            _merged(actor, now, keep, gone, take)
            messages.success(request, _("已合并，随时可以撤销"))
            return redirect(f"{reverse('registry-record', args=[kind, keep.uid])}?merged={gone.uid}")
        except HuyingError as refused:
            if refused.status == 404:
                raise
            error = refused
    shown = {
        "kind": kind,
        "kind_label": KIND_LABELS[kind],
        "one": left,
        "other": right,
        "labels": (label(left), label(right)),
        "versions": (left.version, right.version),
        "lines": _lines(request, left, right),
        "merged": State.MERGED in (left.state, right.state),
        "error": error,
    }
    return render(request, "registry/merge.html", shown, status=error.status if error else 200)


def _merged(actor: Actor, now: datetime, keep: Record, gone: Record, take: Sequence[str]) -> None:
    """Merge, then take the chosen values of the other: both or neither."""
    chosen = {name: gone.value(name) for name in take if gone.value(name) not in (None, "")}
    with transaction.atomic():
        kept = actions.merge_records(actor=actor, now=now, kind=keep.KIND, keep=keep.uid, other=gone.uid)
        wanted = {name: value for name, value in chosen.items() if kept.value(name) != value}
        if wanted:
            actions.change(
                actor=actor, now=now, kind=keep.KIND, uid=keep.uid, base=kept.version, changes=wanted, source="desk"
            )


def _from(request: HttpRequest, name: str) -> str:
    return request.POST.get(f"field_{name}", "")


def _lines(request: HttpRequest, left: Record, right: Record) -> list[dict[str, Any]]:
    """Fields that either has, both values in words; the fuller one is proposed."""
    now = clock.now()
    open_left, open_right = (grants.opened(request, each, now).fields for each in (left, right))
    values = left.values(), right.values()
    refs: dict[str, list[Any]] = {}
    for name, field in FIELDS[left.KIND].items():
        if field.type == "ref":
            refs.setdefault(field.to, []).extend(each[name] for each in values if each[name])
    labels = reads.labels_of(refs) if refs else {}
    lines = []
    for name, field in FIELDS[left.KIND].items():
        one, other = (each[name] for each in values)
        if name in ("ending", "ended_on") or (one in (None, "") and other in (None, "")):
            continue
        words = []
        for value, is_open in ((one, name in open_left), (other, name in open_right)):
            if field.type == "ref":
                words.append(labels.get(str(value), ""))
            else:
                words.append(mask(field, value) if field.private and not is_open else said(field, value))
        lines.append(
            {
                "name": name,
                "label": field.label,
                "sealed": field.private,
                "one": words[0],
                "other": words[1],
                "same": one == other,
                "take_other": one in (None, ""),
            }
        )
    return lines


@page(access.DECIDE)
@require_POST
def split(request: HttpRequest, kind: str, uid: UUID) -> HttpResponseBase:
    """Undo a merging: the record that was merged away is one of its own again."""
    actor = actor_of(request)
    gone = access.get(actor, kind, uid)
    actions.undo_merge(actor=actor, now=clock.now(), kind=kind, other=gone.uid)
    messages.success(request, _("已撤销合并，两条各自恢复"))
    return redirect("registry-record", kind, gone.uid)
