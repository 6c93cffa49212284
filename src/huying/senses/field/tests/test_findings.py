"""A failed item becomes a case with its photos or is solved on the spot; closing it brings somebody back to look again."""

from __future__ import annotations

import io
from uuid import UUID, uuid4

import pytest
from PIL import Image

from huying.casework.cases.factories import GRID_1, IN_GRID_1, IN_GRID_2, NOW, Cast
from huying.casework.cases.facts import CaseClosed, CaseMerged, CaseSentBack
from huying.casework.cases.models import Attachment, Case
from huying.ground.registry.models import Premises
from huying.ground.territory.models import Area
from huying.kernel.actor import system
from huying.kernel.clock import local_day
from huying.kernel.facts import collected, publish
from huying.kernel.files import accept_upload
from huying.senses.field import actions
from huying.senses.field.actions import following
from huying.senses.field.actions.finding import Failed, Inspected, waiting_for
from huying.senses.field.factories import make_shop
from huying.senses.field.facts import FindingMade, FindingSolved
from huying.senses.field.models import Finding, FindingPhoto, Task
from huying.senses.forms.facts import SubmissionReceived
from huying.senses.reports.models import Report

FIELD = system("field")


def photo(cast: Cast, colour: int = 0) -> int:
    drawn = io.BytesIO()
    Image.new("RGB", (32, 24), (colour, 9, 9)).save(drawn, "PNG")
    drawn.seek(0)
    return accept_upload(drawn, actor=cast.tang_grid, now=NOW).pk


def inspected(shop: Premises, *failed: Failed, op: UUID | None = None, **more: object) -> Inspected:
    values: dict[str, object] = {
        "op": op or uuid4(),
        "form": "fire-small",
        "at": NOW,
        "area": GRID_1,
        "failed": failed,
        "address": shop.address,
        "lon": IN_GRID_1[0],
        "lat": IN_GRID_1[1],
        "subject_kind": "premises",
        "subject_uid": shop.uid,
        "premises": shop.uid,
    }
    return Inspected(**(values | more))  # type: ignore[arg-type]


def test_failed_items_of_one_kind_are_one_case_with_its_photos(cast: Cast) -> None:
    shop, pictures = make_shop(now=NOW), [photo(cast, n) for n in range(3)]
    one = inspected(
        shop,
        Failed(path="exit/blocked", label="安全出口被堵", item="0514", severity="serious", photos=pictures[:1]),
        Failed(path="exit/stairs", label="楼道堆物", item="0514", photos=pictures[1:2]),
        Failed(path="waste", label="门前垃圾", item="0101", photos=pictures[2:]),
        Failed(path="odd", label="说不清的问题"),
    )
    with collected() as told:
        rows = actions.take_findings(one, actor=cast.tang_grid, now=NOW)
    cases = {row.path: row.case_id for row in rows}
    assert cases["exit/blocked"] == cases["exit/stairs"] and len(set(cases.values())) == 3
    case = Case.objects.select_related("item").get(pk=cases["exit/blocked"])
    assert (case.item.code, case.grid) == ("0514", GRID_1)
    assert Attachment.objects.filter(case=case).count() == 2
    report = Report.objects.get(case=case)
    assert (report.source, report.channel, report.taken_by) == ("field", "grid", cast.tang_grid.ref)
    assert "安全出口被堵；楼道堆物" in report.text
    assert {one.severity for one in told if isinstance(one, FindingMade)} == {"serious", "minor"}
    assert actions.take_findings(one, actor=cast.tang_grid, now=NOW) == []
    assert (Finding.objects.count(), Case.objects.count()) == (4, 3)


def test_the_case_is_about_the_shop_and_about_nobody(cast: Cast) -> None:
    shop, firm, waste = make_shop(now=NOW), uuid4(), Failed(path="waste", label="门前垃圾", item="0101")
    of_firm = inspected(shop, waste, subject_kind="organisation", subject_uid=firm)
    (row,) = actions.take_findings(of_firm, actor=cast.tang_grid, now=NOW)
    assert Case.objects.get(pk=row.case_id).subjects == [f"organisation:{firm}", f"premises:{shop.uid}"]
    of_person = inspected(shop, Failed(path="odd", label="说不清"), subject_kind="person", subject_uid=uuid4())
    (row,) = actions.take_findings(of_person, actor=cast.tang_grid, now=NOW)
    assert Case.objects.get(pk=row.case_id).subjects == [f"premises:{shop.uid}"]


