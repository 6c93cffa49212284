"""Live screens with real connections: what is announced arrives when it is committed, and only there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.test import AsyncClient

from huying.kernel import live
from huying.kernel.actor import SYSTEM
from huying.shell.live import MOST_WAITING, Listener, hub

T = TypeVar("T")
PATIENCE = 10.0


def _play(scene: Coroutine[object, object, T]) -> T:
    """Run it in a thread of its own: a browser test before it leaves an event loop running in this one."""
    with ThreadPoolExecutor(1) as stage:
        return stage.submit(asyncio.run, scene).result()


@pytest.fixture
def open_topics(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(
        live, "_access", {"cases": lambda actor, topic: True, "case": lambda actor, topic: topic != "case:2"}
    )
    yield


@sync_to_async
def _say(*messages: tuple[str, dict[str, object] | None], commit: bool = True) -> None:
    try:
        with transaction.atomic():
            live.announce_all(messages)
            if not commit:
                transaction.set_rollback(True)
    finally:
        connection.close()


async def _next(listener: Listener) -> dict[str, object]:
    message = await asyncio.wait_for(listener.waiting.get(), PATIENCE)
    assert message is not None
    heard: dict[str, object] = json.loads(message[1])
    return heard


@pytest.mark.django_db(transaction=True)
def test_a_listener_hears_committed_messages_of_its_topics_in_order() -> None:
    async def scene() -> list[dict[str, object]]:
        listener = await hub().join(frozenset({"cases"}))
        await _say(("cases", {"case": 1}), commit=False)
        await _say(("seats", {"seat": 1}), ("cases:310115", {"case": 2}))
        await _say(("cases", {"case": 3}))
        heard = [await _next(listener), await _next(listener)]
        hub().part(listener)
        return heard

    heard = _play(scene())
    assert heard == [{"topic": "cases:310115", "payload": {"case": 2}}, {"topic": "cases", "payload": {"case": 3}}]


@pytest.mark.django_db(transaction=True)
def test_many_listeners_share_one_database_connection() -> None:
    async def scene() -> int:
        still_closing = await sync_to_async(_live_connections)()
        listeners = [await hub().join(frozenset({"cases"})) for _ in range(20)]
        opened = await sync_to_async(_live_connections)() - still_closing
        for listener in listeners:
            hub().part(listener)
        return len(opened)

    assert _play(scene()) == 1


def _live_connections() -> set[int]:
    """The server processes that now listen for a web process."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'huying-live' AND datname = current_database()"
            )
            return {pid for (pid,) in cursor.fetchall()}
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_after_the_database_was_lost_screens_are_sent_away_and_new_ones_hear_again() -> None:
    async def scene() -> tuple[object, dict[str, object]]:
        first = await hub().join(frozenset({"cases"}))
        await sync_to_async(_cut)()
        sent_away = await asyncio.wait_for(first.waiting.get(), PATIENCE)
        second = await hub().join(frozenset({"cases"}))
        await asyncio.wait_for(hub()._ready.wait(), PATIENCE)
        await _say(("cases", {"case": 4}))
        heard = await _next(second)
        hub().part(second)
        return sent_away, heard

    sent_away, heard = _play(scene())
    assert sent_away is None
    assert heard["payload"] == {"case": 4}


def _cut() -> None:
    settings = connection.settings_dict
    with psycopg.connect(host=settings["HOST"], user="postgres", dbname=settings["NAME"], autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'huying-live'")


def test_a_listener_that_fell_behind_is_told_to_come_again() -> None:
    async def scene() -> tuple[bool, int]:
        listener = Listener(frozenset({"cases"}))
        kept_up = [listener.hear("cases", "{}") for _ in range(MOST_WAITING + 1)]
        listener.leave()
        return all(kept_up[:-1]) and not kept_up[-1], listener.waiting.qsize()

    assert _play(scene()) == (True, MOST_WAITING + 1)


def test_what_is_too_long_to_carry_is_left_out() -> None:
    body = json.loads(live._body("cases", {"text": "很长" * 4000}))
    assert body == {"topic": "cases", "payload": None}


@pytest.mark.usefixtures("open_topics")
def test_only_registered_topics_the_actor_may_hear_are_open() -> None:
    assert live.allowed(SYSTEM, ["cases:310115", "case:1", "case:2", "secrets"]) == {"cases:310115", "case:1"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("open_topics")
def test_the_stream_carries_events_and_a_stranger_to_the_topic_is_told_not_to_return() -> None:
    async def scene() -> tuple[int, str, str]:
        refused = await AsyncClient().get("/live?topics=secrets")
        response = await AsyncClient().get("/live?topics=cases,secrets")
        stream = response.streaming_content.__aiter__()
        start = await anext(stream) + await anext(stream)
        await _say(("cases", {"case": 5}))
        event = await asyncio.wait_for(anext(stream), PATIENCE)
        await stream.aclose()
        return refused.status_code, start.decode(), event.decode()

    status, start, event = _play(scene())
    assert status == 204
    assert start == "retry: 2000\n\n: listening\n\n"
    assert event == 'data: {"topic":"cases","payload":{"case":5}}\n\n'
