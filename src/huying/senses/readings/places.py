"""Where the history lies under the data directory.

```
spool/<stream>-<partition>/<ms>.ndjson                      what was taken and is not rolled yet (spool.py)
history/kind=<kind>/day=<YYYY-MM-DD>/<from>-<to>.parquet    a day (UTC, by the devices' own time) of one kind
```
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Final

from django.conf import settings

_DAY: Final = re.compile(r"day=(\d{4}-\d{2}-\d{2})")


def spool_root() -> Path:
    return Path(settings.HUYING_DATA_DIR) / "spool"


def spool_of(stream: str, partition: int) -> Path:
    return spool_root() / f"{stream.lower()}-{partition}"


def history_root() -> Path:
    return Path(settings.HUYING_DATA_DIR) / "history"


def day_folder(kind: str, day: date) -> Path:
    return history_root() / f"kind={kind}" / f"day={day.isoformat()}"


def days_of(kind: str) -> list[tuple[date, Path]]:
    """The days there is history of, oldest first."""
    found = []
    for folder in sorted((history_root() / f"kind={kind}").glob("day=*")):
        if match := _DAY.fullmatch(folder.name):
            found.append((date.fromisoformat(match.group(1)), folder))
    return found


def parquet_in(folder: Path) -> list[Path]:
    """The finished files of a day; what is being written has another name."""
    return sorted(folder.glob("*.parquet"))
