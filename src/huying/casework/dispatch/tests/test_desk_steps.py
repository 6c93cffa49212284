"""The steps of dispatch on a case's page: offered only when allowed, taken, refused with what was typed kept."""

from __future__ import annotations

from typing import Any

from huying.casework.cases import actions as cases
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import Assignment, Case
from huying.casework.cases.tests.conftest import HOUR, Bring

from .conftest import Desk, Waiting, said, state_of


def take(client: Any, case: Case, do: str, **typed: Any) -> Any:
    return client.post(f"/desk/dispatch/cases/{case.pk}/do/{do}", {"version": case.version, **typed})


def page(client: Any, case: Case, do: str = "") -> str:
    return said(client.get(f"/desk/cases/{case.pk}/?do={do}"))


def test_a_dispatcher_is_led_to_the_queue(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case = waiting()
    assert f"/desk/dispatch/?case={case.pk}" in page(desk("li_dispatcher"), case)
    assert "/desk/dispatch/?case=" not in page(desk("qian_supervisor"), case)


def test_correcting_a_waiting_case(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case, client = waiting(), desk("li_dispatcher")
    assert "更正事项或位置" in page(client, case, "correct")
    assert take(client, case, "correct").status_code == 422
    take(client, case, "correct", item="黑臭水体（1208）", area="桥东一网格（990101001002001）")
    case.refresh_from_db()
    assert (case.item_code, case.grid) == ("1208", "990101001002001")


def test_escalating_proposes_the_unit_above(cast: Cast, desk: Desk, bring: Bring) -> None:
    case, client = bring("handling"), desk("he_sanitation")
    assert "澄湖区社会治理中心" in page(client, case, "escalate")
    refused = take(client, case, "escalate", unit="澄湖区社会治理中心", reason=" ")
    assert refused.status_code == 409
    assert state_of(case) == "handling"
    take(client, case, "escalate", unit="", reason="超出本级能力")
    case.refresh_from_db()
    assert (case.state, case.escalated_level) == ("dispatched", 3)
    assert case.first_asked_unit == cast.units["sanitation"]


def test_escalation_never_goes_sideways(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("handling")
    answer = take(desk("he_sanitation"), case, "escalate", unit="望湖街道综合执法队", reason="不归我")
    assert answer.status_code == 409
    assert "望湖街道综合执法队" in said(answer)
    assert Assignment.objects.filter(case=case).count() == 1


def test_whistling_for_several_units_each_with_its_own_limit(cast: Cast, desk: Desk, bring: Bring) -> None:
    case, client = bring("handling"), desk("he_sanitation")
    assert "协办单位 1" in page(client, case, "whistle")
    typed = {
        "unit_1": "望湖街道综合执法队", "limit_1": "4wh", "task_1": "查处乱倒",
        "unit_2": "区水务局", "limit_2": "", "task_2": "查看排水",
    }  # fmt: skip
    assert take(client, case, "whistle", reason="", **typed).status_code == 409
    assert not Assignment.objects.filter(case=case, role="assist").exists()
    take(client, case, "whistle", reason="需要联合处置", **typed)
    parts = Assignment.objects.filter(case=case, role="assist").order_by("id")
    assert [(one.unit, one.why[0]["task"]) for one in parts] == [
        (cast.units["enforcement"], "查处乱倒"),
        (cast.units["water"], "查看排水"),
    ]
    assert parts[0].due_at != parts[1].due_at


def test_a_wrong_whistle_keeps_every_row(cast: Cast, desk: Desk, bring: Bring) -> None:
    case, client = bring("handling"), desk("he_sanitation")
    assert take(client, case, "whistle", reason="联合").status_code == 422
    answer = take(client, case, "whistle", reason="联合", unit_1="区水务局", unit_2="没有的单位", limit_1="abc")
    assert answer.status_code == 422
    assert "区水务局" in said(answer)
    assert not Assignment.objects.filter(case=case, role="assist").exists()


def test_designating_after_two_returns(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("accepted")
    Case.objects.filter(pk=case.pk).update(returns=2)
    case.refresh_from_db()
    assert take(desk("li_dispatcher"), case, "designate", unit="区水务局", reason="指定").status_code == 409
    client = desk("zhao_centre")
    assert "指定哪个单位" in page(client, case, "designate")
    assert take(client, case, "designate", unit="", reason="指定").status_code == 422
    take(client, case, "designate", unit="区水务局", reason="两次退回，指定承办")
    case.refresh_from_db()
    assert (case.state, case.locked, case.lead_unit) == ("dispatched", True, cast.units["water"])


def test_strangers_and_readers_take_no_step(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("handling")
    assert take(desk("fang_qiaodong"), case, "whistle", unit_1="区水务局", reason="x").status_code == 404
    assert take(desk("ji_discipline"), case, "whistle", unit_1="区水务局", reason="x").status_code == 403
    assert take(desk("wang_seat"), case, "whistle", unit_1="区水务局", reason="x").status_code == 409
    assert take(desk("he_sanitation"), case, "explode").status_code == 404
    assert 'href="?do=whistle#do"' not in page(desk("ji_discipline"), case)
    assert Assignment.objects.filter(case=case).count() == 1


def test_a_stale_version_is_refused(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("handling")
    until = case.due_at + HOUR  # type: ignore[operator]
    cases.ask_extension(case.pk, reason="等", until=until, actor=cast.he_sanitation, now=NOW + HOUR)
    answer = take(desk("he_sanitation"), case, "whistle", unit_1="区水务局", reason="联合")
    assert answer.status_code == 409
    assert "区水务局" in said(answer)
