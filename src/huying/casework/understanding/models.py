"""What the place has learned, version by version, and what people set right."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from huying.casework.cases.models import Case

from .rules import Subject


class LearnedModel(models.Model):
    """模型: one version of what was learned about one subject. ``card`` is its report card, ``content`` its weights.

    ``present`` is the card of what spoke when it was learned, on the same texts.
    """

    subject = models.CharField(max_length=8)
    number = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    examples = models.PositiveIntegerField()
    corrections = models.PositiveIntegerField()
    card = models.JSONField(default=dict)
    present = models.JSONField(default=dict)
    content = models.BinaryField()
    on = models.BooleanField(default=False)
    switched_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "number"], name="model_number_once"),
            models.UniqueConstraint(fields=["subject"], condition=Q(on=True), name="model_one_speaks"),
            models.CheckConstraint(condition=Q(subject__in=[str(one) for one in Subject]), name="model_subject_known"),
        ]


class Correction(models.Model):
    """更正: a dispatcher's correction of kind or place. Never deleted; the next model learns from it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=64)
    was_item = models.CharField(max_length=8)
    item = models.CharField(max_length=8)
    was_area = models.CharField(max_length=17, blank=True)
    area = models.CharField(max_length=17, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "at"], name="correction_once")]
