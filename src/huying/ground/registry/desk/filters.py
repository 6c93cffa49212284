"""The filters of the registry's lists and exports: from the address to a wish, and back into words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from huying.ground.organisation.rules import is_area
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.actor import Actor

from .. import access
from ..choices import CARE_LISTS, PREMISES_KINDS, RISKS
from ..knowing.queries import points_of, waiting
from ..queries_desk import Filters
from ..words import FRESHNESS, TABS

NAMES: Final = ("q", "area", "pkind", "risk", "fresh", "list", "lacks", "ended")
LACKS_FROM: Final = 12  # digits: what is missing is listed in a community or less
_IN_BRACKETS: Final = re.compile(r"[（(](\d+)[)）]\s*$")
_CHOICES: Final = {"pkind": PREMISES_KINDS, "risk": RISKS, "fresh": FRESHNESS, "list": CARE_LISTS}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: the tab, the filters, what stands in the fields, and what was wrong in them."""

    tab: str
    filters: Filters
    shown: Mapping[str, str]
    errors: Mapping[str, str]

    @property
    def narrowed(self) -> bool:
        """Whether anything but the words is filtered."""
        return any(self.shown[name] for name in NAMES if name != "q")

    @property
    def untold(self) -> bool:
        """Whether what is missing is asked for where it is not told: of too large an area, or before it was counted."""
        return bool(self.shown["lacks"]) and not self.filters.lacks

    @property
    def said(self) -> str:
        """The filters in words, for the log and the head of an export."""
        parts = [str(dict(TABS)[self.tab])]
        if self.filters.words:
            parts.append(_("含“%(words)s”") % {"words": self.filters.words})
        if self.shown["area"]:
            parts.append(self.shown["area"])
        for name, choices in _CHOICES.items():
            if self.shown[name]:
                parts.append(str(dict(choices)[self.shown[name]]))
        if self.filters.lacks:
            parts.append(dict(lacks_of(self.tab))[self.filters.lacks])
        if self.filters.ended:
            parts.append(_("含已注销"))
        return _("；").join(parts)


def tabs_of(actor: Actor) -> list[tuple[str, object]]:
    """The tabs somebody sees; the care lists only who has to do with care."""
    return [(kind, said) for kind, said in TABS if kind != "care" or access.areas(actor, access.CARE)]


def lacks_of(tab: str) -> list[tuple[str, str]]:
    """What a list may be narrowed to: those of whom something is not known that a grid worker must know."""
    return [(one.measure, _("没掌握：%(name)s") % {"name": one.name}) for one in points_of(tab)]


def read(given: Mapping[str, str], actor: Actor) -> Asked:
    """Read the address. What cannot be read is left out, kept as typed and named in ``errors``."""
    tab = given.get("tab", "")
    tab = tab if tab in dict(tabs_of(actor)) else ""
    shown = {name: given.get(name, "").strip()[:80] for name in NAMES}
    for name, choices in _CHOICES.items():
        if shown[name] not in dict(choices):
            shown[name] = ""
    if shown["lacks"] not in dict(lacks_of(tab)):
        shown["lacks"] = ""
    errors: dict[str, str] = {}
    area = area_code(shown, errors)
    held = access.narrowed(access.areas(actor, access.CARE if tab == "care" else access.VIEW), area)
    untold = bool(shown["lacks"]) and any(len(one) < LACKS_FROM for one in held)
    if shown["lacks"] and shown["lacks"] in waiting():
        untold, errors["area"] = True, _("这一项还没数，过一会儿再看")
    elif untold:
        errors.setdefault("area", _("看缺什么时，请先选到一个社区或网格"))
    return Asked(
        tab,
        Filters(
            words=shown["q"],
            area=area,
            premises_kind=shown["pkind"],
            risk=shown["risk"],
            fresh=shown["fresh"],
            list=shown["list"],
            lacks="" if untold else shown["lacks"],
            ended=shown["ended"] == "1",
        ),
        shown,
        errors,
    )


def area_code(shown: dict[str, str], errors: dict[str, str]) -> str:
    text = shown["area"]
    if not text:
        return ""
    bracket = _IN_BRACKETS.search(text)
    code = bracket[1] if bracket else text
    if is_area(code) and (area := territory.find_area(code)) is not None:
        shown["area"] = area_value(area)
        return code
    found = territory.search_areas(text, on=clock.local_day(clock.now()), most=2)
    if found and (len(found) == 1 or (found[0].name == text and found[1].name != text)):
        shown["area"] = area_value(found[0])
        return found[0].code
    errors["area"] = _("有多个区域叫这个名字，请从提示中选择") if found else _("没有这个区域，请从提示中选择")
    return ""


def area_value(area: territory.AreaView) -> str:
    """What stands in the field when an area is chosen."""
    english = area.name_en and (get_language() or "").startswith("en")
    return f"{area.name_en if english else area.name}（{area.code}）"
