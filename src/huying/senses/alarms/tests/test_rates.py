"""How good the alarms are: how many were false, how long they waited for somebody."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

from django.db import connection
from django.db.migrations import AddIndex, RemoveIndex
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import GRID_3, NOW, Cast, account_of
from huying.kernel import clock
from huying.kernel.indexes import BuildIndex, DropIndex
from huying.senses.alarms import queries
from huying.senses.alarms.factories import make_alarm
from huying.senses.alarms.models import Alarm

from .conftest import make_device

MINUTE = timedelta(minutes=1)


def test_alarms_are_raised_while_the_indexes_of_rates_are_built(cast: Cast) -> None:
    migration = import_module("huying.senses.alarms.migrations.0004_rated").Migration
    changes = [one for one in migration.operations if isinstance(one, AddIndex | RemoveIndex)]
    assert [type(one) for one in changes] == [BuildIndex, BuildIndex, DropIndex]
    assert migration.atomic is False
    with connection.cursor() as ask:
        ask.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", [Alarm._meta.db_table])
        found = {name for (name,) in ask}
    assert {"alarm_rated", "alarm_false"} <= found and "alarm_judged" not in found


def test_false_rates_leave_out_tests_and_what_nobody_judged(cast: Cast) -> None:
    for number, (cause, more) in enumerate(
        [("real", {}), ("false_hand", {}), ("false_place", {}), ("itself", {}), ("false_hand", {"test": True})]
    ):
        at = {"closed_at": NOW, "closed_by": "person:1", "cause": cause}
        make_alarm(make_device(f"F-{number}"), NOW, cleared_at=NOW, cleared_by="reading", **at, **more)
    (rate,) = queries.false_rates(cast.tang_grid, since=NOW, until=NOW + MINUTE)
    assert (rate.judged, rate.false, rate.share) == (3, 2, 67)
    by_device = queries.false_rates(cast.tang_grid, since=NOW, until=NOW + MINUTE, by="device")
    assert [(one.key, one.share) for one in by_device] == [("F-1", 100), ("F-2", 100), ("F-0", 0)]


def test_the_rates_of_a_page_agree_with_those_by_one_thing_each(cast: Cast) -> None:
    for number, kind in enumerate(("smoke", "wearable", "smoke")):
        device = make_device(f"F-{number}", kind=kind)
        for turn in range(number + 1):
            cause = ("real", "false_hand", "itself", "false_place")[(number + turn) % 4]
            make_alarm(
                device, NOW, kind=f"k{turn}", cleared_at=NOW, cleared_by="reading", closed_at=NOW, closed_by="x", cause=cause
            )  # fmt: skip
    over = {"since": NOW, "until": NOW + MINUTE}
    with CaptureQueriesContext(connection) as seen:
        found = queries.rates(cast.tang_grid, **over)
    assert len(seen.captured_queries) == 3
    assert found.kinds == queries.false_rates(cast.tang_grid, **over)
    assert found.device_kinds == queries.false_rates(cast.tang_grid, **over, by="device_kind")
    every = queries.false_rates(cast.tang_grid, **over, by="device")
    assert found.devices == [one for one in every if one.false] and len(found.devices) < len(every)
    (worst,) = queries.rates(cast.tang_grid, **over, bound=1).devices
    assert worst in found.devices
    assert queries.rates(cast.fang_qiaodong, **over).devices == []


def test_how_long_alarms_waited_for_somebody(cast: Cast, client: Client, settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    over = {"cleared_at": NOW, "cleared_by": "reading", "closed_at": NOW, "closed_by": "x", "cause": "real"}
    taken = {"acknowledged_by": "person:1", "acknowledged_name": "唐网格"}
    for seconds in range(10, 110, 10):
        device = make_device(f"W-{seconds}", kind="wearable")
        make_alarm(device, NOW, kind="sos", acknowledged_at=NOW + timedelta(seconds=seconds), **taken, **over)
    make_alarm(make_device("W-0"), NOW, **over)
    far = make_device("W-9", area=GRID_3)
    make_alarm(far, NOW, kind="sos", acknowledged_at=NOW + 60 * MINUTE, **taken, **over)
    with CaptureQueriesContext(connection) as seen:
        (one,) = queries.waited(cast.tang_grid, since=NOW, until=NOW + MINUTE)
    assert len(seen.captured_queries) == 1
    assert (one.kind, one.count, one.half, one.most) == ("sos", 10, timedelta(seconds=50), timedelta(seconds=90))
    Alarm.objects.update(closed_at=clock.now())
    client.force_login(account_of(cast.tang_grid))
    page = client.get("/desk/alarms/rates/", headers={"accept-language": "zh-hans"}).content.decode()
    assert "50 秒内" in page and "1 分 30 秒内" in page
