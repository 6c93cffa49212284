"""Where is it? A resident's matter told in plain sentences, from its trace and what its reporter was told.

Erasable words of the trace are never read here: nobody's notes, names or objections can come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from huying.casework.cases.models import Attachment, Case, Extension, Feedback, Milestone, Suspension, Transfer
from huying.casework.cases.rules import State
from huying.casework.cases.turns import chain
from huying.casework.cases.voices import reporter
from huying.ground.organisation.models import Unit
from huying.kernel import trace
from huying.kernel.models import StoredFile
from huying.senses.reports.models import Report, ReportPhoto, Telling
from huying.senses.reports.queries import tellings_of
from huying.senses.reports.rules import Told, has_rated, reminded_today, spoken_tracking_code
from huying.shell.words import moment_words

from . import rules, words
from .queries import PLANNED, WITH_DUE

_BEFORE_UNIT = frozenset({State.PENDING, State.ACCEPTED})
_WORK = ("before", "after")  # photos of the work, in the order they are shown


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story. ``state``: done, now or next."""

    title: str
    at: datetime | None
    icon: str
    state: str = "done"
    text: str = ""
    plan: tuple[Milestone, ...] = ()
    codes: tuple[tuple[str, str, str], ...] = ()  # of other matters: as in addresses, as read out, what was said


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo the holder of the code may see."""

    pk: int
    stage: str


@dataclass(frozen=True, slots=True)
class Matter:
    """Everything the page of one matter shows."""

    report: Report
    case: Case
    label: str
    place: str
    status: str
    means: str
    unit: str
    due: datetime | None
    seen_by: datetime | None
    late: bool
    reply: str
    replied_at: datetime | None
    told: str
    plan: tuple[Milestone, ...]
    own_photos: tuple[Picture, ...]
    work_photos: tuple[Picture, ...]
    lines: tuple[Line, ...]
    may_rate: bool
    may_remind: bool
    reminded_today: bool
    who_sees: str


@dataclass(slots=True)
class _Known:
    """What the sentences are made from; each list is one query."""

    entries: list[trace.Entry]
    tellings: list[Telling]
    extensions: list[Extension]
    suspensions: list[Suspension]
    answers: list[Feedback]  # those that stood, each with the moment the reporter was told
    transfers: list[Transfer]
    units: Mapping[int, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)  # tracking code → words of the matters taken apart


def matter_of(report: Report, *, place: str, now: datetime) -> Matter:
    """The story of a report's matter; a constant number of queries."""
    case = report.case
    known = _known(report, case)
    channel = known.transfers[-1].channel if known.transfers else ""
    title, means = words.status(case.state, unit=_unit(case), channel=channel)
    answered = known.answers[-1] if known.answers and case.state in (State.CLOSED, State.ARCHIVED) else None
    running = next((one for one in known.suspensions if one.state == Suspension.State.RUNNING), None)
    pictures = _pictures(report, case, done=case.state in (State.CLOSED, State.ARCHIVED))
    due = _promised(case, known)
    reminded = _reminded_today(known.entries, report, now)
    return Matter(
        report=report,
        case=case,
        label=words.own_name(case.item),
        place=place,
        status=title,
        means=means,
        unit=_unit(case) or _answering(known),
        due=due,
        seen_by=case.due_at if case.state in _BEFORE_UNIT else None,
        late=due is not None and due < now,
        reply=answered.text if answered else "",
        replied_at=_told_at(answered) if answered else None,
        told=_told_words(known.tellings) if case.state == State.DECLINED else "",
        plan=tuple(running.milestones.all()) if running else (),
        own_photos=tuple(one for one in pictures if one.stage == "report"),
        work_photos=tuple(one for stage in _WORK for one in pictures if one.stage == stage),
        lines=tuple(_lines(report, case, known, now)),
        may_rate=case.state == State.CLOSED and not has_rated(report.rated_at, case.closed_at),
        may_remind=bool(case.open) and not reminded,
        reminded_today=reminded,
        who_sees=words.who_sees(anonymous=report.contact_id is None, hide=report.hide_identity),
    )


def _unit(case: Case) -> str:
    return words.own_name(case.lead_unit) if case.lead_unit else ""


def _answering(known: _Known) -> str:
    """Who answered on the spot."""
    last = next((one.content for one in reversed(known.entries) if one.verb == "answer"), {})
    return known.units.get(_number(last.get("unit")), "")


