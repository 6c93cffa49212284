"""Addresses of the voices' staff pages."""

from django.urls import path

from . import desk, desk_calls

desk_urlpatterns = [
    path("reports/cases/<int:case_id>/", desk.voices, name="reports-voices"),
    path("reports/<int:report_id>/contact", desk.open_contact, name="reports-contact"),
    path("reports/<int:report_id>/split", desk.split, name="reports-split"),
    path("reports/<int:report_id>/erase", desk.erase, name="reports-erase"),
    path("calls/", desk_calls.calls, name="calls"),
    path("calls/<int:case_id>/act", desk_calls.act, name="calls-act"),
]
