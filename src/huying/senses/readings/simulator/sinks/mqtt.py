"""MQTT 3.1.1 as devices speak it: each sender a connection of its own with its own credential, QoS 1, one loop for all.

What is not acknowledged is sent again over a new connection, as a device would. Commands that come down are answered.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from . import Envelope

_ACKNOWLEDGED_WITHIN: Final = 5.0  # seconds until a sender connects anew and repeats what is open
_PATIENCE: Final = 60.0
_KEEPALIVE: Final = 60
_MISC: Final = 1.0


class LoginRefused(ConnectionError):
    """The broker did not let a device in."""


class MqttSink:
    """``secrets``: code → secret. Raises LoginRefused, or OSError when nobody listens."""

    def __init__(self, host: str, port: int, secrets: Mapping[str, str]) -> None:
        self._host, self._port, self._secrets = host, port, secrets
        self._selector = selectors.DefaultSelector()
        self._clients: dict[str, Client] = {}
        self._open: dict[tuple[str, int], int] = {}
        self._refused: dict[str, str] = {}
        self._misc_at = 0.0
        self.answered = 0

    def send(self, envelopes: Sequence[Envelope]) -> list[bool]:
        """Publish all, then wait until every one is acknowledged."""
        taken = [False] * len(envelopes)
        self._open.clear()
        for sender in dict.fromkeys(one.sender for one in envelopes):
            self._connected(sender)
        for index, one in enumerate(envelopes):
            told = self._clients[one.sender].publish(f"hy/{one.sender}/{one.way}", one.body, qos=1)
            self._open[one.sender, told.mid] = index
        open_before = dict(self._open)
        self._wait()
        for key, index in open_before.items():
            taken[index] = key not in self._open
        return taken

    def listen(self, seconds: float) -> None:
        """Keep connections alive and answer commands for a while."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self._turn(min(left, 0.25))

    def close(self) -> None:
        for client in self._clients.values():
            client.disconnect()
        for _turn in range(3):
            self._turn(0.02)
        self._selector.close()

    def _wait(self) -> None:
        ends, repeat_at = time.monotonic() + _PATIENCE, time.monotonic() + _ACKNOWLEDGED_WITHIN
        while self._open and time.monotonic() < ends:
            self._turn(0.1)
            if self._open and time.monotonic() > repeat_at:
                repeat_at = time.monotonic() + _ACKNOWLEDGED_WITHIN
                for sender in dict.fromkeys(code for code, _mid in self._open):
                    self._again(self._clients[sender])

    def _connected(self, code: str) -> None:
        """The sender's connection, made when it first speaks."""
        client = self._clients.get(code)
        if client is None:
            client = self._clients[code] = self._made(code)
            client.connect(self._host, self._port, keepalive=_KEEPALIVE)
        elif client.socket() is None:
            self._again(client)
        ends = time.monotonic() + 10.0
        while not client.is_connected() and time.monotonic() < ends:
            self._turn(0.05)
            if code in self._refused:
                raise LoginRefused(f"{code}: {self._refused[code]}")
        if not client.is_connected():
            raise LoginRefused(f"{code}: no answer")

    def _made(self, code: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=code, protocol=MQTTv311, userdata=code)
        client.username_pw_set(code, self._secrets.get(code, ""))
        client.max_inflight_messages_set(200)
        client.on_socket_open = self._socket_open
        client.on_socket_close = self._socket_close
        client.on_socket_register_write = self._wants_to_write
        client.on_socket_unregister_write = self._has_written
        client.on_connect = self._answered_connect
        client.on_publish = self._acknowledged
        client.on_message = self._told
        return client

    def _again(self, client: Client) -> None:
        """A new connection; paho repeats over it what is open."""
        try:
            client.reconnect()
        except OSError:
            time.sleep(0.5)  # nobody listens yet: as a device would, try again a little later

    def _turn(self, seconds: float) -> None:
        for key, events in self._selector.select(seconds):
            client: Client = key.data
            if events & selectors.EVENT_READ:
                client.loop_read()
            if events & selectors.EVENT_WRITE:
                client.loop_write()
        now = time.monotonic()
        if now >= self._misc_at:
            self._misc_at = now + _MISC
            for client in self._clients.values():
                if client.socket() is not None:
                    client.loop_misc()

    def _socket_open(self, client: Client, _code: Any, sock: Any) -> None:
        self._selector.register(sock, selectors.EVENT_READ, client)

    def _socket_close(self, _client: Client, _code: Any, sock: Any) -> None:
        self._selector.unregister(sock)

    def _wants_to_write(self, client: Client, _code: Any, sock: Any) -> None:
        self._selector.modify(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, client)

    def _has_written(self, client: Client, _code: Any, sock: Any) -> None:
        self._selector.modify(sock, selectors.EVENT_READ, client)

    def _answered_connect(self, client: Client, code: str, _flags: Any, reason: Any, _more: Any) -> None:
        if reason.is_failure:
            self._refused[code] = str(reason)
        else:
            client.subscribe(f"hy/{code}/down", qos=1)

    def _acknowledged(self, _client: Client, code: str, mid: int, _reason: Any, _more: Any) -> None:
        self._open.pop((code, mid), None)

    def _told(self, client: Client, code: str, message: MQTTMessage) -> None:
        """A command came down: say that it was carried out."""
        try:
            number = orjson.loads(message.payload)["command"]
        except (ValueError, KeyError, TypeError):
            return
        self.answered += 1
        client.publish(f"hy/{code}/up", orjson.dumps({"command": number, "ok": True, "words": "simulated"}), qos=1)
