"""How long do the pages of devices and alarms take with very many devices, and a chart of any device over any period?

Whole pages as a browser asks for them, server-side: session, access, queries, template. Charts are read from a history with
a week of every device's readings, and from what is spooled and not rolled yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from bench.harness import Bench
from bench.rows.place import found_place

KINDS = ("smart_breaker", "wearable", "smoke", "gas", "door_magnet", "water_level", "entrance_counter")
ALARMING = 100  # one device of so many has an open alarm
FALSE = 5  # one of so many had false alarms
SILENT = 50  # one of so many is silent
PAGE = 50
DAYS = 7
EVERY = timedelta(minutes=10)
AIM_MS, CHART_AIM_MS = 200.0, 1_000.0
_LAST = """
INSERT INTO devices_lastvalue (device_id, at, received_at, seq, values, online, silent_since, state)
SELECT id, %(now)s, %(now)s, 1, '{"leak": 3.5, "power": 120.0, "switch": true}', id %% %(silent)s > 0,
       CASE WHEN id %% %(silent)s = 0 THEN %(now)s::timestamptz END, '{}' FROM devices_device
"""


def ask(bench: Bench) -> None:
    from django.conf import settings
    from django.db import connection

    from huying.config.warming import settle
    from huying.kernel import clock

    settings.HUYING_DATA_DIR = Path(bench.place)
    settings.ALLOWED_HOSTS = ["*"]
    settings.HUYING_REQUIRE_TOTP = False
    now = clock.now()
    place = found_place(now, min(bench.size, 1_000))
    codes = _register(bench, place, now)
    _hung(now)
    with connection.cursor() as cursor:
        cursor.execute(_LAST, {"now": now, "silent": SILENT})
        cursor.execute("VACUUM ANALYZE")
    settle()
    times = 20 if bench.size >= 10_000 else 3
    _pages(bench, _keeper(now), codes, times)
    _charts(bench, now, times)


def _register(bench: Bench, place: Any, now: datetime) -> list[str]:
    """Devices of every kind all over the district, spread within their grids."""
    from huying.ground.territory.models import Area
    from huying.kernel.actor import SYSTEM
    from huying.senses.devices.actions import register_devices
    from huying.senses.devices.drafts import DeviceDraft
    from huying.senses.devices.kinds import kinds

    grids = list(
        Area.objects.filter(level="grid", valid_to__isnull=True).order_by("code").values_list("code", "lon", "lat")
    )
    known = [one for one in KINDS if one in kinds()]
    drafts = []
    for number in range(bench.size):
        code, lon, lat = grids[number % len(grids)]
        part = number // len(grids)
        drafts.append(
            DeviceDraft(
                code=f"n-{number}", kind=known[number % len(known)], area=code, name=f"湖滨路{number}号的设备",
                serial=f"SN{number:08d}", address=f"湖滨路{number % 500}号", lon=lon + part % 17 * 1e-4, lat=lat + part % 13 * 1e-4,
            )
        )  # fmt: skip
    with bench.once("register devices", len(drafts)):
        for start in range(0, len(drafts), 1_000):
            register_devices(drafts[start : start + 1_000], actor=SYSTEM, now=now)
    return [one.code for one in drafts]


def _hung(now: datetime) -> None:
    """Open alarms of one device in a hundred, and closed ones of a year: three a device."""
    from huying.senses.alarms.models import Alarm
    from huying.senses.devices.models import Device

    rows = []
    for pk, area in Device.objects.values_list("pk", "area"):
        for number in range(3 + (pk % ALARMING == 0)):
            at = now - timedelta(hours=2 + 2_000 * number, seconds=pk % 3_600)
            row = Alarm(
                uid=uuid4(), device_id=pk, area=area, kind="smoke", rule="smoke", severity=1 + pk // ALARMING % 4,
                peak=1 + pk // ALARMING % 4, opened_at=at, last_at=at, urgent=False,
            )  # fmt: skip
            if number or pk % ALARMING:
                row.cleared_at = row.closed_at = at + timedelta(minutes=9)
                row.cleared_by, row.closed_by = "reading", "system"
                row.cause = "works" if pk % FALSE else "false_place"
            rows.append(row)
    Alarm.objects.bulk_create(rows, batch_size=5_000)


def _keeper(now: datetime) -> Any:
    """Somebody who looks after the devices of the whole place, signed in."""
    from django.conf import settings
    from django.test import Client
    from tests.sessions import session_of

    from huying.ground.accounts.factories import make_staff
    from huying.ground.organisation.models import Appointment, Person, Post, Unit
    from huying.ground.territory.models import Area

    began = (now - timedelta(days=400)).date()
    county = Area.objects.filter(level="grid").order_by("code").values_list("code", flat=True)[0][:6]
    user = make_staff("bench-keeper", name="罗设备")
    person = Person.objects.create(number="BK", name="罗设备", valid_from=began, user=user)
    post, _made = Post.objects.get_or_create(
        code="device_keeper", defaults={"name": "设备管理员", "role": "device_keeper"}
    )
    unit = Unit.objects.order_by("level", "pk")[0]
    Appointment.objects.create(person=person, unit=unit, post=post, role="device_keeper", area=county, valid_from=began)
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(user)
    return client


def _pages(bench: Bench, client: Any, codes: Sequence[str], times: int) -> None:
    """Lists first and deep, the map whole and near, a device, the alarm board; beside the list's rows by plain SQL."""
    from django.db import connection

    grid = _area(codes[0])
    deep = _deep(client)
    pages = {
        "list": "/desk/devices/", "list, deep": f"/desk/devices/?cursor={deep}", "list of a kind": "/desk/devices/?kind=smoke",
        "list of a community": f"/desk/devices/?area={grid[:12]}", "list, silent": "/desk/devices/?online=offline",
        "list, alarming": "/desk/devices/?alarm=1", "list, by words": "/desk/devices/?q=SN00000042",
        "list, common words": "/desk/devices/?q=湖滨路", "map": "/desk/devices/map/",
        "map: everything there is": "/desk/devices/map/points.geojson", "device": f"/desk/devices/{codes[0]}/",
        "alarm board": "/desk/alarms/", "alarm rates": "/desk/alarms/rates/",
        "alarm rates of a year": "/desk/alarms/rates/?days=365",
    }  # fmt: skip
    spent = {name: _timed(bench, name, lambda _n, at=at: _got(client, at), times) for name, at in pages.items()}

    def rows(_number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT d.*, l.at, l.online FROM devices_device d LEFT JOIN devices_lastvalue l ON l.device_id = d.id"
                " WHERE d.state <> 'retired' ORDER BY area, code LIMIT %s", [PAGE + 1],
            )  # fmt: skip
            cursor.fetchall()

    raw = bench.time("the rows of the list by plain SQL", rows, times=times)
    bench.ratio("rows by plain SQL / list page", raw / spent["list"])
    late = [name for name, p95 in spent.items() if p95 > AIM_MS]
    bench.ratio(f"pages within {AIM_MS:.0f} ms (p95)", 1 - len(late) / len(spent))


