"""The filters of the inbox, the map and the exports: from the address to a wish, and back into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huying.casework.catalogue import queries as catalogue
from huying.casework.catalogue.rules import CHANNELS
from huying.ground.organisation.directory import Directory
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.shell.templatetags.shell import LIGHTS as LAMPS

from .. import words
from ..queries import OVERDUE, Filters
from ..queries_desk import Queue, Wish, queues_of
from ..rules import State
from ..subjects import split
from ..words_desk import SUBJECTS
from .pickers import area_from, area_value, unit_from, unit_value

LIGHTS = ("blue", "yellow", "red", "black")
WORDS = {light: words for light, (words, _shape) in LAMPS.items()} | {OVERDUE: gettext_lazy("有时限超时")}
# Names in the address; everything a list is narrowed by stays there.
NAMES = (
    "q",
    "state",
    "light",
    "kind",
    "area",
    "unit",
    "channel",
    "since",
    "until",
    "urgent",
    "returned",
    "late",
    "own",
    "about",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: the wish, what is shown in the fields, and what was wrong in them."""

    wish: Wish
    shown: Mapping[str, str]
    errors: Mapping[str, str]

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered at all."""
        return any(self.shown[name] for name in NAMES)


def read(given: Mapping[str, str], actor: Actor, known: Directory, *, otherwise: Queue | None = None) -> Asked:
    """Read the address. A field that cannot be read is left out, kept as typed and named in ``errors``."""
    open_queues = queues_of(actor)
    if given.get("q", "").strip():
        otherwise = Queue.ALL  # whoever searches from the head of a page searches everywhere
    queue = next((one for one in open_queues if one == given.get("queue")), otherwise or open_queues[0])
    shown = {name: given.get(name, "").strip()[:120] for name in NAMES}
    errors: dict[str, str] = {}
    area, units = _area(shown, errors), _units(shown, errors, known)
    since, until = _day(shown, "since", errors), _day(shown, "until", errors)
    shown["about"] = shown["about"] if split(shown["about"]) else ""
    kind = shown["kind"] if shown["kind"].isdecimal() else ""
    filters = Filters(
        q=shown["q"],
        state=shown["state"] if shown["state"] in list(State) else "",
        light=shown["light"] if shown["light"] in (*LIGHTS, OVERDUE) else "",
        item=kind if len(kind) == 4 else "",
        class_code=kind if len(kind) == 2 else "",
        area=area,
        person=actor.person_id if shown["own"] else None,
        channel=shown["channel"] if shown["channel"] in CHANNELS else "",
        urgent=True if shown["urgent"] else None,
        returned=True if shown["returned"] else None,
        opened_from=_midnight(since) if since else None,
        opened_to=_midnight(until + timedelta(days=1)) if until else None,
        subject=shown["about"],
    )
    wish = Wish(queue=queue, filters=filters, units=units, late=bool(shown["late"]))
    return Asked(wish, shown, errors)


def _area(shown: dict[str, str], errors: dict[str, str]) -> str:
    try:
        area = area_from(shown["area"])
    except Invalid as error:
        errors["area"] = str(error)
        return ""
    if area is None:
        return ""
    shown["area"] = area_value(area)
    return area.code


def _units(shown: dict[str, str], errors: dict[str, str], known: Directory) -> tuple[int, ...]:
    """The unit asked for and all below it."""
    try:
        unit_id = unit_from(shown["unit"], known)
    except Invalid as error:
        errors["unit"] = str(error)
        return ()
    if unit_id is None:
        return ()
    unit = known.unit(unit_id)
    shown["unit"] = unit_value(unit)
    return tuple(one.id for one in known.units.values() if one.path.startswith(unit.path))


def _day(shown: dict[str, str], name: str, errors: dict[str, str]) -> date | None:
    if not shown[name]:
        return None
    try:
        return date.fromisoformat(shown[name])
    except ValueError:
        errors[name] = _("没有这一天")
        return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def choices() -> dict[str, Any]:
    """The choices of the filter fields."""
    return {
        "states": [(str(state), words.STATES[state]) for state in State],
        "channels": [(code, str(said)) for code, said in CHANNELS.items()],
        "classes": catalogue.today().classes,
    }


def described(asked: Asked) -> str:
    """The filters in words, for the head of an export."""
    labels = {
        "q": _("查找"),
        "state": _("状态"),
        "light": _("预警"),
        "kind": _("事项"),
        "area": _("区域"),
        "unit": _("主办单位"),
        "channel": _("来源"),
        "since": _("从哪天起"),
        "until": _("到哪天止"),
        "urgent": _("紧急"),
        "returned": _("退回过"),
        "late": _("办结超期"),
        "own": _("我经办的"),
        "about": _("涉及"),
    }
    yes = {"urgent", "returned", "late", "own"}
    parts = [
        labels[name] if name in yes else f"{labels[name]}: {_said(name, asked.shown[name])}"
        for name in NAMES
        if asked.shown[name]
    ]
    return "; ".join(parts) or _("全部")


def _said(name: str, value: str) -> str:
    if name == "state" and value in list(State):
        return str(words.STATES[State(value)])
    if name == "light" and value in WORDS:
        return str(WORDS[value])
    if name == "about" and (subject := split(value)):
        kind, key = subject
        return f"{SUBJECTS[kind]} {key}" if kind == "device" else str(SUBJECTS[kind])
    if name == "channel" and value in CHANNELS:
        return str(CHANNELS[value])
    return value
