"""Command line of the readings: `huying devices simulate`, `huying readings status|roll`."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import click

from huying.ground.accounts.commands import spoken
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.console import Console, data_dir_option, instance_command, json_option
from huying.kernel.stopping import Stopping
from huying.senses.devices.commands import devices

WAYS: Final = ("mqtt", "http", "stream", "file")
_PATH: Final = click.Path(dir_okay=False, path_type=Path)


@click.command("simulate")
@data_dir_option
@click.option("--devices", type=click.IntRange(1, 200_000), default=100, show_default=True, help="多少台 / how many")
@click.option("--kind", "kinds", multiple=True, help="只要这些，可多次 / only these: smart_breaker=20 --kind smoke=5")
@click.option(
    "--seconds", type=click.FloatRange(min=0), default=60.0, show_default=True, help="模拟多久，0 不停 / 0: no end"
)
@click.option(
    "--speed", type=click.FloatRange(min=0), default=1.0, show_default=True, help="快几倍，0 不等 / 0: no waiting"
)
@click.option(
    "--every", type=click.FloatRange(min=0), default=0.0, help="每台几秒报一次 / seconds between two readings"
)
@click.option(
    "--rate", type=click.FloatRange(min=0), default=0.0, help="合计每秒多少条 / readings a second, all together"
)
@click.option("--trouble", "troubles", multiple=True, help="出什么事，几台 / leak=3, fall=2, sos=1, smoke=1, flood=1 …")
@click.option(
    "--fault", "faults", multiple=True, help="传输故障的比例 / dropout=0.05, duplicate, disorder, garbage, skew …"
)
@click.option("--behind", type=click.IntRange(min=0), default=0, help="每多少台共用一个网关 / devices to a gateway")
@click.option(
    "--form", type=click.Choice(["own", "iso", "list", "tuya", "thing_model"]), default="own", show_default=True
)
@click.option(
    "--by", "way", type=click.Choice(WAYS), default="mqtt", show_default=True, help="怎么送 / the way it is sent"
)
@click.option("--mqtt", default="", help="主机:端口，默认本实例 / host:port")
@click.option("--http", default="", help="网址，默认本实例 / address of the instance")
@click.option("--file", type=_PATH, help="写到文件（--by file）/ where recorded payloads go")
@click.option("--secrets", type=_PATH, help="编号到密钥的 JSON / code → secret")
@click.option("--register", is_flag=True, help="先登记这些设备并发凭证 / register them first, with credentials")
@click.option("--area", default="", help="登记在哪个社区或网格 / community or grid they stand in")
@click.option("--prefix", default="sim", show_default=True, help="编号前缀 / what codes begin with")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="同样的种子，同样的读数 / the same seed, the same readings"
)
@click.option("--start", type=click.DateTime(), help="从何时算起（UTC）/ simulated start")
@click.option("--ledger", type=_PATH, help="每台一行的账 / one line of JSON a device: what must be found")
@json_option
def simulate(console: Console, **chosen: Any) -> None:
    """模拟设备：按真实的节律发读数，出事、出错都算得清 / devices that do not exist send readings.

    同一个种子，结果一样。结束时说明送了多少、该收到多少；故意弄错的也都数着。
    """
    from .simulator.running import Run, check, figures_of, open_sink

    with spoken():
        wanted = _wanted(chosen)
        check(wanted)
        run = Run(wanted, figures_of(wanted))
        new = _register(run.figures, chosen["area"]) if chosen["register"] else 0
        if new:
            console.say(f"{new} devices registered")
        sink = open_sink(chosen["way"], **{name: chosen[name] for name in ("mqtt", "http", "file", "secrets")})
        progress = console.progress()
        progress.start("读数 readings", None)
        try:
            with _stopping() as stop:
                run.go(sink, stop, progress.advance)
        finally:
            sink.close()
            progress.finish()
    if chosen["ledger"]:
        run.ledger.write(chosen["ledger"])
    told = run.told()
    console.done(
        f"{told['expected']:,} readings of {told['devices']:,} devices taken in {told['seconds']:.1f} s, {told['again']:,} "
        f"twice, {told['garbage']:,} garbage, {told['not_taken']:,} not taken",
        registered=new, **told,
    )  # fmt: skip


def _wanted(chosen: dict[str, Any]) -> Any:
    from .simulator.running import Wanted

    names = ("devices", "seconds", "speed", "every", "rate", "behind", "form", "prefix", "seed")
    start = chosen["start"]
    return Wanted(
        kinds={name: int(count) for name, count in _pairs(chosen["kinds"], "--kind", whole=True)},
        troubles={name: int(count) for name, count in _pairs(chosen["troubles"], "--trouble", whole=True)},
        faults=dict(_pairs(chosen["faults"], "--fault")),
        began=start.replace(tzinfo=UTC).timestamp() if start else 0.0,
        **{name: chosen[name] for name in names},
    )


def _pairs(given: Sequence[str], option: str, *, whole: bool = False) -> list[tuple[str, float]]:
    """`name=number` each. Raises click.BadParameter."""
    found = []
    for one in given:
        name, _equals, number = one.partition("=")
        try:
            found.append((name.strip(), float(int(number)) if whole else float(number)))
        except ValueError as error:
            raise click.BadParameter(f"{option} {one}: name=number, please.") from error
    return found


def _register(figures: Sequence[Any], area: str) -> int:
    from .simulator.registering import register

    instance = click.get_current_context().find_root().obj
    with instance.connected() if instance is not None else nullcontext():
        new, _secrets = register(figures, actor=system("simulator"), now=now(), area=area)
    return new


@contextmanager
def _stopping() -> Iterator[Stopping]:
    """Set by Ctrl-C or SIGTERM: the run ends and still says what it sent."""
    stop = Stopping()
    before = {one: signal.signal(one, lambda *_: stop.set()) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@click.group("readings")
def readings() -> None:
    """读数：收到哪里了、历史 / readings: the drain and the history."""


@instance_command("status")
def status(console: Console) -> None:
    """收了多少、还等着多少、收不了多少 / how much is taken, waits, was refused."""
    from .status import fares

    found = fares()
    lines = [_fare(one) for one in found]
    streams = {
        one.standing.stream: {
            "taken": one.standing.taken, "readings": one.standing.readings, "repeated": one.standing.repeated,
            "refused": one.standing.refused, "updated_at": one.standing.updated_at, "waiting": one.waiting,
            "full": None if one.state is None else round(one.state.share, 4), "why": one.why,
        }
        for one in found
    }  # fmt: skip
    console.done("\n".join(lines), streams=streams)


def _fare(one: Any) -> str:
    standing = one.standing
    waits = one.why if one.state is None else f"{one.waiting:,} waiting, {one.state.share:.1%} full"
    return (
        f"{standing.stream}: {standing.taken:,} messages taken, {standing.readings:,} readings, {standing.repeated:,} repeated, "
        f"{standing.refused:,} refused; {waits}"
    )


@instance_command("roll")
def roll(console: Console) -> None:
    """把已写满的暂存转成历史（平时每分钟自动做）/ spool files that are closed become history, as each minute does."""
    from .keeping import roll_up

    with spoken():
        done = roll_up()
    console.done(
        f"{done.spooled:,} spool files became {done.written:,} files with {done.readings:,} readings",
        spooled=done.spooled, written=done.written, readings=done.readings,
    )  # fmt: skip


devices.add_command(simulate)
readings.add_command(status)
readings.add_command(roll)
commands: list[click.Command] = [devices, readings]
