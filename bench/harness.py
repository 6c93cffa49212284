"""What every question uses: a cluster with durability on, a clock, and a table of results."""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from huying.config.instance.cluster import ROLE, TUNED, Cluster

RESULTS = Path(__file__).parent / "results"
# Measured by others on a like machine with two server processes: shown beside ours, never as a ratio.
SIGNALEN = {
    "source": "Signalen, on their own machine, two server processes",
    "intake": "one report 54 ms, 47 queries, 32/s at 8 clients",
    "lists": "page of 100: 630 ms at 100,000 (675 queries); by state 1.27 s and deep 4.2 s at 500,000; detail 47 ms;"
    " status change 68 ms; map of 4,000 points 117 ms; by category 762 ms at 500,000",
}


@dataclass
class Bench:
    """A PostgreSQL of its own, tuned as in production (fsync on), with migrated and empty tables."""

    size: int = 100_000
    name: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    ratios: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> Bench:
        self.place = Path(tempfile.mkdtemp(prefix="hy-bench-"))
        self.place.chmod(0o755)
        self.cluster = Cluster(self.place / "pg", self.place / "run", dict(TUNED))
        self.cluster.start()
        self.cluster.ensure_database(ROLE)
        address = f"postgresql://{ROLE}@/{ROLE}?host={self.cluster.socket_dir}"
        import django
        from django.conf import settings
        from django.core.management import call_command

        from huying.config.addresses import database_settings

        settings.DATABASES["default"] = database_settings(address, self.place)
        django.setup()
        os.environ["DATABASE_URL"] = address  # for processes a question starts
        call_command("migrate", verbosity=0, interactive=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from django.db import connections

        connections.close_all()
        self.cluster.stop()
        shutil.rmtree(self.place, ignore_errors=True)

    def begin(self, name: str) -> None:
        self.name, self.rows, self.ratios = name, [], {}
        print(f"\n{name}")

    def note(self, what: str, **numbers: Any) -> None:
        """One line of results."""
        self.rows.append({"what": what, **numbers})
        shown = "  ".join(
            f"{key} {value:,.2f}" if isinstance(value, float) else f"{key} {value:,}" for key, value in numbers.items()
        )
        print(f"  {what:<46} {shown}", flush=True)

    def ratio(self, what: str, value: float) -> None:
        """What may be compared between machines: a share of what plain SQL reaches in the same run."""
        self.ratios[what] = round(value, 3)
        print(f"  {what:<46} {value:.1%}", flush=True)

    @contextmanager
    def once(self, what: str, count: int) -> Iterator[None]:
        """Time one long piece of work over `count` rows."""
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        self.note(what, seconds=seconds, per_second=count / seconds)

    def seconds(self, what: str, count: int, call: Callable[[], object]) -> float:
        """Like `once`, for a call; the seconds it took."""
        with self.once(what, count):
            call()
        return float(self.rows[-1]["seconds"])

    def time(
        self, what: str, call: Callable[[int], object], *, times: int = 200, warm: int = 5, pages: bool = False
    ) -> float:
        """Milliseconds of `call(round)`: p50, p95 and the number of queries. Returns p50.

        ``pages``: it asks for whole pages, whose queries another thread makes and nobody counts.
        """
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as asked:
            call(0)
        for round_number in range(warm):
            call(round_number)
        spent = []
        for round_number in range(times):
            began = time.perf_counter()
            call(round_number)
            spent.append((time.perf_counter() - began) * 1000)
        p50, p95 = statistics.median(spent), statistics.quantiles(spent, n=20)[-1]
        self.note(what, p50_ms=p50, p95_ms=p95, **({} if pages else {"queries": len(asked)}))
        return p50

    def end(self, *, keep: bool) -> None:
        RESULTS.mkdir(exist_ok=True)
        machine = {"python": platform.python_version(), "cores": os.cpu_count(), "system": platform.system()}
        body = {"question": self.name, "size": self.size, "machine": machine, "ratios": self.ratios, "rows": self.rows}
        name = f"{self.name}.json" if keep else f"{self.name}.local.json"
        if self.name in SIGNALEN:
            body["signalen"] = {"source": SIGNALEN["source"], "figures": SIGNALEN[self.name]}
            print(f"  beside ours, no ratio: {SIGNALEN[self.name]}; {SIGNALEN['source']}")
        (RESULTS / name).write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n")
