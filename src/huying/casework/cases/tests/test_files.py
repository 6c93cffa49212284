"""Photos and documents of a case: taken while it may still change, and not a byte of anybody else's."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from huying.casework.cases import actions
from huying.casework.cases.factories import NOW, Cast, account_of, photograph
from huying.casework.cases.models import Attachment, Case
from huying.casework.cases.queries_desk import files_page
from huying.casework.cases.turns import chain
from huying.casework.cases.voices import reporter
from huying.kernel.files import accept_upload
from huying.kernel.models import StoredFile

from .conftest import HOUR, Bring, untouched

LATER = NOW + 9 * HOUR


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def picture() -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 90)).save(content, "JPEG")
    return SimpleUploadedFile("after.jpg", content.getvalue(), "image/jpeg")


def post(cast: Cast, name: str, case: Case, stage: str = "after") -> Any:
    client = Client()
    client.force_login(account_of(cast.people[name]))
    return client.post(f"/api/v1/cases/{case.pk}/files", {"file": picture(), "stage": stage})


@pytest.mark.parametrize("state", ["pending", "handling", "checking", "closed", "transferred"])
def test_an_unfinished_case_takes_files(cast: Cast, bring: Bring, state: str) -> None:
    case = bring(state)
    photograph(case.pk, "report", actor=reporter(1), now=LATER)
    assert case.attachments.count() == 1


def desk_of(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(account_of(cast.people[name]))
    return client


def test_a_page_shows_the_latest_few_and_leads_to_all(cast: Cast, bring: Bring, django_assert_num_queries: Any) -> None:
    case = bring("handling")
    shots = [photograph(case.pk, "report", actor=reporter(1), now=LATER).file for _number in range(25)]
    photograph(case.pk, "after", actor=cast.he_sanitation, now=LATER)
    client = desk_of(cast, "he_sanitation")
    page = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert [one.url in page for one in shots] == [False] * 16 + [True] * 9
    assert page.count("data-photo>") == 10 and f"/desk/cases/{case.pk}/files" in page and "全部 26 份" in page
    assert client.get(f"/desk/cases/{case.pk}/print").content.decode().count("data-photo>") == 26
    everything = client.get(f"/desk/cases/{case.pk}/files").content.decode()
    assert everything.count("data-photo>") == 26 and shots[0].url in everything
    with django_assert_num_queries(1):
        first = files_page(case, size=20)
    assert first.next and [one.file for one in files_page(case, cursor=first.next, size=20).rows][:5] == shots[20:]
    assert desk_of(cast, "fang_qiaodong").get(f"/desk/cases/{case.pk}/files").status_code == 404


def test_a_voice_note_is_played_not_shown_as_a_picture(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    note = accept_upload(io.BytesIO(b"OggS" + bytes(600)), actor=cast.he_sanitation, now=LATER, sounds=True)
    actions.attach_file(case.pk, note, stage="report", actor=reporter(1), now=LATER)
    client = desk_of(cast, "he_sanitation")
    for address in (f"/desk/cases/{case.pk}/", f"/desk/cases/{case.pk}/files"):
        page = client.get(address).content.decode()
        assert f'<audio controls preload="none" src="{note.url}"' in page and "data-photo>" not in page


def ended(cast: Cast, bring: Bring, state: str) -> Case:
    if state == "archived":
        return bring("archived")
    case, into = bring("pending"), bring("pending")
    if state == "declined":
        actions.decline_case(case.pk, channel="court", reason="已判决", actor=cast.li_dispatcher, now=LATER)
    else:
        actions.merge_case(case.pk, into_id=into.pk, actor=cast.li_dispatcher, now=LATER)
    return Case.objects.get(pk=case.pk)


@pytest.mark.parametrize("state", ["archived", "declined", "merged"])
def test_a_case_that_has_ended_takes_none(cast: Cast, bring: Bring, state: str) -> None:
    case = ended(cast, bring, state)
    photo = {"actor": cast.li_dispatcher, "now": LATER}
    untouched(case, lambda: photograph(case.pk, "after", **photo), "not_in_this_state")
    before = StoredFile.objects.count()
    assert post(cast, "li_dispatcher", case).status_code == 409
    assert (StoredFile.objects.count(), Attachment.objects.count()) == (before, 0)


def test_of_whoever_only_looks_nothing_is_kept(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    for name in ("ji_discipline", "fang_qiaodong"):
        assert post(cast, name, case).status_code == 404
    assert post(cast, "he_sanitation", case, stage="during").status_code == 422
    assert not StoredFile.objects.exists()
    assert post(cast, "he_sanitation", case).status_code == 200
    assert StoredFile.objects.get().subject == chain(case.pk)


def test_the_desk_offers_no_file_where_none_is_taken(cast: Cast, bring: Bring) -> None:
    case = bring("archived")
    client = Client()
    client.force_login(account_of(cast.li_dispatcher))
    assert "?do=attach" not in client.get(f"/desk/cases/{case.pk}/").content.decode()
    sent = {"stage": "after", "photos": picture()}
    assert client.post(f"/desk/cases/{case.pk}/do/attach", sent).status_code == 409
    assert not StoredFile.objects.exists()
