"""The supervisors' pages, the public page behind a QR code and the interface for systems, through HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import COUNTY, GRID_1, GRID_2, IN_GRID_1, Cast, account_of
from huying.ground.organisation.actions import issue_key
from huying.ground.organisation.models import Person
from huying.ground.territory.models import Area, TerritoryVersion
from huying.kernel.actor import Actor, system
from huying.kernel.clock import local_day
from huying.kernel.clock import now as clock_now
from huying.senses.field import actions
from huying.senses.field.actions.finding import Failed
from huying.senses.field.actions.patrolling import Spot
from huying.senses.field.actions.writing import day_begins
from huying.senses.field.factories import make_form, make_plan, make_shop
from huying.senses.field.models import CheckIn, Plan, Round, SpotCheck, Task
from huying.senses.field.tests.test_findings import inspected

FIELD = system("field")
Desk = Callable[..., Client]


@pytest.fixture
def desk(cast: Cast, settings: Any) -> Desk:
    settings.HUYING_REQUIRE_TOTP = False

    def sign_in(name: str = "qian_supervisor", language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(account_of(cast.people[name]))
        return client

    return sign_in


def said(answer: Any) -> str:
    return str(answer.content.decode())


def task_of(cast: Cast, number: int, **more: Any) -> Task:
    """A task that fell due yesterday."""
    now = clock_now()
    values: dict[str, Any] = {
        "uid": uuid4(), "source": "test", "source_key": str(number), "kind": "inspect", "title": f"任务{number}",
        "area": GRID_1, "opens_at": now - timedelta(days=3), "due_at": day_begins(local_day(now)),
    }  # fmt: skip
    return Task.objects.create(**(values | more))


def a_week(cast: Cast) -> None:
    now = clock_now()
    worker = Person.objects.get(pk=cast.tang_grid.person_id)
    done = {"state": "done", "closed_at": now, "done_at": now, "done_by": worker}
    task_of(cast, 1, **done, done_late=False)
    task_of(cast, 2, **done, done_late=True)
    task_of(cast, 3)
    task_of(cast, 4, area=GRID_2)
    task_of(cast, 5, state="skipped", skip="closed", closed_at=now, done_by=worker)
    task_of(cast, 6, state="ended", closed_at=now)
    task_of(cast, 7, state="skipped", skip="missed", closed_at=now)


def numbers(page: str) -> list[str]:
    return re.findall(r'stat__value">([^<]*)', page)


def test_every_number_of_the_board_opens_its_list(cast: Cast, desk: Desk) -> None:
    a_week(cast)
    shop = make_shop(now=clock_now())
    failed = Failed(path="w", label="门前垃圾", item="0101")
    actions.take_findings(inspected(shop, failed, at=clock_now()), actor=cast.tang_grid, now=clock_now())
    client = desk()
    page = said(client.get("/desk/field/"))
    # 3 overdue or missed · none to look at · 2 done ÷ (2 done + 3) · in time 1 ÷ 5 · 1 passed over · 1 finding
    assert [one.strip() for one in numbers(page)] == ["3", "0", "40%", "20%", "1", "1"]
    assert "柳岸一网格" in page and "唐网格" in page and "不排名" in page
    for what, titles in (
        ("overdue", {"任务3", "任务4", "任务7"}),
        ("done", {"任务1", "任务2"}),
        ("late", {"任务2"}),
        ("skipped", {"任务5"}),
    ):
        answer = said(client.get(f"/desk/field/tasks/?days=7&what={what}"))
        assert set(re.findall(r"任务\d", answer)) == titles
    assert "没有开门或没有人" in said(client.get("/desk/field/tasks/?what=skipped"))
    assert "门前垃圾" in said(client.get("/desk/field/findings/"))
    outlines = client.get("/desk/field/coverage.geojson").json()["features"]
    assert {one["properties"]["code"] for one in outlines} == {GRID_1, GRID_2}
    inside = said(client.get(f"/desk/field/tasks/?area={GRID_2}&what=due"))
    assert set(re.findall(r"任务\d", inside)) == {"任务4"}
    assert "Field work" in said(desk(language="en").get("/desk/field/"))


def test_lists_cost_the_same_however_long(cast: Cast, desk: Desk) -> None:
    client = desk()
    a_week(cast)
    addresses = (
        "/desk/field/",
        "/desk/field/tasks/",
        "/desk/field/plans/",
        "/desk/field/rounds/",
        "/desk/field/checks/",
    )
    client.get("/desk/field/")

    def counted() -> dict[str, int]:
        found = {}
        for address in addresses:
            with CaptureQueriesContext(connection) as seen:
                assert client.get(address).status_code == 200
            found[address] = len(seen)
        return found

    make_plan(now=clock_now())
    make_round(cast, "r0")
    before = counted()
    for number in range(10, 20):
        task_of(cast, number, done_by_id=cast.tang_grid.person_id)
        make_plan(f"plan-{number}", now=clock_now())
        make_round(cast, f"r{number}")
    assert counted() == before


def make_round(cast: Cast, code: str) -> Round:
    spot = Spot(name="大门", lon=IN_GRID_1[0], lat=IN_GRID_1[1])
    return actions.save_round(
        code, name="一网格夜巡", area=GRID_1, spots=[spot], actor=cast.zhao_centre, now=clock_now()
    )


@pytest.mark.parametrize("name", ["tang_grid", "ma_liuan", "he_sanitation"])
def test_the_pages_are_for_those_who_oversee(cast: Cast, desk: Desk, name: str) -> None:
    make_round(cast, "night")
    make_plan(now=clock_now())
    client = desk(name)
    paths = ["", "tasks/", "findings/", "plans/", "plans/fire", "plans/new", "rounds/", "rounds/night", "checks/"]
    paths += ["coverage.geojson", "rounds/night/sheet", "rounds/night/points", "rounds/new"]
    assert {path: client.get(f"/desk/field/{path}").status_code for path in paths} == dict.fromkeys(paths, 404)
    assert client.post("/desk/field/checks/1/judge").status_code == 404


def test_nonsense_is_refused(cast: Cast, desk: Desk) -> None:
    client = desk()
    for wrong in ("days=5", "from=2026-03-02&to=2026-03-01", "from=x&to=y", "area=12a"):
        assert client.get(f"/desk/field/?{wrong}").status_code == 422


# --- plans and rounds -------------------------------------------------------------------------------------------


def typed(**more: Any) -> dict[str, Any]:
    today = local_day(clock_now()).isoformat()
    return {
        "code": "fire", "title": "消防检查", "kind": "inspect", "form": "fire-small", "subject_kind": "premises",
        "area": COUNTY, "every_red": "7", "every_": "", "window_days": "7", "priority": "2", "valid_from": today,
        "roles": ["grid_worker"], "active": "1", "wanted": ["kind=shop", "gas=yes"], **more,
    }  # fmt: skip


def test_a_plan_says_what_it_would_ask_before_it_is_saved(cast: Cast, desk: Desk) -> None:
    make_form(now=clock_now())
    make_shop(now=clock_now(), details={"gas": True})
    make_shop("无燃气", now=clock_now())
    client = desk("zhao_centre")
    assert client.get("/desk/field/plans/new").status_code == 200
    preview = said(client.post("/desk/field/plans/new", typed(do="preview")))
    assert re.search(r"会要求上门 [45] 次", preview) and not Plan.objects.exists()
    refused = client.post("/desk/field/plans/new", typed(do="save", every_red="", title=""))
    assert refused.status_code == 422 and "请至少写一个周期" in said(refused) and not Plan.objects.exists()
    assert client.post("/desk/field/plans/new", typed(do="preview", area="")).status_code == 403
    assert client.post("/desk/field/plans/new", typed(do="save")).status_code == 302
    plan = Plan.objects.get()
    assert (plan.every, plan.wanted) == ({"red": 7}, {"kind": ["shop"], "gas": [True]})
    shown = said(client.get("/desk/field/plans/fire"))
    assert 'value="gas=yes" checked' in shown
    client.post("/desk/field/plans/fire", typed(do="save", every_red="5"))
    plan.refresh_from_db()
    assert plan.every == {"red": 5}
    assert "红色每 5 天" in said(client.get("/desk/field/plans/"))


@pytest.mark.parametrize("days", ["9" * 5, "9" * 5000, "一"])
def test_a_round_of_days_nobody_means_is_refused(cast: Cast, desk: Desk, days: str) -> None:
    client = desk("zhao_centre")
    form = {"code": "night", "name": "夜巡", "area": GRID_1, "every_days": days, "lines": "大门, 120.002, 30.002"}
    assert client.post("/desk/field/rounds/new", form).status_code == 422
    assert not Round.objects.exists()


def test_a_round_is_drawn_printed_and_its_signs_stay(cast: Cast, desk: Desk) -> None:
    client = desk("zhao_centre")
    lines = "大门, 120.002, 30.002\n后院，120.004，30.004，30"
    form = {"code": "night", "name": "夜巡", "area": GRID_1, "every_days": "1", "lines": lines, "active": "1"}
    assert client.post("/desk/field/rounds/new", form).status_code == 302
    codes = dict(Round.objects.get().checkpoints.values_list("name", "code"))
    client.post("/desk/field/rounds/night", form | {"lines": "后院, 120.004, 30.004"})
    assert dict(Round.objects.get().checkpoints.filter(active=True).values_list("name", "code")) == {
        "后院": codes["后院"]
    }
    refused = client.post("/desk/field/rounds/night", form | {"lines": "大门 120.002"})
    assert refused.status_code == 422 and "大门 120.002" in said(refused)
    sheet = said(client.get("/desk/field/rounds/night/sheet"))
    assert codes["后院"] in sheet and "<svg" in sheet and "style=" not in sheet
    assert len(client.get("/desk/field/rounds/night/points").json()["features"]) == 1


def test_doubts_and_spot_checks_are_judged_on_the_desk(cast: Cast, desk: Desk) -> None:
    now = clock_now()
    point = make_round(cast, "night").checkpoints.get()
    one = actions.check_in(point.uid, op=uuid4(), how="qr", code="x", actor=cast.tang_grid, now=now, at=now)
    actions.draw_sample(local_day(now), actor=FIELD, now=now)
    client, spot = desk(), SpotCheck.objects.get()
    assert "扫的是别处的码" in said(client.get("/desk/field/checks/"))
    assert client.post(f"/desk/field/checks/{one.pk}/judge", {"verdict": "wrong", "words": ""}).status_code == 422
    assert client.post(f"/desk/field/checks/{one.pk}/judge", {"verdict": "fine"}).status_code == 302
    assert client.post(f"/desk/field/checks/{one.pk}/judge", {"verdict": "fine"}).status_code == 409
    assert "大门" in said(client.get("/desk/field/checks/?show=spots"))
    recorded = client.post(f"/desk/field/spots/{spot.pk}/record", {"how": "phone", "result": "confirmed"})
    assert recorded.status_code == 302 and CheckIn.objects.get().verdict == "fine"
    assert "没有要看的" in said(client.get("/desk/field/checks/?show=spots"))


# --- the public page --------------------------------------------------------------------------------------------


def test_everybody_sees_who_walks_here_and_nothing_of_anybody(cast: Cast, desk: Desk) -> None:
    now = clock_now()
    Person.objects.filter(pk=cast.tang_grid.person_id).update(phone="0755-12340000")
    shop = make_shop(now=now, private='{"keeper_name": "王老板", "keeper_phone": "13800138000"}')
    room = make_shop("501室", now=now, kind="room", parent=shop, address="望湖街道柳岸社区湖滨路1号501室")
    worker = Person.objects.get(pk=cast.tang_grid.person_id)
    done = {"state": "done", "closed_at": now, "done_at": now, "done_late": False, "done_by": worker}
    task_of(cast, 1, subject_kind="premises", subject_uid=shop.uid, **done)
    answer = Client().get(f"/p/{shop.code}")
    page = said(answer)
    assert "唐网格" in page and "0755-12340000" in page and "12345" in page and "没有未整改的问题" in page
    assert "王老板" not in page and "13800138000" not in page
    assert answer.headers["X-Robots-Tag"].startswith("noindex") and 'name="robots"' in page
    inside = said(Client().get(f"/p/{room.code}"))
    assert f"about={shop.code}" in inside and room.code not in inside.partition("/report?")[2].partition('"')[0]
    assert (
        "501" not in inside.replace(room.code, "").replace(shop.code, "")
        and "湖滨路1号" in inside
        and "上次检查" not in inside
    )
    link = re.search(r'href="(/report\?[^"]+)"', page)
    assert link
    form = said(Client().get(link[1].replace("&amp;", "&")))
    assert shop.address in form and "120.005" in form and f'name="about" value="{shop.code}"' in form
    assert "打开档案" not in page and "打开档案" in said(desk("tang_grid").get(f"/p/{shop.code}"))
    assert Client().get(f"/p/{shop.code.upper()}").status_code == 200
    assert Client().get("/p/NOTHING99").status_code == 404
    point = make_round(cast, "night").checkpoints.get()
    assert "大门" in said(Client().get(f"/p/{point.code.lower()}"))


def test_nobody_reads_all_codes_in_a_row(cast: Cast, settings: Any) -> None:
    settings.HUYING_PORTAL_LIMITS = {"look": (3, 600)}
    client = Client(REMOTE_ADDR="192.0.2.77")
    assert [client.get("/p/NOTHING99").status_code for _try in range(5)] == [404, 404, 404, 429, 429]


# --- the interface for systems ----------------------------------------------------------------------------------


def test_systems_with_the_scope_read_tasks_plans_and_coverage(cast: Cast, desk: Desk) -> None:
    a_week(cast)
    make_plan(now=clock_now(), area=COUNTY)
    editor = Actor("system", "system:test", "测试")
    good = _key(editor, ["field:read"], GRID_1)
    tasks = good.get("/api/v1/field/tasks").json()["items"]
    assert {one["title"] for one in tasks} == {"任务1", "任务2", "任务3", "任务5", "任务7"}
    (grid,) = good.get("/api/v1/field/coverage").json()["items"]
    assert (grid["area"], grid["due"], grid["done_share"], grid["overdue"]) == (GRID_1, 5, 50, 2)
    assert good.get("/api/v1/field/plans").json()["items"][0]["code"] == "fire"
    assert good.get("/api/v1/field/tasks?what=x").status_code == 422
    assert good.get("/api/v1/field/coverage?since=2026-03-02&until=2026-03-01").status_code == 422
    assert _key(editor, ["cases:read"], "").get("/api/v1/field/tasks").status_code == 403
    assert desk("tang_grid").get("/api/v1/field/coverage").status_code == 404
    assert Client().get("/api/v1/field/plans").status_code == 401


def _key(actor: Actor, scopes: list[str], area: str) -> Client:
    now = clock_now()
    _row, token = issue_key(
        name="x", scopes=scopes, area=area, expires_at=now + timedelta(days=1), actor=actor, now=now
    )
    return Client(headers={"authorization": f"Bearer {token}"})


def test_grids_are_called_by_their_english_names_where_they_have_one(cast: Cast, desk: Desk) -> None:
    task_of(cast, 1)
    Area.objects.filter(code=GRID_1).update(name_en="Grid 1")
    TerritoryVersion.objects.update(stamp=uuid4())
    page = said(desk(language="en").get("/desk/field/"))
    assert "Grid 1" in page and "柳岸一网格" not in page
    assert "柳岸一网格" in said(desk().get("/desk/field/"))
