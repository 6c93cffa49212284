"""The dispatcher's queue: one waiting case before the eyes, three proposals, one key; everything else a step away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases import access as case_access
from huying.casework.cases import actions as cases
from huying.casework.cases.actions.transferring import CHANNELS
from huying.casework.cases.desk.guard import actor_of
from huying.casework.cases.desk.shown import area_names, area_words
from huying.casework.cases.models import Case
from huying.casework.cases.rules import UNASSIGNED_STATES, State
from huying.casework.catalogue.rules import CHANNELS as CAME_BY
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound, Refused
from huying.kernel.numbers import whole_number
from huying.shell.navigation import url_of

from .. import access, actions, desk_queries, words, words_desk
from ..desk_queries import Choice, Focus
from .reading import desk_page, item_from, place_from, unit_id_from, version_from

MOST_WORDS = 4_000
_NUMBER_KEYS = ("1", "2", "3")


@desk_page(access.must_dispatch)
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The waiting cases, most urgent first, with one of them in focus."""
    return _page(request)


def _page(request: HttpRequest, *, case: Case | None = None, refused: _Refused | None = None) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    page = desk_queries.waiting_page(actor, cursor=request.GET.get("cursor"))
    shown = case or _wanted(request, actor, page.rows)
    counts = desk_queries.tab_counts(actor)
    request.dispatch_waiting = counts["waiting"]  # type: ignore[attr-defined]
    found = {
        "tabs": tabs(counts, "waiting"),
        "page": page,
        "rows": with_areas(page.rows),
        "sent": _sent(request, actor),
        **(focus_words(desk_queries.focus(shown, actor, now), now) if shown else {}),
    }
    if refused is not None:
        found |= {"error": refused.error, "typed": request.POST, "did": refused.name}
    return render(request, "dispatch/queue.html", found, status=refused.error.status if refused else 200)


@dataclass(frozen=True, slots=True)
class _Refused:
    """A step that was not taken, with why."""

    name: str
    error: HuyingError


def tabs(counts: dict[str, int], current: str) -> list[dict[str, Any]]:
    """The tabs of the desk with how many wait under each."""
    return [
        {
            "words": said,
            "url": url_of("dispatch-queue" if name == "waiting" else f"dispatch-{name}"),
            "count": counts[name],
            "current": name == current,
        }
        for name, said in words_desk.TABS.items()
    ]


def _wanted(request: HttpRequest, actor: Actor, rows: list[Case]) -> Case | None:
    """The case asked for if it still waits, else the first of the list."""
    wanted = whole_number(request.GET.get("case", ""))
    if wanted is not None:
        found = desk_queries.waiting(actor).select_related("item").filter(pk=wanted).first()
        if found is not None:
            return found
    return desk_queries.waiting(actor).select_related("item").filter(pk=rows[0].pk).first() if rows else None


def _sent(request: HttpRequest, actor: Actor) -> Case | None:
    """The case that was just sent and may still be called back."""
    sent = whole_number(request.GET.get("sent", ""))
    if sent is None:
        return None
    rows = case_access.visible(actor).filter(access.covered(actor, *access.DISPATCHERS), state=State.DISPATCHED)
    return rows.select_related("lead_unit").filter(pk=sent).first()


def with_areas(cases: list[Case]) -> list[tuple[Case, str]]:
    """Each case with its nearest two areas in words."""
    names = area_names({code for one in cases for code in (one.grid, one.community, one.town) if code})
    return [(one, area_words(one, names) or _("位置不明")) for one in cases]


def area_name(case: Case) -> str:
    """Where a case is, in words."""
    area = case_access.area_of(case)
    if not area:
        return _("位置不明")
    language = "en" if (get_language() or "").startswith("en") else "zh"
    return territory.label(area, language)


