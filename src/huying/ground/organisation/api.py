"""REST: units and oneself. Scope `units:read` for keys."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Schema

from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import NotFound
from huying.kernel.paging import page

from . import access
from .auth import SignedIn
from .models import Unit

router = Router()


class UnitOut(Schema):
    """A unit; `parent` is a code, `area` the prefix of the area codes it serves."""

    code: str
    name: str
    name_en: str
    kind: str
    level: str
    parent: str | None
    area: str
    trades: list[str]
    phone: str


class UnitPage(Schema):
    units: list[UnitOut]
    next: str | None
    prev: str | None


class DutyOut(Schema):
    role: str
    area: str
    unit_id: int | None


class MeOut(Schema):
    """Who is asking: kind is staff, resident or key."""

    ref: str
    kind: str
    name: str
    unit: str | None
    duties: list[DutyOut]


def _out(unit: Unit) -> UnitOut:
    return UnitOut(
        code=unit.code,
        name=unit.name,
        name_en=unit.name_en,
        kind=unit.kind,
        level=unit.level,
        parent=unit.parent.code if unit.parent else None,
        area=unit.area,
        trades=list(unit.trades),
        phone=unit.phone,
    )


def _seer(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not access.may_see(actor):
        raise NotFound()
    return actor


@router.get("/units", response=UnitPage, auth=SignedIn("units:read"), summary="单位")
def list_units(
    request: HttpRequest,
    area: Query[str] = "",
    kind: str = "",
    trade: str = "",
    cursor: str = "",
    size: Query[int] = 100,
) -> UnitPage:
    """Units valid today, by code; `area` is a prefix of the area a unit serves.

    A key sees the units of its own area and branch.
    """
    actor = _seer(request)
    rows = Unit.objects.on(local_day(clock.now())).select_related("parent")
    if actor.kind == "key":
        duty = actor.duties_of("scope:units:read")[0]
        rows = rows.filter(area__startswith=duty.area, path__startswith=duty.unit_path)
    if area:
        rows = rows.filter(area__startswith=area)
    if kind:
        rows = rows.filter(kind=kind)
    if trade:
        rows = rows.filter(trades__contains=[trade])
    found = page(rows, ("code",), cursor or None, size)
    return UnitPage(units=[_out(unit) for unit in found.rows], next=found.next, prev=found.prev)


@router.get("/units/{code}", response=UnitOut, auth=SignedIn("units:read"), summary="一个单位")
def get_unit(request: HttpRequest, code: str) -> UnitOut:
    """One unit by code; 404 outside a key's area or branch."""
    actor = _seer(request)
    unit = access.unit_for(actor, code)
    if actor.kind == "key":
        duty = actor.duties_of("scope:units:read")[0]
        if not (unit.area.startswith(duty.area) and unit.path.startswith(duty.unit_path)):
            raise NotFound()
    return _out(unit)


@router.get("/people/me", response=MeOut, auth=SignedIn(), summary="我")
def who_am_i(request: HttpRequest) -> MeOut:
    """The actor behind this request and the duties held today."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    unit = Unit.objects.filter(pk=actor.unit_id).values_list("code", flat=True).first() if actor.unit_id else None
    duties = [DutyOut(role=duty.role, area=duty.area, unit_id=duty.unit_id) for duty in actor.duties]
    return MeOut(ref=actor.ref, kind=actor.kind, name=actor.name, unit=unit, duties=duties)
