"""Local limits: set from a day on with a source, by who leads the centre; what was in force stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.casework.cases.factories import GRID_1, NOW, Cast
from huying.kernel.clock import local_day
from huying.kernel.clock import now as clock_now
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from huying.kernel.models import Entry
from huying.senses.field import actions, queries
from huying.senses.field.models import FieldPolicy, Task
from huying.senses.field.policies import add_policy
from huying.senses.field.rules import RANGES, SKIPS, Policy, read_policy, told_policy
from huying.senses.sync.doors import told

from .test_pages import Desk, desk, said

__all__ = ["desk"]
TODAY = local_day(NOW)
OTHER = {"code": "other", "zh": "其他", "en": "Other", "again_days": 3}

numbers = st.fixed_dictionaries({}, optional={name: st.integers(*RANGES[name]) for name in RANGES})


@given(numbers)
def test_what_is_kept_is_what_was_set(values: dict[str, Any]) -> None:
    policy = read_policy(values)
    assert read_policy(told_policy(policy)) == policy
    assert {name: told_policy(policy)[name] for name in values} == values


@pytest.mark.parametrize(
    "wrong",
    [
        {"skips": []},
        {"skips": [OTHER, OTHER]},
        {"skips": [OTHER, {"code": "missed", "zh": "x"}]},
        {"skips": [OTHER, {"code": "Bad", "zh": "x"}]},
        {"skips": [OTHER, {"code": "dog", "zh": " "}]},
        {"skips": [OTHER, {"code": "dog", "zh": "有狗", "again_days": 0}]},
        {"reinspect_days": {"grave": 1}},
        {"reinspect_days": {"minor": 400}},
        {"supervision_phone": 7},
        {"position_days": 181},
        {"position_days": True},
    ],
)
def test_nonsense_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        read_policy(wrong)


def test_limits_hold_from_their_day_and_the_past_stays(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        add_policy({}, valid_from=TODAY, source="会议纪要", actor=cast.qian_supervisor, now=NOW)
    with pytest.raises(NotFound):
        add_policy({}, valid_from=TODAY, source="会议纪要", actor=cast.tang_grid, now=NOW)
    for values, day, source, field in (
        ({"sample_percent": 101}, TODAY, "会议纪要", "sample_percent"),
        ({}, TODAY - timedelta(days=1), "会议纪要", "valid_from"),
        ({}, TODAY, " ", "source"),
    ):
        with pytest.raises(Invalid) as refused:
            add_policy(values, valid_from=day, source=source, actor=cast.zhao_centre, now=NOW)
        assert set(refused.value.fields) == {field}
    assert not FieldPolicy.objects.exists() and not Entry.objects.filter(chain="field:policies").exists()
    soon = TODAY + timedelta(days=10)
    add_policy({"sample_percent": 20}, valid_from=soon, source="会议纪要3号", actor=cast.zhao_centre, now=NOW)
    with pytest.raises(Conflict):
        add_policy({}, valid_from=soon, source="会议纪要", actor=cast.zhao_centre, now=NOW)
    shares = [queries.policy_on(day).sample_percent for day in (TODAY, soon - timedelta(days=1), soon)]
    assert shares == [Policy().sample_percent, Policy().sample_percent, 20]
    assert Entry.objects.filter(chain="field:policies", verb="add_policy").count() == 1


def test_reasons_of_the_place_are_those_of_the_phone(cast: Cast) -> None:
    reasons = [OTHER, {"code": "dog", "zh": "有恶犬", "en": "A fierce dog", "again_days": 2}]
    add_policy({"skips": reasons}, valid_from=TODAY, source="会议纪要", actor=cast.zhao_centre, now=NOW)
    codes = [one["code"] for one in told(actor=cast.tang_grid, now=NOW)["skips"]]
    assert codes == ["other", "dog"]

    def task(number: int) -> Task:
        values = {"opens_at": NOW, "due_at": NOW + timedelta(days=3), "roles": ["grid_worker"], "kind": "inspect"}
        return Task.objects.create(
            uid=uuid4(),
            source="t",
            source_key=str(number),
            title="x",
            area=GRID_1,
            **values,  # type: ignore[misc]
        )

    def skip(why: str, at: Any) -> Task:
        return actions.skip_task(task(Task.objects.count()).uid, why=why, actor=cast.tang_grid, now=NOW, at=at)

    assert skip("dog", NOW).again_days == 2
    with pytest.raises(Invalid):
        skip("closed", NOW)
    before = NOW - timedelta(days=2)
    assert skip("closed", before).skip == "closed", "said before the list changed"
    assert set(queries.skip_reasons()) == {*SKIPS, "dog"}


def test_the_page_shows_what_changed_and_says_what_is_wrong(cast: Cast, desk: Desk) -> None:
    client = desk("zhao_centre")
    page = client.get("/desk/field/policies/")
    typed = page.context["typed"] | {name: value for name, _l, _u, value, *_rest in page.context["numbers"]}
    typed |= {name: value for name, _label, value in page.context["reinspect"]}
    typed |= {"source": "网格办〔2026〕3号", "valid_from": local_day(clock_now()).isoformat()}
    wrong = client.post("/desk/field/policies/", typed | {"position_days": "900", "skips": "closed"})
    assert wrong.status_code == 422 and "1 到 180" in said(wrong) and "第 1 行" in said(wrong)
    wrong = client.post("/desk/field/policies/", typed | {"skips": "dog | 有狗 | A dog | 2"})
    assert wrong.status_code == 422 and "要有 other" in said(wrong) and not FieldPolicy.objects.exists()
    assert client.post("/desk/field/policies/", typed | {"position_days": "30"}).status_code == 302
    shown = said(client.get("/desk/field/policies/"))
    assert "90 天 → <strong>30 天" in shown and "网格办〔2026〕3号" in shown
    assert FieldPolicy.objects.get().values["skips"] == told_policy(Policy())["skips"], "what was not touched stays"
    reader = desk()
    assert 'name="source"' not in said(reader.get("/desk/field/policies/"))
    assert reader.post("/desk/field/policies/", typed).status_code == 403
    assert desk("tang_grid").get("/desk/field/policies/").status_code == 404
