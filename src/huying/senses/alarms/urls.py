"""Addresses of alarms: staff pages under /desk/alarms/, the family's page in the portal."""

from __future__ import annotations

from django.urls import path

from . import portal
from .desk import alarm, board, exports, judging, ladders, trying, writing

portal_urlpatterns = [
    path("my-devices", portal.my_devices, name="my-devices"),
]
desk_urlpatterns = [
    path("alarms/", board.board, name="alarms-board"),
    path("alarms/rows", board.rows, name="alarms-rows"),
    path("alarms/rules/", writing.rules, name="alarms-rules"),
    path("alarms/rules/new", writing.new, name="alarms-rule-new"),
    path("alarms/rules/trying/<str:key>", trying.trying, name="alarms-trying"),
    path("alarms/rules/<slug:kind>/<slug:code>/", writing.rule, name="alarms-rule"),
    path("alarms/ladders/", ladders.ladders_page, name="alarms-ladders"),
    path("alarms/ladders/new", ladders.new_ladder, name="alarms-ladder-new"),
    path("alarms/ladders/<slug:area>/<slug:kind>/<int:severity>/", ladders.ladder_page, name="alarms-ladder"),
    path("alarms/export.<slug:kind>", exports.export, name="alarms-export"),
    path("alarms/rates/", judging.rates, name="alarms-rates"),
    path("alarms/drills/", judging.drills, name="alarms-drills"),
    path("alarms/drills/<slug:code>", judging.drill, name="alarms-drill"),
    path("alarms/<uuid:uid>/", alarm.alarm, name="alarms-alarm"),
    path("alarms/<uuid:uid>/acknowledge", board.acknowledge, name="alarms-acknowledge"),
    path("alarms/<uuid:uid>/close", alarm.close, name="alarms-close"),
    path("alarms/<uuid:uid>/call", alarm.call, name="alarms-call"),
    path("alarms/<uuid:uid>/serious", alarm.take_seriously, name="alarms-serious"),
]
