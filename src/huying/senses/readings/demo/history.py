"""The weeks behind the demonstration's devices: readings in the history, and what each said last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from huying.kernel.progress import Progress
from huying.senses.devices.models import LastValue
from huying.senses.readings import places, rolling
from huying.senses.readings.simulator.figures import Figure
from huying.senses.readings.simulator.hours import DAY
from huying.senses.readings.simulator.play import due, values_of
from huying.senses.readings.spool import Line, Spool

DAYS: Final = 14
FINE_DAYS: Final = 2
_FINE, _COARSE = 600.0, 1_800.0  # seconds between two readings of what speaks every minute
_STREAM: Final = "DEMO"  # names a folder of the spool; no stream has this name
_LINES: Final = 20_000
_LAST_FILE: Final = f"{10**13 - 1}.ndjson"


def write_history(
    figures: Sequence[Figure], ids: Mapping[str, int], now: datetime, watch: Progress, *, days: int = DAYS
) -> int:
    """Weeks of readings into Parquet, coarser than life; how many. Done again, equal rows count once."""
    end = now.timestamp()
    watch.start("设备历史 device history", days)
    spool, count = Spool(places.spool_of(_STREAM, 0)), 0
    spool.go_back("", 0)
    for day in range(days, 0, -1):
        since = end - day * DAY
        slow = [_slower(one, _FINE if day <= FINE_DAYS else _COARSE) for one in figures]
        for lines in _chunks(_lines(slow, ids, since, since + DAY)):
            spool.append(lines, now)
            count += len(lines)
        watch.advance(1)
    spool.close()
    with rolling.alone() as mine:
        if mine:
            rolling.roll({(_STREAM, 0): _LAST_FILE})
    watch.finish()
    return count


def _slower(one: Figure, least: float) -> Figure:
    """The same device, heard less often; what it says at once it still says at once."""
    return Figure(
        one.code,
        one.kind,
        max(one.every, least),
        one.gateway,
        one.use,
        one.seed,
        one.sky,
        one.lon,
        one.lat,
        one.troubles,
    )


def _lines(figures: Sequence[Figure], ids: Mapping[str, int], since: float, until: float) -> Iterator[Line]:
    for at, one in due(figures, since, until):
        moment = round(at * 1000)
        yield {"k": one.kind, "d": ids[one.code], "a": moment, "r": moment + 400, "s": None, "v": values_of(one, at)}


def _chunks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    held: list[Line] = []
    for line in lines:
        held.append(line)
        if len(held) == _LINES:
            yield held
            held = []
    if held:
        yield held


def write_last(figures: Sequence[Figure], ids: Mapping[str, int], now: datetime) -> None:
    """What each device said last, so that its page is not empty before it speaks again."""
    rows = []
    for one in figures:
        at = now.timestamp() - one.phase % max(1.0, one.every)
        moment = datetime.fromtimestamp(at, UTC)
        rows.append(LastValue(device_id=ids[one.code], at=moment, received_at=moment, values=values_of(one, at)))
    LastValue.objects.bulk_create(rows, ignore_conflicts=True)
