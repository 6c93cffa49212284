"""Who carries a text message to a phone. Pick with `HUYING_SMS_SENDER`."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from huying.kernel import clock, privacy

log = logging.getLogger("huying.sms")


class SendFailed(Exception):
    """The message did not go out; the cause is in the log."""


class Sender(Protocol):
    """Sends one code. `shows` is true when the code may be shown on the page because nothing really is sent."""

    @property
    def shows(self) -> bool: ...

    def send(self, phone: str, code: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class ConsoleSender:
    """Prints into the log, for demonstrations and development; elsewhere it only notes that nothing was sent."""

    shows: bool = True

    def send(self, phone: str, code: str, text: str) -> None:
        said = text if self.shows else "(not sent: HUYING_SMS_SENDER is console)"
        log.warning("text message to %s: %s", privacy.mask_phone(phone), said)


@dataclass(frozen=True, slots=True)
class FileSender:
    """Appends one JSON line a message: for tests and for gateways that pick files up."""

    path: Path
    shows: bool = False

    def send(self, phone: str, code: str, text: str) -> None:
        line = json.dumps(
            {"at": clock.now().isoformat(), "phone": phone, "code": code, "text": text}, ensure_ascii=False
        )
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@dataclass(frozen=True, slots=True)
class HttpSender:
    """POSTs JSON {"phone", "code", "text", "template"} with a bearer token to the city's message gateway."""

    url: str
    token: str = ""
    template: str = ""
    timeout: float = 5.0
    shows: bool = False

    def send(self, phone: str, code: str, text: str) -> None:
        body = json.dumps({"phone": phone, "code": code, "text": text, "template": self.template}).encode()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                if answer.status >= 300:
                    raise SendFailed(f"gateway answered {answer.status}")
        except (urllib.error.URLError, TimeoutError, OSError) as error:
            log.error("message gateway %s failed: %s", self.url, error)
            raise SendFailed(str(error)) from error


def from_settings() -> Sender:
    """The configured sender. ImproperlyConfigured when a setting is missing (also reported by a system check)."""
    kind = settings.HUYING_SMS_SENDER
    if kind == "console":
        return ConsoleSender(shows=bool(settings.HUYING_DEMO or settings.DEBUG))
    if kind == "file" and settings.HUYING_SMS_FILE:
        return FileSender(Path(settings.HUYING_SMS_FILE))
    if kind == "http" and settings.HUYING_SMS_URL.startswith(("https://", "http://")):
        return HttpSender(settings.HUYING_SMS_URL, settings.HUYING_SMS_TOKEN, settings.HUYING_SMS_TEMPLATE)
    raise ImproperlyConfigured(
        "HUYING_SMS_SENDER must be console, file (with HUYING_SMS_FILE) or http (with HUYING_SMS_URL)"
    )
