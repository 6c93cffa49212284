"""Which devices a demonstration has and where: with elders who are cared for, in small premises, at entrances, by water."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final
from uuid import UUID

from huying.ground.organisation.models import Appointment
from huying.ground.registry.models import CareEntry, Facility, Premises, Relation, Resident
from huying.senses.devices.drafts import ContactDraft, DeviceDraft
from huying.senses.devices.kinds import kind
from huying.senses.readings.simulator.crowd import PREFIXES

LISTS: Final = ("elder_alone", "elder_aged", "elder_disabled")
PREFIX: Final = "demo"
FIRM: Final = "演示设备厂"
LOGIN_PHONE: Final = "19900000001"
"""The resident who can sign in to the demonstration has every device a home may have."""
LOGIN_FAMILY: Final = ("周明海", "19900000002")
"""Another one who can sign in stands on those devices as family."""
MODELS: Final = {
    "dwelling": "ZK-1P40", "shop": "ZK-1P40S", "workshop": "ZK-3P40W", "charging": "ZK-3P40C", "underpass": "SW-U",
    "stream": "SW-S",
}  # fmt: skip
"""By what stands behind it; a figure's use is read back from it."""
_PLAIN: Final = {
    "wearable": "LR-7", "smoke": "YG-2", "gas": "RQ-3", "door": "MC-1", "entrance_counter": "RL-4", "gateway": "WG-8",
}  # fmt: skip
_BEHIND: Final = ("smoke", "door", "gas")
_HOME: Final = (("wearable", 1.0), ("smoke", 0.6), ("door", 0.5), ("gas", 0.3), ("smart_breaker", 0.2))


@dataclass(slots=True)
class Placed:
    """A device to be registered; ``use`` as the simulator knows it, ``compound`` the estate it stands in."""

    kind: str
    spot: Premises
    name: str
    compound: UUID
    use: str = ""
    resident: Resident | None = None
    contacts: list[ContactDraft] = field(default_factory=list)


