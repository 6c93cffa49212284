"""Personal data goes: at a resident's wish (PIPL art. 47), and by itself once it has been kept long enough (art. 19)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huying.ground.registry import access
from huying.ground.registry.deriving import search_tokens
from huying.ground.registry.facts import ErasureBegun, RegistryChanged, ResidentErased
from huying.ground.registry.models import (
    CareEntry,
    Change,
    Consent,
    Household,
    Organisation,
    Premises,
    Proposal,
    Record,
    Relation,
    Residence,
    Resident,
    RightsRequest,
    State,
)
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, NotFound, Refused
from huying.kernel.facts import Fact, publish
from huying.kernel.locks import lock_names

from .writing import Author, alter, locked, note, said

ERASED: Final = "erased"
_MOST_AT_ONCE: Final = 200
_ENDED: Final = {"state": State.ENDED}
_ABOUT: Final[tuple[tuple[str, type[Record], str, dict[str, Any]], ...]] = (
    ("relation", Relation, "ended_on", _ENDED),
    ("residence", Residence, "ended_on", _ENDED),
    ("residence", Residence, "until", {}),
    ("care", CareEntry, "ended_on", _ENDED),
)
_OF_THINGS: Final = (("premises", Premises), ("household", Household), ("organisation", Organisation))


def erase_resident(*, actor: Actor, now: datetime, resident: Resident, why: str) -> Resident:
    """Delete everything personal about a resident: from the record and those merged into it, history, relations, stays,
    proposals and what they asked for. The rooms above hear of it and delete theirs.

    What remains is that a record was and who erased it. Refused while they stand on a care list, which the law keeps.
    """
    if len(why.strip()) < 2:
        raise Invalid(_("请写明删除的依据"), code="reason_needed", field="why")
    with said():
        _must_decide(actor, Resident.objects.filter(uid=resident.uid).first())
        _hold(resident.uid)
        row = _must_decide(actor, locked("person", resident.uid))
        if row.ending == ERASED:
            raise Refused(_("此人的个人信息已按规定删除"), code=ERASED)
        if CareEntry.objects.filter(resident__uid=row.uid, state="active").exists():
            raise Refused(_("此人还在关爱名单上，依法需要保留；请先移出名单"), code="on_care_list")
        publish(*_erase(row, Author(actor=actor, now=now, source="rights")))
    return row


def _must_decide(actor: Actor, row: Record | None) -> Resident:
    if not isinstance(row, Resident) or not access.may(actor, access.DECIDE, row.area):
        raise NotFound(_("没有这条信息"))
    return row


def forget_ended(*, actor: Actor, now: datetime, keep: timedelta) -> int:
    """What ended longer ago than ``keep`` is kept no more; how many records. Each person on their own, all else in steps.

    People who moved away, died or were entered by mistake are erased. Doubles merged that long ago are emptied in the
    registry only while the record that was kept stands: what is said under their name is about who lives here. Stays,
    relations and care entries that ended are deleted; ended premises and organisations no longer name whom to call.
    """
    before = local_day(now) - keep
    author = Author(actor=actor, now=now, source="retention")
    return sum(step(before, author) for step in (_forget_people, _forget_ties, _forget_keepers))


def _walk(rows: QuerySet[Any], by: str) -> Iterator[list[UUID]]:
    """Uids by a column and the number of the row, 200 at a time; each step goes on where the last one ended."""
    on = Q()
    while step := list(rows.filter(on).order_by(by, "pk").values_list(by, "pk", "uid")[:_MOST_AT_ONCE]):
        yield [uid for _by, _pk, uid in step]
        reached, pk, _uid = step[-1]
        on = Q(**{f"{by}__gte": reached}) & (Q(**{f"{by}__gt": reached}) | Q(pk__gt=pk))


def _forget_people(before: date, author: Author) -> int:
    moment = timezone.make_aware(datetime.combine(before, time.min))
    merged = Change.objects.filter(kind="person", subject=OuterRef("uid"), verb=Change.Verb.MERGED)
    long_ago = Exists(merged.filter(at__lt=moment)), ~Exists(merged.filter(at__gte=moment))
    there = Resident.objects.exclude(ending=ERASED)
    ended = _walk(there.filter(state=State.ENDED, ended_on__lt=before), "ended_on")
    doubles = _walk(there.filter(*long_ago, state=State.MERGED), "id")
    return sum(_forget_person(uid, before, author) for uids in chain(ended, doubles) for uid in uids)


def _forget_person(uid: UUID, before: date, author: Author) -> int:
    """One person in a transaction of their own; 0 when they came back meanwhile, or went with another record."""
    with said():
        _hold(uid)
        row = locked("person", uid)
        if not isinstance(row, Resident) or row.ending == ERASED:
            return 0
        if row.state == State.MERGED:
            publish(*_empty_double(row, author))
        elif row.state == State.ENDED and row.ended_on is not None and row.ended_on < before:
            publish(*_erase(row, author))
        else:
            return 0
    return 1


def _forget_ties(before: date, author: Author) -> int:
    count = 0
    for kind, model, by, more in _ABOUT:
        over = model._default_manager.filter(**more, **{f"{by}__lt": before})
        for step in _walk(over, by):
            with said():
                rows = over.filter(uid__in=step).order_by("pk").select_for_update(skip_locked=True)
                uids = [row.uid for row in rows]
                _empty_steps(kind, uids, author)
                model._default_manager.filter(uid__in=uids).delete()
                _tell_trace(uids, kind, author)
            count += len(uids)
    return count


def _forget_keepers(before: date, author: Author) -> int:
    count = 0
    for kind, model in _OF_THINGS:
        over: QuerySet[Any] = model._default_manager.filter(
            state__in=(State.ENDED, State.MERGED), ended_on__lt=before, private__isnull=False
        )
        for step in _walk(over, "ended_on"):
            with said():
                rows = over.filter(uid__in=step).order_by("pk")
                found = list(rows.select_for_update(skip_locked=True, of=("self",)))
                for row in found:
                    _forget_keeper(row, author)
                _empty_steps(kind, [row.uid for row in found], author)
            count += len(found)
    return count


def _forget_keeper(row: Any, author: Author) -> None:
    row.private, row.version = None, row.version + 1
    if isinstance(row, Premises | Organisation):
        row.reachable = False
    if not isinstance(row, Household):
        row.find = search_tokens(row, _address_of(row))
    row.save()
    note(row, Change.Verb.ERASED, {}, author)


def _address_of(row: Premises | Organisation) -> str:
    if isinstance(row, Premises):
        return row.address
    return row.premises.address if row.premises is not None else ""


def _tell_trace(uids: Sequence[UUID], kind: str, author: Author) -> None:
    body = {"kind": kind, "source": author.source}
    trace.append(
        [
            trace.Draft(chain=f"registry:{uid}", verb="erased", actor=author.actor, at=author.now, body=body)
            for uid in uids
        ]
    )


# --- one person ---------------------------------------------------------------------------------------------------


def _hold(uid: UUID) -> None:
    """What will be deleted above is locked first, then the names of the records: the order in which forms come in."""
    family, level = {uid}, {uid}
    while level := set(Resident.objects.filter(merged_into__uid__in=level).values_list("uid", flat=True)) - family:
        family |= level
    about = {one for rows in _ties(family).values() for one in rows.values_list("uid", flat=True)}
    uids = tuple(sorted(family | about))
    publish(ErasureBegun(uids=uids))
    lock_names(f"registry {one}" for one in uids)


def _ties(uids: Collection[UUID]) -> dict[str, QuerySet[Any]]:
    return {
        "relation": Relation.objects.filter(Q(resident__uid__in=uids) | Q(other__uid__in=uids)),
        "residence": Residence.objects.filter(resident__uid__in=uids),
        "care": CareEntry.objects.filter(resident__uid__in=uids),
    }


def _erase(row: Resident, author: Author) -> list[Fact]:
    facts: list[Fact] = []
    also: list[UUID] = []
    for one in [row, *_doubles(row.uid)]:
        also.append(one.uid)
        if one.ending == ERASED:  # emptied when its time came; what is said under its name goes now
            continue
        if one.state == State.ACTIVE:
            _end_what_remains(one, author, facts)
        also += _forget_about(one, author)
        facts.append(_changed(one, author))
    facts.append(ResidentErased(uid=row.uid, at=author.now, also=tuple(uid for uid in also if uid != row.uid)))
    return facts


def _empty_double(row: Resident, author: Author) -> list[Fact]:
    """Its row and its history. Whoever it turned out to be is told of nothing: they are still here."""
    _blank(row, author)
    note(row, Change.Verb.ERASED, {}, author)
    _empty_steps("person", [row.uid], author)
    return [_changed(row, author)]


def _changed(row: Resident, author: Author) -> RegistryChanged:
    return RegistryChanged(
        kind="person", uid=row.uid, version=row.version, area=row.area, by=author.actor.ref, at=author.now,
        state=str(row.state),
    )  # fmt: skip


def _doubles(uid: UUID) -> list[Resident]:
    """Every record that was merged into this one, or into one of those, those emptied before among them."""
    found: list[Resident] = []
    level = [uid]
    while level:
        rows = list(Resident.objects.select_for_update(of=("self",)).filter(merged_into__uid__in=level).order_by("pk"))
        level = [one.uid for one in rows]
        found += rows
    return found


def _end_what_remains(row: Resident, author: Author, facts: list[Fact]) -> None:
    today = local_day(author.now).isoformat()
    for stay in Residence.objects.select_for_update().filter(resident__uid=row.uid, state="active").order_by("pk"):
        until = stay.value("until") or max(today, stay.value("since") or today)
        facts += alter(stay, {"until": until, "ending": "done"}, author)


def _forget_about(row: Resident, author: Author) -> list[UUID]:
    """Empty the record and all that was said about them; the steps themselves stay. The uids of what was about them."""
    Consent.objects.filter(resident=row.pk, withdrawn_at=None).update(
        withdrawn_at=author.now, withdrawn_by=author.actor.ref
    )
    RightsRequest.objects.filter(resident=row.pk).exclude(state=RightsRequest.State.OPEN).update(text=None)
    _blank(row, author)
    note(row, Change.Verb.ERASED, {}, author)
    _empty_steps("person", [row.uid], author)
    about: list[UUID] = []
    for kind, rows in _ties([row.uid]).items():
        uids = list(rows.values_list("uid", flat=True))
        _empty_steps(kind, uids, author)
        if kind != "residence":
            told = {"reachable": False} if kind == "relation" else {}
            rows.update(private=None, details={}, state="ended", ending=ERASED, ended_on=local_day(author.now), **told)
        about += uids
    return about


def _blank(row: Resident, author: Author) -> None:
    """A double stays a signpost to the record it was merged into; nothing else is left of it."""
    row.private, row.id_blind, row.born_year, row.find = None, None, None, []
    row.details, row.sex, row.registration, row.home, row.reachable = {}, "", "", None, False
    if row.state != State.MERGED:
        row.state, row.merged_into = State.ENDED, None
    row.ending, row.ended_on = ERASED, local_day(author.now)
    row.checked_at, row.checked_by = author.now, author.actor.ref
    row.version += 1
    row.save()


def _empty_steps(kind: str, uids: Sequence[UUID], author: Author) -> None:
    """What was said of these records, step by step; what still waited for somebody waits no more, declined by no one."""
    Change.objects.filter(kind=kind, subject__in=uids).update(private=None, plain={})
    rows = Proposal.objects.filter(kind=kind, subject__in=uids)
    rows.filter(decided_at=None).update(state=Proposal.State.DECLINED, decided_at=author.now)
    rows.update(values=None)
