"""Registering a device and putting right what is known of it; many at once from a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.pickers import area_from, area_value, unit_from, unit_value
from huying.ground.organisation.queries import directory
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.privacy import mask_name, mask_phone

from .. import access, actions, exchange, queries
from ..drafts import ContactDraft, DeviceDraft
from ..models import CONTACT_ROLES, Device
from ..words import why
from .frame import crumbs_of, kind_choices

TEXTS: Final = (
    "code", "kind", "name", "firm", "model", "serial", "area", "address", "lon", "lat", "gateway", "unit", "note",
    "premises", "resident",
)  # fmt: skip
CONTACTS: Final = 3
LARGEST: Final = 20 * 1024 * 1024
_UID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@staff
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    access.must_edit(actor_of(request))
    if request.method != "POST":
        return _show(request, None, _empty(request))
    typed = _typed(request, None)
    try:
        made = actions.register_device(actor=actor_of(request), now=clock.now(), draft=_draft(typed, None))
    except HuyingError as error:
        return _show(request, None, typed, error)
    messages.success(request, _("已登记。下一步：发密钥，填进设备。"))
    return redirect("devices-credential", made.code)


@staff
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    actor = actor_of(request)
    held = queries.whole(actor, code)
    access.require_over(actor, access.EDIT, held.area)
    if request.method != "POST":
        return _show(request, held, _typed_of(held))
    typed = _typed(request, held)
    try:
        actions.save_device(held.pk, actor=actor, now=clock.now(), draft=_draft(typed, held))
    except HuyingError as error:
        return _show(request, held, typed, error)
    messages.success(request, _("已保存"))
    return redirect("devices-device", code)


def _show(
    request: HttpRequest, held: Device | None, typed: dict[str, Any], error: HuyingError | None = None
) -> HttpResponse:
    crumbs = crumbs_of(("", _("登记设备")))
    if held is not None:
        crumbs = crumbs_of((reverse("devices-device", args=[held.code]), held.name), ("", _("修改登记")))
    names = {"premises_uid": "premises", "resident_uid": "resident"}
    shown = {
        "held": held,
        "typed": typed,
        "error": error,
        "wrong": {names.get(name, name): str(text) for name, text in getattr(error, "fields", {}).items()},
        "kinds": kind_choices(),
        "contact_roles": CONTACT_ROLES,
        "left_behind": held is not None and held.resident_uid is not None,
        "crumbs": crumbs,
    }
    return render(request, "devices/edit.html", shown, status=error.status if error else 200)


def _empty(request: HttpRequest) -> dict[str, Any]:
    """An empty form, except for what the address gives: the page of a home or a person leads here."""
    typed: dict[str, Any] = {name: request.GET.get(name, "")[:120] for name in TEXTS}
    return typed | {"exempt": "", "contacts": [_contact() for _n in range(CONTACTS)]}


def _contact(role: str = "keeper", **more: str) -> dict[str, str]:
    return {"role": role, "person": "", "name": "", "phone": "", "kept": "", "rank": "", **more}


def _typed_of(held: Device) -> dict[str, Any]:
    area = territory.find_area(held.area)
    unit = directory(on=clock.local_day(clock.now())).units.get(held.unit_id) if held.unit_id else None
    typed: dict[str, Any] = {
        name: getattr(held, name) for name in ("code", "kind", "name", "firm", "model", "serial", "address", "note")
    }
    typed |= {
        "area": area_value(area) if area else held.area,
        "unit": unit_value(unit) if unit else "",
        "gateway": held.gateway.code if held.gateway else "",
        "lon": "" if held.lon is None else f"{held.lon:.6f}",
        "lat": "" if held.lat is None else f"{held.lat:.6f}",
        "premises": str(held.premises_uid or ""),
        "resident": str(held.resident_uid or ""),
        "exempt": "1" if held.exempt else "",
        "contacts": [_kept(one) for one in held.contact_rows],  # type: ignore[attr-defined]
    }
    empty = max(CONTACTS - len(typed["contacts"]), 1)
    typed["contacts"] += [_contact() for _n in range(empty)]
    return typed


def _kept(row: Any) -> dict[str, str]:
    """A contact that is there: staff by work number; others stay sealed and are shown masked."""
    if row.person is not None:
        return _contact(row.role, person=row.person.number, kept=row.person.label, rank=str(row.rank))
    return _contact(row.role, kept=f"{mask_name(row.name or '')} {mask_phone(row.phone or '')}", rank=str(row.rank))


def _typed(request: HttpRequest, held: Device | None) -> dict[str, Any]:
    """Everything as it was typed: it stays whatever happens."""
    typed: dict[str, Any] = {name: request.POST.get(name, "").strip() for name in TEXTS}
    if held is not None:
        typed |= {"code": held.code, "kind": held.kind}
    typed["exempt"] = request.POST.get("exempt", "")
    columns = [request.POST.getlist(f"contact_{name}") for name in ("role", "person", "name", "phone", "rank")]
    kept = {str(one.rank): _kept(one)["kept"] for one in held.contact_rows} if held is not None else {}  # type: ignore[attr-defined]
    typed["contacts"] = [
        _contact(
            role, person=person.strip(), name=name.strip(), phone=phone.strip(), rank=rank, kept=kept.get(rank, "")
        )
        for role, person, name, phone, rank in zip(*columns, strict=False)
    ]
    dropped = set(request.POST.getlist("contact_drop"))
    for one in typed["contacts"]:
        one["drop"] = "1" if one["rank"] and one["rank"] in dropped else ""
    return typed


def _draft(typed: dict[str, Any], held: Device | None) -> DeviceDraft:
    """What was typed as a draft. Raises Invalid where a box cannot be read."""
    area = area_from(typed["area"]) if typed["area"] else None
    unit_id = unit_from(typed["unit"], known := directory(on=clock.local_day(clock.now())))
    texts = {
        name: typed[name] for name in ("code", "kind", "name", "firm", "model", "serial", "address", "note", "gateway")
    }
    return DeviceDraft(
        **texts,
        area=area.code if area else "",
        unit=known.unit(unit_id).code if unit_id is not None else "",
        lon=_degrees(typed["lon"], "lon"),
        lat=_degrees(typed["lat"], "lat"),
        premises_uid=_uid(typed["premises"], "premises_uid"),
        resident_uid=_uid(typed["resident"], "resident_uid"),
        exempt=bool(typed["exempt"]),
        contacts=_contacts(typed, held),
    )


def _contacts(typed: dict[str, Any], held: Device | None) -> tuple[ContactDraft, ...] | None:
    """None where nobody touched them. With somebody else in use of the device, private ones that were merely kept leave."""
    if held is None:
        return tuple(_contact_drafts(typed, held))
    drafts = tuple(_contact_drafts(typed, held))
    if drafts == tuple(_contact_drafts(_typed_of(held), held)):
        return None
    if held.resident_uid in (None, _uid(typed["resident"], "resident_uid")):
        return drafts
    return tuple(_contact_drafts(typed, None))


def _contact_drafts(typed: dict[str, Any], held: Device | None) -> list[ContactDraft]:
    """Contacts in their order. One that was there and has nothing typed in its place stays as it was."""
    rows = {str(one.rank): one for one in held.contact_rows} if held is not None else {}  # type: ignore[attr-defined]
    drafts = []
    for one in typed["contacts"]:
        row = rows.get(one["rank"])
        if one.get("drop"):
            continue
        if one["person"] or one["name"] or one["phone"]:
            drafts.append(ContactDraft(role=one["role"], person=one["person"], name=one["name"], phone=one["phone"]))
        elif row is not None and row.person is None:
            drafts.append(ContactDraft(role=one["role"], name=row.name or "", phone=row.phone or ""))
    return drafts


def _degrees(text: str, field: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise Invalid(_("请填数字，或在地图上点一下"), field=field) from None


def _uid(text: str, field: str) -> UUID | None:
    """The uid in what was pasted: itself, or the address of a record's page."""
    if not text:
        return None
    if found := _UID.search(text):
        return UUID(found[0])
    raise Invalid(_("这里贴档案页的网址"), field=field)


