"""The pure parts of the web sources, run in Node: ``node("vault.test.ts")`` bundles the file and runs it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from . import node as nodes

HERE = Path(__file__).parent
Node = Callable[..., str]


@pytest.fixture(scope="session")
def node() -> Node:
    """``node(file, *arguments, given="text on stdin")`` → what it printed; a failure shows all it said."""

    def run(file: str | Path, *arguments: str, given: str = "") -> str:
        command = [nodes.node(), str(HERE / "run.mjs"), str(HERE / file), *arguments]
        ended = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    return run
