"""What a phone holds: the tasks, points and records of its worker's areas, and what it needs to work without a network.

People's data goes only to the phone of whoever walks their grid, only what a visit needs, and identity numbers masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Prefetch, Q, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce, JSONObject
from django.utils.functional import Promise
from django.utils.translation import override

from huying.casework.cases.access import area_of
from huying.casework.cases.models import Case
from huying.casework.cases.words import STATES as CASE_STATES
from huying.casework.catalogue import queries as catalogue
from huying.ground.organisation.models import Appointment
from huying.ground.registry.fields import FIELDS, as_json
from huying.ground.registry.masking import mask
from huying.ground.registry.models import MODELS, CareEntry
from huying.ground.territory import queries as territory
from huying.ground.territory.models import TerritoryVersion
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.files import StoredFile
from huying.kernel.sounds import readings
from huying.senses.forms import queries as forms
from huying.senses.forms.models import Submission
from huying.senses.reports.models import Report
from huying.senses.sync.doors import Offer, Scope, Whole, offers, tells

from . import queries
from .models import Checkpoint, DutySpell, Finding, FindingPhoto, Task
from .rules import TaskState
from .words import FINDINGS

GRID_DIGITS: Final = 15
MOST_OWN: Final = 100
# Private fields a visit needs; all others stay on the server.
ON_PHONE: Final[Mapping[str, tuple[str, ...]]] = {
    "premises": ("keeper_name", "keeper_phone"),
    "person": ("name", "phone", "phone2", "birth_date"),
    "organisation": ("contact_name", "contact_phone"),
    "relation": ("contact_name", "contact_phone"),
}
MASKED: Final[Mapping[str, tuple[str, ...]]] = {"person": ("id_number",)}
SPOKEN: Final = ("person", "organisation", "premises")  # found by the initials of their names too
LANGUAGES: Final = {"zh": "zh-hans", "en": "en"}
PERSONAL: Final = ("person", "household", "relation", "residence", "care")
_LABELLED: Final = {"household": "premises", "care": "resident__home", "person": "home", "residence": "premises"}


# --- work ---------------------------------------------------------------------------------------------------------


@offers("task", order=10)
def tasks(scope: Scope) -> Offer:
    """The open tasks of the scope that somebody with these roles and posts may do."""
    held = list(Appointment.objects.on(scope.today).filter(person=scope.person_id).values_list("post__code", flat=True))
    mine = Q(assignee=scope.person_id)
    anybodys = Q(assignee__isnull=True, roles__overlap=sorted(scope.roles)) & (Q(posts=[]) | Q(posts__overlap=held))
    rows = with_last(Task.objects.filter(scope.within()).select_related("plan"))
    return Offer(rows, _task, keep=Q(state=TaskState.OPEN) & (mine | anybodys))


def with_last(rows: QuerySet[Task]) -> QuerySet[Task]:
    """Tasks with when, by whom and with what result this form was last filled about the same subject."""
    whom = CareEntry.objects.filter(uid=OuterRef("subject_uid")).values(
        "resident"
    )  # a visit's form is about the person
    made = Submission.objects.filter(subject_uid=OuterRef("about"), form__code=OuterRef("form")).order_by("-id")
    found = Finding.objects.filter(submission=OuterRef("last_uid")).order_by("id")
    findings = Finding.objects.select_related("found_by").prefetch_related(
        Prefetch("photos", FindingPhoto.objects.select_related("file").order_by("id"))
    )
    last = JSONObject(at="ended_at", by="by_name")
    return rows.annotate(
        about=Coalesce(Subquery(whom), F("subject_uid"), output_field=UUIDField()),
        last_uid=Subquery(made.values("uid")[:1]),
        last_look=Subquery(made.values(said=last)[:1]),
        last_found=ArraySubquery(found.values(said=JSONObject(label=F("label"), state=F("state")))),
    ).prefetch_related(Prefetch("findings", findings.order_by("found_at", "id")))


def _task(row: Task) -> dict[str, Any]:
    subject = {"kind": row.subject_kind, "uid": str(row.subject_uid)} if row.subject_uid else None
    return {
        "kind": row.kind,
        "title": row.title,
        "form": row.form,
        "state": row.state,
        "subject": subject,
        "premises": str(row.premises_uid or ""),
        "address": row.address,
        "lon": row.lon,
        "lat": row.lat,
        "opens_at": row.opens_at.isoformat(),
        "due_at": row.due_at.isoformat(),
        "priority": row.priority,
        "plan": row.plan.title if row.plan is not None else "",
        "mine": row.assignee_id is not None,
        "round": row.source_key.rpartition("/")[0] if row.source == "round" else "",
        "last": _last(row),
    }


def _last(row: Any) -> dict[str, Any] | None:
    """What was found last: for a re-inspection what it is about, with its photos; else the last time this was done."""
    found: list[Finding] = list(row.findings.all())
    if found:
        first = found[0]
        by = first.found_by.name if first.found_by is not None else ""
        return {
            "at": first.found_at.isoformat(),
            "by": by,
            "submission": str(first.submission),
            "findings": [_finding(one.label, one.state, [photo.file for photo in one.photos.all()]) for one in found],
        }
    if row.last_look is None:
        return None
    findings = [_finding(one["label"], one["state"]) for one in row.last_found]
    return {**row.last_look, "submission": str(row.last_uid), "findings": findings}


def _finding(label: str, state: str, files: Sequence[StoredFile] = ()) -> dict[str, Any]:
    return {
        "label": label,
        "state": _finding_state(state),
        "photos": [{"small": one.thumbnail_url, "whole": one.url} for one in files],
    }


@cache
def _finding_state(state: str) -> dict[str, str]:
    return both(FINDINGS.get(state, state))


def both(words: str | Promise) -> dict[str, str]:
    """Words in both languages of the phone: it switches without a network."""
    said = {}
    for short, code in LANGUAGES.items():
        with override(code):
            said[short] = str(words)
    return said


@offers("checkpoint", order=20)
def checkpoints(scope: Scope) -> Offer:
    """The points of the rounds of the scope."""
    rows = Checkpoint.objects.filter(scope.within()).select_related("round")
    return Offer(rows, _checkpoint, keep=Q(active=True))


def _checkpoint(row: Checkpoint) -> dict[str, Any]:
    return {
        "name": row.name,
        "round": row.round.code,
        "round_name": row.round.name,
        "order": row.number,
        "code": row.code,
        "lon": row.lon,
        "lat": row.lat,
        "radius": row.radius,
    }


# --- what it needs to work alone ------------------------------------------------------------------------------------


@offers("place", order=1)
def places(scope: Scope) -> Whole:
    """Outlines of the grids of the scope."""
    stamp = TerritoryVersion.objects.values_list("stamp", flat=True).first()
    return Whole(mark_of(stamp, scope.today, *scope.areas), lambda: _outlines(scope))


def _outlines(scope: Scope) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    for prefix in scope.areas:
        area = territory.find_area(prefix)
        below = territory.areas_below("grid", prefix, on=scope.today) if len(prefix) < GRID_DIGITS else []
        for one in [area, *below] if area is not None and area not in below else below:
            shape = territory.shape_of(one.code)
            outline = territory.geometry_json(shape) if shape is not None else None
            yield one.code, 1, {"name": one.name, "level": one.level, "outline": outline}


@offers("form", order=4)
def filled_forms(scope: Scope) -> Whole:
    """Every form that is filled in now."""
    return Whole(forms.mark(), forms.definitions)


@offers("fields", order=2)
def fields(scope: Scope) -> Whole:
    """The registry's fields, in both languages."""
    kinds = as_json()
    return Whole(mark_of(kinds), lambda: ((kind, 1, {"fields": said}) for kind, said in kinds.items()))


