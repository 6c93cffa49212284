"""Recorded payloads: one line of JSON a message, to test against later or to play again."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from . import Envelope


class FileSink:
    """Lines ``{"topic", "at", "kind", "readings", "body" | "raw"}``: ``body`` is text, ``raw`` base64 of what is none."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb")

    def send(self, envelopes: Sequence[Envelope]) -> list[bool]:
        for one in envelopes:
            self._stream.write(orjson.dumps(_line(one)) + b"\n")
        return [True] * len(envelopes)

    def close(self) -> None:
        self._stream.close()


def _line(one: Envelope) -> dict[str, Any]:
    first = one.messages[0]
    told: dict[str, Any] = {
        "topic": f"hy/{one.sender}/{one.way}", "at": first.at, "kind": first.kind,
        "readings": sum(message.readings for message in one.messages),
    }  # fmt: skip
    try:
        told["body"] = one.body.decode()
    except UnicodeDecodeError:
        told["raw"] = b64encode(one.body).decode()
    return told
