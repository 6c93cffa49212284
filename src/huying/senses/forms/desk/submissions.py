"""Staff pages of submissions: the list, one of them, and the list as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from huying.casework.cases.desk.guard import actor_of, staff
from huying.ground.organisation.rules import is_area
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, HuyingError, Invalid, NotFound
from huying.kernel.privacy import mask_text, reveal
from huying.kernel.spreadsheets import harmless

from .. import access, queries
from ..describing import answers_in_words, columns, shown, spoken
from ..evaluating import find
from ..models import Form, Submission
from ..private import together
from ..vocabulary import SEVERITIES
from ..workbook import write_workbook

MOST_ROWS: Final = 5000
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@staff
@require_GET
def submission_list(request: HttpRequest) -> HttpResponse:
    """Submissions of the areas one works in or watches, the newest first."""
    actor = actor_of(request)
    access.must_read_forms(actor)
    asked = request.GET
    days = (_day(asked.get("from", "")), _day(asked.get("to", "")))
    area = asked.get("area", "") if is_area(asked.get("area", "")) else ""
    narrowing = queries.Narrowing(
        form=asked.get("form", "")[:40],
        failing=asked.get("failing") == "1",
        amended=asked.get("amended") == "1",
        by=asked.get("by", "").strip()[:40],
        area=area,
        since=_begins(days[0]) if days[0] else None,
        until=_begins(days[1] + timedelta(days=1)) if days[1] else None,
    )
    page = queries.submissions(actor, narrowing, cursor=asked.get("cursor"))
    titles, areas = queries.titles(page.rows), territory.labels_here({row.area for row in page.rows if row.area})
    found = {
        "page": page,
        "rows": [
            {
                "one": row,
                "title": titles[row.version_id],
                "area": areas.get(row.area, row.area),
                "failing": len(row.findings),
            }
            for row in page.rows
        ],
        "forms": sorted(queries.form_titles().items(), key=lambda pair: pair[1]),
        "areas": sorted(
            territory.labels_here({duty.area for duty in actor.duties if duty.area} | {area} - {""}).items()
        ),
        "asked": narrowing,
        "days": days,
    }
    return render(request, "forms/submissions.html", found)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _begins(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@staff
@require_http_methods(["GET", "POST"])
def submission_page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One submission; personal answers are opened with a reason, and the look is written down."""
    actor, now = actor_of(request), clock.now()
    submission = access.get_submission(actor, uid)
    answers, error = submission.answers, None
    if request.method == "POST":
        try:
            answers = _opened(submission, request.POST.get("why", ""), actor, now)
        except HuyingError as refused:
            error = refused
    found = _shown(submission, answers) | {"error": error, "opened": request.method == "POST" and error is None}
    return render(request, "forms/submission.html", found, status=error.status if error else 200)


def _opened(submission: Submission, why: str, actor: Actor, now: Any) -> dict[str, Any]:
    if not actor.is_staff:
        raise Forbidden()
    secret = queries.sealed_answers(submission)
    if not secret:
        return {**submission.answers}
    names = sorted({path.rsplit("/", 1)[-1] for path in secret})
    reveal(actor=actor, now=now, subject=f"submission:{submission.uid}", why=why, fields=names)
    return together(submission.answers, secret)


def _shown(submission: Submission, answers: dict[str, Any]) -> dict[str, Any]:
    definition = submission.version.definition
    files = {str(one.upload): one.file for one in submission.files.select_related("file")}
    rows: list[dict[str, Any]] = [
        {"answer": one, "file": files.get(one.upload), "shown": one.shown}
        for one in answers_in_words(definition, answers)
    ]
    by_id = {file.pk: file for file in files.values()}
    title = spoken(definition["title"])
    return {
        "submission": submission,
        "title": title,
        "rows": rows,
        "has_private": any(row["answer"].hidden for row in rows),
        "area": territory.label_here(submission.area) if submission.area else "",
        "findings": [_finding(one, by_id) for one in submission.findings],
        "versions": [_version(one) for one in queries.versions_of(submission)],
        "crumbs": [(reverse("forms-submissions"), _("填报记录")), ("", title)],
    }


def _version(one: queries.Version) -> dict[str, Any]:
    changed = [(each.label, mask_text(each.before), mask_text(each.after), each.hidden) for each in one.changed]
    return {"one": one, "reason": mask_text(one.reason), "changed": changed}


def _finding(finding: dict[str, Any], files: dict[int, Any]) -> dict[str, Any]:
    def photos(name: str) -> list[dict[str, str]]:
        known = [files[one] for one in finding[name] if one in files]
        return [
            {"url": one.url, "thumb": one.thumbnail_url or one.url, "alt": spoken(finding["label"])} for one in known
        ]

    return {
        "label": spoken(finding["label"]), "answer": spoken(finding["answer"]), "item": finding["item"],
        "severity": str(SEVERITIES[finding["severity"]]), "days": finding["days"], "solved": finding["solved"],
        "note": mask_text(finding["note"]), "photos": photos("photos"), "after": photos("after_photos"),
    }  # fmt: skip


@staff
@require_GET
def export(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """Submissions of one form as ``csv`` or ``xlsx``: personal answers left out, numbers masked, marked with who took it."""
    if kind not in ("csv", "xlsx"):
        raise NotFound()
    actor, now = actor_of(request), clock.now()
    form = access.get_form(actor, code)
    if form.current is None:
        raise NotFound(code="form_not_found")
    rows = queries.listed(actor, queries.Narrowing(form=code)).order_by("-id")
    if rows.values_list("id")[MOST_ROWS : MOST_ROWS + 1].exists():
        raise Invalid(_("一次最多导出 %(n)s 份") % {"n": f"{MOST_ROWS:,}"}, hint=_("请用接口分页读取。"))
    moment = timezone.localtime(now)
    mark = _("由 %(who)s 于 %(at)s 导出。含内部信息，请妥善保管，不得外传。") % {
        "who": actor.name, "at": f"{moment:%Y-%m-%d %H:%M}",
    }  # fmt: skip
    reveal(actor=actor, now=now, subject=f"submissions:{code}", why=_("导出填报"), fields=["list"])
    lines = [[harmless(mark)], *_lines(form, rows)]
    name = f"{code}-{moment:%Y%m%d-%H%M}.{kind}"
    content, media = (
        (_csv(lines), "text/csv; charset=utf-8") if kind == "csv" else (write_workbook({code[:30]: lines}), _XLSX)
    )
    answer = HttpResponse(content, content_type=media)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(form: Form, rows: Any) -> Iterator[list[str]]:
    """A header of the current version's questions, then each submission; personal questions are not among them."""
    assert form.current is not None
    asked = [(path, item) for path, item in columns(form.current.definition) if not item.get("private")]
    yield [
        _("填报人"),
        _("完成时间"),
        _("区域"),
        _("不合格"),
        *(spoken(item.get("label")) or path for path, item in asked),
    ]
    for row in rows.iterator(500):
        cells = []
        for path, item in asked:
            value = find(row.answers, path)
            cells.append("" if value is None else mask_text(shown(item, value)))
        ended = f"{timezone.localtime(row.ended_at):%Y-%m-%d %H:%M}"
        yield [harmless(one) for one in (row.by_name, ended, row.area, str(len(row.findings)), *cells)]


def _csv(lines: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return ("\ufeff" + out.getvalue()).encode()
