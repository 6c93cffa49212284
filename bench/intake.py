"""How fast does a matter come in: many at once against plain SQL with the same rows, and one at a time through the API?"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psutil

from bench.harness import Bench
from bench.rows import copies
from bench.rows.place import found_place, voices

MOST = 10_000
BATCH = 1_000
CLIENTS = 8
TWIN = "huying_plain"


def ask(bench: Bench) -> None:
    from huying.kernel import clock

    now = clock.now()
    count = min(MOST, bench.size)
    place = found_place(now, bench.size)
    warm = min(200, count)
    told = voices(place, warm + 2 * count, now)
    _take_in(told[:warm], warm)  # catalogue, directory and ground are read, the classifier is schooled
    bulk(bench, told[warm : warm + count])
    single(bench, told[warm + count :])


def _take_in(told: Sequence[Any], size: int) -> None:
    from huying.kernel import clock
    from huying.kernel.actor import system
    from huying.senses.reports.actions import take_in

    for start in range(0, len(told), size):
        take_in(told[start : start + size], actor=system("bench"), now=clock.now())


def bulk(bench: Bench, told: Sequence[Any]) -> None:
    """Batches of a thousand; then their very rows into a database that was a copy of ours just before."""
    from django.db import connection

    size = min(BATCH, len(told))
    name = connection.settings_dict["NAME"]
    connection.close()
    with bench.cluster.connect() as owner:
        for twin in (TWIN, f"{TWIN}_again"):
            owner.execute(f"CREATE DATABASE {twin} TEMPLATE {name} STRATEGY file_copy")
    with bench.cluster.connect(name) as ours:
        before = copies.counts(ours)
        marks: list[dict[str, int]] = []
        spent = 0.0
        written: list[str] = []
        for start in range(0, len(told), size):
            if not marks:
                marks.append(copies.highest(ours, [t for t in before if copies.has_id(ours, t)]))
            began = time.perf_counter()
            _take_in(told[start : start + size], size)
            spent += time.perf_counter() - began
            marks.append(copies.highest(ours, list(marks[0])))
        after = copies.counts(ours)
        written = [table for table in before if after[table] > before[table]]
        batches = [
            [copies.captured(ours, table, low[table], high[table]) for table in written]
            for low, high in itertools.pairwise(marks)
        ]
    rows = {table: after[table] - before[table] for table in written}
    captured = sum(part.rows for batch in batches for part in batch)
    if captured != sum(rows.values()):
        raise RuntimeError(f"captured {captured} rows of {rows}")
    bench.note("bulk intake", seconds=spent, per_second=len(told) / spent, rows=captured)
    bench.rows[-1]["tables"] = rows
    for what, write, twin in (
        ("COPY", copies.write_copied, TWIN),
        ("INSERT, 1,000 rows each", copies.write_inserted, f"{TWIN}_again"),
    ):
        with bench.cluster.connect(twin) as plain:
            took = write(plain, batches)
        bench.note(f"the same rows by {what}", seconds=took, per_second=len(told) / took, rows=captured)
        bench.ratio(f"bulk intake / {what}", took / spent)
    _tidy(bench, name)


def _tidy(bench: Bench, name: str) -> None:
    """What the thousands above left to do in the background, done: nobody measures the next question beside it."""
    with bench.cluster.connect() as owner:
        for twin in (TWIN, f"{TWIN}_again"):
            owner.execute(f"DROP DATABASE {twin}")
    with bench.cluster.connect(name) as ours:
        ours.execute("VACUUM ANALYZE")
        ours.execute("CHECKPOINT")


# --- one at a time -----------------------------------------------------------------------------------------------


def single(bench: Bench, told: Sequence[Any]) -> None:
    """One report a request against a real server on loopback, connections kept."""
    token = _key()
    body = [_body(voice) for voice in told]
    bench.note("queries of one report", queries=_queries(body.pop(), token))
    with _server(bench) as port:
        _post_all(port, token, body[: len(body) // 10 or 1])
        settle(port)
        rest = body[len(body) // 10 or 1 :]
        one, many = rest[: len(rest) // 4], rest[len(rest) // 4 :]
        for clients, share in ((1, one), (CLIENTS, many)):
            began, worked = time.perf_counter(), _server_seconds(port)
            spent = _in_threads(port, token, share, clients)
            seconds, worked = time.perf_counter() - began, _server_seconds(port) - worked
            tail = statistics.quantiles(spent, n=20)[-1] if len(spent) > 1 else spent[0]
            bench.note(
                f"one report through the API, {clients} client{'s' * (clients > 1)}",
                p50_ms=statistics.median(spent),
                p95_ms=tail,
                per_second=len(spent) / seconds,
                server_cpu_ms=1000 * worked / len(spent),
            )


def _key() -> str:
    from huying.ground.organisation.access import hash_secret
    from huying.ground.organisation.models import ApiKey
    from huying.kernel import clock

    now = clock.now()
    secret = secrets.token_urlsafe(32)
    prefix = secrets.token_hex(4)
    ApiKey.objects.create(
        name="bench",
        prefix=prefix,
        secret_hash=hash_secret(secret),
        scopes=["reports:write"],
        issued_by="bench",
        issued_at=now,
        expires_at=now + timedelta(days=1),
    )
    return f"hy_{prefix}_{secret}"


def _body(voice: Any) -> bytes:
    return json.dumps(
        {
            **{name: getattr(voice, name) for name in ("text", "title", "source_id", "name", "phone", "anonymous")},
            **{name: getattr(voice, name) for name in ("hide_identity", "place_text", "lon", "lat")},
            "channel": "api",
        }
    ).encode()


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Host": "localhost"}


def _queries(body: bytes, token: str) -> int:
    """How many queries one report asks, the key's look-up included."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"Authorization": f"Bearer {token}"})
    other = json.dumps({**json.loads(body), "source_id": "bench-first"}).encode()
    for sent in (other, body):  # the first one also stamps the key as used
        with CaptureQueriesContext(connection) as asked:
            answer = client.post("/api/v1/reports", sent, content_type="application/json")
        if answer.status_code != 201:
            raise RuntimeError(answer.content.decode())
    return len(asked)


