"""From a message to words: one way of writing, words cut once, and the words that say nothing about a matter's kind. Pure.

Chinese is cut by jieba, loaded at the first need. A text that arrives already cut, words parted by spaces, is taken as
it is. Cutting is for people and for measures; the classifier reads runs of characters (``features``), which is thirty
times faster and needs no dictionary of a place's names.
"""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from functools import cache
from typing import Any

LONGEST = 2000  # characters of a text that are read; what a message is about is said long before
_SPACE = re.compile(r"[\s\u3000]+")
_PLACE = re.compile(r"(?<![a-z0-9])[a-z]\d{0,3} ?(?=[市区县州镇乡省])")  # A市, A3区: a place made nameless by a letter
_GAPS = re.compile(r"(?<=[㐀-鿿]) (?=[㐀-鿿])")
_CHINESE = re.compile(r"[㐀-鿿]")
_WORD = re.compile(r"[㐀-鿿]+|[a-z]+|\d+")
_PIECE = re.compile(r"[a-z]+|\d+|[㐀-鿿]+|[^\sa-z\d㐀-鿿]")
_SIZES = (4, 3, 2, 1)  # signs of a word
_SELDOM = 2  # words of the dictionary met no more often are chance
_CUT_SHARE = 0.15  # gaps between Chinese signs as a share of these signs from which on a text counts as cut
_lock = threading.Lock()

# Words of courtesy, grammar and asking; found in every kind of matter. Written for this product.
SINGLES = frozenset(
    "的了着过地得之是在有和与及或把被将对向从由于给让使为以而且但却则都也就又再还才只很更最太越真挺较这那哪此该每各某其"
    "它他她我你您们吧吗呢啊呀哦嘛呐么个些所等即若如并因故至到上下里中来去要会能可没不无未非"
)
PAIRS = frozenset(
    [
        "我们",
        "你们",
        "他们",
        "她们",
        "它们",
        "自己",
        "大家",
        "这个",
        "那个",
        "这些",
        "那些",
        "这样",
        "那样",
        "这里",
        "那里",
        "这种",
        "那种",
        "什么",
        "怎么",
        "怎样",
        "如何",
        "为何",
        "因为",
        "所以",
        "但是",
        "可是",
        "不过",
        "然而",
        "而且",
        "并且",
        "或者",
        "还是",
        "以及",
        "如果",
        "虽然",
        "即使",
        "只要",
        "只有",
        "只是",
        "就是",
        "也是",
        "都是",
        "还有",
        "没有",
        "不是",
        "不能",
        "不会",
        "不到",
        "可以",
        "能够",
        "应该",
        "应当",
        "需要",
        "必须",
        "一直",
        "一些",
        "一样",
        "一定",
        "一起",
        "之后",
        "之前",
        "以后",
        "以前",
        "以来",
        "以上",
        "以下",
        "其中",
        "其他",
        "其它",
        "对于",
        "关于",
        "由于",
        "通过",
        "根据",
        "按照",
        "为了",
        "已经",
        "曾经",
        "正在",
        "将要",
        "非常",
        "十分",
        "特别",
        "比较",
        "更加",
        "您好",
        "你好",
        "谢谢",
        "感谢",
        "尊敬",
        "领导",
        "请问",
        "咨询",
        "希望",
        "恳请",
        "请求",
    ]
)


def normalise(text: str) -> str:
    """One way of writing: half-width, lower case, single spaces, nameless places ("A3区") by their kind ("区") only.

    At most ``LONGEST`` characters of the text are read.
    """
    text = unicodedata.normalize("NFKC", text.strip()[:LONGEST]).lower()
    return _PLACE.sub("", _SPACE.sub(" ", text))[:LONGEST].strip()


def is_cut(text: str) -> bool:
    """Whether words are already parted by spaces, as in "西湖 建筑 集团 占 道 施工"."""
    signs = len(_CHINESE.findall(text))
    return signs > 1 and len(_GAPS.findall(_SPACE.sub(" ", text))) >= _CUT_SHARE * signs


def words(text: str) -> list[str]:
    """The words of a text in their order, without punctuation and without words that say nothing about its kind."""
    plain = normalise(text)
    pieces = plain.split() if is_cut(plain) else _cutter().cut(plain, HMM=False)
    found = (word for piece in pieces for word in _WORD.findall(piece))
    return [word for word in found if word not in SINGLES and word not in PAIRS]


def places(plain: str) -> list[tuple[int, int]]:
    """Where the words of a normalised text begin and end: from the left the longest the dictionary knows.

    Several times faster than a proper cut, and good enough for quoting. Signs in no word stand alone, but for letters
    and digits that stand together.
    """
    known = _cutter().FREQ
    found = []
    for piece in _PIECE.finditer(plain):
        at, end = piece.span()
        if plain[at].isascii():
            found.append((at, end))
            continue
        while at < end:
            for size in _SIZES:
                if size == 1 or (at + size <= end and known.get(plain[at : at + size], 0) > _SELDOM):
                    found.append((at, at + size))
                    at += size
                    break
    return found


@cache
def _loaded() -> Any:
    import jieba  # a second of loading and 80 MB, so only where words are cut

    jieba.setLogLevel(logging.ERROR)
    jieba.dt.initialize()  # the one everybody shares
    return jieba.dt


def _cutter() -> Any:
    with _lock:  # two threads at once would load the dictionary twice
        return _loaded()
