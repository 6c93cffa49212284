"""The board: any period, ranked by its heat; who sees what; the pages and the interface; always as few questions."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from huying.casework.cases.factories import NOW, TOWN, Cast
from huying.ground.organisation.actions import issue_key
from huying.ground.organisation.models import Unit
from huying.kernel import clock
from huying.kernel.actor import SYSTEM, Actor, Duty
from huying.kernel.errors import NotFound
from huying.senses.reports.models import Report

from .. import access, actions, board_queries, queries, tasks
from ..heat import USUAL, Weights
from ..models import HotIssue, HotMessage
from ..periods import Period
from ..ranking import refresh
from .conftest import Desk
from .saying import DUST, LAMPS, PHONE, days, say, shown, stretch


@pytest.fixture
def spoken(cast: Cast) -> HotIssue:
    """Noise said three times twenty days ago, lamps twice today; the noise."""
    say(DUST, at=NOW - timedelta(days=20))
    say(LAMPS, first=10)
    actions.take_new(now=NOW)
    return HotIssue.objects.get(messages=3)


def names(page: Any) -> list[int]:
    return [one.issue.messages for one in page.rows]


def test_a_period_shows_what_was_said_in_it_ranked_by_its_heat(cast: Cast, spoken: HotIssue) -> None:
    zhao = cast.zhao_centre
    assert names(board_queries.board(zhao, days(30))) == [2, 3]
    assert names(board_queries.board(zhao, days(7))) == [2]
    then = stretch(date(2026, 2, 1), date(2026, 2, 28))
    (old,) = board_queries.board(zhao, then).rows
    assert (old.issue, old.messages, old.people) == (spoken, 3, 3)
    assert old.parts["recency"] > board_queries.standing(spoken, zhao, days(30)).parts["recency"]
    assert board_queries.standing(spoken, zhao, days(7)) is None


def test_only_the_messages_of_the_period_count(cast: Cast, spoken: HotIssue) -> None:
    HotMessage.objects.filter(pk__in=[one.pk for one in spoken.members.all()[:2]]).update(at=NOW)
    rows = board_queries.board(cast.zhao_centre, days(7)).rows
    assert sorted((one.messages, one.people, one.issue.messages) for one in rows) == [(2, 2, 2), (2, 2, 3)]


def test_an_issue_one_person_spoke_of_in_the_period_is_not_hot(cast: Cast, spoken: HotIssue) -> None:
    HotMessage.objects.filter(pk=spoken.members.first().pk).update(at=NOW)
    assert names(board_queries.board(cast.zhao_centre, days(7))) == [2]
    alone = board_queries.standing(spoken, cast.zhao_centre, days(7))
    assert alone is not None and (alone.messages, alone.people) == (1, 1)  # its own page tells it all the same
    spoken.members.update(at=NOW, person=7)
    assert names(board_queries.board(cast.zhao_centre, days(7))) == [2]


WEIGHTS = [USUAL, Weights(0, 9, 7, 0, 3, 8), Weights(1, 0, 0, 50, 0, 3, 2, 5)]


@pytest.mark.parametrize("weights", WEIGHTS, ids=["usual", "growing", "recent"])
def test_the_database_ranks_by_the_formula(cast: Cast, spoken: HotIssue, weights: Weights) -> None:
    HotMessage.objects.filter(pk=spoken.members.first().pk).update(seconded=True, at=NOW - timedelta(days=3))
    say(DUST[:1], first=60, channel="grid")
    actions.take_new(now=NOW)
    period = days(30)
    rows = board_queries.board(cast.zhao_centre, period, weights=weights).rows
    ranked = board_queries._ranked(board_queries._spoken(Q(), period), period, weights)
    by_sql = {row["id"]: row["heat"] for row in ranked}
    for one in rows:
        assert by_sql[one.issue.pk] / 1e4 == pytest.approx(one.heat, abs=1e-3)
        assert sum(one.parts.values()) == pytest.approx(one.heat, abs=0.05)
    assert [one.heat for one in rows] == sorted((one.heat for one in rows), reverse=True)
    assert len(rows) == 2


@pytest.mark.parametrize(("period", "questions"), [(days(30), 4), (days(365), 5)])
def test_the_board_costs_the_same_however_much_there_is(
    cast: Cast, spoken: HotIssue, period: Period, questions: int
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            board_queries.board(cast.zhao_centre, period)
        return len(asked)

    access.messages(cast.zhao_centre)  # the territory is in memory from now on
    few = cost()
    say([("柳岸路井盖响", f"柳岸路的井盖一压就响，第{n}次。") for n in range(9)], first=50)
    actions.take_new(now=NOW)
    assert cost() == few == questions  # weights, the territory's stamp, the ranking, the names; what may be hottest


@pytest.fixture
def many(cast: Cast) -> list[int]:
    """Sixty issues of two to five people over two hundred days, some of it before the year, some of it official."""
    say([(f"柳岸路第{n}处井盖响", f"柳岸路的井盖一压就响，第{n}次。") for n in range(120)])
    actions.take_new(now=NOW)
    rows = list(HotMessage.objects.order_by("report_id"))
    HotIssue.objects.exclude(pk=rows[0].issue_id).update(messages=0)
    issues = HotIssue.objects.bulk_create(HotIssue(name=f"柳岸路{n}", first_at=NOW, last_at=NOW) for n in range(30))
    for n, row in enumerate(rows):
        row.issue, row.at, row.person = issues[n * n % 30], NOW - timedelta(days=n * 37 % 400), n % 7
        row.seconded, row.official = n % 5 == 0, n % 4 == 0
    HotMessage.objects.bulk_update(rows, ["issue", "at", "person", "seconded", "official"])
    refresh([one.pk for one in issues])
    return [one.pk for one in issues]


@pytest.mark.parametrize("weights", WEIGHTS, ids=["usual", "growing", "recent"])
@pytest.mark.parametrize("looked_at", [(1,), (2, 5), (8,), (500,)])
@pytest.mark.parametrize("size", [1, 4, 100])
def test_the_first_page_of_a_long_period_is_that_of_all(
    cast: Cast, many: list[int], monkeypatch: Any, weights: Weights, looked_at: tuple[int, ...], size: int
) -> None:
    period = days(365)
    every = [
        (row["id"], row["heat"])
        for row in board_queries._ranked(board_queries._spoken(Q(), period), period, weights).order_by("-heat", "id")
    ]
    assert len(every) > 5
    monkeypatch.setattr(board_queries, "_LOOKED_AT", looked_at)
    first = board_queries.board(cast.zhao_centre, period, weights=weights, size=size)
    assert [one.issue.pk for one in first.rows] == [pk for pk, _heat in every[:size]]
    assert bool(first.next) == (len(every) > size)
    if first.next:
        second = board_queries.board(cast.zhao_centre, period, weights=weights, size=size, cursor=first.next)
        assert [one.issue.pk for one in second.rows] == [pk for pk, _heat in every[size : 2 * size]]


def test_the_page_shows_ten_and_more_when_asked(cast: Cast, desk: Desk, many: list[int]) -> None:
    HotMessage.objects.update(at=F("at") + (clock.now() - NOW))
    refresh(many)
    client = desk("zhao_centre")

    def rows(asked: str) -> tuple[int, bool]:
        said = client.get(f"/desk/hotspots?days=365{asked}").content.decode()
        return said.count("<tr data-row"), "top=30#hot-" in said

    hot = len(board_queries.board(cast.zhao_centre, days(365, clock.now()), size=100).rows)
    assert hot > 10
    assert rows("") == rows("&top=11") == rows("&top=x") == (10, True)
    assert rows("&top=30") == rows("&top=100") == (hot, False)


def test_the_map_shows_what_the_board_lists(cast: Cast, desk: Desk, many: list[int], monkeypatch: Any) -> None:
    HotMessage.objects.update(at=F("at") + (clock.now() - NOW))
    refresh(many)
    monkeypatch.setattr(board_queries, "MAPPED", 2)
    hottest = board_queries.board(cast.zhao_centre, days(365, clock.now()), size=2).rows
    for place, expected in {"": hottest, hottest[0].issue.name: hottest[:1]}.items():
        asked = f"days=365&place={place}"
        features = desk("zhao_centre").get(f"/desk/hotspots/points?{asked}").json()["features"]
        assert {one["properties"]["name"] for one in features} >= {one.issue.name for one in expected}
        points = keyed(["reports:read"]).get(f"/api/v1/hotspots/points?{asked}").json()
        assert len(points) == len(features) >= 2 and len({one["issue_id"] for one in points}) <= 2


@pytest.mark.parametrize("weights", WEIGHTS, ids=["usual", "growing", "recent"])
def test_no_issue_is_hotter_than_its_bound(cast: Cast, many: list[int], weights: Weights) -> None:
    for period in (days(365), days(90), stretch(NOW.date() - timedelta(days=300), NOW.date() - timedelta(days=100))):
        bounds = dict(board_queries._bounded(period, "", weights).values_list("id", "bound"))
        heats = board_queries._ranked(board_queries._spoken(Q(), period), period, weights).values_list("id", "heat")
        assert heats and all(heat <= bounds[pk] for pk, heat in heats)


def test_an_issue_costs_a_question_for_each_part(cast: Cast, spoken: HotIssue) -> None:
    zhao, period = cast.zhao_centre, days(30)
    access.messages(zhao)
    with CaptureQueriesContext(connection) as asked:
        line = queries.time_line(spoken, zhao, period)
        points = queries.points(zhao, period, issue=spoken)
        for row in queries.messages_of(spoken, zhao).rows:
            assert row.report.case.title
    assert len(asked) == 4  # one of them the territory's stamp
    assert sum(one.count for one in line) == 3 and len(line) == 30 and len(points) == 3


def test_pages_of_the_board_follow_each_other(cast: Cast, spoken: HotIssue) -> None:
    first = board_queries.board(cast.zhao_centre, days(30), size=1)
    second = board_queries.board(cast.zhao_centre, days(30), size=1, cursor=first.next)
    assert names(first) + names(second) == [2, 3]
    assert second.next is None
    back = board_queries.board(cast.zhao_centre, days(30), size=1, cursor=second.prev)
    assert names(back) == [2]
    assert names(board_queries.board(cast.zhao_centre, days(30), place="石桥")) == [2]
    assert names(board_queries.board(cast.zhao_centre, days(30), place="没有的地方")) == []


def test_the_indexes_hold_all_the_board_asks_of_messages(db: None) -> None:
    asked = str(board_queries._ranked(board_queries._spoken(Q(), days(30)), days(30), USUAL).query)
    named = set(re.findall(rf'"{HotMessage._meta.db_table}"\."(\w+)"', asked))
    assert {"at", "issue_id", "person"} <= named
    with connection.cursor() as cursor:
        for index in ("hot_message_by_issue", "hot_message_in_period"):
            cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass", [index])
            assert named <= {name for (name,) in cursor.fetchall()}


def test_strangers_see_nothing_and_a_street_sees_its_own(cast: Cast, spoken: HotIssue) -> None:
    for stranger in (cast.he_sanitation, cast.tang_grid, cast.wang_seat):
        with pytest.raises(NotFound):
            access.get_issue(stranger, spoken.pk)
        with pytest.raises(NotFound):
            board_queries.board(stranger, days(7))
    ours = Actor("staff", "person:1", "街道", duties=(Duty("dispatcher", TOWN),))
    theirs = Actor("staff", "person:2", "别街道", duties=(Duty("dispatcher", "990101009"),))
    assert len(board_queries.board(ours, days(30)).rows) == 2
    assert board_queries.board(theirs, days(30)).rows == []
    assert queries.points(theirs, days(30)) == []
    assert len(queries.points(ours, days(30))) == 5
    with pytest.raises(NotFound):
        access.get_issue(theirs, spoken.pk)


def test_whoever_works_for_part_of_the_place_counts_that_part(cast: Cast, spoken: HotIssue) -> None:
    HotMessage.objects.filter(pk=spoken.members.first().pk).update(area="990101001002")
    one = Actor("staff", "person:1", "柳岸", duties=(Duty("dispatcher", "990101001001"),))
    assert [(row.messages, row.issue.messages) for row in board_queries.board(one, days(30)).rows] == [(2, 2), (2, 3)]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_pages_never_show_a_phone(cast: Cast, desk: Desk, language: str) -> None:
    now = clock.now()
    say(DUST, at=now - timedelta(hours=1))
    say([(f"丽景园小区工地夜间施工噪音扰民请回电{PHONE}", DUST[0][1])], at=now - timedelta(hours=1), first=10)
    actions.take_new(now=now)
    client, issue = desk("zhao_centre", language), shown()
    pages = ["/desk/hotspots", f"/desk/hotspots/{issue.pk}", "/desk/hotspots/points?days=7", "/desk/hotspots?days=365"]
    for page in (*pages, f"/desk/hotspots/points?issue={issue.pk}", "/desk/hotspots/points?days=7&place=丽景"):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert PHONE not in answer.content.decode()
    said = client.get(pages[0]).content.decode()
    assert "丽景园" in said and ("人数 " in said or "People " in said)
    silent = client.get(f"/desk/hotspots/{issue.pk}?from=2020-01-01&to=2020-02-01")
    assert silent.status_code == 200 and "<rect" not in silent.content.decode()
    stranger = desk("he_sanitation")
    assert all(stranger.get(page).status_code == 404 for page in pages)
    assert Client().get(pages[0]).status_code == 302


BAD = ["days=0", "days=4000", "days=x", "from=gestern", "from=2026-13-01", "from=2026-03-09&to=2026-03-01", "to=2026-03-01",
       "from=1999-01-01"]  # fmt: skip


@pytest.mark.parametrize("asked", BAD)
def test_what_is_no_period_is_said_so_and_stays_typed(cast: Cast, desk: Desk, asked: str) -> None:
    answer = desk("zhao_centre").get(f"/desk/hotspots?{asked}")
    assert answer.status_code == 422
    assert not asked.startswith("from") or asked.split("&")[0][5:] in answer.content.decode()


def test_the_interface_lists_and_tells(cast: Cast) -> None:
    now = clock.now()
    say(DUST, at=now - timedelta(hours=1))
    tasks.take_new(0)
    client = keyed(["reports:read"])
    (item,) = client.get("/api/v1/hotspots?days=7").json()["items"]
    assert item["messages"] == 3 and item["joint_case_id"] is None and set(item["parts"]) >= {"messages", "growth"}
    assert item["official"] == 0
    whole = client.get(f"/api/v1/hotspots/{item['id']}").json()
    assert sum(one["count"] for one in whole["line"]) == 3 and len(whole["case_ids"]) == 3 and whole["step"] == "day"
    silent = client.get(f"/api/v1/hotspots/{item['id']}?from=2020-01-01&to=2020-12-31").json()
    assert (silent["messages"], silent["all_messages"], silent["heat"], silent["step"]) == (0, 3, 0, "week")
    assert len(client.get("/api/v1/hotspots/points").json()) == 3
    assert len(client.get(f"/api/v1/hotspots/points?issue_id={item['id']}").json()) == 3
    assert client.get("/api/v1/hotspots?days=9999").status_code == 422
    assert client.get("/api/v1/hotspots?from=2026-03-09&to=2026-03-01").status_code == 422
    assert client.get("/api/v1/hotspots/999999").status_code == 404
    for address in ("hotspots", "hotspots/points", "hotspots/weights"):
        assert keyed(["cases:read"]).get(f"/api/v1/{address}").status_code == 403
    tasks.nightly(0)
    tasks.forget_erased(0)
    assert shown().messages == 3


def test_the_key_of_a_unit_counts_the_cases_it_may_see(cast: Cast, spoken: HotIssue) -> None:
    client = keyed(["reports:read"], unit=cast.units["housing"])
    assert client.get("/api/v1/hotspots?days=3650").json()["items"] == []
    assert client.get(f"/api/v1/hotspots/{spoken.pk}").status_code == 404


def test_an_erased_report_is_no_point(cast: Cast, spoken: HotIssue) -> None:
    Report.objects.update(erased_at=NOW)
    assert queries.points(cast.zhao_centre, days(30)) == []


def test_a_point_of_its_own_goes_before_that_of_the_case(cast: Cast, spoken: HotIssue) -> None:
    Report.objects.update(lon=None, lat=None)
    of_cases = queries.points(cast.zhao_centre, days(30), issue=spoken)
    assert [replace(one, issue_id=0) for one in of_cases] == [replace(of_cases[0], issue_id=0)] * 3


def keyed(scopes: list[str], unit: Unit | None = None) -> Client:
    now = clock.now()
    _row, token = issue_key(
        name="城市平台", scopes=scopes, unit=unit, area="", expires_at=now + timedelta(days=30), actor=SYSTEM, now=now
    )
    return Client(headers={"Authorization": f"Bearer {token}"})


def in_line() -> list[str]:
    """What a worker has been asked to do."""
    return list(ProcrastinateJob.objects.filter(status="todo").values_list("task_name", flat=True))


def test_more_than_a_round_takes_is_grouped_in_bulk(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")  # what another test's program left
    say(DUST, at=now)
    say(LAMPS, at=now, first=10)
    monkeypatch.setattr(actions, "AT_ONCE", 5)
    assert queries.behind(now) == 5
    monkeypatch.setattr(actions, "take_new", partial(actions.take_new, limit=2))
    tasks.take_new(0)
    assert in_line() == []
    assert queries.behind(now) == 3
    monkeypatch.setattr(actions, "AT_ONCE", 2)
    for _twice in range(2):
        tasks.ask_to_catch_up()
    tasks.take_new(0)
    assert in_line() == ["hotspots.catch_up"]
    tasks.catch_up()
    assert (queries.behind(now), HotMessage.objects.count()) == (0, 5)
    assert HotIssue.objects.filter(messages__gte=2).count() == 2


def test_what_no_group_will_take_is_not_waited_for(cast: Cast) -> None:
    now = clock.now()
    say(DUST, at=now)
    first, second, third = Report.objects.order_by("id")
    Report.objects.filter(pk=first.pk).update(erased_at=now)
    Report.objects.filter(pk=second.pk).update(channel="device")
    Report.objects.filter(pk=third.pk).update(said_at=now - timedelta(days=400))
    with CaptureQueriesContext(connection) as asked:
        assert queries.behind(now) == 0
    assert len(asked) == 2


def test_the_board_says_what_is_still_to_be_grouped_and_then_draws_itself_anew(
    cast: Cast, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(DUST, at=clock.now())
    client = desk("zhao_centre")
    assert "正在归并" not in client.get("/desk/hotspots").content.decode()
    assert client.get("/desk/hotspots/behind")["HX-Refresh"] == "true"
    monkeypatch.setattr("huying.insight.hotspots.desk.board._FEW_BEHIND", 3)
    page = client.get("/desk/hotspots").content.decode()
    assert "还有 3 条反映没有归进来" in page and "热点正在归并" in page and "这段时间没有热点" not in page
    assert "还有 3 条" in client.get("/desk/hotspots/behind").content.decode()
    monkeypatch.setattr(queries, "MOST_BEHIND", 3)
    assert "还有 3 条以上" in client.get("/desk/hotspots/behind").content.decode()
    assert "3 reports" in desk("zhao_centre", "en").get("/desk/hotspots/behind").content.decode()
    tasks.catch_up()
    assert client.get("/desk/hotspots/behind").status_code == 204
    page = client.get("/desk/hotspots").content.decode()
    assert "正在归并" not in page and shown().name in page
    for name in ("he_sanitation", "wang_seat"):
        assert desk(name).get("/desk/hotspots/behind").status_code == 404