def _timed(bench: Bench, name: str, call: Callable[[int], object], times: int) -> float:
    bench.time(name, call, times=times, warm=2, pages=True)
    return float(bench.rows[-1]["p95_ms"])


def _got(client: Any, address: str) -> Any:
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")
    return answer


def _deep(client: Any) -> str:
    """Where the list goes on after some pages."""
    cursor = ""
    for _turn in range(5):
        found = re.search(r"cursor=([^\"&]+)", _got(client, f"/desk/devices/?cursor={cursor}").content.decode())
        cursor = found[1] if found else cursor
    return cursor


def _area(code: str) -> str:
    from huying.senses.devices.models import Device

    return str(Device.objects.values_list("area", flat=True).get(code=code))


# --- charts --------------------------------------------------------------------------------------------------------------


def _charts(bench: Bench, now: datetime, times: int) -> None:
    """Any breaker, any period, beside one scan of a device's rows by plain SQL over the same files."""
    from huying.senses.devices.kinds import kind
    from huying.senses.devices.models import Device
    from huying.senses.readings import duck, places, queries

    breaker = kind("smart_breaker")
    every = list(Device.objects.filter(kind=breaker.code).order_by("pk"))
    end = datetime.combine(now.astimezone(UTC).date(), datetime.min.time(), UTC)
    with bench.once("history written", len(every) * DAYS * int(timedelta(days=1) / EVERY)):
        for day in range(DAYS):
            _day(breaker, [one.pk for one in every], end - timedelta(days=day + 1))
    _spooled(every[0], now, places.spool_of("READINGS", 0).parent)
    spent = []
    for what, length in (("an hour", 1), ("a day", 24), ("a week", 24 * DAYS)):
        for fields in (["leak"], ["leak", "power", "voltage_a", "temperature_a"]):
            name = f"chart of {what}, {len(fields)} field{'s' * (len(fields) > 1)}"

            def drawn(number: int, length: int = length, fields: list[str] = fields) -> None:
                device = every[number * 7_919 % len(every)]
                found = queries.series(device, fields, end - timedelta(hours=length), end)
                if not found.buckets:
                    raise RuntimeError(f"{device.code} has no history")

            spent.append(_timed(bench, name, drawn, times))
    files = [str(path) for _day_of, folder in places.days_of(breaker.code) for path in places.parquet_in(folder)]

    def raw(number: int) -> None:
        pk = every[number * 7_919 % len(every)].pk
        with duck.cursor() as cursor:
            cursor.execute(
                f"SELECT moment, v_leak FROM read_parquet({duck.texts(files)}) WHERE device = {pk}"
            ).fetchall()

    plain = bench.time("a week's rows of a device by plain SQL", raw, times=times, warm=2, pages=True)
    bench.ratio("a week's rows by plain SQL / chart of a week", plain / spent[-2])
    bench.ratio("charts within a second (p95)", sum(one <= CHART_AIM_MS for one in spent) / len(spent))


