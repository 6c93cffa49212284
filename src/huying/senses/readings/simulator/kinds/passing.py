"""What counts people going by: the door of an elder who lives alone, the entrances of an estate."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from huying.senses.readings.simulator.chance import between
from huying.senses.readings.simulator.figures import Figure, Value, signal
from huying.senses.readings.simulator.hours import (
    COMING_IN,
    COMING_IN_LATE,
    GOING_OUT,
    GOING_OUT_LATE,
    day_of,
    is_weekend,
    midnight_of,
    passed,
)

from .detectors import battery

_RUSH = 1.8  # people a second more than usual, in a crowd
_LONGEST_FLAP = 20.0  # seconds a restless door stays as it is


def door(one: Figure, moment: float) -> dict[str, Value]:
    """Whether it stands open, and how often it was opened today."""
    times = sum(begins <= moment for begins, _ends in openings(one.seed, day_of(moment)))
    told: dict[str, Value] = {"open": is_open(one, moment), "opened": times}
    return told | {"tamper": False, "battery": battery(one, moment), "signal": signal(one, moment)}


def is_open(one: Figure, moment: float) -> bool:
    for trouble in one.troubles:
        if 0.0 <= moment - trouble.begins < trouble.lasts:
            if trouble.what == "flapping":
                return int(moment // _LONGEST_FLAP) % 2 == 0
            if trouble.what in ("left_open", "still"):
                return trouble.what == "left_open"
    return any(begins <= moment < ends for begins, ends in openings(one.seed, day_of(moment)))


@lru_cache(maxsize=20_000)
def openings(seed: int, day: int) -> tuple[tuple[float, float], ...]:
    """When the door opened and shut on a day: out in the morning, in and out, hardly ever at night."""
    midnight = midnight_of(day * 86_400.0)
    found = []
    for turn in range(3 + (seed >> 8) % 6):
        begins = float(int(midnight + between(seed + 70 + turn, day, 6.3, 21.4) * 3_600.0))
        found.append((begins, begins + float(int(between(seed + 90 + turn, day, 8.0, 75.0)))))
    return tuple(sorted(found))


def moments(one: Figure, since: float, until: float) -> Iterator[float]:
    """Every time it opens or shuts; while somebody is still, nothing moves."""
    for day in range(day_of(since), day_of(until) + 1):
        for pair in openings(one.seed, day):
            yield from (at for at in pair if since <= at < until and not _stands(one, at))
    for trouble in one.troubles:
        ends = trouble.begins + trouble.lasts
        if trouble.what == "left_open":
            yield from (at for at in (trouble.begins, ends) if since <= at < until)
        elif trouble.what == "flapping":
            first = int(trouble.begins // _LONGEST_FLAP + 1) * int(_LONGEST_FLAP)
            yield from (float(at) for at in range(first, int(ends), int(_LONGEST_FLAP)) if since <= at < until)


def _stands(one: Figure, moment: float) -> bool:
    """Whether nobody moves the door just now."""
    return any(
        trouble.what in ("still", "left_open") and 0.0 <= moment - trouble.begins < trouble.lasts
        for trouble in one.troubles
    )


def entrance(one: Figure, moment: float) -> dict[str, Value]:
    """People in and out since the reading before, and inside now; rush hours, later and flatter at the weekend."""
    came, went = _passed(one, moment)
    before = _passed(one, moment - one.every) if day_of(moment - one.every) == day_of(moment) else (0, 0)
    whole = _people(one, moment)
    told: dict[str, Value] = {"inward": max(0, came - before[0]), "outward": max(0, went - before[1])}
    inside = max(0, int(whole * 0.9) + came - went)
    return told | {"inside": inside, "blocked": False, "signal": signal(one, moment)}


def _people(one: Figure, moment: float) -> float:
    """How many pass on a day."""
    usual = between(one.seed, 80, 500.0, 4_000.0) * between(one.seed + 1, day_of(moment), 0.9, 1.1)
    return usual * (0.72 if is_weekend(moment) else 1.0)


def _passed(one: Figure, moment: float) -> tuple[int, int]:
    """How many have come in and gone out since midnight."""
    free, whole = is_weekend(moment), _people(one, moment)
    came = whole * passed(COMING_IN_LATE if free else COMING_IN, moment)
    went = whole * passed(GOING_OUT_LATE if free else GOING_OUT, moment)
    for trouble in one.troubles:
        if trouble.what == "crowd" and day_of(trouble.begins) == day_of(moment) and moment >= trouble.begins:
            share = (moment - trouble.begins) / trouble.lasts
            rush = _RUSH * trouble.force * trouble.lasts
            came += rush * min(1.0, share)
            went += rush * min(1.0, max(0.0, share - 1.0))
    return int(came), int(went)
