"""What the place has learned, version by version, and what people set right."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from huying.casework.cases.models import Case, Feedback
from huying.ground.organisation.models import Unit

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

    ``case`` is the latest that was raised; ``counted`` are the earlier ones, ``closings`` the moments they were closed,
    oldest first.
    """

    grid = models.CharField(max_length=17)
    item_code = models.CharField(max_length=8)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    closings = ArrayField(models.DateTimeField())
    counted = ArrayField(models.BigIntegerField(), default=list)
    raised_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grid", "item_code"], name="recurrence_once")]
        indexes = [models.Index(F("case").desc(), F("id").desc(), name="recurrence_newest")]


class LookedAt(models.Model):
    """How far the rows of something have been looked at for one purpose: the number of the last one."""

    purpose = models.CharField(max_length=24, primary_key=True)
    number = models.BigIntegerField()


class LookAgain(models.Model):
    """A case whose kind, place or standing changed since it was looked at: whether it keeps coming back is asked anew."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)


class JudgedAnswer(models.Model):
    """看过的答复: how the last answer of a case reads, for audits. Figures are hundredths; ``overall`` is the whole.

    ``took`` is the time it took in minutes, as the clock of its limit counts them (``working``: working time only);
    ``of_limit`` is the part of the limit that was, in hundredths. Both are unknown where no clock ran.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="+")
    feedback = models.OneToOneField(Feedback, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    given_at = models.DateTimeField()
    overall = models.PositiveSmallIntegerField()
    relevance = models.PositiveSmallIntegerField()
    completeness = models.PositiveSmallIntegerField()
    basis = models.PositiveSmallIntegerField()
    tone = models.PositiveSmallIntegerField()
    plainness = models.PositiveSmallIntegerField()
    took = models.PositiveIntegerField(null=True)
    working = models.BooleanField(default=False)
    of_limit = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(overall__lte=100), name="judged_in_hundredths")]
        indexes = [
            models.Index(F("overall"), F("id"), name="judged_weakest"),
            models.Index(F("given_at").desc(), F("id").desc(), name="judged_newest"),
            models.Index(F("unit"), F("overall"), F("id"), name="judged_weakest_of_unit"),
            models.Index(F("unit"), F("given_at").desc(), F("id").desc(), name="judged_newest_of_unit"),
        ]
