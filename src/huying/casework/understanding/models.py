"""What the place has learned, version by version, and what people set right."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

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


class Recurrence(models.Model):
    """反复: one kind of matter that keeps coming back to one grid after it was closed; one row a grid and kind.

    ``case`` is the latest that was raised; ``closings`` are the moments earlier ones were closed, oldest first.
    """

    grid = models.CharField(max_length=17)
    item_code = models.CharField(max_length=8)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    closings = ArrayField(models.DateTimeField())
    raised_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grid", "item_code"], name="recurrence_once")]
        indexes = [models.Index(F("case").desc(), F("id").desc(), name="recurrence_newest")]


class LookedAt(models.Model):
    """How far cases have been looked at for one purpose: the number of the last one."""

    purpose = models.CharField(max_length=24, primary_key=True)
    case_id = models.BigIntegerField()
