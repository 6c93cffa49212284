"""Tables into records: in steps of 500 rows, each one transaction, so that a run that was killed goes on where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from huying.ground.organisation.models import Person
from huying.ground.registry import access, exchange, likeness
from huying.ground.registry.cleaning import check_whole, clean
from huying.ground.registry.deriving import Refs, area_of, check_refs, completed, load_refs
from huying.ground.registry.fields import FIELDS
from huying.ground.registry.models import MODELS, ImportRun, Organisation, Premises, Reject, Residence, Resident
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.facts import Fact, publish
from huying.kernel.privacy import blind, blind_candidates
from huying.kernel.progress import Progress, Silent
from huying.kernel.tables import Table

from .bearing import bear_many, stays_of
from .changing import change
from .writing import Author, known_kind, said

_STEP: Final = 500


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


@dataclass(slots=True)
class _Row:
    number: int
    uid: UUID | None
    values: dict[str, Any]
    cleaned: dict[str, Any] | None = None


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
    number = 1
    for number, cells in enumerate(table.rows(set(reader.found.values())), start=2):
        if number <= start:
            continue
        row = reader.parsed(number, cells)
        if row is not None:
            waiting.append(row)
        if number % _STEP == 0:
            reader.take(waiting, number)
            watcher.advance(_STEP)
            waiting = []
    reader.take(waiting, number)


class _Reader:
    """One run: from cells to records."""

    def __init__(
        self, run: ImportRun, kind: str, actor: Actor, now: datetime, area: str, found: dict[str, str]
    ) -> None:
        self.run, self.kind, self.actor, self.now, self.area, self.found = run, kind, actor, now, area, found
        self.author = Author(actor=actor, now=now, source="import")
        self.there: dict[UUID, Any] = {}

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
        """One step, one transaction."""
        with said():
            facts: list[Fact] = []
            pointed = self._pointers(rows)
            births: dict[UUID, tuple[int, dict[str, Any]]] = {}
            known = self._known(rows)
            pool: Refs = {}
            self._look(rows, pointed, known)
            for row in rows:
                self._one(row, pointed, known, births, pool, facts)
            self._bear(births, pool, facts)
            self.run.next_row = last
            self.run.save()
            publish(*facts)

    def _one(
        self, row: _Row, pointed: dict[Any, str], known: dict[Any, UUID], births: Any, pool: Refs, facts: list[Fact]
    ) -> None:
        try:
            values = row.cleaned or self._cleaned(row, pointed)
            keys = self._keys(values)
            uid = self._uid_of(row, values, known)
            if uid in births:
                self._bear(births, pool, facts)
            if (found := self._found(uid)) is not None:
                self._update(row.number, found, values)
                return
            whole = {name: values.get(name, one.empty) for name, one in FIELDS[self.kind].items()}
            check_whole(self.kind, whole)
            self._load(values, pool)
            check_refs(self.kind, whole, pool, whole)
            area = self._within_reach(whole, pool)
        except HuyingError as error:
            self._reject(row.number, error.field or "", error.code)
            return
        births[uid] = row.number, values
        self.there.pop(uid, None)
        known.update(dict.fromkeys(keys, uid))
        if self.kind == "premises":
            self._foretell(uid, values, pool, pointed, area)

    def _cleaned(self, row: _Row, pointed: Mapping[Any, str]) -> dict[str, Any]:
        return completed(self.kind, clean(self.kind, self._resolved(row.values, pointed)))

    def _uid_of(self, row: _Row, values: Mapping[str, Any], known: Mapping[Any, UUID]) -> UUID:
        keys = self._keys(values)
        return row.uid or next((known[key] for key in keys if key in known), None) or self._own_uid(keys)

    def _look(self, rows: list[_Row], pointed: Mapping[Any, str], known: Mapping[Any, UUID]) -> None:
        """Clean what can be cleaned by now, and look for all its records at once; rows that point into the step come later."""
        uids: set[UUID] = set()
        for row in rows:
            with suppress(HuyingError):
                row.cleaned = self._cleaned(row, pointed)
                uids.add(self._uid_of(row, row.cleaned, known))
        found = {row.uid: row for row in MODELS[self.kind]._default_manager.filter(uid__in=uids)}
        self.there = {uid: found.get(uid) for uid in uids}

    def _found(self, uid: UUID) -> Any:
        """The record as it stands now; what was looked at is used once, since it may be changed then."""
        if uid in self.there:
            return self.there.pop(uid)
        return MODELS[self.kind]._default_manager.filter(uid=uid).first()

    def _update(self, number: int, found: Any, values: dict[str, Any]) -> None:
        current = found.values()
        different = {name: value for name, value in values.items() if current[name] != value}
        if not different:
            self.run.same += 1
            return
        try:
            with transaction.atomic():
                done = change(
                    actor=self.actor, now=self.now, kind=self.kind, uid=found.uid, base=found.version,
                    changes=different, source="import",
                )  # fmt: skip
        except HuyingError as error:
            self._reject(number, error.field or "", error.code)
            return
        if done.state == "applied":
            self.run.changed_rows += 1
        else:
            self.run.waiting += 1

    def _bear(self, births: dict[UUID, tuple[int, dict[str, Any]]], pool: Refs, facts: list[Fact]) -> None:
        items = [(uid, values) for uid, (_number, values) in births.items()]
        births.clear()
        if not items:
            return
        chain = f"registry-import:{self.run.pk}"
        rows, said_so = bear_many(self.kind, items, pool, self.author, chain=chain, fallback=self.area)
        facts += said_so
        self.run.born += len(rows)
        if self.kind == "person" and (stays := stays_of(items, self.author)):
            facts += bear_many("residence", stays, pool, self.author, chain=chain, fallback=self.area)[1]
        if self.kind == "residence":
            self._settle_homes(rows)
        likeness.note_likenesses(rows, self.now)

    def _settle_homes(self, rows: list[Any]) -> None:
        """Imported homes: whoever lives there now has it as home."""
        for row in rows:
            if isinstance(row, Residence) and row.kind == "lives" and row.until is None:
                person = Resident.objects.get(uid=row.resident_id)
                if person.home_id != row.premises_id:
                    change(
                        actor=self.actor, now=self.now, kind="person", uid=person.uid, base=person.version,
                        changes={"home": str(row.premises_id)}, source="import",
                    )  # fmt: skip

    def _load(self, values: Mapping[str, Any], pool: Refs) -> None:
        """What the values point to and the step does not hold yet."""
        lacking = {
            name: value
            for name, value in values.items()
            if FIELDS[self.kind][name].type == "ref" and value not in pool.get(FIELDS[self.kind][name].to, {})
        }
        if lacking:
            for to, rows in load_refs(self.kind, [lacking]).items():
                pool.setdefault(to, {}).update(rows)

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

    def _foretell(self, uid: UUID, values: Mapping[str, Any], pool: Refs, pointed: dict[Any, str], area: str) -> None:
        """Later rows of the step may lie in this one: its address is known before it is written."""
        parent = pool.get("premises", {}).get(values.get("parent"))
        address = f"{parent.address if parent is not None else ''}{values['name']}"
        pointed["premises", address] = str(uid)
        pool.setdefault("premises", {})[str(uid)] = Premises(uid=uid, address=address, area=area, state="active")

    def _resolved(self, values: Mapping[str, str], pointed: Mapping[Any, str]) -> dict[str, Any]:
        """Pointers as uids. Raises Invalid naming the field that points nowhere."""
        resolved: dict[str, Any] = dict(values)
        for name, text in values.items():
            field = FIELDS[self.kind][name]
            if field.type == "ref":
                target = pointed.get((field.to, text)) or (text if _is_uid(text) else None)
                if target is None:
                    raise Invalid(
                        _("“%(label)s”指向的记录不存在") % {"label": field.label}, code="unknown_record", field=name
                    )
                resolved[name] = target
        return resolved

    def _pointers(self, rows: list[_Row]) -> dict[Any, str]:
        """What the rows of a step point to as people write it, by kind; a query a kind."""
        wanted: dict[str, set[str]] = {}
        for row in rows:
            for name, text in row.values.items():
                field = FIELDS[self.kind][name]
                if field.type == "ref" and not _is_uid(text):
                    wanted.setdefault(field.to, set()).add(text)
        found: dict[Any, str] = {}
        places = wanted.get("premises", set())
        for uid, address in Premises.objects.filter(address__in=places, state="active").values_list("uid", "address"):
            found["premises", address] = str(uid)
        for uid, code in Premises.objects.filter(code__in=[text.lower() for text in places]).values_list("uid", "code"):
            found["premises", code] = str(uid)
        for uid, code in Organisation.objects.filter(
            credit_code__in=wanted.get("organisation", ()), state="active"
        ).values_list("uid", "credit_code"):
            found["organisation", code] = str(uid)
        for pk, number in Person.objects.filter(number__in=wanted.get("staff", ())).values_list("pk", "number"):
            found["staff", number] = str(pk)
        blinds = {each: text for text in wanted.get("person", ()) for each in blind_candidates(text)}
        for uid, seen in Resident.objects.filter(id_blind__in=list(blinds), state="active").values_list(
            "uid", "id_blind"
        ):
            found["person", blinds[bytes(seen or b"")]] = str(uid)
        return found

    def _known(self, rows: list[_Row]) -> dict[Any, UUID]:
        """Records in force by their own key; a query a step."""
        known: dict[Any, UUID] = {}
        if self.kind == "person":
            numbers = [row.values["id_number"].upper() for row in rows if row.values.get("id_number")]
            blinds = {each: number for number in numbers for each in blind_candidates(number)}
            same = Resident.objects.filter(id_blind__in=list(blinds), state="active").values_list("uid", "id_blind")
            known = {("id", blinds[bytes(seen or b"")]): uid for uid, seen in same}
        elif self.kind == "organisation":
            codes = [row.values["credit_code"].upper() for row in rows if row.values.get("credit_code")]
            found = Organisation.objects.filter(credit_code__in=codes, state="active").values_list("uid", "credit_code")
            known = {("code", code): uid for uid, code in found}
        elif self.kind == "premises":
            names = {row.values.get("name", "") for row in rows}
            places = Premises.objects.filter(name__in=names, state="active") if names else Premises.objects.none()
            parents = {row.values["parent"] for row in rows if row.values.get("parent")}
            near = places.filter(parent__address__in=parents) | places.filter(parent=None)
            known = {
                ("place", str(parent or ""), name): uid
                for uid, parent, name in near.values_list("uid", "parent", "name")
            }
        return known

    def _keys(self, values: Mapping[str, Any]) -> list[Any]:
        if self.kind == "person" and values.get("id_number"):
            return [("id", values["id_number"])]
        if self.kind == "organisation" and values.get("credit_code"):
            return [("code", values["credit_code"])]
        if self.kind == "premises":
            return [("place", values.get("parent") or "", values["name"])]
        return [("whole", *sorted((name, str(value)) for name, value in values.items()))]

    def _own_uid(self, keys: list[Any]) -> UUID:
        """The same row always makes the same record; keyed, so that a uid says nothing about an identity number."""
        return UUID(bytes=blind(f"registry import {self.kind} {keys[0]!r}")[:16], version=4) if keys else uuid4()

    def _reject(self, number: int, field: str, reason: str) -> None:
        Reject.objects.update_or_create(run=self.run, row=number, defaults={"field": field[:40], "reason": reason[:24]})
        self.run.rejected += 1


def _is_uid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return len(text) >= 32
