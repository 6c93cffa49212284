"""Photos come with a report or after it from whoever brought it: cleaned, few, once, and nobody's name in the trace."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from PIL import Image

from huying.casework.cases import actions as cases
from huying.casework.cases import factories
from huying.casework.cases.factories import IN_GRID_1, Cast, account_of
from huying.casework.cases.models import Attachment, Case
from huying.casework.cases.turns import chain
from huying.ground.accounts.factories import make_resident
from huying.ground.organisation.actions import renew_key
from huying.ground.organisation.models import ApiKey
from huying.kernel.actor import SYSTEM, Actor
from huying.kernel.clock import now
from huying.kernel.files import accept_upload, path_of
from huying.kernel.models import StoredFile
from huying.kernel.trace import Entry
from huying.senses.reports.actions import Voice, erase_report, take_in
from huying.senses.reports.models import Report, ReportPhoto
from huying.senses.reports.rules import MOST_PHOTOS

from .test_api import Call, caller, report

WRITE = ["reports:write"]
NAME = "刘桂芳"


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


def picture(colour: str = "olive", kind: str = "JPEG") -> SimpleUploadedFile:
    """What a phone sends: with a remark in it, and called what it is not."""
    drawn, exif = BytesIO(), Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (640, 480), colour).save(drawn, kind, exif=exif)
    return SimpleUploadedFile("a.html", drawn.getvalue(), "text/html")


def send(call: Call, code: str, *photos: Any) -> Any:
    return call("raw", f"/reports/{code}/photos", {"photos": list(photos)})


def bring(call: Call, **more: Any) -> Report:
    made = call("post", "/reports", report(**more)).json()
    return Report.objects.get(tracking_code=made["tracking_code"])


def test_a_renewed_key_goes_on_with_what_the_old_one_brought(cast: Cast) -> None:
    old = caller(WRITE)
    code = bring(old).tracking_code
    _key, token = renew_key(actor=SYSTEM, now=now(), key=ApiKey.objects.get(), expires_at=now() + timedelta(days=30))
    client = Client(headers={"Authorization": f"Bearer {token}"})
    again = client.post("/api/v1/reports", report(), content_type="application/json")
    assert (again.status_code, again.json()["tracking_code"]) == (200, code)  # sent again is a repetition
    added = client.post(f"/api/v1/reports/{code}/photos", {"photos": [picture()]})
    assert (added.status_code, added.json()) == (201, {"photos": 1, "added": 1})
    assert Report.objects.count() == 1


def left() -> tuple[int, ...]:
    """What a refusal must not change."""
    return Attachment.objects.count(), ReportPhoto.objects.count(), Entry.objects.count()


def test_they_are_cleaned_and_hang_on_the_case_as_the_reports_own(cast: Cast) -> None:
    call = caller(WRITE)
    brought = bring(call)
    answer = send(call, brought.tracking_code, picture(), picture("navy", "PNG"))
    assert (answer.status_code, answer.json()) == (201, {"photos": 2, "added": 2})
    for one in Attachment.objects.select_related("file"):
        assert (one.stage, one.file.subject, one.file.media_type) == ("report", chain(brought.case_id), "image/jpeg")
        assert b"taken at home" not in path_of(one.file.sha256).read_bytes()
    shown = Client().get(f"/m/{brought.tracking_code}").content.decode()
    assert len(set(re.findall(rf"/m/{brought.tracking_code}/photo/\d+/small", shown))) == 2
    assert [one.actor_name for one in Entry.objects.filter(verb="attach")] == ["城市平台"] * 2


def test_the_same_photo_again_changes_nothing(cast: Cast) -> None:
    call = caller(WRITE)
    code = bring(call).tracking_code
    send(call, code, picture())
    before = left()
    again = send(call, code, picture(), picture())
    assert (again.status_code, again.json(), left()) == (200, {"photos": 1, "added": 0}, before)
    more = send(call, code, picture(), picture("navy"))
    assert (more.status_code, more.json()) == (201, {"photos": 2, "added": 1})


def test_there_are_never_too_many_and_then_none_is_taken(cast: Cast) -> None:
    call, colours = caller(WRITE), ("red", "green", "blue", "black", "white", "gray", "pink")
    code = bring(call).tracking_code
    at_once = send(call, code, *(picture(one) for one in colours))
    assert (at_once.status_code, at_once.json()["code"]) == (422, "too_many_photos")
    assert not StoredFile.objects.exists(), "refused before a byte was stored"
    assert send(call, code, *(picture(one) for one in colours[:4])).status_code == 201
    before = left()
    assert send(call, code, *(picture(one) for one in colours[4:])).status_code == 422
    assert left() == before
    assert send(call, code, *(picture(one) for one in colours[:MOST_PHOTOS])).json()["photos"] == MOST_PHOTOS
    assert call("raw", f"/reports/{code}/photos", {}).status_code == 422


def test_what_is_no_photo_is_refused_with_those_beside_it(cast: Cast) -> None:
    call = caller(WRITE)
    code = bring(call).tracking_code
    before = left()
    for wrong in (b"<script>alert(1)</script>", b"%PDF-1.7 %%EOF", b""):
        upload = SimpleUploadedFile("a.jpg", wrong, "image/jpeg")
        assert send(call, code, picture(), upload).status_code == 422
    assert left() == before


def test_only_who_brought_it_adds_to_it(cast: Cast, settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    call = caller(WRITE)
    brought = bring(call)
    others = [caller(WRITE), caller([*WRITE, "cases:read", "cases:act"]), caller(["reports:read"])]
    before = left()
    assert [send(one, brought.tracking_code, picture()).status_code for one in others] == [404, 404, 403]
    assert send(call, "AAAAAAAAAA", picture()).status_code == 404
    staff = Client()
    staff.force_login(account_of(cast.li_dispatcher))
    address = f"/api/v1/reports/{brought.tracking_code}/photos"
    assert Client().post(address, {"photos": picture()}).status_code == 401
    assert staff.post(address, {"photos": picture()}).status_code == 404
    assert (left(), StoredFile.objects.count()) == (before, 0)


def test_a_resident_adds_to_their_own_and_not_without_end(cast: Cast) -> None:
    user, client = make_resident(name=NAME), Client()
    client.force_login(user, backend="huying.ground.accounts.backends.ResidentBackend")
    said = {"text": "柳岸路口的垃圾没人清运", "source_id": "1"}
    made = client.post("/api/v1/reports", said, content_type="application/json").json()
    address = f"/api/v1/reports/{made['tracking_code']}/photos"
    assert client.post(address, {"photos": [picture()]}).status_code == 201
    entry = Entry.objects.get(verb="attach")
    assert (entry.actor_ref, entry.actor_name) == (f"user:{user.pk}", "居民")
    with override_settings(HUYING_PORTAL_LIMITS={"photo": (1, 3600)}):
        assert client.post(address, {"photos": [picture("navy"), picture("red")]}).status_code == 429
    assert ReportPhoto.objects.count() == 1


def test_what_came_with_a_report_does_not_name_the_resident_in_the_trace(cast: Cast) -> None:
    lon, lat = IN_GRID_1
    resident = Actor("resident", "user:9", NAME)
    file = accept_upload(picture(), actor=resident, now=now())
    said = Voice(source="portal", source_id="1", channel="portal", text="垃圾没人清", lon=lon, lat=lat, files=(file,))
    take_in([said], actor=resident, now=now())
    assert ReportPhoto.objects.count() == 1
    assert NAME not in set(Entry.objects.values_list("actor_name", flat=True))


@pytest.mark.parametrize(("end", "status"), [("archived", 409), ("declined", 409), ("erased", 404)])
def test_what_is_over_takes_no_more(cast: Cast, end: str, status: int) -> None:
    call = caller(WRITE)
    brought = bring(call, hold=True)
    if end == "declined":
        cases.decline_case(brought.case_id, channel="court", reason="已判决", actor=cast.li_dispatcher, now=now())
    else:
        state = "closed" if end == "erased" else "archived"
        Case.objects.filter(pk=brought.case_id).update(state=state, closed_at=now())
    if end == "erased":
        erase_report(brought.pk, actor=cast.zhao_centre, now=now(), why="本人要求")
    before = left()
    assert send(call, brought.tracking_code, picture()).status_code == status
    assert (left(), StoredFile.objects.count()) == (before, 0)


def test_the_interface_describes_it(cast: Cast) -> None:
    described = Client().get("/api/v1/openapi.json").json()["paths"]["/api/v1/reports/{code}/photos"]["post"]
    assert "multipart/form-data" in described["requestBody"]["content"]
    assert "6 photos" in described["description"] and {"200", "201"} <= set(described["responses"])
