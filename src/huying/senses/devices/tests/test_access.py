"""Who sees which device, and who its private values; every look is written down, every stranger gets 404."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from huying.casework.cases.factories import COUNTY, GRID_1, GRID_3, LIUAN, NOW, QIAODONG, TOWN, Cast
from huying.ground.organisation.models import Person
from huying.ground.registry.actions import begin_care, record_consent, withdraw_consent
from huying.ground.registry.factories import a_resident, a_room, worker
from huying.ground.registry.models import CareEntry, Resident
from huying.kernel.actor import SYSTEM, Actor, Duty
from huying.kernel.errors import Forbidden, Invalid, NotFound
from huying.kernel.privacy import AccessEntry
from huying.senses.devices import access, actions
from huying.senses.devices.drafts import ContactDraft
from huying.senses.devices.factories import make_device
from huying.senses.devices.kinds import kind
from huying.senses.devices.models import Device

PHONE = "13800138000"
VITALS = {"heart_rate": 88.0, "battery": 40.0, "worn": True}


@pytest.fixture
def elder(cast: Cast) -> Resident:
    """王秀英, who lives in the first grid."""
    tang = worker(area=GRID_1)
    return a_resident(tang, home=a_room(tang))


@pytest.fixture
def watch(luo: Actor, elder: Resident) -> Device:
    """Her watch; her son's number stands on it."""
    son = ContactDraft(role="family", name="王小明", phone=PHONE)
    return make_device(luo, "watch-1", "wearable", resident_uid=elder.uid, contacts=(son,))


def looks(elder: Resident) -> list[tuple[str, str, list[str]]]:
    rows = AccessEntry.objects.filter(subject=f"resident:{elder.pk}", what__contains=["设备·心率"])
    return [(row.actor_ref, row.why, list(row.what)) for row in rows.order_by("pk")]


def key(*scopes: str, area: str = COUNTY) -> Actor:
    return Actor("key", "key:1", "平台", duties=tuple(Duty(f"scope:{scope}", area) for scope in scopes))


# --- devices by area --------------------------------------------------------------------------------------------------


def test_who_sees_a_device_of_the_first_grid(luo: Actor, cast: Cast) -> None:
    make_device(luo, "b-1", area=GRID_1)
    sees = {name for name, actor in cast.people.items() if access.visible(actor).exists()}
    assert sees == {
        *("wang_seat", "li_dispatcher", "zhou_dispatcher", "zhao_centre", "qian_supervisor"),
        *("tang_grid", "ma_liuan", "gao_liuan_lead"),
    }
    for name in set(cast.people) - sees:
        with pytest.raises(NotFound):
            access.get(cast.people[name], "b-1")


def test_strangers_keys_and_systems(luo: Actor) -> None:
    make_device(luo, "b-1", area=GRID_1)
    assert access.get(SYSTEM, "b-1") and access.get(key("devices:read"), "b-1")
    for stranger in (
        Actor("resident", "user:9", "居民"),
        Actor("staff", "person:9", "无职责"),
        key("devices:read", area=QIAODONG),
        key("readings:write"),
        key("field:read"),
    ):
        with pytest.raises(NotFound):
            access.get(stranger, "b-1")
        if not access.areas(stranger):
            with pytest.raises(NotFound):
                access.must_view(stranger)


@pytest.mark.parametrize("code", ["", "b-2", "b-1\x00"[:3] + "x", "x" * 500])
def test_what_is_not_there_is_not_found(luo: Actor, code: str) -> None:
    make_device(luo, "b-1")
    with pytest.raises(NotFound):
        access.get(luo, code)


def test_no_key_gives_commands() -> None:
    for scopes in (("devices:write",), ("devices:read", "devices:write", "readings:write")):
        assert not access.may(key(*scopes), access.COMMAND, GRID_1)
    assert access.may(key("devices:write"), access.EDIT, GRID_1)


def test_a_community_handler_sees_the_community_and_a_department_nothing(cast: Cast) -> None:
    assert access.areas(cast.ma_liuan) == (LIUAN,)
    assert access.areas(cast.xu_housing) == ()
    assert access.areas(cast.bai_street) == () and cast.bai_street.duties[0].area == TOWN


# --- private values ---------------------------------------------------------------------------------------------------


def test_nobody_sees_vitals_for_their_role_alone(luo: Actor, cast: Cast, watch: Device, elder: Resident) -> None:
    for actor in (luo, cast.tang_grid, cast.zhao_centre, cast.wang_seat, cast.qian_supervisor):
        with pytest.raises(Forbidden) as refused:
            access.open_private(actor, watch, fields=["heart_rate"], why="看看", now=NOW)
        assert refused.value.code == "carers_only"
    with pytest.raises(NotFound):
        access.open_private(cast.fang_qiaodong, watch, fields=["heart_rate"], why="看看", now=NOW)
    assert looks(elder) == []


def test_what_is_not_private_needs_no_door(cast: Cast, watch: Device, elder: Resident) -> None:
    asked = ["battery", "worn", "no_such_field"]
    assert access.open_private(cast.tang_grid, watch, fields=asked, why="", now=NOW) == {"battery", "worn"}
    assert looks(elder) == []
    assert access.shown(kind("wearable"), VITALS) == {"battery": 40.0, "worn": True}
    assert access.shown(kind("wearable"), VITALS, ["heart_rate"]) == VITALS


