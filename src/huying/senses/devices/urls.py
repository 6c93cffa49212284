"""Addresses of devices: staff pages under /desk/devices/."""

from __future__ import annotations

from django.urls import path

from .desk import device, editing, listing, mapping, steps

desk_urlpatterns = [
    path("devices/", listing.devices, name="devices-list"),
    path("devices/export.xlsx", listing.export, name="devices-export"),
    path("devices/map/", mapping.device_map, name="devices-map"),
    path("devices/map/points.geojson", mapping.points, name="devices-map-points"),
    path("devices/new", editing.new, name="devices-new"),
    path("devices/import", editing.many, name="devices-import"),
    path("devices/import.csv", editing.sheet, name="devices-import-sheet"),
    path("devices/<slug:code>/", device.device, name="devices-device"),
    path("devices/<slug:code>/open", device.open_device, name="devices-open"),
    path("devices/<slug:code>/edit", editing.edit, name="devices-edit"),
    path("devices/<slug:code>/credential", steps.credential, name="devices-credential"),
    path("devices/<slug:code>/state", steps.change_state, name="devices-state"),
    path("devices/<slug:code>/command", steps.ask, name="devices-command"),
    path("devices/<slug:code>/command/<int:pk>", steps.decide, name="devices-command-decide"),
    path("devices/<slug:code>/point.geojson", mapping.point, name="devices-point"),
]
