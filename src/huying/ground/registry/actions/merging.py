"""Two records of one thing become one; the other stays behind as a signpost, and the step can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from huying.ground.registry import access
from huying.ground.registry.facts import RecordsMerged, RecordsSplit
from huying.ground.registry.fields import FIELDS
from huying.ground.registry.models import (
    CareEntry,
    Change,
    Consent,
    Likeness,
    Premises,
    Record,
    Relation,
    Residence,
    RightsRequest,
    State,
)
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, NotFound, Refused
from huying.kernel.facts import Fact, publish

from .changing import write
from .erasing import ERASED
from .following import pointers, spread
from .writing import Author, alter, known_kind, locked, note, said

_NEVER_FILLED = frozenset({"ending", "ended_on"})


def merge_records(*, actor: Actor, now: datetime, kind: str, keep: UUID, other: UUID, source: str = "desk") -> Record:
    """Keep one of two records of the same thing. What pointed to the other points to the kept one; its empty fields are filled.

    Refused unless both are in force; NotFound when the actor may not decide about both.
    """
    known_kind(kind)
    if keep == other:
        raise Invalid(_("要合并的是同一条信息"), code="same_record", field="other")
    author = Author(actor=actor, now=now, source=source)
    facts: list[Fact] = [RecordsMerged(kind=kind, kept=keep, other=other, at=now)]
    with said():
        kept, gone = _pair(actor, kind, keep, other)
        if kept.state != State.ACTIVE or gone.state != State.ACTIVE:
            raise Refused(_("只有在册的信息可以合并"), code="not_active")
        ended = _make_room(kept, gone, author, facts)
        filling = _filling(kept, gone)
        gone.state, gone.merged_into_id = State.MERGED, kept.uid
        gone.version += 1
        gone.save(update_fields=["state", "merged_into", "version"])
        moved = _repoint(kind, gone.uid, kept)
        steps = {"into": str(keep), "moved": moved, "ended": ended}
        note(gone, Change.Verb.MERGED, {}, author, more=steps)
        if filling:
            write(kept, filling, author, facts)
        _settle(kind, keep, other, Likeness.State.MERGED, actor, now)
        publish(*facts)
    return kept


def undo_merge(*, actor: Actor, now: datetime, kind: str, other: UUID, source: str = "desk") -> Record:
    """The other record is one of its own again, with what pointed to it before. Values filled into the kept one stay there."""
    known_kind(kind)
    author = Author(actor=actor, now=now, source=source)
    with said():
        gone = locked(kind, other)
        kept_uid = gone.merged_into_id if gone is not None else None
        if (
            gone is None
            or kept_uid is None
            or gone.state != State.MERGED
            or not access.may(actor, access.DECIDE, gone.area)
        ):
            raise NotFound(_("没有这条合并"))
        if gone.ending == ERASED:
            raise Refused(_("这条的个人信息已删除，不能恢复"), code=ERASED)
        step = Change.objects.filter(kind=kind, subject=other, verb=Change.Verb.MERGED).order_by("-version").first()
        gone.state, gone.merged_into_id = State.ACTIVE, None
        gone.version += 1
        gone.save(update_fields=["state", "merged_into", "version"])
        facts: list[Fact] = [RecordsSplit(kind=kind, kept=kept_uid, other=other, at=now)]
        if step is not None:
            _point_back(kind, gone, kept_uid, step.plain)
        note(gone, Change.Verb.SPLIT, {}, author)
        _settle(kind, kept_uid, other, Likeness.State.OPEN, actor, now)
        publish(*facts)
    return gone


def tell_apart(*, actor: Actor, now: datetime, likeness_id: int) -> Likeness:
    """Say that two like records are different things, so that nobody is asked again."""
    with said():
        row: Likeness | None = Likeness.objects.select_for_update().filter(pk=likeness_id).first()
        if row is None or not access.may(actor, access.DECIDE, row.area):
            raise NotFound(_("没有这一对疑似重复"))
        if row.state != Likeness.State.OPEN:
            raise Refused(_("这一对已经处理过了"), code="decided_already")
        row.state, row.decided_by, row.decided_at = Likeness.State.DIFFERENT, actor.ref, now
        row.save()
    return row


def _pair(actor: Actor, kind: str, keep: UUID, other: UUID) -> tuple[Record, Record]:
    """Both records, locked in one order."""
    rows = {uid: locked(kind, uid) for uid in sorted((keep, other))}
    kept, gone = rows[keep], rows[other]
    if kept is None or gone is None or not all(access.may(actor, access.DECIDE, row.area) for row in (kept, gone)):
        raise NotFound(_("没有这条信息"))
    return kept, gone


def _filling(kept: Record, gone: Record) -> dict[str, Any]:
    """What the kept record does not know and the other does. A second identity number is never taken over."""
    mine, theirs = kept.values(), gone.values()
    return {
        name: theirs[name]
        for name in FIELDS[kept.KIND]
        if mine[name] in (None, "") and theirs[name] not in (None, "") and name not in _NEVER_FILLED
    }


def _make_room(kept: Record, gone: Record, author: Author, facts: list[Fact]) -> list[list[str]]:
    """End what one resident cannot have twice: an open home, a place on the same list, a relation to oneself."""
    if kept.KIND != "person":
        return []
    today = local_day(author.now).isoformat()
    ended: list[list[str]] = []
    theirs = Residence.objects.select_for_update().filter(
        resident__uid=gone.uid, kind="lives", until=None, state="active"
    )
    if Residence.objects.filter(resident__uid=kept.uid, kind="lives", until=None, state="active").exists():
        for row in theirs:
            facts += alter(row, {"until": max(today, row.value("since") or today)}, author)
            ended.append(["residence", str(row.uid), "until"])
    lists = CareEntry.objects.filter(resident__uid=kept.uid, state="active").values_list("list", flat=True)
    for entry in CareEntry.objects.select_for_update().filter(
        resident__uid=gone.uid, state="active", list__in=list(lists)
    ):
        facts += alter(entry, {"ending": "done"}, author)
        ended.append(["care", str(entry.uid), "ending"])
    between = Relation.objects.select_for_update().filter(
        resident__in=[kept.uid, gone.uid], other__in=[kept.uid, gone.uid]
    )
    for relation in between:
        name = relation.secrets.get("contact_name") or gone.value("name")
        facts += alter(relation, {"other": None, "contact_name": name, "ending": "mistake"}, author)
        ended.append(["relation", str(relation.uid), "ending"])
    return ended


def _repoint(kind: str, gone: UUID, kept: Record) -> list[list[str]]:
    moved: list[list[str]] = []
    for model, field in pointers(kind):
        rows = model._default_manager.filter(**{field: gone})
        uids = [str(uid) for uid in rows.values_list("uid", flat=True)]
        model._default_manager.filter(uid__in=uids).update(**{f"{field}_id": kept.uid})
        moved += [[model.KIND, uid, field] for uid in uids]
    if kind == "person":
        for own in (Consent, RightsRequest):
            _move_papers(own, gone, kept)
    _carry_areas(kept)
    return moved


def _move_papers(model: Any, gone: UUID, kept: Record) -> None:
    rows = model._default_manager.filter(resident__uid=gone)
    if model is Consent:
        rows = rows.exclude(purpose__in=Consent.objects.filter(resident=kept.pk, withdrawn_at=None).values("purpose"))
    rows.update(resident=kept.pk)


def _carry_areas(record: Record) -> None:
    if isinstance(record, Premises):
        spread([record])
    elif record.KIND == "person":
        for model in (Relation, CareEntry):
            model._default_manager.filter(resident__uid=record.uid).exclude(area=record.area).update(area=record.area)


def _point_back(kind: str, gone: Record, kept: UUID, step: dict[str, Any]) -> None:
    known = {(model.KIND, field): model for model, field in pointers(kind)}
    for other_kind, uid, field in step.get("moved", []):
        model = known.get((other_kind, field))
        if model is not None:
            model._default_manager.filter(uid=uid, **{field: kept}).update(**{f"{field}_id": gone.uid})
    _carry_areas(gone)


def _settle(kind: str, one: UUID, other: UUID, state: str, actor: Actor, now: datetime) -> None:
    low, high = sorted((one, other))
    rows = Likeness.objects.filter(kind=kind, one=low, other=high)
    if state == Likeness.State.OPEN:
        rows.update(state=state, decided_by="", decided_at=None)
    else:
        rows.update(state=state, decided_by=actor.ref, decided_at=now)
