"""What the demonstration's devices say means what it should: troubles raise alarms, quiet days hardly any."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from huying.senses.alarms.engine import Engine, default_rules
from huying.senses.alarms.rules import FALSE, Cause
from huying.senses.devices.decoding import Reading
from huying.senses.devices.models import Device
from huying.senses.readings.demo.course import TROUBLES
from huying.senses.readings.demo.past import judged, past_alarm
from huying.senses.readings.simulator.crowd import LASTS, gather, kinds_of
from huying.senses.readings.simulator.figures import Trouble, figure
from huying.senses.readings.simulator.kinds import VOICES
from huying.senses.readings.simulator.play import due, values_of

MORNING = datetime(2025, 6, 10, 1, 0, tzinfo=UTC).timestamp()
DEVICE = Device(pk=7, code="demo-brk-0001", kind="smart_breaker", area="990101001001001")


@pytest.mark.parametrize(
    ("code", "what", "alarm", "peak"),
    [
        ("smart_breaker", "leak", "leak", 3), ("smart_breaker", "overload", "overload", 3),
        ("smart_breaker", "heat", "heat", 3), ("smart_breaker", "sag", "under_voltage", 2),
        ("wearable", "heart_high", "heart_rate", 3), ("wearable", "fall", "fall", 4), ("wearable", "sos", "sos", 4),
        ("wearable", "low_oxygen", "oxygen", 3), ("smoke", "smoke", "smoke", 4), ("gas", "gas", "gas", 4),
        ("water_level", "flood", "flood", 4),
    ],
)  # fmt: skip
def test_each_trouble_raises_its_alarm_and_it_clears(code: str, what: str, alarm: str, peak: int) -> None:
    one = figure(f"{code}-7", code, use={"smart_breaker": "dwelling", "water_level": "underpass"}.get(code, ""))
    trouble = Trouble(what, MORNING + 7, LASTS[what])
    one.troubles.append(trouble)
    (spell,) = [spell for spell in judged(one, trouble) if spell.first.alarm == alarm]
    assert spell.peak >= peak
    assert trouble.begins <= spell.first.at.timestamp() <= trouble.begins + trouble.lasts
    assert spell.cleared is not None
    assert spell.cleared.at.timestamp() > trouble.begins + trouble.lasts - 60


def test_a_fall_that_was_called_off_raises_nothing() -> None:
    one = figure("w-1", "wearable")
    one.troubles.append(Trouble("fall_cancelled", MORNING, 60.0))
    assert judged(one, one.troubles[0]) == []


def test_quiet_days_raise_hardly_anything() -> None:
    raised = 0
    engines = {kind: Engine(default_rules(kind)) for kind in VOICES}
    for one in gather(kinds_of(40), seed=3, every=300.0):
        state = None
        for at, _one in due([one], MORNING, MORNING + 2 * 86_400):
            moment = datetime.fromtimestamp(at, UTC)
            reading = Reading(moment, None, values_of(one, at), False)
            state, events = engines[one.kind].step(state, reading, now=moment)
            raised += sum(event.what == "raise" and event.severity > 1 for event in events)
    assert raised <= 4  # rain that rises in an underpass is no false alarm


def test_every_trouble_of_the_demonstration_is_one_its_kinds_can_have() -> None:
    known = {what for voice in VOICES.values() for what in voice.troubles}
    assert {what for what, *_rest in TROUBLES} <= known
    assert sum(often for _what, often, _first, _last in TROUBLES) == 100
    assert known == set(LASTS)


def test_what_lies_behind_was_closed_by_somebody_with_a_cause() -> None:
    one = figure(DEVICE.code, "smart_breaker", use="dwelling")
    trouble = Trouble("leak", MORNING, LASTS["leak"])
    one.troubles.append(trouble)
    (spell,) = [spell for spell in judged(one, trouble) if spell.first.alarm == "leak"]
    row = past_alarm(spell, DEVICE, ("person:3", "网格员"), Random(1))
    assert row is not None
    assert (row.kind, row.peak, row.cause) == ("leak", 3, Cause.HAZARD)
    assert row.closed_at is not None
    assert row.cleared_at is not None
    assert row.acknowledged_at is not None
    assert row.opened_at < row.acknowledged_at < row.closed_at
    assert row.closed_at > row.cleared_at
    assert row.cause not in FALSE
    again = past_alarm(spell, DEVICE, ("person:3", "网格员"), Random(1))
    assert again is not None
    assert again.uid == row.uid
