"""Alarms behind the demonstration: what went wrong with its devices, judged by the real rules, and what people found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID, uuid5

from huying.senses.alarms.engine import Engine, Event, default_rules
from huying.senses.alarms.models import Alarm
from huying.senses.alarms.rules import CASE_FROM, Cause, Cleared
from huying.senses.devices.decoding import Reading
from huying.senses.devices.models import Device
from huying.senses.readings.simulator.figures import Figure, Trouble
from huying.senses.readings.simulator.play import due, values_of

NAMES: Final = UUID("5f0c6f0e-6a53-4e0b-9a53-0d1c5a3b7e11")
_BEFORE, _AFTER = 1_800.0, 5_400.0  # seconds of readings judged around a trouble
_ITSELF: Final = "system:alarms"
_FOUND: Final[dict[str, tuple[tuple[Cause, str], ...]]] = {
    "leak": ((Cause.HAZARD, "卫生间插座受潮漏电，已更换"), (Cause.HAZARD, "冰箱老化漏电，已停用")),
    "overload": ((Cause.HAZARD, "多台大功率电器同时使用，已劝导分开用"),),
    "heat": ((Cause.HAZARD, "接线端子松动发热，电工已紧固"), (Cause.WORKS, "检修后复测")),
    "sag": ((Cause.POWER, "片区供电波动"),),
    "heart_high": ((Cause.REAL, "上门看望，休息后恢复，已告知家属"), (Cause.FALSE_DEVICE, "手环佩戴过松")),
    "low_oxygen": ((Cause.FALSE_DEVICE, "手环佩戴过松，重新测量正常"),),
    "fall": ((Cause.REAL, "在家滑倒，已陪同就医"),),
    "fall_cancelled": ((Cause.FALSE_HAND, "本人说是放手环时磕了一下"),),
    "sos": ((Cause.FALSE_HAND, "误按，已电话核实"), (Cause.REAL, "头晕，已陪同到社区医院")),
    "flat": ((Cause.BATTERY, "已充电"),),
    "off_wrist": ((Cause.OTHER, "洗澡后忘了戴"),),
    "smoke": ((Cause.FALSE_PLACE, "炒菜油烟，已提醒开窗"), (Cause.REAL, "锅烧干冒烟，已关火")),
    "gas": ((Cause.FALSE_PLACE, "喷洒酒精引起"), (Cause.HAZARD, "软管老化，已更换")),
    "left_open": ((Cause.OTHER, "搬家具，门一直开着"),),
    "flood": ((Cause.REAL, "积水已抽排，临时封闭通道"),),
    "crowd": ((Cause.OTHER, "社区活动散场"),),
}


@dataclass(frozen=True, slots=True)
class Spell:
    """One alarm from its raise to its clear: ``last`` the latest event that moved it, ``peak`` its highest severity."""

    first: Event
    last: Event
    peak: int
    cleared: Event | None
    what: str


def judged(one: Figure, trouble: Trouble) -> list[Spell]:
    """What the rules make of a device around a trouble. Pure."""
    engine = Engine(default_rules(one.kind))
    state, events = None, list[Event]()
    for at, _figure in due([one], trouble.begins - _BEFORE, trouble.begins + trouble.lasts + _AFTER):
        moment = datetime.fromtimestamp(at, UTC)
        state, happened = engine.step(state, Reading(moment, None, values_of(one, at), False), now=moment)
        events += happened
    return list(_spells(events, trouble.what))


def _spells(events: Sequence[Event], what: str) -> Iterator[Spell]:
    running: dict[str, Spell] = {}
    for event in events:
        spell = running.get(event.alarm)
        if event.what == "raise":
            running[event.alarm] = Spell(event, event, event.severity, None, what)
        elif spell is not None and event.what == "severity":
            running[event.alarm] = Spell(spell.first, event, max(spell.peak, event.severity), None, what)
        elif spell is not None:
            yield Spell(spell.first, spell.last, spell.peak, event, what)
            del running[event.alarm]
    yield from running.values()


def past_alarm(spell: Spell, device: Device, by: tuple[str, str], lot: Random) -> Alarm | None:
    """A row for an alarm that is over: acknowledged by somebody, normal again, closed with what was found."""
    if spell.cleared is None:
        return None
    first, last, cleared_at = spell.first, spell.last, spell.cleared.at
    alarm = Alarm(
        uid=uuid5(NAMES, f"{device.code}/{first.alarm}/{first.at.isoformat()}"), device=device, area=device.area,
        kind=first.alarm, rule=last.rule, severity=last.severity, peak=spell.peak, opened_at=first.at, last_at=last.at,
        field=last.field, value=last.value, words_zh=last.words.zh, words_en=last.words.en,
        cleared_at=cleared_at, cleared_by=Cleared.READING,
    )  # fmt: skip
    if spell.peak < CASE_FROM:
        alarm.closed_at, alarm.closed_by, alarm.cause = cleared_at, _ITSELF, Cause.ITSELF
        return alarm
    cause, words = lot.choice(_FOUND.get(spell.what, ((Cause.OTHER, "现场查看无异常"),)))
    alarm.acknowledged_at = first.at + timedelta(seconds=lot.uniform(20, 400))
    alarm.acknowledged_by, alarm.acknowledged_name = by
    alarm.closed_at = max(cleared_at, alarm.acknowledged_at) + timedelta(minutes=lot.uniform(8, 150))
    alarm.closed_by, alarm.closed_name = by
    alarm.cause, alarm.cause_words = cause, words
    return alarm


def write_past(
    troubles: Sequence[tuple[Figure, Trouble]], devices: Mapping[str, Device], workers: Mapping[str, tuple[str, str]],
    now: datetime, seed: int,
) -> int:  # fmt: skip
    """Alarms for troubles that are over; how many. ``workers``: (ref, name) by area; without one, nobody answered yet."""
    lot, rows = Random(f"past alarms:{seed}"), []
    seen: set[tuple[int, str, datetime]] = set()
    for one, trouble in troubles:
        device = devices[one.code]
        by = workers.get(device.area[:15]) or workers.get(device.area[:12])
        for spell in judged(one, trouble) if by else ():
            row = past_alarm(spell, device, by or ("", ""), lot)
            key = (device.pk, spell.first.alarm, spell.first.at)
            if row is not None and row.closed_at is not None and row.closed_at < now and key not in seen:
                seen.add(key)
                rows.append(row)
    rows.sort(key=lambda row: (row.opened_at, row.uid))
    Alarm.objects.bulk_create(rows)
    return len(rows)
