"""The voices of the history come in through the dispatch room, each at its own moment, many at a time.

The same rows as ``senses.reports.actions.take_in`` writes for voices of that moment; a test compares them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from zlib import crc32

from huying.casework.dispatch import actions as dispatch
from huying.casework.dispatch.queries import Matter
from huying.kernel.actor import Actor, system
from huying.kernel.bulk import allocate_ids, insert_rows
from huying.senses.reports.actions import Voice
from huying.senses.reports.contacts import contacts_for
from huying.senses.reports.models import Report
from huying.senses.reports.rules import new_mark, new_tracking_code

from .crew import Crew
from .rhythm import VoicedReport

SOURCE: Final = "demo"
CHANNELS: Final = {"seat": "hotline"}
KNOWN_TO_SEATS: Final = 0.8  # a seat names the kind while the caller is on the line
PORTAL = Actor("resident", "portal", "居民")
MACHINE = system("senses")
_HELD = frozenset({"accept", "decline", "transfer"})
_COLUMNS = (
    *("id", "case_id", "first_case_id", "source", "source_id", "channel", "contact_id", "anonymous", "hide_identity"),
    *("title", "text", "place_text", "lon", "lat", "said_at", "received_at", "taken_by", "tracking_code"),
    *("mark", "comment"),
)


class Known(NamedTuple):
    """Where the matter of a voice is."""

    case_id: int
    report_id: int
    told: VoicedReport


def voice_of(told: VoicedReport, crew: Crew, *, now_held: bool = True) -> Voice:
    """A demo voice as intake takes it; ``now_held``: its fate may keep it for a dispatcher."""
    own = crew.resident(told.source_id) if told.channel == "portal" and not told.anonymous else None
    steps = told.fate.steps
    unnamed = told.channel == "portal" or (told.channel == "seat" and _share(told.source_id) >= KNOWN_TO_SEATS)
    held = now_held and ((not steps and "merged" not in told.fate.marks) or (bool(steps) and steps[0].verb in _HELD))
    return Voice(
        source=SOURCE,
        source_id=told.source_id,
        channel=CHANNELS.get(told.channel, told.channel),
        text=told.text,
        title="" if told.channel == "portal" else told.title,
        said_at=told.at,
        name=own[1] if own else told.reporter,
        phone="" if own else told.phone,
        user_id=own[0] if own else None,
        anonymous=told.anonymous,
        hide_identity=told.hide_identity,
        place_text=told.place_text,
        lon=told.lon,
        lat=told.lat,
        item_code=None if unnamed or held else told.item_code,
        hold=held,
    )


def take_in_past(told: Sequence[VoicedReport], crew: Crew, *, now: datetime) -> list[Known]:
    """Take in past voices in the caller's transaction; ``now`` is the end of the stretch they fall in."""
    groups: dict[str, list[VoicedReport]] = defaultdict(list)
    for one in told:
        groups[_desk(one)].append(one)
    known: list[Known] = []
    for group in groups.values():
        known.extend(_take_in([voice_of(one, crew) for one in group], group, taker(group[0], crew), now))
    return known


def _take_in(voices: Sequence[Voice], told: Sequence[VoicedReport], actor: Actor, now: datetime) -> list[Known]:
    codes = [new_tracking_code() for _one in told]
    marks = [new_mark() for _one in told]
    matters = [_matter(voice, mark) for voice, mark in zip(voices, marks, strict=True)]
    opened = dispatch.open_matters(matters, actor=actor, now=now)
    contact_ids = contacts_for(voices, told[0].at)
    report_ids = allocate_ids(Report, len(told))
    known_by = zip(report_ids, codes, marks, strict=True)
    rows = [
        (
            *(report_id, one.case_id, one.case_id, voice.source, voice.source_id, voice.channel, contact_id),
            *(voice.anonymous, voice.hide_identity, voice.title[:120], voice.text, voice.place_text[:200]),
            *(voice.lon, voice.lat, voice.said_at, voice.said_at, actor.ref, code, mark, ""),
        )
        for voice, one, contact_id, (report_id, code, mark) in zip(voices, opened, contact_ids, known_by, strict=True)
    ]
    insert_rows(Report, _COLUMNS, rows)
    return [
        Known(one.case_id, report_id, spoken) for one, report_id, spoken in zip(opened, report_ids, told, strict=True)
    ]


def _matter(voice: Voice, mark: str) -> Matter:
    assert voice.said_at is not None
    return Matter(
        text=voice.text,
        title=voice.title,
        channel=voice.channel,
        at=voice.said_at,
        item_code=voice.item_code,
        place_text=voice.place_text,
        lon=voice.lon,
        lat=voice.lat,
        hold=voice.hold,
        voice=mark,
    )


def _desk(told: VoicedReport) -> str:
    """Voices one person (or machine) takes in together."""
    if told.channel == "grid":
        return f"grid {told.area[:9]}"
    return f"seat {told.source_id[-1] in '0369'}" if told.channel == "seat" else told.channel


def taker(told: VoicedReport, crew: Crew) -> Actor:
    if told.channel == "portal":
        return PORTAL
    if told.channel == "seat":
        return crew.of_centre("seat", told.area, told.at, told.source_id) or MACHINE
    if told.channel == "grid":
        return crew.worker(told.area, told.at) or crew.worker(f"{told.area}001", told.at) or MACHINE
    return MACHINE


def _share(source_id: str) -> float:
    return crc32(source_id.encode()) % 100 / 100
