"""Who speaks: fictional people with names, voices and telephone numbers nobody can have."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .phrases import VOICES, ItemVoice, words
from .templates import pick, weighted

PHONE_BLOCK = "1990000"  # our reserved block for examples; four digits follow
MANNER = dict(zip(VOICES, (34, 16, 14, 9, 6, 8, 4, 4, 7), strict=True))
CALM = {"plain": 44, "polite": 28, "elderly": 14, "newcomer": 14}


@dataclass(frozen=True, slots=True)
class Resident:
    alias: str
    title: str  # how a seat writes them down: 陈女士
    phone: str
    voice: str
    foreign: bool = False


class Town:
    """People by community; some call again, so that a seat sees a caller's past."""

    def __init__(self, rng: Random, again: float = 0.3) -> None:
        self._numbers = list(range(10_000))
        rng.shuffle(self._numbers)
        self._next = 0
        self._again = again
        self._people: dict[str, list[Resident]] = {}

    def resident(self, rng: Random, area: str, online: bool) -> Resident:
        crowd = self._people.setdefault(area[:12], [])
        if crowd and rng.random() < self._again:
            return pick(rng, crowd)
        person = self._new(rng, online)
        crowd.append(person)
        return person

    def _new(self, rng: Random, online: bool) -> Resident:
        number = self._numbers[self._next % len(self._numbers)]
        self._next += 1
        phone = f"{PHONE_BLOCK}{number:04d}"
        if online and rng.random() < 0.05:
            return Resident(pick(rng, words("people.txt", "foreign")), "外籍居民", phone, "newcomer", foreign=True)
        surname, woman = pick(rng, words("people.txt", "surname")), rng.random() < 0.52
        voice = weighted(rng, MANNER)
        title = surname + ("女士" if woman else "先生")
        if voice == "elderly":
            title = surname + pick(rng, ("阿姨", "阿婆", "老师") if woman else ("伯", "老先生", "师傅"))
        if online and rng.random() < 0.3:
            return Resident(pick(rng, words("people.txt", "nick")).replace("{s}", surname), title, phone, voice)
        given = pick(rng, words("people.txt", "given.f" if woman else "given.m"))
        return Resident(surname + given, title, phone, voice)


def staff_name(rng: Random) -> str:
    return pick(rng, words("people.txt", "surname")) + pick(rng, words("people.txt", "given.m"))


def neighbour(rng: Random) -> str:
    """Somebody met on a round: 陈阿姨, 刘师傅."""
    return pick(rng, words("people.txt", "surname")) + pick(rng, ("阿姨", "师傅", "女士", "先生", "阿婆", "叔", "姐"))


def manner(rng: Random, person: Resident, item: ItemVoice, place: str) -> str:
    """The voice a person takes for this matter: nobody is sarcastic about a fire, few about a pension."""
    voice = person.voice
    if item.code in ("1618", "1605", "1607", "1612", "1611") or item.code[:2] in ("13", "14"):
        return voice if voice in CALM else weighted(rng, CALM)
    if voice == "shopkeeper" and place not in (
        "shop",
        "road",
        "market",
        "mall",
        "village",
        "eatery",
        "store",
        "service",
    ):
        return "plain"
    if voice == "parent" and item.code[:2] in ("09", "11", "16"):
        return "plain"
    return voice
