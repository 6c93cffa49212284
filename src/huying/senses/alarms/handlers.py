"""What the alarms do on facts of cases and devices. Every handler may run twice."""

from __future__ import annotations

from collections.abc import Sequence

from huying.casework.cases.facts import CaseClosed, CaseDeclined, CaseMerged, CaseSentBack, CaseUnmerged
from huying.kernel.actor import system
from huying.kernel.facts import subscribe
from huying.senses.devices.facts import DevicePaused

from . import actions

ALARMS = system("alarms")


@subscribe(CaseClosed)
def close(told: Sequence[CaseClosed]) -> None:
    """The case is closed, and with it what the device had said."""
    actions.close_with_cases({fact.case_id: (fact.at, fact.by) for fact in told}, actor=ALARMS)


@subscribe(CaseDeclined)
def declined(told: Sequence[CaseDeclined]) -> None:
    """Nobody will handle the case; the alarm is over with it."""
    actions.close_with_cases({fact.case_id: (fact.at, fact.by) for fact in told}, actor=ALARMS)


@subscribe(CaseSentBack)
def sent_back(told: Sequence[CaseSentBack]) -> None:
    """Done again: the alarm waits for its cause again."""
    actions.reopen_with_cases({fact.case_id: (fact.at, fact.by) for fact in told}, actor=ALARMS)


@subscribe(CaseMerged)
def merged(told: Sequence[CaseMerged]) -> None:
    """Alarms follow their case into the one it was merged into."""
    actions.follow_merges([fact.case_id for fact in told])


@subscribe(CaseUnmerged)
def unmerged(told: Sequence[CaseUnmerged]) -> None:
    """And go back with it."""
    actions.follow_merges([fact.from_id for fact in told])


@subscribe(DevicePaused)
def stopped(told: Sequence[DevicePaused]) -> None:
    """What a device had said last means nothing once it is paused or retired; nothing sticks."""
    actions.stop_alarms({fact.device_id: fact.at for fact in told}, actor=ALARMS)
