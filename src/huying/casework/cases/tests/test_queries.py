"""Lists: the same rows whichever way they are read, page by page, in a constant number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from huying.casework.cases import access, queries
from huying.casework.cases.actions import Opening, Sending, open_cases
from huying.casework.cases.factories import GRID_1, GRID_3, LIUAN, NOW, QIAODONG, TOWN, Cast, make_cast
from huying.casework.cases.models import Assignment, Case
from huying.casework.cases.queries import BY_DUE, Filters
from huying.casework.cases.queries_desk import Queue, area_counts, counts, in_queue
from huying.ground.organisation.queries import directory
from huying.ground.territory.queries import Place
from huying.kernel.actor import Actor, Duty, system
from huying.kernel.clock import local_day


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def cases(cast: Cast) -> list[int]:
    """Forty matters: of three units and of none, in two communities, one an hour."""
    units = [cast.units[name] for name in ("sanitation", "liuan", "enforcement")]
    return open_cases([_opening(cast, units, n) for n in range(40)], actor=system("test"), now=NOW)


def _opening(cast: Cast, units: list[Any], n: int) -> Opening:
    item = cast.items["0101"]
    at = NOW + timedelta(hours=n)
    sending = Sending(unit_id=units[n % 4].pk, due_at=at + timedelta(days=1)) if n % 4 < 3 else None
    grid = GRID_1 if n % 2 else GRID_3
    return Opening(
        item_id=item.pk,
        item_code=item.code,
        class_code=item.class_code,
        title=f"路口垃圾第{n}处" if n % 5 else "凉亭漏雨",
        summary="好几天没人清运",
        words="好几天没人清运",
        channel="portal",
        at=at,
        place=Place(grid, grid[:12], TOWN, 120.005 + n / 10_000, 30.005, 1.0, "", ""),
        lon=120.005 + n / 10_000,
        lat=30.005,
        sending=sending,
        urgent=n % 7 == 0,
    )


def _walked(actor: Actor, filters: Filters, order: tuple[str, ...] = queries.NEWEST) -> list[int]:
    found: list[int] = []
    cursor: str | None = None
    while True:
        page = queries.list_page(actor, filters, order=order, cursor=cursor, size=7)
        found += [case.pk for case in page.rows]
        if page.next is None:
            return found
        cursor = page.next


FILTERS = (
    Filters(),
    Filters(state="dispatched"),
    Filters(open=True, urgent=True),
    Filters(area=LIUAN),
    Filters(area=QIAODONG, returned=False),
    Filters(q="凉亭"),
    Filters(q="垃圾 第3处"),
    Filters(q="没有这样的词"),
    Filters(opened_from=NOW + timedelta(hours=5), opened_to=NOW + timedelta(hours=30)),
)
PEOPLE = ("li_dispatcher", "he_sanitation", "bai_street", "gao_liuan_lead", "tang_grid", "ji_discipline")


@pytest.mark.parametrize("name", PEOPLE)
def test_pages_hold_exactly_what_the_actor_may_see(cast: Cast, cases: list[int], name: str) -> None:
    actor = getattr(cast, name)
    for filters in FILTERS:
        wanted = queries.narrowed(access.visible(actor), filters).order_by("-id").values_list("id", flat=True)
        assert _walked(actor, filters) == list(wanted), (name, filters)


def test_a_unit_sees_what_it_leads_what_it_was_asked_and_what_it_helps_with(cast: Cast, cases: list[int]) -> None:
    helped = cases[3]
    Assignment.objects.create(case_id=helped, unit=cast.units["sanitation"], role="assist", sent_at=NOW)
    dropped = cases[7]
    Assignment.objects.create(
        case_id=dropped, unit=cast.units["sanitation"], role="assist", state="dropped", sent_at=NOW
    )
    seen = _walked(cast.he_sanitation, Filters())
    assert helped in seen and dropped not in seen
    assert set(cases[0::4]) <= set(seen)
    assert len(seen) == len(set(seen)) == len(cases[0::4]) + 1


def test_two_duties_see_both_and_nothing_twice(cast: Cast, cases: list[int]) -> None:
    unit = cast.units["sanitation"]
    both = Actor(
        "staff",
        "person:1",
        "两岗",
        person_id=0,
        duties=(Duty("handler", "", unit.pk, unit.path), Duty("checker", LIUAN)),
    )
    wanted = set(cases[0::4]) | set(cases[1::2])
    assert _walked(both, Filters()) == sorted(wanted, reverse=True)


@pytest.mark.parametrize("name", PEOPLE)
def test_by_due_time_runs_over_into_those_without_one(cast: Cast, cases: list[int], name: str) -> None:
    actor = getattr(cast, name)
    wanted = access.visible(actor).filter(open=True).order_by("due_at", "id").values_list("id", flat=True)
    assert _walked(actor, Filters(), BY_DUE) == list(wanted)


@pytest.mark.parametrize("name", PEOPLE)
def test_counts_and_the_map_see_what_lists_see(cast: Cast, cases: list[int], name: str) -> None:
    actor = getattr(cast, name)
    seen = access.visible(actor).filter(open=True)
    found = in_queue(actor, Queue.ALL, directory(on=local_day(NOW)))
    assert counts(found.filter(open=True))[""] == str(seen.count())
    points = queries.points(actor, Filters(), box=(119.0, 29.0, 121.0, 31.0))
    assert {point[0] for point in points} == set(seen.values_list("id", flat=True))
    assert sum(n for _code, n, _late in area_counts(found, "grid")) == seen.count()


def test_a_stranger_sees_nothing(cast: Cast, cases: list[int]) -> None:
    stranger = Actor("staff", "person:999", "路人")
    assert _walked(stranger, Filters()) == []
    assert not in_queue(stranger, Queue.ALL, directory(on=local_day(NOW))).exists()


@pytest.mark.parametrize(("name", "count"), [("li_dispatcher", 1), ("ji_discipline", 1), ("he_sanitation", 2)])
def test_a_page_costs_the_same_queries_however_long_it_is(
    cast: Cast, cases: list[int], name: str, count: int, django_assert_num_queries: Any
) -> None:
    actor = getattr(cast, name)
    for filters in FILTERS:
        for size in (1, 100):
            with django_assert_num_queries(count):
                page = queries.list_page(actor, filters, size=size)
                [(case.item.name, case.lead_unit and case.lead_unit.name, case.lead_person) for case in page.rows]


def test_the_cursor_behind_a_case_opens_the_page_that_begins_there(cast: Cast, cases: list[int]) -> None:
    case = Case.objects.get(pk=cases[20])
    for filters in (Filters(), Filters(opened_from=NOW)):
        page = queries.list_page(cast.li_dispatcher, filters, cursor=queries.cursor_at(filters, case), size=3)
        assert [row.pk for row in page.rows] == cases[17:20][::-1]
