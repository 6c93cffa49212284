"""What patrols find and departments pass on supports an issue: no voice, little heat, and no issue by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huying.casework.cases.factories import NOW, Cast
from huying.kernel import clock

from .. import actions, board_queries, joint, joint_queries, queries, rebuilding
from ..heat import Weights
from ..models import HotIssue, HotMessage
from .conftest import Desk
from .saying import DUST, days, say, shown
from .test_joint import plan  # noqa: F401

PATROL = ("巡查发现丽景园小区旁工地夜间施工噪音", "网格巡查发现丽景园小区旁边的工地夜里施工，噪音扰民。")


@pytest.fixture
def issue(cast: Cast) -> HotIssue:
    """Two residents ten days ago; three patrols and a department today."""
    say(DUST[:2], at=NOW - timedelta(days=10))
    say([PATROL, DUST[2], PATROL], first=10, channel="grid")
    say([DUST[2]], first=20, channel="department")
    actions.take_new(now=NOW)
    return shown()


def test_only_what_residents_say_is_counted(cast: Cast, issue: HotIssue) -> None:
    assert (issue.messages, issue.official, issue.said, issue.people) == (6, 4, 2, 2)
    assert issue.last_at == NOW - timedelta(days=10)
    (row,) = board_queries.board(cast.zhao_centre, days(30)).rows
    assert (row.messages, row.people, row.official, row.last_at) == (2, 2, 4, issue.last_at)
    assert 0 < row.parts["official"] < row.parts["messages"]
    assert sum(one.count for one in queries.time_line(issue, cast.zhao_centre, days(30))) == 2
    assert len(queries.points(cast.zhao_centre, days(30))) == 2
    assert len(queries.messages_of(issue, cast.zhao_centre).rows) == 6


def test_it_makes_no_issue_hot(cast: Cast, issue: HotIssue) -> None:
    assert board_queries.board(cast.zhao_centre, days(7)).rows == []
    assert board_queries.standing(issue, cast.zhao_centre, days(7)) is None
    HotMessage.objects.filter(official=False).first().delete()  # type: ignore[union-attr]
    assert board_queries.board(cast.zhao_centre, days(30)).rows == []


def test_the_place_says_how_much_it_supports(cast: Cast, issue: HotIssue) -> None:
    def heat(official: float) -> float:
        return board_queries.board(cast.zhao_centre, days(30), weights=Weights(official=official)).rows[0].heat

    assert heat(0) < heat(1) < heat(20)


def test_an_issue_is_named_by_what_residents_say(cast: Cast, issue: HotIssue) -> None:
    assert "丽景园" in issue.name and "巡查" not in issue.name


def test_a_rebuild_tells_them_apart_too(cast: Cast, issue: HotIssue) -> None:
    HotMessage.objects.update(official=False)
    rebuilding.rebuild(again=True)
    assert HotMessage.objects.filter(official=True).count() == 4
    assert (shown().official, shown().people) == (4, 2)


def test_the_effect_of_a_joint_case_is_in_what_residents_say(cast: Cast, issue: HotIssue, plan: joint.Plan) -> None:  # noqa: F811
    opened = joint.open_joint_case(issue.pk, plan, actor=cast.zhao_centre, now=NOW - timedelta(days=5))
    found = joint_queries.joint_of(opened, now=NOW + timedelta(days=6))
    assert found is not None and (found.effect.before, found.effect.after) == (2, 0)
    assert "共 2 条、2 人" in opened.case.summary  # type: ignore[union-attr]


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "网格巡查"), ("en", "Grid patrol")])
def test_the_page_says_which_messages_they_are(cast: Cast, desk: Desk, language: str, word: str) -> None:
    now = clock.now()
    say(DUST[:2], at=now - timedelta(hours=2))
    say([PATROL], at=now - timedelta(hours=1), first=10, channel="grid")
    actions.take_new(now=now)
    page = desk("zhao_centre", language).get(f"/desk/hotspots/{shown().pk}").content.decode()
    assert page.count(f" · {word}") == 1
