"""Addresses of the pages of forms."""

from django.urls import path

from .desk import forms, submissions

desk_urlpatterns = [
    path("forms/", forms.form_list, name="forms-list"),
    path("forms/import", forms.import_page, name="forms-import"),
    path("forms/submissions", submissions.submission_list, name="forms-submissions"),
    path("forms/submissions/<uuid:uid>", submissions.submission_page, name="forms-submission"),
    path("forms/of/<str:code>", forms.form_page, name="forms-form"),
    path("forms/of/<str:code>/retire", forms.retire, name="forms-retire"),
    path("forms/of/<str:code>/submissions.<str:kind>", submissions.export, name="forms-export"),
    path("forms/of/<str:code>/<int:number>", forms.version_page, name="forms-version"),
    path("forms/of/<str:code>/<int:number>/publish", forms.publish, name="forms-publish"),
    path("forms/of/<str:code>/<int:number>/preview", forms.preview, name="forms-preview"),
    path("forms/of/<str:code>/<int:number>/definition.json", forms.definition, name="forms-definition"),
    path("forms/of/<str:code>/<int:number>/file", forms.download, name="forms-download"),
]