@offers("catalogue", order=3)
def items(scope: Scope) -> Whole:
    """Every kind of matter somebody may report."""
    now = catalogue.current(scope.today)
    said = {
        one.code: {"code": one.code, "name": one.name, "name_en": one.name_en, "class": one.class_zh}
        for one in now.items
    }
    return Whole(mark_of(now.version_id, len(said)), lambda: ((code, 1, body) for code, body in said.items()))


@offers("mine", order=5)
def own_reports(scope: Scope) -> Whole:
    """How far my own last reports are."""
    rows = Report.objects.filter(taken_by=f"person:{scope.person_id}", erased_at__isnull=True).select_related("case")
    found = list(rows.order_by("-id")[:MOST_OWN])
    points = [
        (one.lon, one.lat) if one.lon is not None and one.lat is not None and not _is_placed(one.case) else None
        for one in found
    ]
    told = list(zip(found, territory.outside(points, on=scope.today), strict=True))
    mark = mark_of(*((one.pk, one.case_id, one.case.state, outside) for one, outside in told))
    return Whole(mark, lambda: ((one.tracking_code, 1, _own(one, outside)) for one, outside in told))


def _is_placed(case: Case) -> bool:
    """Whether it is about something registered and stands on known ground: then nobody asks where the phone was."""
    return bool(case.subjects and area_of(case))


