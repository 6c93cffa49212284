"""How hot a group is: a documented sum whose parts can be shown and whose weights a place may change. Pure.

heat = messages·ln(1+v) + likes·ln(1+max(0, l)) + growth·r·v/(v+3) + recency·½^(a/half_life) + span·ln(1+d) + official·ln(1+o),
with v different people who wrote, l likes minus dislikes (in the product: how often somebody seconded a matter of another), r the
share of messages of the last ``recent_days``, a days since the last message, d days from the first to the last, o what patrols
found and departments passed on: it supports a group and counts in no other part. No part falls when its figure rises (a: when
it falls), for any weights not below 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from math import isfinite, log1p
from typing import Final

from huying.insight.hotspots.grouping import Message

_DAY = timedelta(days=1)
FEW: Final = 3.0  # so many voices make growth count half
FEWEST_VOICES: Final = 2  # different people who speak of it in a period, from where on an issue is hot
MOST_POINTS, MOST_DAYS = 100.0, 3650.0  # what a place may set


@dataclass(frozen=True, slots=True)
class Weights:
    """Points a part may bring; all at least 0. Days of the half-life and of what counts as recent are above 0."""

    messages: float = 10.0
    likes: float = 3.0
    growth: float = 5.0
    recency: float = 5.0
    span: float = 1.0
    official: float = 1.0
    half_life_days: float = 30.0
    recent_days: float = 14.0

    def __post_init__(self) -> None:
        if any(getattr(self, field.name) < 0 for field in fields(self)) or not (
            self.half_life_days and self.recent_days
        ):
            raise ValueError("weights are at least 0, and days above 0")


def wrong_in(values: Mapping[str, float]) -> list[str]:
    """Which of these a place may not set: points are from 0 to 100, days from 1 to 3650, and some part must count."""
    limits = {True: (1.0, MOST_DAYS), False: (0.0, MOST_POINTS)}
    wrong = [name for name, value in values.items() if not _between(value, *limits[name.endswith("_days")])]
    nothing = not any(value for name, value in values.items() if not name.endswith("_days"))
    return wrong or (["messages"] if nothing else [])


def _between(value: float, least: float, most: float) -> bool:
    return isfinite(value) and least <= value <= most


@dataclass(frozen=True, slots=True)
class Figures:
    """What heat is computed from. ``recent_share`` is 0..1; ages and spans are days at least 0, None when times are unknown."""

    voices: int
    net_likes: int = 0
    recent_share: float = 0.0
    days_since_last: float | None = None
    span_days: float = 0.0
    official: int = 0


@dataclass(frozen=True, slots=True)
class Heat:
    """Points of each part; ``total`` is their sum."""

    messages: float
    likes: float
    growth: float
    recency: float
    span: float
    official: float

    @property
    def total(self) -> float:
        return self.messages + self.likes + self.growth + self.recency + self.span + self.official


USUAL: Final = Weights()


def heat(figures: Figures, weights: Weights = USUAL) -> Heat:
    """The parts of the heat, each at least 0."""
    age = figures.days_since_last
    voices = max(0, figures.voices)
    return Heat(
        messages=weights.messages * log1p(voices),
        likes=weights.likes * log1p(max(0, figures.net_likes)),
        growth=weights.growth * figures.recent_share * voices / (voices + FEW),
        recency=0.0 if age is None else weights.recency * 0.5 ** (max(0.0, age) / weights.half_life_days),
        span=weights.span * log1p(max(0.0, figures.span_days)),
        official=weights.official * log1p(max(0, figures.official)),
    )


def figures_of(messages: Sequence[Message], now: datetime, weights: Weights = USUAL) -> Figures:
    """The figures of a group as of ``now``; a message without user counts as a person of its own."""
    times = sorted(message.time for message in messages if message.time)
    since = now - timedelta(days=weights.recent_days)
    return Figures(
        voices=len({("user", message.user) if message.user else ("message", message.id) for message in messages}),
        net_likes=sum(message.likes - message.dislikes for message in messages),
        recent_share=sum(time > since for time in times) / len(times) if times else 0.0,
        days_since_last=max(0.0, (now - times[-1]) / _DAY) if times else None,
        span_days=(times[-1] - times[0]) / _DAY if times else 0.0,
    )
