"""A message that was taken apart is one wish to be forgotten: all its parts go, in every case, whoever handles them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from huying.casework.cases import factories
from huying.casework.cases.factories import BEGAN, IN_GRID_1, LIUAN, QIAODONG, Cast
from huying.casework.cases.models import Case
from huying.casework.cases.turns import chain
from huying.ground.organisation.models import Appointment, Post
from huying.kernel import trace
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.errors import NotFound, Refused
from huying.kernel.privacy import unseal
from huying.kernel.trace import Entry, PrivateValue
from huying.senses.reports import desk_queries
from huying.senses.reports.actions import Voice, erase_report, split_report, take_in, take_in_apart
from huying.senses.reports.models import Contact, Report
from huying.senses.reports.queries import message_of

TEXT = (
    "我是刘桂芳，想反映以下几个问题：1、柳岸路口垃圾好几天没人清运，刘家门前臭味很大。"
    "2、小区门口路灯不亮，刘家老人晚上出门害怕。3、楼上装修噪音太吵，影响刘家孩子睡觉。"
)
TWO_PLACES = "有两个问题要反映：1、柳岸社区刘家门前垃圾没人清运。2、桥东社区路灯不亮，刘家老人害怕。"
OTHERS_WORDS = "我家也受影响，臭味很大"
migration = import_module("huying.senses.reports.migrations.0005_part_of")
Taking = Callable[..., list[Report]]


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


def voice(text: str = TEXT, **more: Any) -> Voice:
    lon, lat = IN_GRID_1
    given = {"phone": "19900001234", "name": "刘桂芳", "hold": True, "lon": lon, "lat": lat, **more}
    return Voice(source="t", source_id=str(Report.objects.count()), channel="portal", text=text, **given)


def reports() -> list[Report]:
    return list(Report.objects.select_related("case").order_by("pk"))


def apart_at_once(cast: Cast, text: str = TEXT, **more: Any) -> list[Report]:
    take_in_apart(voice(text, **more), actor=system("portal"), now=now())
    return reports()


def apart_later(cast: Cast, text: str = TEXT, **more: Any) -> list[Report]:
    take_in([voice(text, **more)], actor=system("portal"), now=now())
    split_report(Report.objects.get().pk, actor=cast.li_dispatcher, now=now())
    return reports()


both_ways = pytest.mark.parametrize("take", [apart_at_once, apart_later])


def close(*parts: Report) -> None:
    Case.objects.filter(pk__in=[one.case_id for one in parts]).update(state="closed", closed_at=now())


def erase(report: Report, cast: Cast) -> int:
    return erase_report(report.pk, actor=cast.zhao_centre, now=now(), why="本人要求")


def kept() -> str:
    """Everything that is still known in words, in the trace and in the tables."""
    said = [unseal(one.sealed) for one in PrivateValue.objects.all()]
    rows = [*Report.objects.values_list("text", "title", "place_text"), *Case.objects.values_list("title", "summary")]
    return " ".join([*said, *(" ".join(row) for row in rows)])


@both_ways
@pytest.mark.parametrize("named", [0, 1, 2])
def test_whichever_part_is_named_the_whole_message_goes(cast: Cast, take: Taking, named: int) -> None:
    parts = take(cast)
    assert len(parts) == 3 and [one.part_of_id for one in parts] == [None, parts[0].pk, parts[0].pk]
    close(*parts)
    assert erase(parts[named], cast) == 3
    assert "刘" not in kept()
    for one in reports():
        assert (one.text, one.contact_id, one.lon, one.anonymous) == ("", None, None, True)
        assert one.erased_at is not None and one.case.title == one.case.item.name
        assert Entry.objects.filter(chain=chain(one.case_id), verb="private.erased").count() == 1
    contact = Contact.objects.get()
    assert contact.erased_at is not None and contact.phone_sealed is None and contact.name_sealed is None
    assert trace.verify(keys={}).ok


@both_ways
def test_a_second_time_changes_nothing(cast: Cast, take: Taking) -> None:
    parts = take(cast)
    close(*parts)
    erase(parts[1], cast)
    at, entries = Report.objects.get(pk=parts[0].pk).erased_at, Entry.objects.count()
    assert [erase(one, cast) for one in parts] == [0, 0, 0]
    assert (Report.objects.get(pk=parts[0].pk).erased_at, Entry.objects.count()) == (at, entries)
    with pytest.raises(NotFound):
        erase_report(999_999, actor=cast.zhao_centre, now=now(), why="本人要求")


@both_ways
def test_one_part_in_hand_keeps_all_of_them_and_says_which(cast: Cast, take: Taking) -> None:
    first, second, third = take(cast)
    close(first, third)
    before = (kept(), Entry.objects.count())
    for one in (first, second, third):
        with pytest.raises(Refused, match=second.case.number) as refused:
            erase(one, cast)
        assert refused.value.code == "case_still_open"
    assert (kept(), Entry.objects.count()) == before
    assert not Report.objects.filter(erased_at__isnull=False).exists()


def test_what_others_said_in_a_case_of_a_part_stays(cast: Cast) -> None:
    parts = apart_later(cast)
    take_in([voice(OTHERS_WORDS, case_id=parts[1].case_id, phone="19900005678")], actor=cast.wang_seat, now=now())
    close(*parts)
    erase(parts[0], cast)
    assert OTHERS_WORDS in kept() and "刘家" not in kept()
    other = Report.objects.get(text=OTHERS_WORDS)
    assert other.contact_id is not None and other.erased_at is None


def test_a_part_taken_apart_again_belongs_to_the_same_message(cast: Cast) -> None:
    parts = apart_later(cast)
    Report.objects.filter(pk=parts[-1].pk).update(text=TWO_PLACES)  # what was too much for one message stays in one
    split_report(parts[-1].pk, actor=cast.li_dispatcher, now=now())
    everything = reports()
    assert len(everything) > len(parts)
    assert {one.part_of_id for one in everything[1:]} == {everything[0].pk}
    assert message_of(everything[-1].pk) == [one.pk for one in everything]
    close(*everything)
    assert erase(everything[-1], cast) == len(everything)
    assert "刘家" not in kept()


def test_a_part_that_was_erased_alone_does_not_hide_the_others(cast: Cast) -> None:
    parts = apart_later(cast)
    close(*parts)
    Report.objects.filter(pk=parts[2].pk).update(erased_at=now(), text="", contact=None)
    assert erase(parts[2], cast) == 2
    assert not Report.objects.exclude(text="").exists()


@both_ways
def test_messages_taken_apart_before_they_were_marked_are_found(cast: Cast, take: Taking) -> None:
    parts = take(cast)
    apart = apart_again(parts)
    Report.objects.update(part_of=None)
    with connection.cursor() as cursor:
        for sql in (migration.KNOWN, migration.FLAT):
            cursor.execute(sql)
    assert [one.part_of_id for one in reports()] == [None, *[parts[0].pk] * (len(reports()) - 1)]
    assert message_of(apart.pk) == [one.pk for one in reports()]


def apart_again(parts: list[Report]) -> Report:
    """A part of a part, told of as it was before parts were marked."""
    from huying.senses.reports.models import Telling

    take_in([voice("刘家的第四件事")], actor=system("portal"), now=now())
    last = reports()[-1]
    Telling.objects.create(report=parts[1], kind="split", body={"codes": [last.tracking_code]}, at=now())
    return last


def test_finding_a_message_costs_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    parts = apart_later(cast)
    with django_assert_num_queries(1):
        assert message_of(parts[2].pk) == [one.pk for one in parts]
    with django_assert_num_queries(1):
        found = desk_queries.other_parts(parts)
    assert [[one.pk for one in found[part.pk]] for part in parts[:1]] == [[parts[1].pk, parts[2].pk]]


# --- through the page --------------------------------------------------------------------------------------------


def lead_of(cast: Cast, area: str, settings: Any) -> Client:
    """Gao leads the centre of a part of the place, and sees no case outside it."""
    settings.HUYING_REQUIRE_TOTP = False
    person, unit = cast.gao_liuan_lead.person_id, cast.units["liuan"]
    Appointment.objects.filter(person=person).delete()
    post = Post.objects.get(role="centre_lead")
    Appointment.objects.create(person_id=person, unit=unit, post=post, role="centre_lead", area=area, valid_from=BEGAN)
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(factories.account_of(cast.gao_liuan_lead))
    return client


def test_who_may_erase_one_part_erases_those_out_of_sight_too(cast: Cast, settings: Any) -> None:
    near, far = apart_at_once(cast, TWO_PLACES, lon=None, lat=None)
    assert (near.case.community, far.case.community) == (LIUAN, QIAODONG)
    lead = lead_of(cast, LIUAN, settings)
    assert lead.get(f"/desk/cases/{far.case_id}/").status_code == 404
    assert lead.post(f"/desk/reports/{far.pk}/erase", {"reason": "本人申请"}).status_code == 404
    close(near)
    shown = lead.get(f"/desk/cases/{near.case_id}/").content.decode()
    assert f"{far.case.number} 还没有办结" in shown and f"/desk/reports/{near.pk}/erase" not in shown
    assert lead.post(f"/desk/reports/{near.pk}/erase", {"reason": "本人申请"}).status_code == 409
    assert "刘家" in kept()
    close(far)
    shown = lead.get(f"/desk/cases/{near.case_id}/").content.decode()
    assert "另外 1 件会一起删除" in shown and f">{far.case.number}</span>" in shown
    assert f"/desk/reports/{near.pk}/erase" in shown
    done = lead.post(f"/desk/reports/{near.pk}/erase", {"reason": "本人申请"}, follow=True).content.decode()
    assert "2 条诉求" in done and "刘家" not in kept()
    again = lead.post(f"/desk/reports/{near.pk}/erase", {"reason": "本人申请"}, follow=True).content.decode()
    assert "已经删除过了" in again
    entries = Entry.objects.filter(chain=chain(far.case_id), verb="private.erased")
    assert [one.content["why"] for one in entries] == ["本人申请"]
