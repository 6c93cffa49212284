"""Who lives and works in the fictional place: pure, from a seed. Every number is recognisably nobody's.

Phones begin with 199, identity numbers with area code 99, which no place has; check signs are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from huying.ground.organisation.fictional.names import GIVEN, SURNAMES

from . import words

Item = tuple[UUID, dict[str, Any]]
PEOPLE_A_ROOM: Final = 2.59
ROOMS_A_BUILDING: Final = 24
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"
KNOWN: Final = (("林秀珍", 78), ("周明海", 45), ("许静怡", 36))
"""The demonstration's residents who can sign in; their phones are 19900000001 and so on."""


@dataclass(frozen=True, slots=True)
class Estate:
    """A named place of the fictional ground where people live."""

    name: str
    lon: float
    lat: float


@dataclass(slots=True)
class Town:
    """Records by kind, each before whatever points to it."""

    premises: list[Item] = field(default_factory=list)
    person: list[Item] = field(default_factory=list)
    household: list[Item] = field(default_factory=list)
    residence: list[Item] = field(default_factory=list)
    relation: list[Item] = field(default_factory=list)
    organisation: list[Item] = field(default_factory=list)
    facility: list[Item] = field(default_factory=list)
    care: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Member:
    uid: UUID
    surname: str
    age: int
    role: str
    name: str


def make(estates: Sequence[Estate], people: int, seed: int, today: date, *, first: int = 0) -> Town:
    """A town of about so many people. The same arguments, the same town, uids and door codes included.

    ``first`` moves phones, credit codes and identity numbers of a further town out of the way of an earlier one's.
    """
    lots = (Random(f"registry{what}:{seed}:{people}:{len(estates)}") for what in ("", " gaps"))
    maker = _Maker(*lots, today, first)
    shares = [maker.lot.uniform(0.7, 1.3) for _estate in estates]
    rooms = people / PEOPLE_A_ROOM
    for estate, share in zip(estates, shares, strict=True):
        maker.estate(estate, max(2, round(rooms * share / sum(shares))))
    return maker.town


