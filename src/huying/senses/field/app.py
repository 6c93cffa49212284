"""The phone app: its one page, the service worker that keeps it, and what makes it installable.

The page and all it needs are built files; the service worker gets their list here, so a new build or new words are a new
version to it. What the app does it does through the API.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.template.loader import get_template, render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound
from huying.senses.forms.renderer_words import renderer_words
from huying.senses.sync.rules import FIELD_ROLES
from huying.shell import assets

from .app_words import words

LANGUAGES = {"zh": "zh-hans", "en": "en"}
ENTRIES = ("src/field/main.ts", "src/styles/main.css", "src/styles/field.css", "src/icons.svg", "src/mark.svg")
WORKER = "src/field/worker.ts"

View = Callable[..., HttpResponseBase]


def field_staff(view: View) -> View:
    """Signed out → sign in; whoever has no work in the field finds nothing here."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if not actor.is_staff or not actor.duties_of(*FIELD_ROLES):
            raise NotFound()
        return view(request, *args, **kwargs)

    return guarded


@field_staff
@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The app. It holds nothing about anybody: the same page is kept on every phone."""
    return render(request, "field/app.html", {"page": {**_said(), "version": version()}})


@field_staff
@never_cache
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, led by the list of files to keep. 404 while nothing has been built."""
    kept = {"version": version(), "page": reverse("field-app"), "files": files()}
    script = f"const HUYING_FIELD = {json.dumps(kept)};\n{_built(WORKER)}"
    answer = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    answer.headers["Service-Worker-Allowed"] = reverse("field-app")
    return answer


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """What a phone needs to put the app among its others (W3C Web Application Manifest)."""
    start = reverse("field-app")
    icon = {"src": assets.asset_url("mark.svg"), "sizes": "any", "type": "image/svg+xml"}
    said = {
        "id": start,
        "name": _("呼应网格"),
        "short_name": _("呼应网格"),
        "description": _("网格员的一天：任务、报告、巡查、登记，没有网络也能用"),
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#f8f5ee",
        "theme_color": "#0b5c57",
        "icons": [{**icon, "purpose": "any"}, {**icon, "purpose": "maskable"}],
        "shortcuts": [{"name": _("报告"), "url": f"{start}#/report"}, {"name": _("查找"), "url": f"{start}#/find"}],
    }
    return JsonResponse(said, content_type="application/manifest+json")


def version() -> str:
    """A short mark of everything the app is made of: its files, its words, its page."""
    made = [
        *files(),
        _built(WORKER),
        json.dumps(_said(), sort_keys=True),
        get_template("field/app.html").template.source,
    ]
    return sha256("\n".join(made).encode()).hexdigest()[:12]


def files() -> list[str]:
    """Addresses of every built file the app may need, those it loads later included."""
    found = _closure((assets.BUILT / "manifest.json").stat().st_mtime)
    return [f"{settings.STATIC_URL}built/{file}" for file in found]


def _said() -> dict[str, Any]:
    """What the page brings, in both languages at once, so that switching needs no network."""
    brought: dict[str, dict[str, Any]] = {"words": {}, "shared": {}, "forms": {}}
    for short, code in LANGUAGES.items():
        with override(code):
            brought["words"][short] = words()
            brought["shared"][short] = render_to_string("shell/_words.html")
            brought["forms"][short] = {name: str(text) for name, text in renderer_words().items()}
    start = reverse("field-app")
    return {
        **brought,
        "api": "/api/v1/field",
        "root": start,
        "login": f"{resolve_url(settings.LOGIN_URL)}?next={start}",
    }


def _built(source: str) -> str:
    """The text of a built script."""
    try:
        entry = _manifest((assets.BUILT / "manifest.json").stat().st_mtime)[source]
    except (FileNotFoundError, KeyError):
        raise NotFound() from None
    return (assets.BUILT / entry["file"]).read_text("utf-8")


@lru_cache(maxsize=2)
def _manifest(changed: float) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((assets.BUILT / "manifest.json").read_text("utf-8"))
    return found


@lru_cache(maxsize=2)
def _closure(changed: float) -> tuple[str, ...]:
    """Every file reached from the app's entries, in a steady order."""
    known = _manifest(changed)
    seen: set[str] = set()

    def walk(source: str) -> Iterator[str]:
        if source in seen or source not in known:
            return
        seen.add(source)
        entry = known[source]
        yield from (entry["file"], *entry.get("css", ()), *entry.get("assets", ()))
        for further in (*entry.get("imports", ()), *entry.get("dynamicImports", ())):
            yield from walk(further)

    return tuple(sorted({file for entry in ENTRIES for file in walk(entry)}))
