"""Stream a table of messages into reports: in batches, each with its place in the file, so that nothing comes twice."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from huying.casework.catalogue import queries as catalogue
from huying.ground.territory.coordinates import Crs, convert_point
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid
from huying.kernel.progress import Progress, Silent
from huying.kernel.spreadsheets import harmless
from huying.kernel.tables import rows_of, words
from huying.senses.reports.actions import Voice, take_in
from huying.senses.reports.rules import LONGEST_TEXT, Channel

from . import rules
from .models import ImportRun, Reject
from .rules import RowError
from .words import why

BATCH = 500
_HEADER_ROW = 1


@dataclass(frozen=True, slots=True)
class _Told:
    """What holds for every row of a file: where it comes from, and in which system its coordinates are."""

    source: str
    channel: str
    crs: Crs


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import has done over all its starts. ``resumed_at`` is the row it went on from (0: from the beginning)."""

    run_id: int
    rows: int
    taken: int
    repeated: int
    rejected: int
    resumed_at: int


def import_messages(
    file: Path,
    *,
    actor: Actor,
    now: datetime,
    source: str = "import",
    mapping: Mapping[str, str] | None = None,
    channel: str = Channel.BOARD,
    crs: Crs = "cgcs2000",
    progress: Progress | None = None,
    batch: int = BATCH,
) -> Outcome:
    """Take in every row of a table. Idempotent by ``source`` and the row's own number; goes on where it was killed.

    Coordinates in ``crs`` are kept as CGCS2000. A batch and its place in the file are one transaction. Rows that are
    no report are kept with their reason and do not stop the rest. Raises :class:`Invalid` when the file is no table or lacks a column.
    """
    watch = progress or Silent()
    rows = rows_of(file)
    header = next(rows, None)
    if header is None:
        raise Invalid(why("missing_column", "id"), code="missing_column", field="file")
    try:
        columns = rules.columns_of(header, mapping or {})
    except RowError as error:
        raise Invalid(why(error.code, error.field), code=error.code, field="map") from error
    run = _run_of(file, source, now)
    resumed_at = run.next_row if run.next_row > _HEADER_ROW else 0
    watch.start(file.name, None)
    watch.advance(max(run.next_row - _HEADER_ROW, 0))
    numbered = ((number, row) for number, row in enumerate(rows, _HEADER_ROW + 1) if number > run.next_row)
    while chunk := list(islice(numbered, batch)):
        run = _take_batch(run.pk, chunk, columns, _Told(source, channel, crs), actor, now)
        watch.advance(len(chunk))
    ImportRun.objects.filter(pk=run.pk, finished_at__isnull=True).update(finished_at=now)
    watch.finish()
    read = run.next_row - _HEADER_ROW
    return Outcome(run.pk, read, run.taken, run.repeated, run.rejected, resumed_at)


def _run_of(file: Path, source: str, now: datetime) -> ImportRun:
    """The run of this file under this source: the one that was begun before, or a new one."""
    digest = sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    run, _made = ImportRun.objects.get_or_create(
        source=source,
        file_sha256=digest.hexdigest(),
        defaults={"file_name": file.name[:200], "started_at": now},
    )
    return run


def _take_batch(
    run_id: int,
    chunk: Sequence[tuple[int, Sequence[Any]]],
    columns: Mapping[str, int],
    told: _Told,
    actor: Actor,
    now: datetime,
) -> ImportRun:
    """One batch in one transaction: its reports, its rejects, and how far the run has come."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        fresh = [(number, row) for number, row in chunk if number > run.next_row]
        if not fresh:
            return run
        known = {item.code for item in catalogue.current(local_day(now)).items}
        voices: list[Voice] = []
        rejects: list[Reject] = []
        for number, row in fresh:
            if not any(words(cell) for cell in row):
                continue
            try:
                voices.append(_voice(row, columns, told, known))
            except RowError as error:
                shown = words(row[columns["id"]]) if columns["id"] < len(row) else ""
                rejects.append(
                    Reject(run=run, row=number, source_id=shown[:120], reason=error.code, field=error.field[:40])
                )
        taken = take_in(voices, actor=actor, now=now) if voices else []
        Reject.objects.bulk_create(rejects)
        run.next_row = fresh[-1][0]
        run.taken += sum(not one.repeated for one in taken)
        run.repeated += sum(one.repeated for one in taken)
        run.rejected += len(rejects)
        run.save(update_fields=["next_row", "taken", "repeated", "rejected"])
    return run


def _voice(row: Sequence[Any], columns: Mapping[str, int], told: _Told, items: set[str]) -> Voice:
    read = rules.read_row(row, columns, timezone.get_default_timezone())
    if len(read.text) > LONGEST_TEXT:
        raise RowError("text_too_long", "text")
    if (read.lon is None) != (read.lat is None):
        raise RowError("point_half", "lon")
    if read.item and read.item not in items:
        raise RowError("unknown_item", "item")
    lon, lat = read.lon, read.lat
    if lon is not None and lat is not None:
        lon, lat = convert_point(lon, lat, told.crs, "cgcs2000")
    return Voice(
        source=told.source,
        source_id=read.source_id,
        channel=told.channel,
        text=read.text,
        title=read.title,
        said_at=read.said_at,
        name=read.name,
        phone=read.phone,
        place_text=read.place,
        lon=lon,
        lat=lat,
        item_code=read.item or None,
    )


def write_rejects(run_id: int, file: Path) -> int:
    """Write the rows that were not taken, with row number and reason, as a CSV any spreadsheet opens; how many."""
    lines = list(_reject_lines(run_id))
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["row", "id", "column", "reason"])
        writer.writerows(lines)
    return len(lines)


def _reject_lines(run_id: int) -> Iterator[tuple[int, str, str, str]]:
    for reject in Reject.objects.filter(run_id=run_id):
        yield reject.row, harmless(reject.source_id), reject.field, why(reject.reason, reject.field)
