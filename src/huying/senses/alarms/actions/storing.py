"""Alarms to and from the database, many at once: one statement each, whatever the number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

import orjson
from django.db import connection

from .. import rules
from ..models import Alarm
from ..rules import OFFLINE, Row

BY: Final = "system:alarms"
_TABLE: Final = Alarm._meta.db_table
# What a batch may change of an alarm that is there already.
_MOVING: Final = (
    *("rule", "severity", "peak", "urgent", "last_at", "count", "field", "value", "words_zh", "words_en"),
    *(
        "covered_by_id",
        "uncovers_at",
        "acknowledged_at",
        "acknowledged_by",
        "acknowledged_name",
        "cleared_at",
        "cleared_by",
    ),
    *("closed_at", "closed_by", "closed_name", "cause", "cause_words", "item", "wants_case", "wants_telling"),
    *("rung", "climbs_at"),
)
_ALL: Final = ("uid", "device_id", "area", "kind", "test", "opened_at", *_MOVING)
_LAST: Final = f"""
SELECT * FROM {_TABLE} WHERE id IN (
       SELECT (SELECT a.id FROM {_TABLE} a WHERE a.device_id = asked.device AND a.kind = asked.kind
                ORDER BY a.id DESC LIMIT 1)
         FROM unnest(%s::bigint[], %s::text[]) AS asked(device, kind)
       UNION ALL
       SELECT a.id FROM devices_device d JOIN {_TABLE} a ON a.device_id = d.id
        WHERE d.gateway_id = ANY(%s::bigint[]) AND a.kind = '{OFFLINE}' AND a.cleared_at IS NULL)
 ORDER BY id FOR UPDATE"""
_UPDATE: Final = f"""
UPDATE {_TABLE} AS a SET {", ".join(f"{name} = n.{name}" for name in _MOVING)}
  FROM jsonb_populate_recordset(NULL::{_TABLE}, %s::jsonb) AS n WHERE a.id = n.id"""
# Whoever raised the same alarm a moment earlier, on another connection, has made the row; ours only touches it.
_INSERT: Final = f"""
INSERT INTO {_TABLE} AS a ({", ".join(_ALL)})
SELECT {", ".join(_ALL)} FROM jsonb_populate_recordset(NULL::{_TABLE}, %s::jsonb)
ON CONFLICT (device_id, kind) WHERE cleared_at IS NULL DO UPDATE
   SET last_at = greatest(a.last_at, EXCLUDED.last_at), severity = EXCLUDED.severity,
       peak = greatest(a.peak, EXCLUDED.peak), value = EXCLUDED.value, field = EXCLUDED.field,
       words_zh = EXCLUDED.words_zh, words_en = EXCLUDED.words_en
RETURNING id, uid"""
_COVER: Final = f"""
UPDATE {_TABLE} AS a SET covered_by_id = d.gateway_id, uncovers_at = NULL, climbs_at = NULL, wants_case = false
  FROM devices_device AS d
 WHERE d.gateway_id = ANY(%s::bigint[]) AND a.device_id = d.id AND a.kind = '{OFFLINE}'
   AND a.cleared_at IS NULL AND (a.covered_by_id IS NULL OR a.uncovers_at IS NOT NULL)