def focus_words(focus: Focus, now: datetime) -> dict[str, Any]:
    """What the page says about the case in focus."""
    case = focus.case
    alerts = desk_queries.alerts_of(case) if focus.waits_for == "emergency" else []
    every_word = [word for one in (*alerts, *focus.choices) for word in one.words]
    back = focus.returned_by
    return {
        "focus": focus,
        "case": case,
        "text": words_desk.marked(case.summary[:MOST_WORDS], every_word),
        "alerts": alerts,
        "outside": focus.outside,
        "waits": words.WAITS_FOR.get(focus.waits_for, ""),
        "came_back": words_desk.CAME_BACK.get(back.verb) if back and case.state == State.ACCEPTED else None,
        "back": back,
        "choices": [choice_words(one, key) for one, key in zip(focus.choices, _NUMBER_KEYS, strict=False)],
        "area": area_name(case),
        "elsewhere": [
            {
                "code": case_access.area_of(one),
                "label": territory.label_here(case_access.area_of(one)),
                "share": words_desk.percent(one.confidence),
            }
            for one in focus.elsewhere
        ],
        "hurry": round(focus.hurry * 100),
        "usual": _usual_words(focus),
        "came_by": CAME_BY.get(case.channel, ""),
        "photos": [
            {"url": one.file.url, "thumb": one.file.thumbnail_url, "caption": one.caption} for one in focus.photos
        ],
        "decline_to": [(code, CHANNELS[code]) for code in words_desk.DECLINE_TO],
        "transfer_to": list(CHANNELS.items()),
        "community": case.community or case.town,
    }


def _usual_words(focus: Focus) -> dict[str, Any] | None:
    """Who closed most of the like, in words."""
    if focus.usual is None:
        return None
    unit, sure = focus.usual
    return {
        "id": unit.id,
        "name": unit.name_en if english() and unit.name_en else unit.name,
        "percent": round(sure * 100),
    }


def choice_words(choice: Choice, key: str) -> dict[str, Any]:
    """One proposal as the page shows it."""
    return {
        "key": key,
        "choice": choice,
        "item": choice.item,
        "sure": words_desk.SURE[choice.sure],
        "percent": None if choice.confidence is None else round(choice.confidence * 100),
        "share": "" if choice.confidence is None else words_desk.percent(choice.confidence),
        "why": [said for one in choice.why if (said := words.reason(one))],
        "unit": (choice.unit.name_en if english() and choice.unit.name_en else choice.unit.name) if choice.unit else "",
        "due": choice.times.close,
    }


def english() -> bool:
    return (get_language() or "").startswith("en")


@desk_page(access.must_dispatch)
@require_GET
def focus(request: HttpRequest, case_id: int) -> HttpResponse:
    """The case in focus alone, for moving through the list with the keys."""
    actor, now = actor_of(request), clock.now()
    case = desk_queries.waiting(actor).select_related("item").filter(pk=case_id).first()
    if case is None:
        return render(request, "dispatch/_gone.html", _gone(actor, case_id, now))
    return render(request, "dispatch/_focus.html", focus_words(desk_queries.focus(case, actor, now), now))


@desk_page(access.must_dispatch)
@require_GET
def still(request: HttpRequest, case_id: int) -> HttpResponse:
    """Nothing while the case waits unchanged; else who was faster. Asked whenever some case moves."""
    actor, now = actor_of(request), clock.now()
    version = request.GET.get("version", "")
    row = desk_queries.waiting(actor).filter(pk=case_id).values_list("version", flat=True).first()
    if row is not None and str(row) == version:
        return HttpResponse("")
    return render(request, "dispatch/_gone.html", _gone(actor, case_id, now))


def _gone(actor: Actor, case_id: int, now: datetime) -> dict[str, Any]:
    case = case_access.get_case(actor, case_id)
    return {"faster": words_desk.faster(desk_queries.last_step(case_id), case.state, now), "case": case}


# --- steps -----------------------------------------------------------------------------------------------------


Deed = Callable[[HttpRequest, Case, Actor, datetime], str]


def _send(request: HttpRequest, case: Case, actor: Actor, now: datetime) -> str:
    item, place = item_from(request.POST.get("item", "")), place_from(request)
    actions.correct_and_dispatch(
        case.pk,
        item_code=item.code if item else None,
        place=place,
        unit_id=_unit_from(request),
        actor=actor,
        now=now,
        expected=version_from(request),
    )
    return f"{reverse('dispatch-queue')}?sent={case.pk}"


def _unit_from(request: HttpRequest) -> int | None:
    """The unit whose button was pressed, else the one that was typed."""
    pressed = request.POST.get("unit_id", "")
    unit_id = whole_number(pressed)
    return unit_id_from(request, "unit_id" if pressed else "unit") if unit_id is None else unit_id


