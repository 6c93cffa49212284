from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from huying.ground.territory import desk, desk_changes, desk_shapes, maps

_read_or_send = require_http_methods(["GET", "POST"])

portal_urlpatterns = [
    path("areas/geojson", require_GET(maps.areas), name="areas-geojson"),
    path("areas/base", require_GET(maps.base), name="areas-base"),
]
desk_urlpatterns = [
    path("areas", require_GET(desk.overview), name="territory"),
    path("areas/check", require_GET(desk.check), name="territory-check"),
    path("areas/import", _read_or_send(desk_changes.import_file), name="territory-import"),
    path("areas/<str:code>", require_GET(desk.area), name="territory-area"),
    path("areas/<str:code>/rename", _read_or_send(desk_changes.rename), name="territory-rename"),
    path("areas/<str:code>/draw", _read_or_send(desk_changes.draw), name="territory-draw"),
    path("areas/<str:code>/split", _read_or_send(desk_shapes.split), name="territory-split"),
    path("areas/<str:code>/split/plan", require_POST(desk_shapes.split_plan), name="territory-split-plan"),
    path("areas/<str:code>/reshape", _read_or_send(desk_shapes.reshape), name="territory-reshape"),
    path("areas/<str:code>/reshape/plan", require_POST(desk_shapes.reshape_plan), name="territory-reshape-plan"),
    path("areas/<str:code>/merge", _read_or_send(desk_changes.merge), name="territory-merge"),
    path("areas/<str:code>/retire", _read_or_send(desk_changes.retire), name="territory-retire"),
]
