"""Commands: two people for what matters, never power cut from an exempt device, and nothing carried out late."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from django.db import IntegrityError, connection, transaction

from huying.casework.cases.factories import NOW, Cast
from huying.kernel import trace
from huying.kernel.actor import SYSTEM, Actor
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused
from huying.kernel.facts import collected
from huying.senses.devices import actions
from huying.senses.devices.decoding import Answer
from huying.senses.devices.factories import draft, make_device, make_keeper
from huying.senses.devices.facts import CommandAnswered
from huying.senses.devices.models import Command, Device

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def nothing_waits(db: None) -> None:
    """Jobs that tests with real commits left behind are not ours."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def ask(device: Device, actor: Actor, code: str = "open", **more: object) -> Command:
    return actions.ask_command(device.pk, actor=actor, now=NOW, code=code, reason=str(more.get("reason", "漏电超限")))


def jobs() -> list[dict[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'devices.send' ORDER BY id")
        return [orjson.loads(args) if isinstance(args, str) else args for (args,) in cursor.fetchall()]


def as_sent(command: Command) -> Command:
    """As if it had gone out: the rest of its life does not need a stream."""
    Command.objects.filter(pk=command.pk).update(state="sent", sent_at=NOW)
    return command


def test_cutting_power_takes_two_people(luo: Actor, shen: Actor) -> None:
    device = make_device(luo, "b-1")
    command = ask(device, luo)
    assert command.state == "asked" and command.body == {"switch": False} and jobs() == []
    with pytest.raises(Forbidden) as refused:
        actions.confirm_command(command.pk, actor=luo, now=NOW)
    assert refused.value.code == "another_person" and jobs() == []
    confirmed = actions.confirm_command(command.pk, actor=shen, now=NOW + MINUTE)
    assert (confirmed.state, confirmed.confirmed_by) == ("confirmed", shen.ref)
    assert jobs() == [{"command_id": command.pk}]
    verbs = trace.Entry.objects.filter(chain="equipment:b-1").order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["register_device", "ask_command", "confirm_command"]


def test_what_needs_nobody_is_sent_at_once(luo: Actor, shen: Actor) -> None:
    command = ask(make_device(luo), luo, "read")
    assert command.state == "asked" and jobs() == [{"command_id": command.pk}]
    with pytest.raises(Refused):
        actions.confirm_command(command.pk, actor=shen, now=NOW)


def test_an_exempt_device_is_never_cut_off(luo: Actor, shen: Actor) -> None:
    exempt = make_device(luo, exempt=True)
    with pytest.raises(Refused) as refused:
        ask(exempt, luo)
    assert refused.value.code == "exempt"
    assert not Command.objects.exists()
    assert ask(exempt, luo, "close").state == "asked"


def test_a_device_that_became_exempt_in_between_is_not_cut_off(luo: Actor, shen: Actor) -> None:
    device = make_device(luo, "b-1")
    command = ask(device, luo)
    actions.save_device(device.pk, actor=luo, now=NOW, draft=draft("b-1", exempt=True))
    with pytest.raises(Refused):
        actions.confirm_command(command.pk, actor=shen, now=NOW)
    assert jobs() == []


def test_who_may_ask_and_who_does_not_even_see_it(luo: Actor, cast: Cast) -> None:
    device = make_device(luo)
    with pytest.raises(Forbidden):
        ask(device, cast.tang_grid)
    with pytest.raises(NotFound):
        ask(device, cast.deng_enforcement)
    with pytest.raises(NotFound):
        ask(device, make_keeper(cast, "桥东设备", area="990101001002"))
    command = ask(device, cast.zhao_centre)
    with pytest.raises(Forbidden):
        actions.confirm_command(command.pk, actor=cast.tang_grid, now=NOW)
    assert actions.confirm_command(command.pk, actor=luo, now=NOW).state == "confirmed"


@pytest.mark.parametrize(("code", "reason"), [("dance", "试试"), ("open", ""), ("open", " "), ("open", "长" * 201)])
def test_a_command_needs_a_reason_and_must_exist(luo: Actor, code: str, reason: str) -> None:
    with pytest.raises(Invalid):
        ask(make_device(luo), luo, code, reason=reason)
    assert not Command.objects.exists()


def test_one_of_a_kind_under_way(luo: Actor) -> None:
    device = make_device(luo)
    ask(device, luo)
    with pytest.raises(Refused) as refused:
        ask(device, luo)
    assert refused.value.code == "command_under_way"
    assert Command.objects.count() == 1


def test_no_is_no(luo: Actor, shen: Actor) -> None:
    command = ask(make_device(luo), luo)
    assert actions.refuse_command(command.pk, actor=shen, now=NOW, why="有人在家").state == "refused"
    for step in (actions.confirm_command, actions.refuse_command):
        with pytest.raises(Refused):
            step(command.pk, actor=shen, now=NOW)


def test_a_paused_device_is_told_nothing(luo: Actor, shen: Actor) -> None:
    device = make_device(luo)
    command = ask(device, luo)
    actions.pause_device(device.pk, actor=luo, now=NOW, why="检修")
    with pytest.raises(Refused):
        actions.confirm_command(command.pk, actor=shen, now=NOW)


def test_confirmed_too_late_is_not_sent(luo: Actor, shen: Actor) -> None:
    command = ask(make_device(luo), luo)
    with pytest.raises(Refused):
        actions.confirm_command(command.pk, actor=shen, now=NOW + 30 * MINUTE)
    assert jobs() == []


def test_what_nobody_confirmed_or_answered_is_given_up(luo: Actor) -> None:
    waiting, sent = ask(make_device(luo), luo), as_sent(ask(make_device(luo), luo))
    assert actions.expire_commands(actor=SYSTEM, now=NOW + 4 * MINUTE) == 0
    assert actions.expire_commands(actor=SYSTEM, now=NOW + 5 * MINUTE) == 1
    sent.refresh_from_db()
    assert sent.state == "expired"
    assert actions.expire_commands(actor=SYSTEM, now=NOW + 30 * MINUTE) == 1
    waiting.refresh_from_db()
    assert waiting.state == "expired"
    assert actions.expire_commands(actor=SYSTEM, now=NOW + 60 * MINUTE) == 0


@pytest.mark.parametrize(("ok", "state"), [(True, "done"), (False, "failed")])
def test_the_device_answers(luo: Actor, ok: bool, state: str) -> None:
    device = make_device(luo)
    command = as_sent(ask(device, luo))
    with collected() as facts:
        answered = actions.answer_command(
            actor=SYSTEM, now=NOW + MINUTE, device_id=device.pk, answer=Answer(command.pk, ok, "好")
        )
    assert answered is not None and (answered.state, answered.answer) == (state, "好")
    assert facts == [
        CommandAnswered(
            command_id=command.pk, device_id=device.pk, device_code=device.code, code="open", ok=ok, at=NOW + MINUTE
        )
    ]
    again = actions.answer_command(actor=SYSTEM, now=NOW, device_id=device.pk, answer=Answer(command.pk, not ok, ""))
    assert again is None


def test_an_answer_that_comes_late_still_counts(luo: Actor) -> None:
    device = make_device(luo)
    command = as_sent(ask(device, luo))
    actions.expire_commands(actor=SYSTEM, now=NOW + 10 * MINUTE)
    answered = actions.answer_command(actor=SYSTEM, now=NOW, device_id=device.pk, answer=Answer(command.pk, True, ""))
    assert answered is not None and answered.state == "done"


def test_answers_of_others_and_to_nothing_change_nothing(luo: Actor) -> None:
    device, other = make_device(luo), make_device(luo)
    command = ask(device, luo)
    for device_id, number in ((device.pk, command.pk), (other.pk, command.pk), (device.pk, 10**15)):
        answer = Answer(number, True, "")
        assert actions.answer_command(actor=SYSTEM, now=NOW, device_id=device_id, answer=answer) is None
    command.refresh_from_db()
    assert command.state == "asked"
    gateway = make_device(luo, "gw-1", "gateway")
    behind = make_device(luo, gateway="gw-1")
    told = as_sent(ask(behind, luo))
    assert (
        actions.answer_command(actor=SYSTEM, now=NOW, device_id=gateway.pk, answer=Answer(told.pk, True, ""))
        is not None
    )


def test_the_database_keeps_two_people_apart(luo: Actor) -> None:
    command = ask(make_device(luo), luo)
    for wrong in (
        {"confirmed_by": luo.ref, "confirmed_at": NOW},
        {"confirmed_by": "person:999"},
        {"state": "sent"},
        {"state": "done", "sent_at": NOW},
        {"reason": ""},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Command.objects.filter(pk=command.pk).update(**wrong)
