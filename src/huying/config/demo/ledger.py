"""Cases held in memory while a stretch of the history is lived, and written back in a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models
from django.db.models import F

from huying.casework.cases.models import (
    Assignment,
    Attachment,
    Case,
    Extension,
    Feedback,
    Milestone,
    Objection,
    ReturnCall,
    Suspension,
)
from huying.casework.catalogue.evidence import Photo
from huying.casework.catalogue.models import Item
from huying.casework.clocks.models import Clock, ClockChange
from huying.ground.organisation.models import Unit
from huying.kernel.bulk import allocate_ids, insert_rows
from huying.kernel.models import StoredFile
from huying.senses.reports.models import Report

AHEAD = 64


@dataclass(slots=True, eq=False)
class Held:
    """One case with everything an act may have to look at."""

    case: Case
    assignments: list[Assignment] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    changes: dict[int, list[ClockChange]] = field(default_factory=lambda: defaultdict(list))
    extension: Extension | None = None
    suspension: Suspension | None = None
    milestones: list[Milestone] = field(default_factory=list)
    objection: Objection | None = None
    feedback: Feedback | None = None
    called: bool = False
    unreached: int = 0
    photos: list[tuple[str, Photo]] = field(default_factory=list)
    reports: list[int] = field(default_factory=list)

    @property
    def area(self) -> str:
        return self.case.grid or self.case.community or self.case.town

    @property
    def live(self) -> list[Assignment]:
        return [one for one in self.assignments if one.state in Assignment.LIVE]

    @property
    def lead(self) -> Assignment | None:
        """The live lead assignment."""
        return next((one for one in self.live if one.role == "lead"), None)

    def running(self, *kinds: str, of: Assignment | None = None) -> list[Clock]:
        return [
            clock
            for clock in self.clocks
            if clock.stopped_at is None
            and (not kinds or clock.kind in kinds)
            and (of is None or clock.assignment_id == of.pk)
        ]

    def last_stopped(self, kind: str, of: Assignment | None = None) -> Clock | None:
        stopped = [
            clock
            for clock in self.clocks
            if clock.stopped_at is not None and clock.kind == kind and (of is None or clock.assignment_id == of.pk)
        ]
        return stopped[-1] if stopped else None


class Ids:
    """Primary keys taken from the sequences some at a time, so that rows know theirs before they are written."""

    def __init__(self) -> None:
        self._left: dict[type[models.Model], list[int]] = {}

    def take(self, model: type[models.Model]) -> int:
        left = self._left.get(model)
        if not left:
            left = self._left[model] = allocate_ids(model, AHEAD)[::-1]
        return left.pop()

    def forget(self) -> None:
        """Keys taken and not used are lost: later rows, whoever writes them, must have higher ones."""
        self._left.clear()


class Ledger:
    """What is held, what is new, what has changed."""

    def __init__(self) -> None:
        self.ids = Ids()
        self.items: dict[int, Item] = {}
        self.units: dict[int, Unit] = {}
        self._held: dict[int, Held] = {}
        self._new: dict[type[models.Model], list[Any]] = defaultdict(list)
        self._changed: dict[type[models.Model], dict[int, Any]] = defaultdict(dict)
        self._is_new: set[tuple[type[models.Model], int]] = set()

    def __getitem__(self, case_id: int) -> Held:
        return self._held[case_id]

    def __contains__(self, case_id: int) -> bool:
        return case_id in self._held

    def forget(self) -> None:
        self._held.clear()
        self.ids.forget()

    def make(self, model: type[models.Model], **values: Any) -> Any:
        """A new row, to be inserted."""
        row = model(pk=self.ids.take(model), **values)
        self.adopt(row)
        return row

    def adopt(self, row: models.Model) -> None:
        """A row that has its key is new, to be inserted."""
        self._new[type(row)].append(row)
        self._is_new.add((type(row), row.pk))

    def touch(self, row: models.Model) -> None:
        """A row that is held has changed."""
        if (type(row), row.pk) not in self._is_new:
            self._changed[type(row)][row.pk] = row

    def hold(self, case_ids: Iterable[int]) -> None:
        """Read cases and what hangs on them; ten queries however many."""
        ids = sorted(set(case_ids))
        for case in Case.objects.filter(pk__in=ids).select_related("lead_unit").order_by("pk"):
            self._held[case.pk] = Held(case)
            if case.item_id not in self.items:
                self.items[case.item_id] = Item.objects.select_related("version").get(pk=case.item_id)
            case.item = self.items[case.item_id]
        self._hold_work(ids)
        self._hold_requests(ids)
        for case_id, report_id in _pairs(Report.objects.filter(case__in=ids, erased_at=None), "case_id", "pk"):
            self._held[case_id].reports.append(report_id)

    def _hold_work(self, ids: Sequence[int]) -> None:
        clocks: dict[int, Held] = {}
        for assignment in Assignment.objects.filter(case__in=ids).order_by("id"):
            self._held[assignment.case_id].assignments.append(assignment)
        for clock in Clock.objects.filter(case__in=ids).order_by("id"):
            clocks[clock.pk] = self._held[clock.case_id]
            clocks[clock.pk].clocks.append(clock)
        for change in ClockChange.objects.filter(clock__case__in=ids).order_by("id"):
            clocks[change.clock_id].changes[change.clock_id].append(change)
        for feedback in Feedback.objects.filter(case__in=ids).order_by("id"):
            self._held[feedback.case_id].feedback = feedback
        pictures = Attachment.objects.filter(case__in=ids).order_by("id")
        for case_id, name, sha, made_at in pictures.values_list("case_id", "stage", "file__sha256", "made_at"):
            self._held[case_id].photos.append((name, Photo(at=made_at, ref=sha)))

    def _hold_requests(self, ids: Sequence[int]) -> None:
        for extension in Extension.objects.filter(case__in=ids, state="asked"):
            self._held[extension.case_id].extension = extension
        for objection in Objection.objects.filter(case__in=ids, state="asked"):
            self._held[objection.case_id].objection = objection
        suspended: dict[int, Held] = {}
        for suspension in Suspension.objects.filter(case__in=ids, state__in=("asked", "running")):
            suspended[suspension.pk] = self._held[suspension.case_id]
            self._held[suspension.case_id].suspension = suspension
        for milestone in Milestone.objects.filter(suspension__in=list(suspended)).order_by("due_on", "id"):
            suspended[milestone.suspension_id].milestones.append(milestone)
        for case_id, reached in _pairs(
            ReturnCall.objects.filter(case__in=ids, made_at__gte=F("case__closed_at")), "case_id", "reached"
        ):
            held = self._held[case_id]
            held.called, held.unreached = held.called or reached, held.unreached + (not reached)

    def write(self) -> None:
        """Update what has changed and insert what is new, in an order that keys, guards and one-at-a-time rules accept."""
        made = self._new.pop(ClockChange, [])
        insert(ClockChange, [one for one in made if (Clock, one.clock_id) not in self._is_new])
        for model, rows in self._changed.items():
            update(model, list(rows.values()))
        order: list[type[models.Model]] = [*_ORDER, *(one for one in self._new if one not in _ORDER)]
        for kind in order:
            insert(kind, self._new.get(kind, []))
        insert(ClockChange, [one for one in made if (Clock, one.clock_id) in self._is_new])
        self._new.clear()
        self._changed.clear()
        self._is_new.clear()


_ORDER: tuple[type[models.Model], ...] = (Assignment, Feedback, Suspension, Clock, StoredFile)
_KEPT: dict[type[models.Model], tuple[str, ...]] = {
    # columns that no act changes are left alone
    Case: (
        *("item_id", "item_code", "class_code", "lon", "lat", "grid", "community", "town", "county", "state"),
        *("lead_unit_id", "lead_person_id", "first_asked_unit_id", "returns", "locked", "redos", "extensions"),
        *("reports", "due_at", "light", "suspended_at", "closed_at", "closed_late", "archived_at", "rating"),
        *("solved", "merged_into_id", "version"),
    ),
    Assignment: (
        *("person_id", "state", "due_at", "respond_due", "signed_at", "delivered_at", "accepted_at", "ended_at"),
        "result",
    ),
    Clock: (
        *("due_at", "assumed", "edition", "light", "next_light_at", "paused_at", "paused_why", "resume_by"),
        *("paused_us", "stopped_at", "stopped_why"),
    ),
    Extension: ("state", "decided_at", "decided_by", "told"),
    Objection: ("state", "decided_at", "decided_by", "decision"),
    Suspension: ("state", "decided_at", "decided_by", "decision", "ended_at"),
    Milestone: ("reached_at", "note"),
    Report: ("score", "responded", "solved", "comment", "rated_at"),
}


def _pairs(rows: models.QuerySet[Any], *columns: str) -> Iterable[tuple[Any, ...]]:
    return rows.order_by(F("pk").asc()).values_list(*columns)


def insert(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert rows with all their columns except those the database makes itself."""
    fields = [one for one in model._meta.concrete_fields if not one.generated and not one.has_db_default()]
    names = [one.attname for one in fields]
    insert_rows(model, names, [[getattr(row, name) for name in names] for row in rows])


def update(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Update the columns acts change, one statement for all rows."""
    if not rows:
        return
    fields = {one.attname: one for one in model._meta.concrete_fields}
    names = _KEPT[model]
    columns = [str(fields[name].column) for name in names]
    kinds = [_kind(fields[name]) for name in names]
    slots = ", ".join(f"%s::{kind}[]" for kind in ("bigint", *kinds))
    sets = ", ".join(f'"{column}" = v."{column}"' for column in columns)
    table = model._meta.db_table
    named = ", ".join(f'"{column}"' for column in columns)
    values = [[row.pk for row in rows], *([getattr(row, name) for row in rows] for name in names)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS t SET {sets} FROM unnest({slots}) AS v(id, {named}) WHERE t.id = v.id", values
        )


def _kind(one: models.Field[Any, Any]) -> str:
    kind = one.db_type(connection) or "text"
    return "text" if kind.startswith("varchar") else kind


def moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def utc(at: datetime | None) -> datetime | None:
    """A moment as the database would give it back."""
    return at.astimezone(UTC) if at else None
