"""Addresses of the portal, at the root."""

from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import portal, portal_matter, portal_report

_read_or_send = require_http_methods(["GET", "HEAD", "POST"])

portal_urlpatterns = [
    path("", require_GET(portal.home), name="home"),
    path("report", never_cache(_read_or_send(portal_report.report)), name="report"),
    path("report/photo/<str:token>", require_GET(portal_report.report_photo), name="report-photo"),
    path("m/<str:code>", require_GET(portal_matter.matter), name="matter"),
    path("m/<str:code>/sent", never_cache(require_GET(portal_matter.sent)), name="matter-sent"),
    path("m/<str:code>/code.png", require_GET(portal_matter.code_picture), name="matter-code"),
    path("m/<str:code>/photo/<int:photo>", require_GET(portal_matter.matter_photo), name="matter-photo"),
    path(
        "m/<str:code>/photo/<int:photo>/small",
        require_GET(portal_matter.matter_photo),
        {"small": True},
        name="matter-photo-small",
    ),
    path("m/<str:code>/rate", require_POST(portal_matter.rate), name="matter-rate"),
    path("m/<str:code>/not-solved", require_POST(portal_matter.not_solved), name="matter-not-solved"),
    path("m/<str:code>/remind", require_POST(portal_matter.remind), name="matter-remind"),
    path("mine", never_cache(require_GET(portal.mine)), name="mine"),
    path("mine/forget", require_POST(portal.forget), name="mine-forget"),
    path("track", never_cache(_read_or_send(portal.track)), name="track"),
    path("around", require_GET(portal.around), name="around"),
    path("around/points", require_GET(portal.around_points), name="around-points"),
    path("around/<int:case_id>", never_cache(_read_or_send(portal.around_one)), name="around-one"),
    path("call", require_GET(portal.call), name="call"),
    path("privacy", require_GET(portal.privacy), name="privacy"),
]
