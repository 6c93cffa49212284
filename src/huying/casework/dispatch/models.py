"""How sure is sure enough: the place's own policy for dispatch without a person. Local rules are data."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class DispatchPolicy(models.Model):
    """From which confidence matters in an area go out by themselves instead of waiting for a dispatcher.

    The longest ``area`` prefix valid on the day wins. ``precision`` is the share of matters sent by themselves that must be
    right: while a learned model speaks, its report card says which confidence that takes, and ``min_confidence`` holds only
    until then.
    """

    area = models.CharField(max_length=17, blank=True)
    min_confidence = models.FloatField(default=0.6)
    min_margin = models.FloatField(default=0.15)
    min_place = models.FloatField(default=0.6)
    precision = models.FloatField(null=True, blank=True)
    source = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(min_confidence__range=(0, 1), min_margin__range=(0, 1), min_place__range=(0, 1)),
                name="policy_shares",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="policy_validity"
            ),
            models.CheckConstraint(
                condition=Q(precision__isnull=True) | Q(precision__range=(0.5, 1)), name="policy_precision"
            ),
            models.UniqueConstraint(fields=["area", "valid_from"], name="policy_once_a_day"),
        ]
