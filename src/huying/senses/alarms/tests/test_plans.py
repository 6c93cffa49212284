"""What is asked every second finds its rows by an index, however many alarms there ever were."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import GRID_1, GRID_2, NOW, Cast
from huying.kernel.actor import Actor
from huying.senses.alarms import queries
from huying.senses.alarms.actions import climb_ladders, end_drills, send_steps, settle_covers
from huying.senses.alarms.calling import ConsoleCaller
from huying.senses.alarms.models import Alarm
from huying.senses.devices.models import Device

from .conftest import ALARMS
from .test_climbing import Phones

MANY = int(os.environ.get("HUYING_TEST_ALARMS", "40000"))  # 1000000 to measure


@pytest.fixture
def crowd(cast: Cast) -> Actor:
    """Devices with many alarms each, nearly all of them long over; a few hundred are open, some climb."""
    rows = [
        Device(
            code=f"P-{n}", kind="smoke", area=GRID_1 if n % 2 else GRID_2, name="P", created_at=NOW, created_by="x",
            changed_at=NOW, changed_by="x",
        )
        for n in range(max(400, MANY // 100))
    ]  # fmt: skip
    Device.objects.bulk_create(rows, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute(_ALARMS, [NOW, NOW, NOW, MANY])
        cursor.execute(_STEPS, [cast.ma_liuan.person_id, NOW])
        cursor.execute("ANALYZE alarms_alarm; ANALYZE devices_device; ANALYZE alarms_step")
    return cast.tang_grid


_ALARMS = """
INSERT INTO alarms_alarm (uid, device_id, area, kind, rule, severity, peak, urgent, test, opened_at, last_at, count, field,
       words_zh, words_en, acknowledged_by, acknowledged_name, cleared_by, closed_by, closed_name, cause, cause_words, item,
       wants_case, wants_telling, rung, cleared_at, closed_at, climbs_at)
SELECT gen_random_uuid(), d.id, d.area, 'smoke', 'smoke', 1 + i %% 4, 1 + i %% 4, true, false,
       %s::timestamptz - i * interval '10 seconds', %s::timestamptz, 1, '', '', '', '', '',
       CASE WHEN i > 300 THEN 'reading' ELSE '' END, CASE WHEN i > 300 THEN 'x' ELSE '' END, '',
       CASE WHEN i > 300 THEN 'real' ELSE '' END, '', '', false, false, 0,
       CASE WHEN i > 300 THEN now() END, CASE WHEN i > 300 THEN now() END,
       CASE WHEN i <= 100 THEN %s::timestamptz END
  FROM generate_series(1, %s) AS i
  JOIN (SELECT id, area, row_number() OVER (ORDER BY id) - 1 AS nth FROM devices_device WHERE code LIKE 'P-%%') AS d
    ON d.nth = i %% (SELECT count(*) FROM devices_device WHERE code LIKE 'P-%%')
"""
_STEPS = """
INSERT INTO alarms_step (alarm_id, number, rung, who, person_id, name, channel, due_at, sent_at, tries, result, words)
SELECT id, 1, 1, 'duty', %s, '', CASE WHEN climbs_at IS NULL THEN 'app' ELSE 'sms' END, %s,
       CASE WHEN climbs_at IS NULL THEN now() END, 0, CASE WHEN climbs_at IS NULL THEN 'sent' ELSE 'waiting' END, ''
  FROM alarms_alarm
"""


def plans(ask: Any) -> list[str]:
    """The plans of the questions about alarms and steps that ``ask`` comes to."""
    with CaptureQueriesContext(connection) as seen:
        began = time.perf_counter()
        ask()
        took = 1000 * (time.perf_counter() - began)
    found = []
    for one in seen.captured_queries:
        sql = one["sql"]
        if sql.startswith("SELECT") and ("alarms_alarm" in sql or "alarms_step" in sql):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + sql)
                found.append("\n".join(line for (line,) in cursor.fetchall()))
    print(f"{took:.1f} ms\n" + "\n".join(found))
    return found


def test_every_question_that_is_asked_all_the_time_has_its_index(crowd: Actor) -> None:
    one = Device.objects.get(code="P-7")
    asked = {
        "board": lambda: queries.board(crowd),
        "board of an area": lambda: queries.board(crowd, queries.Narrowing(area=GRID_1, least=3)),
        "closed, newest first": lambda: queries.board(crowd, queries.Narrowing(state="closed")),
        "counts": lambda: queries.counts(crowd),
        "history of a device": lambda: queries.of_device(one),
        "steps of an alarm": lambda: queries.steps_of(Alarm.objects.filter(device=one).latest("id")),
        "due rungs": lambda: climb_ladders(actor=ALARMS, now=NOW, most=20),
        "steps to send": lambda: send_steps(sender=Phones(), caller=ConsoleCaller(), actor=ALARMS, now=NOW),
        "covered": lambda: settle_covers(actor=ALARMS, now=NOW),
        "tests": lambda: end_drills(actor=ALARMS, now=NOW),
    }
    for name, ask in asked.items():
        print(f"--- {name}")
        found = plans(ask)
        assert found, name
        for plan in found:
            assert "Seq Scan on alarms_alarm " not in plan and "Seq Scan on alarms_step " not in plan, f"{name}\n{plan}"
