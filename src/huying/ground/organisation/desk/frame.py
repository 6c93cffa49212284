"""What the pages share: who may open them, doing one thing and saying how it went, reading typed values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import access, rules
from huying.ground.organisation.models import Unit
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound
from huying.kernel.numbers import whole_number

View = Callable[..., HttpResponse]
Deed = Callable[[Actor, datetime], Any]


def page(capability: str = "organisation.view") -> Callable[[View], View]:
    """Signed-out → sign in; without the capability anywhere → 404, as if there were no such page."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor: Actor = request.actor  # type: ignore[attr-defined]
            if actor.ref == access.ANONYMOUS.ref:
                return redirect_to_login(request.get_full_path())
            if not rules.may_somewhere(actor, capability):
                raise NotFound()
            return view(request, *args, **kwargs)

        return guarded

    return wrap


def respond(
    request: HttpRequest,
    template: str,
    words: Callable[[], dict[str, Any]],
    deeds: Mapping[str, Deed],
    *,
    said: Mapping[str, Promise | str] | None = None,
) -> HttpResponse:
    """GET renders; POST does the deed named by `do` and comes back, or renders again with what was wrong and typed."""
    if request.method != "POST":
        return render(request, template, words())
    name = request.POST.get("do", "")
    deed = deeds.get(name)
    if deed is None:
        raise Invalid(_("页面没有这项操作"))
    try:
        answer = deed(request.actor, clock.now())  # type: ignore[attr-defined]
    except HuyingError as error:
        again = words() | {"error": error, "typed": request.POST, "did": name}
        return render(request, template, again, status=error.status)
    if isinstance(answer, HttpResponse):
        return answer
    messages.success(request, str((said or {}).get(name) or _("已保存")))
    return redirect(request.get_full_path())


def today() -> date:
    return clock.local_day(clock.now())


def unit_named(code: str, field: str = "unit") -> Unit:
    """The unit a form names by code. Invalid when there is none."""
    unit: Unit | None = Unit.objects.filter(code=code.strip()).first()
    if unit is None:
        raise Invalid(_("没有这个单位代码"), field=field)
    return unit


def day_of(text: str, field: str) -> date:
    """A date typed as 2025-03-12."""
    try:
        found = parse_date(text.strip())
    except ValueError:
        found = None
    if found is None:
        raise Invalid(_("请填写日期"), field=field)
    return found


def moment_of(text: str, field: str) -> datetime:
    """A local date and time typed as 2025-03-12T08:00."""
    try:
        found = parse_datetime(text.strip())
    except ValueError:
        found = None
    if found is None:
        raise Invalid(_("请填写日期和时间"), field=field)
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def area_labels(codes: Iterable[str]) -> dict[str, str]:
    """A readable name for every area prefix; the empty one is everywhere, an unknown one stands for itself."""
    language = "en" if (translation.get_language() or "").startswith("en") else "zh"
    wanted = set(codes)
    found = territory.labels([code for code in wanted if code], language)
    return {code: (found.get(code) or code) if code else str(_("全部范围")) for code in wanted}


def number_in(text: str) -> int:
    """The whole number somebody typed; 0 where it is none."""
    return whole_number(text) or 0


def entered(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()