class Placing:
    """Chooses places among the registry's records, the same ones for the same registry and seed."""

    def __init__(self, total: int, seed: int) -> None:
        self.total, self.lot = total, Random(f"devices:{seed}:{total}")
        self.tops: dict[UUID, Premises] = {}
        self.workers = _workers()

    def placed(self) -> list[Placed]:
        """About ``total`` devices, without gateways."""
        found = [*self._homes(round(self.total * 0.2)), *self._businesses(round(self.total * 0.14))]
        found += self._estates(max(2, self.total // 20))
        return found

    def worker(self, area: str) -> list[ContactDraft]:
        """The grid worker of a place, by work number."""
        number = self.workers.get(area[:15]) or self.workers.get(area[:12])
        return [ContactDraft(role="keeper", person=number)] if number else []

    def _homes(self, count: int) -> Iterator[Placed]:
        """Elders on a list, the one who can sign in first."""
        entries = list(
            CareEntry.objects.filter(state="active", list__in=LISTS, resident__state="active")
            .select_related("resident__home__parent__parent", "responsible")
            .order_by("resident_id", "id")
        )
        by_resident = {entry.resident_id: entry for entry in reversed(entries)}
        chosen = sorted(by_resident.values(), key=lambda entry: str(entry.resident_id))
        self.lot.shuffle(chosen)
        phones = {entry.resident_id: str(entry.resident.secrets.get("phone") or "") for entry in chosen}
        chosen.sort(key=lambda entry: phones[entry.resident_id] != LOGIN_PHONE)
        relatives = _relatives([entry.resident_id for entry in chosen[:count]])
        for entry in chosen[:count]:
            resident, room = entry.resident, entry.resident.home
            house = room.parent if room is not None else None
            if room is None or house is None or house.parent_id is None:
                continue
            known = phones[entry.resident_id] == LOGIN_PHONE
            contacts = [ContactDraft(role="guardian", person=entry.responsible.number)] if entry.responsible else []
            contacts += [ContactDraft(role="family", name=LOGIN_FAMILY[0], phone=LOGIN_FAMILY[1])] if known else []
            contacts += relatives.get(entry.resident_id, [])[:2]
            contacts += self.worker(room.area)
            for what, share in _HOME:
                if known or self.lot.random() < share:
                    yield self._at(what, room, house, "dwelling", resident=resident, contacts=contacts)

    def _businesses(self, count: int) -> Iterator[Placed]:
        """Small premises: a breaker each, smoke and gas in many."""
        small = Premises.objects.filter(state="active").exclude(small_kind="").select_related("parent__parent")
        rows = list(small.order_by("uid")[: count * 6])
        self.lot.shuffle(rows)
        for shop in rows[:count]:
            keeper = str(shop.value("keeper_name") or ""), str(shop.value("keeper_phone") or "")
            contacts = [ContactDraft(role="keeper", name=keeper[0], phone=keeper[1])] if all(keeper) else []
            contacts += self.worker(shop.area)
            use = "workshop" if shop.small_kind == "workshop" else "shop"
            yield self._at("smart_breaker", shop, shop, use, contacts=contacts)
            for what, share in (("smoke", 0.6), ("gas", 0.3)):
                if self.lot.random() < share:
                    yield self._at(what, shop, shop, use, contacts=contacts)

    def _estates(self, count: int) -> Iterator[Placed]:
        """Estates: who comes and goes, charging sheds, and what the rain leaves."""
        tops = list(Premises.objects.filter(state="active", kind="compound", lon__isnull=False).order_by("uid"))
        self.lot.shuffle(tops)
        sheds = set(
            Facility.objects.filter(
                state="active", kind="charging", premises__in=[top.uid for top in tops]
            ).values_list("premises_id", flat=True)
        )
        for turn, top in enumerate(tops[:count]):
            contacts = self.worker(top.area)
            yield self._at("entrance_counter", top, top, "", contacts=contacts, where="主出入口")
            if top.uid in sheds:
                yield self._at("smart_breaker", top, top, "charging", contacts=contacts, where="充电棚")
            if turn % 2 == 0:
                use, where = ("stream", "旁河涌") if turn % 4 == 0 else ("underpass", "地下车库入口")
                yield self._at("water_level", top, top, use, contacts=contacts, where=where)

    def _at(
        self, what: str, spot: Premises, pointed: Premises, use: str, *, resident: Resident | None = None,
        contacts: Sequence[ContactDraft] = (), where: str = "",
    ) -> Placed:  # fmt: skip
        top = pointed
        while top.parent is not None:
            top = top.parent
        self.tops[top.uid] = top
        name = f"{spot.address}{where} {kind(what).name.zh}"
        placed = Placed(what, spot, name[-80:], top.uid, use, resident, list(contacts))
        if spot.lon is None:
            placed.spot = replace_point(spot, pointed)
        return placed


def replace_point(spot: Premises, pointed: Premises) -> Premises:
    """A room lies where its house does."""
    spot.lon, spot.lat = pointed.lon, pointed.lat
    return spot


def drafts(placing: Placing) -> list[DeviceDraft]:
    """Every device and the gateways some speak through, with codes that say what they are."""
    placed = placing.placed()
    counted: dict[str, int] = defaultdict(int)

    def code(what: str) -> str:
        counted[what] += 1
        return f"{PREFIX}-{PREFIXES[what]}-{counted[what]:04d}"

    behind = defaultdict(list)
    for one in placed:
        if one.kind in _BEHIND:
            behind[one.compound].append(one)
    gateways = {
        top: code("gateway")
        for top, several in sorted(behind.items(), key=lambda pair: str(pair[0]))
        if len(several) > 2
    }
    found = [_gateway(gateways[top], placing.tops[top], placing) for top in gateways]
    for one in placed:
        gateway = gateways.get(one.compound, "") if one.kind in _BEHIND else ""
        found.append(_draft(one, code(one.kind), gateway))
    return found


def _gateway(code: str, top: Premises, placing: Placing) -> DeviceDraft:
    return DeviceDraft(
        code=code, kind="gateway", name=f"{top.address} 网关"[-80:], firm=FIRM, model=_PLAIN["gateway"], area=top.area,
        address=top.address, lon=top.lon, lat=top.lat, premises_uid=top.uid, contacts=tuple(placing.worker(top.area)),
    )  # fmt: skip


def _draft(one: Placed, code: str, gateway: str) -> DeviceDraft:
    model = _PLAIN.get(one.kind) or MODELS[one.use]
    digits = code.rpartition("-")[2]
    draft = DeviceDraft(
        code=code, kind=one.kind, name=one.name, firm=FIRM, model=model, serial=f"{model}{digits}", area=one.spot.area,
        address=one.spot.address, lon=one.spot.lon, lat=one.spot.lat, premises_uid=one.spot.uid, gateway=gateway,
        contacts=tuple(one.contacts),
    )  # fmt: skip
    if one.resident is None:
        return draft
    exempt = one.kind == "smart_breaker" and int(digits) % 4 == 0
    return replace(draft, resident_uid=one.resident.uid, exempt=exempt, note="家中有制氧机" if exempt else "")


def _workers() -> dict[str, str]:
    """The work number of somebody who walks each grid (15 signs) or community (12)."""
    rows = Appointment.objects.filter(role="grid_worker", valid_to__isnull=True).order_by("-person_id")
    return dict(rows.values_list("area", "person__number"))


def _relatives(residents: Sequence[Any]) -> dict[Any, list[ContactDraft]]:
    """Whom to call for a resident, in their order: contacts with a name and a phone."""
    rows = Relation.objects.filter(resident__in=residents, state="active", emergency_rank__isnull=False)
    found: dict[Any, list[ContactDraft]] = defaultdict(list)
    for row in rows.select_related("other").order_by("emergency_rank", "uid"):
        name, phone = str(row.value("contact_name") or ""), str(row.value("contact_phone") or "")
        if row.other is not None:
            name, phone = str(row.other.secrets.get("name") or ""), str(row.other.secrets.get("phone") or "")
        if name and phone:
            found[row.resident_id].append(ContactDraft(role="family", name=name, phone=phone))
    return found
