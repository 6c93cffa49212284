"""Addresses of the shell. config includes ``urlpatterns`` at the root and names the error handlers."""

from django.urls import path
from django.views.i18n import set_language

from huying.shell import views
from huying.shell.gallery import gallery

urlpatterns = [
    path("shell/elder", views.switch_elder, name="elder-switch"),
    path("shell/language", set_language, name="set_language"),
    path("gallery", gallery, name="gallery"),
    path("gallery/<str:page>", gallery, name="gallery-page"),
]

handler400 = "huying.shell.views.bad_request"
handler403 = "huying.shell.views.forbidden"
handler404 = "huying.shell.views.not_found"
handler500 = "huying.shell.views.server_error"
