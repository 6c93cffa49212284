"""The pages of alarms and devices through HTTP: who sees what, what is refused, and how many queries a list costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from huying.casework.cases.factories import COUNTY, GRID_1, GRID_2, Cast, account_of
from huying.ground.accounts.factories import make_resident
from huying.ground.organisation.factories import make_appointment
from huying.ground.registry.actions import record_consent
from huying.ground.registry.factories import a_resident, worker
from huying.kernel.clock import now as clock_now
from huying.kernel.privacy import blind, who_looked
from huying.senses.alarms.desk import history, rule_form, trying
from huying.senses.alarms.engine import default_rules
from huying.senses.alarms.factories import make_alarm
from huying.senses.alarms.models import Alarm, AlarmRule, Drill
from huying.senses.devices.access import FAMILY_PURPOSE
from huying.senses.devices.models import Command, Contact, Credential, Device, LastValue, Wearing

from .conftest import make_device

PHONE = "13900139000"
Desk = Callable[..., Client]


@pytest.fixture
def desk(cast: Cast, settings: Any) -> Desk:
    settings.HUYING_REQUIRE_TOTP = False
    cache.clear()

    def sign_in(name: str = "tang_grid", role: str = "", language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        user = account_of(cast.people[name])
        if role:
            make_appointment(user.person, cast.units["centre"], role, area=COUNTY)
        client.force_login(user)
        return client

    return sign_in


def said(answer: Any) -> str:
    return str(answer.content.decode())


def spoke(device: Device, **values: Any) -> LastValue:
    now = clock_now()
    return LastValue.objects.create(device=device, at=now, received_at=now, values=values)


def count(client: Client, address: str) -> int:
    client.get(address)  # what is held in memory is there afterwards
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


PAGES = [
    "/desk/devices/", "/desk/devices/?q=SM&kind=smoke&online=online&alarm=3", "/desk/devices/map/",
    "/desk/devices/map/points.geojson", "/desk/devices/SM-1/", "/desk/devices/SM-1/?period=week",
    "/desk/devices/SM-1/point.geojson", "/desk/devices/export.xlsx", "/desk/alarms/", "/desk/alarms/rows",
    "/desk/alarms/?show=closed&severity=3&kind=smoke", "/desk/alarms/rules/", "/desk/alarms/rules/?kind=wearable",
    "/desk/alarms/rules/smart_breaker/leak/", "/desk/alarms/rates/", "/desk/alarms/drills/",
    "/desk/alarms/ladders/", "/desk/alarms/ladders/all/sos/1/", "/desk/alarms/ladders/all/any/3/?device=SM-1",
]  # fmt: skip
KEEPS = [
    "/desk/devices/new", "/desk/devices/import", "/desk/devices/import.csv", "/desk/devices/SM-1/edit",
    "/desk/devices/SM-1/credential", "/desk/alarms/rules/new?kind=smoke",
    "/desk/alarms/ladders/new", "/desk/alarms/ladders/new?from=all/sos/1",
]  # fmt: skip


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_answers(desk: Desk, device: Device, language: str) -> None:
    spoke(device, alarm=False, battery=80)
    alarm = make_alarm(device, clock_now())
    make_alarm(device, clock_now() - timedelta(days=2), kind="battery", severity=2, urgent=False,
               cleared_at=clock_now(), cleared_by="reading", closed_at=clock_now(), closed_by="x", cause="battery")  # fmt: skip
    client = desk(role="device_keeper", language=language)
    for address in [*PAGES, *KEEPS, f"/desk/alarms/{alarm.uid}/"]:
        assert client.get(address).status_code == 200, address


def test_a_stranger_finds_nothing(desk: Desk, device: Device) -> None:
    alarm = make_alarm(device, clock_now())
    client = desk("sun_checker")
    for address in [*PAGES[:8], *KEEPS, "/desk/alarms/rules/", f"/desk/alarms/{alarm.uid}/"]:
        assert client.get(address).status_code == 404, address
    for address, typed in [
        ("/desk/devices/SM-1/command", {"command": "mute", "reason": "x"}),
        ("/desk/devices/SM-1/state", {"do": "retire", "why": "x"}),
        (f"/desk/alarms/{alarm.uid}/acknowledge", {}),
        (f"/desk/alarms/{alarm.uid}/close", {"cause": "real"}),
        ("/desk/alarms/drills/SM-1", {}),
    ]:
        assert client.post(address, typed).status_code == 404, address
    alarm.refresh_from_db()
    assert (alarm.acknowledged_at, alarm.closed_at) == (None, None)
    assert not Command.objects.exists() and not Drill.objects.exists()
    assert Device.objects.get().state == "active"


def test_who_only_watches_cannot_register_or_rule(desk: Desk, device: Device) -> None:
    client = desk("tang_grid")
    for address in KEEPS[:3] + KEEPS[-1:]:
        assert client.get(address).status_code == 404, address
    assert client.post("/desk/devices/SM-1/credential", {"do": "issue"}).status_code == 403
    assert not Credential.objects.exists()
    assert "登记设备" not in said(client.get("/desk/devices/"))


def test_a_list_costs_the_same_however_long(desk: Desk, devices: Callable[[int], list[Device]]) -> None:
    client = desk()
    now = clock_now()

    def more(number: int) -> None:
        for one in devices(number):
            spoke(one, alarm=True)
            make_alarm(one, now, climbs_at=now + timedelta(minutes=1))

    more(2)
    few = [
        count(client, address) for address in ("/desk/devices/", "/desk/alarms/", "/desk/devices/map/points.geojson")
    ]
    more(10)
    assert [
        count(client, one) for one in ("/desk/devices/", "/desk/alarms/", "/desk/devices/map/points.geojson")
    ] == few


def test_acknowledging_from_the_board_brings_the_rows_back(desk: Desk, device: Device) -> None:
    alarm = make_alarm(device, clock_now())
    client = desk()
    assert f'data-rings="{alarm.severity}"' in said(client.get("/desk/alarms/"))
    answer = client.post(f"/desk/alarms/{alarm.uid}/acknowledge", headers={"hx-request": "true"})
    assert "data-rings" not in said(answer) and "唐" in said(answer)
    assert "HX-Trigger" in answer.headers
    alarm.refresh_from_db()
    assert alarm.acknowledged_at is not None


def test_closing_asks_for_a_cause_and_keeps_what_was_typed(desk: Desk, device: Device) -> None:
    alarm = make_alarm(device, clock_now())
    client = desk()
    answer = client.post(f"/desk/alarms/{alarm.uid}/close", {"cause": "other", "words": ""})
    assert answer.status_code == 422
    answer = client.post(f"/desk/alarms/{alarm.uid}/close", {"cause": "", "words": "锅烧干了"})
    assert answer.status_code == 422 and "锅烧干了" in said(answer)
    assert Alarm.objects.get().closed_at is None
    client.post(f"/desk/alarms/{alarm.uid}/close", {"cause": "false_place", "words": "锅烧干了"})
    assert Alarm.objects.get().cause == "false_place"


def test_a_private_reading_is_shut_until_a_carer_says_why(desk: Desk, cast: Cast) -> None:
    elder = a_resident(cast.tang_grid, name="王秀英", phone="13800138000", birth_date="1950-03-12")
    band = make_device("W-1", "wearable", resident_uid=elder.uid)
    spoke(band, heart_rate=77, battery=50)
    client = desk()
    page = said(client.get("/desk/devices/W-1/"))
    assert ">77" not in page and ">50" in page
    assert client.post("/desk/devices/W-1/open", {"why": "看一眼"}).status_code == 403
    Contact.objects.create(device=band, rank=1, role="guardian", person_id=cast.tang_grid.person_id)
    assert client.post("/desk/devices/W-1/open", {"why": ""}).status_code == 422
    assert not who_looked(f"resident:{elder.pk}").rows
    assert ">77" in said(client.post("/desk/devices/W-1/open", {"why": "上午没有接电话"}))
    assert [one.why for one in who_looked(f"resident:{elder.pk}").rows] == ["上午没有接电话"]


def test_a_command_waits_for_another_person(desk: Desk, cast: Cast) -> None:
    make_device("B-1", "smart_breaker")
    first = desk(role="device_keeper")
    asked = {"command": "open", "reason": "楼道冒烟"}
    assert "等另一个人同意" in said(first.post("/desk/devices/B-1/command", asked, follow=True))
    command = Command.objects.get()
    decide = f"/desk/devices/B-1/command/{command.pk}"
    assert first.post(decide, {"do": "confirm"}).status_code == 403
    second = desk("zhao_centre")
    page = said(second.get("/desk/devices/B-1/"))
    assert "同意，发出" in page and "楼道冒烟" in page
    second.post(decide, {"do": "confirm"})
    command.refresh_from_db()
    assert (command.state, command.confirmed_name) == ("confirmed", cast.zhao_centre.name)


def test_registering_keeps_what_was_typed_and_leads_to_the_secret(desk: Desk) -> None:
    client = desk(role="device_keeper")
    typed = {"code": "N 1", "kind": "smoke", "name": "三楼烟感", "area": GRID_1, "contact_role": ["keeper"],
             "contact_person": [""], "contact_name": ["老李"], "contact_phone": ["13912345678"], "contact_rank": [""]}  # fmt: skip
    answer = client.post("/desk/devices/new", typed)
    assert answer.status_code == 422 and "三楼烟感" in said(answer) and "13912345678" in said(answer)
    assert not Device.objects.exists()
    answer = client.post("/desk/devices/new", typed | {"code": "N-1"})
    assert answer.headers["Location"] == "/desk/devices/N-1/credential"
    secret = said(client.post("/desk/devices/N-1/credential", {"do": "issue"})).split('id="secret">')[1].split("<")[0]
    assert len(secret) > 30 and secret not in said(client.get("/desk/devices/N-1/credential"))
    page = said(client.get("/desk/devices/N-1/"))
    assert "13912345678" not in page and "139****5678" in page
    kept = typed | {"name": "三楼东侧烟感", "contact_name": [""], "contact_phone": [""], "contact_rank": ["1"]}
    client.post("/desk/devices/N-1/edit", kept)
    assert Device.objects.get().name == "三楼东侧烟感"
    assert [(one.name, one.phone) for one in Contact.objects.all()] == [("老李", "13912345678")]


def test_family_does_not_go_with_the_device_to_somebody_else(desk: Desk) -> None:
    client = desk(role="device_keeper")
    first, second = (a_resident(worker(area=GRID_1), name=name) for name in ("王秀英", "赵桂兰"))
    typed = {"code": "N-1", "kind": "wearable", "name": "手环", "area": GRID_1, "resident": str(first.uid),
             "contact_role": ["family"], "contact_person": [""], "contact_name": ["李小梅"],
             "contact_phone": [PHONE], "contact_rank": [""]}  # fmt: skip
    said_before = "联系人不跟着换，保存时去掉"
    assert said_before not in said(client.get("/desk/devices/new"))
    client.post("/desk/devices/new", typed)
    assert said_before in said(client.get("/desk/devices/N-1/edit"))

    def save(to: Any, name: str = "", phone: str = "") -> list[str]:
        row = {"contact_role": ["family", "family"], "contact_person": ["", ""], "contact_name": ["", name]}
        row |= {"contact_phone": ["", phone], "contact_rank": ["1", ""]}
        assert client.post("/desk/devices/N-1/edit", typed | row | {"resident": str(to.uid)}).status_code == 302
        assert Device.objects.get().resident_uid == to.uid
        return [str(one.name) for one in Contact.objects.order_by("rank")]

    assert save(first) == ["李小梅"], "the same person"
    assert save(second) == [], "nobody typed"
    assert save(first) == ["李小梅"], "a slip of the hand"
    assert save(second, "赵强", "13700137000") == ["赵强"]
    assert save(first) == ["李小梅"]


def test_a_rule_is_tried_on_last_week_and_saved(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = make_device("B-1", "smart_breaker")
    begin = clock_now() - timedelta(days=1)
    past = [(begin + timedelta(minutes=n), {"leak": 40.0 if n % 60 < 20 else 2.0}) for n in range(240)]
    monkeypatch.setattr(history, "_reader", [lambda device, since, until: past if device == breaker else []])
    client = desk(role="device_keeper")
    address = "/desk/alarms/rules/smart_breaker/leak/"
    form = client.get(address).context
    typed = {name: value for name, value in form["typed"].items() if isinstance(value, str) and value}
    for one in form["typed"]["steps"]:
        typed |= {f"{name}_{one['severity']}": one[name] for name in ("threshold", "leave", "lasting", "unit")}
    typed |= {"scope": "area", "area": GRID_1, "active": "1", "reason": "先试试"}
    tried = said(client.post(address, typed | {"do": "try"}))
    assert "这条规则上周会报 4 次警" in tried and not AlarmRule.objects.exists()
    wrong = client.post(address, typed | {"do": "save", "threshold_2": "很多"})
    assert wrong.status_code == 422 and not AlarmRule.objects.exists()
    client.post(address, typed | {"do": "save"})
    saved = AlarmRule.objects.get()
    assert (saved.area, saved.code) == (GRID_1, "leak")
    assert "全部区域" not in said(client.get(f"{address}?scope=area:{GRID_1}"))


def test_a_long_trial_goes_on_and_belongs_to_one(desk: Desk, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        make_device(f"B-{number}", "smart_breaker")
    monkeypatch.setattr(trying, "AT_ONCE", 0.0)
    monkeypatch.setattr(history, "_reader", [])
    rule = next(one for one in default_rules("smart_breaker") if one.code == "leak")
    client = desk(role="device_keeper")
    actor = client.get("/desk/alarms/").wsgi_request.actor  # type: ignore[attr-defined]
    trial = trying.begin(actor, rule_form.written(rule), None, area="", device="", now=clock_now())
    assert (trial.done, trial.devices) == (1, 3)
    address = f"/desk/alarms/rules/trying/{trial.key}"
    assert "已试 2 台" in said(client.get(address))
    assert "hx-get" not in said(client.get(address))
    assert desk("zhao_centre").get(address).status_code == 404


def test_family_sees_what_was_agreed_to_and_the_elder_sees_who_looked(cast: Cast) -> None:
    elder = a_resident(cast.tang_grid, name="王秀英", phone="13800138000", birth_date="1950-03-12")
    band = make_device("W-1", "wearable", resident_uid=elder.uid, area=GRID_2)
    spoke(band, heart_rate=77, battery=50)
    Contact.objects.create(device=band, rank=1, role="family", name="李小梅", phone=PHONE, phone_blind=blind(PHONE))
    client = Client()
    assert client.get("/my-devices").status_code == 302
    client.force_login(make_resident(PHONE))
    assert "77" not in strip_tags(said(client.get("/my-devices")))
    record_consent(
        actor=cast.tang_grid, now=clock_now(), resident=elder, purpose=FAMILY_PURPOSE, notice="1", how="paper"
    )
    make_alarm(band, clock_now(), kind="sos", rule="sos")
    page = said(client.get("/my-devices"))
    assert "77" in page and "王*" in page and "正在报警" in page
    assert [one.why for one in who_looked(f"resident:{elder.pk}").rows] == ["家属查看"]
    Device.objects.filter(pk=band.pk).update(watches_since=clock_now())
    assert "正在报警" not in said(client.get("/my-devices")), "of whoever wore it before"
    Wearing.objects.create(device=band, resident_uid=elder.uid, until=clock_now())
    assert "正在报警" in said(client.get("/my-devices")), "it was the same elder"
