"""The inbox: what next? A queue by urgency, its counts, its filters, and one step for many cases."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST
from django_stubs_ext import StrPromise

from huying.ground.organisation.directory import Directory
from huying.ground.organisation.queries import directory
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.numbers import whole_number

from .. import access, actions, words
from .. import queries_desk as reads
from ..queries_desk import Queue
from ..rules import OPEN_STATES, State
from ..words_desk import EMPTY, QUEUES
from . import filters
from .guard import actor_of, staff
from .shown import rows_of

MOST_AT_ONCE: Final = 200
_NUMBER = re.compile(r"\d{8}-\d{7,}")
# The order in which the counts above the list are read: as a case goes its way.
_COUNTED = [state for state in State if state in OPEN_STATES] + [State.CLOSED, State.TRANSFERRED]


def knowledge() -> Directory:
    """The organisation today."""
    return directory(on=clock.local_day(clock.now()))


@staff
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """One queue: counts, filters, a page of rows."""
    actor, known, now = actor_of(request), knowledge(), clock.now()
    asked = filters.read(request.GET, actor, known)
    queue = asked.wish.queue
    if _NUMBER.fullmatch(asked.shown["q"]) and (case_id := reads.find_by_number(actor, asked.shown["q"])):
        return redirect("cases-case", case_id)
    cases = reads.wished(actor, asked.wish, known, now)
    page = reads.list_page(cases, queue, cursor=request.GET.get("cursor"))
    rows = rows_of(page.rows, queue)
    found = {
        "tabs": _tabs(request, actor, known, queue),
        "asked": asked,
        "described": filters.described(asked),
        "queue": str(queue),
        "page": page,
        "rows": rows,
        "seen": "-".join(row.mark for row in rows),
        "empty": EMPTY[queue],
        "counts": _counts(actor, asked, known, now),
        "deeds": deeds_for(actor, queue),
        "now": now,
        "dispatches": actor.has("dispatcher") or actor.has("centre_lead"),
        **filters.choices(),
    }
    return render(request, "cases/inbox.html", found)


def _tabs(request: HttpRequest, actor: Actor, known: Directory, now_in: Queue) -> list[dict[str, Any]]:
    """The queues of this actor with how many wait in each; filters stay when one changes between them."""
    wanted = reads.queues_of(actor)
    numbers = reads.queue_counts(actor, wanted, known)
    request.cases_waiting = numbers.get(wanted[0])  # type: ignore[attr-defined]
    return [
        {
            "words": QUEUES[queue],
            "url": f"?{_with(request.GET, queue=str(queue), state='', light='')}",
            "current": queue is now_in,
            "count": numbers.get(queue),
        }
        for queue in wanted
    ]


def _with(given: QueryDict, **changes: str) -> str:
    changed = given.copy()
    changed.pop("cursor", None)
    for name, value in changes.items():
        changed.pop(name, None)
        if value:
            changed[name] = value
    return changed.urlencode()


def _counts(actor: Actor, asked: filters.Asked, known: Directory, now: Any) -> dict[str, Any]:
    """Numbers by state and by light within the other filters; each opens into its list."""
    wish = asked.wish
    rest = {name: getattr(wish.filters, name) for name in wish.filters.__dataclass_fields__}
    loose = reads.Wish(
        queue=wish.queue,
        filters=type(wish.filters)(**{**rest, "state": "", "light": ""}),
        units=wish.units,
        late=wish.late,
    )
    cases = reads.wished(actor, loose, known, now)
    numbers = reads.counts(cases.filter(open=True) if wish.queue is Queue.ALL else cases)
    shown = asked.shown
    return {
        "all": numbers[""],
        "states": [
            (str(state), words.STATES[state], numbers[state], shown["state"] == state)
            for state in _COUNTED
            if numbers.get(state)
        ],
        "lights": [
            (light, numbers[f"light:{light}"], shown["light"] == light)
            for light in reversed(filters.LIGHTS)
            if numbers.get(f"light:{light}")
        ],
    }


@staff
@require_GET
def news(request: HttpRequest) -> HttpResponse:
    """How many rows of the list in sight have changed since it was drawn: a quiet line, never a jump."""
    actor, known = actor_of(request), knowledge()
    asked = filters.read(request.GET, actor, known)
    cases = reads.wished(actor, asked.wish, known, clock.now())
    page = reads.list_page(cases, asked.wish.queue, cursor=request.GET.get("cursor"))
    seen = set(filter(None, request.GET.get("seen", "").split("-")))
    present = {f"{case.pk}.{case.version}{case.light[:2]}" for case in page.rows}
    changed = {mark.partition(".")[0] for mark in present ^ seen}
    if not changed:
        return HttpResponse(status=204)
    again = request.GET.copy()
    again.pop("seen", None)
    found = {"number": len(changed), "address": f"{reverse('cases-inbox')}?{again.urlencode()}"}
    return render(request, "cases/_news.html", found)


# --- one step for many -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deed:
    """A step that may be taken for many cases at once."""

    name: str
    words: StrPromise
    icon: str
    take: Callable[..., Any]
    queues: tuple[Queue, ...]
    roles: tuple[str, ...]
    ask: StrPromise | None = None


_WATCH = ("supervisor", "centre_lead", "dispatcher", "seat")
DEEDS: tuple[Deed, ...] = (
    Deed(
        "sign",
        gettext_lazy("签收"),
        "check",
        actions.sign_case,
        (Queue.MINE,),
        ("handler", "unit_lead", "grid_worker"),
        gettext_lazy("签收后由本单位承办，不能再提异议。确定签收所选事件？"),
    ),
    Deed("remind", gettext_lazy("催办"), "bell", actions.remind_case, tuple(Queue), _WATCH),
    Deed(
        "archive",
        gettext_lazy("归档"),
        "lock",
        actions.archive_case,
        (Queue.CALL, Queue.ALL),
        ("seat", "checker", "dispatcher", "centre_lead"),
        gettext_lazy("归档后不能再办理，也不能撤销。确定归档所选事件？"),
    ),
)


def deeds_for(actor: Actor, queue: Queue) -> list[Deed]:
    """The steps offered above a queue; readers are offered none."""
    if access.is_reader_only(actor):
        return []
    return [deed for deed in DEEDS if queue in deed.queues and any(actor.has(role) for role in deed.roles)]


@staff
@require_POST
def many(request: HttpRequest) -> HttpResponse:
    """Take one step for every ticked case, each in its own transaction, and say for which it was refused and why."""
    actor, now = actor_of(request), clock.now()
    deed = next((one for one in DEEDS if one.name == request.POST.get("do")), None)
    if deed is None:
        raise Invalid(_("页面没有这项操作"))
    chosen = [request.GET["one"]] if request.GET.get("one") else request.POST.getlist("case")
    ids = [number for text in dict.fromkeys(chosen) if (number := whole_number(text)) is not None]
    if not ids or len(ids) > MOST_AT_ONCE:
        raise Invalid(
            ngettext("一次请选择 1 到 %(n)d 件", "一次请选择 1 到 %(n)d 件", MOST_AT_ONCE) % {"n": MOST_AT_ONCE}
        )
    refused: dict[str, list[int]] = {}
    for case_id in ids:
        try:
            deed.take(case_id, actor=actor, now=now)
        except HuyingError as error:
            refused.setdefault(str(error.message), []).append(case_id)
    _summarise(request, deed, len(ids), refused)
    return redirect(_back(request))


def _summarise(request: HttpRequest, deed: Deed, number: int, refused: Mapping[str, list[int]]) -> None:
    failed = sum(len(ids) for ids in refused.values())
    if done := number - failed:
        text = ngettext("%(deed)s：%(n)d 件已办", "%(deed)s：%(n)d 件已办", done)
        messages.success(request, text % {"deed": deed.words, "n": done})
    numbers = dict(
        access.visible(actor_of(request))
        .filter(pk__in=[case_id for ids in refused.values() for case_id in ids])
        .values_list("pk", "number")
    ) if refused else {}  # fmt: skip
    for reason, ids in refused.items():
        names = "、".join(numbers.get(case_id, str(case_id)) for case_id in ids[:5])
        more = _("等") if len(ids) > 5 else ""
        text = ngettext(
            "%(n)d 件未办（%(names)s%(more)s）：%(reason)s", "%(n)d 件未办（%(names)s%(more)s）：%(reason)s", len(ids)
        )
        messages.warning(request, text % {"n": len(ids), "names": names, "more": more, "reason": reason})


def _back(request: HttpRequest) -> str:
    back = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith(reverse("cases-inbox"))
    return back if safe else reverse("cases-inbox")


# --- menu --------------------------------------------------------------------------------------------------------


def count_of_waiting(request: HttpRequest) -> str | None:
    """How many cases wait in the reader's first queue; one query, and none when the inbox has counted already."""
    known = getattr(request, "cases_waiting", None)
    if known is None:
        actor = actor_of(request)
        first = reads.queues_of(actor)[0]
        if first is Queue.ALL:
            return None
        known = reads.queue_counts(actor, [first], knowledge()).get(first, "0")
    return None if known in (None, "0") else known
