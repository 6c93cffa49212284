"""Addresses of the staff pages of time."""

from django.urls import path

from . import desk

desk_urlpatterns = [
    path("calendar", desk.calendar, name="clocks-calendar"),
    path("calendar/change", desk.change_calendar, name="clocks-calendar-change"),
    path("calendar/thresholds", desk.thresholds, name="clocks-thresholds"),
    path("notices", desk.notices, name="clocks-notices"),
]