def test_the_same_matter_of_the_same_shop_is_joined_while_it_is_open(cast: Cast) -> None:
    shop = make_shop(now=NOW)
    waste = Failed(path="waste", label="门前垃圾", item="0101")
    (first,) = actions.take_findings(inspected(shop, waste), actor=cast.tang_grid, now=NOW)
    (second,) = actions.take_findings(inspected(shop, waste), actor=cast.tang_grid, now=NOW)
    assert first.case_id == second.case_id and Report.objects.filter(case=first.case_id).count() == 2


def test_solved_on_the_spot_opens_no_case_and_keeps_both_pictures(cast: Cast) -> None:
    shop, before, after = make_shop(now=NOW), photo(cast), photo(cast, 9)
    solved = Failed(path="a", label="灭火器过期", item="0514", photos=[before], after_photos=[after], solved=True)
    (row,) = actions.take_findings(inspected(shop, solved), actor=cast.tang_grid, now=NOW)
    assert (row.state, row.case_id, row.solved_at) == ("solved", None, NOW)
    assert set(FindingPhoto.objects.values_list("stage", "file")) == {("before", before), ("after", after)}
    assert not Case.objects.exists()


def opened(cast: Cast, **more: object) -> tuple[Premises, Finding]:
    shop = make_shop(now=NOW)
    failed = Failed(
        **({"path": "waste", "label": "门前垃圾", "item": "0101", "severity": "serious", "reinspect": True} | more)
    )  # type: ignore[arg-type]
    (row,) = actions.take_findings(inspected(shop, failed), actor=cast.tang_grid, now=NOW)
    return shop, row


def close(row: Finding) -> None:
    publish(CaseClosed(case_id=row.case_id or 0, at=NOW, by="system:test", late=False))


def test_closing_the_case_brings_somebody_back(cast: Cast) -> None:
    shop, row = opened(cast)
    close(row)
    close(row)
    row.refresh_from_db()
    task = Task.objects.get()
    assert (row.state, row.task_id) == ("reinspect", task.pk)
    assert (task.kind, task.form, task.subject_uid, task.priority) == ("reinspect", "fire-small", shop.uid, 1)
    assert (task.due_at - task.opens_at).days == 8  # today and the seven days of a serious finding
    with collected() as told:
        actions.close_reinspections(waiting_for(task), [], actor=FIELD, now=NOW)
    row.refresh_from_db()
    assert row.state == "solved" and any(isinstance(one, FindingSolved) for one in told)


def test_failing_again_gives_way_to_a_new_finding(cast: Cast) -> None:
    shop, row = opened(cast)
    close(row)
    task = Task.objects.get()
    old = waiting_for(task)
    actions.close_reinspections(old, ["waste"], actor=FIELD, now=NOW)
    failed = Failed(path="waste", label="门前垃圾", item="0101")
    (new,) = actions.take_findings(inspected(shop, failed, again_of={"waste": old[0]}), actor=cast.tang_grid, now=NOW)
    row.refresh_from_db()
    assert (row.state, new.again_of_id, new.state) == ("again", row.pk, "open_case")


@pytest.mark.parametrize("reinspect", [True, False])
def test_what_nobody_has_to_look_at_again_is_solved_by_closing(cast: Cast, reinspect: bool) -> None:
    _shop, row = opened(cast, reinspect=reinspect)
    close(row)
    row.refresh_from_db()
    assert row.state == ("reinspect" if reinspect else "solved")
    assert Task.objects.exists() is reinspect


def test_a_case_sent_back_waits_for_its_closing_once_more(cast: Cast) -> None:
    _shop, row = opened(cast)
    close(row)
    publish(
        CaseSentBack(case_id=row.case_id or 0, at=NOW, by="x", assignment_id=_assignment(row), redos=1, why="reporter")
    )
    row.refresh_from_db()
    assert (row.state, row.task, Task.objects.get().state) == ("open_case", None, "ended")


