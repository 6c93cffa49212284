"""Staff pages: how well the program understands, version by version, and which one speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from procrastinate.exceptions import AlreadyEnqueued

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.catalogue import queries as catalogues
from huying.ground.organisation.models import Unit
from huying.kernel import clock
from huying.kernel.errors import Forbidden, HuyingError, NotFound
from huying.kernel.numbers import whole_number

from . import access, actions, queries, tasks, words
from .models import LearnedModel
from .rules import PLAIN, URGENT, Subject

_LISTED = 20  # of the longest lists of a card


@staff
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The versions of one subject, and the report card of one of them: the one that speaks, or the one asked for."""
    actor = actor_of(request)
    access.must_read(actor)
    subject = _subject(request.GET.get("of", ""))
    versions = queries.versions(subject)
    shown = _shown(versions, request.GET.get("version", ""))
    found = {
        "subject": subject,
        "tabs": [(one, words.SUBJECTS[one], one is subject) for one in Subject],
        "of_each": words.OF_EACH[subject],
        "versions": versions,
        "shown": shown,
        "card": _card(subject, shown) if shown else None,
        "may_teach": access.may_teach(actor),
        "unlearned": queries.corrections_since(versions[0].made_at if versions else None),
    }
    return render(request, "understanding/models.html", found)


@staff
@require_POST
def learn(request: HttpRequest) -> HttpResponse:
    """Begin to learn; it goes on beside the pages."""
    actor = actor_of(request)
    access.must_teach(actor)
    try:
        tasks.learn_all.defer()
        messages.success(request, _("开始学了，通常几分钟；学完会出现在版本里，比现在差的不会启用"))
    except AlreadyEnqueued:
        messages.info(request, _("已经在学了，请稍等"))
    return redirect("understanding")


@staff
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Let another version speak, or none."""
    actor, now = actor_of(request), clock.now()
    subject = _subject(request.POST.get("of", ""))
    version = whole_number(request.POST.get("model", ""))
    try:
        if version is not None:
            model = actions.switch_on(version, actor=actor, now=now)
            messages.success(request, _("第 %(number)s 版已启用") % {"number": model.number})
        else:
            actions.switch_off(subject, actor=actor, now=now)
            messages.success(request, _("已退回到目录自带的说法"))
    except (NotFound, Forbidden):
        raise
    except HuyingError as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('understanding')}?of={subject}")


def _subject(asked: str) -> Subject:
    return Subject(asked) if asked in set(Subject) else Subject.ITEM


def _shown(versions: list[LearnedModel], asked: str) -> LearnedModel | None:
    for one in versions:
        if str(one.number) == asked:
            return one
    return next((one for one in versions if one.on), versions[0] if versions else None)


def _card(subject: Subject, model: LearnedModel) -> dict[str, Any]:
    """The card in words: codes become names, shares become percentages."""
    card, present = model.card, model.present
    if not card:
        return {}
    names = _names(subject, card)
    return {
        "figures": [
            (name, _percent(card.get(key)), _percent(present.get(key)) if present else "")
            for key, name in words.FIGURES.items()
        ],
        "coverage": [(round(float(p) * 100), _percent(one["share"])) for p, one in card["coverage"].items()],
        "labels": _per_label(card["per_class"], names),
        "classes": _per_label(card["classes"]["per_class"], _class_names()) if "classes" in card else [],
        "of_classes": _percent(card["classes"]["macro_f1"]) if "classes" in card else "",
        "from_phrases": card.get("from") == "phrases",
        "confused": [
            {"truth": names(one["truth"]), "said": names(one["said"]), "count": one["texts"]}
            for one in card["confused"][:_LISTED]
        ],
        "wrong": [
            {
                "case": one["case"],
                "said": names(one["said"]),
                "truth": names(one["truth"]),
                "sure": _percent(one["sure"]),
            }
            for one in card.get("wrong", ())[:_LISTED]
        ],
        "drift": card.get("drift") or {},
        "asked": card["texts"],
        "reliability": card.get("reliability", ()),
    }


def _per_label(rows: dict[str, Any], names: Callable[[str], str]) -> list[dict[str, Any]]:
    """The labels most examined first, with their figures."""
    asked = sorted((one for one in rows.items() if one[1]["support"]), key=lambda row: (-row[1]["support"], row[0]))
    return [
        {"name": names(label), "f1": _percent(one["f1"]), **_shares(one), "support": one["support"]}
        for label, one in asked[:_LISTED]
    ]


def _class_names() -> Callable[[str], str]:
    english = (get_language() or "").startswith("en")
    names = {item.class_code: (item.class_en if english else "") or item.class_zh for item in catalogues.today().items}
    return lambda code: names.get(code, code)


def _shares(one: dict[str, Any]) -> dict[str, str]:
    return {"precision": _percent(one["precision"]), "recall": _percent(one["recall"])}


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f}%"


def _names(subject: Subject, card: dict[str, Any]) -> Callable[[str], str]:
    """From a code to what people call it."""
    if subject is Subject.ITEM:
        catalogue = catalogues.today()
        english = (get_language() or "").startswith("en")
        names = {item.code: (item.name_en if english else "") or item.name for item in catalogue.items}
    elif subject is Subject.UNIT:
        names = {unit.code: unit.label for unit in Unit.objects.filter(code__in=list(card["per_class"]))}
    else:
        names = {URGENT: _("紧急"), PLAIN: _("一般")}
    return lambda code: names.get(code, code)
