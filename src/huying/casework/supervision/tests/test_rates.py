"""The rates: what counts, what is left out, and that every number opens into its own cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from huying.casework.cases import actions, factories
from huying.casework.cases.actions import Opening, Sending
from huying.casework.cases.factories import GRID_1, LIUAN, NOW, TOWN, Cast, account_of
from huying.casework.cases.models import Case
from huying.casework.supervision import rates
from huying.ground.territory.queries import Place
from huying.kernel import clock
from huying.kernel.actor import system
from huying.kernel.errors import Invalid

HOUR = timedelta(hours=1)
PROOF = {"answer": "已按规定办结，感谢您的反映。", "notice_kind": "call", "notice_ref": "1"}


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


def brought(cast: Cast, *, signed: int = 1, answered: int | None = 3, unit: str = "sanitation") -> Case:
    """A case of a unit with a limit of 10 hours, signed and answered so many hours after it was sent."""
    item = cast.items["1605"]
    hands = {"sanitation": cast.he_sanitation, "enforcement": cast.deng_enforcement}[unit]
    send = Sending(unit_id=cast.units[unit].pk, respond_due=NOW + 2 * HOUR, due_at=NOW + 10 * HOUR)
    opening = Opening(
        item_id=item.pk, item_code=item.code, class_code=item.class_code, title="建议", summary="建议", words="建议",
        channel="portal", at=NOW, place=Place(GRID_1, LIUAN, TOWN, None, None, 1.0, "", ""), sending=send,
    )  # fmt: skip
    (case_id,) = actions.open_cases([opening], actor=system("portal"), now=NOW)
    actions.sign_case(case_id, actor=hands, now=NOW + signed * HOUR)
    if answered is not None:
        actions.give_feedback(case_id, text="已答复", evidence=PROOF, actor=hands, now=NOW + answered * HOUR)
        actions.pass_check(case_id, actor=cast.sun_checker, now=NOW + (answered + 1) * HOUR)
    return Case.objects.get(pk=case_id)


def test_what_is_suspended_is_outside_the_denominator(cast: Cast) -> None:
    brought(cast)
    brought(cast, answered=12)
    brought(cast, answered=None)
    hung = brought(cast, answered=None)
    plan = [("开工", (NOW + timedelta(days=30)).date())]
    actions.ask_suspension(hung.pk, reason="工程", milestones=plan, actor=cast.he_sanitation, now=NOW + 2 * HOUR)
    actions.grant_suspension(hung.pk, actor=cast.zhao_centre, now=NOW + 2 * HOUR)
    whole, unit = rates.by_unit(cast.qian_supervisor, days=30, now=NOW + 20 * HOUR)
    assert (unit.on_time, unit.late, unit.overdue, unit.suspended) == (1, 1, 1, 1)
    assert whole.on_time_share == unit.on_time_share == 33


def test_answered_in_time_solved_and_satisfied(cast: Cast) -> None:
    quick, slow = brought(cast), brought(cast, signed=5, answered=6)
    for case, score in ((quick, 5), (slow, 2)):
        actions.record_return_call(
            case.pk, reached=True, solved=score > 3, satisfied=score, actor=cast.wang_seat, now=NOW + 12 * HOUR
        )
    whole, *_rest = rates.by_unit(cast.qian_supervisor, days=30, now=NOW + 20 * HOUR)
    assert (whole.responded, whole.to_respond, whole.responded_share) == (1, 2, 50)
    assert (whole.solved_share, whole.satisfied_share) == (50, 50)


def test_every_number_is_the_length_of_its_list(cast: Cast) -> None:
    brought(cast)
    brought(cast, answered=12, unit="enforcement")
    brought(cast, answered=None, unit="enforcement")
    now = NOW + 20 * HOUR
    for row in rates.by_unit(cast.qian_supervisor, days=30, now=now):
        for what in rates.BEHIND:
            page = rates.cases_behind(cast.qian_supervisor, what, days=30, now=now, unit=row.unit_id)
            assert len(page.rows) == getattr(row, what), what


def test_two_queries_whatever_there_is(cast: Cast, django_assert_num_queries: Any) -> None:
    for unit in ("sanitation", "enforcement"):
        brought(cast, unit=unit)
    with django_assert_num_queries(2):
        rates.by_unit(cast.qian_supervisor, days=30, now=NOW + 20 * HOUR)


@pytest.mark.parametrize("name", ["qian_supervisor", "ji_discipline", "zhao_centre"])
def test_the_pages_are_for_those_who_watch(cast: Cast, settings: Any, name: str) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    case = brought(cast)
    client = Client()
    client.force_login(account_of(cast.people[name]))
    now = clock.now()
    Case.objects.filter(pk=case.pk).update(closed_at=now - HOUR)
    assert "望湖街道市政环卫队" in client.get("/desk/supervision/rates?days=90").content.decode()
    assert case.number in client.get("/desk/supervision/rates/on_time?days=90").content.decode()
    assert client.get("/desk/supervision/rates/nonsense").status_code == 422
    assert client.get("/desk/supervision/rates?days=5").status_code == 422


def test_a_handler_is_turned_away(cast: Cast, settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    client = Client()
    client.force_login(account_of(cast.he_sanitation))
    assert client.get("/desk/supervision/rates").status_code in (403, 404)


def test_a_window_nobody_offers_is_refused(cast: Cast) -> None:
    with pytest.raises(Invalid):
        rates.by_unit(cast.qian_supervisor, days=5, now=NOW)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_hundred_percent_means_all(part: int, rest: int) -> None:
    percent = rates.share(part, part + rest)
    if part + rest == 0:
        assert percent is None
    else:
        assert percent is not None and 0 <= percent <= 100
        assert (percent == 100) == (rest == 0)