def _own(report: Report, outside: bool) -> dict[str, Any]:
    case = report.case
    return {
        "number": case.number,
        "title": case.title,
        "state": case.state,
        "state_words": both(CASE_STATES.get(case.state, case.state)),
        "open": case.open,
        "at": report.received_at.isoformat(),
        "code": report.tracking_code,
        "outside": outside,
    }


# --- the registry ---------------------------------------------------------------------------------------------------


def _offer_kind(kind: str) -> Callable[[Scope], Offer]:
    def offer(scope: Scope) -> Offer:
        if kind in PERSONAL:
            scope = replace(scope, areas=tuple(one for one in scope.areas if len(one) >= GRID_DIGITS))
        rows = MODELS[kind]._default_manager.filter(scope.within())
        if kind in _LABELLED:
            rows = rows.select_related(_LABELLED[kind])
        return Offer(rows, _record, keep=Q(state="active"))

    return offer


def _record(row: Any) -> dict[str, Any]:
    """A record as a phone holds it: plain fields, and the few private ones a visit needs."""
    kind = row.KIND
    said = {name: row.value(name) for name, field in FIELDS[kind].items() if not field.private}
    needed, masked = ON_PHONE.get(kind, ()), MASKED.get(kind, ())
    if needed or masked:
        secrets = row.secrets
        said |= {name: secrets[name] for name in needed if secrets.get(name)}
        said |= {name: mask(FIELDS[kind][name], secrets[name]) for name in masked if secrets.get(name)}
    said["checked_at"] = row.checked_at.isoformat()
    if kind in SPOKEN and (spoken := readings(said.get("name") or "")):
        said["pinyin"] = list(spoken)
    if kind == "premises":
        said |= {"address": row.address, "code": row.code}
    elif (home := _home(row)) is not None:
        said["address"] = home.address
    return said


def _home(row: Any) -> Any:
    if row.KIND == "care":
        return row.resident.home
    return row.home if row.KIND == "person" else getattr(row, "premises", None) if row.KIND in _LABELLED else None


for _order, _kind in enumerate(("premises", "care", "person", "household", "residence", "relation"), 30):
    offers(_kind, order=_order)(_offer_kind(_kind))
for _order, _kind in enumerate(("organisation", "facility"), 50):
    offers(_kind, order=_order)(_offer_kind(_kind))


# --- the session ----------------------------------------------------------------------------------------------------


@tells("on_duty")
def on_duty(*, actor: Actor, now: datetime) -> bool:
    """Whether the server thinks that this worker is on duty."""
    return DutySpell.objects.filter(person=actor.person_id, ended_at__isnull=True).exists()


@tells("skips")
def skips(*, actor: Actor, now: datetime) -> list[dict[str, object]]:
    """Why a task may be passed over."""
    return [
        {"code": code, "label": {"zh": one.zh, "en": one.en}}
        for code, one in queries.policy_on(local_day(now)).skips.items()
    ]


@tells("supervision_phone")
def supervision_phone(*, actor: Actor, now: datetime) -> str:
    return queries.policy_on(local_day(now)).supervision_phone


def mark_of(*parts: object) -> str:
    """A short text that changes whenever one of these does."""
    return sha256(repr(parts).encode()).hexdigest()[:16]
