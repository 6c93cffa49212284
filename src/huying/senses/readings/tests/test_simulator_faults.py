"""What goes wrong on the way is counted, and what is counted adds up."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.senses.devices.decoding import Garbage, decode
from huying.senses.devices.kinds import kind
from huying.senses.readings.simulator.crowd import gather
from huying.senses.readings.simulator.faults import FAULTS, Faults, garbage, play, wrong_shares
from huying.senses.readings.simulator.ledger import Ledger
from huying.senses.readings.simulator.pace import Pace, send_all
from huying.senses.readings.simulator.play import Message, Players
from huying.senses.readings.simulator.sinks import Envelope
from huying.senses.readings.simulator.sinks.files import FileSink

MORNING = datetime(2025, 6, 10, 1, 0, tzinfo=UTC).timestamp()
UNTIL = MORNING + 1200
COUNTS = {"smart_breaker": 6, "wearable": 4, "smoke": 2, "door": 2}


def _played(shares: dict[str, float], *, seed: int = 1, behind: int = 0) -> tuple[list[Message], Faults]:
    faults = Faults(shares, seed=seed)
    figures = gather(COUNTS, seed=seed, every=30.0, behind=behind)
    return list(play(Players(figures), faults, MORNING, UNTIL)), faults


@settings(max_examples=30)
@given(st.fixed_dictionaries({name: st.floats(0, 0.5) for name in FAULTS}), st.integers(1, 50))
def test_every_reading_is_sent_once_or_counted_as_withheld(shares: dict[str, float], seed: int) -> None:
    whole, _none = _played({}, seed=seed, behind=3)
    sent, faults = _played(shares, seed=seed, behind=3)
    good = [one for one in sent if one.readings and not one.again]
    withheld = faults.counts["dropout"] + faults.counts["dead_gateway"]
    assert len(good) + withheld == len(whole)
    assert len({(one.code, one.seq) for one in good}) == len(good)
    assert sum(one.again for one in sent) == faults.counts["duplicate"]
    assert sum(not one.readings for one in sent) == faults.counts["garbage"]
    assert sum(one.told != one.at for one in good) == faults.counts["skew"]
    for code in {one.code for one in good}:
        numbers = sorted(one.seq for one in good if one.code == code)
        assert numbers == list(range(1, len(numbers) + 1))


def test_without_faults_nothing_is_out_of_order() -> None:
    sent, faults = _played({})
    assert sent == sorted(sent, key=lambda one: one.at)
    assert not faults.counts


def test_disorder_swaps_neighbours_of_one_device_and_never_holds_back_an_emergency() -> None:
    sent, faults = _played({"disorder": 0.3})
    swapped = 0
    for code in {one.code for one in sent}:
        numbers = [one.seq for one in sent if one.code == code]
        swapped += sum(later < earlier for earlier, later in itertools.pairwise(numbers))
    assert 0 < swapped <= faults.counts["disorder"]
    urgent = [one for one in sent if one.urgent]
    assert urgent
    for code in {one.code for one in urgent}:
        numbers = [one.seq for one in urgent if one.code == code]
        assert numbers == sorted(numbers)


def test_a_dead_gateway_takes_all_its_devices_and_no_other() -> None:
    sent, faults = _played({"dead_gateway": 0.5}, seed=3, behind=4)
    last = {one.gateway: one.at for one in sent}
    dead = {gateway for gateway in last if faults.is_dead(gateway)}
    assert dead
    assert set(last) - dead
    assert all(last[gateway] < MORNING + 60 for gateway in dead)
    assert all(last[gateway] > UNTIL - 120 for gateway in set(last) - dead)


@given(st.integers(0, 2**64 - 1))
def test_garbage_is_refused_or_says_nothing(lot: int) -> None:
    good = next(Players(gather({"smart_breaker": 1})).play(MORNING, MORNING + 120))
    body = garbage(good, lot)
    try:
        found = decode(kind("smart_breaker"), body, datetime.fromtimestamp(MORNING, UTC))
    except Garbage:
        return
    assert not any(one.values for one in found)


def test_shares_are_checked() -> None:
    assert wrong_shares({"skew": 0.1, "dropout": 1.0}) == []
    assert wrong_shares({"skew": 1.1, "typo": 0.1}) == ["skew", "typo"]


class _Picky:
    """A receiver that does not take what one sender says."""

    def __init__(self, refused: str) -> None:
        self.refused, self.seen = refused, 0

    def send(self, envelopes: list[Envelope]) -> list[bool]:
        self.seen += sum(len(one.messages) for one in envelopes)
        return [one.sender != self.refused for one in envelopes]

    def close(self) -> None:
        return None


def test_the_ledger_expects_what_was_taken_each_reading_once() -> None:
    sent, faults = _played({"duplicate": 0.3, "garbage": 0.2})
    ledger, sink = Ledger(), _Picky("sim-brk-00001")
    send_all(iter(sent), sink, ledger, Pace(MORNING, 0.0), lambda _seconds: False)
    told = ledger.told(faults.counts, 2.0)
    good = [one for one in sent if one.readings and not one.again and one.code != "sim-brk-00001"]
    assert sink.seen == told["messages"] == len(sent)
    assert told["expected"] == len(good) == sum(told["kinds"].values())
    assert told["not_taken"] == sum(one.code == "sim-brk-00001" for one in sent)
    assert told["again"] + told["garbage"] + told["expected"] + told["not_taken"] == told["messages"]
    assert told["readings_a_second"] == round(len(good) / 2.0, 1)
    assert ledger.lines["sim-brk-00002"].readings == ledger.lines["sim-brk-00002"].last_seq
    assert "sim-brk-00001" not in ledger.lines


def test_a_stop_ends_the_run_between_two_sends() -> None:
    sent, _faults = _played({})
    sink = _Picky("")
    answers = iter([False, False, True])
    send_all(iter(sent), sink, Ledger(), Pace(MORNING, 600.0), lambda _seconds: next(answers, True))
    assert sink.seen < len(sent)


def test_a_recorded_file_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "recorded.ndjson"
    sent, _faults = _played({"garbage": 0.2}, behind=4)
    ledger, sink = Ledger(), FileSink(path)
    send_all(iter(sent), sink, ledger, Pace(MORNING, 0.0), lambda _seconds: False)
    sink.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert sum(line["readings"] for line in lines) == ledger.counts["expected"]
    assert any("raw" in line for line in lines)
    assert {line["topic"].split("/")[0] for line in lines} == {"hy"}


@pytest.mark.parametrize("speed", [0.0, 1000.0])
def test_speed_changes_when_and_not_what(speed: float) -> None:
    sent, _faults = _played({})
    short = [one for one in sent if one.at < MORNING + 120]
    ledger = Ledger()
    send_all(iter(short), _Picky(""), ledger, Pace(MORNING, speed), lambda _seconds: False)
    assert ledger.counts["expected"] == len(short)
