"""What a message says besides its kind: times, numbers that are private, its several matters, how strongly it is put. Pure.

Positions are those of the text itself. Strong words are noted and change nothing else: who is rude has a matter too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from huying.kernel.privacy import is_bank_card, is_id_number, mask_text

from .splitting import split
from .times_said import TimeSaid, comes_again, still_going_on, times_in

# Wider than what is masked; whether a stretch is private, `mask_text` alone decides.
_MAYBE: Final = re.compile(
    r"[A-Za-z0-9._%+\-Ａ-Ｚａ-ｚ０-９．＿％＋－‐–—]{1,64}[@＠][A-Za-z0-9\-Ａ-Ｚａ-ｚ０-９－‐–—]{1,63}"
    r"(?:[.．][A-Za-z0-9\-Ａ-Ｚａ-ｚ０-９－‐–—]{1,63}){1,4}"
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-Za-zＡ-Ｚａ-ｚ][·•.．\s\-－‐–—]?[A-Za-z0-9Ａ-Ｚａ-ｚ０-９]{4,6}[挂学警港澳领]?"
    r"|[+＋]?[\d０-９](?:[ \u3000\-－‐–—]?[\d０-９]){5,22}(?:[ -]?[XxＸｘ])?"
)
_PART: Final = re.compile(r"[^ \u3000\-－‐–—]+")
_DIGITS: Final = re.compile(r"[\d０-９]+")
_LONGEST_NAME: Final = 64  # signs of an address before its @
_NARROW: Final = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20, 0x2010: 0x2D, 0x2013: 0x2D, 0x2014: 0x2D}
_STRONG: Final = re.compile(
    "他妈的?|妈的|特么|tmd|TMD|傻[逼比叉缺]|煞笔|王八蛋|混蛋|混账|狗屁|放屁|狗官|狗东西|吃屎|去死吧?|该死|不要脸|无耻|垃圾政府|"
    "废物|饭桶|畜生|人渣|败类|强盗|流氓|土匪|黑心|丧尽天良|草菅人命|忍无可忍|岂有此理|无法无天|猖狂|恶霸|气死|恶心|骗子|卧槽|我操|操你|"
    "滚蛋|脑残|智障|白痴|蠢货|吃干饭|尸位素餐|官官相护|[！!]{3,}|[？?]{4,}"
)


@dataclass(frozen=True, slots=True)
class Private:
    """A stretch that must be masked: ``phone``, ``id``, ``card``, ``plate`` or ``email``."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Strong:
    """A strong word and where it stands."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one message."""

    times: tuple[TimeSaid, ...]
    ongoing: bool
    repeated: bool
    private: tuple[Private, ...]
    matters: tuple[str, ...]
    tone: tuple[Strong, ...]


def read(text: str, *, now: datetime) -> Reading:
    """Read one message as of an aware moment; an empty message gives an empty reading."""
    times = times_in(text, now=now)
    return Reading(
        times=tuple(times),
        ongoing=still_going_on(text),
        repeated=comes_again(text) or any(one.every for one in times),
        private=tuple(private_in(text)),
        matters=tuple(split(text)),
        tone=tuple(Strong(*match.span(), match[0]) for match in _STRONG.finditer(text)),
    )


def private_in(text: str) -> list[Private]:
    """Phones, identity numbers, bank cards, plates and e-mail addresses, in order, without overlap."""
    found: list[Private] = []
    at = 0
    while match := _MAYBE.search(text, at):
        said = match[0]
        if mask_text(said) == said:
            at = _next_start(text, match.start())
            continue
        at = match.end()
        parts = [part for part in _PART.finditer(said) if mask_text(part[0]) != part[0]]
        if len(parts) > 1 or (len(parts) == 1 and _whole(parts[0][0]) and parts[0][0] != said):
            found += [Private(match.start() + p.start(), match.start() + p.end(), _kind(p[0])) for p in parts]
        else:
            found.append(Private(match.start(), match.end(), _kind(said)))
    return found


def _next_start(text: str, at: int) -> int:
    """Where to look again after nothing private began at ``at``.

    An address may begin inside what only looked like a number. Of digits without end only the last few can matter: a
    number of 24 digits is no number of anybody, so that a page of digits costs no more than a line of them.
    """
    run = _DIGITS.match(text, at)
    return max(at + 1, run.end() - _LONGEST_NAME) if run else at + 1


def _whole(said: str) -> bool:
    """Whether the part is long enough to be the number itself."""
    return sum(sign.isdigit() for sign in said) >= 11


def _kind(said: str) -> str:
    plain = said.translate(_NARROW)
    if "@" in plain:
        return "email"
    if not (plain[0].isdigit() or plain[0] == "+"):
        return "plate"
    digits = re.sub(r"[^\dXx]", "", plain)
    if is_id_number(digits):
        return "id"
    if is_bank_card(digits):
        return "card"
    return "id" if len(digits) == 15 else "phone"
