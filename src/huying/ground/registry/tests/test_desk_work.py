"""Adding, changing, conflicts, the queues: what waits, what may be the same, what residents ask."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huying.ground.registry.actions import ask_right
from huying.ground.registry.factories import a_resident, kept
from huying.ground.registry.models import CareEntry, Consent, Likeness, Proposal, Residence, Resident, RightsRequest
from huying.kernel import clock
from huying.kernel.actor import Actor

from .desk_cast import PHONE, Desk, changed, text

pytestmark = pytest.mark.django_db
HOME = "/desk/registry/"


def form_of(desk: Desk, **changes: str) -> dict[str, str]:
    """The edit form as the browser would send it: sealed fields empty."""
    fresh = kept("person", desk.resident.uid)
    given = {
        "base": str(fresh.version),
        "sex": "female",
        "home": str(desk.room.uid),
        "name": "",
        "phone": "",
        "note": "",
    }
    return given | changes


def test_a_new_resident_is_added_once_however_often_it_is_sent(desk: Desk) -> None:
    worker = desk.client("worker")
    given = {
        "uid": "3f2c8a52-0000-4000-8000-000000000001",
        "name": "张三丰",
        "phone": "13700137000",
        "home": str(desk.room.uid),
    }
    for _twice in range(2):
        answer = worker.post(f"{HOME}new/person/", given)
        assert answer["Location"] == f"{HOME}person/{given['uid']}/"
    assert Resident.objects.count() == 2


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(desk: Desk) -> None:
    worker = desk.client("worker")
    answer = worker.post(f"{HOME}new/person/", {"name": "张三丰", "id_number": "123", "note": "常不在家"})
    said = text(answer)
    assert answer.status_code == 422 and 'id="id_id_number_error"' in said and "常不在家" in said and "张三丰" in said
    assert Resident.objects.count() == 1


def test_a_reference_is_looked_up_without_script(desk: Desk) -> None:
    worker = desk.client("worker")
    said = text(worker.post(f"{HOME}new/person/", {"look": "home", "look_home": "502", "name": "张三丰"}))
    assert str(desk.room.uid) in said and "张三丰" in said
    said = text(worker.get(f"{HOME}pick", {"to": "premises", "of": "home", "look_home": "丽景园"}))
    assert f'value="{desk.room.uid}"' in said
    assert str(desk.room.uid) not in text(
        desk.client("other").get(f"{HOME}pick", {"to": "premises", "of": "home", "look_home": "502"})
    )


def test_an_untouched_form_changes_nothing_and_empty_sealed_fields_stay(desk: Desk) -> None:
    worker = desk.client("worker")
    before = kept("person", desk.resident.uid)
    worker.post(f"{desk.url}edit", form_of(desk))
    after = kept("person", desk.resident.uid)
    assert (after.version, after.secrets) == (before.version, before.secrets)
    worker.post(f"{desk.url}edit", form_of(desk, registration="elsewhere", language="粤语"))
    after = kept("person", desk.resident.uid)
    assert (after.registration, after.value("language"), after.value("phone")) == ("elsewhere", "粤语", PHONE)


def test_what_must_be_decided_waits_and_another_person_decides(desk: Desk) -> None:
    desk.client("worker").post(f"{desk.url}edit", form_of(desk, name="王秀瑛"))
    waits = Proposal.objects.get()
    assert kept("person", desk.resident.uid).value("name") == "王秀英"
    editor, address = desk.client("editor"), f"{HOME}proposals/{waits.pk}/"
    queue = text(editor.get(f"{HOME}proposals/"))
    assert address in queue and "王秀瑛" not in queue and "唐网格" in queue
    refused = editor.post(address, {"do": "none", "reason": ""})
    assert refused.status_code == 422 and "理由" in text(refused)
    editor.post(address, {"do": "all"})
    assert kept("person", desk.resident.uid).value("name") == "王秀瑛"
    assert "已采纳" in text(desk.client("worker").get(f"{HOME}proposals/?mine=1"))


def test_nobody_decides_their_own_and_strangers_do_not_see_it(desk: Desk) -> None:
    desk.client("worker").post(f"{desk.url}edit", form_of(desk, name="王秀瑛"))
    address = f"{HOME}proposals/{Proposal.objects.get().pk}/"
    assert desk.client("other").get(address).status_code == 404
    assert desk.client("other").post(address, {"do": "all"}).status_code == 404
    assert desk.client("worker").post(address, {"do": "all"}).status_code in (403, 404)
    assert Proposal.objects.get().decided_at is None


def test_two_at_once_keep_both_values_side_by_side(desk: Desk) -> None:
    base = kept("person", desk.resident.uid).version
    changed(desk, "editor", base, registration="local")
    answer = desk.client("worker").post(
        f"{desk.url}edit", form_of(desk, base=str(base), registration="foreign", language="粤语")
    )
    conflict = Proposal.objects.get(state="conflict")
    assert answer["Location"] == f"{HOME}proposals/{conflict.pk}/"
    said = text(desk.client("worker").get(answer["Location"]))
    assert "本地户籍" in said and "外籍" in said and "您写的没有丢" in said
    after = kept("person", desk.resident.uid)
    assert (after.registration, after.value("language")) == ("local", "粤语")
    desk.client("editor").post(answer["Location"], {"do": "each", "take_registration": "mine"})
    assert kept("person", desk.resident.uid).registration == "foreign"


def test_checked_without_change_freshens_and_moving_out_ends_the_stay(desk: Desk) -> None:
    worker = desk.client("worker")
    Resident.objects.update(checked_at=clock.now() - timedelta(days=400))
    assert "1 年前核过" in text(worker.get(desk.url))
    version = kept("person", desk.resident.uid).version
    assert "今天核过" in text(worker.post(f"{desk.url}do", {"do": "confirm"}, follow=True))
    assert kept("person", desk.resident.uid).version == version
    stay = Residence.objects.get()
    worker.post(f"{HOME}residence/{stay.uid}/do", {"do": "leave", "base": str(stay.version)})
    assert Residence.objects.get().until is not None
    assert worker.post(f"{desk.url}do", {"do": "nonsense"}).status_code == 422


def test_a_care_entry_needs_its_basis_and_waits_for_who_decides(desk: Desk) -> None:
    worker, address = desk.client("worker"), f"{HOME}new/care/?resident={desk.resident.uid}"
    given = {"resident": str(desk.resident.uid), "list": "elder_alone", "since": "2026-01-01", "until": "2099-01-01"}
    assert worker.post(address, given).status_code == 422
    worker.post(address, given | {"basis": "老年人权益保障法"})
    assert not CareEntry.objects.exists()
    desk.client("editor").post(f"{HOME}proposals/{Proposal.objects.get().pk}/", {"do": "all"})
    said = text(worker.get(desk.url))
    assert "独居老人" in said and "老年人权益保障法" in said
    assert "独居老人" in text(worker.get(HOME, {"tab": "care"}))
    assert "王*" not in text(desk.client("other").get(HOME, {"tab": "care"}))


def test_duplicates_are_merged_by_choice_and_split_again(desk: Desk) -> None:
    twin = a_resident(
        desk.actors["worker"], name="王秀英", phone="13600136000", birth_date="1950-03-12", language="粤语"
    )
    assert Likeness.objects.count() == 1
    editor = desk.client("editor")
    assert "王*" in text(editor.get(f"{HOME}duplicates/"))
    address = f"{desk.url}merge/{twin.uid}/"
    said = text(editor.get(address))
    assert "136****6000" in said and "13600136000" not in said
    answer = editor.post(
        address, {"do": "merge", "keep": "one", "field_phone": str(twin.uid), "field_language": str(twin.uid)}
    )
    now = kept("person", desk.resident.uid)
    assert (now.value("phone"), now.value("language")) == ("13600136000", "粤语")
    assert kept("person", twin.uid).state == "merged"
    assert f"{HOME}person/{twin.uid}/split" in text(editor.get(answer["Location"]))
    editor.post(f"{HOME}person/{twin.uid}/split")
    assert kept("person", twin.uid).state == "active"
    assert desk.client("worker").get(address).status_code == 404


def test_two_that_are_different_are_not_shown_again(desk: Desk) -> None:
    twin = a_resident(desk.actors["worker"], name="王秀英", birth_date="1950-03-12")
    editor = desk.client("editor")
    editor.post(f"{desk.url}merge/{twin.uid}/", {"do": "different"})
    assert Likeness.objects.get().state == "different"
    assert str(twin.uid) not in text(editor.get(f"{HOME}duplicates/"))


def test_what_a_resident_asks_is_answered_and_an_erasure_erases(desk: Desk) -> None:
    asked = ask_right(
        actor=Actor("resident", "user:9", "王"),
        now=clock.now(),
        kind="erasure",
        text="我搬走了，请删掉",
        resident=desk.resident,
    )
    editor, address = desk.client("editor"), f"{HOME}requests/{asked.pk}/"
    assert "我搬走了" in text(editor.get(f"{HOME}requests/"))
    assert editor.post(address, {"do": "grant", "answer": ""}).status_code == 422
    assert RightsRequest.objects.get().state == "open"
    editor.post(address, {"do": "grant", "answer": "已按要求删除"})
    assert RightsRequest.objects.get().state == "granted"
    assert kept("person", desk.resident.uid).ending == "erased"
    assert PHONE not in text(editor.get(desk.url))
    assert desk.client("worker").get(address).status_code == 404


def consent_form(**more: str) -> dict[str, str]:
    return {"do": "consent", "purpose": "设备家属查看", "how": "paper", "notice": "2026-1", **more}


def test_consent_is_written_down_seen_and_withdrawn(desk: Desk) -> None:
    worker = desk.client("worker")
    assert worker.post(f"{desk.url}do", consent_form())["Location"] == desk.url
    row = Consent.objects.get()
    assert (row.purpose, row.how, row.notice, row.guardian) == ("设备家属查看", "paper", "2026-1", False)
    assert row.recorded_by == desk.actors["worker"].ref
    page = text(worker.get(desk.url))
    assert "家属查看设备" in page and "告知书 2026-1" in page
    assert "Family see the devices" in text(desk.client("worker", "en").get(desk.url))
    assert worker.post(f"{desk.url}do", consent_form()).status_code == 409  # it stands already
    worker.post(f"{desk.url}do", {"do": "withdraw", "consent": str(row.pk)})
    row.refresh_from_db()
    assert row.withdrawn_by == desk.actors["worker"].ref and "已撤回同意" in text(worker.get(desk.url))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"purpose": "卖给别人"}, "请选择同意的用途"),
        ({"notice": " "}, "告知书版本"),
        ({"how": "guess"}, "请选择同意的方式"),
    ],
)
def test_consent_without_purpose_notice_or_way_is_not_written(desk: Desk, more: dict[str, str], words: str) -> None:
    answer = desk.client("worker").post(f"{desk.url}do", consent_form(**more))
    assert answer.status_code == 422 and words in text(answer) and not Consent.objects.exists()


@pytest.mark.parametrize("number", ["²", "٣", "1" * 30, ""])
def test_numbers_that_are_none_are_not_there(desk: Desk, number: str) -> None:
    worker = desk.client("worker")
    assert worker.post(f"{desk.url}do", {"do": "withdraw", "consent": number}).status_code == 404
    before = kept("person", desk.resident.uid).version
    assert worker.post(f"{desk.url}do", {"do": "end", "ending": "nonsense", "base": number}).status_code == 422
    assert kept("person", desk.resident.uid).version == before
    assert desk.client("supervisor").get(f"{HOME}log/", {"resident": number}).status_code == 200


def test_consent_is_nobodys_business_elsewhere(desk: Desk) -> None:
    desk.client("worker").post(f"{desk.url}do", consent_form())
    for who in ("other", "seat", "discipline"):
        for given in (consent_form(purpose="活动通知"), {"do": "withdraw", "consent": str(Consent.objects.get().pk)}):
            assert desk.client(who).post(f"{desk.url}do", given).status_code in (403, 404), who
    stranger = a_resident(desk.actors["worker"], name="张三丰")
    theirs = Consent.objects.get().pk
    answer = desk.client("worker").post(f"{HOME}person/{stranger.uid}/do", {"do": "withdraw", "consent": str(theirs)})
    assert answer.status_code == 404 and Consent.objects.get().withdrawn_at is None
