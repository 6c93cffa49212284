"""Constraints that several tables of field work share."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


def known(field: str, words: object, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{field}__in": [str(one) for one in words]}), name=name)  # type: ignore[attr-defined]


def answered(verdict: str, name: str) -> models.CheckConstraint:
    """Whoever is judged answers a verdict, and an answer has its moment."""
    none, some = Q(answer="", answered_at__isnull=True), Q(answered_at__isnull=False) & ~Q(answer="")
    return models.CheckConstraint(condition=none | (some & ~Q(**{verdict: ""})), name=name)


def point(name: str) -> models.CheckConstraint:
    both = Q(lon__isnull=True, lat__isnull=True) | Q(lon__range=(-180, 180), lat__range=(-90, 90))
    return models.CheckConstraint(condition=both, name=name)
