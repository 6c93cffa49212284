"""每月一题: one case for many units, opened of what many residents say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from huying.casework.catalogue import queries as catalogues
from huying.casework.dispatch.actions import open_matters
from huying.casework.dispatch.queries import Matter
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, NotFound
from huying.kernel.locks import lock_rows
from huying.senses.reports.rules import Channel

from . import access
from .models import HotIssue, HotMessage

_DAY: Final = "%Y-%m-%d"
_LONGEST_TITLE: Final = 80


@transaction.atomic
def open_joint_case(issue_id: int, *, actor: Actor, now: datetime) -> HotIssue:
    """Open the joint case of an issue, held for a dispatcher who decides which unit leads; the case's trace tells who did.

    Its words sum up the messages and quote none. Raises :class:`Conflict` when the issue has a joint case already.
    """
    access.must_open(actor)
    access.get_issue(actor, issue_id)
    found = lock_rows(HotIssue, [issue_id])
    if not found:
        raise NotFound(code="hotspot_not_found")  # another took it in at this moment
    issue = found[0]
    if issue.case_id is not None:
        raise Conflict(
            gettext_lazy("这个热点已经开过联办"), code="joint_case_open", hint=gettext_lazy("请到联办事件里继续办理")
        )
    lon, lat = _point(issue)
    matter = Matter(
        text=_summary(issue),
        title=issue.name[:_LONGEST_TITLE],
        channel=Channel.DEPARTMENT,
        at=now,
        item_code=_item_code(issue, now),
        place_text=issue.place,
        lon=lon,
        lat=lat,
        hold=True,
    )
    (opened,) = open_matters([matter], actor=actor, now=now)
    issue.case_id = opened.case_id
    issue.save(update_fields=["case"])
    return issue


def _summary(issue: HotIssue) -> str:
    """How many speak of it, where and since when; in the language of the place."""
    with override(settings.LANGUAGE_CODE):
        return _(
            "居民集中反映“%(name)s”：%(first)s 至 %(last)s 共 %(messages)s 条、%(people)s 人，地点 %(place)s。"
            "请由牵头单位会同有关单位联合办理（每月一题）。"
        ) % {
            "name": issue.name,
            "first": localtime(issue.first_at).strftime(_DAY),
            "last": localtime(issue.last_at).strftime(_DAY),
            "messages": issue.messages,
            "people": issue.people,
            "place": issue.place or _("见各件"),
        }


def _item_code(issue: HotIssue, now: datetime) -> str | None:
    """The kind most of its cases have, of those the catalogue still knows."""
    catalogue = catalogues.current(local_day(now))
    found: Sequence[str] = (
        HotMessage.objects.filter(issue=issue)
        .values("report__case__item_code")
        .annotate(cases=Count("id"))
        .order_by("-cases", "report__case__item_code")
        .values_list("report__case__item_code", flat=True)
    )
    return next((code for code in found if catalogue.get(code) is not None), None)


def _point(issue: HotIssue) -> tuple[float | None, float | None]:
    """Where the latest message that has a point was."""
    placed = HotMessage.objects.filter(issue=issue, report__lon__isnull=False).order_by("-at", "-id")
    return placed.values_list("report__lon", "report__lat").first() or (None, None)
