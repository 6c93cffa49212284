"""Pure decisions of the sync: in which order operations are done, what holds one back, when it is tried again, limits.

No database, no wall clock. Sizes are bytes, times aware datetimes.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

MOST_AT_ONCE: Final = 200
MOST_BATCH: Final = 4 * 1024 * 1024
MOST_BODY: Final = 256 * 1024
MOST_DEPTH: Final = 32
MOST_NAMED: Final = 64
MOST_PART: Final = 512 * 1024
MOST_BUNDLE: Final = 2 * 1024 * 1024
MOST_BUNDLED: Final = 16
MOST_FILE: Final = 25 * 1024 * 1024
MOST_SOUND: Final = 10 * 1024 * 1024
MOST_UNFINISHED: Final = 500
MOST_DEVICES: Final = 5
HOLD_DAYS: Final = 14
HAND_OVER_DAYS: Final = 14
RELEASE: Final = timedelta(days=7)
MOST_FAULTS: Final = 10
FIELD_ROLES: Final = ("grid_worker", "grid_lead", "assistant")
WATCHING: Final = ("grid_lead", "unit_lead", "centre_lead", "supervisor", "admin")
_LONGEST_PAUSE: Final = timedelta(hours=6)
_SURE_CLOCK: Final = timedelta(seconds=30)


class State(StrEnum):
    """Where an operation stands. Only ``waiting`` moves on by itself; ``refused`` and ``conflict`` want a person."""

    WAITING = "waiting"
    APPLIED = "applied"
    CONFLICT = "conflict"
    REFUSED = "refused"
    REMOVED = "removed"


class Cause(StrEnum):
    """Why an operation waits."""

    QUEUED = "queued"
    AFTER = "after"
    BRANCH = "branch"
    UPLOAD = "upload"
    BASE = "base"
    FAULT = "fault"
    NONE = ""


class Received(StrEnum):
    """How far an upload has come."""

    PARTLY = "partly"
    WHOLE = "whole"
    REFUSED = "refused"


PASSED: Final = frozenset({State.APPLIED, State.CONFLICT, State.REMOVED})


@dataclass(frozen=True, slots=True)
class Step:
    """What the order of operations depends on."""

    id: UUID
    device_id: int
    seq: int
    branch: UUID | None = None
    after: tuple[UUID, ...] = ()
    files: tuple[UUID, ...] = ()


def in_order(steps: Iterable[Step]) -> list[Step]:
    """By device and number, except that what an operation comes ``after`` goes first if it is among them.

    Operations that wait for one another in a circle come last, by number.
    """
    waiting = {step.id: step for step in steps}
    followers: dict[UUID, list[Step]] = {}
    open_before: dict[UUID, int] = {}
    for step in waiting.values():
        before = {one for one in step.after if one in waiting}
        open_before[step.id] = len(before)
        for one in before:
            followers.setdefault(one, []).append(step)
    ready = [(_place(step), step) for step in waiting.values() if not open_before[step.id]]
    heapq.heapify(ready)
    found: list[Step] = []
    while ready:
        _key, step = heapq.heappop(ready)
        found.append(step)
        for follower in followers.get(step.id, ()):
            open_before[follower.id] -= 1
            if not open_before[follower.id]:
                heapq.heappush(ready, (_place(follower), follower))
    done = {step.id for step in found}
    return found + sorted((step for step in waiting.values() if step.id not in done), key=_place)


def _place(step: Step) -> tuple[int, int, str]:
    return step.device_id, step.seq, str(step.id)


@dataclass(slots=True)
class Ground:
    """What is known around a set of operations: states of those they come after, of their branches, of their uploads.

    ``branches`` holds, for each (device, branch), the numbers of its operations that have not passed.
    """

    states: dict[UUID, State]
    branches: dict[tuple[int, UUID], set[int]]
    uploads: dict[UUID, Received]

    def settle(self, step: Step, state: State) -> None:
        """Note what became of an operation, for those that come after it."""
        self.states[step.id] = state
        if step.branch is not None and state in PASSED:
            self.branches.get((step.device_id, step.branch), set()).discard(step.seq)


def holding_back(step: Step, ground: Ground, *, released: bool) -> Cause:
    """What keeps an operation from being tried: ``Cause.NONE`` if nothing does.

    Once ``released`` it is tried without what it should come after; nothing makes up for a missing photo.
    """
    if any(ground.uploads.get(one, Received.PARTLY) is Received.PARTLY for one in step.files):
        return Cause.UPLOAD
    if released:
        return Cause.NONE
    if any(ground.states.get(one) not in PASSED for one in step.after):
        return Cause.AFTER
    if step.branch is not None:
        earlier = ground.branches.get((step.device_id, step.branch), ())
        if any(seq < step.seq for seq in earlier):
            return Cause.BRANCH
    return Cause.NONE


def is_released(received_at: datetime, now: datetime) -> bool:
    """Whether an operation has waited long enough for what never came (ODK Central waits five days)."""
    return now - received_at >= RELEASE


def next_try(cause: Cause, tries: int, *, received_at: datetime, now: datetime) -> datetime:
    """When a waiting operation is looked at again even if nothing of it arrives: a minute, then ever longer, ≤ 6 hours.

    Never later than the moment at which it is released.
    """
    if cause is Cause.QUEUED:
        return now
    pause = min(timedelta(minutes=2 ** min(tries, 10)), _LONGEST_PAUSE)
    release = received_at + RELEASE
    return min(now + pause, release) if now < release else now + pause


# --- clocks -----------------------------------------------------------------------------------------------------


def clock_offset(sent_at: datetime | None, now: datetime) -> timedelta:
    """How far a device's clock is behind; what is within half a minute is the network's delay and counts as none."""
    if sent_at is None:
        return timedelta()
    offset = now - sent_at
    return offset if abs(offset) > _SURE_CLOCK else timedelta()


def true_time(at: datetime, offset: timedelta, now: datetime) -> datetime:
    """A device's time put right. Nothing was done later than it arrived."""
    try:
        return min(at + offset, now)
    except OverflowError:
        return now


# --- what is taken in -------------------------------------------------------------------------------------------


def depth(value: Any, most: int = MOST_DEPTH) -> int:
    """How deep lists and objects stand in one another; stops counting just above ``most``."""
    level, reached = [value], 0
    while level and reached <= most:
        inner: list[Any] = []
        for one in level:
            if isinstance(one, Mapping):
                inner.extend(one.values())
            elif isinstance(one, Sequence) and not isinstance(one, str | bytes):
                inner.extend(one)
        if not any(isinstance(one, Mapping | list) for one in level):
            break
        level, reached = inner, reached + 1
    return reached
