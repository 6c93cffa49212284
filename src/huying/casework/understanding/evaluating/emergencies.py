"""`huying evaluate emergencies`: what alarms, how fast, and against labels how much is missed and how much is false."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from huying.kernel.console import Console

from ..emergencies.detecting import ALARM, Alert, detect
from .tables import columns_of, report_option, table_of

_NONE = frozenset({"", "0", "no", "none", "false", "无", "否", "不是"})
_TRUE = frozenset({"1", "yes", "true", "是", "紧急"})


@click.command("emergencies")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--text", "texts", required=True, type=columns_of, metavar="COL[,COL]", help="Columns of the text, put together."
)
@click.option("--label", help="Column that says whether it is one (1, 是), or which: fire, gas … several by commas.")
@click.option("--least", type=click.FloatRange(0, 1), default=ALARM, show_default=True, help="Urgency that counts.")
@report_option
def emergencies(console: Console, file: Path, texts: list[str], label: str | None, least: float) -> None:
    """Measure the detection of emergencies on a table; without labels the alerts are listed for reading."""
    rows = table_of(file, {"--text": texts, "--label": label})
    said = ["。".join(row[name] for name in texts if row[name]) for row in rows]
    detect("")
    started = perf_counter()
    found = [detect(text, least=least) for text in said]
    seconds = perf_counter() - started
    facts: dict[str, Any] = {
        "file": file.name,
        "count": len(said),
        "least": least,
        "alarming": sum(map(bool, found)),
        "by_kind": dict(Counter(alert.kind for alerts in found for alert in alerts).most_common()),
        "texts_per_second": round(len(said) / max(seconds, 1e-9)),
    }
    summary = f"{facts['alarming']:,} of {facts['count']:,} texts alarm, {facts['texts_per_second']:,} texts/s"
    if label:
        facts.update(judge([row[label] for row in rows], found))
        summary = f"recall {_share(facts['recall'])}, precision {_share(facts['precision'])}; {summary}"
    else:
        facts["alerts"] = [
            _told(number, text, alerts)
            for number, (text, alerts) in enumerate(zip(said, found, strict=True), 1)
            if alerts
        ]
    console.done(summary, **facts)


def judge(labels: list[str], found: list[list[Alert]]) -> dict[str, Any]:
    """Recall and precision over all texts, and of each kind where labels name kinds; None where there is nothing to count."""
    meant = [_kinds(label) for label in labels]
    heard = [{alert.kind for alert in alerts} for alerts in found]
    whole = _scores([bool(kinds) for kinds in meant], [bool(kinds) for kinds in heard])
    named = sorted({kind for kinds in meant for kind in kinds if kind != "any"})
    by_kind = {kind: _scores([kind in one for one in meant], [kind in one for one in heard]) for kind in named}
    missed = [row for row, (kinds, got) in enumerate(zip(meant, heard, strict=True), 1) if kinds and not got]
    false = [row for row, (kinds, got) in enumerate(zip(meant, heard, strict=True), 1) if got and not kinds]
    return {**whole, "kinds": by_kind, "missed_rows": missed[:200], "false_rows": false[:200]}


def _kinds(label: str) -> set[str]:
    label = label.strip().lower()
    if label in _NONE:
        return set()
    return {"any"} if label in _TRUE else {part.strip() for part in label.replace("，", ",").split(",") if part.strip()}


def _scores(meant: list[bool], heard: list[bool]) -> dict[str, Any]:
    right = sum(a and b for a, b in zip(meant, heard, strict=True))
    return {
        "labelled": sum(meant),
        "recall": round(right / sum(meant), 4) if any(meant) else None,
        "precision": round(right / sum(heard), 4) if any(heard) else None,
    }


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _told(row: int, text: str, alerts: list[Alert]) -> dict[str, Any]:
    return {
        "row": row,
        "text": text[:200],
        "alerts": [{"kind": a.kind, "urgency": a.urgency, "words": a.words, "marks": a.marks} for a in alerts],
    }
