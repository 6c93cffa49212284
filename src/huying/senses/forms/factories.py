"""For tests: small forms written in a few lines, and the files that go with answers."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from PIL import Image

from huying.kernel.actor import Actor, system
from huying.kernel.files import accept_upload
from huying.kernel.models import StoredFile

from . import actions
from .importing import Imported, Known, import_workbook
from .models import FormVersion
from .workbook import write_workbook

SETTINGS = {
    "form_id": "small", "version": "1", "form_title": "小表", "form_title::English (en)": "Small form", "huying_post": "消防",
    "huying_kind": "检查", "huying_subject": "premises",
}  # fmt: skip
YES_NO = [("yn", "yes", "是"), ("yn", "no", "否")]
CHECK = {
    "huying_fails": "no",
    "huying_item": "0514",
    "huying_severity": "严重",
    "huying_days": "3",
    "huying_on_spot": "yes",
}
EXITS = [
    {"type": "select_one yn", "name": "clear", "label": "通道畅通吗", "required": "yes", **CHECK},
    {"type": "text", "name": "keeper", "label": "负责人", "huying_private": "yes"},
    {"type": "image", "name": "front", "label": "门头照片"},
]


def book(
    rows: Sequence[Mapping[str, str]], choices: Sequence[tuple[str, str, str]] = tuple(YES_NO), **settings: str
) -> bytes:
    """An .xlsx of these rows of the survey sheet."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    told = SETTINGS | settings
    return write_workbook(
        {
            "survey": [columns, *([row.get(name, "") for name in columns] for row in rows)],
            "choices": [["list_name", "name", "label"], *map(list, choices)],
            "settings": [list(told), list(told.values())],
        }
    )


def read(rows: Sequence[Mapping[str, str]], known: Known | None = None, **settings: str) -> Imported:
    return import_workbook(book(rows, **settings), known)


def published(rows: Sequence[Mapping[str, str]] = tuple(EXITS), *, now: datetime, **settings: str) -> FormVersion:
    """A form in use."""
    author = system("test")
    version = actions.import_form(book(rows, **settings), actor=author, now=now, name="small.xlsx")
    return actions.publish_version(version.form.code, version.number, actor=author, now=now)


def pictures(count: int, *, actor: Actor, now: datetime) -> dict[UUID, StoredFile]:
    """Photos as the phone has sent them: upload id → file."""
    found: dict[UUID, StoredFile] = {}
    for _ in range(count):
        drawn = io.BytesIO()
        Image.new("RGB", (32, 24), tuple(os.urandom(3))).save(drawn, "PNG")
        drawn.seek(0)
        found[uuid4()] = accept_upload(drawn, actor=actor, now=now)
    return found


def failing(photos: Sequence[UUID], **more: Any) -> dict[str, Any]:
    """What is decided on a failing question."""
    return {"photos": [str(one) for one in photos], "how": "case", **more}
