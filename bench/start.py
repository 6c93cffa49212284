"""How long does a place take to start: the first time, with its tables to make, and again when it has them?

All parts, as `huying up --detach` starts them, until each answers; beside the barest thing that could be started: the
program's own code read and its database answering.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any

from bench.harness import Bench

AGAIN = 3  # once where only a little is asked
AIM = 10.0


def ask(bench: Bench) -> None:
    place = tempfile.mkdtemp(prefix="hy-bench-start-")
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    env |= {"HUYING_DATA_DIR": place, "HUYING_MQTT_PORT": str(_free_port())}
    turns = AGAIN if bench.size >= 10_000 else 1
    try:
        with bench.once("the first start", 1):
            _huying(env, "up", "--detach", "--port", str(_free_port()))
        _huying(env, "down")
        spent = []
        for _turn in range(turns):
            began = time.perf_counter()
            told = _huying(env, "up", "--detach", "--port", str(_free_port()))
            spent.append(time.perf_counter() - began)
            began = time.perf_counter()
            _huying(env, "down")
            bench.note(
                "again", seconds=spent[-1], until_down=time.perf_counter() - began, parts=len(told.get("parts", ()))
            )
        bare = [_bare(env) for _turn in range(turns)]
        bench.note("the program's code read, by itself", seconds=min(bare))
        bench.ratio("code read / start again", min(bare) / min(spent))
        bench.ratio(f"starts again within {AIM:.0f} s", sum(one <= AIM for one in spent) / len(spent))
    finally:
        _huying(env, "down", check=False)
        shutil.rmtree(place, ignore_errors=True)


def _huying(env: dict[str, str], *command: str, check: bool = True) -> dict[str, Any]:
    """What a command says with --json; raises RuntimeError with what it said on a failure."""
    called = [sys.executable, "-m", "huying.config.command_line", *command, "--json"]
    done = subprocess.run(called, env=env, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode and check:
        raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}{done.stdout[-500:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
    return told


def _bare(env: dict[str, str]) -> float:
    """Seconds until one process has read all of the program."""
    began = time.perf_counter()
    code = "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'huying.config.settings'); import django; django.setup()"
    subprocess.run([sys.executable, "-c", code], env={**env, "HUYING_SECRET": "bench"}, check=True, capture_output=True)
    return time.perf_counter() - began


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
