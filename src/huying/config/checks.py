"""System checks of the instance's own settings: what is wrong stops the start with a hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from huying.config.settings_stream import stream_problems

LEAST_DEPARTURE_DAYS: Final = 30
MOST_DEPARTURE_DAYS: Final = 3650
LEAST_RETENTION_DAYS: Final = 30
MOST_RETENTION_DAYS: Final = 36_500


@register()
def check_stream(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Where the device stream is and how much it may hold."""
    return [
        Error(f"{name} cannot be understood.", hint=f"Write {instead}.", id="config.E001")
        for name, instead in stream_problems().items()
    ]


@register()
def check_departures(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A phone clears itself after two weeks without a call; what left its areas has to be known for longer than that."""
    if LEAST_DEPARTURE_DAYS <= settings.HUYING_DEPARTURE_DAYS <= MOST_DEPARTURE_DAYS:
        return []
    hint = f"Write a whole number of days from {LEAST_DEPARTURE_DAYS} to {MOST_DEPARTURE_DAYS}."
    return [Error("HUYING_DEPARTURE_DAYS cannot be understood.", hint=hint, id="config.E002")]


@register()
def check_retention(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Personal data is kept for a time somebody has decided on: neither for ever nor gone before a mistake is noticed."""
    if LEAST_RETENTION_DAYS <= settings.HUYING_RETENTION_DAYS <= MOST_RETENTION_DAYS:
        return []
    hint = f"Write a whole number of days from {LEAST_RETENTION_DAYS} to {MOST_RETENTION_DAYS}."
    return [Error("HUYING_RETENTION_DAYS cannot be understood.", hint=hint, id="config.E003")]
