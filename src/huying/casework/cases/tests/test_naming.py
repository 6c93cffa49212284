"""Pages of rooms below say in words what was done, and to which case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from huying.casework.cases.actions.opening import number_of
from huying.casework.cases.rules import Action
from huying.casework.cases.turns import chain
from huying.ground.organisation import naming


def test_chains_are_called_by_the_number_of_their_case(bring: Any) -> None:
    case = bring("pending")
    assert naming.names("chain", [chain(case.pk), "unit:x"]) == {chain(case.pk): case.number, "unit:x": "unit:x"}


@pytest.mark.parametrize(("hour", "day"), [(15, "20260302"), (16, "20260303"), (23, "20260303")])
def test_a_number_begins_with_the_day_of_the_place(hour: int, day: str) -> None:
    """Shanghai is eight hours ahead: what comes in at one in the morning is of that morning."""
    assert number_of(7, datetime(2026, 3, 2, hour, 30, tzinfo=UTC)) == f"{day}-0000007"


def test_every_deed_has_a_name() -> None:
    said = naming.names("verb", [*map(str, Action), "open", "attach", "account_created"])
    assert not [verb for verb, words in said.items() if words == verb]
