"""The named cast, and a case brought as far as a test needs it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from huying.casework.cases import actions, factories
from huying.casework.cases.actions import Opening, Sending
from huying.casework.cases.factories import GRID_1, IN_GRID_1, LIUAN, NOW, TOWN, Cast
from huying.casework.cases.models import Assignment, Case
from huying.casework.cases.turns import chain
from huying.ground.territory.queries import Place
from huying.kernel.actor import system
from huying.kernel.errors import Invalid, NotFound, Refused
from huying.kernel.trace import Entry

HOUR = timedelta(hours=1)
PLACE = Place(GRID_1, LIUAN, TOWN, *IN_GRID_1, 1.0, "", "柳岸一网格")
ANSWER = {
    "answer": "已清运并安排每日巡查，感谢您的反映。",
    "notice_kind": "call",
    "notice_ref": "20260310-17",
}


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


def opening(
    cast: Cast,
    item: str = "1605",
    *,
    unit: str | None = None,
    person: str | None = None,
    at: datetime = NOW,
    place: Place = PLACE,
) -> Opening:
    sending = None
    if unit is not None:
        sending = Sending(
            unit_id=cast.units[unit].pk,
            person_id=cast.people[person].person_id if person else None,
            respond_due=at + HOUR,
            due_at=at + 30 * HOUR,
        )
    row = cast.items[item]
    return Opening(
        item_id=row.pk,
        item_code=row.code,
        class_code=row.class_code,
        title="柳岸路口垃圾没人清",
        summary="柳岸路口垃圾没人清，臭得很。",
        words="柳岸路口垃圾没人清，臭得很。",
        channel="portal",
        at=at,
        place=place,
        place_text="柳岸路12号",
        lon=place.lon,
        lat=place.lat,
        sending=sending,
        due_at=None if sending else at + 2 * HOUR,
    )


def sending(cast: Cast, unit: str, *, hours: int = 30) -> Sending:
    return Sending(unit_id=cast.units[unit].pk, respond_due=NOW + HOUR, due_at=NOW + hours * HOUR)


Bring = Callable[..., Case]


@pytest.fixture
def bring(cast: Cast) -> Bring:
    """A case in the wanted state, in the hands of the sanitation team (or another unit)."""

    def to(
        state: str,
        *,
        item: str = "1605",
        unit: str = "sanitation",
        by: str = "he_sanitation",
        at: datetime = NOW,
        place: Place = PLACE,
    ) -> Case:
        hands = cast.people[by]
        begun = state in ("pending", "accepted")
        one = opening(cast, item, unit=None if begun else unit, at=at, place=place)
        (case_id,) = actions.open_cases([one], actor=system("portal"), now=at)
        if state == "accepted":
            actions.accept_case(case_id, actor=cast.li_dispatcher, now=at)
        if state in ("objected",):
            actions.object_to_case(case_id, reason="不归我们管", actor=hands, now=at + HOUR)
        if state in ("handling", "suspended", "checking", "closed", "archived"):
            actions.sign_case(case_id, actor=hands, now=at + HOUR)
        if state == "suspended":
            plan = [("完成设计", (at + 100 * HOUR).date())]
            actions.ask_suspension(case_id, reason="需要立项", milestones=plan, actor=hands, now=at + HOUR)
            actions.grant_suspension(case_id, actor=cast.zhao_centre, now=at + 2 * HOUR)
        if state in ("checking", "closed", "archived"):
            actions.give_feedback(case_id, text="已清运", evidence=ANSWER, actor=hands, now=at + 3 * HOUR)
        if state in ("closed", "archived"):
            actions.pass_check(case_id, actor=cast.sun_checker, now=at + 4 * HOUR)
        if state == "archived":
            actions.record_return_call(case_id, reached=True, satisfied=5, actor=cast.wang_seat, now=at + 5 * HOUR)
            actions.archive_case(case_id, actor=cast.wang_seat, now=at + 6 * HOUR)
        if state == "transferred":
            actions.transfer_out(case_id, channel="110", reason="正在打架", actor=cast.li_dispatcher, now=at + HOUR)
        if state == "declined":
            raise ValueError("decline a pending case in the test itself")
        case = Case.objects.get(pk=case_id)
        assert case.state == state, case.state
        return case

    return to


def entries(case: Case) -> list[str]:
    return list(Entry.objects.filter(chain=chain(case.pk)).order_by("seq").values_list("verb", flat=True))


def untouched(case: Case, call: Callable[[], Any], code: str) -> None:
    """The call is refused with this code, and the case, its assignments and its trace are as before."""
    before = (Case.objects.values().get(pk=case.pk), list(Assignment.objects.values()), entries(case))
    with pytest.raises((Refused, NotFound, Invalid)) as caught:
        call()
    assert caught.value.code == code
    assert (Case.objects.values().get(pk=case.pk), list(Assignment.objects.values()), entries(case)) == before
