"""Three servers on this machine, one of them killed: what was acknowledged is drained once and in order."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from huying.config.instance.nats import server_program
from huying.kernel.stream import (
    READINGS,
    Connection,
    Publisher,
    StreamUnavailable,
    connect,
    drain,
    ensure_streams,
    reading_subject,
)
from huying.kernel.stream.tests.apart import run_apart

PATIENCE = 60.0
pytestmark = pytest.mark.slow


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Servers:
    """Three servers with one stream in three copies."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.ports, self.routes, self.devices = _free_ports(3), _free_ports(3), _free_ports(3)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        return ",".join(f"nats://huying:secret@127.0.0.1:{port}" for port in self.ports)

    def start(self) -> None:
        routes = json.dumps([f"nats://127.0.0.1:{port}" for port in self.routes])
        for number, (port, route, device) in enumerate(zip(self.ports, self.routes, self.devices, strict=True)):
            name = f"n{number}"
            (self.place / f"{name}.conf").write_text(
                f"""
                server_name: {name}
                listen: "127.0.0.1:{port}"
                jetstream {{ store_dir: {json.dumps(str(self.place / name))}, max_file_store: 1GB }}
                mqtt {{ listen: "127.0.0.1:{device}" }}
                authorization {{ users: [ {{ user: huying, password: secret }} ] }}
                cluster {{ name: hy, listen: "127.0.0.1:{route}", routes: {routes} }}
                """
            )
            command = [server_program(), "-c", self.place / f"{name}.conf"]
            with (self.place / f"{name}.log").open("wb") as log:
                self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)


@pytest.fixture
def servers(tmp_path: Path, settings: Any) -> Iterator[Servers]:
    one = Servers(tmp_path)
    settings.NATS_URL, settings.HUYING_STREAM_REPLICAS = one.url, "3"
    one.start()
    yield one
    one.stop()


async def _ready() -> Connection:
    """Connected, with the streams made, as soon as the servers have found each other."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection = await connect(name="reader")
            await ensure_streams(connection)
            return connection
        except StreamUnavailable:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)


def _send(publisher: Publisher, numbers: range) -> None:
    """As devices do: what was not acknowledged is sent again, in its order and under its own id."""
    waiting = [(reading_subject("d-1"), str(number).encode(), str(number)) for number in numbers]
    while waiting:
        results = publisher.publish_many(waiting)
        waiting = [item for item, result in zip(waiting, results, strict=True) if not isinstance(result, int)]


def test_one_of_three_is_killed_and_nothing_is_lost_or_comes_twice(servers: Servers) -> None:
    async def work() -> list[int]:
        connection = await _ready()
        publisher = Publisher(name="sender")
        found: list[int] = []
        async with aclosing(drain(connection, READINGS, partition=None, after=0, most=100)) as source:
            sending = asyncio.create_task(asyncio.to_thread(_send, publisher, range(500)))
            async with asyncio.timeout(PATIENCE):
                async for batch in source:
                    found += [int(message.data) for message in batch]
                    if len(found) == 500 and len(servers.processes) == 3:
                        await sending
                        copies = (await connection.jsm().stream_info(READINGS)).cluster
                        assert copies is not None and copies.leader is not None
                        servers.kill(copies.leader)
                        sending = asyncio.create_task(asyncio.to_thread(_send, publisher, range(500, 1000)))
                    if len(found) >= 1000:
                        break
            await sending
            found += [int(message.data) for message in await anext(source)]
        await asyncio.to_thread(publisher.close)
        await connection.close()
        return found

    assert run_apart(work()) == list(range(1000))
