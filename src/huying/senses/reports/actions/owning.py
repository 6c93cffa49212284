"""Reports held for a step: their cases first, the lowest id before the others, as every step of a case does."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from huying.casework.cases.models import Case
from huying.kernel.errors import Conflict, NotFound

from ..models import Report
from ..queries import message_of


def hold_report(report_id: int) -> Report:
    """The report and its cases, locked until the transaction ends. Conflict when it moved to another case meanwhile."""
    (report,) = _hold({report_id})
    return report


def hold_message(report_id: int) -> list[Report]:
    """Every part of the message a report came with, held like one of them, the first first.

    Conflict also when the message was taken apart further meanwhile.
    """
    ids = set(message_of(report_id))
    held = _hold(ids or {report_id})
    if set(message_of(report_id)) != ids:
        raise _changed()
    return held


def _hold(report_ids: Collection[int]) -> list[Report]:
    known = {pk: cases for pk, *cases in _rows(report_ids)}
    if len(known) < len(report_ids):
        raise NotFound(code="report_not_found")
    case_ids = {case_id for cases in known.values() for case_id in cases}
    list(Case.objects.select_for_update(of=("self",)).filter(pk__in=case_ids).order_by("pk").values("pk"))
    rows = Report.objects.select_for_update(of=("self",)).select_related("case").filter(pk__in=report_ids)
    held = list(rows.order_by("pk"))
    if any(one.case_id != known[one.pk][0] for one in held):
        raise _changed()
    return held


def _rows(report_ids: Collection[int]) -> list[tuple[int, int, int]]:
    return list(Report.objects.filter(pk__in=report_ids).values_list("pk", "case_id", "first_case_id"))


def _changed() -> Conflict:
    return Conflict(_("这件事刚刚换了地方办理，请再试一次"), code="changed_meanwhile")
