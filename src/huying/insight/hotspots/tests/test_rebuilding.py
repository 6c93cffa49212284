"""The whole history in bulk: the same groups as one by one, resumable, repeated without effect, joint cases kept."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import NOW, Cast
from huying.senses.reports.models import Report

from .. import actions, indexing, rebuilding
from ..commands import commands
from ..models import HotIssue, HotMessage
from .saying import DUST, LAMP, LAMPS, members, say
from .test_joint import plan  # noqa: F401

OLD = NOW - timedelta(days=400)


@pytest.fixture
def history(cast: Cast) -> list[Report]:
    """The same noise in two years, and lamps."""
    say(DUST, at=OLD)
    say(DUST, first=10)
    return say([*LAMPS], first=20)


def test_the_whole_history_is_grouped(cast: Cast, history: list[Report]) -> None:
    done = rebuilding.rebuild()
    ids = [one.pk for one in history]
    assert done == rebuilding.Rebuilt(8, 2)
    assert members() == {frozenset(ids[:6]), frozenset(ids[6:])}
    assert HotIssue.objects.filter(messages__gte=2).exclude(name="").count() == done.issues


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_slices_of_any_size_end_alike(cast: Cast, history: list[Report], size: int) -> None:
    rebuilding.rebuild(size=size)
    in_slices = members()
    rebuilding.rebuild(again=True)
    assert members() == in_slices
    assert {one.messages for one in HotIssue.objects.all()} == {len(ids) for ids in in_slices}


def test_a_repeated_rebuild_changes_nothing(cast: Cast, history: list[Report]) -> None:
    rebuilding.rebuild()
    before, rows = list(HotIssue.objects.order_by("id").values()), list(HotMessage.objects.order_by("id").values())
    assert rebuilding.rebuild().messages == 0
    assert rebuilding.rebuild(again=True).messages == 8
    assert list(HotIssue.objects.order_by("id").values()) == before
    assert list(HotMessage.objects.order_by("id").values()) == rows


def test_all_again_names_anew_what_did_not_change(cast: Cast, history: list[Report]) -> None:
    rebuilding.rebuild()
    names = dict(HotIssue.objects.values_list("pk", "name"))
    HotIssue.objects.update(name="2、以下几个")
    rebuilding.rebuild()
    assert set(HotIssue.objects.values_list("name", flat=True)) == {"2、以下几个"}
    rebuilding.rebuild(again=True)
    assert dict(HotIssue.objects.values_list("pk", "name")) == names


def test_what_broke_off_goes_on_where_it_was(cast: Cast, history: list[Report], monkeypatch: Any) -> None:
    real, calls = rebuilding._take, []

    def breaks(*given: Any) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*given)

    with monkeypatch.context() as patched:
        patched.setattr(rebuilding, "_take", breaks)
        with pytest.raises(KeyboardInterrupt):
            rebuilding.rebuild(size=4)
    assert HotMessage.objects.count() == 4
    assert rebuilding.rebuild(size=4).messages == 4
    assert HotMessage.objects.count() == 8


def test_what_came_one_by_one_keeps_its_issue_and_joint_case(cast: Cast, plan: Any) -> None:  # noqa: F811
    from .. import joint

    say([*DUST, LAMP])
    actions.take_new(now=NOW)
    noise = HotIssue.objects.get(messages=3)
    joint.open_joint_case(noise.pk, plan, actor=cast.zhao_centre, now=NOW)
    HotMessage.objects.update(features={}, reading=1)
    say([DUST[0]], first=30, at=NOW)
    rebuilding.rebuild()
    kept = HotIssue.objects.get(pk=noise.pk)
    assert kept.messages == 4 and kept.case_id is not None
    assert not HotMessage.objects.filter(features={}).exists()


def test_the_worker_goes_on_after_it(cast: Cast, history: list[Report]) -> None:
    rebuilding.rebuild()
    assert actions.take_new(now=NOW) == 0
    say([DUST[1]], first=40)
    assert actions.take_new(now=NOW) == 1
    assert HotIssue.objects.filter(messages=7).exists()


def test_erased_reports_and_devices_are_left_out(cast: Cast, history: list[Report]) -> None:
    Report.objects.filter(pk=history[0].pk).update(erased_at=NOW)
    Report.objects.filter(pk=history[1].pk).update(channel="camera")
    assert rebuilding.rebuild().messages == 6


def test_the_command_says_what_it_did(cast: Cast, history: list[Report]) -> None:
    (group,) = [one for one in commands if one.name == "hotspots"]
    told = CliRunner().invoke(group, ["rebuild", "--json", "--slice", "100"])
    assert told.exit_code == 0, told.output
    facts = json.loads(told.output)
    assert facts["messages"] == 8 and facts["issues"] >= 2
    assert "0 messages" in CliRunner().invoke(group, ["rebuild"]).output
    assert CliRunner().invoke(group, ["rebuild", "--slice", "5"]).exit_code == 2
    assert "8 messages" in CliRunner().invoke(group, ["rebuild", "--again"]).output
    indexing.forget()


def test_catching_up_takes_what_came_since_and_leaves_what_is_old(cast: Cast, history: list[Report]) -> None:
    assert rebuilding.catch_up(now=NOW, size=2) == 5
    assert HotMessage.objects.filter(report__in=history[:3]).count() == 0
    assert members() == {frozenset(one.pk for one in history[3:6]), frozenset(one.pk for one in history[6:])}
    assert rebuilding.catch_up(now=NOW) == 0
    say([DUST[1]], first=40)
    assert rebuilding.catch_up(now=NOW) == 1
    assert HotIssue.objects.filter(messages=4).exists()


def test_catching_up_begins_behind_what_is_grouped_and_counts_nothing(
    cast: Cast, history: list[Report], monkeypatch: Any
) -> None:
    monkeypatch.setattr(actions, "_LATE", 0)
    HotMessage.objects.create(
        report=history[5], issue=HotIssue.objects.create(first_at=NOW, last_at=NOW), features={}, at=NOW, person=1
    )
    HotIssue.objects.update(messages=1)
    assert rebuilding.catch_up(now=NOW) == 2
    with CaptureQueriesContext(connection) as asked:
        assert rebuilding.catch_up(now=NOW) == 0
    assert len(asked) == 2
    assert not any("COUNT(" in one["sql"] for one in asked)
    assert f'"id" > {history[-1].pk}' in asked[1]["sql"]


def test_catching_up_joins_what_an_older_reader_read(cast: Cast) -> None:
    say(DUST[:2])
    actions.take_new(now=NOW)
    HotMessage.objects.update(reading=1)
    say([DUST[2]], first=30)
    assert rebuilding.catch_up(now=NOW) == 1
    assert HotIssue.objects.filter(messages=3).exists()


class Watching:
    """Somebody who looks."""

    def __init__(self) -> None:
        self.total: int | None = None

    def start(self, what: str, total: int | None) -> None:
        self.total = total

    def advance(self, steps: int) -> None:
        return None

    def finish(self) -> None:
        return None


def test_a_rebuild_counts_only_for_whoever_watches(cast: Cast, history: list[Report]) -> None:
    watching = Watching()
    rebuilding.rebuild(progress=watching)
    assert watching.total == 2 * len(history)
    with CaptureQueriesContext(connection) as watched:
        rebuilding.rebuild(progress=watching)
    with CaptureQueriesContext(connection) as alone:
        rebuilding.rebuild()
    assert (len(watched), len(alone)) == (3, 2)
