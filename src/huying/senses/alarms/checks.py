"""A way of calling people that is set up by half stops the start, with a hint; it is never found out when somebody falls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from . import calling

_NEEDS: Final = {"file": "HUYING_VOICE_FILE", "http": "HUYING_VOICE_URL"}
_HINT: Final = "Set HUYING_VOICE_CALLER=http and HUYING_VOICE_URL=https://…, or HUYING_VOICE_CALLER=console: then nobody is called."


@register("huying")
def check_caller(app_configs: Sequence[AppConfig] | None, **_more: Any) -> list[CheckMessage]:
    """Voice calls can be made as the settings say."""
    try:
        calling.from_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=_HINT, id="huying.alarms.E001")]
    kind = getattr(settings, "HUYING_VOICE_CALLER", "console")
    return [
        Error(
            f"{name} is set, but HUYING_VOICE_CALLER is {kind}: nobody would be called.",
            hint=f"Set HUYING_VOICE_CALLER={wanted}, or remove {name}.",
            id="huying.alarms.E002",
        )
        for wanted, name in _NEEDS.items()
        if kind == "console" and getattr(settings, name, "")
    ]


@register("huying")
def check_sender(app_configs: Sequence[AppConfig] | None, **_more: Any) -> list[CheckMessage]:
    """Nor is a message gateway named that is not used."""
    if settings.HUYING_SMS_SENDER != "console" or not getattr(settings, "HUYING_SMS_URL", ""):
        return []
    hint = "Set HUYING_SMS_SENDER=http, or remove HUYING_SMS_URL."
    said = "HUYING_SMS_URL is set, but HUYING_SMS_SENDER is console: no message would be sent."
    return [Error(said, hint=hint, id="huying.alarms.E003")]


@register("huying", deploy=True)
def check_deployed(app_configs: Sequence[AppConfig] | None, **_more: Any) -> list[CheckMessage]:
    """Ladders name voice calls; without a caller these go nowhere."""
    if getattr(settings, "HUYING_VOICE_CALLER", "console") != "console" or settings.HUYING_DEMO:
        return []
    return [Warning("Voice calls of alarms are only written into the log.", hint=_HINT, id="huying.alarms.W001")]
