"""Many voices, one matter: join, merge, undo. The reports follow through facts; no reporter is ever lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound

from .. import access
from ..facts import CaseMerged, CaseUnassigned, CaseUnmerged
from ..models import Case
from ..rules import Action, Circumstance, Party, Refusal, State, decide, merge_target
from ..subjects import brought
from ..turns import announce, chain, filled, lock_case, refuse, turning
from ..voices import words_label
from .transferring import drop_assignments


def join_case(
    case_id: int,
    *,
    words: str,
    voice: str,
    actor: Actor,
    now: datetime,
    urgent: bool = False,
    subjects: Sequence[str] = (),
) -> None:
    """One more voice for an open case ("this is it: +1"), and what it is about if that was not known."""
    with transaction.atomic():
        case = lock_case(case_id)
        if isinstance(decide(State(case.state), Action.JOIN, {Party.REPORTER}, Circumstance()), Refusal):
            raise refuse("target_not_open")
        case.reports += 1
        case.urgent = case.urgent or urgent
        known = case.subjects or []
        fresh = [one for one in dict.fromkeys(subjects) if one not in known or brought(known, one)]
        by_itself = {via for one in fresh for via in brought(known, one)}
        case.subjects = list(dict.fromkeys([*(one for one in known if one not in by_itself), *fresh])) or None
        case.save(update_fields=["reports", "urgent", "subjects"])
        trace.record(
            [
                trace.Draft(
                    chain=chain(case_id),
                    verb="join",
                    actor=actor,
                    at=now,
                    body={"reports": case.reports} | ({"about": fresh} if fresh else {}),
                    private={words_label(voice): words},
                )
            ]
        )
        announce(case)


def merge_case(case_id: int, *, into_id: int, actor: Actor, now: datetime, expected: int | None = None) -> None:
    """合并: this case ends in another open one; its reporters are answered by that one."""
    if case_id == into_id:
        raise refuse("same_case")
    with transaction.atomic():
        locked = {case.pk: case for case in _lock_in_order(case_id, into_id)}
        target = locked.get(into_id)
        if target is None or case_id not in locked or not access.visible(actor).filter(pk=into_id).exists():
            raise NotFound(code="case_not_found")  # nor is one learnt of by merging into it
        given = filled(into=into_id)
        with turning(case_id, Action.MERGE, actor=actor, now=now, given=given, expected=expected) as turn:
            refusal = merge_target([State(target.state)])
            if refusal is not None:
                raise refuse(refusal.code)
            drop_assignments(turn)
            moved = turn.case.reports
            turn.change(
                merged_into=target, reports=0, closed_at=now, due_at=None, light="", lead_unit_id=None,
                lead_person_id=None,
            )  # fmt: skip
            turn.write({"into": into_id, "reports": moved})
            turn.tell(CaseMerged(case_id=case_id, at=now, by=actor.ref, into_id=into_id))
        Case.objects.filter(pk=into_id).update(reports=F("reports") + moved, version=F("version") + 1)
        _write(into_id, "absorb", {"from": case_id, "reports": moved}, actor, now)


def unmerge_case(case_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """撤销合并: it was another matter after all; the reports it brought go back with it."""
    with transaction.atomic():
        into_id = Case.objects.filter(pk=case_id).values_list("merged_into_id", flat=True).first()
        _lock_in_order(*(one for one in (case_id, into_id) if one is not None))
        with turning(case_id, Action.UNMERGE, actor=actor, now=now, given=filled(reason=reason)) as turn:
            case = turn.case
            from_id = case.merged_into_id
            assert from_id is not None, "a merged case knows where it went (case_merged_somewhere)"
            turn.change(merged_into=None, closed_at=None)
            turn.write({"from": from_id}, reason=reason)
            turn.tell(
                CaseUnmerged(case_id=case_id, at=now, by=actor.ref, from_id=from_id),
                CaseUnassigned(case_id=case_id, at=now, by=actor.ref, area=access.area_of(case)),
            )
        _write(from_id, "release", {"to": case_id}, actor, now)


def recount(counts: dict[int, int]) -> None:
    """Set how many reports cases have. Called by the senses, which hold the reports."""
    for case_id, count in sorted(counts.items()):
        Case.objects.filter(pk=case_id).update(reports=count)


def _lock_in_order(*ids: int) -> list[Case]:
    return list(Case.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))


def _write(case_id: int, verb: str, body: dict[str, object], actor: Actor, now: datetime) -> None:
    trace.record([trace.Draft(chain=chain(case_id), verb=verb, actor=actor, at=now, body=body)])