def _answers(case: Case) -> QuerySet[Feedback]:
    """The results that were checked and found good, and the answers given on the spot; one query."""
    passed = Max("checks__made_at", filter=Q(checks__passed=True))
    found = Feedback.objects.filter(case=case).annotate(told_at=passed)
    return found.filter(Q(told_at__isnull=False) | Q(assignment__isnull=True)).order_by("id")


def _promised(case: Case, known: _Known) -> datetime | None:
    """By when, as the list of my matters says it too; what was moved and told (more time, a plan) holds as it is."""
    if case.state not in WITH_DUE or case.due_at is None:
        return None
    if case.extensions or known.suspensions:
        return case.due_at
    steps = ((one.verb, one.content.get("due")) for one in known.entries if one.verb in rules.PROMISING)
    return rules.promised(case.due_at, steps)


def _told_at(answer: Feedback) -> datetime:
    return answer.told_at or answer.given_at  # type: ignore[attr-defined, no-any-return]


def _known(report: Report, case: Case) -> _Known:
    entries = list(
        trace.Entry.objects.filter(chain=chain(case.pk), verb__in=words.STEPS)
        .only("seq", "at", "verb", "body", "actor_ref")
        .order_by("seq")[:400]
    )
    tellings = list(tellings_of(report.pk)[:200])
    bodies = [entry.content for entry in entries] + [telling.body for telling in tellings]
    ids = {one for body in bodies for one in _unit_ids(body)}
    return _Known(
        entries,
        tellings,
        list(Extension.objects.filter(case=case, state=Extension.State.GRANTED).order_by("decided_at")),
        list(Suspension.objects.filter(case=case, state__in=PLANNED).prefetch_related("milestones").order_by("id")),
        list(_answers(case)),
        list(Transfer.objects.filter(case=case, taken_back_at__isnull=True).order_by("id")),
        {unit.pk: words.own_name(unit) for unit in Unit.objects.filter(pk__in=ids)},
        _parts(tellings),
    )


def _parts(tellings: Sequence[Telling]) -> dict[str, str]:
    codes = [code for telling in tellings if telling.kind == Told.SPLIT for code in telling.body.get("codes", ())]
    return dict(Report.objects.filter(tracking_code__in=codes).values_list("tracking_code", "text")) if codes else {}


def _unit_ids(body: Mapping[str, Any]) -> Iterable[int]:
    one = body.get("unit")
    if isinstance(one, int):
        yield one
    for other in body.get("units") or ():
        unit = other.get("unit") if isinstance(other, Mapping) else other
        if isinstance(unit, int):
            yield unit


def _told_words(tellings: Sequence[Telling]) -> str:
    """What was said when it was not taken up: whom to ask instead, and why."""
    last: dict[str, Any] = next((one.body for one in reversed(tellings) if one.kind == Told.DECLINED), {})
    channel, said = str(last.get("channel", "")), str(last.get("words", ""))
    return "\n".join(part for part in (words.channel_name(channel) if channel else "", said) if part)


def _lines(report: Report, case: Case, known: _Known, now: datetime) -> list[Line]:
    merged = [one.at for one in known.tellings if one.kind == Told.MERGED]
    since = max(merged) if merged and report.case_id != report.first_case_id else None
    lines = [Line(gettext("我们收到了您的反映"), report.received_at, "megaphone")]
    for one in known.tellings:  # what the trace of the present case does not tell
        if one.kind == Told.SPLIT or (since is not None and one.at <= since and one.kind in words.TOLD):
            lines.append(_of_telling(one, known))
    for entry in known.entries:
        line = _of_entry(entry, report, known, now)
        if line is not None and (since is None or entry.at > since):
            lines.append(line)
    lines += _of_requests(known, since, now)
    if report.score is not None and report.rated_at is not None:
        score = dict(words.SCORES).get(report.score, "")
        lines.append(
            Line(gettext("您评了：%(score)s") % {"score": score}, report.rated_at, "star", text=report.comment)
        )
    lines.sort(key=lambda line: line.at or report.received_at)
    return [*lines, *_ahead(case)]


