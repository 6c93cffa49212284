"""What the pages share: the filters in the address, and how a device is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from huying.casework.cases.desk.pickers import area_from, area_value
from huying.ground.organisation.rules import AREA_LENGTHS, COMMUNITY_LENGTH
from huying.ground.territory.snapshot import current
from huying.kernel.errors import Invalid

from .. import queries
from ..kinds import Field, Kind, kinds
from ..models import STATES, Device
from ..rules import DeviceState
from ..words import said
from .alarming import Alarming, alarming

TOWN: Final = 9  # digits of a town's code
NAMES: Final = ("q", "kind", "state", "online", "alarm", "area", "gateway")
ONLINES: Final = (
    ("online", gettext_lazy("在线")),
    ("offline", gettext_lazy("离线")),
    ("never", gettext_lazy("还没有上报")),
)
UNITS: Final = {
    "次/分": gettext_lazy("次/分"),
    "步": gettext_lazy("步"),
    "分钟": gettext_lazy("分钟"),
    "人": pgettext_lazy("unit", "人"),
    "人次": gettext_lazy("人次"),
    "米": gettext_lazy("米"),
    "天": gettext_lazy("天"),
    "小时": gettext_lazy("小时"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: the filters, what is shown in the boxes, what was wrong in them."""

    filters: queries.Filters
    shown: Mapping[str, str]
    errors: Mapping[str, str]
    alarm: int

    @property
    def area(self) -> str:
        return self.filters.area

    @property
    def narrowed(self) -> bool:
        return any(self.shown.values())

    @property
    def described(self) -> str:
        """The filters in words."""
        choices = filter_choices()
        named = {
            "kind": dict(choices["kinds"]),
            "state": dict(choices["states"]),
            "online": dict(choices["onlines"]),
            "alarm": dict(choices["alarms"]),
        }
        parts = [str(named.get(name, {}).get(value, value)) for name, value in self.shown.items() if value]
        return " · ".join(parts)


def asked_of(given: Mapping[str, str]) -> Asked:
    """Read the address. A box that cannot be read narrows nothing, is kept as typed and named in ``errors``."""
    shown = {name: given.get(name, "").strip()[:120] for name in NAMES}
    errors: dict[str, str] = {}
    code = ""
    try:
        area = area_from(shown["area"])
        if area is not None:
            shown["area"], code = area_value(area), area.code
    except Invalid as error:
        errors["area"] = str(error)
    online = shown["online"] if shown["online"] in queries.ONLINE else ""
    filters = queries.Filters(
        words=shown["q"],
        kind=shown["kind"] if shown["kind"] in kinds() else "",
        area=code,
        state=shown["state"] if shown["state"] in set(DeviceState) else "",
        online=online,
        gateway=shown["gateway"],
    )
    alarm = int(shown["alarm"]) if shown["alarm"] in {"1", "2", "3", "4"} else 0
    return Asked(filters, shown, errors, alarm)


def filter_choices() -> dict[str, Any]:
    """The choices of the filter boxes."""
    hung = alarming()
    least = _("%(severity)s及以上")
    return {
        "kinds": kind_choices(),
        "states": [(str(code), label) for code, label in STATES],
        "onlines": list(ONLINES),
        "alarms": [
            (str(severity), str(word) if severity == 4 else least % {"severity": word})
            for severity, word in (hung.words.items() if hung else ())
        ],
    }


def kind_choices() -> list[tuple[str, str]]:
    return [(code, said(one.name)) for code, one in kinds().items()]


def unit_words(unit: str) -> str:
    """A unit in the reader's language; signs such as mA are the same everywhere."""
    return str(UNITS.get(unit, unit))


def value_words(field: Field, value: object) -> str:
    """A value without its unit, in the reader's language and with the field's own decimals."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int | float):
        return f"{value:.{field.places}f}"
    choice = field.choices.get(str(value))
    return said(choice) if choice else str(value)


@dataclass(frozen=True, slots=True)
class Shown:
    """A device as a row or a head says it."""

    code: str
    name: str
    kind: str
    icon: str
    address: str
    area: str
    state: str
    state_kind: str
    state_icon: str
    at: datetime | None
    light: str = ""
    severity: str = ""


def place_words(codes: Iterable[str]) -> dict[str, str]:
    """Areas from their town down, in the reader's language: 望湖街道 柳岸社区 柳岸一网格. One query at most for any number."""
    areas, english = current().areas, (get_language() or "").startswith("en")
    found = {}
    for code in set(codes):
        parts = [areas.get(code[:length]) for length in AREA_LENGTHS if TOWN <= length <= len(code)]
        names = [one.name_en if english and one.name_en else one.name for one in parts if one is not None]
        found[code] = " ".join(names) or code
    return found


def shown_rows(devices: Iterable[Device]) -> list[Shown]:
    """Devices as rows, with the names of their areas and their gravest alarms: two queries for any number."""
    rows = list(devices)
    places = place_words(one.area for one in rows) if rows else {}
    hung = alarming()
    grave = hung.severities(one.pk for one in rows) if hung and rows else {}
    return [_shown(one, places[one.area], hung, grave.get(one.pk, 0)) for one in rows]


def _shown(device: Device, area: str, hung: Alarming | None, severity: int) -> Shown:
    state, kind, icon = _state(device)
    of: Kind | None = kinds().get(device.kind)
    last = getattr(device, "last", None)
    return Shown(
        code=device.code,
        name=device.name,
        kind=said(of.name) if of else device.kind,
        icon=of.icon if of else "help",
        address=device.address,
        area=area,
        state=state,
        state_kind=kind,
        state_icon=icon,
        at=last.at if last else None,
        light=hung.lights[severity] if hung and severity else "",
        severity=str(hung.words[severity]) if hung and severity else "",
    )


def _state(device: Device) -> tuple[str, str, str]:
    """The one word for how it is: paused and retired first, then whether it is heard of."""
    if device.state != DeviceState.ACTIVE:
        return device.get_state_display(), "outline", "pause" if device.state == DeviceState.PAUSED else "lock"
    last = getattr(device, "last", None)
    if last is None:
        return _("还没有上报"), "outline", "clock"
    return (_("在线"), "brand", "check") if last.online else (_("离线"), "warn", "wifi-off")


def crumbs_of(*more: tuple[str, object]) -> list[tuple[str, object]]:
    return [(reverse("devices-list"), _("设备")), *more]


def topics_of(area: str = "") -> str:
    """Live topics, comma-separated: everything alarming, or what devices of one community say and raise."""
    place = area[:COMMUNITY_LENGTH]
    return f"devices:{place},alarms:{place}" if place else "alarms"
