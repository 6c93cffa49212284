"""For journeys: the real web server on the test's database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.db import connection

from huying.config.instance import children


def address_of_database() -> str:
    """Where a process of its own finds this test's database."""
    database = connection.settings_dict
    return f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"


def part_environment(**more: str) -> dict[str, str]:
    """What a part of the program is started with, so that it works on this test's database and files."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "huying.config.settings",
        "DATABASE_URL": address_of_database(),
        "HUYING_DATA_DIR": str(settings.HUYING_DATA_DIR),
        "HUYING_SECRET": settings.HUYING_SECRET,
        "PYTHONPATH": os.pathsep.join(sys.path),
        **more,
    }


class Web:
    """The program's own web server on this worker's test database; it can be killed and started again."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = Path(settings.HUYING_DATA_DIR) / f"web-{self.port}.log"
        self.settings = "huying.config.settings"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        env = part_environment(
            DJANGO_SETTINGS_MODULE=self.settings, HUYING_HOSTS="*", HUYING_PART="web", HUYING_STATIC="plain",
            HUYING_REQUIRE_TOTP="0",
        )  # fmt: skip
        command = [sys.executable, "-m", "granian", "--interface", "asginl", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", "1", "--no-ws", "--log-level", "warning"]
        with self.log.open("ab") as stream:
            self.process = children.start([*command, "huying.config.asgi:application"], log=stream, env=env)
        _wait(f"{self.address}/healthz", self.log)

    def kill(self) -> None:
        """kill -9 of the server and its worker processes."""
        assert self.process is not None
        family = psutil.Process(self.process.pid).children(recursive=True)
        for one in (*family, self.process):
            one.kill()
        self.process.wait(10)

    def stop(self) -> None:
        if self.process is not None:
            children.stop(self.process)


@pytest.fixture(scope="session")
def _server(django_db_setup: None) -> Iterator[str]:
    """Granian with the program's own ASGI application on this worker's test database."""
    web = Web()
    web.start()
    try:
        yield web.address
    finally:
        web.stop()


@pytest.fixture
def web(transactional_db: None) -> Iterator[Web]:
    """A web server of this test's own, to be killed."""
    own = Web()
    own.start()
    try:
        yield own
    finally:
        own.stop()


def _wait(address: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            opener.open(address, timeout=60).close()
            return
        except urllib.error.HTTPError:
            return  # 503: it answers, and there is no worker in a test
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"The web server did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture
def site(_server: str, transactional_db: None) -> str:
    """Address of a running web server that sees what this test commits."""
    return _server
