"""Staff pages: the catalogue, one item, and the draft with its comparison and publication."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huying.casework.catalogue import access, queries, wording
from huying.casework.catalogue.finding import index_of
from huying.casework.catalogue.forms import GROUPS
from huying.casework.catalogue.models import CatalogueVersion
from huying.casework.catalogue.phrases import shipped
from huying.casework.catalogue.rows import plain_of_view
from huying.casework.catalogue.rules import LEVELS
from huying.casework.catalogue.snapshot import Catalogue, ItemView
from huying.ground.organisation.access import ANONYMOUS
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound

MOST_FOUND = 400
_WHAT = {
    "added": gettext_lazy("新增"),
    "changed": gettext_lazy("已修改"),
    "retired": gettext_lazy("已停用"),
    "restored": gettext_lazy("已恢复使用"),
}
_KIND = {"added": "brand", "changed": "outline", "retired": "warn", "restored": "brand"}
_OF_NEW = ("level", "lead_trade", "respond", "close", "conditions")
View = Callable[..., HttpResponse]


def staff_page(*, editing: bool = False) -> Callable[[View], View]:
    """Signed out → sign in; strangers → 404; with ``editing`` only catalogue editors."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor: Actor = request.actor  # type: ignore[attr-defined]
            if actor.ref == ANONYMOUS.ref:
                return redirect_to_login(request.get_full_path())
            access.require_desk(actor)
            if editing:
                access.require_editor(actor)
            return view(request, *args, **kwargs)

        return guarded

    return wrap


@staff_page()
def item_list(request: HttpRequest) -> HttpResponse:
    """All items of the catalogue in force, searched and filtered."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    catalogue = queries.today()
    words, group, level = (request.GET.get(name, "").strip() for name in ("q", "class", "level"))
    found = _found(catalogue, words, group, level)
    context = {
        "version": catalogue,
        "rows": [_row(item) for item in found],
        "words": words,
        "group": group,
        "level": level,
        "classes": [(one.code, f"{one.code} {one.label}") for one in catalogue.classes],
        "levels": [(code, f"{code} {words}") for code, words in LEVELS.items()],
        "may_edit": access.may_edit(actor),
        "draft": queries.draft(),
    }
    return render(request, "catalogue/items.html", context)


def _found(catalogue: Catalogue, words: str, group: str, level: str) -> list[ItemView]:
    def keep(item: ItemView) -> bool:
        return group in ("", item.class_code) and level in ("", item.level)

    if words:
        return index_of(catalogue).search(words, MOST_FOUND, keep)
    return [item for item in catalogue.items if keep(item)]


def _row(item: ItemView) -> dict[str, Any]:
    values = plain_of_view(item)
    return {
        "item": item,
        "level": f"{item.level} {LEVELS[item.level]}",
        "lead": wording.describe("lead_trade", item.lead_trade),
        "respond": wording.describe("respond", values["respond"]),
        "close": wording.describe("close", values["close"]),
        "conditions": item.conditions,
        "conditions_said": wording.describe("conditions", item.conditions),
    }


@staff_page()
def item_page(request: HttpRequest, code: str) -> HttpResponse:
    """One item with every field in plain words and its history over the versions."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    catalogue = queries.today()
    editions = queries.history(code)
    item = catalogue.get(code)
    if item is None and not editions:
        raise NotFound(_("目录里没有这个事项"))
    values = plain_of_view(item) if item else editions[0].change.after
    name = item.label if item else editions[0].change.name
    context = {
        "item": item,
        "code": code,
        "name": name,
        "values": values,
        "groups": [(title, wording.shown(values, names)) for title, names in GROUPS[1:-1]],
        "phrases": list(dict.fromkeys([*values["phrases"], *shipped().get(code, ())])),
        "history": [(one.version, told(one.change)) for one in editions],
        "draft": queries.draft(),
        "may_edit": access.may_edit(actor),
        "crumbs": [(reverse("catalogue-items"), _("事项目录")), ("", f"{code} {name}")],
    }
    return render(request, "catalogue/item.html", context)


def told(change: queries.Change) -> dict[str, Any]:
    if change.what == "added":
        fields = wording.shown(change.after, _OF_NEW)
    else:
        fields = wording.compared(change.before, change.after, [one for one in change.fields if one != "retired"])
    return {
        "code": change.code,
        "name": change.name,
        "what": change.what,
        "said": _WHAT[change.what],
        "kind": _KIND[change.what],
        "fields": fields,
    }


@staff_page()
def version_list(request: HttpRequest) -> HttpResponse:
    """All versions, newest first."""
    now = queries.today()
    context = {
        "versions": queries.versions(),
        "in_force": now.version_number,
        "crumbs": [(reverse("catalogue-items"), _("事项目录")), ("", _("历次版本"))],
    }
    return render(request, "catalogue/versions.html", context)


@staff_page()
def version_page(request: HttpRequest, number: int) -> HttpResponse:
    """What a version changed against the one before it."""
    version = access.version_for(request.actor, number)  # type: ignore[attr-defined]
    if version.state == CatalogueVersion.State.DRAFT:
        return redirect("catalogue-draft")
    before = queries.version_before(version)
    changes = queries.compare(version, before) if before else []
    context = {
        "version": version,
        "before": before,
        "changes": [told(one) for one in changes],
        "total": version.items.filter(retired=False).count(),
        "crumbs": [
            (reverse("catalogue-items"), _("事项目录")),
            (reverse("catalogue-versions"), _("历次版本")),
            ("", _("第 %(n)s 版") % {"n": number}),
        ],
    }
    return render(request, "catalogue/version.html", context)
