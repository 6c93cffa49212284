"""`huying readings status|roll`: what the cursors say beside what the stream says, also when it does not answer."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from huying.kernel.stream import READINGS, partition_of, publisher, reading_subject
from huying.senses.devices.factories import make_device
from huying.senses.readings.commands import roll, status
from huying.senses.readings.models import Cursor
from huying.senses.readings.status import fares


def said(command: Any, *arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(command, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.output)
    return told


@pytest.mark.django_db
def test_without_a_stream_the_cursors_still_speak(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", told(0, 1, leak=1.0))
    drain.say("b-1", b"rubbish")
    streams = said(status)["streams"]
    readings = streams[READINGS]
    assert (readings["taken"], readings["readings"], readings["refused"]) == (2, 1, 1)
    assert readings["waiting"] is None and readings["why"]
    assert streams["URGENT"]["taken"] == 0


@pytest.mark.django_db
def test_rolling_says_what_it_did(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", told(0, 1, leak=1.0))
    assert said(roll)["spooled"] == 0, "the file still written to stays"


@pytest.mark.django_db(transaction=True)
def test_what_waits_is_what_no_cursor_has_passed(streams):
    code = "d-1"
    seqs = publisher().publish_many([(reading_subject(code), b"{}", "") for _ in range(20)])
    Cursor.objects.create(stream=READINGS, partition=partition_of(code), seq=seqs[4], taken=5)
    readings, urgent = fares()
    assert (readings.standing.taken, readings.waiting) == (5, 15)
    assert readings.state is not None and 0 < readings.state.share < 1
    assert urgent.waiting == 0
