"""Addresses of the seat."""

from django.urls import path

from . import desk

desk_urlpatterns = [
    path("seat/", desk.seat, name="seat"),
    path("seat/caller", desk.caller, name="seat-caller"),
    path("seat/hear", desk.hear, name="seat-hear"),
    path("seat/taken/<int:report_id>/", desk.taken, name="seat-taken"),
    path("seat/taken/<int:report_id>/note", desk.note, name="seat-note"),
]
