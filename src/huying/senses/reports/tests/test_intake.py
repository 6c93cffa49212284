"""Every voice becomes a report in a case, once; retries change nothing; nobody's identity reaches the unit."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from huying.casework.cases import actions as cases
from huying.casework.cases import factories
from huying.casework.cases.factories import GRID_1, IN_GRID_1, IN_GRID_3, NOW, Cast
from huying.casework.cases.facts import CaseUnmerged
from huying.casework.cases.models import Case
from huying.casework.clocks.models import Clock
from huying.casework.dispatch.models import DispatchPolicy
from huying.kernel import files
from huying.kernel.actor import Actor, system
from huying.kernel.errors import Invalid, Refused
from huying.kernel.models import StoredFile
from huying.kernel.trace import Entry, PrivateValue
from huying.senses.reports import access, queries
from huying.senses.reports.actions import Taken, Voice, erase_report, rate_report, say_not_solved, take_in
from huying.senses.reports.handlers import on_unmerged
from huying.senses.reports.models import Contact, Report, ReportPhoto, Telling

PORTAL = system("portal")
GARBAGE = "柳岸路口的垃圾好几天没人清运了，臭味很大，苍蝇到处飞，请尽快派人来清理暴露垃圾。"


@pytest.fixture
def cast(db: None) -> Cast:
    made = factories.make_cast()
    DispatchPolicy.objects.create(
        area="", min_confidence=0.3, min_margin=0.0, min_place=0.5, valid_from=factories.BEGAN
    )
    return made


def voice(number: int = 1, **more: Any) -> Voice:
    lon, lat = IN_GRID_1
    base = Voice(source="portal", source_id=f"p-{number}", channel="portal", text=GARBAGE, lon=lon, lat=lat)
    return replace(base, **more)


def test_a_named_kind_at_a_known_place_goes_out_with_its_clock_running(cast: Cast) -> None:
    (taken,) = take_in([voice(item_code="0101", phone="19900001234", name="刘阿姨")], actor=PORTAL, now=NOW)
    case = Case.objects.get(pk=taken.case_id)
    assert (case.state, case.grid, case.item_code) == ("dispatched", GRID_1, "0101")
    assert case.lead_unit == cast.units["sanitation"]
    # 4 working hours from 9:00 on a Tuesday with a lunch break from 12 to 14
    assert case.due_at is not None and case.due_at.astimezone(factories.ZONE).hour == 15
    kinds = set(Clock.objects.filter(case=case, stopped_at__isnull=True).values_list("kind", flat=True))
    assert kinds == {"respond", "close"}
    report = Report.objects.get()
    assert (report.case_id, report.first_case_id, report.tracking_code) == (case.pk, case.pk, taken.tracking_code)
    assert b"19900001234" not in bytes(report.contact.phone_sealed)


def test_an_unsure_matter_waits_with_a_clock_and_reasons(cast: Cast) -> None:
    (taken,) = take_in([voice(text="你好，请问一下", item_code=None)], actor=PORTAL, now=NOW)
    case = Case.objects.get(pk=taken.case_id)
    assert case.state == "pending"
    assert case.due_at is not None
    assert Clock.objects.get(case=case, stopped_at__isnull=True).kind == "dispatch"


def test_the_same_voice_again_changes_nothing(cast: Cast) -> None:
    first = take_in([voice(1), voice(2)], actor=PORTAL, now=NOW)
    counts = (Report.objects.count(), Case.objects.count(), Entry.objects.count())
    again = take_in([voice(2), voice(1, text="改了字"), voice(1)], actor=PORTAL, now=NOW)
    assert [one.case_id for one in again] == [first[1].case_id, first[0].case_id, first[0].case_id]
    assert all(one.repeated for one in again)
    assert (Report.objects.count(), Case.objects.count(), Entry.objects.count()) == counts


def test_the_same_voice_twice_in_one_batch_is_one(cast: Cast) -> None:
    taken = take_in([voice(1), voice(1)], actor=PORTAL, now=NOW)
    assert taken[0].tracking_code == taken[1].tracking_code
    assert Report.objects.count() == 1


BAD = [
    ({"text": "  "}, "text_empty"),
    ({"text": "长" * 20_001}, "text_too_long"),
    ({"source_id": ""}, "source_missing"),
    ({"channel": "carrier-pigeon"}, "channel_unknown"),
    ({"lon": None}, "point_half"),
    ({"lon": 200.0}, "point_outside"),
    ({"lat": float("nan")}, "point_outside"),
]


@pytest.mark.parametrize(("wrong", "code"), BAD)
def test_what_is_no_report_is_refused_and_nothing_is_written(cast: Cast, wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        take_in([voice(1), voice(2, **wrong)], actor=PORTAL, now=NOW)
    assert caught.value.code == code
    assert not Report.objects.exists()
    assert not Case.objects.exists()


def test_a_thousand_voices_cost_as_many_queries_as_a_hundred(cast: Cast) -> None:
    def count(first: int, n: int) -> int:
        voices = [voice(first + i, item_code="0101", phone=f"1990000{first + i:04d}") for i in range(n)]
        with CaptureQueriesContext(connection) as captured:
            take_in(voices, actor=PORTAL, now=NOW)
        return len(captured)

    count(1, 1)
    assert count(100, 100) == count(1000, 1000) == 12
    assert Report.objects.count() == 1101


def test_one_contact_a_phone_number(cast: Cast) -> None:
    take_in([voice(1, phone="199 0000 1234"), voice(2, phone="19900001234")], actor=PORTAL, now=NOW)
    take_in([voice(3, phone="19900001234"), voice(4, phone="19900001234", anonymous=True)], actor=PORTAL, now=NOW)
    assert Contact.objects.count() == 1
    assert len(queries.of_phone("199-0000-1234")) == 3


def test_plus_one_joins_an_open_case_and_follows_it(cast: Cast) -> None:
    (first,) = take_in([voice(1, item_code="0101")], actor=PORTAL, now=NOW)
    (second,) = take_in([voice(2, case_id=first.case_id, text="我也看到了")], actor=PORTAL, now=NOW)
    assert second.case_id == first.case_id
    assert Case.objects.get(pk=first.case_id).reports == 2
    assert second.tracking_code != first.tracking_code


def test_every_reporter_of_a_merged_matter_is_answered(cast: Cast) -> None:
    main, other = take_in([voice(1, item_code="0101"), voice(2, item_code="0101")], actor=PORTAL, now=NOW)
    cases.merge_case(other.case_id, into_id=main.case_id, actor=cast.li_dispatcher, now=NOW)
    hands = cast.he_sanitation
    cases.sign_case(main.case_id, actor=hands, now=NOW)
    factories.prove(main.case_id, actor=hands, now=NOW.replace(hour=11))
    cases.give_feedback(main.case_id, text="已清运", evidence={}, actor=hands, now=NOW.replace(hour=11))
    cases.pass_check(main.case_id, actor=cast.sun_checker, now=NOW.replace(hour=12))
    told = Telling.objects.filter(kind="answered").values_list("report__source_id", "body__words")
    assert sorted(told) == [("p-1", "已清运"), ("p-2", "已清运")]


def test_unmerging_takes_back_exactly_the_reports_it_brought(cast: Cast) -> None:
    main, other = take_in([voice(1, item_code="0101"), voice(2, item_code="0101")], actor=PORTAL, now=NOW)
    take_in([voice(3, case_id=other.case_id)], actor=PORTAL, now=NOW)
    cases.merge_case(other.case_id, into_id=main.case_id, actor=cast.li_dispatcher, now=NOW)
    assert Report.objects.filter(case_id=main.case_id).count() == 3
    cases.unmerge_case(other.case_id, reason="两处", actor=cast.li_dispatcher, now=NOW)
    of_other = Report.objects.filter(case_id=other.case_id).values_list("source_id", flat=True)
    assert sorted(of_other) == ["p-2", "p-3"]
    assert list(Case.objects.order_by("id").values_list("reports", flat=True)) == [1, 2]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=14))
def test_merging_never_loses_a_reporter(cast: Cast, steps: list[tuple[int, int, bool]]) -> None:
    """After any merges and undos every report is where its first case has ended, and counted there."""
    batch = Report.objects.count()
    taken = take_in([voice(10_000 + batch + i, item_code="0101") for i in range(5)], actor=PORTAL, now=NOW)
    ids = [one.case_id for one in taken]
    for source, target, undo in steps:
        try:
            if undo:
                cases.unmerge_case(ids[source], reason="试", actor=cast.li_dispatcher, now=NOW)
            else:
                cases.merge_case(ids[source], into_id=ids[target], actor=cast.li_dispatcher, now=NOW)
        except Refused:
            continue
    reports = Report.objects.filter(first_case_id__in=ids)
    assert reports.count() == 5
    assert not reports.filter(case__state="merged").exists()
    into = dict(Case.objects.filter(pk__in=ids).values_list("pk", "merged_into_id"))
    for report in reports:
        assert report.case_id == root_of(report.first_case_id, into)
    for case_id in ids:
        assert Case.objects.get(pk=case_id).reports == Report.objects.filter(case_id=case_id).count()


def root_of(case_id: int, into: dict[int, int | None]) -> int:
    """Where a case has ended."""
    while (further := into[case_id]) is not None:
        case_id = further
    return case_id


def test_a_chain_of_merges_is_undone_without_losing_anybody(cast: Cast) -> None:
    """C into B into A; then B leaves A, and C leaves B: each has its own reporter again."""
    ids = [one.case_id for one in take_in([voice(n, item_code="0101") for n in (1, 2, 3)], actor=PORTAL, now=NOW)]
    a, b, c = ids
    cases.merge_case(c, into_id=b, actor=cast.li_dispatcher, now=NOW)
    cases.merge_case(b, into_id=a, actor=cast.li_dispatcher, now=NOW)
    cases.unmerge_case(b, reason="两处", actor=cast.li_dispatcher, now=NOW)
    cases.unmerge_case(c, reason="两处", actor=cast.li_dispatcher, now=NOW)
    assert [Report.objects.get(first_case=one).case_id for one in ids] == ids
    assert [Case.objects.get(pk=one).reports for one in ids] == [1, 1, 1]


def test_voices_are_fetched_back_from_wherever_they_were_moved(cast: Cast) -> None:
    """Even when a case leaves one that was itself merged away since."""
    ids = [one.case_id for one in take_in([voice(n, item_code="0101") for n in (1, 2, 3)], actor=PORTAL, now=NOW)]
    a, b, c = ids
    cases.merge_case(c, into_id=b, actor=cast.li_dispatcher, now=NOW)
    cases.merge_case(b, into_id=a, actor=cast.li_dispatcher, now=NOW)
    Case.objects.filter(pk=c).update(state="accepted", merged_into=None, closed_at=None)
    on_unmerged([CaseUnmerged(case_id=c, from_id=b, at=NOW, by="person:1")])
    assert Report.objects.get(first_case=c).case_id == c
    assert [Case.objects.get(pk=one).reports for one in ids] == [2, 0, 1]


def test_who_may_know_the_reporter(cast: Cast) -> None:
    open_one, hidden = take_in(
        [
            voice(1, item_code="0101", phone="19900001234"),
            voice(2, item_code="0101", phone="19900005678", hide_identity=True),
        ],
        actor=PORTAL,
        now=NOW,
    )

    def knows(who: Actor, taken: Taken) -> bool:
        report = Report.objects.get(tracking_code=taken.tracking_code)
        return access.may_know_reporter(who, report.case, report)

    assert knows(cast.he_sanitation, open_one)
    assert not knows(cast.he_sanitation, hidden)
    assert not knows(cast.lin_sanitation_head, hidden)
    assert knows(cast.wang_seat, hidden)
    assert knows(cast.sun_checker, hidden)
    assert not knows(cast.ji_discipline, open_one)
    assert not knows(cast.deng_enforcement, open_one)


def test_rating_and_not_solved_belong_to_the_report(cast: Cast) -> None:
    (taken,) = take_in([voice(1, item_code="1605", hold=True)], actor=PORTAL, now=NOW)
    report = Report.objects.get()
    reporter = Actor("resident", "user:1", "刘")
    with pytest.raises(Refused):
        rate_report(report.pk, score=5, actor=reporter, now=NOW)
    report.refresh_from_db()
    assert report.score is None
    with pytest.raises(Refused):
        say_not_solved(report.pk, reason="没弄", actor=reporter, now=NOW)
    assert taken.case_id == report.case_id


def test_erasing_removes_the_words_and_keeps_the_chain(cast: Cast) -> None:
    (taken,) = take_in([voice(1, item_code="0101", phone="19900001234")], actor=PORTAL, now=NOW)
    report = Report.objects.get()
    with pytest.raises(Refused):
        erase_report(report.pk, actor=cast.wang_seat, now=NOW, why="本人要求")
    cases.merge_case(
        taken.case_id,
        into_id=take_in([voice(2, item_code="0101")], actor=PORTAL, now=NOW)[0].case_id,
        actor=cast.li_dispatcher,
        now=NOW,
    )
    target = Case.objects.get(state="dispatched")
    cases.transfer_out(target.pk, channel="court", reason="已起诉", actor=cast.li_dispatcher, now=NOW)
    erase_report(report.pk, actor=cast.wang_seat, now=NOW, why="本人要求")
    report.refresh_from_db()
    assert (report.text, report.contact_id) == ("", None)
    label = f"words:{report.mark}"
    assert not PrivateValue.objects.filter(label=label).exists()
    assert PrivateValue.objects.filter(label__startswith="words:").count() == 1
    assert Entry.objects.filter(chain=f"case:{taken.case_id}", verb="open").exists()


def photo(colour: str, by: Actor) -> StoredFile:
    drawn = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(drawn, "PNG")
    drawn.seek(0)
    return files.accept_upload(drawn, actor=by, now=NOW)


def test_a_photo_belongs_to_the_report_it_came_with_not_to_whoever_spoke_at_that_moment(cast: Cast) -> None:
    red, blue = photo("red", PORTAL), photo("blue", PORTAL)
    first, second = voice(1, item_code="0101", files=(red,)), voice(2, item_code="0101", files=(blue,))
    take_in([first, second], actor=PORTAL, now=NOW)
    one, two = Report.objects.order_by("id")
    assert (one.taken_by, one.received_at) == (two.taken_by, two.received_at)
    assert [row.attachment.file for row in one.photos.all()] == [red]
    assert [row.attachment.file for row in two.photos.all()] == [blue]
    take_in([first, second], actor=PORTAL, now=NOW + timedelta(hours=1))
    assert ReportPhoto.objects.count() == 2


def test_what_is_attached_and_traced_is_never_cleared_whoever_attached_it(cast: Cast) -> None:
    red, lost = photo("red", cast.wang_seat), photo("green", PORTAL)
    take_in([voice(1, item_code="0101", files=(red,))], actor=PORTAL, now=NOW)
    red.refresh_from_db()
    assert red.subject == ""  # somebody else's upload is not taken over, and yet the case shows it
    assert files.clear_unattached(now=NOW + timedelta(days=2)) == 1
    assert not StoredFile.objects.filter(pk=lost.pk).exists()
    (entry,) = Entry.objects.filter(verb="attach")
    assert files.path_of(str(entry.content["file"])).exists()


def test_erasing_leaves_the_photo_with_the_case_and_nobodys(cast: Cast) -> None:
    (taken,) = take_in([voice(1, item_code="1605", hold=True, files=(photo("red", PORTAL),))], actor=PORTAL, now=NOW)
    answer = "建议已转规划部门研究，明年一并考虑。"
    cases.answer_case(taken.case_id, text=answer, actor=cast.wang_seat, now=NOW + timedelta(hours=1))
    report = Report.objects.get()
    assert report.photos.count() == 1
    erase_report(report.pk, actor=cast.zhao_centre, now=NOW + timedelta(hours=2), why="本人要求")
    assert not ReportPhoto.objects.exists()
    assert Case.objects.get().attachments.count() == 1


def test_an_answer_on_the_spot_stops_the_clock_and_is_told(cast: Cast) -> None:
    (taken,) = take_in([voice(1, item_code="1605", hold=True, phone="19900001234")], actor=PORTAL, now=NOW)
    cases.answer_case(
        taken.case_id, text="建议收到，已列入计划。", actor=cast.wang_seat, now=NOW + timedelta(minutes=5)
    )
    assert not Clock.objects.filter(case=taken.case_id, stopped_at__isnull=True).exists()
    telling = Telling.objects.get()
    assert (telling.kind, telling.body["words"]) == ("answered", "建议收到，已列入计划。")
    say_not_solved(telling.report_id, reason="没人联系我", actor=PORTAL, now=NOW + timedelta(hours=1))
    assert Case.objects.get().state == "accepted"
    (clock,) = Clock.objects.filter(case=taken.case_id, stopped_at__isnull=True)
    assert clock.kind == "dispatch"


@pytest.mark.django_db(transaction=True)
def test_the_same_voice_from_eight_sides_at_once_is_one_report(transactional_db: None) -> None:
    factories.make_cast()
    gate = threading.Barrier(8)
    codes: list[str] = []

    def send() -> None:
        try:
            gate.wait(10)
            codes.append(
                take_in([voice(7, item_code="0101", phone="19900001234")], actor=PORTAL, now=NOW)[0].tracking_code
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(codes) == 8
    assert len(set(codes)) == 1
    assert (Report.objects.count(), Case.objects.count(), Contact.objects.count()) == (1, 1, 1)


def test_the_place_is_found_by_words_when_there_is_no_point(cast: Cast) -> None:
    (taken,) = take_in(
        [voice(1, lon=None, lat=None, place_text="望湖街道柳岸社区二网格", item_code="0101")], actor=PORTAL, now=NOW
    )
    assert Case.objects.get(pk=taken.case_id).grid.startswith("990101001001")
    (other,) = take_in([voice(2, lon=IN_GRID_3[0], lat=IN_GRID_3[1], item_code="0101")], actor=PORTAL, now=NOW)
    assert Case.objects.get(pk=other.case_id).community == factories.QIAODONG
