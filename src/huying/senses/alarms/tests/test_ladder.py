"""Ladders as data: what a policy may say, which one counts, when it stops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from huying.senses.alarms import ladder
from huying.senses.alarms.ladder import LadderWrong, Policy, Rung, parse_rungs

T0 = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
TWO = [
    {"after": 0, "who": ["duty"], "by": ["app"]},
    {"after": 60, "who": ["unit_lead"], "by": ["app", "sms"], "call": "119"},
]


def test_rungs_come_back_as_they_were_written() -> None:
    rungs = parse_rungs(TWO)
    assert [one.as_json() for one in rungs] == TWO
    assert rungs[1] == Rung(60, ("unit_lead",), ("app", "sms"), "119")


@pytest.mark.parametrize(
    ("raw", "path", "why"),
    [
        ([], "rungs", "count"),
        ("x", "rungs", "count"),
        ([1], "rungs[0]", "shape"),
        ([TWO[0] | {"loud": 1}], "rungs[0].loud", "unknown"),
        ([TWO[0] | {"after": -1}], "rungs[0].after", "seconds"),
        ([TWO[0] | {"after": True}], "rungs[0].after", "seconds"),
        ([TWO[0] | {"who": []}], "rungs[0].who", "unknown"),
        ([TWO[0] | {"who": ["neighbour"]}], "rungs[0].who", "unknown"),
        ([TWO[0] | {"by": ["pigeon"]}], "rungs[0].by", "unknown"),
        ([TWO[0] | {"call": "13800000000"}], "rungs[0].call", "unknown"),
        ([TWO[0], TWO[0]], "rungs[1].after", "order"),
        ([TWO[0] | {"after": n} for n in range(9)], "rungs", "count"),
    ],
)
def test_what_cannot_be_walked_is_refused(raw: object, path: str, why: str) -> None:
    with pytest.raises(LadderWrong) as wrong:
        parse_rungs(raw)
    assert (wrong.value.path, wrong.value.why) == (path, why)


def test_the_next_rung_is_due_as_long_after_as_the_policy_says() -> None:
    policy = Policy("", "", 3, parse_rungs([{**TWO[0], "after": 30}, TWO[1]]))
    assert policy.due_after(0, T0) == T0 + timedelta(seconds=30)
    assert policy.due_after(1, T0) == T0 + timedelta(seconds=30)
    assert policy.due_after(2, T0) is None


def test_own_kind_before_any_kind_then_the_nearest_place_then_the_gravest() -> None:
    rungs = parse_rungs(TWO)
    wide, near = Policy("", "", 3, rungs), Policy("990101", "", 2, rungs)
    grave, smoke = Policy("990101", "", 4, rungs), Policy("", "smoke", 1, rungs)
    known = [wide, near, grave, smoke]

    def pick(area: str, kind: str, severity: int) -> Policy | None:
        return ladder.pick(known, area=area, kind=kind, severity=severity)

    assert pick("990101001001", "leak", 3) is near
    assert pick("990101001001", "leak", 4) is grave
    assert pick("990102001001", "leak", 4) is wide
    assert pick("990102001001", "leak", 1) is None
    assert pick("990101001001", "smoke", 4) is smoke


def test_the_defaults_can_be_walked_and_say_where_they_come_from() -> None:
    held = ladder.defaults()
    assert all(one.source for one in held)
    for one in held:
        assert all(later.after > sooner.after for sooner, later in pairwise(one.rungs))
    for kind, line in (("sos", "120"), ("fall", "120"), ("smoke", "119"), ("gas", "119")):
        policy = ladder.pick(held, area="990101001001", kind=kind, severity=4)
        assert policy is not None
        assert policy.rungs[0].after == 0
        assert line in [rung.call for rung in policy.rungs]
        assert policy.rungs[1].after <= 60
    assert {severity for severity in (2, 3, 4) if ladder.pick(held, area="", kind="leak", severity=severity)} == {
        2,
        3,
        4,
    }
    assert ladder.pick(held, area="", kind="leak", severity=1) is None


ON = {"acknowledged": False, "closed": False, "cleared": False, "urgent": False, "test": False, "covered": False}


@pytest.mark.parametrize(
    ("more", "over"),
    [
        ({}, False),
        ({"acknowledged": True}, True),
        ({"closed": True}, True),
        ({"cleared": True}, True),
        ({"cleared": True, "urgent": True}, False),
        ({"cleared": True, "urgent": True, "acknowledged": True}, True),
        ({"test": True, "urgent": True}, True),
        ({"covered": True}, True),
    ],
)
def test_when_nobody_more_is_called(more: dict[str, bool], over: bool) -> None:
    assert ladder.stops(**(ON | more)) is over
