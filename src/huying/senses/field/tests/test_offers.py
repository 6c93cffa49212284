"""What a phone is given to hold: tasks with how it was last time, people as their grid's worker needs them, its own reports."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import shapely
import shapely.affinity

from huying.casework.cases.factories import GRID_1, GRID_2, IN_GRID_1, LIUAN, NOW, Cast
from huying.casework.cases.facts import CaseClosed
from huying.ground.organisation.models import Appointment, Post
from huying.ground.registry.models import Premises, Resident
from huying.ground.territory.models import Area
from huying.kernel.actor import system
from huying.kernel.facts import publish
from huying.senses.field import actions
from huying.senses.field.actions.finding import Failed
from huying.senses.field.factories import make_form, make_plan, make_shop
from huying.senses.field.offers import own_reports
from huying.senses.field.tests.test_findings import inspected, photo
from huying.senses.forms.models import Form, Submission
from huying.senses.reports.actions import Voice, take_in
from huying.senses.sync.doors import Scope, offered, told

FIELD = system("field")


def scope(cast: Cast, *areas: str, roles: tuple[str, ...] = ("grid_worker",)) -> Scope:
    return Scope(cast.tang_grid.person_id or 0, areas or (GRID_1,), frozenset(roles), 20_000, date(2026, 3, 10))


def bodies(kind: str, of: Scope) -> dict[str, Any]:
    offer = offered(of)[kind]
    if hasattr(offer, "records"):
        return {one: body for one, _version, body in offer.records()}
    rows = offer.queryset.filter(offer.keep) if offer.keep is not None else offer.queryset
    return {str(row.uid): offer.shape(row) for row in rows}


def test_tasks_go_to_those_who_may_do_them(cast: Cast, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    make_plan(now=NOW)
    make_plan("police", now=NOW, posts=["police_room"])
    shops = [make_shop(f"店{n}", now=NOW, created_at=NOW - timedelta(days=400)) for n in range(3)]
    make_shop("别处", now=NOW, grid=GRID_2)
    actions.derive_tasks(actor=FIELD, now=NOW)
    offer = offered(scope(cast))["task"]
    with django_assert_num_queries(2):
        found = [offer.shape(row) for row in offer.queryset.filter(offer.keep)]  # type: ignore[union-attr]
    assert len(found) == 3 and {one["form"] for one in found} == {"fire-small"}
    assert {one["subject"]["uid"] for one in found} == {str(shop.uid) for shop in shops}
    assert bodies("task", scope(cast, roles=("assistant",))) == {}
    post = Post.objects.create(code="police_room", name="警务室", role="grid_worker")
    Appointment.objects.filter(person=cast.tang_grid.person_id).update(post=post)
    assert len(bodies("task", scope(cast))) == 6


def test_a_reinspection_says_what_was_wrong(cast: Cast) -> None:
    shop = make_shop(now=NOW)
    failed = Failed(path="waste", label="门前垃圾", item="0101", reinspect=True, photos=[photo(cast)])
    (row,) = actions.take_findings(inspected(shop, failed), actor=cast.tang_grid, now=NOW)
    publish(CaseClosed(case_id=row.case_id or 0, at=NOW, by="x", late=False))
    (task,) = bodies("task", scope(cast)).values()
    (finding,) = task["last"]["findings"]
    assert (finding["label"], finding["state"]["zh"], len(finding["photos"])) == ("门前垃圾", "待复查", 1)
    assert (task["last"]["submission"], task["last"]["by"]) == (str(row.submission), cast.tang_grid.name)
    (mine,) = bodies("mine", scope(cast)).values()
    assert mine["number"] and mine["state_words"] == {"zh": "待签收", "en": "To sign"} and mine["open"]


def test_people_are_held_by_their_grids_worker_only_and_id_numbers_masked(cast: Cast) -> None:
    home = make_shop("501室", now=NOW, kind="room")
    private = '{"name": "李桂兰", "phone": "13800138000", "id_number": "440301194001011234", "health": "高血压"}'
    person = Resident.objects.create(area=GRID_1, home=home, private=private, checked_at=NOW, created_at=NOW)
    held = bodies("person", scope(cast))[str(person.uid)]
    assert (held["name"], held["phone"], held["address"]) == ("李桂兰", "13800138000", home.address)
    assert held["id_number"] == "440****1234" and "health" not in held
    assert bodies("person", scope(cast, LIUAN)) == {}  # a lead of the community holds no residents
    assert bodies("person", scope(cast, GRID_2)) == {}
    assert len(bodies("premises", scope(cast, LIUAN))) == 1


def test_names_come_with_their_initials(cast: Cast) -> None:
    private = '{"name": "单桂兰", "phone": "13800138000"}'
    person = Resident.objects.create(area=GRID_1, private=private, checked_at=NOW, created_at=NOW)
    shop, numbered = make_shop("老张面馆", now=NOW), make_shop("502", now=NOW)
    held = bodies("person", scope(cast))[str(person.uid)]
    assert {"dgl", "sgl", "shanguilan"} <= set(held["pinyin"])  # a surname is read otherwise than the sign
    assert bodies("premises", scope(cast))[str(shop.uid)]["pinyin"][0] == "lzmg"
    assert "pinyin" not in bodies("premises", scope(cast))[str(numbered.uid)]


def test_a_task_tells_the_last_time_clean_or_not(cast: Cast, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    make_plan(now=NOW)
    shop, other = (make_shop(name, now=NOW, created_at=NOW - timedelta(days=400)) for name in ("一店", "二店"))
    actions.derive_tasks(actor=FIELD, now=NOW)
    before = make_form(now=NOW)
    for days, name in ((30, "以前的人"), (20, "小方")):
        filled(before, shop, cast, by_name=name, at=NOW - timedelta(days=days))
    tasks = {one["subject"]["uid"]: one for one in bodies("task", scope(cast)).values()}
    clean = tasks[str(shop.uid)]["last"]
    assert (clean["by"], clean["at"][:10], clean["findings"]) == ("小方", "2026-02-18", [])
    assert tasks[str(other.uid)]["last"] is None

    failed = Failed(path="waste", label="门前垃圾", item="0101")
    latest = filled(before, shop, cast, by_name="小方", at=NOW - timedelta(days=10))
    actions.take_findings(inspected(shop, failed, op=latest.uid), actor=cast.tang_grid, now=NOW)
    offer = offered(scope(cast))["task"]
    with django_assert_num_queries(2):
        found = [offer.shape(row) for row in offer.queryset.filter(offer.keep)]  # type: ignore[union-attr]
    (said,) = [one["last"] for one in found if one["last"]]
    assert said["findings"] == [
        {"label": "门前垃圾", "state": {"zh": "事件办理中", "en": "Case in progress"}, "photos": []}
    ]
    assert said["submission"] == str(latest.uid)


def filled(form: Form, shop: Premises, cast: Cast, *, by_name: str, at: datetime) -> Submission:
    return Submission.objects.create(
        uid=uuid4(), version=form.current, form=form, subject_kind="premises", subject_uid=shop.uid, area=GRID_1,
        answers={}, by=cast.tang_grid.ref, by_name=by_name, begun_at=at, ended_at=at, received_at=at,
    )  # fmt: skip


def test_what_it_needs_to_work_alone(cast: Cast) -> None:
    of = scope(cast, LIUAN)
    assert set(bodies("place", of)) == {LIUAN, GRID_1, GRID_2}
    assert bodies("place", of)[GRID_1]["outline"]
    assert "0101" in bodies("catalogue", of)
    assert bodies("fields", of)["premises"]["fields"]
    assert {one["code"] for one in told(actor=cast.tang_grid, now=NOW)["skips"]} >= {"closed", "other"}


def test_what_lies_outside_is_told_anew_when_boundaries_change(cast: Cast) -> None:
    lon, lat = IN_GRID_1
    voice = Voice(source="field", source_id="1", channel="grid", text="路面塌陷", item_code="0101", lon=lon, lat=lat)
    (made,) = take_in([voice], actor=cast.tang_grid, now=NOW)
    before = own_reports(scope(cast)).mark
    assert own_reports(scope(cast)).mark == before
    assert bodies("mine", scope(cast))[made.tracking_code]["outside"] is False
    for area in Area.objects.exclude(shape=None):
        shape = shapely.affinity.translate(shapely.from_wkb(bytes(area.shape or b"")), xoff=1.0)
        Area.objects.filter(pk=area.pk).update(shape=shapely.to_wkb(shape))
    assert own_reports(scope(cast)).mark != before
    assert bodies("mine", scope(cast))[made.tracking_code]["outside"] is True


def test_what_the_registry_has_placed_is_outside_for_no_phone(cast: Cast) -> None:
    shop = make_shop(now=NOW)
    far: dict[str, Any] = {"source": "field", "channel": "grid", "text": "路面塌陷", "lon": 121.0, "lat": 31.0}
    about = Voice(source_id="1", area=shop.area, subjects=(f"premises:{shop.uid}",), **far)
    placed, lost = take_in([about, Voice(source_id="2", **far)], actor=cast.tang_grid, now=NOW)
    assert (placed.outside, lost.outside) == (False, True)
    held = {code: said["outside"] for code, said in bodies("mine", scope(cast)).items()}
    assert held == {placed.tracking_code: False, lost.tracking_code: True}
