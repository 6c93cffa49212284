"""A table of devices, read in steps of a thousand rows, each its own transaction. Reading it again changes nothing."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.locks import lock_name
from huying.kernel.progress import Progress, Silent
from huying.kernel.spreadsheets import harmless
from huying.kernel.tables import Table

from .. import access, exchange
from ..drafts import DeviceDraft, Problem
from ..kinds import kind, kinds
from ..models import Device
from ..rules import DeviceState
from ..words import why
from .credentials import issue_credentials
from .registering import Around, bear, change, judged, look_around

STEP: Final = 1000


class Rejected(NamedTuple):
    """A row that is no device, and why. ``row`` counts from 1, the header being row 1, as a spreadsheet shows it."""

    row: int
    device: str
    field: str
    code: str


@dataclass(slots=True)
class Imported:
    """What an import came to. ``secrets``: code → secret of new devices, if they were asked for; they are kept nowhere else."""

    rows: int = 0
    born: int = 0
    changed: int = 0
    same: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)


Numbered = tuple[int, DeviceDraft]


def import_devices(
    file: Path, *, actor: Actor, now: datetime, mapping: Mapping[str, str] | None = None, check: bool = False,
    credentials: bool = False, progress: Progress | None = None,
) -> Imported:  # fmt: skip
    """Register every device of a table (xlsx, csv; Chinese headers), or put right what is known of it, by its code.

    Rows that cannot be taken are named in ``rejected`` and do not stop the rest. ``check`` judges everything and writes nothing.
    Raises Invalid for what is no table or lacks a column, NotFound for somebody who registers nowhere.
    """
    access.must_edit(actor)
    table = Table(file)
    try:
        found = exchange.columns(table.header, mapping or {})
    except KeyError as error:
        message = _("表里缺少“%(name)s”这一列") % {"name": error.args[0]}
        raise Invalid(message, code="no_column", field="file") from error
    watch = progress or Silent()
    watch.start(file.name, None)
    outcome = Imported()
    rows = table.numbered(set(found.values()))
    while chunk := list(islice(rows, STEP)):
        cells = [(number, {name: row[title] for name, title in found.items()}) for number, row in chunk]
        _take(cells, outcome, actor=actor, now=now, check=check, credentials=credentials)
        watch.advance(len(chunk))
    watch.finish()
    return outcome


def write_rejects(rejected: Sequence[Rejected], file: Path) -> None:
    """The rows that were not taken, with row number and reason, as a CSV any spreadsheet opens."""
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["行", "设备编号", "列", "原因"])
        for one in rejected:
            title = exchange.HEADERS[one.field][0] if one.field in exchange.HEADERS else one.field
            writer.writerow([one.row, harmless(one.device), title, why(one.code)])


def write_secrets(secrets: Mapping[str, str], file: Path) -> None:
    """Codes and secrets for whoever sets up the devices, readable by the owner of the file alone."""
    file.touch(mode=0o600)
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["设备编号", "密钥"])
        writer.writerows(secrets.items())


def _take(
    cells: Sequence[tuple[int, Mapping[str, str]]],
    outcome: Imported,
    *,
    actor: Actor,
    now: datetime,
    check: bool,
    credentials: bool,
) -> None:
    """One step, one transaction; of a check, nothing of it stays."""
    drafts = _drafts(cells, outcome)
    with transaction.atomic():
        lock_name("devices.import")  # two imports at once would each find the same device missing
        around = look_around([draft for _number, draft in drafts], actor=actor, now=now)
        held = _held(around, drafts)
        gateways = _gateways(drafts, around, actor)
        fresh: list[tuple[int, int, DeviceDraft]] = []
        for place, (number, draft) in enumerate(drafts):
            problems = judged(draft, around, place, actor=actor) or _gateway(draft, gateways)
            device = held.get(draft.code)
            if not problems and device is not None:
                problems = _fixed(device, draft, actor)
            if problems:
                outcome.rejected.append(Rejected(number, draft.code[:64], problems[0].field, problems[0].code))
            elif device is None:
                fresh.append((number, place, draft))
            else:
                changed = change(device, draft, around, place, actor=actor, now=now)
                outcome.changed += bool(changed)
                outcome.same += not changed
        _bear(fresh, around, outcome, actor=actor, now=now, credentials=credentials and not check)
        if check:
            transaction.set_rollback(True)


def _drafts(cells: Sequence[tuple[int, Mapping[str, str]]], outcome: Imported) -> list[Numbered]:
    """Rows as drafts; of several with one code the first counts."""
    drafts: list[Numbered] = []
    seen: set[str] = set()
    for number, row in cells:
        outcome.rows += 1
        try:
            draft = exchange.draft_of_row(row)
        except exchange.RowWrong as error:
            outcome.rejected.append(Rejected(number, row.get("code", "")[:64], *error.problem))
            continue
        if draft.code in seen:
            outcome.rejected.append(Rejected(number, draft.code[:64], "code", "repeated"))
            continue
        seen.add(draft.code)
        drafts.append((number, draft))
    return drafts


def _held(around: Around, drafts: Sequence[Numbered]) -> dict[str, Device]:
    """The devices of a step that are registered already, locked."""
    if not around.taken:
        return {}
    wanted = [draft.code for _number, draft in drafts if draft.code in around.taken]
    rows = Device.objects.select_for_update(no_key=True, of=("self",)).filter(code__in=wanted).order_by("pk")
    return {row.code: row for row in rows.prefetch_related("contacts__person")}


def _gateways(drafts: Sequence[Numbered], around: Around, actor: Actor) -> set[str]:
    """Codes of gateways that stand behind a step: registered before, or sound in it."""
    known = {code for code, (_pk, of) in around.gateways.items() if kind(of).gathers}
    return known | {
        draft.code
        for place, (_number, draft) in enumerate(drafts)
        if draft.kind in kinds() and kind(draft.kind).gathers and not judged(draft, around, place, actor=actor)
    }


def _gateway(draft: DeviceDraft, gateways: set[str]) -> list[Problem]:
    return [Problem("gateway", "unknown_gateway")] if draft.gateway and draft.gateway not in gateways else []


def _fixed(device: Device, draft: DeviceDraft, actor: Actor) -> list[Problem]:
    if not access.may(actor, access.EDIT, device.area):
        return [Problem("code", "code_taken")]
    if device.state == DeviceState.RETIRED:
        return [Problem("code", "retired")]
    return [Problem("kind", "fixed")] if device.kind != draft.kind else []


def _bear(
    fresh: Sequence[tuple[int, int, DeviceDraft]],
    around: Around,
    outcome: Imported,
    *,
    actor: Actor,
    now: datetime,
    credentials: bool,
) -> None:
    if not fresh:
        return
    there = Around(
        gateways=around.gateways,
        units=around.units,
        people=around.people,
        areas={at: around.areas[place] for at, (_n, place, _d) in enumerate(fresh) if place in around.areas},
    )
    devices = bear([draft for _number, _place, draft in fresh], there, actor=actor, now=now)
    outcome.born += len(devices)
    if credentials:
        outcome.secrets.update(issue_credentials(devices, actor=actor, now=now))
