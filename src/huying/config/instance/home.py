"""The directory of an instance: what is where in it, who runs it, and how to reach its database."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from huying.config.addresses import socket_directory
from huying.config.instance.cluster import ROLE, Cluster

State = dict[str, Any]


class AlreadyRunning(Exception):
    """Another supervisor, or a command, holds this data directory."""


@dataclass(frozen=True)
class Home:
    """One data directory.

    ```
    secret          the instance secret        pg/       PostgreSQL          static/   collected static files
    instance.json   what runs now              logs/     one file a part     files/    uploaded pictures
    prepared.json   what was last migrated     nats/     the device stream     demo.json logins of the demonstration
    ```
    """

    path: Path

    @classmethod
    def at(cls, path: str | os.PathLike[str] | None = None) -> Home:
        chosen = path or os.environ.get("HUYING_DATA_DIR") or ".huying"
        return cls(Path(chosen).expanduser().absolute())

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def create(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)

    def cluster(self) -> Cluster:
        return Cluster(self.path / "pg", socket_directory(self.path))

    # --- what runs -----------------------------------------------------------------------------------------------

    def read(self, name: str = "instance.json") -> State:
        try:
            state: State = json.loads((self.path / name).read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return state

    def write(self, state: State, name: str = "instance.json") -> None:
        """Whole or not at all, and readable by the owner only (an address may hold a password)."""
        handle, draft = tempfile.mkstemp(dir=self.path, prefix=f".{name}-")
        with os.fdopen(handle, "w") as stream:
            json.dump(state, stream, ensure_ascii=False, indent=1)
        os.replace(draft, self.path / name)

    def forget(self, name: str = "instance.json") -> None:
        (self.path / name).unlink(missing_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory. The kernel lets go when the holder dies, so a stale lock cannot exist."""
        self.create()
        with (self.path / "lock").open("a") as lock:
            deadline = time.monotonic() + 0.5  # longer than a look by `is_held` takes
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        raise AlreadyRunning(str(self.path)) from error
                    time.sleep(0.02)
            yield

    def is_held(self) -> bool:
        if not (self.path / "lock").exists():
            return False
        with (self.path / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def wait_until_free(self, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while self.is_held():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    # --- its database --------------------------------------------------------------------------------------------

    def database_url(self) -> str:
        """`DATABASE_URL`, or the one the running instance was started with; "" for the directory's own PostgreSQL."""
        return os.environ.get("DATABASE_URL") or str(self.read().get("database_url", ""))

    def stream_url(self) -> str:
        """`NATS_URL`, or the one the running instance was started with; "" for the directory's own nats-server."""
        return os.environ.get("NATS_URL") or str(self.read().get("nats_url", ""))

    def environment(self, *, demo: bool | None = None) -> dict[str, str]:
        """What a process of this instance finds in its environment."""
        if demo is None:
            demo = bool(self.read("demo.json")) or bool(self.read().get("demo"))
        env = {
            **os.environ,
            "HUYING_DATA_DIR": str(self.path),
            "DJANGO_SETTINGS_MODULE": "huying.config.settings",
            "HUYING_DEMO": "1" if demo else "0",
            "PYTHONUNBUFFERED": "1",
        }
        if url := self.database_url():
            env["DATABASE_URL"] = url
        if url := self.stream_url():
            env["NATS_URL"] = url
        return env

    @contextmanager
    def database(self) -> Iterator[None]:
        """The database answers inside: the running instance's, the external one, or ours started for this occasion."""
        if self.database_url() or self.is_held():
            yield
            return
        with self.held():
            cluster = self.cluster()
            cluster.start()
            try:
                cluster.ensure_database(ROLE)
                yield
            finally:
                cluster.stop()


def end_leftovers(state: State, patience: float = 10.0) -> list[str]:
    """End the parts an earlier supervisor left behind. A process counts as ours only if it is as old as noted."""
    ended = []
    for name, part in state.get("parts", {}).items():
        try:
            process = psutil.Process(int(part["pid"]))
            if abs(process.create_time() - float(part["created"])) > 1:
                continue
            family = [process, *process.children(recursive=True)]
        except (psutil.Error, KeyError, TypeError, ValueError):
            continue
        for one in family:
            _quietly(one.terminate)
        _gone, alive = psutil.wait_procs(family, timeout=patience)
        for one in alive:
            _quietly(one.kill)
        ended.append(name)
    return ended


def _quietly(action: Any) -> None:
    with suppress(psutil.Error):
        action()