def _day(breaker: Any, devices: list[int], begin: datetime) -> None:
    """A day of all of them, as rolling and putting together leave it: one file, by device and time."""
    from huying.senses.readings import duck, places
    from huying.senses.readings.rolling import _write

    folder = places.day_folder(breaker.code, begin.date())
    steps = int(timedelta(days=1) / EVERY)
    figures = ", ".join(
        f"(hash(d, m, '{code}') % 1000) / 10.0 AS {duck.quoted(duck.column(code))}"
        if one.type == "number"
        else f"CAST(NULL AS {duck.TYPES[one.type]}) AS {duck.quoted(duck.column(code))}"
        for code, one in breaker.fields.items()
    )
    with duck.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE TEMP TABLE spoke AS SELECT unnest($1) AS d", [devices])
        rows = (
            f"SELECT d AS device, TIMESTAMP '{begin:%Y-%m-%d}' + m * INTERVAL {int(EVERY.total_seconds())} SECOND AS moment,"
            f" TIMESTAMP '{begin:%Y-%m-%d}' + m * INTERVAL {int(EVERY.total_seconds())} SECOND AS received, m AS seq, {figures}"
            f" FROM spoke, (SELECT unnest(range({steps})) AS m)"
        )
        stamp = int(begin.timestamp() * 1000)
        _write(cursor, rows, breaker, folder / f"{stamp}-{stamp}")


def _spooled(device: Any, now: datetime, root: Path) -> None:
    """What each partition has not rolled yet: a full file of the spool."""
    from huying.senses.readings.spool import LARGEST

    at = int((now - timedelta(minutes=5)).timestamp() * 1000)
    line = {
        "k": device.kind,
        "d": device.pk,
        "a": at,
        "r": at,
        "s": 1,
        "v": {"leak": 3.5, "power": 120.0, "voltage_a": 226.1},
    }
    block = b"".join(orjson.dumps({**line, "a": at + n}, option=orjson.OPT_APPEND_NEWLINE) for n in range(1_000))
    for name in ("readings-0", "readings-1", "readings-2", "readings-3"):
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{at}.ndjson").write_bytes(block * (LARGEST // len(block)))
