"""Pure decisions about devices and commands: which step may follow which, and what a code looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
AREA: Final = re.compile(r"\d{12}|\d{15}|\d{17}")
LONGEST_REASON: Final = 200
# A command nobody confirmed or answered is no longer wanted: it would surprise whoever stands before the device.
CONFIRM_WITHIN: Final = timedelta(minutes=30)
ANSWER_WITHIN: Final = timedelta(minutes=5)
LAID_ASIDE: Final = timedelta(days=1)  # how long a slip of the hand, or a loan, costs nothing


EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)  # no device of ours has said anything before
AHEAD: Final = timedelta(days=1)  # a clock that is fast, a day that has just begun


def refuse_period(since: datetime, until: datetime, *, now: datetime, longest: timedelta) -> str | None:
    """Why a period cannot be looked at: empty, early, late (in the future), long; None where it can."""
    if since < EARLIEST or until < EARLIEST:
        return "early"
    if until > now + AHEAD or since > now + AHEAD:
        return "late"
    if since >= until:
        return "empty"
    return "long" if until - since > longest else None


class DeviceState(StrEnum):
    """active 在用: readings count. paused 暂停: nothing it sends counts, it may come back. retired 已停用: never again."""

    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"


class ContactRole(StrEnum):
    """guardian 监护人, keeper 保管人 (answers for the device on the spot), family 家属."""

    GUARDIAN = "guardian"
    KEEPER = "keeper"
    FAMILY = "family"


class CommandState(StrEnum):
    """asked 待确认, confirmed 已确认, sent 已发出, done 已执行, failed 执行失败, refused 未同意, expired 已过期."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    EXPIRED = "expired"


OPEN_COMMANDS: Final = (CommandState.ASKED, CommandState.CONFIRMED, CommandState.SENT)

DEVICE_STEPS: Final[Mapping[tuple[str, str], str]] = {
    ("active", "pause"): "paused",
    ("paused", "resume"): "active",
    ("active", "retire"): "retired",
    ("paused", "retire"): "retired",
}
COMMAND_STEPS: Final[Mapping[tuple[str, str], str]] = {
    ("asked", "confirm"): "confirmed",
    ("asked", "send"): "sent",  # of a kind that needs no second person
    ("asked", "refuse"): "refused",
    ("asked", "expire"): "expired",
    ("confirmed", "send"): "sent",
    ("confirmed", "expire"): "expired",
    ("sent", "succeed"): "done",
    ("sent", "fail"): "failed",
    ("sent", "expire"): "expired",
    # An answer may come after we gave up waiting: what the device did is what counts.
    ("expired", "succeed"): "done",
    ("expired", "fail"): "failed",
}


def device_after(state: str, verb: str) -> str | None:
    """The state of a device after pause, resume or retire; None where that is not possible."""
    return DEVICE_STEPS.get((state, verb))


def command_after(state: str, verb: str) -> str | None:
    """The state of a command after a step; None where that is not possible."""
    return COMMAND_STEPS.get((state, verb))


def may_confirm(*, asked_by: str, confirming: str) -> bool:
    """Two pairs of eyes: whoever asked for a command never confirms it."""
    return asked_by != confirming


def command_expires_at(state: str, *, asked_at: datetime, sent_at: datetime | None) -> datetime:
    """When an open command is given up: half an hour for the second person, five minutes for the device."""
    return sent_at + ANSWER_WITHIN if state == CommandState.SENT and sent_at else asked_at + CONFIRM_WITHIN


def is_code(text: str) -> bool:
    """Whether a text can be a device's code: it is part of a topic, so only ``[A-Za-z0-9_-]``, 1 to 64 signs."""
    return CODE.fullmatch(text) is not None


def is_place(area: str) -> bool:
    """Whether a device may lie here: a community, a grid or a micro-grid (12, 15 or 17 digits)."""
    return AREA.fullmatch(area) is not None
