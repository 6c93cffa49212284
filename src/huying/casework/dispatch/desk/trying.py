"""试一试: any text and place — where would it go, and why, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from huying.casework.cases.desk.guard import actor_of
from huying.casework.catalogue.rules import LEVELS
from huying.casework.catalogue.trades import label_of
from huying.ground.organisation.directory import UnitView
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid

from .. import access, words, words_desk
from ..dry_run import DryRun, dry_run
from ..queries import Matter
from .queue import MOST_WORDS, choice_words, english
from .reading import desk_page, item_from, knowledge, point_from

FOUND_BY = {
    "point": gettext_lazy("按坐标落在网格里"),
    "place": gettext_lazy("按填写的地点"),
    "words": gettext_lazy("从内容里读出来的地点"),
    "": gettext_lazy("没有找到位置"),
}
_FIELDS = ("text", "place_text", "lon", "lat", "item")


@desk_page(access.must_try)
@require_http_methods(["GET", "POST"])
def dry(request: HttpRequest) -> HttpResponse:
    """A form and, below it, the whole way. The words are posted, so that they stay out of addresses and logs."""
    typed = {name: request.POST.get(name, "").strip() for name in _FIELDS}
    found: dict[str, Any] = {"typed": typed, "may_read_policies": access.may_read_policies(actor_of(request))}
    status = 200
    if request.method == "POST" and typed["text"]:
        try:
            found |= _run(typed, actor_of(request))
        except HuyingError as error:
            found["error"], status = error, error.status
    return render(request, "dispatch/try.html", found, status=status)


def _run(typed: dict[str, str], actor: Actor) -> dict[str, Any]:
    now = clock.now()
    if len(typed["text"]) > MOST_WORDS:
        raise Invalid(_("内容太长"), field="text")
    item = item_from(typed["item"])
    matter = Matter(text=typed["text"], channel="hotline", at=now, place_text=typed["place_text"])
    point = point_from(typed["lon"], typed["lat"])
    if point is not None:
        matter = replace(matter, lon=point[0], lat=point[1])
    run = dry_run(replace(matter, item_code=item.code if item else None), actor=actor, now=now)
    return {"run": run, **_words(run, typed["text"])}


def _words(run: DryRun, text: str) -> dict[str, Any]:
    decision, known = run.decision, knowledge()
    sending = decision.sending
    chosen = run.choices[0] if run.choices else None
    return {
        "text": words_desk.marked(text, [word for one in run.choices for word in one.words]),
        "choices": [choice_words(one, "") for one in run.choices],
        "chosen": choice_words(chosen, "") if chosen else None,
        "item": run.item,
        "level": f"{run.item.level} {LEVELS.get(run.item.level, '')}",
        "trade": label_of(run.item.lead_trade),
        "sent_to": known.units[sending.unit_id] if sending and sending.unit_id in known.units else None,
        "waits": words.WAITS_FOR.get(decision.waits_for, ""),
        "why": [
            said for one in (sending.why if sending else chosen.why if chosen else ()) if (said := words.reason(one))
        ],
        "percent": {
            "item": round(decision.certainty.item * 100),
            "margin": round(decision.certainty.margin * 100),
            "place": round(decision.certainty.place * 100),
            "min_item": round(run.policy.min_confidence * 100),
            "min_margin": round(run.policy.min_margin * 100),
            "min_place": round(run.policy.min_place * 100),
        },
        "place": decision.place,
        "places": [(one, round(one.confidence * 100)) for one in run.places],
        "found_by": FOUND_BY[run.found_by],
        "duty_unit": _name(known.units.get(run.duty.lead_unit_id)) if run.duty else "",
        "trade_unit": _name(run.trade_unit),
        "community_admits": run.admitted,
    }


def _name(unit: UnitView | None) -> str:
    if unit is None:
        return ""
    return unit.name_en if english() and unit.name_en else unit.name
