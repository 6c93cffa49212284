"""What an issue is called, how hot it is and how many speak of it, written anew from its messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from django.db.models.functions import Left

from huying.casework.dispatch.rules import title_of
from huying.kernel.privacy import mask_text

from .grouping import Message
from .heat import USUAL, Weights, figures_of, heat
from .indexing import key_of, read
from .likeness import Features
from .models import FEWEST, HotIssue, HotMessage
from .naming import named

_AT_ONCE: Final = 500  # issues
_NAMED_BY: Final = 120  # of the latest messages
_BEGINNING = 120  # signs of a text that may become its title


@dataclass(frozen=True, slots=True)
class _Member:
    message: Message
    features: Features


def title_for(title: str, text: str) -> str:
    """A message's own title, or its first sentence; without numbers that lead to a person."""
    return mask_text(title) if title.strip() else title_of(mask_text(text))


def refresh(issue_ids: Collection[int], *, now: datetime, weights: Weights = USUAL) -> int:
    """Name, place, heat and counts of these issues as of now; returns how many are shown. Three queries for 500."""
    ids, shown = sorted(issue_ids), 0
    for start in range(0, len(ids), _AT_ONCE):
        wanted = ids[start : start + _AT_ONCE]
        members = _members(wanted)
        issues = list(HotIssue.objects.filter(pk__in=[one for one in wanted if one in members]))
        for issue in issues:
            _describe(issue, members[issue.pk], now, weights)
        fields = ["name", "place", "heat", "parts", "messages", "people", "first_at", "last_at", "quiet"]
        HotIssue.objects.bulk_update(issues, fields)
        shown += sum(one.messages >= FEWEST for one in issues)
    return shown


def _members(issue_ids: Collection[int]) -> dict[int, list[_Member]]:
    """The messages of each issue, oldest first."""
    rows = HotMessage.objects.filter(issue__in=issue_ids, report__erased_at__isnull=True).order_by("at", "id")
    columns = ("issue_id", "report_id", "at", "report__contact_id", "report__title", "beginning", "features")
    found: dict[int, list[_Member]] = defaultdict(list)
    for issue_id, report_id, at, contact, title, beginning, stored in rows.annotate(
        beginning=Left("report__text", _BEGINNING)
    ).values_list(*columns):
        user = str(contact) if contact else ""
        message = Message(key_of(report_id), title_for(title, beginning), "", at, user=user)
        found[issue_id].append(_Member(message, read(stored)))
    return dict(found)


def _describe(issue: HotIssue, members: Sequence[_Member], now: datetime, weights: Weights) -> None:
    times = [one.message.time for one in members if one.message.time]
    issue.messages, issue.first_at, issue.last_at = len(members), min(times), max(times)
    issue.quiet = False
    figures = figures_of([one.message for one in members], now, weights)
    issue.people = figures.voices
    if len(members) < FEWEST:
        issue.name, issue.place, issue.heat, issue.parts = "", "", 0.0, {}
        return
    naming = named([(one.message.title, one.features) for one in members[-_NAMED_BY:]])
    issue.name = mask_text(naming.name or members[-1].message.title)[:120]
    issue.place = mask_text(naming.place)[:80]
    points = heat(figures, weights)
    issue.heat = round(points.total, 4)
    issue.parts = {name: round(value, 2) for name, value in asdict(points).items()}
