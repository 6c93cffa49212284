"""Where the stream is and who we are there: `NATS_URL`, or what the instance's own server left in the data directory."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from django.conf import settings

from huying.kernel.stream.errors import StreamUnavailable
from huying.kernel.stream.nkeys import KeyPair, NotAKey

FILE: Final = Path("nats") / "access.json"  # in the data directory; readable by its owner only


@dataclass(frozen=True, slots=True)
class Access:
    """Servers, and one way to prove who we are: user and password, or a credentials file (JWT and seed)."""

    servers: tuple[str, ...]
    user: str = ""
    password: str = ""
    token: str = ""  # a user's JWT
    seed: str = ""  # signs the server's nonce
    issuer: str = ""  # the seed that signs what device logins are answered with
    account: str = "$G"  # where devices are let in


def find_access() -> Access:
    """The access of this instance; raises `StreamUnavailable` when there is no server to go to."""
    if settings.NATS_URL:
        return _outside()
    try:
        noted = json.loads((Path(settings.HUYING_DATA_DIR) / FILE).read_text())
        return Access((str(noted["url"]),), noted["user"], noted["password"], issuer=noted["issuer"])
    except (OSError, ValueError, KeyError) as error:
        raise StreamUnavailable(hint="Start the instance, or set NATS_URL.") from error


def _outside() -> Access:
    places = [_place(part.strip()) for part in settings.NATS_URL.split(",") if part.strip()]
    servers = tuple(server for server, _user, _password in places)
    user, password = next(((user, password) for _server, user, password in places if user), ("", ""))
    issuer, account = os.environ.get("NATS_ISSUER_SEED", ""), os.environ.get("NATS_ACCOUNT", "") or "$G"
    path = os.environ.get("NATS_CREDENTIALS", "")
    if not path:
        return Access(servers, user, password, issuer=issuer, account=account)
    try:
        token, seed = read_credentials(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise StreamUnavailable(hint=f"NATS_CREDENTIALS = {path}: {error}") from error
    return Access(servers, token=token, seed=seed, issuer=issuer, account=account)


def _place(address: str) -> tuple[str, str, str]:
    """An address without who we are there, and who: other servers of the cluster, which it names itself, want that too."""
    parts = urlsplit(address)
    if not parts.username or parts.password is None:
        return address, "", ""
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return bare, unquote(parts.username), unquote(parts.password)


def read_credentials(text: str) -> tuple[str, str]:
    """The JWT and the seed of a `.creds` file; ValueError when it is none."""
    blocks: list[str] = []
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for before, line in pairwise(lines):
        if before.startswith("-----BEGIN") and not line.startswith("-"):
            blocks.append(line)
    if len(blocks) != 2:
        raise ValueError("not a NATS credentials file (a user JWT and a seed)")
    try:
        KeyPair.from_seed(blocks[1])
    except NotAKey as error:
        raise ValueError("the seed in it is not valid") from error
    return blocks[0], blocks[1]
