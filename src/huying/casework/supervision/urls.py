"""Addresses of the supervision pages."""

from django.urls import path

from . import desk, desk_rates

desk_urlpatterns = [
    path("supervision", desk.board, name="supervision-board"),
    path("supervision/matters", desk.matters, name="supervision-matters"),
    path("supervision/rates", desk_rates.table, name="supervision-rates"),
    path("supervision/rates/<slug:what>", desk_rates.behind, name="supervision-rates-behind"),
    path("supervision/orders", desk.orders, name="supervision-orders"),
    path("supervision/orders/<int:order_id>", desk.order, name="supervision-order"),
    path("supervision/orders/<int:order_id>/act", desk.act, name="supervision-order-act"),
    path("supervision/cases/<int:case_id>/order", desk.raise_for_case, name="supervision-raise"),
    path("supervision/cases/<int:case_id>/remind", desk.remind_case, name="supervision-remind"),
]
