"""Addresses of the dispatch pages."""

from django.urls import path

from .desk import checks, deciding, policies, queue, reading, steps, trying

desk_urlpatterns = [
    path("dispatch/", queue.queue, name="dispatch-queue"),
    path("dispatch/objections/", deciding.objections, name="dispatch-objections"),
    path("dispatch/requests/", deciding.requests, name="dispatch-requests"),
    path("dispatch/transfers/", deciding.transfers, name="dispatch-transfers"),
    path("dispatch/try/", trying.dry, name="dispatch-try"),
    path("dispatch/policies/", policies.policies, name="dispatch-policies"),
    path("dispatch/items", reading.item_options, name="dispatch-items"),
    path("dispatch/cases/<int:case_id>/", queue.focus, name="dispatch-focus"),
    path("dispatch/cases/<int:case_id>/still", queue.still, name="dispatch-still"),
    path("dispatch/cases/<int:case_id>/act", queue.act, name="dispatch-act"),
    path("dispatch/cases/<int:case_id>/decide", deciding.decide, name="dispatch-decide"),
    path("dispatch/cases/<int:case_id>/do/<slug:do>", steps.act, name="dispatch-step"),
    path("checks/", checks.checks, name="checks"),
    path("checks/<int:case_id>/act", checks.act, name="checks-act"),
]
