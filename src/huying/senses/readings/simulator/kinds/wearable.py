"""Wristbands of elders: a heart with its own resting rate that follows the day, steps, sleep, and sometimes a fall."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from huying.senses.readings.simulator.chance import bell, between, drift, unit
from huying.senses.readings.simulator.figures import Figure, Value, signal
from huying.senses.readings.simulator.hours import AWAKE, busy, day_of, hour_of, passed

CANCELLED_AFTER: Final = 12.0  # seconds; a band asks for 20 whether it was a fall
_AGAIN: Final = 25.0
_CUFF_HOURS: Final = (8, 14, 20)  # the band takes the blood pressure three times a day
_STIR: Final = 600.0  # seconds one is busy or sits before that changes
_STIRS: Final = 0.45  # share of spells one sits
_BED, _UP = 22.5, 6.0  # hours


def values(one: Figure, moment: float) -> dict[str, Value]:
    """Pulse, oxygen, skin, steps, stillness, battery, whether it is worn; a fall and a call for help."""
    step = int(moment)
    told: dict[str, Value] = {
        "sos": _lasts(one, "sos", moment),
        "fall": _lasts(one, "fall", moment) or _lasts(one, "fall_cancelled", moment, CANCELLED_AFTER),
        "steps": _steps(one, moment),
        "worn": not one.suffers("off_wrist", moment),
        "battery": _battery(one, moment),
        "signal": signal(one, moment),
    }
    if _lasts(one, "fall_cancelled", moment) and not told["fall"]:
        told["cancelled"] = True
    if told["worn"]:
        told["heart_rate"] = round(_heart(one, moment, step))
        oxygen = 97.0 + 0.9 * drift(one.seed + 12, moment, 5_400.0) + 0.4 * bell(one.seed + 13, step)
        told["spo2"] = round(min(100.0, max(75.0, oxygen - 13.0 * one.suffers("low_oxygen", moment))))
        skin = 33.6 + 0.8 * busy(AWAKE, moment) + 0.2 * bell(one.seed + 14, step)
        told["skin_temperature"] = round(skin + 4.8 * one.suffers("fever", moment), 1)
        told["idle_minutes"] = _idle(one, moment)
        hour = hour_of(moment)
        if int(hour) in _CUFF_HOURS and (hour - int(hour)) * 3_600.0 < one.every:
            told.update(_pressure(one, moment, step))
    if told["fall"] or told["sos"]:
        told.update(_position(one))
    return told


def moments(one: Figure, since: float, until: float) -> Iterator[float]:
    """What cannot wait for the next minute: a fall, its cancelling, a call for help."""
    for trouble in one.troubles:
        begins, ends = trouble.begins, trouble.begins + trouble.lasts
        told = {
            "fall": (begins, begins + _AGAIN, ends),
            "fall_cancelled": (begins, begins + CANCELLED_AFTER),
            "sos": (begins, ends),
        }.get(trouble.what, ())
        yield from (at for at in told if since <= at < until)


def _lasts(one: Figure, what: str, moment: float, seconds: float = math.inf) -> bool:
    return any(
        trouble.what == what and 0.0 <= moment - trouble.begins < min(trouble.lasts, seconds)
        for trouble in one.troubles
    )


def _stirs(one: Figure, moment: float) -> float:
    """How much one is about in this spell: 0 sitting, 1 as busy as it gets."""
    return max(0.0, unit(one.seed + 10, int(moment // _STIR)) - _STIRS) / (1.0 - _STIRS)


def _heart(one: Figure, moment: float, step: int) -> float:
    resting = between(one.seed, 50, 61.0, 76.0)
    awake = busy(AWAKE, moment)
    beats = resting - 6.0 * (1.0 - awake) + awake * 28.0 * _stirs(one, moment)
    beats += 1.6 * drift(one.seed + 11, moment, 1_800.0) + 1.3 * bell(one.seed + 15, step)
    beats += 82.0 * math.sqrt(one.suffers("heart_high", moment)) - 34.0 * math.sqrt(one.suffers("heart_low", moment))
    if one.suffers("flapping", moment) and int(moment // one.every) % 2:
        beats += 74.0
    return min(190.0, max(34.0, beats))


def _idle(one: Figure, moment: float) -> int:
    """Minutes without movement: the night asleep, by day the spells one sits."""
    for trouble in one.troubles:
        if trouble.what == "still" and 0.0 <= moment - trouble.begins < trouble.lasts:
            return int((moment - trouble.begins) / 60.0)
    hour = hour_of(moment)
    if hour >= _BED or hour < _UP:
        return int((hour - _BED) % 24.0 * 60.0)
    spells = 0
    at = moment
    while hour - spells * _STIR / 3_600.0 > _UP and not _stirs(one, at):
        spells, at = spells + 1, at - _STIR
    return int(spells * _STIR / 60.0)


def _pressure(one: Figure, moment: float, step: int) -> dict[str, Value]:
    more = one.suffers("pressure", moment)
    high = between(one.seed, 51, 112.0, 142.0) + 5.0 * bell(one.seed + 16, step) + 70.0 * more
    low = between(one.seed, 52, 66.0, 84.0) + 3.0 * bell(one.seed + 17, step) + 40.0 * more
    return {"systolic": round(high), "diastolic": round(min(low, high - 20.0))}


def _steps(one: Figure, moment: float) -> int:
    """Since midnight; the day's whole differs from person to person and day to day."""
    walked = between(one.seed, 53, 1_500.0, 6_500.0) * between(one.seed + 18, day_of(moment), 0.7, 1.25)
    return int(walked * passed(AWAKE, moment))


def _battery(one: Figure, moment: float) -> int:
    """Charged every second night while asleep; down by about a third a day."""
    odd, hour = (day_of(moment) + one.seed) % 2, hour_of(moment)
    charging = odd == 0 and hour < 2.0
    left = 32.0 + 34.0 * hour if charging else 100.0 - 34.0 * (odd + hour / 24.0)
    return max(1, round(left - 70.0 * one.suffers("flat", moment)))


def _position(one: Figure) -> dict[str, Value]:
    """Where the place is; a band outdoors would say more, and says it in an alarm only."""
    lon = one.lon or between(one.seed, 54, 114.0, 114.12)
    lat = one.lat or between(one.seed, 55, 22.6, 22.7)
    return {"lon": round(lon, 6), "lat": round(lat, 6)}
