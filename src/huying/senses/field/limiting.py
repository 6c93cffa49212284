"""Local limits of field work: days, shares, radii, and why a task may be passed over. A place sets its own from a day on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from .doubting import DoubtLimits

MOST_REASONS: Final = 20
OTHER: Final = "other"
_CODE: Final = re.compile(r"[a-z][a-z_]{0,15}")
_TAKEN: Final = frozenset({"missed"})  # the program's own word for a round nobody walked
_LONGEST: Final = 60


class Severity(StrEnum):
    """How grave a failed item is; ``at_once`` cannot wait for the next day."""

    MINOR = "minor"
    SERIOUS = "serious"
    AT_ONCE = "at_once"


@dataclass(frozen=True, slots=True)
class SkipReason:
    """Why a task cannot be done. ``again_days``: asked again so soon; None: it counts as looked at until the next turn."""

    zh: str
    en: str
    again_days: int | None = None


SKIPS: Final[Mapping[str, SkipReason]] = {
    "closed": SkipReason("没有开门或没有人", "Closed, or nobody there", 3),
    "refused": SkipReason("不让进", "Entry refused", 3),
    "moved": SkipReason("已经搬走或停业", "Moved away or out of business"),
    "demolished": SkipReason("房屋已经拆除", "Building pulled down"),
    "unsafe": SkipReason("现场有危险", "Not safe to enter", 1),
    "wrong_place": SkipReason("地址不对，找不到", "Wrong address, not found", 7),
    OTHER: SkipReason("其他", "Other", 3),
}
# Value → the least and the most that makes sense.
RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "position_days": (1, 180), "sample_percent": (0, 100), "horizon_days": (1, 366), "warning_days": (0, 60),
    "check_days": (0, 60), "longest_duty_hours": (1, 24), "slack_metres": (0, 1000), "worst_accuracy": (10, 5000),
    "top_speed": (1, 400), "least_seconds": (0, 3600), "clock_minutes": (1, 1440), "amend_hours": (0, 8760),
}  # fmt: skip
_REINSPECT: Final = (0, 365)


@dataclass(frozen=True, slots=True)
class Policy:
    """Local limits of field work; every one can be set by a place from a day on (``FieldPolicy``).

    Days unless named otherwise; ``sample_percent`` of finished work is verified each day, ``amend_hours`` is how long
    whoever filled a form in may correct it by themselves.
    """

    position_days: int = 90
    sample_percent: int = 5
    horizon_days: int = 31
    reinspect_days: Mapping[str, int] = field(
        default_factory=lambda: {Severity.MINOR: 15, Severity.SERIOUS: 7, Severity.AT_ONCE: 1}
    )
    warning_days: int = 3
    check_days: int = 2
    longest_duty_hours: int = 14
    amend_hours: int = 72
    supervision_phone: str = "12345"
    skips: Mapping[str, SkipReason] = field(default_factory=lambda: SKIPS)
    limits: DoubtLimits = field(default_factory=DoubtLimits)

    def days_to_reinspect(self, severity: str) -> int:
        return self.reinspect_days.get(severity, self.reinspect_days.get(Severity.MINOR, 15))


def read_policy(values: Mapping[str, Any]) -> Policy:
    """The limits with a place's own values in their stead. ValueError names a value that makes no sense."""
    own: dict[str, Any] = {}
    for name, value in values.items():
        if name in RANGES:
            own[name] = _number(name, value, *RANGES[name])
        elif name == "reinspect_days":
            own[name] = _reinspect(value)
        elif name == "supervision_phone" and isinstance(value, str) and len(value) <= 20:
            own[name] = value
        elif name == "skips":
            own[name] = _reasons(value)
        else:
            raise ValueError(name)
    limits = {one.name for one in fields(DoubtLimits)}
    doubt = DoubtLimits(**{name: own.pop(name) for name in list(own) if name in limits})
    return Policy(**own, limits=doubt)


def told_policy(policy: Policy) -> dict[str, Any]:
    """All values of a policy as they are kept; ``read_policy`` makes the same policy of them."""
    told = {one.name: getattr(policy, one.name) for one in fields(Policy) if one.name != "limits"}
    told["reinspect_days"] = {str(name): days for name, days in policy.reinspect_days.items()}
    told["skips"] = [{"code": code, **asdict(one)} for code, one in policy.skips.items()]
    return told | asdict(policy.limits)


def _number(name: str, value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(name)
    return value


def _reinspect(value: object) -> dict[str, int]:
    if not isinstance(value, Mapping) or not set(value) <= {str(one) for one in Severity}:
        raise ValueError("reinspect_days")
    return {str(name): _number("reinspect_days", days, *_REINSPECT) for name, days in value.items()}


def _reasons(value: object) -> dict[str, SkipReason]:
    """Reasons by code, in the order given; ``other`` is always among them."""
    if not isinstance(value, list) or len(value) > MOST_REASONS:
        raise ValueError("skips")
    found = dict(_reason(one) for one in value)
    if OTHER not in found or len(found) < len(value):
        raise ValueError("skips")
    return found


def _reason(one: object) -> tuple[str, SkipReason]:
    if not isinstance(one, Mapping) or not set(one) <= {"code", "zh", "en", "again_days"}:
        raise ValueError("skips")
    code, zh, en = one.get("code"), one.get("zh"), one.get("en", "")
    if not all(isinstance(said, str) and len(said) <= _LONGEST for said in (code, zh, en)):
        raise ValueError("skips")
    if not _CODE.fullmatch(str(code)) or code in _TAKEN or not str(zh).strip():
        raise ValueError("skips")
    again = one.get("again_days")
    days = None if again is None else _number("skips", again, 1, 365)
    return str(code), SkipReason(str(zh).strip(), str(en).strip() or str(zh).strip(), days)
