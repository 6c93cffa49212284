"""The demonstration's devices speak on: what is due goes to the stream every few seconds, at a cost nobody notices."""

from __future__ import annotations

from typing import Final

from huying.kernel.stream import StreamUnavailable
from huying.senses.readings.simulator.figures import Figure
from huying.senses.readings.simulator.hours import day_of
from huying.senses.readings.simulator.play import Message, Players, due
from huying.senses.readings.simulator.sinks import Sink, envelopes
from huying.senses.readings.simulator.sinks.stream import StreamSink

from .course import figures_of_demo, trouble_days

EVERY: Final = 5.0  # seconds
LATE: Final = 60.0  # what was due longer ago is not said any more: nobody was there to hear it
_AROUND: Final = 86_400.0


class Living:
    """``speak`` says what has become due since it was called last. It keeps nothing that a restart would lose."""

    def __init__(self, seed: int, now: float, sink: Sink | None = None) -> None:
        self.seed = seed
        self.figures: list[Figure] = figures_of_demo(seed)
        self._sink = sink
        self._players = Players(self.figures, first=int(now))
        self._since, self._day = now, 0

    def speak(self, now: float) -> int:
        """Send what is due until now; how many readings. Raises StreamUnavailable when nobody took them."""
        if day_of(now) != self._day:
            self._day = day_of(now)
            trouble_days(self.figures, now - _AROUND, now + _AROUND, self.seed)
        since = max(self._since, now - LATE)
        said = self._said(since, now)
        self._since = now
        if said:
            if self._sink is None:
                self._sink = StreamSink(patience=0.0)
            if not all(self._sink.send(envelopes(said))):
                raise StreamUnavailable
        return len(said)

    def _said(self, since: float, until: float) -> list[Message]:
        return [self._players.say(at, one) for at, one in due(self.figures, since, until)]
