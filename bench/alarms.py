"""Question: what do the default rules cost, how often do they cry wolf, and how soon do they speak?

Microseconds a reading by kind, a week of 500 devices replayed, and, on series made with labelled faults (every fault kind,
late, repeated and missing readings), false alarms a device-year, faults found and the delay until they are told.
``python -m bench.alarms`` prints it as JSON; needs no database.
"""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from huying.senses.alarms.engine import Engine, Event, default_rules, every_default, parse_rules, replay
from huying.senses.alarms.engine.replaying import Past
from huying.senses.alarms.engine.tests.series import HOUR, KINDS, MINUTE, START, Series, series

if TYPE_CHECKING:
    from bench.harness import Bench

DEVICES = 12
DAYS = 8
ONE_RULE = [{
    "code": "leak", "kind": "smart_breaker", "alarm": "leak", "name": {"zh": "漏电", "en": "Leakage"},
    "when": {"field": "leak", "at_least": 30}, "severity": 3, "for": 10,
}]  # fmt: skip


def cost(kind: str, *, readings: int = 10_000) -> dict[str, Any]:
    """CPU microseconds a reading under the default rules of a kind (quiet days), best of three runs."""
    engine = Engine(default_rules(kind))
    told = series(kind, 1, days=readings // 1440 + 1, faults=False, ruined=False).readings[:readings]
    spent = []
    for _ in range(3):
        state = None
        began = time.process_time()
        for at, now, values in told:
            state, _events = engine.step_ms(state, at, now, values)
        spent.append((time.process_time() - began) / len(told) * 1e6)
    return {"microseconds": round(min(spent), 2), "state_bytes": len(json.dumps(state))}


def judged(told: Series) -> tuple[list[Event], Engine]:
    """Every event of the default rules on a series, time passing as it did."""
    engine = Engine(default_rules(told.kind))
    state, events = None, []
    for at, now, values in told.readings:
        while state is not None and (due := engine.due_ms(state)) is not None and due < now:
            state, more = engine.tick_ms(state, due)
            events += more
        state, more = engine.step_ms(state, at, now, values)
        events += more
    return events, engine


def wolf(kind: str, *, faults: bool) -> dict[str, Any]:
    """False alarms a device-year, faults found, seconds until told (median and worst), over DEVICES series of DAYS days."""
    false, missed, delays = Counter[str](), Counter[str](), dict[str, list[float]]()
    for seed in range(DEVICES):
        told = series(kind, seed, days=DAYS, faults=faults)
        raised = [
            (event.alarm, round(event.at.timestamp() * 1000)) for event in judged(told)[0] if event.what == "raise"
        ]
        for alarm, at in raised:
            if not any(one.begins <= at <= one.ends + HOUR for one in told.labels):
                false[alarm] += 1
        for label in told.labels:
            found = [at for alarm, at in raised if alarm == label.alarm and label.begins <= at <= label.ends + HOUR]
            if found:
                delays.setdefault(label.alarm, []).append((min(found) - label.begins) / 1000)
            else:
                missed[label.alarm] += 1
    years = DEVICES * DAYS / 365
    return {
        "device_years": round(years, 2),
        "false_alarms_per_device_year": {alarm: round(count / years, 2) for alarm, count in sorted(false.items())},
        "missed": dict(missed),
        "delay_seconds": {
            alarm: {"found": len(found), "median": round(statistics.median(found)), "worst": round(max(found))}
            for alarm, found in sorted(delays.items())
        },
    }


def week(devices: int = 500) -> Iterator[Past]:
    """A week of breakers at one reading a minute; the values of ten of them, again and again."""
    made = [
        [values for _at, _now, values in series("smart_breaker", n, days=1, ruined=False).readings] for n in range(10)
    ]
    names = [f"device-{number}" for number in range(devices)]
    for minute in range(7 * 1440):
        at = START + minute * MINUTE
        for number, name in enumerate(names):
            yield Past(name, at, made[number % 10][minute % 1440])


def replayed(rules: Any) -> dict[str, Any]:
    """Seconds to replay the week, less what making the readings takes."""
    began = time.process_time()
    for _ in week():
        pass
    making = time.process_time() - began
    began = time.process_time()
    found = replay(rules, week())
    spent = time.process_time() - began - making
    return {"readings": found.readings, "seconds": round(spent, 1), "alarms": found.raised}


def found() -> dict[str, Any]:
    """Everything that is measured."""
    return {
        "cost": {kind: cost(kind) for kind in KINDS},
        "rules": {kind: len(rules) for kind, rules in every_default().items()},
        "quiet": {kind: wolf(kind, faults=False) for kind in KINDS},
        "faults": {kind: wolf(kind, faults=True) for kind in KINDS},
        "replay_one_rule": replayed(parse_rules(ONE_RULE)),
    }


def ask(bench: Bench) -> None:
    """The same as a question of ``make bench``."""
    measured = found()
    for kind, one in measured["cost"].items():
        bench.note(f"{kind}: a reading under its default rules", **one)
    for kind, one in measured["faults"].items():
        false = sum(one["false_alarms_per_device_year"].values())
        bench.note(f"{kind}: false alarms a device-year", false=false, missed=sum(one["missed"].values()))
        for alarm, delay in one["delay_seconds"].items():
            bench.note(f"{kind}: seconds until {alarm} is told", **delay)
        told = sum(delay["found"] for delay in one["delay_seconds"].values())
        bench.ratio(f"{kind}: faults found", told / max(1, told + sum(one["missed"].values())))
    bench.note("a week of devices replayed, one rule", **measured["replay_one_rule"])


if __name__ == "__main__":
    print(json.dumps(found(), ensure_ascii=False, indent=1))
