"""What simulated devices say: believable, plausible for their kinds, the same from the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.senses.devices.decoding import batch_of, decode, parse, read
from huying.senses.devices.kinds import kind, kinds
from huying.senses.readings.simulator.chance import bell, seed_of, unit
from huying.senses.readings.simulator.crowd import MIX, gather, kinds_of, trouble
from huying.senses.readings.simulator.figures import EVERY, Figure, Trouble, figure
from huying.senses.readings.simulator.hours import busy, day_of, hour_of, is_weekend, midnight_of, passed
from huying.senses.readings.simulator.kinds import VOICES
from huying.senses.readings.simulator.payloads import FORMS, encode
from huying.senses.readings.simulator.play import Players, due, values_of
from huying.senses.readings.simulator.sinks import envelopes
from huying.senses.readings.simulator.weather import rain, shower, soaked

MORNING = datetime(2025, 6, 10, 1, 0, tzinfo=UTC).timestamp()  # nine o'clock in China, a Tuesday
DAY = 86_400.0


def test_every_kind_has_a_voice_an_interval_and_a_share() -> None:
    assert set(VOICES) == set(kinds())
    assert set(EVERY) == set(kinds())
    assert set(MIX) == set(kinds()) - {"gateway"}
    for code, every in EVERY.items():
        assert every < kind(code).silence_minutes * 60, f"{code} would count as silent between two readings"


@given(st.sampled_from(sorted(VOICES)), st.integers(0, 999), st.floats(0, 400 * DAY), st.sampled_from(FORMS), st.data())
def test_whatever_is_said_is_plausible_and_read_back(
    code: str, number: int, later: float, form: str, data: st.DataObject
) -> None:
    what = data.draw(st.sampled_from(("", *VOICES[code].troubles)))
    moment = MORNING + later
    one = figure(f"{code}-{number}", code)
    if what:
        one.troubles.append(Trouble(what, moment - 100.0, 200.0))
    values = values_of(one, moment)
    body = encode(kind(code), form, moment, 7, values)
    (back,) = decode(kind(code), body, datetime.fromtimestamp(moment, UTC))
    assert not back.odd
    assert not back.unknown
    assert not back.clock_off
    assert back.seq == 7
    assert abs(back.at.timestamp() - moment) < 0.002
    if form in ("own", "iso", "list"):
        assert back.values == pytest.approx(values)
    else:
        assert back.values


def test_the_same_seed_says_the_same_and_another_one_does_not() -> None:
    figures = gather(kinds_of(60), seed=4)
    again = gather(kinds_of(60), seed=4)
    other = gather(kinds_of(60), seed=5)
    until = MORNING + 900
    assert list(Players(figures).play(MORNING, until)) == list(Players(again).play(MORNING, until))
    assert list(Players(figures).play(MORNING, until)) != list(Players(other).play(MORNING, until))


def test_a_course_begun_later_goes_on_as_if_it_had_never_stopped() -> None:
    figures = gather({"smart_breaker": 3, "door": 3}, seed=2)
    whole = [(at, one.code) for at, one in due(figures, MORNING, MORNING + 2 * DAY)]
    parts = [(at, one.code) for at, one in due(figures, MORNING, MORNING + DAY)]
    parts += [(at, one.code) for at, one in due(figures, MORNING + DAY, MORNING + 2 * DAY)]
    assert whole == parts
    assert whole == sorted(whole, key=lambda pair: pair[0])


def test_devices_do_not_all_speak_at_once() -> None:
    figures = gather({"smart_breaker": 600}, every=60.0)
    at_second = Counter(int(at) for at, _one in due(figures, MORNING, MORNING + 60))
    assert sum(at_second.values()) == 600
    assert max(at_second.values()) < 30


def test_the_day_has_a_rhythm() -> None:
    breaker = figure("b1", "smart_breaker", use="dwelling")
    night, evening = (float(values_of(breaker, midnight_of(MORNING) + hour * 3600)["power"]) for hour in (4, 20))
    assert evening > 2 * night
    band = figure("w1", "wearable")
    asleep = [float(values_of(band, midnight_of(MORNING) + 3 * 3600 + step * 60)["heart_rate"]) for step in range(60)]
    up = [float(values_of(band, midnight_of(MORNING) + 10 * 3600 + step * 60)["heart_rate"]) for step in range(60)]
    assert sum(asleep) / 60 + 4 < sum(up) / 60
    gate = figure("e1", "entrance_counter")
    counts = [int(values_of(gate, midnight_of(MORNING) + quarter * 900)["outward"]) for quarter in range(96)]
    assert counts.index(max(counts)) // 4 in (7, 8, 9)
    assert sum(counts[:20]) < sum(counts[28:32])


def test_meters_only_grow_and_start_over_at_midnight_where_they_say_today() -> None:
    breaker = figure("b2", "smart_breaker")
    energy = [float(values_of(breaker, MORNING + hour * 3600)["energy"]) for hour in range(80)]
    assert energy == sorted(energy)
    band = figure("w2", "wearable")
    midnight = midnight_of(MORNING) + DAY
    assert int(values_of(band, midnight - 60)["steps"]) > 500
    assert int(values_of(band, midnight + 60)["steps"]) < 20


def test_water_rises_after_rain_and_falls_again() -> None:
    day = next(day for day in range(day_of(MORNING), day_of(MORNING) + 60) if (one := shower(1, day)) and one.peak > 20)
    wet = shower(1, day)
    assert wet is not None
    assert rain(1, (wet.begins + wet.ends) / 2) == pytest.approx(wet.peak)
    assert soaked(1, wet.ends) > soaked(1, wet.begins) + 5
    assert soaked(1, wet.ends + DAY / 2) < soaked(1, wet.ends)
    stream = figure("s1", "water_level", seed=1, use="stream", sky=1)
    assert float(values_of(stream, wet.ends)["level"]) > float(values_of(stream, wet.begins - 60)["level"]) + 0.03


@pytest.mark.parametrize(
    ("code", "what", "field", "least"),
    [
        ("smart_breaker", "leak", "leak", 30.0), ("smart_breaker", "heat", "temperature_a", 70.0),
        ("smart_breaker", "overload", "load", 110.0), ("smart_breaker", "surge", "voltage_a", 260.0),
        ("wearable", "heart_high", "heart_rate", 120.0), ("wearable", "fever", "skin_temperature", 37.5),
        ("smoke", "smoke", "density", 1.0), ("gas", "gas", "concentration", 20.0),
        ("water_level", "flood", "depth", 40.0),
    ],
)  # fmt: skip
def test_a_trouble_shows_in_what_the_device_says(code: str, what: str, field: str, least: float) -> None:
    one = figure("t1", code, use="underpass" if code == "water_level" else "dwelling")
    before = float(values_of(one, MORNING + 1750).get(field, 0.0))
    one.troubles.append(Trouble(what, MORNING, 1800.0))
    assert before < least <= float(values_of(one, MORNING + 1750)[field])


def test_a_crowd_comes_in_and_goes_again() -> None:
    one = figure("e2", "entrance_counter")
    at = (600.0, 1790.0, 2400.0, 3700.0)
    usual = [values_of(one, MORNING + later) for later in at]
    one.troubles.append(Trouble("crowd", MORNING, 1800.0))
    more = [values_of(one, MORNING + later) for later in at]
    inward = [int(later["inward"]) - int(earlier["inward"]) for earlier, later in zip(usual, more, strict=True)]
    inside = [int(later["inside"]) - int(earlier["inside"]) for earlier, later in zip(usual, more, strict=True)]
    assert [round(one, -1) for one in inward] == [110, 110, 0, 0]
    assert inside[0] < inside[1] > inside[2] > inside[3] == 0


def test_a_fall_is_told_at_once_and_its_cancelling_follows_the_same_way() -> None:
    one = figure("w9", "wearable")
    one.troubles.append(Trouble("fall_cancelled", MORNING + 300.5, 60.0))
    said = list(Players([one]).play(MORNING + 240, MORNING + 420))
    falls = [(message.at - MORNING, message.urgent) for message in said if message.urgent]
    assert falls[0] == (300.5, True)
    assert (312.5, True) in falls
    readings = [decode(kind("wearable"), message.body, datetime.fromtimestamp(message.at, UTC))[0] for message in said]
    assert [one.values["fall"] for one in readings if one.values["fall"]] == [True]
    told = next(one for one in readings if one.values["fall"])
    assert {"lon", "lat"} <= told.values.keys()
    assert not {"lon", "lat"} & readings[0].values.keys()


def test_smoke_sounds_within_the_second_it_begins() -> None:
    one = figure("s9", "smoke")
    one.troubles.append(Trouble("smoke", MORNING + 7.25, 300.0))
    first = next(message for message in Players([one]).play(MORNING, MORNING + 400) if b'"smoke":true' in message.body)
    assert first.at == MORNING + 7.25
    assert first.urgent


def test_somebody_still_opens_no_door() -> None:
    one = figure("d1", "door")
    usual = [at for at, _one in due([one], MORNING, MORNING + DAY)]
    one.troubles.append(Trouble("still", MORNING, DAY))
    assert len(usual) > len([at for at, _one in due([one], MORNING, MORNING + DAY)]) >= 20


def test_the_mix_adds_up_and_what_is_wanted_counts() -> None:
    assert sum(kinds_of(300).values()) == 300
    assert sum(kinds_of(7).values()) == 7
    assert kinds_of(300, {"smoke": 3}) == {"smoke": 3}
    figures = gather({"smoke": 5, "gas": 2}, behind=3)
    assert [one.gateway for one in figures] == ["sim-gw-001"] * 3 + ["sim-gw-002"] * 3 + ["sim-gw-003"]
    assert len({one.code for one in figures}) == 7


def test_troubles_go_to_devices_that_can_have_them_and_too_few_is_said() -> None:
    figures = gather({"smoke": 2, "wearable": 3})
    short = trouble(figures, {"smoke": 2, "fall": 2, "leak": 1}, MORNING, MORNING + 60)
    assert short == ["leak"]
    troubled = [(one.kind, own.what) for one in figures for own in one.troubles]
    assert sorted(troubled) == [("smoke", "smoke")] * 2 + [("wearable", "fall")] * 2
    assert all(MORNING <= own.begins < MORNING + 60 and own.lasts >= 30 for one in figures for own in one.troubles)


def test_devices_behind_a_gateway_speak_through_it_in_their_order() -> None:
    figures = gather({"smart_breaker": 4}, behind=2)
    messages = list(Players(figures).play(MORNING, MORNING + 180))
    noise = messages[0]._replace(body=b"??", readings=0)
    parts = envelopes([*messages, noise])
    assert sorted(one.sender for one in parts if one.batch) == ["sim-gw-001", "sim-gw-002"]
    assert [(one.sender, one.body) for one in parts if not one.batch] == [(noise.gateway, b"??")]
    batch = batch_of(parse(next(one for one in parts if one.batch and one.sender == "sim-gw-001").body))
    assert batch is not None
    assert batch.gateway == "sim-gw-001"
    numbers = [
        one.seq for _code, body in batch.parts[:1] for one in read(kind("smart_breaker"), body, datetime.now(UTC))
    ]
    assert numbers == [1, 2, 3]
    assert sum(len(one.messages) for one in parts) == len(messages) + 1


def test_hours_and_weekends_are_those_of_china() -> None:
    assert hour_of(MORNING) == 9.0
    assert not is_weekend(MORNING)
    assert is_weekend(datetime(2025, 6, 13, 17, tzinfo=UTC).timestamp())  # Saturday, one o'clock at night
    assert midnight_of(MORNING) == MORNING - 9 * 3600
    curve = tuple([1] * 24)
    assert passed(curve, MORNING) == pytest.approx(9 / 24)
    assert busy([0] * 9 + [100] + [0] * 14, MORNING + 1800) == pytest.approx(0.5)


def test_chance_is_even_and_bell_shaped() -> None:
    seed = seed_of("x")
    evens = [unit(seed, step) for step in range(4000)]
    assert 0.48 < sum(evens) / 4000 < 0.52
    bells = [bell(seed, step) for step in range(4000)]
    assert abs(sum(bells) / 4000) < 0.06
    assert 0.9 < sum(one * one for one in bells) / 4000 < 1.1


def test_a_figure_suffers_only_while_its_trouble_lasts() -> None:
    one = Figure("x", "smoke", 60.0, troubles=[Trouble("smoke", 100.0, 50.0, force=2.0)])
    assert [one.suffers("smoke", at) for at in (99.0, 125.0, 150.0)] == [0.0, 1.0, 0.0]
    assert one.suffers("gas", 125.0) == 0.0
