"""One run of the simulator from what was asked for: who plays, what goes wrong, where it goes, what it came to."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from huying.kernel.errors import Invalid

from .crowd import gather, kinds_of, trouble
from .faults import FAULTS, Faults, play, wrong_shares
from .figures import Figure
from .kinds import VOICES
from .ledger import Ledger
from .pace import Pace, send_all
from .play import Players
from .registering import gateways_of, read_secrets, secrets_path
from .sinks import Sink
from .sinks.files import FileSink
from .sinks.http import HttpSink
from .sinks.mqtt import MqttSink
from .sinks.stream import StreamSink

_GRACE = 0.3  # seconds of simulated time lost before the first word, while connections are made


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked the simulator for. ``seconds``: of simulated time, 0 without end; ``speed`` 0: no waiting.

    ``rate``: readings a second of simulated time, all devices together; ``every``: seconds between two of one device.
    """

    devices: int = 100
    kinds: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 60.0
    speed: float = 1.0
    every: float = 0.0
    rate: float = 0.0
    troubles: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, float] = field(default_factory=dict)
    behind: int = 0
    form: str = "own"
    prefix: str = "sim"
    seed: int = 1
    began: float = 0.0
    first: int = 0


def check(wanted: Wanted) -> None:
    """Raise Invalid for the first thing that cannot be."""
    known = {what for voice in VOICES.values() for what in voice.troubles}
    if strange := sorted(set(wanted.kinds) - set(VOICES)):
        raise _wrong("kind", strange[0], VOICES)
    if strange := sorted(set(wanted.troubles) - known):
        raise _wrong("trouble", strange[0], sorted(known))
    if strange := list(wrong_shares(wanted.faults)):
        raise _wrong("fault", strange[0], FAULTS)
    if wanted.speed == 0 and not wanted.seconds:
        raise Invalid("--speed 0 needs --seconds: without waiting it would never end.", code="endless", field="seconds")


def _wrong(field_name: str, value: str, known: Any) -> Invalid:
    words = f"{field_name} “{value}”: one of {', '.join(known)}, a share between 0 and 1 for faults."
    return Invalid(words, code="bad_choice", field=field_name)


def figures_of(wanted: Wanted) -> list[Figure]:
    """The devices of a run, with their gateways, without troubles."""
    counts = kinds_of(wanted.devices, wanted.kinds)
    total = sum(counts.values())
    every = total / wanted.rate if wanted.rate else wanted.every
    figures = gather(counts, seed=wanted.seed, prefix=wanted.prefix, every=every, behind=wanted.behind)
    return [*figures, *gateways_of(figures, seed=wanted.seed)]


@dataclass(slots=True)
class Run:
    """A run and what it came to so far; ``told`` is for people and proofs."""

    wanted: Wanted
    figures: list[Figure]
    ledger: Ledger = field(default_factory=Ledger)
    faults: Faults = field(init=False)
    short: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.faults = Faults(self.wanted.faults, seed=self.wanted.seed)

    def go(self, sink: Sink, stop: threading.Event, told: Callable[[int], None] = lambda _count: None) -> None:
        """Send all of it; ends early when told to stop. What was sent is in the ledger either way."""
        wanted = self.wanted
        began = wanted.began or time.time() + _GRACE
        until = began + wanted.seconds if wanted.seconds else math.inf
        horizon = until if wanted.seconds else began + 3_600.0
        self.short = trouble(self.figures, wanted.troubles, began, horizon, seed=wanted.seed)
        players = Players(self.figures, form=wanted.form, first=wanted.first or int(began))
        pace, started = Pace(began, wanted.speed), time.monotonic()
        try:
            send_all(play(players, self.faults, began, until), sink, self.ledger, pace, stop.wait, told)
        finally:
            self.seconds = time.monotonic() - started

    def told(self) -> dict[str, Any]:
        """Everything that was sent and withheld, as one object."""
        return {**self.ledger.told(self.faults.counts, self.seconds), "troubles_without_device": self.short}


def open_sink(
    way: str, *, mqtt: str = "", http: str = "", file: Path | None = None, secrets: Path | None = None
) -> Sink:
    """``way``: mqtt, http, stream or file. Addresses are the instance's own unless they are said."""
    if way == "file":
        if file is None:
            raise Invalid("--by file needs --file.", code="required", field="file")
        return FileSink(file)
    if way == "stream":
        return StreamSink()
    held = read_secrets(secrets or secrets_path())
    if way == "http":
        return HttpSink(http or _own_address(), held)
    host, port = _own_listener()
    if mqtt:
        host, _colon, text = mqtt.partition(":")
        port = int(text) if text.isdecimal() else 1883
    return MqttSink(host, port, held)


def _own_listener() -> tuple[str, int]:
    """Where this instance's own server listens for MQTT."""
    try:
        noted = json.loads((Path(settings.HUYING_DATA_DIR) / "nats" / "access.json").read_text())
        return "127.0.0.1", int(noted["mqtt_port"])
    except (OSError, ValueError, KeyError):
        return "127.0.0.1", 1883


def _own_address() -> str:
    """Where this instance's web server answers."""
    try:
        return str(json.loads((Path(settings.HUYING_DATA_DIR) / "instance.json").read_text())["address"])
    except (OSError, ValueError, KeyError):
        return "http://localhost:8000/"
