"""每月一题: opened once with its plan, sent or held for a dispatcher; milestones reached, the effect told in numbers and words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import Case
from huying.kernel import clock
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from huying.kernel.trace import Entry

from .. import actions, joint, joint_queries
from ..joint import Plan, Step
from ..models import HotIssue, HotMessage, JointPlan, JointStep
from .conftest import Desk
from .saying import DUST, LAMPS, members, say, shown

TODAY = local_day(NOW)


@pytest.fixture
def issue(cast: Cast) -> HotIssue:
    say(DUST)
    actions.take_new(now=NOW)
    return shown()


@pytest.fixture
def plan(cast: Cast) -> Plan:
    steps = (Step("夜间巡查到位", TODAY + timedelta(days=20)), Step("约谈施工方", TODAY + timedelta(days=5)))
    return Plan("一个月内夜里不再施工", "执法队夜查，住建约谈。", cast.units["enforcement"].pk, steps)


def test_a_joint_case_is_opened_once_with_its_plan(cast: Cast, issue: HotIssue, plan: Plan) -> None:
    opened = joint.open_joint_case(issue.pk, plan, actor=cast.zhao_centre, now=NOW)
    case = Case.objects.get(pk=opened.case_id)
    assert (case.title, case.item_code, case.channel) == (issue.name, "0101", "department")
    assert case.lead_unit == cast.units["enforcement"] and case.state == "dispatched"
    assert "3 条" in case.summary and "夜里不再施工" in case.summary and "睡不着" not in case.summary
    kept = JointPlan.objects.get(case=case)
    assert list(kept.steps.order_by("number").values_list("what", flat=True)) == ["约谈施工方", "夜间巡查到位"]
    assert Entry.objects.get(chain=joint.chain_of(case.pk)).actor_ref == cast.zhao_centre.ref
    for _again in range(2):
        with pytest.raises(Conflict):
            joint.open_joint_case(issue.pk, plan, actor=cast.qian_supervisor, now=NOW)
    assert Case.objects.count() == 4


def test_opened_by_one_who_does_not_dispatch_it_waits(cast: Cast, issue: HotIssue, plan: Plan) -> None:
    opened = joint.open_joint_case(issue.pk, plan, actor=cast.qian_supervisor, now=NOW)
    case = Case.objects.get(pk=opened.case_id)
    assert case.state == "pending" and case.lead_unit is None and "望湖街道综合执法队牵头" in case.summary


def test_who_may_open(cast: Cast, issue: HotIssue, plan: Plan) -> None:
    for other in (cast.li_dispatcher, cast.ji_discipline):
        with pytest.raises(Forbidden):
            joint.open_joint_case(issue.pk, plan, actor=other, now=NOW)
    with pytest.raises(NotFound):
        joint.open_joint_case(issue.pk, plan, actor=cast.he_sanitation, now=NOW)
    assert Case.objects.count() == 3 and not JointPlan.objects.exists()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("goal", {"goal": " "}),
        ("goal", {"goal": "x" * 201}),
        ("plan", {"plan": ""}),
        ("plan", {"plan": "x" * 2001}),
        ("lead", {"lead_unit_id": 0}),
        ("steps", {"steps": ()}),
        ("steps", {"steps": (Step("约谈", TODAY),) * 9}),
        ("steps", {"steps": (Step(" ", TODAY),)}),
        ("steps", {"steps": (Step("约谈", TODAY - timedelta(days=1)),)}),
    ],
)
def test_a_wrong_plan_opens_nothing(cast: Cast, issue: HotIssue, plan: Plan, field: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        joint.open_joint_case(issue.pk, replace(plan, **wrong), actor=cast.zhao_centre, now=NOW)
    assert set(refused.value.fields) == {field}
    assert Case.objects.count() == 3 and not JointPlan.objects.exists()


def test_looking_again_keeps_the_issue_and_its_joint_case(cast: Cast, plan: Plan) -> None:
    say([*DUST, *LAMPS])
    actions.take_new(now=NOW)
    before = members()
    noise = HotIssue.objects.get(messages=3)
    joint.open_joint_case(noise.pk, plan, actor=cast.zhao_centre, now=NOW)
    actions.consolidate(now=NOW)
    assert members() == before
    assert HotIssue.objects.filter(pk=noise.pk, case__isnull=False, messages=3).exists()


def test_a_joint_case_goes_with_the_messages(cast: Cast, plan: Plan) -> None:
    reports = say(DUST)
    actions.take_new(now=NOW)
    apart = HotIssue.objects.create(first_at=NOW, last_at=NOW, messages=2, name="施工")
    HotMessage.objects.filter(report=reports[2]).update(issue=apart)
    joint.open_joint_case(apart.pk, plan, actor=cast.zhao_centre, now=NOW)
    actions.consolidate(now=NOW)
    assert shown().messages == 3 and shown().case_id is not None and not HotIssue.objects.filter(pk=apart.pk).exists()


def test_milestones_are_reached_once(cast: Cast, issue: HotIssue, plan: Plan) -> None:
    joint.open_joint_case(issue.pk, plan, actor=cast.zhao_centre, now=NOW)
    step = joint.reach_step(issue.pk, 1, note="已约谈", actor=cast.qian_supervisor, now=NOW + timedelta(days=6))
    assert (step.what, step.note) == ("约谈施工方", "已约谈")
    found = joint_queries.joint_of(HotIssue.objects.get(pk=issue.pk), now=NOW + timedelta(days=30))
    assert found is not None and found.done == 1 and found.late == {1, 2}
    later = {"now": NOW + timedelta(days=7)}
    with pytest.raises(Conflict):
        joint.reach_step(issue.pk, 1, note="", actor=cast.zhao_centre, **later)
    with pytest.raises(NotFound):
        joint.reach_step(issue.pk, 3, note="", actor=cast.zhao_centre, **later)
    with pytest.raises(Invalid):
        joint.reach_step(issue.pk, 2, note="x" * 201, actor=cast.zhao_centre, **later)
    with pytest.raises(Forbidden):
        joint.reach_step(issue.pk, 2, note="", actor=cast.li_dispatcher, **later)
    with pytest.raises(NotFound):
        joint.reach_step(issue.pk, 2, note="", actor=cast.he_sanitation, **later)
    assert JointStep.objects.filter(done_at__isnull=False).count() == 1


def test_the_effect_compares_as_many_days_before_and_after(cast: Cast, issue: HotIssue, plan: Plan) -> None:
    joint.open_joint_case(issue.pk, plan, actor=cast.zhao_centre, now=NOW + timedelta(hours=1))
    with pytest.raises(Refused):
        joint.record_effect(issue.pk, effect="好多了", actor=cast.zhao_centre, now=NOW)
    joint.reach_step(issue.pk, 1, note="", actor=cast.zhao_centre, now=NOW)
    HotMessage.objects.filter(pk=issue.members.first().pk).update(at=NOW + timedelta(days=9))
    kept = HotIssue.objects.get(pk=issue.pk)
    with CaptureQueriesContext(connection) as asked:
        found = joint_queries.joint_of(kept, now=NOW + timedelta(days=10, hours=1))
    assert found is not None and len(asked) == 3
    assert (found.effect.days, found.effect.before, found.effect.after, found.effect.change) == (10, 2, 1, -50)
    assert (found.effect.cases, found.effect.closed) == (3, 0)
    first_day = joint_queries.joint_of(kept, now=NOW + timedelta(hours=9))
    assert first_day is not None and (first_day.effect.days, first_day.effect.before, first_day.effect.change) == (
        0,
        0,
        None,
    )
    for wrong in (" ", "x" * 2001):
        with pytest.raises(Invalid):
            joint.record_effect(issue.pk, effect=wrong, actor=cast.zhao_centre, now=NOW)
    with pytest.raises(Forbidden):
        joint.record_effect(issue.pk, effect="好多了", actor=cast.ji_discipline, now=NOW)
    assert joint.record_effect(issue.pk, effect=" 好多了 ", actor=cast.zhao_centre, now=NOW).effect == "好多了"
    verbs = Entry.objects.filter(chain=joint.chain_of(kept.case_id)).values_list("verb", flat=True)
    assert sorted(verbs) == ["open_joint", "reach_step", "record_effect"]


def test_without_a_joint_case_there_is_no_plan(cast: Cast, issue: HotIssue) -> None:
    assert joint_queries.joint_of(issue, now=NOW) is None
    with pytest.raises(NotFound):
        joint.reach_step(issue.pk, 1, note="", actor=cast.zhao_centre, now=NOW)


def form(cast: Cast, **more: str) -> dict[str, str]:
    due = (local_day(clock.now()) + timedelta(days=9)).isoformat()
    return {
        "lead": cast.units["enforcement"].name, "goal": "夜里不再施工", "plan": "夜查", "what_1": "约谈", "due_1": due, **more,
    }  # fmt: skip


def test_the_form_opens_it_and_the_page_shows_how_far_it_is(cast: Cast, desk: Desk, issue: HotIssue) -> None:
    client, page = desk("zhao_centre"), f"/desk/hotspots/{issue.pk}"
    assert client.get(f"{page}/joint-case").status_code == 200
    assert client.post(f"{page}/joint-case", form(cast)).url == page
    said = client.get(page).content.decode()
    assert "夜里不再施工" in said and "登记完成" in said and "成效怎样" not in said
    assert client.post(f"{page}/joint-case/effect", {"effect": "好"}, follow=True).status_code == 200
    assert not JointPlan.objects.exclude(effect="").exists()
    assert 'name="note"' in client.get(page).content.decode()
    assert client.post(f"{page}/joint-case/steps/1", {"note": "约谈了工地负责人"}).status_code == 302
    assert "约谈了工地负责人" in client.get(page).content.decode()
    client.post(f"{page}/joint-case/steps/1", {"note": ""})
    assert client.post(f"{page}/joint-case/effect", {"effect": "夜里安静了"}).status_code == 302
    assert "夜里安静了" in client.get(page).content.decode()
    assert client.get(f"{page}/joint-case").url == page
    assert client.post(f"{page}/joint-case", form(cast)).url == page
    assert desk("li_dispatcher").get(f"{page}/joint-case").status_code == 403
    assert desk("he_sanitation").get(f"{page}/joint-case").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"lead": ""}, {"lead": "火星"}, {"goal": ""}, {"what_1": ""}, {"due_1": ""}, {"due_1": "2020-01-01"}]
)
def test_a_wrong_form_opens_nothing_and_keeps_what_was_typed(
    cast: Cast, desk: Desk, issue: HotIssue, wrong: dict[str, str]
) -> None:
    answer = desk("zhao_centre").post(f"/desk/hotspots/{issue.pk}/joint-case", form(cast, **wrong))
    assert answer.status_code == 422 and "夜查" in answer.content.decode()
    assert Case.objects.count() == 3


def test_the_interface_opens_and_follows(cast: Cast, desk: Desk, issue: HotIssue) -> None:
    client, address = desk("zhao_centre"), f"/api/v1/hotspots/{issue.pk}/joint-case"
    due = (local_day(clock.now()) + timedelta(days=9)).isoformat()
    body = {
        "goal": "夜里不再施工", "plan": "夜查", "lead_unit_id": cast.units["enforcement"].pk,
        "steps": [{"what": "约谈", "due": due}],
    }  # fmt: skip
    kind = {"content_type": "application/json"}
    assert client.get(address).status_code == 404
    assert client.post(address, json.dumps(body | {"steps": []}), **kind).status_code == 422
    opened = client.post(address, json.dumps(body), **kind)
    assert opened.status_code == 201 and opened.json()["steps"][0]["done_at"] is None
    assert client.post(address, json.dumps(body), **kind).status_code == 409
    assert client.put(f"{address}/effect", json.dumps({"effect": "好多了"}), **kind).status_code == 409
    assert client.post(f"{address}/steps/1", json.dumps({"note": "谈了"}), **kind).json()["steps"][0]["note"] == "谈了"
    assert client.post(f"{address}/steps/1", json.dumps({}), **kind).status_code == 409
    assert client.put(f"{address}/effect", json.dumps({"effect": "好多了"}), **kind).json()["effect"] == "好多了"
    assert client.get(address).json()["lead_unit_id"] == cast.units["enforcement"].pk
