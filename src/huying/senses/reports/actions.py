"""Every voice comes in here, one or a thousand at a time; a repeated one changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Case
from huying.casework.cases.turns import chain, words_label
from huying.casework.dispatch import actions as dispatch
from huying.casework.dispatch.queries import Matter
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.bulk import insert_rows
from huying.kernel.errors import Conflict, Invalid, Refused
from huying.kernel.models import StoredFile
from huying.kernel.remembering import remembering

from .contacts import contacts_for
from .models import Report, ReportPhoto
from .rules import Channel, new_tracking_code, refuse_text

_COLUMNS = (
    *("case_id", "first_case_id", "source", "source_id", "channel", "contact_id", "anonymous", "hide_identity"),
    *("title", "text", "place_text", "lon", "lat", "said_at", "received_at", "taken_by", "tracking_code"),
    *("comment",),
)
_KNOWN = (
    f"SELECT source_id, case_id, tracking_code FROM {Report._meta.db_table} WHERE source = %s AND source_id = ANY(%s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What came in, before anything is known about it.

    ``case_id`` joins an open case ("this is it: +1"); ``item_code`` is a kind a person or device already named;
    ``hold`` keeps it for a dispatcher. Coordinates are WGS-84 degrees.
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
    item_code: str | None = None
    case_id: int | None = None
    urgent: bool = False
    hold: bool = False
    files: Sequence[StoredFile] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a voice: where to follow it. ``repeated`` when it had been taken in before."""

    case_id: int
    tracking_code: str
    repeated: bool


def take_in(voices: Sequence[Voice], *, actor: Actor, now: datetime) -> list[Taken]:
    """Take in voices: each becomes a report in a case, classified, located, dispatched or waiting, its clock running.

    Idempotent by ``source`` + ``source_id``, also inside one call and against others at the same moment. All or
    nothing. Raises :class:`Invalid` for a voice that is no report; a constant number of queries for any number.
    """
    for voice in voices:
        _check(voice)
    try:
        return _take_in(voices, actor, now)
    except (IntegrityError, Conflict):
        # Somebody took in one of the same voices at the same moment; theirs is now found and ours changes nothing.
        return _take_in(voices, actor, now)


def _take_in(voices: Sequence[Voice], actor: Actor, now: datetime) -> list[Taken]:
    with transaction.atomic(), remembering():
        known = _known(voices)
        fresh: dict[tuple[str, str], Voice] = {}
        for voice in voices:
            key = (voice.source, voice.source_id)
            if key not in known:
                fresh.setdefault(key, voice)
        made = dict(zip(fresh, _make(list(fresh.values()), actor, now), strict=True))
    return [
        replace(known[key], repeated=True) if (key := (v.source, v.source_id)) in known else made[key] for v in voices
    ]


def _make(voices: Sequence[Voice], actor: Actor, now: datetime) -> list[Taken]:
    """Write the voices that are new: their cases first, then the reports that point to them."""
    if not voices:
        return []
    codes = [new_tracking_code() for _voice in voices]
    case_ids = _cases_of(voices, codes, actor, now)
    contact_ids = contacts_for(voices, now)
    taken = [Taken(case_id, code, repeated=False) for case_id, code in zip(case_ids, codes, strict=True)]
    rows = [
        (
            *(one.case_id, one.case_id, voice.source, voice.source_id, voice.channel, contact_id, voice.anonymous),
            *(voice.hide_identity, voice.title[:120], voice.text, voice.place_text[:200], voice.lon, voice.lat),
            *(voice.said_at or now, now, actor.ref, one.tracking_code, ""),
        )
        for voice, one, contact_id in zip(voices, taken, contact_ids, strict=True)
    ]
    insert_rows(Report, _COLUMNS, rows)
    _attach(voices, taken, actor, now)
    return taken


def _attach(voices: Sequence[Voice], taken: Sequence[Taken], actor: Actor, now: datetime) -> None:
    """The pictures go to the case; that they came with this report is kept beside it."""
    with_files = [(voice, one) for voice, one in zip(voices, taken, strict=True) if voice.files]
    if not with_files:
        return
    codes = [one.tracking_code for _voice, one in with_files]
    ids = dict(Report.objects.filter(tracking_code__in=codes).values_list("tracking_code", "pk"))
    for voice, one in with_files:
        for file in voice.files:
            photo = cases.attach_file(one.case_id, file, stage="report", actor=_attacher(actor), now=now)
            ReportPhoto.objects.get_or_create(attachment=photo, defaults={"report_id": ids[one.tracking_code]})


