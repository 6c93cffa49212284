"""Which model speaks: a worse one is never switched on by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Subject(StrEnum):
    """What is learned. Labels are codes, so renaming an item or a unit breaks nothing."""

    ITEM = "item"  # 事项: code of the catalogue item; its class is the sum over the items of the class
    UNIT = "unit"  # 承办单位: code of the unit that closed it
    URGENCY = "urgency"  # 紧急: "urgent" or "plain"


URGENT, PLAIN = "urgent", "plain"
NEWEST_SHARE: Final = 0.2  # of the examples, the newest, are set aside to judge by
FEWEST_TO_JUDGE: Final = 30
LIKELY_UNIT: Final = 0.5  # from here on a dispatcher is told which unit has handled the like
URGENT_FROM: Final = 0.8  # from here on a matter is taken for urgent
_SLACK: Final = 0.002  # of macro-F1: less is chance


@dataclass(frozen=True, slots=True)
class Example:
    """One text and the code people settled on. ``weight`` counts what a person corrected more than what passed by."""

    text: str
    label: str
    weight: float = 1.0
    case_id: int = 0


def set_aside(examples: Sequence[Example]) -> tuple[Sequence[Example], Sequence[Example]]:
    """To learn from and to judge by, the examples being in order of time. Too few leave nothing to judge by."""
    count = int(len(examples) * NEWEST_SHARE)
    if count < FEWEST_TO_JUDGE:
        return examples, ()
    return examples[:-count], examples[-count:]


def may_replace(card: Mapping[str, Any], present: Mapping[str, Any]) -> bool:
    """Whether a new model may be switched on by itself: judged on the same texts, and not worse than what speaks now."""
    if not card or not present:
        return False
    return bool(card["macro_f1"] >= present["macro_f1"] - _SLACK and card["accuracy"] >= present["accuracy"] - _SLACK)


def needed_confidence(card: Mapping[str, Any], precision: float) -> tuple[float, float] | None:
    """From which confidence matters go out with the demanded precision, and what share of them that is.

    Read from the card's ``curve``: (confidence, precision, share), most confident first. ``None`` when the model never
    reaches it.
    """
    found = None
    for confidence, reached, share in card.get("curve", ()):
        if reached >= precision:
            found = float(confidence), float(share)
    return found
