"""Closing conditions: the algebra of expressions, and each condition with evidence that is and is not enough."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.casework.catalogue.conditions import (
    CODES,
    ConditionError,
    describe_condition,
    fields_for,
    parse_condition,
    unmet,
)
from huying.casework.catalogue.evidence import Evidence, Photo, PlanStep
from huying.casework.catalogue.trades import SEED

AT = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=3)
FULL = Evidence(
    photos_before=(Photo(AT, 120.0, 30.0, "a"),),
    photos_after=(Photo(LATER, 120.0001, 30.0, "b"),),
    reinspected_by="孙核查", reinspected_at=LATER, hazard_removed=True,
    document_no="望综罚〔2026〕8号", document_at=AT,
    answer="已安排施工队本周内修好,感谢您的反映", notice_kind="call", notice_ref="rec-8", notice_at=LATER,
    agreement_no="调2026-8", service="上门助浴一次", confirmed_by="guardian", confirmed_at=LATER,
    emergency_line="119", emergency_ref="119-77", handed_at=AT, follow_up="已恢复正常", follow_up_at=LATER,
    record_ref="base-1", record_verified=True,
    plan_ref="方案8", plan_approver="赵主任", milestones=(PlanStep("开挖", AT.date()),), accepted_at=LATER,
    alarm_reset_at=LATER, cause_code="dust", report_ref="r-1", report_action="已加固",
    deliberation_ref="议-3", deliberation_result="通过", tracking_note="下月公布进展",
)  # fmt: skip
NEEDS = {
    "C1": "photos_after", "C2": "reinspected_by", "C3": "document_no", "C4": "answer", "C5": "agreement_no",
    "C6": "confirmed_by", "C7": "emergency_ref", "C8": "record_ref", "C9": "plan_ref", "C10": "cause_code",
    "C11": "report_ref", "C12": "deliberation_ref",
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_full_evidence_is_enough_and_one_lack_is_named(code: str) -> None:
    assert unmet(code, FULL) == []
    lacking = replace(FULL, **{NEEDS[code]: () if NEEDS[code].startswith("photos") else ""})
    missing = unmet(code, lacking)
    assert missing
    assert {one.condition for one in missing} == {code}
    assert all(one.text.zh and one.text.en for one in missing)


@pytest.mark.parametrize("code", CODES)
def test_empty_evidence_is_never_enough(code: str) -> None:
    assert unmet(code, Evidence())
    known = {field.name for field in fields_for(code)}
    assert {one.field for one in unmet(code, Evidence())} <= known


def test_the_photo_after_is_of_the_same_spot_and_later() -> None:
    far = replace(FULL, photos_after=(Photo(LATER, 120.001, 30.0, "b"),))
    assert [one.code for one in unmet("C1", far)] == ["spot"]
    early = replace(FULL, photos_after=(Photo(AT - timedelta(days=1), 120.0, 30.0, "b"),))
    assert [one.code for one in unmet("C1", early)] == ["later"]


def test_first_the_document_then_the_place_restored() -> None:
    assert unmet("C3→C1", FULL) == []
    turned = replace(FULL, document_at=LATER + timedelta(days=1))
    assert [one.code for one in unmet("C3→C1", turned)] == ["order"]


def _expressions() -> st.SearchStrategy[str]:
    term = st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True).map("+".join)
    either = st.lists(term, min_size=1, max_size=3, unique=True).map("/".join)
    return st.lists(either, min_size=1, max_size=2, unique=True).map("→".join)


@given(_expressions())
def test_an_expression_is_written_as_it_is_read(text: str) -> None:
    node = parse_condition(text)
    assert parse_condition(str(node)) == node
    assert set(node.codes()) == {code for part in text.replace("→", "/").split("/") for code in part.split("+")}
    assert describe_condition(text).en


@given(_expressions())
def test_full_evidence_meets_any_expression_that_has_no_order_and_empty_meets_none(text: str) -> None:
    assert unmet(text, Evidence())
    if "→" not in text:
        assert unmet(text, FULL) == []


@given(st.lists(st.sampled_from(CODES), min_size=2, max_size=3, unique=True), st.sampled_from(CODES))
def test_either_is_met_as_soon_as_one_is_and_both_only_when_all_are(codes: list[str], lost: str) -> None:
    evidence = replace(FULL, **{NEEDS[lost]: () if NEEDS[lost].startswith("photos") else ""})
    met = [code for code in codes if not unmet(code, evidence)]
    assert bool(unmet("/".join(codes), evidence)) == (not met)
    assert bool(unmet("+".join(codes), evidence)) == (len(met) < len(codes))


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_but_never_breaks(text: str) -> None:
    try:
        parse_condition(text)
    except ConditionError as refused:
        assert refused.words.zh
        assert refused.words.en


@pytest.mark.parametrize("text", ["", "C0", "C13", "C1/", "/C1", "C1 C2", "C1//C2", "→C1", "D1"])
def test_what_is_not_a_condition_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        parse_condition(text)


def test_every_condition_of_the_shipped_catalogue_can_be_read_and_said() -> None:
    with (SEED / "items.csv").open(encoding="utf-8-sig", newline="") as file:
        found = {line["conditions"] for line in csv.DictReader(file)}
    assert len(found) >= 20
    assert all(describe_condition(text).zh and fields_for(text) for text in found)


def test_evidence_is_stored_and_read_back_the_same() -> None:
    assert Evidence.from_json(FULL.as_json()) == FULL
    assert Evidence.from_json({}) == Evidence()
