"""Addresses under /accounts/. Of allauth only what staff need: no sign-up, no mail addresses, no reset by mail."""

from __future__ import annotations

from allauth.account import views as allauth_views
from django.urls import include, path

from . import views

portal_urlpatterns = [
    path("accounts/login/", allauth_views.login, name="account_login"),
    path("accounts/logout/", allauth_views.logout, name="account_logout"),
    path("accounts/inactive/", views.inactive, name="account_inactive"),
    path("accounts/reauthenticate/", allauth_views.reauthenticate, name="account_reauthenticate"),
    path("accounts/password/change/", allauth_views.password_change, name="account_change_password"),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/resident/", views.resident_sign_in, name="resident-sign-in"),
    path("accounts/resident/code/", views.resident_code, name="resident-code"),
    path("accounts/me/", views.my_account, name="my-account"),
]
desk_urlpatterns: list[object] = []
