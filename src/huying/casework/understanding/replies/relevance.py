"""How much a reply speaks of what a message speaks of: shared pieces, weighed by how rare they are. Pure.

A text becomes runs of one to three Chinese characters and the things it names: areas and buildings by
name or by letter and number, law titles, figures. Counts saturate as in BM25, long messages are
brought to length one, long replies only in part, for what is said at length is often said to the point. Names of
accounts, telephone numbers and dates are left out: they say who wrote and when, not what about.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from huying.casework.catalogue.grams import grams

if TYPE_CHECKING:
    from scipy import sparse

Floats = NDArray[np.float32]
Whole = NDArray[np.int64]

_ACCOUNT = re.compile(r"[A-Za-z]{1,3}\d{5,}|\d[\d*-]{6,}")
_DATE = re.compile(r"(?:\d{4}年)?\d{1,2}月(?:\d{1,2}[日号])?|\d{4}[-./]\d{1,2}[-./]\d{1,2}")
_LETTERED = re.compile(r"([A-Z])(\d{0,3})(?=[市县区镇乡村栋幢座])")
_AREA = re.compile(r"[㐀-鿿]{2}(?=[市区县镇乡村]|街道|社区)")
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_TITLE = re.compile(r"《([^》]{2,40})》")
_NAMED = re.compile(
    r"[㐀-鿿]{2,6}?(?:小区|花园|公寓|家园|社区|街道|大道|公路|广场|市场|学校|小学|中学|大学|幼儿园|医院|公司|项目|公园|水库"
    r"|[苑路街巷村镇乡桥府城])"
)
# What stands before a name and does not belong to it.
_LEAD = re.compile(
    r"^.*(?:我们|你们|他们|位于|就是|关于|投诉|反映|请求|希望|咨询|举报|建议|也叫|纳入|解决|[我你您他在住于的到是和与对从向把被将及、])"
)

_TITLE_WEIGHT = 1.0  # the title is read once with the text and once more
_SATURATION, _REPLY_SATURATION = 3.0, 1.0
_REPLY_LENGTH = 0.5  # the power of the reply's length that the score is divided by
_NAME_WEIGHT = 1.5
_NEAR = 10
_PRECEDENTS_FROM = 50  # with fewer texts hardly any precedents are found
_MATTER_WEIGHT, _PLACE_WEIGHT = 0.3, 0.3
_FAINT = 1e-4  # the likeness of texts that share nothing, in parts of the mean
_SLOPE = 1.3
_SELDOM = 4  # words of the dictionary met less often say nothing about how common their parts are


def pieces(text: str) -> list[str]:
    """All comparable pieces of a text, repeated as often as they occur; names carry a mark before them."""
    text = _ACCOUNT.sub(" ", text)
    found = [piece for piece in grams(text) if len(piece) < 12]
    for letter, number in _LETTERED.findall(text):
        found += ("@" + letter, "#" + letter + number)
    found += ("#" + figure for figure in _FIGURE.findall(_DATE.sub(" ", text)) if len(figure) > 1)
    found += ("#" + area for area in _AREA.findall(text))
    found += ("#" + title for title in _TITLE.findall(text))
    return found


def named_things(text: str) -> list[str]:
    """Places, bodies, projects and laws a text names, each once, in order."""
    cleaned = _ACCOUNT.sub(" ", text)
    names = [f"《{title}》" for title in _TITLE.findall(cleaned)]
    names += [match.group() for match in re.finditer(r"[A-Z]\d{0,3}[市县区镇乡村栋幢座]", cleaned)]
    for match in _NAMED.finditer(cleaned):
        name = re.sub(r"^[省市县区]", "", _LEAD.sub("", match.group()))
        if len(name) >= 3 and len(name) > len(_kind(name)) + 1:
            names.append(name)
    return list(dict.fromkeys(names))


def _kind(name: str) -> str:
    """The general word a name ends in."""
    two = name[-2:]
    return two if two in ("小区", "社区", "街道", "学校", "医院", "公司", "项目", "公园", "水库", "市场") else name[-1:]


@dataclass(frozen=True, slots=True)
class Background:
    """How rare pieces are, in logarithms; what is not listed counts as ``unknown``."""

    rarity: Mapping[str, float] = field(repr=False)
    unknown: float  # above 0; the weight of everything is measured by it
    middle: float = 0.12  # the likeness at which relevance is one half

    @classmethod
    def of(cls, texts: Iterable[str]) -> Background:
        """From texts of the place: messages and replies alike."""
        seen: Counter[str] = Counter()
        total = 0
        for text in texts:
            seen.update(set(pieces(text)))
            total += 1
        if not total:
            return usual_background()
        rarity = {piece: log((total + 1) / times) for piece, times in seen.items()}
        return cls(rarity, log(total + 1), middle=0.07)

    def weight(self, piece: str) -> float:
        marked = piece[0] in "@#"
        return self.rarity.get(piece, self.unknown) / self.unknown * (_NAME_WEIGHT if marked else 1.0)


# What official replies always say; it tells nothing about the matter.
_ALWAYS_SAID = (
    "尊敬的网友您好，您的留言已收悉，现将有关情况回复如下。",
    "您反映的问题我们高度重视，立即组织相关部门工作人员进行调查核实，现答复如下。",
    "经查，经核实，经调查了解，情况属实，现已转交有关单位办理，请您耐心等待。",
    "根据相关规定和文件精神，下一步我局将进一步加强管理，加大力度，切实做好工作。",
    "感谢您对我们工作的关心、理解、支持与监督，如有疑问请拨打联系电话咨询，特此回复，祝您生活愉快。",
    "领导您好，希望有关部门能够重视并尽快解决，请问什么时候可以，谢谢，我是一名普通市民，我们小区居民多次反映投诉。",
)


@cache
def usual_background() -> Background:
    """Without texts of the place: how often words occur in written Chinese, and what replies always say."""
    import jieba  # slow to import: only who uses it waits for it

    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    words: dict[str, int] = jieba.dt.FREQ
    total = float(jieba.dt.total)
    parts: Counter[str] = Counter()
    for word, times in words.items():
        if times > _SELDOM and len(word) > 1:
            for start in range(len(word) - 1):
                parts[word[start : start + 2]] += times
            for start in range(len(word) - 2):
                parts[word[start : start + 3]] += times
        elif times:
            parts[word] += times
    highest = log(total / 30)
    rarity = {piece: max(0.3, min(highest, log(total / times)) - 5.0) for piece, times in parts.items()}
    for line in _ALWAYS_SAID:
        for piece in grams(line):
            rarity[piece] = min(0.6, rarity.get(piece, 0.6))
    return Background(rarity, 0.75 * (highest - 5.0))


def likeness(message: str, reply: str, *, title: str = "", background: Background | None = None) -> float:
    """The unbounded likeness of two texts; 0 when they share nothing."""
    known = background or usual_background()
    asked = _weights(Counter(pieces(f"{title}。{message}") + pieces(title)), known, _SATURATION)
    said = _weights(Counter(pieces(reply)), known, _REPLY_SATURATION)
    length = sqrt(sum(weight * weight for weight in asked.values())) or 1.0
    breadth = sqrt(sum(weight * weight for weight in said.values())) or 1.0
    shared = sum(weight * said[piece] for piece, weight in asked.items() if piece in said)
    return float(shared / length / breadth**_REPLY_LENGTH)


def relevance(message: str, reply: str, *, title: str = "", background: Background | None = None) -> float:
    """The likeness on a scale of 0 to 1; nine in ten pairs that do not belong together stay below 0.5."""
    known = background or usual_background()
    found = likeness(message, reply, title=title, background=known)
    return 1 / (1 + exp(-_SLOPE * log(found / known.middle))) if found > 0 else 0.0


def _weights(counts: Counter[str], background: Background, saturation: float) -> dict[str, float]:
    return {piece: times / (times + saturation) * background.weight(piece) for piece, times in counts.items()}


def relevance_matrix(messages: Sequence[str], replies: Sequence[str], titles: Sequence[str] = ()) -> Floats:
    """How well each reply (column) suits each message (row); figures are to be compared within a row.

    Pieces are weighed by how rare they are in these texts. Then replies that suit everybody are marked down (the mean of
    each one's nearest neighbours is taken off, as in CSLS), and pairs that choose each other serve as precedents: a reply
    is also likely when its like was chosen for messages of a like matter, and for messages from like places (who answers
    for a place writes in one manner). Which row belongs to which column is never looked at. Needs a few float32 matrices
    of len(messages) × len(replies).
    """
    if not len(messages) or not len(replies):
        return np.zeros((len(messages), len(replies)), np.float32)
    texts = _counted(messages, replies, titles or [""] * len(messages))
    plain = _levelled(_product(texts))
    if min(len(messages), len(replies)) < _PRECEDENTS_FROM:
        return plain
    best = plain.argmax(axis=1)
    rows = np.flatnonzero(plain.argmax(axis=0)[best] == np.arange(len(best)))
    of_replies = _nearness(texts.said, texts.rarity, best[rows])
    scores = _standard(plain)
    for pieces_meant, weight in ((~texts.names, _MATTER_WEIGHT), (texts.names, _PLACE_WEIGHT)):
        of_messages = _nearness(texts.asked[:, pieces_meant], texts.rarity[pieces_meant], rows)
        scores += np.float32(weight) * _standard(_precedents(of_messages, of_replies))
    return scores


@dataclass(frozen=True, slots=True)
class _Texts:
    """Counts of the pieces of messages (titles twice) and replies, how rare each piece is, and which are names."""

    asked: sparse.csr_matrix
    said: sparse.csr_matrix
    rarity: Floats
    names: NDArray[np.bool_]


def _counted(messages: Sequence[str], replies: Sequence[str], titles: Sequence[str]) -> _Texts:
    """All texts over one vocabulary of the pieces that occur in two texts at least."""
    vocabulary: dict[str, int] = {}
    texts = _counts([f"{title}。{text}" for title, text in zip(titles, messages, strict=True)], vocabulary)
    named = _counts(titles, vocabulary)
    said = _counts(replies, vocabulary)
    width = max(1, len(vocabulary))
    for matrix in (texts, named, said):
        matrix.resize((matrix.shape[0], width))
    seen = np.bincount(texts.indices, minlength=width) + np.bincount(said.indices, minlength=width)
    marked = np.array([piece[0] in "@#" for piece in vocabulary] or [False])
    names = marked & np.array([not piece[1:2].isdigit() for piece in vocabulary] or [False])
    rarity = np.log((len(messages) + len(replies) + 1) / (seen + 1.0)).clip(0) * np.where(marked, _NAME_WEIGHT, 1.0)
    kept = np.flatnonzero(seen > 1)
    asked = (texts + _TITLE_WEIGHT * named).tocsr()
    return _Texts(asked[:, kept], said[:, kept], rarity[kept].astype(np.float32), names[kept])


def _counts(texts: Sequence[str], vocabulary: dict[str, int]) -> sparse.csr_matrix:
    from scipy import sparse  # slow to import: only who uses it waits for it

    starts, columns, times = [0], list[int](), list[int]()
    for text in texts:
        counted = Counter(pieces(text))
        columns += [vocabulary.setdefault(piece, len(vocabulary)) for piece in counted]
        times += counted.values()
        starts.append(len(columns))
    shape = (len(texts), max(1, len(vocabulary)))
    return sparse.csr_matrix((np.array(times, np.float32), np.array(columns, np.int64), np.array(starts)), shape=shape)


def _weighed(counts: sparse.csr_matrix, rarity: Floats, saturation: float, power: float) -> sparse.csr_matrix:
    """Saturated and weighed rows, divided by their length to the given power."""
    from scipy import sparse  # slow to import: only who uses it waits for it

    values = (counts.data / (counts.data + saturation) * rarity[counts.indices]).astype(np.float32)
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    length = np.sqrt(np.bincount(rows, values.astype(np.float64) ** 2, minlength=counts.shape[0]))
    scale = (1 / np.maximum(length, 1e-6) ** power).astype(np.float32)
    return sparse.csr_matrix((values * scale[rows], counts.indices, counts.indptr), shape=counts.shape)


def _product(texts: _Texts) -> Floats:
    left = _weighed(texts.asked, texts.rarity, _SATURATION, 1.0)
    right = _weighed(texts.said, texts.rarity, _REPLY_SATURATION, _REPLY_LENGTH)
    return np.asarray((left @ right.T).todense(), dtype=np.float32)


def _levelled(scores: Floats) -> Floats:
    """Without what a row or a column gives to its nearest in any case."""
    rows, columns = (min(_NEAR, size) for size in reversed(scores.shape))
    of_rows = np.partition(scores, -rows, axis=1)[:, -rows:].mean(axis=1, keepdims=True)
    of_columns = np.partition(scores, -columns, axis=0)[-columns:].mean(axis=0, keepdims=True)
    result: Floats = scores - (of_rows + of_columns) / 2
    return result


def _precedents(of_messages: Floats, of_replies: Floats) -> Floats:
    """For each pair how far messages like this one chose replies like that one, more than other messages did."""
    chosen: Floats = np.log(of_messages @ of_replies.T + np.float32(1e-6))
    result: Floats = chosen - chosen.mean(axis=0, keepdims=True)
    return result


def _nearness(counts: sparse.csr_matrix, rarity: Floats, chosen: Whole) -> Floats:
    """The likeness of all texts to the chosen ones, as shares of a whole; nobody is a precedent for itself."""
    unit = _weighed(counts, rarity, _REPLY_SATURATION, 1.0)
    near = np.asarray((unit @ unit[chosen].T).todense(), dtype=np.float32)
    near[chosen, np.arange(len(chosen))] = 0
    near += np.float32(_FAINT) * near.mean()
    near /= near.sum(axis=1, keepdims=True) + np.float32(1e-9)
    return near


def _standard(scores: Floats) -> Floats:
    result: Floats = (scores - scores.mean()) / max(float(scores.std()), 1e-9)
    return result
