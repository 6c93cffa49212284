"""A resident wants it gone: every word and who they are, wherever it went; nobody else's words, and the chain stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import actions as cases
from huying.casework.cases import factories
from huying.casework.cases.factories import IN_GRID_1, Cast
from huying.casework.cases.models import Case
from huying.ground.accounts.factories import make_resident
from huying.kernel import clock, trace
from huying.kernel.actor import SYSTEM, system
from huying.kernel.errors import NotFound, Refused
from huying.kernel.privacy import blind_candidates
from huying.kernel.trace import Entry, PrivateValue
from huying.senses.reports import access, queries
from huying.senses.reports.actions import Voice, erase_report, rate_report, remind, say_not_solved, take_in
from huying.senses.reports.models import Contact, Report

PHONE = "19900001234"
HERS = "柳岸路口刘家门前的垃圾没人清运"


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


def say(number: int, text: str = HERS, **more: Any) -> Report:
    lon, lat = IN_GRID_1
    given = {"phone": PHONE, "name": "刘桂芳", "item_code": "1605", "hold": True, "place_text": "刘家门前", **more}
    one = Voice(source="t", source_id=str(number), channel="portal", text=text, lon=lon, lat=lat, **given)
    (taken,) = take_in([one], actor=system("portal"), now=clock.now())
    return Report.objects.get(tracking_code=taken.tracking_code)


def answer(case_id: int, cast: Cast) -> None:
    cases.answer_case(case_id, text="建议收到，已列入明年计划。", actor=cast.wang_seat, now=clock.now())


def erase(report: Report, cast: Cast) -> None:
    erase_report(report.pk, actor=cast.zhao_centre, now=clock.now(), why="本人要求")


def kept(*cases_: int) -> str:
    """Everything the trace still knows in words."""
    chains = [f"case:{pk}" for pk in cases_]
    return " ".join(text for chain in chains for text in _texts(chain))


def _texts(chain: str) -> list[str]:
    from huying.kernel.privacy import unseal

    return [unseal(one.sealed) for one in PrivateValue.objects.filter(chain=chain)]


def test_the_tracking_code_is_nowhere_in_the_trace(cast: Cast) -> None:
    report = say(1)
    remind(report.pk, actor=SYSTEM, now=clock.now(), text="快一点")
    joined = say(2, "我也是", case_id=report.case_id)
    answer(report.case_id, cast)
    rate_report(report.pk, score=2, actor=SYSTEM, now=clock.now(), comment="太慢")
    say_not_solved(joined.pk, reason="还没有", actor=SYSTEM, now=clock.now())
    answer_again(report.case_id, cast)
    erase(report, cast)
    written = " ".join(f"{one.body} {one.commitments}" for one in Entry.objects.all())
    labels = " ".join(PrivateValue.objects.values_list("label", flat=True))
    for one in (report, joined):
        assert one.tracking_code not in written + labels
    assert f"reason:{joined.mark}" in labels and report.mark not in labels
    assert report.mark != joined.mark and len(report.mark) == 16


def answer_again(case_id: int, cast: Cast) -> None:
    cases.answer_case(case_id, text="已经再次说明，本人同意。", actor=cast.wang_seat, now=clock.now())


def test_every_word_of_hers_goes_and_nobody_elses(cast: Cast) -> None:
    hers = say(1)
    his = say(2, "我家也受影响，臭味很大", case_id=hers.case_id, phone="19900005678", name="")
    remind(hers.pk, actor=SYSTEM, now=clock.now(), text="刘家等急了")
    answer(hers.case_id, cast)
    rate_report(hers.pk, score=1, actor=SYSTEM, now=clock.now(), comment="刘家不满意")
    say_not_solved(hers.pk, reason="刘家门前还在", actor=SYSTEM, now=clock.now())
    answer_again(hers.case_id, cast)
    erase(hers, cast)
    case = Case.objects.get()
    assert "刘家" not in kept(case.pk) and "臭味很大" in kept(case.pk)
    assert (case.title, case.summary, case.place_text) == (case.item.name, "", "")
    assert "刘家" not in str(case.terms)
    hers.refresh_from_db()
    assert (hers.text, hers.title, hers.place_text, hers.comment) == ("", "", "", "")
    assert (hers.lon, hers.lat, hers.contact_id) == (None, None, None)
    his.refresh_from_db()
    assert his.text and his.contact_id is not None
    assert trace.verify(keys={}).ok


def test_a_later_voices_words_go_and_the_case_keeps_its_name(cast: Cast) -> None:
    first = say(1, "桥头路面塌了一块")
    later = say(2, "刘家孩子摔了一跤", case_id=first.case_id, phone="19900005678")
    title = Case.objects.get().title
    answer(first.case_id, cast)
    erase(later, cast)
    assert Case.objects.get().title == title
    assert "刘家" not in kept(first.case_id) and "塌了" in kept(first.case_id)


def test_after_merges_the_words_go_from_every_case_they_went_through(cast: Cast) -> None:
    hers, middle, last = say(1), say(2, "第二件"), say(3, "第三件")
    passed = (hers.case_id, middle.case_id, last.case_id)
    cases.merge_case(hers.case_id, into_id=middle.case_id, actor=cast.li_dispatcher, now=clock.now())
    remind(hers.pk, actor=SYSTEM, now=clock.now(), text="刘家在催")
    cases.merge_case(middle.case_id, into_id=last.case_id, actor=cast.li_dispatcher, now=clock.now())
    answer(last.case_id, cast)
    rate_report(hers.pk, score=1, actor=SYSTEM, now=clock.now(), comment="刘家不满意")
    erase(Report.objects.get(pk=hers.pk), cast)
    assert "刘家" not in kept(*passed)
    assert "刘家" not in Case.objects.get(pk=hers.case_id).title
    assert Case.objects.get(pk=last.case_id).title == "第三件"


def test_a_contact_goes_with_its_last_report(cast: Cast) -> None:
    one, two = say(1), say(2)
    assert one.contact_id == two.contact_id
    for report in (one, two):
        answer(report.case_id, cast)
    erase(one, cast)
    contact = Contact.objects.get()
    assert contact.phone_sealed and contact.erased_at is None
    erase(two, cast)
    contact.refresh_from_db()
    assert contact.erased_at is not None
    assert (contact.phone_sealed, contact.phone_blind, contact.name_sealed, contact.user_id) == (None,) * 4
    assert not Contact.objects.filter(phone_blind__in=blind_candidates(PHONE)).exists()
    assert say(3).contact_id != contact.pk


def test_an_account_stays_and_may_report_again(cast: Cast) -> None:
    user = make_resident()
    report = say(1, user_id=user.pk, phone="", name="")
    answer(report.case_id, cast)
    erase(report, cast)
    user.refresh_from_db()
    assert user.phone
    assert say(2, user_id=user.pk, phone="").contact.user_id == user.pk


def test_the_code_of_an_erased_report_opens_nothing_any_more(cast: Cast, client: Client) -> None:
    report = say(1)
    code = report.tracking_code
    answer(report.case_id, cast)
    assert client.get(f"/api/v1/reports/{code}").status_code == 200
    erase(report, cast)
    entries = Entry.objects.count()
    for path in (f"/api/v1/reports/{code}", f"/m/{code}", f"/m/{code}/sent", f"/m/{code}/code.png"):
        assert client.get(path).status_code == 404
    for step, body in (("rating", {"score": 1}), ("not-solved", {"reason": "没有"}), ("remind", {})):
        sent = client.post(f"/api/v1/reports/{code}/{step}", body, content_type="application/json")
        assert sent.status_code == 404
    with pytest.raises(NotFound):
        access.tracked_report(code)
    assert queries.by_tracking_code(code) == report
    assert Entry.objects.count() == entries


def test_while_it_is_open_nothing_is_erased(cast: Cast) -> None:
    report = say(1)
    with pytest.raises(Refused):
        erase(report, cast)
    report.refresh_from_db()
    assert report.text and report.contact_id and "刘家" in kept(report.case_id)


def test_words_kept_under_the_code_before_there_were_marks_go_as_well(cast: Cast) -> None:
    report = say(1)
    draft = trace.Draft(
        chain=f"case:{report.case_id}", verb="join", actor=SYSTEM, at=clock.now() + timedelta(seconds=1), body={},
        private={f"words:{report.tracking_code}": "刘家的老话"},
    )  # fmt: skip
    trace.record([draft])
    answer(report.case_id, cast)
    erase(report, cast)
    assert "刘家" not in kept(report.case_id)
