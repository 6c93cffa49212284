"""Addresses of built scripts, styles and icons, read from the build's manifest."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

BUILT = Path(__file__).parent / "static" / "built"
FOLDERS = ("src/", "src/styles/", "")


@lru_cache(maxsize=4)
def _manifest(changed: float) -> dict[str, str]:
    entries = json.loads((BUILT / "manifest.json").read_text("utf-8"))
    return {source: entry["file"] for source, entry in entries.items()}


def asset_url(name: str) -> str:
    """Public address of a source such as "main.ts", "main.css" or "icons.svg"; "" when nothing has been built."""
    try:
        files = _manifest((BUILT / "manifest.json").stat().st_mtime)
    except FileNotFoundError:
        return ""
    file = next((files[folder + name] for folder in FOLDERS if folder + name in files), None)
    if file is None:
        raise KeyError(f"{name} is not an entry of the web build")
    return f"{settings.STATIC_URL}built/{file}"


@register()
def built_assets(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """Say at start, not on the first page, that the look has not been built."""
    if (BUILT / "manifest.json").exists():
        return []
    return [
        Warning(
            "The web assets are not built.",
            hint="Run `make assets` (npm ci && npm run build in web/).",
            id="shell.W001",
        )
    ]
