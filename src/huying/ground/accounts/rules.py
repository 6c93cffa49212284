"""Pure decisions about signing in. No database, no wall clock; durations are data from the settings."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CODE_DIGITS = 6

_PHONE = re.compile(r"^1[3-9]\d{9}$")
_USERNAME = re.compile(r"^[a-z][a-z0-9._-]{1,63}$")


@dataclass(frozen=True, slots=True)
class CodePolicy:
    """How codes sent to phones behave. All numbers are local policy and come from the settings."""

    life: timedelta = timedelta(minutes=5)
    tries: int = 5
    pause: timedelta = timedelta(seconds=60)  # between two codes to one phone
    per_phone_hour: int = 5
    per_phone_day: int = 10
    per_address_hour: int = 30


@dataclass(frozen=True, slots=True)
class Wait:
    """A refusal to send another code, and the moment it may be asked again."""

    why: str  # "pause" | "phone_hour" | "phone_day" | "address_hour"
    until: datetime


def normal_phone(text: str) -> str:
    """A mainland mobile number as eleven digits: blanks, dashes and +86/0086 are taken away.

    Unknown shapes are returned stripped; `is_phone` says whether the result can be used.
    """
    digits = re.sub(r"[\s\-()（）]", "", text)
    digits = digits.translate(str.maketrans("０１２３４５６７８９＋", "0123456789+"))
    for prefix in ("+86", "0086"):
        if digits.startswith(prefix):
            return digits[len(prefix) :]
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


def is_phone(text: str) -> bool:
    """True for a mainland mobile number (YD/T 1506 numbering: eleven digits from 13 to 19)."""
    return bool(_PHONE.match(normal_phone(text)))


def is_username(text: str) -> bool:
    """Lower-case letters, digits, dot, dash, underscore; begins with a letter; 2–64 long."""
    return bool(_USERNAME.match(text))


def hash_code(code: str, phone_blind: bytes, secret: str) -> str:
    """Keyed hash binding a code to one phone, so a stolen table can neither be read nor replayed for another phone."""
    return hmac.new(secret.encode(), b"phone-code:" + phone_blind + b":" + code.encode(), hashlib.sha256).hexdigest()


def same_hash(left: str, right: str) -> bool:
    return hmac.compare_digest(left, right)


def may_send(
    *, now: datetime, to_phone: Sequence[datetime], from_address: Sequence[datetime], policy: CodePolicy
) -> Wait | None:
    """None when a code may be sent; otherwise why not and until when.

    `to_phone` and `from_address` are the moments codes were sent in the last day, in any order.
    """
    hour, day = now - timedelta(hours=1), now - timedelta(days=1)
    phone_hour = sorted(at for at in to_phone if at > hour)
    phone_day = sorted(at for at in to_phone if at > day)
    address_hour = sorted(at for at in from_address if at > hour)
    if phone_day and phone_day[-1] + policy.pause > now:
        return Wait("pause", phone_day[-1] + policy.pause)
    if len(phone_day) >= policy.per_phone_day:
        return Wait("phone_day", phone_day[-policy.per_phone_day] + timedelta(days=1))
    if len(phone_hour) >= policy.per_phone_hour:
        return Wait("phone_hour", phone_hour[-policy.per_phone_hour] + timedelta(hours=1))
    if len(address_hour) >= policy.per_address_hour:
        return Wait("address_hour", address_hour[-policy.per_address_hour] + timedelta(hours=1))
    return None


def code_usable(*, now: datetime, expires_at: datetime, tries: int, used: bool, policy: CodePolicy) -> bool:
    """True while a code may still be tried."""
    return not used and now < expires_at and tries < policy.tries


def is_idle(*, now: datetime, seen_at: datetime, limit: timedelta) -> bool:
    """True when nothing was asked for longer than `limit`; a limit of zero never logs out."""
    return bool(limit) and now - seen_at > limit


def password_stale(*, now: datetime, changed_at: datetime | None, limit: timedelta) -> bool:
    """True when a password is older than `limit`; a limit of zero means passwords do not age."""
    return bool(limit) and (changed_at is None or now - changed_at > limit)


def password_faults(password: str, *, least: int = 10) -> tuple[str, ...]:
    """What is wrong with a password: "short", "one_kind" (fewer than three of lower, upper, digit, other), "repeats".

    MLPS level 3 (GB/T 22239) asks for complexity; length counts double here: from 16 characters two kinds are enough.
    """
    faults: list[str] = []
    if len(password) < least:
        faults.append("short")
    kinds = sum(bool(re.search(pattern, password)) for pattern in (r"[a-z]", r"[A-Z]", r"\d", r"[^a-zA-Z\d]"))
    if kinds < (2 if len(password) >= 16 else 3):
        faults.append("one_kind")
    if len(set(password)) < 5:
        faults.append("repeats")
    return tuple(faults)
