"""The history: what was spooled is found in a period once, rolled or not, put together or not, twice or not."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from huying.senses.devices.kinds import kind
from huying.senses.readings import history, places, rolling
from huying.senses.readings.spool import Spool

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
KIND = kind("smart_breaker")
FOLDERS = ["readings-0", "urgent-0"]


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.HUYING_DATA_DIR = tmp_path


def ms(moment):
    return int(moment.timestamp() * 1000)


def spooled(rows, *, partition=0, now=NOW, of="smart_breaker"):
    """(device, moment, values) into a spool file of their own; the name of the next file."""
    spool = Spool(places.spool_of("READINGS", partition))
    spool.folder.mkdir(parents=True, exist_ok=True)
    spool.name = max((p.name for p in spool.folder.glob("*.ndjson")), default="")
    lines = [{"k": of, "d": d, "a": ms(at), "r": ms(at), "s": n, "v": v} for n, (d, at, v) in enumerate(rows)]
    name, _size = spool.append(lines, now)
    spool.close()
    return name


def series(device, since, until, points, *fields):
    return history.series(KIND, device, fields, since, until, points, FOLDERS)


def hour(device=7, start=NOW):
    return [(device, start + timedelta(minutes=n), {"leak": float(n), "switch": True}) for n in range(60)]


def test_buckets_say_min_mean_max_and_last():
    spooled(hour())
    found = series(7, NOW, NOW + timedelta(hours=1), 4, "leak")
    assert found.step == timedelta(minutes=15) and [one.count for one in found.buckets] == [15] * 4
    assert found.buckets[1].at == NOW + timedelta(minutes=15)
    assert found.buckets[1].values["leak"] == {"min": 15.0, "avg": 22.0, "max": 29.0, "last": 29.0}


def test_rolling_changes_nothing_a_chart_shows(tmp_path):
    spooled([*hour(), *hour(8)])
    spooled(hour(7, NOW + timedelta(days=1)), now=NOW + timedelta(minutes=1))
    ends = NOW + timedelta(days=2)
    before = series(7, NOW, ends, 50, "leak")
    done = rolling.roll({("READINGS", 0): "9" * 13})
    assert (done.spooled, done.written, done.readings) == (2, 2, 180)
    assert series(7, NOW, ends, 50, "leak") == before
    assert [day for day, _folder in places.days_of("smart_breaker")] == [date(2026, 3, 2), date(2026, 3, 3)]
    assert not list((tmp_path / "spool").glob("*/*.ndjson"))


def test_the_file_being_written_is_not_rolled():
    name = spooled(hour())
    assert rolling.roll({("READINGS", 0): name}).spooled == 0
    assert sum(one.count for one in series(7, NOW, NOW + timedelta(hours=1), 4, "leak").buckets) == 60


def test_a_rolling_that_died_half_way_leaves_nothing_twice(monkeypatch):
    spooled(hour())
    kept = next(places.spool_of("READINGS", 0).glob("*.ndjson")).read_bytes()
    rolling.roll({("READINGS", 0): "9" * 13})
    (places.spool_of("READINGS", 0) / "0000000000001.ndjson").write_bytes(kept)  # as if it had not been unlinked
    rows = history.readings(KIND, 7, NOW, NOW + timedelta(hours=1), FOLDERS, 1000)
    assert len(rows) == 60
    rolling.roll({("READINGS", 0): "9" * 13})
    ((_day, folder),) = places.days_of("smart_breaker")
    assert len(places.parquet_in(folder)) == 2
    assert len(history.readings(KIND, 7, NOW, NOW + timedelta(hours=1), FOLDERS, 1000)) == 60
    assert rolling.compact(upto=NOW.date()) == 1
    assert len(places.parquet_in(folder)) == 1
    assert rows == history.readings(KIND, 7, NOW, NOW + timedelta(hours=1), FOLDERS, 1000)


def test_readings_come_back_as_they_were():
    chance = random.Random(1)
    told = [
        (
            7,
            NOW + timedelta(seconds=n),
            {"leak": round(chance.random() * 100, 1), "fault": chance.choice(["none", "arc"])},
        )
        for n in range(500)
    ]
    spooled(told[:250])
    rolling.roll({("READINGS", 0): "9" * 13})
    spooled(told[250:], now=NOW + timedelta(minutes=1))
    found = history.readings(KIND, 7, NOW, NOW + timedelta(hours=1), FOLDERS, 1000)
    assert [(at, values) for at, _seq, values in found] == [(at, values) for _device, at, values in told]


def test_many_small_files_become_one():
    for n in range(rolling.MANY):
        spooled(hour(start=NOW + timedelta(hours=n)), now=NOW + timedelta(minutes=n))
        rolling.roll({("READINGS", 0): "9" * 13})
    ends = NOW + timedelta(days=1)
    before = series(7, NOW, ends, 30, "leak", "fault")
    assert rolling.compact() == rolling.MANY - 1
    assert series(7, NOW, ends, 30, "leak", "fault") == before
    assert rolling.compact() == 0


def test_old_days_go_and_younger_stay():
    spooled([(7, NOW, {"leak": 1.0}), (7, NOW + timedelta(days=1), {"leak": 2.0})])
    rolling.roll({("READINGS", 0): "9" * 13})
    assert rolling.let_go(NOW.date() + timedelta(days=KIND.keep_days)) == 0
    assert rolling.let_go(NOW.date() + timedelta(days=KIND.keep_days + 1)) == 1
    assert len(history.readings(KIND, 7, NOW, NOW + timedelta(days=3), FOLDERS, 10)) == 1


def test_half_a_line_and_other_kinds_and_devices_do_not_disturb():
    spooled([(7, NOW, {"leak": 1.0}), (8, NOW, {"leak": 2.0})])
    spooled([(7, NOW, {"open": True})], of="door", now=NOW + timedelta(seconds=1))
    path = max(places.spool_of("READINGS", 0).glob("*.ndjson"))
    with path.open("ab") as handle:
        handle.write(b'{"k":"smart_breaker","d":7,"a":17')
    found = history.readings(KIND, 7, NOW, NOW + timedelta(hours=1), FOLDERS, 10)
    assert [values for _at, _seq, values in found] == [{"leak": 1.0}]


def test_nothing_is_an_empty_answer():
    assert series(7, NOW, NOW + timedelta(hours=1), 10, "leak").buckets == ()
