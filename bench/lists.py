"""How long do the lists, the search, the case page, the map and a step take when there are very many cases?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bench.harness import Bench
from bench.rows.cases import RARE_WORD, write_cases
from bench.rows.place import found_place, voices

PAGE = 100
AIM_MS = 50.0


def ask(bench: Bench) -> None:
    from django.db import connection

    from huying.config.warming import settle
    from huying.kernel import clock

    now = clock.now()
    place = found_place(now, bench.size)
    told = voices(place, min(20_000, max(400, bench.size)), now)
    with bench.once("write cases", bench.size), bench.cluster.connect(connection.settings_dict["NAME"]) as owner:
        write_cases(owner, told, bench.size, now)
    some_said(RARE_WORD)
    scene = Scene(now)
    settle()  # as every web process does once it is warm
    times = 20 if bench.size >= 10_000 else 2
    slowest: dict[str, tuple[float, str]] = {}
    for who, actor in scene.actors.items():
        for what, filters in scene.filters(who):
            for where in ("first", "deep"):
                cursor = None if where == "first" else scene.deep(actor, filters)
                if where == "deep" and cursor is None:
                    continue
                name = f"{who}: {what}, {where}"
                p95 = listed(bench, name, actor, filters, cursor, times)
                slowest[name] = (p95, name)
    worst = sorted(slowest.values(), reverse=True)
    late = [name for p95, name in worst if p95 > AIM_MS]
    bench.ratio("pages within the aim of 50 ms (p95)", 1 - len(late) / len(worst))
    others(bench, scene, times)


def listed(bench: Bench, name: str, actor: Any, filters: Any, cursor: str | None, times: int) -> float:
    """Time one page; the p95."""
    from huying.casework.cases import queries

    bench.time(name, lambda _n: queries.list_page(actor, filters, cursor=cursor, size=PAGE), times=times, warm=1)
    return float(bench.rows[-1]["p95_ms"])


def some_said(word: str) -> None:
    """Three cases, old and new, in which a word stands that nobody else says."""
    from django.db import connection

    from huying.kernel.terms import terms

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_case SET terms = terms || %s::tsvector WHERE state <> 'archived' AND id IN"
            " (SELECT min(id) FROM cases_case WHERE state <> 'archived' UNION SELECT max(id) FROM cases_case"
            " UNION (SELECT id FROM cases_case WHERE state <> 'archived' AND id > (SELECT max(id) / 2 FROM cases_case)"
            " ORDER BY id LIMIT 1))",
            [terms(word, "", "")],
        )


class Scene:
    """Who looks, and at what."""

    def __init__(self, now: Any) -> None:
        from django.db import connection

        from huying.casework.cases.models import Case
        from huying.ground.organisation.models import Unit
        from huying.kernel.actor import Actor, Duty

        self.now = now
        newest = Case.objects.exclude(lead_unit=None).exclude(grid="").order_by("-id")[0]
        self.newest = newest
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT lead_unit_id FROM cases_case WHERE lead_unit_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC"
            )
            units = [row[0] for row in cursor.fetchall()]
            cursor.execute("SELECT item_code FROM cases_case GROUP BY 1 ORDER BY count(*) DESC")
            items = [row[0] for row in cursor.fetchall()]
        self.busy, self.quiet = units[0], units[-1]
        self.common_item, self.rare_item = items[0], items[-1]
        path = Unit.objects.get(pk=self.quiet).path
        busy_path = Unit.objects.get(pk=self.busy).path

        def staff(name: str, *duties: Duty) -> Actor:
            return Actor("staff", f"person:{name}", name, person_id=1, duties=duties)

        self.actors = {
            "dispatcher": staff("dispatcher", Duty("dispatcher", newest.county)),
            "handler": staff("handler", Duty("handler", "", self.busy, busy_path)),
            "small unit": staff("small unit", Duty("handler", "", self.quiet, path)),
            "community": staff("community", Duty("grid_lead", newest.community)),
        }

    def filters(self, who: str) -> Iterator[tuple[str, Any]]:
        from huying.casework.cases.queries import Filters

        case = self.newest
        month = self.now - timedelta(days=500)
        one = {
            "all": {},
            "state": {"state": "handling"},
            "state archived": {"state": "archived"},
            "state objected": {"state": "objected"},
            "open": {"open": True},
            "light red": {"light": "red"},
            "item": {"item": self.common_item},
            "item, rare": {"item": self.rare_item},
            "class": {"class_code": case.class_code},
            "town": {"area": case.town},
            "area community": {"area": case.community},
            "area grid": {"area": case.grid},
            "unit": {"unit": self.busy},
            "first asked": {"first_asked": self.quiet},
            "channel": {"channel": "camera"},
            "urgent": {"urgent": True},
            "returned": {"returned": True},
            "late": {"late": True},
            "opened in a month": {"opened_from": month, "opened_to": month + timedelta(days=30)},
            "opened in a day": {"opened_from": month, "opened_to": month + timedelta(days=1)},
            "q common": {"q": "小区"},
            "q two words": {"q": "噪音 施工"},
            "q rare": {"q": RARE_WORD},
            "q rare and common": {"q": f"小区 {RARE_WORD}"},
            "q no match": {"q": "蓝鲸潜艇"},
            "q number": {"q": case.number},
        }
        pairs = (
            *(("state", "area community"), ("state", "unit"), ("state", "urgent"), ("class", "channel")),
            *(("urgent", "returned"), ("late", "area grid"), ("item, rare", "town"), ("light red", "town")),
            *(("opened in a month", "state objected"), ("opened in a month", "class"), ("q common", "state")),
            *(("q common", "urgent"), ("q common", "unit"), ("q rare", "state"), ("first asked", "late")),
            *(("open", "returned"), ("state objected", "area grid"), ("item, rare", "q common")),
        )
        chosen = (
            one
            if who == "dispatcher"
            else {k: one[k] for k in ("all", "state", "open", "late", "q common", "q no match")}
        )
        for name, given in chosen.items():
            yield name, Filters(**given)
        for first, second in pairs if who == "dispatcher" else ():
            yield f"{first} + {second}", replace(Filters(**one[first]), **one[second])

    def deep(self, actor: Any, filters: Any) -> str | None:
        """The cursor of about page 5,000 (or half way down a shorter list)."""
        from huying.casework.cases import queries
        from huying.casework.cases.models import Case

        page = queries.list_page(actor, filters, size=PAGE)
        if page.next is None:
            return None
        half = Case.objects.filter(pk__lte=self.newest.pk // 2 + 1).order_by("-pk").first()
        if half is None:
            return None
        return queries.cursor_at(filters, half)


def others(bench: Bench, scene: Scene, times: int) -> None:
    """The other reads and one step."""
    from huying.casework.cases import queries
    from huying.casework.cases import queries_desk as reads
    from huying.casework.cases.models import Case
    from huying.casework.cases.queries import Filters
    from huying.casework.cases.queries_desk import Queue, Wish
    from huying.casework.understanding.queries_similar import matter_of, similar_open
    from huying.ground.organisation.queries import directory
    from huying.kernel.clock import local_day

    known = directory(on=local_day(scene.now))
    all_seeing, case = scene.actors["dispatcher"], scene.newest
    lon, lat = case.lon or 0.0, case.lat or 0.0
    timed = bench.time
    for who, actor in scene.actors.items():
        timed(f"{who}: all the inbox reads", lambda _n, a=actor: inbox(a, known, scene.now), times=times)
        timed(
            f"{who}: by due time",
            lambda _n, a=actor: queries.list_page(a, Filters(), order=queries.BY_DUE, size=PAGE),
            times=times,
        )
    timed("case page", lambda _n: opened(all_seeing, case.pk), times=times)
    signed(bench, times)
    near = (lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02)
    whole = (lon - 1, lat - 1, lon + 1, lat + 1)
    everything = reads.wished(all_seeing, Wish(queue=Queue.ALL), known, scene.now)
    timed("desk map: the latest points", lambda _n: reads.map_points(everything), times=times)
    timed("map: a quarter", lambda _n: queries.points(all_seeing, Filters(), box=near), times=times)
    timed("map: everything (4,000 points)", lambda _n: queries.points(all_seeing, Filters(), box=whole), times=times)
    for level in ("town", "community", "grid"):
        timed(f"map: counts by {level}", lambda _n, at=level: reads.area_counts(everything, at), times=times)
    some = list(Case.objects.filter(open=True).select_related("item").order_by("-id")[:PAGE])
    timed(
        "similar open cases",
        lambda n: similar_open(
            matter_of(some[n % len(some)]),
            some[n % len(some)].item,
            now=scene.now,
            community=some[n % len(some)].community,
            exclude=some[n % len(some)].pk,
        ),
        times=times,
    )


def inbox(actor: Any, known: Any, now: Any) -> None:
    """The numbers at the tabs, the first page and the numbers of the filters of whoever opens the desk."""
    from huying.casework.cases import queries_desk as reads

    wanted = reads.queues_of(actor)
    reads.queue_counts(actor, wanted, known)
    cases = reads.wished(actor, reads.Wish(queue=wanted[0]), known, now)
    list(reads.list_page(cases, wanted[0]).rows)
    reads.counts(cases)


def signed(bench: Bench, times: int) -> None:
    """A change of state: units sign what they were sent, each time another case."""
    from huying.casework.cases import actions
    from huying.casework.cases.models import Case
    from huying.kernel import clock
    from huying.kernel.actor import Actor, Duty

    waiting = list(
        Case.objects.filter(state="dispatched", lead_unit__isnull=False)
        .order_by("id")
        .values_list("id", "lead_unit_id", "lead_unit__path")[: times + 2]
    )
    if len(waiting) < 2:
        return
    ahead = iter(waiting)

    def sign(_round: int) -> None:
        case_id, unit_id, path = next(ahead)
        handler = Actor("staff", "person:1", "bench", unit_id, None, (Duty("handler", "", unit_id, path),))
        actions.sign_case(case_id, actor=handler, now=clock.now())

    bench.time("a unit signs", sign, times=len(waiting) - 1, warm=0)


def opened(actor: Any, case_id: int) -> None:
    """What the page of a case reads."""
    from huying.casework.cases import access, queries

    case = access.get_case(actor, case_id)
    queries.timeline(case_id)
    queries.assignments_of(case_id)
    queries.history_of_place(case)
