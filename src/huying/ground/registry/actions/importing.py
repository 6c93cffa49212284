"""Tables into records: in steps of 500 rows, each one transaction, so that a run that was killed goes on where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from huying.ground.registry import access, exchange, likeness
from huying.ground.registry.cleaning import check_whole, clean
from huying.ground.registry.deriving import Refs, area_of, check_refs, completed, load_lacking, load_refs
from huying.ground.registry.fields import FIELDS
from huying.ground.registry.models import MODELS, ImportRun, Premises, Record, Reject
from huying.ground.registry.reasons import LONGEST, short
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, HuyingError
from huying.kernel.facts import Fact, publish
from huying.kernel.progress import Progress, Silent
from huying.kernel.tables import Table

from .bearing import bear_many, stays_of
from .changing import change, may_touch
from .following import close_other_home
from .resolving import Key, Pointed, key_of, known_of, own_uids, pointed_to, resolved
from .standing import Place, is_about, place_of, refuse_outdated, settle_homes, standing
from .writing import Author, broken, known_kind, said

_STEP: Final = 500
_KEPT_IN: Final = {"person": "id_number", "organisation": "credit_code"}
_COUNTS: Final = ("born", "changed_rows", "same", "waiting", "rejected")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a run came to. ``rows`` counts data rows; ``waiting`` are conflicts and changes that wait for a person."""

    run_id: int
    born: int
    changed: int
    same: int
    waiting: int
    rejected: int
    resumed_at: int


class _Undone(Exception):
    """Rows that were fine one by one could not be written together."""


@dataclass(slots=True)
class _Row:
    number: int
    uid: UUID | None
    values: dict[str, Any]
    cleaned: dict[str, Any] | None = None


@dataclass(slots=True)
class _Step:
    """What was found out for the rows of a step at once, and what of them is not written yet."""

    pointed: Pointed
    known: dict[Key, UUID] = field(default_factory=dict)
    there: dict[UUID, Any] = field(default_factory=dict)
    stands: dict[Place, Record | None] = field(default_factory=dict)
    births: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    coming: set[Place] = field(default_factory=set)
    pool: Refs = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)


def import_records(
    file: Path, *, actor: Actor, now: datetime, kind: str, mapping: Mapping[str, str] | None = None, area: str = "",
    check: bool = False, progress: Progress | None = None, key: str = "",
) -> Imported:  # fmt: skip
    """Read a table into records of one kind. Running it again changes nothing; a killed run goes on.

    Rows that cannot be taken are kept with number, reason and field (``rejects_of``). ``area`` is for records that point nowhere.
    ``check`` reads and judges everything and writes nothing. ``key`` names the run, else the file's own digest does: the same
    file under the same key goes on. Raises Invalid for what is no table or lacks a required column.
    """
    known_kind(kind)
    access.require_over(actor, access.IMPORT, area)
    table = Table(file)
    found = exchange.columns(kind, table.header, mapping or {})
    watcher = progress or Silent()
    watcher.start(file.name, None)
    if check:
        with transaction.atomic():
            outcome = _run(table, _run_of(file, kind, now, key), kind, actor, now, area, found, watcher)
            transaction.set_rollback(True)
    else:
        outcome = _run(table, _run_of(file, kind, now, key), kind, actor, now, area, found, watcher)
    watcher.finish()
    return outcome


def _run(
    table: Table, run: ImportRun, kind: str, actor: Actor, now: datetime, area: str, found: dict[str, str], watcher: Progress
) -> Imported:  # fmt: skip
    start = run.next_row
    _read(table, _Reader(run, kind, actor, now, area, found), watcher, start)
    run.finished_at = now
    run.save()
    return _outcome(run, start)


def rejects_of(run_id: int) -> Iterator[tuple[int, str, str]]:
    """(row, field, reason) of what an import could not take, in order."""
    yield from Reject.objects.filter(run=run_id).values_list("row", "field", "reason")


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _run_of(file: Path, kind: str, now: datetime, key: str) -> ImportRun:
    run, new = ImportRun.objects.get_or_create(
        kind=kind, file_sha256=key or _digest(file), defaults={"file_name": file.name[:200], "started_at": now}
    )
    if (
        not new and run.finished_at is not None
    ):  # a finished file is read again from its beginning: the place may have changed
        Reject.objects.filter(run=run).delete()
        run.next_row, run.finished_at = 1, None
        run.born = run.changed_rows = run.same = run.waiting = run.rejected = 0
    return run


def _outcome(run: ImportRun, start: int) -> Imported:
    resumed = start if start > 1 else 0
    return Imported(run.pk, run.born, run.changed_rows, run.same, run.waiting, run.rejected, resumed)


def _read(table: Table, reader: _Reader, watcher: Progress, start: int) -> None:
    waiting: list[_Row] = []
    number, done = 1, start
    for number, cells in table.numbered(set(reader.found.values())):
        if number <= start:
            continue
        row = reader.parsed(number, cells)
        if row is not None:
            waiting.append(row)
        if number // _STEP > done // _STEP:
            reader.take(waiting, number)
            watcher.advance(number - done)
            waiting, done = [], number
    reader.take(waiting, number)


