"""How fast does a phone get what it may hold, and how fast does the place take in what phones did?

Over HTTP, against the same rows by COPY and the same bytes by the barest ASGI program that forces them to the disk.
"""

from __future__ import annotations

import gzip
import http.client
import io
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from bench.harness import Bench
from bench.intake import _server, _server_seconds, settle
from bench.rows.place import found_place

RECORDS = 10_000
CHANGED = 200
CLIENTS = 8
PHOTO = 50_000
SENT = 1_280


def ask(bench: Bench) -> None:
    from huying.kernel import clock

    now = clock.now()
    found_place(now, min(bench.size, 1_000))
    count = min(RECORDS, bench.size)
    area, phones = _workers(now)
    _premises(area, count, now)
    pull(bench, phones[0], area, count)
    send(bench, phones, area, min(SENT, bench.size))


Phone = tuple[Any, dict[str, str]]


def _workers(now: Any) -> tuple[str, list[Phone]]:
    """Grid workers of one grid, each with an enrolled phone: (actor, headers)."""
    from django.conf import settings
    from tests.sessions import session_of

    from huying.ground.accounts.factories import make_staff
    from huying.ground.organisation.models import Appointment, Person, Post, Unit
    from huying.ground.territory.models import Area
    from huying.kernel.actor import Actor, Duty
    from huying.senses.sync.actions import enrol_device

    began = (now - timedelta(days=400)).date()
    area = str(Area.objects.filter(level="grid").order_by("code").values_list("code", flat=True)[0])
    unit = Unit.objects.order_by("-level", "pk")[0]
    post = Post.objects.create(code="bench-grid", name="网格员", role="grid_worker")
    phones = []
    for number in range(CLIENTS):
        user = make_staff(f"bench{number}", name=f"网格{number}")
        person = Person.objects.create(number=f"B{number}", name=f"网格{number}", valid_from=began, user=user)
        duty = Duty("grid_worker", area, unit.pk, unit.path)
        Appointment.objects.create(person=person, unit=unit, post=post, role="grid_worker", area=area, valid_from=began)
        actor = Actor("staff", f"person:{person.pk}", person.name, unit.pk, person.pk, (duty,))
        _device, token = enrol_device(actor=actor, now=now, name="bench")
        cookie = f"{settings.SESSION_COOKIE_NAME}={session_of(user)}; {settings.CSRF_COOKIE_NAME}={'c' * 32}"
        headers = {"Cookie": cookie, "X-CSRFToken": "c" * 32, "X-Huying-Device": token, "Host": "127.0.0.1"}
        phones.append((actor, headers))
    return area, phones


def _premises(area: str, count: int, now: Any) -> None:
    """Places in the grid, as many as a phone holds."""
    from huying.ground.registry.models import Premises

    Premises.objects.bulk_create(
        [
            Premises(
                uid=uuid.uuid4(), area=area, code=f"B{number:09d}", kind="room", name=f"{number}室",
                address=f"湖滨路{number // 100}号{number % 100}室", lon=120.0, lat=30.0, checked_at=now, created_at=now,
            )
            for number in range(count)
        ],
        batch_size=2_000,
    )  # fmt: skip


# --- what a phone gets ------------------------------------------------------------------------------------------------


