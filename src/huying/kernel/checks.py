"""System checks: a wrong setting stops the start with a hint, and never surprises at midnight."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection

MIN_SECRET: Final = 32
MIN_POSTGRES: Final = 160000
EXTENSIONS: Final = ("pg_trgm", "btree_gist", "btree_gin")


@register(Tags.security)
def check_secret(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The instance secret is long and not trivial."""
    secret = str(getattr(settings, "HUYING_SECRET", "") or "")
    if len(secret) >= MIN_SECRET and len(set(secret)) >= 10:
        return []
    return [
        Error(
            "HUYING_SECRET is missing or too weak to protect personal data.",
            hint="Set it to at least 32 random characters, e.g. from `python -c 'import secrets; "
            "print(secrets.token_urlsafe(48))'`. Keep it: sealed data cannot be read without it.",
            id="kernel.E001",
        )
    ]


@register(Tags.files)
def check_directories(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The data directory and the file store can be written."""
    found: list[CheckMessage] = []
    for name in ("HUYING_DATA_DIR", "HUYING_FILES"):
        value = getattr(settings, name, None)
        if value is None:
            found.append(Error(f"{name} is not set.", hint="Point it to a directory of your own.", id="kernel.E002"))
        elif not _writable(Path(value)):
            found.append(
                Error(
                    f"{name} = {value} cannot be written.",
                    hint="Create the directory or give this user the right to write there.",
                    id="kernel.E003",
                )
            )
    return found


@register(Tags.security)
def check_trace_key(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The key that signs checkpoints is there and readable."""
    from huying.kernel.trace.keys import KeyMissing, load_private_key

    try:
        load_private_key()
    except KeyMissing as error:
        return [
            Warning(
                f"The trace key is not usable: {error}.",
                hint="`huying trace key` creates one in the data directory; or set HUYING_TRACE_KEY.",
                id="kernel.W001",
            )
        ]
    return []


@register(Tags.database)
def check_database(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """PostgreSQL is new enough and offers the extensions; runs with ``check --database default`` and migrate."""
    if not databases or "default" not in databases:
        return []
    if connection.vendor != "postgresql":
        return [Error("Huying runs on PostgreSQL only.", hint="Set DATABASE_URL to postgresql://…", id="kernel.E004")]
    found: list[CheckMessage] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int")
        row = cursor.fetchone()
        version = int(row[0]) if row else 0
        cursor.execute("SELECT name FROM pg_available_extensions WHERE name = ANY(%s)", [list(EXTENSIONS)])
        available = {name for (name,) in cursor.fetchall()}
    if version < MIN_POSTGRES:
        found.append(
            Error(f"PostgreSQL {version // 10000} is too old.", hint="Use version 16 or newer.", id="kernel.E005")
        )
    found.extend(
        Error(
            f"The PostgreSQL extension {name} is not available.",
            hint="Install the contrib package of your PostgreSQL server.",
            id="kernel.E006",
        )
        for name in EXTENSIONS
        if name not in available
    )
    return found


def _writable(directory: Path) -> bool:
    """Whether files can be written there, or the directory can be created."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return directory.is_dir() and os.access(directory, os.W_OK | os.X_OK)
