"""A readable name of a group: where, and what is wrong there, in the words of those who wrote. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from huying.insight.hotspots.likeness import Features
from huying.insight.hotspots.places import Name, alike
from huying.insight.hotspots.reading import MARK, cut, plain
from huying.insight.hotspots.vocabulary import (
    CONCEPTS,
    ESTATE,
    GIVEN,
    HEAD,
    ROAD,
    SCHOOL,
    SPOT,
    STOPS,
    VILLAGE,
)

_SHARE = 0.15  # of the full support a name could have, for it to be the group's
_CLOSE = 0.85  # of the most supported, for another writing to stand for both
_AGREED = 2  # signs of a beginning that are too few for a name
_SURE = 0.35  # weight from which a name is believed
_LONGEST = 20  # signs of the problem
_SHORTEST = 4
# What only points at a list, or says how long it is: 以下几个, 如下三点, 有关 - but not 三楼以下, 几个月, 几点开门.
_AHEAD = "以下|如下|下列|下述|上述|以上"
_SOME = "这?几(?:个(?![月小星人老孩学年邻])|项|件|条|处|类|种|方面)|若干|一些|诸多|相关|有关"
_COUNTED = r"(?:这?几|[一二两三四五六七八九十\d]{1,2})(?:个(?!月)|点|项|件|条|处|类|种|方面)"
_POINTING = rf"(?:(?<![岁米楼层级分元年贝度])(?:{_AHEAD})(?:{_COUNTED}|{_SOME})+|下面这?几(?:个|点|项|方面)|{_SOME})"
_POINTED = re.compile(rf"(?<![岁米楼层级分元年贝度])(?:{_AHEAD})(?:{_COUNTED}|{_SOME})+")
_POINTS_AHEAD = re.compile(rf"{_AHEAD}|{_SOME}")
_SAYS_NOTHING = re.compile(
    rf"(?:{_AHEAD}|{_SOME}|{_COUNTED}|存在|提出|解决|处理|反映|问题|情况|事项|事宜|意见|建议|诉求|困难|看法|疑问|想法|现象|方面"
    r"|地方|的|等|有|说|点)+"
)
# A number in a list: 2、 (3) 3) 第二, 其三: 首先, - but not 2、3栋, 3.5米, (二)期; some only where a clause begins.
_NO_LIST = r"(?![\d一二三四五六七八九十第期号栋幢座区组标])"
_LISTED = re.compile(
    r"(?:(?<![A-Za-z\d.、-])(?:[(（]\d{1,2}[)）]|\d{1,2}(?:、|[.．](?!\d)))"
    r"|(?:^|(?<=[，,；;。！!？?：:|]))(?:\d{1,2}[)）,，:：]|[(（]?[一二三四五六七八九十]{1,3}[)）、.．]"
    rf"|[第其][一二三四五六七八九十]{{1,3}}[、.．,，:：]|(?:首先|其次|再次|最后)[,，:：])){_NO_LIST}"
)
_CIRCLED = re.compile("[①-⑳]")  # once made plain they would be bare digits
_OPENING = re.compile(
    r"^(?:[，,、：:的]|关于|投诉|反映|反应|反馈|举报|请求|请问|咨询|询问|建议|希望|坚决|强烈|再次|多次|恳请|恳求|呼吁|质疑|控告|求助|反对"
    rf"|要求|惊|请|对于|对|在|位于|我要|我想|致|就|(?:{_POINTING}|{_AHEAD})的?|(?:问题|情况|事项|建议|意见|诉求)[:：,，]|[省市区县镇乡]|小区(?![内里门]))+"
)
_ETC = "(?:(?<![不相平同中高久初难])等)"
_CLOSING = re.compile(
    rf"(?:(?<=....)(?:方面)?(?:存在|提出)?的?{_ETC}?{_POINTING}*的?(?:问题|情况|事宜|事情|现象)|的?(?:投诉|建议|诉求|疑问|咨询|维权|请求)"
    rf"|(?:存在|提出|的)?(?:{_POINTING}|如下)|{_ETC}|怎么办|合理吗|合法吗|(?<=....)求解决|请政府管一管|谁来管"
    r"|[吗呢吧啊])+$"
)
_CORNER = re.compile(  # which house or door, where a place stood before
    r"^(?:第?[一二三四五六七八九十\d]+(?:号楼|单元|号|栋|幢|巷|弄|楼|期|层|座|组)(?!以[上下])|[A-Z]座|[东西南北正后]门|[A-Z]?出?口|村口|门口|门前|楼下|后面"
    r"|里面|外面|旁边|那边|这边|附近)+的?"
)
_PLACES = frozenset((ESTATE, GIVEN, ROAD, SCHOOL, SPOT, VILLAGE))
_UNCLOSED = re.compile(r"[(（《“][^)）》”]*$")
_UNOPENED = re.compile(r"^([^(（《“]*)[)）》”]")
_HALF = re.compile(r"[,:;?!](?!\d)")
_WHOLE = {",": "，", ":": "：", ";": "；", "?": "？", "!": "！"}
_EDGES = "，,、：:；;。！!？?…~— \"“”‘’'（）()《》【】·"


@dataclass(frozen=True, slots=True)
class Naming:
    """``name`` is "place：problem", or the problem alone where no place is named by enough messages."""

    place: str
    problem: str

    @property
    def name(self) -> str:
        if self.place and self.problem:
            return f"{self.place}：{self.problem}"
        return self.place or self.problem


def named(members: Sequence[tuple[str, Features]], *, ground: str = "", places: Sequence[str] = ()) -> Naming:
    """Name a group of one or more messages, each with its title and features.

    ``ground`` is named where the messages surely name no place; ``places`` are those that were filled in, which the problem
    need not repeat.
    """
    main = _main_name([features.names for _, features in members])
    if ground and (main is None or main.kind == HEAD):
        main, place = None, ground
    else:
        place = _written(main, [features.names for _, features in members]) if main else ""
    shares = Counter(word for _, features in members for word in features.words)
    candidates = _candidates(members, main, places)
    best = max(candidates, key=lambda problem: _telling(problem, shares, len(members)), default="")
    return Naming(place, best)


def _main_name(all_names: Sequence[Sequence[Name]]) -> Name | None:
    """The name most messages share, surely, in one or the other writing; among equals the writing most have."""
    support: dict[str, float] = defaultdict(float)
    by_core: dict[str, Name] = {}
    for names in all_names:
        for name in names:
            if name.weight >= _SURE and not _is_no_place(name):
                support[name.core] += name.weight**2 * (0.5 if name.kind == HEAD else 1.0)
                if name.core not in by_core or by_core[name.core].weight < name.weight:
                    by_core[name.core] = name
    totals = {core: sum(own * alike(core, other) for other, own in support.items()) for core in support}
    most = max(totals.values(), default=0.0)
    if not most or most < _SHARE * len(all_names):
        return None
    close = [core for core, total in totals.items() if total >= _CLOSE * most]
    return by_core[max(close, key=lambda core: (support[core], len(core), core))]


def _is_no_place(name: Name) -> bool:
    """Whether it only points somewhere (以下小区), or a title only begins with what is wrong (拖欠工资…)."""
    return bool(_POINTS_AHEAD.match(name.core)) or (name.kind == HEAD and cut(name.core)[0] in STOPS)


def _written(main: Name, all_names: Sequence[Sequence[Name]]) -> str:
    """How the name is mostly written, with its ending where people write it; a name without one as far as they agree."""
    writings = Counter(name.text for names in all_names for name in names if name.core == main.core)
    if main.kind != HEAD:
        return max(writings.items(), key=lambda item: (item[1], len(item[0]), item[0]))[0]
    heads = [name.core for names in all_names for name in names if name.core[:2] == main.core[:2]]
    for size in range(len(main.core), _AGREED, -1):
        if sum(head.startswith(main.core[:size]) for head in heads) * 2 > len(heads):
            return main.core[:size]
    return main.core


def _candidates(members: Sequence[tuple[str, Features]], main: Name | None, places: Sequence[str]) -> list[str]:
    found: list[str] = []
    for title, features in members:
        same = [name.text for name in features.names if main and alike(name.core, main.core) >= 0.5]
        given = [name.text for name in features.names if places and name.kind in _PLACES]
        found.append(problem_in(title, [*places, *same, *given]))
    return [problem for problem in dict.fromkeys(found) if problem]


def problem_in(title: str, places: Sequence[str]) -> str:
    """What a title says besides where: without polite openings and closings, numbers of a list and words that only point at
    one, cut at a word; empty where nothing is left.
    """
    text = _POINTED.sub("", _LISTED.sub(f"{MARK}、", plain(_CIRCLED.sub("1、", title))))
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place, MARK)
    pieces = [piece for piece in text.split(MARK) if piece]
    text = max((_trimmed(piece) for piece in pieces), key=len, default="")
    if len(text) < _SHORTEST:
        text = _trimmed("".join(pieces))
    return _HALF.sub(lambda sign: _WHOLE[sign.group()], _shortened(text))


def _trimmed(text: str) -> str:
    while True:
        shorter = _UNOPENED.sub(r"\1", _UNCLOSED.sub("", text.strip(_EDGES)))
        shorter = _CLOSING.sub("", _OPENING.sub("", shorter.strip(_EDGES)))
        if (listed := _LISTED.match(shorter)) and listed.end() < len(shorter):
            shorter = shorter[listed.end() :]
        shorter = _CORNER.sub("", shorter)
        if shorter == text:
            return "" if _SAYS_NOTHING.fullmatch(text) else text
        text = shorter


def _shortened(text: str) -> str:
    """At most so many signs, ending before a punctuation mark where there is one, else at a word."""
    if len(text) <= _LONGEST:
        return text
    clause = re.split(r"[，,。！!？?；;：:]", text)[0]
    if _SHORTEST < len(clause) <= _LONGEST:
        return _trimmed(clause)
    short = ""
    for word in cut(text):
        if len(short) + len(word) > _LONGEST:
            break
        short += word
    return _trimmed(short)


def _telling(problem: str, shares: Counter[str], size: int) -> tuple[float, str]:
    """How well a problem speaks for all: words many use, in few signs."""
    words = {"=" + CONCEPTS[word] if word in CONCEPTS else word for word in cut(problem) if len(word) > 1}
    spoken = sum(shares[word] / size for word in words)
    good_length = 1.0 if _SHORTEST <= len(problem) <= 16 else 0.6
    return good_length * spoken / sqrt(len(words) + 1), problem
