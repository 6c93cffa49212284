"""Every question of the benchmarks can be asked. What it costs is never asserted: that is for `make bench`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bench.__main__ import questions

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", questions())
def test_a_question_is_answered(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", name, "--size", "200"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answered = json.loads((ROOT / "bench" / "results" / f"{name}.local.json").read_text())
    assert answered["size"] == 200
    assert answered["rows"] and answered["ratios"]