class _Maker:
    def __init__(self, lot: Random, gaps: Random, today: date, first: int) -> None:
        self.lot, self.today, self.town = lot, today, Town()
        self.gaps, self.kept = gaps, 1.0  # what nobody wrote down, and how much of it is there
        self.phones, self.codes, self.known = (10_000_000 + first) % 100_000_000, first, len(KNOWN) if first else 0
        self.district = first // 1_000_000
        self.numbers: set[str] = set()

    def uid(self) -> UUID:
        return UUID(int=self.lot.getrandbits(128), version=4)

    def place(self, **values: Any) -> str:
        uid = self.uid()
        values["code"] = "".join(self.lot.choice(words.CODE_SIGNS) for _sign in range(8))
        self.town.premises.append((uid, values))
        return str(uid)

    def phone(self) -> str:
        self.phones += self.lot.randint(1, 9)
        return f"199{self.phones % 100_000_000:08d}"

    def lacks(self, often: float = 1.0) -> bool:
        """Whether a worker of this estate has not written something down; some estates are kept better than others.

        Drawn from a lot of its own: whatever lacks, the same people live in the same rooms.
        """
        return self.gaps.random() < (1 - self.kept) * often

    def estate(self, estate: Estate, rooms: int) -> None:
        self.kept = self.gaps.uniform(0.78, 0.995)
        top = self.place(kind="compound", name=estate.name, lon=estate.lon, lat=estate.lat, use="dwelling")
        for number in range(1, -(-rooms // ROOMS_A_BUILDING) + 1):
            count = min(ROOMS_A_BUILDING, rooms - (number - 1) * ROOMS_A_BUILDING)
            lon, lat = (round(at + self.lot.uniform(-3e-4, 3e-4), 7) for at in (estate.lon, estate.lat))
            house = self.place(kind="building", name=f"{number}栋", parent=top, lon=lon, lat=lat, floors=-(-count // 4))
            for at in range(count):
                self.room(house, f"{at // 4 + 1}0{at % 4 + 1}室")
        self.shops(estate, top, max(2, rooms // 16))
        for kind, name in words.FACILITIES:
            if self.lot.random() < 0.8:
                condition = "good" if self.lot.random() < 0.9 else self.lot.choice(("worn", "broken"))
                values = {"kind": kind, "name": f"{estate.name}{name}", "premises": top}
                values |= {} if self.lacks(0.5) else {"condition": condition}
                self.town.facility.append((self.uid(), values))

    def shops(self, estate: Estate, top: str, count: int) -> None:
        for number in range(count):
            kind_name, small, industry = self.lot.choice(words.SHOPS)
            name = f"{self.lot.choice(words.SHOP_STEMS)}{kind_name}"
            lon, lat = (round(at + self.lot.uniform(-4e-4, 4e-4), 7) for at in (estate.lon, estate.lat))
            keeper, _sex = self.name(self.lot.choice(SURNAMES)[0])
            area, risk = float(self.lot.randint(18, 180)), self.lot.choices(("green", "yellow", "red"), (75, 20, 5))[0]
            phone = self.phone()
            shop = self.place(
                kind=small, name=f"{number + 1}号{name}", parent=top, lon=lon, lat=lat, small_kind=small, use="business",
                floor_area=area, height=4.0, fire_class="D" if small == "workshop" else "",
                risk="" if self.lacks(0.3) else risk, keeper_name=keeper,
                keeper_phone="" if self.lacks(0.5) else phone, lodging=self.lot.random() < 0.12,
            )  # fmt: skip
            self.codes += 1
            values = {
                "name": f"{estate.name}{name}", "kind": "sole_trader", "credit_code": f"92990101MA{self.codes:07d}X",
                "premises": shop, "industry": industry, "staff_count": self.lot.randint(1, 8), "contact_name": keeper,
            } | ({} if self.lacks() else {"contact_phone": phone})  # fmt: skip
            self.town.organisation.append((self.uid(), values))

    def room(self, house: str, name: str) -> None:
        use = self.lot.choices(("dwelling", "rental", "empty"), (62, 30, 8))[0]
        room = self.place(
            kind="room", name=name, parent=house, use="" if self.lacks(0.4) else use, **self.landlord(use)
        )
        if use == "empty":
            return
        members = self.family(room, rented=use == "rental")
        home = self.uid()
        tenure = "rented" if use == "rental" else "owned"
        head = members[0]
        values = {"premises": room, "kind": "family", "tenure": tenure}
        values |= {} if self.lacks(0.3) else {"head": str(head.uid)}
        self.town.household.append((home, values))
        since = (self.today - timedelta(days=self.lot.randint(60, 6000))).isoformat()
        for one in members:
            stay = {"resident": str(one.uid), "premises": room, "kind": "lives", "since": since}
            self.town.residence.append((self.uid(), stay | {"household": str(home), "role": one.role}))
        self.relations(members)
        self.lists(members)

    def landlord(self, use: str) -> dict[str, str]:
        if use != "rental" or self.lacks(1.5):
            return {}
        name = self.gaps.choice(SURNAMES)[0] + self.gaps.choice(GIVEN)[0]
        return {"keeper_name": name, "keeper_phone": f"199{self.gaps.randint(90_000_000, 99_999_999)}"}

    def family(self, room: str, *, rented: bool) -> list[_Member]:
        """Who lives in one room: somebody alone, a couple, a family, three generations."""
        shape = self.lot.choices(("alone", "elder", "couple", "elders", "family", "three"), (12, 7, 16, 10, 42, 13))[0]
        if self.known < len(KNOWN):
            shape = ("elder", "couple", "family")[self.known]
        young, old = self.lot.randint(24, 58), self.lot.randint(63, 92)
        surname = self.lot.choice(SURNAMES)[0]
        other = self.lot.choice(SURNAMES)[0]
        plan: list[tuple[str, int, str]] = {
            "alone": [(surname, young, "head")],
            "elder": [(surname, old, "head")],
            "couple": [(surname, young, "head"), (other, max(22, young - 2), "spouse")],
            "elders": [(surname, old, "head"), (other, max(60, old - 2), "spouse")],
            "family": [(surname, max(28, young), "head"), (other, max(26, young - 2), "spouse")],
            "three": [(surname, max(32, young), "head"), (other, max(30, young - 2), "spouse")],
        }[shape]
        if shape in ("family", "three"):
            for _child in range(self.lot.choices((1, 2, 3), (50, 42, 8))[0]):
                plan.append((surname, self.lot.randint(0, max(1, min(22, plan[1][1] - 22))), "child"))
        if shape == "three":
            plan.append((surname, plan[0][1] + self.lot.randint(23, 30), "parent"))
        return [self.person(room, *one, rented=rented) for one in plan]

    def person(self, room: str, surname: str, age: int, role: str, *, rented: bool) -> _Member:
        name, sex = self.name(surname)
        phone = self.phone() if age >= 12 else ""
        phone = "" if self.lacks(0.8) else phone
        if self.known < len(KNOWN) and role == "head":
            name, age = KNOWN[self.known]
            sex = "male" if self.known == 1 else "female"
            self.known += 1
            phone = f"1990000000{self.known}"
        born = self.today - timedelta(days=age * 365 + age // 4 + self.lot.randint(1, 364))
        values: dict[str, Any] = {
            "name": name, "id_number": self.number(born, sex), "sex": sex, "birth_date": born.isoformat(), "phone": phone,
            "home": room, "registration": "elsewhere" if rented and self.lot.random() < 0.8 else "local",
        }  # fmt: skip
        if age >= 18:
            values |= {"education": self.lot.choice(words.EDUCATION)}
            values |= {"employer": "退休" if age >= 62 else self.lot.choice(words.JOBS)}
        uid = self.uid()
        self.town.person.append((uid, values))
        return _Member(uid, surname, age, role, name)

    def name(self, surname: str) -> tuple[str, str]:
        given = "".join(self.lot.choice(GIVEN)[0] for _sign in range(1 if self.lot.random() < 0.15 else 2))
        return surname + given, self.lot.choice(("female", "male"))

    def number(self, born: date, sex: str) -> str:
        """An identity number of nobody: area code 99, never twice."""
        while True:
            serial = self.lot.randrange(0, 1000, 2) + (1 if sex == "male" else 0)
            body = f"99{self.district % 100:02d}{self.lot.randint(0, 99):02d}{born:%Y%m%d}{serial % 1000:03d}"
            number = body + _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]
            if number not in self.numbers:
                self.numbers.add(number)
                return number

    def relations(self, members: Sequence[_Member]) -> None:
        head = members[0]
        values: dict[str, Any]
        for one in members[1:]:
            kind = {"spouse": "spouse", "child": "child", "parent": "parent"}[one.role]
            values = {"resident": str(head.uid), "kind": kind, "other": str(one.uid)}
            self.town.relation.append((self.uid(), values | ({"emergency_rank": 1} if kind == "spouse" else {})))
        if len(members) == 1 or head.age >= 63:
            contact, _sex = self.name(head.surname)
            values = {
                "resident": str(head.uid),
                "kind": "child" if head.age >= 63 else "friend",
                "contact_name": contact,
            }
            values |= {"contact_phone": self.phone(), "emergency_rank": 1 if len(members) == 1 else 2}
            self.town.relation.append((self.uid(), values))

    def lists(self, members: Sequence[_Member]) -> None:
        for one in members:
            if one.age >= 65 and len(members) == 1:
                self.care(one, "elder_alone")
            if one.age >= 80:
                self.care(one, "elder_aged")
            draw = self.lot.random()
            if draw < 0.012:
                self.care(one, "disabled")
            elif draw < 0.018 and one.role == "head":
                self.care(one, "low_income")
            elif draw < 0.02 and one.age >= 40:
                self.care(one, "veteran")
            elif draw < 0.03 and one.role == "child" and one.age < 14:
                self.care(one, "child_left")

    def care(self, one: _Member, which: str) -> None:
        basis, reason, every = words.CARE[which]
        since = self.today - timedelta(days=self.lot.randint(5, 300))
        values: dict[str, Any] = {
            "resident": str(one.uid),
            "list": which,
            "basis": basis,
            "reason": reason,
            "since": since.isoformat(),
        }
        values |= {"until": (since + timedelta(days=365)).isoformat(), "visits_every": every}
        self.town.care.append((self.uid(), values))
