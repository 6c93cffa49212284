"""Checks through HTTP: the proofs beside each other, pass and fail, nobody's own work, the next one by itself."""

from __future__ import annotations

from typing import Any

import pytest

from huying.casework.cases import actions as cases
from huying.casework.cases import queries_desk
from huying.casework.cases.desk.inbox import knowledge
from huying.casework.cases.factories import IN_GRID_1, NOW, Cast
from huying.casework.cases.models import Attachment, Case, Check
from huying.casework.cases.tests.conftest import HOUR, Bring
from huying.casework.dispatch import check_queries
from huying.casework.dispatch.desk.checks import count_to_check
from huying.kernel.models import StoredFile

from .conftest import Desk, said, state_of


def judge(client: Any, case: Case, do: str, reason: str = "", version: int | None = None) -> Any:
    return client.post(f"/desk/checks/{case.pk}/act", {"do": do, "reason": reason, "version": version or case.version})


def photo(case: Case, stage: str, mark: str, lon: float, hours: int) -> None:
    file = StoredFile.objects.create(
        sha256=mark * 64, kind="image", media_type="image/jpeg", bytes=10, at=NOW, actor_ref="x",
        captured_lon=lon, captured_lat=IN_GRID_1[1], captured_at=NOW + hours * HOUR, subject=f"case:{case.pk}",
    )  # fmt: skip
    Attachment.objects.create(case=case, file=file, stage=stage, made_at=NOW, made_by="x")


def test_only_checkers_check(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("checking")
    for name in ("he_sanitation", "li_dispatcher", "wang_seat", "ji_discipline"):
        assert desk(name).get("/desk/checks/").status_code == 404
        assert judge(desk(name), case, "pass").status_code == 404
    assert state_of(case) == "checking"
    assert not Check.objects.exists()


def test_the_page_shows_result_proofs_and_condition(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("checking")
    photo(case, "report", "a", IN_GRID_1[0], 0)
    photo(case, "after", "b", IN_GRID_1[0] + 0.0001, 3)
    page = said(desk("sun_checker").get("/desk/checks/"))
    assert "已清运" in page
    assert "拍摄位置相距 10 米" in page
    assert "3 小时" in page
    assert "已满足" in page
    assert 'data-key="p"' in page


def test_a_pass_closes_and_goes_on(cast: Cast, desk: Desk, bring: Bring) -> None:
    first, second = bring("checking"), bring("checking")
    client = desk("sun_checker")
    answer = client.post(f"/desk/checks/{first.pk}/act", {"do": "pass", "version": first.version}, follow=True)
    assert state_of(first) == "closed"
    assert second.number in said(answer)


def test_a_fail_needs_a_reason(cast: Cast, desk: Desk, bring: Bring) -> None:
    case, client = bring("checking"), desk("sun_checker")
    refused = judge(client, case, "fail", " ")
    assert refused.status_code == 409
    assert case.number in said(refused)
    assert state_of(case) == "checking"
    assert not Check.objects.exists()
    judge(client, case, "fail", "照片不是同一处")
    assert state_of(case) == "handling"
    assert case.redos == 1


def test_own_work_is_not_in_the_queue_and_cannot_be_checked(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("checking")
    case.assignments.update(person=cast.sun_checker.person_id)
    client = desk("sun_checker")
    assert case.number not in said(client.get("/desk/checks/"))
    assert judge(client, case, "pass").status_code == 409
    assert state_of(case) == "checking"


def test_menu_list_and_queue_count_the_same(cast: Cast, desk: Desk, bring: Bring, rf: Any) -> None:
    mine, other, _third = bring("checking"), bring("checking"), bring("checking")
    mine.assignments.update(person=cast.sun_checker.person_id)
    request = rf.get("/desk/")
    request.actor = cast.sun_checker
    queue = queries_desk.in_queue(cast.sun_checker, queries_desk.Queue.CHECK, knowledge())
    assert count_to_check(request) == "2"
    assert set(queue.values_list("pk", flat=True)) == {row.pk for row in check_queries.to_check(cast.sun_checker)}
    listed = said(desk("sun_checker").get("/desk/"))
    assert other.number in listed and mine.number not in listed
    assert listed.count('<span class="count">2</span>') >= 3  # both entries of the menu and the tab
    assert mine.number in said(desk("sun_checker").get("/desk/?queue=all"))


def test_who_comes_second_is_told(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("checking")
    cases.pass_check(case.pk, actor=cast.sun_checker, now=NOW + 5 * HOUR)
    answer = desk("sun_checker").post(
        f"/desk/checks/{case.pk}/act", {"do": "pass", "version": case.version}, follow=True
    )
    assert "孙核查" in said(answer)
    assert Check.objects.count() == 1


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_nothing_to_check(cast: Cast, desk: Desk, language: str) -> None:
    page = said(desk("sun_checker", language).get("/desk/checks/"))
    assert ("No result waits" if language == "en" else "没有等待核查的结果") in page


def test_judging_costs_four_queries(cast: Cast, bring: Bring, django_assert_num_queries: Any) -> None:
    bring("checking")
    bring("checking")
    with django_assert_num_queries(1):
        rows = list(check_queries.to_check(cast.sun_checker))
    with django_assert_num_queries(3):
        assert check_queries.to_judge(rows[0]) is not None
