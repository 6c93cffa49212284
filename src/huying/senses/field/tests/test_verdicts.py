"""A doubtful check-in or work after a warning is judged by its evidence; the worker reads the verdict and may answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import GRID_1, IN_GRID_1, NOW, Cast
from huying.ground.registry.facts import PremisesRated
from huying.kernel.actor import Actor, Duty, system
from huying.kernel.clock import now as clock_now
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from huying.kernel.facts import collected, publish
from huying.kernel.files import may_see
from huying.kernel.models import StoredFile
from huying.kernel.trace.models import Entry
from huying.senses.field import actions, queries, queries_checks
from huying.senses.field.actions.patrolling import Spot
from huying.senses.field.factories import make_shop
from huying.senses.field.facts import WarningSeen
from huying.senses.field.models import CheckIn, Sighting, SpotCheck, Task
from huying.senses.sync.factories import make_device

from .test_findings import photo
from .test_pages import Desk, desk, said
from .test_phone import send

__all__ = ["desk"]
FIELD = system("field")
DOOR, YARD = (120.002, 30.002), (120.004, 30.004)


def patrol(cast: Cast, now: datetime = NOW) -> tuple[CheckIn, CheckIn]:
    """One check-in at the door, and nine seconds later one that says to be in the yard, with a picture."""
    spots = [Spot(name="大门", lon=DOOR[0], lat=DOOR[1]), Spot(name="后院", lon=YARD[0], lat=YARD[1])]
    row = actions.save_round("night-1", name="一网格夜巡", area=GRID_1, spots=spots, actor=cast.zhao_centre, now=now)
    door, yard = row.checkpoints.order_by("number")
    picture = StoredFile.objects.get(pk=photo(cast))
    given: dict[str, Any] = {"how": "position", "accuracy": 5.0, "actor": cast.tang_grid}
    first = actions.check_in(door.uid, op=uuid4(), point=DOOR, now=now, at=now, **given)
    then = now + timedelta(seconds=9)
    second = actions.check_in(yard.uid, op=uuid4(), point=DOOR, photos=[picture], now=then, at=then, **given)
    return first, second


def judge(row: CheckIn, actor: Actor, verdict: str, words: str = "", *, now: datetime = NOW) -> CheckIn:
    return actions.judge_check_in(row.pk, verdict=verdict, words=words, actor=actor, now=now)


def test_the_evidence_of_a_check_in(cast: Cast) -> None:
    first, second = patrol(cast)
    assert "far" in second.doubts
    with CaptureQueriesContext(connection) as asked:
        found = queries_checks.check_in_evidence(cast.qian_supervisor, second.pk)
    assert len(asked) == 7
    assert found.away is not None and 250 < found.away < 350 and found.later is None and found.spells == []
    assert found.earlier is not None
    assert (found.earlier.what, found.earlier.gap, found.earlier.away) == ("大门", timedelta(seconds=9), 0)
    (picture,) = found.pictures
    assert picture.file.subject == f"checkin:{second.pk}"
    assert may_see(cast.qian_supervisor, picture.file) and may_see(cast.tang_grid, picture.file)
    assert not may_see(cast.ma_liuan, picture.file)
    same = queries_checks.check_in_evidence(cast.qian_supervisor, first.pk)
    assert same.later is not None and same.later.what == "后院" and same.same == []


def test_nobody_can_tell_is_a_verdict_and_the_worker_answers_once_each(cast: Cast) -> None:
    _first, row = patrol(cast)
    with pytest.raises(Invalid):
        judge(row, cast.qian_supervisor, "unsure")
    with pytest.raises(NotFound):
        actions.answer_verdict("check_in", row.pk, text="在里面", actor=cast.tang_grid, now=NOW)
    judge(row, cast.qian_supervisor, "unsure", "定位飘")
    assert queries.answered(cast.qian_supervisor) == []
    answer: dict[str, Any] = {"text": "大门口打的，院子锁了", "actor": cast.tang_grid}
    entries = Entry.objects.count()
    for error, about, wrong in (
        (NotFound, "check_in", {"actor": cast.ma_liuan}),
        (NotFound, "spot", {}),
        (NotFound, "other", {}),
        (Invalid, "check_in", {"text": " "}),
    ):
        with pytest.raises(error):
            actions.answer_verdict(about, row.pk, now=NOW, **(answer | wrong))
    assert Entry.objects.count() == entries
    later = NOW + timedelta(hours=1)
    for _turn in range(2):
        actions.answer_verdict("check_in", row.pk, now=later, **answer)
    assert Entry.objects.filter(verb="answer_verdict").count() == 1
    with pytest.raises(Conflict):
        actions.answer_verdict("check_in", row.pk, now=later, **(answer | {"text": "再说一句"}))
    assert [one.pk for one in queries.answered(cast.qian_supervisor)] == [row.pk]
    judge(row, cast.qian_supervisor, "fine", now=later + timedelta(hours=1))
    assert queries.answered(cast.qian_supervisor) == []
    with pytest.raises(Conflict):
        judge(row, cast.qian_supervisor, "wrong", "又变了", now=later + timedelta(hours=2))
    with CaptureQueriesContext(connection) as asked:
        (told,) = queries_checks.own_judged(cast.tang_grid)
    assert len(asked) == 3
    assert (told.verdict, told.by, told.answer, told.may_answer) == ("fine", "钱督办", answer["text"], True)
    assert queries_checks.own_judged(cast.ma_liuan) == []


def warned(cast: Cast, now: datetime = NOW) -> Task:
    """A shop turned red; somebody went and wrote down what they saw, forty metres away, with a picture."""
    shop = make_shop(now=now)
    publish(PremisesRated(uid=shop.uid, risk="red", area=GRID_1, at=now))
    task = Task.objects.get(kind="warning")
    picture = StoredFile.objects.get(pk=photo(cast))
    picture.captured_lon, picture.captured_lat = IN_GRID_1
    picture.captured_at = now - timedelta(hours=3)
    picture.save()
    body = {
        "text": "门已锁，店主李四在外地",
        "task": str(task.uid),
        "lon": IN_GRID_1[0] + 4e-4,
        "lat": IN_GRID_1[1],
        "accuracy": 6,
    }
    send("report", body, cast.tang_grid, files={uuid4(): picture}, at=now)
    task.refresh_from_db()
    return task


def test_what_was_seen_after_a_warning_is_kept_told_and_judged(cast: Cast) -> None:
    with collected() as told:
        task = warned(cast)
    (fact,) = [one for one in told if isinstance(one, WarningSeen)]
    assert (fact.source, fact.source_key) == (task.source, task.source_key)
    spot = SpotCheck.objects.get()
    assert (spot.task_id, spot.why, spot.person_id) == (task.pk, "warning", cast.tang_grid.person_id)
    with CaptureQueriesContext(connection) as asked:
        found = queries_checks.task_evidence(cast.qian_supervisor, task.uid)
    assert len(asked) == 7
    ((seen, away),) = found.sightings
    assert seen.text == "门已锁，店主李四在外地" and away is not None and 35 < away < 42
    assert [(one.away, one.before) for one in found.pictures] == [(0, timedelta(hours=3))]
    by_key = queries_checks.sightings_of("warning", [task.source_key, "nothing"])
    assert [[one.pk for one in rows] for rows in by_key.values()] == [[seen.pk]]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM field_sighting s WHERE s::text LIKE '%李四%'")
        assert cursor.fetchone() == (0,)
    assert actions.draw_sample(NOW.date(), actor=FIELD, now=NOW) == 0, "what is judged anyway is not drawn as well"
    check: dict[str, Any] = {"how": "evidence", "result": "not_done", "words": "照片是三小时前的", "now": NOW}
    myself = Actor("staff", "person:9", "唐", person_id=cast.tang_grid.person_id, duties=(Duty("grid_lead", GRID_1),))
    with pytest.raises(Forbidden):
        actions.record_spot_check(spot.pk, **check, actor=myself)
    actions.record_spot_check(spot.pk, **check, actor=cast.qian_supervisor)
    later = NOW + timedelta(hours=1)
    body = {"about": "spot", "id": spot.pk, "text": "上午先拍的，下午又去敲门"}
    values = {"actor": cast.tang_grid, "now": later}
    actions.answer_verdict(body["about"], body["id"], text=body["text"], **values)
    assert [one.pk for one in queries.answered(cast.qian_supervisor)] == [spot.pk]
    assert send("answer", body, cast.tang_grid).state == "applied"
    with pytest.raises(Invalid):
        send("answer", body | {"id": "1"}, cast.tang_grid)
    actions.record_spot_check(
        spot.pk, **(check | {"result": "confirmed", "now": later + timedelta(hours=1)}), actor=cast.qian_supervisor
    )
    assert Entry.objects.filter(chain=f"spotcheck:{spot.pk}").count() == 3


# --- pages and the interface ----------------------------------------------------------------------------------------


def test_the_pages_show_the_evidence_take_a_verdict_and_the_answer(cast: Cast, desk: Desk) -> None:
    now = clock_now() - timedelta(hours=2)
    _first, row = patrol(cast, now)
    task = warned(cast, now)
    client, mine = desk(), desk("tang_grid")
    address = f"/desk/field/checks/{row.pk}/"
    page = said(client.get(address))
    assert "离巡查点较远" in page and "相隔 9 秒" in page and "唐网格" in page and 'value="unsure"' in page
    assert [one["properties"]["name"][:3] for one in client.get(f"{address}places").json()["features"]] == [
        "巡查点",
        "打卡位",
        "大门 ",
    ]
    assert client.post(address, {"verdict": "unsure", "words": ""}).status_code == 422
    assert client.post(address, {"verdict": "unsure", "words": "定位飘得厉害"}).status_code == 302
    assert client.post(address, {"verdict": "fine"}).status_code == 409
    own = said(mine.get("/desk/field/mine/"))
    assert "定位飘得厉害" in own and "钱督办" in own and "无法判断" in own
    told = {"about": "check_in", "id": str(row.pk), "text": "院子锁了，在门口打的"}
    assert mine.post("/desk/field/mine/", told | {"text": ""}).status_code == 422
    assert mine.post("/desk/field/mine/", told).status_code == 302
    assert mine.post("/desk/field/mine/", told | {"id": "999999"}).status_code == 404
    assert "院子锁了" in said(client.get(address)) and "院子锁了" in said(
        client.get("/desk/field/checks/?show=answered")
    )
    assert client.post(address, {"verdict": "fine", "words": "说得通"}).status_code == 302
    assert "说得通" in said(client.get("/desk/field/checks/?show=done"))

    address = f"/desk/field/tasks/{task.uid}/"
    seen = Sighting.objects.get()
    seen.text = f"{seen.text}，电话 13812345678"
    seen.save()
    page = said(client.get(address))
    assert (
        "门已锁" in page and "13812345678" not in page and "风险升为红色的预警" in page and "3 小时 0 分前拍的" in page
    )
    names = [one["properties"]["name"] for one in client.get(f"{address}places").json()["features"]]
    assert len(names) == 3 and "照片拍摄处" in names
    assert task.title in said(client.get("/desk/field/checks/?show=spots"))
    assert client.post(address, {"how": "phone", "result": "not_done", "words": ""}).status_code == 422
    assert client.post(address, {"how": "evidence", "result": "doubtful", "words": "照片早了"}).status_code == 302
    assert "照片早了" in said(client.get(address)) and "照片早了" in said(mine.get("/desk/field/mine/"))
    done = said(client.get("/desk/field/checks/?show=done"))
    assert "照片早了" in done and "说得通" in done and 'name="result"' not in done
    for name in ("ma_liuan", "tang_grid", "he_sanitation"):
        stranger = desk(name)
        for path in (
            address,
            f"{address}places",
            f"/desk/field/checks/{row.pk}/",
            f"/desk/field/checks/{row.pk}/places",
        ):
            assert stranger.get(path).status_code == 404
        assert stranger.post(address, {"how": "phone", "result": "confirmed"}).status_code == 404
    assert desk("ma_liuan").get("/desk/field/mine/").status_code == 403


def test_a_phone_reads_the_verdicts_and_answers(cast: Cast, desk: Desk) -> None:
    _first, row = patrol(cast, clock_now() - timedelta(hours=2))
    judge(row, cast.qian_supervisor, "wrong", "不在院里", now=clock_now() - timedelta(hours=1))
    _device, token = make_device(cast.tang_grid, now=clock_now())
    client, head = desk("tang_grid"), {"X-Huying-Device": token}
    (one,) = client.get("/api/v1/field/verdicts", headers=head).json()
    assert (one["about"], one["verdict"], one["words"], one["may_answer"]) == ("check_in", "wrong", "不在院里", True)
    path = f"/api/v1/field/verdicts/check_in/{row.pk}/answer"
    (one,) = client.post(path, {"text": "院子锁了"}, content_type="application/json", headers=head).json()
    assert (one["answer"], one["may_answer"]) == ("院子锁了", False)
    assert client.post(path, {"text": "再说"}, content_type="application/json", headers=head).status_code == 409
    wrong = f"/api/v1/field/verdicts/spot/{row.pk}/answer"
    assert client.post(wrong, {"text": "再说"}, content_type="application/json", headers=head).status_code == 404
    assert client.get("/api/v1/field/verdicts").status_code in (403, 404)
    assert not Sighting.objects.exists()
