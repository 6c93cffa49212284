"""The spool: readings of one partition in the order they came, on disk before the database knows of them.

A line is one reading: ``{"k": kind, "d": device, "a": its own time in ms, "r": received in ms, "s": seq, "v": {field: value}}``.
The cursor in the database says how much of which file counts. What was written for a batch that did not commit lies behind
that mark and is cut off before the next line is written, so a reading is in the history exactly when its batch committed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

LARGEST: Final = 16 * 1024 * 1024  # bytes: what a chart may have to read beside the Parquet files
LONGEST: Final = 300_000  # ms until even a small file is closed and rolled
ENDING: Final = ".ndjson"
_NEWLINE: Final = orjson.OPT_APPEND_NEWLINE

Line = dict[str, Any]


class Spool:
    """The file being written of one partition. One process writes one partition (``worker``), so nothing is locked here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name, self.size = "", 0
        self._handle: int | None = None

    def go_back(self, name: str, size: int) -> None:
        """Stand where the cursor says: later files are forgotten, what follows ``size`` is cut off.

        A file shorter than ``size`` means the disk lost what it had confirmed: FileNotFoundError or OSError, since
        going on would hide it.
        """
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        for late in self.folder.glob(f"*{ENDING}"):
            if late.name > name:
                late.unlink()
        self.name, self.size = name, size
        if not name:
            return
        handle = os.open(self.folder / name, os.O_RDWR | (os.O_CREAT if size == 0 else 0), 0o640)
        if os.fstat(handle).st_size < size:
            os.close(handle)
            raise OSError(f"{self.folder / name} is shorter than the {size:,} bytes that were confirmed")
        os.ftruncate(handle, size)
        os.lseek(handle, size, os.SEEK_SET)
        self._handle = handle

    def append(self, lines: Sequence[Line], now: datetime) -> tuple[str, int]:
        """Write lines to the disk for good; the file and its size for the cursor. A full or old file gives way to a new one."""
        if not lines:
            return self.name, self.size
        moment = int(now.timestamp() * 1000)
        if self._handle is None or self.size >= LARGEST or moment - int(self.name[:13]) >= LONGEST:
            self._begin(moment)
        assert self._handle is not None
        content = memoryview(b"".join([orjson.dumps(line, option=_NEWLINE) for line in lines]))
        done = 0
        while done < len(content):
            done += os.write(self._handle, content[done:])
        os.fdatasync(self._handle)
        self.size += len(content)
        return self.name, self.size

    def _begin(self, moment: int) -> None:
        """A file whose name sorts behind all earlier ones, even when the clock went backwards."""
        self.close()
        if self.name:
            moment = max(moment, int(self.name[:13]) + 1)
        self.name, self.size = f"{moment:013d}{ENDING}", 0
        self._handle = os.open(self.folder / self.name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        _sync_folder(self.folder)

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def sealed(folder: Path, current: str) -> list[Path]:
    """Files of a partition that are complete: all before the one the cursor names, oldest first."""
    return sorted(path for path in folder.glob(f"*{ENDING}") if path.name < current)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
