"""The stories a director would recognise: chronic hot spots, and bursts of many voices about one outage or flood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

from .places import Atlas, Spot
from .templates import pick
from .weather import Sky
from .worktime import is_workday


@dataclass(slots=True)
class Cue:
    """One voice to come: what, where, when. ``incident`` groups voices about the same thing."""

    at: datetime
    code: str
    source: str  # resident, grid or other
    spot: Spot | None = None
    incident: str = ""
    want: str = ""


def chronic(rng: Random, atlas: Atlas, skies: Sequence[Sky], scale: float, zone: datetime) -> Iterator[Cue]:
    """A building site at night, a bad lift, a barbecue street, a smelly canal and a school gate."""
    site = atlas.spot(rng, *atlas.anchor(rng, ("site",)))
    lift = atlas.spot(rng, *atlas.anchor(rng, ("lift",)))
    street = atlas.spot(rng, *atlas.anchor(rng, ("road",)))
    street = Spot(street.anchor, f"{street.anchor.name}夜市那段", street.road, street.estate)
    canal = atlas.spot(rng, *atlas.anchor(rng, ("river",)))
    school = atlas.spot(rng, *atlas.anchor(rng, ("school",)))
    yesterday = 0.0
    for index, sky in enumerate(skies):
        share, late_week = index / max(len(skies) - 1, 1), sky.on.weekday() in (3, 4, 5, 6)
        curbed = 0.35 if 0.62 < share < 0.88 else 1.0  # fined, quiet for a while, then back
        plans = (
            (site, ("0711",), 2.0 * (0.6 + share) * curbed * (0.3 if sky.rain > 30 else 1), (21.5, 25.5)),
            (lift, ("0607", "0607", "0607", "0606"), 6.0 if index % 13 == 4 else 0.25, (7.0, 21.5)),
            (street, ("0115", "0115", "0115", "1202", "1204", "0113", "0402"),
             (3.2 if late_week else 0.9) * (0.7 + 0.7 * share) * (0.2 if sky.rain > 8 else 1), (19.5, 25.4)),
            (canal, ("1208", "1208", "1208", "1209", "1207"),
             0.6 + 1.6 * sky.drive["heat"] + (1.3 if yesterday > 15 else 0), (7.0, 20.5)),
            (school, ("0415", "0415", "0402"), 1.1 if is_workday(sky.on) else 0.0, (7.2, 8.3)),
        )  # fmt: skip
        for number, (spot, codes, mean, (first, last)) in enumerate(plans):
            for _ in range(_poisson(rng, mean * scale)):
                at = _moment(sky, zone, rng.uniform(first, last))
                yield Cue(at, pick(rng, codes), "resident", spot, f"story{number}-{sky.on}")
        yesterday = sky.rain


def bursts(rng: Random, atlas: Atlas, skies: Sequence[Sky], scale: float, zone: datetime) -> Iterator[Cue]:
    """Power and water cuts any day, more in heat and storm; flooded places on days of heavy rain."""
    for index, sky in enumerate(skies):
        drive = sky.drive
        for _ in range(_poisson(rng, scale * (0.17 + 0.25 * drive["heat"] + 1.6 * drive["typhoon"]))):
            code = rng.choices(("0217", "0216", "1007", "1513"), (5, 4, 1.5, 0.6 + 6 * drive["typhoon"]))[0]
            hour = rng.gauss(20, 1.6) if code == "0217" else rng.triangular(6, 21, 8)
            yield from _burst(rng, atlas, code, _moment(sky, zone, hour), f"cut{index}", ("estate", "village"), scale)
        if sky.rain > 38:
            for _ in range(_poisson(rng, scale * min(sky.rain / 50, 3))):
                code = rng.choices(("1212", "1501", "1504", "1211"), (5, 3, 2, 1))[0]
                hour = sky.peak + rng.expovariate(0.8)
                yield from _burst(
                    rng, atlas, code, _moment(sky, zone, hour), f"flood{index}", ("road", "village"), scale
                )
        if sky.gale > 0.3:
            for _ in range(int(14 * sky.gale * scale)):
                spot = atlas.spot(rng, *atlas.anchor(rng, ("road", "estate")))
                source = "resident" if rng.random() < 0.6 else "grid"
                yield Cue(_moment(sky, zone, rng.triangular(5, 23, 13)), "1507", source, spot)


def _burst(
    rng: Random, atlas: Atlas, code: str, start: datetime, name: str, at: tuple[str, ...], scale: float
) -> Iterator[Cue]:
    anchor, want = atlas.anchor(rng, at)
    incident = f"{name}-{rng.getrandbits(24):x}"
    for number in range(max(2, int(rng.triangular(3, 24, 7) * min(1.0, 0.4 + scale)))):
        delay = 0.0 if number == 0 else rng.expovariate(1 / 55)
        yield Cue(start + timedelta(minutes=delay), code, "resident", atlas.spot(rng, anchor, want), incident)


def _moment(sky: Sky, zone: datetime, hour: float) -> datetime:
    return datetime.combine(sky.on, time(), zone.tzinfo) + timedelta(hours=max(hour, 0.0))


def _poisson(rng: Random, mean: float) -> int:
    count, left = 0, mean
    while mean > 0 and (left := left - rng.expovariate(1)) > 0:
        count += 1
    return count
