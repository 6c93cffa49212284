"""Every voice comes in here, one or a thousand at a time; a repeated one changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import actions as cases
from huying.casework.cases.queries import Outline, outlines
from huying.casework.dispatch import actions as dispatch
from huying.casework.dispatch.queries import Matter
from huying.ground.territory import queries as territory
from huying.kernel.actor import Actor
from huying.kernel.bulk import insert_rows
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Invalid
from huying.kernel.gathering import Rows, gathering, often
from huying.kernel.models import StoredFile
from huying.kernel.remembering import remembering

from .. import access, contacts
from ..models import Report
from ..rules import Channel, new_mark, new_tracking_code, plain, refuse_text
from .photos import attach_photos

_COLUMNS = (
    *("case_id", "first_case_id", "source", "source_id", "channel", "contact_id", "anonymous", "hide_identity"),
    *("title", "text", "place_text", "lon", "lat", "said_at", "received_at", "taken_by", "tracking_code"),
    *("mark", "comment"),
)
_TEXTS = ("source", "source_id", "text", "title", "name", "phone", "place_text")
_KNOWN = often(
    "known_reports",
    f"SELECT source, source_id, case_id, tracking_code FROM {Report._meta.db_table}"
    " JOIN unnest($1::text[], $2::text[]) AS asked(source, source_id) USING (source, source_id)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What came in, before anything is known about it.

    ``case_id`` joins an open case ("this is it: +1"); ``item_code`` is a kind a person or device already named;
    ``hold`` keeps it for a dispatcher; ``subjects`` are marks of what it is about, ``area`` is where the registry has
    that (certain, see :class:`Matter`). Coordinates are WGS-84 degrees.
    """

    source: str
    source_id: str
    channel: str
    text: str
    title: str = ""
    said_at: datetime | None = None
    name: str = ""
    phone: str = ""
    user_id: int | None = None
    anonymous: bool = False
    hide_identity: bool = False
    place_text: str = ""
    lon: float | None = None
    lat: float | None = None
    area: str = ""
    item_code: str | None = None
    case_id: int | None = None
    urgent: bool = False
    hold: bool = False
    files: Sequence[StoredFile] = field(default_factory=tuple)
    subjects: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a voice: where to follow it, and its case. ``repeated`` when it had been taken in before.

    ``outside``: its point lies beyond the ground served; it was taken all the same.
    """

    tracking_code: str
    case: Outline
    repeated: bool
    outside: bool = False

    @property
    def case_id(self) -> int:
        return self.case.id


def take_in(voices: Sequence[Voice], *, actor: Actor, now: datetime) -> list[Taken]:
    """Take in voices: each becomes a report in a case, classified, located, dispatched or waiting, its clock running.

    Idempotent by ``source`` + ``source_id``, also inside one call and against others at the same moment. All or
    nothing. Raises :class:`Invalid` for a voice that is no report and :class:`NotFound` for one that wants to join a
    case its bringer may not know of; a constant number of queries for any number that open cases of their own.
    """
    if not voices:
        return []
    voices = [_cleaned(voice) for voice in voices]
    for voice in voices:
        _check(voice)
    try:
        return _take_in(voices, actor, now)
    except (IntegrityError, Conflict):
        # Somebody took in one of the same voices at the same moment; theirs is now found and ours changes nothing.
        return _take_in(voices, actor, now)


def _take_in(voices: Sequence[Voice], actor: Actor, now: datetime) -> list[Taken]:
    keys = [(voice.source, voice.source_id) for voice in voices]
    asked = (_KNOWN, tuple(map(list, zip(*set(keys), strict=True))))
    room = cases.ids_to_open(sum(voice.case_id is None for voice in voices))
    questions = (asked, *contacts.questions(voices), *room)
    with transaction.atomic(), remembering(*questions) as (before, known, people, *ids), gathering():
        found = {(source, number): _Found(pk, code, repeated=True) for source, number, pk, code in before}
        fresh: dict[tuple[str, str], Voice] = {}
        for key, voice in zip(keys, voices, strict=True):
            if key not in found:
                fresh.setdefault(key, voice)
        contact_ids = contacts.kept(list(fresh.values()), (known, people), now)
        made = _make(list(fresh.values()), contact_ids, ids, actor, now)
        found.update(zip(fresh, made, strict=True))
        about = outlines({one.case_id for one in found.values()})  # in one trip with all that was written
        beyond = _beyond(voices, now)
    told = zip((found[key] for key in keys), beyond, strict=True)
    return [Taken(one.code, about[one.case_id], one.repeated, outside) for one, outside in told]


def _beyond(voices: Sequence[Voice], now: datetime) -> list[bool]:
    """Whose point lies beyond the ground served; no question where no voice has one."""
    points = [
        (voice.lon, voice.lat) if voice.lon is not None and voice.lat is not None and not voice.area else None
        for voice in voices
    ]
    return territory.outside(points, on=local_day(now)) if any(points) else [False] * len(points)


class _Found(NamedTuple):
    """A report: whether it is new, its code, and the case it belongs to."""

    case_id: int
    code: str
    repeated: bool


def _make(
    voices: Sequence[Voice], contact_ids: Sequence[int | None], ids: Sequence[Rows], actor: Actor, now: datetime
) -> list[_Found]:
    """Write the voices that are new: their cases, then the reports that point to them."""
    if not voices:
        return []
    codes = [new_tracking_code() for _voice in voices]
    marks = [new_mark() for _voice in voices]
    case_ids = _cases_of(voices, marks, ids, actor, now)
    made = [_Found(case_id, code, repeated=False) for case_id, code in zip(case_ids, codes, strict=True)]
    rows = [
        (
            *(one.case_id, one.case_id, voice.source, voice.source_id, voice.channel, contact_id, voice.anonymous),
            *(voice.hide_identity, voice.title[:120], voice.text, voice.place_text[:200], voice.lon, voice.lat),
            *(voice.said_at or now, now, actor.ref, one.code, mark, ""),
        )
        for voice, one, contact_id, mark in zip(voices, made, contact_ids, marks, strict=True)
    ]
    insert_rows(Report, _COLUMNS, rows)
    _attach(voices, made, actor, now)
    return made


def _attach(voices: Sequence[Voice], made: Sequence[_Found], actor: Actor, now: datetime) -> None:
    """The pictures that came with a voice."""
    with_files = [(voice, one) for voice, one in zip(voices, made, strict=True) if voice.files]
    if not with_files:
        return
    codes = [one.code for _voice, one in with_files]
    ids = dict(Report.objects.filter(tracking_code__in=codes).values_list("tracking_code", "pk"))
    brought = [(ids[one.code], one.case_id, file) for voice, one in with_files for file in voice.files]
    attach_photos(brought, actor=actor, now=now)


def _cases_of(
    voices: Sequence[Voice], marks: Sequence[str], ids: Sequence[Rows], actor: Actor, now: datetime
) -> list[int]:
    """The case of each voice: the one it joins, else a new one."""
    access.must_join(actor, {voice.case_id for voice in voices if voice.case_id is not None})
    new = [_matter(voice, mark, now) for voice, mark in zip(voices, marks, strict=True) if voice.case_id is None]
    opened = iter(dispatch.open_matters(new, actor=actor, now=now, ids_asked=ids))
    found: list[int] = []
    for voice, mark in zip(voices, marks, strict=True):
        if voice.case_id is None:
            found.append(next(opened).case_id)
        else:
            cases.join_case(
                voice.case_id, words=voice.text, voice=mark, actor=actor, now=now, urgent=voice.urgent,
                subjects=voice.subjects,
            )  # fmt: skip
            found.append(voice.case_id)
    return found


def _matter(voice: Voice, mark: str, now: datetime) -> Matter:
    return Matter(
        text=voice.text,
        title=voice.title,
        channel=voice.channel,
        at=now,
        item_code=voice.item_code,
        place_text=voice.place_text,
        lon=voice.lon,
        lat=voice.lat,
        area=voice.area,
        urgent=voice.urgent,
        hold=voice.hold,
        voice=mark,
        subjects=voice.subjects,
    )


def _cleaned(voice: Voice) -> Voice:
    """Without characters no page, table or database may hold."""
    changed: dict[str, Any] = {}
    for name in _TEXTS:
        said = getattr(voice, name)
        if (kept := plain(said)) != said:
            changed[name] = kept
    return replace(voice, **changed) if changed else voice


def _check(voice: Voice) -> None:
    wrong = refuse_text(voice.text)
    if wrong == "empty":
        raise Invalid(_("请说说是什么事"), code="text_empty", field="text")
    if wrong == "too_long":
        raise Invalid(_("内容太长，请控制在两万字以内"), code="text_too_long", field="text")
    if not voice.source or not voice.source_id or len(voice.source) > 40 or len(voice.source_id) > 120:
        raise Invalid(_("缺少来源编号"), code="source_missing", field="source_id")
    if voice.channel not in set(Channel):
        raise Invalid(_("没有这个来源渠道"), code="channel_unknown", field="channel")
    if (voice.lon is None) != (voice.lat is None):
        raise Invalid(_("经度和纬度要同时填写"), code="point_half", field="lon")
    if voice.lon is not None and voice.lat is not None and not (-180 <= voice.lon <= 180 and -90 <= voice.lat <= 90):
        raise Invalid(_("坐标不在地图范围内"), code="point_outside", field="lon")
