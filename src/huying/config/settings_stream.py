"""Where the stream of device readings is and how much it may hold. Imported by `settings.py`, and without Django by `instance/`.

`NATS_URL` names the servers of an outside cluster; who we are there says its user and password in the address, or
`NATS_CREDENTIALS` (a .creds file). `NATS_ISSUER_SEED` signs logins of devices, `NATS_ACCOUNT` is where they are let in.
"""

from __future__ import annotations

import os
import re

NATS_URL = os.environ.get("NATS_URL", "").strip()
HUYING_STREAM_MEGABYTES = os.environ.get("HUYING_STREAM_MEGABYTES", "") or "4096"
HUYING_STREAM_REPLICAS = os.environ.get("HUYING_STREAM_REPLICAS", "") or "1"
# How often the instance's own server forces to disk what it has written: all that a power cut may cost. "always": nothing.
HUYING_STREAM_SYNC = os.environ.get("HUYING_STREAM_SYNC", "") or "10s"

_ADDRESS = re.compile(r"(nats|tls)://([^\s@/,]+@)?(\[[0-9a-fA-F:]+\]|[^\s@/,:]+)(:\d{1,5})?")


def stream_problems() -> dict[str, str]:
    """What is wrong with these settings, and what to write instead, by name."""
    return problems(NATS_URL, HUYING_STREAM_MEGABYTES, HUYING_STREAM_REPLICAS, HUYING_STREAM_SYNC)


def problems(servers: str, megabytes: str, replicas: str, sync: str) -> dict[str, str]:
    """The same for any values."""
    found = {}
    if servers and not all(_ADDRESS.fullmatch(part.strip()) for part in servers.split(",")):
        found["NATS_URL"] = "nats://host:4222 or tls://user:password@host:4222, several separated by commas"
    if not (megabytes.isdecimal() and int(megabytes) >= 16):
        found["HUYING_STREAM_MEGABYTES"] = "a whole number of megabytes, at least 16"
    if replicas not in {"1", "3", "5"}:
        found["HUYING_STREAM_REPLICAS"] = "1 for one server, 3 or 5 in a cluster of as many"
    if not re.fullmatch(r"always|[1-9]\d*(ms|s|m)", sync):
        found["HUYING_STREAM_SYNC"] = "always, or a time such as 500ms, 10s, 2m"
    return found
