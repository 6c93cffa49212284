"""Signs that somebody may not have been where a check-in says. Signs for a person to look at, never a verdict. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .routes import Point, metres


class Doubt(StrEnum):
    """Why a person should look at a check-in."""

    FAR = "far"  # farther from the point than its radius and the position's own error explain
    FAST = "fast"  # from the place before in less time than a vehicle needs
    WRONG_CODE = "wrong_code"  # the QR code is another place's
    NO_POSITION = "no_position"  # by position, and none was given
    CLOCK = "clock"  # the telephone's clock was wrong
    SAME_PHOTO = "same_photo"  # a picture that was handed in before
    OFF_DUTY = "off_duty"  # outside any time on duty


@dataclass(frozen=True, slots=True)
class DoubtLimits:
    """Metres, metres a second, seconds, minutes. An error larger than ``worst_accuracy`` says nothing about distance."""

    slack_metres: int = 20
    worst_accuracy: int = 200
    top_speed: int = 40
    least_seconds: int = 20
    clock_minutes: int = 10


@dataclass(frozen=True, slots=True)
class CheckPlace:
    """Where a check-in should be: its point, radius in metres, and what its QR code says."""

    point: Point | None
    radius: float
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """Somebody says to be somewhere: at a moment of the device's clock, with a position ± ``accuracy`` metres.

    ``received_at`` is the server's time; ``photos`` are digests of pictures that came with it.
    """

    at: datetime
    point: Point | None = None
    accuracy: float = 0.0
    how: str = "position"
    code: str = ""
    received_at: datetime | None = None
    photos: frozenset[str] = frozenset()
    on_duty: bool = True


def doubts(
    here: Passing,
    place: CheckPlace,
    previous: Passing | None = None,
    *,
    known_photos: frozenset[str] = frozenset(),
    limits: DoubtLimits | None = None,
) -> tuple[Doubt, ...]:
    """Every sign that applies, in the order of :class:`Doubt`; none for a check-in nobody has to look at."""
    limits = limits or DoubtLimits()
    signs = {
        Doubt.FAR: _is_far(here, place, limits),
        Doubt.FAST: previous is not None and _is_fast(previous, here, limits),
        Doubt.WRONG_CODE: here.how == "qr" and here.code != place.code,
        Doubt.NO_POSITION: here.how != "qr" and here.point is None,
        Doubt.CLOCK: _clock_is_off(here, limits),
        Doubt.SAME_PHOTO: bool(here.photos & known_photos),
        Doubt.OFF_DUTY: not here.on_duty,
    }
    return tuple(doubt for doubt in Doubt if signs[doubt])


def _is_far(here: Passing, place: CheckPlace, limits: DoubtLimits) -> bool:
    if here.point is None or place.point is None:
        return False
    allowed = place.radius + min(max(here.accuracy, 0.0), limits.worst_accuracy) + limits.slack_metres
    return metres(here.point, place.point) > allowed


def _is_fast(previous: Passing, here: Passing, limits: DoubtLimits) -> bool:
    """The two positions' own errors are taken off the distance first; a few seconds' difference proves nothing."""
    if previous.point is None or here.point is None:
        return False
    away = metres(previous.point, here.point) - max(previous.accuracy, 0.0) - max(here.accuracy, 0.0)
    seconds = max(abs((here.at - previous.at).total_seconds()), limits.least_seconds)
    return away > limits.slack_metres and away / seconds > limits.top_speed


def _clock_is_off(here: Passing, limits: DoubtLimits) -> bool:
    """Work may arrive days later, but none can come from the future."""
    if here.received_at is None:
        return False
    return (here.at - here.received_at).total_seconds() > limits.clock_minutes * 60