RETURNING left(a.area, 12)"""


class Standing(Protocol):
    """What is written of the device itself."""

    @property
    def pk(self) -> int: ...
    @property
    def area(self) -> str: ...
    @property
    def gateway_pk(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Change:
    """What a batch makes of the alarms of one (device, kind)."""

    device: Standing
    kind: str
    found: Alarm | None
    folded: rules.Folded
    now: datetime
    uncovers_at: datetime | None = None  # its gateway is back only just: until when that explains its silence


@dataclass(frozen=True, slots=True)
class Written:
    """``ids``: by uid. ``lost``: raises somebody else had written down already. ``follow``, ``urgent``: work for the jobs."""

    ids: dict[UUID, int] = field(default_factory=dict)
    lost: frozenset[UUID] = frozenset()
    follow: bool = False
    urgent: bool = False


def lock_last(keys: Sequence[tuple[int, str]], silent: Sequence[int]) -> list[Alarm]:
    """The last alarm of each (device, kind) that ever had one, and the silences behind gateways that fall ``silent``.

    All that a batch changes, locked at once, in ascending order of id.
    """
    asked = [pk for pk, _kind in keys], [kind for _pk, kind in keys], list(silent)
    return list(Alarm.objects.raw(_LAST, list(asked)))


def row_of(alarm: Alarm | None) -> Row | None:
    """An alarm as the rules fold it."""
    if alarm is None:
        return None
    return Row(
        pk=alarm.pk,
        uid=alarm.uid,
        rule=alarm.rule,
        severity=alarm.severity,
        peak=alarm.peak,
        opened_at=alarm.opened_at,
        last_at=alarm.last_at,
        count=alarm.count,
        value=alarm.value,
        field=alarm.field,
        words=(alarm.words_zh, alarm.words_en),
        item=alarm.item,
        urgent=alarm.urgent,
        test=alarm.test,
        covered=alarm.covered_by_id is not None,
        has_case=alarm.case_id is not None,
        wants_case=alarm.wants_case,
        acknowledged=alarm.acknowledged_at is not None,
        cleared_at=alarm.cleared_at,
        cleared_by=alarm.cleared_by,
        closed=alarm.closed_at is not None,
        cause=alarm.cause,
    )


def write(changes: Iterable[Change]) -> Written:
    """Old rows first, so that one that ends makes room for the one that begins. Two queries."""
    old: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    ids: dict[UUID, int] = {}
    for change in changes:
        for row in change.folded.rows:
            values = _values(change, row)
            if row.pk is None:
                new.append(values)
            else:
                old.append(values | {"id": row.pk})
                ids[row.uid] = row.pk
    fresh: dict[UUID, int] = {}
    with connection.cursor() as cursor:
        if old:
            cursor.execute(_UPDATE, [_json(old)])
        if new:
            cursor.execute(_INSERT, [_json(new)])
            fresh = {uid: pk for pk, uid in cursor.fetchall()}
    lost = frozenset(one["uid"] for one in new) - frozenset(fresh)
    left = [one for one in (*old, *new) if one["uid"] not in lost]
    follow = any(one["climbs_at"] or one["wants_case"] or one["wants_telling"] for one in left)
    urgent = any(one["urgent"] and one["climbs_at"] for one in left)
    return Written(ids | fresh, lost, follow, urgent)


def cover(gateways: Sequence[int]) -> list[str]:
    """Silences behind these devices, noted before, are explained by them from now on. The communities they lie in."""
    if not gateways:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_COVER, [list(gateways)])
        return sorted({area for (area,) in cursor.fetchall()})


def _values(change: Change, row: Row) -> dict[str, Any]:
    """The columns of a row after the batch, as they are written."""
    before = change.found if row.pk is not None else None
    kept = before if before is not None and row.acknowledged else None
    closed = _closing(before, row)
    rung, climbs_at = _climbing(before, row, change)
    return closed | {
        "uid": row.uid,
        "device_id": change.device.pk,
        "area": before.area if before else change.device.area,
        "kind": change.kind,
        "test": row.test,
        "opened_at": row.opened_at,
        "rule": row.rule,
        "severity": row.severity,
        "peak": row.peak,
        "urgent": row.urgent,
        "last_at": row.last_at,
        "count": row.count,
        "field": row.field,
        "value": row.value,
        "words_zh": row.words[0],
        "words_en": row.words[1],
        "covered_by_id": _covering(before, row, change.device),
        "uncovers_at": _uncovering(before, row, change),
        "acknowledged_at": kept.acknowledged_at if kept else None,
        "acknowledged_by": kept.acknowledged_by if kept else "",
        "acknowledged_name": kept.acknowledged_name if kept else "",
        "cleared_at": row.cleared_at,
        "cleared_by": row.cleared_by,
        "item": row.item,
        "wants_case": rules.wants_case(row),
        "wants_telling": row.has_case and not row.closed and row.cleared_at is not None,
        "rung": rung,
        "climbs_at": climbs_at,
    }


def _closing(before: Alarm | None, row: Row) -> dict[str, Any]:
    if not row.closed:
        return {"closed_at": None, "closed_by": "", "closed_name": "", "cause": "", "cause_words": ""}
    if before is not None and before.closed_at is not None:
        return {
            "closed_at": before.closed_at,
            "closed_by": before.closed_by,
            "closed_name": before.closed_name,
            "cause": before.cause,
            "cause_words": before.cause_words,
        }
    return {"closed_at": row.cleared_at, "closed_by": BY, "closed_name": "", "cause": row.cause, "cause_words": ""}


def _covering(before: Alarm | None, row: Row, device: Standing) -> int | None:
    if not row.covered:
        return None
    return before.covered_by_id if before is not None and before.covered_by_id else device.gateway_pk


def _uncovering(before: Alarm | None, row: Row, change: Change) -> datetime | None:
    if not row.covered or row.cleared_at is not None:
        return None
    return before.uncovers_at if before is not None and before.covered_by_id else change.uncovers_at


def _climbing(before: Alarm | None, row: Row, change: Change) -> tuple[int, datetime | None]:
    """Where the ladder stands: from the bottom for what is new or graver than before, on from where it was otherwise."""
    rung = before.rung if before else 0
    at = before.climbs_at if before else None
    if row.acknowledged or not rules.rings(row) or (row.cleared_at is not None and not row.urgent):
        return rung, None
    if before is None or row.peak > before.peak:
        return 0, change.now
    return rung, (change.now if row.count > before.count and at is None else at)


def _json(rows: Sequence[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()