def _correct(request: HttpRequest, case: Case, actor: Actor, now: datetime) -> str:
    item, place = item_from(request.POST.get("item", "")), place_from(request)
    if item is None and place is None:
        raise Invalid(_("请选择事项或位置"), field="item")
    code = item.code if item and item.code != case.item_code else None
    actions.correct_matter(case.pk, item_code=code, place=place, actor=actor, now=now, expected=version_from(request))
    messages.success(request, _("已更正，请看新的建议。"))
    return f"{reverse('dispatch-queue')}?case={case.pk}"


def _decline(request: HttpRequest, case: Case, actor: Actor, now: datetime) -> str:
    channel, reason = request.POST.get("channel", ""), request.POST.get("reason", "").strip()
    if channel not in words_desk.DECLINE_TO:
        raise Invalid(_("请选择居民可以去哪里反映"), field="channel")
    cases.decline_case(case.pk, channel=channel, reason=reason, actor=actor, now=now, expected=version_from(request))
    messages.success(request, _("已答复不予受理，并告知可以去的渠道。"))
    return reverse("dispatch-queue")


def _merge(request: HttpRequest, case: Case, actor: Actor, now: datetime) -> str:
    into = whole_number(request.POST.get("into", ""))
    target = case_access.visible(actor).filter(pk=into).first() if into is not None else None
    if target is None:
        raise Invalid(_("请选择要合并到的事件"), field="into")
    cases.merge_case(case.pk, into_id=target.pk, actor=actor, now=now, expected=version_from(request))
    messages.success(request, _("已合并到 %(number)s，办结后一并答复。") % {"number": target.number})
    return reverse("dispatch-queue")


def _transfer(request: HttpRequest, case: Case, actor: Actor, now: datetime) -> str:
    typed = {name: request.POST.get(name, "").strip() for name in ("channel", "reason", "receipt")}
    cases.transfer_out(case.pk, actor=actor, now=now, **typed)
    messages.success(request, _("已转出到%(channel)s，列入转出跟踪。") % {"channel": CHANNELS[typed["channel"]]})
    return reverse("dispatch-queue")


def _recall(request: HttpRequest, case: Case, actor: Actor, now: datetime) -> str:
    reason = request.POST.get("reason", "").strip() or _("分拨有误，立即撤回")
    cases.recall_case(case.pk, reason=reason, actor=actor, now=now)
    messages.success(request, _("已撤回，请重新分拨。"))
    return f"{reverse('dispatch-queue')}?case={case.pk}"


DEEDS: dict[str, Deed] = {
    "send": _send,
    "correct": _correct,
    "decline": _decline,
    "merge": _merge,
    "transfer": _transfer,
    "recall": _recall,
}
_TOO_LATE = ("changed_meanwhile", "not_in_this_state")


@desk_page(access.must_dispatch)
@require_POST
def act(request: HttpRequest, case_id: int) -> HttpResponse:
    """One step for one waiting case. Whoever comes second is told who was faster and gets the next case."""
    actor, now = actor_of(request), clock.now()
    case = case_access.get_case(actor, case_id)
    name = request.POST.get("do", "")
    deed = DEEDS.get(name)
    if deed is None:
        raise Invalid(_("页面没有这项操作"))
    try:
        return redirect(deed(request, case, actor, now))
    except NotFound:
        raise
    except HuyingError as error:
        if isinstance(error, Refused) and error.code in _TOO_LATE:
            return _too_late(request, case, actor, now, error)
        case.refresh_from_db()
        if case.state not in UNASSIGNED_STATES:
            raise
        return _page(request, case=case, refused=_Refused(name, error))


def _too_late(request: HttpRequest, case: Case, actor: Actor, now: datetime, error: Refused) -> HttpResponse:
    """Somebody was faster: say who, and go on with the next case (or the same one, if it still waits)."""
    fresh = case_access.get_case(actor, case.pk)
    messages.warning(request, words_desk.faster(desk_queries.last_step(case.pk), fresh.state, now))
    waits = State(fresh.state) in UNASSIGNED_STATES
    return redirect(f"{reverse('dispatch-queue')}?case={case.pk}" if waits else reverse("dispatch-queue"))


def count_of_waiting(request: HttpRequest) -> int | None:
    """How many cases wait to be dispatched, for the menu; one query, and none where the page has counted already."""
    known: int | None = getattr(request, "dispatch_waiting", None)
    return (desk_queries.waiting(actor_of(request)).count() if known is None else known) or None
