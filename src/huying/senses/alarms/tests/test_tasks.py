"""The background job: nothing that fails keeps people from being called, and no run is endless."""

from datetime import timedelta
from typing import Any

import pytest

from huying.casework.cases.factories import NOW
from huying.senses.alarms import tasks
from huying.senses.alarms.actions.climbing import Climbed

pytestmark = pytest.mark.django_db


def test_whatever_fails_people_are_called_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def end_drills(**_given: Any) -> int:
        raise ValueError("no rules")

    monkeypatch.setattr(tasks.actions, "end_drills", end_drills)
    monkeypatch.setattr(tasks.actions, "climb_ladders", lambda **_given: called.append("climbed") or Climbed())
    with pytest.raises(ValueError, match="no rules"):
        tasks.sweep(0)
    assert called == ["climbed"]


def test_each_portion_is_claimed_at_its_own_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(NOW + timedelta(seconds=n) for n in range(100))
    seen: dict[str, Any] = {}
    monkeypatch.setattr(tasks, "now", lambda: next(moments))
    monkeypatch.setattr(tasks.actions, "climb_ladders", lambda **given: seen.update(climbed=given["now"]) or Climbed())
    monkeypatch.setattr(tasks.actions, "send_steps", lambda **given: seen.update(sent=given["now"]) or 0)
    tasks.follow()
    assert seen["sent"] > seen["climbed"]


def test_a_run_is_bounded_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[bool] = []
    again: list[bool] = []
    monkeypatch.setattr(tasks, "LONGEST", 0.0)
    monkeypatch.setattr(tasks.actions, "climb_ladders", lambda **_given: rounds.append(True) or Climbed(1, 1))
    monkeypatch.setattr(tasks.actions, "follow_soon", lambda **given: again.append(given["urgent"]))
    tasks.follow()
    assert (rounds, again) == ([True], [True])
