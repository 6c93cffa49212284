"""Reading what was typed at the dispatcher's desk: item, place, unit, due moment; and the pages' frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.pickers import area_from, kept_by_browsers, unit_from
from huying.casework.catalogue import queries as catalogue
from huying.casework.catalogue.queries import ItemView
from huying.ground.organisation.directory import Directory
from huying.ground.organisation.queries import directory
from huying.ground.territory import queries as territory
from huying.ground.territory.queries import Place
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.numbers import whole_number

from .. import queries

View = Callable[..., HttpResponseBase]
MOST_SHOWN: Final = 12
_IN_BRACKETS = re.compile(r"[（(](\d{4})[)）]\s*$")


def desk_page(allowed: Callable[[Actor], None]) -> Callable[[View], View]:
    """Signed out → sign in; whom ``allowed`` refuses → as if there were no such page."""

    def wrap(view: View) -> View:
        @staff
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            allowed(actor_of(request))
            return view(request, *args, **kwargs)

        return guarded

    return wrap


def knowledge() -> Directory:
    """The organisation today."""
    return directory(on=clock.local_day(clock.now()))


def item_value(item: ItemView) -> str:
    """What stands in the field when an item is chosen."""
    return f"{item.label}（{item.code}）"


def item_from(text: str, *, field: str = "item") -> ItemView | None:
    """The item somebody typed or chose, None for an empty field. Invalid when there is none, or several."""
    text = text.strip()
    if not text:
        return None
    current = catalogue.today()
    code = _IN_BRACKETS.search(text)
    exact = current.get(code[1] if code else text)
    if exact is not None:
        return exact
    found = catalogue.search(text, 2)
    if len(found) == 1 or (found and text in (found[0].name, found[0].name_en)):
        return found[0]
    if not found:
        raise Invalid(_("目录里没有这个事项：%(text)s") % {"text": text[:40]}, hint=_("请从提示中选择。"), field=field)
    raise Invalid(_("有多个事项像“%(text)s”") % {"text": text[:40]}, hint=_("请从提示中选择。"), field=field)


def point_from(lon: str, lat: str, *, field: str = "lon") -> tuple[float, float] | None:
    """A point of the map (WGS-84 degrees), None when none was picked. Invalid when it is no point."""
    if not lon.strip() and not lat.strip():
        return None
    try:
        point = float(lon), float(lat)
    except ValueError as error:
        raise Invalid(_("坐标不对，请在地图上重新点选。"), field=field) from error
    if not (-180 <= point[0] <= 180 and -90 <= point[1] <= 90):
        raise Invalid(_("坐标不对，请在地图上重新点选。"), field=field)
    return point


def place_from(request: HttpRequest) -> Place | None:
    """Where a form says it is: the point picked on the map, else the area typed; None when neither was given."""
    point = point_from(request.POST.get("lon", ""), request.POST.get("lat", ""))
    if point is not None:
        found = territory.locate_points([point], on=clock.local_day(clock.now()))[0]
        if found is None:
            raise Invalid(_("这个点不在任何网格内"), hint=_("请在地图上重新点选。"), field="lon")
        return found
    area = area_from(request.POST.get("area", ""))
    if area is None:
        return None
    place = queries.place_of(area.code)
    if place is None:
        raise Invalid(_("至少要选到街道（镇）"), field="area")
    return place


def unit_id_from(request: HttpRequest, name: str = "unit") -> int | None:
    """The unit a form names."""
    return unit_from(request.POST.get(name, ""), knowledge(), field=name)


def version_from(request: HttpRequest) -> int | None:
    """The version of the case the person had before their eyes."""
    return whole_number(request.POST.get("version", ""), 9)


@staff
@require_GET
def item_options(request: HttpRequest) -> HttpResponse:
    """``<option>`` elements for an item field; ``?of=`` names the field that was typed in."""
    typed = request.GET.get(request.GET.get("of", "item"), "").strip()[:60]
    options = [(item_value(one), one.class_label) for one in catalogue.search(typed, MOST_SHOWN)] if typed else []
    return render(request, "cases/_options.html", {"options": kept_by_browsers(options, typed)})
