"""One report held for a step: its cases first, the lowest id before the others, as every step of a case does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from huying.casework.cases.models import Case
from huying.kernel.errors import Conflict, NotFound

from ..models import Report


def hold_report(report_id: int) -> Report:
    """The report and its cases, locked until the transaction ends. Conflict when it moved to another case meanwhile."""
    ids = Report.objects.filter(pk=report_id).values_list("case_id", "first_case_id").first()
    if ids is None:
        raise NotFound(code="report_not_found")
    list(Case.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").values("pk"))
    report = Report.objects.select_for_update(of=("self",)).select_related("case").get(pk=report_id)
    if report.case_id != ids[0]:
        raise Conflict(_("这件事刚刚换了地方办理，请再试一次"), code="changed_meanwhile")
    return report