def test_the_guardian_of_the_device_looks_and_is_written_down(
    luo: Actor, cast: Cast, watch: Device, elder: Resident
) -> None:
    tang = cast.tang_grid
    number = Person.objects.get(pk=tang.person_id).number
    draft = ContactDraft(role="guardian", person=number)
    watch.contacts.all().delete()
    make_device(luo, "watch-2", "wearable", resident_uid=elder.uid, contacts=(draft,))
    device = Device.objects.get(code="watch-2")
    assert access.open_private(tang, device, fields=["heart_rate", "battery"], why="夜间报警后核对", now=NOW) == {
        "heart_rate",
        "battery",
    }
    assert looks(elder) == [(tang.ref, "夜间报警后核对", ["设备·心率"])]
    with pytest.raises(Invalid):
        access.open_private(tang, device, fields=["heart_rate"], why="", now=NOW)
    assert len(looks(elder)) == 1


def test_whoever_is_responsible_on_a_care_list_looks(cast: Cast, watch: Device, elder: Resident) -> None:
    tang = cast.tang_grid
    begin_care(
        actor=SYSTEM, now=NOW, resident=elder.uid, list="elder_alone", basis="民政名册", until=date(2027, 1, 1),
        responsible=tang.person_id,
    )  # fmt: skip
    assert access.is_carer(tang, watch)
    assert access.open_private(tang, watch, fields=["heart_rate"], why="每日巡访", now=NOW) == {"heart_rate"}
    CareEntry.objects.update(state="ended", ending="done")
    assert not access.is_carer(tang, watch)


def test_a_device_of_nobody_logs_under_its_own_name(luo: Actor, cast: Cast) -> None:
    number = Person.objects.get(pk=cast.tang_grid.person_id).number
    door = make_device(luo, "door-1", "door", contacts=(ContactDraft(role="keeper", person=number),))
    access.open_private(cast.tang_grid, door, fields=["open"], why="消防通道检查", now=NOW)
    assert AccessEntry.objects.filter(subject="equipment:door-1").count() == 1


# --- family -----------------------------------------------------------------------------------------------------------


def family() -> Actor:
    return Actor("resident", "user:9", "王小明")


def test_family_sees_what_the_elder_agreed_to_and_no_longer_than_that(watch: Device, elder: Resident) -> None:
    assert not access.family_devices(PHONE).exists()
    with pytest.raises(NotFound):
        access.open_family(family(), watch, phone=PHONE, why="", now=NOW)
    consent = record_consent(
        actor=SYSTEM, now=NOW, resident=elder, purpose=access.FAMILY_PURPOSE, notice="2026-1", how="paper"
    )
    assert list(access.family_devices("138-0013 8000")) == [watch]
    assert "heart_rate" in access.open_family(family(), watch, phone=PHONE, why="", now=NOW)
    assert [(ref, why) for ref, why, _what in looks(elder)] == [("user:9", access.FAMILY_WHY)]
    assert not access.family_devices("13900139000").exists() and not access.family_devices("").exists()
    withdraw_consent(actor=SYSTEM, now=NOW, consent=consent)
    with pytest.raises(NotFound):
        access.open_family(family(), watch, phone=PHONE, why="", now=NOW)


def test_consent_to_something_else_opens_nothing(watch: Device, elder: Resident) -> None:
    record_consent(actor=SYSTEM, now=NOW, resident=elder, purpose="关爱走访", notice="2026-1", how="paper")
    assert not access.family_devices(PHONE).exists()


def test_keepers_are_not_family_and_retired_devices_are_gone(luo: Actor, elder: Resident) -> None:
    record_consent(actor=SYSTEM, now=NOW, resident=elder, purpose=access.FAMILY_PURPOSE, notice="1", how="paper")
    keeper = ContactDraft(role="keeper", name="物业", phone="13900139000")
    son = ContactDraft(role="guardian", name="王小明", phone=PHONE)
    device = make_device(luo, "w-2", "wearable", resident_uid=elder.uid, contacts=(son, keeper))
    assert list(access.family_devices(PHONE)) == [device]
    assert not access.family_devices("13900139000").exists()
    actions.retire_device(device.pk, actor=luo, now=NOW, why="归还")
    assert not access.family_devices(PHONE).exists()


def test_the_elder_sees_their_own(watch: Device, elder: Resident) -> None:
    assert list(access.own_devices(elder.uid)) == [watch]
    assert "heart_rate" in access.open_own(family(), watch, resident=elder.uid, now=NOW)
    assert looks(elder)[0][1] == access.OWN_WHY
    other = a_resident(worker(area=GRID_3), name="李四")
    with pytest.raises(NotFound):
        access.open_own(family(), watch, resident=other.uid, now=NOW)


# --- contacts ---------------------------------------------------------------------------------------------------------


def test_contacts_are_opened_by_people_with_a_reason(luo: Actor, cast: Cast, watch: Device, elder: Resident) -> None:
    ((_row, name, phone),) = access.open_contacts(cast.wang_seat, watch, why="跌倒报警，联系家属", now=NOW)
    assert (name, phone) == ("王小明", PHONE)
    entry = AccessEntry.objects.get(what=["设备·联系人"])
    assert (entry.subject, entry.actor_ref) == (f"resident:{elder.pk}", cast.wang_seat.ref)
    with pytest.raises(Invalid):
        access.open_contacts(luo, watch, why="", now=NOW)
    with pytest.raises(NotFound):
        access.open_contacts(cast.fang_qiaodong, watch, why="看看", now=NOW)
    with pytest.raises(Forbidden):
        access.open_contacts(key("devices:read"), watch, why="同步", now=NOW)
    assert AccessEntry.objects.filter(what=["设备·联系人"]).count() == 1


def test_one_device_is_one_query(luo: Actor, watch: Device, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        access.get(luo, "watch-1")
