"""Answers against their form: what is asked, what is calculated, what is refused, what is found; hostile answers never harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.senses.forms.actions.publishing import SHIPPED
from huying.senses.forms.checking import Checked, check
from huying.senses.forms.describing import answers_in_words
from huying.senses.forms.factories import CHECK, read
from huying.senses.forms.importing import import_workbook
from huying.senses.forms.private import apart, together

NOW = "2026-11-22T10:00:00+08:00"
PHOTO, AFTER, VOICE = "p1", "p2", "v1"
FILES = {PHOTO: "image", AFTER: "image", VOICE: "audio"}
FORM = read(
    [
        {"type": "select_one yn", "name": "clear", "label": "畅通", "required": "yes", **CHECK},
        {"type": "text", "name": "why", "label": "为什么", "relevant": "${clear} = 'no'", "required": "yes"},
        {"type": "begin_group", "name": "who", "label": "人"},
        {"type": "text", "name": "phone", "label": "电话", "constraint": "regex(., '1\\d{10}')", "constraint_message": "号码不对",
         "huying_private": "yes", "huying_registry": "person.phone"},
        {"type": "date", "name": "born", "label": "出生", "constraint": ". <= today()"},
        {"type": "end_group"},
        {"type": "begin_repeat", "name": "rooms", "label": "房间", "parameters": "max=3"},
        {"type": "integer", "name": "beds", "label": "床位", "required": "yes"},
        {"type": "text", "name": "tenant", "label": "住谁", "huying_private": "yes", "huying_registry": "person.name"},
        {"type": "select_one yn", "name": "alarm", "label": "报警器", **CHECK},
        {"type": "end_repeat"},
        {"type": "calculate", "name": "total", "calculation": "sum(${beds})"},
        {"type": "select_multiple yn", "name": "many", "label": "多", "relevant": "${total} > 2"},
        {"type": "range", "name": "mark", "label": "分", "parameters": "start=1 end=5"},
        {"type": "geopoint", "name": "place", "label": "位置"},
        {"type": "image", "name": "front", "label": "门头"},
        {"type": "time", "name": "at", "label": "几点"},
        {"type": "acknowledge", "name": "told", "label": "已告知", "required": "${clear} = 'no'"},
    ]
).definition  # fmt: skip


def checked(answers: Any, definition: dict[str, Any] = FORM) -> Checked:
    return check(definition, answers, now=NOW, files=FILES)


def test_good_answers_are_settled() -> None:
    done = checked({"clear": "yes", "rooms": [{"beds": 2}, {"beds": 3}], "many": ["no"], "front": PHOTO})
    assert done.ok
    assert done.answers == {
        "clear": "yes", "rooms": [{"beds": 2}, {"beds": 3}], "total": 5, "many": ["no"], "front": PHOTO,
    }  # fmt: skip
    assert done.files == (PHOTO,)


def test_what_is_not_asked_is_dropped() -> None:
    done = checked({"clear": "yes", "why": "没有", "many": ["yes"], "total": 99})
    assert done.ok and done.answers == {"clear": "yes", "total": 0}


@pytest.mark.parametrize(
    ("answers", "path"),
    [
        ({}, "clear"), ({"clear": "maybe"}, "clear"), ({"clear": 7}, "clear"), ({"clear": "yes", "zz": 1}, "zz"),
        ({"clear": "yes", "who": {"phone": "12"}}, "who/phone"), ({"clear": "yes", "who": []}, ""), ({"clear": "yes", "who": 3}, "who"),
        ({"clear": "yes", "who": {"born": "2026-02-30"}}, "who/born"), ({"clear": "yes", "who": {"born": "2027-01-01"}}, "who/born"),
        ({"clear": "yes", "rooms": [{}]}, "rooms/0/beds"), ({"clear": "yes", "rooms": [{"beds": 1.5}]}, "rooms/0/beds"),
        ({"clear": "yes", "rooms": [{"beds": 1}] * 4}, "rooms"), ({"clear": "yes", "rooms": [{"beds": 1}] * 500}, "rooms"),
        ({"clear": "yes", "rooms": {"beds": 1}}, "rooms"), ({"clear": "yes", "rooms": [7]}, "rooms/0"),
        ({"clear": "yes", "mark": 9}, "mark"), ({"clear": "yes", "mark": True}, "mark"), ({"clear": "yes", "place": [200, 3]}, "place"),
        ({"clear": "yes", "front": "nowhere"}, "front"), ({"clear": "yes", "front": VOICE}, "front"),
        ({"clear": "yes", "at": "25:00"}, "at"),
        ({"clear": "yes", "rooms": [{"beds": 9}], "many": ["no", "no"]}, "many"), ({"clear": "yes", "front": "x" * 9000}, "front"),
        ([], ""), ({"clear": "yes", "_findings": 3}, "_findings"),
    ],
)  # fmt: skip
def test_wrong_answers_are_named(answers: Any, path: str) -> None:
    if path == "":
        assert (not checked(answers).ok) or answers == {"clear": "yes", "who": []}
        return
    errors = checked(answers).errors
    assert path in errors and errors[path].zh and errors[path].en


def decided(**more: Any) -> dict[str, Any]:
    return {
        "clear": "no",
        "why": "堆货",
        "told": True,
        "_findings": {"clear": {"photos": [PHOTO], "how": "case"} | more},
    }


def test_a_failing_answer_is_a_finding() -> None:
    done = checked(decided(note=" 靠墙 ", days=5, severity="at_once"))
    (finding,) = done.findings
    assert (finding.path, finding.item, finding.severity, finding.days, finding.solved) == (
        "clear",
        "0514",
        "at_once",
        5,
        False,
    )
    assert (
        finding.photos == (PHOTO,) and finding.answer == {"zh": "否"} and finding.note == "靠墙" and finding.reinspect
    )


def test_put_right_on_the_spot_needs_a_photo_afterwards() -> None:
    assert set(checked(decided(how="on_spot")).errors) == {"clear#after"}
    (finding,) = checked(decided(how="on_spot", after=[AFTER])).findings
    assert finding.solved and finding.after_photos == (AFTER,)


@pytest.mark.parametrize(
    ("more", "part"),
    [({"photos": []}, "photos"), ({"photos": [VOICE]}, "photos"), ({"photos": "p1"}, "photos"), ({"how": "no"}, "how"),
     ({"how": None}, "how"), ({"days": -1}, "days"), ({"days": "3"}, "days"), ({"days": True}, "days"),
     ({"severity": "huge"}, "severity"), ({"severity": ["minor"]}, "severity"), ({"note": 3}, "note"), ({"note": "长" * 1001}, "note")],
)  # fmt: skip
def test_what_was_decided_is_checked(more: dict[str, Any], part: str) -> None:
    assert set(checked(decided(**more)).errors) == {f"clear#{part}"}


def test_findings_of_what_does_not_fail_are_dropped() -> None:
    done = checked({"clear": "yes", "_findings": {"clear": {"photos": [PHOTO], "how": "case"}}})
    assert done.ok and not done.findings and "_findings" not in done.answers


def test_a_finding_in_a_repeat_has_its_instance_path() -> None:
    answers = {"clear": "yes", "rooms": [{"beds": 1}, {"beds": 1, "alarm": "no"}]}
    assert set(checked(answers).errors) == {"rooms/1/alarm#photos", "rooms/1/alarm#how"}
    found = {"rooms/1/alarm": {"photos": [PHOTO], "how": "case"}}
    assert checked(answers | {"_findings": found}).findings[0].path == "rooms/1/alarm"


def test_what_goes_to_the_registry() -> None:
    answers = {"clear": "yes", "who": {"phone": "13800138000"}, "rooms": [{"beds": 1, "tenant": "张三"}, {"beds": 2}]}
    assert checked(answers).registry == {"person.phone": "13800138000", "rooms": [{"person.name": "张三"}, {}]}


def test_personal_answers_come_apart_and_together() -> None:
    answers = checked(
        {"clear": "yes", "who": {"phone": "13800138000"}, "rooms": [{"beds": 1}, {"beds": 2, "tenant": "李四"}]}
    ).answers
    plain, secret = apart(FORM, answers)
    assert secret == {"who/phone": "13800138000", "rooms/1/tenant": "李四"}
    assert "13800138000" not in json.dumps(plain) and "李四" not in json.dumps(plain, ensure_ascii=False)
    assert together(plain, secret) == answers
    assert [one.path for one in answers_in_words(FORM, plain) if one.hidden] == ["rooms/0/tenant", "rooms/1/tenant"]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["yes", "no", PHOTO]),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(
            st.sampled_from([item["name"] for item in FORM["items"]] + ["_findings", "beds", "phone", "x"]), inside
        )
    ),
    max_leaves=20,
)


@given(anything)
@settings(max_examples=200)
def test_nothing_a_phone_sends_makes_it_fall_over(answers: Any) -> None:
    done = checked(answers)
    json.dumps(done.answers, allow_nan=False)
    if done.ok:
        again = checked(done.answers)
        assert (again.answers, again.findings, again.errors) == (done.answers, done.findings, {})


def test_depth_does_no_harm() -> None:
    deep: Any = "x"
    for _ in range(3000):
        deep = [deep]
    assert checked({"clear": deep, "many": deep, "who": {"phone": deep}}).errors


# --- the small-premises form, filled in -----------------------------------------------------------------------------


def small_premises(**answers: Any) -> Checked:
    definition = import_workbook((Path(SHIPPED) / "small_premises_fire.xlsx").read_bytes()).definition
    checks = {
        group["name"]: {one["name"]: "ok" for one in group["children"] if "finding" in one}
        for group in definition["items"]
        if group["name"] in ("lodging_part", "equipment", "fire_power")
    }
    file = {"small_kind": "shop", "floor_area": 60, "panorama": PHOTO, "lodgers": 0, "refused": "no"}
    result = {
        "keeper_name": "张三",
        "keeper_phone": "13800138000",
        "told": True,
        "sign_refused": "no",
        "keeper_sign": AFTER,
    }
    return check(definition, {"file": file, **checks, "result": result} | answers, now=NOW, files=FILES)


def test_a_shop_without_faults_is_green_for_ninety_days() -> None:
    done = small_premises()
    assert done.errors == {}
    assert done.answers["result"]["risk"] == done.registry["premises.risk"] == "green"
    assert done.answers["result"]["next_check"] == "2027-02-20"


def test_lodging_makes_it_red_for_a_week() -> None:
    found = {"lodging_part/sp_lodging": {"photos": [PHOTO]}}
    lodging = {**small_premises().answers["lodging_part"], "sp_lodging": "bad"}
    done = small_premises(lodging_part=lodging, _findings=found)
    assert done.errors == {} and done.registry["premises.risk"] == "red"
    assert done.answers["result"]["next_check"] == "2026-11-29" and done.findings[0].item == "0502"


def test_a_refusal_needs_two_witnesses_and_asks_nothing_else() -> None:
    refused = {"small_kind": "shop", "floor_area": 60, "refused": "yes"}
    errors = small_premises(file=refused).errors
    assert {"refusal/witness_1", "refusal/witness_2", "refusal/witness_2_sign", "refusal/refusal_photo"} <= set(errors)
    told = {
        "refusal_reason": "不让进", "refusal_photo": PHOTO, "witness_1": "甲", "witness_1_phone": "13800138001",
        "witness_1_sign": PHOTO, "witness_2": "乙", "witness_2_phone": "13800138002", "witness_2_sign": AFTER,
        "refusal_handover": "police",
    }  # fmt: skip
    done = small_premises(file=refused, refusal=told)
    assert done.errors == {} and "lodging_part" not in done.answers and "result" not in done.answers
    assert set(small_premises(file=refused, refusal=told | {"witness_2": "甲"}).errors) == {"refusal/witness_2"}
