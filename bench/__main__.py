"""`make bench` runs every question; `make bench ARGS="intake inbox"` runs some; `--size 100000` limits the rows.

A question is a module `bench/<name>.py` with `ask(bench: Bench) -> None`, which measures with `bench.time(...)`. Results go to
`bench/results/<name>.json`; what was measured on somebody's own machine to `<name>.local.json`, which is not kept.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent


def questions() -> list[str]:
    """Names of all questions."""
    return sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_") and path.stem != "harness")


def main() -> int:
    known = questions()
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"of: {', '.join(known) or 'none yet'}")
    parser.add_argument("--size", type=int, default=100_000, help="cases in the tables [100000]")
    parser.add_argument("--keep", action="store_true", help="write bench/results/<name>.json, the published results")
    chosen = parser.parse_args()
    unknown = set(chosen.questions) - set(known)
    if unknown:
        parser.error(f"no such question: {', '.join(sorted(unknown))}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "huying.config.settings_test"
    from bench.harness import Bench

    with Bench(size=chosen.size) as bench:
        for name in chosen.questions or known:
            bench.begin(name)
            import_module(f"bench.{name}").ask(bench)
            bench.end(keep=chosen.keep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
