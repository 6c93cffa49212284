"""The kernel's small cast for tests, and drafts to play with."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection

from huying.kernel.actor import Actor, Duty
from huying.kernel.trace import Checkpoint, Draft, make_checkpoint

MOMENT: Final = datetime(2026, 3, 2, 1, 30, 0, 123456, tzinfo=UTC)
ZHANG: Final = Actor("staff", "person:12", "张建国", 7, 12, (Duty("handler", "4419", 7, "/1/7/"),))
LI: Final = Actor("resident", "user:9", "李阿婆")
ADMIN: Final = Actor("staff", "person:1", "管理员", 1, 1, (Duty("admin"),))


def a_draft(chain: str = "case:1", verb: str = "case.opened", **changes: Any) -> Draft:
    """A draft by Zhang at a fixed moment."""
    values: dict[str, Any] = {"actor": ZHANG, "at": MOMENT, "body": {"item": "0101", "grid": "441900001001001"}}
    return Draft(chain=chain, verb=verb, **{**values, **changes})


def checkpoint(**given: Any) -> Checkpoint:
    """Sign once every older transaction in the cluster has ended: other tests run in it too, and a checkpoint rightly
    leaves out whatever might still be overtaken."""
    asked = """SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >
        coalesce((SELECT max(xid::text::bigint) FROM kernel_entry), 0)"""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(asked)
            if cursor.fetchone() == (True,):
                break
        time.sleep(0.05)
    return make_checkpoint(**given)