def _of_entry(entry: trace.Entry, report: Report, known: _Known, now: datetime) -> Line | None:
    body = entry.content
    own = entry.actor_ref == reporter(report.pk).ref
    if entry.verb == "open" and entry.at >= report.received_at:
        return None
    if entry.verb in ("join", "absorb") and entry.at <= report.received_at:
        return None
    title, icon = words.sentence(
        words.STEPS,
        entry.verb,
        unit=known.units.get(_number(body.get("unit"))),
        units="、".join(known.units[one] for one in _unit_ids({"units": body.get("units")}) if one in known.units),
        channel=words.channel_name(str(body["channel"])) if body.get("channel") else "",
        milestone=body.get("milestone"),
    )
    if own and entry.verb == "remind":
        title = gettext("您催了一次，已提醒办事的单位")
    if own and entry.verb == "order_redo":
        title = gettext("您说还没解决，已退回去重新办")
    text = _due_words(body.get("due"), now) if entry.verb in ("dispatch", "designate", "escalate") else ""
    if entry.verb in ("pass_check", "answer"):
        text = next((one.text for one in known.answers if _told_at(one) == entry.at), "")
    return Line(title, entry.at, icon, text=text)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _due_words(value: object, now: datetime) -> str:
    moment = parse_datetime(str(value)) if value else None
    return gettext("最晚 %(when)s 办好") % {"when": moment_words(moment, now)} if moment else ""


def _split_off(telling: Telling, parts: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    """The matters that got cases of their own: tracking codes as in addresses and as read out, and which it is."""
    return tuple((code, spoken_tracking_code(code), parts.get(code, "")) for code in telling.body.get("codes", ()))


def _of_telling(telling: Telling, known: _Known) -> Line:
    body = telling.body
    title, icon = words.sentence(
        words.TOLD,
        telling.kind,
        unit=known.units.get(_number(body.get("unit"))),
        channel=words.channel_name(str(body["channel"])) if body.get("channel") else "",
    )
    if telling.kind == Told.SPLIT:
        return Line(title, telling.at, icon, codes=_split_off(telling, known.parts))
    said = str(body.get("words") or "") if telling.kind in (Told.EXTENDED, Told.ANSWERED) else ""
    return Line(title, telling.at, icon, text=said)


def _of_requests(known: _Known, since: datetime | None, now: datetime) -> list[Line]:
    """What was granted: more time, with the words that were promised to the reporter; a plan, step by step."""
    lines = []
    for one in known.extensions:
        if one.decided_at is not None and (since is None or one.decided_at > since):
            title = gettext("需要多一点时间，改为最晚 %(when)s 办好") % {"when": moment_words(one.until, now)}
            lines.append(Line(title, one.decided_at, "clock", text=one.told))
    for plan in known.suspensions:
        if plan.decided_at is not None and (since is None or plan.decided_at > since):
            title = gettext("需要长一些时间，改为按计划推进")
            lines.append(Line(title, plan.decided_at, "calendar", plan=tuple(plan.milestones.all())))
    return lines


_NEXT_ICON = "clock"


def _ahead(case: Case) -> list[Line]:
    """What is still to come, so that nobody has to ask."""
    state = State(case.state)
    ahead: list[str] = []
    if state in _BEFORE_UNIT | {State.OBJECTED}:
        ahead.append(gettext("转给负责的单位"))
    if state in _BEFORE_UNIT | WITH_DUE | {State.OBJECTED, State.SUSPENDED}:
        ahead += [gettext("办好，并留下照片或说明"), gettext("另一位工作人员核查")]
    if case.open:
        ahead.append(gettext("告诉您结果，请您评价"))
    return [Line(title, None, _NEXT_ICON, state="next") for title in ahead]


def _reminded_today(entries: Sequence[trace.Entry], report: Report, now: datetime) -> bool:
    mine = reporter(report.pk).ref
    last = next((one.at for one in reversed(entries) if one.verb == "remind" and one.actor_ref == mine), None)
    return reminded_today(last, now, timezone.get_current_timezone())


def _pictures(report: Report, case: Case, *, done: bool) -> list[Picture]:
    """This reporter's own photos, and those of the work once it was checked; never another reporter's."""
    return [Picture(one.pk, one.stage) for one in _seen(report, case.pk, done=done)]


def _seen(report: Report, case_id: int, *, done: bool) -> list[Attachment]:
    own = Exists(ReportPhoto.objects.filter(attachment=OuterRef("pk"), report=report))
    seen = Q(own) | Q(case=case_id, stage__in=_WORK) if done else Q(own)
    return list(Attachment.objects.filter(seen, case__in={case_id, report.first_case_id}).order_by("id"))


def picture(report: Report, attachment_id: int) -> StoredFile | None:
    """The stored file of a photo that the holder of this report's code may see."""
    done = report.case.state in (State.CLOSED, State.ARCHIVED)
    found = next((one for one in _seen(report, report.case_id, done=done) if one.pk == attachment_id), None)
    return found.file if found is not None else None
