"""Addresses of the understanding pages."""

from django.urls import path

from . import desk, desk_advice, desk_answers, desk_recurring, desk_similar

desk_urlpatterns = [
    path("understanding", desk.page, name="understanding"),
    path("understanding/cases/<int:case_id>/answer", desk_advice.advise, name="understanding-advice"),
    path("understanding/cases/<int:case_id>/similar", desk_similar.points, name="understanding-similar-points"),
    path("understanding/answers", desk_answers.page, name="understanding-answers"),
    path("understanding/answers.<str:kind>", desk_answers.export, name="understanding-answers-export"),
    path("understanding/recurring", desk_recurring.page, name="understanding-recurring"),
    path("understanding/learn", desk.learn, name="understanding-learn"),
    path("understanding/switch", desk.switch, name="understanding-switch"),
]
