"""By when something was promised: pure, whatever the office did in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from huying.senses.portal.rules import PROMISING, promised

DUE = datetime(2026, 3, 10, 9, tzinfo=UTC)
EARLIER, LATER = DUE - timedelta(days=2), DUE + timedelta(days=2)


def test_what_was_taken_back_is_remembered_only_when_it_promised_less() -> None:
    assert promised(DUE, []) == DUE
    assert (
        promised(DUE, [("dispatch", EARLIER.isoformat()), ("recall", None), ("dispatch", DUE.isoformat())]) == EARLIER
    )
    assert promised(DUE, [("dispatch", LATER.isoformat()), ("recall", None), ("dispatch", DUE.isoformat())]) == DUE
    assert promised(DUE, [("dispatch", None), ("recall", None)]) == DUE


@given(st.lists(st.tuples(st.sampled_from(sorted(PROMISING)), st.integers(-500, 500)), max_size=12))
def test_no_step_of_the_office_puts_a_promise_off(steps: list[tuple[str, int]]) -> None:
    said = [(verb, (DUE + timedelta(hours=hours)).isoformat()) for verb, hours in steps]
    assert promised(DUE, said) <= DUE
    assert promised(DUE, [*said, ("order_redo", None)]) == DUE
