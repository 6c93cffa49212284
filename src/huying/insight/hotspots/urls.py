"""Addresses of the hot issues."""

from django.urls import path

from . import desk

desk_urlpatterns = [
    path("hotspots", desk.board, name="hotspots"),
    path("hotspots/points", desk.points, name="hotspots-points"),
    path("hotspots/<int:issue_id>", desk.issue, name="hotspots-issue"),
    path("hotspots/<int:issue_id>/joint-case", desk.open_joint, name="hotspots-joint-case"),
]