@contextmanager
def _server(bench: Bench) -> Iterator[int]:
    from django.conf import settings

    from huying.config.instance.home import Home
    from huying.config.instance.parts import Choices, web

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    home = Home.at(bench.place / "home")
    home.create()
    env = {**home.environment(demo=False), "HUYING_HOSTS": "*", "HUYING_STATIC": "plain"}
    env["HUYING_SECRET"] = settings.HUYING_SECRET  # what the server seals is proved by this process later
    part = web(home, Choices(port=port, web_workers=min(2, os.cpu_count() or 1)), env)
    with part.log.open("ab") as log:
        process = subprocess.Popen(list(part.command), env=part.env, stdout=log, stderr=log)
    try:
        _wait(port, process, part.log)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _server_seconds(port: int) -> float:
    """Processor time the web server's processes have used so far."""
    own = psutil.Process()
    webs = [one for one in own.children(recursive=True) if any(str(port) == word for word in _words(one))]
    family = {child for web in webs for child in (web, *web.children(recursive=True))}
    return sum(sum(one.cpu_times()[:2]) for one in family)


CALM = 0.05  # of a second's processor time: no process of the server works for itself any more


def settle(port: int, links: int = 24) -> None:
    """Ask until every process of the server has answered and is done with what it reads after its first answer.

    Each spends some seconds on dictionaries and the classifier then, beside the requests; the figures are about requests.
    """
    calm, deadline = 0, time.monotonic() + 180
    while calm < 2 and time.monotonic() < deadline:
        asked = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _link in range(links)]
        for link in asked:
            link.request("GET", "/healthz", headers={"Host": "localhost"})
        for link in asked:
            link.getresponse().read()
            link.close()
        time.sleep(0.2)
        before = _server_seconds(port)
        time.sleep(1)
        calm = calm + 1 if _server_seconds(port) - before < CALM else 0


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _wait(port: int, process: subprocess.Popen[bytes], log: Any) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            link.request("GET", "/healthz", headers={"Host": "localhost"})
            link.getresponse().read()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")


def _post_all(port: int, token: str, bodies: Sequence[bytes]) -> list[float]:
    """Milliseconds of each request over one connection that is kept."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    link.connect()
    if link.sock is not None:
        link.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    spent = []
    for body in bodies:
        began = time.perf_counter()
        link.request("POST", "/api/v1/reports", body, _headers(token))
        answer = link.getresponse()
        said = answer.read()
        spent.append((time.perf_counter() - began) * 1000)
        if answer.status not in (200, 201):
            raise RuntimeError(f"{answer.status} {said[:300]!r}")
    link.close()
    return spent


def _in_threads(port: int, token: str, bodies: Sequence[bytes], clients: int) -> list[float]:
    spent: list[float] = []
    parts = [bodies[n::clients] for n in range(clients)]
    threads = [
        threading.Thread(target=lambda p=part: spent.extend(_post_all(port, token, p))) for part in parts if part
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(spent) != len(bodies):
        print("  some requests failed", file=sys.stderr)
    return spent
