"""What kind of matter is it? Proposals for texts, with how sure and why.

Schooled on the catalogue's own words only (names and phrases, in both languages); nothing a resident wrote is in
it. Fitted at first use of a catalogue version and kept in memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from huying.casework.catalogue import phrases
from huying.casework.catalogue.learning import Model, fit
from huying.casework.catalogue.queries import Catalogue, today

_KEPT = 2
_models: OrderedDict[int, Model] = OrderedDict()
_lately: deque[tuple[Catalogue, Model]] = deque(maxlen=_KEPT)
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Proposal:
    """One kind it might be. ``confidence`` is the chance of being right, 0..1; ``reasons`` are words of the text."""

    item_code: str
    confidence: float
    reasons: tuple[str, ...]


def propose(texts: Sequence[str], *, k: int = 3, catalogue: Catalogue | None = None) -> list[list[Proposal]]:
    """Up to ``k`` kinds for each text, likeliest first; none for a text without a known word.

    ``catalogue`` defaults to the one valid today (one small query for all texts together).
    """
    if not texts:
        return []
    model = model_of(catalogue or today())
    return [[Proposal(*one) for one in found] for found in model.propose(texts, k)]


def model_of(catalogue: Catalogue) -> Model:
    """The fitted model of a catalogue; equal catalogues share one, and the very same one is known at a glance."""
    for known, model in tuple(_lately):
        if known is catalogue:
            return model
    lessons = lessons_of(catalogue)
    key = hash(lessons)
    with _guard:
        if key in _models:
            _models.move_to_end(key)
        else:
            _models[key] = fit(lessons)
        model = _models[key]
        while len(_models) > _KEPT:
            _models.popitem(last=False)
        _lately.append((catalogue, model))
        return model


def lessons_of(catalogue: Catalogue) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Item code → what it is called and how people say it."""
    known = phrases.shipped()
    return tuple(
        (item.code, tuple(filter(None, (item.name, item.name_en, *item.phrases, *known.get(item.code, ())))))
        for item in catalogue.items
    )
