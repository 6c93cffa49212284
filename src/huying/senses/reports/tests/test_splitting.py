"""One voice with several matters: each of the others gets a case, the reporter is told, and no word is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import actions as cases
from huying.casework.cases import factories
from huying.casework.cases.actions.following import follow_subject, part_subject
from huying.casework.cases.factories import IN_GRID_1, LIUAN, Cast
from huying.casework.cases.models import Case
from huying.casework.cases.turns import chain
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.errors import NotFound, Refused
from huying.kernel.trace import Entry
from huying.senses.reports.actions import Voice, split_report, take_in, take_in_apart
from huying.senses.reports.actions.erasing import erase_report
from huying.senses.reports.models import Contact, Report, Telling
from huying.senses.reports.rules import MOST_PARTS, other_matters, spoken_tracking_code

TEXT = (
    "我想反映以下几个问题：1、柳岸路口垃圾好几天没人清运，臭味很大。2、小区门口路灯不亮，晚上出门害怕。"
    "3、楼上装修噪音太吵，影响孩子睡觉。"
)
OTHERS = ["2、小区门口路灯不亮，晚上出门害怕。", "3、楼上装修噪音太吵，影响孩子睡觉。"]
Speak = Callable[..., Report]


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


@pytest.fixture
def speak(cast: Cast) -> Speak:
    def make(text: str = TEXT, **more: Any) -> Report:
        lon, lat = IN_GRID_1
        given = {"phone": "19900001234", "name": "刘桂芳", "hold": True, "lon": lon, "lat": lat, **more}
        one = Voice(source="t", source_id=str(Report.objects.count()), channel="portal", text=text, **given)
        (taken,) = take_in([one], actor=system("portal"), now=now())
        return Report.objects.select_related("case").get(tracking_code=taken.tracking_code)

    return make


def signed_in(cast: Cast, name: str, settings: Any) -> Client:
    settings.HUYING_REQUIRE_TOTP = False
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(factories.account_of(cast.people[name]))
    return client


def test_the_other_matters_are_what_follows_the_first_and_at_most_a_few() -> None:
    assert other_matters(TEXT) == OTHERS
    assert other_matters("路灯不亮，已经三天了。") == [] and other_matters("") == []
    themes = ("垃圾没人清运", "路灯不亮", "噪音扰民", "电梯坏了", "下水道堵塞", "停车位不够", "树枝挡窗", "违建没人管")
    many = "反映以下问题：" + "".join(f"{n}、{theme}。" for n, theme in enumerate(themes, 1))
    found = other_matters(many)
    assert len(found) == MOST_PARTS - 1
    assert all(theme in "".join(found) for theme in themes[1:])  # no word is lost


def test_the_other_matters_are_about_what_the_first_is_about(cast: Cast, speak: Speak) -> None:
    marks = ("premises:0b6c1f6e-0000-4000-8000-000000000001", "device:cam-7")
    report = speak(subjects=marks)
    taken = split_report(report.pk, actor=cast.li_dispatcher, now=now())
    found = Case.objects.filter(pk__in=[one.case_id for one in taken]).values_list("subjects", flat=True)
    assert list(found) == [list(marks)] * 2
    voice = Voice(source="t", source_id="apart", channel="portal", text=TEXT, subjects=marks[:1])
    apart = take_in_apart(voice, actor=system("portal"), now=now())
    found = Case.objects.filter(pk__in=[one.case_id for one in apart]).values_list("subjects", flat=True)
    assert list(found) == [[marks[0]]] * 3
    bare = split_report(speak(subjects=()).pk, actor=cast.li_dispatcher, now=now())
    assert not Case.objects.filter(pk__in=[one.case_id for one in bare], subjects__isnull=False).exists()


def test_undoing_a_merge_reaches_the_matters_taken_apart(cast: Cast, speak: Speak) -> None:
    gone, kept = (f"premises:0b6c1f6e-0000-4000-8000-00000000000{n}" for n in (1, 2))
    report = speak(subjects=(gone,))
    follow_subject(gone=gone, kept=kept)
    taken = split_report(report.pk, actor=cast.li_dispatcher, now=now())
    part = Case.objects.filter(pk__in=[report.case_id, *(one.case_id for one in taken)])
    assert all(kept in (row.subjects or []) for row in part.all())
    assert part_subject(gone=gone, kept=kept) == 3
    assert [row.subjects for row in part.all()] == [[gone]] * 3


def test_each_other_matter_gets_a_case_of_the_same_reporter(cast: Cast, speak: Speak) -> None:
    report = speak(hide_identity=True)
    taken = split_report(report.pk, actor=cast.li_dispatcher, now=now())
    rows = list(Report.objects.exclude(pk=report.pk).order_by("id").select_related("case"))
    assert [row.text for row in rows] == OTHERS
    assert len({report.case_id, *(row.case_id for row in rows)}) == 3
    for row in rows:
        assert (row.contact_id, row.hide_identity, row.channel) == (report.contact_id, True, "portal")
        assert (row.lon, row.lat, row.said_at) == (report.lon, report.lat, report.said_at)
    assert Contact.objects.count() == 1
    report.refresh_from_db()
    assert report.text == TEXT and report.case.open
    telling = Telling.objects.get(report=report, kind="split")
    assert telling.body == {"codes": [one.tracking_code for one in taken]}
    note = Entry.objects.filter(chain=chain(report.case_id), verb="note").get()
    assert note.actor_ref == cast.li_dispatcher.ref


def test_the_anonymous_stay_anonymous(cast: Cast, speak: Speak) -> None:
    report = speak(phone="", name="", anonymous=True)
    split_report(report.pk, actor=cast.li_dispatcher, now=now())
    assert set(Report.objects.values_list("anonymous", "contact")) == {(True, None)}


def test_it_is_refused_twice_for_one_matter_and_when_it_is_over(cast: Cast, speak: Speak) -> None:
    at = now()
    report = speak()
    split_report(report.pk, actor=cast.li_dispatcher, now=at)
    count = Report.objects.count()
    with pytest.raises(Refused) as again:
        split_report(report.pk, actor=cast.li_dispatcher, now=at)
    with pytest.raises(Refused) as single:
        split_report(speak("路灯不亮，已经三天了。").pk, actor=cast.li_dispatcher, now=at)
    over = speak()
    decline(over, cast)
    with pytest.raises(Refused) as ended:
        split_report(over.pk, actor=cast.li_dispatcher, now=at)
    with pytest.raises(NotFound):
        split_report(999_999, actor=cast.li_dispatcher, now=at)
    assert [one.value.code for one in (again, single, ended)] == ["already_split", "one_matter", "case_over"]
    assert Report.objects.count() == count + 2 and Telling.objects.filter(kind="split").count() == 1
    erase_report(over.pk, actor=cast.zhao_centre, now=at, why="本人申请")
    with pytest.raises(Refused):
        split_report(over.pk, actor=cast.li_dispatcher, now=at)


def test_what_names_no_place_is_where_the_first_matter_is(cast: Cast, speak: Speak) -> None:
    text = "柳岸社区有以下几个问题：1、路口垃圾没人清运。2、楼下路灯不亮。3、楼上装修噪音太吵。"
    first = speak(text, lon=None, lat=None)
    assert first.case.community == LIUAN
    split_report(first.pk, actor=cast.li_dispatcher, now=now())
    others = Report.objects.exclude(pk=first.pk).select_related("case")
    assert [one.case.community for one in others] == [LIUAN, LIUAN]


def test_sent_whole_and_then_apart_gives_every_matter_one_case(cast: Cast) -> None:
    lon, lat = IN_GRID_1
    voice = Voice(source="t", source_id="1", channel="portal", text=TEXT, lon=lon, lat=lat, anonymous=True)
    (whole,) = take_in([voice], actor=system("portal"), now=now())
    apart = take_in_apart(voice, actor=system("portal"), now=now())
    assert apart[0].tracking_code == whole.tracking_code and len(apart) == 3
    again = take_in_apart(voice, actor=system("portal"), now=now())
    assert [one.tracking_code for one in again] == [whole.tracking_code]
    assert Report.objects.count() == 3 and Telling.objects.filter(kind="split").count() == 1


def test_the_dispatcher_is_offered_it_beside_the_waiting_case(cast: Cast, speak: Speak, settings: Any) -> None:
    report = speak()
    page = f"/desk/dispatch/?case={report.case_id}"
    assert f"/desk/reports/{report.pk}/split" in signed_in(cast, "li_dispatcher", settings).get(page).content.decode()


def decline(report: Report, cast: Cast) -> None:
    cases.decline_case(report.case_id, channel="court", reason="已诉至法院", actor=cast.li_dispatcher, now=now())


def test_the_desk_offers_it_to_those_who_decide_where_matters_go(cast: Cast, speak: Speak, settings: Any) -> None:
    report = speak()
    page, door = f"/desk/cases/{report.case_id}/", f"/desk/reports/{report.pk}/split"
    dispatcher = signed_in(cast, "li_dispatcher", settings)
    assert door in dispatcher.get(page).content.decode()
    auditor = signed_in(cast, "ji_discipline", settings)
    assert door not in auditor.get(page).content.decode()
    assert auditor.post(door).status_code == 403
    assert signed_in(cast, "fang_qiaodong", settings).post(door).status_code == 404
    assert Report.objects.count() == 1
    answer = dispatcher.post(door, follow=True).content.decode()
    assert "已另立 2 件" in answer and door not in answer
    assert "已经拆过了" in dispatcher.post(door, follow=True).content.decode()
    assert Report.objects.count() == 3


def test_the_reporter_may_ask_for_it_by_the_tracking_code(cast: Cast, speak: Speak) -> None:
    report = speak()
    client = Client()
    answer = client.post(f"/api/v1/reports/{report.tracking_code}/split")
    assert answer.status_code == 200 and len(answer.json()) == 2
    story = client.get(f"/m/{report.tracking_code}").content.decode()
    assert all(spoken_tracking_code(one["tracking_code"]) in story for one in answer.json())
    assert client.post(f"/api/v1/reports/{report.tracking_code}/split").status_code == 409
    assert client.post("/api/v1/reports/AAAAAAAAAA/split").status_code == 404


def test_a_resident_sends_several_matters_apart(cast: Cast) -> None:
    client = Client(headers={"accept-language": "zh-hans"})
    lon, lat = IN_GRID_1
    given = {"text": TEXT, "lon": lon, "lat": lat, "step": "preview"}
    preview = client.post("/report", given)
    page = preview.content.decode()
    assert "您好像还说了 2 件别的事" in page and 'name="split"' in page
    key = page.split('name="key" value="')[1].split('"')[0]
    sent = client.post("/report", {**given, "key": key, "step": "send", "split": "on", "chosen": ""}, follow=True)
    assert sent.status_code == 200
    first = TEXT.removesuffix("".join(OTHERS))
    assert list(Report.objects.order_by("id").values_list("text", flat=True)) == [first, *OTHERS]
    others = list(Report.objects.order_by("id").values_list("tracking_code", flat=True))[1:]
    assert Telling.objects.get(kind="split").body == {"codes": others}
    assert len(client.session["huying_codes"]) == 3
    shown = sent.content.decode()
    assert all(spoken_tracking_code(code) in shown for code in others)
    client.post("/report", {**given, "key": key, "step": "send", "split": "on", "chosen": ""})
    assert Report.objects.count() == 3
