"""Where the database is: from `DATABASE_URL`, or the PostgreSQL of a data directory."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# A Unix socket's path may have 107 bytes on Linux and 103 on macOS, with `/.s.PGSQL.5432` at its end.
_LONGEST = 103 - len("/.s.PGSQL.5432")


def socket_directory(data_dir: Path) -> Path:
    """The directory of the instance's PostgreSQL socket: in the data directory, or in a short place when that is long."""
    inside = data_dir / "run"
    if len(os.fsencode(inside)) <= _LONGEST:
        return inside
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"huying-{os.getuid()}-{name}"


def database_settings(url: str, data_dir: Path) -> dict[str, Any]:
    """Django's settings of the database: of `url` when given, else of the PostgreSQL in `data_dir`."""
    settings: dict[str, Any] = {
        "ENGINE": "huying.kernel.database",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {},
    }
    if not url:
        return settings | {"NAME": "huying", "USER": "huying", "HOST": str(socket_directory(data_dir))}
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:5432/name")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return settings | {
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
