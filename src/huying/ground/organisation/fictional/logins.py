"""Who in the organisation holds each demonstration login: the kind of unit and the post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from huying.ground.accounts import demo

DEMO_PASSWORD: Final = demo.PASSWORD

# username: (role, stem of the unit, post)
_HOLDERS: Final = {
    "seat": ("seat", "centre", "seat"),
    "dispatcher": ("dispatcher", "centre", "dispatcher"),
    "handler": ("handler", "enforcement", "officer"),
    "unit-lead": ("unit_lead", "enforcement", "chief"),
    "community": ("handler", "community", "officer"),
    "grid-worker": ("grid_worker", "community", "grid_worker"),
    "checker": ("checker", "centre", "checker"),
    "supervisor": ("supervisor", "centre", "supervisor"),
    "discipline": ("discipline", "discipline", "inspector"),
    "centre-lead": ("centre_lead", "centre", "director"),
    "catalogue-editor": ("catalogue_editor", "centre", "catalogue_editor"),
    "territory-editor": ("territory_editor", "centre", "territory_editor"),
    "organisation-editor": ("organisation_editor", "centre", "organisation_editor"),
    "registry-editor": ("registry_editor", "centre", "registry_editor"),
    "device-keeper": ("device_keeper", "centre", "device_keeper"),
    "admin": ("admin", "centre", "admin"),
}


@dataclass(frozen=True, slots=True)
class DemoLogin:
    username: str
    zh: str
    en: str
    role: str
    stem: str  # of the unit, see structure.py
    post: str


@dataclass(frozen=True, slots=True)
class DemoResident:
    phone: str
    name: str
    elder_mode: bool = False


DEMO_LOGINS: Final = tuple(DemoLogin(username, zh, en, *_HOLDERS[username]) for username, zh, en in demo.LOGINS)
DEMO_RESIDENTS: Final = tuple(DemoResident(*row) for row in demo.RESIDENTS)
