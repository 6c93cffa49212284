"""What a private field said goes with its history; that there was an alarm, and why, stays."""

from datetime import timedelta

import pytest

from huying.casework.cases.factories import NOW, Cast
from huying.kernel.errors import Forbidden
from huying.senses.alarms.actions import forget_private
from huying.senses.alarms.factories import make_alarm
from huying.senses.devices.kinds import kind

from .conftest import ALARMS, make_device

KEEPS = timedelta(days=kind("wearable").keep_days)
SAID = {"value": 141, "words_zh": "心率 141 次/分", "words_en": "Heart rate 141/min", "urgent": False, "severity": 2}
OVER = {"cleared_at": NOW, "cleared_by": "reading", "closed_at": NOW, "closed_by": "person:1", "cause": "real"}


def test_private_values_go_when_their_time_is_over(cast: Cast) -> None:
    band, detector = make_device("WB-1", kind="wearable"), make_device()
    old = make_alarm(band, NOW, kind="heart_rate", field="heart_rate", **SAID, **OVER)
    battery = make_alarm(band, NOW, kind="battery", field="battery", **SAID, **OVER)
    smoke = make_alarm(detector, NOW, field="density", **SAID, **OVER)
    later = {**OVER, "cleared_at": NOW + timedelta(days=1), "closed_at": NOW + timedelta(days=1)}
    young = make_alarm(band, NOW, kind="oxygen", field="spo2", **SAID, **later)
    still = make_alarm(band, NOW, kind="heart_rate", field="heart_rate", **SAID)
    assert forget_private(actor=ALARMS, now=NOW + KEEPS) == 0
    assert forget_private(actor=ALARMS, now=NOW + KEEPS + timedelta(minutes=1)) == 1
    assert forget_private(actor=ALARMS, now=NOW + KEEPS + timedelta(minutes=1)) == 0
    for one in (old, battery, smoke, young, still):
        one.refresh_from_db()
    assert (old.value, old.words_zh, old.words_en) == (None, "", "")
    assert (old.kind, old.cause, old.count) == ("heart_rate", "real", 1)
    assert [one.value for one in (battery, smoke, young, still)] == [141] * 4


def test_only_the_program_forgets(cast: Cast) -> None:
    band = make_device("WB-1", kind="wearable")
    alarm = make_alarm(band, NOW, kind="heart_rate", field="heart_rate", **SAID, **OVER)
    with pytest.raises(Forbidden):
        forget_private(actor=cast.zhao_centre, now=NOW + 2 * KEEPS)
    alarm.refresh_from_db()
    assert alarm.value == 141
