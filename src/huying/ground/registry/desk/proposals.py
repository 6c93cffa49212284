"""The queue of what waits: both values side by side, taken or not field by field, with a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, NotFound

from .. import access, actions
from .. import queries_desk as reads
from ..fields import FIELDS, KIND_LABELS
from ..masking import label, mask, said
from ..models import Proposal, Record
from . import grants
from .frame import actor_of, entered, page

WHY: Mapping[str, Any] = {
    "identity": gettext_lazy("改的是身份信息"),
    "replaces": gettext_lazy("换掉原有的内容"),
    "ending": gettext_lazy("注销"),
    "moves": gettext_lazy("改变上下级或类别"),
    "renames": gettext_lazy("下级的地址都会跟着改"),
    "lowers_risk": gettext_lazy("调低风险"),
    "care": gettext_lazy("关爱名单"),
    "elsewhere": gettext_lazy("不在提交人的区域里"),
    "review": gettext_lazy("来源要求审核"),
    "conflict": gettext_lazy("两个人写的不一样"),
}


@page(access.PROPOSE)
@require_GET
def queue(request: HttpRequest) -> HttpResponseBase:
    """What waits for me to decide; for who only proposes, what became of theirs."""
    actor = actor_of(request)
    decides = bool(access.areas(actor, access.DECIDE))
    mine = request.GET.get("mine") == "1" or not decides
    state = request.GET.get("state", "")
    found = reads.proposals(
        actor, state=state, mine=mine, subject=request.GET.get("subject", ""), cursor=request.GET.get("cursor")
    )
    records = reads.records_of([(one.kind, one.subject) for one in found.rows])
    shown = {
        "page": found,
        "rows": [_words(request, actor, one, records.get((one.kind, str(one.subject)))) for one in found.rows],
        "mine": mine,
        "decides": decides,
        "state": state,
    }
    return render(request, "registry/proposals.html", shown)


def of_actor(actor: Actor, number: int) -> Proposal:
    """A proposal that the actor may decide or has made; a stranger gets 404."""
    found: Proposal | None = Proposal.objects.filter(pk=number).first()
    if found is None or not (found.author == actor.ref or access.may(actor, access.DECIDE, found.area)):
        raise NotFound(_("没有这条提交"))
    return found


@page(access.PROPOSE)
@require_http_methods(["GET", "POST"])
def proposal(request: HttpRequest, number: int) -> HttpResponseBase:
    """One proposal: see it, decide it."""
    actor, now = actor_of(request), clock.now()
    found = of_actor(actor, number)
    error: HuyingError | None = None
    if request.method == "POST":
        take = [name for name in found.fields if request.POST.get(f"take_{name}") == "mine"]
        if entered(request, "do") == "all":
            take = list(found.fields)
        elif entered(request, "do") == "none":
            take = []
        try:
            actions.decide_proposal(
                actor=actor, now=now, proposal_id=found.pk, accept=take, reason=entered(request, "reason")
            )
            messages.success(request, _("已采纳") if take else _("已退回，提交人看得到理由"))
            return redirect("registry-proposals")
        except HuyingError as refused:
            if refused.status == 404:
                raise
            error = refused
    records = reads.records_of([(found.kind, found.subject)])
    row = _words(request, actor, found, records.get((found.kind, str(found.subject))))
    shown = {"row": row, "error": error, "typed": request.POST}
    return render(request, "registry/proposal.html", shown, status=error.status if error else 200)


def _words(request: HttpRequest, actor: Actor, found: Proposal, record: Record | None) -> dict[str, Any]:
    """A proposal as pages show it: sealed values masked unless the record stands open to this session."""
    values = json.loads(found.values) if found.values else {}
    is_open = set(grants.opened(request, record, clock.now()).fields) if record is not None else set()
    fields = FIELDS[found.kind]
    refs: dict[str, list[Any]] = {}
    for name, one in values.items():
        if fields[name].type == "ref":
            refs.setdefault(fields[name].to, []).extend(value for value in one.values() if value)
    labels = reads.labels_of(refs) if refs else {}

    def words(name: str, value: Any) -> str:
        field = fields[name]
        if field.type == "ref":
            return labels.get(str(value), "")
        return mask(field, value) if field.private and name not in is_open else said(field, value)

    lines = [
        {
            "name": name,
            "label": fields[name].label,
            "sealed": fields[name].private,
            "base": words(name, one["base"]),
            "theirs": words(name, one["theirs"]),
            "mine": words(name, one["mine"]),
            "taken": name in found.taken,
        }
        for name, one in values.items()
        if name in fields and not (one["theirs"] in (None, "") and one["mine"] in (None, ""))
    ]
    visible = record is not None and access.may(actor, access.VIEW, record.area)
    return {
        "proposal": found,
        "kind_label": KIND_LABELS[found.kind],
        "label": label(record) if record is not None else _("新登记：%(kind)s") % {"kind": KIND_LABELS[found.kind]},
        "url": grants.record_url(record) if record is not None and visible else "",
        "why": WHY.get(found.why, found.why),
        "lines": lines,
        "birth": found.base == 0 and record is None,
        "conflict": found.state == Proposal.State.CONFLICT,
        "open": found.decided_at is None,
        "may_decide": found.decided_at is None
        and access.may(actor, access.DECIDE, found.area)
        and found.author != actor.ref,
        "own": found.author == actor.ref,
        "address": reverse("registry-proposal", args=[found.pk]),
    }


def waiting(request: HttpRequest) -> int | str | None:
    """For the menu: how many wait for this actor; one query."""
    actor = actor_of(request)
    if not access.areas(actor, access.DECIDE):
        return None
    number = reads.count_of_proposals(actor)
    return f"{number}+" if number >= reads.MOST_COUNTED else number or None
