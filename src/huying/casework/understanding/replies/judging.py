"""How good an official reply to a resident's message is: advice with reasons for its writer, never a block. Pure.

Five aspects, each 0 to 1: relevance (the same matter, place and things), completeness (every request taken up; what was
found, done, by whom, by when), legal basis (where something is refused or a right explained), tone, plainness. Whether
the reply came in time is a matter of the clocks.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from .aspects import Aspect, completeness, joined, legal_basis, plainness, short, tone
from .relevance import Background, named_things, relevance, relevance_matrix, usual_background

__all__ = [
    "ASPECTS",
    "LOW",
    "Advice",
    "Aspect",
    "Background",
    "judge",
    "relevance_matrix",
    "usual_background",
]

LOW = 0.5  # below this an aspect deserves a second look
WEIGHTS = {"relevance": 0.30, "completeness": 0.35, "basis": 0.15, "tone": 0.10, "plainness": 0.10}
ASPECTS = {
    "relevance": gettext_lazy("切题"),
    "completeness": gettext_lazy("完整"),
    "basis": pgettext_lazy("answer", "依据"),
    "tone": gettext_lazy("语气"),
    "plainness": gettext_lazy("易懂"),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What can be said of a reply: figures of 0 to 1 with reasons, the requests of the message, and those left open."""

    relevance: Aspect
    completeness: Aspect
    basis: Aspect
    tone: Aspect
    plainness: Aspect
    requests: tuple[str, ...]
    unanswered: tuple[str, ...]

    @property
    def aspects(self) -> dict[str, Aspect]:
        """The aspects by name, in the order they matter to a reader."""
        return {name: getattr(self, name) for name in WEIGHTS}

    @property
    def mean(self) -> float:
        """The weighted mean of the aspects (:data:`WEIGHTS`)."""
        return sum(weight * self.aspects[name].score for name, weight in WEIGHTS.items())

    @property
    def overall(self) -> float:
        """The mean, times 0.5 to 1 as the weaker of relevance and completeness.

        So a reply beside the point, or one that answers nothing, is never made good by its manners.
        """
        weaker = min(self.relevance.score, self.completeness.score)
        return self.mean * (0.5 + min(0.5, weaker))

    @property
    def points(self) -> dict[str, int]:
        """What each aspect brings in whole points of a hundred. They add up to the rounded mean."""
        exact = {name: 100 * weight * self.aspects[name].score for name, weight in WEIGHTS.items()}
        whole = {name: int(points) for name, points in exact.items()}
        left = round(100 * self.mean) - sum(whole.values())
        for name in sorted(exact, key=lambda name: whole[name] - exact[name])[:left]:
            whole[name] += 1
        return whole

    @property
    def held_back(self) -> int:
        """Points taken off because it is beside the point or leaves too much open: points less these are the overall."""
        return round(100 * self.mean) - round(100 * self.overall)

    @property
    def suggestions(self) -> tuple[str, ...]:
        """What would help, weakest aspect first, each once."""
        ordered = sorted(self.aspects.values(), key=lambda aspect: aspect.score)
        return tuple(dict.fromkeys(one for aspect in ordered for one in aspect.suggestions))


def judge(message: str, reply: str, *, title: str = "", background: Background | None = None) -> Advice:
    """Advice on ``reply`` to ``message``. ``background`` tells how rare words are here; without it, in written Chinese."""
    known = background or usual_background()
    complete = completeness(message, reply, title=title, background=known)
    return Advice(
        relevance=_relevance(message, reply, title, known),
        completeness=complete.aspect,
        basis=legal_basis(reply),
        tone=tone(reply),
        plainness=plainness(reply),
        requests=complete.requests,
        unanswered=complete.unanswered,
    )


def _relevance(message: str, reply: str, title: str, background: Background) -> Aspect:
    score = relevance(message, reply, title=title, background=background)
    things = named_things(f"{title}。{message}")
    shared = [thing for thing in things if _mentioned(thing, reply)]
    absent = [thing for thing in things if thing not in shared]
    reasons, suggestions = list[str](), list[str]()
    if shared:
        reasons.append(_("答复提到了留言里的：%(text)s") % {"text": joined(shared[:4])})
    if absent and (score < LOW or not shared):
        reasons.append(_("留言说到、答复没有提到：%(text)s") % {"text": joined(absent[:4])})
        suggestions.append(_("说明答复的是哪件事、在哪里，让人看得出读过留言。"))
    if score < LOW and not absent:
        reasons.append(_("答复与留言“%(text)s”很少说到同样的内容") % {"text": short(title or message)})
        suggestions.append(_("核对是否答复了这一件留言。"))
    if not reasons:
        reasons.append(_("答复与留言说的是同一件事。"))
    return Aspect(score, tuple(reasons), tuple(dict.fromkeys(suggestions)))


def _mentioned(thing: str, reply: str) -> bool:
    """A name counts as mentioned when its last four characters are."""
    return thing in reply or (len(thing) > 4 and thing[-4:] in reply)
