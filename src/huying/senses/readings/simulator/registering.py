"""Puts simulated devices into the register, with credentials of their own, so that they are let in like any other."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from huying.ground.territory import queries as territory
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.senses.devices import actions
from huying.senses.devices.drafts import DeviceDraft
from huying.senses.devices.kinds import kind
from huying.senses.devices.models import Device

from .chance import mixed
from .figures import Figure, figure

FILE: Final = Path("simulator") / "secrets.json"  # in the data directory; readable by its owner only


def secrets_path() -> Path:
    return Path(settings.HUYING_DATA_DIR) / FILE


def read_secrets(path: Path) -> dict[str, str]:
    """Code → secret of devices registered before; empty when there are none."""
    try:
        return {str(code): str(secret) for code, secret in json.loads(path.read_text()).items()}
    except FileNotFoundError:
        return {}


def write_secrets(path: Path, secrets: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as stream:
        json.dump(secrets, stream, indent=0, sort_keys=True)
    draft.rename(path)


def gateways_of(figures: Sequence[Figure], *, seed: int = 1) -> list[Figure]:
    """The gateways figures speak through, as devices that say now and then that they are there."""
    codes = dict.fromkeys(one.gateway for one in figures if one.gateway)
    return [figure(code, "gateway", seed=seed) for code in codes]


def register(figures: Sequence[Figure], *, actor: Actor, now: datetime, area: str = "") -> tuple[int, dict[str, str]]:
    """Register those nobody has registered yet and give a secret to every one this simulator holds none for.

    They stand scattered in ``area`` (a community, grid or micro-grid; "" takes the first community). Returns how many are
    new, and the secret of each by its code. Raises NotFound for an unknown area.
    """
    place = _place(area, now)
    known = set(Device.objects.filter(code__in=[one.code for one in figures]).values_list("code", flat=True))
    new = [_draft(one, place) for one in figures if one.code not in known]
    actions.register_devices(new, actor=actor, now=now)
    path = secrets_path()
    secrets = read_secrets(path)
    rows = Device.objects.filter(code__in=[one.code for one in figures]).select_related("credential")
    missing = [row for row in rows if row.code not in secrets or not hasattr(row, "credential")]
    first = [row for row in missing if not hasattr(row, "credential")]
    secrets |= actions.issue_credentials(first, actor=actor, now=now)
    for row in missing:
        if hasattr(row, "credential"):
            secrets[row.code] = actions.issue_credential(row.pk, actor=actor, now=now)
    if missing:
        write_secrets(path, secrets)
    return len(new), {one.code: secrets[one.code] for one in figures}


def _place(area: str, now: datetime) -> tuple[str, float, float]:
    """A code and the middle of its ground."""
    today = local_day(now)
    if not area:
        communities = territory.areas_below("community", "", on=today)
        area = communities[0].code if communities else ""
    shape = territory.shape_of(territory.get_area(area).code)
    if shape is None:
        return area, 0.0, 0.0
    middle = shape.representative_point()
    return area, middle.x, middle.y


def _draft(one: Figure, place: tuple[str, float, float]) -> DeviceDraft:
    area, lon, lat = place
    around = [(mixed(one.seed, 300 + turn) % 2_000 - 1_000) * 1e-6 for turn in range(2)]
    return DeviceDraft(
        code=one.code, kind=one.kind, name=f"模拟{kind(one.kind).name.zh} {one.code}"[:80], firm="huying simulate",
        serial=one.code, area=area, gateway=one.gateway, lon=lon + around[0] if lon else None,
        lat=lat + around[1] if lon else None, note="由模拟器登记",
    )  # fmt: skip
