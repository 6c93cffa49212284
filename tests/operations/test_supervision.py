"""One real instance: it starts, heals whatever dies, survives kill -9 of everything, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from huying.config.addresses import socket_directory
from huying.config.instance.home import Home
from huying.config.instance.parts import Choices, ask_health

PATIENCE = 60.0
PARTS = {"database", "stream", "web", "worker", "gatekeeper", "readings", "urgent"}
_STAYS = 30  # times a tenth of a second
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("instance")]


class Instance:
    """An instance under test, driven through its command line."""

    def __init__(self, place: Path) -> None:
        self.home = Home(place / "data")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.choices = Choices(port=probe.getsockname()[1])

    def run(self, *arguments: str, port: int | None = None) -> tuple[int, dict[str, Any], str]:
        command = [sys.executable, "-m", "huying.config.command_line", *arguments]
        command += ["--data-dir", str(self.home.path), "--json"]
        if arguments[0] == "up":
            command += ["--port", str(port or self.choices.port)]
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HUYING_", "DATABASE_", "DJANGO_"))
        }
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, env=env)
        last = done.stdout.strip().splitlines()[-1:] or ["{}"]
        return done.returncode, json.loads(last[0]), done.stderr

    def pids(self) -> dict[str, int]:
        state = self.home.read()
        return {"supervisor": state["pid"], **{name: part["pid"] for name, part in state["parts"].items()}}

    def family(self) -> list[psutil.Process]:
        supervisor = psutil.Process(self.home.read()["pid"])
        return [supervisor, *supervisor.children(recursive=True)]

    def healthy(self) -> bool:
        health = ask_health(self.choices)
        return health is not None and bool(health["ok"])


def _until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    place = Path(tempfile.mkdtemp(prefix="hy-"))
    one = Instance(place)
    code, facts, said = one.run("up", "--detach")
    assert code == 0, said
    assert facts["address"] == one.choices.address
    yield one
    one.run("down")
    shutil.rmtree(place, ignore_errors=True)


def _settled(instance: Instance) -> dict[str, int]:
    """The parts once they stay: whoever lost the database gives up some seconds after it came back."""
    seen: list[dict[str, int]] = []

    def stays() -> bool:
        seen.append(instance.pids())
        return instance.healthy() and len(seen) > _STAYS and all(one == seen[-1] for one in seen[-_STAYS:])

    assert _until(stays)
    return seen[-1]


def test_it_is_healthy_and_says_so(instance: Instance) -> None:
    assert _until(instance.healthy)
    code, facts, _said = instance.run("status")
    assert code == 0
    assert facts["ok"] and set(facts["parts"]) == PARTS
    assert facts["parts"]["database"]["migrations_waiting"] == 0


@pytest.mark.parametrize("name", ["web", "worker", "stream", "readings", "database"])
def test_a_killed_part_comes_back(instance: Instance, name: str) -> None:
    assert _until(instance.healthy)
    before = instance.pids()[name]
    os.kill(before, signal.SIGKILL)
    assert _until(lambda: instance.pids()[name] not in (before, None) and instance.healthy())


def test_starting_it_twice_changes_nothing(instance: Instance) -> None:
    before = _settled(instance)
    code, facts, _said = instance.run("up", "--detach")
    assert (code, facts["address"]) == (0, instance.choices.address)
    assert instance.pids() == before


def test_a_taken_port_is_named_with_the_way_out(instance: Instance, tmp_path: Path) -> None:
    other = Instance(tmp_path)
    code, _facts, said = other.run("up", "--detach", port=instance.choices.port)
    assert code == 1
    assert str(instance.choices.port) in said and "--port" in said
    assert not other.home.is_held()


def test_when_the_supervisor_is_killed_nothing_outlives_it_and_the_next_start_recovers(instance: Instance) -> None:
    assert _until(instance.healthy)
    family = instance.family()
    family[0].kill()
    if sys.platform == "linux":
        _gone, alive = psutil.wait_procs(family, timeout=PATIENCE)
        assert not alive
    assert instance.run("status")[0] == 3
    code, _facts, said = instance.run("up", "--detach")
    assert code == 0, said
    assert _until(instance.healthy)


def test_after_kill_9_of_everything_at_once_the_next_start_recovers(instance: Instance) -> None:
    assert instance.run("up", "--detach")[0] == 0
    family = instance.family()
    for process in family:
        process.suspend()  # so that none can clean up after another
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=PATIENCE)
    assert (instance.home.path / "pg" / "postmaster.pid").exists()
    code, _facts, said = instance.run("up", "--detach")
    assert code == 0, said
    assert _until(instance.healthy)


def test_down_stops_every_part_and_keeps_the_data(instance: Instance) -> None:
    assert instance.run("up", "--detach")[0] == 0
    family = instance.family()
    code, facts, _said = instance.run("down")
    assert code == 0 and facts["stopped"]
    _gone, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert not alive
    assert not (instance.home.path / "pg" / "postmaster.pid").exists()
    assert instance.run("down")[1]["stopped"] is False
    assert instance.run("migrate")[1]["applied"] == 0


_DEAF = """
import signal, time
from huying.config.instance.children import end_some_time_after_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end_some_time_after_parent(0.5)
print("ready", flush=True)
time.sleep(600)
"""
_PARENT = f"""
import sys, time
from huying.config.instance import children
print(children.start([sys.executable, "-c", {_DEAF!r}], log=1).pid, flush=True)
time.sleep(600)
"""


def test_a_part_deaf_to_its_end_is_over_some_time_after_its_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    part = psutil.Process(int(parent.stdout.readline()))
    assert parent.stdout.readline().strip() == "ready"
    parent.kill()
    parent.wait()
    _gone, alive = psutil.wait_procs([part], timeout=PATIENCE)
    assert not alive


def test_ctrl_c_stops_every_part(instance: Instance) -> None:
    instance.run("down")
    command = [sys.executable, "-m", "huying.config.command_line", "up", "--data-dir", str(instance.home.path)]
    command += ["--port", str(instance.choices.port)]
    env = {one: value for one, value in os.environ.items() if not one.startswith(("HUYING_", "DATABASE_", "DJANGO_"))}
    shown = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert _until(lambda: bool(instance.home.read()) and instance.healthy())
    family = instance.family()
    assert family[0].pid == shown.pid
    shown.send_signal(signal.SIGINT)
    said, errors = shown.communicate(timeout=PATIENCE)
    assert shown.returncode == 0 and "stopped" in said + errors
    _gone, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert not alive and instance.run("status")[0] == 3


def test_a_long_data_directory_gets_a_short_socket(tmp_path: Path) -> None:
    long = tmp_path / ("很长的目录" * 10)
    chosen = socket_directory(long)
    assert len(os.fsencode(chosen / ".s.PGSQL.5432")) <= 103
    assert chosen == socket_directory(long) != socket_directory(long / "b")


def test_looking_at_an_instance_that_is_not_there_creates_none(tmp_path: Path) -> None:
    absent = Instance(tmp_path)
    assert absent.run("status")[0] == 3
    assert absent.run("down")[0] == 0
    assert not absent.home.path.exists()
