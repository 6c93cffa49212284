"""What supervision tells the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFact(Fact):
    order_id: int
    case_id: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRaised(OrderFact):
    cause: str
    grade: str
    unit_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAnswered(OrderFact):
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderGradeRaised(OrderFact):
    grade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderClosed(OrderFact):
    pass
