"""Pages of rooms below say in words what was done, and to which case."""

from __future__ import annotations

from typing import Any

from huying.casework.cases.rules import Action
from huying.casework.cases.turns import chain
from huying.ground.organisation import naming


def test_chains_are_called_by_the_number_of_their_case(bring: Any) -> None:
    case = bring("pending")
    assert naming.names("chain", [chain(case.pk), "unit:x"]) == {chain(case.pk): case.number, "unit:x": "unit:x"}


def test_every_deed_has_a_name() -> None:
    said = naming.names("verb", [*map(str, Action), "open", "attach", "account_created"])
    assert not [verb for verb, words in said.items() if words == verb]
