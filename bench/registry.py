"""How long do lists and finding by any fragment take in a registry of very many people, and how fast does it fill?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from random import Random
from typing import Any

from bench.harness import Bench
from bench.rows.place import found_place
from bench.rows.towns import copy_town

AIM_MS = 100.0
MADE = 100_000  # people written one by one: a larger registry is copies of them
IMPORTED = 20_000


def ask(bench: Bench) -> None:
    from django.db import connection

    from huying.kernel import clock

    now = clock.now()
    place = found_place(now, bench.size)
    people = fill(bench, place, now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    times = 40 if people >= 10_000 else 5
    late = [name for name, p95 in timed(bench, people, times) if p95 > AIM_MS]
    bench.ratio("pages within the aim of 100 ms (p95)", 1 - len(late) / max(1, len(bench.rows)))
    importing(bench, now)


def fill(bench: Bench, place: Any, now: Any) -> int:
    """One town through the registry's own intake, then its copies until there are enough people; how many there are."""
    from huying.ground.registry import fictional
    from huying.ground.registry.models import Resident
    from huying.kernel.clock import local_day

    first = min(MADE, bench.size)
    town = fictional.make(fictional.estates_of(place.place_names), first, 0, local_day(now))
    with bench.once("write people with all around them", first):
        fictional.write(town, seed=0, now=now)
    copies = round(bench.size / first) - 1
    if copies:
        with bench.once("copy them by SQL", copies * first):
            copy_town(copies)
    return Resident.objects.count()


def timed(bench: Bench, people: int, times: int) -> Iterator[tuple[str, float]]:
    """Every list, first and deep, every filter and every fragment, for every looker, with the p95."""
    from huying.ground.registry import queries
    from huying.ground.registry import queries_desk as reads
    from huying.kernel import clock

    now = clock.now()
    for who, actor in lookers().items():
        for what, kind, filters in wishes(actor):
            name = f"{who}: {what}"
            cursors = [None, deep(actor, kind, filters, now)]
            for where, cursor in zip(("", ", deep"), cursors, strict=True):
                if where and cursor is None:
                    continue
                bench.time(
                    name + where,
                    lambda _n, a=actor, k=kind, f=filters, c=cursor: reads.listed(a, k, f, now, c),
                    times=times,
                    warm=1,
                )
                yield name + where, float(bench.rows[-1]["p95_ms"])
        for what, words in fragments(actor).items():
            name = f"{who}: find by {what}"
            asked = Random(7).choices(words, k=times + 2)
            bench.time(name, lambda n, a=actor, w=asked: queries.find(a, w[n % len(w)]), times=times, warm=1)
            yield name, float(bench.rows[-1]["p95_ms"])
            name = f"{who}: first of every kind by {what}"
            bench.time(
                name,
                lambda n, a=actor, w=asked: reads.found(a, reads.Filters(words=w[n % len(w)]), now),
                times=times,
                warm=1,
            )
            yield name, float(bench.rows[-1]["p95_ms"])


def wishes(actor: Any) -> Iterator[tuple[str, str, Any]]:
    """(what, kind, filters) of every list and every filter of the registry's screen."""
    from huying.ground.registry.choices import CARE_LISTS, RISKS
    from huying.ground.registry.queries_desk import Filters
    from huying.ground.registry.words import FRESHNESS

    area = actor.duties[0].area
    community = area if len(area) > 12 else community_of(area)
    for kind in ("person", "premises", "organisation", "facility", "household", "care"):
        yield f"list of {kind}", kind, Filters()
        yield f"{kind}, with ended", kind, Filters(ended=True)
        yield f"{kind} in a community", kind, Filters(area=community)
        for fresh, _words in FRESHNESS:
            yield f"{kind}, looked at: {fresh}", kind, Filters(fresh=fresh)
    yield "premises, kind compound", "premises", Filters(premises_kind="compound")
    yield "premises, kind site", "premises", Filters(premises_kind="site")
    for risk, _words in RISKS:
        yield f"premises, risk {risk}", "premises", Filters(risk=risk)
        yield f"premises, risk {risk} in a community", "premises", Filters(risk=risk, area=community)
    for code, _words in CARE_LISTS[:3]:
        yield f"care, list {code}", "care", Filters(list=code)


