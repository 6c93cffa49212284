"""The REST interface of matters: keys with scopes, idempotency, every step, and errors that speak."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from huying.casework.cases import actions as cases
from huying.casework.cases import factories
from huying.casework.cases.factories import IN_GRID_1, IN_GRID_3, LIUAN, TOWN, Cast, account_of
from huying.casework.cases.models import Attachment, Case
from huying.ground.accounts.factories import make_resident
from huying.ground.organisation.actions import issue_key
from huying.ground.territory.models import Area, TerritoryVersion
from huying.kernel import clock
from huying.kernel.actor import SYSTEM
from huying.kernel.trace import Entry
from huying.senses.reports.actions import remind
from huying.senses.reports.models import Report

Call = Callable[..., Any]
GARBAGE = "柳岸路口的垃圾好几天没人清运了，臭味很大。"


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


def caller(scopes: list[str], *, unit: Any = None, area: str = "") -> Call:
    """Call the API with a fresh key."""
    now = clock.now()
    _row, token = issue_key(
        name="城市平台",
        scopes=scopes,
        unit=unit,
        area=area,
        expires_at=now + timedelta(days=30),
        actor=SYSTEM,
        now=now,
    )
    client = Client(headers={"Authorization": f"Bearer {token}"})

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        if method == "raw":
            return client.post(f"/api/v1{path}", body)
        send = getattr(client, method)
        extra = {"content_type": "application/json"} if method != "get" else {}
        return send(f"/api/v1{path}", body, headers=headers or None, **extra)

    return call


def report(**more: Any) -> dict[str, Any]:
    lon, lat = IN_GRID_1
    return {"text": GARBAGE, "lon": lon, "lat": lat, "source_id": "A-1", "item": "0101", **more}


def test_a_report_is_taken_in_once_whatever_is_retried(cast: Cast) -> None:
    call = caller(["reports:write"])
    first = call("post", "/reports", report())
    assert first.status_code == 201, first.content
    body = first.json()
    assert (body["state"], body["unit_name"], body["repeated"]) == ("dispatched", "望湖街道市政环卫队", False)
    again = call("post", "/reports", report(text="改了一个字"))
    assert (again.status_code, again.json()["tracking_code"]) == (200, body["tracking_code"])
    assert Report.objects.count() == 1


def test_the_idempotency_key_does_for_callers_without_numbers(cast: Cast) -> None:
    call = caller(["reports:write"])
    no_number = report(source_id="")
    refused = call("post", "/reports", no_number)
    assert (refused.status_code, refused.json()["code"]) == (422, "source_missing")
    codes = {
        call("post", "/reports", no_number, **{"Idempotency-Key": "abc"}).json()["tracking_code"] for _ in range(3)
    }
    assert len(codes) == 1


def test_two_systems_may_use_the_same_number(cast: Cast) -> None:
    for _ in range(2):
        assert caller(["reports:write"])("post", "/reports", report()).status_code == 201
    assert Report.objects.count() == 2


def test_bulk_is_all_or_nothing(cast: Cast) -> None:
    call = caller(["reports:write"])
    good = [report(source_id=f"B-{i}") for i in range(5)]
    bad = call("post", "/reports/bulk", {"reports": [*good, report(source_id="B-9", text="")]})
    assert bad.status_code == 422
    assert not Report.objects.exists()
    assert len(call("post", "/reports/bulk", {"reports": good}).json()) == 5


@pytest.mark.parametrize(
    ("scopes", "method", "path"),
    [
        (["cases:read"], "post", "/reports"),
        (["reports:write"], "get", "/cases"),
        (["cases:read"], "post", "/cases/1/sign"),
        (["reports:write"], "post", "/dispatch/explain"),
    ],
)
def test_a_key_without_the_scope_is_refused(cast: Cast, scopes: list[str], method: str, path: str) -> None:
    body = {"text": "x", "source_id": "1"} if method == "post" else None
    answer = caller(scopes)(method, path, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert not Report.objects.exists()


def test_without_a_key_nothing_goes(cast: Cast) -> None:
    answer = Client().get("/api/v1/cases")
    assert answer.status_code == 401
    assert answer["Content-Type"].startswith("application/problem+json")


def test_coordinates_of_chinese_maps_are_converted(cast: Cast) -> None:
    from huying.ground.territory.coordinates import convert_point

    lon, lat = convert_point(*IN_GRID_1, "wgs84", "gcj02")
    answer = caller(["reports:write"])("post", "/reports", report(lon=lon, lat=lat, crs="gcj02"))
    case = Case.objects.get(pk=answer.json()["case_id"])
    assert case.lon == pytest.approx(IN_GRID_1[0], abs=1e-6)


def test_a_unit_works_its_case_from_end_to_end_through_the_interface(cast: Cast, settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    made = caller(["reports:write"])("post", "/reports", report()).json()
    case_id, code = made["case_id"], made["tracking_code"]
    unit = caller(["cases:read", "cases:act"], unit=cast.units["sanitation"])
    assert [one["id"] for one in unit("get", "/cases?state=dispatched").json()["items"]] == [case_id]
    signed = unit("post", f"/cases/{case_id}/sign", {})
    assert (signed.status_code, signed.json()["state"]) == (200, "handling")
    missing = unit("post", f"/cases/{case_id}/feedback", {"text": "清了"})
    assert missing.status_code == 422
    assert set(missing.json()["fields"]) == {"photos_before", "photos_after"}
    now = clock.now()
    here = {"lon": IN_GRID_1[0], "lat": IN_GRID_1[1]}
    told = {
        "photos_before": [{"at": now.isoformat(), **here}],
        "photos_after": [{"at": (now + timedelta(hours=1)).isoformat(), **here}],
    }
    only_told = unit("post", f"/cases/{case_id}/feedback", {"text": "已清运", "evidence": told})
    assert (only_told.status_code, Case.objects.get().state) == (422, "handling")
    factories.prove(case_id, actor=cast.he_sanitation, now=now)
    done = unit("post", f"/cases/{case_id}/feedback", {"text": "已清运"})
    assert done.json()["state"] == "checking"
    assert unit("post", f"/cases/{case_id}/pass-check", {}).status_code == 409

    checker = Client()
    checker.force_login(account_of(cast.sun_checker))
    passed = checker.post(f"/api/v1/cases/{case_id}/pass-check", {}, content_type="application/json")
    assert passed.status_code == 200, passed.content
    anyone = Client()
    assert anyone.get(f"/api/v1/reports/{code}").json()["told"][-1]["kind"] == "answered"
    said = {"score": 5, "responded": True}
    rated = anyone.post(f"/api/v1/reports/{code}/rating", said, content_type="application/json")
    assert rated.status_code == 204
    followed = anyone.get(f"/api/v1/reports/{code}").json()
    assert (followed["score"], followed["responded"], followed["solved"]) == (5, True, None)
    verbs = [line["verb"] for line in unit("get", f"/cases/{case_id}/timeline").json()]
    assert verbs[:3] == ["open", "dispatch", "sign"]
    assert "words" not in unit("get", f"/cases/{case_id}/timeline").json()[0]["texts"]


def test_photos_come_in_through_the_interface(cast: Cast) -> None:
    made = caller(["reports:write"])("post", "/reports", report()).json()
    unit = caller(["cases:read", "cases:act"], unit=cast.units["sanitation"])
    picture = BytesIO()
    Image.new("RGB", (640, 480), "green").save(picture, "JPEG")
    path = f"/cases/{made['case_id']}/files"

    def send(content: bytes, stage: str) -> Any:
        upload = SimpleUploadedFile("a.jpg", content, "image/jpeg")
        return unit("raw", path, {"file": upload, "stage": stage, "caption": "清理后"})

    assert send(picture.getvalue(), "after").status_code == 200
    assert Attachment.objects.get().stage == "after"
    assert send(b"<script>alert(1)</script>", "after").status_code == 422
    assert send(picture.getvalue(), "nonsense").status_code == 422
    stranger = caller(["cases:read", "cases:act"], unit=cast.units["housing"])
    upload = SimpleUploadedFile("a.jpg", picture.getvalue(), "image/jpeg")
    assert stranger("raw", path, {"file": upload, "stage": "after"}).status_code == 404
    assert Attachment.objects.count() == 1


def test_a_stranger_unit_gets_404(cast: Cast) -> None:
    made = caller(["reports:write"])("post", "/reports", report()).json()
    other = caller(["cases:read", "cases:act"], unit=cast.units["housing"])
    assert other("get", f"/cases/{made['case_id']}").status_code == 404
    assert other("post", f"/cases/{made['case_id']}/sign", {}).status_code == 404
    assert other("get", "/cases").json()["items"] == []
    assert Case.objects.get().state == "dispatched"


def test_the_dry_run_says_where_and_why_and_writes_nothing(cast: Cast) -> None:
    call = caller(["cases:read"])
    lon, lat = IN_GRID_1
    answer = call("post", "/dispatch/explain", {"text": GARBAGE, "lon": lon, "lat": lat, "item": "0101"}).json()
    assert answer["sent"] is True
    assert answer["unit_id"] == cast.units["sanitation"].pk
    assert answer["why"]
    assert answer["due_at"]
    vague = call("post", "/dispatch/explain", {"text": "你好"}).json()
    assert vague["sent"] is False
    assert vague["waits_for_words"]
    assert not Case.objects.exists()


def test_a_dispatcher_corrects_and_sends_in_one_step(cast: Cast) -> None:
    made = caller(["reports:write"])("post", "/reports", report(item=None, text="有人在楼顶乱搭", hold=True)).json()
    desk = caller(["cases:read", "cases:act"], area=TOWN)
    case = desk("get", f"/cases/{made['case_id']}").json()
    assert case["state"] == "pending"
    body = {"item": "0301", "expected": case["version"]}
    sent = desk("post", f"/cases/{made['case_id']}/dispatch", body).json()
    assert (sent["state"], sent["item"], sent["unit"]) == ("dispatched", "0301", "enforcement")
    late = desk("post", f"/cases/{made['case_id']}/dispatch", body)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    again = desk("post", f"/cases/{made['case_id']}/dispatch", {"item": "0301"})
    assert (again.status_code, again.json()["code"]) == (409, "not_in_this_state")


def test_lists_page_by_key_with_few_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    write = caller(["reports:write"])
    write("post", "/reports/bulk", {"reports": [report(source_id=f"C-{i}") for i in range(30)]})
    read = caller(["cases:read"], area=TOWN)
    read("get", "/cases?size=10")
    with django_assert_max_num_queries(8):
        page = read("get", "/cases?size=10&state=dispatched&q=柳岸").json()
    seen = [one["id"] for one in page["items"]]
    while page["next"]:
        page = read("get", f"/cases?size=10&state=dispatched&q=柳岸&cursor={page['next']}").json()
        seen += [one["id"] for one in page["items"]]
    assert seen == sorted(Case.objects.values_list("id", flat=True), reverse=True)
    broken = read("get", "/cases?cursor=nonsense")
    assert broken.status_code == 422


def test_a_question_is_answered_through_the_interface_and_what_needs_work_is_not(cast: Cast) -> None:
    asked, dirt = (
        caller(["reports:write"])("post", "/reports", report(item=item, source_id=item, hold=True)).json()
        for item in ("1605", "0101")
    )
    desk = caller(["cases:read", "cases:act"], area=TOWN)
    said = {"text": "可以，凭身份证到社区服务站办理。", "notice": "app_read"}
    assert desk("post", f"/cases/{asked['case_id']}/answer", said).json()["state"] == "closed"
    refused = desk("post", f"/cases/{dirt['case_id']}/answer", said)
    assert (refused.status_code, refused.json()["code"]) == (409, "answer_not_enough")
    assert "answer" not in desk("get", f"/cases/{dirt['case_id']}").json()["allowed"]


# --- reading what was said -------------------------------------------------------------------------------------


def test_a_key_reads_what_was_said_in_its_area_and_never_by_whom(cast: Cast) -> None:
    one, other = caller(["reports:write"]), caller(["reports:write"])
    one("post", "/reports", report(name="刘桂芳", phone="19900001234", text=f"{GARBAGE}打19900001234找我"))
    lon, lat = IN_GRID_3
    other("post", "/reports", report(lon=lon, lat=lat, channel="hotline", title="桥东的事"))
    town = caller(["reports:read"], area=TOWN)("get", "/reports")
    assert [line["title"] for line in town.json()["items"]] == ["桥东的事", ""]
    body = town.content.decode()
    for secret in ("19900001234", "刘桂芳", *Report.objects.values_list("tracking_code", "mark")[0]):
        assert secret not in body
    assert "199****1234" in body and '"source_id":"A-1"' not in body.replace(" ", "")
    liuan = caller(["reports:read"], area=LIUAN)("get", "/reports").json()["items"]
    assert [line["channel"] for line in liuan] == ["api"]
    narrowed = caller(["reports:read"], area=TOWN)("get", "/reports?channel=hotline").json()["items"]
    assert [line["title"] for line in narrowed] == ["桥东的事"]


def test_a_units_key_reads_what_its_unit_handles(cast: Cast) -> None:
    caller(["reports:write"])("post", "/reports", report())
    assert len(caller(["reports:read"], unit=cast.units["sanitation"])("get", "/reports").json()["items"]) == 1
    assert caller(["reports:read"], unit=cast.units["housing"])("get", "/reports").json()["items"] == []
    both = caller(["reports:write", "reports:read"], area=TOWN)
    both("post", "/reports", report(source_id="A-2"))
    assert [line["source_id"] for line in both("get", "/reports").json()["items"]] == ["A-2", None]


def test_reading_needs_its_scope_and_pages_by_key(cast: Cast, django_assert_max_num_queries: Any) -> None:
    refused = caller(["reports:write", "cases:read"])("get", "/reports")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert Client().get("/api/v1/reports").status_code == 401
    caller(["reports:write"])("post", "/reports/bulk", {"reports": [report(source_id=f"D-{i}") for i in range(5)]})
    read = caller(["reports:read"], area=TOWN)
    with django_assert_max_num_queries(4):
        page = read("get", "/reports?size=3").json()
    rest = read("get", f"/reports?size=3&cursor={page['next']}").json()
    numbers = [line["case_number"] for line in (*page["items"], *rest["items"])]
    assert len(set(numbers)) == 5 and rest["next"] is None
    assert read("get", "/reports?size=999").status_code == 422


def test_a_resident_reads_no_list(cast: Cast) -> None:
    caller(["reports:write"])("post", "/reports", report())
    client = Client()
    client.force_login(make_resident(), backend="huying.ground.accounts.backends.ResidentBackend")
    assert client.get("/api/v1/reports").json()["items"] == []


# --- answering back by the code --------------------------------------------------------------------------------


def by_code(code: str, step: str, body: dict[str, Any]) -> Any:
    return Client().post(f"/api/v1/reports/{code}/{step}", body, content_type="application/json")


def test_reminding_is_once_a_day_whichever_door(cast: Cast) -> None:
    code = caller(["reports:write"])("post", "/reports", report()).json()["tracking_code"]
    assert by_code(code, "remind", {"text": "快一点"}).status_code == 204
    for _ in range(2):
        again = by_code(code, "remind", {"text": "再催"})
        assert (again.status_code, again.json()["code"]) == (409, "reminded_today")
    assert Client().post(f"/m/{code}/remind", {"text": "再催"}).status_code == 409
    assert Entry.objects.filter(verb="remind").count() == 1
    who = Report.objects.get()
    tomorrow = clock.now() + timedelta(days=1)
    remind(who.pk, actor=SYSTEM, now=tomorrow)
    assert Entry.objects.filter(verb="remind").count() == 2


def test_a_result_is_rated_once_whichever_door(cast: Cast) -> None:
    made = caller(["reports:write"])("post", "/reports", report(item="1605", hold=True)).json()
    code = made["tracking_code"]
    early = by_code(code, "rating", {"score": 1})
    assert (early.status_code, early.json()["code"]) == (409, "not_done_yet")
    assert by_code(code, "not-solved", {"reason": "还在"}).json()["code"] == "not_done_yet"
    told = "带身份证到社区服务站，当天可取。"
    cases.answer_case(made["case_id"], text=told, actor=cast.wang_seat, now=clock.now())
    assert by_code(code, "rating", {"score": 4}).status_code == 204
    again = by_code(code, "rating", {"score": 1})
    assert (again.status_code, again.json()["code"]) == (409, "already_rated")
    assert by_code(code, "rating", {"score": 1, "comment": "长" * 501}).status_code == 422
    assert by_code(code, "remind", {}).json()["code"] == "not_open"
    assert Report.objects.get().score == Case.objects.get().rating == 4
    assert Entry.objects.filter(verb="rate").count() == 1


BEYOND = {"lon": 121.0, "lat": 31.0}


def test_a_point_beyond_the_ground_served_is_taken_and_said(cast: Cast) -> None:
    call = caller(["reports:write"])
    assert call("post", "/reports", report()).json()["outside"] is False
    assert call("post", "/reports", report(source_id="no-point", lon=None, lat=None)).json()["outside"] is False
    far = call("post", "/reports", report(source_id="far", **BEYOND))
    assert (far.status_code, far.json()["outside"], far.json()["unit_name"]) == (201, True, None)
    case = Case.objects.get(pk=far.json()["case_id"])
    assert (case.state, case.town, (case.lon, case.lat)) == ("pending", "", (121.0, 31.0))
    again = call("post", "/reports", report(source_id="far", **BEYOND))
    assert (again.status_code, again.json()["outside"]) == (200, True)
    both = {"reports": [report(source_id="b1"), report(source_id="b2", **BEYOND)]}
    assert [one["outside"] for one in call("post", "/reports/bulk", both).json()] == [False, True]
    named = report(source_id="named", place_text="望湖街道柳岸社区", **BEYOND)
    body = call("post", "/reports", named).json()
    assert body["outside"] is True and Case.objects.get(pk=body["case_id"]).community == LIUAN
    assert "outside" in call("get", "/openapi.json").json()["components"]["schemas"]["ReportOut"]["required"]


def test_an_instance_without_boundaries_calls_nothing_outside(cast: Cast) -> None:
    Area.objects.update(shape=None, lon=None, lat=None)
    TerritoryVersion.objects.update(stamp=uuid4())
    assert caller(["reports:write"])("post", "/reports", report(**BEYOND)).json()["outside"] is False
