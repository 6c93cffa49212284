"""Addresses of the sync on the desk."""

from django.urls import path

from . import desk

desk_urlpatterns = [
    path("field/devices/", desk.devices, name="sync-devices"),
    path("field/devices/<uuid:uid>/revoke", desk.revoke, name="sync-revoke"),
    path("field/operations/", desk.operations, name="sync-operations"),
    path("field/operations/<uuid:operation_id>/", desk.operation, name="sync-operation"),
    path("field/operations/<uuid:operation_id>/mend", desk.mend, name="sync-mend"),
]
