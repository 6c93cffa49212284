"""From stored reports to issues: joined as they come, after a restart too; who sees them; one joint case each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.casework.cases import factories
from huying.casework.cases.factories import IN_GRID_1, NOW, TOWN, Cast, account_of
from huying.casework.cases.models import Case
from huying.ground.organisation.actions import issue_key
from huying.ground.organisation.models import Unit
from huying.kernel import clock
from huying.kernel.actor import SYSTEM, Actor, Duty, system
from huying.kernel.errors import Conflict, Forbidden, NotFound
from huying.kernel.trace import Entry
from huying.senses.reports.actions import Voice, take_in
from huying.senses.reports.models import Report

from .. import access, actions, indexing, queries, tasks
from ..models import HotIssue, HotMessage

PORTAL = system("portal")
PHONE = "19900001234"
DUST = [
    ("丽景园小区工地夜间施工噪音扰民", "丽景园小区旁边的工地夜里两点还在施工，噪音很大，睡不着。"),
    ("丽景园小区工地半夜施工噪音太大", f"丽景园小区外的工地半夜施工，噪音吵得孩子哭，请打 {PHONE} 联系我。"),
    ("投诉丽景园小区旁工地夜间施工噪音", "住在丽景园小区，工地每天夜间施工，噪音扰民严重。"),
]
LAMP = ("石桥路路灯不亮", "石桥路的路灯坏了一个星期了，晚上很黑。")
LAMPS = [LAMP, ("石桥路路灯坏了很久不亮", "石桥路好几盏路灯不亮，晚上走路很黑很危险。")]


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    indexing.forget()
    yield factories.make_cast()
    indexing.forget()


def say(
    said: list[tuple[str, str]], *, at: datetime = NOW, first: int = 1, point: tuple[float, float] = IN_GRID_1,
    **more: Any,
) -> list[Report]:  # fmt: skip
    lon, lat = point
    voices = [
        Voice(
            source="portal", source_id=f"p-{first + n}", channel=more.get("channel", "portal"), title=title, text=text,
            lon=lon, lat=lat, item_code="0101", phone=more.get("phone", f"1990000{first + n:04d}"), said_at=at,
        )
        for n, (title, text) in enumerate(said)
    ]  # fmt: skip
    take_in(voices, actor=PORTAL, now=at)
    return list(Report.objects.order_by("id"))


def shown() -> HotIssue:
    return HotIssue.objects.get(messages__gte=2)


def members() -> set[frozenset[int]]:
    rows: dict[int, set[int]] = {}
    for issue_id, report_id in HotMessage.objects.values_list("issue_id", "report_id"):
        rows.setdefault(issue_id, set()).add(report_id)
    return {frozenset(ids) for ids in rows.values()}


def test_reports_of_one_matter_become_one_issue_with_a_name_and_a_heat(cast: Cast) -> None:
    reports = say([*DUST, LAMP])
    assert actions.take_new(now=NOW) == 4
    issue = shown()
    assert set(issue.members.values_list("report_id", flat=True)) == {one.pk for one in reports[:3]}
    assert "丽景园" in issue.place and "丽景园" in issue.name
    assert (issue.messages, issue.people) == (3, 3)
    assert issue.heat == pytest.approx(sum(issue.parts.values()), abs=0.05) and issue.heat > 10
    assert HotIssue.objects.count() == 2


def test_one_person_who_says_it_twice_counts_once(cast: Cast) -> None:
    say(DUST, phone=PHONE)
    actions.take_new(now=NOW)
    assert (shown().messages, shown().people) == (3, 1)


def test_a_repeated_round_changes_nothing(cast: Cast) -> None:
    say(DUST)
    assert actions.take_new(now=NOW) == 3
    before = list(HotIssue.objects.values())
    assert actions.take_new(now=NOW + timedelta(minutes=1)) == 0
    assert list(HotIssue.objects.values()) == before


def test_after_a_restart_new_messages_join_the_same_issue(cast: Cast) -> None:
    say(DUST[:1])
    actions.take_new(now=NOW)
    indexing.forget()
    say(DUST[1:2], first=10)
    actions.take_new(now=NOW)
    issue = shown()
    indexing.forget()
    say(DUST[2:], first=20)
    actions.take_new(now=NOW)
    assert shown().pk == issue.pk and shown().messages == 3


def test_what_another_process_wrote_is_noticed(cast: Cast) -> None:
    say(DUST[:1])
    actions.take_new(now=NOW)
    ours = dict(indexing._held)
    indexing.forget()
    say(DUST[1:2], first=10)
    actions.take_new(now=NOW)
    indexing._held.update(ours)
    say(DUST[2:], first=20)
    actions.take_new(now=NOW)
    assert shown().messages == 3


def test_a_round_that_fails_leaves_memory_and_rows_alike(cast: Cast, monkeypatch: Any) -> None:
    say(DUST)

    def fail(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patched:
        patched.setattr(actions, "refresh", fail)
        with pytest.raises(RuntimeError):
            actions.take_new(now=NOW)
    assert not HotMessage.objects.exists()
    assert actions.take_new(now=NOW) == 3 and shown().messages == 3


def test_what_is_old_or_from_a_device_is_left_out(cast: Cast) -> None:
    say(DUST[:1], at=NOW - timedelta(days=100))
    say(DUST[1:2], first=10, channel="device")
    say(DUST[2:], first=20)
    assert actions.take_new(now=NOW) == 1


def test_looking_again_keeps_the_issue_and_its_joint_case(cast: Cast) -> None:
    say([*DUST, *LAMPS])
    actions.take_new(now=NOW)
    before = members()
    noise = HotIssue.objects.get(messages=3)
    actions.open_joint_case(noise.pk, actor=cast.zhao_centre, now=NOW)
    actions.consolidate(now=NOW)
    assert members() == before
    assert HotIssue.objects.filter(pk=noise.pk, case__isnull=False, messages=3).exists()


def test_issues_that_turn_out_to_be_one_become_one(cast: Cast) -> None:
    reports = say(DUST)
    actions.take_new(now=NOW)
    joined = shown()
    apart = HotIssue.objects.create(first_at=NOW, last_at=NOW)
    HotMessage.objects.filter(report=reports[2]).update(issue=apart)
    actions.consolidate(now=NOW)
    assert (shown().pk, shown().messages) == (joined.pk, 3)
    assert not HotIssue.objects.filter(pk=apart.pk).exists()


def test_heat_falls_when_nobody_speaks_and_old_issues_are_quiet(cast: Cast) -> None:
    say([*DUST, LAMP])
    actions.take_new(now=NOW)
    before = shown().heat
    actions.refresh_heat(now=NOW + timedelta(days=40))
    assert shown().heat < before
    actions.refresh_heat(now=NOW + timedelta(days=91))
    assert shown().quiet and HotIssue.objects.count() == 1  # the lamp alone is gone


def test_what_was_erased_leaves_its_issue(cast: Cast) -> None:
    reports = say(DUST)
    actions.take_new(now=NOW)
    Report.objects.filter(pk=reports[0].pk).update(text="", title="", erased_at=NOW)
    assert len(queries.messages_of(shown(), cast.zhao_centre).rows) == 2
    assert actions.forget_erased(now=NOW) == 1 and actions.forget_erased(now=NOW) == 0
    assert shown().messages == 2
    assert actions.take_new(now=NOW) == 0


def test_strangers_see_nothing_and_a_street_sees_its_own(cast: Cast) -> None:
    say(DUST)
    actions.take_new(now=NOW)
    for stranger in (cast.he_sanitation, cast.tang_grid, cast.wang_seat):
        with pytest.raises(NotFound):
            access.get_issue(stranger, shown().pk)
    ours = Actor("staff", "person:1", "街道", duties=(Duty("dispatcher", TOWN),))
    theirs = Actor("staff", "person:2", "别街道", duties=(Duty("dispatcher", "990101009"),))
    since, until = NOW - timedelta(days=7), NOW + timedelta(days=1)
    assert len(queries.board(ours, since=since, until=until).rows) == 1
    assert queries.board(theirs, since=since, until=until).rows == []
    assert queries.points(theirs, since=since, until=until) == []
    assert len(queries.points(ours, since=since, until=until)) == 3


def test_a_joint_case_is_opened_once_and_held_for_a_dispatcher(cast: Cast) -> None:
    say(DUST)
    actions.take_new(now=NOW)
    issue = shown()
    for other in (cast.li_dispatcher, cast.ji_discipline):
        with pytest.raises(Forbidden):
            actions.open_joint_case(issue.pk, actor=other, now=NOW)
    with pytest.raises(NotFound):
        actions.open_joint_case(issue.pk, actor=cast.he_sanitation, now=NOW)
    opened = actions.open_joint_case(issue.pk, actor=cast.zhao_centre, now=NOW)
    case = Case.objects.get(pk=opened.case_id)
    assert (case.title, case.item_code, case.state, case.channel) == (issue.name, "0101", "pending", "department")
    assert "3 条" in case.summary and "睡不着" not in case.summary
    assert Entry.objects.get(chain=f"case:{case.pk}", verb="open").actor_ref == cast.zhao_centre.ref
    for _again in range(2):
        with pytest.raises(Conflict):
            actions.open_joint_case(issue.pk, actor=cast.qian_supervisor, now=NOW)
    assert Case.objects.count() == 4


def test_the_board_costs_one_query_and_an_issue_one_for_each_part(cast: Cast) -> None:
    say([*DUST, *LAMPS])
    actions.take_new(now=NOW)
    since, until = NOW - timedelta(days=7), NOW + timedelta(days=1)
    with CaptureQueriesContext(connection) as asked:
        page = queries.board(cast.zhao_centre, since=since, until=until)
        issue = page.rows[0]
        queries.daily(issue, since=since)
        queries.points(cast.zhao_centre, since=since, until=until)
        for row in queries.messages_of(issue, cast.zhao_centre).rows:
            assert row.report.case.title
    assert len(asked) == 4 and len(page.rows) == 2
    assert page.rows[0].heat >= page.rows[1].heat


def test_pages_of_the_board_follow_each_other(cast: Cast) -> None:
    say([*DUST, *LAMPS])
    actions.take_new(now=NOW)
    since, until = NOW - timedelta(days=7), NOW + timedelta(days=1)
    first = queries.board(cast.zhao_centre, since=since, until=until, size=1)
    second = queries.board(cast.zhao_centre, since=since, until=until, size=1, cursor=first.next)
    assert {first.rows[0].pk, second.rows[0].pk} == set(
        HotIssue.objects.filter(messages__gte=2).values_list("pk", flat=True)
    )
    found = queries.board(cast.zhao_centre, since=since, until=until, place="石桥")
    assert [one.messages for one in found.rows] == [2]


def test_a_round_costs_the_same_for_two_and_for_many(cast: Cast) -> None:
    def count(first: int, times: int) -> int:
        say([(title, f"{text}第{n}次") for n in range(times) for title, text in DUST], first=first)
        with CaptureQueriesContext(connection) as asked:
            actions.take_new(now=NOW)
        return len(asked)

    count(1, 1)
    assert count(100, 1) == count(200, 5)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_pages_never_show_a_phone(cast: Cast, settings: Any, language: str) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    now = clock.now()
    say(DUST, at=now - timedelta(hours=1))
    say([(f"丽景园小区工地夜间施工噪音扰民请回电{PHONE}", DUST[0][1])], at=now - timedelta(hours=1), first=10)
    actions.take_new(now=now)
    client = Client(headers={"accept-language": language})
    client.force_login(account_of(cast.zhao_centre))
    pages = ["/desk/hotspots", f"/desk/hotspots/{shown().pk}", "/desk/hotspots/points?days=7", "/desk/hotspots?days=90"]
    for page in (*pages, f"/desk/hotspots/points?issue={shown().pk}"):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert PHONE not in answer.content.decode()
    assert "丽景园" in client.get(pages[0]).content.decode()
    assert client.get("/desk/hotspots?days=8").status_code == 422
    posted = client.post(f"/desk/hotspots/{shown().pk}/joint-case")
    assert posted.status_code == 302 and posted.url == f"/desk/cases/{shown().case_id}/"
    again = client.post(f"/desk/hotspots/{shown().pk}/joint-case", follow=True)
    assert again.status_code == 200 and Case.objects.count() == 5
    assert f'href="/desk/cases/{shown().case_id}/"' in again.content.decode()
    client.force_login(account_of(cast.he_sanitation))
    assert client.get(pages[0]).status_code == 404 and client.get(pages[1]).status_code == 404


def test_the_interface_lists_and_opens(cast: Cast) -> None:
    now = clock.now()
    say(DUST, at=now - timedelta(hours=1))
    tasks.take_new(0)
    client = _keyed(["reports:read"])
    (item,) = client.get("/api/v1/hotspots?days=7").json()["items"]
    assert item["messages"] == 3 and item["joint_case_id"] is None
    whole = client.get(f"/api/v1/hotspots/{item['id']}").json()
    assert sum(one["count"] for one in whole["daily"]) == 3 and len(whole["case_ids"]) == 3
    assert client.get("/api/v1/hotspots?days=91").status_code == 422
    assert client.post(f"/api/v1/hotspots/{item['id']}/joint-case").status_code == 403
    assert _keyed(["cases:read"]).get("/api/v1/hotspots").status_code == 403
    tasks.nightly(0)
    tasks.forget_erased(0)
    assert shown().messages == 3


def _keyed(scopes: list[str], unit: Unit | None = None) -> Client:
    now = clock.now()
    _row, token = issue_key(
        name="城市平台", scopes=scopes, unit=unit, area="", expires_at=now + timedelta(days=30), actor=SYSTEM, now=now
    )
    return Client(headers={"Authorization": f"Bearer {token}"})
