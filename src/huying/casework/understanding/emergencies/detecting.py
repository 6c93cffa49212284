"""Somebody may be in danger now: what a text says of it, how urgent it sounds, and which line to call. Pure.

Made for recall: a missed fire costs a life, a false alarm a glance. Texts that name no danger cost a few microseconds;
those that do are weighed with the words of ``seed/emergencies.yaml``. What was long ago, only feared, practised,
meant as a picture or denied lowers the urgency and is told; it never removes the word that was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .lexicon import Lexicon, Rule, Span, one_form, shipped

ALARM: Final = 0.5
"""At and above this urgency somebody must look at once."""
ALSO: Final = 0.3
"""How much of what is missing to certainty a second, different word of the same kind adds."""
_STOPS: Final = "。！？!?；;…"
_PAUSE: Final = re.compile("[，,、：:]")
_MOST: Final = 12  # places of one rule in one text that are weighed; a text that says more is urgent anyway

# In order of precedence: of dangers a text is about as sure of, the one that stands first is told first. What goes on to
# kill comes before what has happened, what says why somebody is hurt before that somebody is.
NAMES: Final = {
    "fire": _("火情或爆炸"),
    "gas": _("燃气泄漏"),
    "drowning": _("溺水或被水围困"),
    "collapse": _("坍塌或坠落"),
    "shock": _("触电"),
    "self_harm": _("轻生或自伤"),
    "child_abuse": _("儿童受到侵害"),
    "violence": _("暴力伤人"),
    "poisoning": _("中毒或毒物泄漏"),
    "lift": _("电梯困人"),
    "injury": _("有人受伤或病危"),
    "missing": _("有人走失"),
}
_SURE: Final = (0.9, 0.7, ALARM)  # urgencies from which on a text is sure, rather sure, hardly sure
MARKS: Final = {
    "past": pgettext_lazy("emergency", "像是过去的事"),
    "over": pgettext_lazy("emergency", "像是已经处置"),
    "if": pgettext_lazy("emergency", "像是假设或担心"),
    "habit": pgettext_lazy("emergency", "像是经常出现的情况"),
    "office": pgettext_lazy("emergency", "像是宣传、演练或政策"),
    "like": pgettext_lazy("emergency", "像是比喻"),
    "told": pgettext_lazy("emergency", "像是转述的新闻或故事"),
    "denied": pgettext_lazy("emergency", "像是否定的说法"),
    "after": pgettext_lazy("emergency", "像是事后的赔偿或诉讼"),
    "smoke": pgettext_lazy("emergency", "像是油烟或烟囱"),
    "business": pgettext_lazy("emergency", "像是债务纠纷"),
    "long": pgettext_lazy("emergency", "只在长文中提到"),
    "now": pgettext_lazy("emergency", "正在发生"),
    "call": pgettext_lazy("emergency", "正在呼救"),
}


@dataclass(frozen=True, slots=True)
class Alert:
    """One kind of danger a text speaks of."""

    kind: str
    words: tuple[str, ...]
    urgency: float
    line: str
    marks: tuple[str, ...] = ()

    @property
    def alarming(self) -> bool:
        """Whether somebody must look at once."""
        return self.urgency >= ALARM

    @property
    def name(self) -> str:
        """The kind, in the reader's language."""
        return str(NAMES.get(self.kind, self.kind))

    @property
    def why(self) -> str:
        """One line for whoever has to judge it, in the reader's language."""
        said = gettext("%(kind)s：“%(words)s”") % {"kind": self.name, "words": gettext("”“").join(self.words)}
        told = gettext("；").join(str(MARKS.get(mark, mark)) for mark in self.marks)
        return gettext("%(said)s（%(marks)s）") % {"said": said, "marks": told} if told else said


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a rule was met, and how urgent it is after all marks."""

    spans: tuple[Span, ...]
    urgency: float
    marks: tuple[str, ...]
    rule: Rule

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]


def detect(text: str, *, least: float = ALARM) -> list[Alert]:
    """The dangers a text speaks of with at least this urgency: the surest first, of the equally sure by precedence.

    With ``least=0`` also what was found and judged to be no emergency, for reading.
    """
    lexicon = shipped()
    plain = one_form(text)
    groups, voids = lexicon.words(plain)
    found: dict[str, list[_Place]] = {}
    brief = len(plain) <= lexicon.depth.short
    for first in groups:
        for rule in lexicon.rules.get(first, ()):
            if rule.brief and not brief:
                continue
            for count, spans in enumerate(_met(rule, groups, plain, voids.get(rule.kind, ()))):
                if count >= _MOST:
                    break
                found.setdefault(rule.kind, []).append(_weigh(lexicon, rule, plain, spans))
    if len(found) > 1:
        _take_apart(lexicon, plain, found)
    alerts = [_alert(kind, places, lexicon.kinds[kind].line, plain) for kind, places in found.items()]
    return sorted((alert for alert in alerts if alert.urgency >= least), key=_precedence)


def _precedence(alert: Alert) -> tuple[int, int, float]:
    unsure = sum(alert.urgency < sure for sure in _SURE)
    return unsure, list(NAMES).index(alert.kind), -alert.urgency


def _take_apart(lexicon: Lexicon, plain: str, found: Mapping[str, list[_Place]]) -> None:
    """What lowers one danger does not lower another told beside it: 天天挨打，家里着火了.

    A place that was lowered is weighed again without what another, alarming danger has for itself. No text alarms by
    this that did not before.
    """
    alarming = [(one.start, one.end, kind) for kind, places in found.items() for one in places if one.urgency >= ALARM]
    for kind, places in found.items():
        others = [(start, end) for start, end, other in alarming if other != kind]
        for at, place in enumerate(places if others else ()):
            if place.urgency < ALARM <= place.rule.urgency:
                own = _own_clauses(plain, place, others)
                places[at] = max(
                    place, _weigh(lexicon, place.rule, plain, place.spans, own), key=lambda one: one.urgency
                )


def _own_clauses(plain: str, place: _Place, others: Sequence[Span]) -> Span:
    """What stands between the clause of the danger before and that of the danger after."""
    left, right = 0, len(plain)
    for start, end in others:
        if end <= place.start and (pause := _PAUSE.search(plain, end, place.start)):
            left = max(left, pause.end())
        if start >= place.end and (pause := _PAUSE.search(plain, place.end, start)):
            right = min(right, pause.start())
    return left, right


def _met(rule: Rule, groups: Mapping[int, list[Span]], plain: str, voids: Sequence[Span]) -> Iterator[tuple[Span, ...]]:
    """Every place where words of all groups of a rule stand together in one sentence."""
    rest = [spans for group in rule.groups[1:] if (spans := groups.get(group))]
    if len(rest) + 1 < len(rule.groups):
        return
    for span in groups[rule.groups[0]]:
        if voids and _void(span, voids):
            continue
        chosen = [span]
        for spans in rest:
            near = _nearest(spans, chosen, rule.within, plain, voids)
            if near is None:
                break
            chosen.append(near)
        else:
            yield tuple(sorted(chosen))


def _nearest(
    spans: Sequence[Span], chosen: Sequence[Span], within: int, plain: str, voids: Sequence[Span]
) -> Span | None:
    """The word closest to those chosen that still fits with them between two stops."""
    start, end = min(chosen)[0], max(span[1] for span in chosen)
    best, least = None, within + 1
    for span in spans:
        low, high = min(start, span[0]), max(end, span[1])
        width = high - low - (end - start) - (span[1] - span[0])
        if width >= least or any(one[0] < span[1] and span[0] < one[1] for one in chosen):
            continue
        if not _void(span, voids) and not any(stop in plain[low:high] for stop in _STOPS):
            best, least = span, width
    return best


def _void(span: Span, voids: Sequence[Span]) -> bool:
    """Whether the word is part of a longer one that means something else."""
    size = span[1] - span[0]
    return any(start < span[1] and span[0] < end and end - start >= size for start, end in voids)


def _weigh(lexicon: Lexicon, rule: Rule, plain: str, spans: tuple[Span, ...], own: Span | None = None) -> _Place:
    """A cry for help overrules all marks, what happens now those of time; all others multiply.

    Marks are looked for in its sentence, and in its ``own`` clauses only where these are given.
    """
    sentence = _sentence(plain, spans[0][0], spans[-1][1])
    if own is not None:
        sentence = max(sentence[0], own[0]), min(sentence[1], own[1])
    if rule.urgency >= ALARM and lexicon.call.found(plain, spans, sentence):
        return _Place(spans, rule.urgency + (1 - rule.urgency) * lexicon.call.weight, ("call",), rule)
    now = lexicon.now.found(plain, spans, sentence)
    weigh, urgency, marks = lexicon.kinds[rule.kind].weigh, rule.urgency, []
    for mark in lexicon.marks:
        weight = weigh.get(mark.name, mark.weight)
        if weight >= 1.0 or (now and mark.name in lexicon.overruled) or not mark.found(plain, spans, sentence):
            continue
        urgency *= weight
        marks.append(mark.name)
    if now and not marks and urgency >= ALARM:
        urgency += (1 - urgency) * lexicon.now.weight
        marks.append("now")
    depth = lexicon.depth
    deep = depth.factor(spans[0][0], len(plain), weigh.get("long", depth.weight))
    if deep < 1.0:
        urgency *= deep
        marks.append("long")
    return _Place(spans, urgency, tuple(marks), rule)


def _sentence(plain: str, start: int, end: int) -> Span:
    left = max(plain.rfind(stop, 0, start) for stop in _STOPS) + 1
    after = [place for stop in _STOPS if (place := plain.find(stop, end)) >= 0]
    return left, min(after, default=len(plain))


def _alert(kind: str, places: list[_Place], line: str, plain: str) -> Alert:
    """All places of one kind make one alert, as urgent as its most urgent place and a little more for another."""
    places.sort(key=lambda place: (-place.urgency, place.start - place.end, place.start))
    best = places[0]
    apart = [place for place in places[1:] if place.end <= best.start or place.start >= best.end]
    urgency = best.urgency
    said = plain[best.start : best.end]
    if apart and apart[0].urgency >= ALARM / 2 and plain[apart[0].start : apart[0].end] != said:
        urgency += (1 - urgency) * ALSO * apart[0].urgency
    spans = sorted({span for place in (best, *apart[:3]) for span in place.spans})
    words = dict.fromkeys(plain[start:end] for start, end in spans)
    return Alert(kind, tuple(words), round(min(urgency, 1.0), 2), line, best.marks)
