"""Addresses of field work: the phone app at /field, its desk pages, the public page of premises."""

from django.urls import path

from . import app, public
from .desk import amending, board, checks, disputes, evidence, people, plans, policies, rounds

urlpatterns = [
    path("field", app.page, name="field-app"),
    path("field/worker.js", app.worker, name="field-app-worker"),
    path("field/manifest.webmanifest", app.manifest, name="field-app-manifest"),
]
portal_urlpatterns = [
    path("p/<slug:code>", public.place, name="field-place"),
]
desk_urlpatterns = [
    path("field/", board.board, name="field-board"),
    path("field/coverage.geojson", board.coverage, name="field-coverage"),
    path("field/tasks/", board.tasks, name="field-tasks"),
    path("field/tasks/<uuid:uid>/", evidence.task, name="field-task"),
    path("field/tasks/<uuid:uid>/places", evidence.task_places, name="field-task-places"),
    path("field/mine/", evidence.own, name="field-own"),
    path("field/findings/", board.findings, name="field-findings"),
    path("forms/submissions/<uuid:uid>/amend", amending.amend, name="field-amend"),
    path("field/disputes/<int:pk>", disputes.decide, name="field-dispute"),
    path("field/plans/", plans.plans, name="field-plans"),
    path("field/plans/new", plans.plan, name="field-plan-new"),
    path("field/plans/<slug:code>", plans.plan, name="field-plan"),
    path("field/rounds/", rounds.rounds, name="field-rounds"),
    path("field/rounds/new", rounds.one_round, name="field-round-new"),
    path("field/rounds/<slug:code>", rounds.one_round, name="field-round"),
    path("field/rounds/<slug:code>/points", rounds.points, name="field-round-points"),
    path("field/rounds/<slug:code>/sheet", rounds.sheet, name="field-round-sheet"),
    path("field/people/", people.on_duty, name="field-people"),
    path("field/people/places", people.places, name="field-people-places"),
    path("field/people/<int:person_id>/", people.person_day, name="field-person-day"),
    path("field/policies/", policies.policies, name="field-policies"),
    path("field/checks/", checks.checks, name="field-checks"),
    path("field/checks/<int:pk>/", evidence.check_in, name="field-check-in"),
    path("field/checks/<int:pk>/places", evidence.check_in_places, name="field-check-in-places"),
    path("field/checks/<int:pk>/judge", checks.judge, name="field-check-judge"),
    path("field/spots/<int:pk>/record", checks.record, name="field-spot-record"),
]