class _Reader:
    """One run: from cells to records."""

    def __init__(
        self, run: ImportRun, kind: str, actor: Actor, now: datetime, area: str, found: dict[str, str]
    ) -> None:
        self.run, self.kind, self.actor, self.now, self.area, self.found = run, kind, actor, now, area, found
        self.author = Author(actor=actor, now=now, source="import")

    def parsed(self, number: int, cells: Mapping[str, str]) -> _Row | None:
        """The row's own values, None for rows that explain or are empty. Pointers stay as written until the step is known."""
        values = {name: cells[title] for name, title in self.found.items()}
        first = next(iter(cells.values()), "")
        texts = [text for text in values.values() if text]
        if not texts or any(text.startswith(exchange.EXPLAINS) for text in (first, values.get("uid", ""), texts[0])):
            return None
        uid = values.pop("uid", "")
        try:
            return _Row(number, UUID(uid) if uid else None, {name: text for name, text in values.items() if text})
        except ValueError:
            self._reject(number, "uid", "bad_number")
            return None

    def take(self, rows: list[_Row], last: int) -> None:
        """One step, one transaction. Where the database refuses what nobody foresaw, row by row, without the one refused."""
        before = self._counts()
        try:
            with said():
                self._together(rows)
                self._stand_at(last)
        except (HuyingError, _Undone, IntegrityError, DataError):
            self._count_again(before)
            with said():
                for row in rows:
                    self._alone(row)
                self._stand_at(last)

    def _stand_at(self, last: int) -> None:
        self.run.next_row = last
        self.run.save()

    def _counts(self) -> tuple[int, ...]:
        return tuple(getattr(self.run, name) for name in _COUNTS)

    def _count_again(self, before: tuple[int, ...]) -> None:
        for name, count in zip(_COUNTS, before, strict=True):
            setattr(self.run, name, count)

    def _alone(self, row: _Row) -> None:
        before, row.cleaned = self._counts(), None
        try:
            with said():
                self._together([row])
            return
        except HuyingError as error:
            about, reason = error.field or "", error.code
        except IntegrityError as error:
            about, reason = "", broken(error)
        except DataError:
            about, reason = "", "conflict"
        self._count_again(before)
        self._reject(row.number, about, reason)

    def _together(self, rows: list[_Row]) -> None:
        step = _Step(pointed_to(self.kind, [row.values for row in rows], self.actor))
        self._look(rows, step)
        for row in rows:
            try:
                self._one(row, step)
            except HuyingError as error:
                self._reject(row.number, error.field or "", error.code)
        self._bear(step)
        publish(*step.facts)

    def _look(self, rows: list[_Row], step: _Step) -> None:
        """Clean what can be cleaned by now, and look for all its records at once; rows that point into the step come later."""
        for row in rows:
            with suppress(HuyingError):
                row.cleaned = self._cleaned(row, step)
        cleaned = [row.cleaned for row in rows if row.cleaned is not None]
        step.known = known_of(self.kind, cleaned, [row.values for row in rows], self.actor)
        uids = {uid for row in rows if row.cleaned is not None for uid in self._uids_of(row, row.cleaned, step)}
        found = {row.uid: row for row in MODELS[self.kind]._default_manager.filter(uid__in=uids)}
        step.there = {uid: found.get(uid) for uid in uids}
        new = [one for row in rows if (one := row.cleaned) and not any(map(found.get, self._uids_of(row, one, step)))]
        step.pool = load_refs(self.kind, new)
        step.stands = standing(self.kind, {place for one in cleaned if (place := place_of(self.kind, one))})

    def _one(self, row: _Row, step: _Step) -> None:
        """Change what is there, or remember what is to be born. Raises HuyingError for a row that cannot be taken."""
        values = row.cleaned or self._cleaned(row, step)
        uid, found = self._found(row, values, step)
        if found is not None:
            self._update(row, found, values, step)
            return
        key = key_of(self.kind, values)
        if key[0] in ("id", "code") and key in step.known:
            raise Conflict(_("这个号码已经登记在别的记录上"), code="known_already", field=_KEPT_IN.get(self.kind))
        whole = {name: values.get(name, one.empty) for name, one in FIELDS[self.kind].items()}
        check_whole(self.kind, whole)
        load_lacking(self.kind, values, step.pool)
        check_refs(self.kind, whole, step.pool, whole)
        area = self._within_reach(whole, step.pool)
        if (stands := self._standing(values, step)) is not None:
            if is_about(stands, values):
                self._update(row, stands, values, step)
                return
            self._leave(stands, values, step)
        step.births[uid] = values
        step.known[key] = uid
        if (place := place_of(self.kind, values)) is not None:
            step.coming.add(place)
        if self.kind == "premises":
            self._foretell(uid, values, step, area)

    def _cleaned(self, row: _Row, step: _Step) -> dict[str, Any]:
        return completed(self.kind, clean(self.kind, resolved(self.kind, row.values, step.pointed)))

    def _uids_of(self, row: _Row, values: Mapping[str, Any], step: _Step) -> list[UUID]:
        """Which record a row may be about, the likeliest first."""
        if row.uid is not None:
            return [row.uid]
        key = key_of(self.kind, values)
        return [step.known[key]] if key in step.known else own_uids(self.kind, key, self.actor)

    def _found(self, row: _Row, values: Mapping[str, Any], step: _Step) -> tuple[UUID, Any]:
        """The record a row is about as it stands now, and its uid; the uid of a new one where there is none."""
        *others, last = self._uids_of(row, values, step)
        for uid in others:
            found = self._now(uid, step)
            if found is None or access.may(self.actor, access.VIEW, found.area):
                return uid, found
        return last, self._now(last, step)

    def _now(self, uid: UUID, step: _Step) -> Any:
        """What was looked at is used once, since it may be changed then."""
        if uid in step.births:
            self._bear_first(step)
        if uid in step.there:
            return step.there.pop(uid)
        return MODELS[self.kind]._default_manager.filter(uid=uid).first()

    def _standing(self, values: Mapping[str, Any], step: _Step) -> Record | None:
        """What takes up the place of a new record. Refused when it is later than the row."""
        place = place_of(self.kind, values)
        if place is None:
            return None
        if place in step.coming:
            self._bear_first(step)
        if place not in step.stands:
            step.stands |= standing(self.kind, [place])
        found = step.stands[place]
        if found is not None:
            may_touch(found, self.actor)
            refuse_outdated(found, values, clock.local_day(self.now).isoformat())
        return found

    def _leave(self, home: Record, values: Mapping[str, Any], step: _Step) -> None:
        """Somebody moves: where they lived so far ends where the new home begins."""
        with transaction.atomic():
            step.facts += close_other_home(values, self.author.follow())
        step.there.pop(home.uid, None)

    def _update(self, row: _Row, found: Record, values: dict[str, Any], step: _Step) -> None:
        """Bring a record up to a row. Who may not touch it learns nothing of what it holds: not even that it is the same."""
        may_touch(found, self.actor)
        if row.uid is None:
            refuse_outdated(found, values, clock.local_day(self.now).isoformat())
        current = found.values()
        different = {name: value for name, value in values.items() if current[name] != value}
        if not different:
            self.run.same += 1
            return
        for place in (place_of(self.kind, current), place_of(self.kind, {**current, **different})):
            if place is not None:
                step.stands.pop(place, None)
        step.there.pop(found.uid, None)
        with transaction.atomic():
            done = change(
                actor=self.actor, now=self.now, kind=self.kind, uid=found.uid, base=found.version,
                changes=different, source="import",
            )  # fmt: skip
        if done.state == "applied":
            self.run.changed_rows += 1
        else:
            self.run.waiting += 1

    def _bear_first(self, step: _Step) -> None:
        """Births a row waits for. What goes wrong with them is not that row's fault."""
        try:
            self._bear(step)
        except HuyingError as error:
            raise _Undone from error

    def _bear(self, step: _Step) -> None:
        items = list(step.births.items())
        step.births.clear()
        if not items:
            return
        for place in step.coming:
            step.stands.pop(place, None)
        step.coming.clear()
        chain = f"registry-import:{self.run.pk}"
        rows, said_so = bear_many(self.kind, items, step.pool, self.author, chain=chain, fallback=self.area)
        step.facts += said_so
        self.run.born += len(rows)
        if self.kind == "person" and (stays := stays_of(items, self.author)):
            step.facts += bear_many("residence", stays, step.pool, self.author, chain=chain, fallback=self.area)[1]
        if self.kind == "residence":
            settle_homes(rows, self.author)
        likeness.note_likenesses(rows, self.now)

    def _within_reach(self, whole: Mapping[str, Any], pool: Refs) -> str:
        """Where a new record would lie; Forbidden where the actor does not import, "" unasked for the system, which may everywhere.

        A home is the resident's as well: both have to lie within reach.
        """
        if self.actor.is_system:
            return ""
        area = area_of(self.kind, whole, pool, clock.local_day(self.now)) or self.area
        places = [area]
        if self.kind == "residence":
            places.append(pool["person"][whole["resident"]].area)
        for place in places:
            access.require_over(self.actor, access.IMPORT, place)
        return area

    def _foretell(self, uid: UUID, values: Mapping[str, Any], step: _Step, area: str) -> None:
        """Later rows of the step may lie in this one: its address is known before it is written."""
        parent = step.pool.get("premises", {}).get(values.get("parent"))
        address = f"{parent.address if parent is not None else ''}{values['name']}"
        step.pointed["premises", address] = str(uid)
        step.pool.setdefault("premises", {})[str(uid)] = Premises(uid=uid, address=address, area=area, state="active")

    def _reject(self, number: int, about: str, reason: str) -> None:
        said_so = {"field": about[:40], "reason": short(reason)[:LONGEST]}
        Reject.objects.update_or_create(run=self.run, row=number, defaults=said_so)
        self.run.rejected += 1
