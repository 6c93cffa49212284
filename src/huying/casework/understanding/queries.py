"""Reads of what was learned: the proposals of the model that speaks, report cards, and the examples to learn from."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import F

from huying.casework.cases.models import Case
from huying.casework.catalogue import classifier as first_words
from huying.casework.catalogue.classifier import Proposal, lessons_of
from huying.casework.catalogue.queries import Catalogue
from huying.ground.territory import queries as territory
from huying.kernel.clock import local_day, now
from huying.kernel.remembering import stamp, watch

from .learning.classifier import Classifier
from .learning.spans import tells
from .models import Correction, LearnedModel
from .rules import LIKELY_UNIT, PLAIN, URGENT, Example, Subject

MOST: Final = 40_000  # of the latest closed cases: a year of a district
CORRECTED: Final = 3.0
_NAMED_IN, _PLACES = 200, 4  # signs of a text in which places are looked for, and how many of them
_SHOWN = 20  # versions of one subject on the page
_spoken: dict[tuple[str, str], tuple[Any, Classifier | None, dict[str, Any]]] = {}
_guard = threading.Lock()
watch("understanding", f"SELECT array_agg(m.id ORDER BY m.id) FROM {LearnedModel._meta.db_table} m WHERE m.on")


def speaking(subject: Subject) -> Classifier | None:
    """The model switched on for a subject, kept in memory; ``None`` while nothing has been learned."""
    return _held(subject)[1]


def card_speaking(subject: Subject = Subject.ITEM) -> dict[str, Any]:
    """The report card of the model switched on, kept in memory; empty before anything was learned."""
    return _held(subject)[2]


def _held(subject: Subject) -> tuple[Any, Classifier | None, dict[str, Any]]:
    mark, key = stamp("understanding"), (str(connection.settings_dict["NAME"]), str(subject))
    held = _spoken.get(key)
    if held is None or held[0] != mark:
        row = LearnedModel.objects.filter(subject=subject, on=True).values_list("content", "card").first()
        held = (mark, Classifier.load(bytes(row[0])), dict(row[1])) if row else (mark, None, {})
        with _guard:
            _spoken[key] = held
    return held


def propose(texts: Sequence[str], *, catalogue: Catalogue, k: int = 3) -> list[list[Proposal]]:
    """Up to ``k`` items for each text, likeliest first, from what the place learned; before that, from the catalogue's words.

    Items that are no longer in the catalogue are passed over.
    """
    model = speaking(Subject.ITEM) if texts else None
    if model is None:
        return [[_telling(one) for one in found] for found in first_words.propose(texts, k=k, catalogue=catalogue)]
    gone = sum(catalogue.get(label) is None for label in model.labels)
    return [
        [Proposal(one.label, one.probability, one.words) for one in found if catalogue.get(one.label)][:k]
        for found in model.guesses(texts, k + min(2, gone), _named(texts))
    ]


def _telling(one: Proposal) -> Proposal:
    return replace(one, reasons=tuple(filter(tells, one.reasons)))


def _named(texts: Sequence[str]) -> list[list[str]]:
    """The places each text names, by the words it names them with; no reason for a kind is taken from these."""
    located = territory.locate_texts([text[:_NAMED_IN] for text in texts], on=local_day(now()), k=_PLACES)
    return [[word for place in found for word in place.matched.split("/")] for found in located]


def urgencies(texts: Sequence[str]) -> list[float]:
    """How sure each text is urgent by what the place learned, 0..1; noughts while no such model speaks."""
    model = speaking(Subject.URGENCY) if texts else None
    if model is None or URGENT not in model.labels:
        return [0.0] * len(texts)
    return [float(chance) for chance in model.probabilities(texts)[:, model.labels.index(URGENT)]]


def usual_unit(text: str, town: str) -> tuple[str, float] | None:
    """The code of the unit that closed most of the like in this town, and how sure; ``None`` when it is not clear."""
    model = speaking(Subject.UNIT)
    if model is None or not text:
        return None
    found = model.guesses([with_town(text, town)], 1)[0][0]
    return (found.label, found.probability) if found.probability >= LIKELY_UNIT else None


def versions(subject: Subject) -> list[LearnedModel]:
    """The latest versions, newest first, without their weights."""
    return list(LearnedModel.objects.filter(subject=subject).defer("content").order_by("-number")[:_SHOWN])


def corrections_since(at: datetime | None) -> int:
    """How many corrections no model has learned from yet."""
    rows = Correction.objects.all()
    return (rows.filter(at__gt=at) if at else rows).count()


def examples(subject: Subject, *, until: datetime) -> list[Example]:
    """What closed cases and corrections teach about a subject, oldest first; two queries.

    Texts are those units see: numbers in them are masked, and what was erased is gone.
    """
    corrected = dict(Correction.objects.filter(at__lt=until).order_by("at", "id").values_list("case_id", "item"))
    rows = (
        Case.objects.filter(closed_at__lt=until, merged_into__isnull=True, archived_at__isnull=True)
        | Case.objects.filter(archived_at__lt=until, merged_into__isnull=True)
        | Case.objects.filter(pk__in=list(corrected))
    )
    columns = ("id", "title", "summary", "item_code", "urgent", "town", unit := "unit_code")
    latest = rows.annotate(**{unit: F("lead_unit__code")}).order_by("-id").values_list(*columns)[:MOST]
    found = []
    for pk, title, summary, item, urgent, town, unit_code in reversed(latest):
        text = text_of(title, summary)
        label = _label(subject, item, urgent, unit_code)
        if text and label:
            spoken = with_town(text, town) if subject is Subject.UNIT else text
            weight = CORRECTED if pk in corrected and subject is Subject.ITEM else 1.0
            found.append(Example(spoken, label, weight, pk))
    return found


def text_of(title: str, summary: str) -> str:
    """Title and words; the title once when the words begin with it."""
    return summary if summary.startswith(title.rstrip("…")) else f"{title}\n{summary}".strip()


def with_town(text: str, town: str) -> str:
    """What a unit is learned from: the like is handled by another unit in another town."""
    return f"{text}\n{town}"


def phrases(catalogue: Catalogue) -> list[Example]:
    """How the catalogue itself says its items: what a place begins with, and what keeps rare items known."""
    return [Example(line, code, 0.5) for code, lines in lessons_of(catalogue) for line in lines]


def _label(subject: Subject, item: str, urgent: bool, unit_code: str | None) -> str:
    if subject is Subject.ITEM:
        return item
    if subject is Subject.URGENCY:
        return URGENT if urgent else PLAIN
    return unit_code or ""
