"""Pure decisions about people and places: what a role may do, how far it reaches, staffing and rotas.

No database, no wall clock. Scope of a duty = area prefix × unit branch × role.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor, Duty

T = TypeVar("T")

UNIT_KINDS = ("centre", "department", "street", "team", "community", "company", "emergency", "court")
LEVELS = ("L1", "L2", "L3", "L4", "L5")
AREA_LENGTHS = (2, 4, 6, 9, 12, 15, 17)
COMMUNITY_LENGTH = 12

ROLE_CHOICES = [
    ("seat", _("坐席")),
    ("dispatcher", _("分拨员")),
    ("handler", _("处置员")),
    ("unit_lead", _("单位负责人")),
    ("checker", _("核查员")),
    ("supervisor", _("督办员")),
    ("discipline", _("纪检监察")),
    ("centre_lead", _("中心负责人")),
    ("catalogue_editor", _("事项编辑")),
    ("territory_editor", _("网格编辑")),
    ("organisation_editor", _("组织编辑")),
    ("registry_editor", _("信息管理员")),
    ("grid_worker", _("网格员")),
    ("grid_lead", _("网格长")),
    ("assistant", _("协管员")),
    ("device_keeper", _("设备管理员")),
    ("admin", _("系统管理员")),
]
ROLES = tuple(role for role, _label in ROLE_CHOICES)
ROLE_LABELS: Mapping[str, object] = dict(ROLE_CHOICES)

# Roles that reach only as far as their own unit's branch; the others reach over their area.
UNIT_ROLES = frozenset({"handler", "unit_lead", "grid_worker", "grid_lead", "assistant"})

SCOPES = (
    "reports:write",
    "reports:read",
    "cases:read",
    "cases:act",
    "catalogue:read",
    "areas:read",
    "units:read",
    "registry:read",
    "registry:write",
    "field:read",
    "devices:read",
    "devices:write",
    "readings:write",
)

_VIEW = frozenset({"organisation.view"})
_EDIT = _VIEW | {"unit.edit", "person.edit", "rota.edit", "responsibility.edit", "admission.edit"}
_OVERSEE = frozenset({"field.oversee"})
_WATCH = frozenset({"registry.view", "registry.propose", "registry.care"})
_DEVICES = frozenset({"device.view"})
CAPABILITIES: Mapping[str, frozenset[str]] = {
    "seat": _VIEW | _DEVICES,
    "dispatcher": _VIEW | _DEVICES,
    "handler": _VIEW,
    "unit_lead": _VIEW | {"rota.edit"},
    "checker": _VIEW,
    "supervisor": _VIEW | _OVERSEE | _DEVICES,
    "discipline": _VIEW | {"trace.view"},
    "centre_lead": _VIEW
    | {"rota.edit", "responsibility.edit", "admission.edit", "trace.view", "registry.view", "plan.edit"}
    | {"device.command"}
    | _OVERSEE
    | _DEVICES,
    "catalogue_editor": _VIEW | {"responsibility.edit", "admission.edit"},
    "territory_editor": _VIEW,
    "organisation_editor": _EDIT | {"trace.view"},
    "registry_editor": _VIEW | _WATCH | {"registry.decide", "registry.export", "registry.import"},
    "grid_worker": _VIEW | _WATCH | _DEVICES | {"field.work"},
    "grid_lead": _VIEW | _WATCH | _OVERSEE | _DEVICES | {"registry.decide", "field.work", "plan.edit"},
    "assistant": frozenset({"field.work"}),
    "device_keeper": _VIEW | _DEVICES | {"registry.view", "device.edit", "device.command"},
    "admin": _EDIT | {"key.edit", "account.edit", "trace.view"},
}
ALL_CAPABILITIES = frozenset().union(*CAPABILITIES.values())
# What a scope of a key for systems carries; the door to personal data opens to people only.
SCOPE_CAPABILITIES: Mapping[str, frozenset[str]] = {
    "scope:registry:read": frozenset({"registry.view"}),
    "scope:registry:write": frozenset({"registry.view", "registry.propose"}),
    "scope:devices:read": _DEVICES,
    "scope:devices:write": _DEVICES | {"device.edit"},
    "scope:readings:write": frozenset({"readings.send"}),
}


def capabilities(role: str) -> frozenset[str]:
    """What a duty with this role, or a key with this scope, may do."""
    return CAPABILITIES.get(role) or SCOPE_CAPABILITIES.get(role, frozenset())


def covers(duty: Duty, *, area: str = "", unit_path: str = "") -> bool:
    """True when a duty reaches a thing lying in `area` and belonging to the unit branch `unit_path`."""
    return area.startswith(duty.area) and unit_path.startswith(duty.unit_path)


def may(actor: Actor, capability: str, *, area: str = "", unit_path: str = "") -> bool:
    """True when some duty of the actor carries the capability and reaches the thing. The system may do everything."""
    if actor.kind == "system":
        return True
    return any(
        capability in CAPABILITIES.get(duty.role, frozenset()) and covers(duty, area=area, unit_path=unit_path)
        for duty in actor.duties
    )


def may_somewhere(actor: Actor, capability: str) -> bool:
    """True when some duty carries the capability at all; a screen may then be shown."""
    return actor.kind == "system" or any(capability in CAPABILITIES.get(duty.role, ()) for duty in actor.duties)


def duty_scope(role: str, unit_path: str) -> str:
    """The unit branch a duty is limited to: its own for unit roles, none for roles that reach over an area."""
    return unit_path if role in UNIT_ROLES else ""


def is_area(code: str) -> bool:
    """True for the empty prefix and for digits of a length used by area, grid and micro-grid codes."""
    return code == "" or (code.isascii() and code.isdigit() and len(code) in AREA_LENGTHS)


def prefixes(area: str) -> tuple[str, ...]:
    """Every area containing `area`, the nearest first, ending with everywhere."""
    return (*(area[:length] for length in reversed(AREA_LENGTHS) if length <= len(area)), "")


def child_path(parent_path: str, unit_id: int) -> str:
    return f"{parent_path or '/'}{unit_id}/"


def makes_cycle(unit_path: str, new_parent_path: str) -> bool:
    """True when the new parent lies inside the unit's own branch."""
    return new_parent_path.startswith(unit_path)


