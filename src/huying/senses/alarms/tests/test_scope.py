"""What lies outside the asker's scope, what is older than what somebody else saved, and what no calendar holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from huying.casework.cases.factories import GRID_1, GRID_3, NOW, Cast
from huying.kernel.clock import now as clock_now
from huying.kernel.errors import Invalid
from huying.senses.alarms import queries
from huying.senses.alarms.desk import history, rule_form, trying
from huying.senses.alarms.engine import default_rules
from huying.senses.alarms.factories import make_alarm
from huying.senses.alarms.models import AlarmRule, Drill
from huying.senses.devices.factories import make_keeper

from .conftest import make_device
from .test_pages import Desk, desk, said

__all__ = ["desk"]
ADDRESS = "/desk/alarms/rules/smart_breaker/leak/"


def typed_in(client: Any, address: str) -> dict[str, str]:
    """The form as a browser would send it back."""
    form = client.get(address).context
    typed = {name: value for name, value in form["typed"].items() if isinstance(value, str) and value}
    for one in form["typed"]["steps"]:
        typed |= {f"{name}_{one['severity']}": one[name] for name in ("threshold", "leave", "lasting", "unit")}
    typed |= {"scope": "area", "area": GRID_1, "active": "1", "reason": "先试试", "do": "save"}
    return typed | {name: str(form[name]) for name in ("seen", "seen_in")}


def test_a_save_that_has_not_seen_the_newest_shows_both(desk: Desk, cast: Cast) -> None:
    client = desk(role="device_keeper")
    first, second = typed_in(client, ADDRESS), typed_in(client, ADDRESS)
    client.post(ADDRESS, first | {"threshold_2": "16", "reason": "第一份"})
    late = client.post(ADDRESS, second | {"threshold_2": "17", "reason": "第二份"})
    assert late.status_code == 409
    assert "这里的规则刚被别人改过" in said(late) and "16" in said(late) and "第一份" in said(late)
    assert 'value="17"' in said(late)  # what was typed stays
    assert AlarmRule.objects.get().body["steps"][0]["at_least"] == 16
    again = second | {"threshold_2": "17", "seen": str(late.context["seen"]), "seen_in": late.context["seen_in"]}
    assert client.post(ADDRESS, again).status_code == 302
    assert AlarmRule.objects.get(current=True).version == 2


@pytest.mark.parametrize("seen", ["", "²", "-1", "9" * 40])
def test_a_version_that_is_none_overwrites_nothing(desk: Desk, cast: Cast, seen: str) -> None:
    client = desk(role="device_keeper")
    client.post(ADDRESS, typed_in(client, ADDRESS))
    assert client.post(ADDRESS, typed_in(client, ADDRESS) | {"seen": seen}).status_code == 409
    assert AlarmRule.objects.count() == 1


def test_a_rule_about_vitals_is_tried_on_many_and_says_of_nobody(
    desk: Desk, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    bands = [make_device(f"W-{number}", "wearable") for number in range(trying.FEWEST)]
    past = [(clock_now() - timedelta(minutes=90 - n), {"heart_rate": 140.0, "worn": True}) for n in range(60)]
    monkeypatch.setattr(history, "_reader", [lambda device, since, until: past if device == bands[0] else []])
    rule = next(one for one in default_rules("wearable") if one.code == "heart_high")
    luo = make_keeper(cast)
    raw = rule_form.written(rule)
    with pytest.raises(Invalid) as no:
        trying.begin(luo, raw, None, area="", device=bands[0].code, now=clock_now())
    assert no.value.code == "too_few_to_try"
    found = trying.said(trying.begin(luo, raw, None, area="", device="", now=clock_now()))
    assert (found["alarms"], found["first"], found["most"]) == (1, [], [])


def test_a_share_of_what_is_private_is_private() -> None:
    rule = next(one for one in default_rules("wearable") if one.code == "heart_high")
    raw = rule_form.written(rule)
    public = raw | {"when": {"field": "battery", "percent_of": 50.0}, "only_while": []}
    assert trying.reads_private(raw)
    assert not trying.reads_private(public)
    assert trying.reads_private(public | {"when": public["when"] | {"percent_of": "heart_rate"}})


def test_trials_rates_and_tests_hold_what_lies_in_the_scope(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    near, far = make_device("B-1", "smart_breaker"), make_device("B-2", "smart_breaker", area=GRID_3)
    monkeypatch.setattr(history, "_reader", [])
    rule = rule_form.written(next(one for one in default_rules("smart_breaker") if one.code == "leak"))
    keeper = make_keeper(cast, area=GRID_1)
    assert trying.begin(keeper, rule, None, area="", device="", now=NOW).devices == 1
    assert trying.begin(keeper, rule, None, area="", device=far.code, now=NOW).devices == 0
    over = {"cleared_at": NOW, "cleared_by": "reading", "closed_at": NOW, "closed_by": "x", "cause": "false_hand"}
    for device in (near, far):
        make_alarm(device, NOW, kind="leak", severity=3, urgent=False, **over)
    found = queries.false_rates(keeper, since=NOW, until=NOW + timedelta(days=1), by="device")
    assert [one.key for one in found] == ["B-1"]
    make_device("SM-8", area=GRID_3)
    make_device("SM-9")
    assert [one.code for one in queries.drills_overdue(keeper, now=NOW).rows] == ["SM-9"]


def test_strangers_find_no_trial_no_rates_and_no_test(desk: Desk, cast: Cast) -> None:
    make_device("SM-9", area=GRID_3)
    keeper = desk("he_sanitation")
    for address in (
        "/desk/alarms/rates/",
        "/desk/alarms/drills/",
        "/desk/alarms/rules/",
        "/desk/alarms/rules/trying/x",
    ):
        assert keeper.get(address).status_code == 404
    assert desk("tang_grid").post("/desk/alarms/drills/SM-9").status_code == 404
    assert not Drill.objects.exists()


@pytest.mark.parametrize("days", ["²", "9" * 30, "-30", "30x", ""])
def test_a_period_that_is_none_is_the_usual_one(desk: Desk, device: Any, days: str) -> None:
    answer = desk().get("/desk/alarms/rates/", {"days": days})
    assert (answer.status_code, "近 30 天" in said(answer)) == (200, True)


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        ("9999-12-31T23:59", "9999-12-31T23:59", "还没有到这个时间"),
        ("0001-01-01T00:00", "2026-01-01T00:00", "2000 年以前没有读数"),
        ("2026-02-01T00:00", "2026-01-01T00:00", "结束时间要晚于开始时间"),
        ("2001-01-01T00:00", "2026-01-01T00:00", "一次最多看十年"),
        ("2026-01-01T00:00", "9999-12-31T23:59Z", "还没有到这个时间"),
        ("nonsense", "2026-01-01T00:00", "请选择时间"),
    ],
)
def test_a_device_says_why_a_period_cannot_be_drawn(desk: Desk, device: Any, begin: str, end: str, words: str) -> None:
    answer = desk().get(f"/desk/devices/{device.code}/", {"from": begin, "to": end})
    assert answer.status_code == 200
    assert words in said(answer)
