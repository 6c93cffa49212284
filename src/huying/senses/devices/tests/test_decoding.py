"""What devices send, as recorded, and what nobody should send. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.senses.devices.decoding import (
    AHEAD,
    LARGEST,
    LATE,
    MOST_READINGS,
    Answer,
    Garbage,
    Reading,
    answer_of,
    batch_of,
    decode,
    parse,
    read,
)
from huying.senses.devices.kinds import kind, kinds

RECEIVED = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
TS = int(RECEIVED.timestamp() * 1000)
PAYLOADS = Path(__file__).with_name("payloads")
BREAKER, WEARABLE, SMOKE = kind("smart_breaker"), kind("wearable"), kind("smoke")


def one(code: str, body: Any) -> Reading:
    (reading,) = decode(kind(code), orjson.dumps(body), RECEIVED)
    return reading


def recorded() -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted(PAYLOADS.glob("*.json"))]


@pytest.mark.parametrize("path", recorded())
def test_recorded_payloads(path: Path) -> None:
    """Each file: the kind, what was received, and the readings it means."""
    case = orjson.loads(path.read_bytes())
    found = decode(kind(case["kind"]), orjson.dumps(case["payload"]), datetime.fromisoformat(case["received"]))
    assert [
        {"at": reading.at.isoformat(), "seq": reading.seq, "values": reading.values, "unknown": reading.unknown}
        for reading in found
    ] == case["readings"]
    assert not any(reading.odd or reading.clock_off for reading in found)


def test_every_kind_has_recorded_payloads() -> None:
    cases = [orjson.loads(path.read_bytes()) for path in PAYLOADS.glob("*.json")]
    assert {case["kind"] for case in cases} == set(kinds())


# --- our own form -----------------------------------------------------------------------------------------------------


def test_own_form() -> None:
    reading = one("smart_breaker", {"ts": TS - 1000, "seq": 7, "v": {"leak": 12.5, "switch": True, "signal": -80}})
    assert reading == Reading(
        RECEIVED - timedelta(seconds=1), 7, {"leak": 12.5, "switch": True, "signal": -80.0}, False
    )


def test_several_at_once_keep_their_order() -> None:
    body = [{"ts": TS - n * 1000, "seq": 9 - n, "v": {"leak": n}} for n in range(5)]
    found = decode(BREAKER, orjson.dumps(body), RECEIVED)
    assert [reading.seq for reading in found] == [9, 8, 7, 6, 5]


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        (TS, RECEIVED),
        (TS / 1000, RECEIVED),
        (str(TS), RECEIVED),
        ("2026-03-10T09:00:00+08:00", RECEIVED),
        ("2026-03-10T01:00:00Z", RECEIVED),
        ("2026-03-10 09:00:00", RECEIVED),
        (None, RECEIVED),
    ],
)
def test_times_as_makers_write_them(stamp: Any, at: datetime) -> None:
    assert one("door", {"ts": stamp, "v": {}})[:1] == (at,)


@pytest.mark.parametrize(
    ("late", "off"),
    [
        (timedelta(0), False),
        (-AHEAD, False),
        (-AHEAD - timedelta(seconds=1), True),
        (timedelta(days=3), False),
        (LATE, False),
        (LATE + timedelta(seconds=1), True),
    ],
)
def test_a_wrong_clock_is_the_time_of_receipt(late: timedelta, off: bool) -> None:
    at = RECEIVED - late
    reading = one("door", {"ts": int(at.timestamp() * 1000), "v": {"battery": 50}})
    assert reading.clock_off is off
    assert reading.at == (RECEIVED if off else at)
    assert reading.values == {"battery": 50.0}


@pytest.mark.parametrize("stamp", [True, [], {}, "soon", "9" * 60, 1e300, -1e300, 2**63, "0" * 41, "２０２６-03-10"])
def test_a_time_nobody_can_read_is_the_time_of_receipt(stamp: Any) -> None:
    reading = one("door", {"ts": stamp, "v": {}})
    assert (reading.at, reading.clock_off) == (RECEIVED, True)


def test_no_values_still_say_that_it_lives() -> None:
    assert one("gateway", {"v": {}}) == Reading(RECEIVED, None, {}, False)


def test_what_a_kind_does_not_know_is_counted_and_what_is_not_plausible_named() -> None:
    reading = one(
        "smart_breaker",
        {"v": {"leak": -1, "voltage_a": 9999, "colour": "red", "x": {"y": 1}, "switch": "yes", "current_a": 2.0}},
    )
    assert reading.values == {"current_a": 2.0}
    assert set(reading.odd) == {"leak", "voltage_a", "switch"}
    assert reading.unknown == 2


def test_a_position_is_kept_only_with_a_call_for_help() -> None:
    values = {"heart_rate": 80, "lon": 113.97, "lat": 22.54}
    assert one("wearable", {"v": values}).values == {"heart_rate": 80.0}
    assert one("wearable", {"v": {**values, "sos": False}}).values == {"heart_rate": 80.0, "sos": False}
    helped = one("wearable", {"v": {**values, "sos": True}}).values
    assert helped == {"heart_rate": 80.0, "sos": True, "lon": 113.97, "lat": 22.54}


@pytest.mark.parametrize("seq", [-1, 1.5, "7", True, 2**63, None, []])
def test_a_number_that_is_none_is_left_out(seq: Any) -> None:
    assert one("door", {"seq": seq, "v": {}}).seq is None


# --- garbage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not_json"),
        (b"\xff\xfe{}", "not_json"),
        (b"{", "not_json"),
        (b"NaN", "not_json"),
        (b'{"v": {"leak": NaN}}', "not_json"),
        (b'{"v": {"leak": Infinity}}', "not_json"),
        (b"7", "unknown_form"),
        (b'"on"', "unknown_form"),
        (b"null", "unknown_form"),
        (b"{}", "unknown_form"),
        (b'{"v": [1]}', "unknown_form"),
        (b"[[]]", "unknown_form"),
        (b"[1]", "unknown_form"),
        (b'[{"v": {}}, 7]', "unknown_form"),
        (b'{"status": 7}', "unknown_form"),
        (b'{"status": [7]}', "unknown_form"),
        (b'{"status": [{"value": 1}]}', "unknown_form"),
        (b'{"method": "thing.service.reset"}', "unknown_form"),
        (b"[" * 100_000 + b"]" * 100_000, "not_json"),
        (b'{"v":' * 20_000 + b"1" + b"}" * 20_000, "not_json"),
        (b'{"v": {"leak": "' + b"9" * (10 * 1024 * 1024) + b'"}}', "too_long"),
        (b" " * (LARGEST + 1), "too_long"),
        (orjson.dumps([{"v": {}}] * (MOST_READINGS + 1)), "too_many"),
    ],
)
def test_garbage_is_refused_with_a_reason(data: bytes, why: str) -> None:
    with pytest.raises(Garbage) as refused:
        decode(BREAKER, data, RECEIVED)
    assert refused.value.why == why


@pytest.mark.parametrize(
    "value", ["1e999", "-1e999", "9" * 400, "1" + "0" * 30, '"NaN"', '"\\u0000"', "[]", "{}", "null"]
)
def test_no_hostile_value_gets_through(value: str) -> None:
    """What the parser takes and no column holds is left out, and the rest of the reading counts."""
    data = f'{{"v": {{"leak": {value}, "firmware": "1\\u00002", "fault": {value}, "voltage_a": 220}}}}'.encode()
    try:
        (reading,) = decode(BREAKER, data, RECEIVED)
    except Garbage as refused:
        assert refused.why == "not_json"
    else:
        assert reading.values == {"voltage_a": 220.0}
        assert set(reading.odd) == {"leak", "firmware", "fault"}


_anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
_names = st.sampled_from(["v", "ts", "seq", "status", "data", "method", "params", "code", "value", "t", "time", "id",
                          "leak", "switch", "sos", "lon", "heart_rate", "fault", "command", "ok", "gateway", "devices",
                          "readings"])  # fmt: skip
_shaped = st.recursive(
    _anything | st.just("thing.event.property.post"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=300)
@given(body=_shaped, code=st.sampled_from(sorted(kinds())))
def test_anything_is_readings_or_garbage(body: Any, code: str) -> None:
    """Never another error; and what is kept is plausible, of its field's type, and fits into JSON."""
    of = kind(code)
    try:
        readings = decode(of, orjson.dumps(body), RECEIVED)
    except Garbage:
        return
    for reading in readings:
        assert RECEIVED - LATE <= reading.at <= RECEIVED + AHEAD and reading.at.tzinfo is not None
        orjson.dumps(reading.values)
        for name, value in reading.values.items():
            field = of.fields[name]
            if field.type == "number":
                assert type(value) is float and math.isfinite(value)
                assert field.low is not None and field.high is not None and field.low <= value <= field.high
            else:
                assert type(value) is (bool if field.type == "bool" else str)
        assert not of.withheld & reading.values.keys() or of.is_urgent(reading.values)