def _cases_of(voices: Sequence[Voice], codes: Sequence[str], actor: Actor, now: datetime) -> list[int]:
    """The case of each voice: the one it joins, else a new one."""
    new = [_matter(voice, code, now) for voice, code in zip(voices, codes, strict=True) if voice.case_id is None]
    opened = iter(dispatch.open_matters(new, actor=actor, now=now))
    found: list[int] = []
    for voice, code in zip(voices, codes, strict=True):
        if voice.case_id is None:
            found.append(next(opened).case_id)
        else:
            cases.join_case(voice.case_id, words=voice.text, voice=code, actor=actor, now=now, urgent=voice.urgent)
            found.append(voice.case_id)
    return found


def _matter(voice: Voice, code: str, now: datetime) -> Matter:
    return Matter(
        text=voice.text,
        title=voice.title,
        channel=voice.channel,
        at=now,
        item_code=voice.item_code,
        place_text=voice.place_text,
        lon=voice.lon,
        lat=voice.lat,
        urgent=voice.urgent,
        hold=voice.hold,
        voice=code,
    )


def _known(voices: Sequence[Voice]) -> dict[tuple[str, str], Taken]:
    """Which of the voices have been taken in before; one query a source."""
    by_source: dict[str, list[str]] = {}
    for voice in voices:
        by_source.setdefault(voice.source, []).append(voice.source_id)
    found: dict[tuple[str, str], Taken] = {}
    with connection.cursor() as cursor:  # asked at every intake: plain SQL costs a third
        for source, ids in by_source.items():
            cursor.execute(_KNOWN, [source, ids])
            for source_id, case_id, code in cursor.fetchall():
                found[source, source_id] = Taken(case_id, code, repeated=True)
    return found


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


def _attacher(actor: Actor) -> Actor:
    """Whoever brings a voice may bring its pictures, also a resident who is no party to the case as such."""
    return actor if actor.kind in ("staff", "system", "key") else Actor("reporter", actor.ref, actor.name)


def rate_report(
    report_id: int,
    *,
    score: int,
    actor: Actor,
    now: datetime,
    responded: bool | None = None,
    solved: bool | None = None,
    comment: str = "",
) -> None:
    """评价 by this reporter: how it was, whether somebody got in touch in time, whether it is solved.

    The case keeps the worst of its reporters' scores.
    """
    said: dict[str, Any] = {"score": score, "responded": responded, "solved": solved, "comment": comment}
    with transaction.atomic():
        report = _own(report_id)
        cases.rate_case(report.case_id, **said, actor=_as_reporter(report), now=now)
        for name, value in (said | {"rated_at": now}).items():
            setattr(report, name, value)
        report.save(update_fields=[*said, "rated_at"])


def say_not_solved(report_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """没解决: back to the unit, once the case was said to be closed."""
    with transaction.atomic():
        report = _own(report_id)
        cases.order_redo(report.case_id, reason=reason, actor=_as_reporter(report), now=now)
        report.solved = False
        report.save(update_fields=["solved"])


def remind(report_id: int, *, actor: Actor, now: datetime, text: str = "") -> None:
    """催一催 by a reporter; it changes no clock."""
    with transaction.atomic():
        report = _own(report_id)
        cases.remind_case(report.case_id, actor=_as_reporter(report), now=now, text=text)


def erase_report(report_id: int, *, actor: Actor, now: datetime, why: str) -> None:
    """Erase what a resident said and who they are, everywhere it is kept; the chain stays valid.

    Refused while the case is open: it could not be handled any more.
    """
    with transaction.atomic():
        report = _own(report_id)
        if report.case.open:
            raise Refused(_("事件还在办理，办结后才能删除。"), code="case_still_open")
        label = words_label(report.tracking_code)
        report.text, report.title, report.place_text, report.comment = "", "", "", ""
        report.contact = None
        report.anonymous = True
        report.erased_at = now
        report.save()
        ReportPhoto.objects.filter(report=report).delete()  # the photos stay with the case, and nobody's any more
        rest = Report.objects.filter(case=report.case, erased_at__isnull=True)
        if not rest.exists():
            Case.objects.filter(pk=report.case_id).update(title=_("（已删除）"), summary="", place_text="")
        for case_id in {report.first_case_id, report.case_id}:
            trace.erase_private(chain(case_id), actor=actor, now=now, why=why, labels=[label])


def _own(report_id: int) -> Report:
    return Report.objects.select_for_update(of=("self",)).select_related("case").get(pk=report_id)


def _as_reporter(report: Report) -> Actor:
    return Actor("reporter", f"report:{report.pk}", "居民")
