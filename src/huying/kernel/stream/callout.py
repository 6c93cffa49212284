"""Logins of devices: the server asks whom it lets in, we answer with what they may publish and listen to.

NATS calls this the auth callout: a request on `$SYS.REQ.USER.AUTH` holds a signed token with what the device presented; the
answer is a token signed with the issuer key of the server's configuration. It serves MQTT and NATS logins alike.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Literal

from huying.kernel.stream.access import find_access
from huying.kernel.stream.connection import Connection
from huying.kernel.stream.errors import StreamUnavailable
from huying.kernel.stream.nkeys import KeyPair, NotAKey, NotAToken, read_token, write_token
from huying.kernel.stream.streams import down_subject, ensure_streams, reading_subject, stored_subject, urgent_subject

SUBJECT: Final = "$SYS.REQ.USER.AUTH"
STAYS: Final = 3600.0  # seconds a login holds; so long a revoked device may still be connected
THREADS: Final = 4  # logins judged at the same time
_AUDIENCE: Final = "nats-authorization-request"
_REFUSED: Final = "not let in"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Login:
    """What somebody presented at the door."""

    name: str
    password: str
    kind: Literal["mqtt", "nats"]
    host: str


@dataclass(frozen=True, slots=True)
class Permit:
    """The subjects (with dots; `*` and `>` as in NATS) that may be published to and listened to. Nothing else may."""

    publish: list[str]
    subscribe: list[str]
    stays: float = STAYS


Judge = Callable[[Login], Permit | None]


def device_permit(code: str, kind: Literal["mqtt", "nats"] = "mqtt") -> Permit:
    """What a device with this code may do: say what is its own, hear what is meant for it."""
    up = [reading_subject(code), urgent_subject(code)]
    if kind == "mqtt":
        return Permit(up, [down_subject(code)])
    return Permit([stored_subject(subject) for subject in up], [down_subject(code), f"_INBOX_{code}.>"])


async def answer_logins(connection: Connection, judge: Judge) -> None:
    """Answer every login with `judge(login)`, called in a thread; None refuses. Runs until it is cancelled.

    Makes the streams first, so that nothing a device is let in to say is passed by. Raises `StreamUnavailable` when there
    is no issuer key to sign with.
    """
    access = find_access()
    try:
        issuer = KeyPair.from_seed(access.issuer)
    except NotAKey as error:
        raise StreamUnavailable(hint="NATS_ISSUER_SEED is not the seed of an account key.") from error
    await ensure_streams(connection)
    loop = asyncio.get_running_loop()
    underway: set[asyncio.Task[None]] = set()
    with ThreadPoolExecutor(THREADS, "login") as threads:

        async def answer(message: Any) -> None:
            reply = await loop.run_in_executor(threads, answer_to, message.data, judge, issuer, access.account)
            if reply:
                await connection.publish(message.reply, reply.encode())

        async def received(message: Any) -> None:
            task = asyncio.create_task(answer(message))
            underway.add(task)
            task.add_done_callback(_finished(underway))

        subscription = await connection.subscribe(SUBJECT, queue="gatekeeper", cb=received)
        try:
            await asyncio.Event().wait()
        finally:
            if not connection.is_closed:
                await subscription.unsubscribe()


def answer_to(request: bytes, judge: Judge, issuer: KeyPair, account: str) -> str:
    """The signed answer to one request; "" for what is no request of a server."""
    try:
        asked = read_token(request.decode())
        about = asked["nats"]
        user, server, info = about["user_nkey"], about["server_id"]["id"], about["client_info"]
        if asked.get("aud") != _AUDIENCE:
            return ""
        login = _login(info, about.get("connect_opts", {}))
    except (NotAToken, UnicodeDecodeError, KeyError, TypeError) as error:
        _log.warning("a login request that cannot be read: %s", error)
        return ""
    permit = _judged(login, judge) if login is not None else None
    said = {"jwt": _user(login, permit, user, issuer, account)} if login and permit else {"error": _REFUSED}
    claims = {
        "aud": server,
        "sub": user,
        "iat": int(time.time()),
        "nats": {**said, "type": "authorization_response", "version": 2},
    }
    return write_token(issuer, claims)


def _login(info: dict[str, Any], given: dict[str, Any]) -> Login | None:
    """Clients by MQTT and NATS with a name; anything else (leaf nodes, web sockets) is not let in."""
    kind = {"mqtt": "mqtt", "nats": "nats"}.get(str(info.get("type", "nats")).lower())
    name = str(given.get("user") or "")
    if info.get("kind", "Client") != "Client" or kind is None or not name:
        return None
    return Login(name, str(given.get("pass") or ""), "mqtt" if kind == "mqtt" else "nats", str(info.get("host", "")))


def _judged(login: Login, judge: Judge) -> Permit | None:
    try:
        return judge(login)
    except Exception:
        _log.exception("a login could not be judged")  # without its name and password
        return None


def _user(login: Login, permit: Permit, user: str, issuer: KeyPair, account: str) -> str:
    """The token that lets somebody in. Its end is spread by a tenth, so that not all come back at once."""
    now = time.time()
    claims = {
        "aud": account,
        "sub": user,
        "name": login.name,
        "iat": int(now),
        "exp": int(now + permit.stays * random.uniform(0.9, 1.0)),
        "nats": {
            "pub": _only(permit.publish),
            "sub": _only(permit.subscribe),
            "allowed_connection_types": ["MQTT" if login.kind == "mqtt" else "STANDARD"],
            "subs": -1,
            "data": -1,
            "payload": -1,
            "type": "user",
            "version": 2,
        },
    }
    return write_token(issuer, claims)


def _only(subjects: list[str]) -> dict[str, list[str]]:
    """An empty list of what is allowed would allow everything."""
    return {"allow": subjects} if subjects else {"deny": [">"]}


def _finished(underway: set[asyncio.Task[None]]) -> Callable[[asyncio.Task[None]], None]:
    def note(task: asyncio.Task[None]) -> None:
        underway.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("a login was not answered: %s", error)

    return note
