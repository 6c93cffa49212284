"""Real connections at the same moment: one winner, nothing lost, one chain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from huying.casework.cases import actions, factories
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import Assignment, Case
from huying.casework.cases.turns import chain
from huying.kernel.actor import system
from huying.kernel.errors import HuyingError
from huying.kernel.trace import Entry

from .conftest import HOUR, opening, sending

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return factories.make_cast()


def at_once(*calls: Callable[[], Any]) -> list[str]:
    """Run the calls on their own connections, released together; each one's error code, or "" when it went through."""
    gate = threading.Barrier(len(calls))
    answers = [""] * len(calls)

    def run(index: int, call: Callable[[], Any]) -> None:
        try:
            gate.wait(10)
            call()
        except HuyingError as error:
            answers[index] = error.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i, call)) for i, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return answers


@pytest.fixture
def waiting(cast: Cast) -> Iterator[Case]:
    (case_id,) = actions.open_cases([opening(cast)], actor=system("portal"), now=NOW)
    yield Case.objects.get(pk=case_id)


def in_order(case: Case) -> None:
    """The chain of the case has no gap and no double."""
    seqs = list(Entry.objects.filter(chain=chain(case.pk)).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def test_two_dispatchers_one_winner(cast: Cast, waiting: Case) -> None:
    for _round in range(4):
        (case_id,) = actions.open_cases([opening(cast)], actor=system("portal"), now=NOW)
        answers = at_once(
            lambda pk=case_id: actions.dispatch_case(
                pk, sending(cast, "sanitation"), actor=cast.li_dispatcher, now=NOW
            ),
            lambda pk=case_id: actions.dispatch_case(pk, sending(cast, "housing"), actor=cast.zhou_dispatcher, now=NOW),
        )
        assert sorted(answers) == ["", "not_in_this_state"]
        assert Assignment.objects.filter(case_id=case_id, role="lead", state__in=Assignment.LIVE).count() == 1
        in_order(Case.objects.get(pk=case_id))


def test_sign_and_recall_at_the_same_moment(cast: Cast) -> None:
    one = opening(cast, unit="sanitation")
    (case_id,) = actions.open_cases([one], actor=system("portal"), now=NOW)
    answers = at_once(
        lambda: actions.sign_case(case_id, actor=cast.he_sanitation, now=NOW),
        lambda: actions.recall_case(case_id, reason="派错", actor=cast.li_dispatcher, now=NOW),
    )
    assert answers.count("") == 1
    case = Case.objects.get(pk=case_id)
    assert (case.state, case.lead_unit_id is None) in {("handling", False), ("accepted", True)}
    in_order(case)


def test_merging_two_cases_into_each_other_neither_deadlocks_nor_loses_a_report(cast: Cast, waiting: Case) -> None:
    (other_id,) = actions.open_cases([opening(cast)], actor=system("portal"), now=NOW)
    answers = at_once(
        lambda: actions.merge_case(waiting.pk, into_id=other_id, actor=cast.li_dispatcher, now=NOW),
        lambda: actions.merge_case(other_id, into_id=waiting.pk, actor=cast.zhou_dispatcher, now=NOW),
    )
    assert sorted(answers) == ["", "target_not_open"] or sorted(answers) == ["", "not_in_this_state"]
    assert sum(Case.objects.values_list("reports", flat=True)) == 2
    assert Case.objects.filter(state="merged").count() == 1


def test_thirty_voices_join_at_once_and_all_are_counted(cast: Cast, waiting: Case) -> None:
    def join(index: int) -> Callable[[], None]:
        return lambda: actions.join_case(
            waiting.pk, words=f"第{index}位", voice=f"V{index}", actor=system("portal"), now=NOW
        )

    for start in range(0, 30, 6):
        assert at_once(*(join(start + i) for i in range(6))) == [""] * 6
    waiting.refresh_from_db()
    assert waiting.reports == 31
    in_order(waiting)


def test_three_objections_at_once_are_one(cast: Cast) -> None:
    one = opening(cast, unit="sanitation")
    (case_id,) = actions.open_cases([one], actor=system("portal"), now=NOW)
    answers = at_once(
        *[lambda: actions.object_to_case(case_id, reason="不归我们", actor=cast.he_sanitation, now=NOW + HOUR)] * 3
    )
    assert sorted(answers) == ["", "not_in_this_state", "not_in_this_state"]
    assert Case.objects.get(pk=case_id).objections.count() == 1