def community_of(area: str) -> str:
    """A community in the middle of an area."""
    from huying.ground.registry.models import Resident

    areas = Resident.objects.filter(area__startswith=area).exclude(area="").order_by("area")
    codes = sorted({code[:12] for code in areas.values_list("area", flat=True).distinct()})
    return codes[len(codes) // 2]


def deep(actor: Any, kind: str, filters: Any, now: Any) -> str | None:
    """The cursor of a page about in the middle of a list; None for a list of one page."""
    from huying.ground.registry import queries_desk as reads
    from huying.kernel.paging import cursor_after

    rows = reads.wished(actor, kind, filters, now)
    last = rows.order_by("-area", "-id").first()
    first = rows.order_by("area", "id").first()
    if first is None or last is None or first.pk == last.pk:
        return None
    middle = rows.filter(area__gte=community_of(last.area[:6])).order_by("area", "id").first()
    return cursor_after(rows, ("area", "id"), middle or first)


def lookers() -> dict[str, Any]:
    """A grid worker, a community's lead and an editor who sees everything."""
    from huying.ground.registry.models import Resident
    from huying.kernel.actor import Actor, Duty

    grid = Resident.objects.exclude(area="").order_by("-area").values_list("area", flat=True)[:1][0]

    def staff(role: str, area: str) -> Any:
        return Actor("staff", f"person:{role}", role, person_id=1, duties=(Duty(role, area, 1, "/1/"),))

    return {
        "everything": staff("registry_editor", grid[:2]),
        "community": staff("grid_lead", grid[:12]),
        "grid": staff("grid_worker", grid),
    }


def fragments(actor: Any) -> dict[str, Sequence[str]]:
    """What people type, taken from who lives in the looker's areas."""
    from pypinyin import lazy_pinyin

    from huying.ground.registry import access

    rows = (
        access.visible(actor, "person").filter(state="active").exclude(home=None).select_related("home").order_by("id")
    )
    some = list(islice(rows.iterator(200), 0, 400, 8))
    told = [(row.value("name"), row.value("phone") or "19900000001", row.home.address) for row in some]
    return {
        "name": [name for name, _phone, _home in told],
        "surname": [name[0] for name, _phone, _home in told],
        "two signs": [name[-2:] for name, _phone, _home in told],
        "pinyin": ["".join(lazy_pinyin(name)) for name, _phone, _home in told],
        "initials": ["".join(part[0] for part in lazy_pinyin(name)) for name, _phone, _home in told],
        "phone, four digits": [phone[-4:] for _name, phone, _home in told],
        "phone": [phone for _name, phone, _home in told],
        "address": [home for _name, _phone, home in told],
        "building and surname": [f"{home.split('栋')[0][-1:]}栋 {name[0]}" for name, _phone, home in told],
        "nothing such": ["蓝鲸潜艇", "zzzqqq", "00000000"],
    }


def importing(bench: Bench, now: Any) -> None:
    """A table of people read into the registry, beside COPY of the rows it wrote."""
    import csv
    import tempfile
    from pathlib import Path

    from django.db import connection

    from huying.ground.registry.actions.importing import import_records
    from huying.ground.registry.models import Resident
    from huying.kernel.actor import system

    count = min(IMPORTED, bench.size)
    last = Resident.objects.order_by("-id").values_list("id", flat=True)[0]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            lines = ([f"赵{number}", f"198{number:08d}", "女"] for number in range(count))
            csv.writer(stream).writerows(chain([["姓名", "电话", "性别"]], lines))
        spent = bench.seconds(
            "import a table of people", count,
            lambda: import_records(file, actor=system("bench"), now=now, kind="person", area="99"),
        )  # fmt: skip
        bench.seconds(
            "import the same table again", count,
            lambda: import_records(file, actor=system("bench"), now=now, kind="person", area="99"),
        )  # fmt: skip
    best = ceiling(connection, last)
    bench.note("COPY of the same rows into the same tables", seconds=best, per_second=count / best)
    bench.ratio("import, of what COPY reaches", best / spent)


def ceiling(connection: Any, last: int) -> float:
    """Seconds of COPY for what the import wrote (people and history), with the same columns, checks and indexes."""
    with connection.cursor() as cursor:
        parts = []
        for table, condition in (("registry_resident", f"id > {last}"), ("registry_change", "source = 'import'")):
            cursor.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
            with cursor.copy(f"COPY (SELECT * FROM {table} WHERE {condition}) TO STDOUT (FORMAT binary)") as out:
                parts.append((table, b"".join(bytes(piece) for piece in out)))
        began = time.perf_counter()
        for table, content in parts:
            with cursor.copy(f"COPY bench_{table} FROM STDIN (FORMAT binary)") as into:
                into.write(content)
        spent = time.perf_counter() - began
        for table, _content in parts:
            cursor.execute(f"DROP TABLE bench_{table}")
    return spent
