"""Shops, plans and a worker for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from huying.casework.cases.factories import GRID_1, IN_GRID_1
from huying.ground.registry.deriving import new_code
from huying.ground.registry.models import Premises
from huying.senses.forms.models import Form, FormVersion

from .models import Plan

_PLAN: Mapping[str, Any] = {
    "title": "三小场所消防检查",
    "kind": "inspect",
    "form": "fire-small",
    "subject_kind": "premises",
    "wanted": {"kind": ["shop", "workshop"]},
    "every": {"red": 7, "yellow": 30, "green": 90},
    "roles": ["grid_worker"],
    "valid_from": date(2026, 1, 1),
}


def make_shop(
    name: str = "老王小吃店", *, now: datetime, grid: str = GRID_1, risk: str = "red", **more: Any
) -> Premises:
    """A small shop in a grid, on the map."""
    uid = more.pop("uid", None) or uuid4()
    values: dict[str, Any] = {
        "uid": uid,
        "area": grid,
        "code": new_code(),
        "kind": "shop",
        "name": name,
        "address": f"望湖街道柳岸社区湖滨路1号{name}",
        "lon": IN_GRID_1[0],
        "lat": IN_GRID_1[1],
        "risk": risk,
        "checked_at": now,
        "created_at": now,
    }
    return Premises.objects.create(**(values | more))


def make_form(code: str = "fire-small", *, now: datetime, title: str = "三小场所消防检查表") -> Form:
    """A published form without questions."""
    form = Form.objects.create(
        code=code, post="fire", kind="inspection", subject="premises", created_at=now, created_by="system:test"
    )
    definition = {"code": code, "kind": "inspection", "title": {"zh": title, "en": title}, "items": []}
    form.current = FormVersion.objects.create(
        form=form, number=1, version="1", definition=definition, source=b"", imported_at=now,
        imported_by="system:test", imported_by_name="", published_at=now,
    )  # fmt: skip
    form.save(update_fields=["current"])
    return form


def make_plan(code: str = "fire", *, now: datetime, **more: Any) -> Plan:
    return Plan.objects.create(code=code, changed_at=now, changed_by="system:test", **({**_PLAN} | more))
