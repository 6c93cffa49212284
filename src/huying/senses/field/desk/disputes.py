"""Corrections of forms that two people gave other values: shown side by side on the form's page, decided there."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from huying.casework.clocks.desk import actor_of, staff
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError
from huying.kernel.models import StoredFile
from huying.kernel.privacy import mask_text
from huying.senses.forms.models import Submission

from .. import access, actions, queries_disputes
from ..models import Dispute


def panel(request: HttpRequest, submission: Submission) -> str:
    """What was given two values, side by side, and what was decided; for its author and for who leads the area."""
    actor = actor_of(request)
    rows = queries_disputes.disputes_of(submission.uid)
    leads = access.overseen_disputes(actor).filter(submission=submission.uid).exists() if rows else False
    shown = [_told(one, submission, actor, leads) for one in rows if leads or one.by == actor.ref]
    return render_to_string("field/_disputes.html", {"rows": shown}, request=request) if shown else ""


def waiting(request: HttpRequest, submission: Submission) -> str:
    """On top of the page, for whoever may decide: something waits further down."""
    actor = actor_of(request)
    rows = access.overseen_disputes(actor).filter(submission=submission.uid, state=Dispute.State.OPEN)
    if not rows.exclude(by=actor.ref).exists():
        return ""
    return render_to_string("field/_dispute_waits.html", request=request)


def _told(row: Dispute, submission: Submission, actor: Actor, leads: bool) -> dict[str, Any]:
    is_open = row.state == Dispute.State.OPEN
    return {
        "row": row,
        "reason": mask_text(row.reason),
        "words": mask_text(row.words),
        "values": queries_disputes.both_values(row, submission) if is_open else [],
        "pictures": _pictures(row) if is_open else [],
        "may_decide": is_open and leads and row.by != actor.ref,
    }


def _pictures(row: Dispute) -> list[dict[str, str]]:
    rows = StoredFile.objects.filter(pk__in=row.files.values(), kind=StoredFile.Kind.IMAGE).order_by("pk")
    return [{"url": one.url, "thumb": one.thumbnail_url or one.url, "alt": _("现场照片")} for one in rows]


@staff
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """``do``: take or leave, with ``words``."""
    actor = actor_of(request)
    row = access.get_dispute(actor, pk)
    take = request.POST.get("do") == "take"
    try:
        actions.decide_dispute(pk, take=take, words=request.POST.get("words", ""), actor=actor, now=clock.now())
    except HuyingError as error:
        if error.status == 404:
            raise
        said = [error.message, *map(str, getattr(error, "fields", {}).values())]
        messages.error(request, " ".join(dict.fromkeys(map(str, said))))
    else:
        messages.success(request, _("已采用，本人看得到") if take else _("已记录，本人看得到"))
    return redirect("forms-submission", row.submission)
