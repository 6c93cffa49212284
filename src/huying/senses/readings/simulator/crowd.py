"""A crowd of devices: so many of each kind, some behind gateways, some in trouble. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from .chance import between, mixed, seed_of
from .figures import Figure, Trouble, figure
from .kinds import VOICES

PREFIXES: Final = {
    "smart_breaker": "brk", "wearable": "band", "smoke": "smk", "gas": "gas", "door": "door", "water_level": "wtr",
    "entrance_counter": "ent", "gateway": "gw",
}  # fmt: skip
MIX: Final = {
    "smart_breaker": 34, "wearable": 24, "smoke": 18, "gas": 8, "door": 10, "water_level": 3, "entrance_counter": 3,
}  # fmt: skip
"""Of a hundred devices of a district, how many are of each kind."""
LASTS: Final = {
    "leak": 1_800.0, "heat": 900.0, "overload": 1_800.0, "surge": 300.0, "sag": 300.0, "heart_high": 900.0,
    "heart_low": 900.0, "low_oxygen": 900.0, "fever": 7_200.0, "pressure": 28_800.0, "fall": 120.0,
    "fall_cancelled": 60.0, "sos": 120.0, "flat": 7_200.0, "off_wrist": 10_800.0, "still": 43_200.0, "smoke": 300.0,
    "gas": 300.0, "left_open": 5_400.0, "flood": 10_800.0, "crowd": 1_200.0, "flapping": 3_600.0,
}  # fmt: skip
"""Seconds a trouble lasts, as a rule."""


def kinds_of(total: int, wanted: Mapping[str, int] | None = None) -> dict[str, int]:
    """How many of each kind: as ``wanted``, else ``total`` by the mix of a district (largest remainders)."""
    if wanted:
        return dict(wanted)
    exact = {kind: total * share / sum(MIX.values()) for kind, share in MIX.items()}
    counts = {kind: int(one) for kind, one in exact.items()}
    rest = sorted(exact, key=lambda kind: exact[kind] - counts[kind], reverse=True)
    for kind in rest[: total - sum(counts.values())]:
        counts[kind] += 1
    return {kind: count for kind, count in counts.items() if count}


def gather(
    counts: Mapping[str, int], *, seed: int = 1, prefix: str = "sim", every: float = 0.0, behind: int = 0
) -> list[Figure]:
    """Figures ``<prefix>-<kind>-00001`` …; with ``behind`` > 0 every so many share a gateway ``<prefix>-gw-001`` …"""
    figures: list[Figure] = []
    for kind, count in counts.items():
        for number in range(1, count + 1):
            gateway = f"{prefix}-gw-{len(figures) // behind + 1:03d}" if behind else ""
            code = f"{prefix}-{PREFIXES[kind]}-{number:05d}"
            figures.append(figure(code, kind, seed=seed, every=every, gateway=gateway))
    return figures


def trouble(
    figures: Sequence[Figure],
    wanted: Mapping[str, int],
    since: float,
    until: float,
    *,
    seed: int = 1,
    lasts: float = 0.0,
) -> list[str]:
    """Give so many devices a trouble somewhere within the run; returns what found too few devices that can have it.

    In a run too short for it, a trouble lasts as long as is left, so that something is seen of it.
    """
    short = []
    for what, count in wanted.items():
        able = sorted(
            (one for one in figures if what in VOICES[one.kind].troubles),
            key=lambda one: (len(one.troubles), mixed(one.seed, seed_of(what, seed) & 0xFFFF)),
        )
        if len(able) < count:
            short.append(what)
        for number, one in enumerate(able[:count]):
            begins = float(
                int(between(one.seed, seed_of(what, seed + number) & 0xFFFF, since, since + 0.6 * (until - since)))
            )
            one.troubles.append(Trouble(what, begins, min(lasts or LASTS[what], max(until - begins, 30.0))))
    return short
