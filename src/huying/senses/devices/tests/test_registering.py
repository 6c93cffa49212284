"""Registering, changing, pausing and retiring devices; what is refused leaves nothing behind."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db import IntegrityError, transaction

from huying.casework.cases.factories import COUNTY, GRID_1, GRID_2, GRID_3, IN_GRID_2, LIUAN, NOW, Cast
from huying.ground.registry.factories import a_resident, a_room, worker
from huying.ground.registry.facts import ResidentErased
from huying.ground.territory.facts import AreasChanged
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, HuyingError, Invalid, NotFound, Refused
from huying.kernel.facts import collected, publish
from huying.senses.devices import actions
from huying.senses.devices.drafts import ContactDraft
from huying.senses.devices.factories import draft, make_device, make_keeper
from huying.senses.devices.facts import DevicePaused, DeviceRegistered, DeviceResumed
from huying.senses.devices.models import Contact, Credential, Device


def test_a_device_is_registered_with_history_and_fact(luo: Actor) -> None:
    with collected() as facts:
        device = make_device(luo, "brk-1", name="3栋配电箱", firm="正泰", lon=120.005, lat=30.005)
    kept = Device.objects.get(code="brk-1")
    assert kept == device and kept.state == "active" and kept.area == GRID_1 and kept.created_by == luo.ref
    assert facts == [DeviceRegistered(device_id=kept.pk, code="brk-1", kind="smart_breaker", area=GRID_1, at=NOW)]
    (entry,) = trace.Entry.objects.filter(chain="equipment:brk-1")
    assert entry.verb == "register_device" and orjson.loads(entry.body) == {"kind": "smart_breaker", "area": GRID_1}


def test_without_a_name_it_is_called_by_its_kind(luo: Actor) -> None:
    assert make_device(luo, "s-1", "smoke").name == "烟感 s-1"


def test_without_an_area_it_stands_where_its_point_lies(luo: Actor) -> None:
    assert make_device(luo, area="", lon=IN_GRID_2[0], lat=IN_GRID_2[1]).area == GRID_2
    with pytest.raises(Invalid) as wrong:
        make_device(luo, area="", lon=0.0, lat=0.0)
    assert wrong.value.code == "unknown_area"


def test_contacts_are_sealed_and_ranked(luo: Actor, cast: Cast) -> None:
    tang = cast.tang_grid
    number = Contact._meta.get_field("person").related_model.objects.get(pk=tang.person_id).number
    device = make_device(
        luo,
        kind="wearable",
        contacts=(
            ContactDraft(role="guardian", person=number),
            ContactDraft(role="family", name="王小明", phone="13800138000"),
        ),
    )
    first, second = device.contacts.order_by("rank")
    assert (first.rank, first.person_id, first.name) == (1, tang.person_id, None)
    assert (second.rank, second.name, second.phone) == (2, "王小明", "13800138000")
    raw = Contact.objects.filter(pk=second.pk).values_list("phone_blind", flat=True).get()
    assert raw and b"13800138000" not in bytes(raw)


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"code": "a b"}, "code", "bad_code"),
        ({"code": "readings"}, "code", "reserved_code"),
        ({"kind": "toaster"}, "kind", "unknown_kind"),
        ({"kind": ""}, "kind", "required"),
        ({"name": "长" * 81}, "name", "too_long"),
        ({"area": "9901"}, "area", "bad_area"),
        ({"area": "990101001009"}, "area", "unknown_area"),
        ({"area": ""}, "area", "required"),
        ({"lon": 120.0}, "lon", "bad_point"),
        ({"lon": 200.0, "lat": 1.0}, "lon", "bad_point"),
        ({"gateway": "gw-none"}, "gateway", "unknown_gateway"),
        ({"kind": "gateway", "gateway": "gw-none"}, "gateway", "gateway_behind"),
        ({"unit": "nobody"}, "unit", "unknown_unit"),
        ({"resident_uid": uuid4()}, "resident_uid", "unknown_resident"),
        ({"premises_uid": uuid4()}, "premises_uid", "unknown_premises"),
        ({"contacts": (ContactDraft(role="keeper"),)}, "contacts", "bad_contact"),
        ({"contacts": (ContactDraft(role="keeper", name="张三"),)}, "contacts", "bad_contact"),
        ({"contacts": (ContactDraft(role="keeper", person="1", name="张三", phone="13800138000"),)}, "contacts", "bad_contact"),
        ({"contacts": (ContactDraft(role="friend", name="张三", phone="13800138000"),)}, "contacts", "bad_role"),
        ({"contacts": (ContactDraft(role="keeper", name="张三", phone="打我电话"),)}, "contacts", "bad_phone"),
        ({"contacts": (ContactDraft(role="keeper", person="T999"),)}, "contacts", "unknown_person"),
        ({"contacts": (ContactDraft(role="keeper", name="张三", phone="13800138000"),) * 10}, "contacts", "too_many_contacts"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_stays(luo: Actor, values: dict[str, Any], field: str, code: str) -> None:
    given = {"code": "brk-1", **values}
    with pytest.raises(Invalid) as wrong:
        actions.register_device(actor=luo, now=NOW, draft=draft(**given))
    assert (wrong.value.field, wrong.value.code) == (field, code)
    assert str(wrong.value.message)
    assert not Device.objects.exists() and not trace.Entry.objects.filter(chain__startswith="equipment:").exists()


def test_only_where_one_looks_after_devices(cast: Cast) -> None:
    liuan = make_keeper(cast, "柳岸设备", area=LIUAN)
    make_device(liuan, area=GRID_1)
    with pytest.raises(Invalid) as wrong:
        make_device(liuan, area=GRID_3)
    assert wrong.value.code == "not_your_area"
    for stranger in (cast.tang_grid, cast.he_sanitation, cast.zhao_centre):
        with pytest.raises(Invalid):
            make_device(stranger)
    assert Device.objects.count() == 1


def test_a_code_is_taken_once(luo: Actor) -> None:
    make_device(luo, "brk-1")
    with pytest.raises(Invalid) as wrong:
        make_device(luo, "brk-1")
    assert wrong.value.code == "code_taken"


def test_many_at_once_with_their_gateway_among_them(luo: Actor, django_assert_max_num_queries: Any) -> None:
    drafts = [draft(f"s-{n}", "smoke", gateway="gw-1") for n in range(200)] + [draft("gw-1", "gateway")]
    with django_assert_max_num_queries(13):
        actions.register_devices(drafts, actor=luo, now=NOW)
    gateway = Device.objects.get(code="gw-1")
    assert gateway.behind.count() == 200


def test_many_are_all_or_none_and_the_wrong_one_is_named(luo: Actor) -> None:
    with pytest.raises(Invalid) as wrong:
        actions.register_devices([draft("a"), draft("b", "toaster"), draft("c")], actor=luo, now=NOW)
    assert wrong.value.field == "devices.1.kind"
    with pytest.raises(Invalid) as wrong:
        actions.register_devices([draft("a"), draft("a")], actor=luo, now=NOW)
    assert (wrong.value.field, wrong.value.code) == ("devices.1.code", "repeated")
    assert not Device.objects.exists()


def test_only_a_gateway_is_spoken_through(luo: Actor) -> None:
    make_device(luo, "s-1", "smoke")
    with pytest.raises(Invalid) as wrong:
        make_device(luo, "s-2", "smoke", gateway="s-1")
    assert wrong.value.code == "unknown_gateway"


def test_the_database_refuses_what_slips_by(luo: Actor) -> None:
    device = make_device(luo)
    for wrong in (
        {"area": "9901"},
        {"code": "a/b"},
        {"state": "lost"},
        {"lon": 1.0},
        {"gateway_id": device.pk},
        {"name": ""},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Device.objects.filter(pk=device.pk).update(**wrong)


# --- changing ---------------------------------------------------------------------------------------------------------


def test_what_is_different_is_written_and_noted_without_saying_what(luo: Actor) -> None:
    device = make_device(luo, "brk-1")
    changed = actions.save_device(device.pk, actor=luo, now=NOW, draft=draft("brk-1", name="新名字", exempt=True))
    assert changed.name == "新名字" and changed.exempt
    last = trace.Entry.objects.filter(chain="equipment:brk-1").order_by("-seq").first()
    assert last is not None and orjson.loads(last.body) == {"fields": ["exempt", "name"], "area": GRID_1}


def test_the_same_changes_nothing(luo: Actor) -> None:
    wanted = draft("brk-1", name="一号", contacts=(ContactDraft(role="keeper", name="张三", phone="13800138000"),))
    device = actions.register_device(actor=luo, now=NOW, draft=wanted)
    actions.save_device(device.pk, actor=luo, now=NOW, draft=wanted)
    assert trace.Entry.objects.filter(chain="equipment:brk-1").count() == 1


def test_code_and_kind_stay(luo: Actor) -> None:
    device = make_device(luo, "brk-1")
    for wrong in (draft("brk-2"), draft("brk-1", "smoke")):
        with pytest.raises(Invalid) as refused:
            actions.save_device(device.pk, actor=luo, now=NOW, draft=wrong)
        assert refused.value.code == "fixed"


def test_a_device_is_not_moved_out_of_or_into_what_one_does_not_look_after(luo: Actor, cast: Cast) -> None:
    liuan = make_keeper(cast, "柳岸设备", area=LIUAN)
    device = make_device(luo, "brk-1", area=GRID_3)
    with pytest.raises(Forbidden):
        actions.save_device(device.pk, actor=liuan, now=NOW, draft=draft("brk-1"))
    own = make_device(liuan, "brk-2")
    with pytest.raises(Invalid):
        actions.save_device(own.pk, actor=liuan, now=NOW, draft=draft("brk-2", area=GRID_3))
    assert Device.objects.get(code="brk-1").area == GRID_3 and Device.objects.get(code="brk-2").area == GRID_1


# --- pausing and retiring ---------------------------------------------------------------------------------------------


def test_pausing_resuming_and_retiring(luo: Actor) -> None:
    device = make_device(luo, "brk-1")
    actions.issue_credential(device.pk, actor=luo, now=NOW)
    about = {"device_id": device.pk, "code": "brk-1", "area": GRID_1, "at": NOW}
    with collected() as facts:
        actions.pause_device(device.pk, actor=luo, now=NOW, why="装修停电")
        actions.resume_device(device.pk, actor=luo, now=NOW)
        actions.retire_device(device.pk, actor=luo, now=NOW, why="已拆除")
    assert facts == [
        DevicePaused(state="paused", **about),
        DeviceResumed(**about),
        DevicePaused(state="retired", **about),
    ]
    assert Credential.objects.get(device=device).revoked_at == NOW
    for step in (actions.pause_device, actions.resume_device, actions.retire_device):
        with pytest.raises(Refused):
            step(device.pk, actor=luo, now=NOW, why="再来一次")
    with pytest.raises(Invalid) as wrong:
        actions.save_device(device.pk, actor=luo, now=NOW, draft=draft("brk-1"))
    assert wrong.value.code == "retired"


def test_a_step_needs_a_reason_and_the_right(luo: Actor, cast: Cast) -> None:
    device = make_device(luo)
    with pytest.raises(Invalid):
        actions.pause_device(device.pk, actor=luo, now=NOW, why=" ")
    for other in (cast.tang_grid, cast.zhao_centre):
        with pytest.raises(Forbidden):
            actions.pause_device(device.pk, actor=other, now=NOW, why="试试")
    with pytest.raises(NotFound):
        actions.pause_device(0, actor=luo, now=NOW, why="试试")
    device.refresh_from_db()
    assert device.state == "active"


def test_a_gateway_is_retired_last(luo: Actor) -> None:
    gateway = make_device(luo, "gw-1", "gateway")
    behind = make_device(luo, "s-1", "smoke", gateway="gw-1")
    with pytest.raises(Refused) as refused:
        actions.retire_device(gateway.pk, actor=luo, now=NOW, why="换新")
    assert refused.value.code == "gateway_in_use"
    actions.retire_device(behind.pk, actor=luo, now=NOW, why="换新")
    actions.retire_device(gateway.pk, actor=luo, now=NOW, why="换新")


# --- the ground and the people around it ------------------------------------------------------------------------------


def test_devices_move_with_the_grids(luo: Actor) -> None:
    by_point = make_device(luo, area=GRID_1, lon=IN_GRID_2[0], lat=IN_GRID_2[1])
    by_heir = make_device(luo, area=GRID_1)
    with transaction.atomic():
        publish(AreasChanged(on=date(2026, 3, 10), ended=(GRID_1,), successors=((GRID_1, (GRID_2, GRID_3)),)))
    assert {row.pk: row.area for row in Device.objects.all()} == {by_point.pk: GRID_2, by_heir.pk: LIUAN}


def test_whoever_was_erased_is_named_by_no_device(luo: Actor) -> None:
    tang = worker(area=GRID_1)
    resident = a_resident(tang, home=a_room(tang))
    device = make_device(
        luo,
        kind="wearable",
        resident_uid=resident.uid,
        address="3栋502",
        contacts=(ContactDraft(role="family", name="王小明", phone="13800138000"),),
    )
    with transaction.atomic():
        publish(ResidentErased(uid=resident.uid, at=NOW))
    device.refresh_from_db()
    assert device.resident_uid is None and device.address == "" and not device.contacts.exists()


def test_errors_speak(luo: Actor) -> None:
    with pytest.raises(HuyingError) as wrong:
        make_device(luo, area=COUNTY)
    assert "12、15 或 17 位" in str(wrong.value)
