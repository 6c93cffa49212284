"""Who stands on the ladder of an alarm: contacts of the device, and whoever the rota and the appointments name just then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from huying.casework.clocks.recipients import People
from huying.ground.organisation.directory import Directory
from huying.ground.organisation.rules import COMMUNITY_LENGTH
from huying.ground.registry.models import Consent
from huying.senses.devices.access import FAMILY_PURPOSE
from huying.senses.devices.models import Contact

from .models import Alarm


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody to be told: of the staff (``person_id``), or a contact of the device (``contact_rank``), whose number is sealed."""

    who: str
    person_id: int | None = None
    contact_rank: int | None = None
    name: str = ""
    phone: str = ""  # a work number; of contacts it is opened only when it is dialled
    consented: bool = True


@dataclass(slots=True)
class Rota:
    """Looks people up for a batch of alarms: one picture of the organisation, the contacts of all their devices."""

    directory: Directory
    contacts: Mapping[int, Sequence[Contact]]
    agreed: frozenset[object]  # residents (uid) who agreed that family may know
    at: datetime
    _people: People = field(init=False)

    def __post_init__(self) -> None:
        self._people = People(self.directory)

    def of(self, alarm: Alarm, who: str) -> list[Called]:
        """Who that is for an alarm, each once; nobody when no such person is there."""
        if who in ("guardian", "keeper", "family"):
            return self._contacts(alarm, who)
        ids: Iterable[int | None]
        if who == "grid_worker":
            ids = [self.directory.grid_worker(alarm.area, self.at)]
        elif who == "unit_lead":
            ids = [self._lead(alarm)]
        elif who == "centre":
            ids = self._people.in_area("centre_lead", alarm.area)
        else:
            ids = self._duty(alarm)
        return [self._person(who, one) for one in dict.fromkeys(ids) if one is not None]

    def _contacts(self, alarm: Alarm, who: str) -> list[Called]:
        found = []
        for one in self.contacts.get(alarm.device_id, ()):
            if one.role != who:
                continue
            if one.person_id is not None:
                found.append(self._person(who, one.person_id))
            else:
                resident = alarm.device.resident_uid
                consented = who != "family" or resident is None or resident in self.agreed
                found.append(Called(who, contact_rank=one.rank, consented=consented))
        return found

    def _person(self, who: str, person_id: int) -> Called:
        view = self.directory.people.get(person_id)
        return Called(who, person_id=person_id, name=view.name if view else "", phone=view.phone if view else "")

    def _community(self, area: str) -> int | None:
        """The community's own unit."""
        wanted = area[:COMMUNITY_LENGTH]
        found = (one.id for one in self.directory.units.values() if one.kind == "community" and one.area == wanted)
        return min(found, default=None)

    def _duty(self, alarm: Alarm) -> list[int]:
        """The community's watch: everybody on its rota now, else its lead; besides, the seats of the centre on duty."""
        found: list[int] = []
        watch = self.directory.unit_for_trade("community_watch", alarm.area)
        unit = watch.id if watch else self._community(alarm.area)
        if unit is not None:
            found.extend(self.directory.on_shift(unit, "handler", self.at))
            if not found and (lead := self.directory.on_duty(unit, "handler", self.at)) is not None:
                found.append(lead)
        for seat in self._people.in_area("seat", alarm.area):
            if any(
                seat in self.directory.on_shift(each.unit_id, "seat", self.at)
                for each in self.directory.appointments_of(seat)
            ):
                found.append(seat)
        return found

    def _lead(self, alarm: Alarm) -> int | None:
        unit = alarm.device.unit_id
        if unit is None or unit not in self.directory.units:
            unit = self._community(alarm.area)
        return self.directory.lead_of(unit) if unit is not None else None


def rota_for(alarms: Sequence[Alarm], directory: Directory, at: datetime) -> Rota:
    """The people of a batch of alarms (with their devices); two queries for any number."""
    contacts: dict[int, list[Contact]] = {}
    for one in Contact.objects.filter(device__in={alarm.device_id for alarm in alarms}).order_by("device", "rank"):
        contacts.setdefault(one.device_id, []).append(one)
    residents = {alarm.device.resident_uid for alarm in alarms} - {None}
    rows = Consent.objects.filter(resident__uid__in=residents, purpose=FAMILY_PURPOSE, withdrawn_at__isnull=True)
    return Rota(directory, contacts, frozenset(rows.values_list("resident__uid", flat=True)), at)
