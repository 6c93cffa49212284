"""Learning from what people decided, and choosing which version speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from huying.casework.catalogue import classifier as first_words
from huying.casework.catalogue import queries as catalogues
from huying.casework.catalogue.queries import Catalogue
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import NotFound, Refused
from huying.kernel.locks import lock_name
from huying.kernel.progress import Progress, Silent

from . import access, queries
from .learning import cards
from .learning.classifier import Classifier
from .learning.classifier import learn as fit
from .models import Correction, LearnedModel
from .rules import Example, Subject, may_replace, set_aside

CHAIN = "understanding:models"


def learn(
    subject: Subject = Subject.ITEM, *, actor: Actor, now: datetime, progress: Progress | None = None
) -> LearnedModel:
    """Learn a new version from closed cases, corrections and the catalogue's phrases, and judge it on the newest cases.

    It is switched on only if it is no worse there than what speaks now. Raises :class:`Refused` when there is nothing
    to tell apart.
    """
    access.must_teach(actor)
    shown = progress or Silent()
    catalogue = catalogues.current(local_day(now))
    lived = queries.examples(subject, until=now)
    words = queries.phrases(catalogue) if subject is Subject.ITEM else []
    if len({one.label for one in (*words, *lived)}) < 2:
        raise Refused(_("还没有可以学的：先办结一些事件"), code="nothing_to_learn")
    shown.start("learn", 3)
    taught, asked = set_aside(lived)
    card: dict[str, Any] = {}
    present: dict[str, Any] = {}
    class_of = _class_of(catalogue) if subject is Subject.ITEM else None
    if asked:
        card = cards.of_model(_fitted([*words, *taught]), asked, taught, class_of)
        present = cards.judged(_present(subject, catalogue), asked, class_of)
    elif words:
        card = cards.of_phrases(words, class_of)
    shown.advance(1)
    model = _fitted([*words, *lived])
    shown.advance(1)
    kept = _keep(subject, model, card, present, lived, actor, now)
    shown.advance(1)
    shown.finish()
    return kept


def _class_of(catalogue: Catalogue) -> Callable[[str], str]:
    """The class of an item; of one no longer in the catalogue, what its code begins with."""
    known = {item.code: item.class_code for item in catalogue.items}
    return lambda code: known.get(code, code[:2])


def _fitted(examples: Sequence[Example]) -> Classifier:
    return fit(
        [one.text for one in examples], [one.label for one in examples], weights=[one.weight for one in examples]
    )


def _present(subject: Subject, catalogue: Catalogue) -> Callable[[Sequence[str]], tuple[NDArray[Any], Sequence[str]]]:
    """What speaks now: the model switched on, else the catalogue's own words (items), else always the most frequent."""
    model = queries.speaking(subject)
    if model is not None:
        return lambda texts: (model.probabilities(texts), model.labels)
    codes = [item.code for item in catalogue.items] if subject is Subject.ITEM else []
    place = {code: at for at, code in enumerate(codes)}

    def by_words(texts: Sequence[str]) -> tuple[NDArray[Any], Sequence[str]]:
        table = np.zeros((len(texts), len(codes)), dtype=np.float32)
        for row, found in enumerate(first_words.propose(texts, catalogue=catalogue) if codes else ()):
            for one in found:
                table[row, place[one.item_code]] = one.confidence
        return table, codes

    return by_words


@transaction.atomic
def _keep(
    subject: Subject,
    model: Classifier,
    card: dict[str, Any],
    present: dict[str, Any],
    lived: Sequence[Example],
    actor: Actor,
    now: datetime,
) -> LearnedModel:
    lock_name(CHAIN)
    rows = LearnedModel.objects.filter(subject=subject)
    last = rows.order_by("-number").values_list("number", flat=True).first() or 0
    made = LearnedModel.objects.create(
        subject=subject,
        number=last + 1,
        made_at=now,
        made_by=actor.ref,
        examples=len(lived),
        corrections=Correction.objects.filter(at__lt=now).count(),
        card=card,
        present=present,
        content=model.dump(),
    )
    body = {"subject": str(subject), "number": made.number, "examples": made.examples, "macro_f1": card.get("macro_f1")}
    trace.record([trace.Draft(chain=CHAIN, verb="learn_model", actor=actor, at=now, body=body)])
    if may_replace(card, present):
        _switch(made, actor, now)
    return made


@transaction.atomic
def switch_on(model_id: int, *, actor: Actor, now: datetime) -> LearnedModel:
    """Let a version speak from now on, an earlier one too: this is the way back."""
    access.must_teach(actor)
    lock_name(CHAIN)
    model = LearnedModel.objects.filter(pk=model_id).first()
    if model is None:
        raise NotFound(code="model_not_found")
    if not model.on:
        _switch(model, actor, now)
    return model


@transaction.atomic
def switch_off(subject: Subject, *, actor: Actor, now: datetime) -> None:
    """Back to the catalogue's own words: no version speaks."""
    access.must_teach(actor)
    lock_name(CHAIN)
    _silence(subject, actor, now)


def _switch(model: LearnedModel, actor: Actor, now: datetime) -> None:
    LearnedModel.objects.filter(subject=model.subject, on=True).update(on=False, switched_at=now)
    model.on, model.switched_at = True, now
    model.save(update_fields=["on", "switched_at"])
    _note("switch_on", {"subject": model.subject, "number": model.number}, actor, now)


def _silence(subject: Subject, actor: Actor, now: datetime) -> None:
    if LearnedModel.objects.filter(subject=subject, on=True).update(on=False, switched_at=now):
        _note("switch_off", {"subject": str(subject)}, actor, now)


def _note(verb: str, body: dict[str, Any], actor: Actor, now: datetime) -> None:
    trace.record([trace.Draft(chain=CHAIN, verb=verb, actor=actor, at=now, body=body)])
