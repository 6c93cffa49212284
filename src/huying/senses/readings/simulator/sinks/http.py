"""HTTP push: each device, or its gateway, posts with its own credential; told to wait, it waits and tries again."""

from __future__ import annotations

import http.client
import threading
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

from . import Envelope

_ABREAST: Final = 8
_PATIENCE: Final = 60.0
_TIMEOUT: Final = 30.0
_LONGEST_WAIT: Final = 10.0


class HttpSink:
    """Posts to ``<address>api/v1/devices/…``. ``secrets``: code → secret; a batch goes with its gateway's."""

    def __init__(self, address: str, secrets: Mapping[str, str]) -> None:
        parts = urlsplit(address)
        self._secure, self._host = parts.scheme == "https", parts.netloc
        self._base = parts.path.rstrip("/")
        self._secrets = secrets
        self._pool = ThreadPoolExecutor(_ABREAST, thread_name_prefix="push")
        self._own = threading.local()
        self._opened: list[http.client.HTTPConnection] = []

    def send(self, envelopes: Sequence[Envelope]) -> list[bool]:
        """In parallel between senders, in order for each."""
        by_sender: dict[str, list[int]] = {}
        for index, one in enumerate(envelopes):
            by_sender.setdefault(one.sender, []).append(index)
        taken = [False] * len(envelopes)

        def post(indexes: list[int]) -> None:
            for index in indexes:
                taken[index] = self._post(envelopes[index])

        list(self._pool.map(post, by_sender.values()))
        return taken

    def close(self) -> None:
        self._pool.shutdown()
        for connection in self._opened:
            connection.close()

    def _post(self, one: Envelope) -> bool:
        path = f"{self._base}/api/v1/devices/" + ("readings" if one.batch else f"{one.sender}/readings")
        proof = b64encode(f"{one.sender}:{self._secrets.get(one.sender, '')}".encode()).decode()
        headers = {"Authorization": f"Basic {proof}", "Content-Type": "application/json"}
        ends = time.monotonic() + _PATIENCE
        while time.monotonic() < ends:
            status, wait = self._ask(path, one.body, headers)
            if status == 202:
                return True
            if 400 <= status < 500 and status != 429:
                return one.messages[0].readings == 0 and status != 401  # garbage is refused, which is right
            time.sleep(wait)
        return False

    def _ask(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, float]:
        """The answer's status (0: none came) and how long to wait before another attempt."""
        try:
            connection = self._connection()
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._forget()
            return 0, 1.0
        return answer.status, min(_LONGEST_WAIT, float(answer.headers.get("Retry-After") or 1))

    def _connection(self) -> http.client.HTTPConnection:
        held: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if held is None:
            made = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            held = self._own.connection = made(self._host, timeout=_TIMEOUT)
            self._opened.append(held)
        return held

    def _forget(self) -> None:
        held = getattr(self._own, "connection", None)
        if held is not None:
            held.close()
        self._own.connection = None
