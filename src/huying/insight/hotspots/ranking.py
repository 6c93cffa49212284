"""What an issue is called and how many speak of it, written anew from its messages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models.functions import Left

from huying.casework.dispatch.rules import title_of
from huying.ground.territory import queries as territory
from huying.kernel.privacy import mask_text

from .indexing import read
from .likeness import Features
from .models import FEWEST, HotIssue, HotMessage
from .naming import named
from .where import COMMUNITY

_AT_ONCE: Final = 500  # issues
_NAMED_BY: Final = 120  # of the latest messages
_BEGINNING = 120  # signs of a text that may become its title
_MOSTLY = 0.6  # of the messages on one ground lend their issue its name


@dataclass(frozen=True, slots=True)
class _Member:
    at: datetime
    person: int
    title: str
    text: str
    place: str
    area: str
    features: Features


def title_for(title: str, text: str) -> str:
    """A message's own title, or its first sentence; without numbers that lead to a person."""
    return mask_text(title) if title.strip() else title_of(mask_text(text))


def refresh(issue_ids: Collection[int]) -> int:
    """Name, place and counts of these issues; returns how many are shown. Three queries for 500."""
    ids, shown = sorted(issue_ids), 0
    for start in range(0, len(ids), _AT_ONCE):
        wanted = ids[start : start + _AT_ONCE]
        members = _members(wanted)
        issues = list(HotIssue.objects.filter(pk__in=[one for one in wanted if one in members]))
        for issue in issues:
            _describe(issue, members[issue.pk])
        HotIssue.objects.bulk_update(issues, ["name", "place", "messages", "people", "first_at", "last_at"])
        shown += sum(one.messages >= FEWEST for one in issues)
    return shown


def _members(issue_ids: Collection[int]) -> dict[int, list[_Member]]:
    """The messages of each issue, oldest first."""
    rows = HotMessage.objects.filter(issue__in=issue_ids, report__erased_at__isnull=True).order_by("at", "id")
    columns = ("issue_id", "at", "person", "report__title", "beginning", "report__place_text", "area", "features")
    found: dict[int, list[_Member]] = defaultdict(list)
    begun = rows.annotate(beginning=Left("report__text", _BEGINNING))
    for issue_id, at, person, title, text, place, area, stored in begun.values_list(*columns):
        found[issue_id].append(_Member(at, person, title, text, place, area, read(stored)))
    return dict(found)


def _describe(issue: HotIssue, members: Sequence[_Member]) -> None:
    times = [one.at for one in members]
    issue.messages, issue.first_at, issue.last_at = len(members), min(times), max(times)
    issue.people = len({one.person for one in members})
    if len(members) < FEWEST:
        issue.name = issue.place = ""
        return
    latest = members[-_NAMED_BY:]
    titled = [one for one in latest if one.title.strip()] or latest
    naming = named(
        [(title_for(one.title, one.text), one.features) for one in titled],
        ground=_ground(latest),
        places=[one.place for one in latest if one.place],
    )
    issue.name = mask_text(naming.name or title_for(titled[-1].title, titled[-1].text))[:120]
    issue.place = mask_text(naming.place)[:80]


def _ground(members: Sequence[_Member]) -> str:
    """The name of the community most messages were said in, where there is one."""
    communities = Counter(one.area[:COMMUNITY] for one in members if len(one.area) >= COMMUNITY)
    for code, times in communities.most_common(1):
        if times >= _MOSTLY * len(members):
            return territory.names([code]).get(code, "")
    return ""
