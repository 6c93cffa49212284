"""The supervisor: starts the parts in order, keeps them up, stops them in the opposite order, leaves nothing behind."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from huying.config.instance import children, parts, prepare
from huying.config.instance.cluster import ClusterFailed
from huying.config.instance.home import Home, end_leftovers
from huying.config.instance.nats import NatsFailed
from huying.config.instance.parts import Choices, Part
from huying.config.settings_stream import stream_problems
from huying.kernel.stopping import Stopping

LOOK: Final = 0.25  # seconds between two looks at the parts
ASK: Final = 5.0  # seconds between two questions to /healthz
SILENT: Final = 4  # questions without an answer before a part is started again
STARTING: Final = 60.0  # seconds a fresh web server may take before silence counts


class CannotStart(Exception):
    """Says why, and what to do."""


def check_ports(choices: Choices) -> None:
    """The ports asked for can be had; raises `CannotStart`."""
    _check_port(choices.host, choices.port, "--port")
    if choices.mqtt_port:
        _check_port(choices.host, choices.mqtt_port, "--mqtt-port")


def check_settings() -> None:
    """The settings the parts are started with make sense; raises `CannotStart`."""
    for name, instead in stream_problems().items():
        raise CannotStart(f"{name} cannot be understood. Write {instead}.")


def _check_port(host: str, port: int, option: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"Port {port} is taken by another program. Choose another one, e.g. {option} {port + 1}."
                ) from error
            raise CannotStart(f"Cannot listen on {host}:{port}: {error.strerror}. See {option}.") from error


class Supervisor:
    """Runs one instance in the foreground until it is told to stop."""

    def __init__(self, home: Home, choices: Choices, *, say: Callable[[str], None]) -> None:
        self.home = home
        self.choices = choices
        self.say = say
        self.stopping = Stopping()
        self.parts: list[Part] = []
        self.phase = "starting"
        self._asked = 0.0
        self._silent = 0

    def run(self, *, ready: Callable[[float], None]) -> None:
        """Start everything, call `ready(seconds taken)`, keep watch, stop everything. Holds the directory all the while."""
        began = time.monotonic()
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, lambda *_: self.stopping.set())
        with self.home.held():
            ended = end_leftovers(self.home.read())
            if ended:
                self.say(f"ended what an earlier run left: {', '.join(ended)}")
            check_ports(self.choices)
            check_settings()
            try:
                if self._start_all():
                    self.phase = "running"
                    self._note()
                    ready(time.monotonic() - began)
                    self._watch()
            finally:
                self._stop_all()
                self.home.forget()

    # --- start ---------------------------------------------------------------------------------------------------

    def _start_all(self) -> bool:
        if not self.home.database_url():
            self._start(parts.database(self.home))
            prepare.start_over_if_interrupted(self.home)
        if not self.home.stream_url():
            self._start(parts.stream(self.home, self.choices))
        if not prepare.is_prepared(self.home, self.choices) and not self._prepare():
            return False
        for part in parts.first_parts(self.home, self.choices):
            self._start(part)
        if not self._wait_for_web():
            return False
        for part in parts.later_parts(self.home, self.choices):
            self._start(part)
        return True

    def _start(self, part: Part) -> None:
        part.start()
        self.parts.append(part)
        self._note()

    def _prepare(self) -> bool:
        """In a process of its own, so that the supervisor stays small and can always be interrupted."""
        env = self.home.environment(demo=self.choices.demo)
        env["HUYING_CHOICES"] = json.dumps(dataclasses.asdict(self.choices))
        self.phase = "preparing"
        self._note()
        process = children.start(
            [sys.executable, "-m", "huying.config.instance.prepare"], log=sys.stderr.fileno(), env=env
        )
        while process.poll() is None:
            if self.stopping.wait(0.05):
                children.stop(process)
                return False
        if process.returncode:
            raise CannotStart(f"Preparing failed (exit {process.returncode}); what it said is above.")
        return True

    def _wait_for_web(self) -> bool:
        deadline = time.monotonic() + STARTING
        while not self.stopping.wait(0.1):
            if parts.ask_health(self.choices, 2.0) is not None:
                return True
            web = next(part for part in self.parts if part.name == "web")
            if not web.alive() or time.monotonic() > deadline:
                raise CannotStart(f"The web server did not start. The end of its log {web.log}:\n{_tail(web)}")
        return False

    # --- watch ---------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self.stopping.wait(LOOK):
            changed = False
            for part in self.parts:
                changed |= self._look_after(part)
            if time.monotonic() - self._asked > ASK:
                self._ask()
            if changed:
                self._note()

    def _look_after(self, part: Part) -> bool:
        if part.alive():
            return False
        if not part.why:
            code = part.process.returncode if part.process is not None else None
            part.failed(f"ended with {code}")
            self.say(f"{part.name} {part.why}; its log is {part.log}")
        elif time.monotonic() >= part.again_at:
            try:
                part.start()
                self.say(f"{part.name} started again")
            except (ClusterFailed, NatsFailed, OSError) as error:
                part.failed(str(error))
        return True

    def _ask(self) -> None:
        """A web server that lives but does not answer is no web server."""
        self._asked = time.monotonic()
        web = next(part for part in self.parts if part.name == "web")
        if parts.ask_health(self.choices, ASK) is not None:
            self._silent = 0
            return
        self._silent += 1
        if self._silent >= SILENT and web.alive() and time.monotonic() - web.started > STARTING:
            self.say("web does not answer; starting it again")
            parts.hang_up(web)
            self._silent = 0

    # --- stop ----------------------------------------------------------------------------------------------------

    def _stop_all(self) -> None:
        self.phase = "stopping"
        for part in reversed(self.parts):
            if part.name != "database" and part.alive() and part.process is not None:
                part.process.terminate()  # all at once, then wait for each
        for part in reversed(self.parts):
            part.stop()

    def _note(self) -> None:
        state: dict[str, Any] = {
            "pid": os.getpid(),
            "phase": self.phase,
            "address": self.choices.address,
            "host": self.choices.host,
            "port": self.choices.port,
            "demo": self.choices.demo,
            "database_url": self.home.database_url(),
            "nats_url": self.home.stream_url(),
            "parts": {part.name: part.noted() for part in self.parts},
        }
        self.home.write(state)


def _tail(part: Part, lines: int = 15) -> str:
    try:
        return "\n".join(part.log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
