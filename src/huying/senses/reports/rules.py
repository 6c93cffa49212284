"""Pure decisions about voices: what a valid report is, tracking codes, what a reporter is told."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime, tzinfo
from enum import StrEnum

from huying.casework.understanding.reading.splitting import split

# No letter or digit that is mistaken for another when read out on the phone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
TRACKING_LENGTH = 10
LONGEST_TEXT = 20_000
SHORTEST_TEXT = 2
MOST_PARTS = 6  # matters one message is taken apart into
MOST_PHOTOS = 6  # of one report
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # all of C0 but tab and newline


class Channel(StrEnum):
    """By which way a voice came in."""

    HOTLINE = "hotline"  # 12345 坐席
    PORTAL = "portal"  # 居民门户
    GRID = "grid"  # 网格巡查
    DEPARTMENT = "department"  # 部门转办
    CAMERA = "camera"
    DEVICE = "device"
    WECHAT = "wechat"
    BOARD = "board"  # 留言板导入
    API = "api"
    VISIT = "visit"  # 来访


class Told(StrEnum):
    """What a reporter was told."""

    RECEIVED = "received"
    DISPATCHED = "dispatched"
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    DECLINED = "declined"
    MERGED = "merged"
    TRANSFERRED = "transferred"
    SENT_BACK = "sent_back"
    ANSWERED = "answered"
    UNMERGED = "unmerged"
    SPLIT = "split"


def parts_of(text: str) -> list[str]:
    """The matters of a message in the resident's own words, the first first; beyond a few the rest stays in one."""
    parts = split(text) or [text]
    return parts if len(parts) <= MOST_PARTS else [*parts[: MOST_PARTS - 1], "\n".join(parts[MOST_PARTS - 1 :])]


def other_matters(text: str) -> list[str]:
    """What a message raises besides its first matter."""
    return parts_of(text)[1:]


def new_tracking_code(choice: Callable[[str], str] = secrets.choice) -> str:
    """A code that finds one report and cannot be guessed (31¹⁰ ≈ 8·10¹⁴ possibilities)."""
    return "".join(choice(_ALPHABET) for _ in range(TRACKING_LENGTH))


def new_mark() -> str:
    """A report's own mark in the trace: random, of no use to whoever reads it."""
    return secrets.token_hex(8)


def normal_tracking_code(text: str) -> str:
    """A code as somebody typed it: spaces, hyphens and small letters do not matter."""
    return "".join(sign for sign in text.upper() if sign in _ALPHABET)


def spoken_tracking_code(code: str) -> str:
    """A code as it is shown and read out: ``ABCD-EFG-HJK``."""
    return f"{code[:4]}-{code[4:7]}-{code[7:]}"


def plain(text: str) -> str:
    """A text without control characters; tabs and new lines stay."""
    return _CONTROLS.sub("", text)


def refuse_text(text: str) -> str | None:
    """Why a text is no report: ``empty``, ``too_long``; ``None`` when it is fine."""
    stripped = text.strip()
    if len(stripped) < SHORTEST_TEXT:
        return "empty"
    return "too_long" if len(stripped) > LONGEST_TEXT else None


def identity_visible(*, hide_identity: bool, of_handling_unit: bool, may_contact: bool) -> bool:
    """Whether somebody may learn who reported.

    The unit reported on or handling it never does when the reporter asked so; anybody else only where contacting the
    reporter is their work (seat, dispatcher, checker, centre).
    """
    if of_handling_unit and hide_identity:
        return False
    return may_contact or (of_handling_unit and not hide_identity)


def has_rated(rated_at: datetime | None, closed_at: datetime | None) -> bool:
    """Whether the present result was rated; what is done again may be rated again."""
    return rated_at is not None and (closed_at is None or rated_at >= closed_at)


def reminded_today(last: datetime | None, now: datetime, zone: tzinfo) -> bool:
    """Whether the last reminder was made on the same day of that time zone."""
    return last is not None and last.astimezone(zone).date() == now.astimezone(zone).date()
