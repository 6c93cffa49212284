"""Settings that would fail at midnight fail at start instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from . import senders


@register("huying")
def check_sender(app_configs: Sequence[AppConfig] | None, **_more: Any) -> list[CheckMessage]:
    try:
        senders.from_settings()
    except ImproperlyConfigured as error:
        hint = "Set HUYING_SMS_SENDER=http and HUYING_SMS_URL=https://… , or HUYING_SMS_SENDER=console for a demonstration."
        return [Error(str(error), hint=hint, id="huying.accounts.E001")]
    return []


@register("huying", deploy=True)
def check_deployed(app_configs: Sequence[AppConfig] | None, **_more: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.HUYING_SMS_SENDER == "console" and not settings.HUYING_DEMO:
        hint = "Residents cannot sign in until HUYING_SMS_SENDER=http and HUYING_SMS_URL are set."
        found.append(Warning("Sign-in codes are only printed into the log.", hint=hint, id="huying.accounts.W001"))
    if not settings.HUYING_REQUIRE_TOTP and not settings.HUYING_DEMO:
        hint = "Remove HUYING_REQUIRE_TOTP=0; it is meant for demonstrations."
        found.append(Warning("Staff may sign in without a second factor.", hint=hint, id="huying.accounts.W002"))
    return found
