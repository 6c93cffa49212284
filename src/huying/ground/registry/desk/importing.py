"""Importing on the page: a template, a file, how its columns are read, its progress, what was not taken and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound
from huying.shell import sheets

from .. import access, exchange, looking
from .. import queries_uploads as reads
from ..actions import uploading
from ..fields import KIND_LABELS
from ..models import Upload
from ..reasons import stopped, which, why
from . import filters
from .frame import actor_of, area_labels, entered, page

# In the order a place is filled: what later tables point to comes first.
KINDS: Final = ("premises", "person", "organisation", "household", "residence", "relation", "facility", "care")
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@page(access.IMPORT)
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponseBase:
    """GET: templates, a form, what was handed in. POST takes a file and leads to how it is read."""
    actor = actor_of(request)
    error: HuyingError | None = None
    if request.method == "POST":
        try:
            return redirect("registry-upload", _taken(request, actor).uid)
        except NotFound:
            raise
        except HuyingError as refused:
            error = refused
    found = reads.upload_page(actor, cursor=request.GET.get("cursor"))
    shown = {
        "kinds": [(kind, KIND_LABELS[kind]) for kind in KINDS],
        "page": found,
        "rows": [(one, KIND_LABELS[one.kind], _called(one)) for one in found.rows],
        "uid": uuid4(),
        "error": error,
        "typed": request.POST,
        "alone": len(access.areas(actor, access.IMPORT)) == 1,
        "most_rows": f"{looking.MOST_ROWS:,}",
        "most_bytes": looking.MOST_BYTES // 1024**2,
    }
    return render(request, "registry/imports.html", shown, status=error.status if error else 200)


def _taken(request: HttpRequest, actor: Actor) -> Upload:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid(_("请选择一个文件"), field="file", code="required")
    if (file.size or 0) > looking.MOST_BYTES:
        raise looking.too_large()
    kind = entered(request, "kind")
    if kind not in KINDS:
        raise Invalid(_("请选择表里是什么"), field="kind", code="unknown_kind")
    try:
        uid = UUID(entered(request, "uid"))
    except ValueError:
        uid = uuid4()
    return uploading.take_upload(
        actor=actor, now=clock.now(), uid=uid, kind=kind, area=_area(request, actor), name=file.name or "",
        content=file.read(),
    )  # fmt: skip


def _area(request: HttpRequest, actor: Actor) -> str:
    """Where records that point nowhere go: the area chosen, else the one the actor imports for."""
    typed = entered(request, "area")
    if not typed:
        first, *others = access.areas(actor, access.IMPORT)
        if others:
            raise Invalid(_("您负责几个区域，请写明归到哪一个"), field="area", code="required")
        return first
    errors: dict[str, str] = {}
    code = filters.area_code({"area": typed[:60]}, errors)
    if errors:
        raise Invalid(errors["area"], field="area", code="unknown_area")
    return code


@page(access.IMPORT)
@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponseBase:
    """An empty table of a kind."""
    if kind not in KINDS:
        raise NotFound()
    with looking.written(b"", ".xlsx") as path:
        exchange.write_template(kind, path)
        file = path.open("rb")  # stays readable after the place is gone
    name = f"{KIND_LABELS[kind]}.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=_XLSX)


@page(access.IMPORT)
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """One file. POST begins, goes on, or puts it away."""
    actor, now = actor_of(request), clock.now()
    one = access.get_upload(actor, uid)
    error: HuyingError | None = None
    if request.method == "POST":
        try:
            if entered(request, "do") == "drop":
                uploading.drop_upload(uid, actor=actor, now=now)
                messages.success(request, _("已放弃，表格已删除。"))
                return redirect("registry-imports")
            uploading.begin_upload(uid, actor=actor, now=now, mapping=_mapping(request, one))
            return redirect("registry-upload", uid)
        except NotFound:
            raise
        except HuyingError as refused:
            error = refused
    shown = _shown(one) | {"error": error, "crumbs": [(reverse("registry-imports"), _("导入")), ("", _called(one))]}
    if one.can_begin:
        shown["mapping"], shown["read"] = _read(request, one)
    return render(request, "registry/upload.html", shown, status=error.status if error else 200)


def _read(request: HttpRequest, one: Upload) -> tuple[dict[str, str], reads.Understood]:
    """The columns as they are read with what somebody just chose, or chose before."""
    try:
        mapping = _mapping(request, one)
        return mapping, reads.understood(one, mapping)
    except Invalid:
        return {}, reads.understood(one, {})


@page(access.IMPORT)
@require_GET
def progress(request: HttpRequest, uid: UUID) -> HttpResponse:
    """How far it has come, drawn again while it goes on; when it is over the whole page is."""
    one = access.get_upload(actor_of(request), uid)
    if not one.is_under_way:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "registry/_progress.html", _shown(one))


@page(access.IMPORT)
@require_GET
def rejects(request: HttpRequest, uid: UUID, kind: str) -> HttpResponseBase:
    """The rows that were not taken: row, column, reason, as a file."""
    sheets.must_be_kind(kind)
    actor, now = actor_of(request), clock.now()
    one = access.get_upload(actor, uid)

    def lines() -> Iterator[list[Any]]:
        for row, field, code in reads.rejects(one):
            yield [row, which(one.kind, field), why(code)]

    columns = [(_("行"), 8), (_("哪一项"), 18), (_("为什么"), 48)]
    mark = sheets.mark_of(actor.name, now, _("没有收下的行：%(name)s") % {"name": _called(one)})
    return sheets.as_file(sheets.Sheet("registry-rejects", _("没有收下的行"), mark, columns, lines, now), kind)


def _mapping(request: HttpRequest, one: Upload) -> dict[str, str]:
    """What somebody chose for the columns that were not understood: ``column_3`` names the field of the fourth."""
    if not any(name.startswith("column_") for name in request.POST):
        return dict(one.mapping)
    chosen: dict[str, str] = {}
    for number, title in enumerate(one.titles):
        name = request.POST.get(f"column_{number}", "")
        if name in chosen:
            raise Invalid(
                _("两列认成了同一项：%(one)s、%(other)s") % {"one": chosen[name], "other": title}, field="file"
            )
        if name:
            chosen[name] = title
    return chosen


def _called(one: Upload) -> str:
    """The file's name while it is there, then what it held: names of files may be names of people."""
    return one.name or str(KIND_LABELS[one.kind])


def _shown(one: Upload) -> dict[str, Any]:
    stand = reads.stand(one)
    refused = reads.first_rejects(one) if stand.rejected else []
    return {
        "one": one,
        "called": _called(one),
        "kind": KIND_LABELS[one.kind],
        "stand": stand,
        "state": one.get_state_display(),
        "why_stopped": stopped(one.error),
        "area": area_labels([one.area]).get(one.area, one.area) if one.area else "",
        "refused": [(row, which(one.kind, field), why(code)) for row, field, code in refused],
    }