# --- many at once -------------------------------------------------------------------------------------------------------


@staff
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """A spreadsheet of devices; rows that were not taken are named with the reason."""
    actor, now = actor_of(request), clock.now()
    access.must_edit(actor)
    found, error = None, None
    if request.method == "POST":
        try:
            found = _read(request, check=request.POST.get("do") == "check")
        except HuyingError as refused:
            error = refused
    shown = {
        "found": found,
        "checked": request.POST.get("do") == "check",
        "rejected": [_reject(one) for one in found.rejected[:500]] if found else [],
        "secrets": sorted(found.secrets.items()) if found else [],
        "error": error,
        "wrong": {name: str(text) for name, text in getattr(error, "fields", {}).items()},
        "columns": [(titles[0], name) for name, titles in exchange.HEADERS.items()],
        "crumbs": crumbs_of(("", _("批量登记"))),
        "now": now,
    }
    return render(request, "devices/import.html", shown, status=error.status if error else 200)


def _reject(one: actions.Rejected) -> tuple[int, str, str, str]:
    """Row, device, column, reason."""
    return one.row, one.device, exchange.HEADERS.get(one.field, (one.field,))[0], why(one.code)


def _read(request: HttpRequest, *, check: bool) -> actions.Imported:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid(_("请选一个文件"), field="file")
    if (file.size or 0) > LARGEST:
        raise Invalid(_("文件太大，最多 20 MB，请分几次交"), field="file")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"devices{Path(file.name or '').suffix.lower()[:6]}"
        with path.open("wb") as stream:
            for chunk in file.chunks():
                stream.write(chunk)
        issue = bool(request.POST.get("credentials"))
        return actions.import_devices(path, actor=actor_of(request), now=clock.now(), check=check, credentials=issue)


@staff
@require_GET
def sheet(request: HttpRequest) -> HttpResponse:
    """An empty table with the columns."""
    access.must_edit(actor_of(request))
    text = io.StringIO()
    csv.writer(text).writerow([titles[0] for titles in exchange.HEADERS.values()])
    answer = HttpResponse(f"\ufeff{text.getvalue()}", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="devices.csv"'
    return answer
