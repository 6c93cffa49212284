"""Addresses of the staff pages of cases; the inbox is the desk's home."""

from django.urls import path

from .desk import case, exports, files, inbox, map, pickers

desk_urlpatterns = [
    path("", inbox.inbox, name="cases-inbox"),
    path("cases/news", inbox.news, name="cases-news"),
    path("cases/many", inbox.many, name="cases-many"),
    path("cases/export.<str:kind>", exports.export, name="cases-export"),
    path("cases/pick/units", pickers.units, name="cases-pick-units"),
    path("cases/pick/areas", pickers.areas, name="cases-pick-areas"),
    path("cases/<int:case_id>/", case.page, name="cases-case"),
    path("cases/<int:case_id>/do/<slug:do>", case.act, name="cases-act"),
    path("cases/<int:case_id>/files", files.files, name="cases-files"),
    path("cases/<int:case_id>/print", case.printed, name="cases-print"),
    path("cases/<int:case_id>/trace.json", case.proof, name="cases-proof"),
    path("cases/<int:case_id>/around.geojson", map.around, name="cases-around"),
    path("cases/<str:number>", case.by_number, name="cases-number"),
    path("map/", map.case_map, name="cases-map"),
    path("map/points.geojson", map.points, name="cases-map-points"),
    path("map/areas.geojson", map.areas, name="cases-map-areas"),
]
