"""Staff pages for editors: the draft against the catalogue it was made from, its items, its publication."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from huying.casework.catalogue import access, actions, queries
from huying.casework.catalogue.desk import staff_page, told
from huying.casework.catalogue.finding import index_of
from huying.casework.catalogue.forms import ItemForm, initial_of
from huying.casework.catalogue.models import CatalogueVersion
from huying.casework.catalogue.rules import FIELDS
from huying.casework.catalogue.words import Words
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.numbers import whole_number


@staff_page(editing=True)
def draft_page(request: HttpRequest) -> HttpResponse:
    """The draft against the catalogue it was made from; begin, publish or discard it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if request.method == "POST":
        return _draft_deed(request, actor)
    return render(request, "catalogue/draft.html", _draft_words(request))


def _draft_deed(request: HttpRequest, actor: Actor) -> HttpResponse:
    now, deed = clock.now(), request.POST.get("do", "")
    try:
        if deed == "begin":
            actions.draft_from_current(actor=actor, now=now)
            messages.success(request, _("草稿已建好，改动在发布前不影响任何人"))
            return redirect(request.POST["next"] if _safe(request) else "catalogue-draft")
        number = whole_number(request.POST.get("number", ""), 9) or 0
        if deed == "discard":
            actions.discard_draft(actor=actor, now=now, number=number)
            messages.success(request, _("草稿已放弃"))
            return redirect("catalogue-items")
        if deed != "publish":
            raise Invalid(_("页面没有这项操作"))
        version = actions.publish_version(
            actor=actor, now=now, number=number, valid_from=_day(request), note=request.POST.get("note", "")
        )
    except HuyingError as error:
        again = _draft_words(request) | {"error": error, "errors": _errors(error), "typed": request.POST}
        return render(request, "catalogue/draft.html", again, status=error.status)
    said = _("第 %(n)s 版已发布，%(day)s 起生效") % {"n": version.number, "day": version.valid_from}
    messages.success(request, said)
    return redirect("catalogue-version", version.number)


def _safe(request: HttpRequest) -> bool:
    """Only back to pages of our own catalogue."""
    return request.POST.get("next", "").startswith(reverse("catalogue-items"))


def _day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.POST.get("valid_from", ""))
    except ValueError:
        raise Invalid(_("请填写生效日期"), field="valid_from") from None


def _errors(error: HuyingError) -> list[tuple[str, str]]:
    if not isinstance(error, Invalid) or not error.fields:
        return [("", str(error))]
    found = []
    for key, words in error.fields.items():
        code, _dot, name = key.partition(".")
        found.append(("", f"{code} {FIELDS[name]}：{words}") if name in FIELDS else (key, str(words)))
    return found


def _draft_words(request: HttpRequest) -> dict[str, Any]:
    draft = queries.draft()
    changes = queries.compare(draft, draft.base) if draft else []
    counts = {what: sum(one.what == what for one in changes) for what in ("added", "changed", "retired", "restored")}
    words = request.GET.get("q", "").strip()
    return {
        "draft": draft,
        "changes": [told(one) for one in changes],
        "summary": _summary(counts),
        "words": words,
        "found": _draft_search(draft, words) if draft and words else [],
        "today": local_day(clock.now()),
        "crumbs": [(reverse("catalogue-items"), _("事项目录")), ("", _("草稿"))],
    }


def _summary(counts: dict[str, int]) -> str:
    changed = counts["changed"] + counts["restored"]
    parts = (
        (counts["added"], ngettext("新增 %(n)s 项", "新增 %(n)s 项", counts["added"])),
        (changed, ngettext("修改 %(n)s 项", "修改 %(n)s 项", changed)),
        (counts["retired"], ngettext("停用 %(n)s 项", "停用 %(n)s 项", counts["retired"])),
    )
    return _("、").join(words % {"n": number} for number, words in parts if number)


def _draft_search(draft: CatalogueVersion, words: str) -> list[tuple[str, str, bool]]:
    rows = {row.code: row for row in draft.items.all()}
    near = [item.code for item in index_of(queries.today()).search(words, 20)]
    near += [code for code, row in rows.items() if (words in row.name or code.startswith(words)) and code not in near]
    return [
        (code, str(Words(rows[code].name, rows[code].name_en or rows[code].name)), rows[code].retired)
        for code in near
        if code in rows
    ]


@staff_page(editing=True)
def draft_item(request: HttpRequest, code: str) -> HttpResponse:
    """Edit one item of the draft; errors stand beside their fields."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = access.draft_item_for(actor, code)
    form = ItemForm(request.POST) if request.method == "POST" else ItemForm(initial=initial_of(row))
    if request.method == "POST":
        done = _item_deed(request, actor, code, form)
        if done is not None:
            return done
    spoken = str(Words(row.name, row.name_en or row.name))
    context = {
        "row": row,
        "spoken": spoken,
        "form": form,
        "groups": form.groups(),
        "crumbs": [
            (reverse("catalogue-items"), _("事项目录")),
            (reverse("catalogue-draft"), _("草稿")),
            ("", f"{code} {spoken}"),
        ],
    }
    return render(request, "catalogue/edit.html", context, status=422 if form.errors else 200)


def _item_deed(request: HttpRequest, actor: Actor, code: str, form: ItemForm) -> HttpResponse | None:
    now, deed = clock.now(), request.POST.get("do", "save")
    if deed in ("retire", "restore"):
        act = actions.retire_item if deed == "retire" else actions.restore_item
        act(actor=actor, now=now, code=code)
        messages.success(request, _("已在草稿里停用") if deed == "retire" else _("已在草稿里恢复使用"))
        return redirect("catalogue-draft")
    if not form.is_valid():
        return None
    try:
        revision = whole_number(request.POST.get("revision", ""), 9)
        actions.edit_item(actor=actor, now=now, code=code, revision=revision, **form.cleaned_data)
    except Invalid as error:
        form.take_errors(error.fields)
        return None
    except HuyingError as error:
        form.add_error(None, str(error))
        return None
    messages.success(request, _("已保存到草稿"))
    return redirect("catalogue-draft")


@staff_page(editing=True)
def draft_new(request: HttpRequest) -> HttpResponse:
    """Add an item to the draft."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if queries.draft() is None:
        return redirect("catalogue-draft")
    classes = [(one.code, f"{one.code} {one.label}") for one in queries.today().classes]
    start = {"auto_dispatch": True, "public_visible": True, "dup_radius_m": 100, "dup_window_h": 72, "source": "L",
             "max_extensions": 1, "needs_photo_min": 0, "conditions": "C4"}  # fmt: skip
    form = ItemForm(request.POST or None, new=True, classes=classes, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            item = actions.add_item(actor=actor, now=clock.now(), **form.cleaned_data)
            messages.success(request, _("已在草稿里新增“%(name)s”") % {"name": item.name})
            return redirect("catalogue-draft")
        except Invalid as error:
            form.take_errors(error.fields or {"": error.message})
    context = {
        "form": form,
        "groups": form.groups(),
        "crumbs": [
            (reverse("catalogue-items"), _("事项目录")),
            (reverse("catalogue-draft"), _("草稿")),
            ("", _("新增事项")),
        ],
    }
    return render(request, "catalogue/edit.html", context, status=422 if form.errors else 200)
