"""The parts of a running instance, each a process that the supervisor starts, watches and starts again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psutil

from huying.config.instance import children
from huying.config.instance.cluster import ROLE, Cluster
from huying.config.instance.home import Home
from huying.config.instance.nats import NatsServer

LONGEST_PAUSE: Final = 30.0
CALM: Final = 60.0  # a part that ran this long may fail again without a pause


@dataclass(frozen=True, slots=True)
class Choices:
    """What the one who starts an instance chooses."""

    demo: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    scale: str = "district"
    seed: int = 1
    live: bool = True
    web_workers: int = 1
    mqtt_port: int = 0  # 0: 1883 when it is free, else any

    @property
    def address(self) -> str:
        host = "localhost" if self.host in {"127.0.0.1", "0.0.0.0", "::"} else self.host
        return f"http://{host}:{self.port}/"


@dataclass
class Part:
    """One supervised process."""

    name: str
    command: Sequence[str]
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    failures: int = 0
    started: float = 0.0
    again_at: float = 0.0
    why: str = ""

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = children.start(self.command, log=log, env=self.env)
        self._noted()

    def _noted(self) -> None:
        self.started = time.monotonic()
        self.starts += 1
        self.why = ""

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.process is not None:
            children.stop(self.process)
            self.process = None

    def failed(self, why: str) -> None:
        """Note a death; the next start waits longer each time, up to half a minute."""
        self.failures = 0 if time.monotonic() - self.started > CALM else self.failures + 1
        self.again_at = time.monotonic() + min(LONGEST_PAUSE, 0.5 * 2 ** min(self.failures, 8) - 0.5)
        self.why = why

    def noted(self) -> dict[str, Any]:
        """For `instance.json`: enough to recognise the process later, and to say how it fares."""
        pid = self.process.pid if self.process is not None else None
        try:
            created = psutil.Process(pid).create_time() if pid else None
        except psutil.Error:
            created = None
        state = "running" if self.alive() else "restarting"
        return {
            "pid": pid,
            "created": created,
            "state": state,
            "starts": self.starts,
            "why": self.why,
            "log": str(self.log),
        }


@dataclass
class DatabasePart(Part):
    """PostgreSQL, started and stopped by its own rules."""

    cluster: Cluster = field(kw_only=True)

    def start(self) -> None:
        self.cluster.start()
        self.cluster.ensure_database(ROLE)
        self.process = self.cluster.process
        self._noted()

    def stop(self) -> None:
        self.cluster.stop()
        self.process = None


@dataclass
class StreamPart(Part):
    """nats-server, started and stopped by its own rules."""

    server: NatsServer = field(kw_only=True)

    def start(self) -> None:
        self.server.start()
        self.process = self.server.process
        self._noted()

    def stop(self) -> None:
        self.server.stop()
        self.process = None

    def noted(self) -> dict[str, Any]:
        access = self.server.access
        return {**super().noted(), "mqtt": f"{access.get('mqtt_host')}:{access.get('mqtt_port')}"}


def database(home: Home) -> DatabasePart:
    cluster = home.cluster()
    return DatabasePart("database", (), {}, cluster.log, cluster=cluster)


def web(home: Home, choices: Choices, env: dict[str, str]) -> Part:
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asginl",
        "--host",
        choices.host,
        "--port",
        str(choices.port),
    ]
    command += [
        "--workers",
        str(choices.web_workers),
        "--no-ws",
        "--http",
        "auto",
        "--backlog",
        "1024",
        "--respawn-failed-workers",
    ]
    command += ["--workers-kill-timeout", "5", "--log-level", "warning", "huying.config.asgi:application"]
    return Part("web", command, {**env, "HUYING_PART": "web"}, home.logs / "web.log")


def worker(home: Home, env: dict[str, str]) -> Part:
    command = [sys.executable, "-m", "huying.config.instance.worker"]
    return Part("worker", command, {**env, "HUYING_PART": "worker"}, home.logs / "worker.log")


def live(home: Home, env: dict[str, str]) -> Part:
    command = [sys.executable, "-m", "huying.config.instance.liveliness"]
    return Part("live", command, {**env, "HUYING_PART": "live"}, home.logs / "live.log")


def stream(home: Home, choices: Choices) -> StreamPart:
    server = NatsServer(home.path / "nats", host=choices.host, mqtt_port=choices.mqtt_port)
    return StreamPart("stream", (), {}, server.log, server=server)


def readers(home: Home, env: dict[str, str]) -> list[Part]:
    """What reads the stream: the gatekeeper of devices, their readings, and what cannot wait, each on its own."""
    modules = {
        "gatekeeper": ["huying.senses.devices.gatekeeper"],
        "readings": ["huying.senses.readings.worker"],
        "urgent": ["huying.senses.readings.worker", "--urgent"],
    }
    return [
        Part(name, [sys.executable, "-m", *module], {**env, "HUYING_PART": name}, home.logs / f"{name}.log")
        for name, module in modules.items()
        if find_spec(module[0]) is not None
    ]


def first_parts(home: Home, choices: Choices) -> list[Part]:
    """What people wait for, in the order it starts; parts stop in the opposite one."""
    env = home.environment(demo=choices.demo)
    return [web(home, choices, env), worker(home, env)]


def later_parts(home: Home, choices: Choices) -> list[Part]:
    """What nobody waits for: started when the web server answers, so that it does not compete with it."""
    env = home.environment(demo=choices.demo)
    parts = readers(home, env)
    if choices.demo and choices.live and find_spec("huying.config.demo.live") is not None:
        parts.append(live(home, env))
    return parts


def ask_health(choices: Choices, patience: float = 5.0) -> dict[str, Any] | None:
    """What `/healthz` says, or None when nobody answers."""
    host = "127.0.0.1" if choices.host == "0.0.0.0" else choices.host
    request = urllib.request.Request(f"http://{host}:{choices.port}/healthz", headers={"Host": "localhost"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=patience) as answer:
            body: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        try:
            body = json.load(error)
        except ValueError:
            return None
    except (OSError, ValueError):
        return None
    return body


def hang_up(part: Part) -> None:
    """End a part that lives but no longer answers; the supervisor starts it again."""
    if part.process is not None:
        part.process.send_signal(signal.SIGKILL)
        part.process.wait()
