"""System checks of the instance's own settings: what is wrong stops the start with a hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from huying.config.settings_stream import stream_problems


@register()
def check_stream(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Where the device stream is and how much it may hold."""
    return [
        Error(f"{name} cannot be understood.", hint=f"Write {instead}.", id="config.E001")
        for name, instead in stream_problems().items()
    ]
