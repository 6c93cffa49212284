"""What the operations of a phone do here, and what a phone is given to hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import orjson
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from huying.casework.cases.factories import GRID_1, GRID_2, GRID_3, IN_GRID_1, NOW, Cast, account_of
from huying.casework.cases.facts import CaseClosed, FeedbackGiven
from huying.casework.cases.models import Attachment, Case
from huying.ground.organisation.models import Appointment
from huying.ground.registry.facts import PremisesRated, RegistryChanged
from huying.ground.registry.models import Premises, Proposal, Resident
from huying.kernel import clock
from huying.kernel.actor import Actor, system
from huying.kernel.errors import Forbidden, Invalid, NotFound
from huying.kernel.facts import publish
from huying.kernel.files import StoredFile
from huying.kernel.models import AccessEntry
from huying.kernel.trace.models import Entry
from huying.senses.field import actions, queries
from huying.senses.field.access import may_see_file
from huying.senses.field.factories import make_plan, make_shop
from huying.senses.field.handlers import check_on_the_spot, closed
from huying.senses.field.models import DutySpell, Finding, Position, Sighting, Task
from huying.senses.field.tests.test_findings import photo
from huying.senses.field.tests.test_offers import bodies, scope
from huying.senses.forms.facts import SubmissionReceived
from huying.senses.reports.models import Report
from huying.senses.sync.doors import Incoming, Outcome, applier_of, told

FIELD = system("field")


def send(kind: str, body: dict[str, Any], actor: Actor, *, at: object = None, **more: Any) -> Outcome:
    values: dict[str, Any] = {"id": uuid4(), "subject": None, "base": None, "branch": None, "files": {}} | more
    op = Incoming(device_id=1, seq=1, kind=kind, at=at or NOW, body=body, **values)  # type: ignore[arg-type]
    applier = applier_of(kind)
    assert applier is not None
    (outcome,) = applier.apply_many([op], actor=actor, now=NOW)
    return outcome


def test_duty_and_positions(cast: Cast) -> None:
    assert send("duty", {"on": True}, cast.tang_grid).made == {"on_duty": True}
    point = [(NOW + timedelta(minutes=1)).isoformat(), *IN_GRID_1, 7]
    assert send("position", {"points": [point]}, cast.tang_grid).made == {"kept": 1, "dropped": 0}
    assert told(actor=cast.tang_grid, now=NOW)["on_duty"] is True
    assert send("duty", {"on": False}, cast.tang_grid, at=NOW + timedelta(hours=1)).made == {"on_duty": False}
    for kind, body in (("duty", {"on": "yes"}), ("position", {"points": [[1, 2]]}), ("position", {"points": None})):
        with pytest.raises(Invalid):
            send(kind, body, cast.tang_grid)
    with pytest.raises(Forbidden):
        send("duty", {"on": True}, cast.ma_liuan)
    assert (DutySpell.objects.count(), Position.objects.count()) == (1, 1)


def test_a_report_becomes_a_case_once(cast: Cast) -> None:
    picture = StoredFile.objects.get(pk=photo(cast))
    op = uuid4()
    body = {"text": "门前堆了垃圾", "item": "0101", "lon": IN_GRID_1[0], "lat": IN_GRID_1[1], "place": "湖滨路1号"}
    for _turn in range(2):
        made = send("report", body, cast.tang_grid, id=op, files={uuid4(): picture}).made
    report = Report.objects.select_related("case").get()
    assert (report.channel, report.case.number, report.tracking_code) == ("grid", made["number"], made["code"])
    assert (report.case.grid, Attachment.objects.count()) == (GRID_1, 1)
    with pytest.raises(Invalid):
        send("report", {"text": ""}, cast.tang_grid)
    with pytest.raises(Invalid):
        send("report", {"text": "看到了", "task": "nothing"}, cast.tang_grid)


def test_a_check_is_done_by_saying_what_was_seen(cast: Cast) -> None:
    send("report", {"text": "门前堆了垃圾", "item": "0101", "lon": IN_GRID_1[0], "lat": IN_GRID_1[1]}, cast.tang_grid)
    case = Case.objects.get()
    given = {"case_id": case.pk, "at": NOW, "by": "x", "assignment_id": 1}
    check_on_the_spot([FeedbackGiven(feedback_id=5, **given)])
    task = Task.objects.get()
    assert (task.kind, task.area) == ("check", GRID_1)
    done = send("report", {"text": "已经清走", "task": str(task.uid)}, cast.tang_grid)
    assert done.made == {"task": str(task.uid), "late": False}
    task.refresh_from_db()
    assert task.state == "done" and Entry.objects.filter(chain=f"case:{case.pk}", verb="note").exists()
    check_on_the_spot([FeedbackGiven(feedback_id=6, **given)])
    closed([CaseClosed(case_id=case.pk, at=NOW, by="x", late=False)])
    assert sorted(Task.objects.values_list("state", flat=True)) == ["done", "ended"]


def test_what_was_seen_after_a_warning_stays_with_it(cast: Cast) -> None:
    shop, picture = make_shop(now=NOW), StoredFile.objects.get(pk=photo(cast))
    publish(PremisesRated(uid=shop.uid, risk="red", area=GRID_1, at=NOW))
    task = Task.objects.get(kind="warning")
    op = uuid4()
    for _turn in range(2):
        send(
            "report",
            {"text": "门已锁，店主在外地", "task": str(task.uid)},
            cast.tang_grid,
            id=op,
            files={uuid4(): picture},
        )
    task.refresh_from_db()
    picture.refresh_from_db()
    entry = Entry.objects.get(chain=f"task:{task.pk}", verb="report_on_task")
    assert task.state == "done" and "店主" not in str(entry.body) and picture.subject == f"task:{task.pk}"
    assert may_see_file(cast.tang_grid, picture) and not may_see_file(cast.fang_qiaodong, picture)
    plan_task = Task.objects.exclude(pk=task.pk)
    assert not plan_task.exists()


@pytest.mark.parametrize(("lon", "lat"), [(200, 30.0), (120.0, -91), (float("nan"), 30.0), (10**400, 30.0)])
def test_a_position_that_is_none_does_not_cost_what_was_seen(cast: Cast, lon: float, lat: float) -> None:
    shop = make_shop(now=NOW)
    publish(PremisesRated(uid=shop.uid, risk="red", area=GRID_1, at=NOW))
    task = Task.objects.get(kind="warning")
    body = {"text": "门已锁", "task": str(task.uid), "lon": lon, "lat": lat, "accuracy": 10**400}
    assert send("report", body, cast.tang_grid).state == "applied"
    seen = Sighting.objects.get()
    assert (seen.lon, seen.lat, seen.accuracy) == (None, None, 0.0)
    with pytest.raises(Invalid):
        send(
            "position", {"points": [[NOW.isoformat(), lon if abs(lon) > 200 else float("nan"), lat, 5]]}, cast.tang_grid
        )
    given: dict[str, Any] = {"files": (), "now": NOW, "at": NOW, "actor": cast.tang_grid, "accuracy": float("inf")}
    other = Task.objects.get(pk=task.pk)
    other.pk, other.uid, other.source_key, other.state, other.submission = None, uuid4(), "other", "open", None
    other.done_at = other.done_late = other.closed_at = None
    other.save(force_insert=True)
    actions.report_on_task(other.uid, text="门已锁", op=uuid4(), point=(lon, lat), **given)
    assert list(Sighting.objects.values_list("lon", "accuracy")) == [(None, 0.0)] * 2


def test_records_change_through_the_registry(cast: Cast) -> None:
    shop = make_shop(now=NOW, risk="green")
    outcome = send(
        "record", {"kind": "premises", "changes": {"use": "business"}}, cast.tang_grid, subject=shop.uid, base=1
    )
    assert outcome.state == "applied"
    with pytest.raises(Invalid):
        send("record", {"kind": "premises", "changes": []}, cast.tang_grid, subject=shop.uid)
    with pytest.raises(NotFound):
        send(
            "record", {"kind": "premises", "changes": {"use": "business"}}, cast.fang_qiaodong, subject=shop.uid, base=1
        )


def test_a_look_at_a_person_made_offline_is_logged_with_its_own_time(cast: Cast) -> None:
    home = make_shop("501室", now=NOW, kind="room")
    person = Resident.objects.create(
        area=GRID_1, home=home, private='{"name": "李桂兰", "phone": "13800138000"}', checked_at=NOW, created_at=NOW
    )
    at = NOW - timedelta(hours=6)
    look = {"subject": {"kind": "person", "uid": str(person.uid)}, "fields": ["phone"], "why": "上门走访前联系"}
    assert send("look", look, cast.tang_grid, at=at).state == "applied"
    entry = AccessEntry.objects.get()
    assert (entry.at, entry.actor_ref, entry.subject, entry.what) == (
        at,
        cast.tang_grid.ref,
        f"resident:{person.pk}",
        ["phone"],
    )
    for wrong, error in (({"why": ""}, Invalid), ({"fields": "all"}, Invalid)):
        with pytest.raises(error):
            send("look", look | wrong, cast.tang_grid)
    with pytest.raises(NotFound):
        send("look", look, cast.fang_qiaodong)
    assert AccessEntry.objects.count() == 1


def test_skip_and_check_in_by_operation(cast: Cast) -> None:
    make_plan(now=NOW)
    make_shop(now=NOW, created_at=NOW - timedelta(days=400))
    actions.derive_tasks(actor=FIELD, now=NOW)
    task = Task.objects.get()
    assert send("skip", {"task": str(task.uid), "why": "closed"}, cast.tang_grid).made == {"task": str(task.uid)}
    for kind in ("skip", "check_in"):
        with pytest.raises(Invalid):
            send(kind, {}, cast.tang_grid)


# --- what follows from a filled form ----------------------------------------------------------------------------


def submit(shop: Premises, cast: Cast, *findings: dict[str, Any], task: UUID | None = None, **more: Any) -> None:
    values: dict[str, Any] = {
        "submission_id": 0,
        "op": uuid4(),
        "form": "fire-small",
        "kind": "inspection",
        "task_uid": task,
        "subject_kind": "premises",
        "subject_uid": shop.uid,
        "area": shop.area,
        "by": cast.tang_grid.ref,
        "at": NOW,
        "findings": findings,
    }
    publish(SubmissionReceived(**(values | more)))


def test_a_filled_form_does_its_task_opens_its_cases_and_tells_the_registry(cast: Cast) -> None:
    make_plan(now=NOW)
    shop = make_shop(now=NOW, created_at=NOW - timedelta(days=400))
    actions.derive_tasks(actor=FIELD, now=NOW)
    failed = {"path": "waste", "label": {"zh": "门前垃圾", "en": "Waste"}, "item": "0101", "severity": "minor",
              "photos": [photo(cast)], "reinspect": True}  # fmt: skip
    op = uuid4()
    for _turn in range(2):
        submit(shop, cast, failed, op=op, registry={"premises.use": "business", "premises.nonsense": 1})
    task, finding = Task.objects.get(kind="inspect", state="done"), Finding.objects.get()
    assert (task.state, task.submission, finding.label, finding.state) == ("done", op, "门前垃圾", "open_case")
    assert Attachment.objects.filter(case=finding.case_id).count() == 1

    publish(CaseClosed(case_id=finding.case_id or 0, at=NOW, by="x", late=False))
    again = Task.objects.get(kind="reinspect")
    submit(shop, cast, failed | {"photos": []}, task=again.uid)
    finding.refresh_from_db()
    again.refresh_from_db()
    second = Finding.objects.get(again_of=finding)
    assert (finding.state, second.state, again.state) == ("again", "open_case", "done")

    publish(CaseClosed(case_id=second.case_id or 0, at=NOW + timedelta(hours=1), by="x", late=False))
    submit(shop, cast, task=Task.objects.get(kind="reinspect", state="open").uid)
    second.refresh_from_db()
    assert second.state == "solved"


def test_values_of_a_form_reach_the_record_it_is_about(cast: Cast) -> None:
    shop = make_shop(now=NOW, risk="green")
    submit(shop, cast, registry={"premises.use": "business"})
    shop.refresh_from_db()
    assert shop.use == "business"


def test_a_form_for_somebody_elses_task_is_still_taken(cast: Cast) -> None:
    shop = make_shop(now=NOW, grid=GRID_2)
    submit(shop, cast, {"path": "a", "label": "x", "solved": True}, task=uuid4())
    assert Finding.objects.get().state == "solved"


def test_red_premises_are_looked_at_and_changes_are_derived(cast: Cast) -> None:
    make_plan(now=NOW)
    shop = make_shop(now=NOW, created_at=NOW - timedelta(days=400))
    publish(RegistryChanged(kind="premises", uid=shop.uid, version=1, area=GRID_1, by="x", at=NOW))
    publish(PremisesRated(uid=shop.uid, risk="red", area=GRID_1, at=NOW))
    publish(PremisesRated(uid=shop.uid, risk="red", area=GRID_1, at=NOW))
    assert sorted(Task.objects.values_list("kind", flat=True)) == ["inspect", "warning"]


# --- phones against the server as they are --------------------------------------------------------------------------


class Phone:
    """An enrolled phone, asking the real addresses."""

    def __init__(self, actor: Actor) -> None:
        self.client = Client()
        self.client.force_login(account_of(actor))
        self.headers: dict[str, str] = {}
        self.headers["X-Huying-Device"] = self.post("devices", {"name": "手机"})["token"]
        self.held: dict[str, dict[str, Any]] = {}
        self.sent, self.cursor = 0, ""

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/field/{path}", headers=self.headers)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self.client.post(f"/api/v1/field/{path}", body, "application/json", headers=self.headers).json()

    def pull(self) -> None:
        page = self.get(f"changes?{urlencode({'cursor': self.cursor})}").json()
        self.held |= {one["id"]: one for one in page["records"]}
        self.cursor = page["cursor"]

    def change(self, uid: UUID, **changes: Any) -> dict[str, Any]:
        """What the worker types while away, upon the version this phone holds."""
        seen = {"subject": str(uid), "branch": str(uuid4()), "base": self.held[str(uid)]["v"]}
        return self.operation("record", {"kind": "person", "changes": changes}, **seen)

    def give_way(self, proposal: int) -> dict[str, Any]:
        return self.operation("give_way", {"proposal": proposal})

    def operation(self, kind: str, body: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        self.sent += 1
        plain = {"id": str(uuid4()), "seq": self.sent, "kind": kind, "at": clock.now().isoformat(), "body": body}
        return plain | more

    def send(self, *operations: dict[str, Any]) -> list[Any]:
        found: list[Any] = self.post("operations", {"operations": operations})["results"]
        return found


@pytest.fixture
def two(cast: Cast, settings: Any) -> tuple[Phone, Phone]:
    """Two phones that walk the same grid."""
    settings.HUYING_REQUIRE_TOTP = False
    cache.clear()
    return Phone(cast.tang_grid), Phone(cast.tang_grid)


def other_worker(cast: Cast) -> Actor:
    """Somebody who walks another grid."""
    Appointment.objects.filter(person=cast.fang_qiaodong.person_id).update(role="grid_worker", area=GRID_3)
    return cast.fang_qiaodong


def resident() -> Resident:
    private = '{"name": "李桂兰", "phone": "13800138000"}'
    now = clock.now()
    return Resident.objects.create(area=GRID_1, private=private, checked_at=now, created_at=now)


@pytest.mark.django_db(transaction=True)
def test_two_phones_change_the_same_field_and_a_person_decides(cast: Cast, two: tuple[Phone, Phone]) -> None:
    person, (first, second) = resident(), two
    for phone in two:
        phone.pull()
    mine, theirs = first.change(person.uid, language="方言"), second.change(person.uid, language="普通话")
    assert [one["state"] for one in first.send(mine)] == ["applied"]
    (told_second,) = second.send(theirs)
    assert told_second["state"] == "conflict" and set(told_second["fields"]) == {"language"} and told_second["message"]
    assert second.send(theirs) == [told_second]
    second.pull()  # the phone that lost now holds the other value beside the one it sent
    assert second.held[str(person.uid)]["b"]["language"] == "方言"
    proposal = Proposal.objects.get()
    assert proposal.pk == told_second["made"]["proposal"]
    said = orjson.loads(proposal.values or "{}")["language"]
    assert (said["theirs"], said["mine"]) == ("方言", "普通话")
    desk = Client()
    lead = cast.gao_liuan_lead
    Appointment.objects.filter(person=lead.person_id).update(role="grid_lead")
    desk.force_login(account_of(lead))
    page = desk.get(reverse("registry-proposal", args=[proposal.pk])).content.decode()
    assert "方言" in page and "普通话" in page

    stranger = Phone(other_worker(cast))
    assert [one["state"] for one in stranger.send(stranger.give_way(proposal.pk))] == ["refused"]
    twice = (second.give_way(proposal.pk), second.give_way(proposal.pk))
    assert [one["state"] for one in second.send(*twice)] == ["applied"] * 2
    proposal.refresh_from_db()
    person.refresh_from_db()
    assert (proposal.state, proposal.decided_by, person.value("language")) == ("declined", "", "方言")


@pytest.mark.django_db(transaction=True)
def test_two_phones_change_different_fields_and_both_hold(cast: Cast, two: tuple[Phone, Phone]) -> None:
    person, (first, second) = resident(), two
    for phone in two:
        phone.pull()
    assert first.send(first.change(person.uid, language="方言"))[0]["state"] == "applied"
    assert second.send(second.change(person.uid, education="小学"))[0]["state"] == "applied"
    person.refresh_from_db()
    assert (person.value("language"), person.value("education")) == ("方言", "小学")
    for phone in two:
        phone.pull()
    one, other = (phone.held[str(person.uid)] for phone in two)
    assert one == other and one["b"]["language"] == "方言" and not Proposal.objects.exists()


def test_time_on_duty_and_positions_are_told_to_their_own_worker_alone(
    cast: Cast, two: tuple[Phone, Phone], django_assert_num_queries: Any
) -> None:
    now = clock.now()
    spell = DutySpell.objects.create(uid=uuid4(), person_id=cast.tang_grid.person_id, began_at=now - timedelta(hours=3))
    for minutes in (60, 30):
        Position.objects.create(spell=spell, at=now - timedelta(minutes=minutes), lon=IN_GRID_1[0], lat=IN_GRID_1[1])
    long_ago = now - timedelta(days=12)
    DutySpell.objects.create(
        uid=uuid4(), person_id=cast.tang_grid.person_id, began_at=long_ago, ended_at=long_ago + timedelta(hours=2)
    )
    (told_own,) = two[0].get("duty").json()["spells"]
    assert [point[1:] for point in told_own["points"]] == [list(IN_GRID_1)] * 2
    assert told_own["points"][0][0] < told_own["points"][1][0] and told_own["ended_at"] is None
    assert len(two[0].get("duty?days=30").json()["spells"]) == 2
    with django_assert_num_queries(2):
        queries.own_spells(cast.tang_grid, since=now - timedelta(days=30))
    assert Phone(other_worker(cast)).get("duty").json() == {"spells": [], "looks": []}
    assert two[0].get("duty?days=31").status_code == 422
    nobody, seat = Client(), Client()
    seat.force_login(account_of(cast.wang_seat))
    assert nobody.get("/api/v1/field/duty").status_code == 401
    assert seat.get("/api/v1/field/duty").status_code in (403, 404)
    with pytest.raises(Forbidden):
        queries.own_spells(cast.wang_seat, since=now)


def test_a_report_from_beyond_the_area_is_taken_and_its_worker_told(cast: Cast) -> None:
    body = {"text": "路面塌陷", "item": "0101", "lon": 121.0, "lat": 31.0, "place": ""}
    made = send("report", body, cast.tang_grid).made
    assert made["outside"] is True
    here = {"text": "路面塌陷了", "item": "0101", "lon": IN_GRID_1[0], "lat": IN_GRID_1[1], "place": ""}
    near = send("report", here, cast.tang_grid).made
    assert "outside" not in near
    held = {code: said["outside"] for code, said in bodies("mine", scope(cast)).items()}
    assert held == {made["code"]: True, near["code"]: False}
