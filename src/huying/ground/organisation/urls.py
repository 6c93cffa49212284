"""Addresses of the organisation's staff pages, under /desk/."""

from __future__ import annotations

from django.urls import path

from . import desk

desk_urlpatterns = [
    path("organisation/", desk.organisation_tree, name="organisation-tree"),
    path("organisation/units/<str:code>/", desk.unit_page, name="organisation-unit"),
    path("organisation/people/", desk.people_list, name="organisation-people"),
    path("organisation/people/<int:person_id>/", desk.person_page, name="organisation-person"),
    path("organisation/rota/", desk.rota_week, name="organisation-rota"),
    path("organisation/responsibilities/", desk.responsibility_list, name="organisation-responsibilities"),
    path("organisation/admissions/", desk.admission_list, name="organisation-admissions"),
    path("organisation/staffing/", desk.staffing_report, name="organisation-staffing"),
    path("organisation/keys/", desk.key_list, name="organisation-keys"),
]
portal_urlpatterns: list[object] = []