def _assignment(row: Finding) -> int:
    assert row.case is not None
    return int(row.case.assignments.values_list("pk", flat=True)[0])


def test_a_merged_case_takes_its_findings_along(cast: Cast) -> None:
    _shop, row = opened(cast)
    other = make_shop("另一家", now=NOW)
    failed = Failed(path="p", label="楼道堆物", item="0514")
    (into,) = actions.take_findings(inspected(other, failed), actor=cast.tang_grid, now=NOW)
    publish(CaseMerged(case_id=row.case_id or 0, at=NOW, by="x", into_id=into.case_id or 0))
    row.refresh_from_db()
    assert row.case_id == into.case_id


FAR = (120.5, 30.5)


def test_what_the_registry_places_needs_nobody_to_find_out_where(cast: Cast) -> None:
    bare = make_shop("没有定位的店", now=NOW, lon=None, lat=None)
    waste = Failed(path="waste", label="门前垃圾", item="0101")
    nowhere = {"lon": None, "lat": None, "address": "没有这个地方"}
    (row,) = actions.take_findings(inspected(bare, waste, registered=True, **nowhere), actor=cast.tang_grid, now=NOW)
    case = Case.objects.get(pk=row.case_id)
    assert (case.state, case.grid, case.lon) == ("dispatched", GRID_1, None)
    off = inspected(bare, Failed(path="p", label="楼道堆物", item="0514"), registered=True, lon=FAR[0], lat=FAR[1])
    (row,) = actions.take_findings(off, actor=cast.tang_grid, now=NOW)
    assert (row.case is not None) and (row.case.grid, row.case.state) == (GRID_1, "dispatched")
    (row,) = actions.take_findings(inspected(bare, waste, premises=None, **nowhere), actor=cast.tang_grid, now=NOW)
    assert Case.objects.get(pk=row.case_id).state == "pending"


def test_a_grid_that_has_ended_is_not_taken_for_certain(cast: Cast) -> None:
    Area.objects.filter(code=GRID_1).update(valid_to=local_day(NOW))
    shop = make_shop(now=NOW)
    gone = inspected(shop, Failed(path="w", label="门前垃圾", item="0101"), registered=True, lon=FAR[0], lat=FAR[1])
    (row,) = actions.take_findings(gone, actor=cast.tang_grid, now=NOW)
    assert row.case is not None and (row.case.grid, row.case.state) == ("", "pending")


def sent(shop: Premises, **more: object) -> SubmissionReceived:
    told: dict[str, object] = {"submission_id": 1, "op": uuid4(), "form": "fire-small", "kind": "inspect"}
    told |= {
        "task_uid": None,
        "subject_kind": "premises",
        "subject_uid": shop.uid,
        "area": GRID_1,
        "by": "x",
        "at": NOW,
    }
    return SubmissionReceived(**(told | more))  # type: ignore[arg-type]


def test_a_form_finished_elsewhere_is_about_where_the_place_stands(cast: Cast) -> None:
    shop = make_shop(now=NOW)
    own = (shop.lon, shop.lat)
    near = (IN_GRID_1[0] + 0.001, IN_GRID_1[1])
    for point, kept in ((near, near), (IN_GRID_2, own), (FAR, own), ((None, None), own)):
        made = following.inspected(sent(shop, lon=point[0], lat=point[1]), [], None, {}, NOW)
        assert ((made.lon, made.lat), made.area, made.registered) == (kept, GRID_1, True)
    bare = make_shop("没有定位的店", now=NOW, lon=None, lat=None)
    for point, kept in ((near, near), (IN_GRID_2, (None, None)), (FAR, (None, None)), ((None, None), (None, None))):
        made = following.inspected(sent(bare, lon=point[0], lat=point[1]), [], None, {}, NOW)
        assert ((made.lon, made.lat), made.area) == (kept, GRID_1)
    nobody = following.inspected(sent(shop, subject_uid=uuid4(), lon=FAR[0], lat=FAR[1]), [], None, {}, NOW)
    assert ((nobody.lon, nobody.lat), nobody.registered) == (FAR, False)
