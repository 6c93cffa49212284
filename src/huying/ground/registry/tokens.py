"""What a record is found by: small pieces of its words, kept only as keyed fingerprints (64 bits).

Whoever copies the table without the instance's secret cannot read names, phones or identity numbers from it. Pieces: signs and
pairs of a name, its pinyin and initials, four digits in a row of a phone, the end of an identity number, pairs of an address and
its building and room numbers. A search breaks its words the same way; every piece must be there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from django.conf import settings

from huying.kernel.privacy import blind_candidates
from huying.kernel.sounds import HAN, spoken

_SAME: Final = ((re.compile(r"(?<=\d)(?:号楼|幢|座|号栋)"), "栋"), (re.compile(r"(?<=\d)(?:号房|房|号室)"), "室"))
_NUMBERED: Final = re.compile(r"(\d{1,5}[a-z]?)(栋|单元|室|层|楼|号|弄|巷|期|区|组|村|队)?")
_RUN: Final = re.compile(r"[0-9a-z]+")
_MARKS: Final = frozenset(("栋", "单元", "室", "层", "楼", "号", "弄", "巷", "期", "区", "组", "村", "队"))
_MOST_WORDS: Final = 12
_LONG: Final = 15
_LONGEST_NAME: Final = 24
_LONGEST_PART: Final = 5


def of_person(name: str, phones: Iterable[str], id_number: str, birth: str, address: str) -> list[int]:
    """The tokens of a resident; ``birth`` is an ISO date, ``address`` where they live, "" when unknown."""
    found = {*_name(name), *_address(address), *_number(id_number)}
    for phone in phones:
        found |= _grams(_digits(phone))
    found.update(likeness_keys(name, phones, birth))
    return _keyed_all(found)


def of_place(
    address: str, code: str = "", number: str = "", *, name: str = "", keeper: str = "", phone: str = ""
) -> list[int]:
    """The tokens of premises or a facility. ``name`` is its own, ``keeper`` and ``phone`` are those of whom to call."""
    found = {*_address(address), *(piece for piece in (code.lower(), number.lower()) if piece)}
    return _keyed_all(found | _spoken_parts(name) | _keeper(keeper, phone))


def of_organisation(name: str, credit_code: str, address: str, *, keeper: str = "", phone: str = "") -> list[int]:
    """The tokens of an organisation."""
    found = {*_pairs(name), *_address(address), *_number(credit_code), *_spoken_parts(name), *_keeper(keeper, phone)}
    for run in HAN.findall(name):
        found |= _readings(run, whole=True)
    return _keyed_all(found)


def _keeper(name: str, phone: str) -> set[str]:
    """Whom to call there: two signs or the pinyin of the name, four digits of the phone. One sign alone would say too little."""
    found = _grams(_digits(phone)) if phone else set()
    for run in HAN.findall(_plain(name)):
        if len(run) > 1:
            found |= set(map(str.__add__, run, run[1:])) | _readings(run[:6], whole=True)
    return found


def _spoken_parts(name: str) -> set[str]:
    """Initials and pinyin of every few signs in a row of a name: 市华联超市有限公司 by hlcs or hualian."""
    found: set[str] = set()
    for run in HAN.findall(_plain(name)):
        for syllables in spoken(run[:_LONGEST_NAME])[:1]:
            for start in range(len(syllables) - 1):
                for end in range(start + 2, min(len(syllables), start + _LONGEST_PART) + 1):
                    part = syllables[start:end]
                    found.add("".join(syllable[0] for syllable in part))
                    if len(part) < _LONGEST_PART:
                        found.add("".join(part))
    return found


def likeness_keys(name: str, phones: Iterable[str], birth: str) -> list[str]:
    """What two records of one person share: name and birth date, or surname and a phone."""
    keys = [f"same:{name}|{birth}"] if name and birth else []
    return keys + [f"same:{name[0]}|{digits}" for digits in map(_digits, phones) if name and len(digits) >= 7]


def keyed(pieces: Iterable[str]) -> list[int]:
    """Pieces as they stand in the table."""
    return _keyed_all(pieces)


def asked(words: str) -> list[list[int]]:
    """What a search must find, once for every secret of the instance; [] when nothing can be searched."""
    pieces: set[str] = set()
    for word in _plain(words).split()[:_MOST_WORDS]:
        pieces |= _asked_word(word)
    if not pieces:
        return []
    return [
        sorted(column) for column in zip(*(_fingerprints(piece, *_secrets()) for piece in sorted(pieces)), strict=True)
    ]


def _asked_word(word: str) -> set[str]:
    found: set[str] = set()
    rest = word
    if HAN.search(word):
        for match in _NUMBERED.finditer(word):
            if len(match[1]) < 4 or match[2]:
                found.add(match[0])
                rest = rest.replace(match[0], " ", 1)
    for run in _RUN.findall(rest):
        found |= {run} if run.isalpha() or len(run) >= _LONG else _grams(run)
    for run in HAN.findall(rest):
        if run not in _MARKS:
            found |= _pairs(run)
    return found


def _name(name: str) -> set[str]:
    plain = _plain(name)
    found = set(_RUN.findall(plain))
    for run in HAN.findall(plain):
        found |= set(run) | _pairs(run) | _readings(run[:6], whole=False)
    return found


def _readings(run: str, *, whole: bool) -> set[str]:
    """Pinyin and initials of a run of signs; of every part of it that begins at a sign unless ``whole``."""
    found: set[str] = set()
    for syllables in spoken(run):
        starts = range(1) if whole else range(len(syllables))
        for start in starts:
            ends = (len(syllables),) if whole else range(start + 1, len(syllables) + 1)
            for end in ends:
                part = syllables[start:end]
                found.add("".join(part))
                if len(part) > 1:
                    found.add("".join(syllable[0] for syllable in part))
    return found


@lru_cache(maxsize=20_000)
def _address(text: str) -> frozenset[str]:
    plain = _plain(text)
    found: set[str] = set()
    for match in _NUMBERED.finditer(plain):
        found |= {match[0]} | _grams(match[1])
    rest = _NUMBERED.sub(" ", plain)
    for run in HAN.findall(rest):
        found |= _pairs(run)
        if 2 <= len(run) <= 6:
            found |= _readings(run, whole=True)
    return frozenset(found | set(_RUN.findall(rest)))


def _pairs(text: str) -> set[str]:
    found: set[str] = set()
    plain = _plain(text)
    for run in HAN.findall(plain):
        found |= {run} if len(run) == 1 else set(map(str.__add__, run, run[1:]))
    return found | set(_RUN.findall(plain))


def _number(number: str) -> set[str]:
    """An identity number or credit code: the whole of it, and its last six signs."""
    plain = "".join(_RUN.findall(_plain(number)))
    return {plain, *_grams(plain[-6:])} if plain else set()


def _grams(run: str) -> set[str]:
    return {run} if 0 < len(run) <= 4 else {run[at : at + 4] for at in range(len(run) - 3)}


def _digits(phone: str) -> str:
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", phone))
    return digits[2:] if len(digits) == 13 and digits.startswith("861") else digits


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower()
    for pattern, same in _SAME:
        plain = pattern.sub(same, plain)
    return plain


def _secrets() -> tuple[str, ...]:
    return (str(settings.HUYING_SECRET), *getattr(settings, "HUYING_SECRET_FALLBACKS", ()))


def _keyed_all(pieces: Iterable[str]) -> list[int]:
    secrets = _secrets()
    return sorted({_fingerprints(piece, *secrets)[0] for piece in pieces if piece})


@lru_cache(maxsize=400_000)
def _fingerprints(piece: str, *secrets: str) -> tuple[int, ...]:
    """The fingerprint of a piece under the current and every earlier secret (``secrets`` only tells caches apart)."""
    return tuple(int.from_bytes(each[:8], "big", signed=True) for each in blind_candidates(f"find:{piece}"))
