"""How fast is the trace proved and signed, against merely reading the same rows?"""

from __future__ import annotations

from datetime import timedelta

from bench.harness import Bench

ENTRIES_A_CASE = 5
BATCH = 5_000


def ask(bench: Bench) -> None:
    from django.db import connection, transaction

    from huying.kernel import clock, trace
    from huying.kernel.actor import system

    chains = min(100_000, bench.size)
    actor, now = system("bench"), clock.now()
    with bench.once("write entries", chains * ENTRIES_A_CASE):
        for start in range(0, chains, BATCH):
            drafts = [
                trace.Draft(
                    chain=f"case:bench-{number}",
                    verb=verb,
                    actor=actor,
                    at=now,
                    body={"to": "handling", "unit": number % 60, "why": [{"why": "trade", "trade": "城管"}]},
                    private={"words": "小区门口的路灯坏了三天，晚上看不见路。"} if verb == "open" else {},
                    new=True,
                )
                for number in range(start, min(start + BATCH, chains))
                for verb in ("open", "dispatch", "sign", "feedback", "close")
            ]
            with transaction.atomic():
                trace.append(drafts)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE kernel_entry, kernel_privatevalue")
        cursor.execute("SELECT count(*) FROM kernel_entry")
        entries = cursor.fetchone()[0]
    raw = bench.seconds("read the same rows, plain SQL", entries, _read_all)
    signed = bench.seconds(
        "sign a checkpoint", entries, lambda: trace.make_checkpoint(actor=actor, now=now + timedelta(hours=1))
    )
    proofs: list[trace.Proof] = []
    proved = bench.seconds("verify everything", entries, lambda: proofs.append(trace.verify()))
    if proofs[0].findings:
        raise RuntimeError(str(proofs[0].findings[:3]))
    bench.ratio("verify / plain reading", raw / proved)
    bench.ratio("checkpoint / plain reading", raw / signed)


def _read_all() -> None:
    """Every column that verifying needs, in the order it needs them."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT chain, seq, prev, hash, at, actor_ref, actor_name, actor_unit, verb, body, commitments"
            " FROM kernel_entry ORDER BY chain, seq"
        )
        while cursor.fetchmany(10_000):
            pass
        cursor.execute("SELECT chain, seq, label, salt, sealed FROM kernel_privatevalue ORDER BY chain, seq, label")
        while cursor.fetchmany(10_000):
            pass
