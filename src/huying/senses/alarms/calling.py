"""Who speaks on the phone: a voice call that reads out one sentence. Pick with ``HUYING_VOICE_CALLER``.

The same shape as the senders of text messages. 110, 119 and 120 are never called from here, whatever a contact says.
"""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from huying.ground.accounts.senders import SendFailed
from huying.kernel import clock, privacy

log = logging.getLogger("huying.voice")
NEVER: Final = frozenset({"110", "112", "119", "120", "122", "911"})


class Caller(Protocol):
    """Calls one number and has a sentence read out. Raises :class:`SendFailed`."""

    def call(self, phone: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class ConsoleCaller:
    """Writes into the log, for demonstrations and development; elsewhere it only notes that nobody was called."""

    shows: bool = True

    def call(self, phone: str, text: str) -> None:
        said = text if self.shows else "(not called: HUYING_VOICE_CALLER is console)"
        log.warning("voice call to %s: %s", privacy.mask_phone(phone), said)


@dataclass(frozen=True, slots=True)
class FileCaller:
    """Appends one JSON line a call: for tests and for gateways that pick files up."""

    path: Path

    def call(self, phone: str, text: str) -> None:
        line = json.dumps({"at": clock.now().isoformat(), "phone": phone, "text": text}, ensure_ascii=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@dataclass(frozen=True, slots=True)
class HttpCaller:
    """POSTs JSON {"phone", "text"} with a bearer token to the city's voice gateway."""

    url: str
    token: str = ""
    timeout: float = 5.0

    def call(self, phone: str, text: str) -> None:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        body = json.dumps({"phone": phone, "text": text}).encode()
        request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                if answer.status >= 300:
                    raise SendFailed(f"gateway answered {answer.status}")
        except (urllib.error.URLError, TimeoutError, OSError) as error:
            log.error("voice gateway %s failed: %s", self.url, error)
            raise SendFailed(str(error)) from error


@dataclass(frozen=True, slots=True)
class Guarded:
    """Around every caller: an emergency line is called by people."""

    caller: Caller

    def call(self, phone: str, text: str) -> None:
        digits = "".join(sign for sign in phone if sign.isdigit())
        if digits in NEVER or len(digits) < 5:
            raise SendFailed("emergency lines are called by people")
        self.caller.call(phone, text)


def from_settings() -> Caller:
    """The configured caller. ImproperlyConfigured when a setting is missing."""
    kind = getattr(settings, "HUYING_VOICE_CALLER", "console")
    url, file = getattr(settings, "HUYING_VOICE_URL", ""), getattr(settings, "HUYING_VOICE_FILE", "")
    if kind == "console":
        return Guarded(ConsoleCaller(shows=bool(settings.HUYING_DEMO or settings.DEBUG)))
    if kind == "file" and file:
        return Guarded(FileCaller(Path(file)))
    if kind == "http" and url.startswith(("https://", "http://")):
        return Guarded(HttpCaller(url, getattr(settings, "HUYING_VOICE_TOKEN", "")))
    raise ImproperlyConfigured(
        "HUYING_VOICE_CALLER must be console, file (with HUYING_VOICE_FILE) or http (with HUYING_VOICE_URL)"
    )
