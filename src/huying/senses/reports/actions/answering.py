"""What reporters answer back: how it was, that it is not solved, that it should go faster."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import actions as cases
from huying.casework.cases.rules import State
from huying.casework.cases.turns import chain
from huying.casework.cases.voices import reporter
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Refused

from ..models import Report
from ..rules import has_rated, plain, reminded_today
from .owning import hold_report


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
    """评价 by this reporter, once a result: how it was, whether somebody got in touch in time, whether it is solved.

    The case keeps the worst of its reporters' scores. Whoever rates speaks as the reporter. Refused before it is done.
    """
    said: dict[str, Any] = {"score": score, "responded": responded, "solved": solved, "comment": plain(comment)}
    with transaction.atomic():
        report = hold_report(report_id)
        if report.case.state != State.CLOSED:
            raise Refused(_("办完以后才能评价"), code="not_done_yet", hint=_("办好后，这一页会请您评一评。"))
        if has_rated(report.rated_at, report.case.closed_at):
            raise Refused(_("您已经评过了，谢谢"), code="already_rated")
        cases.rate_case(report.case_id, **said, actor=reporter(report.pk), now=now, voice=report.mark)
        for name, value in (said | {"rated_at": now}).items():
            setattr(report, name, value)
        report.save(update_fields=[*said, "rated_at"])


def say_not_solved(report_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """没解决: back to the unit, once the case was said to be closed. Refused while it is being worked on."""
    with transaction.atomic():
        report = hold_report(report_id)
        if report.case.state != State.CLOSED:
            raise Refused(
                _("这件事现在不用退回"),
                code="not_done_yet",
                hint=_("还在办的可以催一催；已经存档的，请重新反映一次。"),
            )
        who = reporter(report.pk)
        cases.order_redo(report.case_id, reason=plain(reason), actor=who, now=now, voice=report.mark)
        report.solved = False
        report.save(update_fields=["solved"])


def remind(report_id: int, *, actor: Actor, now: datetime, text: str = "") -> None:
    """催一催 by a reporter, once a day; it changes no clock."""
    with transaction.atomic():
        report = hold_report(report_id)
        if not report.case.open:
            raise Refused(_("这件事已经不在办理中了"), code="not_open")
        if reminded_today(_last_reminder(report), now, timezone.get_current_timezone()):
            raise Refused(
                _("今天已经催过了"), code="reminded_today", hint=_("办事的单位已经收到提醒，明天还可以再催。")
            )
        cases.remind_case(report.case_id, text=plain(text), actor=reporter(report.pk), now=now, voice=report.mark)


def _last_reminder(report: Report) -> datetime | None:
    who = reporter(report.pk).ref
    mine = trace.Entry.objects.filter(chain=chain(report.case_id), verb="remind", actor_ref=who)
    return mine.order_by("-seq").values_list("at", flat=True).first()