@settings(max_examples=150)
@given(body=_shaped)
def test_anything_is_a_batch_an_answer_or_neither(body: Any) -> None:
    try:
        batch = batch_of(body)
    except Garbage:
        batch = None
    if batch is not None:
        assert all(type(code) is str for code, _body in batch.parts)
    answer = answer_of(body)
    assert answer is None or (answer.command > 0 and type(answer.ok) is bool)


@settings(max_examples=100)
@given(data=st.binary(max_size=200))
def test_bytes_are_readings_or_garbage(data: bytes) -> None:
    try:
        decode(SMOKE, data, RECEIVED)
    except Garbage:
        return


# --- gateways and answers ---------------------------------------------------------------------------------------------


def test_a_batch_is_split_into_the_devices_own() -> None:
    body = {
        "gateway": "gw-1",
        "devices": [
            {
                "code": "d-1",
                "readings": [{"ts": TS, "seq": 1, "v": {"leak": 3}}, {"ts": TS, "seq": 2, "v": {"leak": 4}}],
            },
            {"code": "d-2", "readings": {"status": [{"code": "smoke_sensor_status", "value": "alarm"}]}},
        ],
    }
    batch = batch_of(parse(orjson.dumps(body)))
    assert batch is not None and batch.gateway == "gw-1"
    assert [code for code, _body in batch.parts] == ["d-1", "d-2"]
    assert [one.values["leak"] for one in read(BREAKER, batch.parts[0][1], RECEIVED)] == [3.0, 4.0]
    assert read(SMOKE, batch.parts[1][1], RECEIVED)[0].values == {"smoke": True}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"gateway": 7, "devices": []}, "not_a_batch"),
        ({"gateway": "gw-1"}, "not_a_batch"),
        ({"gateway": "gw-1", "devices": [7]}, "not_a_batch"),
        ({"gateway": "gw-1", "devices": [{"code": "d", "readings": 7}]}, "not_a_batch"),
        ({"gateway": "gw-1", "devices": [{"code": ["d"], "readings": []}]}, "not_a_batch"),
        ({"gateway": "gw-1", "devices": [{"code": "d", "readings": []}] * 1001}, "too_many"),
        ({"gateway": "gw-1", "devices": [{"code": "d", "readings": [{"v": {}}] * 501}] * 2}, "too_many"),
    ],
)
def test_a_broken_batch_is_refused(body: Any, why: str) -> None:
    with pytest.raises(Garbage) as refused:
        batch_of(body)
    assert refused.value.why == why


def test_answers_to_commands() -> None:
    assert answer_of({"command": 12, "ok": True}) == Answer(12, True, "")
    assert answer_of({"command": 12, "ok": False, "words": "跳闸中"}) == Answer(12, False, "跳闸中")
    assert answer_of({"v": {}}) is None
    for wrong in ({"command": "12", "ok": True}, {"command": 12, "ok": 1}, {"command": 0, "ok": True},
                  {"command": 2**70, "ok": True}, {"command": 12}, [12]):  # fmt: skip
        assert answer_of(wrong) is None


def test_decoding_a_small_reading_is_fast() -> None:
    """Aim: 10 µs of processor time; the bound leaves room for slow machines."""
    data = orjson.dumps(
        {"ts": TS, "seq": 12, "v": {"leak": 12.3, "current_a": 3.2, "voltage_a": 229.9, "switch": True}}
    )
    best = math.inf
    for _attempt in range(5):
        began = process_time()
        for _ in range(2000):
            decode(BREAKER, data, RECEIVED)
        best = min(best, (process_time() - began) / 2000)
    assert best < 40e-6
