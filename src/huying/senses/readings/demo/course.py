"""The course the demonstration's devices follow: what each is, and what goes wrong on which day. Pure but for one read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from huying.senses.devices.models import Device
from huying.senses.readings.simulator.chance import between, mixed, seed_of
from huying.senses.readings.simulator.crowd import LASTS
from huying.senses.readings.simulator.figures import Figure, Trouble, figure
from huying.senses.readings.simulator.hours import day_of, midnight_of
from huying.senses.readings.simulator.kinds import VOICES

from .placing import MODELS, PREFIX

A_DAY: Final = 0.022  # troubles a device and day: seven among three hundred
# what happens, how often among a hundred troubles, from and until which hour it may begin
TROUBLES: Final = (
    ("leak", 16, 0.0, 23.0), ("overload", 10, 17.0, 22.0), ("heat", 5, 18.0, 23.0), ("sag", 3, 18.0, 21.0),
    ("heart_high", 9, 6.0, 22.0), ("low_oxygen", 4, 0.0, 23.0), ("fall", 3, 6.0, 21.0), ("fall_cancelled", 7, 6.0, 21.0),
    ("sos", 5, 7.0, 21.0), ("flat", 7, 10.0, 20.0), ("off_wrist", 8, 7.0, 16.0), ("smoke", 7, 11.0, 20.0),
    ("gas", 4, 11.0, 20.0), ("left_open", 6, 21.7, 23.4), ("flood", 2, 6.0, 20.0), ("crowd", 4, 17.0, 20.0),
)  # fmt: skip
_USES: Final = {model: use for use, model in MODELS.items()}


def figures_of_demo(seed: int) -> list[Figure]:
    """The registered devices of the demonstration as the simulator knows them; one query."""
    rows = Device.objects.filter(code__startswith=f"{PREFIX}-", state="active").order_by("code")
    found = []
    for code, kind, model, gateway, lon, lat in rows.values_list(
        "code", "kind", "model", "gateway__code", "lon", "lat"
    ):
        one = figure(code, kind, seed=seed, gateway=gateway or "", use=_USES.get(model, ""))
        one.lon, one.lat = lon or 0.0, lat or 0.0
        found.append(one)
    return found


def troubles_of(figures: Sequence[Figure], day: int, seed: int) -> list[tuple[Figure, Trouble]]:
    """What goes wrong on a day (days since 1970 in China), the same whenever it is asked."""
    lot = seed_of(f"day {day}", seed)
    count = int(len(figures) * A_DAY + 0.999)
    bag = [what for what, often, _from, _until in TROUBLES for _time in range(often)]
    hours = {what: (first, last) for what, _often, first, last in TROUBLES}
    midnight = midnight_of(day * 86_400.0)
    found = []
    for number in range(count):
        what = bag[mixed(lot, 2 * number) % len(bag)]
        able = [one for one in figures if what in VOICES[one.kind].troubles]
        if able:
            one = able[mixed(lot, 2 * number + 1) % len(able)]
            begins = float(int(midnight + between(lot + 1, number, *hours[what]) * 3_600.0))
            found.append((one, Trouble(what, begins, LASTS[what])))
    return found


def trouble_days(figures: Sequence[Figure], since: float, until: float, seed: int) -> None:
    """Give the figures what goes wrong from the day of one moment to the day of another, and nothing else."""
    for one in figures:
        one.troubles = []
    for day in range(day_of(since), day_of(until) + 1):
        for one, trouble in troubles_of(figures, day, seed):
            one.troubles.append(trouble)
