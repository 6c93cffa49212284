"""`/healthz`: the state of each part, for scripts and load balancers."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import psutil
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from psycopg_pool import PoolTimeout

from huying.config.instance.home import Home
from huying.config.instance.nats import answers
from huying.kernel.stream import StreamUnavailable, find_access

BEAT: Final = 30  # seconds without a heartbeat after which a worker counts as gone
Part = dict[str, Any]

_complete: list[bool] = []  # tables never fall behind the program that runs, so one look is enough


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when every part works, else 503; the body names each part and what is wrong with it."""
    parts: dict[str, Part] = {"web": {"ok": True}, "database": _database()}
    parts["worker"] = _worker() if parts["database"]["ok"] else {"ok": False, "why": "no database"}
    noted = Home(settings.HUYING_DATA_DIR).read().get("parts", {})
    parts |= {name: _process(noted[name]) for name in ("gatekeeper", "readings", "urgent", "live") if name in noted}
    if settings.NATS_URL or "stream" in noted:
        parts["stream"] = _stream()
    ok = all(part["ok"] for part in parts.values())
    return JsonResponse({"ok": ok, "parts": parts}, status=200 if ok else 503)


def _database() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version')")
            row = cursor.fetchone()
        if not _complete:
            executor = MigrationExecutor(connection)
            waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
            if waiting:
                return {"ok": False, "why": "run `huying migrate`", "migrations_waiting": waiting}
            _complete.append(True)
    except (DatabaseError, PoolTimeout) as error:
        return {"ok": False, "why": (str(error).strip().splitlines() or ["no answer"])[0]}
    return {"ok": True, "version": row[0] if row else "", "migrations_waiting": 0}


def _worker() -> Part:
    """Workers write a heartbeat every few seconds; the freshest one counts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM now() - max(last_heartbeat))::float8, count(*) FROM procrastinate_workers"
        )
        age, count = cursor.fetchone() or (None, 0)
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()"
        )
        waiting = (cursor.fetchone() or (0,))[0]
    if age is None or age > BEAT:
        return {"ok": False, "why": "no heartbeat", "jobs_waiting": waiting}
    return {"ok": True, "heartbeat_age": round(age, 1), "workers": count, "jobs_waiting": waiting}


def _stream() -> Part:
    """Whether a server of the stream introduces itself."""
    try:
        servers = find_access().servers
    except StreamUnavailable as error:
        return {"ok": False, "why": str(error.hint)}
    for server in servers:
        place = urlsplit(server)
        if answers(place.hostname or "127.0.0.1", place.port or 4222, patience=0.5):
            return {"ok": True}
    return {"ok": False, "why": "no answer"}


def _process(noted: Part) -> Part:
    try:
        alive = abs(psutil.Process(int(noted["pid"])).create_time() - float(noted["created"])) < 1
    except (psutil.Error, KeyError, TypeError, ValueError):
        alive = False
    return {"ok": True} if alive else {"ok": False, "why": str(noted.get("why") or "not running")}
