"""How fast is what devices say taken: decoded, judged, last values, history, all in one transaction a batch?

Against a bare consumer of the client library that reads the same stream in the same run and does nothing with it. Then how
long an SOS takes to become an alarm while the backlog drains.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import psutil

from bench.harness import Bench
from bench.rows.place import found_place

DEVICES = 5_000
BEHIND = 50  # devices a gateway speaks for in one message
CALLS = 40
MEGABYTES = 2_048
PATIENCE = 600.0
Item = tuple[str, bytes, str]


def ask(bench: Bench) -> None:
    from django.conf import settings

    from huying.config import settings_stream
    from huying.config.instance.nats import NatsServer
    from huying.kernel import clock
    from huying.kernel.stream import connect, ensure_streams

    async def found() -> None:
        connection = await connect(name="bench")
        await ensure_streams(connection)
        await connection.close()

    settings.HUYING_DATA_DIR = bench.place
    settings.HUYING_STREAM_MEGABYTES = MEGABYTES
    settings_stream.HUYING_STREAM_MEGABYTES = str(MEGABYTES)
    now = clock.now()
    found_place(now, min(bench.size, 1_000))
    codes, gateways, wearables = _devices(bench, now, min(DEVICES, max(100, bench.size // 10)))
    server = NatsServer(Path(bench.place) / "nats", mqtt_port=0)
    server.start()
    try:
        asyncio.run(found())
        _single(bench, codes)
        _batched(bench, gateways)
        _calls(bench, codes, wearables)
    finally:
        server.stop()


def _devices(bench: Bench, now: datetime, count: int) -> tuple[list[str], list[tuple[str, list[str]]], list[str]]:
    """Breakers that speak for themselves, breakers behind gateways, wearables."""
    from huying.ground.territory.models import Area
    from huying.kernel.actor import SYSTEM
    from huying.senses.devices.actions import register_devices
    from huying.senses.devices.drafts import DeviceDraft

    area = Area.objects.filter(level="grid", valid_to__isnull=True).order_by("code").values_list("code", flat=True)[0]
    own = [DeviceDraft(code=f"b-{n}", kind="smart_breaker", area=area) for n in range(count)]
    worn = [DeviceDraft(code=f"w-{n}", kind="wearable", area=area) for n in range(CALLS)]
    gathering = [DeviceDraft(code=f"g-{n}", kind="gateway", area=area) for n in range(max(1, count // BEHIND))]
    behind = [
        DeviceDraft(code=f"{one.code}-{n}", kind="smart_breaker", area=area, gateway=one.code)
        for one in gathering
        for n in range(BEHIND)
    ]
    every = [*own, *worn, *gathering, *behind]
    with bench.once("register devices", len(every)):
        for start in range(0, len(every), 1_000):
            register_devices(every[start : start + 1_000], actor=SYSTEM, now=now)
    names = [one.code for one in own]
    return (
        names,
        [(one.code, [f"{one.code}-{n}" for n in range(BEHIND)]) for one in gathering],
        [one.code for one in worn],
    )


def _reading(lot: Random, at: float, seq: int) -> dict[str, Any]:
    """What a breaker says in a minute."""
    values = {
        "leak": round(lot.uniform(2, 20), 1), "current_a": round(lot.uniform(0, 20), 2), "voltage_a": round(lot.gauss(225, 3), 1),
        "power": round(lot.uniform(10, 4000), 1), "energy": 1000.0 + seq, "temperature_a": round(lot.gauss(32, 2), 1),
        "temperature_n": round(lot.gauss(31, 2), 1), "switch": True,
    }  # fmt: skip
    return {"ts": int(at * 1000), "seq": seq, "v": values}


def _singles(codes: Sequence[str], count: int, first: int = 0) -> list[Item]:
    from huying.kernel.stream import reading_subject

    lot, began = Random(7), time.time() - 3600
    return [
        (reading_subject(code), json.dumps(_reading(lot, began + turn, first + turn)).encode(), "")
        for number in range(count)
        for turn, code in [(number // len(codes), codes[number % len(codes)])]
    ]


def _single(bench: Bench, codes: Sequence[str]) -> None:
    """Every message one reading."""
    items = _singles(codes, bench.size)
    spent, raw = _measured(bench, "one reading a message", items, len(items))
    bench.ratio("whole pipeline / bare consumer, one reading a message", raw / spent)


def _batched(bench: Bench, gateways: Sequence[tuple[str, list[str]]]) -> None:
    """Every message a gateway's batch. No ratio: fifty readings cost a bare consumer what one does."""
    from huying.kernel.stream import reading_subject

    lot, began, items = Random(8), time.time() - 3600, []
    for number in range(max(1, bench.size // BEHIND)):
        code, behind = gateways[number % len(gateways)]
        turn = number // len(gateways)
        parts = [{"code": one, "readings": [_reading(lot, began + turn, turn)]} for one in behind]
        items.append((reading_subject(code), json.dumps({"gateway": code, "devices": parts}).encode(), ""))
    _measured(bench, f"gateways, {BEHIND} readings a message", items, len(items) * BEHIND)


def _measured(bench: Bench, what: str, items: list[Item], readings: int) -> tuple[float, float]:
    """Seconds of the whole pipeline and of the bare consumer, for the same messages."""
    with _worker(bench) as worker:
        before = _taken()
        with _suspended(worker):
            first = _published(bench, what, items)
            raw = asyncio.run(_bare(first, len(items)))
            bench.note(f"{what}: bare consumer", seconds=raw, messages=len(items), per_second=readings / raw)
            own = asyncio.run(_drained(first, len(items)))
            bench.note(f"{what}: our own reading, nothing done", seconds=own, per_second=readings / own)
            worked = _cpu(worker)
        began = time.perf_counter()
        _until_taken(before + len(items))
        spent = time.perf_counter() - began
        worked = 1e6 * (_cpu(worker) - worked) / readings
        megabytes = sum(one.memory_info().rss for one in _family(worker)) // 1_000_000
        bench.note(
            f"{what}: whole pipeline",
            seconds=spent,
            per_second=readings / spent,
            worker_cpu_us=worked,
            megabytes=megabytes,
        )
    return spent, raw


def _published(bench: Bench, what: str, items: list[Item]) -> int:
    """Put all on the stream; the number of the first."""
    from huying.kernel.stream import publisher

    with bench.once(f"{what}: publish", len(items)):
        seqs = publisher().publish_many(items)
    wrong = [one for one in seqs if not isinstance(one, int)]
    if wrong:
        raise RuntimeError(f"{len(wrong)} messages were refused: {wrong[0]}")
    return int(seqs[0])  # type: ignore[arg-type]


async def _bare(first: int, count: int) -> float:
    """The client library's own way, pushed by the server as fast as it goes, nothing done with what comes."""
    from nats.aio.client import Client
    from nats.js import api

    from huying.kernel.stream.access import find_access

    access = find_access()
    client = Client()
    await client.connect(list(access.servers), user=access.user, password=access.password)
    got, done = 0, asyncio.Event()

    async def count_one(_message: Any) -> None:
        nonlocal got
        got += 1
        if got == count:
            done.set()

    inbox = client.new_inbox()
    await client.subscribe(inbox, cb=count_one, pending_msgs_limit=-1, pending_bytes_limit=-1)
    config = api.ConsumerConfig(
        deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=first, ack_policy=api.AckPolicy.NONE,
        deliver_subject=inbox, filter_subject="r.*.*", mem_storage=True,
    )  # fmt: skip
    began = time.perf_counter()
    await client.jsm().add_consumer("READINGS", config)
    await asyncio.wait_for(done.wait(), 300)
    spent = time.perf_counter() - began
    await client.close()
    return spent


async def _drained(first: int, count: int) -> float:
    """How the worker reads, without the work."""
    from contextlib import aclosing

    from huying.kernel.stream import READINGS, connect, drain

    connection = await connect(name="bench")
    began, got = time.perf_counter(), 0
    async with aclosing(drain(connection, READINGS, after=first - 1, most=4_000)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            got += len(batch)
            if got >= count:
                break
    spent = time.perf_counter() - began
    await connection.close()
    return spent


def _calls(bench: Bench, codes: Sequence[str], wearables: Sequence[str]) -> None:
    """Somebody presses SOS while a backlog drains: from the press to the alarm in the database."""
    from django.db import connection

    from huying.kernel.stream import publisher, urgent_subject

    items = _singles(codes, bench.size, first=1_000_000)
    with _worker(bench) as worker, _worker(bench, "--urgent"):
        before = _taken()
        with _suspended(worker):
            _published(bench, "a backlog", items)
        pressed = {}
        for code in wearables:
            pressed[code] = time.time()
            publisher().publish(urgent_subject(code), json.dumps({"seq": 1, "v": {"sos": True}}).encode())
            time.sleep(0.02)
        waited, deadline = {}, time.monotonic() + 60
        while len(waited) < len(pressed) and time.monotonic() < deadline:
            with connection.cursor() as asked:
                asked.execute(
                    "SELECT d.code FROM alarms_alarm a JOIN devices_device d ON d.id = a.device_id WHERE a.kind = 'sos'"
                )
                seen = time.time()
                for (code,) in asked.fetchall():
                    waited.setdefault(code, seen - pressed[code])
            time.sleep(0.01)
        left = before + len(items) - _taken()
        _until_taken(before + len(items))
    took = sorted(waited.values())
    slowest = took[-1] if took else 60.0
    middle = statistics.median(took) if took else 60.0
    bench.note(
        "SOS while a backlog drains",
        calls=len(took),
        p50_ms=1000 * middle,
        slowest_ms=1000 * slowest,
        still_waiting=left,
    )
    bench.ratio("SOS answered within 2 s", sum(one <= 2 for one in took) / len(pressed))


@contextmanager
def _worker(bench: Bench, *arguments: str) -> Iterator[psutil.Popen]:
    """The product's own worker, begun and waiting."""
    from django.conf import settings

    from huying.senses.readings.models import Cursor

    env = {
        **os.environ,
        "HUYING_DATA_DIR": str(bench.place),
        "HUYING_SECRET": settings.HUYING_SECRET,
        "DJANGO_SETTINGS_MODULE": "huying.config.settings",
        "HUYING_LOG_LEVEL": "WARNING",
        "HUYING_STREAM_MEGABYTES": str(MEGABYTES),
    }
    Cursor.objects.filter(stream="URGENT" if arguments else "READINGS", seq=0).delete()
    log = (Path(bench.place) / "readings.log").open("ab")
    worker = psutil.Popen(
        [sys.executable, "-m", "huying.senses.readings.worker", *arguments],
        env=env,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        deadline = time.monotonic() + 60
        while not _begun(worker, 1 if arguments else 4) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        yield worker
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
        log.close()


def _begun(worker: psutil.Popen, spools: int) -> bool:
    """Whether it holds its spools."""
    try:
        held = [one.path for each in _family(worker) for one in each.open_files() if one.path.endswith("/lock")]
    except psutil.NoSuchProcess:  # something its start needed for a moment
        return False
    return len(held) == spools


def _taken() -> int:
    from django.db.models import Sum

    from huying.senses.readings.models import Cursor

    return int(Cursor.objects.filter(stream="READINGS").aggregate(n=Sum("taken"))["n"] or 0)


def _until_taken(count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while _taken() < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{_taken():,} of {count:,} messages were taken")
        time.sleep(0.02)


@contextmanager
def _suspended(worker: psutil.Popen) -> Iterator[None]:
    """The drain stands still: what comes waits."""
    for one in _family(worker):
        one.suspend()
    try:
        yield
    finally:
        for one in _family(worker):
            one.resume()


def _family(worker: psutil.Popen) -> list[psutil.Process]:
    return [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]


def _cpu(worker: psutil.Popen) -> float:
    """Seconds of processor time of its processes."""
    return float(sum(sum(one.cpu_times()[:2]) for one in _family(worker)))
