"""Unit and area pickers: a text field with suggestions that works without script, and reading what was typed.

Other rooms write ``<c-cases.unit-field name="unit" label="…" :value="typed" />`` (``area-field`` likewise) and read the answer with
:func:`unit_from` or :func:`area_from`. A choice is written as a name and, behind it, the code in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.ground.organisation.directory import Directory, UnitView
from huying.ground.organisation.queries import directory
from huying.ground.territory import queries as territory
from huying.ground.territory.codes import is_code
from huying.ground.territory.snapshot import AreaView
from huying.kernel import clock
from huying.kernel.errors import Invalid
from huying.kernel.sounds import is_sound, readings

from .guard import staff

MOST_SHOWN: Final = 12
_MOST_NAMED: Final = 4  # in the words of a refusal
_IN_BRACKETS = re.compile(r"[（(]([^（()）]+)[)）]\s*$")


def unit_label(unit: UnitView) -> str:
    """A unit's name in the reader's language."""
    return unit.name_en if unit.name_en and (get_language() or "").startswith("en") else unit.name


def unit_value(unit: UnitView) -> str:
    """What stands in the field when a unit is chosen."""
    return f"{unit_label(unit)}（{unit.code}）"


def find_units(words: str, known: Directory, *, most: int = MOST_SHOWN) -> list[UnitView]:
    """Units found by words of their names, codes or initials (htsq 荷塘社区), best first however far down the tree.

    At least one word is the unit's own; the others may be of what stands above it, as in 柳汀 环卫. Whose own name holds
    more of the words comes first, then whose name begins with one, then what is nearer to the root.
    """
    code = _IN_BRACKETS.search(words)
    if code and (unit := known.unit_by_code(code[1])):
        return [unit]
    parts = words.casefold().split()
    ranked = [(rank, unit) for unit in known.units.values() if (rank := _rank(unit, parts, known)) is not None]
    return [unit for _rank_of, unit in sorted(ranked, key=lambda one: one[0])[:most]]


def _rank(unit: UnitView, parts: list[str], known: Directory) -> tuple[int, int, int, int] | None:
    """How well a unit fits, the least first; ``None`` when a word is found nowhere or none is the unit's own."""
    own = [part for part in parts if _is_of(part, unit)]
    others = [part for part in parts if part not in own]
    if not own or (others and not _are_above(others, unit, known)):
        return None
    names = (unit.name.casefold(), unit.name_en.casefold(), unit.code.casefold())
    begins = any(name.startswith(part) for name in names for part in own)
    return len(others), not begins, unit.path.count("/"), unit.id


def _are_above(parts: list[str], unit: UnitView, known: Directory) -> bool:
    above = known.ancestors(unit.id)[:-1]
    return all(any(_is_of(part, one) for one in above) for part in parts)


def _is_of(part: str, unit: UnitView) -> bool:
    if part in f"{unit.name} {unit.name_en} {unit.code}".casefold():
        return True
    return is_sound(part) and any(part in one for one in readings(unit.name))


def unit_from(text: str, known: Directory, *, field: str = "unit") -> int | None:
    """The id of the unit somebody typed or chose, None for an empty field. Invalid when it is nobody or several."""
    text = text.strip()
    if not text:
        return None
    exact = [unit for unit in known.units.values() if text in (unit.code, unit.name, unit.name_en)]
    found = exact or find_units(text, known, most=2)
    if len(found) == 1:
        return found[0].id
    if not found:
        raise Invalid(_("没有这个单位：%(text)s") % {"text": text[:40]}, hint=_("请从提示中选择。"), field=field)
    raise _several(_("有多个单位叫“%(text)s”"), text, map(unit_value, find_units(text, known, most=_MOST_NAMED)), field)


def _several(said: str, text: str, found: Iterable[str], field: str) -> Invalid:
    """Names which there are, so that one can be copied where no suggestions are shown."""
    words = said % {"text": text[:40]} + _("：") + _("、").join(found)
    return Invalid(words, hint=_("写全一点，或从提示中选择。"), field=field)


def area_value(area: AreaView) -> str:
    """What stands in the field when an area is chosen."""
    english = area.name_en and (get_language() or "").startswith("en")
    return f"{area.name_en if english else area.name}（{area.code}）"


def _is_called(area: AreaView, text: str) -> bool:
    return text.casefold() in (area.name.casefold(), area.name_en.casefold())


def area_from(text: str, *, field: str = "area") -> AreaView | None:
    """The area somebody typed or chose, None for an empty field. Invalid when there is none, or several."""
    text = text.strip()
    if not text:
        return None
    code = _IN_BRACKETS.search(text)
    wanted = code[1] if code else text
    if is_code(wanted) and (area := territory.find_area(wanted)) is not None:
        return area
    found = territory.search_areas(text, on=clock.local_day(clock.now()), most=_MOST_NAMED)
    if len(found) == 1 or (found and _is_called(found[0], text) and not _is_called(found[1], text)):
        return found[0]
    if not found:
        raise Invalid(_("没有这个区域：%(text)s") % {"text": text[:40]}, hint=_("请从提示中选择。"), field=field)
    raise _several(_("有多个区域叫“%(text)s”"), text, map(area_value, found), field)


def _typed(request: HttpRequest) -> str:
    return request.GET.get(request.GET.get("of", "q"), "").strip()[:60]


@staff
@require_GET
def units(request: HttpRequest) -> HttpResponse:
    """``<option>`` elements for a unit field; ``?of=`` names the field that was typed in."""
    known = directory(on=clock.local_day(clock.now()))
    typed = _typed(request)
    options = [
        (unit_value(one), " · ".join(unit_label(above) for above in known.ancestors(one.id)[:-1][-2:]))
        for one in (find_units(typed, known) if typed else ())
    ]
    return render(request, "cases/_options.html", {"options": kept_by_browsers(options, typed)})


def kept_by_browsers(options: Sequence[tuple[str, str]], typed: str) -> list[tuple[str, str]]:
    """(value, note) of suggestions, each saying what was typed: browsers hide those that hold it nowhere, such as what was
    found by two words or by initials.
    """
    plain = typed.casefold()
    return [
        (
            value,
            note if plain in value.casefold() or plain in note.casefold() else " · ".join(filter(None, (note, typed))),
        )
        for value, note in options
    ]


@staff
@require_GET
def areas(request: HttpRequest) -> HttpResponse:
    """``<option>`` elements for an area field."""
    typed = _typed(request)
    found = territory.search_areas(typed, on=clock.local_day(clock.now()), most=MOST_SHOWN) if typed else []
    labels = territory.labels([one.code for one in found], get_language() or "") if found else {}
    options = [(area_value(one), labels[one.code]) for one in found]
    return render(request, "cases/_options.html", {"options": kept_by_browsers(options, typed)})
