"""The shapes of the REST interface of devices."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field as Limited


class NameOut(Schema):
    zh: str
    en: str


class FieldOut(Schema):
    code: str
    name: NameOut
    type: str
    unit: str
    low: float | None
    high: float | None
    places: int
    private: bool
    urgent: bool
    choices: dict[str, NameOut]


class CommandKindOut(Schema):
    code: str
    name: NameOut
    needs_confirmation: bool
    cuts_power: bool


class KindOut(Schema):
    code: str
    name: NameOut
    urgent: bool
    gathers: bool
    silence_minutes: int
    keep_days: int
    fields: list[FieldOut]
    commands: list[CommandKindOut]


class LastOut(Schema):
    """What it said last; private values are left out."""

    at: datetime
    received_at: datetime
    online: bool
    silent_since: datetime | None
    values: dict[str, float | bool | str]


class DeviceOut(Schema):
    code: str
    kind: str
    name: str
    firm: str
    model: str
    serial: str
    area: str
    address: str
    lon: float | None
    lat: float | None
    premises_uid: UUID | None
    resident_uid: UUID | None
    gateway: str
    unit: str
    exempt: bool
    note: str
    state: str
    last: LastOut | None


class DevicePage(Schema):
    items: list[DeviceOut]
    next: str | None
    prev: str | None


class ContactIn(Schema):
    """A member of staff by work number, or a name with a phone."""

    role: str = "keeper"
    person: str = ""
    name: str = ""
    phone: str = ""


class DeviceIn(Schema):
    """``gateway`` and ``unit`` are codes; degrees CGCS2000 (WGS-84). Without ``area`` the grid is found by the point."""

    code: str
    kind: str
    name: str = ""
    firm: str = ""
    model: str = ""
    serial: str = ""
    area: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    premises_uid: UUID | None = None
    resident_uid: UUID | None = None
    gateway: str = ""
    unit: str = ""
    exempt: bool = False
    note: str = ""
    contacts: list[ContactIn] | None = None


class Bulk(Schema):
    devices: Annotated[list[DeviceIn], Limited(min_length=1, max_length=1000)]
    credentials: bool = False


class Registered(Schema):
    """``secrets``: code → secret, if asked for; shown this once."""

    registered: int
    secrets: dict[str, str]


class Secret(Schema):
    code: str
    secret: str


class Why(Schema):
    why: str


class Ask(Schema):
    code: str
    reason: str


class CommandOut(Schema):
    id: int
    device: str
    code: str
    state: str
    reason: str
    asked_at: datetime
    asked_by: str
    confirmed_at: datetime | None
    confirmed_by: str
    sent_at: datetime | None
    answered_at: datetime | None
    answer: str


class CommandPage(Schema):
    items: list[CommandOut]
    next: str | None


class RefusalOut(Schema):
    code: str
    why: str
    words: str


class PushedOut(Schema):
    """``odd``: fields left out as wrong in type or not plausible; ``unknown``: how many fields the kind does not have."""

    accepted: int
    refused: list[RefusalOut]
    odd: list[str]
    unknown: int


class DeviceQuery(Schema):
    q: str = ""
    kind: str = ""
    area: str = ""
    state: str = ""
    online: str = ""
    gateway: str = ""
    cursor: str | None = None
    size: Annotated[int, Limited(ge=1, le=200)] = 50
