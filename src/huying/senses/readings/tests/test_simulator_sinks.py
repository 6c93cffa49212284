"""What is simulated arrives: counted at the other end, by every way, each reading once."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from huying.kernel.stream import (
    READINGS,
    URGENT,
    Login,
    Message,
    Permit,
    answer_logins,
    connect,
    device_permit,
    down_subject,
    drain,
    publisher,
)
from huying.kernel.stream.tests.apart import run_apart
from huying.senses.devices.decoding import Garbage, answer_of, batch_of, decode, parse, read
from huying.senses.devices.kinds import kind
from huying.senses.readings.simulator.crowd import gather
from huying.senses.readings.simulator.faults import Faults, play
from huying.senses.readings.simulator.figures import Trouble
from huying.senses.readings.simulator.ledger import Ledger
from huying.senses.readings.simulator.pace import Pace, send_all
from huying.senses.readings.simulator.play import Players
from huying.senses.readings.simulator.sinks import Sink
from huying.senses.readings.simulator.sinks.http import HttpSink
from huying.senses.readings.simulator.sinks.mqtt import LoginRefused, MqttSink
from huying.senses.readings.simulator.sinks.stream import StreamSink

MORNING = datetime(2025, 6, 10, 1, 0, tzinfo=UTC).timestamp()
KINDS = {"smart_breaker": 3, "wearable": 2, "smoke": 2}


def _sent(sink: Sink, faults: dict[str, float], *, behind: int = 0) -> Ledger:
    figures = gather(KINDS, every=20.0, behind=behind)
    figures[3].troubles.append(Trouble("sos", MORNING + 70.0, 60.0))
    ledger = Ledger()
    messages = play(Players(figures), Faults(faults), MORNING, MORNING + 200)
    send_all(messages, sink, ledger, Pace(MORNING, 0.0), lambda _seconds: False)
    return ledger


async def _drained() -> list[Message]:
    connection = await connect(name="counting")
    found: list[Message] = []
    for stream in (READINGS, URGENT):
        async for batch in drain(connection, stream, partition=None, after=0, patience=0.3):
            if not batch:
                break
            found += batch
    await connection.close()
    return found


def _arrived(bodies: Sequence[tuple[str, bytes]]) -> Counter[tuple[str, int]]:
    """How often each reading arrived, by device and number; garbage is nobody's."""
    found: Counter[tuple[str, int]] = Counter()
    kinds = {one.code: kind(one.kind) for one in gather(KINDS)}
    now = datetime.fromtimestamp(MORNING + 200, UTC)
    for code, body in bodies:
        try:
            batch = batch_of(parse(body))
            if batch is not None:
                for own, part in batch.parts:
                    found.update((own, one.seq or 0) for one in read(kinds[own], part, now))
            elif code in kinds and answer_of(parse(body)) is None:
                found.update((code, one.seq or 0) for one in decode(kinds[code], body, now) if one.values)
        except Garbage:
            continue
    return found


@pytest.mark.parametrize("behind", [0, 3])
def test_straight_into_the_stream(streams: Any, behind: int) -> None:
    ledger = _sent(StreamSink(publisher()), {"duplicate": 0.2, "garbage": 0.2, "disorder": 0.1}, behind=behind)
    arrived = _arrived([(one.subject.rpartition(".")[2], one.data) for one in run_apart(_drained())])
    assert ledger.counts["expected"] == len(arrived) > 40
    assert sum(arrived.values()) == ledger.counts["expected"] + ledger.counts["again"]
    assert ledger.counts["again"] > 0
    assert ledger.counts["garbage"] > 0
    assert ledger.counts["urgent"] >= 12


def test_by_mqtt_with_credentials_of_its_own(streams: Any) -> None:
    secrets = {one.code: f"secret of {one.code}" for one in gather(KINDS)}
    with _gatekeeper(secrets):
        sink = MqttSink("127.0.0.1", streams.access["mqtt_port"], secrets)
        ledger = _sent(sink, {"duplicate": 0.1})
        publisher().tell(down_subject("sim-brk-00002"), b'{"command": 7, "switch": false}')
        for _turn in range(20):
            if not sink.answered:
                sink.listen(0.1)
        sink.close()
        stranger = MqttSink("127.0.0.1", streams.access["mqtt_port"], {**secrets, "sim-brk-00001": "wrong"})
        with pytest.raises(LoginRefused, match="sim-brk-00001"):
            _sent(stranger, {})
        stranger.close()
    drained = run_apart(_drained())
    arrived = _arrived([(one.subject.rpartition(".")[2], one.data) for one in drained])
    answers = [answer for one in drained if (answer := answer_of(parse(one.data))) is not None]
    assert [(one.command, one.ok) for one in answers] == [(7, True)]
    assert ledger.counts["not_taken"] == 0
    assert ledger.counts["expected"] == len(arrived) > 40
    assert sum(one.subject.startswith("u.") for one in drained) >= 12


@contextmanager
def _gatekeeper(secrets: dict[str, str]) -> Iterator[None]:
    """Lets in who knows their secret, as the instance's gatekeeper does."""
    ready, stop = threading.Event(), threading.Event()

    def judge(login: Login) -> Permit | None:
        return device_permit(login.name, login.kind) if secrets.get(login.name) == login.password else None

    async def keep() -> None:
        connection = await connect(name="gatekeeper")
        answering = asyncio.ensure_future(answer_logins(connection, judge))
        while "$SYS.REQ.USER.AUTH" not in {one.subject for one in connection._subs.values()}:
            await asyncio.sleep(0.005)
        await connection.flush()
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.02)
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(keep()))
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


class _Door(BaseHTTPRequestHandler):
    """Says at first that it is full, as the platform does, and notes what it takes."""

    taken: list[tuple[str, str, bytes]]
    busy: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind_of = type(self)
        if kind_of.busy:
            kind_of.busy -= 1
            self.send_response(503)
            self.send_header("Retry-After", "0.02")
        else:
            try:
                json.loads(body)
                self.send_response(202)
                kind_of.taken.append((self.path, self.headers["Authorization"], body))
            except ValueError:
                self.send_response(422)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        return None


@pytest.mark.parametrize("behind", [0, 3])
def test_by_http_waits_where_it_is_told_to(behind: int) -> None:
    door = type("Door", (_Door,), {"taken": [], "busy": 3, "protocol_version": "HTTP/1.1"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sink = HttpSink(f"http://127.0.0.1:{server.server_port}/", {"sim-brk-00001": "s", "sim-gw-001": "g"})
    ledger = _sent(sink, {"garbage": 0.2}, behind=behind)
    sink.close()
    server.shutdown()
    server.server_close()
    taken = door.taken
    paths = {path for path, _proof, _body in taken}
    if behind:
        assert "/api/v1/devices/readings" in paths
    else:
        assert "/api/v1/devices/sim-brk-00001/readings" in paths
    assert all(proof.startswith("Basic ") for _path, proof, _body in taken)
    arrived = _arrived([(path.split("/")[4], body) for path, _proof, body in taken])
    assert ledger.counts["expected"] == len(arrived) == sum(arrived.values()) > 40
    assert ledger.counts["not_taken"] == 0
