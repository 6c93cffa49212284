"""The pictures, voice notes and papers of a case: a few of each on its page, all of them on a page of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from .. import access
from .. import queries_desk as reads
from ..models import Attachment
from ..timeline_words import STAGES
from .guard import actor_of, staff


@staff
@require_GET
def files(request: HttpRequest, case_id: int) -> HttpResponse:
    """Everything that was brought, in the order it came, a page at a time."""
    case = access.get_case(actor_of(request), case_id)
    page = reads.files_page(case, cursor=request.GET.get("cursor"))
    back = reverse("cases-case", args=[case.pk])
    crumbs = [(reverse("cases-inbox"), _("事件")), (back, case.number), ("", _("照片和材料"))]
    return render(request, "cases/files.html", {"case": case, "page": page, "crumbs": crumbs, **sorted_out(page.rows)})


def sorted_out(attachments: Sequence[Attachment]) -> dict[str, Any]:
    """Pictures by stage, in the order they tell the story, voice notes and papers; ``more``: how many are not among them."""
    pictures = [one for one in attachments if one.file.kind == "image"]
    photos = [
        (str(said), [_picture(one) for one in pictures if one.stage == stage])
        for stage, said in STAGES.items()
        if any(one.stage == stage for one in pictures)
    ]
    totals = {(one.stage, one.file.kind): getattr(one, "total", 0) for one in attachments}
    return {
        "photos": photos,
        "sounds": [one for one in attachments if one.file.kind == "sound"],
        "documents": [one for one in attachments if one.file.kind == "document"],
        "more": max(0, sum(totals.values()) - len(attachments)),
        "files_in_all": sum(totals.values()),
    }


def _picture(one: Attachment) -> dict[str, str]:
    said = one.caption or str(STAGES[one.stage])
    return {"url": one.file.url, "thumb": one.file.thumbnail_url, "alt": said, "caption": one.caption}
