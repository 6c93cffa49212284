"""Which rules apply: kind < area < device; what a place saves is checked, versioned and never rewritten."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import COUNTY, GRID_3, LIUAN, NOW, Cast
from huying.ground.organisation.factories import staff
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, Forbidden, HuyingError, Invalid, NotFound
from huying.kernel.trace import Entry
from huying.senses.alarms import queries
from huying.senses.alarms.actions import drop_rule, restore_rule, save_ladder, save_rule
from huying.senses.alarms.engine.defaults import raw_defaults
from huying.senses.alarms.factories import known
from huying.senses.alarms.models import AlarmRule, LadderPolicy
from huying.senses.alarms.rulebook import rules_for
from huying.senses.devices.models import Device

from .conftest import make_device

KEEPER = staff("device_keeper")
TOWN_KEEPER = staff("device_keeper", area="990101002")


def battery(under: int, **more: object) -> dict[str, object]:
    (body,) = [one for one in raw_defaults("smoke") if one["code"] == "battery"]
    return body | {"when": {"field": "battery", "under": under}} | more


def save(under: int, actor: Actor = KEEPER, **where: object) -> AlarmRule:
    return save_rule(battery(under), reason="试点", actor=actor, now=NOW, **where)  # type: ignore[arg-type]


def threshold(device: Device) -> object:
    (found,) = rules_for([known(device)])
    rule = found.rule("battery")
    return rule.steps[0].threshold if rule else None


def test_the_nearest_counts(device: Device) -> None:
    other = make_device("SM-2", area=GRID_3)
    assert threshold(device) == threshold(other) == 20
    save(25)
    save(30, area=LIUAN)
    assert (threshold(device), threshold(other)) == (30, 25)
    save(35, device=device.code)
    assert threshold(device) == 35
    assert [(one.level, one.version) for one in queries.rules_of(device) if one.rule.code == "battery"] == [
        ("device", 1)
    ]
    drop_rule("smoke", "battery", device=device.code, reason="换了锂电", actor=KEEPER, now=NOW)
    assert threshold(device) is None
    assert len(rules_for([known(device)])[0].rules) == len(rules_for([known(other)])[0].rules) - 1


def test_devices_under_the_same_rules_share_them_and_it_costs_one_query(device: Device) -> None:
    save(30, area=LIUAN)
    others = [make_device(f"X-{number}") for number in range(20)]
    rules_for([known(device)])
    with CaptureQueriesContext(connection) as seen:
        sets = rules_for([known(one) for one in (device, *others)])
    assert len(seen.captured_queries) == 1
    assert len({id(one) for one in sets}) == 1
    again = rules_for([known(device)])[0]
    assert again is sets[0]


def test_versions_follow_each_other_and_stay(device: Device) -> None:
    first, second = save(25), save(30)
    assert (first.version, second.version) == (1, 2)
    assert [one.version for one in queries.versions(second)] == [2, 1]
    restore_rule(first.pk, reason="太吵", actor=KEEPER, now=NOW)
    assert threshold(device) == 25
    assert list(AlarmRule.objects.filter(current=True).values_list("version", flat=True)) == [3]
    assert Entry.objects.filter(chain="alarm-rule:smoke:all", verb="rule").count() == 3
    for change in ({"body": {}}, {"reason": "x"}, {"current": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AlarmRule.objects.filter(pk=first.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        first.delete()


@pytest.mark.parametrize(
    ("given", "error", "field"),
    [
        ({"body": battery(25, code="Battery!")}, Invalid, "code"),
        ({"body": battery(25, when={"field": "colour", "under": 1})}, Invalid, "when"),
        ({"body": battery(25, kind="toaster")}, Invalid, "kind"),
        ({"reason": " "}, Invalid, "reason"),
        ({"area": "12x"}, Invalid, "area"),
        ({"actor": TOWN_KEEPER}, Forbidden, None),
        ({"actor": staff("supervisor", area=COUNTY)}, Forbidden, None),
        ({"device": "nowhere"}, NotFound, None),
        ({"device": "SM-1", "actor": TOWN_KEEPER}, NotFound, None),
        ({"device": "SM-1", "body": {**raw_defaults("gas")[0]}}, Invalid, "kind"),
        ({"seen": 3}, Conflict, None),
    ],
)
def test_refused_and_nothing_is_saved(
    device: Device, given: dict[str, object], error: type[HuyingError], field: str | None
) -> None:
    usual: dict[str, object] = {"body": battery(25), "reason": "试点", "actor": KEEPER, "now": NOW}
    with pytest.raises(error) as no:
        save_rule(**(usual | given))  # type: ignore[arg-type]
    if field is not None:
        assert no.value.field == field
    assert not AlarmRule.objects.exists()
    assert not Entry.objects.filter(chain__startswith="alarm-rule").exists()


def test_a_rule_nobody_has_cannot_be_taken_away(cast: Cast) -> None:
    with pytest.raises(NotFound):
        drop_rule("smoke", "nonsense", reason="x", actor=KEEPER, now=NOW)


def test_own_rules_are_shown_where_they_concern_somebody(device: Device, cast: Cast) -> None:
    save(25)
    save(30, area=LIUAN)
    save(35, area="990101001002")
    save(40, device=device.code)
    shown = queries.own_rules(cast.tang_grid).rows
    assert [(one.area, one.device_id) for one in shown] == [("", None), ("", device.pk), (LIUAN, None)]
    first = queries.own_rules(KEEPER, size=3)
    rest = queries.own_rules(KEEPER, size=3, cursor=first.next)
    assert [len(first.rows), len(rest.rows), rest.next] == [3, 1, None]
    assert queries.own_rules(cast.he_sanitation).rows == []


def test_ladders_of_a_place(cast: Cast) -> None:
    rungs = [{"after": 0, "who": ["grid_worker"], "by": ["app"]}]
    good = {"rungs": rungs, "area": LIUAN, "severity": 2, "source": "街道通知", "actor": KEEPER, "now": NOW}
    save_ladder(**good)  # type: ignore[arg-type]
    row = LadderPolicy.objects.get()
    for wrong in (
        {"rungs": []}, {"rungs": [{"after": 0}]}, {"severity": 7}, {"source": ""}, {"area": "9"}, {"actor": TOWN_KEEPER},
    ):  # fmt: skip
        with pytest.raises((Invalid, Forbidden)):
            save_ladder(**(good | wrong))  # type: ignore[arg-type]
    assert LadderPolicy.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        LadderPolicy.objects.filter(pk=row.pk).update(severity=1)
