"""Addresses of the registry: staff pages under /desk/registry/, a resident's own page in the portal."""

from __future__ import annotations

from django.urls import path, register_converter
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import desk, portal
from .fields import KINDS


class Kind:
    """The name of a kind in an address."""

    regex = "|".join(KINDS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Kind, "registry_kind")

desk_urlpatterns = [
    path("registry/", desk.home, name="registry-home"),
    path("registry/pick", desk.pick, name="registry-pick"),
    path("registry/export", desk.export, name="registry-export"),
    path("registry/imports/", desk.imports, name="registry-imports"),
    path("registry/imports/template/<registry_kind:kind>.xlsx", desk.template, name="registry-template"),
    path("registry/imports/<uuid:uid>/", desk.upload, name="registry-upload"),
    path("registry/imports/<uuid:uid>/progress", desk.upload_progress, name="registry-upload-progress"),
    path("registry/imports/<uuid:uid>/rejects.<str:kind>", desk.rejects, name="registry-upload-rejects"),
    path("registry/knowledge/", desk.known, name="registry-knowledge"),
    path("registry/knowledge/export.<str:kind>", desk.known_sheet, name="registry-knowledge-export"),
    path("registry/knowledge/<str:area>/", desk.area_known, name="registry-knowledge-area"),
    path("registry/log/", desk.log, name="registry-log"),
    path("registry/proposals/", desk.proposals, name="registry-proposals"),
    path("registry/proposals/<int:number>/", desk.proposal, name="registry-proposal"),
    path("registry/duplicates/", desk.duplicates, name="registry-duplicates"),
    path("registry/requests/", desk.rights_requests, name="registry-requests"),
    path("registry/requests/<int:number>/", desk.rights_request, name="registry-request"),
    path("registry/new/<registry_kind:kind>/", desk.new, name="registry-new"),
    path("registry/premises/<uuid:uid>/code", desk.code_page, name="registry-code"),
    path("registry/premises/<uuid:uid>/code.png", desk.code_picture, name="registry-code-picture"),
    path("registry/person/<uuid:uid>/emergency", desk.open_in_emergency, name="registry-emergency"),
    path("registry/<registry_kind:kind>/<uuid:uid>/", desk.record_page, name="registry-record"),
    path("registry/<registry_kind:kind>/<uuid:uid>/edit", desk.edit, name="registry-edit"),
    path("registry/<registry_kind:kind>/<uuid:uid>/open", desk.open_record, name="registry-open"),
    path("registry/<registry_kind:kind>/<uuid:uid>/do", desk.step, name="registry-step"),
    path("registry/<registry_kind:kind>/<uuid:uid>/split", desk.split, name="registry-split"),
    path("registry/<registry_kind:kind>/<uuid:one>/merge/<uuid:other>/", desk.merge, name="registry-merge"),
]

_read_or_send = require_http_methods(["GET", "HEAD", "POST"])
portal_urlpatterns = [
    path("my-information", never_cache(_read_or_send(portal.mine)), name="my-information"),
    path("my-information/who-looked", never_cache(require_safe(portal.who_looked)), name="my-information-looks"),
    path("my-information/open", never_cache(require_POST(portal.open_mine)), name="my-information-open"),
    path("my-information/ask", never_cache(_read_or_send(portal.ask)), name="my-information-ask"),
    path(
        "my-information/consents/<int:number>/withdraw", require_POST(portal.withdraw), name="my-information-withdraw"
    ),
]
