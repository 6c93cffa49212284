"""The instance's own commands: demo, up, status, down, migrate."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import click

from huying.config.instance.home import AlreadyRunning, Home
from huying.config.instance.parts import Choices, ask_health
from huying.config.instance.supervisor import CannotStart, Supervisor, check_ports
from huying.kernel.console import Console, json_option

_data_dir = click.option(
    "--data-dir",
    type=click.Path(file_okay=False),
    help="Directory of the instance [default: $HUYING_DATA_DIR or ./.huying].",
)
_host = click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for every one."
)
_port = click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
_detach = click.option("--detach", is_flag=True, help="Return when everything answers; `huying down` stops it.")
_web_workers = click.option("--web-workers", type=click.IntRange(1, 64), default=1, show_default=True)
_mqtt_port = click.option(
    "--mqtt-port", type=click.IntRange(0, 65535), default=0, help="Where devices come [default: 1883, any when taken]."
)


@click.command()
@_data_dir
@_host
@_port
@_detach
@_web_workers
@_mqtt_port
@click.option("--scale", type=click.Choice(["community", "district", "city"]), default="district", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same place and history.")
@click.option("--no-live", is_flag=True, help="Let nothing happen by itself.")
@json_option
def demo(console: Console, data_dir: str | None, detach: bool, no_live: bool, **chosen: Any) -> None:
    """Run a demonstration: a fictional place with its people and 90 days of history. Running it again keeps the data."""
    _launch(console, Home.at(data_dir), Choices(demo=True, live=not no_live, **chosen), detach=detach)


@click.command()
@_data_dir
@_host
@_port
@_detach
@_web_workers
@_mqtt_port
@json_option
def up(console: Console, data_dir: str | None, detach: bool, **chosen: Any) -> None:
    """Run an instance without demonstration content."""
    _launch(console, Home.at(data_dir), Choices(**chosen), detach=detach)


@click.command()
@_data_dir
@json_option
def status(console: Console, data_dir: str | None) -> None:
    """Say what runs. Exit code 0 when everything answers, 3 when not running, 4 when something is wrong."""
    home = Home.at(data_dir)
    if not home.is_held():
        console.done(f"not running: {home.path}", running=False, ok=False, data_dir=str(home.path))
        sys.exit(3)
    state = home.read()
    choices = Choices(host=state.get("host", "127.0.0.1"), port=int(state.get("port", 0)))
    health = (ask_health(choices) if choices.port else None) or {"ok": False, "parts": {}}
    named = {name: {**part, **health["parts"].get(name, {})} for name, part in state.get("parts", {}).items()}
    phase = state.get("phase", "starting")
    ok = phase == "running" and bool(health["ok"])
    words = ", ".join(f"{name} {part['state']}" for name, part in named.items())
    facts = {"running": True, "ok": ok, "phase": phase, "address": choices.address, "pid": state.get("pid")}
    console.done(f"{phase} at {choices.address}: {words}", **facts, data_dir=str(home.path), parts=named)
    if not ok:
        sys.exit(4)


@click.command()
@_data_dir
@json_option
def down(console: Console, data_dir: str | None) -> None:
    """Stop a running instance, PostgreSQL last; its data stays."""
    home = Home.at(data_dir)
    if not home.is_held():
        console.done(f"nothing was running in {home.path}", stopped=False)
        return
    began = time.monotonic()
    pid = home.read().get("pid")
    if not pid:
        raise click.ClickException(f"{home.path} is in use by a command; wait until it has finished.")
    os.kill(int(pid), signal.SIGTERM)
    if not home.wait_until_free(90):
        raise click.ClickException(f"Process {pid} has not stopped within 90 seconds; see {home.logs}.")
    seconds = time.monotonic() - began
    console.done(f"stopped in {seconds:.1f} s; the data stays in {home.path}", stopped=True, seconds=round(seconds, 2))


@click.command()
@_data_dir
@json_option
def migrate(console: Console, data_dir: str | None) -> None:
    """Bring the tables of an instance to this version; safe to repeat."""
    home = Home.at(data_dir)
    home.create()
    began = time.monotonic()
    with home.database():
        os.environ.update(home.environment())
        import django
        from django.core.management import call_command
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        django.setup()
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        call_command("migrate", verbosity=0, interactive=False)
        connection.close()
    seconds = time.monotonic() - began
    console.done(f"{waiting} migrations applied in {seconds:.1f} s", applied=waiting, seconds=round(seconds, 2))


commands = [demo, up, status, down, migrate]


def _launch(console: Console, home: Home, choices: Choices, *, detach: bool) -> None:
    if home.is_held():
        state = home.read()
        if not state.get("address"):
            raise AlreadyRunning(str(home.path))
        _announce(console, home, state["address"], "already running", 0.0)
        return
    if detach:
        _launch_detached(console, home, choices)
        return

    def ready(seconds: float) -> None:
        _announce(console, home, choices.address, "up", seconds)
        console.say("Ctrl-C stops everything.")

    Supervisor(home, choices, say=lambda line: click.echo(line, err=True)).run(ready=ready)
    console.say(f"stopped; the data stays in {home.path}")


def _launch_detached(console: Console, home: Home, choices: Choices) -> None:
    """The same command once more, as a session of its own; come back when everything answers."""
    home.create()
    check_ports(choices)
    began = time.monotonic()
    command = [sys.executable, "-m", "huying.config.commands", json.dumps(dataclasses.asdict(choices))]
    log = home.logs / "supervisor.log"
    start_of_log = log.stat().st_size if log.exists() else 0
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env={**os.environ, "HUYING_DATA_DIR": str(home.path)},
            start_new_session=True,
        )
    shown = ""
    while process.poll() is None:
        state = home.read()
        if state.get("pid") == process.pid and state.get("phase") == "running":
            _announce(console, home, choices.address, "up", time.monotonic() - began)
            return
        if state.get("pid") == process.pid and state.get("phase") != shown:
            shown = str(state.get("phase"))
            console.say(f"{shown} … (log: {log})")
        time.sleep(0.1)
    said = log.read_bytes()[start_of_log:].decode(errors="replace").strip()
    raise CannotStart("\n".join(said.splitlines()[-20:]) or f"It ended at once with {process.returncode}.")


def _announce(console: Console, home: Home, address: str, word: str, seconds: float) -> None:
    logins = home.read("demo.json").get("logins", [])
    mqtt = home.read().get("parts", {}).get("stream", {}).get("mqtt", "")
    if not console.as_json:
        click.echo(
            f"\n  居民 portal   {address}\n  工作台 desk   {address}desk/\n  接口 API      {address}api/v1/openapi.json"
        )
        if mqtt:
            click.echo(f"  设备 MQTT     {mqtt}")
        for login in logins:
            click.echo("  " + "  ".join(str(value) for value in login.values()))
        click.echo("")
    summary = f"{word} in {seconds:.1f} s at {address}" if seconds else f"{word} at {address}"
    facts = {"address": address, "mqtt": mqtt, "seconds": round(seconds, 2), "data_dir": str(home.path)}
    console.done(summary, **facts, logins=logins)


def _detached_main() -> None:
    choices = Choices(**json.loads(sys.argv[1]))
    try:
        Supervisor(Home.at(), choices, say=lambda line: print(line, file=sys.stderr, flush=True)).run(
            ready=lambda _s: None
        )
    except Exception as error:
        print(error, file=sys.stderr, flush=True)
        raise SystemExit(1) from error


if __name__ == "__main__":
    _detached_main()
