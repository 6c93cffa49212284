"""Processes that never outlive their parent."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def tied_to_parent(last_signal: int) -> Callable[[], None]:
    """A `preexec_fn`: on Linux the kernel sends `last_signal` to the child when its parent dies, even by kill -9.

    The child also gets its own process group, so that Ctrl-C in a terminal reaches the supervisor alone.
    """
    parent = os.getpid()

    def prepare() -> None:
        os.setpgid(0, 0)
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, last_signal, 0, 0, 0)
            if os.getppid() != parent:  # died before the line above
                os._exit(1)

    return prepare


def end_with_parent() -> None:
    """For a process somebody else started: end when that parent dies."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def end_some_time_after_parent(patience: float = 10.0) -> None:
    """For a part that ends gently when it is told that its parent died: if it cannot, it is over all the same.

    Gently may take for ever, when what it waits for died at the same moment. The supervisor would see to that, but the
    supervisor is what is gone.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        time.sleep(patience)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def start(
    command: Sequence[str | Path],
    *,
    log: IO[bytes] | int,
    env: Mapping[str, str] | None = None,
    last_signal: int = signal.SIGTERM,
    user: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child tied to this process; `user` when root must not run it. Call from the main thread only."""
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=dict(os.environ if env is None else env),
        preexec_fn=tied_to_parent(last_signal),
        **as_user(user),
    )


def as_user(user: str | None) -> dict[str, Any]:
    """Arguments for `subprocess` that give up root."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def stop(process: subprocess.Popen[bytes], *, gently: int = signal.SIGTERM, patience: float = 10.0) -> None:
    """Ask a child to end; after `patience` seconds end it."""
    if process.poll() is not None:
        return
    process.send_signal(gently)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
