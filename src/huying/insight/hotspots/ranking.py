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
_WRITTEN = ("name", "place", "messages", "people", "official", "first_at", "last_at")
_MOSTLY = 0.6  # of the messages on one ground lend their issue its name


@dataclass(frozen=True, slots=True)
class _Member:
    at: datetime
    person: int
    official: bool
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
        HotIssue.objects.bulk_update(issues, _WRITTEN)
        shown += sum(one.messages >= FEWEST for one in issues)
    return shown


def _members(issue_ids: Collection[int]) -> dict[int, list[_Member]]:
    """The messages of each issue, oldest first."""
    rows = HotMessage.objects.filter(issue__in=issue_ids, report__erased_at__isnull=True).order_by("at", "id")
    columns = (
        "issue_id",
        "at",
        "person",
        "official",
        "report__title",
        "beginning",
        "report__place_text",
        "area",
        "features",
    )
    found: dict[int, list[_Member]] = defaultdict(list)
    begun = rows.annotate(beginning=Left("report__text", _BEGINNING))
    for issue_id, *known, stored in begun.values_list(*columns):
        found[issue_id].append(_Member(*known, features=read(stored)))
    return dict(found)


def _describe(issue: HotIssue, members: Sequence[_Member]) -> None:
    """Counted and named by what residents said; by what patrols and departments reported only where nobody else did."""
    said = [one for one in members if not one.official]
    times = [one.at for one in said or members]
    issue.messages, issue.official = len(members), len(members) - len(said)
    issue.people, issue.first_at, issue.last_at = len({one.person for one in said}), min(times), max(times)
    if len(members) < FEWEST:
        issue.name = issue.place = ""
        return
    issue.name, issue.place = _named((said or members)[-_NAMED_BY:])


def _named(latest: Sequence[_Member]) -> tuple[str, str]:
    """Name and place, from the titles people gave; where these say nothing (反映以下几个问题), from how their texts begin."""
    titled = [one for one in latest if one.title.strip()] or latest
    ground, places = _ground(latest), [one.place for one in latest if one.place]
    naming = named([(title_for(one.title, one.text), one.features) for one in titled], ground=ground, places=places)
    if not naming.problem:
        naming = named([(title_for("", one.text), one.features) for one in latest], ground=ground, places=places)
    name = naming.name or title_for(titled[-1].title, titled[-1].text)
    return mask_text(name)[:120], mask_text(naming.place)[:80]


def _ground(members: Sequence[_Member]) -> str:
    """The name of the community most messages were said in, where there is one."""
    communities = Counter(one.area[:COMMUNITY] for one in members if len(one.area) >= COMMUNITY)
    for code, times in communities.most_common(1):
        if times >= _MOSTLY * len(members):
            return territory.names([code]).get(code, "")
    return ""
