"""Staff pages of forms: the list by post, import, versions with what they changed, preview."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.kernel.errors import HuyingError, Invalid
from huying.shell.assets import asset_url

from .. import access, actions, queries
from ..describing import compare, count_checks, outline, spoken
from ..exporting import export_workbook
from ..models import FormVersion
from ..renderer_words import renderer_words
from ..vocabulary import KINDS, POSTS, SEVERITIES, SUBJECTS
from ..workbook import MOST_BYTES

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WHAT = {"added": "brand", "changed": "outline", "removed": "warn"}


@staff
@require_GET
def form_list(request: HttpRequest) -> HttpResponse:
    """All forms, by the eight posts."""
    actor = actor_of(request)
    rows: list[dict[str, Any]] = [
        {"form": one, "kind": str(KINDS[one.kind]), "subject": str(SUBJECTS[one.subject])}
        for one in queries.forms(actor)
    ]
    posts = [(str(POSTS[post]), list(inside)) for post, inside in groupby(rows, lambda row: row["form"].post)]
    return render(request, "forms/list.html", {"posts": posts, "may_edit": access.may_edit(actor)})


@staff
@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Bring in an XLSForm; a file that is refused shows every problem by sheet and row."""
    actor = actor_of(request)
    access.must_edit(actor)
    crumbs = [(reverse("forms-list"), _("检查与采集表单")), ("", _("导入"))]
    if request.method == "GET":
        return render(request, "forms/import.html", {"crumbs": crumbs})
    try:
        file = request.FILES.get("file")
        if file is None:
            raise Invalid(_("请选择一个 .xlsx 文件"), field="file")
        content = file.read(MOST_BYTES + 1)
        version = actions.import_form(content, actor=actor, now=clock.now(), name=str(file.name or ""))
    except HuyingError as error:
        found = {"crumbs": crumbs, "error": error, "problems": getattr(error, "problems", ())}
        return render(request, "forms/import.html", found, status=error.status)
    messages.success(request, _("已导入，看过以后再发布"))
    return redirect("forms-version", version.form.code, version.number)


@staff
@require_GET
def form_page(request: HttpRequest, code: str) -> HttpResponse:
    """One form and its versions."""
    actor = actor_of(request)
    form = access.get_form(actor, code)
    may_edit = access.may_edit(actor)
    rows = [one for one in queries.versions(form) if may_edit or one.published_at]
    shown = form.current or rows[0]
    return render(
        request,
        "forms/form.html",
        {
            "form": form,
            "title": spoken(shown.definition["title"]),
            "versions": rows,
            "words": _about(shown),
            "may_edit": may_edit,
            "crumbs": [(reverse("forms-list"), _("检查与采集表单")), ("", spoken(shown.definition["title"]))],
        },
    )


@staff
@require_GET
def version_page(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One version: its questions, and what it changed against the one before."""
    actor = actor_of(request)
    version = access.get_version(actor, code, number)
    before = queries.version_before(version)
    changes = compare(before.definition, version.definition) if before else []
    return render(
        request,
        "forms/version.html",
        {
            "version": version,
            "form": version.form,
            "title": spoken(version.definition["title"]),
            "words": _about(version),
            "before": before,
            "changes": [(one, _WHAT[one.what]) for one in changes],
            "questions": _outline(version),
            "may_edit": access.may_edit(actor),
            "current": version.form.current_id == version.pk and version.form.retired_at is None,
            "crumbs": _crumbs(version),
        },
    )


@staff
@require_GET
def preview(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Fill the form in as a phone would; nothing is sent. Without script, the questions are there to read."""
    version = access.get_version(actor_of(request), code, number)
    found = {
        "version": version, "title": spoken(version.definition["title"]), "questions": _outline(version),
        "words": json.dumps(renderer_words(), ensure_ascii=False),
        "script": _script(), "crumbs": [*_crumbs(version)[:-1], ("", _("试填"))],
    }  # fmt: skip
    return render(request, "forms/preview.html", found)


@staff
@require_GET
def definition(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The definition as the phone gets it."""
    return JsonResponse(access.get_version(actor_of(request), code, number).definition)


@staff
@require_GET
def download(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """The XLSForm: the file as it came, or written anew from what we read (``?as=written``)."""
    version = access.get_version(actor_of(request), code, number)
    written = request.GET.get("as") == "written"
    content = export_workbook(version.definition) if written else bytes(version.source)
    answer = HttpResponse(content, content_type=_XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{version.form.code}-{version.version}.xlsx"'
    return answer


@staff
@require_POST
def publish(request: HttpRequest, code: str, number: int) -> HttpResponse:
    actions.publish_version(code, number, actor=actor_of(request), now=clock.now())
    messages.success(request, _("已发布，手机同步后就用这一版"))
    return redirect("forms-form", code)


@staff
@require_POST
def retire(request: HttpRequest, code: str) -> HttpResponse:
    actions.retire_form(code, reason=request.POST.get("reason", ""), actor=actor_of(request), now=clock.now())
    messages.success(request, _("已停用"))
    return redirect("forms-form", code)


def _script() -> str:
    """The address of the program that shows a form; "" where it has not been built."""
    try:
        return asset_url("forms/preview.ts")
    except KeyError:
        return ""


def _crumbs(version: FormVersion) -> list[tuple[str, str]]:
    return [
        (reverse("forms-list"), _("检查与采集表单")),
        (reverse("forms-form", args=[version.form.code]), spoken(version.definition["title"])),
        ("", _("第 %(n)s 版") % {"n": version.version}),
    ]


def _about(version: FormVersion) -> dict[str, Any]:
    what = version.definition
    return {
        "post": str(POSTS[what["post"]]), "kind": str(KINDS[what["kind"]]), "subject": str(SUBJECTS[what["subject"]]),
        "checks": count_checks(what),
    }  # fmt: skip


def _outline(version: FormVersion) -> list[dict[str, Any]]:
    found = []
    for one in outline(version.definition):
        severity = str(SEVERITIES[one.finding["severity"]]) if one.finding else ""
        found.append({"question": one, "severity": severity, "finding": one.finding})
    return found
