"""Finished work drawn at random for a supervisor to verify, and doubtful check-ins looked at by a person."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, Forbidden, Invalid
from huying.kernel.locks import lock_name
from huying.kernel.privacy import blind
from huying.kernel.trace.record import Draft, record

from .. import access, queries
from ..models import HOWS, VERDICTS, CheckIn, SpotCheck, SpotDay, Task
from ..rules import CheckResult, TaskState, is_sampled
from .writing import day_begins


def draw_sample(day: date, *, actor: Actor, now: datetime) -> int:
    """Draw a day's finished tasks and check-ins, each by chance; at least one when there is any. Drawn once a day."""
    access.must_derive(actor)
    percent = queries.policy_on(day).sample_percent
    since, until = day_begins(day), day_begins(day + timedelta(days=1))
    with transaction.atomic():
        lock_name("field.spot_checks")
        if SpotDay.objects.filter(day=day).exists():
            return 0
        done = Task.objects.filter(state=TaskState.DONE, closed_at__gte=since, closed_at__lt=until)
        tasks = done.filter(spot_check__isnull=True)
        passed = CheckIn.objects.filter(received_at__gte=since, received_at__lt=until)
        work = [(blind(f"spot {one[0]}"), "task", *one) for one in tasks.values_list("uid", "pk", "done_by", "area")]
        work += [
            (blind(f"spot {one[0]}"), "check_in", *one) for one in passed.values_list("uid", "pk", "person", "area")
        ]
        drawn = [one for one in work if is_sampled(one[0], percent)]
        if work and not drawn and percent:
            drawn = [min(work)]
        SpotCheck.objects.bulk_create(
            [
                SpotCheck(**{f"{what}_id": pk}, person_id=person, area=area, drawn_on=day)
                for _key, what, _uid, pk, person, area in drawn
            ]
        )
        SpotDay.objects.create(day=day, drawn_at=now, of=len(work), drawn=len(drawn))
    return len(drawn)


def record_spot_check(pk: int, *, how: str, result: str, words: str, actor: Actor, now: datetime) -> SpotCheck:
    """What verifying found. Nobody verifies their own work; anything but "confirmed" needs words.

    Once the worker has answered it may be looked at once more.
    """
    if how not in dict(HOWS):
        raise Invalid(_("请选择怎么核实的"), field="how")
    if result not in set(CheckResult):
        raise Invalid(_("请选择核实结果"), field="result")
    if result != CheckResult.CONFIRMED and len(words.strip()) < 2:
        raise Invalid(_("请写明看到或听到的情况"), field="words")
    with transaction.atomic():
        row = access.get_spot_check(actor, pk)
        row = SpotCheck.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if row.person_id is not None and row.person_id == actor.person_id:
            raise Forbidden(_("不能抽查自己的工作"), code="own_work")
        if not _may_judge(row.checked_at, row.answered_at):
            raise Conflict(_("这一条已经有人核实过"), code="already_checked")
        row.how, row.result, row.words = how, result, words.strip()[:300]
        row.checked_by, row.checked_at = actor.ref, now
        row.save()
        body = {"spot_check": row.pk, "how": how, "result": result}
        record([Draft(chain=f"spotcheck:{row.pk}", verb="record_spot_check", actor=actor, at=now, body=body)])
    return row


def judge_check_in(pk: int, *, verdict: str, words: str, actor: Actor, now: datetime) -> CheckIn:
    """A person has looked at the signs: genuine, not genuine, or nobody can tell. The latter two need words.

    Once the worker has answered it may be looked at once more; the trace keeps every verdict.
    """
    if verdict not in dict(VERDICTS):
        raise Invalid(_("请选择结论"), field="verdict")
    if verdict != "fine" and len(words.strip()) < 2:
        raise Invalid(_("请写明为什么"), field="words")
    with transaction.atomic():
        row = CheckIn.objects.select_for_update(of=("self",)).get(pk=access.get_check_in(actor, pk).pk)
        if row.person_id == actor.person_id:
            raise Forbidden(_("不能判断自己的打卡"), code="own_work")
        if not _may_judge(row.looked_at, row.answered_at):
            raise Conflict(_("这一条已经有人看过"), code="already_checked")
        row.verdict, row.verdict_words, row.looked_by, row.looked_at = verdict, words.strip()[:300], actor.ref, now
        row.save()
        body = {"verdict": verdict, "doubts": row.doubts}
        record([Draft(chain=f"checkin:{row.pk}", verb="judge_check_in", actor=actor, at=now, body=body)])
    return row


def _may_judge(judged: datetime | None, answered: datetime | None) -> bool:
    """Nobody has judged yet, or the worker has answered since."""
    return judged is None or (answered is not None and answered > judged)


def answer_verdict(
    about: str, pk: int, *, text: str, actor: Actor, now: datetime, judged_at: datetime | None = None
) -> CheckIn | SpotCheck:
    """What somebody says to a verdict about their own work; once a verdict. The same again changes nothing.

    ``judged_at``: when the verdict they read was given. NotFound for the work of others and for what nobody has judged,
    Conflict for a second answer and where it has been judged anew since.
    """
    if not 2 <= len(text.strip()) <= 500:
        raise Invalid(_("请写 2 到 500 个字"), field="text")
    with transaction.atomic():
        row = access.own_judged(actor, about, pk)
        judged = row.looked_at if isinstance(row, CheckIn) else row.checked_at
        if judged_at is not None and judged_at != judged:
            raise Conflict(_("结论后来变了，请看过新的结论再说明"), code="judged_again")
        if row.answered_at is not None and judged is not None and row.answered_at >= judged:
            if row.answer == text.strip():
                return row
            raise Conflict(_("您已经说明过"), code="already_answered")
        row.answer, row.answered_at = text.strip(), now
        row.save(update_fields=["answer", "answered_at"])
        chain = f"checkin:{row.pk}" if isinstance(row, CheckIn) else f"spotcheck:{row.pk}"
        private = {"answer": row.answer}
        record([Draft(chain=chain, verb="answer_verdict", actor=actor, at=now, body={}, private=private)])
    return row
