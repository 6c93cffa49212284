"""The loop: an alarm opens one case, says in its trace that it is normal again, and is closed with it, by its cause."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.casework.cases import actions as cases
from huying.casework.cases.factories import NOW, Cast, account_of
from huying.casework.cases.models import Assignment, Case
from huying.casework.catalogue.models import Item
from huying.ground.registry.factories import a_room, worker
from huying.kernel import clock, facts
from huying.kernel.actor import system
from huying.kernel.errors import Forbidden, Refused
from huying.kernel.trace import Entry
from huying.senses.alarms import queries, tasks
from huying.senses.alarms.actions import close_alarm, open_cases, tell_cases
from huying.senses.alarms.factories import event, happen, make_alarm
from huying.senses.alarms.facts import AlarmClosed
from huying.senses.alarms.models import Alarm
from huying.senses.devices.models import Device
from huying.senses.reports.models import Report

from .conftest import ALARMS, make_device

MINUTE = timedelta(minutes=1)


def notes(case: Case) -> list[str]:
    return [str(one.body) for one in Entry.objects.filter(chain=f"case:{case.pk}", verb="note")]


def open_one(device: Device) -> tuple[Alarm, Case]:
    happen(device, event("raise", NOW), now=NOW)
    assert open_cases(actor=ALARMS, now=NOW) == 1
    alarm = Alarm.objects.select_related("case").get(device=device)
    assert alarm.case is not None
    return alarm, alarm.case


def work(case: Case, cast: Cast, cause: str = "false_place") -> None:
    """The community signs, hands in the cause, and the check passes."""
    actor = cast.ma_liuan
    cases.sign_case(case.pk, actor=actor, now=NOW + 2 * MINUTE)
    cases.give_feedback(
        case.pk,
        text="已到场，锅烧干冒烟，已通风。",
        evidence={"alarm_reset_at": (NOW + 5 * MINUTE).isoformat(), "cause_code": cause},
        actor=actor,
        now=NOW + 6 * MINUTE,
    )
    cases.pass_check(case.pk, actor=cast.sun_checker, now=NOW + 10 * MINUTE)


def test_the_case_is_about_the_device_and_the_premises_it_stands_in(
    device: Device, fire_item: Item, cast: Cast, client: Client, settings: Any
) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    room = a_room(worker(area=device.area))
    Device.objects.filter(pk=device.pk).update(premises_uid=room.uid)
    _alarm, case = open_one(device)
    assert case.subjects == [f"device:{device.code}", f"premises:{room.uid}"]
    pages = {
        "premises": f"/desk/registry/premises/{room.uid}/",
        "device": f"/desk/devices/{device.code}/",
        "case": f"/desk/cases/{case.pk}/",
    }
    client.force_login(account_of(cast.tang_grid))
    shown = {name: client.get(url).content.decode() for name, url in pages.items()}
    assert pages["case"] in shown["premises"] and "这里的事" in shown["premises"]
    assert pages["case"] in shown["device"] and "这台设备的事" in shown["device"]
    facts_of_case = shown["case"].partition("<dt>涉及</dt>")[2].partition("</dd>")[0]
    assert pages["premises"] in facts_of_case and pages["device"] in facts_of_case
    client.force_login(account_of(cast.ma_liuan))  # handles the case, is shown no register of premises
    facts_of_case = client.get(pages["case"]).content.decode().partition("<dt>涉及</dt>")[2].partition("</dd>")[0]
    assert pages["premises"] not in facts_of_case


def test_the_whole_loop(device: Device, fire_item: Item, cast: Cast) -> None:
    alarm, case = open_one(device)
    assert (case.item_code, case.channel, case.urgent) == ("0517", "device", True)
    assert (case.grid, case.place_text, case.state) == (device.area, "柳岸花园3幢301", "dispatched")
    lead = Assignment.objects.get(case=case, role="lead")
    assert lead.respond_due == NOW + 5 * MINUTE
    assert case.due_at == NOW + 30 * MINUTE
    assert Report.objects.get().source_id == str(alarm.uid)

    assert open_cases(actor=ALARMS, now=NOW) == 0
    happen(device, event("clear", NOW + 5 * MINUTE), now=NOW + 5 * MINUTE)
    assert (tell_cases(actor=ALARMS, now=NOW + 5 * MINUTE), tell_cases(actor=ALARMS, now=NOW + 6 * MINUTE)) == (1, 0)
    assert len(notes(case)) == 1
    alarm.refresh_from_db()
    assert alarm.closed_at is None
    case.refresh_from_db()
    assert case.open

    with facts.collected() as told:
        work(case, cast)
    alarm.refresh_from_db()
    assert (alarm.cause, alarm.closed_at, alarm.closed_by) == ("false_place", NOW + 10 * MINUTE, cast.sun_checker.ref)
    assert [one.cause for one in told if isinstance(one, AlarmClosed)] == ["false_place"]
    (rate,) = queries.false_rates(cast.zhao_centre, since=NOW, until=NOW + 60 * MINUTE)
    assert (rate.key, rate.judged, rate.false, rate.share) == ("smoke", 1, 1, 100)
    assert Case.objects.count() == Report.objects.count() == 1


def test_the_case_closes_it_even_where_the_device_never_became_normal(
    device: Device, fire_item: Item, cast: Cast
) -> None:
    alarm, case = open_one(device)
    work(case, cast, "real")
    alarm.refresh_from_db()
    assert (alarm.cause, alarm.cleared_at) == ("real", None)
    later = NOW + 60 * MINUTE
    happen(device, event("raise", later), now=later)
    assert open_cases(actor=ALARMS, now=later) == 1
    assert Case.objects.count() == 2
    alarm.refresh_from_db()
    assert alarm.cleared_by == "anew"


def test_words_that_are_no_code_stay_as_words(device: Device, fire_item: Item, cast: Cast) -> None:
    alarm, case = open_one(device)
    work(case, cast, "油烟太大")
    alarm.refresh_from_db()
    assert (alarm.cause, alarm.cause_words) == ("other", "油烟太大")


def test_while_the_case_is_open_nobody_closes_the_alarm(device: Device, fire_item: Item, cast: Cast) -> None:
    alarm, _case = open_one(device)
    with pytest.raises(Refused) as no:
        close_alarm(alarm.uid, cause="real", actor=cast.tang_grid, now=NOW)
    assert no.value.code == "case_open"
    alarm.refresh_from_db()
    assert alarm.closed_at is None


def test_sent_back_and_done_again(device: Device, fire_item: Item, cast: Cast) -> None:
    alarm, case = open_one(device)
    work(case, cast)
    cases.order_redo(case.pk, reason="报警又响了", actor=cast.qian_supervisor, now=NOW + 20 * MINUTE)
    alarm.refresh_from_db()
    assert (alarm.closed_at, alarm.cause) == (None, "")
    entries = Entry.objects.filter(chain=f"alarm:{alarm.uid}").order_by("seq")
    assert [(one.verb, json.loads(one.body)["by"], one.at) for one in entries] == [
        ("close_with_case", cast.sun_checker.ref, NOW + 10 * MINUTE),
        ("reopen_with_case", cast.qian_supervisor.ref, NOW + 20 * MINUTE),
    ]


def test_cases_merged_take_their_alarms_along(device: Device, fire_item: Item, cast: Cast) -> None:
    first, into = open_one(device)
    second, case = open_one(make_device("SM-2"))
    cases.merge_case(case.pk, into_id=into.pk, actor=cast.li_dispatcher, now=NOW + MINUTE)
    second.refresh_from_db()
    assert second.case_id == into.pk
    cases.unmerge_case(case.pk, reason="不是一回事", actor=cast.li_dispatcher, now=NOW + 2 * MINUTE)
    second.refresh_from_db()
    first.refresh_from_db()
    assert (first.case_id, second.case_id) == (into.pk, case.pk)


def test_a_test_opens_no_case_and_a_closed_alarm_neither(device: Device, fire_item: Item) -> None:
    make_alarm(device, NOW, test=True, item="0517")
    other = make_device("SM-2")
    happen(other, event("raise", NOW), now=NOW)
    close_alarm(Alarm.objects.get(device=other).uid, cause="works", actor=ALARMS, now=NOW)
    assert open_cases(actor=ALARMS, now=NOW) == 0
    assert not Case.objects.exists()


def test_without_its_item_in_the_catalogue_a_dispatcher_finds_out(device: Device, cast: Cast) -> None:
    _alarm, case = open_one(device)
    assert case.item_code != "0517"


def test_only_the_program_opens(cast: Cast) -> None:
    for action in (open_cases, tell_cases):
        with pytest.raises(Forbidden):
            action(actor=cast.zhao_centre, now=NOW)


def test_many_cases_cost_what_one_costs(fire_item: Item) -> None:
    asked = []
    for many in (2, 15):
        for number in range(many):
            happen(make_device(f"C{many}-{number}"), event("raise", NOW), now=NOW)
        open_cases(actor=system("warm"), now=NOW, most=1)
        with CaptureQueriesContext(connection) as seen:
            assert open_cases(actor=ALARMS, now=NOW) == many - 1
        asked.append([one["sql"][:90] for one in seen.captured_queries])
    assert len(asked[1]) <= len(asked[0]) + 4, "\n".join(
        asked[1]
    )  # many rows are copied, which does not wait for others


def test_the_job_does_it_all(device: Device, fire_item: Item) -> None:
    at = clock.now()
    happen(device, event("raise", at), now=at)
    tasks.sweep(0)
    tasks.sweep(0)
    alarm = Alarm.objects.get()
    assert (alarm.case_id, alarm.rung) == (Case.objects.get().pk, 1)
    assert alarm.steps.exists()
