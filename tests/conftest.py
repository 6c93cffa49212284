"""For journeys: the real web server on the test's database."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from huying.config.instance import children


@pytest.fixture(scope="session")
def _server(django_db_setup: None) -> Iterator[str]:
    """Granian with the program's own ASGI application on this worker's test database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = connection.settings_dict
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "huying.config.settings",
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
        "HUYING_DATA_DIR": str(settings.HUYING_DATA_DIR),
        "HUYING_SECRET": settings.HUYING_SECRET,
        "HUYING_HOSTS": "*",
        "HUYING_POOL": "1",
        "HUYING_PART": "web",
        "HUYING_STATIC": "plain",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-m", "granian", "--interface", "asginl", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--no-ws", "--log-level", "warning", "huying.config.asgi:application"]
    log = Path(settings.HUYING_DATA_DIR) / "web.log"
    with log.open("ab") as stream:
        process = children.start(command, log=stream, env=env)
    try:
        _wait(f"http://127.0.0.1:{port}/healthz", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        children.stop(process)


def _wait(address: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            opener.open(address, timeout=5).close()
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
