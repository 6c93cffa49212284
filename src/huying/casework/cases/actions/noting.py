"""Small things that are kept: a note, a photo, a reminder, that it is urgent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from huying.kernel import files, trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.models import StoredFile

from .. import access
from ..facts import CaseMadeUrgent, CaseReminded
from ..models import Attachment, Case
from ..rules import Action, Circumstance, Refusal, State, decide
from ..turns import announce, chain, filled, lock_cases, refuse, turning
from ..voices import labelled

STAGES = ("report", "before", "after", "document")


def note_case(case_id: int, *, text: str, actor: Actor, now: datetime) -> None:
    """备注 for colleagues; residents do not see it."""
    with turning(case_id, Action.NOTE, actor=actor, now=now, given=filled(text=text)) as turn:
        turn.write(text=text)


def remind_case(case_id: int, *, actor: Actor, now: datetime, text: str = "", voice: str = "") -> None:
    """催办: ask the unit to hurry. It changes no clock."""
    with turning(case_id, Action.REMIND, actor=actor, now=now) as turn:
        times = trace.Entry.objects.filter(chain=chain(case_id), verb=Action.REMIND).count() + 1
        turn.write({"times": times}, **{labelled("text", voice): text})
        turn.tell(CaseReminded(case_id=case_id, at=now, by=actor.ref, times=times))


def make_urgent(case_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """列为紧急: it is graver than was thought when it came. Whoever has it in hand hears of it; no clock moves."""
    with turning(case_id, Action.MAKE_URGENT, actor=actor, now=now, given=filled(reason=reason)) as turn:
        turn.change(urgent=True)
        turn.write(reason=reason)
        turn.tell(CaseMadeUrgent(case_id=case_id, at=now, by=actor.ref))


def must_take_files(case: Case, *, stage: str, actor: Actor) -> None:
    """Nothing where the actor may add files at this stage of the case now; asked before any byte is stored.

    Raises NotFound for whoever may only look, Refused where the case takes none any more.
    """
    if stage not in STAGES:
        raise Invalid(field="stage")
    mine = access.parties(actor, case)
    if not mine:
        raise NotFound(code="case_not_found")
    answer = decide(State(case.state), Action.ATTACH, mine, Circumstance())
    if isinstance(answer, Refusal):
        raise refuse(answer.code)


def attach_file(
    case_id: int, file: StoredFile, *, stage: str, actor: Actor, now: datetime, caption: str = ""
) -> Attachment:
    """Add a photo or document. Attaching the same file at the same stage again changes nothing."""
    (attachment,) = attach_files([(case_id, file)], stage=stage, actor=actor, now=now, caption=caption)
    return attachment


def attach_files(
    brought: Sequence[tuple[int, StoredFile]], *, stage: str, actor: Actor, now: datetime, caption: str = ""
) -> list[Attachment]:
    """Add files to cases (case → file), all of them or none; the attachment of each, in order.

    What hangs there already is left as it is. The number of queries does not depend on how many there are.
    """
    if not brought:
        return []
    wanted = {(case_id, file.pk): file for case_id, file in brought}
    with transaction.atomic():
        cases = lock_cases(case_id for case_id, _file in wanted)
        for case in cases.values():
            must_take_files(case, stage=stage, actor=actor)
        there = Attachment.objects.filter(case__in=cases, file__in=[pk for _case, pk in wanted], stage=stage)
        held = {(one.case_id, one.file_id): one for one in there}
        fresh = [
            Attachment(case=cases[key[0]], file=file, stage=stage, caption=caption, made_at=now, made_by=actor.ref)
            for key, file in wanted.items()
            if key not in held
        ]
        if fresh:
            _hang(fresh, actor=actor, now=now)
        held |= {(one.case_id, one.file_id): one for one in fresh}
    return [held[case_id, file.pk] for case_id, file in brought]


def _hang(fresh: Sequence[Attachment], *, actor: Actor, now: datetime) -> None:
    """Write new attachments: rows, whose the files are now, the traces, the screens."""
    Attachment.objects.bulk_create(fresh)
    # A file that goes to two cases belongs to the first.
    files.attach_many({one.file_id: chain(one.case_id) for one in reversed(fresh)}, actor=actor)
    drafts = [
        trace.Draft(
            chain=chain(one.case_id), verb="attach", actor=actor, at=now,
            body={"file": one.file.sha256, "stage": one.stage},
        )
        for one in fresh
    ]  # fmt: skip
    trace.record(drafts)
    announce(*{one.case_id: one.case for one in fresh}.values())
