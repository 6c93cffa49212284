"""Who speaks when: every reading of many devices in the order of time, without end if nobody says an end."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from huying.senses.devices.kinds import Kind, kind

from .figures import Figure, Value
from .kinds import VOICES
from .payloads import encode

_AHEAD = 3600.0  # seconds for which what happens outside the interval is worked out at once


class Message(NamedTuple):
    """One message of one device. ``at`` is true time, ``told`` what the device's clock says (both seconds since 1970).

    ``readings`` is how many readings a receiver must find in it: 0 for garbage. ``again``: sent before already.
    """

    code: str
    kind: str
    gateway: str
    at: float
    told: float
    seq: int
    urgent: bool
    body: bytes
    readings: int = 1
    again: bool = False


def due(figures: Sequence[Figure], since: float, until: float = math.inf) -> Iterator[tuple[float, Figure]]:
    """Moments at which devices speak, from ``since`` until before ``until``, in order of time."""
    regular = _regular(figures, since, until)
    extra = _extra(figures, since, until)
    yield from ((at, figures[index]) for at, index in heapq.merge(regular, extra))


def _regular(figures: Sequence[Figure], since: float, until: float) -> Iterator[tuple[float, int]]:
    heap: list[tuple[float, int]] = []
    for index, one in enumerate(figures):
        first = one.phase + math.ceil((since - one.phase) / one.every) * one.every
        heap.append((first, index))
    heapq.heapify(heap)
    while heap and heap[0][0] < until:
        at, index = heap[0]
        yield at, index
        heapq.heapreplace(heap, (at + figures[index].every, index))


def _extra(figures: Sequence[Figure], since: float, until: float) -> Iterator[tuple[float, int]]:
    talkers = [(index, more) for index, one in enumerate(figures) if (more := VOICES[one.kind].moments) is not None]
    while talkers and since < until:
        end = min(since + _AHEAD, until)
        found = [(at, index) for index, more in talkers for at in more(figures[index], since, end)]
        yield from sorted(found)
        since = end


def values_of(one: Figure, at: float) -> dict[str, Value]:
    """What a device measures at a moment."""
    return VOICES[one.kind].values(one, at)


class Players:
    """Turns moments into messages; each device counts its own readings from ``first`` on."""

    def __init__(self, figures: Sequence[Figure], *, form: str = "own", first: int = 1) -> None:
        self.figures = figures
        self.form, self._first = form, first
        self._kinds: Mapping[str, Kind] = {one.kind: kind(one.kind) for one in figures}
        self._said: dict[str, int] = {}

    def say(self, at: float, one: Figure, *, off: float = 0.0) -> Message:
        """A device's next message; ``off``: seconds its clock is ahead."""
        seq = self._said.get(one.code, self._first - 1) + 1
        self._said[one.code] = seq
        values = values_of(one, at)
        known = self._kinds[one.kind]
        urgent = known.is_urgent(values) or (one.kind == "wearable" and _calms(one, at))
        form = "own" if one.gateway else self.form
        body = encode(known, form, at + off, seq, values)
        return Message(one.code, one.kind, one.gateway, at, at + off, seq, urgent, body)

    def play(self, since: float, until: float = math.inf) -> Iterator[Message]:
        """Every message in order of time, without faults."""
        for at, one in due(self.figures, since, until):
            yield self.say(at, one)


def _calms(one: Figure, at: float) -> bool:
    """The word that ends an urgent matter goes the way the matter went, so that it cannot overtake it."""
    return any(
        trouble.what in ("fall", "fall_cancelled", "sos") and 0.0 <= at - trouble.begins <= trouble.lasts + 1.0
        for trouble in one.troubles
    )
