"""REST: working calendars, due times of a case, notices."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest
from ninja import Router, Schema, Status

from huying.casework.cases import access as case_access
from huying.casework.cases import actions as cases
from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden

from . import access, actions, queries, words
from .actions import CorrectedDay
from .worktime import DayRow

router = Router()


def _actor(request: HttpRequest) -> Actor:
    return request.auth  # type: ignore[attr-defined, no-any-return]


class DayOut(Schema):
    day: date
    working: bool
    national: bool
    assumed: bool
    source: str


class DayIn(Schema):
    """``working`` null withdraws the local rule."""

    day: date
    working: bool | None
    area: str = ""
    source: str = ""


class CorrectionIn(Schema):
    days: list[DayIn]
    reason: str = ""


class PreviewOut(Schema):
    looked_at: int
    moved: int
    later: int
    earlier: int


class ClockOut(Schema):
    kind: str
    label: str
    light: str
    started_at: datetime
    due_at: datetime | None
    paused_at: datetime | None
    stopped_at: datetime | None
    assumed: bool


class NoticeOut(Schema):
    id: int
    kind: str
    text: str
    case_id: int | None
    order_id: int | None
    due_at: datetime | None
    at: datetime
    read_at: datetime | None


class NoticePage(Schema):
    items: list[NoticeOut]
    next: str | None


class ReadIn(Schema):
    ids: list[int] | None = None
    kind: str = ""


@router.get("/calendar/{year}/{month}", response=list[DayOut], auth=SignedIn("cases:read"))
def calendar_month(request: HttpRequest, year: int, month: int, area: str = "") -> list[DayOut]:
    """Each day of a month as it counts in an area."""
    if not (2000 <= year < 2079 and 1 <= month <= 12):
        return []
    return [
        DayOut(
            day=one.day,
            working=one.working,
            national=one.national,
            assumed=one.assumed,
            source=one.override.source if one.override else "",
        )
        for one in queries.month(date(year, month, 1), area)
    ]


@router.post("/calendar/preview", response=PreviewOut, auth=SignedIn())
def preview(request: HttpRequest, body: CorrectionIn) -> queries.Preview:
    """How many running clocks a correction would move; writes nothing."""
    for one in body.days:
        access.must_edit(_staff(request), one.area)
    rows = [DayRow(one.day, one.working, one.area) for one in body.days if one.working is not None]
    gone = [(one.day, one.area) for one in body.days if one.working is None]
    return queries.preview_correction(rows, gone, examples=0)


@router.post("/calendar/corrections", response={201: dict[str, int]}, auth=SignedIn())
def correct(request: HttpRequest, body: CorrectionIn) -> Status[dict[str, int]]:
    """Set or withdraw local days; running clocks are worked out again."""
    days = [CorrectedDay(day=o.day, working=o.working, area=o.area, source=o.source) for o in body.days]
    made = actions.correct_calendar(days, actor=_staff(request), now=clock.now(), reason=body.reason)
    return Status(201, {"edition": made.number})


@router.get("/cases/{case_id}/clocks", response=list[ClockOut], auth=SignedIn("cases:read"))
def clocks_of_case(request: HttpRequest, case_id: int) -> list[ClockOut]:
    """Every clock of a case the caller may see."""
    case_access.get_case(_actor(request), case_id)
    return [
        ClockOut(
            kind=one.kind,
            label=str(one.limit.get("label", "")),
            light=one.light,
            started_at=one.started_at,
            due_at=one.due_at,
            paused_at=one.paused_at,
            stopped_at=one.stopped_at,
            assumed=one.assumed,
        )
        for one in queries.clocks_of(case_id)
    ]


@router.get("/notices", response=NoticePage, auth=SignedIn())
def my_notices(request: HttpRequest, cursor: str | None = None, size: int = 50, unread: bool = False) -> NoticePage:
    """The caller's own notices, newest first."""
    person_id = _actor(request).person_id
    if person_id is None:
        return NoticePage(items=[], next=None)
    page = queries.notices(person_id, unread=unread, cursor=cursor, size=size)
    items = [
        NoticeOut(
            id=one.pk,
            kind=one.kind,
            text=words.notice_words(one),
            case_id=one.case_id,
            order_id=one.order_id,
            due_at=one.due_at,
            at=one.at,
            read_at=one.read_at,
        )
        for one in page.rows
    ]
    return NoticePage(items=items, next=page.next)


@router.post("/notices/read", response=dict[str, int], auth=SignedIn())
def read(request: HttpRequest, body: ReadIn) -> dict[str, int]:
    return {"read": actions.read_notices(actor=_actor(request), now=clock.now(), ids=body.ids, kind=body.kind)}


def _staff(request: HttpRequest) -> Actor:
    actor = _actor(request)
    if not actor.is_staff:
        raise Forbidden(code="staff_only")
    return actor


class ReasonIn(Schema):
    reason: str = ""


class StageIn(Schema):
    stage: str
    note: str = ""


@router.post("/cases/{case_id}/wait", response=dict[str, datetime], auth=SignedIn("cases:act"))
def wait(request: HttpRequest, case_id: int, body: ReasonIn) -> dict[str, datetime]:
    """等待反映人补充: the close clock stands still, two working days at most, once."""
    until = cases.wait_for_reporter(case_id, reason=body.reason, actor=_actor(request), now=clock.now())
    return {"until": until}


@router.post("/cases/{case_id}/wait/end", response={204: None}, auth=SignedIn("cases:act"))
def end_wait(request: HttpRequest, case_id: int) -> Status[None]:
    cases.end_wait(case_id, actor=_actor(request), now=clock.now())
    return Status(204, None)


@router.post("/cases/{case_id}/stages", response={204: None}, auth=SignedIn("cases:act"))
def reach(request: HttpRequest, case_id: int, body: StageIn) -> Status[None]:
    """A stage of a staged limit is reached."""
    cases.reach_stage(case_id, body.stage, note=body.note, actor=_actor(request), now=clock.now())
    return Status(204, None)
