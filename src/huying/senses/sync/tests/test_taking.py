"""Operations are taken in once, each by itself, in the order of what they build on; what is stuck can be mended."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases import factories
from huying.casework.cases.factories import NOW, Cast
from huying.ground.organisation.models import Appointment
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import NotFound, Refused
from huying.kernel.trace import Entry
from huying.senses.sync import actions
from huying.senses.sync.actions import trying
from huying.senses.sync.factories import make_device, raw, sent
from huying.senses.sync.models import Device, Operation
from huying.senses.sync.rules import RELEASE, Cause

from .conftest import notes

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def take(actor: Actor, device: Device, *raws: dict[str, Any], now: datetime = NOW, **more: Any) -> list[Any]:
    return actions.take_operations(actor=actor, device=device, now=now, operations=sent(*raws), **more)


def states(found: list[Any]) -> list[str]:
    return [one.state for one in found]


def test_a_retry_changes_nothing_and_says_the_same(cast: Cast, phone: Device) -> None:
    one, two = raw(at=NOW), raw(at=NOW, body={"refuse": True})
    first = take(cast.tang_grid, phone, one, two)
    assert states(first) == ["applied", "refused"]
    assert (first[1].code, first[1].fields) == ("no", {"text": "不行"})
    assert take(cast.tang_grid, phone, two, one, one)[::-1][1:] == first
    assert notes() == [one["id"]]
    assert first[0].made["note"] == one["id"]


def test_one_bad_does_not_stop_the_others_and_leaves_nothing(cast: Cast, phone: Device) -> None:
    good = [raw(at=NOW), raw("plain", at=NOW, body={"conflict": 1})]
    broken = raw(at=NOW, body={"break": 1})
    bad = [{"id": "x"}, 7, raw("nobody's", at=NOW), raw(at=NOW, body={"t": "\x00"}), raw(at=NOW, seq=0)]
    found = take(cast.tang_grid, phone, *bad, broken, *good)
    assert states(found) == ["refused"] * 5 + ["waiting", "applied", "conflict"]
    assert [one.code for one in found[:6]] == [
        "malformed",
        "malformed",
        "unknown_kind",
        "malformed",
        "malformed",
        "fault",
    ]
    assert notes() == [one["id"] for one in good]
    row = Operation.objects.get(pk=broken["id"])
    assert (row.cause, row.try_at) == (Cause.FAULT, NOW + 2 * MINUTE)
    for number in range(1, 12):
        actions.retry_waiting(now=NOW + number * DAY)
    row.refresh_from_db()
    assert (row.state, row.outcome["code"]) == ("refused", "fault")


def test_alike_ones_go_together_and_a_fault_stays_with_its_own(cast: Cast, phone: Device) -> None:
    def spent(*raws: dict[str, Any]) -> tuple[int, list[Any]]:
        with CaptureQueriesContext(connection) as asked:
            found = take(cast.tang_grid, phone, *raws)
        return len(asked), found

    spent(raw("many", at=NOW))
    few, found = spent(*(raw("many", at=NOW) for _ in range(2)))
    many, more = spent(*(raw("many", at=NOW) for _ in range(8)))
    assert states(found + more) == ["applied"] * 10
    assert many - few == 12, "two more queries each, for the note of its own"
    before = len(notes())
    good = [raw("many", at=NOW) for _ in range(5)]
    bad = raw("many", at=NOW, body={"refuse": 1})
    broken, early = raw("many", at=NOW, body={"break": 1}), raw("many", at=NOW, body={"wait": str(uuid.uuid4())})
    mixed = [good[0], bad, good[1], early, good[2], broken, good[3], good[4]]
    found = take(cast.tang_grid, phone, *mixed)
    by_id = {one.id: one.state for one in found}
    assert [by_id[one["id"]] for one in good] == ["applied"] * 5
    assert (by_id[bad["id"]], by_id[broken["id"]], by_id[early["id"]]) == ("refused", "waiting", "waiting")
    assert notes()[before:] == [one["id"] for one in good], "each once, in order"
    assert take(cast.tang_grid, phone, *mixed) == found


def test_what_those_who_left_hand_in_costs_no_more(cast: Cast, phone: Device) -> None:
    """Who acted is asked once a day of theirs; what has nobody's duties is not tried together first."""
    Appointment.objects.filter(person_id=cast.tang_grid.person_id).update(valid_to=local_day(NOW) - DAY)
    factories.account_of(cast.tang_grid)
    left = replace(cast.tang_grid, duties=())

    def spent(number: int, days: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            found = take(left, phone, *(raw("many", at=NOW - days * DAY) for _ in range(number)))
        assert states(found) == ["applied"] * number
        return len(asked)

    spent(1, 3)
    assert spent(10, 3) - spent(2, 3) == 2 * 8, "in time: together, two more queries each, for the note of its own"
    one, two, ten = spent(1, 0), spent(2, 0), spent(10, 0)
    assert ten - two == 8 * (two - one), "too late: each alone at once"
    with CaptureQueriesContext(connection) as asked:
        take(left, phone, *(raw("many", at=NOW - days * DAY) for days in (3, 3, 4, 4, 0, 0)))
    people = [one for one in asked if 'FROM "organisation_person"' in one["sql"]]
    assert len(people) == 1


def test_what_is_done_alone_does_not_hold_up_those_beside_it(cast: Cast, phone: Device) -> None:
    """The tests' own applier refuses to see such a one together with others."""
    alone = [raw("many", at=NOW, body={"alone": 1}), raw("many", at=NOW, body={"alone": 1, "refuse": 1})]
    batch = [raw("many", at=NOW), alone[0], raw("many", at=NOW), alone[1], raw("many", at=NOW)]
    found = take(cast.tang_grid, phone, *batch)
    assert states(found) == ["applied", "applied", "applied", "refused", "applied"]
    assert sorted(notes()) == sorted(one["id"] for one in batch if one is not alone[1])
    assert take(cast.tang_grid, phone, *batch) == found
    assert states(take(cast.tang_grid, phone, *(raw("many", at=NOW, body={"alone": 1}) for _ in range(2)))) == [
        "applied",
        "applied",
    ]


def test_what_met_another_transaction_is_done_at_once_and_no_fault(cast: Cast, phone: Device) -> None:
    passing, stuck = raw(at=NOW, body={"contend": 2}), raw(at=NOW, body={"contend": 50})
    together = [raw("many", at=NOW), raw("many", at=NOW, body={"contend": 1}), raw("many", at=NOW)]
    found = take(cast.tang_grid, phone, passing, stuck, *together)
    assert states(found) == ["applied", "waiting", "applied", "applied", "applied"]
    row = Operation.objects.get(pk=stuck["id"])
    assert (row.cause, row.tries, row.try_at) == (Cause.QUEUED, 0, NOW + MINUTE)
    assert sorted(notes()) == sorted(one["id"] for one in (passing, *together))


def test_what_somebody_else_settled_meanwhile_is_not_written_over(
    cast: Cast, phone: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = raw(at=NOW, body={"contend": 50})
    take(cast.tang_grid, phone, one)

    def settled_by_another(row: Operation, **_more: Any) -> Operation:
        Operation.objects.filter(pk=row.pk).update(state="applied", cause="", try_at=None, settled_at=NOW)
        raise OperationalError from _Serialization()

    monkeypatch.setattr(trying, "_try_once", settled_by_another)
    actions.retry_waiting(now=NOW + MINUTE)
    row = Operation.objects.get(pk=one["id"])
    assert (row.state, row.cause, row.try_at) == ("applied", "", None)


class _Serialization(Exception):
    sqlstate = "40001"


def test_private_bodies_are_sealed_and_all_are_cleared_after_a_month(cast: Cast, phone: Device) -> None:
    secret, plain = raw(at=NOW, body={"name": "李四"}), raw("plain", at=NOW, body={"n": 1})
    stuck = raw(at=NOW, body={"refuse": 1})
    take(cast.tang_grid, phone, secret, plain, stuck)
    row = Operation.objects.get(pk=secret["id"])
    assert row.body is None
    assert "李四".encode() not in bytes(row.sealed)
    assert row.content == {"name": "李四"}
    assert Operation.objects.get(pk=plain["id"]).body == {"n": 1}
    assert actions.clear_old(now=NOW + 29 * DAY) == (0, 0)
    assert actions.clear_old(now=NOW + 31 * DAY) == (2, 0)
    row.refresh_from_db()
    assert (row.state, row.content) == ("applied", None)
    assert Operation.objects.get(pk=stuck["id"]).content, "what is refused can still be mended"
    actions.clear_old(now=NOW + 179 * DAY)
    assert Operation.objects.get(pk=stuck["id"]).content
    actions.clear_old(now=NOW + 181 * DAY)
    row = Operation.objects.get(pk=stuck["id"])
    assert (row.state, row.content) == ("removed", None)


def test_a_gap_waits_and_a_branch_keeps_its_order(cast: Cast, phone: Device) -> None:
    branch = uuid.uuid4()
    one = raw(at=NOW, branch=branch)
    two = raw(at=NOW, branch=branch, after=[one["id"]])
    three = raw(at=NOW, branch=branch, after=[two["id"]])
    other = raw(at=NOW)
    found = take(cast.tang_grid, phone, three, two, other)
    assert states(found) == ["waiting", "waiting", "applied"]
    assert states(take(cast.tang_grid, phone, one)) == ["applied"]
    assert notes() == [other["id"], one["id"], two["id"], three["id"]]


def test_behind_a_refused_one_its_branch_waits_until_it_is_removed(cast: Cast, phone: Device) -> None:
    branch = uuid.uuid4()
    one, two = raw(at=NOW, branch=branch, body={"refuse": 1}), raw(at=NOW, branch=branch)
    assert states(take(cast.tang_grid, phone, one, two)) == ["refused", "waiting"]
    assert notes() == []
    removed = actions.remove_operation(uuid.UUID(one["id"]), actor=cast.tang_grid, now=NOW, why="写错了")
    assert (removed.state, removed.content) == ("removed", None)
    assert notes() == [two["id"]]
    assert states(take(cast.tang_grid, phone, one, two)) == ["gone", "applied"]
    assert [one.verb for one in Entry.objects.filter(chain=f"device:{phone.uid}").order_by("seq")] == [
        "enrol_device",
        "remove_operation",
    ]
    with pytest.raises(Refused):
        actions.remove_operation(uuid.UUID(two["id"]), actor=cast.tang_grid, now=NOW)


def test_what_never_comes_is_given_up_after_a_week(cast: Cast, phone: Device) -> None:
    late = raw(at=NOW, after=[str(uuid.uuid4())])
    assert states(take(cast.tang_grid, phone, late)) == ["waiting"]
    actions.retry_waiting(now=NOW + RELEASE - MINUTE)
    assert notes() == []
    actions.retry_waiting(now=NOW + RELEASE)
    assert notes() == [late["id"]]


def test_an_applier_may_wait_for_something_of_the_same_subject(cast: Cast, phone: Device) -> None:
    subject, first = uuid.uuid4(), str(uuid.uuid4())
    second = raw(at=NOW, subject=subject, body={"wait": first})
    assert take(cast.tang_grid, phone, second)[0].code == "base"
    assert notes() == [], "what it wrote before it had to wait is undone"
    take(cast.tang_grid, phone, {**raw(at=NOW, subject=subject), "id": first})
    assert notes() == [first, second["id"]]


def test_a_number_used_twice_and_an_id_used_twice_are_damage(cast: Cast, phone: Device) -> None:
    one = raw(at=NOW)
    take(cast.tang_grid, phone, one)
    same_seq = {**raw(at=NOW), "seq": one["seq"]}
    same_id = {**one, "body": {"other": 1}}
    found = take(cast.tang_grid, phone, same_seq, same_id)
    assert [(each.state, each.code) for each in found] == [("refused", "seq_taken"), ("refused", "id_reused")]
    stranger, _token = make_device(cast.tang_grid, now=NOW, name="另一部")
    assert take(cast.tang_grid, stranger, one)[0].code == "id_reused"
    assert notes() == [one["id"]]


def test_times_of_a_wrong_clock_are_put_right(cast: Cast, phone: Device) -> None:
    slow = timedelta(hours=8)
    one = raw(at=NOW - slow - MINUTE)
    take(cast.tang_grid, phone, one, sent_at=NOW - slow)
    row = Operation.objects.get(pk=one["id"])
    assert (row.at, row.at_true) == (NOW - slow - MINUTE, NOW - MINUTE)
    phone.refresh_from_db()
    assert (phone.offset, phone.next_seq, phone.seen_at) == (slow, one["seq"] + 1, NOW)


def test_a_refused_one_is_tried_again_for_its_author(cast: Cast, phone: Device) -> None:
    one = raw(at=NOW, body={"refuse": 1})
    take(cast.tang_grid, phone, one)
    row = actions.retry_operation(uuid.UUID(one["id"]), actor=cast.lin_sanitation_head, now=NOW + DAY)
    assert (row.state, row.outcome["code"]) == ("refused", "no")
    entry = Entry.objects.filter(chain=f"device:{phone.uid}").latest("seq")
    assert (entry.verb, entry.actor_ref) == ("retry_operation", cast.lin_sanitation_head.ref)
    with pytest.raises(NotFound):
        actions.retry_operation(uuid.uuid4(), actor=cast.tang_grid, now=NOW)


def test_later_it_is_done_as_whoever_sent_it(cast: Cast, phone: Device) -> None:
    factories.account_of(cast.tang_grid)
    late = raw(at=NOW, after=[str(uuid.uuid4())])
    take(cast.tang_grid, phone, late)
    actions.retry_waiting(now=NOW + RELEASE)
    assert Entry.objects.get(verb="note").actor_ref == cast.tang_grid.ref


def test_how_many_questions_a_batch_asks(cast: Cast, phone: Device, django_assert_num_queries: Any) -> None:
    batch = [raw("plain", at=NOW, after=[]) for _ in range(3)]
    own = 4  # what the tests' own applier asks: head of the chain, entry and, around them, its savepoint
    with django_assert_num_queries(4 + 3 * (4 + own)):
        take(cast.tang_grid, phone, *batch)
    with django_assert_num_queries(2):  # sent again: what became of them, and that the phone called
        take(cast.tang_grid, phone, *batch)


@pytest.mark.django_db(transaction=True)
def test_the_same_at_the_same_moment_is_done_once(transactional_db: None) -> None:
    cast = factories.make_cast()
    device, _token = make_device(cast.tang_grid, now=NOW)
    branch = uuid.uuid4()
    first = raw(at=NOW, branch=branch)
    batch = [first, *(raw(at=NOW, branch=branch, after=[first["id"]]) for _ in range(6))]
    gate, answers = threading.Barrier(3), []

    def run(order: list[dict[str, Any]]) -> None:
        try:
            gate.wait(10)
            answers.append(sorted((one.id, one.state) for one in take(cast.tang_grid, device, *order)))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(batch[:: 1 - 2 * (n % 2)],)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 3
    take(cast.tang_grid, device, *batch)
    assert sorted(notes()) == sorted(one["id"] for one in batch)
