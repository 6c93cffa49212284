"""`/live?topics=a,b`: server-sent events. One LISTEN connection a web process, shared by all its listeners."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path

from huying.kernel import live

log = logging.getLogger("huying.live")

HEARTBEAT: Final = 15.0  # seconds; shorter than the idle limit of common proxies
MOST_TOPICS: Final = 20
MOST_WAITING: Final = 200  # messages; a listener slower than that is sent away and comes back to look afresh
RETRY: Final = (0.5, 1.0, 2.0, 5.0)  # seconds between attempts to reach the database

Message = tuple[str, str]  # topic, JSON body


@dataclass(eq=False)
class Listener:
    """One open screen."""

    topics: frozenset[str]
    waiting: asyncio.Queue[Message | None] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING + 1))

    def hear(self, topic: str, body: str) -> bool:
        """False when the listener has fallen too far behind."""
        if live.concerns(topic, self.topics):
            if self.waiting.qsize() >= MOST_WAITING:
                return False
            self.waiting.put_nowait((topic, body))
        return True

    def leave(self) -> None:
        """End the stream; the browser connects again and refreshes what it shows."""
        while self.waiting.qsize() > MOST_WAITING:
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


class Hub:
    """Fans the notifications of one connection out to the listeners of this process; connects while there are any."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def join(self, topics: frozenset[str]) -> Listener:
        """A listener that misses nothing committed after this returns."""
        listener = Listener(topics)
        self.listeners.add(listener)
        if self._task is None or self._task.done():
            self._ready = asyncio.Event()
            self._task = asyncio.create_task(self._listen())
        await self._ready.wait()
        return listener

    def part(self, listener: Listener) -> None:
        self.listeners.discard(listener)
        if not self.listeners and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _listen(self) -> None:
        attempt = 0
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**_address(), autocommit=True) as link:
                    await link.execute(f"LISTEN {live.CHANNEL}")
                    attempt = 0
                    self._ready.set()
                    async for notice in link.notifies():
                        self._pass_on(notice.payload)
            except psycopg.Error as error:
                log.warning("lost the database, live screens will reconnect: %s", str(error).strip())
            self._ready.clear()
            for listener in [*self.listeners]:
                self._send_away(listener)
            await asyncio.sleep(RETRY[min(attempt, len(RETRY) - 1)])
            attempt += 1

    def _pass_on(self, body: str) -> None:
        topic = str(json.loads(body)["topic"])
        for listener in [*self.listeners]:
            if not listener.hear(topic, body):
                self._send_away(listener)

    def _send_away(self, listener: Listener) -> None:
        self.listeners.discard(listener)
        listener.leave()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of this process's event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


async def live_view(request: HttpRequest) -> HttpResponseBase:
    """Events `data: {"topic": …, "payload": …}` of the topics asked for, as far as this actor may hear them."""
    asked = [topic.strip() for topic in request.GET.get("topics", "").split(",") if topic.strip()]
    may_hear = await sync_to_async(lambda: live.allowed(request.actor, asked[:MOST_TOPICS]))()  # type: ignore[attr-defined]
    if not may_hear:
        return HttpResponse(status=204)  # tells an EventSource not to come back
    response = StreamingHttpResponse(_events(may_hear), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(topics: frozenset[str]) -> AsyncIterator[str]:
    mine = hub()
    listener: Listener | None = None
    yield "retry: 2000\n\n"
    try:
        listener = await asyncio.wait_for(mine.join(topics), HEARTBEAT)
        yield ": listening\n\n"
        while True:
            try:
                message = await asyncio.wait_for(listener.waiting.get(), HEARTBEAT)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if message is None:
                return
            yield f"data: {message[1]}\n\n"
    except TimeoutError:  # no database for now: end, so that the browser comes back
        return
    finally:
        with suppress(KeyError):
            if listener is not None:
                mine.part(listener)


def _address() -> dict[str, Any]:
    settings = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    address = {key: settings[name] for key, name in names.items() if settings.get(name)}
    options = {key: value for key, value in settings.get("OPTIONS", {}).items() if key.startswith(("ssl", "connect_"))}
    return {**address, **options, "application_name": "huying-live"}


urlpatterns = [path("live", live_view, name="live")]
