"""What a case is about: its page leads there, and the page of the subject shows what was about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.casework.cases import actions, factories, queries
from huying.casework.cases.actions.following import follow_subject, part_subject
from huying.casework.cases.desk import subjects as desk
from huying.casework.cases.factories import COUNTY, GRID_1, LIUAN, NOW, Cast
from huying.casework.cases.models import Case
from huying.casework.cases.subjects import mark, marks_of, split
from huying.casework.cases.turns import chain
from huying.ground.organisation.factories import make_appointment, make_person
from huying.ground.registry.actions import merge_records, undo_merge
from huying.ground.registry.factories import a_room, editor, say, worker
from huying.ground.registry.models import Premises
from huying.kernel.actor import Actor, system
from huying.kernel.trace import Entry

from .conftest import HOUR, Bring, opening

PORTAL = system("portal")


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


@pytest.fixture
def room(cast: Cast) -> Premises:
    return a_room(worker(area=GRID_1))


def about(cast: Cast, *marks: str, times: int = 1) -> list[int]:
    return actions.open_cases([replace(opening(cast), subjects=marks)] * times, actor=PORTAL, now=NOW)


def client_of(actor: Actor) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(factories.account_of(actor))
    return client


def page_of(kind: str, uid: UUID) -> str:
    return f"/desk/registry/{kind}/{uid}/"


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def ids(actor: Actor, subject: str) -> list[int]:
    return [case.pk for case in queries.about_subject(actor, subject, most=20)]


def test_marks_are_of_things_only() -> None:
    assert marks_of(("premises", "a"), ("person", "b"), ("device", ""), ("premises", "a")) == ("premises:a",)
    assert split("device:SM-1") == ("device", "SM-1")
    assert [split(text) for text in ("", "person:a", "device", "device:", "device:" + "x" * 80)] == [None] * 5


def test_opening_writes_down_what_it_is_about(cast: Cast) -> None:
    named, plain = *about(cast, "premises:a", "device:b", "device:b"), *about(cast)
    assert Case.objects.get(pk=named).subjects == ["premises:a", "device:b"]
    assert Case.objects.get(pk=plain).subjects is None
    bodies = [Entry.objects.get(chain=chain(pk), verb="open").content for pk in (named, plain)]
    assert [body.get("about") for body in bodies] == [["premises:a", "device:b"], None]


def test_joining_adds_what_was_not_known(cast: Cast) -> None:
    (pk,) = about(cast, "premises:a")
    for marks in (("premises:a", "facility:c"), ()):
        actions.join_case(pk, words="还有这里", voice="v", actor=PORTAL, now=NOW, subjects=marks)
    assert Case.objects.get(pk=pk).subjects == ["premises:a", "facility:c"]
    joined = Entry.objects.filter(chain=chain(pk), verb="join").order_by("seq")
    assert [one.content.get("about") for one in joined] == [["facility:c"], None]


def test_open_ones_come_first_then_the_newest(cast: Cast, bring: Bring) -> None:
    closed = bring("closed")
    Case.objects.filter(pk=closed.pk).update(subjects=["premises:a"])
    older, newer = *about(cast, "premises:a"), *about(cast, "premises:a")
    (other,) = about(cast, "premises:b")
    assert ids(cast.li_dispatcher, "premises:a") == [newer, older, closed.pk]
    assert ids(cast.li_dispatcher, "premises:b") == [other]


def test_nobody_is_shown_what_they_may_not_see(cast: Cast) -> None:
    (pk,) = about(cast, "premises:a")
    Case.objects.filter(pk=pk).update(grid=f"{LIUAN}002")
    assert (ids(cast.tang_grid, "premises:a"), ids(cast.li_dispatcher, "premises:a")) == ([], [pk])
    assert (ids(cast.he_sanitation, "premises:a"), ids(cast.fang_qiaodong, "premises:a")) == ([], [])


def test_a_merged_case_stands_for_itself_no_more(cast: Cast) -> None:
    (first,), (middle,), (last,) = about(cast, "premises:a"), about(cast), about(cast)
    by = {"actor": cast.li_dispatcher, "now": NOW + HOUR}
    actions.merge_case(first, into_id=middle, **by)
    actions.merge_case(middle, into_id=last, **by)
    assert ids(cast.li_dispatcher, "premises:a") == [last]
    actions.unmerge_case(middle, reason="不是一件事", **by)
    assert ids(cast.li_dispatcher, "premises:a") == [middle]


def test_the_page_of_premises_shows_its_matters_and_the_case_leads_back(cast: Cast, room: Premises) -> None:
    subject, client = mark("premises", room.uid), client_of(cast.tang_grid)
    assert "还没有事件" in shown(client, page_of("premises", room.uid))
    (pk,) = about(cast, subject)
    page = shown(client, page_of("premises", room.uid))
    assert "这里的事" in page and f"/desk/cases/{pk}/" in page and "看全部" not in page
    assert page_of("premises", room.uid) in shown(client, f"/desk/cases/{pk}/")
    about(cast, subject, times=desk.FEW)
    page = shown(client, page_of("premises", room.uid))
    assert f"/desk/cases/{pk}/" not in page and "看全部" in page
    listed = shown(client, f"/desk/?queue=all&about={subject}")
    assert f"/desk/cases/{pk}/" in listed and "涉及: 房屋场所" in listed
    (other,) = about(cast)
    assert f"/desk/cases/{other}/" not in shown(client, f"/desk/?queue=all&about={subject}")


def test_the_page_of_a_firm_shows_its_matters(cast: Cast, room: Premises) -> None:
    firm = say(worker(area=GRID_1), "organisation", name="柳岸五金店", kind="sole_trader", premises=str(room.uid)).uid
    (pk,) = about(cast, mark("organisation", firm), mark("premises", room.uid))
    client = client_of(cast.tang_grid)
    page = shown(client, page_of("organisation", firm))
    assert "这家单位的事" in page and f"/desk/cases/{pk}/" in page
    assert "柳岸五金店" in shown(client, f"/desk/cases/{pk}/")


def test_who_sees_the_record_but_no_case_is_shown_none(cast: Cast, room: Premises) -> None:
    (pk,) = about(cast, mark("premises", room.uid))
    person = make_person("何信息", username="editor-of-subjects")
    make_appointment(person, cast.units["centre"], "registry_editor", COUNTY)
    client = Client(headers={"accept-language": "zh-hans"})
    assert person.user is not None
    client.force_login(person.user)
    page = shown(client, page_of("premises", room.uid))
    assert "这里的事" in page and f"/desk/cases/{pk}/" not in page


def test_who_sees_the_case_but_no_record_is_shown_no_link(cast: Cast, room: Premises) -> None:
    (pk,) = about(cast, mark("premises", room.uid))
    Case.objects.filter(pk=pk).update(lead_unit=cast.units["sanitation"])
    assert page_of("premises", room.uid) not in shown(client_of(cast.he_sanitation), f"/desk/cases/{pk}/")


def test_matters_follow_records_that_are_merged_and_come_back(cast: Cast) -> None:
    who, maker = editor(area=COUNTY), worker(area=GRID_1)
    here, there = (say(maker, "premises", kind="building", name=name).uid for name in ("3栋", "三栋"))
    (pk,), (own,) = about(cast, mark("premises", there)), about(cast, mark("premises", here))
    merge_records(actor=who, now=NOW, kind="premises", keep=here, other=there)
    assert ids(cast.li_dispatcher, mark("premises", here)) == [own, pk]
    links = [url for _kind, _words, url in desk.links_of(who, Case.objects.get(pk=pk).subjects or [])]
    assert links == [page_of("premises", here)]
    undo_merge(actor=who, now=NOW, kind="premises", other=there)
    assert ids(cast.li_dispatcher, mark("premises", here)) == [own]
    assert ids(cast.li_dispatcher, mark("premises", there)) == [pk]


def test_what_a_case_named_by_itself_stays_when_a_merging_is_undone(cast: Cast) -> None:
    who, maker = editor(area=COUNTY), worker(area=GRID_1)
    here, there = (say(maker, "premises", kind="building", name=name).uid for name in ("3栋", "三栋"))
    kept, gone = mark("premises", here), mark("premises", there)
    (both,), (one,), (told,) = about(cast, gone, kept), about(cast, gone), about(cast, gone)
    merge_records(actor=who, now=NOW, kind="premises", keep=here, other=there)
    assert {both, one, told} == set(ids(cast.li_dispatcher, kept))
    actions.join_case(told, words="就是3栋", voice="v", actor=PORTAL, now=NOW, subjects=(kept,))
    undo_merge(actor=who, now=NOW, kind="premises", other=there)
    assert set(ids(cast.li_dispatcher, kept)) == {both, told}
    assert {pk: sorted(Case.objects.get(pk=pk).subjects or []) for pk in (both, one, told)} == {
        both: sorted([gone, kept]), one: [gone], told: sorted([gone, kept]),
    }  # fmt: skip


def test_what_two_mergings_brought_stays_until_both_are_undone(cast: Cast) -> None:
    (pk,) = about(cast, "premises:a", "premises:b")
    for gone in ("a", "b"):
        assert follow_subject(gone=mark("premises", gone), kept="premises:k") == 1
    assert follow_subject(gone="premises:b", kept="premises:k") == 0
    assert part_subject(gone="premises:a", kept="premises:k") == 1
    assert ids(cast.li_dispatcher, "premises:k") == [pk]
    assert part_subject(gone="premises:b", kept="premises:k") == 1
    assert Case.objects.get(pk=pk).subjects == ["premises:a", "premises:b"]


def test_what_was_merged_twice_leaves_with_the_first(cast: Cast) -> None:
    (pk,) = about(cast, "premises:a")
    follow_subject(gone="premises:a", kept="premises:k")
    follow_subject(gone="premises:k", kept="premises:l")
    assert ids(cast.li_dispatcher, "premises:l") == [pk]
    part_subject(gone="premises:a", kept="premises:k")
    assert Case.objects.get(pk=pk).subjects == ["premises:a"]


@pytest.mark.parametrize(("who", "count"), [("li_dispatcher", 1), ("tang_grid", 1), ("gao_liuan_lead", 2)])
def test_the_matters_of_a_page_cost_the_same_however_many(
    cast: Cast, who: str, count: int, django_assert_num_queries: Any
) -> None:
    for _more in range(2):
        about(cast, "premises:a", times=30)
        with django_assert_num_queries(count):
            assert len(queries.about_subject(cast.people[who], "premises:a", most=9)) in (0, 9)


def test_the_page_of_a_record_asks_as_often_with_many_matters_as_with_one(cast: Cast, room: Premises) -> None:
    client, counts = client_of(cast.tang_grid), []
    for times in (1, 20):
        about(cast, mark("premises", room.uid), times=times)
        shown(client, page_of("premises", room.uid))
        with CaptureQueriesContext(connection) as asked:
            shown(client, page_of("premises", room.uid))
        counts.append(len(asked))
    assert counts[0] == counts[1]
