"""Settings that make no sense stop the start with a hint."""

from __future__ import annotations

from typing import Any

import pytest

from huying.config.checks import check_departures, check_retention


@pytest.mark.parametrize(("days", "problems"), [(30, 0), (180, 0), (3650, 0), (29, 1), (0, 1), (3651, 1)])
def test_departures_are_known_for_longer_than_a_phone_keeps_its_records(
    days: int, problems: int, settings: Any
) -> None:
    settings.HUYING_DEPARTURE_DAYS = days
    found = check_departures(None)
    assert len(found) == problems and all("30" in str(one.hint) for one in found)


@pytest.mark.parametrize(("days", "problems"), [(30, 0), (1095, 0), (36_500, 0), (29, 1), (0, 1), (36_501, 1)])
def test_personal_data_is_kept_for_a_time_somebody_decided_on(days: int, problems: int, settings: Any) -> None:
    settings.HUYING_RETENTION_DAYS = days
    assert len(check_retention(None)) == problems
