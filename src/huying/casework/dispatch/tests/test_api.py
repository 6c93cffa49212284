"""REST of dispatch: strangers meet 404 before anything is worked out, and nobody is handed a case they do not work on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import actions as cases
from huying.casework.cases.factories import GRID_1, GRID_2, IN_GRID_1, NOW, Cast
from huying.casework.cases.models import Assignment, Case
from huying.casework.cases.rules import Action
from huying.casework.cases.tests.conftest import HOUR, Bring, sending, untouched
from huying.casework.dispatch import actions
from huying.casework.dispatch.desk_queries import similar_to
from huying.casework.dispatch.dry_run import dry_run
from huying.casework.dispatch.queries import Matter
from huying.ground.organisation.models import Appointment
from huying.ground.territory.coordinates import convert_point
from huying.kernel.actor import Actor, Duty
from huying.kernel.clock import now
from huying.kernel.errors import Invalid

from .conftest import GARBAGE, Desk, Waiting

STEPS: dict[str, dict[str, Any]] = {
    "correct": {"area": "没有这个区域"},
    "dispatch": {"area": "没有这个区域"},
    "designate": {"unit_id": 999_999, "reason": "x"},
    "escalate": {"unit_id": 999_999, "reason": "x"},
    "whistle": {"units": [{"unit_id": 999_999, "limit": "七天"}], "reason": "x"},
}


def post(client: Any, case: Case, step: str, **given: Any) -> Any:
    return client.post(f"/api/v1/cases/{case.pk}/{step}", given, content_type="application/json")


@pytest.mark.parametrize("step", STEPS)
def test_a_stranger_gets_404_whatever_they_send(cast: Cast, desk: Desk, bring: Bring, step: str) -> None:
    case = bring("handling")
    answer = post(desk("fang_qiaodong"), case, step, **STEPS[step])
    assert (answer.status_code, answer.json()["code"]) == (404, "case_not_found")
    assert post(desk("he_sanitation"), case, step, **STEPS[step]).status_code != 404 or step not in (
        "correct",
        "dispatch",
    )


def worker(cast: Cast, name: str) -> int:
    person = cast.people[name].person_id
    assert person is not None
    return person


@pytest.mark.parametrize("who", ["fang_qiaodong", "ji_discipline", "lin_ended", "nobody"])
def test_a_case_is_handed_only_to_people_of_the_unit(cast: Cast, desk: Desk, waiting: Waiting, who: str) -> None:
    case, unit = waiting(), cast.units["sanitation"].pk
    if who == "lin_ended":
        who = "lin_sanitation_head"
        held = Appointment.objects.filter(person=worker(cast, who))
        held.update(valid_to=now().date())
    person = 999_999 if who == "nobody" else worker(cast, who)
    send = {"unit_id": unit, "person_id": person, "actor": cast.li_dispatcher, "now": now()}
    untouched(case, lambda: actions.dispatch_case(case.pk, **send), "invalid")
    answer = post(desk("li_dispatcher"), case, "dispatch", unit_id=unit, person_id=person)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["person"])


def test_whoever_works_in_the_unit_is_handed_it(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case, person = waiting(), worker(cast, "lin_sanitation_head")
    sent = {"unit_id": cast.units["sanitation"].pk, "person_id": person}
    assert post(desk("li_dispatcher"), case, "dispatch", **sent).status_code == 200
    assert Case.objects.get(pk=case.pk).lead_person_id == person


@pytest.mark.parametrize("who", ["fang_qiaodong", "nobody"])
def test_nor_is_it_signed_over_to_a_stranger(cast: Cast, bring: Bring, who: str) -> None:
    case = bring("dispatched")
    person = 999_999 if who == "nobody" else worker(cast, who)
    sign = {"person_id": person, "actor": cast.he_sanitation, "now": NOW + HOUR}
    with pytest.raises(Invalid) as caught:
        cases.sign_case(case.pk, **sign)
    assert caught.value.field == "person"
    untouched(case, lambda: cases.sign_case(case.pk, **sign), "invalid")
    own = {"person_id": worker(cast, "lin_sanitation_head"), "actor": cast.he_sanitation, "now": NOW + HOUR}
    cases.sign_case(case.pk, **own)
    assert Assignment.objects.get(case=case).person_id == own["person_id"]


def test_whoever_signs_may_name_themselves(cast: Cast, bring: Bring) -> None:
    case = bring("accepted")
    cases.dispatch_case(case.pk, sending(cast, "sanitation"), actor=cast.li_dispatcher, now=NOW)
    head = cast.lin_sanitation_head
    cases.sign_case(case.pk, person_id=head.person_id, actor=head, now=NOW + HOUR)
    assert Case.objects.get(pk=case.pk).lead_person_id == head.person_id


def test_similar_cases_are_named_to_those_who_may_see_them(cast: Cast, waiting: Waiting) -> None:
    case, like = waiting(item_code="0101"), waiting(item_code="0101")
    stranger = Actor("staff", "person:900", "别处", duties=(Duty("dispatcher", "990102"),))
    case = Case.objects.select_related("item").get(pk=case.pk)
    assert [one.case for one in similar_to(case, cast.li_dispatcher, now())] == [like]
    assert similar_to(case, stranger, now()) == []
    matter = Matter(text=GARBAGE, channel="hotline", at=now(), item_code="0101", lon=case.lon, lat=case.lat)
    assert len(dry_run(matter, actor=cast.li_dispatcher, now=now()).similar) == 2
    assert dry_run(matter, actor=stranger, now=now()).similar == ()


def test_kind_and_place_are_corrected_while_it_waits(cast: Cast, desk: Desk, waiting: Waiting) -> None:
    case, client = waiting(), desk("li_dispatcher")
    answer = post(client, case, "correct", item="0514", area=GRID_2)
    assert answer.status_code == 200, answer.content
    case.refresh_from_db()
    assert (case.item_code, case.grid, case.state) == ("0514", GRID_2, "pending")
    for wrong, code in (
        ({}, 422),
        ({"area": "1"}, 422),
        ({"item": "9999"}, 404),
        ({"item": "0101", "expected": 0}, 409),
    ):
        assert post(client, case, "correct", **wrong).status_code == code, wrong
    assert post(desk("wang_seat"), case, "correct", item="0101").json()["code"] == "not_yours"
    version = case.version
    case.refresh_from_db()
    assert (case.item_code, case.version) == ("0514", version)


def test_a_dry_run_takes_points_as_maps_give_them(cast: Cast, desk: Desk) -> None:
    lon, lat = IN_GRID_1
    there = convert_point(lon, lat, "wgs84", "bd09")
    client = desk("li_dispatcher")
    for crs, point in (("wgs84", (lon, lat)), ("bd09", there)):
        given = {"text": GARBAGE, "lon": point[0], "lat": point[1], "crs": crs}
        found = client.post("/api/v1/dispatch/explain", given, content_type="application/json").json()
        assert found["area"] == GRID_1, crs


def test_every_step_of_the_lifecycle_can_be_taken_through_the_api(client: Client) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    offered = {path.rpartition("/")[2] for path in paths if path.startswith("/api/v1/cases/{case_id}/")}
    called = {
        "uphold_objection": "decide-objection", "reject_objection": "decide-objection", "give_feedback": "feedback",
        "order_redo": "redo", "attach": "files", "wait_for_reporter": "wait", "end_wait": "end", "reach_stage": "stages",
    }  # fmt: skip
    of_reports = {"join", "rate"}  # POST /reports with case_id, POST /reports/{code}/rating
    assert {"/api/v1/reports", "/api/v1/reports/{code}/rating"} <= paths.keys()
    missing = [one for one in Action if one not in of_reports and called.get(one, one.replace("_", "-")) not in offered]
    assert missing == []


def test_a_dry_run_says_that_a_point_lies_outside(cast: Cast, desk: Desk) -> None:
    client = desk("li_dispatcher")

    def explained(**given: Any) -> dict[str, Any]:
        asked = {"text": GARBAGE, "item": "0101", **given}
        answer = client.post("/api/v1/dispatch/explain", asked, content_type="application/json")
        return dict(answer.json())

    far = explained(lon=121.0, lat=31.0, text="垃圾没人清")
    assert (far["outside"], far["waits_for"], far["area"]) == (True, "outside", "")
    near = explained(lon=IN_GRID_1[0], lat=IN_GRID_1[1])
    assert (near["outside"], near["waits_for"], near["area"]) == (False, "", GRID_1)
