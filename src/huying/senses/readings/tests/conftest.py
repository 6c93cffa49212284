from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from huying.casework.cases.factories import NOW, Cast, make_cast
from huying.kernel.actor import Actor
from huying.kernel.stream import READINGS, URGENT, Message, partition_of
from huying.senses.devices import directory
from huying.senses.devices.factories import make_keeper
from huying.senses.readings.recording import Recorder


@pytest.fixture(autouse=True)
def _own_place(settings: Any, tmp_path: Any, request: pytest.FixtureRequest) -> None:
    """Spool and history of this test's own; what this process knew of another's devices is forgotten."""
    if "streams" not in request.fixturenames:  # the server is found by the place it notes its access in
        settings.HUYING_DATA_DIR = tmp_path
    directory.forget()


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def luo(cast: Cast) -> Actor:
    """罗设备, who looks after the devices of the county."""
    return make_keeper(cast)


class Drain:
    """A stream without a server: what is sent is given to a recorder, as if all were in the partition of b-1."""

    def __init__(self, stream: str = READINGS) -> None:
        self.stream, self.seq, self.now = stream, 0, NOW
        self.partition = 0 if stream == URGENT else partition_of("b-1")
        self.recorder = Recorder(stream, [self.partition])
        self.recorder.open()

    def message(self, code: str, body: Any, at: datetime | None = None) -> Message:
        self.seq += 1
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        subject = f"u.{code}" if self.stream == URGENT else f"r.{partition_of(code)}.{code}"
        return Message(self.seq, subject, data, at or self.now)

    def take(self, *messages: Message) -> None:
        self.recorder.record(self.partition, list(messages), now=self.now)

    def say(self, code: str, body: Any, at: datetime | None = None) -> None:
        self.take(self.message(code, body, at))

    def again(self) -> None:
        """The process dies and another begins."""
        self.recorder.close_files()
        self.recorder = Recorder(self.stream, [self.partition])
        self.recorder.open()


@pytest.fixture
def drain(luo: Actor) -> Iterator[Drain]:
    one = Drain()
    yield one
    one.recorder.close_files()


@pytest.fixture
def urgent(luo: Actor) -> Iterator[Drain]:
    one = Drain(URGENT)
    yield one
    one.recorder.close_files()


@pytest.fixture
def told() -> Callable[..., dict[str, Any]]:
    """Our own form: seconds after NOW, number, values."""

    def make(after: float, seq: int | None = None, **values: Any) -> dict[str, Any]:
        at = NOW + timedelta(seconds=after)
        return {"ts": int(at.timestamp() * 1000), "seq": seq, "v": values}

    return make
