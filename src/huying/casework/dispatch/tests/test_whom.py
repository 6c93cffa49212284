"""Whoever is handed a case may read it: somebody the rota still names but the unit no longer has is handed nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from huying.casework.cases import actions as cases
from huying.casework.cases.factories import IN_GRID_1, Cast
from huying.casework.cases.models import Assignment, Case
from huying.casework.dispatch import actions
from huying.casework.dispatch.queries import Matter
from huying.ground.organisation.models import Appointment, Shift
from huying.kernel.actor import system
from huying.kernel.clock import local_day, now
from huying.kernel.errors import Invalid

Leaves = Callable[[], None]


@pytest.fixture
def leaves(cast: Cast) -> Leaves:
    """He is on the rota of the sanitation team now; called, he leaves it today."""
    at, he = now(), cast.he_sanitation.person_id
    span = {"starts_at": at - timedelta(hours=1), "ends_at": at + timedelta(hours=8)}
    Shift.objects.create(unit=cast.units["sanitation"], person_id=he, role="handler", **span)

    def leave() -> None:
        Appointment.objects.filter(person=he).update(valid_to=local_day(at))

    return leave


def take_in() -> Case:
    lon, lat = IN_GRID_1
    matter = Matter(text="垃圾没人清运", channel="portal", at=now(), item_code="0101", lon=lon, lat=lat)
    (opened,) = actions.open_matters([matter], actor=system("portal"), now=now())
    return Case.objects.get(pk=opened.case_id)


def handed(case: Case, cast: Cast, role: str = "lead") -> tuple[int, int | None]:
    made = Assignment.objects.filter(case=case, role=role).latest("id")
    return made.unit_id, made.person_id


def test_at_intake(cast: Cast, leaves: Leaves) -> None:
    team, he = cast.units["sanitation"].pk, cast.he_sanitation.person_id
    case = take_in()
    assert (handed(case, cast), case.lead_person_id) == ((team, he), he)
    leaves()
    case = take_in()
    assert (handed(case, cast), case.lead_person_id) == ((team, None), None)


def test_when_a_dispatcher_sends_it_again(cast: Cast, leaves: Leaves) -> None:
    team, he = cast.units["sanitation"].pk, cast.he_sanitation.person_id
    for unit_id in (None, team):
        case = take_in()
        cases.recall_case(case.pk, reason="核对", actor=cast.li_dispatcher, now=now())
        leaves()
        actions.dispatch_case(case.pk, actor=cast.li_dispatcher, now=now(), unit_id=unit_id)
        assert handed(case, cast) == (team, None)
        with pytest.raises(Invalid):
            cases.must_work_in(team, he or 0, now())


def test_when_the_unit_is_called_to_help(cast: Cast, leaves: Leaves) -> None:
    lon, lat = IN_GRID_1
    matter = Matter(text="墙体开裂", channel="portal", at=now(), item_code="0701", lon=lon, lat=lat)
    (opened,) = actions.open_matters([matter], actor=system("portal"), now=now())
    leaves()
    cases.sign_case(opened.case_id, actor=cast.xu_housing, now=now())
    calls = [actions.Call(cast.units["sanitation"].pk, "4wh", "清出通道")]
    actions.whistle(opened.case_id, calls, reason="一起来", actor=cast.xu_housing, now=now())
    assert handed(Case.objects.get(pk=opened.case_id), cast, "assist") == (cast.units["sanitation"].pk, None)