def needs_admission(*, unit_kind: str, unit_level: str) -> bool:
    """Work for a community must be on its admission list (准入清单; Beijing Street Office Regulation 2019)."""
    return unit_kind == "community" or unit_level == "L2"


def may_receive(*, unit_kind: str, unit_level: str, admitted: bool) -> bool:
    """Whether an item may be dispatched to a unit at all."""
    return admitted or not needs_admission(unit_kind=unit_kind, unit_level=unit_level)


# --- rotas -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open time on duty: from `starts_at` until just before `ends_at`."""

    person_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    starts_at: datetime
    ends_at: datetime


def on_duty_at(spans: Iterable[Span], at: datetime) -> Span | None:
    """The span covering a moment; when several do, the one that began last (the person who just took over)."""
    found = [span for span in spans if span.starts_at <= at < span.ends_at]
    return max(found, key=lambda span: (span.starts_at, span.person_id), default=None)


def clashes(spans: Sequence[Span], new: Span) -> list[Span]:
    """Spans of the same person overlapping the new one. Touching ends do not clash."""
    return [
        span
        for span in spans
        if span.person_id == new.person_id and span.starts_at < new.ends_at and new.starts_at < span.ends_at
    ]


def gaps(spans: Iterable[Span], *, since: datetime, until: datetime, least: timedelta = timedelta(0)) -> list[Gap]:
    """Stretches of [since, until) that nobody covers, longer than `least`, in order."""
    found: list[Gap] = []
    reached = since
    for span in sorted(spans, key=lambda each: each.starts_at):
        if span.starts_at >= until:
            break
        if span.starts_at - reached > least:
            found.append(Gap(reached, span.starts_at))
        reached = max(reached, span.ends_at)
    if until - reached > least:
        found.append(Gap(reached, until))
    return found


# --- staffing of grids: 1 + 1 + N -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StaffingNorm:
    """1 full-time grid worker + 1 professional team + N assistants, led by a chief. Numbers are local policy."""

    workers: int = 1
    teams: int = 1
    assistants: int = 1
    needs_lead: bool = True


@dataclass(frozen=True, slots=True)
class Staffing:
    """What one grid has. `missing` holds the words "lead", "worker", "team", "assistant"."""

    grid: str
    lead_ids: tuple[int, ...]
    worker_ids: tuple[int, ...]
    team_unit_ids: tuple[int, ...]
    assistant_ids: tuple[int, ...]
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody holding a grid role over an area: what the staffing rule needs of an appointment."""

    person_id: int
    role: str
    area: str
    full_time: bool


def staffing(
    grids: Iterable[str],
    holders: Iterable[Holder],
    teams: Iterable[tuple[int, str]],
    norm: StaffingNorm | None = None,
) -> list[Staffing]:
    """Check each grid against the norm.

    A full-time worker and the assistants must hold the grid itself; a lead may hold the grid or its community; a team
    (unit id, area) serves every grid in its area.
    """
    norm = norm or StaffingNorm()
    by_area: dict[tuple[str, str], list[Holder]] = defaultdict(list)
    for holder in holders:
        by_area[holder.role, holder.area].append(holder)
    team_areas: dict[str, list[int]] = defaultdict(list)
    for unit_id, area in teams:
        team_areas[area].append(unit_id)
    return [_staffing_of(grid, by_area, team_areas, norm) for grid in grids]


def _staffing_of(
    grid: str, by_area: Mapping[tuple[str, str], list[Holder]], team_areas: Mapping[str, list[int]], norm: StaffingNorm
) -> Staffing:
    leads = [h.person_id for area in (grid, grid[:12]) for h in by_area.get(("grid_lead", area), ())]
    workers = [h.person_id for h in by_area.get(("grid_worker", grid), ()) if h.full_time]
    helpers = [h.person_id for h in by_area.get(("assistant", grid), ())]
    helpers += [h.person_id for h in by_area.get(("grid_worker", grid), ()) if not h.full_time]
    teams = [unit_id for area in prefixes(grid) for unit_id in team_areas.get(area, ())]
    missing = [
        word
        for word, short in (
            ("lead", norm.needs_lead and not leads),
            ("worker", len(workers) < norm.workers),
            ("team", len(teams) < norm.teams),
            ("assistant", len(helpers) < norm.assistants),
        )
        if short
    ]
    return Staffing(grid, tuple(leads), tuple(workers), tuple(teams), tuple(helpers), tuple(missing))


# --- responsibility ---------------------------------------------------------------------------------------------


def nearest(by_area: Mapping[str, T], area: str) -> T | None:
    """The value of the longest area prefix of `area`, or None."""
    for prefix in prefixes(area):
        if (found := by_area.get(prefix)) is not None:
            return found
    return None


# --- keys for systems -------------------------------------------------------------------------------------------


def key_refusal(*, now: datetime, expires_at: datetime, revoked_at: datetime | None) -> str:
    """Why a key cannot be used: "revoked", "expired", or "" when it can."""
    if revoked_at is not None:
        return "revoked"
    return "expired" if now >= expires_at else ""


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    return sorted(set(scopes) - set(SCOPES))