def pull(bench: Bench, phone: Phone, area: str, count: int) -> None:
    """All of a grid in pages of a thousand, then only what changed; the same rows by COPY OUT."""
    from django.db import connection

    from huying.ground.registry.models import Premises

    cursor = ""
    with bench_server(bench) as port:
        for _turn in range(60):  # every thread of the server has a connection, and it has warmed itself
            cursor, _records, _size = _pull(port, phone, cursor)
        began = time.perf_counter()
        cursor, records, size = _pull(port, phone, "")
        spent = time.perf_counter() - began
        bench.note("first sync", seconds=spent, records=records, kilobytes=size // 1024, per_second=records / spent)
        changed = list(Premises.objects.filter(area=area).values_list("pk", flat=True)[: min(CHANGED, count)])
        times, got = [], 0
        for turn in range(5):
            Premises.objects.filter(pk__in=changed).update(name=f"改{turn}")
            began = time.perf_counter()
            cursor, got, _size = _pull(port, phone, cursor)
            times.append(time.perf_counter() - began)
        bench.note(f"sync of {len(changed)} changes", seconds=min(times), records=got)
        began = time.perf_counter()
        for _turn in range(20):
            cursor, got, _size = _pull(port, phone, cursor)
        bench.note("sync of nothing", milliseconds=(time.perf_counter() - began) * 50, records=got)
    began = time.perf_counter()
    with (
        connection.cursor() as asked,
        asked.copy(
            f"COPY (SELECT uid, area, version, name, address, lon, lat, kind, risk, use FROM registry_premises"
            f" WHERE area = '{area}') TO STDOUT"
        ) as copied,
    ):
        bytes_out = sum(len(block) for block in copied)
    raw = time.perf_counter() - began
    bench.note("the same rows by COPY", seconds=raw, kilobytes=bytes_out // 1024)
    bench.ratio("first sync / COPY", raw / spent)


def _pull(port: int, phone: Phone, cursor: str) -> tuple[str, int, int]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    records = size = 0
    while True:
        link.request("GET", f"/api/v1/field/changes?cursor={cursor}", headers={**phone[1], "Accept-Encoding": "gzip"})
        answer = link.getresponse()
        content = answer.read()
        size += len(content)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {content[:300]!r}")
        page = json.loads(gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content)
        cursor, records = page["cursor"], records + len(page["records"])
        if not page["more"]:
            link.close()
            return cursor, records, size


# --- what phones send -------------------------------------------------------------------------------------------------


def send(bench: Bench, phones: Sequence[Phone], area: str, count: int) -> None:
    """Positions, reports and filled forms, several phones at once; then the same bytes to a program that only keeps them."""
    from django.db import connection

    from huying.ground.territory.models import Area
    from huying.senses.sync.rules import MOST_BUNDLED

    spot = Area.objects.get(code=area)
    _form()
    make = partial(_operation, point=(spot.lon, spot.lat), places=_places(area))
    camera = _camera()
    cost: dict[str, float] = {}
    asked = (
        ("where they were", "position", False),
        ("a filled form", "submission", False),
        ("a filled form with a photo of 50 KB", "submission", True),
        ("a report with a photo of 50 KB", "report", True),
    )
    for turn, (name, kind, picture) in enumerate(asked):
        first = 1 + turn * 1_000_000
        share = [[make(kind, number) for number in range(first, first + count // len(phones))] for _phone in phones]
        warm = [[make(kind, one[-1]["seq"] + 1 + turn) for turn in range(MOST_BUNDLED)] for one in share]
        work = partial(_submit, album=_album(camera, warm, share) if picture else {})
        with bench_server(bench) as port:
            _together(port, phones, warm, work)  # directory, catalogue and classifier are read
            settle(port)
            worked = _server_seconds(port)
            spent = _together(port, phones, share, work)
            worked = _server_seconds(port) - worked
        done = sum(len(one) for one in share)
        cost[name] = 1000 * worked / done
        more = {"photo_share": 1 - cost["a filled form"] / cost[name]} if kind == "submission" and picture else {}
        bench.note(
            f"{name}, {len(phones)} phones", seconds=spent, per_second=done / spent, server_cpu_ms=cost[name], **more
        )
        connection.close()
    with _bare(bench) as port:
        raw = _together(port, phones, share, work)
    bench.note("the same bytes to a bare program with fsync", seconds=raw, per_second=done / raw)
    bench.ratio("reports with photos / bare program", raw / spent)


CHECKS = 20


def _form() -> None:
    """A published form of twenty checks, the name of whoever was met, and a photo of the front."""
    from huying.kernel import clock
    from huying.senses.forms import factories

    check, keeper, front = factories.EXITS
    checks = [{**check, "name": f"check_{number}", "label": f"检查项{number}"} for number in range(CHECKS)]
    factories.published([*checks, keeper, front], now=clock.now(), form_id="bench")


def _places(area: str) -> list[str]:
    from huying.ground.registry.models import Premises

    return [str(uid) for uid in Premises.objects.filter(area=area).order_by("pk").values_list("uid", flat=True)[:5_000]]


Album = dict[str, bytes]  # a photo for each operation, by its id


def _camera() -> Callable[[], bytes]:
    """Photos as a phone shrinks them to: JPEGs of 1024 × 768 and about 50 KB, soft shapes and a little noise.

    No two are the same once they were encoded anew: each bears its number in 32 dark and light squares.
    """
    from PIL import Image, ImageFilter

    soft = Image.frombytes("RGB", (64, 48), os.urandom(64 * 48 * 3)).resize((1024, 768), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((1024, 768), 24).convert("RGB").filter(ImageFilter.GaussianBlur(1))
    scene, numbers = Image.blend(soft, grain, 0.2), itertools.count(1)

    def drawn(quality: int) -> bytes:
        number, content = next(numbers), io.BytesIO()
        for bit in range(32):
            scene.paste((255,) * 3 if number >> bit & 1 else (0,) * 3, (bit * 32, 0, bit * 32 + 32, 32))
        scene.save(content, "JPEG", quality=quality)
        return content.getvalue()

    return partial(drawn, min(range(20, 90, 3), key=lambda quality: abs(len(drawn(quality)) - PHOTO)))


def _album(camera: Callable[[], bytes], *shares: Sequence[Sequence[dict[str, Any]]]) -> Album:
    return {one["id"]: camera() for share in shares for mine in share for one in mine}


def _operation(
    kind: str, seq: int, *, point: tuple[float | None, float | None], places: Sequence[str]
) -> dict[str, Any]:
    from huying.kernel import clock

    at = clock.now().isoformat()
    body: dict[str, Any] = {"points": [[at, *point, 5.0]]}
    if kind == "report":
        body = {"text": f"路边垃圾没人清 {seq}", "item": "0101", "lon": point[0], "lat": point[1], "accuracy": 5.0}
    if kind == "submission":
        answers = {**{f"check_{number}": "yes" for number in range(CHECKS)}, "keeper": "王建国"}
        subject = {"kind": "premises", "uid": places[seq % len(places)]}
        body = {"form": "bench", "version": "1", "answers": answers, "subject": subject, "begun_at": at, "ended_at": at}
    return {"id": str(uuid.uuid4()), "seq": seq, "kind": kind, "at": at, "body": body, "files": []}


def _together(
    port: int, phones: Sequence[Phone], share: Sequence[Sequence[dict[str, Any]]], work: Callable[..., None]
) -> float:
    failed: list[BaseException] = []

    def run(phone: Phone, mine: Sequence[dict[str, Any]]) -> None:
        try:
            work(port, phone, mine)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=one) for one in zip(phones, share, strict=True)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return time.perf_counter() - began


def _submit(port: int, phone: Phone, operations: Sequence[dict[str, Any]], *, album: Album) -> None:
    """What the app does in the evening: a bundle of photos, then the operations that waited for them."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    link.connect()
    if link.sock is not None:
        link.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(method: str, path: str, body: bytes, kind: str) -> dict[str, Any]:
        link.request(method, f"/api/v1/field/{path}", body, {**phone[1], "Content-Type": kind})
        answer = link.getresponse()
        said: dict[str, Any] = json.loads(answer.read())
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {said}")
        return said

    for batch in _batches(operations):
        if album:
            kept = request("POST", "uploads", _bundle(batch, album), "application/octet-stream")
            if any(one["state"] != "taken" for one in kept.get("results", [])):
                raise RuntimeError(str(kept))
        told = request("POST", "operations", json.dumps({"operations": list(batch)}).encode(), "application/json")
        bad = [one for one in told.get("results", []) if one["state"] not in ("applied", "conflict")]
        if bad:
            raise RuntimeError(str(bad[0]))
    link.close()


def _bundle(batch: Sequence[dict[str, Any]], album: Album) -> bytes:
    """The photos of these, as the app puts them together."""
    head = []
    for one in batch:
        name = str(uuid.uuid4())
        head.append({"id": name, "size": len(album[one["id"]]), "type": "image/jpeg"})
        if one["kind"] == "submission":
            one["body"]["answers"]["front"] = name
        one["files"] = [name]
    return json.dumps(head).encode() + b"\n" + b"".join(album[one["id"]] for one in batch)


def _batches(operations: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    """As many as the app puts in one bundle."""
    from huying.senses.sync.rules import MOST_BUNDLED

    for start in range(0, len(operations), MOST_BUNDLED):
        yield operations[start : start + MOST_BUNDLED]


@contextmanager
def bench_server(bench: Bench) -> Iterator[int]:
    """The program's own web server, without limits on how often one phone may call."""
    before = os.environ.get("HUYING_REQUIRE_TOTP")
    os.environ["HUYING_REQUIRE_TOTP"] = "0"
    try:
        with _server(bench) as port:
            yield port
    finally:
        os.environ.pop("HUYING_REQUIRE_TOTP") if before is None else os.environ.update(HUYING_REQUIRE_TOTP=before)


_BARE = """
import os, itertools
number, place = itertools.count(), os.environ["BENCH_PLACE"]
async def application(scope, receive, send):
    if scope["type"] != "http":
        return
    parts, more = [], True
    while more:
        told = await receive()
        parts.append(told.get("body", b""))
        more = told.get("more_body", False)
    with open(f"{place}/{os.getpid()}-{next(number)}", "wb") as file:
        file.write(b"".join(parts))
        file.flush()
        os.fsync(file.fileno())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b"{}"})
"""


@contextmanager
def _bare(bench: Bench) -> Iterator[int]:
    place = bench.place / "bare"
    place.mkdir(exist_ok=True)
    (place / "bare_program.py").write_text(_BARE)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(min(2, os.cpu_count() or 1)), "--no-ws", "--log-level", "warning"]
    env = {**os.environ, "PYTHONPATH": str(place), "BENCH_PLACE": str(place)}
    process = subprocess.Popen([*command, "bare_program:application"], env=env, cwd=place)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)
