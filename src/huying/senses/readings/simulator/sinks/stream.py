"""Straight to the stream, past the listeners: for measuring, and for the demonstration's own devices."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from huying.kernel.stream import Publisher, StreamRefused, publisher, reading_subject, urgent_subject

from . import Envelope

_PATIENCE: Final = 60.0


class StreamSink:
    """Publishes and waits for the stream's word; what is refused (full, away) is tried again for a minute."""

    def __init__(self, own: Publisher | None = None, *, patience: float = _PATIENCE) -> None:
        self._publisher = own or publisher()
        self._patience = patience

    def send(self, envelopes: Sequence[Envelope]) -> list[bool]:
        taken = [False] * len(envelopes)
        left = list(range(len(envelopes)))
        ends, pause = time.monotonic() + self._patience, 0.1
        while left:
            answers = self._publisher.publish_many([_item(envelopes[index]) for index in left])
            refused = [index for index, answer in zip(left, answers, strict=True) if isinstance(answer, StreamRefused)]
            for index in set(left) - set(refused):
                taken[index] = True
            left = refused
            if left and time.monotonic() + pause > ends:
                break
            if left:
                time.sleep(pause)
                pause = min(2.0, pause * 2)
        return taken

    def close(self) -> None:
        return None


def _item(one: Envelope) -> tuple[str, bytes, str]:
    subject = urgent_subject(one.sender) if one.urgent else reading_subject(one.sender)
    return subject, one.body, ""
