"""Addresses of the hot issues."""

from django.urls import path

from .desk import board, joint, weights

desk_urlpatterns = [
    path("hotspots", board.board, name="hotspots"),
    path("hotspots/behind", board.behind, name="hotspots-behind"),
    path("hotspots/points", board.points, name="hotspots-points"),
    path("hotspots/weights", weights.weights, name="hotspots-weights"),
    path("hotspots/<int:issue_id>", board.issue, name="hotspots-issue"),
    path("hotspots/<int:issue_id>/joint-case", joint.open_joint, name="hotspots-joint-case"),
    path("hotspots/<int:issue_id>/joint-case/steps/<int:number>", joint.reach_step, name="hotspots-joint-step"),
    path("hotspots/<int:issue_id>/joint-case/effect", joint.record_effect, name="hotspots-joint-effect"),
]
