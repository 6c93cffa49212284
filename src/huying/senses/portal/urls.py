"""Addresses of the portal, at the root."""

from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import portal, portal_matter, portal_report

_read_or_send = require_http_methods(["GET", "HEAD", "POST"])

portal_urlpatterns = [
    path("", require_safe(portal.home), name="home"),
    path("report", never_cache(_read_or_send(portal_report.report)), name="report"),
    path("report/photo/<str:token>", require_safe(portal_report.report_photo), name="report-photo"),
    path("m/<str:code>", require_safe(portal_matter.matter), name="matter"),
    path("m/<str:code>/sent", never_cache(require_safe(portal_matter.sent)), name="matter-sent"),
    path("m/<str:code>/code.png", require_safe(portal_matter.code_picture), name="matter-code"),
    path("m/<str:code>/photo/<int:photo>", require_safe(portal_matter.matter_photo), name="matter-photo"),
    path(
        "m/<str:code>/photo/<int:photo>/small",
        require_safe(portal_matter.matter_photo),
        {"small": True},
        name="matter-photo-small",
    ),
    path("m/<str:code>/rate", require_POST(portal_matter.rate), name="matter-rate"),
    path("m/<str:code>/not-solved", require_POST(portal_matter.not_solved), name="matter-not-solved"),
    path("m/<str:code>/remind", require_POST(portal_matter.remind), name="matter-remind"),
    path("mine", never_cache(require_safe(portal.mine)), name="mine"),
    path("mine/forget", require_POST(portal.forget), name="mine-forget"),
    path("track", never_cache(_read_or_send(portal.track)), name="track"),
    path("around", require_safe(portal.around), name="around"),
    path("around/points", require_safe(portal.around_points), name="around-points"),
    path("around/<int:case_id>", never_cache(_read_or_send(portal.around_one)), name="around-one"),
    path("call", require_safe(portal.call), name="call"),
    path("privacy", require_safe(portal.privacy), name="privacy"),
]
